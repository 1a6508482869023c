use super::report_lines;
use crate::drift::definition::{Definition, Kind};
use crate::drift::neighbours::Neighbours;
use crate::drift::offer::{Offer, compare_offers};
use crate::drift::version::Version;
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn tool(name: &str, members: &Value) -> Version {
    Version::of(Definition::new(Kind::Tool, name, members.as_object().cloned().unwrap()))
}

#[test]
fn a_report_is_read_line_by_line() {
    let schema = |limit: u32| json!({"type": "object", "properties": {"limit": {"type": "integer", "maximum": limit}}});
    let pinned = Offer::new([
        tool("find", &json!({"description": "Find it", "inputSchema": schema(9)})),
        tool("gone", &json!({"description": "Gone"})),
        tool("old_name", &json!({"description": "The same words in both of them"})),
    ]);
    let now = Offer::new([
        tool("find", &json!({"description": "Find it\u{202e}!", "inputSchema": schema(5)})),
        tool("new_name", &json!({"description": "The same words in both of them"})),
        tool("ping", &json!({"description": "Whether it is there"})),
    ]);
    let report = compare_offers(&pinned, &now, &Neighbours::default());
    let expected = [
        "~ tool find: suspicious",
        "    /description: suspicious: a text has characters that turn others around",
        "        + \"\\u{202e}\"",
        "    /inputSchema/properties/limit/maximum: breaking: it may refuse what it took",
        "        - 9",
        "        + 5",
        "    /description: cosmetic: a text for people and models is worded otherwise",
        "        - \"Find it\"",
        "        + \"Find it\\u{202e}!\"",
        "+ tool ping: additive",
        "    as a whole: additive: it is new",
        "- tool gone: breaking",
        "    as a whole: breaking: it is no longer there",
        "> tool new_name: suspicious",
        "    it was called old_name",
        "    as a whole: suspicious: it is what was there under another name",
        "        - \"old_name\"",
        "        + \"new_name\"",
        "suspicious: 0 unchanged, 1 changed, 1 added, 1 removed, 1 renamed",
    ];
    assert_eq!(report_lines(&report), expected);
}
