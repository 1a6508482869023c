//! Outshift by Cisco's quantum random number generator.
//!
//! `POST /api/v1/random_numbers` with `x-id-api-key`: 512 blocks of 8 bits. The numbers are made ahead and stored at the
//! provider, and a free account has 100 kbit a day: one fetch an hour stays within it.

use super::answer;
use super::settings::Settings;
use super::{Known, Nonce, Provider, ProviderFailure, ProviderId};
use crate::outbound::{HeaderValue, OutboundAnswer, OutboundRequest, OutboundUrl};
use crate::secret::SecretBytes;
use crate::time::Lifetime;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

pub(super) const KNOWN: Known = Known { id: ProviderId("outshift"), read };

const BASE: &str = "https://api.qrng.outshift.com";
const BLOCKS: usize = 512;
const SPACING: Lifetime = Lifetime::from_seconds(3600);

#[derive(Debug)]
struct Outshift {
    url: OutboundUrl,
    key: HeaderValue,
}

/// `OUTSHIFT_API_KEY`, required; `OUTSHIFT_BASE_URL`.
fn read(settings: &mut Settings<'_>) -> Option<Box<dyn Provider>> {
    let key = settings.header("OUTSHIFT_API_KEY");
    let url = settings.address("OUTSHIFT_BASE_URL", Some(BASE), &["api", "v1", "random_numbers"], &[]);
    Some(Box::new(Outshift { url: url?, key: key? }))
}

#[derive(Serialize)]
struct Ask {
    encoding: &'static str,
    format: &'static str,
    bits_per_block: u8,
    number_of_blocks: usize,
}

#[derive(Deserialize)]
struct Answer {
    encoding: String,
    #[serde(default)]
    random_numbers: Vec<Block>,
}

/// Binary and hexadecimal digits come without leading zeros, so the decimal number is the one to read.
#[derive(Deserialize)]
struct Block {
    decimal: String,
}

impl Provider for Outshift {
    fn request(&self, _: &Nonce) -> OutboundRequest {
        let ask = Ask { encoding: "raw", format: "all", bits_per_block: 8, number_of_blocks: BLOCKS };
        let mut request = answer::post(&self.url, &ask);
        request.headers.push(("x-id-api-key".into(), self.key.clone()));
        request
    }

    fn parse(&self, _: &Nonce, answer: &OutboundAnswer) -> Result<SecretBytes, ProviderFailure> {
        answer::fresh_success(answer)?;
        blocks(answer, BLOCKS)
    }

    fn spacing(&self) -> Lifetime {
        SPACING
    }
}

fn blocks(answer: &OutboundAnswer, expected: usize) -> Result<SecretBytes, ProviderFailure> {
    let mut body: Answer = answer::json(answer)?;
    let numbers: Option<Vec<i64>> = body.random_numbers.iter().map(|block| number(&block.decimal)).collect();
    body.random_numbers.iter_mut().for_each(|block| block.decimal.zeroize());
    let numbers = Zeroizing::new(numbers.ok_or(ProviderFailure::Malformed)?);
    if body.encoding != "raw" {
        return Err(ProviderFailure::Malformed);
    }
    answer::bytes_of_numbers(&numbers, expected).map(SecretBytes::new)
}

/// Digits only: `parse` alone would take a sign.
fn number(text: &str) -> Option<i64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::super::tests::{json_answer, provider, survives_damage};
    use super::{ProviderFailure, blocks};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const NONCE: [u8; 16] = [0; 16];

    fn valid(decimal: &str) -> String {
        let block = format!(r#"{{"binary":"1","octal":"1","decimal":"{decimal}","hexadecimal":"1"}}"#);
        format!(r#"{{"encoding":"raw","random_numbers":[{}]}}"#, vec![block; 512].join(","))
    }

    fn failure(body: &str) -> ProviderFailure {
        provider("outshift").parse(&NONCE, &json_answer(200, body)).unwrap_err()
    }

    #[test]
    fn the_request_is_the_documented_one() {
        let request = provider("outshift").request(&NONCE);
        assert_eq!(request.url.url().as_str(), "https://api.qrng.outshift.com/api/v1/random_numbers");
        assert!(request.headers.iter().any(|(name, value)| name == "x-id-api-key" && value.expose() == "outshift-key"));
        let body = String::from_utf8(request.body.unwrap()).unwrap();
        assert_eq!(body, r#"{"encoding":"raw","format":"all","bits_per_block":8,"number_of_blocks":512}"#);
    }

    #[test]
    fn the_captured_example_is_read() {
        let example = r#"{"encoding":"raw","random_numbers":[{"binary":"11110001","octal":"361","decimal":"241","hexadecimal":"f1"}]}"#;
        assert_eq!(blocks(&json_answer(200, example), 1).unwrap().expose(), [0xf1]);
    }

    #[test]
    fn a_full_answer_is_read_and_no_truncation_of_it() {
        survives_damage(provider("outshift").as_ref(), &NONCE, &json_answer(200, &valid("9")));
    }

    #[test]
    fn any_other_shape_is_refused() {
        assert_eq!(failure(&valid("256")), ProviderFailure::OutOfRange);
        for wrong in ["-1", "+1", "0x1", "1.0", " 1"] {
            assert_eq!(failure(&valid(wrong)), ProviderFailure::Malformed, "{wrong}");
        }
        assert_eq!(failure(&valid("1").replace("raw", "base64")), ProviderFailure::Malformed);
        assert_eq!(failure(r#"{"encoding":"raw","random_numbers":[]}"#), ProviderFailure::Empty);
    }
}
