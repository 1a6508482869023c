//! What the entropy hub knows, as metrics. Counters start anew with the hub, as Prometheus expects of a process.

use super::exposition::{Exposition, Kind, Seconds};
use crate::entropy::breaker::BreakerState;
use crate::entropy::provenance::{Label, ProviderState};
use crate::entropy::purpose::Lane;
use crate::entropy::status::{ProviderDetail, Status};
use crate::time::Lifetime;

const BREAKER_STATES: [(BreakerState, &str); 4] = [
    (BreakerState::Closed, "closed"),
    (BreakerState::Open, "open"),
    (BreakerState::HalfOpen, "half_open"),
    (BreakerState::Quarantined, "quarantined"),
];

const PROVIDER_STATES: [(ProviderState, &str); 4] = [
    (ProviderState::Healthy, "healthy"),
    (ProviderState::Failing, "failing"),
    (ProviderState::RateLimited, "rate_limited"),
    (ProviderState::Unknown, "unknown"),
];

/// Adds the families of a status.
pub fn add(metrics: &mut Exposition, status: &Status) {
    outputs(metrics, status);
    let providers = &status.providers;
    fetches(metrics, providers);
    metrics
        .family("mcp_gateway_entropy_provider_state", Kind::Gauge, "1 for how the provider does.")
        .samples(providers.iter().flat_map(|provider| {
            PROVIDER_STATES.map(|(state, name)| {
                let labels = vec![("provider", provider.provider.as_str()), ("state", name)];
                (labels, u64::from(provider.state == state))
            })
        }))
        .end();
    metrics
        .family(
            "mcp_gateway_entropy_provider_breaker_state",
            Kind::Gauge,
            "1 for the state the provider's breaker is in.",
        )
        .samples(providers.iter().flat_map(|provider| {
            BREAKER_STATES.map(|(state, name)| {
                let labels = vec![("provider", provider.provider.as_str()), ("state", name)];
                (labels, u64::from(provider.breaker == state))
            })
        }))
        .end();
    metrics
        .family(
            "mcp_gateway_entropy_provider_last_success_age_seconds",
            Kind::Gauge,
            "Age of the provider's last accepted answer.",
        )
        .samples(providers.iter().filter_map(|provider| Some((of(provider), provider.last_success_age_seconds?))))
        .end();
}

fn outputs(metrics: &mut Exposition, status: &Status) {
    let label = status.provenance.label;
    metrics
        .family("mcp_gateway_entropy_label", Kind::Gauge, "1 for the label of outputs made now.")
        .samples(Label::ALL.map(|one| (vec![("label", one.as_str())], u64::from(one == label))))
        .end();
    metrics
        .family("mcp_gateway_entropy_seed_age_seconds", Kind::Gauge, "Seconds since provider bytes were last absorbed.")
        .samples(status.seed_age_seconds.map(|age| (Vec::new(), age)))
        .end();
    metrics
        .family(
            "mcp_gateway_entropy_seeds_total",
            Kind::Counter,
            "Seeds of the hub's generator, by whether provider bytes were in them.",
        )
        .sample(&[("kind", "quantum")], status.quantum_seeds)
        .sample(&[("kind", "local")], status.local_seeds)
        .end();
    metrics
        .family(
            "mcp_gateway_entropy_fallbacks_total",
            Kind::Counter,
            "Rounds in which no provider gave bytes that were used.",
        )
        .sample(&[], status.fallbacks)
        .end();
    let cells = Lane::ALL.into_iter().flat_map(|lane| Label::ALL.map(|label| (lane, label)));
    metrics
        .family(
            "mcp_gateway_entropy_outputs_total",
            Kind::Counter,
            "Random values made, by lane and by what may be said of them.",
        )
        .samples(cells.map(|(lane, label)| {
            (vec![("lane", lane.as_str()), ("label", label.as_str())], status.outputs.get(lane, label))
        }))
        .end();
}

fn fetches(metrics: &mut Exposition, providers: &[ProviderDetail]) {
    metrics
        .family("mcp_gateway_entropy_provider_fetches_total", Kind::Counter, "Fetches by outcome.")
        .samples(providers.iter().flat_map(|provider| {
            let labels = |outcome| vec![("provider", provider.provider.as_str()), ("outcome", outcome)];
            provider.fetches.iter().map(move |(outcome, count)| (labels(outcome.as_str()), *count))
        }))
        .end();
    metrics
        .family("mcp_gateway_entropy_provider_fetch_seconds", Kind::Gauge, "How long the last fetch took.")
        .samples(
            providers
                .iter()
                .filter_map(|provider| Some((of(provider), Seconds(Lifetime::from_millis(provider.last_fetch_ms?))))),
        )
        .end();
    metrics
        .family(
            "mcp_gateway_entropy_provider_bytes_total",
            Kind::Counter,
            "Bytes of the documented form, by whether they were used.",
        )
        .samples(providers.iter().flat_map(|provider| {
            [("accepted", provider.accepted_bytes), ("rejected", provider.rejected_bytes)]
                .map(|(verdict, bytes)| (vec![("provider", provider.provider.as_str()), ("verdict", verdict)], bytes))
        }))
        .end();
    metrics
        .family("mcp_gateway_entropy_provider_alarms_total", Kind::Counter, "Health tests that failed.")
        .samples(providers.iter().flat_map(|provider| {
            let labels = |test| vec![("provider", provider.provider.as_str()), ("test", test)];
            provider.alarms.iter().map(move |(test, count)| (labels(test.as_str()), *count))
        }))
        .end();
}

fn of(provider: &ProviderDetail) -> Vec<(&'static str, &'static str)> {
    vec![("provider", provider.provider.as_str())]
}
