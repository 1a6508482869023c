use super::InvalidSecret;
use crate::credential::sample::secret;
use crate::outbound::{Reach, RefusedUrl};
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn check(given: Value) -> Result<(), InvalidSecret> {
    secret(given).check(Reach::Public)
}

fn header(name: &str, value: &str) -> Result<(), InvalidSecret> {
    check(json!({"header": {"name": name, "value": value}}))
}

#[test]
fn a_header_that_is_not_a_credentials_is_refused() {
    for name in ["Host", "content-length", "Cookie", "Mcp-Session-Id", "x-forwarded-for", "CF-Connecting-IP", "TE"] {
        assert_eq!(header(name, "v"), Err(InvalidSecret::Forbidden), "{name}");
    }
    for name in ["", "a b", "a:b", "a\r\nb", "é", &"x".repeat(65)] {
        assert_eq!(header(name, "v"), Err(InvalidSecret::Name), "{name:?}");
    }
    for name in ["X-Api-Key", "Authorization", "PRIVATE-TOKEN"] {
        assert_eq!(header(name, "v"), Ok(()), "{name}");
    }
}

#[test]
fn a_value_is_there_and_fits_where_it_goes() {
    for value in ["", "a\nb", "é", &"x".repeat(8193)] {
        assert_eq!(header("x-key", value), Err(InvalidSecret::Value), "{value:.9}");
        assert_eq!(check(json!({"bearer": {"token": value}})), Err(InvalidSecret::Value), "{value:.9}");
    }
    assert_eq!(check(json!({"query": {"name": "key", "value": "é & ü"}})), Ok(()));
    assert_eq!(check(json!({"query": {"name": "a&b", "value": "v"}})), Err(InvalidSecret::Name));
    assert_eq!(check(json!({"basic": {"user": "a:b", "password": "p"}})), Err(InvalidSecret::User));
    assert_eq!(check(json!({"basic": {"user": "a", "password": "p:ä"}})), Ok(()));
}

#[test]
fn an_endpoint_is_held_to_the_policy_of_every_outbound_url() {
    let client = |endpoint: &str| json!({"token_endpoint": endpoint, "client_id": "c", "client_secret": "s"});
    let at = |endpoint: &str| check(json!({"client_credentials": client(endpoint)}));
    assert_eq!(at("https://login.example.com/token"), Ok(()));
    assert_eq!(at("https://169.254.169.254/token"), Err(InvalidSecret::Endpoint(RefusedUrl::Host)));
    assert_eq!(at("http://login.example.com/token"), Err(InvalidSecret::Endpoint(RefusedUrl::Scheme)));
    let connection = |page: &str| {
        let client = client("https://login.example.com/token");
        check(json!({"connection": {"authorization_endpoint": page, "client": client}}))
    };
    assert_eq!(connection("https://login.example.com/authorize"), Ok(()));
    assert_eq!(connection(""), Err(InvalidSecret::NoEndpoint));
    assert_eq!(connection("https://[::1]/"), Err(InvalidSecret::Endpoint(RefusedUrl::Host)));
    let silent = json!({"token_endpoint": "https://login.example.com/token", "client_id": "c"});
    assert_eq!(check(json!({"client_credentials": silent})), Err(InvalidSecret::NoClientSecret));
}

#[test]
fn what_is_shown_of_a_secret_proves_nothing() {
    let client =
        json!({"token_endpoint": "https://l.example.com/t", "client_id": "c", "client_secret": "SECRET", "scope": "a"});
    for (given, names) in [
        (json!({"bearer": {"token": "SECRET"}}), vec![]),
        (json!({"header": {"name": "x", "value": "SECRET"}}), vec!["name"]),
        (json!({"basic": {"user": "u", "password": "SECRET"}}), vec!["user"]),
        (json!({"client_credentials": client}), vec!["token_endpoint", "client_id", "scope"]),
    ] {
        let shown = secret(given).shown();
        assert_eq!(shown.keys().map(String::as_str).collect::<Vec<_>>(), names);
        assert!(!Value::Object(shown).to_string().contains("SECRET"));
    }
}

#[test]
fn a_connection_asks_for_its_upstream_where_nothing_else_is_named() {
    let resource = |named: Option<&str>| {
        let client = json!({"token_endpoint": "https://l.example.com/t", "client_id": "c", "resource": named});
        let given = json!({"connection": {"authorization_endpoint": "https://l.example.com/a", "client": client}});
        secret(given).towards("https://api.example.com/mcp").shown()["resource"].clone()
    };
    assert_eq!((resource(None), resource(Some("urn:x"))), (json!("https://api.example.com/mcp"), json!("urn:x")));
    let bearer = secret(json!({"bearer": {"token": "t"}}));
    assert_eq!(bearer.clone().towards("https://api.example.com/"), bearer);
}

#[test]
fn a_secret_is_read_as_it_was_written() {
    let client = json!({"token_endpoint": "https://l.example.com/t", "client_id": "c", "client_secret": "s"});
    for given in [
        json!({"bearer": {"token": "t"}}),
        json!({"client_credentials": client}),
        json!({"connection": {"authorization_endpoint": "https://l.example.com/a", "client": client}}),
    ] {
        let read = secret(given);
        let written = serde_json::to_value(&read).unwrap();
        assert_eq!(secret(written), read);
    }
}
