//! What may honestly be said: about the bytes of an output, and about a provider.
//!
//! Nobody signs quantum-derived bytes in a way a third party could check, so every label is this gateway's own statement.

use super::provider::ProviderId;
use crate::time::{Lifetime, Timestamp};
use serde::{Deserialize, Serialize};

/// Up to this age, an accepted block makes outputs quantum-seeded.
pub const SEEDED_FOR: Lifetime = Lifetime::from_seconds(600);
/// Up to this age, an accepted block makes outputs quantum-stale; after it they are classical.
pub const STALE_FOR: Lifetime = Lifetime::from_seconds(3600);

/// How an output relates to quantum-derived bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Label {
    /// At least 64 accepted provider bytes were fetched for this very value and absorbed before it was made.
    QuantumDirect,
    /// The generator absorbed accepted provider bytes at most 600 s ago.
    QuantumSeeded,
    /// The generator absorbed accepted provider bytes more than 600 s and at most 3600 s ago.
    QuantumStale,
    /// No provider bytes, or only older ones: local cryptographic randomness.
    Classical,
}

impl Label {
    /// Every label, the best first.
    pub const ALL: [Self; 4] = [Self::QuantumDirect, Self::QuantumSeeded, Self::QuantumStale, Self::Classical];

    /// The label as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::QuantumDirect => "quantum-direct",
            Self::QuantumSeeded => "quantum-seeded",
            Self::QuantumStale => "quantum-stale",
            Self::Classical => "classical",
        }
    }
}

/// What is said about an output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Provenance {
    /// The label.
    pub label: Label,
    /// The providers whose bytes count for the label, in the order of the settings; none when classical.
    pub providers: Vec<ProviderId>,
    /// Seconds since the newest of those bytes were absorbed; absent when classical.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(default)]
    pub age_seconds: Option<u64>,
    /// How often the generator had been seeded when those bytes were in it, counted since its start; absent when classical.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(default)]
    pub epoch: Option<u64>,
    /// The same in words.
    pub statement: String,
}

/// When each provider's bytes were last absorbed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origins {
    seen: Vec<Origin>,
    /// The hub's count of seeds when it last absorbed provider bytes.
    epoch: u64,
}

/// When one provider's bytes were last absorbed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The provider.
    pub provider: ProviderId,
    /// When.
    pub at: Timestamp,
}

impl Origins {
    /// Notes that bytes of `provider` were absorbed at `at`, into the seed of that count.
    pub fn note(&mut self, provider: ProviderId, at: Timestamp, epoch: u64) {
        self.epoch = epoch;
        match self.seen.iter_mut().find(|origin| origin.provider == provider) {
            Some(origin) => origin.at = at,
            None => self.seen.push(Origin { provider, at }),
        }
    }

    /// Time since the newest of them; `None` when there never were any.
    pub fn age(&self, now: Timestamp) -> Option<Lifetime> {
        self.seen.iter().map(|origin| now.since(origin.at)).min()
    }

    /// What may be said about an output made at `now`.
    pub fn provenance(&self, now: Timestamp) -> Provenance {
        let newest = self.age(now);
        let (label, within) = match newest {
            Some(age) if age <= SEEDED_FOR => (Label::QuantumSeeded, SEEDED_FOR),
            Some(age) if age <= STALE_FOR => (Label::QuantumStale, STALE_FOR),
            _ => return Provenance::classical(),
        };
        let counted = self.seen.iter().filter(|origin| now.since(origin.at) <= within);
        let providers: Vec<_> = counted.map(|origin| origin.provider).collect();
        let statement = statement(&providers);
        let age_seconds = newest.map(|age| age.millis() / 1000);
        Provenance { label, providers, age_seconds, epoch: Some(self.epoch), statement }
    }
}

impl Provenance {
    /// The same for a value whose own bytes were fetched.
    #[must_use]
    pub fn direct(self) -> Self {
        Self { label: Label::QuantumDirect, ..self }
    }

    /// What is said where no quantum-derived bytes count.
    pub fn classical() -> Self {
        let statement = "local cryptographic randomness; no recent quantum-derived bytes were mixed in".to_owned();
        Self { label: Label::Classical, providers: Vec::new(), age_seconds: None, epoch: None, statement }
    }
}

fn statement(providers: &[ProviderId]) -> String {
    let names: Vec<_> = providers.iter().map(|provider| provider.as_str()).collect();
    format!(
        "local cryptographic randomness mixed with quantum-derived bytes received from {}; not certified, not independently verifiable",
        names.join(", ")
    )
}

/// How a provider does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ProviderState {
    /// Its last answer was accepted.
    Healthy,
    /// Its last answer was not, or there was none.
    Failing,
    /// It asked us to wait.
    RateLimited,
    /// The settings do not name it.
    Unconfigured,
    /// It has not answered yet since the hub started.
    Unknown,
}

/// One provider, as `/health` shows it. Never a key, a URL or a word the provider wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct ProviderStatus {
    /// Which provider.
    pub provider: ProviderId,
    /// How it does.
    pub state: ProviderState,
    /// Seconds since its bytes were last accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(default)]
    pub last_success_age_seconds: Option<u64>,
    /// Why its last failed fetch failed; absent while it is healthy.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(default)]
    pub last_failure: Option<String>,
    /// Seconds until it is asked again; absent while it is not configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(default)]
    pub next_attempt_in_seconds: Option<u64>,
}

/// Everything `/health` says about entropy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Report {
    /// What is said about outputs made now.
    pub provenance: Provenance,
    /// Every provider the gateway can speak to, configured ones first and in order.
    pub providers: Vec<ProviderStatus>,
}

impl Report {
    /// The report before the hub was ever asked: `configured` providers are unknown, the others unconfigured.
    pub fn unasked(configured: &[ProviderId]) -> Self {
        let statuses = configured.iter().map(|id| ProviderStatus::bare(*id, ProviderState::Unknown));
        Self { provenance: Provenance::classical(), providers: with_unconfigured(statuses.collect()) }
    }
}

impl ProviderStatus {
    /// A status that says no more than the state.
    pub fn bare(provider: ProviderId, state: ProviderState) -> Self {
        Self { provider, state, last_success_age_seconds: None, last_failure: None, next_attempt_in_seconds: None }
    }
}

/// Adds every provider that is not there yet as unconfigured.
pub(super) fn with_unconfigured(mut statuses: Vec<ProviderStatus>) -> Vec<ProviderStatus> {
    for id in ProviderId::all() {
        if statuses.iter().all(|status| status.provider != id) {
            statuses.push(ProviderStatus::bare(id, ProviderState::Unconfigured));
        }
    }
    statuses
}

#[cfg(test)]
mod tests {
    use super::{Label, Origins, Provenance, ProviderState, Report};
    use crate::entropy::provider::ProviderId;
    use crate::time::Timestamp;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn id(name: &str) -> ProviderId {
        ProviderId::parse(name).unwrap()
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_seconds(100_000 + seconds)
    }

    #[test]
    fn a_label_ages_at_600_and_at_3600_seconds() {
        let mut origins = Origins::default();
        origins.note(id("anu"), at(0), 3);
        for (age, label) in [
            (0, Label::QuantumSeeded),
            (600, Label::QuantumSeeded),
            (601, Label::QuantumStale),
            (3600, Label::QuantumStale),
            (3601, Label::Classical),
        ] {
            let provenance = origins.provenance(at(age));
            assert_eq!(provenance.label, label, "{age}");
            assert_eq!(provenance.age_seconds, (label != Label::Classical).then_some(age));
        }
    }

    #[test]
    fn only_providers_that_count_for_the_label_are_named() {
        let mut origins = Origins::default();
        origins.note(id("idq"), at(0), 3);
        origins.note(id("anu"), at(700), 3);
        assert_eq!(origins.provenance(at(710)).providers, [id("anu")]);
        assert_eq!(origins.provenance(at(1400)).providers, [id("idq"), id("anu")]);
        origins.note(id("idq"), at(1400), 3);
        assert_eq!(origins.provenance(at(1401)).providers, [id("idq")]);
    }

    #[test]
    fn nothing_absorbed_is_classical() {
        assert_eq!(Origins::default().provenance(at(0)), Provenance::classical());
    }

    #[test]
    fn the_words_claim_nothing_that_cannot_be_shown() {
        let mut origins = Origins::default();
        origins.note(id("anu"), at(0), 3);
        let said = serde_json::to_string(&[origins.provenance(at(1)), Provenance::classical()]).unwrap();
        assert!(said.contains("mixed with quantum-derived bytes received from anu; not certified, not independently"));
        for claim in ["true random", "quantum-secure", "quantum secure", "guarantee", "unbreakable"] {
            assert!(!said.to_lowercase().contains(claim), "{claim}");
        }
    }

    #[test]
    fn a_label_is_written_the_same_everywhere() {
        for label in Label::ALL {
            assert_eq!(serde_json::to_string(&label).unwrap(), format!("\"{}\"", label.as_str()));
        }
    }

    #[test]
    fn an_unasked_report_knows_only_what_is_configured() {
        let report = Report::unasked(&[id("idq")]);
        assert_eq!(report.provenance.label, Label::Classical);
        let states: Vec<_> = report.providers.iter().map(|status| (status.provider.as_str(), status.state)).collect();
        assert_eq!(states[0], ("idq", ProviderState::Unknown));
        assert_eq!(states.len(), ProviderId::all().count());
        assert!(states[1..].iter().all(|(_, state)| *state == ProviderState::Unconfigured));
    }
}
