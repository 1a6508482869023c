//! Quantum Computing Inc.'s uQRNG.
//!
//! `POST /auth/v1/access-tokens` turns the account's refresh token into an access token, whose `expires_in` is a moment
//! (seconds since 1970) in spite of its name; `POST /qrng/random_numbers` then answers a bare array of numbers.

use super::answer;
use super::settings::Settings;
use super::{FETCH_BYTES, Known, Nonce, Provider, ProviderFailure, ProviderId};
use crate::outbound::{HeaderValue, OutboundAnswer, OutboundRequest, OutboundUrl};
use crate::secret::{SecretBytes, SecretText};
use crate::time::{Lifetime, Timestamp};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

pub(super) const KNOWN: Known = Known { id: ProviderId("qci"), read };

const BASE: &str = "https://api.qci-prod.com";
/// An access token is not used this close to its end.
const MARGIN: Lifetime = Lifetime::from_seconds(30);

#[derive(Debug)]
struct Qci {
    tokens: OutboundUrl,
    numbers: OutboundUrl,
    refresh_token: SecretText,
    access: Option<(HeaderValue, Timestamp)>,
}

/// `QCI_REFRESH_TOKEN`, required; `QCI_BASE_URL`.
fn read(settings: &mut Settings<'_>) -> Option<Box<dyn Provider>> {
    const NAME: &str = "QCI_BASE_URL";
    let refresh_token = settings.text("QCI_REFRESH_TOKEN").map(SecretText::new);
    let tokens = settings.address(NAME, Some(BASE), &["auth", "v1", "access-tokens"], &[])?;
    let numbers = settings.address(NAME, Some(BASE), &["qrng", "random_numbers"], &[])?;
    Some(Box::new(Qci { tokens, numbers, refresh_token: refresh_token?, access: None }))
}

#[derive(Serialize)]
struct AskToken<'a> {
    refresh_token: &'a str,
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
    expires_in: u64,
}

#[derive(Serialize)]
struct Ask {
    distribution: &'static str,
    output_type: &'static str,
    n_samples: usize,
    n_bits: u8,
}

impl Provider for Qci {
    fn request(&self, _: &Nonce) -> OutboundRequest {
        let ask = Ask { distribution: "uniform_discrete", output_type: "decimal", n_samples: FETCH_BYTES, n_bits: 8 };
        let mut request = answer::post(&self.numbers, &ask);
        request.headers.extend(self.access.clone().map(|(bearer, _)| ("authorization".into(), bearer)));
        request
    }

    fn parse(&self, _: &Nonce, answer: &OutboundAnswer) -> Result<SecretBytes, ProviderFailure> {
        answer::fresh_success(answer)?;
        let mut numbers: Vec<i64> = answer::json(answer)?;
        let bytes = answer::bytes_of_numbers(&numbers, FETCH_BYTES).map(SecretBytes::new);
        numbers.zeroize();
        bytes
    }

    fn preparation(&self, now: Timestamp) -> Option<OutboundRequest> {
        let good = self.access.as_ref().is_some_and(|(_, until)| now.plus(MARGIN) < *until);
        (!good).then(|| answer::post(&self.tokens, &AskToken { refresh_token: self.refresh_token.expose() }))
    }

    fn prepare(&mut self, answer: &OutboundAnswer, now: Timestamp) -> Result<(), ProviderFailure> {
        answer::fresh_success(answer)?;
        let token: Token = answer::json(answer)?;
        let until = Timestamp::from_seconds(token.expires_in);
        let text = Zeroizing::new(token.access_token);
        let bearer = HeaderValue::parse(format!("Bearer {}", *text));
        let bearer = bearer.map_err(|_| ProviderFailure::Malformed)?;
        if until <= now.plus(MARGIN) {
            return Err(ProviderFailure::Malformed);
        }
        self.access = Some((bearer, until));
        Ok(())
    }

    fn forget(&mut self) {
        self.access = None;
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{json_answer, provider, survives_damage};
    use super::ProviderFailure;
    use crate::time::Timestamp;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const NONCE: [u8; 16] = [0; 16];
    const NOW: Timestamp = Timestamp::from_seconds(1_795_000_000);
    const TOKEN: &str =
        r#"{"access_token":"short-lived","expires_in":1795003600,"scope":"qrng","token_type":"bearer"}"#;

    #[test]
    fn a_token_is_asked_for_first_and_used_until_shortly_before_its_end() {
        let mut qci = provider("qci");
        let first = qci.preparation(NOW).unwrap();
        assert_eq!(first.url.url().as_str(), "https://api.qci-prod.com/auth/v1/access-tokens");
        assert_eq!(first.body.unwrap(), br#"{"refresh_token":"qci-token"}"#);
        qci.prepare(&json_answer(200, TOKEN), NOW).unwrap();
        assert!(qci.preparation(Timestamp::from_seconds(1_795_003_569)).is_none());
        assert!(qci.preparation(Timestamp::from_seconds(1_795_003_570)).is_some());
        let request = qci.request(&NONCE);
        assert_eq!(request.url.url().as_str(), "https://api.qci-prod.com/qrng/random_numbers");
        assert!(
            request
                .headers
                .iter()
                .any(|(name, value)| name == "authorization" && value.expose() == "Bearer short-lived")
        );
        let body = String::from_utf8(request.body.clone().unwrap()).unwrap();
        let expected = r#"{"distribution":"uniform_discrete","output_type":"decimal","n_samples":1024,"n_bits":8}"#;
        assert_eq!(body, expected);
        assert!(!format!("{qci:?}").contains("qci-token") && !format!("{qci:?}").contains("short-lived"));
        qci.forget();
        assert!(qci.preparation(NOW).is_some());
    }

    #[test]
    fn a_token_that_is_over_or_not_one_is_refused() {
        let prepare = |status, body: &str| provider("qci").prepare(&json_answer(status, body), NOW).unwrap_err();
        assert_eq!(prepare(200, &TOKEN.replace("1795003600", "3600")), ProviderFailure::Malformed);
        assert_eq!(prepare(200, &TOKEN.replace("short-lived", "a\\nb")), ProviderFailure::Malformed);
        assert_eq!(prepare(200, "{}"), ProviderFailure::Malformed);
        assert_eq!(prepare(401, "{}"), ProviderFailure::Unauthorized);
    }

    #[test]
    fn the_array_is_read_and_no_truncation_of_it() {
        let valid = json_answer(200, &format!("[{}]", vec!["12"; 1024].join(",")));
        assert_eq!(provider("qci").parse(&NONCE, &valid).unwrap().expose(), [12; 1024]);
        survives_damage(provider("qci").as_ref(), &NONCE, &valid);
    }
}
