//! Tokens the provider signed, as they are read before their signature is checked (RFC 7515, RFC 7519, RFC 8725).

use crate::json::{self, Caps};
use crate::time::{Lifetime, Timestamp};
use base64ct::{Base64UrlUnpadded, Encoding};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

/// Longest token, in bytes.
const MAX_LENGTH: usize = 8 * 1024;
/// How far the clocks of the provider and of this gateway may differ.
pub(super) const LEEWAY: Lifetime = Lifetime::from_seconds(60);

/// An algorithm of a signature. No other is understood: nothing symmetric, and not `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// ECDSA with P-256 and SHA-256.
    Es256,
    /// Ed25519.
    Ed25519,
}

/// Why a token of the provider is not good: for the log. Whoever brought it is told one thing for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenProblem {
    /// Not a compact JWS of three canonical base64url parts, or too long.
    #[error("not a compact signed token")]
    Malformed,
    /// The header asks for something this reader does not do.
    #[error("the header asks for something unknown")]
    Header,
    /// An algorithm that is not understood, or another than the key's.
    #[error("the algorithm is not the key's")]
    Algorithm,
    /// A token of another kind.
    #[error("a token of another type")]
    Type,
    /// No key of that name.
    #[error("unknown signing key")]
    UnknownKey,
    /// The signature does not verify.
    #[error("bad signature")]
    Signature,
    /// A claim is missing, doubled or of the wrong type.
    #[error("a claim is missing, doubled or of the wrong type")]
    Claims,
    /// Another issuer.
    #[error("wrong issuer")]
    Issuer,
    /// For somebody else.
    #[error("wrong audience")]
    Audience,
    /// Of another request.
    #[error("wrong nonce")]
    Nonce,
    /// Expired.
    #[error("expired")]
    Expired,
    /// Issued in the future or not yet valid.
    #[error("not yet valid")]
    NotYetValid,
    /// Good for longer than one use of it takes.
    #[error("lives longer than allowed")]
    TooLong,
    /// Given to another client than the one that brings it.
    #[error("another client's")]
    OtherClient,
    /// For a resource that is none of this gateway's, or not the one that is asked for.
    #[error("wrong resource")]
    Resource,
    /// Nothing of what it allows can be allowed here.
    #[error("nothing in common with what is asked for")]
    Scope,
    /// It says somebody's groups in a way that cannot be used: too many, no names, or elsewhere.
    #[error("groups that cannot be used")]
    Groups,
    /// Bound to a key, which this gateway cannot ask a proof of.
    #[error("bound to a key")]
    Bound,
}

/// A token that was read and whose signature was not checked.
pub struct Unverified {
    /// The algorithm it names. The key must be of it.
    pub algorithm: Algorithm,
    /// The key it names.
    pub kid: Option<String>,
    /// What is signed.
    pub signed: String,
    /// The signature.
    pub signature: Vec<u8>,
    typ: Option<String>,
    claims: Value,
}

impl std::fmt::Debug for Unverified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unverified").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// Keys and addresses of keys in a header (`jwk`, `jku`, `x5c`, `x5u`) have no field here: nobody reads them.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<IgnoredAny>,
    b64: Option<IgnoredAny>,
    zip: Option<IgnoredAny>,
}

impl Algorithm {
    /// Reads `alg`. `Ed25519` is the name of RFC 9864 for what RFC 8037 calls `EdDSA`.
    pub fn parse(alg: &str) -> Option<Self> {
        match alg {
            "RS256" => Some(Self::Rs256),
            "ES256" => Some(Self::Es256),
            "EdDSA" | "Ed25519" => Some(Self::Ed25519),
            _ => None,
        }
    }
}

impl Unverified {
    /// Reads a token: at most 8 KiB, exactly three canonical base64url parts, no member of header or claims twice, an
    /// algorithm that is understood, and nothing critical, compressed or detached.
    pub fn parse(text: &str) -> Result<Self, TokenProblem> {
        if text.len() > MAX_LENGTH {
            return Err(TokenProblem::Malformed);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(TokenProblem::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(TokenProblem::Malformed)?;
        let header: Header =
            serde_json::from_value(part(header, TokenProblem::Header)?).map_err(|_| TokenProblem::Header)?;
        if header.crit.is_some() || header.b64.is_some() || header.zip.is_some() {
            return Err(TokenProblem::Header);
        }
        Ok(Self {
            algorithm: Algorithm::parse(&header.alg).ok_or(TokenProblem::Algorithm)?,
            kid: header.kid,
            signed: signed.to_owned(),
            signature: Base64UrlUnpadded::decode_vec(signature).map_err(|_| TokenProblem::Malformed)?,
            typ: header.typ,
            claims: part(claims, TokenProblem::Claims)?,
        })
    }

    /// Whether it says that it is of this type, in whatever case (RFC 7515 section 4.1.9).
    pub(super) fn is_type(&self, name: &str) -> bool {
        self.typ.as_deref().is_some_and(|typ| typ.eq_ignore_ascii_case(name))
    }

    /// Whether it says of what type it is.
    pub(super) fn has_type(&self) -> bool {
        self.typ.is_some()
    }

    /// Its claims.
    pub(super) fn claims<T: DeserializeOwned>(&self) -> Result<T, TokenProblem> {
        serde_json::from_value(self.claims.clone()).map_err(|_| TokenProblem::Claims)
    }
}

/// When a token is good, in seconds since 1970.
pub(super) struct Times {
    /// `exp`
    pub exp: u64,
    /// `iat`
    pub iat: u64,
    /// `nbf`
    pub nbf: Option<u64>,
}

impl Times {
    /// Whether it is good now, give or take the leeway.
    pub(super) fn check(&self, now: Timestamp) -> Result<(), TokenProblem> {
        if now >= Timestamp::from_seconds(self.exp).plus(LEEWAY) {
            return Err(TokenProblem::Expired);
        }
        let from = self.iat.max(self.nbf.unwrap_or(0));
        if Timestamp::from_seconds(from) > now.plus(LEEWAY) {
            return Err(TokenProblem::NotYetValid);
        }
        Ok(())
    }
}

/// Texts of a member that stands alone or in a list.
#[derive(Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct OneOrMany(Vec<String>);

impl TryFrom<Value> for OneOrMany {
    type Error = TokenProblem;
    fn try_from(value: Value) -> Result<Self, TokenProblem> {
        let texts = match value {
            Value::Array(texts) => texts,
            alone => vec![alone],
        };
        let text = |value| if let Value::String(text) = value { Ok(text) } else { Err(TokenProblem::Claims) };
        texts.into_iter().map(text).collect::<Result<_, _>>().map(Self)
    }
}

impl OneOrMany {
    /// The texts.
    pub(super) fn as_slice(&self) -> &[String] {
        &self.0
    }
}

fn part(part: &str, problem: TokenProblem) -> Result<Value, TokenProblem> {
    let bytes = Base64UrlUnpadded::decode_vec(part).map_err(|_| TokenProblem::Malformed)?;
    json::parse_object(&bytes, Caps { max_bytes: MAX_LENGTH, max_depth: 8 }).map_err(|_| problem)
}

#[cfg(test)]
mod tests {
    use super::{Algorithm, TokenProblem, Unverified};
    use crate::oidc::sample::token;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const HEADER: &str = r#"{"alg":"RS256","kid":"k","typ":"JWT"}"#;

    fn problem(text: &str) -> TokenProblem {
        Unverified::parse(text).expect_err(text)
    }

    #[test]
    fn a_token_is_read_and_its_signature_is_left_to_others() {
        let read = Unverified::parse(&token(HEADER, r#"{"sub":"hidden"}"#)).unwrap();
        assert_eq!(
            (read.algorithm, read.kid.as_deref(), &*read.signature),
            (Algorithm::Rs256, Some("k"), &b"signature"[..])
        );
        assert_eq!(read.signed.split('.').count(), 2);
        assert!(read.is_type("jwt") && !format!("{read:?}").contains("hidden"));
    }

    #[test]
    fn what_is_not_three_canonical_parts_of_bounded_length_is_refused() {
        let good = token(HEADER, "{}");
        let parts: Vec<&str> = good.split('.').collect();
        for text in [
            "",
            "a",
            "a.b",
            "a.b.c.d",
            &format!("{good}."),
            &format!("{good}="),
            &format!(" {good}"),
            &format!("{good}\n"),
            &format!("{}.{}.{}+", parts[0], parts[1], parts[2]),
            &format!("{}=.{}.{}", parts[0], parts[1], parts[2]),
            // The last letter has bits that no byte needs.
            &format!("{}.{}.c2lnbmF0dXJl{}", parts[0], parts[1], "AB"),
            &format!("{}.{}.{}", parts[0], parts[1], "A".repeat(8192)),
        ] {
            assert_eq!(problem(text), TokenProblem::Malformed, "{text}");
        }
        assert!(Unverified::parse("..").is_err() && Unverified::parse(&format!(".{good}")).is_err());
    }

    #[test]
    fn an_algorithm_that_is_not_understood_is_refused() {
        for alg in ["none", "None", "HS256", "PS256", "RS384", "RS512", "ES384", "rs256", ""] {
            assert_eq!(problem(&token(&HEADER.replace("RS256", alg), "{}")), TokenProblem::Algorithm, "{alg}");
        }
        for (alg, read) in [("ES256", Algorithm::Es256), ("EdDSA", Algorithm::Ed25519), ("Ed25519", Algorithm::Ed25519)]
        {
            assert_eq!(Unverified::parse(&token(&HEADER.replace("RS256", alg), "{}")).unwrap().algorithm, read);
        }
    }

    #[test]
    fn a_header_that_asks_for_more_or_says_something_twice_is_refused() {
        for header in [
            r#"{"alg":"RS256","crit":["x"]}"#,
            r#"{"alg":"RS256","b64":false}"#,
            r#"{"alg":"RS256","zip":"DEF"}"#,
            r#"{"alg":"none","alg":"RS256"}"#,
            r#"{"alg":"RS256","kid":1}"#,
            r#"{"alg":["RS256"]}"#,
            r#"{"kid":"k"}"#,
            r#"["RS256","k"]"#,
            "null",
        ] {
            assert_eq!(problem(&token(header, "{}")), TokenProblem::Header, "{header}");
        }
        for claims in [r#"{"sub":"a","sub":"b"}"#, "[]", "", "{", r#"{"a":[[[[[[[[1]]]]]]]]}"#] {
            assert_eq!(problem(&token(HEADER, claims)), TokenProblem::Claims, "{claims}");
        }
    }
}
