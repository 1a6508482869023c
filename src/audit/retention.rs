//! How long records are kept. Old ones are dropped from the front of the chain, and the place of the last one dropped stays
//! as the anchor from which the rest verifies.

use crate::time::{Lifetime, Timestamp};
use serde::{Deserialize, Serialize};

/// Most records that are dropped at a time, so that nobody waits for long.
pub const STEP: u32 = 5_000;
/// How often an append looks whether something is old enough.
pub const EVERY: Lifetime = Lifetime::from_seconds(60 * 60);
/// How often the trail looks by itself.
pub const ALARM: Lifetime = Lifetime::from_seconds(24 * 60 * 60);
/// When it goes on where one step was not enough.
pub const SOON: Lifetime = Lifetime::from_seconds(5);

/// How many days records are kept: 1 to 3660.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Days(u32);

/// Why a number is no retention.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("records are kept for 1 to 3660 days")]
pub struct InvalidDays;

impl Days {
    /// Records that were taken before this moment may go.
    pub const fn cutoff(self, now: Timestamp) -> Timestamp {
        now.minus(Lifetime::from_seconds(self.0 as u64 * 24 * 60 * 60))
    }
}

impl TryFrom<u32> for Days {
    type Error = InvalidDays;
    fn try_from(days: u32) -> Result<Self, InvalidDays> {
        if (1..=3660).contains(&days) { Ok(Self(days)) } else { Err(InvalidDays) }
    }
}

impl From<Days> for u32 {
    fn from(days: Days) -> Self {
        days.0
    }
}

#[cfg(test)]
mod tests {
    use super::Days;
    use crate::time::Timestamp;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_record_is_kept_for_all_of_its_days() {
        let days = Days::try_from(2).unwrap();
        assert_eq!(days.cutoff(Timestamp::from_seconds(200_000)), Timestamp::from_seconds(27_200));
        assert_eq!(days.cutoff(Timestamp::from_seconds(1)), Timestamp::from_seconds(0));
        for bad in [0, 3661] {
            assert!(Days::try_from(bad).is_err());
        }
    }
}
