//! Two definitions of one thing, member by member.

use super::change::{Change, Comparison};
use super::definition::{Definition, Kind};
use super::neighbours::Neighbours;
use super::reason::Reason;
use super::schema::{Use, compare_schemas, or_any_object};
use super::suspicion::suspect;
use super::version::Version;
use crate::json::canonical;
use serde_json::{Map, Value};

mod hints;
mod meta;
mod operation;
mod prompt;
mod request;
mod server;

/// What changed from one version of a thing to another. Only what is new counts as suspicious: what stood in the pinned one
/// was approved. The names are not compared, so that a thing can be compared with what it was under another name.
pub fn compare(pinned: &Version, now: &Version, neighbours: &Neighbours) -> Comparison {
    compare_with(pinned, now, neighbours, Vec::new())
}

/// The same, with changes that are known already.
pub(super) fn compare_with(
    pinned: &Version,
    now: &Version,
    neighbours: &Neighbours,
    mut changes: Vec<Change>,
) -> Comparison {
    let (old, new) = (pinned.definition(), now.definition());
    if old.members != new.members {
        changes.extend(compare_members(old, new));
        changes.extend(suspect(Some(old), new, neighbours));
    }
    if changes.is_empty() && pinned.fingerprint() != now.fingerprint() && old.name == new.name {
        // Kinds differ, or numbers that are written otherwise and mean the same to everybody but the fingerprint.
        changes.push(Change::new("", None, None, Reason::NotShown));
    }
    let (before, after) = (Some(pinned.fingerprint()), Some(now.fingerprint()));
    Comparison::of((new.kind, &new.name), before, after, changes)
}

/// What there is to say of a thing that was never seen before: that it is new, and everything that is suspicious about it.
pub fn first_sight(now: &Version, neighbours: &Neighbours) -> Comparison {
    let definition = now.definition();
    let mut changes = vec![Change::new("", None, None, Reason::Added)];
    changes.extend(suspect(None, definition, neighbours));
    changes.extend(suspicious_name(definition, neighbours));
    Comparison::of((definition.kind, &definition.name), None, Some(now.fingerprint()), changes)
}

/// What there is to say of a thing that is no more.
pub(super) fn gone(pinned: &Version) -> Comparison {
    let changes = vec![Change::new("", None, None, Reason::Removed)];
    Comparison::of((pinned.kind(), pinned.name()), Some(pinned.fingerprint()), None, changes)
}

/// What is suspicious about the name of a new tool; other things are not called by their names alone.
pub(super) fn suspicious_name(definition: &Definition, neighbours: &Neighbours) -> Option<Change> {
    let suspicion = neighbours.suspect(&definition.name).filter(|_| definition.kind == Kind::Tool)?;
    let name = Value::String(definition.name.clone());
    Some(Change::new("", None, Some(&name), Reason::Suspicion(suspicion)))
}

fn compare_members(old: &Definition, new: &Definition) -> Vec<Change> {
    let (ours, theirs) = (&old.members, &new.members);
    let mut changes = Vec::new();
    let gone = ours.keys().filter(|name| !theirs.contains_key(*name));
    for name in theirs.keys().chain(gone) {
        let (before, after) = (ours.get(name), theirs.get(name));
        if !differ(before, after) {
            continue;
        }
        let at = pointer("", name);
        match (name.as_str(), new.kind) {
            ("inputSchema", _) => {
                let (before, after) = (or_any_object(before), or_any_object(after));
                changes.extend(compare_schemas(&before, &after, &at, Use::Arguments));
            }
            ("outputSchema", _) => changes.extend(outputs(before, after, &at)),
            ("annotations", _) => changes.extend(hints::compare(before, after, &at)),
            ("_meta", _) => changes.extend(meta::compare(before, after, &at)),
            ("request", Kind::Tool) => changes.extend(request::compare(before, after, &at)),
            ("arguments", Kind::Prompt) => changes.extend(prompt::compare(before, after, &at)),
            ("serverInfo", Kind::Server) => changes.extend(server::compare_info(before, after, &at)),
            ("capabilities", Kind::Server) => changes.extend(server::compare_capabilities(before, after, &at)),
            ("responses", Kind::Operation) => changes.extend(operation::compare_responses(before, after, &at)),
            ("security", Kind::Operation) => changes.extend(operation::compare_security(before, after, &at)),
            (name, kind) => changes.push(Change::new(&at, before, after, plain(name, kind))),
        }
    }
    changes
}

/// What a member means that is judged as a whole.
fn plain(name: &str, kind: Kind) -> Reason {
    match (name, kind) {
        ("title" | "description", _)
        | ("instructions", Kind::Server)
        | ("name", Kind::Resource | Kind::Template)
        | ("summary", Kind::Operation) => Reason::Wording,
        ("icons", _) => Reason::Appearance,
        ("servers", Kind::Server) => Reason::ServersChanged,
        ("mimeType", _) => Reason::MediaTypeChanged,
        ("operationId" | "tags" | "deprecated", Kind::Operation) => Reason::Note,
        _ => Reason::UnknownMember,
    }
}

fn outputs(before: Option<&Value>, after: Option<&Value>, at: &str) -> Vec<Change> {
    match (before, after) {
        (Some(before), Some(after)) => compare_schemas(before, after, at, Use::Answers),
        (None, after) => vec![Change::new(at, None, after, Reason::OutputPromised)],
        (before, None) => vec![Change::new(at, before, None, Reason::OutputDropped)],
    }
}

/// Whether two values are different ones, not only written differently.
fn differ(before: Option<&Value>, after: Option<&Value>) -> bool {
    before != after && before.map(canonical::text) != after.map(canonical::text)
}

/// The pointer of a member (RFC 6901).
fn pointer(at: &str, name: &str) -> String {
    format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// The members of two objects that differ, those that are new or the same first. Something else than an object has none.
fn differing<'v>(
    before: Option<&'v Value>,
    after: Option<&'v Value>,
) -> Vec<(&'v str, Option<&'v Value>, Option<&'v Value>)> {
    let members = |value: Option<&'v Value>| value.and_then(Value::as_object);
    let (ours, theirs) = (members(before), members(after));
    let get = |members: Option<&'v Map<String, Value>>, name: &str| members.and_then(|members| members.get(name));
    let names = theirs.into_iter().flat_map(Map::keys);
    let gone = ours.into_iter().flat_map(Map::keys).filter(|name| get(theirs, name).is_none());
    let pairs = names.chain(gone).map(|name| (name.as_str(), get(ours, name), get(theirs, name)));
    pairs.filter(|(_, before, after)| differ(*before, *after)).collect()
}

/// A change for values of which one is no object and no nothing.
fn unless_objects(before: Option<&Value>, after: Option<&Value>, at: &str) -> Option<Change> {
    let is_object = |value: Option<&Value>| value.is_none_or(Value::is_object);
    let malformed = !is_object(before) || !is_object(after);
    malformed.then(|| Change::new(at, before, after, Reason::Malformed))
}

#[cfg(test)]
#[path = "compare_tests.rs"]
mod tests;
