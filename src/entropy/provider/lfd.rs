//! The generator of the Laboratory for Digitalisation, OTH Regensburg (ID Quantique hardware, no key, no promise of service).
//!
//! `GET /qrng_api/qrng?length=1024&format=HEX` answers one text of hexadecimal digits.

use super::answer::{self, Count};
use super::settings::Settings;
use super::{FETCH_BYTES, Known, Nonce, Provider, ProviderFailure, ProviderId};
use crate::outbound::{OutboundAnswer, OutboundRequest, OutboundUrl};
use crate::secret::SecretBytes;
use serde::Deserialize;
use zeroize::Zeroizing;

pub(super) const KNOWN: Known = Known { id: ProviderId("lfd"), read };

const BASE: &str = "https://lfdr.de";

#[derive(Debug)]
struct Lfd {
    url: OutboundUrl,
}

/// `LFD_BASE_URL`.
fn read(settings: &mut Settings<'_>) -> Option<Box<dyn Provider>> {
    let query = [("length", "1024"), ("format", "HEX")];
    let url = settings.address("LFD_BASE_URL", Some(BASE), &["qrng_api", "qrng"], &query);
    Some(Box::new(Lfd { url: url? }))
}

#[derive(Deserialize)]
struct Answer {
    qrn: Option<String>,
    length: Option<Count>,
    /// What went wrong, instead of the rest.
    error: Option<String>,
}

impl Provider for Lfd {
    fn request(&self, _: &Nonce) -> OutboundRequest {
        answer::ask(&self.url, "application/json")
    }

    fn parse(&self, _: &Nonce, answer: &OutboundAnswer) -> Result<SecretBytes, ProviderFailure> {
        answer::fresh_success(answer)?;
        digits(answer, FETCH_BYTES)
    }
}

fn digits(answer: &OutboundAnswer, expected: usize) -> Result<SecretBytes, ProviderFailure> {
    let body: Answer = answer::json(answer)?;
    if body.error.is_some() {
        return Err(ProviderFailure::Refused);
    }
    let texts = Zeroizing::new([body.qrn.ok_or(ProviderFailure::Empty)?]);
    let bytes = answer::bytes_of_hex(texts.as_slice(), 1, expected).map(SecretBytes::new)?;
    if body.length.is_some_and(|length| length.is(expected)) { Ok(bytes) } else { Err(ProviderFailure::Malformed) }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{json_answer, provider, survives_damage};
    use super::{ProviderFailure, digits};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const NONCE: [u8; 16] = [0; 16];

    fn failure(body: &str) -> ProviderFailure {
        provider("lfd").parse(&NONCE, &json_answer(200, body)).unwrap_err()
    }

    #[test]
    fn the_request_is_the_documented_one() {
        let request = provider("lfd").request(&NONCE);
        assert_eq!(request.url.url().as_str(), "https://lfdr.de/qrng_api/qrng?length=1024&format=HEX");
    }

    #[test]
    fn the_documented_form_is_read() {
        assert_eq!(digits(&json_answer(200, r#"{"qrn":"00ffA1","length":3}"#), 3).unwrap().expose(), [0, 0xff, 0xa1]);
        let full = format!(r#"{{"qrn":"{}","length":1024}}"#, "5e".repeat(1024));
        survives_damage(provider("lfd").as_ref(), &NONCE, &json_answer(200, &full));
    }

    #[test]
    fn every_documented_error_and_any_other_shape_is_refused() {
        for error in ["length param out of bounds", "Failed to open device", "Failed to read device"] {
            assert_eq!(failure(&format!(r#"{{"error":"{error}"}}"#)), ProviderFailure::Refused);
        }
        assert_eq!(failure(r#"{"length":1024}"#), ProviderFailure::Empty);
        assert_eq!(failure(r#"{"qrn":"00","length":1}"#), ProviderFailure::WrongLength { expected: 2048, found: 2 });
        let wrong = format!(r#"{{"qrn":"{}","length":1024}}"#, "5g".repeat(1024));
        assert_eq!(failure(&wrong), ProviderFailure::Malformed);
        let told = format!(r#"{{"qrn":"{}","length":1023}}"#, "5e".repeat(1024));
        assert_eq!(failure(&told), ProviderFailure::Malformed);
    }
}
