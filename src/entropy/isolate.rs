//! The isolate's own source: a generator that works from the first request on, and takes a child seed when one comes.

use super::child::ChildSeed;
use super::generator::{Contribution, EXTRA_BYTES, Generator, LocalSeed, Salt};
use super::provenance::{Label, Origins, Provenance, Report};
use super::purpose::Purpose;
use super::status::Outputs;
use crate::time::{Lifetime, Timestamp};

/// A child seed is renewed after this long at the latest, or after [`OUTPUTS_PER_SEED`] outputs.
const LONGEST_INTERVAL: Lifetime = Lifetime::from_seconds(60);
const OUTPUTS_PER_SEED: u32 = 1024;
/// Longer than a round of the hub takes, so that a lost attempt is not repeated while it may still be under way.
const SHORTEST_RETRY: Lifetime = Lifetime::from_seconds(3);
const LONGEST_RETRY: Lifetime = Lifetime::from_seconds(10);

/// Where an isolate's random bytes come from.
#[derive(Debug)]
pub struct Source {
    generator: Generator,
    origins: Origins,
    report: Option<Report>,
    attempted: Option<Timestamp>,
    renewed: bool,
    /// Outputs since the last child seed.
    given: u32,
    untold: Outputs,
}

impl Source {
    /// A source that knows local randomness only.
    pub fn start(salt: Salt, local: &LocalSeed, now: Timestamp) -> Self {
        Self {
            generator: Generator::start(salt, local, now),
            origins: Origins::default(),
            report: None,
            attempted: None,
            renewed: false,
            given: 0,
            untold: Outputs::default(),
        }
    }

    /// Turns the fresh local random bytes in `out` into an output, see [`Generator::fill`].
    pub fn fill(&mut self, out: &mut [u8], extra: &[u8; EXTRA_BYTES], purpose: Purpose, now: Timestamp) {
        self.generator.fill(out, extra, purpose);
        self.given = self.given.saturating_add(1);
        self.untold.count(purpose.lane(), self.provenance(now).label);
    }

    /// Whether the generator wants local randomness, see [`Source::reseed`].
    pub fn wants_seed(&self, now: Timestamp) -> bool {
        self.generator.wants_seed(now)
    }

    /// Reseeds the generator from local randomness alone.
    pub fn reseed(&mut self, local: &LocalSeed, now: Timestamp) {
        self.generator.absorb(&[], local, now);
    }

    /// What may be said about an output made at `now`.
    pub fn provenance(&self, now: Timestamp) -> Provenance {
        self.origins.provenance(now)
    }

    /// The hub's report as of the last child seed.
    pub fn report(&self) -> Option<&Report> {
        self.report.as_ref()
    }

    /// Takes the outputs that were made since this was last asked. What is lost on its way to the hub is not counted.
    pub fn take_untold(&mut self) -> Outputs {
        std::mem::take(&mut self.untold)
    }

    /// Whether a child seed should be asked for now; a yes counts as the attempt. `refill` is how often providers are
    /// asked. An attempt is not repeated at once, so a lost one blocks nothing and two never run side by side.
    pub fn begin_refresh(&mut self, refill: Lifetime, now: Timestamp) -> bool {
        let interval = refill.min(LONGEST_INTERVAL);
        let retry = interval.clamp(SHORTEST_RETRY, LONGEST_RETRY);
        let settled =
            self.renewed && self.given < OUTPUTS_PER_SEED && self.provenance(now).label == Label::QuantumSeeded;
        let pause = if settled { interval.max(retry) } else { retry };
        if self.attempted.is_some_and(|at| now.since(at) < pause) {
            return false;
        }
        self.attempted = Some(now);
        self.renewed = false;
        true
    }

    /// Absorbs a child seed. `local` is drawn after it came.
    pub fn renew(&mut self, child: ChildSeed, local: &LocalSeed, now: Timestamp) {
        let contribution = Contribution { source: "hub", bytes: child.seed.expose() };
        self.generator.absorb(&[contribution], local, now);
        self.origins = child.origins;
        self.report = Some(child.report);
        self.renewed = true;
        self.given = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::Source;
    use crate::entropy::child::ChildSeed;
    use crate::entropy::generator::LocalSeed;
    use crate::entropy::generator::tests::salt;
    use crate::entropy::provenance::{Label, Origins, Report};
    use crate::entropy::provider::ProviderId;
    use crate::entropy::purpose::{Lane, Purpose};
    use crate::secret::SecretBytes;
    use crate::time::{Lifetime, Timestamp};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;
    use zeroize::Zeroizing;

    const REFILL: Lifetime = Lifetime::from_seconds(60);

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_seconds(1_795_000_000 + seconds)
    }

    fn local() -> LocalSeed {
        Zeroizing::new([5; 64])
    }

    fn child(fill: u8, absorbed_at: Option<Timestamp>) -> ChildSeed {
        let anu = ProviderId::parse("anu").unwrap();
        let mut origins = Origins::default();
        if let Some(at) = absorbed_at {
            origins.note(anu, at, 3);
        }
        ChildSeed { seed: SecretBytes::new(vec![fill; 64]), origins, report: Report::unasked(&[anu]), direct: false }
    }

    fn output(source: &mut Source) -> [u8; 32] {
        let mut out = [3; 32];
        source.fill(&mut out, &[0; 32], Purpose::TokenId, at(0));
        out
    }

    #[test]
    fn a_source_works_before_any_child_seed() {
        let mut source = Source::start(salt(), &local(), at(0));
        assert_ne!(output(&mut source), output(&mut source));
        assert_eq!(source.provenance(at(0)).label, Label::Classical);
        assert!(source.report().is_none());
    }

    #[test]
    fn a_child_seed_changes_the_outputs_and_carries_its_label() {
        let renewed = |fill| {
            let mut source = Source::start(salt(), &local(), at(0));
            source.renew(child(fill, Some(at(0))), &local(), at(1));
            source
        };
        assert_ne!(output(&mut renewed(1)), output(&mut renewed(2)));
        let provenance = renewed(1).provenance(at(9));
        assert_eq!((provenance.label, provenance.age_seconds), (Label::QuantumSeeded, Some(9)));
    }

    #[test]
    fn one_refresh_runs_at_a_time_and_a_lost_one_is_tried_again() {
        let mut source = Source::start(salt(), &local(), at(0));
        assert!(source.begin_refresh(REFILL, at(0)));
        assert!(!source.begin_refresh(REFILL, at(0)));
        assert!(!source.begin_refresh(REFILL, at(9)));
        assert!(source.begin_refresh(REFILL, at(10)));
    }

    #[test]
    fn a_good_child_seed_lasts_a_minute_or_1024_outputs() {
        let mut source = Source::start(salt(), &local(), at(0));
        assert!(source.begin_refresh(REFILL, at(0)));
        source.renew(child(1, Some(at(0))), &local(), at(1));
        assert!(!source.begin_refresh(REFILL, at(59)));
        assert!(source.begin_refresh(REFILL, at(60)));
        source.renew(child(2, Some(at(60))), &local(), at(60));
        for _ in 0..1024 {
            output(&mut source);
        }
        assert!(source.begin_refresh(REFILL, at(70)));
    }

    #[test]
    fn outputs_are_told_once() {
        let mut source = Source::start(salt(), &local(), at(0));
        output(&mut source);
        source.renew(child(1, Some(at(0))), &local(), at(0));
        output(&mut source);
        let told = source.take_untold();
        let counts = [Label::Classical, Label::QuantumSeeded].map(|label| told.get(Lane::Public, label));
        assert_eq!(counts, [1, 1]);
        assert_eq!(source.take_untold(), super::Outputs::default());
    }

    #[test]
    fn a_classical_child_seed_is_renewed_sooner() {
        let mut source = Source::start(salt(), &local(), at(0));
        assert!(source.begin_refresh(REFILL, at(0)));
        source.renew(child(1, None), &local(), at(1));
        assert!(source.begin_refresh(REFILL, at(10)));
    }
}
