//! What an operator sees of entropy: `GET /entropy/status`, and the same numbers as metrics.
//!
//! All counts are since the hub started: nothing of it is stored.

use super::breaker::BreakerState;
use super::health::Test;
use super::provenance::{Label, Provenance, ProviderState};
use super::provider::{Mode, ProviderId};
use super::purpose::Lane;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything the hub knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Status {
    /// What happens without recent quantum-derived bytes.
    pub mode: Mode,
    /// What may be said about outputs made now.
    pub provenance: Provenance,
    /// Seconds since provider bytes were last absorbed, however long ago; absent when there never were any.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(default)]
    pub seed_age_seconds: Option<u64>,
    /// How often the hub's generator was seeded.
    pub epoch: u64,
    /// Seeds that held provider bytes, 64 at least.
    pub quantum_seeds: u64,
    /// Seeds of local randomness alone.
    pub local_seeds: u64,
    /// Rounds in which providers were asked and none gave bytes that were used.
    pub fallbacks: u64,
    /// Outputs of this gateway's isolates, as far as they have told the hub.
    pub outputs: Outputs,
    /// The configured providers, in order.
    pub providers: Vec<ProviderDetail>,
}

/// One configured provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct ProviderDetail {
    /// Which.
    pub provider: ProviderId,
    /// How it does.
    pub state: ProviderState,
    /// Whether it is asked.
    pub breaker: BreakerState,
    /// Failures in a row.
    pub consecutive_failures: u32,
    /// Whether its bytes have passed the start-up test, so that they are used.
    pub started: bool,
    /// Seconds since its bytes were last accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(default)]
    pub last_success_age_seconds: Option<u64>,
    /// Why its last failed fetch failed; absent while it is healthy.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(default)]
    pub last_failure: Option<String>,
    /// How long its last fetch took, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(default)]
    pub last_fetch_ms: Option<u64>,
    /// Seconds until it is asked again.
    pub next_attempt_in_seconds: u64,
    /// Fetches by outcome: `accepted`, `starting_up`, or what failed.
    pub fetches: BTreeMap<String, u64>,
    /// Bytes that were absorbed.
    pub accepted_bytes: u64,
    /// Bytes that came in the documented form and were thrown away: a health test failed, or the start-up test was running.
    pub rejected_bytes: u64,
    /// Health alarms by test.
    pub alarms: BTreeMap<Test, u64>,
}

/// How many outputs were made, by lane and by label.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Outputs(BTreeMap<String, BTreeMap<String, u64>>);

impl Outputs {
    /// Counts one output.
    pub fn count(&mut self, lane: Lane, label: Label) {
        *self.cell(lane, label) += 1;
    }

    /// Adds what another generator counted. Names this gateway does not know are dropped.
    pub fn add(&mut self, other: &Self) {
        for lane in Lane::ALL {
            for label in Label::ALL {
                let more = other.get(lane, label);
                if more > 0 {
                    let cell = self.cell(lane, label);
                    *cell = cell.saturating_add(more);
                }
            }
        }
    }

    /// The count of one lane and label.
    pub fn get(&self, lane: Lane, label: Label) -> u64 {
        self.0.get(lane.as_str()).and_then(|labels| labels.get(label.as_str())).copied().unwrap_or_default()
    }

    fn cell(&mut self, lane: Lane, label: Label) -> &mut u64 {
        self.0.entry(lane.as_str().to_owned()).or_default().entry(label.as_str().to_owned()).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::Outputs;
    use crate::entropy::provenance::Label;
    use crate::entropy::purpose::Lane;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn outputs_add_up_and_unknown_names_are_dropped() {
        let mut one = Outputs::default();
        one.count(Lane::Public, Label::Classical);
        one.count(Lane::Public, Label::Classical);
        one.count(Lane::Private, Label::QuantumSeeded);
        let text = r#"{"public":{"classical":5,"better-than-classical":9},"secret":{"classical":1}}"#;
        one.add(&serde_json::from_str(text).unwrap());
        assert_eq!(
            serde_json::to_string(&one).unwrap(),
            r#"{"private":{"quantum-seeded":1},"public":{"classical":7}}"#
        );
    }
}
