//! Calls as requests, the good ones and the hostile ones.

use super::check::Api;
use super::credential::{Credentials, Slot, SlotKind, SlotPlace, Unsendable};
use super::encode::RefusedSegment;
use super::request::{CallLimits, MAX_URL_BYTES, RequestProblem};
use crate::outbound::{HeaderValue, Method, OutboundRequest, Reach};
use crate::secret::SecretText;
use crate::time::Lifetime;
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[cfg(not(target_arch = "wasm32"))]
mod properties;

/// An API with one tool whose arguments are what `places` says.
fn api(path: &str, parameters: &Value, more: &Value) -> Api {
    let mut properties = serde_json::Map::new();
    let mut required = Vec::new();
    for parameter in parameters.as_array().unwrap() {
        properties.insert(parameter["argument"].as_str().unwrap().to_owned(), json!({}));
        if parameter["in"] == "path" {
            required.push(parameter["argument"].clone());
        }
    }
    let members = more.pointer("/body/members").and_then(Value::as_array).into_iter().flatten();
    let whole = more.pointer("/body/argument");
    for argument in members.map(|member| &member["argument"]).chain(whole) {
        properties.insert(argument.as_str().unwrap().to_owned(), json!({}));
    }
    let schema = json!({"type": "object", "properties": properties, "required": required});
    let mut tool = json!({"definition": {"name": "t", "inputSchema": schema}, "method": "POST", "path": path,
        "parameters": parameters});
    tool.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let document = json!({"base": "https://api.shop.com/v1", "tools": [tool]});
    Api::parse(document.to_string().as_bytes(), Reach::Public).unwrap_or_else(|error| panic!("{error}"))
}

fn call_with(api: &Api, arguments: &Value, credentials: &Credentials) -> Result<OutboundRequest, RequestProblem> {
    let limits = CallLimits { deadline: Lifetime::from_millis(1000), max_answer_bytes: 10 };
    api.request(&api.tools()[0], arguments.as_object().unwrap(), credentials, limits)
}

fn call(api: &Api, arguments: &Value) -> Result<OutboundRequest, RequestProblem> {
    call_with(api, arguments, &Credentials::default())
}

fn url(api: &Api, arguments: &Value) -> String {
    call(api, arguments).unwrap().url.url().to_string()
}

fn header<'a>(request: &'a OutboundRequest, name: &str) -> Option<&'a str> {
    let mut found = request.headers.iter().filter(|(own, _)| own == name);
    let value = found.next().map(|(_, value)| value.expose());
    assert!(found.next().is_none(), "{name} stands twice");
    value
}

#[test]
fn every_argument_goes_to_its_place() {
    let parameters = json!([
        {"argument": "id", "in": "path"},
        {"argument": "tags", "in": "query", "name": "tag"},
        {"argument": "trace", "in": "header", "name": "X-Trace"},
        {"argument": "mood", "in": "cookie"},
    ]);
    let more = json!({
        "body": {"format": "json", "members": [{"argument": "note"}, {"argument": "count", "name": "n"}]},
        "fixed": [{"in": "query", "name": "api-version", "value": "7 1"}, {"in": "header", "name": "Accept", "value": "text/csv"}],
    });
    let api = api("/orders/{id}/notes", &parameters, &more);
    let arguments =
        json!({"id": "a b/c", "tags": ["x&y", "z"], "trace": "t-1", "mood": "so; so", "note": "é", "count": 2});
    let request = call(&api, &arguments).unwrap();
    assert_eq!(request.method, Method::Post);
    assert_eq!(
        request.url.url().as_str(),
        "https://api.shop.com/v1/orders/a%20b%2Fc/notes?tag=x%26y&tag=z&api-version=7%201"
    );
    assert_eq!(header(&request, "x-trace"), Some("t-1"));
    assert_eq!(header(&request, "cookie"), Some("mood=so%3B%20so"));
    assert_eq!(header(&request, "accept"), Some("text/csv"));
    assert_eq!(header(&request, "content-type"), Some("application/json"));
    assert_eq!(request.body.as_deref(), Some(r#"{"note":"é","n":2}"#.as_bytes()));
}

#[test]
fn what_is_not_given_is_not_sent() {
    let parameters =
        json!([{"argument": "a", "in": "query"}, {"argument": "b", "in": "header"}, {"argument": "c", "in": "cookie"}]);
    let api = api("/", &parameters, &json!({"body": {"format": "json", "members": [{"argument": "d"}]}}));
    for arguments in [json!({}), json!({"a": null, "b": null, "c": null})] {
        let request = call(&api, &arguments).unwrap();
        assert_eq!(request.url.url().as_str(), "https://api.shop.com/v1/");
        let names: Vec<&str> = request.headers.iter().map(|(name, _)| name.as_ref()).collect();
        assert_eq!(names, ["accept", "user-agent"]);
        assert_eq!(request.body, None);
    }
}

#[test]
fn a_body_is_written_in_its_format() {
    let body = |body: Value, arguments: Value| {
        let api = api("/", &json!([]), &json!({ "body": body }));
        let request = call(&api, &arguments).unwrap();
        let text = request.body.as_deref().map(|bytes| String::from_utf8(bytes.to_vec()).unwrap());
        (header(&request, "content-type").map(str::to_owned), text)
    };
    let sent = |media_type: &str, text: &str| (Some(media_type.to_owned()), Some(text.to_owned()));
    let list = json!({"format": "json", "argument": "body", "content_type": "application/merge-patch+json"});
    assert_eq!(body(list, json!({"body": [1, {"a": 2}]})), sent("application/merge-patch+json", r#"[1,{"a":2}]"#));
    let text = json!({"format": "text", "argument": "body"});
    assert_eq!(body(text, json!({"body": "a b"})), sent("text/plain; charset=utf-8", "a b"));
    let form = json!({"format": "form", "members": [{"argument": "a", "name": "x y"}, {"argument": "b", "style": "deepObject"},
        {"argument": "c", "style": "json"}]});
    let arguments = json!({"a": ["1", "2&3"], "b": {"k": {"l": true}}, "c": {"m": 1}});
    let written = "x%20y=1&x%20y=2%263&b%5Bk%5D%5Bl%5D=true&c=%7B%22m%22%3A1%7D";
    assert_eq!(body(form, arguments), sent("application/x-www-form-urlencoded", written));
    let whole = json!({"format": "form", "argument": "body"});
    assert_eq!(
        body(whole, json!({"body": {"a": [1, 2], "b": {"c": 3}}})),
        sent("application/x-www-form-urlencoded", "a=1&a=2&b=%7B%22c%22%3A3%7D")
    );
    let api = api("/", &json!([]), &json!({"body": {"format": "text", "argument": "body"}}));
    assert_eq!(call(&api, &json!({"body": 5})), Err(RequestProblem::Type { argument: "body".into() }));
}

#[test]
fn an_argument_of_the_path_that_leads_elsewhere_is_refused() {
    let api = api("/orders/{id}/notes", &json!([{"argument": "id", "in": "path"}]), &json!({}));
    let refused = |value: &str| call(&api, &json!({ "id": value })).unwrap_err();
    for (value, reason) in [
        ("..", RefusedSegment::Climbs),
        ("../../admin", RefusedSegment::Climbs),
        ("x/../../admin", RefusedSegment::Climbs),
        ("%2e%2e", RefusedSegment::Climbs),
        ("%2E%2e%2fadmin", RefusedSegment::Climbs),
        ("..%5cadmin", RefusedSegment::Character),
        ("\\..\\admin", RefusedSegment::Character),
        ("//evil.com", RefusedSegment::Rooted),
        ("", RefusedSegment::Empty),
        ("a\0b", RefusedSegment::Character),
        ("a\r\nb", RefusedSegment::Character),
    ] {
        assert_eq!(refused(value), RequestProblem::Segment { argument: "id".into(), reason }, "{value:?}");
    }
    assert_eq!(call(&api, &json!({})), Err(RequestProblem::Missing { argument: "id".into() }));
    for (value, written) in
        [("?a=b#c", "%3Fa%3Db%23c"), ("evil.com:443@", "evil.com%3A443%40"), ("ünï", "%C3%BCn%C3%AF")]
    {
        assert_eq!(url(&api, &json!({"id": value})), format!("https://api.shop.com/v1/orders/{written}/notes"));
    }
}

#[test]
fn parts_that_climb_only_together_are_refused() {
    let parameters = json!([{"argument": "a", "in": "path"}, {"argument": "b", "in": "path", "style": "label"}]);
    let api = api("/x/{a}{b}/y", &parameters, &json!({}));
    assert_eq!(url(&api, &json!({"a": "f", "b": "g"})), "https://api.shop.com/v1/x/f.g/y");
    for arguments in [json!({"a": "f", "b": "."}), json!({"a": ".", "b": "g"}), json!({"a": "f", "b": ""})] {
        assert!(matches!(call(&api, &arguments), Err(RequestProblem::Segment { .. })), "{arguments}");
    }
    let dotted = self::api("/x/.{a}", &json!([{"argument": "a", "in": "path"}]), &json!({}));
    assert_eq!(url(&dotted, &json!({"a": "git"})), "https://api.shop.com/v1/x/.git");
    assert_eq!(call(&dotted, &json!({"a": ";x"})), Err(RequestProblem::Outside));
}

#[test]
fn a_header_cannot_be_split() {
    let api = api("/", &json!([{"argument": "a", "in": "header", "name": "X-A"}]), &json!({}));
    for text in ["a\r\nHost: evil.com", "a\nb", "\0", "é", " a", "\u{7f}"] {
        assert_eq!(call(&api, &json!({ "a": text })), Err(RequestProblem::Header { argument: "a".into() }), "{text:?}");
    }
    assert_eq!(call(&api, &json!({"a": ["x\r\ny"]})), Err(RequestProblem::Header { argument: "a".into() }));
}

#[test]
fn an_argument_without_a_place_and_too_much_of_one_are_refused() {
    let parameters =
        json!([{"argument": "id", "in": "path"}, {"argument": "q", "in": "query"}, {"argument": "h", "in": "header"}]);
    let api = api("/{id}", &parameters, &json!({}));
    assert_eq!(call(&api, &json!({"id": "a", "more": 1})), Err(RequestProblem::Unknown { argument: "more".into() }));
    let long = "x".repeat(1024 * 1024);
    assert_eq!(call(&api, &json!({ "id": long })), Err(RequestProblem::UrlTooLong));
    assert_eq!(call(&api, &json!({"id": "a", "q": long})), Err(RequestProblem::UrlTooLong));
    assert_eq!(call(&api, &json!({"id": "a", "q": "é".repeat(MAX_URL_BYTES / 3)})), Err(RequestProblem::UrlTooLong));
    assert_eq!(call(&api, &json!({"id": "a", "h": long})), Err(RequestProblem::HeadersTooLong));
    let body = self::api("/", &json!([]), &json!({"body": {"format": "text", "argument": "body"}}));
    assert_eq!(call(&body, &json!({"body": "x".repeat(5 * 1024 * 1024)})), Err(RequestProblem::BodyTooLong));
}

fn slot(kind: SlotKind, place: Option<SlotPlace>, name: Option<&str>) -> Slot {
    Slot { scheme: "s".into(), kind, place, name: name.map(str::to_owned) }
}

fn shown(slot: &Slot, secret: &str) -> Result<Credentials, Unsendable> {
    let mut credentials = Credentials::default();
    credentials.show(slot, &SecretText::new(secret))?;
    Ok(credentials)
}

#[test]
fn a_credential_is_shown_as_its_slot_says() {
    let api = api("/", &json!([{"argument": "c", "in": "cookie"}]), &json!({}));
    let sent = |slot: &Slot, secret: &str| call_with(&api, &json!({"c": 1}), &shown(slot, secret).unwrap()).unwrap();
    let bearer = sent(&slot(SlotKind::Bearer, None, None), "hunter2");
    assert_eq!(header(&bearer, "authorization"), Some("Bearer hunter2"));
    let basic = sent(&slot(SlotKind::Basic, None, None), "user:pass");
    assert_eq!(header(&basic, "authorization"), Some("Basic dXNlcjpwYXNz"));
    let key = sent(&slot(SlotKind::ApiKey, Some(SlotPlace::Header), Some("X-Api-Key")), "hunter2");
    assert_eq!(header(&key, "x-api-key"), Some("hunter2"));
    let query = sent(&slot(SlotKind::ApiKey, Some(SlotPlace::Query), Some("key")), "a&b");
    assert_eq!(query.url.url().as_str(), "https://api.shop.com/v1/?key=a%26b");
    assert!(!format!("{query:?} {}", query.url).contains("key"), "a log line has no secret");
    let cookie = sent(&slot(SlotKind::ApiKey, Some(SlotPlace::Cookie), Some("sid")), "abc");
    assert_eq!(header(&cookie, "cookie"), Some("c=1; sid=abc"));
}

#[test]
fn a_credential_that_would_be_another_one_is_not_sent() {
    let key = slot(SlotKind::ApiKey, Some(SlotPlace::Cookie), Some("sid"));
    for secret in ["", "a; admin=1", "a b", "é"] {
        assert_eq!(shown(&key, secret), Err(Unsendable), "{secret:?}");
    }
    for secret in ["", "a\r\nHost: b", "é"] {
        assert_eq!(shown(&slot(SlotKind::Bearer, None, None), secret), Err(Unsendable), "{secret:?}");
    }
}

#[test]
fn an_argument_never_takes_the_place_of_a_credential_or_of_what_is_fixed() {
    let parameters = json!([{"argument": "filter", "in": "query"}, {"argument": "x", "in": "header", "name": "X-Key"},
        {"argument": "c", "in": "cookie"}]);
    let more = json!({"fixed": [{"in": "query", "name": "limit", "value": "10"}]});
    let api = api("/", &parameters, &more);
    let query = shown(&slot(SlotKind::ApiKey, Some(SlotPlace::Query), Some("api_key")), "hunter2").unwrap();
    for name in ["api_key", "API_KEY", "api_key[]", "limit"] {
        let arguments = json!({"filter": {name: "mine"}});
        assert_eq!(call_with(&api, &arguments, &query), Err(RequestProblem::Reserved), "{name}");
    }
    assert!(call_with(&api, &json!({"filter": {"other": 1}}), &query).is_ok());
    let header = shown(&slot(SlotKind::ApiKey, Some(SlotPlace::Header), Some("x-key")), "hunter2").unwrap();
    assert_eq!(call_with(&api, &json!({"x": "mine"}), &header), Err(RequestProblem::Reserved));
    let cookie = shown(&slot(SlotKind::ApiKey, Some(SlotPlace::Cookie), Some("sid")), "hunter2").unwrap();
    assert_eq!(call_with(&api, &json!({"c": {"sid": "mine"}}), &cookie), Err(RequestProblem::Reserved));
    let own = Credentials { headers: vec![("X-KEY".into(), HeaderValue::fixed("hunter2"))], ..Credentials::default() };
    assert_eq!(call_with(&api, &json!({"x": "mine"}), &own), Err(RequestProblem::Reserved));
}
