//! Media types, `Mcp-Name` and `Mcp-Param-*`.

use super::{exchange, modern, modern_body, tool, weather, with};
use crate::mcp::headers::RequestHeaders;
use crate::mcp::refusal::{Fault, HeaderProblem};
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;

fn status(headers: &[(&str, &str)]) -> String {
    exchange(&RequestHeaders::collect(headers.iter().copied()), PING)[..3].to_owned()
}

#[test]
fn the_body_must_be_called_json() {
    let accept = ("Accept", "application/json, text/event-stream");
    for good in ["application/json", "Application/JSON; charset=utf-8", " application/json "] {
        assert_eq!(status(&[("CONTENT-TYPE", good), accept]), "200", "{good}");
    }
    for bad in ["text/plain", "application/json, application/json", "application/jsonp", "", "application/json+x"] {
        assert_eq!(status(&[("Content-Type", bad), accept]), "415", "{bad}");
    }
    assert_eq!(status(&[accept]), "415");
    assert_eq!(status(&[("Content-Type", "application/json"), ("Content-Type", "application/json"), accept]), "415");
}

#[test]
fn the_client_must_take_json_and_event_streams() {
    let media = ("Content-Type", "application/json");
    for good in [
        "application/json, text/event-stream",
        "text/event-stream,application/json;q=0.5",
        "text/html;q=0, APPLICATION/json , Text/Event-Stream;q=1",
    ] {
        assert_eq!(status(&[media, ("Accept", good)]), "200", "{good}");
    }
    assert_eq!(status(&[media, ("Accept", "application/json"), ("Accept", "text/event-stream")]), "200");
    for bad in ["*/*", "application/json", "text/event-stream", "application/json;q=0, text/event-stream", ""] {
        assert_eq!(status(&[media, ("Accept", bad)]), "406", "{bad}");
    }
    assert_eq!(status(&[media]), "406");
}

#[test]
fn a_name_may_travel_encoded_and_must_be_exact() {
    let body = modern_body("tools/call", r#""name":"get_weather","#);
    for good in ["get_weather", " get_weather\t", "=?base64?Z2V0X3dlYXRoZXI=?="] {
        assert!(exchange(&modern("tools/call", Some(good)), &body).starts_with("200 "), "{good}");
    }
    for (bad, problem) in [
        ("Get_weather", "does not match the body"),
        ("get_weather, get_weather", "does not match the body"),
        ("=?BASE64?Z2V0X3dlYXRoZXI=?=", "does not match the body"),
        ("=?base64?Z2V0X3dlYXRoZXI=", "does not match the body"),
        ("=?base64?=", "does not match the body"),
        ("=?base64?Z2V0X3dlYXRoZXI?=", "has an unreadable value"),
        ("=?base64?Z2V0X3dlYXRoZXJ=?=", "has an unreadable value"),
        ("=?base64?Z2V0 3dlYXRoZXI=?=", "has an unreadable value"),
        ("=?base64?/w==?=", "has an unreadable value"),
        ("get_wéather", "has an unreadable value"),
    ] {
        assert_eq!(
            exchange(&modern("tools/call", Some(bad)), &body),
            format!(
                r#"400 {{"jsonrpc":"2.0","id":7,"error":{{"code":-32020,"message":"Header mismatch: Mcp-Name {problem}"}}}}"#
            ),
            "{bad}"
        );
    }
}

fn params(headers: &[(&str, &str)], schema: &Value, arguments: &Value) -> Result<(), Fault> {
    let headers = RequestHeaders::collect(headers.iter().copied());
    headers.check_params(schema.as_object().unwrap(), arguments.as_object().unwrap())
}

fn fault(header: &str, problem: HeaderProblem) -> Result<(), Fault> {
    Err(Fault::Header { header: header.into(), problem })
}

#[test]
fn every_marked_argument_has_exactly_its_header() {
    let schema = Value::Object(weather().input_schema);
    let city = json!({"city":"Bern"});
    assert_eq!(params(&[("MCP-PARAM-CITY", "Bern")], &schema, &city), Ok(()));
    assert_eq!(params(&[("Mcp-Param-City", "=?base64?QmVybg==?=")], &schema, &city), Ok(()));
    assert_eq!(params(&[("Mcp-Param-City", "Bern"), ("Mcp-Param-Other", "x")], &schema, &city), Ok(()));
    let city_header = "Mcp-Param-City";
    assert_eq!(params(&[], &schema, &city), fault(city_header, HeaderProblem::Missing));
    assert_eq!(params(&[(city_header, "bern")], &schema, &city), fault(city_header, HeaderProblem::Differs));
    let twice = [(city_header, "Bern"), (city_header, "Bern")];
    assert_eq!(params(&twice, &schema, &city), fault(city_header, HeaderProblem::Repeated));
    for absent in [json!({}), json!({"city":null}), json!({"city":["Bern"]})] {
        assert_eq!(params(&[], &schema, &absent), Ok(()));
        assert_eq!(params(&[(city_header, "Bern")], &schema, &absent), fault(city_header, HeaderProblem::Unexpected));
    }
}

#[test]
fn whole_numbers_are_compared_as_numbers_and_truth_values_as_text() {
    let schema = json!({"type":"object","properties":{
        "n":{"type":"integer","x-mcp-header":"N"},"b":{"type":"boolean","x-mcp-header":"B"}}});
    for (header, value) in
        [("42", json!(42)), ("42.0", json!(42)), ("4.2e1", json!(42)), ("42", json!(42.0)), ("-0", json!(0))]
    {
        assert_eq!(params(&[("Mcp-Param-N", header)], &schema, &json!({"n":value})), Ok(()), "{header}");
    }
    for (header, value) in [
        ("43", json!(42)),
        ("0x2a", json!(42)),
        ("", json!(0)),
        ("\"42\"", json!(42)),
        ("9007199254740993", json!(9_007_199_254_740_992_u64)),
        ("1.5", json!(1.5)),
    ] {
        let expected = fault("Mcp-Param-N", HeaderProblem::Differs);
        assert_eq!(params(&[("Mcp-Param-N", header)], &schema, &json!({"n":value})), expected, "{header}");
    }
    assert_eq!(params(&[("Mcp-Param-B", "true")], &schema, &json!({"b":true})), Ok(()));
    assert!(params(&[("Mcp-Param-B", "True")], &schema, &json!({"b":true})).is_err());
}

#[test]
fn marks_are_found_along_properties_alone() {
    let schema = json!({"type":"object","properties":{
        "place":{"type":"object","properties":{"zone":{"type":"string","x-mcp-header":"Zone"}}},
        "odd":{"type":"string","x-mcp-header":""}},
        "items":{"properties":{"q":{"x-mcp-header":"Q"}}}});
    let there = json!({"place":{"zone":"z"},"odd":"o","q":"q"});
    assert_eq!(params(&[("Mcp-Param-Zone", "z")], &schema, &there), Ok(()));
    assert_eq!(params(&[], &schema, &there), fault("Mcp-Param-Zone", HeaderProblem::Missing));
    assert_eq!(params(&[], &schema, &json!({"place":"z"})), Ok(()));
    assert!(params(&[("Mcp-Param-Zone", "z")], &schema, &json!({"zone":"z"})).is_err());
}

#[test]
fn a_modern_call_is_held_to_its_param_headers_and_a_legacy_call_is_not() {
    let body = modern_body("tools/call", r#""name":"get_weather","arguments":{"city":"Bern"},"#);
    assert_eq!(
        exchange(&modern("tools/call", Some("get_weather")), &body),
        r#"400 {"jsonrpc":"2.0","id":7,"error":{"code":-32020,"message":"Header mismatch: Mcp-Param-City is missing"}}"#
    );
    let legacy =
        r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"get_weather","arguments":{"city":"Bern"}}}"#;
    assert!(exchange(&with(&[]), legacy).starts_with("200 "));
}

#[test]
fn a_tool_without_marks_needs_no_header() {
    let plain = tool(r#"{"name":"t","inputSchema":{"type":"object","properties":{"a":{"type":"string"}}}}"#);
    assert_eq!(params(&[], &Value::Object(plain.input_schema), &json!({"a":"x"})), Ok(()));
    assert_eq!(params(&[], &json!({"type":"object"}), &json!({"a":"x"})), Ok(()));
}
