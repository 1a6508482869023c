//! Annotations: what a thing claims of itself.
//!
//! Nobody checks the claims, and rules depend on them: who lets an agent call whatever only reads opens a tool by its claim.
//! So a person looks at every change of one, in either direction.

use super::{differing, pointer, unless_objects};
use crate::drift::change::Change;
use crate::drift::reason::Reason;
use crate::drift::suspicion::Suspicion;
use serde_json::Value;

/// The hints, with what holds where they are missing (2025-11-25 and 2026-07-28 schema, `ToolAnnotations`).
const HINTS: [(&str, bool); 4] =
    [("readOnlyHint", false), ("destructiveHint", true), ("idempotentHint", false), ("openWorldHint", true)];

/// Compares annotations of any kind of thing.
pub(super) fn compare(before: Option<&Value>, after: Option<&Value>, at: &str) -> Vec<Change> {
    if let Some(change) = unless_objects(before, after, at) {
        return vec![change];
    }
    let reads =
        |annotations: Option<&Value>| annotations.and_then(|all| all.get("readOnlyHint")) == Some(&Value::Bool(true));
    // What only reads destroys nothing, whatever else it says.
    let only_reads = reads(before) && reads(after);
    let changes = differing(before, after).into_iter().map(|(name, old, new)| {
        let reason = match (name, HINTS.iter().find(|(hint, _)| *hint == name)) {
            ("destructiveHint" | "idempotentHint", _) if only_reads => Reason::Note,
            (_, Some((_, default))) => hint(name, *default, (old, new)),
            ("title", _) => Reason::Wording,
            ("priority", _) => Reason::Note,
            ("audience", _) => audience(old, new),
            _ => Reason::UnknownMember,
        };
        Change::new(&pointer(at, name), old, new, reason)
    });
    changes.collect()
}

fn hint(name: &str, default: bool, (old, new): (Option<&Value>, Option<&Value>)) -> Reason {
    let said = |value: Option<&Value>| value.map_or(Some(default), Value::as_bool);
    let (Some(was), Some(is)) = (said(old), said(new)) else { return Reason::Malformed };
    if was == is {
        return Reason::Note;
    }
    match (name, old.is_some() && new.is_some()) {
        ("readOnlyHint" | "destructiveHint", true) => Reason::Suspicion(Suspicion::HintFlipped),
        // What stayed within a closed world and no longer does is how data leaves it.
        ("openWorldHint", true) if is => Reason::Suspicion(Suspicion::HintFlipped),
        _ => Reason::HintChanged,
    }
}

/// Whether somebody is meant that was not: content that was for the user only may be for the model too.
fn audience(old: Option<&Value>, new: Option<&Value>) -> Reason {
    let Some(new) = new.and_then(Value::as_array) else { return Reason::AudienceAdded };
    let known = |one: &Value| old.is_none_or(|old| old.as_array().is_some_and(|old| old.contains(one)));
    if new.iter().all(known) { Reason::Note } else { Reason::AudienceAdded }
}
