//! Tests of rules.

use super::{CAPS, Effect, Rule};
use crate::account::role::Role;
use crate::catalogue::naming::Prefix;
use crate::id::ApiKeyId;
use crate::policy::facts::{Hints, Subject, Thing};
use crate::policy::sample;
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn rule(part: Value) -> Rule {
    let mut document = json!({"name": "R", "effect": "allow"});
    document.as_object_mut().unwrap().extend(sample::object(part));
    Rule::read(&document).unwrap()
}

fn wrong(document: &str) -> String {
    Rule::parse(document.as_bytes()).expect_err(document).to_string()
}

#[test]
fn a_rule_says_everything_or_as_little_as_its_name_and_effect() {
    let small = Rule::parse(br#"{"name":"R","effect":"deny"}"#).unwrap();
    assert!(small.sees && small.calls && small.when.is_none() && small.effect == Effect::Deny);
    assert!(small.who.holds(&sample::subject()) && small.what.holds(&sample::tool("x")));
    let whole = Rule::parse(
        br#"{"name":"Agents pay little","effect":"approve","actions":["call"],
        "who":{"roles":["agent"],"users":["u-1"],"keys":["k"],"clients":["https://c.example"],"groups":["ops"]},
        "what":{"tools":["pay__*"],"prompts":["p"],"resources":["mcp+db+*"],"upstreams":["pay"],"read_only":false,
        "destructive":true,"idempotent":false,"open_world":true},"when":"arguments.amount < 100"}"#,
    );
    assert!(whole.is_ok_and(|whole| !whole.sees && whole.calls && whole.when.is_some()));
}

#[test]
fn what_is_wrong_with_a_document_is_said_with_its_place() {
    let many = format!(r#"{{"name":"R","effect":"deny","who":{{"users":[{}"u"]}}}}"#, r#""u","#.repeat(64));
    let long = format!(r#"{{"name":"R","effect":"deny","when":"{}"}}"#, " ".repeat(1025));
    for (document, begins) in [
        ("[]", r#""": the document is not an object"#),
        ("{", r#""": the document is not JSON"#),
        (r#"{"name":"R","name":"R"}"#, r#""": the member "name" stands twice"#),
        (r#"{"effect":"deny"}"#, r#""/name": is missing"#),
        (r#"{"name":"R"}"#, r#""/effect": is missing"#),
        (r#"{"name":" ","effect":"deny"}"#, r#""/name": must be 1 to 64"#),
        (r#"{"name":1,"effect":"deny"}"#, r#""/name": must be a text"#),
        (r#"{"name":"R","effect":"Deny"}"#, r#""/effect": must be allow, deny or approve"#),
        (r#"{"name":"R","effect":"deny","a/b~":1}"#, r#""/a~1b~0": means nothing here"#),
        (r#"{"name":"R","effect":"deny","who":{"role":[]}}"#, r#""/who/role": means nothing here"#),
        (r#"{"name":"R","effect":"deny","who":[]}"#, r#""/who": must be an object"#),
        (r#"{"name":"R","effect":"deny","who":null}"#, r#""/who": must be an object"#),
        (r#"{"name":"R","effect":"deny","who":{"roles":["agent","Agent"]}}"#, r#""/who/roles/1": must be owner"#),
        (r#"{"name":"R","effect":"deny","who":{"users":"u"}}"#, r#""/who/users": must be a list"#),
        (r#"{"name":"R","effect":"deny","who":{"users":["a b"]}}"#, r#""/who/users/0": must be an id"#),
        (r#"{"name":"R","effect":"deny","who":{"groups":[""]}}"#, r#""/who/groups/0": must be 1 to 512"#),
        (r#"{"name":"R","effect":"deny","actions":["read"]}"#, r#""/actions/0": must be see or call"#),
        (r#"{"name":"R","effect":"deny","what":{"tools":["a b"]}}"#, r#""/what/tools/0": a pattern has"#),
        (r#"{"name":"R","effect":"deny","what":{"upstreams":["a__b"]}}"#, r#""/what/upstreams/0": an upstream's name"#),
        (r#"{"name":"R","effect":"deny","what":{"read_only":1}}"#, r#""/what/read_only": must be true or false"#),
        (r#"{"name":"R","effect":"deny","when":"x"}"#, r#""/when": there is no "x""#),
        (r#"{"name":"R","effect":"deny","when":"1 +"}"#, r#""/when": line 1"#),
        (r#"{"name":"R","effect":"approve","actions":["see"]}"#, r#""/actions": only a call can be approved"#),
        (
            r#"{"name":"R","effect":"deny","actions":["see"],"when":"arguments.x"}"#,
            r#""/when": only a call has arguments"#,
        ),
        (&many, r#""/who/users": has more than 64 entries"#),
        (&long, r#""/when": a condition has at most 1024 bytes"#),
    ] {
        let said = wrong(document);
        assert!(said.starts_with(begins), "{document}\n{said}");
    }
    assert!(wrong(&" ".repeat(CAPS.max_bytes + 1)).contains("longer than"));
}

#[test]
fn lists_of_whom_are_alternatives_within_and_conditions_between() {
    let with = |change: fn(&mut Subject)| {
        let mut subject = sample::subject();
        change(&mut subject);
        subject
    };
    let keyed = with(|subject| subject.key = ApiKeyId::parse("k").ok());
    let owner = with(|subject| subject.role = Role::Owner);
    let both = rule(json!({"who": {"roles": ["owner", "agent"], "groups": ["ops", "x"]}})).who;
    assert!(both.holds(&sample::subject()) && both.holds(&owner));
    assert!(!both.holds(&with(|subject| subject.groups.clear())) && !both.holds(&with(|s| s.role = Role::Admin)));
    let of_key = rule(json!({"who": {"keys": ["k"], "users": ["u-1"]}})).who;
    assert!(of_key.holds(&keyed) && !of_key.holds(&sample::subject()));
    let of_client = rule(json!({"who": {"clients": ["c"]}})).who;
    assert!(of_client.holds(&with(|subject| subject.client = Some("c".into()))) && !of_client.holds(&keyed));
}

#[test]
fn a_thing_is_meant_by_its_kind_its_name_its_upstream_and_its_hints() {
    let gh = Prefix::parse("gh").unwrap();
    let reads =
        Thing { hints: Hints { read_only: true, destructive: false, ..Hints::of(None) }, ..sample::tool("gh__get") };
    let what = |what: Value| rule(json!({"what": what})).what;
    let of_tools = what(json!({"tools": ["gh__*"]}));
    assert!(of_tools.holds(&reads) && !of_tools.holds(&sample::tool("db__x")));
    assert!(!of_tools.holds(&Thing::prompt("gh__x", None)) && !of_tools.holds(&Thing::resource("gh__x", None)));
    let of_either = what(json!({"prompts": ["p"], "resources": ["mcp+*"]}));
    assert!(of_either.holds(&Thing::prompt("p", None)) && of_either.holds(&Thing::resource("mcp+db+file:///a", None)));
    assert!(!of_either.holds(&sample::tool("p")));
    let of_upstream = what(json!({"upstreams": ["gh"]}));
    assert!(of_upstream.holds(&Thing::prompt("p", Some(&gh))) && !of_upstream.holds(&sample::tool("gh__x")));
    let of_hints = what(json!({"read_only": true, "destructive": false}));
    assert!(of_hints.holds(&reads) && !of_hints.holds(&sample::tool("x")));
    assert!(!what(json!({"read_only": false})).holds(&Thing::prompt("p", None)));
    assert!(what(json!({"tools": [], "upstreams": []})).holds(&Thing::prompt("p", None)));
}

#[cfg(not(target_arch = "wasm32"))]
proptest::proptest! {
    #[test]
    fn any_bytes_are_a_rule_or_refused(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
        let _ = Rule::parse(&bytes);
    }

    #[test]
    fn any_text_like_a_rule_is_one_or_refused(text in "\\{(\"(name|effect|who|what|when|actions|roles|tools|deny|x)\"[:,]|[\\[\\]{}1]){0,30}\\}") {
        let _ = Rule::parse(text.as_bytes());
    }
}
