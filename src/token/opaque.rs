//! Opaque tokens: refresh tokens, authorization codes and the cookies of browsers. Opaque to clients, and self-routing for
//! the gateway.
//!
//! `{prefix}{tenant}.{user}.{id}.{secret}.{tag}`: the ids say which `Gate` decides, the secret (32 random bytes) is what
//! proves possession, and the tag proves that this gateway wrote the token, so that a made-up token costs no look-up and
//! an old token of a session is known to be exactly that. Only the secret's SHA-256 is stored.

use crate::id::{SessionId, TenantId, UserId, encode_random};
use crate::secret::SecretText;
use crate::token::seal::RootKey;
use base64ct::{Base64UrlUnpadded, Encoding};
use sha2::{Digest, Sha256};

const MAX_LENGTH: usize = 512;

/// What an opaque token is. A token of one kind is never taken for one of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A refresh token.
    Refresh,
    /// An authorization code.
    Code,
    /// The cookie of a browser that signed in.
    Browser,
    /// An API key.
    ApiKey,
}

impl Kind {
    /// Starts every token of the kind, so that secret scanners find a leaked one.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Refresh => "mgr_",
            Self::Code => "mgc_",
            Self::Browser => "mgb_",
            Self::ApiKey => "mgk_",
        }
    }

    const fn purpose(self) -> &'static str {
        match self {
            Self::Refresh => "refresh-token/tag",
            Self::Code => "code/tag",
            Self::Browser => "browser/tag",
            Self::ApiKey => "api-key/tag",
        }
    }
}

/// What an opaque token says about itself. It is genuine, which does not mean that it is still good: `Gate` decides that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpaqueToken {
    /// The tenant.
    pub tenant: TenantId,
    /// The user.
    pub user: UserId,
    /// The session, the sign-in of a browser, what a code is kept under, or an API key's id.
    pub session: SessionId,
    /// SHA-256 of the secret, base64url: what is stored and compared.
    pub secret_hash: String,
}

/// The text is not a token of this kind that this gateway wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a token of this gateway")]
pub struct NotOurs;

/// Writes a new token around 32 fresh random bytes.
pub fn mint(
    kind: Kind,
    root: &RootKey,
    (tenant, user): (&TenantId, &UserId),
    session: &SessionId,
    secret: &[u8; 32],
) -> (SecretText, OpaqueToken) {
    let secret = encode_random(secret);
    let body = format!("{}{tenant}.{user}.{session}.{secret}", kind.prefix());
    let tag = encode_random(&root.tag(kind.purpose(), body.as_bytes()));
    let token = OpaqueToken {
        tenant: tenant.clone(),
        user: user.clone(),
        session: session.clone(),
        secret_hash: hash(&secret),
    };
    (SecretText::new(format!("{body}.{tag}")), token)
}

/// Reads a presented token of a kind; its tag is compared in constant time.
pub fn parse(kind: Kind, root: &RootKey, text: &str) -> Result<OpaqueToken, NotOurs> {
    if text.len() > MAX_LENGTH {
        return Err(NotOurs);
    }
    let (body, tag) = text.rsplit_once('.').ok_or(NotOurs)?;
    let tag = Base64UrlUnpadded::decode_vec(tag).map_err(|_| NotOurs)?;
    if !root.is_tag(kind.purpose(), body.as_bytes(), &tag) {
        return Err(NotOurs);
    }
    let mut parts = body.strip_prefix(kind.prefix()).ok_or(NotOurs)?.split('.');
    let (Some(tenant), Some(user), Some(session), Some(secret), None) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(NotOurs);
    };
    Ok(OpaqueToken {
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
    use super::{Kind, NotOurs, OpaqueToken, mint, parse};
    use crate::id::{SessionId, TenantId, UserId};
    use crate::secret::SecretBytes;
    use crate::token::seal::RootKey;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn root() -> RootKey {
        RootKey::new(SecretBytes::new(vec![3; 32]))
    }

    fn minted() -> (String, OpaqueToken) {
        let (tenant, user) = (TenantId::parse("acme").unwrap(), UserId::parse("u-1").unwrap());
        let (text, token) = mint(Kind::Refresh, &root(), (&tenant, &user), &SessionId::parse("s_1").unwrap(), &[9; 32]);
        (text.expose().to_owned(), token)
    }

    #[test]
    fn a_refresh_token_reads_back_as_it_was_written() {
        let (text, token) = minted();
        assert!(text.starts_with("mgr_acme.u-1.s_1."));
        assert_eq!(parse(Kind::Refresh, &root(), &text), Ok(token.clone()));
        assert!(!text.contains(&token.secret_hash), "the token must not carry what is stored");
    }

    #[test]
    fn every_change_of_one_character_is_refused() {
        let (text, _) = minted();
        for index in 0..text.len() {
            for other in ["A", "B", ".", "_"] {
                let mut changed = text.clone();
                changed.replace_range(index..=index, other);
                assert!(changed == text || parse(Kind::Refresh, &root(), &changed) == Err(NotOurs), "{changed}");
            }
        }
    }

    #[test]
    fn a_token_of_another_gateway_is_refused() {
        let other = RootKey::new(SecretBytes::new(vec![4; 32]));
        assert_eq!(parse(Kind::Refresh, &other, &minted().0), Err(NotOurs));
        for text in ["", ".", "mgr_", "mgr_a.b.c.d.e", &"x".repeat(10_000)] {
            assert_eq!(parse(Kind::Refresh, &root(), text), Err(NotOurs));
        }
    }

    #[test]
    fn a_token_of_one_kind_is_none_of_another() {
        let (text, _) = minted();
        for kind in [Kind::Code, Kind::Browser, Kind::ApiKey] {
            assert_eq!(parse(kind, &root(), &text), Err(NotOurs));
            assert_eq!(parse(kind, &root(), &text.replacen("mgr_", kind.prefix(), 1)), Err(NotOurs));
        }
    }
}
