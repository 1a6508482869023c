//! What goes with a request to an upstream, and to which origin it may go.

use crate::credential::secret::{InvalidSecret, Secret};
use crate::outbound::{HeaderValue, OutboundUrl};
use crate::secret::SecretText;
use base64ct::{Base64, Encoding};
use std::borrow::Cow;

/// Header fields and query parameters of one credential.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Header fields; names in lower case.
    pub headers: Vec<(Cow<'static, str>, HeaderValue)>,
    /// Query parameters, not encoded yet.
    pub query: Vec<(String, SecretText)>,
}

/// A credential was to be applied to a URL of an origin it is not bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the credential is bound to another origin")]
pub struct OtherOrigin;

/// What comes of a credential, bound to one origin (RFC 6454: scheme, host and port).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    origin: String,
    applied: Applied,
}

impl Applied {
    /// The URL with these query parameters after its own. The origin stays.
    #[must_use]
    pub fn url(&self, url: &OutboundUrl) -> OutboundUrl {
        if self.query.is_empty() {
            return url.clone();
        }
        let mut own = url.url().clone();
        let pairs = self.query.iter().map(|(name, value)| (name.as_str(), value.expose()));
        own.query_pairs_mut().extend_pairs(pairs);
        url.with_path_and_query(&own)
    }

    fn header(name: impl Into<Cow<'static, str>>, value: String) -> Result<Self, InvalidSecret> {
        let value = HeaderValue::parse(value).map_err(|_| InvalidSecret::Value)?;
        Ok(Self { headers: vec![(name.into(), value)], query: Vec::new() })
    }
}

impl Bound {
    /// What comes of a secret that needs no token first; none for those of OAuth.
    pub fn of(secret: &Secret, origin: &str) -> Result<Option<Self>, InvalidSecret> {
        let applied = match secret {
            Secret::Bearer(bearer) => return Self::of_token(&bearer.token, origin).map(Some),
            Secret::Header(pair) => Applied::header(pair.name.to_ascii_lowercase(), pair.value.expose().to_owned())?,
            Secret::Query(pair) => {
                Applied { headers: Vec::new(), query: vec![(pair.name.clone(), pair.value.clone())] }
            }
            Secret::Basic(basic) => Applied::header("authorization", basic_value(&basic.user, &basic.password))?,
            Secret::ClientCredentials(_) | Secret::Connection(_) => return Ok(None),
        };
        Ok(Some(Self { origin: origin.to_owned(), applied }))
    }

    /// A bearer token (RFC 6750 section 2.1).
    pub fn of_token(token: &SecretText, origin: &str) -> Result<Self, InvalidSecret> {
        if token.expose().is_empty() {
            return Err(InvalidSecret::Value);
        }
        let applied = Applied::header("authorization", format!("Bearer {}", token.expose()))?;
        Ok(Self { origin: origin.to_owned(), applied })
    }

    /// What goes with a request to this URL.
    pub fn applied(&self, url: &OutboundUrl) -> Result<&Applied, OtherOrigin> {
        if url.origin() == self.origin { Ok(&self.applied) } else { Err(OtherOrigin) }
    }
}

/// RFC 7617 section 2: user and password in UTF-8, joined by a colon, in base64.
fn basic_value(user: &str, password: &SecretText) -> String {
    format!("Basic {}", Base64::encode_string(format!("{user}:{}", password.expose()).as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::{Applied, Bound, OtherOrigin};
    use crate::credential::sample::{secret, url};
    use crate::secret::SecretText;
    use serde_json::{Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const ORIGIN: &str = "https://api.example.com";

    #[allow(clippy::needless_pass_by_value, reason = "a literal at every call")]
    fn applied(given: Value) -> Applied {
        let bound = Bound::of(&secret(given), ORIGIN).unwrap().unwrap();
        bound.applied(&url("https://api.example.com/mcp")).unwrap().clone()
    }

    fn field(applied: &Applied) -> (&str, &str) {
        let (name, value) = applied.headers.first().unwrap();
        (name, value.expose())
    }

    #[test]
    fn each_kind_becomes_what_its_specification_says() {
        assert_eq!(field(&applied(json!({"bearer": {"token": "t-1"}}))), ("authorization", "Bearer t-1"));
        let header = applied(json!({"header": {"name": "X-Api-Key", "value": "k"}}));
        assert_eq!(field(&header), ("x-api-key", "k"));
        // RFC 7617 section 2.
        let basic = applied(json!({"basic": {"user": "Aladdin", "password": "open sesame"}}));
        assert_eq!(field(&basic), ("authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
        let query = applied(json!({"query": {"name": "key", "value": "a&b=c"}}));
        let asked = query.url(&url("https://api.example.com/mcp?x=1"));
        assert_eq!(asked.url().as_str(), "https://api.example.com/mcp?x=1&key=a%26b%3Dc");
        assert_eq!(Applied::default().url(&url("https://api.example.com/a")), url("https://api.example.com/a"));
    }

    #[test]
    fn a_credential_is_applied_to_its_own_origin_and_no_other() {
        let bound = Bound::of_token(&SecretText::new("t"), ORIGIN).unwrap();
        assert!(bound.applied(&url("https://api.example.com:443/x?y")).is_ok());
        for other in [
            "https://api.example.com.evil.com/",
            "https://example.com/",
            "https://a.api.example.com/",
            "https://api.example.org/",
        ] {
            assert_eq!(bound.applied(&url(other)), Err(OtherOrigin), "{other}");
        }
    }

    #[test]
    fn what_is_applied_never_prints_itself() {
        for given in [
            json!({"bearer": {"token": "SECRET"}}),
            json!({"header": {"name": "x-key", "value": "SECRET"}}),
            json!({"query": {"name": "key", "value": "SECRET"}}),
            json!({"basic": {"user": "u", "password": "SECRET"}}),
        ] {
            let secret = secret(given);
            let bound = Bound::of(&secret, ORIGIN).unwrap();
            assert!(!format!("{secret:?} {bound:?}").contains("SECRET"));
        }
    }

    #[test]
    fn a_secret_of_oauth_is_not_applied_itself() {
        let given = json!({"client_credentials": {
            "token_endpoint": "https://login.example.com/token", "client_id": "c", "client_secret": "s"
        }});
        assert_eq!(Bound::of(&secret(given), ORIGIN), Ok(None));
    }
}
