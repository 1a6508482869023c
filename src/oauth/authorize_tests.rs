use super::{Asked, Refused, Request, requested_scope};
use crate::oauth::client::{Authentication, Client, Grants, Known};
use crate::oauth::error::{Code, OAuthError};
use crate::oauth::redirect::RedirectUri;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const BASE: &str = "https://gw.example/mcp";
const ISSUER: &str = "https://gw.example";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn client(redirects: &[&str]) -> Client {
    Client {
        id: "c".into(),
        name: "App".into(),
        known: Known::Itself,
        redirect_uris: redirects.iter().map(|uri| RedirectUri::parse(uri, &[]).unwrap()).collect(),
        authentication: Authentication::Nothing,
        grants: Grants::from_names(["authorization_code", "refresh_token"]),
    }
}

fn app() -> Client {
    client(&["https://app.example/cb?tenant=1"])
}

/// A good query, with changes: a parameter set to something, or taken away.
fn query(changes: &[(&str, Option<&str>)]) -> String {
    let good = [
        ("response_type", "code"),
        ("client_id", "c"),
        ("redirect_uri", "https://app.example/cb?tenant=1"),
        ("state", "st"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let mut encoder = url::form_urlencoded::Serializer::new(String::new());
    for (name, usual) in good {
        let value = changes.iter().find(|(other, _)| *other == name).map_or(Some(usual), |(_, value)| *value);
        value.map(|value| encoder.append_pair(name, value));
    }
    for (name, value) in changes.iter().filter(|(name, _)| good.iter().all(|(other, _)| other != name)) {
        value.map(|value| encoder.append_pair(name, value));
    }
    encoder.finish()
}

fn check(changes: &[(&str, Option<&str>)]) -> Result<Request, Refused> {
    let asked = Asked::parse(&query(changes)).unwrap();
    let return_to = asked.return_to(&app()).unwrap();
    asked.check(&app(), return_to, BASE)
}

fn page_error(changes: &[(&str, Option<&str>)], client: &Client) -> OAuthError {
    Asked::parse(&query(changes)).and_then(|asked| asked.return_to(client)).unwrap_err()
}

#[test]
fn a_good_request_is_for_the_whole_gateway_unless_it_says_otherwise() {
    let request = check(&[]).unwrap();
    assert_eq!((request.resource.as_str(), request.scope.to_string().as_str()), (BASE, "tools:call tools:read"));
    let narrow = check(&[("scope", Some("openid tools:read")), ("resource", Some("https://gw.example/mcp/files"))]);
    let narrow = narrow.unwrap();
    assert_eq!(
        (narrow.resource.as_str(), narrow.scope.to_string().as_str()),
        ("https://gw.example/mcp/files", "tools:read")
    );
}

#[test]
fn nothing_is_sent_to_a_place_that_is_not_the_clients() {
    for uri in ["https://app.example/cb", "https://evil.example/cb?tenant=1", "javascript:alert(1)", "x"] {
        let error = page_error(&[("redirect_uri", Some(uri))], &app());
        assert_eq!(error.code, Code::InvalidRequest, "{uri}");
    }
    let two = client(&["https://a.example/", "https://b.example/"]);
    assert_eq!(page_error(&[("redirect_uri", None)], &two).code, Code::InvalidRequest);
    assert_eq!(page_error(&[("client_id", None)], &app()).code, Code::InvalidRequest);
    assert_eq!(page_error(&[("state", Some(&"s".repeat(2049)))], &app()).code, Code::InvalidRequest);
    assert!(Asked::parse("client_id=c&client_id=c").is_err());
}

#[test]
fn the_only_redirect_uri_need_not_be_said() {
    let asked = Asked::parse(&query(&[("redirect_uri", None)])).unwrap();
    assert_eq!(asked.return_to(&app()).unwrap().redirect_uri, "https://app.example/cb?tenant=1");
}

#[test]
fn everything_else_that_is_wrong_is_told_to_the_client() {
    for (name, value, code) in [
        ("response_type", None, Code::InvalidRequest),
        ("response_type", Some("token"), Code::UnsupportedResponseType),
        ("response_type", Some("code token"), Code::UnsupportedResponseType),
        ("response_mode", Some("fragment"), Code::InvalidRequest),
        ("code_challenge", None, Code::InvalidRequest),
        ("code_challenge_method", None, Code::InvalidRequest),
        ("code_challenge_method", Some("plain"), Code::InvalidRequest),
        ("scope", Some("admin"), Code::InvalidScope),
        ("scope", Some("a  b"), Code::InvalidScope),
        ("resource", Some("https://other.example/mcp"), Code::InvalidTarget),
        ("prompt", Some("none"), Code::InteractionRequired),
        ("request", Some("x"), Code::RequestNotSupported),
        ("request_uri", Some("https://x.example/"), Code::RequestUriNotSupported),
    ] {
        let refused = check(&[(name, value)]).unwrap_err();
        assert_eq!(refused.error.code, code, "{name} {value:?}");
        assert_eq!(refused.return_to.state.as_deref(), Some("st"));
    }
}

#[test]
fn an_answer_keeps_the_clients_own_query_and_says_who_answers() {
    let to = check(&[("state", Some("a b&c=\r\nX: y"))]).unwrap().return_to;
    assert_eq!(
        to.with_code("mgc_1", ISSUER),
        "https://app.example/cb?tenant=1&code=mgc_1&state=a+b%26c%3D%0D%0AX%3A+y&iss=https%3A%2F%2Fgw.example"
    );
    let refused = to.with_error(Code::AccessDenied.because("no"), ISSUER);
    assert!(refused.contains("error=access_denied&error_description=no&state=") && refused.ends_with("gw.example"));
}

#[test]
fn a_client_that_asks_for_no_scope_gets_what_a_login_gives() {
    assert_eq!(requested_scope(None).unwrap().to_string(), "tools:call tools:read");
}
