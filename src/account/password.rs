//! Passwords: Argon2id with the parameters OWASP gives first (19 MiB, two passes, one lane), and which may be set
//! (NIST SP 800-63B-4 section 3.1.1.2).

use crate::account::Username;
use crate::account::guessed::{Guessed, guessed, words};
use crate::id::TenantId;
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

/// What names this gateway to a guesser, beside its issuer's host.
const GATEWAY: [&str; 3] = ["mcp", "secure", "gateway"];

/// A password that may be set: long enough, not endless, and none of those that are guessed first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPassword(SecretText);

/// Whose password it is to be: the words that a guesser knows.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'a> {
    /// The login name.
    pub username: &'a Username,
    /// The tenant.
    pub tenant: &'a TenantId,
    /// The gateway's origin; empty where it is not known.
    pub issuer: &'a str,
}

/// Why a password cannot be set, in words for the person who chose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordRefusal {
    /// Too few characters.
    #[error("a password has at least {MIN_CHARACTERS} characters: a few words with spaces between them will do")]
    TooShort,
    /// Too long.
    #[error("a password has at most {MAX_CHARACTERS} characters and {MAX_BYTES} bytes")]
    TooLong,
    /// It says little, again and again.
    #[error("this password repeats itself: its repetitions are guessed along with it, so add words of your own")]
    Repeats,
    /// It is made of common passwords.
    #[error(
        "this password is made of common passwords, years or rows of keys, which are guessed first: add words of your own"
    )]
    Common,
    /// It is made of what everybody knows of the account.
    #[error("this password is made of your username, your team or this gateway's name: add words of your own")]
    Surroundings,
    /// The hash function refused; it does not for the parameters of this file.
    #[error("the password could not be hashed")]
    NotHashed,
}

impl NewPassword {
    /// Checks a password that somebody chose. Length is counted in Unicode scalar values, all of Unicode is allowed,
    /// nothing is cut, and no kind of character is demanded.
    pub fn check(password: SecretText, owner: Owner<'_>) -> Result<Self, PasswordRefusal> {
        let characters = password.expose().chars().count();
        if characters < MIN_CHARACTERS {
            return Err(PasswordRefusal::TooShort);
        }
        if characters > MAX_CHARACTERS || password.expose().len() > MAX_BYTES {
            return Err(PasswordRefusal::TooLong);
        }
        let names = [owner.username.as_str(), owner.tenant.as_str(), owner.issuer];
        let around: Vec<&str> = names.into_iter().chain(names.into_iter().flat_map(words)).chain(GATEWAY).collect();
        match guessed(password.expose(), &around) {
            None => Ok(Self(password)),
            Some(Guessed::Repeats) => Err(PasswordRefusal::Repeats),
            Some(Guessed::Common) => Err(PasswordRefusal::Common),
            Some(Guessed::Surroundings) => Err(PasswordRefusal::Surroundings),
        }
    }

    /// Its hash, in PHC form. `salt` is 16 fresh random bytes.
    pub fn hash(&self, salt: &[u8; 16]) -> Result<String, PasswordRefusal> {
        hash(&self.0, salt)
    }
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
    use super::{DUMMY_HASH, NewPassword, Owner, PasswordRefusal, hash, matches};
    use crate::account::Username;
    use crate::id::TenantId;
    use crate::secret::SecretText;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn check(password: &str) -> Result<NewPassword, PasswordRefusal> {
        let (username, tenant) = (Username::parse("ada.lovelace").unwrap(), TenantId::parse("analytics").unwrap());
        let owner = Owner { username: &username, tenant: &tenant, issuer: "https://engines.example" };
        NewPassword::check(SecretText::new(password), owner)
    }

    #[test]
    fn a_password_matches_its_own_hash_only() {
        let stored = check("tin kettle bicycle").unwrap().hash(&[1; 16]).unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(matches(&SecretText::new("tin kettle bicycle"), &stored));
        assert!(!matches(&SecretText::new("tin kettle bicyclf"), &stored));
    }

    #[test]
    fn a_new_password_is_long_enough_and_not_endless() {
        let long: String = ('\u{4E00}'..).take(129).collect();
        assert_eq!(check("kvhtzmqoylfbwx"), Err(PasswordRefusal::TooShort));
        assert_eq!(check("пароль коротки"), Err(PasswordRefusal::TooShort), "characters are counted, not bytes");
        assert_eq!(check(&long), Err(PasswordRefusal::TooLong));
        let wide: String = ('\u{1F300}'..).take(128).chain("x".chars()).skip(1).collect();
        assert!(check(&wide).is_ok(), "{} bytes", wide.len());
        assert_eq!(check(&format!("{wide}x")), Err(PasswordRefusal::TooLong));
        assert!(check("пароль из пятнадцати знаков").is_ok());
        assert!(check("kvhtzmqoylfbwxd").is_ok(), "no kind of character is demanded");
    }

    #[test]
    fn a_new_password_is_none_that_is_guessed_first() {
        for (password, refusal) in [
            ("aaaaaaaaaaaaaaaaaa", PasswordRefusal::Repeats),
            ("Password-password1", PasswordRefusal::Common),
            ("Lovelace.analytics", PasswordRefusal::Surroundings),
            ("engines-Engines-2024", PasswordRefusal::Surroundings),
        ] {
            assert_eq!(check(password), Err(refusal), "{password}");
            assert!(!refusal.to_string().contains(password));
        }
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
