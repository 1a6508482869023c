//! The quotas of one counter: calls of a day and of a calendar month, both in UTC.
//!
//! Promise: the calls that isolates make in a day or a month are never more than its quota. Calls are counted when they are
//! leased, and no lease may be used beyond midnight, so that no call is made in another day than it counts for. Calls
//! that a lease did not use come back when it is closed, however late: nothing refills behind them. A lease that is never
//! closed counts as used.

use crate::gate::bucket::Lease;
use crate::plan::{Limits, Reached};
use crate::time::{Lifetime, Timestamp};
use serde::{Deserialize, Serialize};

/// Most leases remembered; beyond it the oldest counts as used.
const MAX_LEASES: usize = 128;
/// With fewer calls left none are leased: the last ones are for whoever comes.
const LEAST_TO_LEASE: u32 = 64;

/// What was used, in the day and in the month of the last question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quotas {
    /// The latest moment a question came: a clock that steps back opens no past day again.
    updated_at: Timestamp,
    of_day: u32,
    of_month: u32,
    next_lease: u64,
    leases: Vec<Out>,
}

/// A lease that was not closed yet, and when its calls were counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Out {
    lease: Lease,
    counted_at: Timestamp,
}

impl Quotas {
    /// Nothing was used.
    pub const fn unused(now: Timestamp) -> Self {
        Self { updated_at: now, of_day: 0, of_month: 0, next_lease: 1, leases: Vec::new() }
    }

    /// Calls left of the quotas that are set, at least one; else which of them is used up, and how long until there may be
    /// calls again: midnight, or sooner where an isolate may still give some back.
    pub fn available(&mut self, limits: &Limits, now: Timestamp) -> Result<u32, (Reached, Lifetime)> {
        self.advance(now);
        match self.left(limits) {
            0 => Err(self.refusal(limits)),
            left => Ok(left),
        }
    }

    /// Counts one call that is [available](Self::available). Gives the moment it counts for, to
    /// [give it back](Self::give_back).
    pub const fn take(&mut self) -> Timestamp {
        self.count(1);
        self.updated_at
    }

    /// Most calls that one lease may take out now, to be used for `life`: never more than half of what is left.
    pub fn leasable(&self, limits: &Limits, life: Lifetime) -> u32 {
        let ends_today = self.updated_at.plus(life) <= self.updated_at.next_day();
        let left = self.left(limits);
        if ends_today && left >= LEAST_TO_LEASE { left / 2 } else { 0 }
    }

    /// The least id that no lease of these quotas had.
    pub const fn next_lease(&self) -> u64 {
        self.next_lease
    }

    /// Counts the calls of a lease, no more than are [leasable](Self::leasable), under an id that no lease had.
    pub fn hand_out(&mut self, lease: Lease) {
        self.next_lease = lease.id.saturating_add(1);
        self.count(lease.calls);
        if self.leases.len() >= MAX_LEASES {
            self.leases.remove(0);
        }
        self.leases.push(Out { lease, counted_at: self.updated_at });
    }

    /// Closes a lease: its unused calls come back. An unknown lease, or more calls than it held, gives nothing.
    pub fn close(&mut self, now: Timestamp, lease: u64, unused: u32) {
        self.advance(now);
        let Some(index) = self.leases.iter().position(|out| out.lease.id == lease) else { return };
        let out = self.leases.remove(index);
        if unused <= out.lease.calls {
            self.uncount(unused, out.counted_at);
        }
    }

    /// One call that was taken and not made comes back to the day and the month it counted for.
    pub fn give_back(&mut self, now: Timestamp, counted_at: Timestamp) {
        self.advance(now);
        self.uncount(1, counted_at);
    }

    const fn count(&mut self, calls: u32) {
        self.of_day = self.of_day.saturating_add(calls);
        self.of_month = self.of_month.saturating_add(calls);
    }

    fn uncount(&mut self, calls: u32, counted_at: Timestamp) {
        if counted_at.day() == self.updated_at.day() {
            self.of_day = self.of_day.saturating_sub(calls);
        }
        if counted_at.month() == self.updated_at.month() {
            self.of_month = self.of_month.saturating_sub(calls);
        }
    }

    fn left(&self, limits: &Limits) -> u32 {
        let of_day = limits.daily.map_or(u32::MAX, |quota| quota.saturating_sub(self.of_day));
        let of_month = limits.monthly.map_or(u32::MAX, |quota| quota.saturating_sub(self.of_month));
        of_day.min(of_month)
    }

    /// The quota that is used up for longest.
    fn refusal(&self, limits: &Limits) -> (Reached, Lifetime) {
        let now = self.updated_at;
        let (reached, end) = match limits.monthly.filter(|quota| *quota <= self.of_month) {
            Some(quota) => (Reached::Monthly(quota), now.next_month()),
            None => (Reached::Daily(limits.daily.unwrap_or_default()), now.next_day()),
        };
        let closing = self.leases.iter().map(|out| out.lease.expires_at).filter(|end| now < *end).min();
        (reached, end.min(closing.unwrap_or(end)).since(now))
    }

    /// A new day and a new month begin with nothing used.
    fn advance(&mut self, now: Timestamp) {
        let now = now.max(self.updated_at);
        if now.day() != self.updated_at.day() {
            self.of_day = 0;
        }
        if now.month() != self.updated_at.month() {
            self.of_month = 0;
            self.leases.clear();
        }
        self.updated_at = now;
    }
}

#[cfg(test)]
#[path = "quota_tests.rs"]
mod tests;
