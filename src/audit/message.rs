//! What a trail is asked and what it answers.

use super::Trail;
use super::chain::{Fault, Link};
use super::query::{Page, Query};
use super::record::Draft;
use super::retention::Days;
use serde::{Deserialize, Serialize};

/// Most records of one page of an export.
pub const EXPORT_PAGE: u32 = 500;
/// Most records that one question verifies.
pub const VERIFY_PAGE: u32 = 1_000;
/// Most faults that one answer names.
pub const MAX_FAULTS: usize = 100;

/// A question to a trail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Which trail: its first record follows its name.
    pub trail: Trail,
    /// What is asked.
    pub request: TrailRequest,
}

/// What a trail is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrailRequest {
    /// Write these, in their order. What is written already stays as it is.
    Append {
        /// What to write.
        drafts: Vec<Draft>,
    },
    /// Some records.
    Query(Box<Query>),
    /// Records in the order of the chain, as they are kept.
    Export {
        /// After this one; 0 from the first that is left.
        after: u64,
    },
    /// Look for faults.
    Verify {
        /// After this place, which an earlier answer gave; none from the anchor.
        after: Option<Link>,
    },
    /// Where the chain ends.
    Head,
    /// How long to keep records; none for ever.
    Keep {
        /// How long.
        days: Option<Days>,
    },
    /// Forget everything: there is no such tenant any more.
    Forget,
}

/// What a trail answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrailReply {
    /// It is so.
    Done,
    /// The records that were asked for.
    Page(Page),
    /// A page of an export.
    Exported(Exported),
    /// What was verified.
    Verified(Verified),
    /// Where the chain ends.
    Head(Link),
}

/// A page of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exported {
    /// The place that the first record that is left follows.
    pub anchor: Link,
    /// The canonical texts of the records.
    pub records: Vec<String>,
    /// What to ask for next; none after the last record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
    /// Where the chain ends.
    pub last: Link,
}

/// What was verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// How many records.
    pub records: u64,
    /// What is wrong; the first hundred.
    pub faults: Vec<Fault>,
    /// Where to go on.
    pub last: Link,
    /// Whether that is the end of the chain.
    pub done: bool,
}
