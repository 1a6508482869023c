//! `POST /auth/introspect` (RFC 7662): which tokens are shown to whom, and as what.
//!
//! A token is shown to callers of its own tenant while it is good. Everything else looks the same: made up, expired,
//! revoked, another tenant's, another issuer's, a refresh token (RFC 7662 section 2.2).

use crate::api::body::demand_type;
use crate::api::problem::Problem;
use crate::entropy::stamp::Stamp;
use crate::id::TenantId;
use crate::secret::SecretText;
use crate::time::Timestamp;
use crate::token::access::{AccessClaims, VerifiedToken};
use serde::Serialize;
use url::form_urlencoded;

/// The media type of the body.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// Body of `POST /auth/introspect`, a form (RFC 7662 section 2.1). Other parameters are ignored.
#[derive(Debug)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct IntrospectionRequest {
    /// The token that is asked about.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "String", length(min = 1)))]
    pub token: SecretText,
    /// What kind of token the caller takes it for. Nothing depends on it: access tokens alone are ever active.
    pub token_type_hint: Option<String>,
}

/// Answer of `POST /auth/introspect` (RFC 7662 section 2.2).
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Introspection {
    /// The token is good.
    Active(Box<ActiveToken>),
    /// It is not, or is none the caller may know of.
    Inactive(InactiveToken),
}

/// What is said of a good token.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct ActiveToken {
    /// `true`
    #[cfg_attr(not(target_arch = "wasm32"), schemars(extend("const" = true)))]
    pub active: bool,
    /// What the token may be used for.
    pub scope: String,
    /// The client it was issued to.
    pub client_id: String,
    /// The user's login name.
    pub username: String,
    /// `Bearer`
    #[cfg_attr(not(target_arch = "wasm32"), schemars(extend("const" = "Bearer")))]
    pub token_type: &'static str,
    /// When it expires, seconds since 1970.
    pub exp: u64,
    /// When it was issued, seconds since 1970.
    pub iat: u64,
    /// The user's id.
    pub sub: String,
    /// The resource it is for.
    pub aud: String,
    /// Who issued it.
    pub iss: String,
    /// Its unique id.
    pub jti: String,
    /// The user's tenant.
    pub tenant: String,
    /// What may be said about its randomness: its `ent` claim. Absent where it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entropy: Option<Stamp>,
}

/// What is said of everything else.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct InactiveToken {
    /// `false`
    #[cfg_attr(not(target_arch = "wasm32"), schemars(extend("const" = false)))]
    active: bool,
}

/// A token that may be shown if it is live. Only [`showable`] makes one.
#[derive(Clone, Copy, Debug)]
pub struct Showable<'a> {
    claims: &'a AccessClaims,
}

impl IntrospectionRequest {
    /// Reads the form: `token` once and not empty, `token_type_hint` at most once (RFC 6749 section 3.2). A refusal never
    /// repeats a value.
    pub fn parse(content_type: Option<&str>, bytes: &[u8]) -> Result<Self, Problem> {
        demand_type(content_type, FORM)?;
        let token = once(bytes, "token")?.filter(|token| !token.is_empty());
        let token = token.ok_or_else(|| Problem::InvalidBody("the parameter token is missing".to_owned()))?;
        Ok(Self { token: SecretText::new(token), token_type_hint: once(bytes, "token_type_hint")? })
    }
}

/// The value of a parameter that may be there once.
fn once(form: &[u8], name: &str) -> Result<Option<String>, Problem> {
    let mut values = form_urlencoded::parse(form).filter(|(known, _)| known == name).map(|(_, value)| value);
    match (values.next(), values.next()) {
        (value, None) => Ok(value.map(std::borrow::Cow::into_owned)),
        _ => Err(Problem::InvalidBody(format!("the parameter {name} stands twice"))),
    }
}

/// Whether a token whose signature and claims are good may be shown to a reader: it is of the reader's own tenant, and its
/// time is not up. The leeway that its use has does not count: nobody is told that a token is good after its `exp`.
pub fn showable<'a>(presented: &'a VerifiedToken, reader: &TenantId, now: Timestamp) -> Option<Showable<'a>> {
    let claims = presented.claims();
    (claims.tenant == *reader && now < presented.expires_at()).then_some(Showable { claims })
}

impl<'a> Showable<'a> {
    /// What the token says, for asking whether it is live.
    pub fn claims(self) -> &'a AccessClaims {
        self.claims
    }

    /// What is said of it: `live` is the word of its owner's gate, and `username` the owner's name, if there still is one.
    pub fn told(self, live: bool, username: Option<String>) -> Introspection {
        let claims = self.claims;
        let Some(username) = username.filter(|_| live) else { return Introspection::INACTIVE };
        Introspection::Active(Box::new(ActiveToken {
            active: true,
            scope: claims.scope.to_string(),
            client_id: claims.client_id.clone(),
            username,
            token_type: "Bearer",
            exp: claims.exp,
            iat: claims.iat,
            sub: claims.sub.to_string(),
            aud: claims.aud.clone(),
            iss: claims.iss.clone(),
            jti: claims.jti.to_string(),
            tenant: claims.tenant.to_string(),
            entropy: claims.ent.clone(),
        }))
    }
}

impl Introspection {
    /// What is said of everything that is not a good token of the caller's tenant.
    pub const INACTIVE: Self = Self::Inactive(InactiveToken { active: false });
}

#[cfg(test)]
#[path = "introspection_tests.rs"]
mod tests;
