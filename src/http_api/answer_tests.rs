use super::{MAX_IMAGE_BYTES, Shown, show};
use crate::http_api::api::HttpTool;
use crate::http_api::page::page;
use crate::outbound::OutboundAnswer;
use crate::tool::schema::Schema;
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn tool(more: &Value) -> HttpTool {
    let mut tool =
        json!({"definition": {"name": "t", "inputSchema": {"type": "object"}}, "method": "GET", "path": "/"});
    tool.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(tool).unwrap()
}

fn answer(status: u16, media_type: &str, body: &[u8]) -> OutboundAnswer {
    OutboundAnswer { status, headers: vec![("content-type".into(), media_type.into())], body: body.to_vec() }
}

fn texts(shown: &Shown) -> Vec<&str> {
    shown.result.content.iter().map(|block| block["text"].as_str().unwrap()).collect()
}

fn plainly(answer: &OutboundAnswer) -> Shown {
    show(&tool(&json!({})), None, answer, 1000)
}

#[test]
fn json_is_shown_as_text_and_as_structured_content_where_there_is_a_schema() {
    let answer = answer(200, "application/json; charset=utf-8", br#"{"b": 1, "a": [2]}"#);
    let shown = plainly(&answer);
    assert_eq!(texts(&shown), [r#"{"b":1,"a":[2]}"#]);
    assert!(shown.result.structured_content.is_none() && !shown.result.is_error && shown.rest.is_none());
    let schema = Schema::compile_value(&json!({"type": "object", "required": ["b"]})).unwrap();
    let shown = show(&tool(&json!({})), Some(&schema), &answer, 1000);
    assert_eq!(shown.result.structured_content, Some(json!({"b": 1, "a": [2]})));
    assert!(!shown.result.is_error);
}

#[test]
fn what_does_not_fit_the_output_schema_is_an_error_with_the_text() {
    let schema = Schema::compile_value(&json!({"type": "object", "required": ["b"]})).unwrap();
    for body in [&b"{}"[..], b"[]", b"5"] {
        let shown = show(&tool(&json!({})), Some(&schema), &answer(200, "application/json", body), 1000);
        assert!(shown.result.is_error && shown.result.structured_content.is_none());
        assert_eq!(texts(&shown)[0].as_bytes(), body);
        assert_eq!(texts(&shown).len(), 2);
    }
}

#[test]
fn a_part_is_taken_before_anything_is_cut() {
    let body = json!({"pad": "x".repeat(5000), "data": {"items": [{"id": 1, "more": 2}]}}).to_string();
    let tool = tool(&json!({"answer": {"pointer": "/data/items", "members": ["id"]}}));
    let shown = show(&tool, None, &answer(200, "application/vnd.api+json", body.as_bytes()), 100);
    assert_eq!(texts(&shown), [r#"[{"id":1}]"#]);
    assert!(shown.rest.is_none());
    let shown = show(&tool, None, &answer(200, "application/json", b"{}"), 100);
    assert!(shown.result.is_error);
}

#[test]
fn a_long_text_is_cut_between_characters_and_says_how_much_is_left() {
    let text = "é".repeat(100);
    let shown = show(&tool(&json!({})), None, &answer(200, "text/plain", text.as_bytes()), 51);
    assert_eq!(
        texts(&shown),
        ["é".repeat(25).as_str(), "[The answer has 200 bytes. The last 150 of them are not shown.]"]
    );
    let rest = shown.rest.unwrap();
    assert_eq!(page(&rest.text, rest.next, 1000), ("é".repeat(75).as_str(), None));
    let schema = Schema::compile_value(&json!({"type": "object"})).unwrap();
    let long = json!({"a": "x".repeat(100)}).to_string();
    let shown = show(&tool(&json!({})), Some(&schema), &answer(200, "application/json", long.as_bytes()), 50);
    assert!(shown.result.is_error && shown.result.structured_content.is_none() && shown.rest.is_some());
}

#[test]
fn an_answer_without_a_body_says_its_status() {
    let shown = plainly(&answer(204, "", b""));
    assert_eq!(texts(&shown), ["The API answered with HTTP status 204 and no content."]);
    assert!(!shown.result.is_error);
}

#[test]
fn an_image_is_an_image_and_other_bytes_are_named_only() {
    let shown = plainly(&answer(200, "image/png", &[137, 80, 78, 71]));
    assert_eq!(shown.result.content, [json!({"type": "image", "data": "iVBORw==", "mimeType": "image/png"})]);
    let shown = plainly(&answer(200, "image/png", &vec![0; MAX_IMAGE_BYTES + 1]));
    assert!(shown.result.is_error);
    let shown = plainly(&answer(200, "application/pdf\u{202e}", b"%PDF-hunter2"));
    assert_eq!(
        texts(&shown),
        ["The API answered with 12 bytes of the type \"application/pdf\", which cannot be shown."]
    );
    assert!(shown.result.is_error);
}

#[test]
fn what_cannot_be_read_exactly_is_an_error() {
    let deep = "[".repeat(100) + &"]".repeat(100);
    for (media_type, body) in [
        ("application/json", &b"{\"a\":1,\"a\":2}"[..]),
        ("application/json", b"{"),
        ("application/json", b"\"\xff\""),
        ("application/json", deep.as_bytes()),
        ("text/html", b"\xff\xfe"),
    ] {
        let shown = plainly(&answer(200, media_type, body));
        assert!(shown.result.is_error && texts(&shown).len() == 1, "{media_type}");
    }
}

#[test]
fn of_an_error_nothing_is_shown_but_its_status() {
    for status in [301, 304, 400, 401, 404, 500, 503] {
        let shown = plainly(&answer(status, "application/json", br#"{"detail":"hunter2"}"#));
        assert_eq!(texts(&shown), [format!("The API answered with HTTP status {status}.")]);
        assert!(shown.result.is_error);
    }
    let mut waiting = answer(429, "text/plain", b"hunter2");
    waiting.headers.push(("retry-after".into(), "7".into()));
    assert_eq!(texts(&plainly(&waiting)), ["The API answered with HTTP status 429. It may be asked again in 7 s."]);
    waiting.headers[1].1 = "Wed, 21 Oct 2026 07:28:00 GMT".into();
    assert_eq!(texts(&plainly(&waiting)), ["The API answered with HTTP status 429."]);
}

#[test]
fn a_tool_may_show_what_is_wrong_with_its_arguments() {
    let open = tool(&json!({"show_errors": true}));
    let said = |status, media_type: &str, body: &[u8]| {
        let shown = show(&open, None, &answer(status, media_type, body), 1000);
        texts(&shown).into_iter().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    let problem = "{\"detail\":\"a\u{200b}b\"}";
    assert_eq!(said(422, "application/problem+json", problem.as_bytes()), ["The API said: {\"detail\":\"a b\"}"]);
    let long = json!({"detail": "é".repeat(5000)}).to_string();
    assert!(said(400, "application/json", long.as_bytes())[0].len() < 1100);
    assert!(said(500, "application/json", b"{}").is_empty(), "only what a caller can do something about");
    assert!(said(400, "text/html", b"<h1>hunter2</h1>").is_empty(), "only JSON");
    assert!(said(400, "application/json", b"{").is_empty());
}
