//! When a provider is asked: turns, quarantine, and the growing pauses of [`crate::breaker`].

use super::provider::ProviderFailure;
use crate::breaker::grown;
use crate::time::{Lifetime, Timestamp};
use serde::{Deserialize, Serialize};

/// Failures in a row that open the breaker.
const TOLERATED: u32 = 3;
const LONGEST_PAUSE: Lifetime = Lifetime::from_seconds(900);
/// How long to wait after a rate limit that names no time.
const RATE_LIMIT_WAIT: Lifetime = Lifetime::from_seconds(60);
/// No provider talks the hub into a longer silence.
const LONGEST_RETRY_AFTER: Lifetime = Lifetime::from_seconds(24 * 3600);

/// The operator's pauses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pauses {
    /// The time between two fetches of a provider that answers.
    pub refill: Lifetime,
    /// How long a breaker stays open the first time; every further time twice as long, up to 15 min.
    pub open: Lifetime,
    /// How long a provider is left alone whose key was refused, or whose bytes failed a health test for good.
    pub quarantine: Lifetime,
}

/// Whether a provider is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    /// It is asked at every refill.
    Closed,
    /// It is left alone for a while.
    Open,
    /// One request is on its way to see whether it answers again.
    HalfOpen,
    /// Its key was refused, or its bytes failed a health test for good: left alone for long, and an operator should look.
    Quarantined,
}

/// One provider's breaker.
#[derive(Debug, Clone, Copy)]
pub struct Breaker {
    state: BreakerState,
    failures: u32,
    next_attempt: Timestamp,
}

impl Breaker {
    /// A closed breaker; the provider is due at once.
    pub const fn new(now: Timestamp) -> Self {
        Self { state: BreakerState::Closed, failures: 0, next_attempt: now }
    }

    /// Its state.
    pub const fn state(&self) -> BreakerState {
        self.state
    }

    /// Failures in a row.
    pub const fn failures(&self) -> u32 {
        self.failures
    }

    /// When the provider is asked next.
    pub const fn next_attempt(&self) -> Timestamp {
        self.next_attempt
    }

    /// Whether the provider should be asked now. A yes is the attempt: nobody else is told yes before the next turn.
    pub fn begin(&mut self, pause: Lifetime, now: Timestamp) -> bool {
        if now < self.next_attempt {
            return false;
        }
        if self.state != BreakerState::Closed {
            self.state = BreakerState::HalfOpen;
        }
        self.next_attempt = now.plus(pause);
        true
    }

    /// The provider answered as it should; the next turn stays where [`Breaker::begin`] put it.
    pub fn succeeded(&mut self) {
        (self.state, self.failures) = (BreakerState::Closed, 0);
    }

    /// The attempt failed. `jitter` shifts a pause by up to a fifth: 0 shortest, 255 longest. `spacing` is the shortest
    /// pause the provider wants.
    pub fn failed(&mut self, failure: ProviderFailure, pauses: Pauses, spacing: Lifetime, jitter: u8, now: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        let tripped = self.failures >= TOLERATED || self.state == BreakerState::HalfOpen;
        let pause = match failure {
            ProviderFailure::Unauthorized | ProviderFailure::Unhealthy { permanent: true, .. } => {
                self.state = BreakerState::Quarantined;
                pauses.quarantine
            }
            ProviderFailure::RateLimited { retry_after } => {
                self.state = BreakerState::Open;
                retry_after.unwrap_or(RATE_LIMIT_WAIT).clamp(Lifetime::from_seconds(1), LONGEST_RETRY_AFTER)
            }
            _ if tripped => {
                self.state = BreakerState::Open;
                grown(pauses.open, LONGEST_PAUSE, self.failures.saturating_sub(TOLERATED), jitter)
            }
            _ => pauses.open.min(pauses.refill),
        };
        self.next_attempt = now.plus(pause.max(spacing));
    }
}

#[cfg(test)]
mod tests {
    use super::{Breaker, BreakerState, Pauses};
    use crate::entropy::health::Test;
    use crate::entropy::provider::ProviderFailure;
    use crate::time::{Lifetime, Timestamp};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const PAUSES: Pauses = Pauses {
        refill: Lifetime::from_seconds(60),
        open: Lifetime::from_seconds(30),
        quarantine: Lifetime::from_seconds(86_400),
    };
    const NONE: Lifetime = Lifetime::from_millis(0);

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_seconds(1_795_000_000 + seconds)
    }

    /// Fails whenever it may ask; the pauses in seconds, and the states after them.
    fn pauses(failure: ProviderFailure, jitter: u8, spacing: Lifetime, times: usize) -> Vec<(u64, BreakerState)> {
        let (mut breaker, mut now) = (Breaker::new(at(0)), 0);
        let mut waits = Vec::new();
        for _ in 0..times {
            assert!(breaker.begin(PAUSES.refill, at(now)));
            assert!(!breaker.begin(PAUSES.refill, at(now)), "one probe at a time");
            breaker.failed(failure, PAUSES, spacing, jitter, at(now));
            let wait = breaker.next_attempt().since(at(now)).seconds_ceil();
            assert!(!breaker.begin(PAUSES.refill, at(now + wait - 1)));
            waits.push((wait, breaker.state()));
            now += wait;
        }
        waits
    }

    #[test]
    fn the_third_failure_opens_it_and_pauses_double_up_to_a_quarter_of_an_hour() {
        let waits = pauses(ProviderFailure::Timeout, 128, NONE, 9);
        let seconds: Vec<_> = waits.iter().map(|(wait, _)| *wait).collect();
        assert_eq!(seconds, [30, 30, 31, 61, 121, 241, 481, 901, 901]);
        assert!(waits[..2].iter().all(|(_, state)| *state == BreakerState::Closed));
        assert!(waits[2..].iter().all(|(_, state)| *state == BreakerState::Open));
    }

    #[test]
    fn a_pause_is_shifted_by_a_fifth_at_most() {
        assert_eq!(pauses(ProviderFailure::Timeout, 0, NONE, 3)[2].0, 24);
        assert_eq!(pauses(ProviderFailure::Timeout, 255, NONE, 3)[2].0, 36);
    }

    #[test]
    fn a_probe_closes_it_or_opens_it_again() {
        let mut breaker = Breaker::new(at(0));
        for now in [0, 30, 60] {
            assert!(breaker.begin(PAUSES.refill, at(now)));
            breaker.failed(ProviderFailure::Timeout, PAUSES, NONE, 128, at(now));
        }
        assert!(breaker.begin(PAUSES.refill, at(100)));
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
        breaker.succeeded();
        assert_eq!((breaker.state(), breaker.failures()), (BreakerState::Closed, 0));
        assert_eq!(breaker.next_attempt(), at(160));
    }

    #[test]
    fn a_refused_key_and_bytes_that_fail_for_good_are_quarantined() {
        let unhealthy = |permanent| ProviderFailure::Unhealthy { test: Test::Replay, permanent };
        for failure in [ProviderFailure::Unauthorized, unhealthy(true)] {
            assert_eq!(pauses(failure, 9, NONE, 2), [(86_400, BreakerState::Quarantined); 2]);
        }
        assert_eq!(pauses(unhealthy(false), 9, NONE, 1), [(30, BreakerState::Closed)]);
    }

    #[test]
    fn a_provider_that_asks_for_time_gets_it_within_reason() {
        let limited = |seconds: Option<u64>| {
            let retry_after = seconds.map(Lifetime::from_seconds);
            pauses(ProviderFailure::RateLimited { retry_after }, 9, NONE, 1)[0].0
        };
        assert_eq!([Some(7), None, Some(u64::MAX), Some(0)].map(limited), [7, 60, 86_400, 1]);
        assert_eq!(pauses(ProviderFailure::Timeout, 9, Lifetime::from_seconds(61), 1)[0].0, 61);
    }
}
