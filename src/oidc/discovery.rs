//! What the provider says of itself (OpenID Connect Discovery 1.0 section 4, RFC 9207 section 3).

use crate::config::Profile;
use crate::oidc::provider::Provider;
use crate::oidc::{DEADLINE, MAX_ANSWER, ProviderProblem, read_json};
use crate::outbound::{HeaderValue, Method, OutboundAnswer, OutboundFailure, OutboundRequest, OutboundUrl, Reach};
use serde::Deserialize;

/// Where the description stands below the issuer.
const PATH: &str = "/.well-known/openid-configuration";

/// The provider's description, as far as it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovery {
    /// Where a browser is sent.
    pub authorization: OutboundUrl,
    /// Where codes become tokens.
    pub token: OutboundUrl,
    /// Where the public keys are.
    pub keys: OutboundUrl,
    /// How this gateway presents itself there.
    pub authentication: Authentication,
    /// Whether every answer to an authorization request says who answers (RFC 9207).
    pub names_itself: bool,
}

/// How this gateway presents itself to the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authentication {
    /// By its id alone: it is a public client.
    Nothing,
    /// `client_secret_basic`
    Basic,
    /// `client_secret_post`
    Post,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    response_types_supported: Vec<String>,
    code_challenge_methods_supported: Option<Vec<String>>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// The request for the description. The issuer's own trailing slash does not count (section 4.1).
pub fn request(provider: &Provider) -> OutboundRequest {
    let mut url = provider.url.url().clone();
    url.set_path(&format!("{}{PATH}", url.path().trim_end_matches('/')));
    get(provider.url.with_path_and_query(&url))
}

/// The request for the provider's public keys.
pub fn keys_request(discovery: &Discovery) -> OutboundRequest {
    get(discovery.keys.clone())
}

fn get(url: OutboundUrl) -> OutboundRequest {
    OutboundRequest {
        method: Method::Get,
        url,
        headers: vec![("accept".into(), HeaderValue::fixed("application/json"))],
        body: None,
        wanted: &[],
        deadline: DEADLINE,
        max_answer_bytes: MAX_ANSWER,
    }
}

impl Discovery {
    /// Reads the description.
    ///
    /// 1. it is of the issuer that was asked, byte for byte (section 4.3); 2. every address may be asked; 3. codes are
    ///    given, and where it says which methods of proof keys it knows, S256 is one of them; 4. there is a way of client
    ///    authentication in common. A provider that does not say its ways takes `client_secret_basic` (section 3).
    pub fn read(
        answer: Result<OutboundAnswer, OutboundFailure>,
        provider: &Provider,
        profile: Profile,
    ) -> Result<Self, ProviderProblem> {
        let document: Document = read_json(&answer?)?;
        if document.issuer != provider.issuer {
            return Err(ProviderProblem::OtherIssuer);
        }
        let reach = profile.reach();
        let address = |text: &str| judge(text, reach);
        let s256 = document.code_challenge_methods_supported.as_deref().is_none_or(|known| has(known, "S256"));
        if !s256 || !has(&document.response_types_supported, "code") {
            return Err(ProviderProblem::Unsuitable);
        }
        Ok(Self {
            authorization: address(&document.authorization_endpoint)?,
            token: address(&document.token_endpoint)?,
            keys: address(&document.jwks_uri)?,
            authentication: authentication(&document, provider)?,
            names_itself: document.authorization_response_iss_parameter_supported,
        })
    }
}

fn judge(text: &str, reach: Reach) -> Result<OutboundUrl, ProviderProblem> {
    OutboundUrl::parse(text, reach).map_err(|_| ProviderProblem::Address)
}

fn has(list: &[String], name: &str) -> bool {
    list.iter().any(|known| known == name)
}

/// A public client says its id and nothing else, which every token endpoint understands whether or not it lists `none`.
fn authentication(document: &Document, provider: &Provider) -> Result<Authentication, ProviderProblem> {
    if provider.client_secret.is_none() {
        return Ok(Authentication::Nothing);
    }
    match document.token_endpoint_auth_methods_supported.as_deref() {
        None => Ok(Authentication::Basic),
        Some(known) if has(known, "client_secret_basic") => Ok(Authentication::Basic),
        Some(known) if has(known, "client_secret_post") => Ok(Authentication::Post),
        Some(_) => Err(ProviderProblem::NoCommonMethod),
    }
}

#[cfg(test)]
mod tests {
    use super::{Authentication, Discovery, request};
    use crate::config::Profile;
    use crate::oidc::ProviderProblem;
    use crate::oidc::sample::{ISSUER, answer, provider, public_provider};
    use crate::outbound::OutboundFailure;
    use serde_json::{Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn good() -> Value {
        json!({
            "issuer": ISSUER,
            "authorization_endpoint": "https://login.example.com/authorize?tenant=1",
            "token_endpoint": "https://login.example.com/token",
            "jwks_uri": "https://keys.example.com/jwks",
            "response_types_supported": ["code", "id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"]
        })
    }

    fn read(document: &Value) -> Result<Discovery, ProviderProblem> {
        Discovery::read(Ok(answer(document)), &provider(), Profile::Production)
    }

    fn with(name: &str, value: Value) -> Value {
        let mut document = good();
        document[name] = value;
        document
    }

    #[test]
    fn the_description_is_asked_for_below_the_issuer() {
        let asked = |issuer: &str| {
            let mut provider = provider();
            provider.url = crate::outbound::OutboundUrl::parse(issuer, crate::outbound::Reach::Public).unwrap();
            request(&provider).url.url().to_string()
        };
        let below = "https://login.example.com/.well-known/openid-configuration";
        assert_eq!(
            (asked("https://login.example.com"), asked("https://login.example.com/")),
            (below.into(), below.into())
        );
        assert_eq!(
            asked("https://login.example.com/realms/a/"),
            "https://login.example.com/realms/a/.well-known/openid-configuration"
        );
    }

    #[test]
    fn a_description_is_read_as_far_as_it_is_used() {
        let found = read(&good()).unwrap();
        assert_eq!(found.authorization.url().as_str(), "https://login.example.com/authorize?tenant=1");
        assert_eq!((found.authentication, found.names_itself), (Authentication::Basic, false));
        let named = read(&with("authorization_response_iss_parameter_supported", json!(true))).unwrap();
        assert!(named.names_itself);
        assert!(read(&with("code_challenge_methods_supported", json!(["plain", "S256"]))).is_ok());
    }

    #[test]
    fn another_issuer_is_refused_byte_for_byte() {
        for other in ["https://login.example.com/", "https://LOGIN.example.com", "https://evil.example.com", ""] {
            assert_eq!(read(&with("issuer", json!(other))), Err(ProviderProblem::OtherIssuer), "{other}");
        }
    }

    #[test]
    fn an_address_that_may_not_be_asked_is_refused() {
        for name in ["authorization_endpoint", "token_endpoint", "jwks_uri"] {
            for bad in
                ["http://login.example.com/x", "https://10.0.0.1/x", "javascript:alert(1)", "/x", "https://a@b.com/"]
            {
                assert_eq!(read(&with(name, json!(bad))), Err(ProviderProblem::Address), "{name} {bad}");
            }
            assert_eq!(read(&with(name, Value::Null)), Err(ProviderProblem::Unreadable), "{name}");
        }
    }

    #[test]
    fn a_provider_without_codes_or_s256_is_refused() {
        assert_eq!(read(&with("response_types_supported", json!(["id_token"]))), Err(ProviderProblem::Unsuitable));
        assert_eq!(read(&with("code_challenge_methods_supported", json!(["plain"]))), Err(ProviderProblem::Unsuitable));
    }

    #[test]
    fn the_way_of_authentication_is_one_that_both_have() {
        let ways =
            |ways: Value| read(&with("token_endpoint_auth_methods_supported", ways)).map(|found| found.authentication);
        assert_eq!(ways(json!(["client_secret_post", "client_secret_basic"])), Ok(Authentication::Basic));
        assert_eq!(ways(json!(["client_secret_post"])), Ok(Authentication::Post));
        assert_eq!(ways(json!(["private_key_jwt"])), Err(ProviderProblem::NoCommonMethod));
        let public = Discovery::read(Ok(answer(&good())), &public_provider(), Profile::Production).unwrap();
        assert_eq!(public.authentication, Authentication::Nothing);
    }

    #[test]
    fn what_is_no_such_document_is_refused() {
        let failed = |problem| Err::<Discovery, _>(problem);
        let mut status = answer(&good());
        status.status = 404;
        let mut html = answer(&good());
        html.headers = vec![("content-type".into(), "text/html".into())];
        let mut twice = answer(&good());
        twice.body = br#"{"issuer":"https://login.example.com","issuer":"https://login.example.com"}"#.to_vec();
        let read = |answer| Discovery::read(answer, &provider(), Profile::Production);
        assert_eq!(read(Ok(status)), failed(ProviderProblem::Status(404)));
        assert_eq!(read(Ok(html)), failed(ProviderProblem::Unreadable));
        assert_eq!(read(Ok(twice)), failed(ProviderProblem::Unreadable));
        let silent = OutboundFailure::Timeout;
        assert_eq!(read(Err(silent)), failed(ProviderProblem::Unavailable(silent)));
    }
}
