//! The login throttle of one account: failures slow further attempts down, and never lock the account for good.

use crate::time::{Lifetime, Timestamp};
use serde::{Deserialize, Serialize};

/// Attempts without any delay; a person mistypes.
const FREE_ATTEMPTS: u32 = 10;
/// Longest delay between two attempts.
const MAX_DELAY: Lifetime = Lifetime::from_seconds(15 * 60);

/// Consecutive attempts without success, counted before the password is checked, so that parallel guesses count too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Throttle {
    attempts: u32,
    next_at: Option<Timestamp>,
}

impl Throttle {
    /// Counts one attempt, or says how long to wait first. Each attempt after the free ones doubles the wait, from one
    /// second up to 15 minutes.
    pub fn attempt(&mut self, now: Timestamp) -> Result<(), Lifetime> {
        if let Some(next_at) = self.next_at
            && now < next_at
        {
            return Err(next_at.since(now));
        }
        self.attempts = self.attempts.saturating_add(1);
        self.next_at = self.attempts.checked_sub(FREE_ATTEMPTS).map(|over| {
            let delay = Lifetime::from_seconds(1_u64.checked_shl(over).unwrap_or(u64::MAX));
            now.plus(delay.min(MAX_DELAY))
        });
        Ok(())
    }

    /// Forgets the attempts: the right password was given.
    pub fn succeed(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_DELAY, Throttle};
    use crate::time::{Lifetime, Timestamp};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn guesses_in_one_moment_are_few_however_many_come() {
        let (mut throttle, now) = (Throttle::default(), Timestamp::from_seconds(1));
        let passed = (0..1000).filter(|_| throttle.attempt(now).is_ok()).count();
        assert_eq!(passed, 10);
    }

    #[test]
    fn the_wait_doubles_and_stops_growing() {
        let (mut throttle, mut now) = (Throttle::default(), Timestamp::from_seconds(1));
        let mut waits = Vec::new();
        for _ in 0..100 {
            if let Err(wait) = throttle.attempt(now) {
                waits.push(wait);
                now = now.plus(wait);
            }
        }
        assert_eq!(waits[..4], [1, 2, 4, 8].map(Lifetime::from_seconds));
        assert_eq!(*waits.last().unwrap(), MAX_DELAY);
    }

    #[test]
    fn success_forgets_the_failures() {
        let (mut throttle, now) = (Throttle::default(), Timestamp::from_seconds(1));
        while throttle.attempt(now).is_ok() {}
        throttle.succeed();
        assert_eq!(throttle.attempt(now), Ok(()));
    }
}
