//! Whatever the arguments are: the request keeps the origin and the path of the API, and the shape of its tool.

use super::{api, call};
use crate::http_api::api::Style;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::select;
use serde_json::{Value, json};

const HOSTILE: [&str; 34] = [
    ".",
    "..",
    "/",
    "//",
    "\\",
    "\\\\",
    "%",
    "%2e",
    "%2E%2E",
    "%2f",
    "%5c",
    "%00",
    "%0d%0a",
    "%25",
    "%252e",
    "?",
    "#",
    "@",
    ":",
    ";",
    "&",
    "=",
    ",",
    "[",
    "]",
    "evil.com",
    "//evil.com",
    "https://evil.com",
    "\r\n",
    "\0",
    "\t",
    " ",
    "é",
    "\u{202e}",
];

fn text() -> impl Strategy<Value = String> {
    let pieces =
        proptest::collection::vec(prop_oneof![select(HOSTILE.to_vec()).prop_map(str::to_owned), "\\PC{0,3}"], 0..6);
    prop_oneof![pieces.prop_map(|pieces| pieces.concat()), any::<String>(), Just("x".repeat(1024 * 1024))]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        text().prop_map(Value::String),
        any::<f64>().prop_map(|n| json!(n)),
        Just(json!(true)),
        Just(Value::Null)
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
            proptest::collection::vec((text(), inner), 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// What a strict reader makes of a path: its segments, decoded.
fn segments(path: &str) -> Vec<String> {
    let decode = |segment: &str| {
        let mut bytes = Vec::new();
        let mut rest = segment.bytes();
        while let Some(byte) = rest.next() {
            if byte == b'%' {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
            } else {
                bytes.push(byte);
            }
        }
        String::from_utf8(bytes).unwrap()
    };
    path.split('/').map(decode).collect()
}

proptest! {
    #[test]
    fn a_request_keeps_the_origin_and_the_path_of_its_api(
        first in value(), second in value(), query in value(), header in value(),
        style in select(vec![Style::Simple, Style::Label, Style::Matrix, Style::Json]), explode in any::<bool>(),
    ) {
        let parameters = json!([
            {"argument": "first", "in": "path", "style": style, "explode": explode},
            {"argument": "second", "in": "path"},
            {"argument": "query", "in": "query", "explode": explode},
            {"argument": "header", "in": "header", "explode": explode},
        ]);
        let api = api("/orders/{first}/notes/x{second}", &parameters, &json!({}));
        let arguments = json!({"first": first, "second": second, "query": query, "header": header});
        if let Ok(request) = call(&api, &arguments) {
            let url = request.url.url();
            prop_assert_eq!(url.origin().ascii_serialization(), "https://api.shop.com");
            prop_assert!(url.fragment().is_none() && url.username().is_empty() && url.password().is_none());
            // Read again from the text that is sent, it is still the same.
            prop_assert_eq!(&url::Url::parse(url.as_str()).unwrap(), url);
            let segments = segments(url.path());
            prop_assert_eq!(segments.len(), 6, "{}", url);
            prop_assert_eq!(&segments[..3], &["", "v1", "orders"]);
            prop_assert_eq!(&segments[4], "notes");
            for segment in &segments {
                prop_assert!(!segment.split('/').any(|part| matches!(part, "." | "..")), "{}", url);
                prop_assert!(!segment.contains(['\\', '\0', '\r', '\n']), "{}", url);
            }
            for (_, value) in &request.headers {
                prop_assert!(!value.expose().contains(['\r', '\n', '\0']));
            }
        }
    }

    #[test]
    fn what_names_one_thing_arrives_as_it_was(text in "[a-zA-Z0-9 ?#&=+:@!$'()*,;é€]{1,40}") {
        let parameters = json!([{"argument": "id", "in": "path"}, {"argument": "q", "in": "query"}]);
        let api = api("/orders/{id}", &parameters, &json!({}));
        let request = call(&api, &json!({"id": text, "q": text})).unwrap();
        let segments = segments(request.url.url().path());
        prop_assert_eq!(&segments, &["", "v1", "orders", text.as_str()]);
        let pairs: Vec<_> = request.url.url().query_pairs().into_owned().collect();
        prop_assert_eq!(pairs, [("q".to_owned(), text)]);
    }
}
