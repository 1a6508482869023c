//! The provider's public keys (RFC 7517, RFC 7518 section 6, RFC 8037): what is read here is used by the runtime's own
//! cryptography.

use crate::oidc::jwt::{Algorithm, TokenProblem};
use crate::oidc::{ProviderProblem, read_json};
use crate::outbound::{OutboundAnswer, OutboundFailure};
use base64ct::{Base64UrlUnpadded, Encoding};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Most keys that are read; the rest of a longer set is left out.
const MAX_KEYS: usize = 50;
/// The exponent of nearly every RSA key there is, 65537; others are left out.
const EXPONENT: &str = "AQAB";
/// Bytes of an RSA modulus: 2048 to 4096 bits.
const MODULUS: std::ops::RangeInclusive<usize> = 256..=512;

/// The provider's keys, as far as they can check a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySet {
    keys: Vec<Key>,
}

/// A public key. It is written as a JSON Web Key with what makes the key and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Key {
    #[serde(skip)]
    kid: Option<String>,
    #[serde(flatten)]
    material: Material,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kty")]
enum Material {
    #[serde(rename = "RSA")]
    Rsa { n: String, e: &'static str },
    #[serde(rename = "EC")]
    Ec { crv: &'static str, x: String, y: String },
    #[serde(rename = "OKP")]
    Okp { crv: &'static str, x: String },
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
    d: Option<IgnoredAny>,
}

impl KeySet {
    /// Reads the provider's set. Keys of other kinds, for other uses or with a private part are left out; a set without
    /// any usable key is refused.
    pub fn read(answer: Result<OutboundAnswer, OutboundFailure>) -> Result<Self, ProviderProblem> {
        let document: Document = read_json(&answer?)?;
        let jwks = document.keys.into_iter().take(MAX_KEYS);
        let keys: Vec<Key> = jwks.filter_map(|jwk| Key::read(serde_json::from_value(jwk).ok()?)).collect();
        if keys.is_empty() { Err(ProviderProblem::NoKeys) } else { Ok(Self { keys }) }
    }

    /// The key for a signature: of the name it says, and then of the algorithm it says, which the key alone decides. A
    /// signature that names no key is checked with the only one of its algorithm.
    pub fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Result<&Key, TokenProblem> {
        let named: Vec<&Key> = self.keys.iter().filter(|key| kid.is_none() || key.kid.as_deref() == kid).collect();
        if named.is_empty() {
            return Err(TokenProblem::UnknownKey);
        }
        let mut fit = named.into_iter().filter(|key| key.algorithm() == algorithm);
        match (fit.next(), fit.next()) {
            (Some(key), None) => Ok(key),
            (None, _) => Err(TokenProblem::Algorithm),
            (Some(_), Some(_)) => Err(TokenProblem::UnknownKey),
        }
    }
}

impl Key {
    /// The one algorithm it is for.
    pub const fn algorithm(&self) -> Algorithm {
        match self.material {
            Material::Rsa { .. } => Algorithm::Rs256,
            Material::Ec { .. } => Algorithm::Es256,
            Material::Okp { .. } => Algorithm::Ed25519,
        }
    }

    fn read(jwk: Jwk) -> Option<Self> {
        let signs = jwk.usage.is_none_or(|usage| usage == "sig")
            && jwk.key_ops.is_none_or(|operations| operations.iter().any(|operation| operation == "verify"));
        if !signs || jwk.d.is_some() {
            return None;
        }
        let material = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("RSA", None) => {
                let n = jwk.n.filter(|n| is_modulus(n) && jwk.e.as_deref() == Some(EXPONENT))?;
                Material::Rsa { n, e: EXPONENT }
            }
            ("EC", Some("P-256")) => Material::Ec { crv: "P-256", x: coordinate(jwk.x)?, y: coordinate(jwk.y)? },
            ("OKP", Some("Ed25519")) => Material::Okp { crv: "Ed25519", x: coordinate(jwk.x)? },
            _ => return None,
        };
        let key = Self { kid: jwk.kid, material };
        let own = jwk.alg.is_none_or(|alg| Algorithm::parse(&alg) == Some(key.algorithm()));
        own.then_some(key)
    }
}

fn is_modulus(n: &str) -> bool {
    let bytes = Base64UrlUnpadded::decode_vec(n).unwrap_or_default();
    MODULUS.contains(&bytes.len()) && bytes.first().is_some_and(|first| *first >= 0x80)
}

fn coordinate(text: Option<String>) -> Option<String> {
    text.filter(|text| Base64UrlUnpadded::decode_vec(text).is_ok_and(|bytes| bytes.len() == 32))
}

#[cfg(test)]
mod tests {
    use super::KeySet;
    use crate::id::encode_random;
    use crate::oidc::ProviderProblem;
    use crate::oidc::jwt::{Algorithm, TokenProblem};
    use crate::oidc::sample::answer;
    use serde_json::{Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn rsa(bytes: usize) -> Value {
        json!({"kty": "RSA", "kid": "r", "use": "sig", "alg": "RS256", "n": encode_random(&vec![0xc3; bytes]), "e": "AQAB", "x5t": "x"})
    }

    fn ec() -> Value {
        json!({"kty": "EC", "crv": "P-256", "kid": "e", "x": encode_random(&[1; 32]), "y": encode_random(&[2; 32])})
    }

    fn okp() -> Value {
        json!({"kty": "OKP", "crv": "Ed25519", "kid": "o", "x": encode_random(&[3; 32]), "key_ops": ["verify"]})
    }

    fn read(keys: &[Value]) -> Result<KeySet, ProviderProblem> {
        KeySet::read(Ok(answer(&json!({"keys": keys}))))
    }

    fn with(mut key: Value, name: &str, value: Value) -> Value {
        key[name] = value;
        key
    }

    #[test]
    fn a_key_is_found_by_its_name_and_decides_the_algorithm() {
        let keys = read(&[rsa(256), ec(), okp()]).unwrap();
        for (kid, own) in [("r", Algorithm::Rs256), ("e", Algorithm::Es256), ("o", Algorithm::Ed25519)] {
            assert_eq!(keys.find(Some(kid), own).unwrap().algorithm(), own);
            assert_eq!(keys.find(None, own).unwrap().algorithm(), own, "the only one");
            for other in
                [Algorithm::Rs256, Algorithm::Es256, Algorithm::Ed25519].into_iter().filter(|other| *other != own)
            {
                assert_eq!(keys.find(Some(kid), other), Err(TokenProblem::Algorithm));
            }
        }
        assert_eq!(keys.find(Some("x"), Algorithm::Rs256), Err(TokenProblem::UnknownKey));
    }

    #[test]
    fn of_two_keys_none_is_guessed() {
        let keys = read(&[rsa(256), with(rsa(256), "kid", json!("s")), ec(), ec()]).unwrap();
        assert_eq!(keys.find(None, Algorithm::Rs256), Err(TokenProblem::UnknownKey));
        assert_eq!(keys.find(Some("e"), Algorithm::Es256), Err(TokenProblem::UnknownKey));
        assert!(keys.find(Some("s"), Algorithm::Rs256).is_ok());
    }

    #[test]
    fn a_key_is_handed_on_with_its_public_members_alone() {
        let keys = read(&[rsa(256), ec(), okp()]).unwrap();
        let written = |algorithm| serde_json::to_value(keys.find(None, algorithm).unwrap()).unwrap();
        let n = encode_random(&[0xc3; 256]);
        assert_eq!(written(Algorithm::Rs256), json!({"kty": "RSA", "n": n, "e": "AQAB"}));
        let (x, y) = (encode_random(&[1; 32]), encode_random(&[2; 32]));
        assert_eq!(written(Algorithm::Es256), json!({"kty": "EC", "crv": "P-256", "x": x, "y": y}));
        assert_eq!(written(Algorithm::Ed25519), json!({"kty": "OKP", "crv": "Ed25519", "x": encode_random(&[3; 32])}));
    }

    #[test]
    fn keys_that_cannot_check_a_signature_are_left_out_and_the_others_stay() {
        for odd in [
            rsa(128),
            rsa(1024),
            with(rsa(256), "n", json!(encode_random(&[1; 256]))),
            with(rsa(256), "e", json!("Aw")),
            with(rsa(256), "use", json!("enc")),
            with(rsa(256), "alg", json!("PS256")),
            with(rsa(256), "alg", json!("RS512")),
            with(rsa(256), "d", json!("AA")),
            with(rsa(256), "key_ops", json!(["encrypt"])),
            with(ec(), "crv", json!("P-384")),
            with(ec(), "y", Value::Null),
            with(ec(), "alg", json!("RS256")),
            with(okp(), "crv", json!("X25519")),
            with(okp(), "x", json!(encode_random(&[3; 31]))),
            json!({"kty": "oct", "k": "AA"}),
            json!("key"),
        ] {
            assert_eq!(read(std::slice::from_ref(&odd)), Err(ProviderProblem::NoKeys), "{odd}");
            assert!(
                read(&[odd, with(rsa(512), "kid", json!("big"))]).unwrap().find(Some("big"), Algorithm::Rs256).is_ok()
            );
        }
    }

    #[test]
    fn what_is_no_set_is_refused_and_a_long_one_is_cut() {
        assert_eq!(read(&[]), Err(ProviderProblem::NoKeys));
        assert_eq!(KeySet::read(Ok(answer(&json!({"keys": {}})))), Err(ProviderProblem::Unreadable));
        let mut many = vec![json!({"kty": "oct"}); 50];
        many.push(okp());
        assert_eq!(read(&many), Err(ProviderProblem::NoKeys));
    }
}
