//! The Australian National University's current API (vacuum fluctuations), `api.quantumnumbers.anu.edu.au`.
//!
//! `GET ?length=1024&type=hex16&size=4` with `x-api-key`: 1,024 blocks of four 16-bit words, 8 KiB, for one request of
//! the quota. Here `size` counts 16-bit words; the legacy API counts bytes.

use super::answer::{self, Count};
use super::settings::Settings;
use super::{Known, Nonce, Provider, ProviderFailure, ProviderId};
use crate::outbound::{HeaderValue, OutboundAnswer, OutboundRequest, OutboundUrl};
use crate::secret::SecretBytes;
use crate::time::Lifetime;
use serde::Deserialize;
use zeroize::Zeroize;

pub(super) const KNOWN: Known = Known { id: ProviderId("anu"), read };

const BASE: &str = "https://api.quantumnumbers.anu.edu.au";
const BLOCKS: usize = 1024;
const BLOCK_BYTES: usize = 8;
/// `Limit Exceeded` means the quota, which does not come back within a minute.
const QUOTA_WAIT: Lifetime = Lifetime::from_seconds(3600);

#[derive(Debug)]
struct Anu {
    url: OutboundUrl,
    key: HeaderValue,
}

/// `ANU_API_KEY`, required; `ANU_BASE_URL`.
fn read(settings: &mut Settings<'_>) -> Option<Box<dyn Provider>> {
    let key = settings.header("ANU_API_KEY");
    let query = [("length", "1024"), ("type", "hex16"), ("size", "4")];
    let url = settings.address("ANU_BASE_URL", Some(BASE), &[], &query);
    Some(Box::new(Anu { url: url?, key: key? }))
}

#[derive(Deserialize)]
struct Answer {
    success: bool,
    #[serde(rename = "type")]
    kind: Option<String>,
    length: Option<Count>,
    #[serde(default)]
    data: Vec<String>,
}

#[derive(Deserialize)]
struct Message {
    message: String,
}

impl Provider for Anu {
    fn request(&self, _: &Nonce) -> OutboundRequest {
        let mut request = answer::ask(&self.url, "application/json");
        request.headers.push(("x-api-key".into(), self.key.clone()));
        request
    }

    fn parse(&self, _: &Nonce, answer: &OutboundAnswer) -> Result<SecretBytes, ProviderFailure> {
        answer::fresh_success(answer).map_err(|failure| name_the_quota(failure, answer))?;
        blocks(answer, BLOCKS)
    }
}

fn name_the_quota(failure: ProviderFailure, answer: &OutboundAnswer) -> ProviderFailure {
    let quota = || answer::json_body::<Message>(&answer.body).is_ok_and(|body| body.message == "Limit Exceeded");
    match failure {
        ProviderFailure::RateLimited { retry_after: None } if quota() => {
            ProviderFailure::RateLimited { retry_after: Some(QUOTA_WAIT) }
        }
        other => other,
    }
}

fn blocks(answer: &OutboundAnswer, blocks: usize) -> Result<SecretBytes, ProviderFailure> {
    let mut body: Answer = answer::json(answer)?;
    if !body.success {
        return Err(ProviderFailure::Refused);
    }
    let bytes = answer::bytes_of_hex(&body.data, blocks, BLOCK_BYTES).map(SecretBytes::new);
    body.data.zeroize();
    let bytes = bytes?;
    let told = body.kind.as_deref() == Some("hex16") && body.length.is_some_and(|length| length.is(blocks));
    if told { Ok(bytes) } else { Err(ProviderFailure::Malformed) }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{answer, json_answer, provider, survives_damage};
    use super::{ProviderFailure, blocks};
    use crate::time::Lifetime;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const NONCE: [u8; 16] = [0; 16];

    fn valid() -> String {
        let data = vec!["\"2f2497d207a39d67\""; 1024].join(", ");
        format!(r#"{{"success": true, "type": "hex16", "length": "1024", "data": [{data}]}}"#)
    }

    fn failure(body: &str) -> ProviderFailure {
        provider("anu").parse(&NONCE, &json_answer(200, body)).unwrap_err()
    }

    #[test]
    fn the_request_is_the_documented_one() {
        let request = provider("anu").request(&NONCE);
        assert_eq!(request.url.url().as_str(), "https://api.quantumnumbers.anu.edu.au/?length=1024&type=hex16&size=4");
        let key = request.headers.iter().find(|(name, _)| *name == "x-api-key").unwrap();
        assert_eq!(key.1.expose(), "anu-key");
        assert!(!format!("{request:?}{:?}", provider("anu")).contains("anu-key"));
    }

    #[test]
    fn the_documented_example_is_read() {
        let example =
            r#"{"success": true, "type": "hex16", "length": "2", "data": ["2f2497d207a39d67","dd537fa2b1c4c6b2"]}"#;
        let bytes = blocks(&json_answer(200, example), 2).unwrap();
        assert_eq!(bytes.expose()[..8], [0x2f, 0x24, 0x97, 0xd2, 0x07, 0xa3, 0x9d, 0x67]);
        assert_eq!(bytes.expose()[8..], [0xdd, 0x53, 0x7f, 0xa2, 0xb1, 0xc4, 0xc6, 0xb2]);
    }

    #[test]
    fn a_block_of_the_asked_size_is_read_and_no_truncation_of_it() {
        assert_eq!(provider("anu").parse(&NONCE, &json_answer(200, &valid())).unwrap().expose().len(), 8192);
        survives_damage(provider("anu").as_ref(), &NONCE, &json_answer(200, &valid()));
    }

    #[test]
    fn every_documented_refusal_has_its_name() {
        let parse = |status, body| provider("anu").parse(&NONCE, &json_answer(status, body)).unwrap_err();
        assert_eq!(parse(403, r#"{"message":"Forbidden"}"#), ProviderFailure::Unauthorized);
        let hour = Some(Lifetime::from_seconds(3600));
        assert_eq!(parse(429, r#"{"message":"Limit Exceeded"}"#), ProviderFailure::RateLimited { retry_after: hour });
        let burst = r#"{"message":"Too Many Requests"}"#;
        assert_eq!(parse(429, burst), ProviderFailure::RateLimited { retry_after: None });
        assert_eq!(parse(400, r#"{"success":false}"#), ProviderFailure::Status { status: 400 });
        assert_eq!(parse(302, ""), ProviderFailure::Redirected);
    }

    #[test]
    fn retry_after_is_taken_at_its_word() {
        let mut limited = json_answer(429, r#"{"message":"Limit Exceeded"}"#);
        limited.headers.push(("retry-after".into(), "7".into()));
        let expected = ProviderFailure::RateLimited { retry_after: Some(Lifetime::from_seconds(7)) };
        assert_eq!(provider("anu").parse(&NONCE, &limited).unwrap_err(), expected);
    }

    #[test]
    fn success_without_bytes_is_refused() {
        assert_eq!(failure(r#"{"success":true,"data":[]}"#), ProviderFailure::Empty);
        assert_eq!(failure(r#"{"success":true}"#), ProviderFailure::Empty);
        assert_eq!(failure(r#"{"success":false}"#), ProviderFailure::Refused);
    }

    #[test]
    fn any_other_shape_is_refused() {
        let short = valid().replacen("\"2f2497d207a39d67\", ", "", 1);
        assert_eq!(failure(&short), ProviderFailure::WrongLength { expected: 1024, found: 1023 });
        let narrow = valid().replacen("2f2497d207a39d67", "2f24", 1);
        assert_eq!(failure(&narrow), ProviderFailure::WrongLength { expected: 16, found: 4 });
        for (from, to) in [
            ("2f2497d207a39d67", "2f2497d207a39d6g"),
            ("2f2497d207a39d67", "+f2497d207a39d67"),
            ("\"2f2497d207a39d67\"", "7"),
            ("hex16", "hex8"),
            ("\"1024\"", "\"1023\""),
            ("\"1024\"", "null"),
            ("\"success\": true", "\"success\": \"true\""),
            ("\"success\": true", "\"success\": true, \"success\": true"),
        ] {
            assert_eq!(failure(&valid().replacen(from, to, 1)), ProviderFailure::Malformed, "{from} -> {to}");
        }
        assert!(provider("anu").parse(&NONCE, &json_answer(200, &valid().replace("\"1024\"", "1024"))).is_ok());
    }

    #[test]
    fn a_page_and_a_stored_answer_are_refused() {
        let page = answer(200, "text/html", b"<!doctype html><html></html>");
        assert_eq!(provider("anu").parse(&NONCE, &page).unwrap_err(), ProviderFailure::Malformed);
        for (name, value) in [("age", "12"), ("cf-cache-status", "HIT")] {
            let mut stored = json_answer(200, &valid());
            stored.headers.push((name.into(), value.into()));
            assert_eq!(provider("anu").parse(&NONCE, &stored).unwrap_err(), ProviderFailure::Cached, "{name}");
        }
    }

    #[test]
    fn a_captured_answer_of_the_service_is_read() {
        let captured = include_str!("../../../tests/data/anu/answer.json");
        let bytes = provider("anu").parse(&NONCE, &json_answer(200, captured)).unwrap();
        let expected = include_bytes!("../../../tests/data/anu/bytes.bin");
        assert_eq!(bytes.expose(), &expected[..8192]);
    }
}
