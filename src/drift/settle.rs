//! An upstream was asked what it offers: what is decided about each thing, what is noted, and what is stored.
//!
//! Whoever asks may be one of several at the same moment. They see the same and decide the same; each step says which version
//! of the pin it was decided from, and the one that comes later changes nothing.

use super::change::{Change, Comparison};
use super::compare::first_sight;
use super::definition::Kind;
use super::neighbours::Neighbours;
use super::offer::{Offer, renames};
use super::pin::{MAX_PINS, Pin, Pins, Standing, Unsettled};
use super::reaction::{Author, Decision, Reaction};
use super::reason::Reason;
use super::verdict::Verdict;
use super::version::{Fingerprint, Version};
use crate::id::UpstreamId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What happened to a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum Happening {
    /// It was seen first, or changed, and what was agreed on approves it.
    Accepted,
    /// It was seen first, and waits for a person.
    Held,
    /// It changed, and waits for a person.
    Quarantined,
    /// It is again what was approved.
    Restored,
    /// Its upstream offers it no more.
    Missing,
    /// Its upstream offers it again.
    Returned,
    /// A person approved a version of it.
    Approved,
    /// A person refused a version of it.
    Refused,
}

impl Happening {
    /// The word for it, as it is written in JSON and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Held => "held",
            Self::Quarantined => "quarantined",
            Self::Restored => "restored",
            Self::Missing => "missing",
            Self::Returned => "returned",
            Self::Approved => "approved",
            Self::Refused => "refused",
        }
    }
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// How the thing stands after it. Its version is one more than that of what was decided from.
    pub pin: Pin,
    /// What happened.
    pub happening: Happening,
    /// What changed, and what it means. Of something that only went or came back, nothing.
    pub comparison: Option<Comparison>,
    /// The version that is to be kept, where one was not known.
    pub version: Option<Version>,
}

impl Step {
    /// What it means.
    pub fn verdict(&self) -> Verdict {
        self.comparison.as_ref().map_or(Verdict::Identical, |comparison| comparison.verdict)
    }

    /// Whether somebody is to be told: a person has to decide, or something that was relied on is gone or is back. Resources
    /// come and go.
    pub fn is_news(&self) -> bool {
        let named = matches!(self.pin.kind, Kind::Tool | Kind::Prompt | Kind::Operation);
        match self.happening {
            Happening::Held | Happening::Quarantined | Happening::Restored => true,
            Happening::Missing | Happening::Returned => named && self.pin.approved.is_some(),
            Happening::Accepted | Happening::Approved | Happening::Refused => false,
        }
    }
}

/// What decisions are made from.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The upstream.
    pub upstream: &'a UpstreamId,
    /// What is stored of it.
    pub pins: &'a Pins,
    /// The stored versions of what is unsettled, as far as they can be read.
    pub versions: &'a BTreeMap<Fingerprint, Version>,
    /// What else there is in the tenant.
    pub neighbours: &'a Neighbours,
    /// What the tenant agreed on.
    pub reaction: Reaction,
    /// Whose words they are.
    pub author: Author,
}

/// Decides about everything that is unsettled.
pub fn settle(facts: &Facts<'_>, unsettled: &Unsettled<'_>) -> Vec<Step> {
    let mut renamed = match facts.author {
        Author::Upstream => renamed(facts, unsettled),
        Author::Administrator => BTreeMap::new(),
    };
    let mut room = MAX_PINS.saturating_sub(facts.pins.len());
    let offered = unsettled.offered.iter().filter_map(|now| match facts.pins.get(now.kind(), now.name()) {
        Some(pin) => facts.step(pin, now),
        None if room == 0 => None,
        None => {
            room -= 1;
            Some(facts.first(now, renamed.remove(&(now.kind(), now.name().to_owned()))))
        }
    });
    let mut steps: Vec<Step> = offered.collect();
    let newly_gone = unsettled.gone.iter().filter(|pin| !pin.absent);
    steps.extend(newly_gone.map(|pin| unchanged(&Pin { absent: true, ..Pin::clone(pin) }, Happening::Missing)));
    steps
}

/// New things that are old ones under another name, with what changed: approving the old one was no approval of these.
fn renamed(facts: &Facts<'_>, unsettled: &Unsettled<'_>) -> BTreeMap<(Kind, String), Comparison> {
    let approved = unsettled.gone.iter().filter_map(|pin| facts.versions.get(pin.approved.as_ref()?));
    let is_new = |now: &&&Version| facts.pins.get(now.kind(), now.name()).is_none();
    let new = unsettled.offered.iter().filter(is_new).copied();
    renames(&Offer::new(approved.cloned()), &Offer::new(new.cloned()), facts.neighbours)
}

impl Facts<'_> {
    /// A thing that has no pin.
    fn first(&self, now: &Version, renamed: Option<Comparison>) -> Step {
        let decision = match renamed {
            Some(comparison) => Decision::Wait(comparison),
            None => self.reaction.to_first_sight(self.author, now, self.neighbours),
        };
        let (kind, name) = (now.kind(), now.name().to_owned());
        let id = Pin::id_of(self.upstream, kind, &name);
        let standing = Standing::Held;
        let pin = Pin { id, kind, name, standing, approved: None, proposed: None, absent: false, version: 0 };
        decided(&pin, now, decision)
    }

    /// A thing that changed or is back; nothing where its upstream offers what it offered all the time.
    fn step(&self, pin: &Pin, now: &Version) -> Option<Step> {
        let back = Pin { absent: false, ..pin.clone() };
        if pin.knows(now.fingerprint()) {
            return pin.absent.then(|| unchanged(&back, Happening::Returned));
        }
        // It is what was approved, to the letter, whatever waited meanwhile.
        if pin.approved.as_ref() == Some(now.fingerprint()) {
            let restored = Pin { standing: Standing::Approved, proposed: None, ..back };
            return Some(unchanged(&restored, Happening::Restored));
        }
        let decision = match &pin.approved {
            Some(approved) => match self.versions.get(approved) {
                Some(approved) => self.reaction.to_change(self.author, (approved, now), self.neighbours),
                None => Decision::Wait(unreadable(pin, now)),
            },
            None if self.author == Author::Administrator => {
                self.reaction.to_first_sight(self.author, now, self.neighbours)
            }
            // Whoever waits for a person does so with whatever it turns into.
            None => Decision::Wait(first_sight(now, self.neighbours)),
        };
        Some(decided(&back, now, decision))
    }
}

/// A step after which the pin is this one, in its next version.
fn unchanged(pin: &Pin, happening: Happening) -> Step {
    let pin = Pin { version: pin.version.saturating_add(1), ..pin.clone() };
    Step { pin, happening, comparison: None, version: None }
}

/// What is stored after a decision about what is offered now.
fn decided(pin: &Pin, now: &Version, decision: Decision) -> Step {
    let fingerprint = Some(now.fingerprint().clone());
    let (happening, comparison) = match decision {
        Decision::Accept(comparison) => (Happening::Accepted, comparison),
        // Without an approved version there is nothing to go back to.
        Decision::Wait(comparison) if pin.approved.is_none() => (Happening::Held, comparison),
        Decision::Wait(comparison) => (Happening::Quarantined, comparison),
    };
    let (standing, approved, proposed) = match happening {
        Happening::Accepted => (Standing::Approved, fingerprint, None),
        Happening::Held => (Standing::Held, None, fingerprint),
        _ => (Standing::Quarantined, pin.approved.clone(), fingerprint),
    };
    let pin = Pin { standing, approved, proposed, version: pin.version.saturating_add(1), ..pin.clone() };
    Step { pin, happening, comparison: Some(comparison), version: Some(now.clone()) }
}

/// What there is to say of a thing whose stored versions cannot be read: it is not known what was approved.
fn unreadable(pin: &Pin, now: &Version) -> Comparison {
    Comparison {
        kind: now.kind(),
        name: now.name().to_owned(),
        before: pin.approved.clone(),
        after: Some(now.fingerprint().clone()),
        verdict: Verdict::Breaking,
        changes: vec![Change {
            at: String::new(),
            before: None,
            after: None,
            verdict: Verdict::Breaking,
            reason: Reason::NotShown,
        }],
        more: 0,
    }
}

#[cfg(test)]
#[path = "settle_tests.rs"]
mod tests;
