//! What is done about a definition that an upstream shows: decided from what is approved, what stands there now, and what the
//! tenant agreed on for the upstream.

use super::change::Comparison;
use super::compare::{compare, first_sight};
use super::neighbours::Neighbours;
use super::verdict::Verdict;
use super::version::Version;
use serde::{Deserialize, Serialize};

/// What a tenant agreed on for one upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Reaction {
    /// What happens to a thing that is seen first. One that is suspicious waits for a person in any case.
    pub first_sight: FirstSight,
    /// What happens to cosmetic changes.
    pub cosmetic: Answer,
    /// What happens to additive changes.
    pub additive: Answer,
    /// What is shown in the place of a thing that is quarantined.
    pub quarantined: Standing,
    /// What happens to an answer that does not fit the tool's output schema.
    #[serde(default)]
    pub answers: Misfit,
}

impl Default for Reaction {
    /// First sights are approved, harmless changes accepted, and a thing that is quarantined is not shown.
    fn default() -> Self {
        Self {
            first_sight: FirstSight::Approve,
            cosmetic: Answer::Accept,
            additive: Answer::Accept,
            quarantined: Standing::Hidden,
            answers: Misfit::Refuse,
        }
    }
}

impl Reaction {
    /// What stands for one that cannot be read: a person looks at everything.
    const STRICTEST: Self = Self {
        first_sight: FirstSight::Review,
        cosmetic: Answer::Ask,
        additive: Answer::Ask,
        quarantined: Standing::Hidden,
        answers: Misfit::Refuse,
    };

    /// What is stored, or the usual where nothing is. What cannot be read, as of a later version, is the strictest there is.
    pub fn read(stored: Option<&str>) -> Self {
        stored.map_or_else(Self::default, |text| serde_json::from_str(text).unwrap_or(Self::STRICTEST))
    }
}

/// What happens to a thing that is seen first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum FirstSight {
    /// It is approved as it stands.
    Approve,
    /// It waits for a person.
    Review,
}

/// What happens to a change that breaks nothing. Breaking and suspicious changes are quarantined always.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum Answer {
    /// It is accepted.
    Accept,
    /// A person is asked, and the thing is quarantined until then.
    Ask,
}

/// What is shown in the place of a thing that is quarantined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum Standing {
    /// The definition that was approved; calls are checked against it.
    Pinned,
    /// Nothing.
    Hidden,
}

/// What happens to an answer that does not fit the tool's output schema. It is told in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum Misfit {
    /// The call fails.
    #[default]
    Refuse,
    /// It is given as it came.
    Report,
}

/// Whose words a definition is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Author {
    /// The upstream's: what changes is judged.
    #[default]
    Upstream,
    /// An administrator's, who describes an HTTP API by hand: what is written is approved by that, unless it has the form of an
    /// attack, because it may be somebody else's text.
    Administrator,
}

/// What becomes of something that is new or was changed.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// It is approved by what was agreed on.
    Accept(Comparison),
    /// It waits for a person.
    Wait(Comparison),
}

impl Reaction {
    /// Decides about a thing that was never seen.
    pub fn to_first_sight(self, author: Author, now: &Version, neighbours: &Neighbours) -> Decision {
        let comparison = first_sight(now, neighbours);
        let first_sight = if author == Author::Administrator { FirstSight::Approve } else { self.first_sight };
        match first_sight {
            FirstSight::Approve if !comparison.verdict.needs_a_person() => Decision::Accept(comparison),
            FirstSight::Approve | FirstSight::Review => Decision::Wait(comparison),
        }
    }

    /// Decides about a thing that was approved in another version.
    pub fn to_change(self, author: Author, (approved, now): (&Version, &Version), neighbours: &Neighbours) -> Decision {
        let comparison = compare(approved, now, neighbours);
        let answer = match comparison.verdict {
            Verdict::Identical => Answer::Accept,
            Verdict::Cosmetic | Verdict::Additive | Verdict::Breaking if author == Author::Administrator => {
                Answer::Accept
            }
            Verdict::Cosmetic => self.cosmetic,
            Verdict::Additive => self.additive,
            Verdict::Breaking | Verdict::Suspicious => Answer::Ask,
        };
        match answer {
            Answer::Accept => Decision::Accept(comparison),
            Answer::Ask => Decision::Wait(comparison),
        }
    }
}
