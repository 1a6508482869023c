//! Proof Key for Code Exchange (RFC 7636), with the method `S256` and no other.

use crate::id::encode_random;
use crate::oauth::error::{Code, OAuthError};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The challenge of an authorization request: base64url of a SHA-256.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge(String);

impl Challenge {
    /// Reads `code_challenge` and `code_challenge_method`. A method that is not said would be `plain`.
    pub fn parse(challenge: Option<&str>, method: Option<&str>) -> Result<Self, OAuthError> {
        let refused = |words| Err(Code::InvalidRequest.because(words));
        match (challenge, method) {
            (None, _) => refused("code_challenge is missing"),
            (Some(_), None) => refused("code_challenge_method is missing; it must be S256"),
            (Some(challenge), Some("S256")) if is_digest(challenge) => Ok(Self(challenge.to_owned())),
            (Some(_), Some("S256")) => refused("code_challenge is not the base64url form of a SHA-256"),
            (Some(_), Some(_)) => refused("code_challenge_method must be S256"),
        }
    }

    /// The challenge that a verifier answers: RFC 7636 section 4.6.
    pub fn of_verifier(verifier: Option<&str>) -> Result<Self, OAuthError> {
        let unreserved = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
        let verifier = verifier.ok_or(Code::InvalidRequest.because("code_verifier is missing"))?;
        if !(43..=128).contains(&verifier.len()) || !verifier.bytes().all(unreserved) {
            return Err(Code::InvalidRequest.because("code_verifier has 43 to 128 unreserved characters"));
        }
        Ok(Self(encode_random(&Sha256::digest(verifier))))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_digest(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::Challenge;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    /// RFC 7636, appendix B.
    #[test]
    fn the_example_of_the_rfc_holds() {
        let asked = Challenge::parse(Some(CHALLENGE), Some("S256")).unwrap();
        assert_eq!(Challenge::of_verifier(Some(VERIFIER)).unwrap(), asked);
        assert_eq!(asked.as_str(), CHALLENGE);
    }

    #[test]
    fn no_challenge_no_method_and_plain_are_refused() {
        for (challenge, method) in [
            (None, None),
            (None, Some("S256")),
            (Some(CHALLENGE), None),
            (Some(CHALLENGE), Some("plain")),
            (Some(CHALLENGE), Some("s256")),
            (Some(VERIFIER.split_at(42).0), Some("S256")),
            (Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"), Some("S256")),
        ] {
            assert!(Challenge::parse(challenge, method).is_err(), "{challenge:?} {method:?}");
        }
    }

    #[test]
    fn a_verifier_is_of_the_form_of_the_rfc() {
        for bad in
            [None, Some(""), Some("short"), Some(&*"a".repeat(42)), Some(&*"a".repeat(129)), Some(&*" ".repeat(43))]
        {
            assert!(Challenge::of_verifier(bad).is_err(), "{bad:?}");
        }
        assert!(Challenge::of_verifier(Some(&"~".repeat(128))).is_ok());
    }
}
