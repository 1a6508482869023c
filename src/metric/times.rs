//! How long things took: a histogram.

use crate::time::Lifetime;
use serde::{Deserialize, Serialize};

/// The upper bounds of the buckets, in milliseconds; above the last there is one more. They are those that the OpenTelemetry
/// conventions for HTTP metrics advise (`http.server.request.duration`), and 30, 60, 120 and 300 s of those for MCP
/// (`mcp.server.operation.duration`).
pub const BOUNDS: [u64; 18] =
    [5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000, 30_000, 60_000, 120_000, 300_000];

/// Durations, counted by bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// How many fell into each bucket, not into it and all before it. Buckets at the end that are empty may be left out.
    buckets: Vec<u64>,
    /// All of them together.
    sum: Lifetime,
}

impl Times {
    /// Counts one.
    pub fn add(&mut self, took: Lifetime) {
        let bucket = BOUNDS.iter().position(|bound| took.millis() <= *bound).unwrap_or(BOUNDS.len());
        self.add_to(bucket, 1);
        self.sum = sum(self.sum, took);
    }

    /// Counts what others counted.
    pub fn add_all(&mut self, others: &Self) {
        for (bucket, count) in others.buckets.iter().take(BOUNDS.len() + 1).enumerate() {
            self.add_to(bucket, *count);
        }
        self.sum = sum(self.sum, others.sum);
    }

    /// Counts so many into a bucket, of which only their bounds are known.
    pub(super) fn add_to(&mut self, bucket: usize, count: u64) {
        if self.buckets.len() <= bucket {
            self.buckets.resize(bucket + 1, 0);
        }
        if let Some(counted) = self.buckets.get_mut(bucket) {
            *counted = counted.saturating_add(count);
        }
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.buckets.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// All of them together.
    pub const fn sum(&self) -> Lifetime {
        self.sum
    }

    /// For each bound how many took so long at most.
    pub fn up_to(&self) -> impl Iterator<Item = (Lifetime, u64)> {
        let counts = self.buckets.iter().copied().chain(std::iter::repeat(0));
        BOUNDS.into_iter().zip(counts).scan(0_u64, |sum, (bound, count)| {
            *sum = sum.saturating_add(count);
            Some((Lifetime::from_millis(bound), *sum))
        })
    }

    /// What `percent` of them took at most, guessed between the bounds of one bucket as if they were spread evenly in it; none of
    /// nothing. Of what lies above the last bound it is known only that it does.
    pub fn percentile(&self, percent: u64) -> Option<Lifetime> {
        let count = self.count();
        let rank = count.saturating_mul(percent).div_ceil(100).max(1);
        let mut before = (0, 0);
        for (bound, up_to) in self.up_to() {
            if up_to >= rank && count > 0 {
                let (lower, counted) = before;
                let within = (bound.millis() - lower).saturating_mul(rank - counted) / (up_to - counted).max(1);
                return Some(Lifetime::from_millis(lower + within));
            }
            before = (bound.millis(), up_to);
        }
        (count > 0).then(|| Lifetime::from_millis(before.0))
    }
}

fn sum(one: Lifetime, other: Lifetime) -> Lifetime {
    Lifetime::from_millis(one.millis().saturating_add(other.millis()))
}

#[cfg(test)]
mod tests {
    use super::{BOUNDS, Times};
    use crate::time::Lifetime;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn of(millis: &[u64]) -> Times {
        let mut times = Times::default();
        for took in millis {
            times.add(Lifetime::from_millis(*took));
        }
        times
    }

    #[test]
    fn a_bound_belongs_to_its_bucket_and_what_is_above_all_is_counted() {
        let times = of(&[0, 5, 6, 300_000, 300_001]);
        let up_to: Vec<u64> = times.up_to().map(|(_, count)| count).collect();
        assert_eq!((up_to[0], up_to[1], up_to[16], up_to[17]), (2, 3, 3, 4));
        assert_eq!((up_to.len(), times.count(), times.sum().millis()), (BOUNDS.len(), 5, 600_012));
    }

    #[test]
    fn adding_all_is_adding_each() {
        let mut one = of(&[1, 700]);
        one.add_all(&of(&[80, 400_000]));
        assert_eq!(one, of(&[1, 700, 80, 400_000]));
        one.add_all(&Times::default());
        assert_eq!(one.count(), 4);
    }

    #[test]
    fn more_buckets_than_there_are_bounds_are_left_out() {
        let mut times = Times::default();
        times.add_all(&serde_json::from_str(&format!(r#"{{"buckets":{:?},"sum":3}}"#, [1; 40])).unwrap());
        assert_eq!(times.count(), 19);
    }

    #[test]
    fn a_percentile_lies_in_the_bucket_that_holds_it() {
        assert_eq!(Times::default().percentile(50), None);
        let times = of(&[3, 3, 3, 3, 80, 80, 80, 80, 80, 2000]);
        assert_eq!(times.percentile(40), Some(Lifetime::from_millis(5)));
        let middle = times.percentile(50).unwrap().millis();
        assert!((75..=100).contains(&middle), "{middle}");
        let slow = times.percentile(95).unwrap().millis();
        assert!((1000..=2500).contains(&slow), "{slow}");
        assert_eq!(of(&[900_000]).percentile(99), Some(Lifetime::from_millis(300_000)));
        assert_eq!(of(&[1]).percentile(0), Some(Lifetime::from_millis(5)));
    }
}
