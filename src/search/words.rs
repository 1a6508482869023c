//! The words of names and of English sentences, in the form in which they are compared.

/// Longest word, in bytes; the rest of a longer one is not looked at.
pub const MAX_WORD_BYTES: usize = 40;

/// Words that say nothing of what is wanted, by their stems. They are left out of queries only, and not of one that has no
/// others.
const STOP_WORDS: [&str; 62] = [
    "a", "about", "all", "an", "and", "any", "are", "as", "at", "be", "by", "can", "do", "does", "for", "from", "has",
    "hav", "how", "i", "if", "in", "into", "is", "it", "its", "let", "lik", "me", "my", "need", "of", "off", "on",
    "one", "or", "our", "out", "pleas", "should", "so", "som", "that", "the", "their", "them", "ther", "thes", "they",
    "thi", "to", "tool", "us", "want", "was", "we", "what", "which", "who", "wil", "with", "you",
];

/// What a character is, for where a word ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Upper,
    Letter,
    Digit,
    Between,
}

/// Hands on each word of a text in its order: lower-case runs of letters or of digits, in which names in camel, snake and
/// kebab case fall apart. What falls apart within a run (`GitHub`, `s3`) is handed on as a whole too, after its pieces.
pub fn each(text: &str, take: &mut dyn FnMut(&str)) {
    let mut word = String::new();
    let mut hand = |piece: Option<&str>| hand(piece, &mut word, take);
    for run in text.split(|c: char| sort(c) == Sort::Between) {
        let mut pieces = 0;
        let mut start = 0;
        let mut before: Option<(Sort, Sort)> = None;
        for (at, c) in run.char_indices() {
            let now = sort(c);
            if let Some((earlier, last)) = before {
                let digits = (last == Sort::Digit) != (now == Sort::Digit);
                let hump = last == Sort::Letter && now == Sort::Upper;
                // In `HTTPServer` the last capital belongs to what follows it.
                let acronym = earlier == Sort::Upper && last == Sort::Upper && now == Sort::Letter;
                if acronym {
                    let capital = run.get(..at).and_then(|head| head.char_indices().next_back());
                    let capital = capital.map_or(at, |(capital, _)| capital);
                    pieces += hand(run.get(start..capital));
                    start = capital;
                } else if digits || hump {
                    pieces += hand(run.get(start..at));
                    start = at;
                }
            }
            before = Some((before.map_or(Sort::Between, |(_, last)| last), now));
        }
        pieces += hand(run.get(start..));
        if pieces > 1 {
            hand(Some(run));
        }
    }
}

fn sort(c: char) -> Sort {
    match c {
        'A'..='Z' => Sort::Upper,
        'a'..='z' => Sort::Letter,
        _ if c.is_numeric() => Sort::Digit,
        _ if c.is_uppercase() => Sort::Upper,
        _ if c.is_alphabetic() => Sort::Letter,
        _ => Sort::Between,
    }
}

/// Hands on one word, if there is one, written into a buffer; how many that are.
fn hand(piece: Option<&str>, word: &mut String, take: &mut dyn FnMut(&str)) -> usize {
    let Some(piece) = piece.filter(|piece| !piece.is_empty()) else { return 0 };
    let mut end = piece.len().min(MAX_WORD_BYTES);
    while !piece.is_char_boundary(end) {
        end -= 1;
    }
    let piece = piece.get(..end).unwrap_or_default();
    word.clear();
    if piece.is_ascii() {
        word.push_str(piece);
        word.make_ascii_lowercase();
    } else {
        word.push_str(&piece.to_lowercase());
    }
    stem(word);
    take(word);
    1
}

/// Whether a word in the form of [`each`] says nothing of what is wanted.
pub fn says_nothing(word: &str) -> bool {
    STOP_WORDS.contains(&word)
}

/// The stem of an English word in lower case: without the endings of plurals (Harman, "How effective is suffixing?", JASIS
/// 42(1), 1991, the S stemmer), then of verbs and of nouns made of them, as far as one rule does for all words. It is the
/// same for most forms of a word, which is all that matters; it is not always a word.
fn stem(word: &mut String) {
    if word.len() <= 3 || !word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return;
    }
    singular(word);
    let ends = |word: &str, ending: &str, least: usize| {
        word.strip_suffix(ending).is_some_and(|rest| rest.len() >= least && rest.bytes().any(is_vowel))
    };
    if ends(word, "ied", 2) {
        replace(word, 3, "y");
    } else if ends(word, "ing", 3) {
        replace(word, 3, "");
    } else if ends(word, "ed", 3) && !word.ends_with("eed") {
        replace(word, 2, "");
    } else if (word.ends_with("tion") || word.ends_with("sion")) && word.len() >= 7 {
        replace(word, 3, "");
    }
    if word.len() > 3 && word.ends_with('e') {
        replace(word, 1, "");
    }
    if ends(word, "at", 5) {
        replace(word, 2, "");
    }
    if ends(word, "ment", 4) {
        replace(word, 4, "");
    }
    let mut last = word.bytes().rev();
    let doubled = matches!((last.next(), last.next()), (Some(one), Some(other)) if one == other && !is_vowel(one));
    if doubled && word.len() > 3 {
        word.pop();
    }
}

/// Harman's three rules; the first whose ending is there decides.
fn singular(word: &mut String) {
    let any = |endings: &[&str]| endings.iter().any(|ending| word.ends_with(ending));
    if any(&["ies"]) {
        if !any(&["eies", "aies"]) {
            replace(word, 3, "y");
        }
    } else if any(&["es"]) {
        if !any(&["aes", "ees", "oes"]) {
            replace(word, 1, "");
        }
    } else if any(&["s"]) && !any(&["us", "ss"]) {
        replace(word, 1, "");
    }
}

/// Another end for an ASCII word.
fn replace(word: &mut String, cut: usize, end: &str) {
    word.truncate(word.len().saturating_sub(cut));
    word.push_str(end);
}

const fn is_vowel(byte: u8) -> bool {
    matches!(byte, b'a' | b'e' | b'i' | b'o' | b'u' | b'y')
}

#[cfg(test)]
mod tests {
    use super::{MAX_WORD_BYTES, STOP_WORDS, each, says_nothing, stem};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn stemmed(word: &str) -> String {
        let mut word = word.to_owned();
        stem(&mut word);
        word
    }

    fn words(text: &str) -> Vec<String> {
        let mut words = Vec::new();
        each(text, &mut |word| words.push(word.to_owned()));
        words
    }

    #[test]
    fn names_of_every_style_fall_apart() {
        for name in ["send_new_mail", "send-new-mail", "send.new/mail", "  send\tnew\nmail!"] {
            assert_eq!(words(name), ["send", "new", "mail"], "{name}");
        }
        assert_eq!(words("sendNewMail"), ["send", "new", "mail", "sendnewmail"]);
        assert_eq!(words("HTTPServer"), ["http", "server", "httpserver"]);
        assert_eq!(words("S3 k8s"), ["s", "3", "s3", "k", "8", "s", "k8s"]);
        assert_eq!(words("GITHUB github"), ["github", "github"]);
        assert_eq!(words("Übersicht Ärger"), ["übersicht", "ärger"]);
        assert_eq!(words("__ -- \u{0}\u{7f} 🦀"), [""; 0]);
    }

    #[test]
    fn the_forms_of_a_word_have_one_stem() {
        for forms in [
            ["create", "creates", "created", "creating", "creation"],
            ["validate", "validates", "validated", "validating", "validation"],
            ["query", "queries", "queried", "querying", "queries"],
            ["cancel", "cancels", "canceled", "cancelling", "cancellation"],
            ["list", "lists", "listed", "listing", "listings"],
            ["box", "boxes", "boxed", "boxing", "boxes"],
            ["add", "adds", "added", "adding", "adds"],
            ["configure", "configures", "configured", "configuring", "configuration"],
            ["deploy", "deploys", "deployed", "deploying", "deployment"],
            ["plan", "plans", "planned", "planning", "plans"],
        ] {
            let stems = forms.map(stemmed);
            assert!(stems.iter().all(|other| *other == stems[0]), "{forms:?}: {stems:?}");
        }
        for [one, other] in [["form", "format"], ["string", "strike"], ["bus", "bu"], ["need", "ne"], ["card", "care"]]
        {
            assert_ne!(stemmed(one), stemmed(other));
        }
    }

    #[test]
    fn a_word_is_cut_and_never_within_a_letter() {
        let long = words(&"ü".repeat(1_000_000));
        assert_eq!(long, ["ü".repeat(MAX_WORD_BYTES / 2)]);
        assert_eq!(words(&format!("a{}", "ü".repeat(100)))[0].len(), MAX_WORD_BYTES - 1);
    }

    #[test]
    fn a_word_that_says_nothing_does_so_in_the_form_in_which_words_are_compared() {
        let plain = "have like please some there these this will the me what is to";
        each(plain, &mut |word| assert!(says_nothing(word), "{word}"));
        assert!(STOP_WORDS.is_sorted() && !says_nothing("mail") && !says_nothing("this"));
    }
}
