//! Access tokens: JWTs (RFC 7519) in the profile of RFC 9068, signed with Ed25519 (RFC 8037).
//!
//! One deliberate deviation from RFC 9068: it wants RS256 supported, and this gateway has no RSA (RUSTSEC-2023-0071).
//! The name `Ed25519` of RFC 9864 is accepted beside `EdDSA`; tokens are signed as `EdDSA`, which today's readers know.

use crate::id::{SessionId, TenantId, TokenId, UserId};
use crate::json::{self, Caps};
use crate::scope::Scope;
use crate::secret::SecretText;
use crate::time::{Lifetime, Timestamp};
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
    /// Audience: the gateway's resource identifier.
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
}

/// What the reader demands beside a good signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation<'a> {
    /// Exact issuer.
    pub issuer: &'a str,
    /// Exact audience.
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

    /// When the token stops being valid; caches must not keep it longer.
    pub fn expires_at(&self) -> Timestamp {
        Timestamp::from_seconds(self.claims.exp)
    }
}

/// Signs claims with the current key.
pub fn mint(keys: &KeyRing, claims: &AccessClaims) -> Result<SecretText, TokenRefusal> {
    let (key, id) = keys.current();
    let header = Header::empty().with_key_id(id.to_string()).with_token_type(TYPE);
    StrictEd25519.token(&header, &Claims::new(claims), key).map(SecretText::new).map_err(|_| TokenRefusal::Claims)
}

/// Verifies a token from outside: RFC 8725 and RFC 9068 section 4.
///
/// 1. three canonical base64url parts, at most 8 KiB; 2. a header of `alg`, `typ`, `kid` and nothing else, so that no
///    `jwk`, `jku`, `x5c`, `crit`, `b64` or `zip` can steer the reader; 3. the key is ours, by `kid`; 4. the algorithm is
///    the key's; 5. the signature verifies strictly; 6. every claim is there once and has its type; 7. issuer, audience and
///    times hold.
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
    check(&claims, expectation)?;
    Ok(VerifiedToken { claims })
}

fn check(claims: &AccessClaims, expectation: &Expectation<'_>) -> Result<(), TokenRefusal> {
    let now = expectation.now;
    let from = claims.nbf.unwrap_or(claims.iat).max(claims.iat);
    if claims.client_id.is_empty() || !claims.client_id.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(TokenRefusal::Claims);
    }
    if claims.iss != expectation.issuer {
        return Err(TokenRefusal::Issuer);
    }
    if claims.aud != expectation.audience {
        return Err(TokenRefusal::Audience);
    }
    if now >= Timestamp::from_seconds(claims.exp).plus(LEEWAY) {
        return Err(TokenRefusal::Expired);
    }
    if Timestamp::from_seconds(from) > now.plus(LEEWAY) {
        return Err(TokenRefusal::NotYetValid);
    }
    if Timestamp::from_seconds(claims.exp) > Timestamp::from_seconds(claims.iat).plus(expectation.max_lifetime) {
        return Err(TokenRefusal::TooLong);
    }
    Ok(())
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
mod tests {
    use super::{AccessClaims, Expectation, TokenRefusal, mint, verify};
    use crate::id::{SessionId, TenantId, TokenId, UserId, encode_random};
    use crate::scope::Scope;
    use crate::time::{Lifetime, Timestamp};
    use crate::token::jwks::KeyRing;
    use ed25519_dalek::Signer;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const SEED: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
    const NOW: u64 = 1_800_000_000;

    fn keys() -> KeyRing {
        KeyRing::read(&|name| (name == "SIGNING_KEY").then(|| SEED.to_owned())).unwrap()
    }

    fn claims() -> AccessClaims {
        AccessClaims {
            iss: "https://gw.example.com".into(),
            aud: "https://gw.example.com/mcp".into(),
            sub: UserId::parse("u-1").unwrap(),
            tenant: TenantId::parse("acme").unwrap(),
            client_id: "password-login".into(),
            scope: Scope::full(),
            sid: SessionId::parse("s-1").unwrap(),
            iat: NOW,
            exp: NOW + 600,
            nbf: None,
            jti: TokenId::from_bytes(&[5; 32]),
        }
    }

    fn expectation(now: u64) -> Expectation<'static> {
        Expectation {
            issuer: "https://gw.example.com",
            audience: "https://gw.example.com/mcp",
            max_lifetime: Lifetime::from_seconds(600),
            now: Timestamp::from_seconds(now),
        }
    }

    /// A token with any header and payload, truly signed by the gateway's key.
    fn signed(header: &str, payload: &str) -> String {
        let message = format!("{}.{}", encode_random(header.as_bytes()), encode_random(payload.as_bytes()));
        let signature = keys().current().0.sign(message.as_bytes());
        format!("{message}.{}", encode_random(&signature.to_bytes()))
    }

    fn header() -> String {
        format!(r#"{{"alg":"EdDSA","typ":"at+jwt","kid":"{}"}}"#, keys().current().1)
    }

    fn refusal(token: &str) -> TokenRefusal {
        verify(&keys(), token, &expectation(NOW)).expect_err(token)
    }

    #[test]
    fn the_gateway_accepts_its_own_token() {
        let token = mint(&keys(), &claims()).unwrap();
        let verified = verify(&keys(), token.expose(), &expectation(NOW)).unwrap();
        assert_eq!(verified.claims(), &claims());
        assert_eq!(verified.expires_at(), Timestamp::from_seconds(NOW + 600));
    }

    #[test]
    fn the_newer_algorithm_name_is_accepted_for_the_same_key() {
        let header = header().replace("EdDSA", "Ed25519");
        let payload = serde_json::to_string(&claims()).unwrap();
        assert!(verify(&keys(), &signed(&header, &payload), &expectation(NOW)).is_ok());
    }

    #[test]
    fn no_header_can_steer_the_reader() {
        let payload = serde_json::to_string(&claims()).unwrap();
        for extra in [
            "jwk\":{}",
            "jku\":\"https://e.example\"",
            "x5u\":\"\"",
            "x5c\":[]",
            "crit\":[]",
            "b64\":false",
            "zip\":\"DEF\"",
            "cty\":\"JWT\"",
        ] {
            let header = header().replace(r#"{"alg""#, &format!("{{\"{extra},\"alg\""));
            assert_eq!(refusal(&signed(&header, &payload)), TokenRefusal::Header, "{extra}");
        }
        let doubled = header().replace(r#"{"alg""#, r#"{"alg":"none","alg""#);
        assert_eq!(refusal(&signed(&doubled, &payload)), TokenRefusal::Header);
        assert_eq!(refusal(&signed(&header().replace("at+jwt", "JWT"), &payload)), TokenRefusal::Header);
        for alg in ["none", "HS256", "ES256", "eddsa", "RS256", ""] {
            assert_eq!(refusal(&signed(&header().replace("EdDSA", alg), &payload)), TokenRefusal::Algorithm, "{alg}");
        }
        let unknown = header().replace(keys().current().1.as_str(), "other");
        assert_eq!(refusal(&signed(&unknown, &payload)), TokenRefusal::UnknownKey);
    }

    #[test]
    fn every_claim_must_be_there_once_with_its_type() {
        let good = serde_json::to_value(claims()).unwrap();
        for name in ["iss", "aud", "sub", "tenant", "client_id", "scope", "sid", "iat", "exp", "jti"] {
            for wrong in ["null", "[]", "{}", "true", "1.5", "\"\\u0000\""] {
                let mut claims = good.clone();
                claims[name] = serde_json::from_str(wrong).unwrap();
                assert!(
                    verify(&keys(), &signed(&header(), &claims.to_string()), &expectation(NOW)).is_err(),
                    "{name} {wrong}"
                );
            }
            let mut without = good.clone();
            without.as_object_mut().unwrap().shift_remove(name);
            assert_eq!(refusal(&signed(&header(), &without.to_string())), TokenRefusal::Claims, "{name}");
        }
        let mut early = good.clone();
        early["nbf"] = serde_json::json!("soon");
        assert_eq!(refusal(&signed(&header(), &early.to_string())), TokenRefusal::Claims);
        let doubled = good.to_string().replace(r#"{"iss""#, r#"{"exp":9999999999,"iss""#);
        assert_eq!(refusal(&signed(&header(), &doubled)), TokenRefusal::Claims);
    }

    #[test]
    fn issuer_audience_and_times_hold_exactly() {
        type Change = fn(&mut AccessClaims);
        let cases: [(Change, TokenRefusal); 6] = [
            (|c| c.iss.push('/'), TokenRefusal::Issuer),
            (|c| c.aud = "https://gw.example.com".into(), TokenRefusal::Audience),
            (|c| c.exp = NOW - 30, TokenRefusal::Expired),
            (
                |c| {
                    c.iat = NOW + 31;
                    c.exp = NOW + 60;
                },
                TokenRefusal::NotYetValid,
            ),
            (|c| c.nbf = Some(NOW + 31), TokenRefusal::NotYetValid),
            (|c| c.exp = NOW + 601, TokenRefusal::TooLong),
        ];
        for (change, expected) in cases {
            let mut claims = claims();
            change(&mut claims);
            if expected == TokenRefusal::Expired {
                claims.iat = NOW - 600;
            }
            assert_eq!(refusal(mint(&keys(), &claims).unwrap().expose()), expected);
        }
    }

    #[test]
    fn every_change_of_one_character_is_refused() {
        let token = mint(&keys(), &claims()).unwrap().expose().to_owned();
        for index in 0..token.len() {
            for other in ["A", "Q", "_", "=", ".", " "] {
                let mut changed = token.clone();
                changed.replace_range(index..=index, other);
                assert!(changed == token || verify(&keys(), &changed, &expectation(NOW)).is_err(), "{index} {other}");
            }
        }
        for other in
            [format!("{token}."), format!("{token}.x"), format!("{token}="), format!(" {token}"), format!("{token}\n")]
        {
            assert!(verify(&keys(), &other, &expectation(NOW)).is_err());
        }
        assert_eq!(refusal(&"a".repeat(9000)), TokenRefusal::Malformed);
    }

    #[test]
    fn a_token_of_a_removed_key_is_refused() {
        let token = mint(&keys(), &claims()).unwrap();
        let other = encode_random(&std::array::from_fn::<u8, 32, _>(|i| u8::try_from(i).unwrap()));
        let ring = KeyRing::read(&|name| (name == "SIGNING_KEY").then(|| other.clone())).unwrap();
        assert_eq!(verify(&ring, token.expose(), &expectation(NOW)), Err(TokenRefusal::UnknownKey));
        let rotated = KeyRing::read(&|name| match name {
            "SIGNING_KEY" => Some(other.clone()),
            "SIGNING_KEY_PREVIOUS" => Some(SEED.to_owned()),
            _ => None,
        });
        assert!(verify(&rotated.unwrap(), token.expose(), &expectation(NOW)).is_ok());
    }
}
