//! Two definitions of one thing.

use super::change::{Change, Comparison, Reason};
use super::neighbours::Neighbours;
use super::verdict::Verdict;
use super::version::Version;

/// What changed from one version of a thing to another. Only what is new counts as suspicious: what stood in the pinned one
/// was approved.
pub fn compare(pinned: &Version, now: &Version, _neighbours: &Neighbours) -> Comparison {
    let same = pinned.fingerprint() == now.fingerprint();
    let change =
        || Change { at: String::new(), before: None, after: None, verdict: Verdict::Breaking, reason: Reason::Unknown };
    Comparison {
        kind: now.kind(),
        name: now.name().to_owned(),
        before: Some(pinned.fingerprint().clone()),
        after: Some(now.fingerprint().clone()),
        verdict: if same { Verdict::Identical } else { Verdict::Breaking },
        changes: if same { Vec::new() } else { vec![change()] },
        more: 0,
    }
}

/// What there is to say of a thing that was never seen before: additive, or suspicious with the reasons.
pub fn first_sight(now: &Version, _neighbours: &Neighbours) -> Comparison {
    Comparison {
        kind: now.kind(),
        name: now.name().to_owned(),
        before: None,
        after: Some(now.fingerprint().clone()),
        verdict: Verdict::Additive,
        changes: Vec::new(),
        more: 0,
    }
}
