//! The QRNG Open API, the form several vendors agreed on: the way to any generator behind it.
//!
//! `GET /v1/capabilities` says how much may be asked for, `GET /v1/healthtest` (where it is offered) how the source does,
//! `POST /v1/entropy` gives base64 blocks. The published text is loose, so what describes is read leniently: unknown members
//! are ignored and numbers may be texts. The blocks themselves are read strictly.

use super::answer::{self, Count};
use super::settings::Settings;
use super::{FETCH_BYTES, Known, Nonce, Provider, ProviderFailure, ProviderId};
use crate::config::optional;
use crate::outbound::{HeaderValue, OutboundAnswer, OutboundRequest, OutboundUrl};
use crate::secret::SecretBytes;
use crate::time::{Lifetime, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::Zeroize;

pub(super) const KNOWN: Known = Known { id: ProviderId("qrng_open_api"), read };

/// What was described is asked for again after this long.
const DESCRIBED_FOR: Lifetime = Lifetime::from_seconds(3600);
/// Base64 and the frame around it fit the answer's cap.
const MOST_BYTES: usize = 32 * 1024;
/// A source that gives fewer is of no use: no fetch of it would count, and too few bytes at once can hide a replay.
const LEAST_BYTES: usize = 64;

#[derive(Debug)]
struct OpenApi {
    capabilities: OutboundUrl,
    health_test: OutboundUrl,
    entropy: OutboundUrl,
    bearer: Option<HeaderValue>,
    entropy_type: Option<String>,
    order: Option<Order>,
}

/// How much is asked for, as the capabilities allow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Order {
    block_size: usize,
    block_count: usize,
    described_at: Timestamp,
    /// Whether the source's own health test is still to be looked at.
    untested: bool,
}

/// `QRNG_OPEN_API_BASE_URL`, required; `QRNG_OPEN_API_KEY`, a bearer token; `QRNG_OPEN_API_ENTROPY_TYPE`, the first by default.
fn read(settings: &mut Settings<'_>) -> Option<Box<dyn Provider>> {
    const BASE: &str = "QRNG_OPEN_API_BASE_URL";
    let bearer = settings.optional_bearer("QRNG_OPEN_API_KEY");
    let entropy_type = optional(settings.lookup(), "QRNG_OPEN_API_ENTROPY_TYPE");
    let capabilities = settings.address(BASE, None, &["v1", "capabilities"], &[])?;
    let health_test = settings.address(BASE, None, &["v1", "healthtest"], &[])?;
    let entropy = settings.address(BASE, None, &["v1", "entropy"], &[])?;
    Some(Box::new(OpenApi { capabilities, health_test, entropy, bearer, entropy_type, order: None }))
}

#[derive(Deserialize)]
struct Capabilities {
    entropy: Bounds,
    healthtest: Option<Value>,
}

#[derive(Deserialize)]
struct Bounds {
    min_block_size: Option<Count>,
    max_block_size: Count,
    min_block_count: Option<Count>,
    max_block_count: Count,
}

#[derive(Serialize)]
struct Ask<'a> {
    block_size: usize,
    block_count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    entropy_type: Option<&'a str>,
}

#[derive(Deserialize)]
struct Blocks {
    #[serde(default)]
    entropy: Vec<String>,
}

impl OpenApi {
    fn with_bearer(&self, mut request: OutboundRequest) -> OutboundRequest {
        request.headers.extend(self.bearer.clone().map(|bearer| ("authorization".into(), bearer)));
        request
    }
}

impl Provider for OpenApi {
    fn request(&self, _: &Nonce) -> OutboundRequest {
        let (block_size, block_count) =
            self.order.map_or((FETCH_BYTES, 1), |order| (order.block_size, order.block_count));
        let ask = Ask { block_size, block_count, entropy_type: self.entropy_type.as_deref() };
        self.with_bearer(answer::post(&self.entropy, &ask))
    }

    fn parse(&self, _: &Nonce, answer: &OutboundAnswer) -> Result<SecretBytes, ProviderFailure> {
        answer::fresh_success(answer)?;
        let order = self.order.ok_or(ProviderFailure::Malformed)?;
        let mut body: Blocks = answer::json(answer)?;
        let bytes = answer::bytes_of_base64(&body.entropy, order.block_count, order.block_size).map(SecretBytes::new);
        body.entropy.zeroize();
        bytes
    }

    fn preparation(&self, now: Timestamp) -> Option<OutboundRequest> {
        let url = match self.order {
            Some(order) if now.since(order.described_at) >= DESCRIBED_FOR => &self.capabilities,
            Some(order) if order.untested => &self.health_test,
            Some(_) => return None,
            None => &self.capabilities,
        };
        Some(self.with_bearer(answer::ask(url, "application/json")))
    }

    fn prepare(&mut self, answer: &OutboundAnswer, now: Timestamp) -> Result<(), ProviderFailure> {
        answer::fresh_success(answer)?;
        match &mut self.order {
            Some(order) if order.untested && now.since(order.described_at) < DESCRIBED_FOR => {
                // A source that failed is asked for its test again, not for bytes; a test that cannot be read says nothing.
                answer::json(answer).map_or(Ok(()), |report| healthy(&report))?;
                order.untested = false;
                Ok(())
            }
            _ => {
                self.order = Some(order(&answer::json(answer)?, now)?);
                Ok(())
            }
        }
    }

    fn forget(&mut self) {
        self.order = None;
    }
}

/// About [`FETCH_BYTES`], in as few blocks as the bounds allow.
fn order(described: &Capabilities, now: Timestamp) -> Result<Order, ProviderFailure> {
    let bound = |count: Option<&Count>, default| count.map_or(Some(default), Count::value);
    let bounds = &described.entropy;
    let read = || {
        let sizes = (bound(bounds.min_block_size.as_ref(), 1)?.max(1), bounds.max_block_size.value()?);
        let counts = (bound(bounds.min_block_count.as_ref(), 1)?.max(1), bounds.max_block_count.value()?);
        (sizes.0 <= sizes.1 && counts.0 <= counts.1).then_some((sizes, counts))
    };
    let (sizes, counts) = read().ok_or(ProviderFailure::Malformed)?;
    let block_size = FETCH_BYTES.clamp(sizes.0, sizes.1);
    let block_count = FETCH_BYTES.div_ceil(block_size).clamp(counts.0, counts.1);
    match block_size.saturating_mul(block_count) {
        ..LEAST_BYTES => return Err(ProviderFailure::Empty),
        LEAST_BYTES..=MOST_BYTES => {}
        _ => return Err(ProviderFailure::TooLarge),
    }
    Ok(Order { block_size, block_count, described_at: now, untested: described.healthtest.is_some() })
}

/// Whether a source says that it passed its own test; what is no verdict counts as none.
fn healthy(report: &Value) -> Result<(), ProviderFailure> {
    let results = report.get("test_result").map(|result| match result {
        Value::Array(results) => results.iter().filter_map(|one| one.get("test_result")).collect(),
        one => vec![one],
    });
    let failed = |result: &Value| {
        result == &Value::Bool(false)
            || result.as_str().is_some_and(|text| text.to_ascii_lowercase().starts_with("fail"))
    };
    if results.unwrap_or_default().into_iter().any(failed) { Err(ProviderFailure::Refused) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{json_answer, provider, survives_damage};
    use super::ProviderFailure;
    use crate::entropy::provider::Provider;
    use crate::time::Timestamp;
    use base64ct::{Base64, Base64UrlUnpadded, Encoding as _};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const NONCE: [u8; 16] = [0; 16];
    const NOW: Timestamp = Timestamp::from_seconds(1_795_000_000);
    const CAPABILITIES: &str = r#"{"entropy":{"min_block_size":16,"max_block_size":"256","max_block_count":64,
        "entropy_types":["x"],"extensions":[{}]},"source_count":2,"extensions":[{}]}"#;

    fn described(capabilities: &str) -> Box<dyn Provider> {
        let mut source = provider("qrng_open_api");
        source.prepare(&json_answer(200, capabilities), NOW).unwrap();
        source
    }

    fn blocks(block: &str, count: usize) -> String {
        format!(r#"{{"entropy":[{}],"extensions":[{{}}]}}"#, vec![format!("\"{block}\""); count].join(","))
    }

    #[test]
    fn capabilities_are_asked_for_first_and_shape_the_request() {
        let first = provider("qrng_open_api").preparation(NOW).unwrap();
        assert_eq!(first.url.url().as_str(), "https://qrng.example.com/v1/capabilities");
        assert!(
            first.headers.iter().any(|(name, value)| name == "authorization" && value.expose() == "Bearer open-key")
        );
        let source = described(CAPABILITIES);
        assert!(source.preparation(NOW).is_none());
        let request = source.request(&NONCE);
        assert_eq!(request.url.url().as_str(), "https://qrng.example.com/v1/entropy");
        assert_eq!(request.body.unwrap(), br#"{"block_size":256,"block_count":4}"#);
        assert!(source.preparation(Timestamp::from_seconds(1_795_003_600)).is_some(), "described anew after an hour");
    }

    #[test]
    fn blocks_of_either_alphabet_are_read_and_no_truncation_of_them() {
        let source = described(CAPABILITIES);
        for block in [Base64::encode_string(&[0xfb; 256]), Base64UrlUnpadded::encode_string(&[0xfb; 256])] {
            let bytes = source.parse(&NONCE, &json_answer(200, &blocks(&block, 4))).unwrap();
            assert_eq!(bytes.expose(), [0xfb; 1024]);
        }
        survives_damage(source.as_ref(), &NONCE, &json_answer(200, &blocks(&Base64::encode_string(&[1; 256]), 4)));
        let short = json_answer(200, &blocks(&Base64::encode_string(&[1; 255]), 4));
        assert_eq!(
            source.parse(&NONCE, &short).unwrap_err(),
            ProviderFailure::WrongLength { expected: 256, found: 255 }
        );
        let few = json_answer(200, &blocks(&Base64::encode_string(&[1; 256]), 3));
        assert_eq!(source.parse(&NONCE, &few).unwrap_err(), ProviderFailure::WrongLength { expected: 4, found: 3 });
    }

    #[test]
    fn a_source_that_failed_its_own_test_is_not_asked() {
        let with_test =
            CAPABILITIES.replace("\"source_count\"", "\"healthtest\":{\"test_type\":\"nist_90b\"},\"source_count\"");
        let tested = |report: &str| {
            let mut source = described(&with_test);
            let ask = source.preparation(NOW).unwrap();
            assert_eq!(ask.url.url().as_str(), "https://qrng.example.com/v1/healthtest");
            let outcome = source.prepare(&json_answer(200, report), NOW);
            assert_eq!(
                source.preparation(NOW).is_some(),
                outcome.is_err(),
                "its test is asked for again, not its bytes"
            );
            outcome
        };
        tested(
            r#"{"test_result":[{"test_type":"nist_90b","test_result":"0.94","time_stamp":"2023-09-13T08:34:4502"}]}"#,
        )
        .unwrap();
        tested(r#"{"test_result":"0.94"}"#).unwrap();
        tested("no report at all").unwrap();
        let failed = r#"{"test_result":[{"test_type":"nist_90b","test_result":"FAILED"}]}"#;
        assert_eq!(tested(failed).unwrap_err(), ProviderFailure::Refused);
    }

    #[test]
    fn capabilities_that_make_no_sense_are_refused() {
        let prepare = |body: &str| provider("qrng_open_api").prepare(&json_answer(200, body), NOW).unwrap_err();
        assert_eq!(prepare(r#"{"entropy":{"max_block_size":0,"max_block_count":1}}"#), ProviderFailure::Malformed);
        assert_eq!(prepare(r#"{"entropy":{"max_block_size":"many","max_block_count":1}}"#), ProviderFailure::Malformed);
        let huge = r#"{"entropy":{"min_block_size":65536,"max_block_size":65536,"max_block_count":1}}"#;
        assert_eq!(prepare(huge), ProviderFailure::TooLarge);
        let tiny = r#"{"entropy":{"max_block_size":16,"max_block_count":3}}"#;
        assert_eq!(prepare(tiny), ProviderFailure::Empty);
        assert_eq!(prepare("{}"), ProviderFailure::Malformed);
    }
}
