//! A code for an ID token (OpenID Connect Core 1.0 section 3.1.3, RFC 6749 sections 2.3.1 and 4.1.3).

use crate::oidc::discovery::{Authentication, Discovery};
use crate::oidc::provider::Provider;
use crate::oidc::{DEADLINE, MAX_ANSWER, ProviderProblem, read_json};
use crate::outbound::{HeaderValue, Method, OutboundAnswer, OutboundFailure, OutboundRequest};
use crate::secret::SecretText;
use base64ct::{Base64, Encoding};
use serde::Deserialize;
use url::form_urlencoded::{Serializer, byte_serialize};

#[derive(Deserialize)]
struct Document {
    id_token: String,
}

/// The request that redeems a code. `gateway` is this gateway's issuer.
pub fn request(
    (provider, discovery): (&Provider, &Discovery),
    gateway: &str,
    code: &SecretText,
    verifier: &str,
) -> OutboundRequest {
    let mut form = Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code")
        .append_pair("code", code.expose())
        .append_pair("redirect_uri", &Provider::callback(gateway))
        .append_pair("code_verifier", verifier);
    let mut headers = vec![
        ("accept".into(), HeaderValue::fixed("application/json")),
        ("content-type".into(), HeaderValue::fixed("application/x-www-form-urlencoded")),
    ];
    let secret = provider.client_secret.as_ref().map_or("", SecretText::expose);
    match discovery.authentication {
        Authentication::Nothing => {
            form.append_pair("client_id", &provider.client_id);
        }
        Authentication::Post => {
            form.append_pair("client_id", &provider.client_id).append_pair("client_secret", secret);
        }
        Authentication::Basic => {
            headers.extend(basic(&provider.client_id, secret).map(|value| ("authorization".into(), value)));
        }
    }
    OutboundRequest {
        method: Method::Post,
        url: discovery.token.clone(),
        headers,
        body: Some(form.finish().into_bytes()),
        wanted: &[],
        deadline: DEADLINE,
        max_answer_bytes: MAX_ANSWER,
    }
}

/// The ID token of an answer, as it stands there. The access token beside it is not kept: nothing is asked with it.
pub fn read(answer: Result<OutboundAnswer, OutboundFailure>) -> Result<SecretText, ProviderProblem> {
    read_json::<Document>(&answer?).map(|document| SecretText::new(document.id_token))
}

/// Id and secret are form-encoded before they are joined.
fn basic(id: &str, secret: &str) -> Option<HeaderValue> {
    let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let joined = Base64::encode_string(format!("{}:{}", encode(id), encode(secret)).as_bytes());
    HeaderValue::parse(format!("Basic {joined}")).ok()
}

#[cfg(test)]
mod tests {
    use super::{read, request};
    use crate::oidc::ProviderProblem;
    use crate::oidc::discovery::{Authentication, Discovery};
    use crate::oidc::provider::Provider;
    use crate::oidc::sample::{GATEWAY, ISSUER, answer, provider, public_provider};
    use crate::outbound::{OutboundFailure, OutboundRequest, OutboundUrl, Reach};
    use crate::secret::SecretText;
    use serde_json::json;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn asked(provider: &Provider, authentication: Authentication) -> OutboundRequest {
        let at = |path: &str| OutboundUrl::parse(&format!("{ISSUER}{path}"), Reach::Public).unwrap();
        let discovery = Discovery {
            authorization: at("/authorize"),
            token: at("/token"),
            keys: at("/jwks"),
            authentication,
            names_itself: false,
        };
        request((provider, &discovery), GATEWAY, &SecretText::new("a/b"), "v")
    }

    fn body(request: &OutboundRequest) -> &str {
        std::str::from_utf8(request.body.as_deref().unwrap()).unwrap()
    }

    const PLAIN: &str = "grant_type=authorization_code&code=a%2Fb\
                         &redirect_uri=https%3A%2F%2Fgw.example.com%2Foauth%2Fcallback&code_verifier=v";

    fn authorization(request: &OutboundRequest) -> Option<&str> {
        request.headers.iter().find(|(name, _)| name == "authorization").map(|(_, value)| value.expose())
    }

    #[test]
    fn a_code_is_redeemed_in_the_way_both_have() {
        let basic = asked(&provider(), Authentication::Basic);
        // gateway:s3cret%2B%2F
        assert_eq!(authorization(&basic), Some("Basic Z2F0ZXdheTpzM2NyZXQlMkIlMkY="));
        assert_eq!(body(&basic), PLAIN);
        let post = asked(&provider(), Authentication::Post);
        assert_eq!(body(&post), format!("{PLAIN}&client_id=gateway&client_secret=s3cret%2B%2F"));
        let public = asked(&public_provider(), Authentication::Nothing);
        assert_eq!(body(&public), format!("{PLAIN}&client_id=gateway"));
        assert_eq!((authorization(&post), authorization(&public)), (None, None));
        assert!(basic.url.url().query().is_none() && !format!("{basic:?}").contains("Basic"));
    }

    #[test]
    fn an_answer_has_an_id_token_or_is_refused() {
        let good = json!({"access_token": "a", "token_type": "Bearer", "expires_in": 300, "id_token": "x.y.z"});
        assert_eq!(read(Ok(answer(&good))).unwrap().expose(), "x.y.z");
        assert_eq!(read(Ok(answer(&json!({"access_token": "a"})))), Err(ProviderProblem::Unreadable));
        assert_eq!(read(Ok(answer(&json!({"id_token": 1})))), Err(ProviderProblem::Unreadable));
        let mut refused = answer(&json!({"error": "invalid_grant"}));
        refused.status = 400;
        assert_eq!(read(Ok(refused)), Err(ProviderProblem::Status(400)));
        let cut = OutboundFailure::TooLarge;
        assert_eq!(read(Err(cut)), Err(ProviderProblem::Unavailable(cut)));
    }
}
