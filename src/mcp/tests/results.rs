//! Results and errors of upstreams, as each era of client is told them.

use super::line;
use crate::mcp::capability::ServerCapabilities;
use crate::mcp::era::{Era, LegacyRevision};
use crate::mcp::message::RequestId;
use crate::mcp::method::{Call, ListKind};
use crate::mcp::params::InputRetry;
use crate::mcp::reply::{Addressee, Degraded, Reply};
use crate::mcp::wire::RpcError;
use serde_json::{Map, Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn modern() -> Addressee {
    Addressee { id: RequestId::Number(7), era: Era::Modern, server: None }
}

fn legacy() -> Addressee {
    Addressee { era: Era::Legacy(LegacyRevision::LATEST), ..modern() }
}

fn map(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn tool() -> Call {
    Call::Tool { name: "x".into(), arguments: Map::new(), retry: InputRetry::default() }
}

fn resource() -> Call {
    Call::Resource { uri: "p+a:b".into(), retry: InputRetry::default() }
}

/// The result of a reply, without the gateway's signature.
fn result(reply: &Reply) -> Value {
    let mut message: Value = serde_json::from_slice(reply.body.as_ref().unwrap()).unwrap();
    let mut result = message["result"].take();
    if let Some(meta) = result["_meta"].as_object_mut() {
        assert_eq!(meta.remove("io.modelcontextprotocol/serverInfo").unwrap()["name"], "mcp-secure-gateway");
        if meta.is_empty() {
            result.as_object_mut().unwrap().remove("_meta");
        }
    }
    result
}

#[test]
fn an_upstreams_result_keeps_every_member_but_those_of_the_hop() {
    let given = map(&json!({"resultType": "complete", "content": [], "structuredContent": [1], "new": {"a": 1},
        "ttlMs": 9, "cacheScope": "public", "_meta": {"io.modelcontextprotocol/serverInfo": {"name": "up"}, "k": 1}}));
    assert_eq!(
        result(&modern().relayed(&tool(), given.clone())),
        json!({"resultType": "complete", "content": [], "structuredContent": [1], "new": {"a": 1}, "_meta": {"k": 1}})
    );
    let told: Value = serde_json::from_slice(&legacy().relayed(&tool(), given).body.unwrap()).unwrap();
    assert_eq!(told["result"], json!({"content": [], "new": {"a": 1}, "_meta": {"k": 1}}));
}

#[test]
fn a_resource_may_be_kept_by_its_reader_alone_and_not_for_ever() {
    for (given, told) in
        [(json!(9), 9), (json!(u64::MAX), 86_400_000), (json!(-1), 0), (json!("9"), 0), (Value::Null, 0)]
    {
        let read = map(&json!({"contents": [], "ttlMs": given, "cacheScope": "public"}));
        assert_eq!(
            result(&modern().relayed(&resource(), read)),
            json!({"resultType": "complete", "contents": [], "ttlMs": told, "cacheScope": "private"})
        );
    }
}

#[test]
fn every_list_says_how_long_and_for_whom_it_may_be_kept() {
    for (kind, member) in ListKind::ALL.map(|kind| (kind, kind.member())) {
        let items = [json!({"name": "a", "more": {}})];
        let expected = json!({"resultType": "complete", member: items, "ttlMs": 5000, "cacheScope": "private"});
        assert_eq!(result(&modern().list(kind, &items, &[])), expected);
        let told: Value = serde_json::from_slice(&legacy().list(kind, &items, &[]).body.unwrap()).unwrap();
        assert_eq!(told["result"], json!({member: items}));
    }
}

#[test]
fn an_endpoint_that_stands_for_one_upstream_speaks_in_its_name() {
    let server = map(&json!({"name": "theirs", "version": "3"}));
    let to = Addressee { server: Some(server.clone()), ..modern() };
    let given = map(&json!({"content": [], "_meta": {"k": 1}}));
    for reply in [to.relayed(&tool(), given), to.list(ListKind::Prompts, &Vec::<Value>::new(), &[])] {
        let told: Value = serde_json::from_slice(&reply.body.unwrap()).unwrap();
        assert_eq!(told["result"]["_meta"]["io.modelcontextprotocol/serverInfo"], json!(server));
    }
    let to = Addressee { server: Some(server.clone()), ..legacy() };
    let reply = to.initialize(LegacyRevision::LATEST, ServerCapabilities::own(), "");
    let told: Value = serde_json::from_slice(&reply.body.unwrap()).unwrap();
    assert_eq!(told["result"]["serverInfo"], json!(server));
}

#[test]
fn a_list_says_which_upstreams_it_is_old_of_or_lacks() {
    let degraded = [Degraded { upstream: "u".into(), state: "stale", reason: "it is away".into() }];
    let noted = json!({"mcp-secure-gateway/degraded": [{"upstream": "u", "state": "stale", "reason": "it is away"}]});
    let reply = legacy().list(ListKind::Prompts, &Vec::<Value>::new(), &degraded);
    let told: Value = serde_json::from_slice(&reply.body.unwrap()).unwrap();
    assert_eq!(told["result"], json!({"prompts": [], "_meta": noted}));
    let told = result(&modern().list(ListKind::Prompts, &Vec::<Value>::new(), &degraded));
    assert_eq!(told["_meta"], noted);
}

#[test]
fn a_result_that_is_not_the_end_says_so() {
    let requests = map(&json!({"k": {"method": "roots/list"}}));
    assert_eq!(
        result(&modern().input_required(requests, "sealed".into())),
        json!({"resultType": "input_required", "inputRequests": {"k": {"method": "roots/list"}}, "requestState": "sealed"})
    );
    assert_eq!(
        result(&modern().input_required(Map::new(), "sealed".into())),
        json!({"resultType": "input_required", "requestState": "sealed"})
    );
    let task = map(&json!({"taskId": "t", "status": "working", "resultType": "task"}));
    assert_eq!(result(&modern().task(task)), json!({"resultType": "task", "taskId": "t", "status": "working"}));
}

#[test]
fn an_upstreams_error_has_the_code_and_status_of_the_clients_era() {
    let error =
        |code, data: Value| RpcError { code, message: "m".into(), data: Some(data).filter(|data| !data.is_null()) };
    let told = |to: &Addressee, call: &Call, error: RpcError| line(&to.upstream_error(call, error));
    let body = |status: u16, code: i64, rest: &str| {
        format!(r#"{status} {{"jsonrpc":"2.0","id":7,"error":{{"code":{code},{rest}}}}}"#)
    };
    // The caller's own URI stands in the error, whatever the upstream calls the resource.
    let missing = || error(-32602, json!({"uri": "a:b"}));
    let named = r#""message":"Resource not found","data":{"uri":"p+a:b"}"#;
    assert_eq!(told(&modern(), &resource(), missing()), body(200, -32602, named));
    assert_eq!(told(&legacy(), &resource(), missing()), body(200, -32002, named));
    assert_eq!(told(&modern(), &tool(), missing()), body(200, -32602, r#""message":"m","data":{"uri":"a:b"}"#));
    let required = || error(-32021, json!({"requiredCapabilities": {"sampling": {}}}));
    let told_required =
        r#""message":"Missing required client capability","data":{"requiredCapabilities":{"sampling":{}}}"#;
    assert_eq!(told(&modern(), &tool(), required()), body(400, -32021, told_required));
    assert_eq!(told(&legacy(), &tool(), required()), body(200, -32021, told_required));
    assert_eq!(told(&modern(), &tool(), error(-32601, Value::Null)), body(404, -32601, r#""message":"m""#));
    assert_eq!(told(&legacy(), &tool(), error(-32601, Value::Null)), body(200, -32601, r#""message":"m""#));
    let elicit = || error(-32042, json!({"elicitations": []}));
    let shown = r#""message":"m","data":{"elicitations":[]}"#;
    assert_eq!(told(&legacy(), &tool(), elicit()), body(200, -32042, shown));
    assert_eq!(told(&modern(), &tool(), error(1, Value::Null)), body(200, 1, r#""message":"m""#));
}
