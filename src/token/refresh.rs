//! Refresh tokens: opaque to clients, and self-routing for the gateway.
//!
//! `mgr_{tenant}.{user}.{session}.{secret}.{tag}`: the ids say which `Gate` decides, the secret (32 random bytes) is what
//! proves possession, and the tag proves that this gateway wrote the token, so that a made-up token costs no look-up and
//! an old token of a session is known to be exactly that. Only the secret's SHA-256 is stored.

use crate::id::{SessionId, TenantId, UserId, encode_random};
use crate::secret::SecretText;
use crate::token::seal::RootKey;
use base64ct::{Base64UrlUnpadded, Encoding};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Starts every refresh token, so that secret scanners find a leaked one.
pub const PREFIX: &str = "mgr_";
const PURPOSE: &str = "refresh-token/tag";
const MAX_LENGTH: usize = 512;

/// What a refresh token says about itself. It is genuine, which does not mean that it is still good: `Gate` decides that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    /// The tenant.
    pub tenant: TenantId,
    /// The user.
    pub user: UserId,
    /// The session.
    pub session: SessionId,
    /// SHA-256 of the secret, base64url: what is stored and compared.
    pub secret_hash: String,
}

/// The text is not a refresh token that this gateway wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a refresh token of this gateway")]
pub struct NotOurs;

/// Writes a new refresh token around 32 fresh random bytes.
pub fn mint(
    root: &RootKey,
    tenant: &TenantId,
    user: &UserId,
    session: &SessionId,
    secret: &[u8; 32],
) -> (SecretText, RefreshToken) {
    let secret = encode_random(secret);
    let body = format!("{PREFIX}{tenant}.{user}.{session}.{secret}");
    let tag = encode_random(&root.tag(PURPOSE, body.as_bytes()));
    let token = RefreshToken {
        tenant: tenant.clone(),
        user: user.clone(),
        session: session.clone(),
        secret_hash: hash(&secret),
    };
    (SecretText::new(format!("{body}.{tag}")), token)
}

/// Reads a presented refresh token; its tag is compared in constant time.
pub fn parse(root: &RootKey, text: &str) -> Result<RefreshToken, NotOurs> {
    if text.len() > MAX_LENGTH {
        return Err(NotOurs);
    }
    let (body, tag) = text.rsplit_once('.').ok_or(NotOurs)?;
    let tag = Base64UrlUnpadded::decode_vec(tag).map_err(|_| NotOurs)?;
    if !bool::from(root.tag(PURPOSE, body.as_bytes()).as_slice().ct_eq(&tag)) {
        return Err(NotOurs);
    }
    let mut parts = body.strip_prefix(PREFIX).ok_or(NotOurs)?.split('.');
    let (Some(tenant), Some(user), Some(session), Some(secret), None) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(NotOurs);
    };
    Ok(RefreshToken {
        tenant: TenantId::parse(tenant).map_err(|_| NotOurs)?,
        user: UserId::parse(user).map_err(|_| NotOurs)?,
        session: SessionId::parse(session).map_err(|_| NotOurs)?,
        secret_hash: hash(secret),
    })
}

fn hash(secret: &str) -> String {
    encode_random(&Sha256::digest(secret.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::{NotOurs, mint, parse};
    use crate::id::{SessionId, TenantId, UserId};
    use crate::secret::SecretBytes;
    use crate::token::seal::RootKey;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn root() -> RootKey {
        RootKey::new(SecretBytes::new(vec![3; 32]))
    }

    fn minted() -> (String, super::RefreshToken) {
        let (tenant, user) = (TenantId::parse("acme").unwrap(), UserId::parse("u-1").unwrap());
        let (text, token) = mint(&root(), &tenant, &user, &SessionId::parse("s_1").unwrap(), &[9; 32]);
        (text.expose().to_owned(), token)
    }

    #[test]
    fn a_refresh_token_reads_back_as_it_was_written() {
        let (text, token) = minted();
        assert!(text.starts_with("mgr_acme.u-1.s_1."));
        assert_eq!(parse(&root(), &text), Ok(token.clone()));
        assert!(!text.contains(&token.secret_hash), "the token must not carry what is stored");
    }

    #[test]
    fn every_change_of_one_character_is_refused() {
        let (text, _) = minted();
        for index in 0..text.len() {
            for other in ["A", "B", ".", "_"] {
                let mut changed = text.clone();
                changed.replace_range(index..=index, other);
                assert!(changed == text || parse(&root(), &changed) == Err(NotOurs), "{changed}");
            }
        }
    }

    #[test]
    fn a_token_of_another_gateway_is_refused() {
        let other = RootKey::new(SecretBytes::new(vec![4; 32]));
        assert_eq!(parse(&other, &minted().0), Err(NotOurs));
        for text in ["", ".", "mgr_", "mgr_a.b.c.d.e", &"x".repeat(10_000)] {
            assert_eq!(parse(&root(), text), Err(NotOurs));
        }
    }
}
