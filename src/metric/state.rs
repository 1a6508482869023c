//! What holds at the moment of a scrape.

use super::exposition::{Exposition, Kind};
use super::message::Resting;
use std::collections::BTreeMap;

/// What holds now.
#[derive(Clone, Copy, Debug)]
pub struct State<'a> {
    /// The gateway's version.
    pub version: &'a str,
    /// How many things that upstreams offer stand otherwise than approved, by how they stand.
    pub pins: &'a [(String, u64)],
    /// Which isolate leaves which upstream alone.
    pub resting: &'a [Resting],
    /// How many series there are.
    pub series: usize,
}

/// How a thing stands that is not as approved.
const STANDINGS: [&str; 3] = ["held", "quarantined", "refused"];

/// Adds the families of it.
pub fn add(metrics: &mut Exposition, state: &State<'_>) {
    metrics
        .family("mcp_gateway_info", Kind::Gauge, "1, with the gateway's version.")
        .sample(&[("version", state.version)], 1)
        .end();
    let pins = |standing: &str| state.pins.iter().find(|(known, _)| known == standing).map_or(0, |(_, pins)| *pins);
    metrics
        .family(
            "mcp_gateway_pins",
            Kind::Gauge,
            "Things that upstreams offer and that are not as approved, by how they stand.",
        )
        .samples(STANDINGS.map(|standing| (vec![("state", standing)], pins(standing))))
        .end();
    let mut isolates: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for Resting { tenant, upstream, .. } in state.resting {
        *isolates.entry((tenant.as_str(), upstream)).or_default() += 1;
    }
    metrics
        .family("mcp_gateway_upstream_breaker_open", Kind::Gauge, "Isolates that leave an upstream alone now.")
        .samples(
            isolates
                .into_iter()
                .map(|((tenant, upstream), count)| (vec![("tenant", tenant), ("upstream", upstream)], count)),
        )
        .end();
    metrics
        .family("mcp_gateway_metrics_series", Kind::Gauge, "Series that are kept, of those that isolates gather.")
        .sample(&[], state.series)
        .end();
}

#[cfg(test)]
mod tests {
    use super::{State, add};
    use crate::id::TenantId;
    use crate::metric::exposition::Exposition;
    use crate::metric::message::Resting;
    use crate::time::Timestamp;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn isolates_that_rest_are_counted_and_what_is_not_there_is_zero() {
        let tenant = TenantId::parse("acme").unwrap();
        let resting = Resting { tenant, upstream: "files".into(), until: Timestamp::from_seconds(1) };
        let (pins, resting) = ([("quarantined".to_owned(), 3)], [resting.clone(), resting]);
        let mut metrics = Exposition::default();
        add(&mut metrics, &State { version: "1.2.3", pins: &pins, resting: &resting, series: 7 });
        let text = metrics.render();
        for line in [
            r#"mcp_gateway_info{version="1.2.3"} 1"#,
            r#"mcp_gateway_pins{state="quarantined"} 3"#,
            r#"mcp_gateway_pins{state="held"} 0"#,
            r#"mcp_gateway_upstream_breaker_open{tenant="acme",upstream="files"} 2"#,
            "mcp_gateway_metrics_series 7",
        ] {
            assert!(text.lines().any(|told| told == line), "{line}\n{text}");
        }
    }
}
