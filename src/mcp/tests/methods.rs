//! Every method with its parameters: which era has it, which endpoint, and what is refused.

use super::{META, line, modern, modern_body, serve_with, with};
use crate::mcp::capability::ServerCapabilities;
use crate::mcp::message::RequestId;
use crate::mcp::method::{Call, Method, TaskAction};
use crate::mcp::params::Reference;
use crate::mcp::post::{self, Post};
use crate::mcp::subscription::{Filter, Subscription};
use crate::mcp::turn::{Asked, Turn};
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// An endpoint that offers everything.
fn everything() -> ServerCapabilities {
    let said = json!({"tools": {"listChanged": true}, "prompts": {"listChanged": true}, "completions": {}, "logging": {},
        "resources": {"subscribe": true, "listChanged": true}, "extensions": {"io.modelcontextprotocol/tasks": {}}});
    ServerCapabilities::read(said.as_object().unwrap())
}

fn ask(headers: &super::RequestHeaders, body: &str) -> Asked {
    let Ok(Post::Single(message)) = post::parse(headers, body.as_bytes()) else { panic!("{body}") };
    let Turn::Serve(asked) = message.turn() else { panic!("{body}") };
    *asked
}

fn modern_ask(method: &str, name: Option<&str>, members: &str) -> Asked {
    ask(&modern(method, name), &modern_body(method, members))
}

fn legacy_body(method: &str, members: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":7,"method":"{method}","params":{{{members}}}}}"#)
}

fn legacy_ask(method: &str, members: &str) -> Asked {
    ask(&with(&[]), &legacy_body(method, members))
}

/// Members of the parameters, and what is wrong with them, for a method that is otherwise served.
const WRONG: &[(&str, &str, &str)] = &[
    ("prompts/list", r#""cursor":5"#, "cursor must be a string"),
    ("resources/list", r#""cursor":"x""#, "unknown cursor"),
    ("resources/templates/list", r#""cursor":null"#, "cursor must be a string"),
    ("prompts/get", "", "name must be a string"),
    ("prompts/get", r#""name":"p","arguments":{"a":1}"#, "the values of arguments must be strings"),
    ("prompts/get", r#""name":"p","arguments":"a""#, "arguments must be an object"),
    ("resources/read", "", "uri must be a string"),
    ("resources/read", r#""uri":"""#, "uri must be a URI"),
    ("resources/read", r#""uri":"nothing""#, "uri must be a URI"),
    ("resources/read", r#""uri":"1a:b""#, "uri must be a URI"),
    ("resources/read", r#""uri":":b""#, "uri must be a URI"),
    ("resources/read", r#""uri":"a b:c""#, "uri must be a URI"),
    ("resources/read", r#""uri":"a:b c""#, "uri must be a URI"),
    ("resources/read", r#""uri":"a:\u0000""#, "uri must be a URI"),
    ("completion/complete", "", "ref must be an object"),
    (
        "completion/complete",
        r#""ref":{"type":"ref/tool"},"argument":{}"#,
        "ref.type must be ref/prompt or ref/resource",
    ),
    ("completion/complete", r#""ref":{"type":"ref/prompt"},"argument":{}"#, "name must be a string"),
    ("completion/complete", r#""ref":{"type":"ref/resource","uri":"a:b"}"#, "argument must be an object"),
    (
        "completion/complete",
        r#""ref":{"type":"ref/prompt","name":"p"},"argument":{"name":"a"}"#,
        "value must be a string",
    ),
    (
        "completion/complete",
        r#""ref":{"type":"ref/prompt","name":"p"},"argument":{"name":"a","value":"b"},"context":{"arguments":{"c":1}}"#,
        "the values of context.arguments must be strings",
    ),
    ("tools/call", r#""name":"x","_meta":{"progressToken":1.5}"#, "progressToken must be a string or an integer"),
    ("tools/list", r#""_meta":{"progressToken":null}"#, "progressToken must be a string or an integer"),
];

#[test]
fn wrong_parameters_are_named_in_both_eras() {
    for (method, members, reason) in WRONG {
        let expected =
            format!(r#"200 {{"jsonrpc":"2.0","id":7,"error":{{"code":-32602,"message":"Invalid params: {reason}"}}}}"#);
        assert_eq!(
            line(&serve_with(&everything(), &with(&[]), &legacy_body(method, members))),
            expected,
            "{method} {members}"
        );
        let mut body: Value = serde_json::from_str(&legacy_body(method, members)).unwrap();
        let meta: Value = serde_json::from_str(META).unwrap();
        let named = ["name", "uri"].iter().find_map(|member| body["params"][*member].as_str()).map(str::to_owned);
        for (name, value) in meta.as_object().unwrap() {
            body["params"]["_meta"][name] = value.clone();
        }
        let name = named.filter(|name| name.bytes().all(|byte| byte >= b' ')).unwrap_or_default();
        let headers = modern(method, Some(name.as_str()));
        if !members.contains("\\u0000") {
            assert_eq!(line(&serve_with(&everything(), &headers, &body.to_string())), expected, "{method} {members}");
        }
    }
}

#[test]
fn what_only_one_era_has_is_read_there() {
    let wrong = |asked: Asked| match asked.method {
        Method::Malformed { fault, .. } => fault.to_string(),
        other => panic!("{other:?}"),
    };
    for (members, reason) in [
        ("", "notifications must be an object"),
        (r#""notifications":{"toolsListChanged":1},"#, "toolsListChanged must be a boolean"),
        (r#""notifications":{"resourceSubscriptions":"a"},"#, "resourceSubscriptions must be an array of"),
        (r#""notifications":{"taskIds":[1]},"#, "taskIds must be an array of"),
    ] {
        assert!(wrong(modern_ask("subscriptions/listen", None, members)).contains(reason), "{members}");
    }
    let many = format!(r#""notifications":{{"taskIds":["a"{}]}},"#, r#","a""#.repeat(256));
    assert!(wrong(modern_ask("subscriptions/listen", None, &many)).contains("at most 256"));
    for (members, reason) in [
        ("", "taskId must be a string"),
        (r#""taskId":"t","#, "inputResponses must be an object of objects"),
        (r#""taskId":"t","inputResponses":{"a":1},"#, "inputResponses must be an object of objects"),
    ] {
        assert!(wrong(modern_ask("tasks/update", Some("t"), members)).contains(reason), "{members}");
    }
    for (members, reason) in [
        (r#""name":"t","requestState":1,"#, "requestState must be a string"),
        (r#""name":"t","inputResponses":[],"#, "inputResponses must be an object"),
    ] {
        assert!(wrong(modern_ask("tools/call", Some("t"), members)).contains(reason), "{members}");
    }
    let body = modern_body("tools/call", r#""name":"t","#)
        .replace(r#"{"io."#, r#"{"io.modelcontextprotocol/logLevel":"loud","io."#);
    assert!(wrong(ask(&modern("tools/call", Some("t")), &body)).contains("logLevel must be a log level"));
    for (method, members, reason) in [
        ("logging/setLevel", r#""level":"loud""#, "level must be a log level"),
        ("logging/setLevel", "", "level must be a log level"),
        ("resources/subscribe", r#""uri":"x""#, "uri must be a URI"),
        ("resources/unsubscribe", "", "uri must be a string"),
    ] {
        assert!(wrong(legacy_ask(method, members)).contains(reason), "{method}");
    }
}

#[test]
fn a_method_that_the_endpoint_does_not_offer_is_not_found_whatever_came_with_it() {
    let own = ServerCapabilities::own();
    for (method, members) in [
        ("prompts/list", ""),
        ("prompts/get", ""),
        ("resources/list", r#""cursor":1"#),
        ("resources/templates/list", ""),
        ("resources/read", r#""uri":"a:b""#),
        ("completion/complete", ""),
        ("resources/subscribe", ""),
        ("resources/unsubscribe", ""),
        ("logging/setLevel", ""),
    ] {
        let reply = line(&serve_with(&own, &with(&[]), &legacy_body(method, members)));
        assert_eq!(reply, r#"200 {"jsonrpc":"2.0","id":7,"error":{"code":-32601,"message":"Method not found"}}"#);
    }
    for method in ["prompts/list", "completion/complete", "subscriptions/listen", "tasks/get"] {
        let reply = line(&serve_with(&own, &modern(method, None), &modern_body(method, "")));
        assert_eq!(reply, r#"404 {"jsonrpc":"2.0","id":7,"error":{"code":-32601,"message":"Method not found"}}"#);
    }
}

#[test]
fn what_comes_with_a_request_is_taken_apart() {
    let body = r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"x","requestState":"s",
        "inputResponses":{"k":{"a":1}},"task":{"ttl":1},"_meta":{
        "io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"n","version":"1"},
        "io.modelcontextprotocol/clientCapabilities":{"sampling":{}},"io.modelcontextprotocol/logLevel":"error",
        "progressToken":"p","traceparent":"00-1","com.example/k":[1]}}}"#;
    let asked = ask(&modern("tools/call", Some("x")), body);
    assert_eq!(asked.meta.progress, Some(RequestId::Text("p".into())));
    assert_eq!(asked.meta.log_level.map(crate::mcp::log_level::LogLevel::name), Some("error"));
    assert!(asked.meta.client.sampling.is_some());
    assert_eq!(Value::Object(asked.meta.relayed), json!({"traceparent": "00-1", "com.example/k": [1]}));
    let Method::Call(call) = asked.method else { panic!("no call") };
    let retry = call.retry().unwrap();
    assert_eq!((retry.state.as_deref(), retry.responses.as_ref().unwrap().len()), (Some("s"), 1));
    // A legacy client has neither a level nor capabilities in a request.
    let asked = legacy_ask("tools/call", r#""name":"x","_meta":{"io.modelcontextprotocol/logLevel":"loud","a":1}"#);
    assert_eq!((asked.meta.log_level, asked.meta.client.answers()), (None, false));
    assert_eq!(Value::Object(asked.meta.relayed), json!({"a": 1}));
}

#[test]
fn every_call_is_read_with_what_it_needs() {
    let call = |asked: Asked| match asked.method {
        Method::Call(call) => call,
        other => panic!("{other:?}"),
    };
    let Call::Prompt { name, arguments, .. } = call(legacy_ask("prompts/get", r#""name":"p","arguments":{"a":"b"}"#))
    else {
        panic!("no prompt")
    };
    assert_eq!((name.as_str(), Value::Object(arguments.unwrap())), ("p", json!({"a": "b"})));
    for uri in ["test://static-text", "urn:x:y", "ui://w/v.html", "file:///a%20b", "a+b-c.d:"] {
        let Call::Resource { uri: read, .. } = call(legacy_ask("resources/read", &format!(r#""uri":"{uri}""#))) else {
            panic!("no resource")
        };
        assert_eq!(read, uri);
    }
    let members = r#""ref":{"type":"ref/resource","uri":"a:{b}"},"argument":{"name":"b","value":"","more":1},"context":{"arguments":{"c":"d"}}"#;
    let Call::Complete { reference, argument, context } = call(legacy_ask("completion/complete", members)) else {
        panic!("no completion")
    };
    assert_eq!(reference, Reference::Resource("a:{b}".into()));
    assert_eq!(Value::Object(argument), json!({"name": "b", "value": ""}));
    assert_eq!(Value::Object(context.unwrap()), json!({"arguments": {"c": "d"}}));
    for (method, action) in [
        ("tasks/get", TaskAction::Get),
        ("tasks/cancel", TaskAction::Cancel),
        ("tasks/update", TaskAction::Update { responses: serde_json::from_str(r#"{"k":{}}"#).unwrap() }),
    ] {
        let read = call(modern_ask(method, Some("t"), r#""taskId":"t","inputResponses":{"k":{}},"#));
        assert_eq!((read.method(), &read), (method, &Call::Task { action, id: "t".into() }));
    }
}

#[test]
fn a_subscription_tells_what_it_was_asked_for_and_what_the_endpoint_has() {
    let members = r#""notifications":{"toolsListChanged":true,"promptsListChanged":false,"new":1,
        "resourceSubscriptions":["a:b","a:b"],"taskIds":["t"]},"#;
    let Method::Listen(wanted) = modern_ask("subscriptions/listen", None, members).method else { panic!("no filter") };
    assert!(wanted.clone().kept_by(&ServerCapabilities::own()).is_empty());
    let kept = wanted.kept_by(&everything());
    let subscription = Subscription::new(RequestId::Number(7), kept);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    assert_eq!(
        text(subscription.acknowledgement()),
        r#"{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"notifications":{"toolsListChanged":true,"resourceSubscriptions":["a:b"],"taskIds":["t"]},"_meta":{"io.modelcontextprotocol/subscriptionId":7}}}"#
    );
    let relay = |method: &str, params: Value| subscription.relay(method, params.as_object().unwrap().clone()).map(text);
    assert_eq!(
        relay("notifications/resources/updated", json!({"uri": "a:b", "_meta": {"k": 1}})).unwrap(),
        r#"{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"a:b","_meta":{"k":1,"io.modelcontextprotocol/subscriptionId":7}}}"#
    );
    assert!(relay("notifications/tools/list_changed", json!({})).is_some());
    assert!(relay("notifications/tasks", json!({"taskId": "t"})).is_some());
    for (method, params) in [
        ("notifications/prompts/list_changed", json!({})),
        ("notifications/resources/list_changed", json!({})),
        ("notifications/resources/updated", json!({"uri": "a:c"})),
        ("notifications/resources/updated", json!({})),
        ("notifications/tasks", json!({"taskId": "u"})),
        ("notifications/message", json!({})),
        ("notifications/progress", json!({})),
    ] {
        assert!(relay(method, params).is_none(), "{method}");
    }
    assert_eq!(
        text(subscription.end()),
        r#"{"jsonrpc":"2.0","id":7,"result":{"resultType":"complete","_meta":{"io.modelcontextprotocol/subscriptionId":7}}}"#
    );
    assert_eq!(Filter::lists().kept_by(&ServerCapabilities::own()), Filter::default());
}

#[test]
fn a_carried_call_is_of_its_own_tool_with_the_retry_and_is_held_to_no_header() {
    let members = r#""name":"call_tool","arguments":{"name":"get_weather"},"requestState":"s","#;
    let asked = modern_ask("tools/call", Some("call_tool"), members);
    let arguments = json!({"city": "Rome"}).as_object().unwrap().clone();
    let carrying = asked.clone().carrying("get_weather".into(), arguments.clone());
    assert_eq!((&carrying.to, &carrying.meta), (&asked.to, &asked.meta));
    let Method::Call(Call::Tool { name, arguments: own, retry }) = &carrying.method else { panic!("{carrying:?}") };
    assert_eq!((name.as_str(), own, retry.state.as_deref()), ("get_weather", &arguments, Some("s")));
    let headers = modern("tools/call", Some("call_tool"));
    assert_eq!(carrying.check_headers(&headers, &super::weather()), Ok(()));
    // The same call by its own name is.
    let direct = Asked { carried: false, ..carrying };
    assert!(direct.check_headers(&headers, &super::weather()).is_err());
}
