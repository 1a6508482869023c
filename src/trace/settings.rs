//! Where traces go, by the names that OpenTelemetry gives such settings.

use super::sampling::Ratio;
use crate::config::{ConfigProblem, Lookup, Profile, optional};
use crate::outbound::{HeaderValue, OutboundUrl};
use percent_encoding::percent_decode_str;

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const HEADERS: &str = "OTEL_EXPORTER_OTLP_HEADERS";
const SAMPLER: &str = "OTEL_TRACES_SAMPLER_ARG";
const SERVICE: &str = "OTEL_SERVICE_NAME";
/// The name that traces are filed under, where the operator gives no other.
const OWN_NAME: &str = "mcp-secure-gateway";
/// Longest such name.
const LONGEST_NAME: usize = 128;
/// Header fields that are the gateway's own to set.
const OWN_FIELDS: [&str; 5] = ["content-type", "content-length", "host", "connection", "transfer-encoding"];

/// Who collects traces, and which.
#[derive(Debug)]
pub struct Collector {
    /// Where they are sent.
    pub traces: OutboundUrl,
    /// Header fields that go along: who sends them.
    pub headers: Vec<(String, HeaderValue)>,
    /// The share of traces that begin here and are recorded.
    pub ratio: Ratio,
    /// The name they are filed under.
    pub service: String,
}

impl Collector {
    /// Reads the four settings; `None` without an address. What is wrong is told with or without one.
    pub fn read(lookup: Lookup<'_>, profile: Profile) -> Result<Option<Self>, ConfigProblem> {
        let headers = read_headers(&optional(lookup, HEADERS).unwrap_or_default()).ok_or_else(|| {
            ConfigProblem::new(HEADERS, "must be fields by commas, each as name=percent-encoded value")
        })?;
        let ratio = optional(lookup, SAMPLER).map_or(Some(Ratio::ALL), |text| Ratio::parse(&text));
        let ratio = ratio.ok_or_else(|| ConfigProblem::new(SAMPLER, "must be a share from 0 to 1, such as 0.01"))?;
        let service = optional(lookup, SERVICE).unwrap_or_else(|| OWN_NAME.to_owned());
        if service.len() > LONGEST_NAME || service.chars().any(char::is_control) {
            return Err(ConfigProblem::new(SERVICE, "must be 128 characters at most, without control characters"));
        }
        let Some(base) = optional(lookup, ENDPOINT) else { return Ok(None) };
        let traces = OutboundUrl::parse(&format!("{}/v1/traces", base.trim_end_matches('/')), profile.reach());
        let traces = traces.map_err(|refused| ConfigProblem::new(ENDPOINT, format!("cannot be used: {refused}")))?;
        if traces.url().query().is_some() {
            return Err(ConfigProblem::new(ENDPOINT, "must have no query: a key belongs into a header"));
        }
        Ok(Some(Self { traces, headers, ratio, service }))
    }
}

/// Fields in the form of `baggage` (W3C Baggage), without properties.
fn read_headers(text: &str) -> Option<Vec<(String, HeaderValue)>> {
    let listed = text.split(',').map(str::trim).filter(|member| !member.is_empty());
    listed
        .map(|member| {
            let (name, value) = member.split_once('=')?;
            let name = name.trim().to_ascii_lowercase();
            let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
            let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
            let value = HeaderValue::parse(value).ok().filter(|_| is_name && !OWN_FIELDS.contains(&name.as_str()))?;
            Some((name, value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Collector, Profile, Ratio};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn read(profile: Profile, values: &[(&str, &str)]) -> Result<Option<Collector>, String> {
        let lookup = |name: &str| values.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned());
        Collector::read(&lookup, profile).map_err(|problem| problem.to_string())
    }

    const ADDRESS: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://otlp.example.com");

    #[test]
    fn nothing_is_collected_unless_somebody_collects() {
        assert!(read(Profile::Production, &[]).unwrap().is_none());
        assert!(read(Profile::Production, &[("OTEL_TRACES_SAMPLER_ARG", "1")]).unwrap().is_none());
    }

    #[test]
    fn an_address_alone_is_enough() {
        let collector = read(Profile::Production, &[ADDRESS]).unwrap().unwrap();
        assert_eq!(collector.traces.url().as_str(), "https://otlp.example.com/v1/traces");
        assert_eq!((collector.ratio, collector.service.as_str()), (Ratio::ALL, "mcp-secure-gateway"));
        assert!(collector.headers.is_empty());
    }

    #[test]
    fn an_address_is_held_to_what_every_outbound_address_is() {
        let at = |profile, address| read(profile, &[("OTEL_EXPORTER_OTLP_ENDPOINT", address)]);
        assert!(at(Profile::Local, "http://127.0.0.1:4318").unwrap().is_some());
        for bad in [
            "http://127.0.0.1:4318",
            "http://otlp.example.com",
            "https://otlp.example.com:4318",
            "https://10.0.0.1",
            "https://user:canary@otlp.example.com",
            "https://otlp.example.com/?key=canary",
            "otlp.example.com",
        ] {
            let problem = at(Profile::Production, bad).unwrap_err();
            assert!(problem.starts_with("OTEL_EXPORTER_OTLP_ENDPOINT ") && !problem.contains("canary"), "{problem}");
        }
    }

    #[test]
    fn header_fields_are_read_as_opentelemetry_writes_them() {
        let headers = ("OTEL_EXPORTER_OTLP_HEADERS", "Authorization=Bearer%20abc%3D, x-team = a=b ,");
        let collector = read(Profile::Production, &[ADDRESS, headers]).unwrap().unwrap();
        let read: Vec<_> = collector.headers.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
        assert_eq!(read, [("authorization", "Bearer abc="), ("x-team", "a=b")]);
        assert!(!format!("{collector:?}").contains("abc"));
    }

    #[test]
    fn what_is_wrong_is_told_by_its_name_and_never_shown() {
        for (name, bad) in [
            ("OTEL_EXPORTER_OTLP_HEADERS", "canary"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "a b=canary"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "a=canary%0d%0ab"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "content-type=canary"),
            ("OTEL_TRACES_SAMPLER_ARG", "canary"),
            ("OTEL_TRACES_SAMPLER_ARG", "2"),
            ("OTEL_SERVICE_NAME", "canary\u{7}"),
        ] {
            for values in [&[ADDRESS, (name, bad)][..], &[(name, bad)]] {
                let problem = read(Profile::Production, values).unwrap_err();
                assert!(problem.starts_with(name) && !problem.contains("canary"), "{problem}");
            }
        }
    }
}
