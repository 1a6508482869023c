//! Moments and spans, in milliseconds. Time is always an argument: only the edge reads a clock.

use serde::{Deserialize, Serialize};

/// A moment: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(u64);

/// A span of time in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Lifetime(u64);

impl Timestamp {
    /// The moment `millis` milliseconds after the Unix epoch.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// The moment `seconds` seconds after the Unix epoch; saturates far in the future.
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the Unix epoch.
    pub const fn millis(self) -> u64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down.
    pub const fn seconds(self) -> u64 {
        self.0 / 1000
    }

    /// How long ago `earlier` was; zero when `earlier` lies in the future (clocks may step back).
    pub const fn since(self, earlier: Self) -> Lifetime {
        Lifetime(self.0.saturating_sub(earlier.0))
    }

    /// This moment moved later by `span`; saturates.
    #[must_use]
    pub const fn plus(self, span: Lifetime) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// This moment moved earlier by `span`; stops at the epoch.
    #[must_use]
    pub const fn minus(self, span: Lifetime) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl Lifetime {
    /// A span of `millis` milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// A span of `seconds` seconds; saturates.
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds.
    pub const fn millis(self) -> u64 {
        self.0
    }

    /// Seconds, rounded up: a wait told to a client is never too short.
    pub const fn seconds_ceil(self) -> u64 {
        self.0.div_ceil(1000)
    }
}

#[cfg(test)]
mod tests {
    use super::{Lifetime, Timestamp};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_wait_is_rounded_up_to_whole_seconds() {
        assert_eq!(Lifetime::from_millis(1).seconds_ceil(), 1);
        assert_eq!(Lifetime::from_millis(1000).seconds_ceil(), 1);
        assert_eq!(Lifetime::from_millis(1001).seconds_ceil(), 2);
    }

    #[test]
    fn a_clock_that_steps_back_gives_a_zero_span() {
        assert_eq!(Timestamp::from_seconds(5).since(Timestamp::from_seconds(9)), Lifetime::from_millis(0));
    }

    #[test]
    fn moments_saturate_instead_of_wrapping() {
        assert_eq!(Timestamp::from_millis(u64::MAX).plus(Lifetime::from_seconds(1)).millis(), u64::MAX);
        assert_eq!(Timestamp::from_millis(3).minus(Lifetime::from_seconds(1)).millis(), 0);
    }
}
