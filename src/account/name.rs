//! Names that people give to things, and that others read.

/// Longest name of anything an administrator names, in characters.
pub const LONGEST_NAME: usize = 64;

/// Whether a text can be the name of something: 1 to [`LONGEST_NAME`] characters, none of them a control or a direction
/// character, and no blank at either end.
pub fn is_name(text: &str) -> bool {
    let misleads = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
    };
    (1..=LONGEST_NAME).contains(&text.chars().count()) && !text.chars().any(misleads) && text.trim() == text
}

#[cfg(test)]
mod tests {
    use super::is_name;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_name_shows_what_it_is() {
        for good in ["a", "Team Ä 東京", &"x".repeat(64)] {
            assert!(is_name(good), "{good:?}");
        }
        for bad in ["", " a", "a ", "a\nb", "a\u{202e}b", "a\u{200b}", "\u{e0041}", &"x".repeat(65)] {
            assert!(!is_name(bad), "{bad:?}");
        }
    }
}
