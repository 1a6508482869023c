//! How much may be done: the limits of a tenant, of a principal, and of a tool within either.
//!
//! A plan is a document; the gates count. A level of a plan that sets no limit is never asked about.

mod document;
mod pattern;

pub use document::{MAX_CONCURRENT, MAX_TOOLS, Plan, PlanProblem, ToolLimits};
pub use pattern::{InvalidPattern, ToolPattern};

use crate::time::Lifetime;
use serde::{Deserialize, Serialize};

/// The level of a bucket counts in units, so that a rate per minute refills whole units every millisecond.
pub const UNITS_PER_CALL: u64 = 60_000;

/// How fast calls may come: a token bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Calls that may come at once, 1 to 1,000,000.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(range(min = 1, max = 1_000_000)))]
    #[serde(deserialize_with = "document::within::<1_000_000, _>")]
    pub burst: u32,
    /// Calls per minute that come back, 1 to 60,000,000.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(range(min = 1, max = 60_000_000)))]
    #[serde(deserialize_with = "document::within::<60_000_000, _>")]
    pub per_minute: u32,
}

/// What one gate counts for one level: all of it must allow a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// How fast calls may come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// Calls that may run at the same time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrent: Option<u32>,
    /// Calls of a day, from midnight to midnight in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daily: Option<u32>,
    /// Calls of a calendar month in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monthly: Option<u32>,
}

/// A limit that allows no further call now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reached {
    /// The bucket is empty.
    Rate(Rate),
    /// So many calls are running.
    Concurrent(u32),
    /// So many calls were made today.
    Daily(u32),
    /// So many calls were made this month.
    Monthly(u32),
}

/// Whose plan a limit stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The caller's own.
    Principal,
    /// That of the whole tenant.
    Tenant,
}

impl Rate {
    /// A full bucket, in units.
    pub fn capacity(self) -> u64 {
        u64::from(self.burst.max(1)) * UNITS_PER_CALL
    }

    /// Units that come back in a millisecond.
    pub fn refill_per_milli(self) -> u64 {
        u64::from(self.per_minute.max(1))
    }

    /// How long an empty bucket takes to fill.
    pub fn window(self) -> Lifetime {
        Lifetime::from_millis(self.capacity().div_ceil(self.refill_per_milli()))
    }
}

impl Limits {
    /// Whether nothing is limited, so that nobody need be asked.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether calls of a day or a month are counted.
    pub const fn has_quota(&self) -> bool {
        self.daily.is_some() || self.monthly.is_some()
    }

    /// The same without the rate, for a level whose rate is charged elsewhere.
    #[must_use]
    pub const fn without_rate(self) -> Self {
        Self { rate: None, ..self }
    }
}

impl std::fmt::Display for Reached {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Rate(rate) => write!(f, "{} calls at once and {} a minute", rate.burst, rate.per_minute),
            Self::Concurrent(limit) => write!(f, "{limit} calls at the same time"),
            Self::Daily(limit) => write!(f, "{limit} calls a day (UTC)"),
            Self::Monthly(limit) => write!(f, "{limit} calls a month (UTC)"),
        }
    }
}

impl std::fmt::Display for Whose {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Principal => "your",
            Self::Tenant => "your tenant's",
        })
    }
}
