//! Public keys of others, and the signatures made with them (RFC 7517, RFC 7518, RFC 8037): what is read here is checked by
//! the runtime's own cryptography.

use serde::{Deserialize, Serialize};

/// Most keys in a set.
const MAX_KEYS: usize = 10;

/// A set of public keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwks {
    keys: Vec<Jwk>,
}

/// A public key for signatures. Members that are not named here are ignored, those of a private key are refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    /// Key type: `OKP` or `EC`.
    pub kty: String,
    /// Curve: `Ed25519` or `P-256`.
    pub crv: String,
    /// First coordinate, or the whole key of `OKP`, base64url.
    pub x: String,
    /// Second coordinate of `EC`, base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    /// Name of the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// Part of a private key: it must not be here.
    #[serde(default, skip_serializing)]
    d: Option<PrivatePart>,
}

/// That there is a private part; what it is, is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
struct PrivatePart;

impl<'de> Deserialize<'de> for PrivatePart {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde::de::IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

/// An algorithm of a signature. No other is understood: nothing symmetric, and not `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureAlgorithm {
    /// ECDSA with P-256 and SHA-256.
    Es256,
    /// Ed25519.
    Ed25519,
}

impl Jwks {
    /// The set, if it has one to ten keys, none of them private.
    pub fn checked(self) -> Option<Self> {
        let sound = (1..=MAX_KEYS).contains(&self.keys.len()) && self.keys.iter().all(|key| key.d.is_none());
        sound.then_some(self)
    }

    /// The key for a signature: of its name where the signature has one, and of its algorithm. Without a name, the only one.
    pub fn find(&self, kid: Option<&str>, algorithm: SignatureAlgorithm) -> Option<&Jwk> {
        let mut found = self
            .keys
            .iter()
            .filter(|key| key.algorithm() == Some(algorithm))
            .filter(|key| kid.is_none() || key.kid.as_deref() == kid);
        match (found.next(), found.next()) {
            (Some(key), None) => Some(key),
            _ => None,
        }
    }
}

impl Jwk {
    fn algorithm(&self) -> Option<SignatureAlgorithm> {
        match (self.kty.as_str(), self.crv.as_str(), self.y.is_some()) {
            ("OKP", "Ed25519", false) => Some(SignatureAlgorithm::Ed25519),
            ("EC", "P-256", true) => Some(SignatureAlgorithm::Es256),
            _ => None,
        }
    }
}

impl SignatureAlgorithm {
    /// Reads `alg`. `Ed25519` is the name of RFC 9864 for what RFC 8037 calls `EdDSA`.
    pub fn parse(alg: &str) -> Option<Self> {
        match alg {
            "ES256" => Some(Self::Es256),
            "EdDSA" | "Ed25519" => Some(Self::Ed25519),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Jwks, SignatureAlgorithm};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn read(keys: &str) -> Option<Jwks> {
        serde_json::from_str::<Jwks>(&format!("{{\"keys\":[{keys}]}}")).ok()?.checked()
    }

    const ED: &str = r#"{"kty":"OKP","crv":"Ed25519","x":"AA","kid":"a","use":"sig"}"#;
    const EC: &str = r#"{"kty":"EC","crv":"P-256","x":"AA","y":"AA","kid":"b"}"#;

    #[test]
    fn a_key_is_found_by_name_and_algorithm() {
        let keys = read(&format!("{ED},{EC}")).unwrap();
        let kid = |kid, algorithm| keys.find(kid, algorithm).and_then(|key| key.kid.clone());
        assert_eq!(kid(Some("a"), SignatureAlgorithm::Ed25519).as_deref(), Some("a"));
        assert_eq!(kid(None, SignatureAlgorithm::Es256).as_deref(), Some("b"));
        assert_eq!(kid(Some("a"), SignatureAlgorithm::Es256), None);
        assert_eq!(read(&format!("{EC},{EC}")).unwrap().find(None, SignatureAlgorithm::Es256), None, "which of them?");
    }

    #[test]
    fn private_keys_other_kinds_and_empty_sets_are_refused() {
        assert_eq!(read(""), None);
        assert_eq!(read(r#"{"kty":"OKP","crv":"Ed25519","x":"AA","d":"AA"}"#), None);
        assert_eq!(read(r#"{"kty":"oct","k":"AA"}"#), None);
        assert_eq!(read(&[ED; 11].join(",")), None);
        for alg in ["none", "HS256", "RS256", "es256", ""] {
            assert_eq!(SignatureAlgorithm::parse(alg), None, "{alg}");
        }
    }
}
