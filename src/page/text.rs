//! What others say of themselves, made fit to be read on a page.

use std::fmt::{self, Display, Formatter, Write};

/// How many characters of a name are shown; more would push the buttons off the screen.
const LONGEST: usize = 120;

/// What stands for a name that shows nothing.
const NAMELESS: &str = "an app without a name";

/// A name from outside as it is shown. It is not escaped yet: a template does that.
///
/// Characters that turn the direction of what follows, or end an isolation they did not begin, and control characters are
/// each shown as U+FFFD: the element around a text isolates it only as long as the text cannot close it. A long name is cut,
/// and one that would show nothing is replaced.
pub fn shown(name: &str) -> Shown<'_> {
    if name.chars().any(is_seen) { Shown { text: name, longest: LONGEST } } else { whole(NAMELESS) }
}

/// The same for a host, a URL or a scope, which is never cut: its end says as much as its beginning.
pub fn whole(text: &str) -> Shown<'_> {
    Shown { text, longest: usize::MAX }
}

/// See [`shown`] and [`whole`].
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    text: &'a str,
    longest: usize,
}

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut letters = self.text.chars();
        for letter in letters.by_ref().take(self.longest) {
            f.write_char(if turns(letter) || letter.is_control() { char::REPLACEMENT_CHARACTER } else { letter })?;
        }
        if letters.next().is_some() { f.write_char('…') } else { Ok(()) }
    }
}

/// Embeddings, overrides, isolates and their ends (Unicode Standard Annex 9, section 2).
const fn turns(letter: char) -> bool {
    matches!(letter, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Whether a character leaves a trace on the screen, near enough.
fn is_seen(letter: char) -> bool {
    let unseen = matches!(letter, '\u{AD}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{2065}' | '\u{206A}'..='\u{206F}' | '\u{2800}' | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{E0000}'..='\u{E0FFF}');
    !unseen && !letter.is_whitespace() && !letter.is_control() && !turns(letter)
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, NAMELESS, shown, whole};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_name_of_any_script_is_shown_as_it_is() {
        for name in ["Claude", "Ünïcödé & Söhne", "مساعد", "עוזר\u{200F}", "助手", "👩\u{200D}💻", "a  b"]
        {
            assert_eq!(shown(name).to_string(), name);
        }
    }

    #[test]
    fn what_turns_the_direction_of_a_text_is_made_visible() {
        for letter in ('\u{202A}'..='\u{202E}').chain('\u{2066}'..='\u{2069}').chain(['\0', '\n', '\u{1b}', '\u{85}']) {
            let name = format!("a{letter}b");
            assert_eq!(shown(&name).to_string(), "a\u{FFFD}b", "{name:?}");
            assert_eq!(whole(&name).to_string(), "a\u{FFFD}b", "{name:?}");
        }
    }

    #[test]
    fn a_long_name_is_cut_and_a_long_address_is_not() {
        let long = "é".repeat(LONGEST);
        assert_eq!(shown(&long).to_string(), long);
        let longer = format!("{long}é");
        assert_eq!(shown(&longer).to_string(), format!("{long}…"));
        assert_eq!(whole(&longer).to_string(), longer);
    }

    #[test]
    fn a_name_that_shows_nothing_is_replaced() {
        for name in ["", " ", "\u{200B}\u{2060}", "\u{202E}", "\n\t", "\u{3164}", "\u{E0041}", "\u{A0}"] {
            assert_eq!(shown(name).to_string(), NAMELESS, "{name:?}");
        }
    }
}
