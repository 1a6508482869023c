//! qrandom.io (ID Quantique hardware, no key, an operator who is not named).
//!
//! `GET /api/random/ints?n=1000&min=0&max=255`. Its answers carry a signature whose scheme is not published well enough to
//! be relied on, so it is not looked at.

use super::answer;
use super::settings::Settings;
use super::{Known, Nonce, Provider, ProviderFailure, ProviderId};
use crate::outbound::{OutboundAnswer, OutboundRequest, OutboundUrl};
use crate::secret::SecretBytes;
use serde::Deserialize;
use zeroize::Zeroize;

pub(super) const KNOWN: Known = Known { id: ProviderId("qrandom_io"), read };

const BASE: &str = "https://qrandom.io";
const NUMBERS: usize = 1000;

#[derive(Debug)]
struct QrandomIo {
    url: OutboundUrl,
}

/// `QRANDOM_IO_BASE_URL`.
fn read(settings: &mut Settings<'_>) -> Option<Box<dyn Provider>> {
    let query = [("n", "1000"), ("min", "0"), ("max", "255")];
    let url = settings.address("QRANDOM_IO_BASE_URL", Some(BASE), &["api", "random", "ints"], &query);
    Some(Box::new(QrandomIo { url: url? }))
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    numbers: Vec<i64>,
}

impl Provider for QrandomIo {
    fn request(&self, _: &Nonce) -> OutboundRequest {
        answer::ask(&self.url, "application/json")
    }

    fn parse(&self, _: &Nonce, answer: &OutboundAnswer) -> Result<SecretBytes, ProviderFailure> {
        answer::fresh_success(answer)?;
        let mut body: Answer = answer::json(answer)?;
        let bytes = answer::bytes_of_numbers(&body.numbers, NUMBERS).map(SecretBytes::new);
        body.numbers.zeroize();
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{json_answer, provider, survives_damage};
    use super::ProviderFailure;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const NONCE: [u8; 16] = [0; 16];

    fn valid(number: &str, count: usize) -> String {
        let numbers = vec![number; count].join(",");
        format!(
            r#"{{"id":"1","resultType":"ints","elapsedTime":3,"numbers":[{numbers}],"message":null,"signature":"x"}}"#
        )
    }

    fn failure(body: &str) -> ProviderFailure {
        provider("qrandom_io").parse(&NONCE, &json_answer(200, body)).unwrap_err()
    }

    #[test]
    fn the_request_is_the_documented_one() {
        let request = provider("qrandom_io").request(&NONCE);
        assert_eq!(request.url.url().as_str(), "https://qrandom.io/api/random/ints?n=1000&min=0&max=255");
    }

    #[test]
    fn a_full_answer_is_read_and_no_truncation_of_it() {
        survives_damage(provider("qrandom_io").as_ref(), &NONCE, &json_answer(200, &valid("200", 1000)));
    }

    #[test]
    fn any_other_shape_is_refused() {
        assert_eq!(failure(&valid("256", 1000)), ProviderFailure::OutOfRange);
        assert_eq!(failure(&valid("-1", 1000)), ProviderFailure::OutOfRange);
        assert_eq!(failure(&valid("1.5", 1000)), ProviderFailure::Malformed);
        assert_eq!(failure(&valid("1", 999)), ProviderFailure::WrongLength { expected: 1000, found: 999 });
        assert_eq!(failure(r#"{"numbers":[]}"#), ProviderFailure::Empty);
        assert_eq!(failure(r#"{"number":5}"#), ProviderFailure::Empty);
    }
}
