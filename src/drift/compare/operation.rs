//! Answers and credentials of an operation of an OpenAPI document.
//!
//! `responses` has a member for each status (OpenAPI 3.1.1 section 4.8.16), and each of those has `description` and `content`,
//! which has a JSON Schema for each media type. `security` is a list of which one entry is enough; each entry has a member for
//! every scheme that it needs, with the `scheme` as the document defines it and the `scopes`.

use super::{differing, pointer, unless_objects};
use crate::drift::change::Change;
use crate::drift::reason::Reason;
use crate::drift::schema::{Use, compare_schemas};
use serde_json::Value;

/// Compares answers by status.
pub(super) fn compare_responses(before: Option<&Value>, after: Option<&Value>, at: &str) -> Vec<Change> {
    if let Some(change) = unless_objects(before, after, at) {
        return vec![change];
    }
    let mut changes = Vec::new();
    for (status, old, new) in differing(before, after) {
        let at = pointer(at, status);
        match (old, new) {
            (Some(old), Some(new)) => changes.extend(compare_response(old, new, &at)),
            (None, new) => changes.push(Change::new(&at, None, new, Reason::AnswerAdded)),
            // One refusal less harms nobody.
            (old, None) if status.starts_with(['4', '5']) => changes.push(Change::new(&at, old, None, Reason::Note)),
            (old, None) => changes.push(Change::new(&at, old, None, Reason::AnswerGone)),
        }
    }
    changes
}

fn compare_response(old: &Value, new: &Value, at: &str) -> Vec<Change> {
    let mut changes = Vec::new();
    for (name, before, after) in differing(Some(old), Some(new)) {
        let at = pointer(at, name);
        match name {
            "content" => changes.extend(compare_content(before, after, &at)),
            "description" => changes.push(Change::new(&at, before, after, Reason::Wording)),
            _ => changes.push(Change::new(&at, before, after, Reason::UnknownMember)),
        }
    }
    changes
}

fn compare_content(before: Option<&Value>, after: Option<&Value>, at: &str) -> Vec<Change> {
    let mut changes = Vec::new();
    for (media_type, old, new) in differing(before, after) {
        let at = pointer(at, media_type);
        match (old, new) {
            (Some(old), Some(new)) => changes.extend(compare_schemas(old, new, &at, Use::Answers)),
            (None, new) => changes.push(Change::new(&at, None, new, Reason::AnswerAdded)),
            (old, None) => changes.push(Change::new(&at, old, None, Reason::AnswerGone)),
        }
    }
    changes
}

/// Compares what credentials an operation takes: whoever was let in still must be.
pub(super) fn compare_security(before: Option<&Value>, after: Option<&Value>, at: &str) -> Vec<Change> {
    let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let (ours, theirs) = (list(before), list(after));
    let is_open = |list: &[Value]| {
        list.is_empty() || list.iter().any(|one| one.as_object().is_some_and(serde_json::Map::is_empty))
    };
    let reason = match (is_open(&ours), is_open(&theirs)) {
        (true, true) => Reason::SameMeaning,
        (true, false) => Reason::SecurityTightened,
        (false, true) => Reason::SecurityDropped,
        (false, false) => {
            let still = ours.iter().all(|old| theirs.iter().any(|new| asks_no_more(old, new)));
            let new_way = !theirs.iter().all(|new| ours.iter().any(|old| asks_no_more(new, old)));
            match (still, new_way) {
                (false, _) => Reason::SecurityTightened,
                (true, true) => Reason::SecurityEased,
                (true, false) => Reason::SameMeaning,
            }
        }
    };
    vec![Change::new(at, before, after, reason)]
}

/// Whether who has what one entry asks for has what another one asks for.
fn asks_no_more(has: &Value, asked: &Value) -> bool {
    let (Some(has), Some(asked)) = (has.as_object(), asked.as_object()) else { return has == asked };
    asked.iter().all(|(scheme, needs)| {
        let Some(own) = has.get(scheme) else { return false };
        let scopes = |value: &Value| value.get("scopes").and_then(Value::as_array).cloned().unwrap_or_default();
        let known = scopes(own);
        own.get("scheme") == needs.get("scheme") && scopes(needs).iter().all(|scope| known.contains(scope))
    })
}
