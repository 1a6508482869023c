//! What else there is in a tenant: the names that a tool must not look like, and must not give orders about.

use super::suspicion::Suspicion;
use super::suspicion::letters::{folded, mixes_alphabets, skeleton};
use super::suspicion::secret::sentence;
use std::collections::{HashMap, HashSet};

/// Shortest name that is taken for another one that differs in one letter.
const MIN_RESEMBLING: usize = 8;
/// How many letters at both ends are compared first.
const END: usize = 4;

/// Names of tools that a tenant has of other upstreams.
#[derive(Clone, Debug, Default)]
pub struct Neighbours {
    others: HashSet<String>,
    by_skeleton: HashSet<String>,
    /// Folded names that begin, or end, with the same letters.
    by_end: HashMap<(bool, String), Vec<String>>,
    own: HashSet<String>,
}

impl Neighbours {
    /// The names of the tools of every other upstream of the tenant, and of the upstream itself, as those call them. A text of
    /// an upstream may speak of its own tools, whoever else has one of that name.
    pub fn new(
        others: impl IntoIterator<Item = impl Into<String>>,
        own: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let mut neighbours = Self { own: own.into_iter().map(Into::into).collect(), ..Self::default() };
        for name in others {
            let name: String = name.into();
            let plain = folded(&name);
            if neighbours.others.insert(name.clone()) && plain.chars().count() >= MIN_RESEMBLING {
                for end in ends(&plain) {
                    neighbours.by_end.entry(end).or_default().push(plain.clone());
                }
            }
            neighbours.by_skeleton.insert(skeleton(&name));
        }
        neighbours
    }

    /// How many other names there are.
    pub fn len(&self) -> usize {
        self.others.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.others.is_empty()
    }

    /// The other tools that a text names, each with what follows in its sentence: only names that are no plain words, because a
    /// text may use those.
    pub(super) fn named_in(&self, text: &str) -> Vec<String> {
        if self.others.is_empty() {
            return Vec::new();
        }
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let foreign = |word: &str| is_made_up(word) && self.others.contains(word) && !self.own.contains(word);
        let mut found = Vec::new();
        let mut at = 0;
        for word in text.split(|c| !is_part(c)) {
            if foreign(word) {
                found.push(sentence(text.get(at..).unwrap_or(word)));
            }
            // What separates two words is one character; its length is what is left of the text before the next one.
            let behind = text.get(at + word.len()..).and_then(|rest| rest.chars().next());
            at += word.len() + behind.map_or(0, char::len_utf8);
        }
        found
    }

    /// What is suspicious about the name of a new tool.
    pub(super) fn suspect(&self, name: &str) -> Option<Suspicion> {
        if mixes_alphabets(name) {
            return Some(Suspicion::LookAlike);
        }
        if self.others.contains(name) {
            // Many servers have a `search`; nobody means one of them by that name alone.
            return is_made_up(name).then_some(Suspicion::Shadowing);
        }
        let looks_the_same = self.by_skeleton.contains(&skeleton(name));
        let resembles = if looks_the_same { is_made_up(name) } else { self.is_near(&folded(name)) };
        resembles.then_some(Suspicion::LookAlike)
    }

    /// Whether a folded name differs from another one in one letter.
    fn is_near(&self, plain: &str) -> bool {
        // One letter more or less at the end is a plural; a digit is a number.
        let told_apart = |other: &str| {
            let plural = |one: &str, other: &str| one.strip_suffix('s') == Some(other);
            plural(plain, other) || plural(other, plain)
        };
        plain.chars().count() >= MIN_RESEMBLING
            && ends(plain).into_iter().any(|end| {
                let near = |other: &String| differ_by_one(plain, other) && !told_apart(other);
                self.by_end.get(&end).is_some_and(|others| others.iter().any(near))
            })
    }
}

fn ends(plain: &str) -> [(bool, String); 2] {
    let front: String = plain.chars().take(END).collect();
    let back: String = plain.chars().rev().take(END).collect();
    [(true, front), (false, back)]
}

/// Whether a name is more than one plain word: somebody made it up for a tool.
fn is_made_up(name: &str) -> bool {
    let mut letters = name.chars();
    let first = letters.next();
    let hump =
        letters.clone().any(|letter| letter.is_ascii_uppercase()) && letters.any(|letter| letter.is_ascii_lowercase());
    first.is_some() && (name.trim_matches(['_', '-']).contains(['_', '-', '.']) || hump)
}

/// Whether one letter was put in, left out or changed, or two changed places; a digit for a digit is a number.
fn differ_by_one(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    if one.len().abs_diff(other.len()) > 1 {
        return false;
    }
    let front = one.iter().zip(&other).take_while(|(one, other)| one == other).count();
    let back = one.iter().rev().zip(other.iter().rev()).take_while(|(one, other)| one == other).count();
    let shorter = one.len().min(other.len());
    let back = back.min(shorter - front.min(shorter));
    let middle = |name: &[char]| name.get(front..name.len() - back).map(<[char]>::to_vec).unwrap_or_default();
    match (middle(&one).as_slice(), middle(&other).as_slice()) {
        ([left], [right]) => !(left.is_ascii_digit() && right.is_ascii_digit()),
        ([letter], []) | ([], [letter]) => !letter.is_ascii_digit(),
        ([a, b], [c, d]) => a == d && b == c,
        _ => false,
    }
}

#[cfg(test)]
#[path = "neighbours_tests.rs"]
mod tests;
