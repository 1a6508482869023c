//! Qrypt's Entropy as a Service.
//!
//! `GET /api/v1/quantum-entropy?size=1` with a bearer token. `size` counts blocks of 1,024 bytes, not bytes.

use super::answer::{self, Count};
use super::settings::Settings;
use super::{FETCH_BYTES, Known, Nonce, Provider, ProviderFailure, ProviderId};
use crate::outbound::{HeaderValue, OutboundAnswer, OutboundRequest, OutboundUrl};
use crate::secret::SecretBytes;
use serde::Deserialize;
use zeroize::Zeroize;

pub(super) const KNOWN: Known = Known { id: ProviderId("qrypt"), read };

const BASE: &str = "https://api-eus.qrypt.com";

#[derive(Debug)]
struct Qrypt {
    url: OutboundUrl,
    bearer: HeaderValue,
}

/// `QRYPT_API_KEY`, required; `QRYPT_BASE_URL`, for another region or an appliance behind a proxy.
fn read(settings: &mut Settings<'_>) -> Option<Box<dyn Provider>> {
    let bearer = settings.bearer("QRYPT_API_KEY");
    let url = settings.address("QRYPT_BASE_URL", Some(BASE), &["api", "v1", "quantum-entropy"], &[("size", "1")]);
    Some(Box::new(Qrypt { url: url?, bearer: bearer? }))
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    random: Vec<String>,
    size: Option<Count>,
}

impl Provider for Qrypt {
    fn request(&self, _: &Nonce) -> OutboundRequest {
        let mut request = answer::ask(&self.url, "application/json");
        request.headers.push(("authorization".into(), self.bearer.clone()));
        request
    }

    fn parse(&self, _: &Nonce, answer: &OutboundAnswer) -> Result<SecretBytes, ProviderFailure> {
        answer::fresh_success(answer)?;
        let mut body: Answer = answer::json(answer)?;
        let bytes = answer::bytes_of_base64(&body.random, 1, FETCH_BYTES).map(SecretBytes::new);
        body.random.zeroize();
        let bytes = bytes?;
        if body.size.is_none_or(|size| size.is(1)) { Ok(bytes) } else { Err(ProviderFailure::Malformed) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{json_answer, provider, survives_damage};
    use super::ProviderFailure;
    use base64ct::{Base64, Encoding as _};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const NONCE: [u8; 16] = [0; 16];

    fn valid(bytes: usize) -> String {
        format!(r#"{{"random":["{}"],"size":1}}"#, Base64::encode_string(&vec![0xfb; bytes]))
    }

    fn failure(body: &str) -> ProviderFailure {
        provider("qrypt").parse(&NONCE, &json_answer(200, body)).unwrap_err()
    }

    #[test]
    fn the_request_is_the_documented_one() {
        let request = provider("qrypt").request(&NONCE);
        assert_eq!(request.url.url().as_str(), "https://api-eus.qrypt.com/api/v1/quantum-entropy?size=1");
        assert!(
            request.headers.iter().any(|(name, value)| name == "authorization" && value.expose() == "Bearer qrypt-key")
        );
    }

    #[test]
    fn a_block_is_read_and_no_truncation_of_it() {
        let bytes = provider("qrypt").parse(&NONCE, &json_answer(200, &valid(1024))).unwrap();
        assert_eq!(bytes.expose(), [0xfb; 1024]);
        survives_damage(provider("qrypt").as_ref(), &NONCE, &json_answer(200, &valid(1024)));
    }

    #[test]
    fn any_other_shape_is_refused() {
        assert_eq!(failure(&valid(1023)), ProviderFailure::WrongLength { expected: 1024, found: 1023 });
        assert_eq!(failure(r#"{"random":[],"size":1}"#), ProviderFailure::Empty);
        assert_eq!(failure(&valid(1024).replace("\"size\":1", "\"size\":2")), ProviderFailure::Malformed);
        assert_eq!(failure(&valid(1024).replacen('+', "!", 1)), ProviderFailure::Malformed);
    }
}
