//! The login throttle of one account: failures slow further attempts down, and a hundred in a row end them (NIST SP 800-63B-4
//! section 3.2.2), but not where the real person is.
//!
//! Whoever knows a login name can fail on purpose. So networks from which the account was logged in to lately have a count
//! of their own: strangers who fail neither slow them down nor shut them out, and one success there forgets every failure.
//! Where no such network is left, an administrator's reset does the same.

use crate::time::{Lifetime, Timestamp};
use serde::{Deserialize, Serialize};

/// Attempts without any delay; a person mistypes.
const FREE_ATTEMPTS: u32 = 10;
/// Longest delay between two attempts.
const MAX_DELAY: Lifetime = Lifetime::from_seconds(15 * 60);
/// Most attempts in a row without success.
const MAX_ATTEMPTS: u32 = 100;
/// Networks that are remembered, the last ones first.
const MAX_NETWORKS: usize = 4;

/// Consecutive attempts without success, counted before the password is checked, so that parallel guesses count too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Throttle {
    attempts: u32,
    next_at: Option<Timestamp>,
    #[serde(default)]
    known: Vec<Known>,
}

/// A network from which the account was logged in to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    network: String,
    attempts: u32,
    next_at: Option<Timestamp>,
}

impl Throttle {
    /// Counts one attempt from a network, or says how long to wait first. Each attempt after the free ones doubles the wait,
    /// from one second up to 15 minutes; after a hundred the wait does not end by itself, which looks the same.
    pub fn attempt(&mut self, network: &str, now: Timestamp) -> Result<(), Lifetime> {
        match self.known.iter_mut().find(|known| known.network == network) {
            Some(own) => count(&mut own.attempts, &mut own.next_at, now),
            None => count(&mut self.attempts, &mut self.next_at, now),
        }
    }

    /// Forgets the failures and remembers the network: the right password was given there.
    pub fn succeed(&mut self, network: &str) {
        let others = std::mem::take(&mut self.known).into_iter().map(|known| known.network);
        let networks = std::iter::once(network.to_owned()).chain(others.filter(|other| other != network));
        let known = networks.take(MAX_NETWORKS).map(|network| Known { network, attempts: 0, next_at: None });
        *self = Self { known: known.collect(), ..Self::default() };
    }
}

fn count(attempts: &mut u32, next_at: &mut Option<Timestamp>, now: Timestamp) -> Result<(), Lifetime> {
    if *attempts >= MAX_ATTEMPTS {
        return Err(MAX_DELAY);
    }
    if let Some(next_at) = *next_at
        && now < next_at
    {
        return Err(next_at.since(now));
    }
    *attempts += 1;
    *next_at = attempts.checked_sub(FREE_ATTEMPTS).map(|over| {
        let delay = Lifetime::from_seconds(1_u64.checked_shl(over).unwrap_or(u64::MAX));
        now.plus(delay.min(MAX_DELAY))
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{MAX_ATTEMPTS, MAX_DELAY, MAX_NETWORKS, Throttle};
    use crate::time::{Lifetime, Timestamp};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const NOW: Timestamp = Timestamp::from_seconds(1);

    /// Attempts from a network, waiting as it says, until `most` passed or no waiting helps. How many passed, and the waits.
    fn attempts(throttle: &mut Throttle, network: &str, most: u32) -> (u32, Vec<Lifetime>) {
        let (mut now, mut passed, mut waits) = (NOW, 0, Vec::new());
        while passed < most && waits.len() < 1000 {
            match throttle.attempt(network, now) {
                Ok(()) => passed += 1,
                Err(wait) => {
                    waits.push(wait);
                    now = now.plus(wait);
                }
            }
        }
        (passed, waits)
    }

    #[test]
    fn guesses_in_one_moment_are_few_however_many_come() {
        let mut throttle = Throttle::default();
        let passed = (0..1000).filter(|number| throttle.attempt(&format!("n{number}"), NOW).is_ok()).count();
        assert_eq!(passed, 10);
    }

    #[test]
    fn the_wait_doubles_and_stops_growing() {
        let (passed, waits) = attempts(&mut Throttle::default(), "a", 90);
        assert_eq!((passed, &waits[..4]), (90, &[1, 2, 4, 8].map(Lifetime::from_seconds)[..]));
        assert_eq!(*waits.last().unwrap(), MAX_DELAY);
    }

    #[test]
    fn a_hundred_failures_in_a_row_are_the_last() {
        let mut throttle = Throttle::default();
        let (passed, waits) = attempts(&mut throttle, "a", 1000);
        assert_eq!((passed, waits.len()), (MAX_ATTEMPTS, 1000));
        assert_eq!(throttle.attempt("b", Timestamp::from_seconds(1_000_000_000)), Err(MAX_DELAY), "nor from elsewhere");
        throttle.succeed("c");
        assert_eq!((throttle.attempt("a", NOW), throttle.attempt("c", NOW)), (Ok(()), Ok(())));
    }

    #[test]
    fn success_forgets_the_failures() {
        let mut throttle = Throttle::default();
        while throttle.attempt("a", NOW).is_ok() {}
        throttle.succeed("a");
        assert_eq!(throttle.attempt("a", NOW), Ok(()));
    }

    #[test]
    fn strangers_who_fail_do_not_shut_the_person_out_and_the_person_has_limits_too() {
        let mut throttle = Throttle::default();
        throttle.succeed("home");
        attempts(&mut throttle, "stranger", 1000);
        assert!(throttle.attempt("stranger", NOW).is_err());
        assert_eq!(attempts(&mut throttle.clone(), "home", 1000).0, MAX_ATTEMPTS);
        assert_eq!(throttle.attempt("home", NOW), Ok(()));
        throttle.succeed("home");
        assert_eq!(throttle.attempt("stranger", NOW), Ok(()), "a success breaks every row of failures");
    }

    #[test]
    fn the_last_networks_are_remembered_and_no_more() {
        let mut throttle = Throttle::default();
        for number in 0..=MAX_NETWORKS {
            throttle.succeed(&format!("n{number}"));
            throttle.succeed(&format!("n{number}"));
        }
        attempts(&mut throttle, "stranger", 1000);
        let passes = |network: &str| throttle.clone().attempt(network, NOW).is_ok();
        assert!(!passes("n0") && (1..=MAX_NETWORKS).all(|number| passes(&format!("n{number}"))));
    }

    #[test]
    fn what_an_older_version_stored_is_still_read() {
        let stored: Throttle = serde_json::from_str(r#"{"attempts":100,"next_at":null}"#).unwrap();
        assert_eq!(stored.clone().attempt("a", NOW), Err(MAX_DELAY));
        let again: Throttle = serde_json::from_str(&serde_json::to_string(&stored).unwrap()).unwrap();
        assert_eq!(again, stored);
    }
}
