//! Tokens: signed access tokens, opaque refresh tokens, the public keys, and the sealing of stored credentials.

pub mod access;
pub mod audience;
pub mod jwks;
pub mod opaque;
pub mod seal;

#[cfg(test)]
pub(crate) mod sample;

use crate::config::{ConfigProblem, Lookup, optional, required};
use crate::secret::SecretBytes;
use base64ct::{Base64UrlUnpadded, Encoding};

/// Reads a secret of exactly 32 bytes, base64url without padding.
///
/// A key with fewer than 16 different bytes is refused in every profile: 32 random bytes have fewer than 22 different
/// values less than once in 10^9 draws, so such a key was typed, not drawn.
pub fn read_key(lookup: Lookup<'_>, name: &str) -> Result<SecretBytes, ConfigProblem> {
    decode_key(name, &required(lookup, name)?)
}

/// Like [`read_key`], for a key that may be absent.
pub fn read_optional_key(lookup: Lookup<'_>, name: &str) -> Result<Option<SecretBytes>, ConfigProblem> {
    optional(lookup, name).map(|text| decode_key(name, &text)).transpose()
}

fn decode_key(name: &str, text: &str) -> Result<SecretBytes, ConfigProblem> {
    let bytes = Base64UrlUnpadded::decode_vec(text.trim_end_matches('='))
        .map_err(|_| ConfigProblem::new(name, "must be base64url"))?;
    if bytes.len() != 32 {
        return Err(ConfigProblem::new(name, "must be exactly 32 bytes, base64url"));
    }
    let different = bytes.iter().collect::<std::collections::BTreeSet<_>>().len();
    if different < 16 {
        return Err(ConfigProblem::new(name, "must be 32 random bytes, and is not random"));
    }
    Ok(SecretBytes::new(bytes))
}

#[cfg(test)]
mod tests {
    use super::{read_key, read_optional_key};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_placeholder_key_is_refused() {
        let good = crate::id::encode_random(&std::array::from_fn::<u8, 32, _>(|i| u8::try_from(i).unwrap() * 7));
        assert!(read_key(&|_| Some(good.clone()), "K").is_ok());
        let zeros = crate::id::encode_random(&[0; 32]);
        let words = crate::id::encode_random(b"changemechangemechangemechangeme");
        let short = crate::id::encode_random(&[1, 2, 3]);
        for bad in [zeros, words, short, "not base64!".into(), String::new()] {
            let problem = read_key(&|_| Some(bad.clone()), "K").unwrap_err();
            assert_eq!(problem.name, "K");
            assert!(bad.is_empty() || !problem.to_string().contains(&bad), "the value must not be shown");
        }
        assert_eq!(read_optional_key(&|_| None, "K").unwrap(), None);
    }
}
