//! The arguments of a prompt (`PromptArgument`): found by their names, in whatever order.

use super::{differ, differing, pointer};
use crate::drift::change::Change;
use crate::drift::reason::Reason;
use serde_json::Value;
use std::collections::HashSet;

/// Compares lists of arguments.
pub(super) fn compare(before: Option<&Value>, after: Option<&Value>, at: &str) -> Vec<Change> {
    let (Some(ours), Some(theirs)) = (list(before), list(after)) else {
        return vec![Change::new(at, before, after, Reason::Malformed)];
    };
    let mut changes = Vec::new();
    for (index, (name, argument)) in theirs.iter().enumerate() {
        let at = pointer(at, &index.to_string());
        match ours.iter().find(|(other, _)| other == name) {
            None if is_required(argument) => {
                changes.push(Change::new(&at, None, Some(argument), Reason::ParameterRequired));
            }
            None => changes.push(Change::new(&at, None, Some(argument), Reason::ParameterAdded)),
            Some((_, old)) => changes.extend(argument_changes(old, argument, &at)),
        }
    }
    for (index, (name, argument)) in ours.iter().enumerate() {
        if !theirs.iter().any(|(other, _)| other == name) {
            changes.push(Change::new(&pointer(at, &index.to_string()), Some(argument), None, Reason::ParameterGone));
        }
    }
    if changes.is_empty() && differ(before, after) {
        changes.push(Change::new(at, before, after, Reason::Order));
    }
    changes
}

/// The arguments with their names; `None` where the list is none, or has something without a name or a name twice.
fn list(value: Option<&Value>) -> Option<Vec<(&str, &Value)>> {
    let Some(value) = value else { return Some(Vec::new()) };
    let named = value.as_array()?.iter().map(|argument| Some((argument.get("name")?.as_str()?, argument)));
    let named: Vec<_> = named.collect::<Option<_>>()?;
    let distinct: HashSet<&str> = named.iter().map(|(name, _)| *name).collect();
    (distinct.len() == named.len()).then_some(named)
}

fn is_required(argument: &Value) -> bool {
    argument.get("required") == Some(&Value::Bool(true))
}

fn argument_changes(old: &Value, new: &Value, at: &str) -> Vec<Change> {
    let changes = differing(Some(old), Some(new)).into_iter().map(|(name, before, after)| {
        let reason = match (name, is_required(old), is_required(new)) {
            ("title" | "description", ..) => Reason::Wording,
            ("required", false, true) => Reason::ParameterRequired,
            ("required", true, false) => Reason::Widened,
            ("required", ..) => Reason::SameMeaning,
            _ => Reason::UnknownMember,
        };
        Change::new(&pointer(at, name), before, after, reason)
    });
    changes.collect()
}
