//! The bodies of the health routes.

use crate::entropy::provenance::{Label, Provenance, ProviderState, ProviderStatus, Report};
use serde::Serialize;
use std::collections::BTreeMap;

/// Answer of `GET /health`.
#[derive(Debug, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Health {
    /// `healthy`, or `degraded` when something that was configured does not work and the gateway carries on without it.
    pub status: HealthStatus,
    /// The gateway's version.
    pub version: &'static str,
    /// Each quantum provider the gateway can speak to.
    pub qrng: BTreeMap<&'static str, ProviderStatus>,
    /// What may be said about the randomness of tokens made now.
    pub entropy: Provenance,
    /// What works at this moment.
    pub features: Features,
}

/// How the gateway does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum HealthStatus {
    /// Everything that was configured works.
    Healthy,
    /// Something that was configured does not, and the gateway carries on without it.
    Degraded,
}

/// What works: `true` only where it is so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Features {
    /// Tokens made now are mixed with recent quantum-derived bytes.
    pub quantum_auth: bool,
    /// MCP answers may be event streams.
    pub mcp_streaming: bool,
    /// Calls are limited.
    pub rate_limiting: bool,
}

/// Answer of `GET /health/live`.
#[derive(Debug, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Liveness {
    /// `alive`
    #[cfg_attr(not(target_arch = "wasm32"), schemars(extend("const" = "alive")))]
    pub status: &'static str,
}

/// Answer of `GET /health/ready`.
#[derive(Debug, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Readiness {
    /// Whether every part answered.
    pub ready: bool,
    /// Each part, and how it answered: `ok`, `failed` or `timeout`.
    pub parts: BTreeMap<&'static str, PartState>,
}

/// How a part answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PartState {
    /// In time and well.
    Ok,
    /// With an error.
    Failed,
    /// Not within its deadline.
    Timeout,
}

/// What `/health` says about an entropy report.
pub fn health(report: Report) -> Health {
    let degraded = report
        .providers
        .iter()
        .any(|provider| matches!(provider.state, ProviderState::Failing | ProviderState::RateLimited))
        && report.provenance.label != Label::QuantumSeeded;
    Health {
        status: if degraded { HealthStatus::Degraded } else { HealthStatus::Healthy },
        version: crate::VERSION,
        qrng: report.providers.into_iter().map(|status| (status.provider.as_str(), status)).collect(),
        features: Features {
            quantum_auth: report.provenance.label == Label::QuantumSeeded,
            mcp_streaming: false,
            rate_limiting: true,
        },
        entropy: report.provenance,
    }
}

/// What `/health/ready` says about the parts that were asked.
pub fn readiness(parts: impl IntoIterator<Item = (&'static str, PartState)>) -> Readiness {
    let parts: BTreeMap<_, _> = parts.into_iter().collect();
    Readiness { ready: parts.values().all(|state| *state == PartState::Ok), parts }
}

#[cfg(test)]
mod tests {
    use super::{HealthStatus, PartState, health, readiness};
    use crate::entropy::provenance::{Label, Provenance, ProviderState, Report};
    use crate::entropy::provider::ProviderId;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn report(state: ProviderState, label: Label) -> Report {
        let anu = ProviderId::parse("anu").unwrap();
        let mut report = Report::unasked(&[anu]);
        report.providers[0].state = state;
        report.provenance = Provenance { label, ..Provenance::classical() };
        report
    }

    #[test]
    fn a_feature_is_true_only_where_it_is_so() {
        let seeded = health(report(ProviderState::Healthy, Label::QuantumSeeded));
        assert!(seeded.features.quantum_auth && !seeded.features.mcp_streaming);
        assert_eq!(seeded.status, HealthStatus::Healthy);
        for label in [Label::Classical, Label::QuantumStale] {
            assert!(!health(report(ProviderState::Failing, label)).features.quantum_auth);
        }
    }

    #[test]
    fn a_failing_provider_degrades_unless_another_one_serves() {
        assert_eq!(health(report(ProviderState::Failing, Label::Classical)).status, HealthStatus::Degraded);
        assert_eq!(health(report(ProviderState::Failing, Label::QuantumSeeded)).status, HealthStatus::Healthy);
        assert_eq!(health(Report::unasked(&[])).status, HealthStatus::Healthy);
    }

    #[test]
    fn one_failed_part_makes_the_gateway_not_ready_and_is_named() {
        let ready = readiness([("d1", PartState::Ok), ("kv", PartState::Timeout)]);
        assert!(!ready.ready);
        assert_eq!(serde_json::to_string(&ready).unwrap(), r#"{"ready":false,"parts":{"d1":"ok","kv":"timeout"}}"#);
    }
}
