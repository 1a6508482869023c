//! The chain: each record carries the hash of the one before it, so that no record can be changed, left out, moved or written
//! twice without it showing.
//!
//! A record's hash is SHA-256 over a fixed prefix and the record's canonical form (RFC 8785) without the hash itself; the
//! sequence number and the hash of the record before are part of that form. The first record follows a hash of the trail's
//! name, so a chain cannot pass for another trail's. Records are kept and exported in their canonical form, and read in no other:
//! a change of any byte shows.

use super::Trail;
use super::record::{Digest, Draft};
use crate::json::{self, Caps, canonical};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Hashes of records are of no other use, and no other hash is one of a record.
const OF_RECORD: &str = "mcp-secure-gateway audit record 1\n";
const OF_START: &str = "mcp-secure-gateway audit start 1\n";
/// The member with a record's hash.
const HASH: &str = "hash";
/// Limits on the text of a record: 64 KiB.
const CAPS: Caps = Caps { max_bytes: 64 * 1024, max_depth: 72 };

/// A place in a chain: a record, by its number and its hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The record's number; 0 before the first record.
    pub seq: u64,
    /// The record's hash; before the first record, one of the trail's name.
    pub hash: Digest,
}

impl Link {
    /// The place before the first record of a trail.
    pub fn start(trail: &Trail) -> Self {
        Self { seq: 0, hash: Digest::of(format!("{OF_START}{trail}").as_bytes()) }
    }
}

/// A draft in its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its number, from 1 without a gap.
    pub seq: u64,
    /// The hash of the record before.
    pub prev: Digest,
    /// Its own hash.
    pub hash: Digest,
    /// When the trail took it, never before the record before it.
    pub recorded: Timestamp,
    /// What was written.
    #[serde(flatten)]
    pub draft: Draft,
}

impl Record {
    /// Puts a draft behind the last record.
    pub fn seal(draft: Draft, last: &Link, recorded: Timestamp) -> Self {
        Self::sealed(draft, last, recorded).0
    }

    /// Puts a draft behind the last record; with its canonical text, which costs less than asking for it.
    pub fn sealed(draft: Draft, last: &Link, recorded: Timestamp) -> (Self, String) {
        let mut record =
            Self { seq: last.seq.saturating_add(1), prev: last.hash.clone(), hash: last.hash.clone(), recorded, draft };
        let mut members = record.members();
        record.hash = computed(&mut members);
        members.insert(HASH.to_owned(), record.hash.as_str().into());
        (record, canonical::object(&members))
    }

    /// Reads the canonical text of a record.
    pub fn parse(text: &str) -> Option<Self> {
        let value = json::parse_object(text.as_bytes(), CAPS).ok()?;
        let record: Self = serde_json::from_value(value).ok()?;
        (record.text() == text).then_some(record)
    }

    /// Its canonical text, on one line.
    pub fn text(&self) -> String {
        canonical::object(&self.members())
    }

    /// Its place.
    pub fn link(&self) -> Link {
        Link { seq: self.seq, hash: self.hash.clone() }
    }

    /// The hash that its members come to.
    fn computed(&self) -> Digest {
        computed(&mut self.members())
    }

    fn members(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(members)) => members,
            // Every member is a text, a number or an object of such.
            _ => Map::new(),
        }
    }
}

/// The hash that members come to without the one that they may have, which is gone from them.
fn computed(members: &mut Map<String, Value>) -> Digest {
    // The canonical form has an order of its own.
    members.swap_remove(HASH);
    Digest::of(format!("{OF_RECORD}{}", canonical::object(members)).as_bytes())
}

/// What is wrong with a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Fault {
    /// The first record is not the one that follows the place the chain starts from.
    #[error("the chain starts with record {found}, and record {expected} was to be the first")]
    WrongStart {
        /// The number it was to have.
        expected: u64,
        /// The number it has.
        found: u64,
    },
    /// A text is no record in its canonical form.
    #[error("what stands after record {after} is no record")]
    Unreadable {
        /// The last record before it.
        after: u64,
    },
    /// A record does not have the hash that it says.
    #[error("record {seq} was changed")]
    Changed {
        /// Its number.
        seq: u64,
    },
    /// A record follows another one than the one that stands before it.
    #[error("record {seq} does not follow the record before it: one of them was replaced")]
    Unlinked {
        /// Its number.
        seq: u64,
    },
    /// Records are not there.
    #[error("records {first} to {last} are missing")]
    Missing {
        /// The first one.
        first: u64,
        /// The last one.
        last: u64,
    },
    /// A record stands twice.
    #[error("record {seq} stands twice")]
    Duplicated {
        /// Its number.
        seq: u64,
    },
    /// A record stands behind a later one.
    #[error("record {seq} stands after record {after}")]
    Reordered {
        /// Its number.
        seq: u64,
        /// The later one.
        after: u64,
    },
    /// A record is another one than it was when the chain's head was signed.
    #[error("record {seq} is another one than a signed head says: the chain was written anew")]
    Rewritten {
        /// Its number.
        seq: u64,
    },
    /// The chain ends before a head that was signed.
    #[error("the chain ends with record {last}, and a signed head names record {expected}")]
    Truncated {
        /// The last record.
        last: u64,
        /// The head's record.
        expected: u64,
    },
}

/// Is fed a chain in order, and says what is wrong with it. After a fault it goes on from what it found.
#[derive(Clone, Debug)]
pub struct Verifier {
    last: Link,
    fed: bool,
    heads: Vec<Link>,
}

impl Verifier {
    /// A verifier of what follows this place: the start of the trail, or where retention left off.
    pub const fn new(anchor: Link) -> Self {
        Self { last: anchor, fed: false, heads: Vec::new() }
    }

    /// With heads that were signed, and must be part of the chain.
    #[must_use]
    pub fn expecting(self, heads: Vec<Link>) -> Self {
        Self { heads, ..self }
    }

    /// The last good place.
    pub const fn last(&self) -> &Link {
        &self.last
    }

    /// Takes the next record, by its canonical text.
    pub fn feed(&mut self, text: &str) -> Result<(), Fault> {
        let Some(record) = Record::parse(text) else { return Err(Fault::Unreadable { after: self.last.seq }) };
        let (seq, after) = (record.seq, self.last.seq);
        let intact = record.computed() == record.hash;
        let fault = match after.checked_add(1) {
            Some(next) if seq == next && !intact => Some(Fault::Changed { seq }),
            Some(next) if seq == next && record.prev != self.last.hash => Some(Fault::Unlinked { seq }),
            Some(next) if seq == next => None,
            Some(next) if !self.fed => Some(Fault::WrongStart { expected: next, found: seq }),
            Some(next) if seq > next => Some(Fault::Missing { first: next, last: seq.saturating_sub(1) }),
            _ if seq == after => return Err(Fault::Duplicated { seq }),
            _ => return Err(Fault::Reordered { seq, after }),
        };
        self.fed = true;
        self.last = record.link();
        match fault {
            Some(fault) => Err(fault),
            None if self.is_rewritten() => Err(Fault::Rewritten { seq }),
            None => Ok(()),
        }
    }

    /// Whether a signed head says something else of the last record.
    fn is_rewritten(&self) -> bool {
        self.heads.iter().any(|head| head.seq == self.last.seq && head.hash != self.last.hash)
    }

    /// The end of the chain: whether a signed head lies behind it.
    pub fn finish(self) -> Result<Link, Fault> {
        let furthest = self.heads.iter().map(|head| head.seq).max().unwrap_or_default();
        if furthest > self.last.seq {
            return Err(Fault::Truncated { last: self.last.seq, expected: furthest });
        }
        Ok(self.last)
    }
}

/// What is wrong with a whole chain: its records' texts in order, from this place on.
pub fn verify<'a>(anchor: Link, texts: impl IntoIterator<Item = &'a str>, heads: Vec<Link>) -> Vec<Fault> {
    let mut verifier = Verifier::new(anchor).expecting(heads);
    let mut faults: Vec<Fault> = texts.into_iter().filter_map(|text| verifier.feed(text).err()).collect();
    faults.extend(verifier.finish().err());
    faults
}

#[cfg(test)]
#[path = "chain_tests.rs"]
mod tests;
