//! What is done about a definition that an upstream shows: decided from what is pinned, what stands there now, and what the
//! tenant agreed on for the upstream.
//!
//! Whatever is served was approved, by a person or by what the tenant agreed on beforehand: [`PinState::served`] is the one
//! place that says what is shown and called.

use super::change::Comparison;
use super::compare::{compare, first_sight};
use super::definition::Kind;
use super::neighbours::Neighbours;
use super::offer::{Offer, renames};
use super::verdict::Verdict;
use super::version::{Fingerprint, Version};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
}

impl Default for Reaction {
    /// First sights are approved, harmless changes accepted, and a thing that is quarantined is not shown.
    fn default() -> Self {
        Self {
            first_sight: FirstSight::Approve,
            cosmetic: Answer::Accept,
            additive: Answer::Accept,
            quarantined: Standing::Hidden,
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

/// What is known of one thing of an upstream.
#[derive(Clone, Debug, PartialEq)]
pub enum PinState {
    /// Nothing: it was never seen.
    Unreviewed,
    /// It was seen, and no version of it was ever approved.
    Held {
        /// What was seen last.
        proposed: Version,
    },
    /// It is approved.
    Approved {
        /// The approved version.
        approved: Version,
    },
    /// It changed in a way that a person has to look at.
    Quarantined {
        /// The version that was approved.
        approved: Version,
        /// What was seen last.
        proposed: Version,
    },
    /// A person looked at what was proposed, and refused it.
    Refused {
        /// The version that was approved, if any ever was.
        approved: Option<Version>,
        /// What was refused.
        refused: Fingerprint,
    },
}

/// What to do, and what to store.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// It is what is pinned, or waits as it did: nothing is stored.
    Keep,
    /// It is not there: what is pinned stays for when it comes back.
    Miss,
    /// It is approved by what was agreed on: the new version is the pinned one from now on.
    Accept(Comparison),
    /// It was seen first, and waits for a person.
    Hold(Comparison),
    /// It changed, and waits for a person.
    Quarantine(Comparison),
    /// It was quarantined or refused, and is again what was approved.
    Restore,
}

impl PinState {
    /// The approved version, if any is.
    pub const fn approved(&self) -> Option<&Version> {
        match self {
            Self::Approved { approved } | Self::Quarantined { approved, .. } => Some(approved),
            Self::Refused { approved, .. } => approved.as_ref(),
            Self::Unreviewed | Self::Held { .. } => None,
        }
    }

    /// What an endpoint shows and calls of the thing: an approved version or nothing. `self` is the state after
    /// [`Decision::next`]; a thing that its upstream no longer offers is not shown at all, which is for the caller to see to.
    pub fn served(&self, reaction: Reaction) -> Option<&Version> {
        match self {
            Self::Approved { approved } => Some(approved),
            Self::Quarantined { .. } | Self::Refused { .. } if reaction.quarantined == Standing::Pinned => {
                self.approved()
            }
            Self::Unreviewed | Self::Held { .. } | Self::Quarantined { .. } | Self::Refused { .. } => None,
        }
    }

    /// Decides about what stands there now; `None` for nothing.
    pub fn decide(&self, now: Option<&Version>, neighbours: &Neighbours, reaction: Reaction) -> Decision {
        let Some(now) = now else { return Decision::Miss };
        let fingerprint = now.fingerprint();
        match self {
            Self::Approved { approved } if approved.fingerprint() == fingerprint => Decision::Keep,
            Self::Held { proposed } if proposed.fingerprint() == fingerprint => Decision::Keep,
            Self::Quarantined { approved, .. } | Self::Refused { approved: Some(approved), .. }
                if approved.fingerprint() == fingerprint =>
            {
                Decision::Restore
            }
            Self::Quarantined { proposed, .. } if proposed.fingerprint() == fingerprint => Decision::Keep,
            Self::Refused { refused, .. } if refused == fingerprint => Decision::Keep,
            Self::Approved { approved }
            | Self::Quarantined { approved, .. }
            | Self::Refused { approved: Some(approved), .. } => change(compare(approved, now, neighbours), reaction),
            Self::Unreviewed => first(first_sight(now, neighbours), reaction),
            // Whoever waits for a person does so with whatever it turns into.
            Self::Held { .. } | Self::Refused { approved: None, .. } => Decision::Hold(first_sight(now, neighbours)),
        }
    }

    /// What a person makes of what waits: it is approved. `None` where nothing waits, or something else than the person saw.
    #[must_use]
    pub fn approve(&self, seen: &Fingerprint) -> Option<Self> {
        match self {
            Self::Held { proposed } | Self::Quarantined { proposed, .. } if proposed.fingerprint() == seen => {
                Some(Self::Approved { approved: proposed.clone() })
            }
            _ => None,
        }
    }

    /// What a person makes of what waits: it is refused. `None` where nothing waits, or something else than the person saw.
    #[must_use]
    pub fn refuse(&self, seen: &Fingerprint) -> Option<Self> {
        match self {
            Self::Held { proposed } | Self::Quarantined { proposed, .. } if proposed.fingerprint() == seen => {
                Some(Self::Refused { approved: self.approved().cloned(), refused: seen.clone() })
            }
            _ => None,
        }
    }
}

fn first(comparison: Comparison, reaction: Reaction) -> Decision {
    match reaction.first_sight {
        FirstSight::Approve if !comparison.verdict.needs_a_person() => Decision::Accept(comparison),
        FirstSight::Approve | FirstSight::Review => Decision::Hold(comparison),
    }
}

fn change(comparison: Comparison, reaction: Reaction) -> Decision {
    let answer = match comparison.verdict {
        Verdict::Identical => return Decision::Keep,
        Verdict::Cosmetic => reaction.cosmetic,
        Verdict::Additive => reaction.additive,
        Verdict::Breaking | Verdict::Suspicious => Answer::Ask,
    };
    match answer {
        Answer::Accept => Decision::Accept(comparison),
        Answer::Ask => Decision::Quarantine(comparison),
    }
}

impl Decision {
    /// The state after it. `now` is what was decided about.
    #[must_use]
    pub fn next(&self, state: PinState, now: Option<&Version>) -> PinState {
        match (self, state, now) {
            (Self::Accept(_), _, Some(now)) => PinState::Approved { approved: now.clone() },
            (Self::Hold(_), PinState::Unreviewed | PinState::Held { .. } | PinState::Refused { .. }, Some(now)) => {
                PinState::Held { proposed: now.clone() }
            }
            (Self::Quarantine(_), state, Some(now)) => match state.approved().cloned() {
                Some(approved) => PinState::Quarantined { approved, proposed: now.clone() },
                None => PinState::Held { proposed: now.clone() },
            },
            (Self::Restore, state, _) => match state.approved().cloned() {
                Some(approved) => PinState::Approved { approved },
                None => state,
            },
            (_, state, _) => state,
        }
    }
}

/// What is known of everything of an upstream, by kind and own name.
pub type Pins = BTreeMap<(Kind, String), PinState>;

/// Decides about everything that an upstream offers now, and about everything pinned that it does not. A thing that has
/// another name than before waits for a person, whatever was agreed on for first sights.
pub fn decide_offer(
    pins: &Pins,
    now: &Offer,
    neighbours: &Neighbours,
    reaction: Reaction,
) -> BTreeMap<(Kind, String), Decision> {
    let approved = Offer::new(pins.values().filter_map(PinState::approved).cloned());
    let mut renamed = renames(&approved, now, neighbours);
    let mut decisions = BTreeMap::new();
    for version in now.iter() {
        let key = (version.kind(), version.name().to_owned());
        let state = pins.get(&key).unwrap_or(&PinState::Unreviewed);
        let decision = match (state, renamed.remove(&key)) {
            (PinState::Unreviewed, Some(comparison)) => Decision::Hold(comparison),
            (state, _) => state.decide(Some(version), neighbours, reaction),
        };
        decisions.insert(key, decision);
    }
    for key in pins.keys() {
        decisions.entry(key.clone()).or_insert(Decision::Miss);
    }
    decisions
}

#[cfg(test)]
#[path = "reaction_tests.rs"]
mod tests;
