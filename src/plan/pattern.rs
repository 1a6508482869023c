//! Which tools a limit is for, by the names they are shown under.

/// Longest pattern, in bytes.
const MAX_LENGTH: usize = 256;
/// Stands for any characters, also none.
const WILDCARD: char = '*';

/// A shown name, or one with `*` in places where it may be anything: `files__*`, `*__delete_*`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
pub struct ToolPattern(String);

/// Why a text is no pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("tools is the name of a tool, or a pattern of names with '*', of 1 to {MAX_LENGTH} bytes and without blanks")]
pub struct InvalidPattern;

impl ToolPattern {
    /// Whether the tool of this shown name is meant.
    pub fn fits(&self, shown: &str) -> bool {
        let Some((first, rest)) = self.0.split_once(WILDCARD) else { return self.0 == shown };
        let Some(mut shown) = shown.strip_prefix(first) else { return false };
        // Between wildcards the first place that fits leaves most to the rest; the last part must be the end.
        let (between, last) = rest.rsplit_once(WILDCARD).unwrap_or(("", rest));
        for part in between.split(WILDCARD) {
            let Some((_, after)) = shown.split_once(part) else { return false };
            shown = after;
        }
        shown.ends_with(last)
    }
}

impl TryFrom<String> for ToolPattern {
    type Error = InvalidPattern;
    fn try_from(text: String) -> Result<Self, InvalidPattern> {
        let has_blank = text.chars().any(|c| c.is_control() || c.is_whitespace());
        if (1..=MAX_LENGTH).contains(&text.len()) && !has_blank { Ok(Self(text)) } else { Err(InvalidPattern) }
    }
}

impl From<ToolPattern> for String {
    fn from(pattern: ToolPattern) -> Self {
        pattern.0
    }
}

#[cfg(test)]
mod tests {
    use super::ToolPattern;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn fits(pattern: &str, shown: &str) -> bool {
        ToolPattern::try_from(pattern.to_owned()).unwrap().fits(shown)
    }

    #[test]
    fn a_star_stands_for_anything_and_all_else_for_itself() {
        for (pattern, shown) in [
            ("a", "a"),
            ("*", "a"),
            ("a*", "a"),
            ("files__*", "files__read"),
            ("*__delete_*", "files__delete_all"),
            ("*a*a", "aa"),
            ("a**b", "ab"),
            ("*ab", "abab"),
        ] {
            assert!(fits(pattern, shown), "{pattern} {shown}");
        }
        for (pattern, shown) in [("a", "ab"), ("a*", "ba"), ("a*a", "a"), ("*a*a", "a"), ("a*b*c", "acb"), ("A", "a")] {
            assert!(!fits(pattern, shown), "{pattern} {shown}");
        }
    }

    #[test]
    fn a_text_that_no_tool_is_called_is_no_pattern() {
        for bad in ["", "a b", "a\n", &"a".repeat(257)] {
            assert!(ToolPattern::try_from(bad.to_owned()).is_err(), "{bad:?}");
        }
    }

    /// The obvious definition, which takes exponential time.
    #[cfg(not(target_arch = "wasm32"))]
    fn plainly(pattern: &str, shown: &str) -> bool {
        match (pattern.chars().next(), shown.chars().next()) {
            (None, next) => next.is_none(),
            (Some('*'), next) => plainly(&pattern[1..], shown) || next.is_some() && plainly(pattern, &shown[1..]),
            (Some(letter), next) => next == Some(letter) && plainly(&pattern[1..], &shown[1..]),
        }
    }

    #[cfg(not(target_arch = "wasm32"))]
    proptest::proptest! {
        #[test]
        fn a_pattern_fits_what_the_plain_definition_says(pattern in "[ab*]{1,8}", shown in "[ab]{0,10}") {
            proptest::prop_assert_eq!(fits(&pattern, &shown), plainly(&pattern, &shown));
        }
    }
}
