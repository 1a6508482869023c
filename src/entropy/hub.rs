//! The hub: who is asked when, and what becomes of the answers. A state machine the edge feeds; it does no I/O itself.
//!
//! One round: [`Hub::due`] gives the requests, the edge sends them all at once and hands each answer to [`Hub::next`], which
//! may want one request more; [`Hub::absorb`] takes every end. All providers that are due are asked in parallel and all
//! their answers are used: the order says only how they are listed.

use super::child::ChildSeed;
use super::generator::{Contribution, EXTRA_BYTES, Generator, LocalSeed, Salt};
use super::health::{Health, Verdict};
use super::provenance::{Label, Origins, Provenance, Report, SEEDED_FOR, with_unconfigured};
use super::provider::{Nonce, ProviderFailure, ProviderId, Providers};
use super::purpose::Purpose;
use super::status::{Outputs, Status};
use crate::outbound::{OutboundAnswer, OutboundFailure, OutboundRequest};
use crate::secret::SecretBytes;
use crate::time::{Lifetime, Timestamp};
use slot::Slot;
use zeroize::Zeroize;

mod slot;

/// Fewest accepted bytes that count as a quantum seed: 64, more than the 384 bits of SP 800-90C at 256-bit strength.
const FEWEST_COUNTED_BYTES: usize = 64;
/// A hub nobody asked for this long stops asking providers.
const IDLE_AFTER: Lifetime = SEEDED_FOR;
/// Most requests of one fetch: a description, a test, and the bytes.
const MOST_STEPS: u8 = 3;

/// The single writer of entropy state. Nothing of it is ever stored: an evicted hub starts anew from local randomness.
#[derive(Debug)]
pub struct Hub {
    providers: Providers,
    slots: Vec<Slot>,
    generator: Generator,
    origins: Origins,
    label: Label,
    asked: Timestamp,
    quantum_seeds: u64,
    fallbacks: u64,
    outputs: Outputs,
}

/// One request to send.
#[derive(Debug)]
pub struct Fetch {
    /// Whom it goes to.
    pub provider: ProviderId,
    /// The request.
    pub request: OutboundRequest,
    nonce: Nonce,
    begun: Timestamp,
    /// Whether the answer will hold bytes, or is needed before bytes can be asked for.
    for_bytes: bool,
    step: u8,
}

/// A request that was sent, with what came of it.
#[derive(Debug)]
pub struct Answered {
    fetch: Fetch,
    outcome: Result<OutboundAnswer, ProviderFailure>,
}

/// A fetch that ended: its last answer, and how long it all took.
#[derive(Debug)]
pub struct Ended {
    answered: Answered,
    took: Lifetime,
}

/// What came of a round.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// What an operator wants to read in the log.
    pub changes: Vec<Change>,
    /// Provider bytes that were absorbed.
    pub absorbed: usize,
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
    /// A provider is left alone for long: its key was refused, or its bytes failed a health test for good.
    ProviderQuarantined {
        /// Which.
        provider: ProviderId,
        /// Why.
        failure: ProviderFailure,
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
        Answered { fetch: self, outcome: outcome.map_err(ProviderFailure::from) }
    }
}

impl Hub {
    /// A hub that knows local randomness only; every provider is due at once. `keys` are 32 secret random bytes of this
    /// session, for the replay tests.
    pub fn new(providers: Providers, salt: Salt, local: &LocalSeed, keys: [u8; 32], now: Timestamp) -> Self {
        Self {
            slots: providers.iter().map(|(id, _)| Slot::new(id, Health::new(keys), now)).collect(),
            providers,
            generator: Generator::start(salt, local, now),
            origins: Origins::default(),
            label: Label::Classical,
            asked: now,
            quantum_seeds: 0,
            fallbacks: 0,
            outputs: Outputs::default(),
        }
    }

    /// The requests to send now, none when nobody is due. A provider handed out is not due again before its next turn, so
    /// two rounds at once never ask anyone twice. `local` holds fresh random bytes for the nonces.
    pub fn due(&mut self, local: Nonce, now: Timestamp) -> Vec<Fetch> {
        let refill = self.providers.refill();
        self.begin(local, now, |slot, spacing| slot.breaker.begin(refill.max(spacing), now))
    }

    /// The requests for bytes of one value of its own: to everybody who answers well, and wants no longer pause.
    pub fn due_now(&mut self, local: Nonce, now: Timestamp) -> Vec<Fetch> {
        self.begin(local, now, |slot, spacing| slot.begin_early(spacing, now))
    }

    /// What to send next for a fetch, or its end.
    pub fn next(&mut self, answered: Answered, now: Timestamp) -> Result<Fetch, Box<Ended>> {
        let took = now.since(answered.fetch.begun);
        let end = |answered| Err(Box::new(Ended { answered, took }));
        let Answered { fetch, outcome } = answered;
        let (Ok(answer), false) = (&outcome, fetch.for_bytes) else { return end(Answered { fetch, outcome }) };
        let Some(provider) = self.providers.find_mut(fetch.provider) else { return end(Answered { fetch, outcome }) };
        if let Err(failure) = provider.prepare(answer, now) {
            return end(Answered { fetch, outcome: Err(failure) });
        }
        if let Ok(mut read) = outcome {
            read.body.zeroize();
        }
        let missing = provider.preparation(now);
        if missing.is_some() && fetch.step >= MOST_STEPS {
            return end(Answered { fetch, outcome: Err(ProviderFailure::Malformed) });
        }
        let for_bytes = missing.is_none();
        let request = missing.unwrap_or_else(|| provider.request(&fetch.nonce));
        Ok(Fetch { request, for_bytes, step: fetch.step + 1, ..fetch })
    }

    /// Takes the ends of a round: accepted bytes are absorbed at once and wiped, failures put their provider back.
    /// `local` is drawn after the last answer came.
    pub fn absorb(&mut self, ends: Vec<Ended>, local: &LocalSeed, now: Timestamp) -> Round {
        let mut round = Round::default();
        let mut accepted: Vec<(ProviderId, SecretBytes)> = Vec::new();
        let asked = !ends.is_empty();
        for Ended { answered, took } in ends {
            let provider = answered.fetch.provider;
            let judged = self.judge(answered, now);
            let jitter = self.jitter();
            let pauses = self.providers.pauses();
            let spacing =
                self.providers.find(provider).map_or(Lifetime::from_millis(0), super::provider::Provider::spacing);
            let Some(slot) = self.slots.iter_mut().find(|slot| slot.id == provider) else { continue };
            slot.last_fetch = Some(took);
            match judged {
                Ok((verdict, bytes)) => {
                    round.changes.extend(slot.succeeded(verdict, bytes.expose().len(), now));
                    if verdict == Verdict::Usable {
                        accepted.push((provider, bytes));
                    }
                }
                Err((failure, thrown_away)) => {
                    slot.rejected_bytes += thrown_away as u64;
                    slot.breaker.failed(failure, pauses, spacing, jitter, now);
                    round.changes.push(slot.failed(failure));
                }
            }
        }
        round.absorbed = self.seed_from(&accepted, local, now);
        self.fallbacks += u64::from(asked && round.absorbed == 0);
        round.changes.extend(self.relabel(now));
        round
    }

    /// A seed for an isolate, made out of 64 fresh local random bytes and 32 more. `direct` says that provider bytes were
    /// just absorbed for it; `told` is what the isolate has counted since it last asked.
    pub fn child_seed(
        &mut self,
        local: &LocalSeed,
        extra: &[u8; EXTRA_BYTES],
        direct: bool,
        told: &Outputs,
        now: Timestamp,
    ) -> ChildSeed {
        self.asked = now;
        self.outputs.add(told);
        let mut seed = local.to_vec();
        self.generator.fill(&mut seed, extra, Purpose::ChildSeed);
        ChildSeed { seed: SecretBytes::new(seed), origins: self.origins.clone(), report: self.report(now), direct }
    }

    /// Whether the generator wants local randomness before it gives more child seeds; rounds usually see to that.
    pub fn wants_seed(&self, now: Timestamp) -> bool {
        self.generator.wants_seed(now)
    }

    /// Reseeds from local randomness alone.
    pub fn reseed(&mut self, local: &LocalSeed, now: Timestamp) {
        self.generator.absorb(&[], local, now);
    }

    /// What `/health` shows.
    pub fn report(&self, now: Timestamp) -> Report {
        let statuses = self.slots.iter().map(|slot| slot.status(now)).collect();
        Report { provenance: self.provenance(now), providers: with_unconfigured(statuses) }
    }

    /// What an operator sees.
    pub fn status(&self, now: Timestamp) -> Status {
        Status {
            mode: self.providers.mode(),
            provenance: self.provenance(now),
            seed_age_seconds: self.origins.age(now).map(|age| age.millis() / 1000),
            epoch: self.generator.epoch(),
            quantum_seeds: self.quantum_seeds,
            local_seeds: self.generator.epoch() - self.quantum_seeds,
            fallbacks: self.fallbacks,
            outputs: self.outputs.clone(),
            providers: self.slots.iter().map(|slot| slot.detail(now)).collect(),
        }
    }

    /// What may be said about an output made at `now`.
    pub fn provenance(&self, now: Timestamp) -> Provenance {
        self.origins.provenance(now)
    }

    /// When the next round should start; `None` when nobody is configured or nobody has asked for a while.
    pub fn next_round(&self, now: Timestamp) -> Option<Timestamp> {
        let soonest = self.slots.iter().map(|slot| slot.breaker.next_attempt()).min()?;
        // While every provider is put back, a round without requests still reseeds and notices that the label aged.
        let soonest = soonest.min(now.plus(self.providers.refill())).max(now.plus(Lifetime::from_seconds(1)));
        (now.since(self.asked) <= IDLE_AFTER).then_some(soonest)
    }

    fn begin(
        &mut self,
        mut local: Nonce,
        now: Timestamp,
        mut is_due: impl FnMut(&mut Slot, Lifetime) -> bool,
    ) -> Vec<Fetch> {
        let mut fetches = Vec::new();
        for slot in &mut self.slots {
            let Some(provider) = self.providers.find(slot.id) else { continue };
            if !is_due(slot, provider.spacing()) {
                continue;
            }
            slot.begun(now);
            self.generator.fill(&mut local, &[0; EXTRA_BYTES], Purpose::ProviderNonce);
            let missing = provider.preparation(now);
            let for_bytes = missing.is_none();
            let request = missing.unwrap_or_else(|| provider.request(&local));
            fetches.push(Fetch { provider: slot.id, request, nonce: local, begun: now, for_bytes, step: 1 });
        }
        fetches
    }

    /// The bytes of an answer and whether they may be used, or why not and how many bytes were thrown away.
    fn judge(
        &mut self,
        answered: Answered,
        now: Timestamp,
    ) -> Result<(Verdict, SecretBytes), (ProviderFailure, usize)> {
        let Answered { fetch, outcome } = answered;
        let provider = self.providers.find_mut(fetch.provider).ok_or((ProviderFailure::Refused, 0))?;
        let read = outcome.and_then(|mut answer| {
            let bytes = provider.parse(&fetch.nonce, &answer);
            answer.body.zeroize();
            bytes
        });
        if matches!(read, Err(ProviderFailure::Unauthorized)) {
            provider.forget();
        }
        let bytes = read.map_err(|failure| (failure, 0))?;
        let slot = self.slots.iter_mut().find(|slot| slot.id == fetch.provider).ok_or((ProviderFailure::Refused, 0))?;
        match slot.examine(&bytes, now) {
            Ok(verdict) => Ok((verdict, bytes)),
            Err(failure) => Err((failure, bytes.expose().len())),
        }
    }

    /// Absorbs accepted bytes, none for a local reseed; gives their number.
    fn seed_from(&mut self, accepted: &[(ProviderId, SecretBytes)], local: &LocalSeed, now: Timestamp) -> usize {
        let contributions = accepted.iter().map(|(id, bytes)| (id, bytes.expose()));
        let contributions: Vec<_> =
            contributions.map(|(id, bytes)| Contribution { source: id.as_str(), bytes }).collect();
        self.generator.absorb(&contributions, local, now);
        let total = accepted.iter().map(|(_, bytes)| bytes.expose().len()).sum();
        if total >= FEWEST_COUNTED_BYTES {
            self.quantum_seeds += 1;
            for (id, _) in accepted {
                self.origins.note(*id, now, self.generator.epoch());
            }
        }
        total
    }

    /// No secret: it only keeps many hubs from asking in step.
    fn jitter(&mut self) -> u8 {
        let mut byte = [0];
        self.generator.fill(&mut byte, &[0; EXTRA_BYTES], Purpose::Jitter);
        let [jitter] = byte;
        jitter
    }

    fn relabel(&mut self, now: Timestamp) -> Option<Change> {
        let to = self.provenance(now).label;
        let from = std::mem::replace(&mut self.label, to);
        (from != to).then_some(Change::LabelChanged { from, to })
    }
}

#[cfg(test)]
mod tests;
