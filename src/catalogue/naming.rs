//! Names with an upstream's name before them, and back.
//!
//! A tool is shown as `{upstream}__{tool}`: letters, digits, `-` and `_`, at most 64 characters, which is what every model
//! vendor's interface takes. An upstream's name has no `__` and no `_` at its end, so the first `__` of a name ends the
//! upstream's part and two tools never share a name.
//!
//! A resource is shown as `mcp+{upstream}+{uri}`, a URI whose scheme has the upstream's name in it (RFC 3986 section 3.1).
//! Hosts of MCP Apps want the scheme `ui`, so `ui://{rest}` is shown as `ui://mcp+{upstream}+{rest}`. A scheme has no `_`, and
//! clients may write it in lower case: in a URI the upstream's `_` is a `.`, and a capital is `..` and the small letter.

use std::borrow::Cow;

/// What stands between an upstream's name and the name of its tool or prompt.
pub const SEPARATOR: &str = "__";
/// Longest name of a tool with an upstream's name before it, in characters.
pub const MAX_TOOL_NAME: usize = 64;
/// Longest name of a tool or prompt otherwise, in characters (2026-07-28, `server/tools`, "Tool Names").
pub const MAX_NAME: usize = 128;
/// Longest name of an upstream, in characters.
pub const MAX_PREFIX: usize = 32;
/// Longest URI or URI template of an upstream, in bytes. Shown with a prefix it is still one that a request may carry.
pub const MAX_URI: usize = 8000;

/// What a shown URI begins with, and what ends the upstream's name in it.
const MARK: &str = "mcp+";
const END: char = '+';
/// How the URI of an interface begins (MCP Apps).
const INTERFACE: &str = "ui://";

/// An upstream's name as the beginning of its items' names.
///
/// 1 to 32 letters, digits, `-` and `_`; it starts and ends with a letter or digit and has no `__`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Prefix(String);

/// Why a text cannot be an upstream's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "an upstream's name has 1 to 32 letters, digits, '-' or single '_', and starts and ends with a letter or digit"
)]
pub struct InvalidPrefix;

impl Prefix {
    /// Parses an upstream's name.
    pub fn parse(text: &str) -> Result<Self, InvalidPrefix> {
        let letter = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
        let framed = letter(text.bytes().next()) && letter(text.bytes().last());
        let fits = text.len() <= MAX_PREFIX && is_plain(text) && !text.contains(SEPARATOR);
        if framed && fits { Ok(Self(text.to_owned())) } else { Err(InvalidPrefix) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as a URI carries it. No two names are written the same, because `__` is in no name.
    fn label(&self) -> impl Iterator<Item = char> {
        self.0.chars().flat_map(|letter| {
            let (dots, letter) = match letter {
                '_' => (".", None),
                letter if letter.is_ascii_uppercase() => ("..", Some(letter.to_ascii_lowercase())),
                letter => ("", Some(letter)),
            };
            dots.chars().chain(letter)
        })
    }

    fn is_written(&self, label: &str) -> bool {
        self.label().eq(label.chars())
    }
}

/// What a tool is called with its upstream's name before it; `None` when that is no name every model takes.
pub fn expose_tool(prefix: &Prefix, own: &str) -> Option<String> {
    let shown = expose(prefix, own);
    (!own.is_empty() && shown.len() <= MAX_TOOL_NAME && is_plain(own)).then_some(shown)
}

/// What a prompt is called with its upstream's name before it; `None` when that is no name.
pub fn expose_prompt(prefix: &Prefix, own: &str) -> Option<String> {
    let shown = expose(prefix, own);
    (!own.is_empty() && is_name(&shown)).then_some(shown)
}

fn expose(prefix: &Prefix, own: &str) -> String {
    format!("{}{SEPARATOR}{own}", prefix.0)
}

/// What a name is without the name of this upstream before it; `None` when there is another or none.
pub fn hide_name<'a>(prefix: &Prefix, shown: &'a str) -> Option<&'a str> {
    let own = shown.strip_prefix(&prefix.0)?.strip_prefix(SEPARATOR)?;
    (!own.is_empty()).then_some(own)
}

/// Whether a text is the name of a tool or prompt (2026-07-28, `server/tools`, "Tool Names").
pub fn is_name(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=MAX_NAME).contains(&text.len()) && text.bytes().all(letter)
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// Whether a text is a URI as far as is looked at here: a scheme, a colon, no blanks or control characters, and not too
/// long.
pub fn is_uri(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, _)| is_scheme(scheme)) && is_written_whole(text)
}

/// Whether a text may be a URI template: as [`is_uri`], but its scheme may come out of an expression.
pub fn is_uri_template(text: &str) -> bool {
    let begins = text.split_once([':', '{']).is_some_and(|(scheme, _)| scheme.is_empty() || is_scheme(scheme));
    begins && !text.starts_with(':') && is_written_whole(text)
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

fn is_written_whole(text: &str) -> bool {
    text.len() <= MAX_URI && !text.chars().any(|c| c.is_control() || c.is_whitespace())
}

/// Whether a part of a URI's path is `.` or `..`, in any spelling: whoever reads it may end up somewhere else.
pub fn climbs(uri: &str) -> bool {
    let plain = uri.to_ascii_lowercase().replace("%2e", ".").replace("%2f", "/").replace("%5c", "/");
    plain.split(['/', '\\', ':', '?', '#']).any(|segment| matches!(segment, "." | ".."))
}

/// The URI, or URI template, that an upstream's own is shown as.
pub fn expose_uri(prefix: &Prefix, own: &str) -> String {
    let (scheme, rest) = own.strip_prefix(INTERFACE).map_or(("", own), |rest| (INTERFACE, rest));
    let mut shown = String::with_capacity(own.len() + MARK.len() + prefix.0.len() + 1);
    shown.push_str(scheme);
    shown.push_str(MARK);
    shown.extend(prefix.label());
    shown.push(END);
    shown.push_str(rest);
    shown
}

/// The upstream's own URI, or URI template, of one that is shown; `None` when it is another upstream's or nobody's.
///
/// More is understood than is shown: a template whose scheme is an expression can give `ui://…` behind the prefix.
pub fn hide_uri<'a>(prefix: &Prefix, shown: &'a str) -> Option<Cow<'a, str>> {
    let after = |text: &'a str| {
        let (label, own) = text.strip_prefix(MARK)?.split_once(END)?;
        prefix.is_written(label).then_some(own)
    };
    match shown.strip_prefix(INTERFACE) {
        Some(rest) => after(rest).map(|own| Cow::Owned(format!("{INTERFACE}{own}"))),
        None => after(shown).map(Cow::Borrowed),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        MAX_URI, Prefix, expose_prompt, expose_tool, expose_uri, hide_name, hide_uri, is_uri, is_uri_template,
    };
    use crate::mcp::params::LONGEST_URI;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn prefix(text: &str) -> Prefix {
        Prefix::parse(text).unwrap()
    }

    #[test]
    fn an_upstreams_name_cannot_hide_the_separator() {
        for bad in ["", "a__b", "a_", "_a", "-a", "a-", "a.b", "a b", "é", &"x".repeat(33)] {
            assert!(Prefix::parse(bad).is_err(), "{bad}");
        }
        for good in ["a", "files", "my-files_2", "9"] {
            assert!(Prefix::parse(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn a_shown_name_of_a_tool_is_one_that_every_model_takes() {
        let files = prefix("files");
        assert_eq!(expose_tool(&files, "_read").as_deref(), Some("files___read"));
        assert_eq!(hide_name(&files, "files___read"), Some("_read"));
        for bad in ["", "a.b", "a b", "é", &"x".repeat(58)] {
            assert_eq!(expose_tool(&files, bad), None, "{bad}");
        }
        assert!(expose_tool(&files, &"x".repeat(57)).is_some());
        for other in ["files_read", "file__read", "files__", "files", "Files__read"] {
            assert_eq!(hide_name(&files, other), None, "{other}");
        }
    }

    #[test]
    fn a_prompts_name_may_have_points_and_be_longer() {
        let files = prefix("files");
        assert_eq!(expose_prompt(&files, "a.b").as_deref(), Some("files__a.b"));
        assert!(expose_prompt(&files, &"x".repeat(121)).is_some() && expose_prompt(&files, &"x".repeat(122)).is_none());
        assert!(expose_prompt(&files, "a b").is_none() && expose_prompt(&files, "").is_none());
    }

    #[test]
    fn a_shown_uri_says_whose_it_is_and_stays_an_interface() {
        for (name, own, shown) in [
            ("files", "file:///a b", "mcp+files+file:///a b"),
            ("my_files", "notes://{id}", "mcp+my.files+notes://{id}"),
            ("Fi", "a:b", "mcp+..fi+a:b"),
            ("files", "ui://chart/1", "ui://mcp+files+chart/1"),
            ("files", "UI://chart", "mcp+files+UI://chart"),
            ("files", "mcp+other+a:b", "mcp+files+mcp+other+a:b"),
        ] {
            assert_eq!(expose_uri(&prefix(name), own), shown);
            assert_eq!(hide_uri(&prefix(name), shown).as_deref(), Some(own));
        }
        for other in ["file:///a", "mcp+other+a:b", "mcp+files", "MCP+files+a:b", "ui://chart", "x+mcp+files+a:b"] {
            assert_eq!(hide_uri(&prefix("files"), other), None, "{other}");
        }
    }

    #[test]
    fn the_longest_uri_can_still_be_asked_for() {
        let own = format!("a:{}", "x".repeat(MAX_URI - 2));
        assert!(is_uri(&own) && !is_uri(&format!("{own}x")));
        assert!(expose_uri(&prefix(&"X".repeat(32)), &own).len() <= LONGEST_URI);
    }

    #[test]
    fn a_uri_has_a_scheme_and_a_template_may_leave_it_open() {
        for (text, uri, template) in [
            ("a:", true, true),
            ("ui://x", true, true),
            ("x{a}:b", false, true),
            ("{a}://b", false, true),
            ("a:{b}", true, true),
            ("notes", false, false),
            (":b", false, false),
            ("1a:b", false, false),
            ("a b:c", false, false),
            ("a:b c", false, false),
            ("a:\u{7}", false, false),
            ("", false, false),
        ] {
            assert_eq!((is_uri(text), is_uri_template(text)), (uri, template), "{text}");
        }
    }

    #[cfg(not(target_arch = "wasm32"))]
    proptest::proptest! {
        #[test]
        fn a_shown_name_names_one_item_of_one_upstream(
            left in "[abA_-]{1,4}", left_own in "[ab_-]{1,4}", right in "[abA_-]{1,4}", right_own in "[ab_-]{1,4}",
        ) {
            if let (Ok(left), Ok(right)) = (Prefix::parse(&left), Prefix::parse(&right)) {
                let (left_name, right_name) = (expose_tool(&left, &left_own), expose_tool(&right, &right_own));
                let same = left == right && left_own == right_own;
                proptest::prop_assert_eq!(left_name == right_name, same);
                let shown = left_name.unwrap();
                proptest::prop_assert_eq!(hide_name(&left, &shown), Some(left_own.as_str()));
                proptest::prop_assert_eq!(hide_name(&right, &shown).is_some(), left == right);
            }
        }

        #[test]
        fn a_shown_uri_is_one_uri_of_one_upstream(
            left in "[abA_-]{1,4}", left_own in "(ui:|UI:|a:|mcp\\+)(//|)(mcp\\+)?[ab.+]{0,4}",
            right in "[abA_-]{1,4}", right_own in "(ui:|UI:|a:|mcp\\+)(//|)(mcp\\+)?[ab.+]{0,4}",
        ) {
            if let (Ok(left), Ok(right)) = (Prefix::parse(&left), Prefix::parse(&right)) {
                let (left_uri, right_uri) = (expose_uri(&left, &left_own), expose_uri(&right, &right_own));
                let same = left == right && left_own == right_own;
                proptest::prop_assert_eq!(left_uri == right_uri, same);
                let hidden = hide_uri(&left, &left_uri);
                proptest::prop_assert_eq!(hidden.as_deref(), Some(left_own.as_str()));
                proptest::prop_assert_eq!(hide_uri(&right, &left_uri).is_some(), left == right);
                proptest::prop_assert!(!is_uri(&left_own) || is_uri(&left_uri));
            }
        }
    }
}
