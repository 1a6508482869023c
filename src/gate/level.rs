//! All limits of one level in one decision: a call is charged to every one of them, or to none.

use crate::gate::bucket::{Bucket, Lease};
use crate::gate::message::Asked;
use crate::gate::quota::Quotas;
use crate::gate::slots::Slots;
use crate::id::SlotId;
use crate::plan::{Limits, Reached};
use crate::time::{Lifetime, Timestamp};

/// What a gate has counted for its level.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Level {
    /// The bucket, if calls were ever limited in their rate.
    pub bucket: Option<Bucket>,
    /// What was used of quotas, if there ever was one.
    pub quotas: Option<Quotas>,
    /// The slots of running calls, if they were ever limited.
    pub slots: Option<Slots>,
}

/// A call that wants to be charged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The limits of the level.
    pub limits: Limits,
    /// Leases given back and wanted.
    pub asked: Asked,
    /// The call's slot, where calls that run at the same time are limited.
    pub slot: SlotId,
    /// How long the isolate may use a lease.
    pub lease_life: Lifetime,
}

/// A call that was charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Further calls, held until the lease ends. None where every call needs a slot.
    pub lease: Option<Lease>,
    /// Calls left of the limit that is nearest.
    pub remaining: u32,
    /// The moment the call counts for in a quota.
    pub counted_at: Timestamp,
}

impl Level {
    /// Charges one call to all limits, or says which of them allows none for longest, and for how long. A lease that comes
    /// back is closed in either case.
    pub fn take(&mut self, wanted: &Wanted, now: Timestamp) -> Result<Taken, (Reached, Lifetime)> {
        self.close(wanted, now);
        self.available(&wanted.limits, now)?;
        let Wanted { limits, slot, .. } = wanted;
        if let (Some(bucket), Some(_)) = (&mut self.bucket, limits.rate) {
            bucket.take();
        }
        if let (Some(slots), Some(_)) = (&mut self.slots, limits.concurrent) {
            slots.take(slot.clone(), now);
        }
        let counted_at = self.quotas.as_mut().filter(|_| limits.has_quota()).map_or(now, Quotas::take);
        let lease = self.lease(wanted, now);
        // Nothing is left where the next call would be refused.
        let remaining = self.available(limits, now).unwrap_or(0);
        Ok(Taken { lease, remaining, counted_at })
    }

    /// A call is over: its slot is free, and if it was not made, what it took of a quota comes back. What it took of a bucket
    /// does not: the bucket may have filled up behind it.
    pub fn release(&mut self, slot: &SlotId, unmade: Option<Timestamp>, now: Timestamp) {
        if let Some(slots) = &mut self.slots {
            slots.release(slot);
        }
        if let (Some(quotas), Some(counted_at)) = (&mut self.quotas, unmade) {
            quotas.give_back(now, counted_at);
        }
    }

    fn close(&mut self, wanted: &Wanted, now: Timestamp) {
        let Some(closed) = &wanted.asked.close else { return };
        if let (Some(bucket), Some(rate)) = (&mut self.bucket, wanted.limits.rate) {
            bucket.close(rate, now, closed.lease, closed.unused);
        }
        if let Some(quotas) = &mut self.quotas {
            quotas.close(now, closed.lease, closed.unused);
        }
    }

    /// Calls that every limit allows, at least one.
    fn available(&mut self, limits: &Limits, now: Timestamp) -> Result<u32, (Reached, Lifetime)> {
        let rate = limits.rate.map(|rate| {
            let bucket = self.bucket.get_or_insert_with(|| Bucket::full(rate, now));
            bucket.available(rate, now).map_err(|wait| (Reached::Rate(rate), wait))
        });
        let quotas =
            limits.has_quota().then(|| self.quotas.get_or_insert_with(|| Quotas::unused(now)).available(limits, now));
        let slots = limits.concurrent.map(|limit| self.slots.get_or_insert_default().available(limit, now));
        let counted: Vec<_> = [rate, quotas, slots].into_iter().flatten().collect();
        let longest = counted.iter().filter_map(|left| left.err()).max_by_key(|(_, wait)| *wait);
        let least = counted.iter().filter_map(|left| left.ok()).min();
        longest.map_or(Ok(least.unwrap_or(u32::MAX)), Err)
    }

    /// A lease that each limit has the calls for.
    fn lease(&mut self, wanted: &Wanted, now: Timestamp) -> Option<Lease> {
        let Wanted { limits, asked, lease_life: life, .. } = wanted;
        if limits.concurrent.is_some() || life.millis() == 0 {
            return None;
        }
        // One id names the lease everywhere, so it is one that neither had.
        let of_bucket = self.bucket.as_ref().map_or(1, Bucket::next_lease);
        let id = self.quotas.as_ref().map_or(1, Quotas::next_lease).max(of_bucket);
        let bucket = self.bucket.as_mut().filter(|_| limits.rate.is_some());
        let quotas = self.quotas.as_mut().filter(|_| limits.has_quota());
        let of_bucket = bucket.as_ref().map_or(u32::MAX, |bucket| bucket.leasable());
        let of_quotas = quotas.as_ref().map_or(u32::MAX, |quotas| quotas.leasable(limits, *life));
        let calls = asked.wish.min(of_bucket).min(of_quotas);
        let lease = (calls > 0).then(|| Lease { id, calls, expires_at: now.plus(*life).plus(*life) })?;
        if let Some(bucket) = bucket {
            bucket.hand_out(lease);
        }
        if let Some(quotas) = quotas {
            quotas.hand_out(lease);
        }
        Some(lease)
    }
}

#[cfg(test)]
#[path = "level_tests.rs"]
mod tests;
