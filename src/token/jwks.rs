//! Signing keys: next, current and previous, and their public form (RFC 7517, RFC 8037).
//!
//! Rotation: publish the new key as `next`, wait until every reader of the key set has fetched it, make it `current` and
//! the old one `previous`, and drop `previous` once the longest-lived token it signed has expired.

use crate::config::{ConfigProblem, Lookup};
use crate::id::{KeyId, encode_random};
use crate::secret::SecretBytes;
use crate::token::{read_key, read_optional_key};
use ed25519_dalek::{SigningKey, VerifyingKey};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// The gateway's keys: one signs, all verify.
#[derive(Clone)]
pub struct KeyRing {
    current: SigningKey,
    current_id: KeyId,
    /// Current first: nearly every token is signed by it.
    public: Vec<PublicKey>,
}

/// A public key and its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// RFC 7638 thumbprint.
    pub id: KeyId,
    /// The Ed25519 key.
    pub key: VerifyingKey,
}

/// A JSON Web Key Set (RFC 7517 section 5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct JwkSet {
    /// The keys; the current one first.
    pub keys: Vec<Jwk>,
}

/// One public Ed25519 key (RFC 8037 section 2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Jwk {
    /// `OKP`
    #[cfg_attr(not(target_arch = "wasm32"), schemars(extend("const" = "OKP")))]
    pub kty: &'static str,
    /// `Ed25519`
    #[cfg_attr(not(target_arch = "wasm32"), schemars(extend("const" = "Ed25519")))]
    pub crv: &'static str,
    /// The public key, base64url.
    pub x: String,
    /// RFC 7638 thumbprint.
    pub kid: String,
    /// `sig`
    #[serde(rename = "use")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(extend("const" = "sig")))]
    pub usage: &'static str,
    /// `EdDSA`
    #[cfg_attr(not(target_arch = "wasm32"), schemars(extend("const" = "EdDSA")))]
    pub alg: &'static str,
}

impl KeyRing {
    /// Reads `SIGNING_KEY` (required), `SIGNING_KEY_NEXT` and `SIGNING_KEY_PREVIOUS`: Ed25519 seeds, base64url.
    pub fn read(lookup: Lookup<'_>) -> Result<Self, ConfigProblem> {
        let current = signing_key(&read_key(lookup, "SIGNING_KEY")?);
        let current_public = PublicKey::of(&current);
        let current_id = current_public.id.clone();
        let mut public = vec![current_public];
        for name in ["SIGNING_KEY_NEXT", "SIGNING_KEY_PREVIOUS"] {
            let Some(seed) = read_optional_key(lookup, name)? else { continue };
            let key = PublicKey::of(&signing_key(&seed));
            if public.contains(&key) {
                return Err(ConfigProblem::new(name, "repeats another signing key"));
            }
            public.push(key);
        }
        Ok(Self { current, current_id, public })
    }

    /// The key that signs new tokens, and its name.
    pub fn current(&self) -> (&SigningKey, &KeyId) {
        (&self.current, &self.current_id)
    }

    /// The public key of that name.
    pub fn find(&self, id: &str) -> Option<&VerifyingKey> {
        self.public.iter().find(|public| public.id.as_str() == id).map(|public| &public.key)
    }

    /// The published key set.
    pub fn published(&self) -> JwkSet {
        JwkSet { keys: self.public.iter().map(Jwk::of).collect() }
    }
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.public.iter().map(|public| &public.id)).finish()
    }
}

impl PublicKey {
    fn of(key: &SigningKey) -> Self {
        let key = key.verifying_key();
        let x = encode_random(key.as_bytes());
        let thumbprint: [u8; 32] = Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#)).into();
        Self { id: KeyId::from_bytes(&thumbprint), key }
    }
}

impl Jwk {
    fn of(public: &PublicKey) -> Self {
        Self {
            kty: "OKP",
            crv: "Ed25519",
            x: encode_random(public.key.as_bytes()),
            kid: public.id.to_string(),
            usage: "sig",
            alg: "EdDSA",
        }
    }
}

fn signing_key(seed: &SecretBytes) -> SigningKey {
    let mut bytes = [0; 32];
    bytes.iter_mut().zip(seed.expose()).for_each(|(to, from)| *to = *from);
    SigningKey::from_bytes(&bytes)
}

#[cfg(test)]
mod tests {
    use super::KeyRing;
    use base64ct::{Base64UrlUnpadded, Encoding};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    // RFC 8037 appendix A.1 to A.3.
    const SEED: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
    const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    const THUMBPRINT: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";

    #[test]
    fn the_public_key_and_its_name_are_those_of_rfc_8037() {
        let ring = KeyRing::read(&|name| (name == "SIGNING_KEY").then(|| SEED.to_owned())).unwrap();
        let set = ring.published();
        assert_eq!((set.keys[0].x.as_str(), set.keys[0].kid.as_str()), (X, THUMBPRINT));
        assert_eq!(ring.find(THUMBPRINT).unwrap().as_bytes(), &*Base64UrlUnpadded::decode_vec(X).unwrap());
        assert!(ring.find("other").is_none());
    }

    #[test]
    fn next_current_and_previous_are_published_and_only_current_signs() {
        let seed = |name: &str| {
            let shift = match name {
                "SIGNING_KEY" => 1,
                "SIGNING_KEY_NEXT" => 2,
                "SIGNING_KEY_PREVIOUS" => 3,
                _ => return None,
            };
            Some(crate::id::encode_random(&std::array::from_fn::<u8, 32, _>(|i| u8::try_from(i).unwrap() * 5 + shift)))
        };
        let ring = KeyRing::read(&seed).unwrap();
        assert_eq!(ring.published().keys.len(), 3);
        assert_eq!(ring.current().1.as_str(), ring.published().keys[0].kid);
        assert!(!format!("{ring:?}").contains(&seed("SIGNING_KEY").unwrap()));
    }

    #[test]
    fn the_same_key_in_two_places_is_refused() {
        assert!(KeyRing::read(&|_| Some(SEED.to_owned())).is_err());
    }
}
