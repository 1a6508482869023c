//! The token bucket of one principal, with leases: calls taken out in advance and carried away by an isolate.
//!
//! Promise: in any span of time, the calls that isolates may make are at most `burst + rate × span`. Calls are deducted
//! when they are leased, and while a lease is out its calls count against the bucket's capacity, so that the bucket cannot
//! refill behind them. Calls that a lease did not use come back when it is closed. The bucket waits for that twice as long
//! as the isolate may use the lease, and not longer: once the bucket may fill up behind a lease, nothing can be given back.

pub use crate::plan::Rate as Policy;
use crate::plan::UNITS_PER_CALL;
use crate::time::{Lifetime, Timestamp};
use serde::{Deserialize, Serialize};

/// Most leases out at once per principal; beyond it calls are granted one by one.
const MAX_LEASES: usize = 256;

/// Calls taken out of the bucket for one isolate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Names the lease when it is closed.
    pub id: u64,
    /// Calls it holds.
    pub calls: u32,
    /// Until when it counts against the capacity and may be closed. The isolate stops using it in half that time.
    pub expires_at: Timestamp,
}

/// The state of a bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    level: u64,
    updated_at: Timestamp,
    next_lease: u64,
    leases: Vec<Lease>,
}

/// A bucket's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// One call is admitted, and perhaps more are leased.
    Admit {
        /// Further calls, held until the lease ends.
        lease: Option<Lease>,
        /// Whole calls left in the bucket.
        remaining: u32,
    },
    /// Nothing is left.
    Limit {
        /// When one call will have come back.
        retry_after: Lifetime,
    },
}

impl Bucket {
    /// A full bucket.
    pub fn full(policy: Policy, now: Timestamp) -> Self {
        Self { level: policy.capacity(), updated_at: now, next_lease: 1, leases: Vec::new() }
    }

    /// Takes one call, and up to `wish` further calls as a lease that the isolate may use for `life`; none when that is zero.
    ///
    /// A lease is never more than half of what is left, so that one isolate cannot starve the others.
    pub fn acquire(&mut self, policy: Policy, now: Timestamp, wish: u32, life: Lifetime) -> Verdict {
        if let Err(retry_after) = self.available(policy, now) {
            return Verdict::Limit { retry_after };
        }
        self.take();
        let calls = if life.millis() == 0 { 0 } else { wish.min(self.leasable()) };
        let lease = (calls > 0).then(|| Lease { id: self.next_lease, calls, expires_at: now.plus(life).plus(life) });
        if let Some(lease) = lease {
            self.hand_out(lease);
        }
        Verdict::Admit { lease, remaining: self.remaining() }
    }

    /// Whole calls that may be taken now, at least one; else how long until one has come back.
    pub fn available(&mut self, policy: Policy, now: Timestamp) -> Result<u32, Lifetime> {
        self.advance(policy, now);
        match UNITS_PER_CALL.saturating_sub(self.level) {
            0 => Ok(self.remaining()),
            missing => Err(Lifetime::from_millis(missing.div_ceil(policy.refill_per_milli()))),
        }
    }

    /// Takes one call that is [available](Self::available).
    pub fn take(&mut self) {
        self.level = self.level.saturating_sub(UNITS_PER_CALL);
    }

    /// Most calls that one lease may take out now.
    pub fn leasable(&self) -> u32 {
        if self.leases.len() < MAX_LEASES { self.remaining() / 2 } else { 0 }
    }

    /// The least id that no lease of this bucket had.
    pub const fn next_lease(&self) -> u64 {
        self.next_lease
    }

    /// Takes out the calls of a lease, no more than are [leasable](Self::leasable), under an id that no lease had.
    pub fn hand_out(&mut self, lease: Lease) {
        self.next_lease = lease.id.saturating_add(1);
        self.level = self.level.saturating_sub(u64::from(lease.calls) * UNITS_PER_CALL);
        self.leases.push(lease);
    }

    /// Closes a lease: its unused calls come back. An unknown lease, or more calls than it held, gives nothing.
    pub fn close(&mut self, policy: Policy, now: Timestamp, lease: u64, unused: u32) {
        self.advance(policy, now);
        let Some(index) = self.leases.iter().position(|held| held.id == lease) else { return };
        let held = self.leases.swap_remove(index);
        if unused <= held.calls {
            self.level = (self.level + u64::from(unused) * UNITS_PER_CALL).min(self.ceiling(policy));
        }
    }

    /// Whole calls left.
    pub fn remaining(&self) -> u32 {
        u32::try_from(self.level / UNITS_PER_CALL).unwrap_or(u32::MAX)
    }

    /// Moves the bucket to `now`, lease end by lease end: while a lease was out, the level stayed below the capacity less
    /// its calls, and only from its end on could it rise behind it.
    fn advance(&mut self, policy: Policy, now: Timestamp) {
        self.leases.sort_by_key(|lease| lease.expires_at);
        while let Some(end) = self.leases.first().map(|lease| lease.expires_at).filter(|end| *end <= now) {
            self.refill(policy, end);
            self.leases.remove(0);
        }
        self.refill(policy, now);
    }

    fn refill(&mut self, policy: Policy, until: Timestamp) {
        let gained = until.since(self.updated_at).millis().saturating_mul(policy.refill_per_milli());
        self.level = self.level.saturating_add(gained).min(self.ceiling(policy));
        self.updated_at = self.updated_at.max(until);
    }

    fn ceiling(&self, policy: Policy) -> u64 {
        let out = self.leases.iter().map(|lease| u64::from(lease.calls));
        policy.capacity().saturating_sub(out.sum::<u64>() * UNITS_PER_CALL)
    }
}

#[cfg(test)]
mod tests {
    use super::{Bucket, Policy, Verdict};
    use crate::time::{Lifetime, Timestamp};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const POLICY: Policy = Policy { burst: 20, per_minute: 600 };
    const LIFE: Lifetime = Lifetime::from_seconds(1);

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(1_000_000 + millis)
    }

    fn admitted(verdict: Verdict) -> u32 {
        match verdict {
            Verdict::Admit { lease, .. } => 1 + lease.map_or(0, |lease| lease.calls),
            Verdict::Limit { .. } => 0,
        }
    }

    #[test]
    fn a_full_bucket_admits_exactly_its_burst() {
        let mut bucket = Bucket::full(POLICY, at(0));
        let total: u32 = (0..200).map(|_| admitted(bucket.acquire(POLICY, at(0), 0, LIFE))).sum();
        assert_eq!(total, 20);
        assert_eq!(bucket.acquire(POLICY, at(0), 0, LIFE), Verdict::Limit { retry_after: Lifetime::from_millis(100) });
    }

    #[test]
    fn a_client_that_waits_as_told_is_admitted() {
        let mut bucket = Bucket::full(POLICY, at(0));
        while let Verdict::Admit { .. } = bucket.acquire(POLICY, at(0), 9, LIFE) {}
        let Verdict::Limit { retry_after } = bucket.acquire(POLICY, at(37), 0, LIFE) else { panic!("must be empty") };
        assert!(matches!(bucket.acquire(POLICY, at(37).plus(retry_after), 0, LIFE), Verdict::Admit { .. }));
    }

    #[test]
    fn the_bucket_does_not_refill_behind_a_lease() {
        let mut bucket = Bucket::full(POLICY, at(0));
        let Verdict::Admit { lease: Some(lease), .. } = bucket.acquire(POLICY, at(0), 9, LIFE) else { panic!("full") };
        // A second on, the bucket would be full again; the nine leased calls may still be made.
        let free: u32 = (0..30).map(|_| admitted(bucket.acquire(POLICY, at(999), 0, LIFE))).sum();
        assert_eq!(free + lease.calls, 20);
    }

    #[test]
    fn what_refilled_while_a_lease_was_out_stays_below_it() {
        let slow = Policy { burst: 20, per_minute: 300 };
        let mut bucket = Bucket::full(slow, at(0));
        let Verdict::Admit { lease: Some(lease), .. } = bucket.acquire(slow, at(0), 9, LIFE) else { panic!("full") };
        // The isolate makes its nine calls at 999 ms; from then on at most 20 + 5 per second may come.
        let free: u32 = (0..30).map(|_| admitted(bucket.acquire(slow, at(2000), 0, LIFE))).sum();
        assert!(lease.calls + free <= 20 + 5, "{} calls", lease.calls + free);
    }

    #[test]
    fn unused_calls_come_back_once() {
        let mut bucket = Bucket::full(POLICY, at(0));
        let Verdict::Admit { lease: Some(lease), remaining } = bucket.acquire(POLICY, at(0), 9, LIFE) else {
            panic!("full")
        };
        bucket.close(POLICY, at(0), lease.id, lease.calls + 1);
        assert_eq!(bucket.remaining(), remaining, "more than was leased is refused");
        let mut bucket = Bucket::full(POLICY, at(0));
        bucket.acquire(POLICY, at(0), 9, LIFE);
        bucket.close(POLICY, at(0), lease.id, 9);
        assert_eq!(bucket.remaining(), 19);
        bucket.close(POLICY, at(0), lease.id, 9);
        assert_eq!(bucket.remaining(), 19);
    }

    #[test]
    fn a_clock_that_steps_back_gives_nothing_and_takes_nothing() {
        let mut bucket = Bucket::full(POLICY, at(10_000));
        while let Verdict::Admit { .. } = bucket.acquire(POLICY, at(10_000), 0, LIFE) {}
        assert!(matches!(bucket.acquire(POLICY, at(0), 0, LIFE), Verdict::Limit { .. }));
        assert!(matches!(bucket.acquire(POLICY, at(10_000), 0, LIFE), Verdict::Limit { .. }));
        assert!(matches!(bucket.acquire(POLICY, at(10_100), 0, LIFE), Verdict::Admit { .. }));
    }

    #[test]
    fn the_window_is_the_time_to_fill() {
        assert_eq!(POLICY.window(), Lifetime::from_seconds(2));
    }
}
