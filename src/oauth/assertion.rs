//! Client assertions: a JWT that a client signs with its own key instead of sending a secret (RFC 7523 section 3).

use crate::json::{self, Caps};
use crate::oauth::error::{Code, OAuthError};
use crate::oauth::key::SignatureAlgorithm;
use crate::time::{Lifetime, Timestamp};
use base64ct::{Base64UrlUnpadded, Encoding};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Longest assertion, in bytes.
const MAX_LENGTH: usize = 8 * 1024;
/// The longest an assertion may still be good: it is signed for one request.
const MAX_LIFE: Lifetime = Lifetime::from_seconds(300);
/// How far clocks may differ.
const LEEWAY: Lifetime = Lifetime::from_seconds(30);
const REFUSED: OAuthError = Code::InvalidClient.because("the client assertion is not good");

/// An assertion that was read and whose signature was not checked.
pub struct Unverified {
    /// The algorithm it names. The key must be of it.
    pub algorithm: SignatureAlgorithm,
    /// The key it names.
    pub kid: Option<String>,
    /// What is signed.
    pub signed: String,
    /// The signature.
    pub signature: Vec<u8>,
    claims: Claims,
}

impl std::fmt::Debug for Unverified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unverified").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// What must be remembered of an assertion that was accepted, so that it is accepted once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spent {
    /// Its id.
    pub jti: String,
    /// Until when it would be good.
    pub until: Timestamp,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    #[serde(default)]
    crit: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    b64: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: u64,
    iat: Option<u64>,
    nbf: Option<u64>,
    jti: String,
}

/// One audience, as a text or as the only one of a list (RFC 7519 section 4.1.3).
#[derive(Deserialize)]
#[serde(try_from = "Value")]
struct Audience(String);

impl TryFrom<Value> for Audience {
    type Error = OAuthError;
    fn try_from(value: Value) -> Result<Self, OAuthError> {
        let one = match value {
            Value::Array(list) => <[Value; 1]>::try_from(list).map(|[one]| one).map_err(|_| REFUSED)?,
            other => other,
        };
        one.as_str().map(|text| Self(text.to_owned())).ok_or(REFUSED)
    }
}

impl Unverified {
    /// Reads an assertion: three canonical base64url parts, a header whose algorithm is known and that asks for nothing
    /// unknown, and every claim with its type. `iss` and `sub` are one (RFC 7523 section 3).
    pub fn parse(text: &str) -> Result<Self, OAuthError> {
        let (signed, signature) = text.rsplit_once('.').filter(|_| text.len() <= MAX_LENGTH).ok_or(REFUSED)?;
        let (header, payload) = signed.split_once('.').filter(|(_, rest)| !rest.contains('.')).ok_or(REFUSED)?;
        let header: Header = part(header)?;
        let claims: Claims = part(payload)?;
        if header.crit.is_some() || header.b64.is_some() || claims.iss != claims.sub {
            return Err(REFUSED);
        }
        Ok(Self {
            algorithm: SignatureAlgorithm::parse(&header.alg).ok_or(REFUSED)?,
            kid: header.kid,
            signed: signed.to_owned(),
            signature: Base64UrlUnpadded::decode_vec(signature).map_err(|_| REFUSED)?,
            claims,
        })
    }

    /// The client that it says it is of.
    pub fn client_id(&self) -> &str {
        &self.claims.sub
    }

    /// What holds besides the signature: it is for one of these audiences alone, it is good now, and for five minutes at
    /// most.
    pub fn check(&self, audiences: &[&str], now: Timestamp) -> Result<Spent, OAuthError> {
        let claims = &self.claims;
        let Audience(audience) = &claims.aud;
        let until = Timestamp::from_seconds(claims.exp);
        let from = Timestamp::from_seconds(claims.nbf.unwrap_or(0).max(claims.iat.unwrap_or(0)));
        let good = audiences.contains(&audience.as_str())
            && now < until.plus(LEEWAY)
            && until <= now.plus(MAX_LIFE).plus(LEEWAY)
            && from <= now.plus(LEEWAY)
            && (8..=256).contains(&claims.jti.len());
        if good { Ok(Spent { jti: claims.jti.clone(), until: until.plus(LEEWAY) }) } else { Err(REFUSED) }
    }
}

fn part<T: DeserializeOwned>(part: &str) -> Result<T, OAuthError> {
    let bytes = Base64UrlUnpadded::decode_vec(part).map_err(|_| REFUSED)?;
    let value = json::parse_object(&bytes, Caps { max_bytes: MAX_LENGTH, max_depth: 4 }).map_err(|_| REFUSED)?;
    serde_json::from_value(value).map_err(|_| REFUSED)
}

#[cfg(test)]
mod tests {
    use super::Unverified;
    use crate::time::Timestamp;
    use base64ct::{Base64UrlUnpadded, Encoding};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const NOW: Timestamp = Timestamp::from_seconds(1_000);
    const ISSUER: &str = "https://gw.example";

    fn assertion(header: &str, claims: &str) -> String {
        let encode = |text: &str| Base64UrlUnpadded::encode_string(text.as_bytes());
        format!("{}.{}.{}", encode(header), encode(claims), encode("signature"))
    }

    fn claims(aud: &str, exp: u64) -> String {
        format!(r#"{{"iss":"c","sub":"c","aud":{aud},"exp":{exp},"jti":"12345678"}}"#)
    }

    const HEADER: &str = r#"{"alg":"ES256","kid":"k"}"#;

    #[test]
    fn an_assertion_is_read_and_names_its_client() {
        let read = Unverified::parse(&assertion(HEADER, &claims("\"https://gw.example\"", 1_060))).unwrap();
        assert_eq!((read.client_id(), read.kid.as_deref()), ("c", Some("k")));
        let spent = read.check(&[ISSUER], NOW).unwrap();
        assert_eq!((spent.jti.as_str(), spent.until), ("12345678", Timestamp::from_seconds(1_090)));
        let listed = Unverified::parse(&assertion(HEADER, &claims("[\"https://gw.example\"]", 1_060))).unwrap();
        assert!(listed.check(&[ISSUER], NOW).is_ok());
    }

    #[test]
    fn another_audience_and_another_time_are_refused() {
        for (aud, exp) in [
            ("\"https://other.example\"", 1_060),
            ("\"https://gw.example/\"", 1_060),
            ("\"https://gw.example\"", 900),
            ("\"https://gw.example\"", 1_400),
        ] {
            let read = Unverified::parse(&assertion(HEADER, &claims(aud, exp))).unwrap();
            assert!(read.check(&[ISSUER], NOW).is_err(), "{aud} {exp}");
        }
    }

    #[test]
    fn what_is_not_a_plain_signed_assertion_of_one_client_is_refused() {
        let good = claims("\"https://gw.example\"", 1_060);
        for (header, claims) in [
            (r#"{"alg":"none"}"#, good.as_str()),
            (r#"{"alg":"HS256"}"#, &good),
            (r#"{"alg":"ES256","crit":["x"]}"#, &good),
            (r#"{"alg":"ES256","alg":"ES256"}"#, &good),
            (HEADER, r#"{"iss":"a","sub":"b","aud":"x","exp":1,"jti":"12345678"}"#),
            (HEADER, r#"{"iss":"a","sub":"a","aud":["x","y"],"exp":1,"jti":"12345678"}"#),
            (HEADER, r#"{"iss":"a","sub":"a","aud":"x","exp":"1","jti":"12345678"}"#),
            (HEADER, r#"{"iss":"a","sub":"a","aud":"x","exp":1}"#),
        ] {
            assert!(Unverified::parse(&assertion(header, claims)).is_err(), "{header} {claims}");
        }
        for text in ["", "a", "a.b", "a.b.c", "a.b.c.d", &"x".repeat(9_000)] {
            assert!(Unverified::parse(text).is_err(), "{text}");
        }
    }
}
