//! The second factor: codes that a program of the person makes from a shared secret and the time (TOTP, RFC 6238, with
//! SHA-1, thirty seconds and six digits, which is what such programs know).
//!
//! A code is good for its step of time and one step to either side (RFC 6238 section 5.2). That each is accepted once is
//! decided by the user's gate, under [`Step::spent_id`].

use crate::id::{TenantId, UserId};
use crate::secret::{SecretBytes, SecretText};
use crate::time::{Lifetime, Timestamp};
use base32ct::{Base32UpperUnpadded, Encoding};
use hmac::{Hmac, Mac};
use sha1::Sha1;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

/// Random bytes of a secret: as long as the hash's output (RFC 4226 section 4, R6).
pub const BYTES: usize = 20;

const STEP_SECONDS: u64 = 30;
const DIGITS: usize = 6;
const DECIMALS: u32 = 1_000_000;
/// Longer than this after its step began, no code of that step is accepted by any clock of the gateway.
const REMEMBERED: Lifetime = Lifetime::from_seconds(10 * STEP_SECONDS);

/// The secret that the gateway and a person's program share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedSecret(SecretBytes);

/// A step of time, thirty seconds long, whose code was presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step(u64);

/// The stored text is no secret of a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no secret of a second factor")]
pub struct NoSecret;

/// Where a sealed secret belongs: it opens in the row of its user only.
pub fn place(tenant: &TenantId, user: &UserId) -> String {
    format!("second-factor/{tenant}/{user}")
}

impl SharedSecret {
    /// The secret of 20 fresh random bytes.
    pub fn from_bytes(bytes: [u8; BYTES]) -> Self {
        Self(SecretBytes::new(bytes.to_vec()))
    }

    /// Reads what [`SharedSecret::text`] wrote.
    pub fn parse(text: &str) -> Result<Self, NoSecret> {
        let bytes = Base32UpperUnpadded::decode_vec(text).map_err(|_| NoSecret)?;
        if bytes.len() == BYTES { Ok(Self(SecretBytes::new(bytes))) } else { Err(NoSecret) }
    }

    /// The secret in base32, as programs take it and as it is sealed.
    pub fn text(&self) -> SecretText {
        SecretText::new(Base32UpperUnpadded::encode_string(self.0.expose()))
    }

    /// The link that a program reads as a whole, also from a picture (the Key URI Format). `issuer` is what the person sees
    /// beside the codes.
    pub fn link(&self, issuer: &str, username: &str) -> SecretText {
        let (issuer, secret) = (encode(issuer), self.text());
        SecretText::new(format!(
            "otpauth://totp/{issuer}:{}?secret={}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}",
            encode(username),
            secret.expose()
        ))
    }

    /// The step whose code was typed, if it is one around now. Every step is compared, each in constant time.
    pub fn check(&self, typed: &str, now: Timestamp) -> Option<Step> {
        let digits = Zeroizing::new(typed.chars().filter(|letter| *letter != ' ').take(DIGITS + 1).collect::<String>());
        if digits.len() != DIGITS || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        let current = now.seconds() / STEP_SECONDS;
        let (mut found, mut step) = (Choice::from(0), 0);
        for candidate in current.saturating_sub(1)..=current.saturating_add(1) {
            let same = self.code(candidate).as_bytes().ct_eq(digits.as_bytes());
            step.conditional_assign(&candidate, same);
            found |= same;
        }
        bool::from(found).then_some(Step(step))
    }

    /// The code of a step: HOTP of its number (RFC 4226 section 5.3).
    fn code(&self, step: u64) -> Zeroizing<String> {
        // HMAC takes a key of any length, so this never fails; no code would be six dashes.
        let Ok(mut mac) = <Hmac<Sha1> as Mac>::new_from_slice(self.0.expose()) else {
            return Zeroizing::new("-".repeat(DIGITS));
        };
        mac.update(&step.to_be_bytes());
        let digest: [u8; 20] = mac.finalize().into_bytes().into();
        let offset = usize::from(digest.last().copied().unwrap_or_default() & 0xf);
        let window =
            digest.get(offset..offset + 4).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok()).unwrap_or_default();
        let number = (u32::from_be_bytes(window) & 0x7fff_ffff) % DECIMALS;
        Zeroizing::new(format!("{number:06}"))
    }
}

impl Step {
    /// What the user's gate spends, so that each code is accepted once. No other single thing has a `/` in its id.
    pub fn spent_id(self) -> String {
        format!("totp/{}", self.0)
    }

    /// Until when it must be remembered that the code was used.
    pub fn spent_until(self) -> Timestamp {
        Timestamp::from_seconds(self.0.saturating_mul(STEP_SECONDS)).plus(REMEMBERED)
    }
}

/// A name as it stands in a URL, nothing of which can end its place there (RFC 3986 section 2.1).
fn encode(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => encoded.extend(['%', hex(byte >> 4), hex(byte & 0xf)]),
        }
    }
    encoded
}

fn hex(half: u8) -> char {
    char::from_digit(u32::from(half), 16).unwrap_or('0').to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::{NoSecret, SharedSecret, place};
    use crate::id::{TenantId, UserId};
    use crate::time::Timestamp;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    /// The secret of RFC 6238 appendix B.
    fn secret() -> SharedSecret {
        SharedSecret::from_bytes(*b"12345678901234567890")
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    /// RFC 6238 appendix B has eight digits; six are their end.
    #[test]
    fn the_codes_are_those_of_the_rfc() {
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert!(secret().check(code, at(seconds)).is_some(), "{seconds}");
            assert_eq!(secret().check(code, at(seconds)), secret().check(code, at(seconds + 30)));
        }
    }

    #[test]
    fn a_code_is_good_for_its_step_and_one_to_either_side() {
        let good = |seconds| secret().check("287082", at(seconds)).is_some();
        // The step from 30 to 59.
        assert_eq!([0, 29, 30, 59, 60, 89].map(good), [true; 6]);
        assert_eq!([90, 120, 3600].map(good), [false; 3]);
    }

    #[test]
    fn each_step_is_spent_under_a_name_of_its_own_and_remembered_longer_than_it_is_good() {
        let step = secret().check("287082", at(59)).unwrap();
        assert_eq!(step.spent_id(), "totp/1");
        assert!(step.spent_until() > at(90 + 120));
        let next = secret().check("081804", at(1_111_111_109)).unwrap();
        assert_ne!(step.spent_id(), next.spent_id());
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for typed in ["", "287083", "28708", "2870820", "٢٨٧٠٨٢", "-28708", "28708a", "0x1234", "287082287082"] {
            assert_eq!(secret().check(typed, at(59)), None, "{typed:?}");
        }
        assert!(secret().check(" 287 082 ", at(59)).is_some(), "programs show it in two groups");
        let other = SharedSecret::from_bytes(*b"12345678901234567891");
        assert_eq!(other.check("287082", at(59)), None);
    }

    #[test]
    fn a_secret_is_read_back_and_never_printed() {
        let text = secret().text();
        assert_eq!(text.expose(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(SharedSecret::parse(text.expose()), Ok(secret()));
        assert_eq!(format!("{:?}", secret()), "SharedSecret([redacted])");
        for bad in ["", "GEZDGNBV", "gezdgnbvgy3tqojqgezdgnbvgy3tqojq", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJ1"] {
            assert_eq!(SharedSecret::parse(bad), Err(NoSecret), "{bad}");
        }
    }

    #[test]
    fn the_link_says_whose_codes_they_are_and_nothing_ends_its_parts() {
        assert_eq!(
            secret().link("127.0.0.1:8787", "ada+x@example.com").expose(),
            "otpauth://totp/127.0.0.1%3A8787:ada%2Bx%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=127.0.0.1%3A8787&algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn a_sealed_secret_belongs_to_one_user() {
        let (acme, user) = (TenantId::parse("acme").unwrap(), UserId::parse("u-1").unwrap());
        assert_eq!(place(&acme, &user), "second-factor/acme/u-1");
    }
}
