//! How much of what was found.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

/// How often what was found, by the names of detectors, and `deny` for entries of a deny list. There are few names, and each
/// kind of map adds to the bundle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts(Vec<(&'static str, u32)>);

impl Counts {
    /// Whether nothing was found.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Counts so many more of one.
    pub fn add(&mut self, name: &'static str, more: u32) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count = count.saturating_add(more),
            None => self.0.push((name, more)),
        }
    }

    /// Counts all of another.
    pub fn add_all(&mut self, more: &Self) {
        for (name, count) in &more.0 {
            self.add(name, *count);
        }
    }

    /// Each name, and how often it was counted.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0.iter().map(|(name, count)| (*name, u64::from(*count)))
    }

    /// The counts as a JSON object.
    pub fn members(&self) -> Map<String, Value> {
        self.0.iter().map(|(name, count)| ((*name).to_owned(), (*count).into())).collect()
    }
}

impl Serialize for Counts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.members().serialize(serializer)
    }
}
