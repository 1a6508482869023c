//! Passwords: Argon2id with the parameters OWASP gives first (19 MiB, two passes, one lane).

use crate::secret::SecretText;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};

/// The hash that is checked when the user is unknown, so that the answer takes as long as for a known one. It is the hash
/// of 32 random bytes that were thrown away: no password matches it.
pub const DUMMY_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$2gPYrFbkVMAd2bPcuAjrdw$gZ0PzBcOlVLjvHt7gfhqPdYC9G3pAWPDh7E4y8K2l7A";

/// Longest password read at login, in bytes: longer ones were never set, and hashing must not be free work for anyone.
pub const MAX_BYTES: usize = 512;
/// Fewest characters of a new password (NIST SP 800-63B-4, single factor).
pub const MIN_CHARACTERS: usize = 15;
/// Most characters of a new password.
pub const MAX_CHARACTERS: usize = 128;

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Why a password cannot be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordRefusal {
    /// Too few characters.
    #[error("a password has at least {MIN_CHARACTERS} characters")]
    TooShort,
    /// Too long.
    #[error("a password has at most {MAX_CHARACTERS} characters and {MAX_BYTES} bytes")]
    TooLong,
    /// The hash function refused; it does not for the parameters of this file.
    #[error("the password could not be hashed")]
    NotHashed,
}

/// Checks a new password and hashes it with 16 fresh random bytes of salt. All of Unicode is allowed and nothing is cut.
pub fn hash_new(password: &SecretText, salt: &[u8; 16]) -> Result<String, PasswordRefusal> {
    let characters = password.expose().chars().count();
    if characters < MIN_CHARACTERS {
        return Err(PasswordRefusal::TooShort);
    }
    if characters > MAX_CHARACTERS || password.expose().len() > MAX_BYTES {
        return Err(PasswordRefusal::TooLong);
    }
    hash(password, salt)
}

/// Whether `password` matches the stored hash. A stored text that is not an Argon2id hash of at most this file's cost
/// matches nothing: a row cannot make the gateway work harder.
pub fn matches(password: &SecretText, stored: &str) -> bool {
    let Ok(hash) = PasswordHash::new(stored) else { return false };
    let Ok(params) = Params::try_from(&hash) else { return false };
    let affordable = params.m_cost() <= MEMORY_KIB && params.t_cost() <= PASSES && params.p_cost() <= LANES;
    affordable && hasher().is_some_and(|argon2| argon2.verify_password(password.expose().as_bytes(), &hash).is_ok())
}

fn hash(password: &SecretText, salt: &[u8; 16]) -> Result<String, PasswordRefusal> {
    let salt = SaltString::encode_b64(salt).map_err(|_| PasswordRefusal::NotHashed)?;
    let argon2 = hasher().ok_or(PasswordRefusal::NotHashed)?;
    let hash = argon2.hash_password(password.expose().as_bytes(), &salt).map_err(|_| PasswordRefusal::NotHashed)?;
    Ok(hash.to_string())
}

fn hasher() -> Option<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::{DUMMY_HASH, PasswordRefusal, hash, hash_new, matches};
    use crate::secret::SecretText;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_password_matches_its_own_hash_only() {
        let stored = hash_new(&SecretText::new("correct horse battery"), &[1; 16]).unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(matches(&SecretText::new("correct horse battery"), &stored));
        assert!(!matches(&SecretText::new("correct horse batterz"), &stored));
    }

    #[test]
    fn a_new_password_is_long_enough_and_not_endless() {
        assert_eq!(hash_new(&SecretText::new("x".repeat(14)), &[1; 16]), Err(PasswordRefusal::TooShort));
        assert_eq!(hash_new(&SecretText::new("x".repeat(129)), &[1; 16]), Err(PasswordRefusal::TooLong));
        assert!(hash_new(&SecretText::new("пароль из пятнадцати знаков"), &[1; 16]).is_ok());
    }

    #[test]
    fn the_dummy_costs_as_much_as_a_real_hash_and_matches_nothing() {
        let real = hash(&SecretText::new("x"), &[1; 16]).unwrap();
        let cost = |text: &str| text.split('$').take(4).collect::<Vec<_>>().join("$");
        assert_eq!(cost(DUMMY_HASH), cost(&real));
        assert_eq!(DUMMY_HASH.len(), real.len());
        assert!(!matches(&SecretText::new(""), DUMMY_HASH));
    }

    #[test]
    fn a_stored_text_that_is_not_a_bounded_argon2id_hash_matches_nothing() {
        let real = hash(&SecretText::new("x"), &[1; 16]).unwrap();
        for stored in
            ["", "x", "$2b$12$abc", &real.replace("m=19456", "m=4194304"), &real.replace("argon2id", "argon2i")]
        {
            assert!(!matches(&SecretText::new("x"), stored), "{stored}");
        }
    }
}
