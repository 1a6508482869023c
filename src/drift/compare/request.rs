//! The request that a tool of an HTTP API is: where it goes, and how what is given is written in it.
//!
//! Which arguments there are is the input schema's business: one that comes or goes is judged there. What counts here is where an
//! argument goes that was known, and everything else that is sent.

use super::{differ, differing, pointer, unless_objects};
use crate::drift::change::Change;
use crate::drift::reason::Reason;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Compares the requests of a tool.
pub(super) fn compare(before: Option<&Value>, after: Option<&Value>, at: &str) -> Vec<Change> {
    if let Some(change) = unless_objects(before, after, at) {
        return vec![change];
    }
    let mut changes = arguments(before, after, at);
    for (name, old, new) in differing(before, after) {
        let at = pointer(at, name);
        match name {
            "parameters" => {}
            "body" => changes.extend(body(old, new, &at)),
            "base" => changes.push(Change::new(&at, old, new, Reason::ServersChanged)),
            _ => changes.push(Change::new(&at, old, new, Reason::RequestChanged)),
        }
    }
    if changes.is_empty() {
        changes.push(Change::new(at, None, None, Reason::Order));
    }
    changes
}

/// Where each argument goes, in whatever order they stand.
fn arguments(before: Option<&Value>, after: Option<&Value>, at: &str) -> Vec<Change> {
    let (ours, theirs) = (places(before), places(after));
    let names: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    let changes = names.into_iter().filter_map(|name| {
        let (old, new) = (ours.get(name), theirs.get(name));
        let reason = if old.is_some() && new.is_some() { Reason::RequestChanged } else { Reason::Note };
        let at = pointer(&pointer(at, "arguments"), name);
        differ(old, new).then(|| Change::new(&at, old, new, reason))
    });
    changes.collect()
}

/// Where each argument goes.
fn places(request: Option<&Value>) -> BTreeMap<String, Value> {
    let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let body = request.and_then(|request| request.get("body"));
    let in_body = |place: Value| {
        let mut members = place.as_object().cloned().unwrap_or_default();
        members.insert("in".to_owned(), "body".into());
        Value::Object(members)
    };
    let whole = body.and_then(|body| body.get("argument")).cloned();
    let whole = whole.map(|argument| Value::Object(Map::from_iter([("argument".to_owned(), argument)])));
    let members = list(body.and_then(|body| body.get("members"))).into_iter().chain(whole).map(in_body);
    let parameters = list(request.and_then(|request| request.get("parameters")));
    let named = |place: Value| Some((place.get("argument")?.as_str()?.to_owned(), place));
    parameters.into_iter().chain(members).filter_map(named).collect()
}

/// How the body is written. One that is new has new arguments alone, and one that is gone had those that are gone.
fn body(before: Option<&Value>, after: Option<&Value>, at: &str) -> Vec<Change> {
    if before.is_none() || after.is_none() {
        return vec![Change::new(at, before, after, Reason::Note)];
    }
    let written = differing(before, after).into_iter().filter(|(name, ..)| !matches!(*name, "members" | "argument"));
    written.map(|(name, old, new)| Change::new(&pointer(at, name), old, new, Reason::RequestChanged)).collect()
}
