//! The hub: who is asked when, and what becomes of the answers. A state machine the edge feeds; it does no I/O itself.
//!
//! One round: [`Hub::due`] gives the requests, the edge sends them all at once, [`Hub::absorb`] takes every answer. All
//! providers that are due are asked in parallel and all their answers are used: the order says only how they are listed.

use super::child::ChildSeed;
use super::mix::{Contribution, Generator, LocalSeed};
use super::provenance::{
    Label, Origins, Provenance, ProviderState, ProviderStatus, Report, SEEDED_FOR, with_unconfigured,
};
use super::provider::{Nonce, ProviderFailure, ProviderId, Providers};
use crate::outbound::{OutboundAnswer, OutboundFailure, OutboundRequest};
use crate::secret::SecretBytes;
use crate::time::{Lifetime, Timestamp};
use zeroize::Zeroize;

/// Fewest accepted bytes that count as a quantum reseed: 64, more than the 384 bits of SP 800-90C at 256-bit strength.
const FEWEST_COUNTED_BYTES: usize = 64;
const FIRST_BACKOFF: Lifetime = Lifetime::from_seconds(30);
const LONGEST_BACKOFF: Lifetime = Lifetime::from_seconds(900);
/// How long to wait after a rate limit that names no time.
const RATE_LIMIT_WAIT: Lifetime = Lifetime::from_seconds(60);
/// No provider talks the hub into a longer silence.
const LONGEST_RETRY_AFTER: Lifetime = Lifetime::from_seconds(24 * 3600);
/// A hub nobody asked for this long stops asking providers.
const IDLE_AFTER: Lifetime = SEEDED_FOR;

/// The single writer of entropy state. Nothing of it is ever stored: an evicted hub starts anew from local randomness.
#[derive(Debug)]
pub struct Hub {
    providers: Providers,
    slots: Vec<Slot>,
    generator: Generator,
    origins: Origins,
    label: Label,
    asked: Timestamp,
}

/// What is remembered about one provider.
#[derive(Debug)]
struct Slot {
    id: ProviderId,
    next_attempt: Timestamp,
    failures: u32,
    last_success: Option<Timestamp>,
    last_failure: Option<ProviderFailure>,
}

/// One request to send.
#[derive(Debug)]
pub struct Fetch {
    /// Whom it goes to.
    pub provider: ProviderId,
    /// The request.
    pub request: OutboundRequest,
    nonce: Nonce,
}

/// A request that was sent, with what came of it.
#[derive(Debug)]
pub struct Answered {
    provider: ProviderId,
    nonce: Nonce,
    outcome: Result<OutboundAnswer, OutboundFailure>,
}

/// Something an operator wants to read in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// A fetch failed.
    ProviderFailed {
        /// Whose.
        provider: ProviderId,
        /// Why.
        failure: ProviderFailure,
        /// How many failed in a row, this one included.
        consecutive: u32,
    },
    /// A fetch succeeded after at least one that failed.
    ProviderRecovered {
        /// Whose.
        provider: ProviderId,
    },
    /// Outputs carry another label from now on: the automatic fallback, or the way back from it.
    LabelChanged {
        /// The label until now.
        from: Label,
        /// The label from now on.
        to: Label,
    },
}

impl Fetch {
    /// Pairs the request with its answer.
    pub fn answered(self, outcome: Result<OutboundAnswer, OutboundFailure>) -> Answered {
        Answered { provider: self.provider, nonce: self.nonce, outcome }
    }
}

impl Hub {
    /// A hub that knows local randomness only; every provider is due at once.
    pub fn new(providers: Providers, local: &LocalSeed, now: Timestamp) -> Self {
        let fresh = |id| Slot { id, next_attempt: now, failures: 0, last_success: None, last_failure: None };
        Self {
            slots: providers.iter().map(|(id, _)| fresh(id)).collect(),
            providers,
            generator: Generator::start(local, now),
            origins: Origins::default(),
            label: Label::Classical,
            asked: now,
        }
    }

    /// The requests to send now, none when nobody is due. A provider handed out is not due again before its next turn, so
    /// two rounds at once never ask anyone twice. `local` holds fresh random bytes for the nonces.
    pub fn due(&mut self, mut local: Nonce, now: Timestamp) -> Vec<Fetch> {
        let mut fetches = Vec::new();
        for slot in self.slots.iter_mut().filter(|slot| slot.next_attempt <= now) {
            if let Some(provider) = self.providers.find(slot.id) {
                self.generator.fill(&mut local, "provider nonce");
                slot.next_attempt = now.plus(self.providers.refill().max(provider.spacing()));
                fetches.push(Fetch { provider: slot.id, request: provider.request(&local), nonce: local });
            }
        }
        fetches
    }

    /// Takes the answers of a round: accepted bytes are absorbed at once and wiped, failures put their provider back.
    /// `local` is drawn after the last answer came.
    pub fn absorb(&mut self, answers: Vec<Answered>, local: &LocalSeed, now: Timestamp) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut accepted = Vec::new();
        for answer in answers {
            let provider = answer.provider;
            match self.judge(answer) {
                Ok(bytes) => {
                    changes.extend(self.succeeded(provider, now));
                    accepted.push((provider, bytes));
                }
                Err(failure) => changes.extend(self.failed(provider, failure, now)),
            }
        }
        let contributions = accepted.iter().map(|(id, bytes)| (id, bytes.expose()));
        let contributions: Vec<_> =
            contributions.map(|(id, bytes)| Contribution { source: id.as_str(), bytes }).collect();
        self.generator.absorb(&contributions, local, now);
        for (id, bytes) in &accepted {
            if bytes.expose().len() >= FEWEST_COUNTED_BYTES {
                self.origins.note(*id, now);
            }
        }
        changes.extend(self.relabel(now));
        changes
    }

    /// A seed for an isolate, made out of 64 fresh local random bytes. The hub's own key moves on.
    pub fn child_seed(&mut self, local: &LocalSeed, now: Timestamp) -> ChildSeed {
        self.asked = now;
        let mut seed = local.to_vec();
        self.generator.fill(&mut seed, "child seed");
        ChildSeed { seed: SecretBytes::new(seed), origins: self.origins.clone(), report: self.report(now) }
    }

    /// What `/health` shows.
    pub fn report(&self, now: Timestamp) -> Report {
        let statuses = self.slots.iter().map(|slot| slot.status(now)).collect();
        Report { provenance: self.provenance(now), providers: with_unconfigured(statuses) }
    }

    /// What may be said about an output made at `now`.
    pub fn provenance(&self, now: Timestamp) -> Provenance {
        self.origins.provenance(now)
    }

    /// When the next round should start; `None` when nobody is configured or nobody has asked for a while.
    pub fn next_round(&self, now: Timestamp) -> Option<Timestamp> {
        let soonest = self.slots.iter().map(|slot| slot.next_attempt).min()?;
        // While every provider is put back, a round without requests still reseeds and notices that the label aged.
        let soonest = soonest.min(now.plus(self.providers.refill())).max(now.plus(Lifetime::from_seconds(1)));
        (now.since(self.asked) <= IDLE_AFTER).then_some(soonest)
    }

    fn judge(&self, answer: Answered) -> Result<SecretBytes, ProviderFailure> {
        let provider = self.providers.find(answer.provider).ok_or(ProviderFailure::Refused)?;
        let mut came = answer.outcome?;
        let bytes = provider.parse(&answer.nonce, &came);
        came.body.zeroize();
        bytes
    }

    fn succeeded(&mut self, provider: ProviderId, now: Timestamp) -> Option<Change> {
        let slot = self.slots.iter_mut().find(|slot| slot.id == provider)?;
        let recovered = slot.failures > 0;
        slot.failures = 0;
        slot.last_failure = None;
        slot.last_success = Some(now);
        recovered.then_some(Change::ProviderRecovered { provider })
    }

    fn failed(&mut self, provider: ProviderId, failure: ProviderFailure, now: Timestamp) -> Option<Change> {
        let spacing = self.providers.find(provider)?.spacing();
        let first = FIRST_BACKOFF.min(self.providers.refill());
        let slot = self.slots.iter_mut().find(|slot| slot.id == provider)?;
        slot.failures = slot.failures.saturating_add(1);
        slot.last_failure = Some(failure);
        slot.next_attempt = now.plus(wait(failure, slot.failures, first).max(spacing));
        Some(Change::ProviderFailed { provider, failure, consecutive: slot.failures })
    }

    fn relabel(&mut self, now: Timestamp) -> Option<Change> {
        let to = self.provenance(now).label;
        let from = std::mem::replace(&mut self.label, to);
        (from != to).then_some(Change::LabelChanged { from, to })
    }
}

impl Slot {
    fn status(&self, now: Timestamp) -> ProviderStatus {
        let state = match (self.last_failure, self.last_success) {
            (Some(ProviderFailure::RateLimited { .. }), _) => ProviderState::RateLimited,
            (Some(_), _) => ProviderState::Failing,
            (None, Some(_)) => ProviderState::Healthy,
            (None, None) => ProviderState::Unknown,
        };
        ProviderStatus {
            last_success_age_seconds: self.last_success.map(|at| now.since(at).millis() / 1000),
            last_failure: self.last_failure.map(|failure| failure.to_string()),
            next_attempt_in_seconds: Some(self.next_attempt.since(now).seconds_ceil()),
            ..ProviderStatus::bare(self.id, state)
        }
    }
}

/// How long to leave a provider alone after `consecutive` failures, the last of which was `failure`.
fn wait(failure: ProviderFailure, consecutive: u32, first: Lifetime) -> Lifetime {
    match failure {
        ProviderFailure::RateLimited { retry_after } => {
            retry_after.unwrap_or(RATE_LIMIT_WAIT).clamp(Lifetime::from_seconds(1), LONGEST_RETRY_AFTER)
        }
        // A refused key does not heal by itself; another key comes with a new deployment and a new hub.
        ProviderFailure::Unauthorized => LONGEST_BACKOFF,
        _ => {
            let doublings = consecutive.saturating_sub(1).min(16);
            Lifetime::from_millis(first.millis() << doublings).min(LONGEST_BACKOFF)
        }
    }
}

#[cfg(test)]
mod tests;
