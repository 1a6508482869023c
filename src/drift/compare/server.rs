//! What an upstream says of itself.

use super::{differing, pointer, unless_objects};
use crate::drift::change::Change;
use crate::drift::reason::Reason;
use serde_json::Value;

/// Compares `serverInfo` (`Implementation`). Another release is no change by itself; another name may be another server.
pub(super) fn compare_info(before: Option<&Value>, after: Option<&Value>, at: &str) -> Vec<Change> {
    if let Some(change) = unless_objects(before, after, at) {
        return vec![change];
    }
    let changes = differing(before, after).into_iter().map(|(name, old, new)| {
        let reason = match name {
            "name" => Reason::ServerRenamed,
            "version" => Reason::Release,
            "title" | "description" | "websiteUrl" => Reason::Wording,
            "icons" => Reason::Appearance,
            _ => Reason::UnknownMember,
        };
        Change::new(&pointer(at, name), old, new, reason)
    });
    changes.collect()
}

/// Compares capabilities: one that is gone is missed, one that is new harms nobody.
pub(super) fn compare_capabilities(before: Option<&Value>, after: Option<&Value>, at: &str) -> Vec<Change> {
    if let Some(change) = unless_objects(before, after, at) {
        return vec![change];
    }
    let mut changes = Vec::new();
    for (name, old, new) in differing(before, after) {
        let at = pointer(at, name);
        match (old, new) {
            (Some(old @ Value::Object(_)), Some(new @ Value::Object(_))) => {
                changes.extend(compare_capabilities(Some(old), Some(new), &at));
            }
            _ => changes.push(Change::new(&at, old, new, capability(old, new))),
        }
    }
    changes
}

fn capability(old: Option<&Value>, new: Option<&Value>) -> Reason {
    let has = |value: Option<&Value>| !matches!(value, None | Some(Value::Bool(false)));
    match (has(old), has(new)) {
        (true, false) => Reason::CapabilityGone,
        (false, true) => Reason::CapabilityAdded,
        (false, false) => Reason::SameMeaning,
        (true, true) => Reason::UnknownMember,
    }
}
