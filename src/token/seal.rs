//! Sealing: stored credentials are encrypted with AES-256-GCM, bound to the place they belong to.

use crate::secret::{SecretBytes, SecretText};
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64ct::{Base64UrlUnpadded, Encoding};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Version prefix of a sealed text; the next scheme gets the next number.
const PREFIX: &str = "v1.";
const NONCE_BYTES: usize = 12;

/// The root secret (`ENCRYPTION_KEY`), from which every purpose derives its own key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootKey(SecretBytes);

/// Why a sealed text could not be opened. It does not say which: wrong key, wrong place and a changed text look alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sealed value cannot be opened with this key in this place")]
pub struct SealBroken;

impl RootKey {
    /// Takes the 32 bytes of `ENCRYPTION_KEY`.
    pub fn new(key: SecretBytes) -> Self {
        Self(key)
    }

    fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        // RFC 5869 allows 255 × 32 bytes of output, so 32 never fail; a zero key would fail every later check closed.
        let _ = Hkdf::<Sha256>::new(Some(b"mcp-secure-gateway"), self.0.expose()).expand(purpose.as_bytes(), &mut *key);
        key
    }

    /// Encrypts `text`. `place` (for example tenant, upstream and origin) is authenticated: the result opens nowhere else.
    /// `nonce` is 12 fresh random bytes.
    pub fn seal(&self, text: &SecretText, place: &str, nonce: [u8; NONCE_BYTES]) -> Result<String, SealBroken> {
        let payload = Payload { msg: text.expose().as_bytes(), aad: place.as_bytes() };
        let sealed = self.cipher().encrypt(Nonce::from_slice(&nonce), payload).map_err(|_| SealBroken)?;
        Ok(format!("{PREFIX}{}", Base64UrlUnpadded::encode_string(&[nonce.as_slice(), &sealed].concat())))
    }

    /// Opens what [`RootKey::seal`] made for the same `place`.
    pub fn open(&self, sealed: &str, place: &str) -> Result<SecretText, SealBroken> {
        let encoded = sealed.strip_prefix(PREFIX).ok_or(SealBroken)?;
        let bytes = Base64UrlUnpadded::decode_vec(encoded).map_err(|_| SealBroken)?;
        let (nonce, ciphertext) = bytes.split_at_checked(NONCE_BYTES).ok_or(SealBroken)?;
        let payload = Payload { msg: ciphertext, aad: place.as_bytes() };
        let opened = self.cipher().decrypt(Nonce::from_slice(nonce), payload).map_err(|_| SealBroken)?;
        String::from_utf8(opened).map(SecretText::new).map_err(|_| SealBroken)
    }

    /// A keyed tag over `message`, 16 bytes: proves that this gateway wrote it.
    pub fn tag(&self, purpose: &str, message: &[u8]) -> [u8; 16] {
        let key = self.derive(purpose);
        // `Hkdf::from_prk`-style errors do not exist here: HMAC takes a key of any length.
        let Ok(mut mac) = <Hmac<Sha256> as Mac>::new_from_slice(&*key) else { return [0; 16] };
        mac.update(message);
        let full: [u8; 32] = mac.finalize().into_bytes().into();
        let mut short = [0; 16];
        short.iter_mut().zip(full).for_each(|(to, from)| *to = from);
        short
    }

    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new((&*self.derive("seal/aes-256-gcm")).into())
    }
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
    fn a_changed_or_cut_text_does_not_open() {
        let sealed = key(1).seal(&SecretText::new("token"), "p", [7; 12]).unwrap();
        for cut in 0..sealed.len() {
            assert_eq!(key(1).open(&sealed[..cut], "p"), Err(SealBroken));
        }
        let flipped = sealed.replace(&sealed[10..11], if &sealed[10..11] == "A" { "B" } else { "A" });
        assert_eq!(key(1).open(&flipped, "p"), Err(SealBroken));
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
