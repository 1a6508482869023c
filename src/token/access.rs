//! Access tokens: JWTs (RFC 7519) in the profile of RFC 9068, signed with Ed25519 (RFC 8037).
//!
//! One deliberate deviation from RFC 9068: it wants RS256 supported, and this gateway has no RSA (RUSTSEC-2023-0071).
//! The name `Ed25519` of RFC 9864 is accepted beside `EdDSA`; tokens are signed as `EdDSA`, which today's readers know.

use crate::entropy::stamp::Stamp;
use crate::id::{SessionId, TenantId, TokenId, UserId};
use crate::json::{self, Caps};
use crate::scope::Scope;
use crate::secret::SecretText;
use crate::time::{Lifetime, Timestamp};
use crate::token::audience::Audience;
use crate::token::jwks::KeyRing;
use base64ct::{Base64UrlUnpadded, Encoding};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use jwt_compact::{Algorithm, AlgorithmExt, Claims, Header, Renamed, UntrustedToken, ValidationError};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Longest token read, in bytes.
const MAX_LENGTH: usize = 8 * 1024;
/// Clocks of issuer and reader may differ by this much. They are the same gateway, so this covers edge locations only.
const LEEWAY: Lifetime = Lifetime::from_seconds(30);
const TYPE: &str = "at+jwt";

/// What an access token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    /// Issuer: the gateway's configured origin.
    pub iss: String,
    /// Audience: the gateway's resource identifier, or that of one virtual server below it.
    pub aud: String,
    /// The user.
    pub sub: UserId,
    /// The user's tenant.
    pub tenant: TenantId,
    /// The client the token was issued to.
    pub client_id: String,
    /// What the token may be used for.
    pub scope: Scope,
    /// The session, which is revoked as a whole.
    pub sid: SessionId,
    /// Issued at, seconds since 1970.
    pub iat: u64,
    /// Expires at, seconds since 1970.
    pub exp: u64,
    /// Not before, seconds since 1970. Never written, honoured when there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<u64>,
    /// Unique id of the token: 32 bytes from the entropy room, base64url.
    pub jti: TokenId,
    /// What may be said about the randomness of `jti`. Whoever reads the token decides nothing by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ent: Option<Stamp>,
}

/// What an access token for a server behind the gateway says (RFC 8693 section 4.1). It has no session, and its audience is
/// elsewhere: the gateway itself takes none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DelegatedClaims {
    /// Issuer: the gateway's configured origin.
    pub iss: String,
    /// Audience: the server's address.
    pub aud: String,
    /// The user.
    pub sub: UserId,
    /// The user's tenant.
    pub tenant: TenantId,
    /// The client the token was issued to.
    pub client_id: String,
    /// What the token may be used for.
    pub scope: Scope,
    /// Who acts for the user.
    pub act: Actor,
    /// Issued at, seconds since 1970.
    pub iat: u64,
    /// Expires at, seconds since 1970.
    pub exp: u64,
    /// Unique id of the token.
    pub jti: TokenId,
}

/// Who acts for somebody (RFC 8693 section 4.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Actor {
    /// The client.
    pub sub: String,
}

/// What the reader demands beside a good signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation<'a> {
    /// Exact issuer.
    pub issuer: &'a str,
    /// The resource of everything this gateway serves: the audience, or the base of that of a virtual server.
    pub audience: &'a str,
    /// Longest life a token may claim.
    pub max_lifetime: Lifetime,
    /// Now.
    pub now: Timestamp,
}

/// Claims whose signature and content were checked. Only [`verify`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedToken {
    claims: AccessClaims,
    audience: Audience,
}

/// Why a token was refused: for the log. To a client they all look the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefusal {
    /// Not a compact JWS of three canonical base64url parts.
    #[error("not a compact signed token")]
    Malformed,
    /// The header has anything but `alg`, `typ` and `kid`, or a wrong `typ`.
    #[error("the header is not that of an access token")]
    Header,
    /// No key of that name.
    #[error("unknown signing key")]
    UnknownKey,
    /// An algorithm other than the key's own.
    #[error("the algorithm is not the key's")]
    Algorithm,
    /// The signature does not verify.
    #[error("bad signature")]
    Signature,
    /// A claim is missing, doubled, or of the wrong type.
    #[error("a claim is missing, doubled or of the wrong type")]
    Claims,
    /// Another issuer.
    #[error("wrong issuer")]
    Issuer,
    /// Another audience.
    #[error("wrong audience")]
    Audience,
    /// Expired.
    #[error("expired")]
    Expired,
    /// Issued in the future or not yet valid.
    #[error("not yet valid")]
    NotYetValid,
    /// Claims a longer life than this gateway gives.
    #[error("lives longer than allowed")]
    TooLong,
}

impl VerifiedToken {
    /// The checked claims.
    pub fn claims(&self) -> &AccessClaims {
        &self.claims
    }

    /// Whether it is for the endpoint of this virtual server, or, without one, for every other route.
    pub fn is_for(&self, server: Option<&str>) -> bool {
        self.audience.covers(server)
    }

    /// When the token stops being valid; caches must not keep it longer.
    pub fn expires_at(&self) -> Timestamp {
        Timestamp::from_seconds(self.claims.exp)
    }
}

/// Signs claims with the current key.
pub fn mint(keys: &KeyRing, claims: &AccessClaims) -> Result<SecretText, TokenRefusal> {
    sign(keys, claims)
}

/// Signs claims for a server behind the gateway with the same key.
pub fn mint_delegated(keys: &KeyRing, claims: &DelegatedClaims) -> Result<SecretText, TokenRefusal> {
    sign(keys, claims)
}

fn sign(keys: &KeyRing, claims: &impl Serialize) -> Result<SecretText, TokenRefusal> {
    let (key, id) = keys.current();
    let header = Header::empty().with_key_id(id.to_string()).with_token_type(TYPE);
    StrictEd25519.token(&header, &Claims::new(claims), key).map(SecretText::new).map_err(|_| TokenRefusal::Claims)
}

/// Verifies a token from outside: RFC 8725 and RFC 9068 section 4.
///
/// 1. three canonical base64url parts, at most 8 KiB; 2. a header of `alg`, `typ`, `kid` and nothing else, so that no
///    `jwk`, `jku`, `x5c`, `crit`, `b64` or `zip` can steer the reader; 3. the key is ours, by `kid`; 4. the algorithm is
///    the key's; 5. the signature verifies strictly; 6. every claim is there once and has its type; 7. issuer, audience and
///    times hold. Where the token may be used depends on its audience: see [`VerifiedToken::is_for`].
pub fn verify(keys: &KeyRing, text: &str, expectation: &Expectation<'_>) -> Result<VerifiedToken, TokenRefusal> {
    let (header, payload) = split(text)?;
    let header: HeaderFields = parse_part(header).ok_or(TokenRefusal::Header)?;
    if !header.typ.eq_ignore_ascii_case(TYPE) && !header.typ.eq_ignore_ascii_case("application/at+jwt") {
        return Err(TokenRefusal::Header);
    }
    let key = keys.find(&header.kid).ok_or(TokenRefusal::UnknownKey)?;
    let name = match header.alg.as_str() {
        "EdDSA" => "EdDSA",
        "Ed25519" => "Ed25519",
        _ => return Err(TokenRefusal::Algorithm),
    };
    let untrusted = UntrustedToken::new(text).map_err(|_| TokenRefusal::Malformed)?;
    Renamed::new(StrictEd25519, name).validator::<jwt_compact::Empty>(key).validate(&untrusted).map_err(|error| {
        match error {
            ValidationError::MalformedClaims(_) => TokenRefusal::Claims,
            _ => TokenRefusal::Signature,
        }
    })?;
    let claims: AccessClaims = parse_part(payload).ok_or(TokenRefusal::Claims)?;
    let audience = check(&claims, expectation)?;
    Ok(VerifiedToken { claims, audience })
}

fn check(claims: &AccessClaims, expectation: &Expectation<'_>) -> Result<Audience, TokenRefusal> {
    let now = expectation.now;
    let from = claims.nbf.unwrap_or(claims.iat).max(claims.iat);
    if claims.client_id.is_empty() || !claims.client_id.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(TokenRefusal::Claims);
    }
    if claims.iss != expectation.issuer {
        return Err(TokenRefusal::Issuer);
    }
    let audience = Audience::parse(expectation.audience, &claims.aud).ok_or(TokenRefusal::Audience)?;
    if now >= Timestamp::from_seconds(claims.exp).plus(LEEWAY) {
        return Err(TokenRefusal::Expired);
    }
    if Timestamp::from_seconds(from) > now.plus(LEEWAY) {
        return Err(TokenRefusal::NotYetValid);
    }
    if Timestamp::from_seconds(claims.exp) > Timestamp::from_seconds(claims.iat).plus(expectation.max_lifetime) {
        return Err(TokenRefusal::TooLong);
    }
    Ok(audience)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HeaderFields {
    alg: String,
    typ: String,
    kid: String,
}

fn split(text: &str) -> Result<(&str, &str), TokenRefusal> {
    if text.len() > MAX_LENGTH {
        return Err(TokenRefusal::Malformed);
    }
    let mut parts = text.split('.');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(header), Some(payload), Some(_), None) => Ok((header, payload)),
        _ => Err(TokenRefusal::Malformed),
    }
}

fn parse_part<T: serde::de::DeserializeOwned>(part: &str) -> Option<T> {
    let bytes = Base64UrlUnpadded::decode_vec(part).ok()?;
    let value = json::parse_object(&bytes, Caps { max_bytes: MAX_LENGTH, max_depth: 4 }).ok()?;
    serde_json::from_value(value).ok()
}

/// Ed25519 for `jwt-compact`, verifying strictly: the library's own uses the cofactored check, which lets one signature
/// have several spellings.
#[derive(Clone, Copy, Debug)]
struct StrictEd25519;

impl Algorithm for StrictEd25519 {
    type SigningKey = SigningKey;
    type VerifyingKey = VerifyingKey;
    type Signature = StrictSignature;

    fn name(&self) -> Cow<'static, str> {
        Cow::Borrowed("EdDSA")
    }

    fn sign(&self, key: &SigningKey, message: &[u8]) -> StrictSignature {
        StrictSignature(key.sign(message))
    }

    fn verify_signature(&self, signature: &StrictSignature, key: &VerifyingKey, message: &[u8]) -> bool {
        key.verify_strict(message, &signature.0).is_ok()
    }
}

struct StrictSignature(Signature);

impl jwt_compact::AlgorithmSignature for StrictSignature {
    const LENGTH: Option<std::num::NonZeroUsize> = std::num::NonZeroUsize::new(64);

    fn try_from_slice(bytes: &[u8]) -> anyhow::Result<Self> {
        Signature::from_slice(bytes).map(Self).map_err(|_| anyhow::anyhow!("not an Ed25519 signature"))
    }

    fn as_bytes(&self) -> Cow<'_, [u8]> {
        Cow::Owned(self.0.to_bytes().to_vec())
    }
}

#[cfg(test)]
#[path = "access_tests.rs"]
mod tests;
