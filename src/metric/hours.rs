//! What happened hour by hour to everybody together: what may be told to anybody, as it names nobody and gives no numbers of calls.

use super::times::{BOUNDS, Times};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What became of things of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcomes {
    /// How much was answered: well, with a refusal, or with a limit.
    pub answered: u64,
    /// How much could not be done.
    pub failed: u64,
}

/// One hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hour {
    /// Requests and tools that the gateway itself answers.
    pub own: Outcomes,
    /// Calls of tools elsewhere.
    pub calls: Outcomes,
}

/// Some hours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hours {
    /// By hours since 1970.
    hours: BTreeMap<u64, Hour>,
    /// How long everything took.
    times: Times,
}

impl Outcomes {
    fn add(&mut self, other: Self) {
        self.answered = self.answered.saturating_add(other.answered);
        self.failed = self.failed.saturating_add(other.failed);
    }

    /// The share that was answered, in hundredths of a percent, rounded down: 10000 only where nothing failed. None of nothing.
    pub fn share(self) -> Option<u64> {
        let all = u128::from(self.answered) + u128::from(self.failed);
        let share = (u128::from(self.answered) * 10_000).checked_div(all)?;
        u64::try_from(share).ok()
    }
}

impl Hours {
    /// Adds what happened in an hour.
    pub fn add(&mut self, hour: u64, own: bool, outcomes: Outcomes) {
        let counted = self.hours.entry(hour).or_default();
        if own { counted.own.add(outcomes) } else { counted.calls.add(outcomes) }
    }

    /// Adds how many things took as long as a bucket of [`Times`] says. A bucket there is not holds nothing.
    pub fn took(&mut self, bucket: usize, count: u64) {
        if bucket <= BOUNDS.len() {
            self.times.add_to(bucket, count);
        }
    }

    /// Each hour in which something happened, the latest first.
    pub fn latest_first(&self) -> impl Iterator<Item = (u64, Hour)> {
        self.hours.iter().rev().map(|(hour, counted)| (*hour, *counted))
    }

    /// All hours together.
    pub fn all(&self) -> Hour {
        let mut all = Hour::default();
        for hour in self.hours.values() {
            all.own.add(hour.own);
            all.calls.add(hour.calls);
        }
        all
    }

    /// How long everything took.
    pub const fn times(&self) -> &Times {
        &self.times
    }
}

#[cfg(test)]
mod tests {
    use super::{Hours, Outcomes};
    use crate::time::Lifetime;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const fn of(answered: u64, failed: u64) -> Outcomes {
        Outcomes { answered, failed }
    }

    #[test]
    fn a_share_is_never_better_than_it_is() {
        assert_eq!(of(0, 0).share(), None);
        assert_eq!(of(7, 0).share(), Some(10_000));
        assert_eq!(of(1_000_000, 1).share(), Some(9_999));
        assert_eq!(of(0, 3).share(), Some(0));
        assert_eq!(of(u64::MAX, 1).share(), Some(9_999));
    }

    #[test]
    fn hours_add_up_and_keep_what_is_the_gateways_apart() {
        let mut hours = Hours::default();
        for (hour, own, outcomes) in
            [(10, true, of(5, 1)), (10, true, of(5, 0)), (10, false, of(2, 2)), (12, true, of(1, 0))]
        {
            hours.add(hour, own, outcomes);
        }
        let told: Vec<_> = hours.latest_first().collect();
        assert_eq!(told.iter().map(|(hour, _)| *hour).collect::<Vec<_>>(), [12, 10]);
        assert_eq!((told[1].1.own, told[1].1.calls), (of(10, 1), of(2, 2)));
        assert_eq!((hours.all().own, hours.all().calls), (of(11, 1), of(2, 2)));
    }

    #[test]
    fn durations_add_up_in_the_buckets_there_are() {
        let mut hours = Hours::default();
        for (bucket, count) in [(0, 3), (0, 1), (usize::MAX, 9)] {
            hours.took(bucket, count);
        }
        assert_eq!((hours.times().count(), hours.times().percentile(100)), (4, Some(Lifetime::from_millis(5))));
    }
}
