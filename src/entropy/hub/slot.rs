//! What the hub remembers about one provider.

use super::Change;
use crate::entropy::breaker::{Breaker, BreakerState};
use crate::entropy::health::{Health, Test, Verdict};
use crate::entropy::provenance::{ProviderState, ProviderStatus};
use crate::entropy::provider::{ProviderFailure, ProviderId};
use crate::entropy::status::ProviderDetail;
use crate::secret::SecretBytes;
use crate::time::{Lifetime, Timestamp};
use std::collections::BTreeMap;

/// Between two fetches for values of their own.
const LEAST_PAUSE: Lifetime = Lifetime::from_seconds(1);

#[derive(Debug)]
pub(super) struct Slot {
    pub(super) id: ProviderId,
    pub(super) breaker: Breaker,
    pub(super) last_fetch: Option<Lifetime>,
    pub(super) rejected_bytes: u64,
    health: Health,
    last_success: Option<Timestamp>,
    last_failure: Option<ProviderFailure>,
    last_begun: Option<Timestamp>,
    last_early: Option<Timestamp>,
    fetches: BTreeMap<&'static str, u64>,
    accepted_bytes: u64,
    alarms: BTreeMap<Test, u64>,
}

impl Slot {
    pub(super) fn new(id: ProviderId, health: Health, now: Timestamp) -> Self {
        Self {
            id,
            breaker: Breaker::new(now),
            last_fetch: None,
            rejected_bytes: 0,
            health,
            last_success: None,
            last_failure: None,
            last_begun: None,
            last_early: None,
            fetches: BTreeMap::new(),
            accepted_bytes: 0,
            alarms: BTreeMap::new(),
        }
    }

    pub(super) fn begun(&mut self, now: Timestamp) {
        if matches!(self.last_failure, Some(ProviderFailure::Unhealthy { permanent: true, .. })) {
            // The quarantine is over: alarms of before it count no longer.
            self.health.forgive();
        }
        self.last_begun = Some(now);
    }

    /// Whether it may be asked before its turn: it answers well, wants no longer pause itself, and was not asked early
    /// within a second. Its own turns do not count, or a hub that refills often would never be asked for one value.
    /// A yes is the attempt.
    pub(super) fn begin_early(&mut self, spacing: Lifetime, now: Timestamp) -> bool {
        let rested = |at: Option<Timestamp>, pause| at.is_none_or(|at| now.since(at) >= pause);
        let well = self.breaker.state() == BreakerState::Closed && self.last_failure.is_none();
        let may = well
            && self.health.is_started()
            && rested(self.last_begun, spacing)
            && rested(self.last_early, LEAST_PAUSE);
        if may {
            self.last_early = Some(now);
        }
        may
    }

    /// Tests a block; an alarm is counted and told as a failure.
    pub(super) fn examine(&mut self, bytes: &SecretBytes, now: Timestamp) -> Result<Verdict, ProviderFailure> {
        self.health.examine(bytes.expose(), now).map_err(|alarm| {
            *self.alarms.entry(alarm.test).or_default() += 1;
            ProviderFailure::Unhealthy { test: alarm.test, permanent: alarm.permanent }
        })
    }

    pub(super) fn succeeded(&mut self, verdict: Verdict, bytes: usize, now: Timestamp) -> Option<Change> {
        let recovered = self.breaker.failures() > 0;
        self.breaker.succeeded();
        self.last_failure = None;
        let (outcome, count) = match verdict {
            Verdict::Usable => ("accepted", &mut self.accepted_bytes),
            Verdict::StartingUp => ("starting_up", &mut self.rejected_bytes),
        };
        *count += bytes as u64;
        *self.fetches.entry(outcome).or_default() += 1;
        self.last_success = Some(now);
        recovered.then_some(Change::ProviderRecovered { provider: self.id })
    }

    /// After the breaker took the failure.
    pub(super) fn failed(&mut self, failure: ProviderFailure) -> Change {
        self.last_failure = Some(failure);
        *self.fetches.entry(failure.outcome()).or_default() += 1;
        match self.breaker.state() {
            BreakerState::Quarantined => Change::ProviderQuarantined { provider: self.id, failure },
            _ => Change::ProviderFailed { provider: self.id, failure, consecutive: self.breaker.failures() },
        }
    }

    pub(super) fn status(&self, now: Timestamp) -> ProviderStatus {
        ProviderStatus {
            last_success_age_seconds: self.last_success.map(|at| now.since(at).millis() / 1000),
            last_failure: self.last_failure.map(|failure| failure.to_string()),
            next_attempt_in_seconds: Some(self.breaker.next_attempt().since(now).seconds_ceil()),
            ..ProviderStatus::bare(self.id, self.state())
        }
    }

    pub(super) fn detail(&self, now: Timestamp) -> ProviderDetail {
        let status = self.status(now);
        ProviderDetail {
            provider: self.id,
            state: status.state,
            breaker: self.breaker.state(),
            consecutive_failures: self.breaker.failures(),
            started: self.health.is_started(),
            last_success_age_seconds: status.last_success_age_seconds,
            last_failure: status.last_failure,
            last_fetch_ms: self.last_fetch.map(Lifetime::millis),
            next_attempt_in_seconds: status.next_attempt_in_seconds.unwrap_or_default(),
            fetches: self.fetches.iter().map(|(outcome, count)| ((*outcome).to_owned(), *count)).collect(),
            accepted_bytes: self.accepted_bytes,
            rejected_bytes: self.rejected_bytes,
            alarms: self.alarms.clone(),
        }
    }

    fn state(&self) -> ProviderState {
        match (self.last_failure, self.last_success) {
            (Some(ProviderFailure::RateLimited { .. }), _) => ProviderState::RateLimited,
            (Some(_), _) => ProviderState::Failing,
            (None, Some(_)) => ProviderState::Healthy,
            (None, None) => ProviderState::Unknown,
        }
    }
}
