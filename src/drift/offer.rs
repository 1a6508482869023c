//! Everything that an upstream offers, then and now.

use super::change::Comparison;
use super::definition::Kind;
use super::neighbours::Neighbours;
use super::verdict::Verdict;
use super::version::Version;
use crate::upstream::survey::Survey;
use serde::Serialize;
use std::collections::BTreeMap;

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

    /// Everything that an upstream said it offers, and what it said of itself.
    pub fn of_survey(survey: &Survey) -> Self {
        use super::definition::Definition;
        let tools = survey.tools.iter().map(Definition::of_tool);
        let prompts = survey.prompts.iter().map(Definition::of_prompt);
        let resources = survey.resources.iter().map(Definition::of_resource);
        let templates = survey.templates.iter().map(Definition::of_template);
        let server = std::iter::once(Definition::of_introduction(&survey.introduction));
        Self::new(server.chain(tools).chain(prompts).chain(resources).chain(templates).map(Version::of))
    }

    /// The version of a thing.
    pub fn get(&self, kind: Kind, name: &str) -> Option<&Version> {
        self.versions.get(&(kind, name.to_owned()))
    }

    /// All of them, by kind and name.
    pub fn iter(&self) -> impl Iterator<Item = &Version> {
        self.versions.values()
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
    /// Things that have another name, with the one they had.
    pub renamed: Vec<Renamed>,
}

/// A thing that has another name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Renamed {
    /// The name it had; that of the comparison is the one it has.
    pub from: String,
    /// What changed.
    pub comparison: Comparison,
}

/// Compares what is pinned of an upstream with what it offers now. A pinned thing may have been away: it is compared with
/// what it was when it was approved.
pub fn compare_offers(_pinned: &Offer, _now: &Offer, _neighbours: &Neighbours) -> Report {
    Report {
        verdict: Verdict::Identical,
        unchanged: 0,
        changed: Vec::new(),
        added: Vec::new(),
        removed: Vec::new(),
        renamed: Vec::new(),
    }
}
