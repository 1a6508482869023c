//! The head of a chain, signed: who keeps heads elsewhere notices a chain that was cut or written anew.
//!
//! A compact JWS (RFC 7515) with the gateway's Ed25519 key (RFC 8037), whose `typ` no other token of the gateway has. The
//! keys are those of `/.well-known/jwks.json`.

use super::Trail;
use super::chain::Link;
use super::record::Digest;
use crate::json::{self, Caps};
use crate::time::Timestamp;
use crate::token::jwks::KeyRing;
use base64ct::{Base64UrlUnpadded, Encoding};
use ed25519_dalek::{Signature, Signer, VerifyingKey};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

const TYPE: &str = "audit-head+jwt";
const ALGORITHM: &str = "EdDSA";
/// Longest signed head that is read, in bytes.
const MAX_LENGTH: usize = 2048;
/// Limits on a key set.
const KEY_SET_CAPS: Caps = Caps { max_bytes: 64 * 1024, max_depth: 8 };

/// What a signed head says: this was the last record at that moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Whose chain.
    pub trail: Trail,
    /// The last record's number; 0 for an empty chain.
    pub seq: u64,
    /// The last record's hash.
    pub hash: Digest,
    /// When it was signed.
    pub at: Timestamp,
}

/// Why a signed head is worth nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeadRefusal {
    /// Not a compact JWS of this type.
    #[error("not a signed head")]
    Malformed,
    /// Signed with a key that is not known.
    #[error("signed with an unknown key")]
    UnknownKey,
    /// The signature is not good.
    #[error("bad signature")]
    Signature,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
}

impl Head {
    /// The head of a chain that ends here.
    pub fn new(trail: Trail, last: &Link, at: Timestamp) -> Self {
        Self { trail, seq: last.seq, hash: last.hash.clone(), at }
    }

    /// The record it names.
    pub fn link(&self) -> Link {
        Link { seq: self.seq, hash: self.hash.clone() }
    }

    /// Signs it with the current key.
    pub fn sign(&self, keys: &KeyRing) -> String {
        let (key, id) = keys.current();
        let header = Header { alg: ALGORITHM.into(), typ: TYPE.into(), kid: id.to_string() };
        let signed = format!("{}.{}", part(&header), part(self));
        let signature = Base64UrlUnpadded::encode_string(&key.sign(signed.as_bytes()).to_bytes());
        format!("{signed}.{signature}")
    }

    /// Reads a signed head, with the public key that `find` knows by that name.
    pub fn verify<'a>(text: &str, find: impl FnOnce(&str) -> Option<&'a VerifyingKey>) -> Result<Self, HeadRefusal> {
        let (header, head, signed, signature) = split(text).ok_or(HeadRefusal::Malformed)?;
        let header: Header = read(header).ok_or(HeadRefusal::Malformed)?;
        if header.typ != TYPE || header.alg != ALGORITHM {
            return Err(HeadRefusal::Malformed);
        }
        let key = find(&header.kid).ok_or(HeadRefusal::UnknownKey)?;
        let signature = Base64UrlUnpadded::decode_vec(signature).ok();
        let signature = signature.and_then(|bytes| Signature::from_slice(&bytes).ok()).ok_or(HeadRefusal::Malformed)?;
        key.verify_strict(signed.as_bytes(), &signature).map_err(|_| HeadRefusal::Signature)?;
        read(head).ok_or(HeadRefusal::Malformed)
    }

    /// Reads a head without looking at its signature.
    pub fn read_unverified(text: &str) -> Result<Self, HeadRefusal> {
        split(text).and_then(|(_, head, _, _)| read(head)).ok_or(HeadRefusal::Malformed)
    }
}

fn part(value: &impl Serialize) -> String {
    Base64UrlUnpadded::encode_string(serde_json::to_string(value).unwrap_or_default().as_bytes())
}

fn read<T: DeserializeOwned>(part: &str) -> Option<T> {
    let bytes = Base64UrlUnpadded::decode_vec(part).ok()?;
    let value = json::parse_object(&bytes, Caps { max_bytes: MAX_LENGTH, max_depth: 2 }).ok()?;
    serde_json::from_value(value).ok()
}

/// Header, payload, both as they were signed, and the signature.
fn split(text: &str) -> Option<(&str, &str, &str, &str)> {
    let (signed, signature) = text.rsplit_once('.').filter(|_| text.len() <= MAX_LENGTH)?;
    let (header, head) = signed.split_once('.')?;
    (!head.contains('.')).then_some((header, head, signed, signature))
}

/// Public keys by their names, as an auditor has them: those of a published key set that are Ed25519.
#[derive(Clone, Debug)]
pub struct PublicKeys(Vec<(String, VerifyingKey)>);

#[derive(Deserialize)]
struct PublishedSet {
    keys: Vec<Published>,
}

#[derive(Deserialize)]
struct Published {
    kty: String,
    #[serde(default)]
    crv: String,
    #[serde(default)]
    x: String,
    #[serde(default)]
    kid: String,
}

impl PublicKeys {
    /// Reads a JSON Web Key Set (RFC 7517). Keys of other kinds are left out; `None` when it is none, or has no usable key.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let value = json::parse_object(bytes, KEY_SET_CAPS).ok()?;
        let set: PublishedSet = serde_json::from_value(value).ok()?;
        let keys: Vec<_> = set.keys.into_iter().filter_map(usable).collect();
        (!keys.is_empty()).then_some(Self(keys))
    }

    /// The key of that name.
    pub fn find(&self, id: &str) -> Option<&VerifyingKey> {
        self.0.iter().find(|(known, _)| known == id).map(|(_, key)| key)
    }
}

fn usable(published: Published) -> Option<(String, VerifyingKey)> {
    if published.kty != "OKP" || published.crv != "Ed25519" {
        return None;
    }
    let bytes = Base64UrlUnpadded::decode_vec(&published.x).ok()?;
    let key = VerifyingKey::from_bytes(bytes.as_slice().try_into().ok()?).ok()?;
    Some((published.kid, key))
}

#[cfg(test)]
mod tests {
    use super::{Head, HeadRefusal, PublicKeys};
    use crate::audit::Trail;
    use crate::audit::chain::Link;
    use crate::time::Timestamp;
    use crate::token::access;
    use crate::token::sample;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn head() -> Head {
        Head::new(Trail::Operator, &Link::start(&Trail::Operator), Timestamp::from_seconds(sample::NOW))
    }

    #[test]
    fn a_signed_head_is_read_with_the_published_keys() {
        let keys = sample::keys();
        let signed = head().sign(&keys);
        let published = PublicKeys::parse(&serde_json::to_vec(&keys.published()).unwrap()).unwrap();
        assert_eq!(Head::verify(&signed, |id| published.find(id)), Ok(head()));
        assert_eq!(Head::read_unverified(&signed), Ok(head()));
        assert_eq!(Head::verify(&signed, |_| None), Err(HeadRefusal::UnknownKey));
    }

    #[test]
    fn a_changed_head_is_refused() {
        let keys = sample::keys();
        let signed = head().sign(&keys);
        let other = Head { seq: 1, ..head() }.sign(&keys);
        let (body, _) = other.rsplit_once('.').unwrap();
        let (_, signature) = signed.rsplit_once('.').unwrap();
        let forged = format!("{body}.{signature}");
        assert_eq!(Head::verify(&forged, |id| keys.find(id)), Err(HeadRefusal::Signature));
        for bad in ["", "a.b", "a.b.c", "a.b.c.d", signed.as_str().split_at(40).0] {
            assert!(Head::verify(bad, |id| keys.find(id)).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_head_is_no_access_token_and_an_access_token_is_no_head() {
        let keys = sample::keys();
        assert!(access::verify(&keys, &head().sign(&keys), &sample::expectation(sample::NOW)).is_err());
        let token = access::mint(&keys, &sample::claims()).unwrap();
        assert_eq!(Head::verify(token.expose(), |id| keys.find(id)), Err(HeadRefusal::Malformed));
    }
}
