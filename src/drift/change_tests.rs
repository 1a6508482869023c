use super::{Change, MAX_SHOWN, shown, visible};
use crate::drift::reason::Reason;
use crate::drift::verdict::Verdict;
use serde_json::json;
use std::collections::HashSet;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn what_is_not_seen_is_shown_by_its_number() {
    assert_eq!(visible("a\u{200b}b\u{202e}c\u{e0041}\u{1b}[2J", 99), "a\\u{200b}b\\u{202e}c\\u{e0041}\\u{1b}[2J");
    assert_eq!(visible("größe 表 🦀", 99), "größe 表 🦀");
    assert_eq!(shown(&json!({"a": "\u{feff}"})), "{\"a\":\"\\u{feff}\"}");
}

#[test]
fn a_long_value_is_cut_between_characters_where_the_two_differ() {
    let long = "é".repeat(1000);
    assert_eq!(shown(&json!(long)).chars().count(), MAX_SHOWN + 1);
    let (old, new) = (format!("{long}the end"), format!("{long}another end"));
    let change = Change::new("/description", Some(&json!(old)), Some(&json!(new)), Reason::Wording);
    assert!(change.before.unwrap().ends_with("the end\""));
    assert!(change.after.unwrap().ends_with("another end\""));
}

#[test]
fn every_reason_has_its_own_word_and_sentence() {
    let words: HashSet<&str> = Reason::PLAIN.iter().map(|reason| reason.as_str()).collect();
    let sentences: HashSet<String> = Reason::PLAIN.iter().map(ToString::to_string).collect();
    assert_eq!((words.len(), sentences.len()), (Reason::PLAIN.len(), Reason::PLAIN.len()));
    assert!(Reason::PLAIN.iter().all(|reason| reason.verdict() < Verdict::Suspicious));
}
