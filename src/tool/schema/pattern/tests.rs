use super::{Pattern, PatternError, Purse};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn matches(pattern: &str, text: &str) -> bool {
    Pattern::compile(pattern).expect(pattern).matches(text, &mut Purse::new(1_000_000)).expect("enough fuel")
}

#[test]
fn a_pattern_is_found_anywhere_unless_it_is_anchored() {
    for (pattern, text, found) in [
        ("b", "abc", true),
        ("^b", "abc", false),
        ("c$", "abc", true),
        ("^$", "", true),
        ("", "x", true),
        ("a|b|", "zzz", true),
        ("^(?:ab|a)bc$", "abc", true),
        ("^a{2,3}$", "aaaa", false),
        ("^a{2,}$", "aaaa", true),
        ("^a{2}?$", "aa", true),
        ("^(a*)*$", "aaab", false),
        ("^(a?){3}b*?c+$", "aabbcc", true),
        ("^(?<year>\\d{4})-\\d\\d$", "2026-11", true),
        ("\\bcat\\b", "a cat.", true),
        ("\\Bcat", "a cat", false),
    ] {
        assert_eq!(matches(pattern, text), found, "{pattern} {text}");
    }
}

#[test]
fn classes_follow_ecma_262_and_not_this_language() {
    for (pattern, text, found) in [
        ("^\\d$", "\u{7ed}", false),
        ("^\\w$", "é", false),
        ("^\\s$", "\u{2029}", true),
        ("^\\s$", "\u{feff}", true),
        ("^\\S$", "\u{a0}", false),
        ("^.$", "\u{2028}", false),
        ("^.$", "🐲", true),
        ("^[^\\]a-c]$", "d", true),
        ("^[[]$", "[", true),
        ("^[a-]$", "-", true),
        ("^[\\d.-]+$", "1.2-3", true),
        ("^[^]$", "\n", true),
        ("[]", "x", false),
        ("^[\\S\\s]$", "\n", true),
        ("^\\cC$", "\u{3}", true),
        ("^\\u0041\\x42\\u{1F432}$", "AB🐲", true),
        ("^\\ud83d\\udc32$", "🐲", true),
        ("^\\p{Uppercase}\\P{White_Space}$", "Éé", true),
        ("^a\\/b\\-c$", "a/b-c", true),
    ] {
        assert_eq!(matches(pattern, text), found, "{pattern} {text:?}");
    }
}

#[test]
fn looking_around_takes_nothing() {
    let email = r"^(?!\.)(?!.*\.\.)([A-Za-z0-9_'+\-\.]*)[A-Za-z0-9_+-]@([A-Za-z0-9][A-Za-z0-9\-]*\.)+[A-Za-z]{2,}$";
    assert!(matches(email, "a.b+c@example.org"));
    assert!(!matches(email, "a..b@example.org"));
    assert!(!matches(email, ".a@example.org"));
    assert!(matches("^(?=.*\\d)(?=.*[a-z]).{4,}$", "abc1"));
    assert!(matches("(?<=\\$)\\d+", "cost $42"));
    assert!(!matches("(?<!ab)c", "abc"));
}

#[test]
fn what_cannot_be_matched_exactly_is_refused() {
    for pattern in ["(a)\\1", "\\k<x>", "\\p{Script=Greek}", "(?i:a)"] {
        assert_eq!(Pattern::compile(pattern).unwrap_err(), PatternError::Unsupported, "{pattern}");
    }
    for pattern in ["(", ")", "a**", "[b-a]", "\\", "{1}", "a{2,1}", "\\a", "[a", "*", "\\u{110000}"] {
        assert_eq!(Pattern::compile(pattern).unwrap_err(), PatternError::Malformed, "{pattern}");
    }
    assert_eq!(Pattern::compile("((a{999}){999}){999}").unwrap_err(), PatternError::TooLarge);
    assert_eq!(Pattern::compile(&"(".repeat(5000)).unwrap_err(), PatternError::TooLarge);
    assert!(Pattern::compile("(?:){4000000000}").is_ok());
}

#[test]
fn a_pattern_made_to_take_forever_runs_out_of_fuel() {
    let pattern = Pattern::compile("^(a+)+$").unwrap();
    assert_eq!(pattern.matches(&format!("{}b", "a".repeat(40)), &mut Purse::new(100_000)), None);
}

#[cfg(not(target_arch = "wasm32"))]
proptest::proptest! {
    #[test]
    fn any_pattern_is_compiled_or_refused_and_matching_always_ends(
        pattern in "[a-c()|*+?{}\\[\\]^$.\\\\1,!=<:dwsb-]{0,24}", text in "[a-c1 ]{0,16}",
    ) {
        if let Ok(pattern) = Pattern::compile(&pattern) {
            let _ = pattern.matches(&text, &mut Purse::new(20_000));
        }
    }

    #[test]
    fn a_quoted_text_matches_itself_and_nothing_shorter(text in "[a-z.*+?()\\[\\]{}|^$\\\\/-]{1,20}") {
        let quoted: String = text.chars().flat_map(|c| {
            if c.is_ascii_alphanumeric() { vec![c] } else { vec!['\\', c] }
        }).collect();
        let whole = format!("^{quoted}$");
        proptest::prop_assert!(matches(&whole, &text));
        proptest::prop_assert!(!matches(&whole, &text[1..]));
    }
}
