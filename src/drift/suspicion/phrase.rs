//! Patterns of words: what stands between them, and how they are written, does not count.

use super::letters::{is_unseen, latin};

/// Most words of a text that are looked at.
const MAX_WORDS: usize = 50_000;
/// Most words behind a place that belong to it.
const BEHIND: usize = 8;
/// Most words that `..` stands for.
const GAP: usize = 4;

/// The words of a text in lower case, in Latin letters, without the characters that nobody sees; `.` where a sentence ends.
pub(super) struct Words(Vec<String>);

impl Words {
    pub fn of(text: &str) -> Self {
        let mut words: Vec<String> = Vec::new();
        let mut word = String::new();
        let mut letters = text.chars().filter(|letter| !is_unseen(*letter) || letter.is_whitespace()).peekable();
        while let Some(letter) = letters.next() {
            if words.len() >= MAX_WORDS {
                break;
            }
            for lower in letter.to_lowercase().map(latin) {
                match lower {
                    '\'' | '’' => {}
                    lower if lower.is_alphanumeric() => word.push(lower),
                    other => {
                        if !word.is_empty() {
                            words.push(std::mem::take(&mut word));
                        }
                        let ends = letters.peek().is_none_or(|next| next.is_whitespace());
                        if matches!(other, '.' | '!' | '?' | ';') && ends {
                            words.push(".".to_owned());
                        }
                    }
                }
            }
        }
        if !word.is_empty() {
            words.push(word);
        }
        Self(words)
    }

    /// Whether the text has more words than are looked at.
    pub fn is_cut(&self) -> bool {
        self.0.len() >= MAX_WORDS
    }

    /// The places that a pattern fits. A pattern is words with a blank between them; `a|b` is one of several,
    /// `a?` may be left out, and `..` is up to four words of the same sentence.
    /// Each place comes with what follows in its sentence: the same words about something else are another sign.
    pub fn find_all(&self, pattern: &str) -> Vec<String> {
        let parts: Vec<&str> = pattern.split(' ').collect();
        let mut found = Vec::new();
        let mut start = 0;
        while let Some(rest) = self.0.get(start..).filter(|rest| !rest.is_empty()) {
            let Some(taken) = fit(&parts, rest).filter(|taken| *taken > 0) else {
                start += 1;
                continue;
            };
            let behind = rest.iter().skip(taken).take_while(|word| *word != ".").take(BEHIND);
            let words: Vec<&str> = rest.iter().take(taken).chain(behind).map(String::as_str).collect();
            found.push(words.join(" "));
            start += taken;
        }
        found
    }
}

/// How many words a pattern takes from the beginning of some.
fn fit(parts: &[&str], words: &[String]) -> Option<usize> {
    let Some((part, rest)) = parts.split_first() else { return Some(0) };
    if *part == ".." {
        for skipped in 0..=GAP {
            if let Some(taken) = words.get(skipped..).and_then(|words| fit(rest, words)) {
                return Some(skipped + taken);
            }
            if words.get(skipped).is_none_or(|word| word == ".") {
                return None;
            }
        }
        return None;
    }
    let (choices, optional) = part.strip_suffix('?').map_or((*part, false), |choices| (choices, true));
    let first = words.split_first().filter(|(word, _)| choices.split('|').any(|choice| choice == **word));
    let taken = first.and_then(|(_, words)| fit(rest, words)).map(|taken| taken + 1);
    if taken.is_none() && optional { fit(rest, words) } else { taken }
}
