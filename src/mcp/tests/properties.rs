//! Properties, in pairs: nothing breaks the reader, and nothing well-formed is refused.

use super::{RequestHeaders, exchange, modern, serve, with};
use crate::mcp::post;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// JSON of any shape, with member names the reader looks for.
fn any_json() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        Just("2.0".to_owned()),
        Just("2026-07-28".to_owned()),
        Just("2025-06-18".to_owned()),
        "(initialize|ping|server/discover|tools/list|tools/call)",
        "\\PC{0,12}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    let name = prop_oneof![
        "(jsonrpc|id|method|params|result|error|_meta|name|arguments|cursor)",
        Just("io.modelcontextprotocol/protocolVersion".to_owned()),
        Just("io.modelcontextprotocol/clientCapabilities".to_owned()),
    ];
    leaf.prop_recursive(5, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A request that is right but for what the reader must find out: any params, any method.
fn any_request() -> impl Strategy<Value = (Value, Value)> {
    let id = prop_oneof![any::<i64>().prop_map(Value::from), "\\PC{0,20}".prop_map(Value::from)];
    let method = prop_oneof!["(initialize|ping|server/discover|tools/list|tools/call|prompts/get)", "\\PC{0,12}"];
    let params = prop_oneof![
        3 => prop::collection::vec(("(name|arguments|cursor|_meta|uri)", any_json()), 0..5)
            .prop_map(|members| Value::Object(members.into_iter().collect())),
        1 => any_json(),
    ];
    (id, method, params)
        .prop_map(|(id, method, params)| (id.clone(), json!({"jsonrpc":"2.0","id":id,"method":method,"params":params})))
}

fn any_headers() -> impl Strategy<Value = RequestHeaders> {
    let name = "(mcp-protocol-version|mcp-method|mcp-name|mcp-param-city)";
    let value = prop_oneof![
        "(2026-07-28|2025-11-25|2025-03-26|tools/list|tools/call|get_weather|=\\?base64\\?[A-Za-z=]{0,6}\\?=)",
        "\\PC{0,12}",
    ];
    prop::collection::vec((name, value), 0..5).prop_map(|pairs| {
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        with(&pairs)
    })
}

fn body_of(reply: &super::Reply) -> Option<Value> {
    reply.body.as_ref().map(|body| serde_json::from_slice(body).unwrap())
}

/// Whether a reply is one JSON-RPC answer with this id.
fn answers(reply: &Value, id: &Value) -> bool {
    let one = reply.get("result").is_some() != reply.get("error").is_some();
    reply.get("jsonrpc") == Some(&json!("2.0")) && reply.get("id") == Some(id) && one
}

/// A well-formed request of the modern or a legacy era, with the headers it needs.
fn well_formed() -> impl Strategy<Value = (RequestHeaders, Value)> {
    let id = prop_oneof![any::<i64>().prop_map(Value::from), "\\PC{0,256}".prop_map(Value::from)];
    let arguments = prop::collection::vec(("[a-z]{5,8}", any_json()), 0..4);
    let era = prop::sample::select(vec!["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26"]);
    let method = prop::sample::select(vec!["tools/list", "tools/call", "hello"]);
    (id, arguments, era, method).prop_map(|(id, arguments, era, method)| {
        let mut params = Map::new();
        if method == "tools/call" {
            params.insert("name".into(), "get_weather".into());
            params.insert("arguments".into(), Value::Object(arguments.into_iter().collect()));
        }
        let mut headers = vec![("MCP-Protocol-Version", era)];
        let modern = era == "2026-07-28";
        let method = match (method, modern) {
            ("hello", true) => "server/discover",
            ("hello", false) => "ping",
            (other, _) => other,
        };
        if modern {
            params.insert("_meta".into(), serde_json::from_str(super::META).unwrap());
            headers.push(("Mcp-Method", method));
            headers.push(("Mcp-Name", "get_weather"));
        }
        (with(&headers), json!({"jsonrpc":"2.0","id":id,"method":method,"params":params}))
    })
}

proptest! {
    #[test]
    fn any_bytes_give_a_post_or_a_refusal_that_is_json(headers in any_headers(), body in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Err(refusal) = post::parse(&headers, &body) {
            let reply = refusal.reply();
            prop_assert!((400..=415).contains(&reply.status));
            prop_assert!(answers(&body_of(&reply).unwrap(), &Value::Null));
        }
    }

    #[test]
    fn any_json_is_answered_with_json_or_accepted_without_a_body(headers in any_headers(), value in any_json()) {
        let reply = serve(&headers, &value.to_string());
        match body_of(&reply) {
            None => prop_assert_eq!(reply.status, 202),
            Some(Value::Array(items)) => prop_assert!(value.is_array() && !items.is_empty()),
            Some(body) => prop_assert_eq!(body.get("jsonrpc"), Some(&json!("2.0"))),
        }
    }

    #[test]
    fn every_reply_to_a_request_has_its_id(headers in any_headers(), (id, request) in any_request()) {
        let body = body_of(&serve(&headers, &request.to_string()));
        prop_assert!(body.as_ref().is_some_and(|body| answers(body, &id)), "{request} -> {body:?}");
    }

    #[test]
    fn every_well_formed_request_is_served((headers, request) in well_formed()) {
        let reply = serve(&headers, &request.to_string());
        let body = body_of(&reply).unwrap();
        prop_assert!(reply.status == 200 && body.get("result").is_some(), "{request} -> {body}");
        prop_assert_eq!(body.get("id"), request.get("id"));
    }

    #[test]
    fn one_wrong_routing_header_is_enough_to_be_refused(value in "[!-~]{0,16}", which in 0..3_usize) {
        let right = [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tools/call"), ("Mcp-Name", "get_weather")];
        let body = super::modern_body("tools/call", r#""name":"get_weather","#);
        let mut headers = right;
        headers[which].1 = &value;
        prop_assume!(value != right[which].1);
        let reply = exchange(&with(&headers), &body);
        prop_assert!(reply.starts_with("400 ") && reply.contains("-32020"), "{reply}");
    }

    #[test]
    fn a_name_of_any_text_travels_encoded(name in "\\PC{1,40}") {
        use base64ct::Encoding;
        let header = format!("=?base64?{}?=", base64ct::Base64::encode_string(name.as_bytes()));
        let body = super::modern_body("tools/call", &format!(r#""name":{},"#, Value::from(name)));
        prop_assert!(!exchange(&modern("tools/call", Some(&header)), &body).contains("-32020"));
    }
}
