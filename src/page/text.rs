//! What others say of themselves, made fit to be read on a page.

use std::fmt::{self, Display, Formatter, Write};

/// How many characters of a name are shown; more would push the buttons off the screen.
const LONGEST: usize = 120;

/// What stands for a name that shows nothing.
const NAMELESS: &str = "an app without a name";

/// A text from outside as it is shown. It is not escaped yet: a template does that.
///
/// Characters that turn the direction of what follows, or end an isolation they did not begin, and control characters are
/// each shown as U+FFFD: the element around a text isolates it only as long as the text cannot close it. A long text is cut.
pub fn shown(text: &str) -> Shown<'_> {
    Shown(text)
}

/// See [`shown`].
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a>(&'a str);

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if !self.0.chars().any(is_seen) {
            return f.write_str(NAMELESS);
        }
        let mut letters = self.0.chars();
        for letter in letters.by_ref().take(LONGEST) {
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
