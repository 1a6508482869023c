//! What is said between isolates and `Metrics` objects.

use super::activity::{Counts, Place};
use super::hours::Outcomes;
use super::series::{Measured, Series};
use crate::id::TenantId;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A question to a `Metrics` object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum MetricsRequest {
    /// Adds what an isolate gathered.
    Add(Flush),
    /// All that was ever added.
    Read,
    /// What happened from a minute on, of one tenant or of all.
    Activity {
        /// Whose.
        tenant: Option<TenantId>,
        /// The first minute, counted from 1970.
        from: u64,
    },
    /// The same of everybody together, hour by hour.
    Hours {
        /// The first minute, counted from 1970.
        from: u64,
    },
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum MetricsReply {
    /// It was added, now or before.
    Added,
    /// All that was ever added, and what is left alone now.
    All {
        /// The series.
        series: Vec<(Series, Measured)>,
        /// Which isolate leaves which upstream alone.
        resting: Vec<Resting>,
    },
    /// What happened.
    Activity {
        /// Minute by minute.
        minutes: Vec<(Place, Counts)>,
    },
    /// What happened to everybody together.
    Hours {
        /// Of an hour, counted from 1970, whether it is what the gateway itself answers, and what became of it.
        hours: Vec<(u64, bool, Outcomes)>,
        /// How many fell into each bucket of durations.
        took: Vec<(usize, u64)>,
    },
}

/// What an isolate gathered since its last flush. It may be sent again until it is known to have come: it is added once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flush {
    /// The isolate.
    pub isolate: String,
    /// One more with every flush of the isolate, from 1.
    pub number: u64,
    /// What it counted.
    pub series: Vec<(Series, Measured)>,
    /// What happened.
    pub activity: Vec<(Place, Counts)>,
    /// Upstreams that it leaves alone.
    pub resting: Vec<Resting>,
}

/// An upstream that an isolate leaves alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Resting {
    /// Whose.
    pub tenant: TenantId,
    /// Its name.
    pub upstream: String,
    /// Until when.
    pub until: Timestamp,
}
