//! Everything that an upstream offers, then and now.

use super::change::{Change, Comparison, MAX_SHOWN, visible};
use super::compare::{compare, compare_with, first_sight, gone, suspicious_name};
use super::definition::{Definition, Kind};
use super::neighbours::Neighbours;
use super::reason::Reason;
use super::suspicion::Suspicion;
use super::verdict::Verdict;
use super::version::{Fingerprint, Version};
use crate::mcp::wire::Tool;
use crate::upstream::survey::Survey;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};

mod rename;

/// Definitions of one upstream, each with another kind or name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Offer {
    versions: BTreeMap<(Kind, String), Version>,
}

impl Offer {
    /// An offer of these versions. Of two with the same kind and name the later one counts.
    pub fn new(versions: impl IntoIterator<Item = Version>) -> Self {
        let keyed = versions.into_iter().map(|version| ((version.kind(), version.name().to_owned()), version));
        Self { versions: keyed.collect() }
    }

    /// Everything that an upstream said it offers, and what it said of itself, but for what is too long to be kept.
    pub fn of_survey(survey: &Survey) -> Self {
        let request = |tool: &Tool| survey.requests.get(&tool.name);
        let tools = survey.tools.iter().map(|tool| Definition::of_tool(tool).sending(request(tool)));
        let prompts = survey.prompts.iter().map(Definition::of_prompt);
        let resources = survey.resources.iter().map(Definition::of_resource);
        let templates = survey.templates.iter().map(Definition::of_template);
        let server = std::iter::once(Definition::of_introduction(&survey.introduction));
        let all = server.chain(tools).chain(prompts).chain(resources).chain(templates).map(Version::of);
        Self::new(all.filter(Version::can_be_kept))
    }

    /// The version of a thing.
    pub fn get(&self, kind: Kind, name: &str) -> Option<&Version> {
        self.versions.get(&(kind, name.to_owned()))
    }

    /// All of them, by kind and name.
    pub fn iter(&self) -> impl Iterator<Item = &Version> {
        self.versions.values()
    }

    /// The names of its tools.
    pub fn tool_names(&self) -> impl Iterator<Item = &str> {
        self.iter().filter(|version| version.kind() == Kind::Tool).map(Version::name)
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.versions.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.versions.is_empty()
    }
}

/// What a whole offer came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The worst of it.
    pub verdict: Verdict,
    /// How many are as they were.
    pub unchanged: usize,
    /// Things that changed.
    pub changed: Vec<Comparison>,
    /// Things that are new.
    pub added: Vec<Comparison>,
    /// Things that are no more.
    pub removed: Vec<Comparison>,
    /// Things that have another name.
    pub renamed: Vec<Renamed>,
}

/// A thing that has another name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Renamed {
    /// The name it had, made visible; that of the comparison is the one it has.
    pub from: String,
    /// What changed, the name included.
    pub comparison: Comparison,
}

/// Compares what is pinned of an upstream with what it offers now. A pinned thing may have been away: it is compared with
/// what it was when it was approved. What did not change costs a comparison of fingerprints.
pub fn compare_offers(pinned: &Offer, now: &Offer, neighbours: &Neighbours) -> Report {
    let (mut unchanged, mut changed) = (0, Vec::new());
    for (key, version) in &now.versions {
        match pinned.versions.get(key) {
            Some(old) if old.fingerprint() == version.fingerprint() => unchanged += 1,
            Some(old) => changed.push(compare(old, version, neighbours)),
            None => {}
        }
    }
    let (left, new) = (missing(pinned, now), missing(now, pinned));
    let pairs = rename::pairs(&left, &new);
    let paired: HashSet<&Fingerprint> =
        pairs.iter().flat_map(|(old, new)| [old.fingerprint(), new.fingerprint()]).collect();
    let is_alone = |version: &&&Version| !paired.contains(version.fingerprint());
    let added: Vec<Comparison> = new.iter().filter(is_alone).map(|version| first_sight(version, neighbours)).collect();
    let removed: Vec<Comparison> = left.iter().filter(is_alone).map(|version| gone(version)).collect();
    let renamed: Vec<Renamed> = pairs.iter().map(|(old, new)| rename(old, new, neighbours)).collect();
    let all = changed.iter().chain(&added).chain(&removed).chain(renamed.iter().map(|renamed| &renamed.comparison));
    let verdict = all.map(|comparison| comparison.verdict).max().unwrap_or_default();
    Report { verdict, unchanged, changed, added, removed, renamed }
}

/// What of one offer has no namesake in the other.
fn missing<'o>(from: &'o Offer, other: &Offer) -> Vec<&'o Version> {
    from.versions.iter().filter(|(key, _)| !other.versions.contains_key(*key)).map(|(_, version)| version).collect()
}

/// What has another name now: the kind and the new name of each, with what changed.
pub(super) fn renames(pinned: &Offer, now: &Offer, neighbours: &Neighbours) -> BTreeMap<(Kind, String), Comparison> {
    let pairs = rename::pairs(&missing(pinned, now), &missing(now, pinned));
    let key = |version: &Version| (version.kind(), version.name().to_owned());
    pairs.into_iter().map(|(old, new)| (key(new), rename(old, new, neighbours).comparison)).collect()
}

/// What there is to say of a thing that is there under another name. Whoever watches names only would see a thing that left
/// and a new one, with nothing in between.
fn rename(old: &Version, new: &Version, neighbours: &Neighbours) -> Renamed {
    let reason = match new.kind() {
        Kind::Tool | Kind::Prompt => Reason::Suspicion(Suspicion::Renamed),
        Kind::Server | Kind::Resource | Kind::Template | Kind::Operation => Reason::Moved,
    };
    let (from, to) = (Value::String(old.name().to_owned()), Value::String(new.name().to_owned()));
    let mut changes = vec![Change::new("", Some(&from), Some(&to), reason)];
    changes.extend(suspicious_name(new.definition(), neighbours));
    let comparison = compare_with(old, new, neighbours, changes);
    Renamed { from: visible(old.name(), MAX_SHOWN), comparison }
}

#[cfg(test)]
#[path = "offer_tests.rs"]
mod tests;
