//! Hostile messages: the right JSON-RPC error, soon, and a next request that is fine.

use crate::{gateway, logged_in, modern_params};
use gateway_contract::client::Answer;
use gateway_contract::raw;
use gateway_contract::seed::Tools;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Longest time a hostile message may keep the gateway busy.
const SOON: Duration = Duration::from_secs(3);

/// Posts a body byte for byte, with the headers of a good client of this revision.
fn post(access: &str, version: &str, method: &str, body: &[u8]) -> Answer {
    let bearer = format!("Bearer {access}");
    let lines: [(&str, &[u8]); 6] = [
        ("Authorization", bearer.as_bytes()),
        ("Content-Type", b"application/json"),
        ("Accept", b"application/json, text/event-stream"),
        ("MCP-Protocol-Version", version.as_bytes()),
        ("Mcp-Method", method.as_bytes()),
        ("Mcp-Name", b"server_time"),
    ];
    let start = Instant::now();
    let answer = raw::request(gateway(), "POST", "/mcp", &lines, body);
    assert!(
        start.elapsed() < SOON,
        "{:?} for {:?}",
        start.elapsed(),
        String::from_utf8_lossy(&body[..body.len().min(80)])
    );
    answer
}

fn still_fine(access: &str) {
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": modern_params(json!({"name": "server_time"}))});
    let answer = post(access, "2026-07-28", "tools/call", body.to_string().as_bytes());
    assert!(answer.json(200)["result"]["content"].is_array(), "{}", answer.text());
}

/// Bodies of the test suite of RFC 8259 readers that every reader must refuse, by the names they have there, and some of
/// those a reader may refuse, which this one does.
const NOT_JSON: &[(&str, &[u8])] = &[
    ("n_array_1_true_without_comma", b"[1 true]"),
    ("n_array_a_invalid_utf8", b"[a\xe5]"),
    ("n_array_colon_instead_of_comma", b"[\"\": 1]"),
    ("n_array_comma_after_close", b"[\"\"],"),
    ("n_array_double_comma", b"[1,,2]"),
    ("n_array_extra_close", b"[\"x\"]]"),
    ("n_array_incomplete", b"[\"x\""),
    ("n_array_just_minus", b"[-]"),
    ("n_array_newlines_unclosed", b"[\"a\",\n4\n,1,"),
    ("n_array_star_inside", b"[*]"),
    ("n_incomplete_true", b"[tru]"),
    ("n_multidigit_number_then_00", b"123\x00"),
    ("n_number_++", b"[++1234]"),
    ("n_number_-01", b"[-01]"),
    ("n_number_.2e-3", b"[.2e-3]"),
    ("n_number_0x1", b"[0x1]"),
    ("n_number_1_000", b"[1 000.0]"),
    ("n_number_2.e3", b"[2.e3]"),
    ("n_number_Inf", b"[Inf]"),
    ("n_number_NaN", b"[NaN]"),
    ("n_number_U+FF11_fullwidth_digit_one", "[１]".as_bytes()),
    ("n_number_with_leading_zero", b"[012]"),
    ("n_object_bad_value", b"[\"x\", truth]"),
    ("n_object_comma_instead_of_colon", b"{\"x\", null}"),
    ("n_object_emoji", "{🇨🇭}".as_bytes()),
    ("n_object_missing_colon", b"{\"a\" b}"),
    ("n_object_non_string_key", b"{1:1}"),
    ("n_object_single_quote", b"{'a':0}"),
    ("n_object_trailing_comment", b"{\"a\":\"b\"}/**/"),
    ("n_object_two_commas_in_a_row", b"{\"a\":\"b\",,\"c\":\"d\"}"),
    ("n_object_unquoted_key", b"{a: \"b\"}"),
    ("n_single_space", b" "),
    ("n_string_1_surrogate_then_escape", b"[\"\\uD800\\\"]"),
    ("n_string_escape_x", b"[\"\\x00\"]"),
    ("n_string_incomplete_surrogate_escape_invalid", b"[\"\\uD800\\uD800\\x\"]"),
    ("n_string_invalid_utf8_after_escape", b"[\"\\\xe5\"]"),
    ("n_string_unescaped_ctrl_char", b"[\"a\x00a\"]"),
    ("n_string_unescaped_newline", b"[\"new\nline\"]"),
    ("n_string_with_trailing_garbage", b"\"\"x"),
    ("n_structure_UTF8_BOM_no_data", b"\xef\xbb\xbf"),
    ("n_structure_angle_bracket_null", b"[<null>]"),
    ("n_structure_capitalized_True", b"[True]"),
    ("n_structure_close_unopened_array", b"1]"),
    ("n_structure_double_array", b"[][]"),
    ("n_structure_lone-invalid-utf-8", b"\xe5"),
    ("n_structure_null-byte-outside-string", b"[\x00]"),
    ("n_structure_object_followed_by_closing_object", b"{}}"),
    ("n_structure_open_array_object", b"[{\"\":[{\"\":["),
    ("n_structure_whitespace_U+2060_word_joiner", "[\u{2060}]".as_bytes()),
    ("i_number_huge_exp", b"[0.4e00669999999999999999999999999999999999999999999999999999999999999999999999999999999]"),
    ("i_string_1st_surrogate_but_2nd_missing", b"[\"\\uDADA\"]"),
    ("i_string_UTF-16LE_with_BOM", b"\xff\xfe[\x00\"\x00\xe9\x00\"\x00]\x00"),
    ("i_string_invalid_utf-8", b"[\"\xff\"]"),
    ("i_string_overlong_sequence_2_bytes", b"[\"\xc0\xaf\"]"),
    ("i_structure_UTF-8_BOM_empty_object", b"\xef\xbb\xbf{}"),
];

#[tokio::test]
async fn what_is_not_json_is_a_parse_error() {
    let (_, tokens) = logged_in(Tools::Own).await;
    for (name, body) in NOT_JSON {
        let answer = post(&tokens.access, "2026-07-28", "tools/list", body);
        let message = answer.json(400);
        assert_eq!((&message["error"]["code"], &message["id"]), (&json!(-32700), &Value::Null), "{name}: {message}");
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    still_fine(&tokens.access);
}

/// JSON that is no message, whatever it is; of the same suite where it has a name.
const NO_MESSAGE: &[&str] = &[
    "null",
    "true",
    "42",
    "-0",
    "\"\"",
    "{}",
    "{\"\":0}",
    "{\"a\":{\"b\":[]}}",
    "[[]]",
    "[null]",
    "[1]",
    "[\"a\"]",
    r#"{"jsonrpc":"2.0","id":1,"Method":"ping"}"#,
    r#"{"jsonrpc":"2.0","id":1,"method":"ping","METHOD":"tools/call"}"#,
    r#"{"jsonrpc":"2.0","id":1,"method":"ping","iD":2}"#,
    r#"{"JSONRPC":"2.0","id":1,"method":"ping"}"#,
    r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}"#,
    r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":"x"}"#,
    r#"{"jsonrpc":"2.0","id":1,"method":["ping"]}"#,
    r#"{"jsonrpc":"2.0","id":{"a":1},"method":"ping"}"#,
    r#"{"jsonrpc":["2.0"],"id":1,"method":"ping"}"#,
];

#[tokio::test]
async fn what_is_no_message_is_an_invalid_request() {
    let (_, tokens) = logged_in(Tools::Own).await;
    for body in NO_MESSAGE {
        let message = post(&tokens.access, "2025-03-26", "ping", body.as_bytes()).json(400);
        assert_eq!(message["error"]["code"], -32600, "{body}: {message}");
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    let digits = "9".repeat(100_000);
    for id in [digits.as_str(), "1e400", "-9223372036854775809", "1.5", &format!("\"{digits}\"")] {
        let body = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#);
        let message = post(&tokens.access, "2025-11-25", "ping", body.as_bytes()).json(400);
        assert!([json!(-32600), json!(-32700)].contains(&message["error"]["code"]), "{message}");
        assert!(message["id"].is_null() && message.to_string().len() < 500, "{message}");
    }
    still_fine(&tokens.access);
}

#[tokio::test]
async fn depth_is_refused_wherever_it_is() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let meta = modern_params(json!({}))["_meta"].to_string();
    for levels in [100, 200_000] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let inside = if open == "[" { String::new() } else { "1".to_owned() };
            let deep = format!("{}{inside}{}", open.repeat(levels), close.repeat(levels));
            if deep.len() > 1_000_000 {
                continue;
            }
            for body in [
                format!(
                    r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"server_time","arguments":{{"x":{deep}}},"_meta":{meta}}}}}"#
                ),
                format!(
                    r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"server_time","unknown":{deep},"_meta":{meta}}}}}"#
                ),
                format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/list","unknown":{deep}}}"#),
                format!(r#"{{"jsonrpc":"2.0","id":{deep},"method":"tools/list"}}"#),
                deep,
            ] {
                let message = post(&tokens.access, "2026-07-28", "tools/call", body.as_bytes()).json(400);
                assert_eq!((&message["error"]["code"], &message["id"]), (&json!(-32700), &Value::Null), "{message}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    still_fine(&tokens.access);
}

#[tokio::test]
async fn a_member_that_stands_twice_is_refused_wherever_it_is() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let meta = modern_params(json!({}))["_meta"].to_string();
    for body in [
        r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"tools/list"}"#.to_owned(),
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call"}"#.to_owned(),
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","\u006dethod":"tools/call"}"#.to_owned(),
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"server_time","name":"quantum_random","_meta":{meta}}}}}"#
        ),
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"server_time","arguments":{{"a":1,"a":2}},"_meta":{meta}}}}}"#
        ),
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","unknown":{"a":[{"b":1,"b":1}]}}"#.to_owned(),
    ] {
        let message = post(&tokens.access, "2026-07-28", "tools/call", body.as_bytes()).json(400);
        assert_eq!(message["error"]["code"], -32700, "{body}: {message}");
    }
    still_fine(&tokens.access);
}

#[tokio::test]
async fn a_batch_of_ten_thousand_is_refused_as_a_whole() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let ping = |id: usize| format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#);
    let many = format!("[{}]", (0..10_000).map(ping).collect::<Vec<_>>().join(","));
    let lists = format!("[{}1]", "[],".repeat(300_000));
    for body in [many, lists] {
        let message = post(&tokens.access, "2025-03-26", "ping", body.as_bytes()).json(400);
        assert_eq!((&message["error"]["code"], &message["id"]), (&json!(-32600), &Value::Null), "{message}");
    }
    still_fine(&tokens.access);
}

#[tokio::test]
async fn wrong_types_everywhere_are_refused_with_the_requests_id() {
    let (_, tokens) = logged_in(Tools::Own).await;
    for (method, member) in [
        ("tools/call", "name"),
        ("tools/call", "arguments"),
        ("tools/call", "inputResponses"),
        ("tools/call", "requestState"),
        ("tools/list", "cursor"),
    ] {
        for value in [json!(null), json!(true), json!(0.5), json!([]), json!({}), json!("x")] {
            let mut params = modern_params(json!({"name": "server_time"}));
            params[member] = value.clone();
            let body = json!({"jsonrpc": "2.0", "id": "w", "method": method, "params": params});
            let answer = post(&tokens.access, "2026-07-28", method, body.to_string().as_bytes());
            let message = answer.message();
            let is_right = message["result"].is_object();
            let code = &message["error"]["code"];
            assert!(is_right || [json!(-32602), json!(-32020)].contains(code), "{member} = {value}: {message}");
            assert_eq!(message["id"], "w", "{message}");
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
    }
    still_fine(&tokens.access);
}
