//! Sealing: stored credentials are encrypted with AES-256-GCM, bound to the place they belong to.
//!
//! A sealed text is `v2.{key id}.{base64url of nonce and ciphertext}`. The key id is derived from the key and says nothing
//! about it. Sealing always uses the current key; the previous one still opens what it sealed, so that a key is replaced
//! without losing anything. `v1.` texts have no key id and are tried with both.

use crate::id::encode_random;
use crate::secret::{SecretBytes, SecretText};
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64ct::{Base64UrlUnpadded, Encoding};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Version prefix of texts that do not say which key sealed them.
const UNNAMED: &str = "v1.";
/// Version prefix of texts that do; the next scheme gets the next number.
const NAMED: &str = "v2.";
const NONCE_BYTES: usize = 12;
const KEY_ID_BYTES: usize = 6;

/// The root secret (`ENCRYPTION_KEY`), from which every purpose derives its own key, and the one before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootKey {
    current: Key,
    previous: Option<Key>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    secret: SecretBytes,
    id: String,
}

/// Why a sealed text could not be opened. It does not say which: wrong key, wrong place and a changed text look alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sealed value cannot be opened with this key in this place")]
pub struct SealBroken;

impl RootKey {
    /// Takes the 32 bytes of `ENCRYPTION_KEY`.
    pub fn new(key: SecretBytes) -> Self {
        Self { current: Key::new(key), previous: None }
    }

    /// The same, where the 32 bytes of `ENCRYPTION_KEY_PREVIOUS` still open what they sealed.
    #[must_use]
    pub fn after(self, previous: Option<SecretBytes>) -> Self {
        Self { previous: previous.map(Key::new), ..self }
    }

    /// Encrypts `text` with the current key. `place` (for example tenant, upstream and origin) is authenticated: the result
    /// opens nowhere else. `nonce` is 12 fresh random bytes.
    pub fn seal(&self, text: &SecretText, place: &str, nonce: [u8; NONCE_BYTES]) -> Result<String, SealBroken> {
        let payload = Payload { msg: text.expose().as_bytes(), aad: place.as_bytes() };
        let sealed = self.current.cipher().encrypt(Nonce::from_slice(&nonce), payload).map_err(|_| SealBroken)?;
        let encoded = Base64UrlUnpadded::encode_string(&[nonce.as_slice(), &sealed].concat());
        Ok(format!("{}{encoded}", self.current_prefix()))
    }

    /// Opens what [`RootKey::seal`] made for the same `place`, with this key or the one before it.
    pub fn open(&self, sealed: &str, place: &str) -> Result<SecretText, SealBroken> {
        if let Some(encoded) = sealed.strip_prefix(UNNAMED) {
            return self.keys().find_map(|key| key.open(encoded, place).ok()).ok_or(SealBroken);
        }
        let (id, encoded) = sealed.strip_prefix(NAMED).and_then(|rest| rest.split_once('.')).ok_or(SealBroken)?;
        self.keys().find(|key| key.id == id).ok_or(SealBroken)?.open(encoded, place)
    }

    /// What every text begins with that the current key sealed: any other is due to be sealed anew.
    pub fn current_prefix(&self) -> String {
        format!("{NAMED}{}.", self.current.id)
    }

    /// A keyed tag over `message`, 16 bytes: proves that this gateway wrote it.
    pub fn tag(&self, purpose: &str, message: &[u8]) -> [u8; 16] {
        self.current.tag(purpose, message)
    }

    /// Whether this is the tag that this key, or the one before it, gives a message. Compared in constant time.
    pub fn is_tag(&self, purpose: &str, message: &[u8], tag: &[u8]) -> bool {
        self.keys().any(|key| bool::from(key.tag(purpose, message).as_slice().ct_eq(tag)))
    }

    fn keys(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.current).chain(&self.previous)
    }
}

impl Key {
    fn new(secret: SecretBytes) -> Self {
        let mut id = [0; KEY_ID_BYTES];
        derive(&secret, "seal/key-id", &mut id);
        Self { id: encode_random(&id), secret }
    }

    fn open(&self, encoded: &str, place: &str) -> Result<SecretText, SealBroken> {
        let bytes = Base64UrlUnpadded::decode_vec(encoded).map_err(|_| SealBroken)?;
        let (nonce, ciphertext) = bytes.split_at_checked(NONCE_BYTES).ok_or(SealBroken)?;
        let payload = Payload { msg: ciphertext, aad: place.as_bytes() };
        let opened = self.cipher().decrypt(Nonce::from_slice(nonce), payload).map_err(|_| SealBroken)?;
        String::from_utf8(opened).map(SecretText::new).map_err(|_| SealBroken)
    }

    fn tag(&self, purpose: &str, message: &[u8]) -> [u8; 16] {
        let mut key = Zeroizing::new([0; 32]);
        derive(&self.secret, purpose, &mut *key);
        // `Hkdf::from_prk`-style errors do not exist here: HMAC takes a key of any length.
        let Ok(mut mac) = <Hmac<Sha256> as Mac>::new_from_slice(&*key) else { return [0; 16] };
        mac.update(message);
        let full: [u8; 32] = mac.finalize().into_bytes().into();
        let mut short = [0; 16];
        short.iter_mut().zip(full).for_each(|(to, from)| *to = from);
        short
    }

    fn cipher(&self) -> Aes256Gcm {
        let mut key = Zeroizing::new([0; 32]);
        derive(&self.secret, "seal/aes-256-gcm", &mut *key);
        Aes256Gcm::new((&*key).into())
    }
}

fn derive(secret: &SecretBytes, purpose: &str, key: &mut [u8]) {
    // RFC 5869 allows 255 × 32 bytes of output, so 32 never fail; a zero key would fail every later check closed.
    let _ = Hkdf::<Sha256>::new(Some(b"mcp-secure-gateway"), secret.expose()).expand(purpose.as_bytes(), key);
}

#[cfg(test)]
mod tests {
    use super::{RootKey, SealBroken};
    use crate::secret::{SecretBytes, SecretText};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn key(byte: u8) -> RootKey {
        RootKey::new(SecretBytes::new(vec![byte; 32]))
    }

    #[test]
    fn a_sealed_text_opens_only_with_its_key_and_in_its_place() {
        let sealed = key(1).seal(&SecretText::new("token"), "acme/weather", [7; 12]).unwrap();
        assert!(!sealed.contains("token"));
        assert_eq!(key(1).open(&sealed, "acme/weather").unwrap(), SecretText::new("token"));
        assert_eq!(key(2).open(&sealed, "acme/weather"), Err(SealBroken));
        assert_eq!(key(1).open(&sealed, "evil/weather"), Err(SealBroken));
    }

    #[test]
    fn a_sealed_text_names_its_key_and_the_previous_one_still_opens() {
        let before = key(1).seal(&SecretText::new("token"), "p", [7; 12]).unwrap();
        let rotated = key(2).after(Some(SecretBytes::new(vec![1; 32])));
        assert_eq!(rotated.open(&before, "p").unwrap(), SecretText::new("token"));
        assert_eq!(rotated.open(&before, "q"), Err(SealBroken));
        let anew = rotated.seal(&SecretText::new("token"), "p", [8; 12]).unwrap();
        assert!(anew.starts_with(&rotated.current_prefix()) && !before.starts_with(&rotated.current_prefix()));
        assert!(key(2).open(&anew, "p").is_ok() && key(1).open(&anew, "p").is_err());
        let (_, rest) = before.rsplit_once('.').unwrap();
        assert_eq!(rotated.open(&format!("{}{rest}", rotated.current_prefix()), "p"), Err(SealBroken));
    }

    #[test]
    fn a_text_of_the_first_scheme_opens_with_either_key() {
        let sealed = key(1).seal(&SecretText::new("token"), "p", [7; 12]).unwrap();
        let first = format!("v1.{}", sealed.rsplit_once('.').unwrap().1);
        for root in [key(1), key(2).after(Some(SecretBytes::new(vec![1; 32])))] {
            assert_eq!(root.open(&first, "p").unwrap(), SecretText::new("token"));
        }
        assert_eq!(key(2).open(&first, "p"), Err(SealBroken));
    }

    #[test]
    fn a_tag_of_the_previous_key_is_still_one() {
        let tag = key(1).tag("a", b"m");
        let rotated = key(2).after(Some(SecretBytes::new(vec![1; 32])));
        assert!(rotated.is_tag("a", b"m", &tag) && rotated.is_tag("a", b"m", &key(2).tag("a", b"m")));
        assert!(!rotated.is_tag("b", b"m", &tag) && !key(2).is_tag("a", b"m", &tag) && !rotated.is_tag("a", b"m", b""));
    }

    #[test]
    fn a_changed_or_cut_text_does_not_open() {
        let sealed = key(1).seal(&SecretText::new("token"), "p", [7; 12]).unwrap();
        for cut in 0..sealed.len() {
            assert_eq!(key(1).open(&sealed[..cut], "p"), Err(SealBroken));
        }
        for at in 0..sealed.len() {
            let other = if &sealed[at..=at] == "A" { "B" } else { "A" };
            let flipped = format!("{}{other}{}", &sealed[..at], &sealed[at + 1..]);
            assert_eq!(key(1).open(&flipped, "p"), Err(SealBroken), "{at}");
        }
    }

    #[test]
    fn a_tag_depends_on_key_purpose_and_message() {
        let tag = key(1).tag("a", b"m");
        assert_ne!(tag, key(2).tag("a", b"m"));
        assert_ne!(tag, key(1).tag("b", b"m"));
        assert_ne!(tag, key(1).tag("a", b"n"));
        assert_eq!(tag, key(1).tag("a", b"m"));
    }
}
