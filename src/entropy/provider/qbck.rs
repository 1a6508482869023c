//! Quantum Blockchains' qbck.
//!
//! `GET /{key}/qbck/block/hex?size=32&length=32`: 32 blocks of 32 bytes. The key stands in the path, so this URL never goes
//! into a log or an error; [`OutboundUrl`] shows its origin only. Errors may come with status 200.

use super::answer;
use super::settings::Settings;
use super::{Known, Nonce, Provider, ProviderFailure, ProviderId};
use crate::outbound::{OutboundAnswer, OutboundRequest, OutboundUrl};
use crate::secret::SecretBytes;
use serde::Deserialize;
use zeroize::{Zeroize, Zeroizing};

pub(super) const KNOWN: Known = Known { id: ProviderId("qbck"), read };

const BASE: &str = "https://qrng.qbck.io";
const BLOCKS: usize = 32;
const BLOCK_BYTES: usize = 32;

#[derive(Debug)]
struct Qbck {
    url: OutboundUrl,
}

/// `QBCK_API_KEY`, required; `QBCK_BASE_URL`.
fn read(settings: &mut Settings<'_>) -> Option<Box<dyn Provider>> {
    let key = Zeroizing::new(settings.text("QBCK_API_KEY")?);
    let query = [("size", "32"), ("length", "32")];
    let url = settings.address("QBCK_BASE_URL", Some(BASE), &[&key, "qbck", "block", "hex"], &query);
    Some(Box::new(Qbck { url: url? }))
}

#[derive(Deserialize)]
struct Answer {
    data: Option<Data>,
    /// An error within a success; the status is its own.
    status: Option<u16>,
    error: Option<String>,
    message: Option<String>,
}

#[derive(Deserialize)]
struct Data {
    #[serde(default)]
    result: Vec<String>,
}

impl Provider for Qbck {
    fn request(&self, _: &Nonce) -> OutboundRequest {
        answer::ask(&self.url, "application/json")
    }

    fn parse(&self, _: &Nonce, answer: &OutboundAnswer) -> Result<SecretBytes, ProviderFailure> {
        answer::fresh_success(answer)?;
        blocks(answer, BLOCKS, BLOCK_BYTES)
    }
}

fn blocks(answer: &OutboundAnswer, blocks: usize, block_bytes: usize) -> Result<SecretBytes, ProviderFailure> {
    let body: Answer = answer::json(answer)?;
    if body.error.is_some() || body.data.is_none() {
        return Err(refusal(&body));
    }
    let mut texts = body.data.map(|data| data.result).unwrap_or_default();
    let bytes = answer::bytes_of_hex(&texts, blocks, block_bytes).map(SecretBytes::new);
    texts.zeroize();
    bytes
}

fn refusal(body: &Answer) -> ProviderFailure {
    match (body.status, body.message.as_deref()) {
        (_, Some("Wrong key")) | (Some(401 | 403), _) => ProviderFailure::Unauthorized,
        (Some(429), _) => ProviderFailure::RateLimited { retry_after: None },
        _ => ProviderFailure::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{json_answer, provider, survives_damage};
    use super::{ProviderFailure, blocks};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const NONCE: [u8; 16] = [0; 16];

    fn failure(body: &str) -> ProviderFailure {
        provider("qbck").parse(&NONCE, &json_answer(200, body)).unwrap_err()
    }

    #[test]
    fn the_request_is_the_documented_one_and_shows_no_key() {
        let request = provider("qbck").request(&NONCE);
        assert_eq!(request.url.url().as_str(), "https://qrng.qbck.io/qbck-key/qbck/block/hex?size=32&length=32");
        assert!(!format!("{request:?} {} {:?}", request.url, provider("qbck")).contains("qbck-key"));
    }

    #[test]
    fn the_documented_form_is_read() {
        let example = r#"{"data":{"result":["00ff","a1b2"]}}"#;
        assert_eq!(blocks(&json_answer(200, example), 2, 2).unwrap().expose(), [0, 0xff, 0xa1, 0xb2]);
        let full = format!(r#"{{"data":{{"result":[{}]}}}}"#, vec![format!("\"{}\"", "7c".repeat(32)); 32].join(","));
        survives_damage(provider("qbck").as_ref(), &NONCE, &json_answer(200, &full));
    }

    #[test]
    fn an_error_within_a_success_has_its_name() {
        let wrong_key = r#"{"error":"Not Found","message":"Wrong key","status":404}"#;
        assert_eq!(failure(wrong_key), ProviderFailure::Unauthorized);
        assert_eq!(failure(r#"{"error":"x","status":429}"#), ProviderFailure::RateLimited { retry_after: None });
        assert_eq!(failure(r#"{"error":"x","message":"y","status":500}"#), ProviderFailure::Refused);
        assert_eq!(failure("{}"), ProviderFailure::Refused);
        assert_eq!(failure(r#"{"data":{}}"#), ProviderFailure::Empty);
    }
}
