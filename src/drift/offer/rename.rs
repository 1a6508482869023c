//! Which new things are old ones under other names.

use crate::drift::definition::Kind;
use crate::drift::version::Version;
use crate::json::canonical;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Most things on either side whose words are compared with each other; more are paired only where a part is the same.
const MAX_COMPARED: usize = 200;
/// Fewest words that two descriptions must have to be alike.
const MIN_WORDS: usize = 4;

/// Pairs of what left and what is new that have the same or a similar body. Each is in one pair at most.
pub(super) fn pairs<'v>(left: &[&'v Version], new: &[&'v Version]) -> Vec<(&'v Version, &'v Version)> {
    let mut matching = Matching { left: left.to_vec(), new: new.to_vec(), pairs: Vec::new() };
    matching.by(|version| Some(canonical::object(&version.definition().members)));
    matching.by(description);
    matching.by(arguments);
    matching.by_words();
    matching.pairs
}

struct Matching<'v> {
    left: Vec<&'v Version>,
    new: Vec<&'v Version>,
    pairs: Vec<(&'v Version, &'v Version)>,
}

impl<'v> Matching<'v> {
    /// Pairs those of which a part is the same.
    fn by(&mut self, part: impl Fn(&Version) -> Option<String>) {
        let mut known: HashMap<(Kind, String), &'v Version> = HashMap::new();
        for version in &self.left {
            if let Some(part) = part(version) {
                known.entry((version.kind(), part)).or_insert(version);
            }
        }
        let mut found = Vec::new();
        for version in &self.new {
            let old = part(version).and_then(|part| known.remove(&(version.kind(), part)));
            found.extend(old.map(|old| (old, *version)));
        }
        self.take(found);
    }

    /// Pairs those whose words are mostly the same.
    fn by_words(&mut self) {
        if self.left.len() > MAX_COMPARED || self.new.len() > MAX_COMPARED {
            return;
        }
        let words = |versions: &[&'v Version]| versions.iter().map(|version| (*version, words(version))).collect();
        let (left, new): (Vec<_>, Vec<_>) = (words(&self.left), words(&self.new));
        let (mut found, mut taken) = (Vec::new(), HashSet::new());
        for (version, own) in &new {
            let alike = left.iter().find(|(old, other)| {
                old.kind() == version.kind() && !taken.contains(old.fingerprint()) && are_alike(own, other)
            });
            if let Some((old, _)) = alike {
                taken.insert(old.fingerprint());
                found.push((*old, *version));
            }
        }
        self.take(found);
    }

    fn take(&mut self, found: Vec<(&'v Version, &'v Version)>) {
        let gone: HashSet<_> = found.iter().flat_map(|(old, new)| [old.fingerprint(), new.fingerprint()]).collect();
        self.left.retain(|version| !gone.contains(version.fingerprint()));
        self.new.retain(|version| !gone.contains(version.fingerprint()));
        self.pairs.extend(found);
    }
}

/// What a thing says of itself, where it is long enough to be its own.
fn description(version: &Version) -> Option<String> {
    let text = version.definition().members.get("description")?.as_str()?;
    (text.split_whitespace().count() >= MIN_WORDS).then(|| text.to_owned())
}

/// The arguments of a thing, where there are enough to be its own.
fn arguments(version: &Version) -> Option<String> {
    let members = &version.definition().members;
    let schema = members.get("inputSchema")?;
    let count = schema.get("properties").and_then(Value::as_object).map_or(0, serde_json::Map::len);
    (count >= 2 && version.kind() == Kind::Tool).then(|| canonical::text(schema))
}

/// The words of a description, and the names of the arguments.
fn words(version: &Version) -> BTreeSet<String> {
    let members = &version.definition().members;
    let text = members.get("description").and_then(Value::as_str).unwrap_or_default();
    let is_between = |c: char| !c.is_alphanumeric();
    let words = text.split(is_between).filter(|word| word.len() > 2).map(str::to_lowercase);
    let properties = members.get("inputSchema").and_then(|schema| schema.get("properties")).and_then(Value::as_object);
    words.chain(properties.into_iter().flat_map(|all| all.keys().map(|name| format!("@{name}")))).take(500).collect()
}

/// Whether at least three of five words are the same.
fn are_alike(one: &BTreeSet<String>, other: &BTreeSet<String>) -> bool {
    let same = one.intersection(other).count();
    let all = one.union(other).count();
    same >= MIN_WORDS && same * 5 >= all * 3
}
