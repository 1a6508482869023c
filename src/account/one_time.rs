//! One-time codes: what an administrator hands to a person, who types it once to join or to set a new password.
//!
//! 120 random bits as 24 letters of base32 (RFC 4648 section 6) in groups of four. They are typed into a form and never stand
//! in a URL. Only the SHA-256 is stored: nobody searches 2^120 codes, so a slow hash would add nothing.

use crate::id::encode_random;
use crate::secret::SecretText;
use crate::time::Lifetime;
use base32ct::{Base32UpperUnpadded, Encoding};
use sha2::{Digest, Sha256};

/// Random bytes of a code.
pub const BYTES: usize = 15;
/// How long an invitation is good.
pub const INVITATION_LIFE: Lifetime = Lifetime::from_seconds(7 * 86_400);
/// How long a reset code is good: it opens an account that has things in it.
pub const RESET_LIFE: Lifetime = Lifetime::from_seconds(86_400);
/// Most codes of a tenant that are open at one time.
pub const MAX_OPEN: u32 = 200;

const LETTERS: usize = BYTES * 8 / 5;
const GROUP: usize = 4;

/// A code, without its dashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneTimeCode(SecretText);

/// The text is no code. It does not say why, as a code that is not known does not either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a one-time code")]
pub struct NoCode;

impl OneTimeCode {
    /// The code of 15 fresh random bytes.
    pub fn from_bytes(bytes: &[u8; BYTES]) -> Self {
        Self(SecretText::new(Base32UpperUnpadded::encode_string(bytes)))
    }

    /// Reads what a person typed: in either case, with or without dashes and spaces, and with the digits that are taken for
    /// letters of the alphabet (`0`, `1`, `8`).
    pub fn parse(typed: &str) -> Result<Self, NoCode> {
        let mut letters = String::with_capacity(LETTERS);
        for letter in typed.chars().filter(|letter| !matches!(letter, ' ' | '-' | '\t' | '\r' | '\n')) {
            letters.push(match letter.to_ascii_uppercase() {
                '0' => 'O',
                '1' => 'I',
                '8' => 'B',
                letter @ ('A'..='Z' | '2'..='7') if letters.len() < LETTERS => letter,
                _ => return Err(NoCode),
            });
        }
        if letters.len() == LETTERS { Ok(Self(SecretText::new(letters))) } else { Err(NoCode) }
    }

    /// The code as it is shown, once.
    pub fn shown(&self) -> SecretText {
        let mut shown = String::with_capacity(LETTERS + LETTERS / GROUP);
        for (at, letter) in self.0.expose().chars().enumerate() {
            if at > 0 && at % GROUP == 0 {
                shown.push('-');
            }
            shown.push(letter);
        }
        SecretText::new(shown)
    }

    /// What is stored of it, and looked for.
    pub fn hash(&self) -> String {
        encode_random(&Sha256::digest(self.0.expose()))
    }
}

#[cfg(test)]
mod tests {
    use super::{NoCode, OneTimeCode};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let code = OneTimeCode::from_bytes(b"\x00\x44\x32\x14\xc7\x42\x54\xb6\x35\xcf\x84\x65\x3a\x56\xd7");
        let shown = code.shown();
        assert_eq!(shown.expose(), "ABCD-EFGH-IJKL-MNOP-QRST-UVWX");
        let bare = shown.expose().replace('-', "");
        for typed in [shown.expose(), &bare, &bare.to_lowercase(), " a8cd efgh 1jkl mn0p\tqrst uvwx\r\n"] {
            let read = OneTimeCode::parse(typed);
            assert_eq!(read.as_ref().map(OneTimeCode::hash), Ok(code.hash()), "{typed:?}");
        }
        assert!(!code.hash().contains(&bare) && !format!("{code:?}").contains("ABCD"));
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for typed in [
            "",
            "ABCD-EFGH-IJKL-MNOP-QRST-UVW",
            "ABCD-EFGH-IJKL-MNOP-QRST-UVWXY",
            "ABCD-EFGH-IJKL-MNOP-QRST-UVW9",
            "ABCD_EFGH_IJKL_MNOP_QRST_UVWX",
            "ÀBCD-EFGH-IJKL-MNOP-QRST-UVWX",
            &"0".repeat(100_000),
        ] {
            assert_eq!(OneTimeCode::parse(typed), Err(NoCode), "{typed:.40}");
        }
    }
}
