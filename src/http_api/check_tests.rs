use super::{Api, InvalidApi, ToolFault};
use crate::outbound::{Reach, RefusedUrl};
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn good() -> Value {
    json!({
        "base": "https://api.shop.com/v1",
        "credentials": [{"scheme": "key", "kind": "apiKey", "in": "header", "name": "X-Api-Key"}],
        "tools": [{
            "definition": {
                "name": "put_order",
                "inputSchema": {
                    "type": "object",
                    "properties": {"id": {"type": "string"}, "dry": {"type": "boolean"}, "note": {"type": "string"}},
                    "required": ["id"],
                },
            },
            "method": "PUT",
            "path": "/orders/{id}",
            "parameters": [{"argument": "id", "in": "path"}, {"argument": "dry", "in": "query", "name": "dry_run"}],
            "fixed": [{"in": "header", "name": "Accept", "value": "application/json"}],
            "body": {"format": "json", "members": [{"argument": "note"}]},
            "security": [["key"]],
        }],
    })
}

fn parse(document: &Value) -> Result<Api, InvalidApi> {
    Api::parse(document.to_string().as_bytes(), Reach::Public)
}

/// The good document with one value of its tool replaced.
fn with(pointer: &str, value: Value) -> Value {
    let mut document = good();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = document.pointer_mut(&format!("/tools/0{parent}")).unwrap();
    match parent {
        Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
        other => other[name] = value,
    }
    document
}

fn fault(document: &Value) -> ToolFault {
    match parse(document) {
        Err(InvalidApi::Tool { fault, .. }) => fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_good_document_is_an_api_and_is_stored_as_it_was() {
    let api = parse(&good()).unwrap();
    let tool = api.tool("put_order").unwrap();
    let hints = tool.definition.annotations.as_ref().unwrap();
    assert_eq!(hints["readOnlyHint"], json!(false));
    assert_eq!(hints["destructiveHint"], json!(true));
    assert_eq!(hints["idempotentHint"], json!(true));
    let stored = serde_json::to_string(api.document()).unwrap();
    assert_eq!(Api::parse(stored.as_bytes(), Reach::Public).unwrap(), api);
    assert_eq!(Api::restore(stored.as_bytes(), Reach::Public).unwrap(), api);
    let local = stored.replace("https://api.shop.com", "http://localhost");
    assert_eq!(Api::restore(local.as_bytes(), Reach::Public), Err(InvalidApi::Base(RefusedUrl::Scheme)));
}

#[test]
fn annotations_that_are_given_are_kept() {
    let api = parse(&with("/definition/annotations", json!({"readOnlyHint": true}))).unwrap();
    assert_eq!(Value::Object(api.tools()[0].definition.annotations.clone().unwrap()), json!({"readOnlyHint": true}));
}

#[test]
fn a_member_that_means_nothing_is_refused_at_every_level() {
    for pointer in
        ["/more", "/definition/more", "/parameters/0/more", "/body/more", "/body/members/0/more", "/fixed/0/more"]
    {
        let error = parse(&with(pointer, json!(1))).unwrap_err();
        assert!(matches!(&error, InvalidApi::Document(text) if text.contains("more")), "{pointer}: {error}");
    }
    let mut document = good();
    document["more"] = json!(1);
    assert!(matches!(parse(&document), Err(InvalidApi::Document(_))));
    // A list in place of an object would be a second spelling.
    let list = with("/parameters/0", json!(["id", "path", null, null, null]));
    assert!(matches!(parse(&list), Err(InvalidApi::Document(_))));
}

#[test]
fn a_base_is_one_that_may_be_asked_and_has_no_query() {
    for (base, reason) in [
        ("http://api.shop.com", RefusedUrl::Scheme),
        ("https://10.0.0.1/", RefusedUrl::Host),
        ("https://a:b@api.shop.com/", RefusedUrl::UserInfo),
        ("https://api.shop.com/#a", RefusedUrl::Fragment),
        ("/v1", RefusedUrl::Malformed),
    ] {
        let mut document = good();
        document["base"] = json!(base);
        assert_eq!(parse(&document), Err(InvalidApi::Base(reason)), "{base}");
    }
    let mut document = good();
    document["base"] = json!("https://api.shop.com/v1?a=b");
    assert_eq!(parse(&document), Err(InvalidApi::BaseQuery));
}

#[test]
fn names_stand_once() {
    let mut document = good();
    document["tools"] = json!([document["tools"][0], document["tools"][0]]);
    assert_eq!(parse(&document), Err(InvalidApi::Twice("put_order".into())));
    let mut document = good();
    document["credentials"] = json!([document["credentials"][0], document["credentials"][0]]);
    assert_eq!(parse(&document), Err(InvalidApi::Twice("key".into())));
    let twice = json!([{"argument": "id", "in": "path"}, {"argument": "dry", "in": "query"}, {"argument": "id", "in": "query", "name": "dry"}]);
    assert_eq!(fault(&with("/parameters", twice)), ToolFault::Twice("dry".into(), "query"));
    let fixed = json!([{"in": "header", "name": "X-A", "value": "1"}, {"in": "header", "name": "x-a", "value": "2"}]);
    assert_eq!(fault(&with("/fixed", fixed)), ToolFault::Twice("x-a".into(), "header"));
    let members = json!([{"argument": "note"}, {"argument": "dry", "name": "note"}]);
    assert_eq!(fault(&with("/body/members", members)), ToolFault::Twice("note".into(), "body"));
}

#[test]
fn path_and_parameters_fit_each_other() {
    assert_eq!(fault(&with("/path", json!("/orders/{id}/{x}"))), ToolFault::Placeholder("x".into()));
    assert_eq!(fault(&with("/path", json!("/orders"))), ToolFault::NotInPath("id".into()));
    assert_eq!(fault(&with("/path", json!("/orders/{id}/{id}"))), ToolFault::NotInPath("id".into()));
    for path in ["orders/{id}", "/orders/../{id}", "//orders/{id}", "/orders/{id}?a=b", "/%2e%2e/{id}"] {
        assert!(matches!(fault(&with("/path", json!(path))), ToolFault::Path(_)), "{path}");
    }
    assert_eq!(fault(&with("/definition/inputSchema/required", json!([]))), ToolFault::Optional("id".into()));
}

#[test]
fn arguments_and_input_schema_fit_each_other() {
    assert_eq!(fault(&with("/body/members", json!([{"argument": "nope"}]))), ToolFault::Argument("nope".into()));
    let schema = json!({"type": "object", "required": ["id"], "properties":
        {"id": {}, "dry": {}, "note": {}, "idle": {}}});
    assert_eq!(fault(&with("/definition/inputSchema", schema)), ToolFault::Nowhere("idle".into()));
}

#[test]
fn headers_that_are_not_a_tools_to_set_are_refused() {
    for name in
        ["Host", "authorization", "Cookie", "Content-Length", "X-Forwarded-For", "Cf-Ray", "Mcp-Method", "Proxy-X"]
    {
        let parameter = json!({"argument": "dry", "in": "header", "name": name});
        assert_eq!(fault(&with("/parameters/1", parameter)), ToolFault::Header(name.into()));
        let fixed = json!({"in": "header", "name": name, "value": "x"});
        assert_eq!(fault(&with("/fixed/0", fixed)), ToolFault::Header(name.into()));
    }
    let odd = json!({"argument": "dry", "in": "header", "name": "a b"});
    assert_eq!(fault(&with("/parameters/1", odd)), ToolFault::Name("a b".into(), "header"));
    let split = json!({"in": "header", "name": "X-A", "value": "a\r\nHost: b"});
    assert_eq!(fault(&with("/fixed/0", split)), ToolFault::Fixed("X-A".into()));
    let elsewhere = json!({"in": "cookie", "name": "a", "value": "b"});
    assert_eq!(fault(&with("/fixed/0", elsewhere)), ToolFault::Fixed("a".into()));
}

#[test]
fn a_style_is_one_of_its_place() {
    for (place, style) in [("query", "label"), ("header", "form"), ("cookie", "simple"), ("query", "simple")] {
        let parameter = json!({"argument": "dry", "in": place, "style": style});
        assert_eq!(fault(&with("/parameters/1", parameter)), ToolFault::Style("dry".into()), "{place} {style}");
    }
    let member = json!([{"argument": "note", "style": "deepObject"}]);
    assert_eq!(fault(&with("/body/members", member)), ToolFault::Style("note".into()));
}

#[test]
fn a_body_is_one_argument_or_members_and_some_methods_have_none() {
    assert_eq!(fault(&with("/body", json!({"format": "json"}))), ToolFault::Body);
    let both = json!({"format": "json", "argument": "note", "members": [{"argument": "note"}]});
    assert_eq!(fault(&with("/body", both)), ToolFault::Body);
    assert_eq!(fault(&with("/body/format", json!("text"))), ToolFault::Body);
    assert_eq!(fault(&with("/method", json!("GET"))), ToolFault::NoBody);
    for media_type in ["json", "a/b\r\nx: y", "/", ""] {
        assert_eq!(fault(&with("/body/content_type", json!(media_type))), ToolFault::ContentType, "{media_type:?}");
    }
}

#[test]
fn what_could_not_be_shown_is_refused() {
    assert!(matches!(fault(&with("/definition/name", json!("a b"))), ToolFault::Definition(_)));
    assert!(matches!(fault(&with("/definition/description", json!("a\u{200b}b"))), ToolFault::Definition(_)));
    assert_eq!(fault(&with("/definition/outputSchema", json!({"type": "array"}))), ToolFault::Output);
    assert_eq!(fault(&with("/answer", json!({"pointer": "data"}))), ToolFault::Pointer);
    assert_eq!(fault(&with("/security", json!([["other"]]))), ToolFault::Credential("other".into()));
}

#[test]
fn a_credential_says_all_that_is_needed_to_show_it() {
    for slot in [
        json!({"scheme": "k", "kind": "apiKey"}),
        json!({"scheme": "k", "kind": "apiKey", "in": "header"}),
        json!({"scheme": "k", "kind": "apiKey", "in": "header", "name": "a b"}),
        json!({"scheme": "k", "kind": "bearer", "in": "header", "name": "x"}),
        json!({"scheme": "", "kind": "bearer"}),
    ] {
        let mut document = good();
        document["credentials"] = json!([slot]);
        assert!(matches!(parse(&document), Err(InvalidApi::Slot(_))), "{slot}");
    }
}

#[test]
fn a_call_takes_the_first_list_of_credentials_that_is_there() {
    let mut document = with("/security", json!([["key", "user"], [], ["user"]]));
    document["credentials"] = json!([document["credentials"][0], {"scheme": "user", "kind": "bearer"}]);
    let api = parse(&document).unwrap();
    let tool = &api.tools()[0];
    let chosen = |there: &[&str]| {
        let slots = api.slots(tool, |name| there.contains(&name)).unwrap();
        slots.into_iter().map(|slot| slot.scheme.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(chosen(&["key", "user"]), ["key", "user"]);
    assert_eq!(chosen(&["user"]), ["user"]);
    assert!(chosen(&["key"]).is_empty());
    let api = parse(&good()).unwrap();
    assert_eq!(api.slots(&api.tools()[0], |_| false), None);
}
