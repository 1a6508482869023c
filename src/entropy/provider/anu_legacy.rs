//! The Australian National University's keyless API, deprecated: one request a minute, for development.
//!
//! `GET /API/jsonI.php?length=1024&type=uint8`. Asked too often it answers 500 with a text, not 429.

use super::answer::{self, Count};
use super::settings::Settings;
use super::{FETCH_BYTES, Known, Nonce, Provider, ProviderFailure, ProviderId};
use crate::outbound::{OutboundAnswer, OutboundRequest, OutboundUrl};
use crate::secret::SecretBytes;
use crate::time::Lifetime;
use serde::Deserialize;
use zeroize::Zeroize;

pub(super) const KNOWN: Known = Known { id: ProviderId("anu_legacy"), read };

const BASE: &str = "https://qrng.anu.edu.au";
const SPACING: Lifetime = Lifetime::from_seconds(61);
const TOO_OFTEN: &[u8] = b"limited to 1 requests per minute";

#[derive(Debug)]
struct AnuLegacy {
    url: OutboundUrl,
}

/// `ANU_LEGACY_BASE_URL`: scheme and host.
fn read(settings: &mut Settings<'_>) -> Option<Box<dyn Provider>> {
    let query = [("length", "1024"), ("type", "uint8")];
    let url = settings.address("ANU_LEGACY_BASE_URL", Some(BASE), &["API", "jsonI.php"], &query)?;
    Some(Box::new(AnuLegacy { url }))
}

#[derive(Deserialize)]
struct Answer {
    success: bool,
    #[serde(rename = "type")]
    kind: Option<String>,
    length: Option<Count>,
    #[serde(default)]
    data: Vec<i64>,
}

impl Provider for AnuLegacy {
    fn request(&self, _: &Nonce) -> OutboundRequest {
        answer::ask(&self.url, "application/json")
    }

    fn parse(&self, _: &Nonce, answer: &OutboundAnswer) -> Result<SecretBytes, ProviderFailure> {
        if answer.status == 500 && answer.body.windows(TOO_OFTEN.len()).any(|text| text == TOO_OFTEN) {
            return Err(ProviderFailure::RateLimited { retry_after: Some(SPACING) });
        }
        answer::fresh_success(answer)?;
        numbers(answer, FETCH_BYTES)
    }

    fn spacing(&self) -> Lifetime {
        SPACING
    }
}

fn numbers(answer: &OutboundAnswer, expected: usize) -> Result<SecretBytes, ProviderFailure> {
    // The old host is not known to label its JSON, so the body decides here.
    let mut body: Answer = answer::json_body(&answer.body)?;
    if !body.success {
        return Err(ProviderFailure::Refused);
    }
    let bytes = answer::bytes_of_numbers(&body.data, expected).map(SecretBytes::new);
    body.data.zeroize();
    let bytes = bytes?;
    let told = body.kind.as_deref() == Some("uint8") && body.length.is_some_and(|length| length.is(expected));
    if told { Ok(bytes) } else { Err(ProviderFailure::Malformed) }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{answer, json_answer, provider, survives_damage};
    use super::{ProviderFailure, numbers};
    use crate::time::Lifetime;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const NONCE: [u8; 16] = [0; 16];

    fn valid() -> String {
        let data = vec!["205"; 1024].join(",");
        format!(r#"{{"type":"uint8","length":1024,"data":[{data}],"success":true}}"#)
    }

    fn failure(body: &str) -> ProviderFailure {
        provider("anu_legacy").parse(&NONCE, &json_answer(200, body)).unwrap_err()
    }

    #[test]
    fn the_request_is_the_documented_one() {
        let request = provider("anu_legacy").request(&NONCE);
        assert_eq!(request.url.url().as_str(), "https://qrng.anu.edu.au/API/jsonI.php?length=1024&type=uint8");
    }

    #[test]
    fn the_documented_example_is_read() {
        let example = r#"{"type":"uint8","length":4,"data":[74,205,98,159],"success":true}"#;
        assert_eq!(numbers(&json_answer(200, example), 4).unwrap().expose(), [74, 205, 98, 159]);
    }

    #[test]
    fn a_block_of_the_asked_size_is_read_and_no_truncation_of_it() {
        survives_damage(provider("anu_legacy").as_ref(), &NONCE, &json_answer(200, &valid()));
    }

    #[test]
    fn the_text_of_the_500_means_wait_61_seconds() {
        let text = "The QRNG API is limited to 1 requests per minute. For more requests, please visit https://quantumnumbers.anu.edu.au";
        let parse =
            |body: &str| provider("anu_legacy").parse(&NONCE, &answer(500, "text/plain", body.as_bytes())).unwrap_err();
        let wait = Some(Lifetime::from_seconds(61));
        assert_eq!(parse(text), ProviderFailure::RateLimited { retry_after: wait });
        assert_eq!(parse("Internal Server Error"), ProviderFailure::Status { status: 500 });
        assert_eq!(provider("anu_legacy").spacing(), Lifetime::from_seconds(61));
    }

    #[test]
    fn any_other_shape_is_refused() {
        assert_eq!(failure(r#"{"success":false}"#), ProviderFailure::Refused);
        assert_eq!(failure(r#"{"success":true,"data":[]}"#), ProviderFailure::Empty);
        for out_of_range in ["256", "-1", "4294967301"] {
            assert_eq!(failure(&valid().replacen("205", out_of_range, 1)), ProviderFailure::OutOfRange);
        }
        for wrong in ["1.5", "\"205\"", "null", "[205]"] {
            assert_eq!(failure(&valid().replacen("205", wrong, 1)), ProviderFailure::Malformed, "{wrong}");
        }
        assert_eq!(failure(&valid().replace("uint8", "uint16")), ProviderFailure::Malformed);
        let long = valid().replacen("205", "205,205", 1);
        assert_eq!(failure(&long), ProviderFailure::WrongLength { expected: 1024, found: 1025 });
    }
}
