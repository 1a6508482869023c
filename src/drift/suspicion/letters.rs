//! Characters that are not seen, and letters that look like others.

use super::Suspicion;

/// What is wrong with a character that nobody sees as what it is; `None` for every other one.
const fn unseen(letter: char) -> Option<Suspicion> {
    Some(match letter {
        '\u{1b}' | '\u{9b}' => Suspicion::Escape,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}' => Suspicion::Direction,
        '\u{e0000}'..='\u{e007f}' => Suspicion::Tag,
        '\n' | '\r' | '\t' => return None,
        // Controls; soft hyphen, joiners and fillers; variation selectors; interlinear annotation.
        '\0'..='\u{1f}'
        | '\u{7f}'..='\u{9f}'
        | '\u{ad}'
        | '\u{34f}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200d}'
        | '\u{2028}'
        | '\u{2029}'
        | '\u{2060}'..='\u{2065}'
        | '\u{206a}'..='\u{206f}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0100}'..='\u{e01ef}' => Suspicion::HiddenCharacter,
        _ => return None,
    })
}

/// Whether a character must be written by its number to be seen.
pub(in crate::drift) const fn is_unseen(letter: char) -> bool {
    unseen(letter).is_some() || matches!(letter, '\n' | '\r' | '\t')
}

/// Where a character that is not seen has its use: joiners within emoji and within the scripts that need them, and one
/// variation selector behind what has variants.
fn has_its_use(letter: char, before: Option<char>, after: Option<char>) -> bool {
    let pictured = |c: Option<char>| {
        c.is_some_and(
            |c| matches!(c, '\u{2100}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}' | '\u{fe0f}' | '\u{a9}' | '\u{ae}'),
        )
    };
    let joined = |c: Option<char>| c.is_some_and(|c| matches!(c, '\u{600}'..='\u{dff}'));
    match letter {
        '\u{200d}' => (pictured(before) && pictured(after)) || (joined(before) && joined(after)),
        '\u{200c}' => joined(before) && joined(after),
        '\u{fe0e}' | '\u{fe0f}' => {
            (pictured(before) && before != Some('\u{fe0f}'))
                || before.is_some_and(|c| matches!(c, '0'..='9' | '#' | '*'))
        }
        _ => false,
    }
}

/// Notes the runs of characters that nobody sees.
pub(super) fn look(text: &str, note: &mut dyn FnMut(Suspicion, String)) {
    if text.is_ascii() && !text.bytes().any(|byte| byte.is_ascii_control()) {
        return;
    }
    let letters: Vec<char> = text.chars().collect();
    let mut run: Option<(Suspicion, String)> = None;
    let mut before = None;
    for (at, letter) in letters.iter().copied().enumerate() {
        let after = letters.get(at + 1).copied();
        let sign = unseen(letter).filter(|_| !has_its_use(letter, before, after));
        before = Some(letter);
        match (&mut run, sign) {
            (Some((kind, found)), Some(sign)) if *kind == sign => found.push(letter),
            (_, sign) => {
                if let Some((kind, found)) = run.take() {
                    note(kind, found.chars().take(64).collect());
                }
                run = sign.map(|sign| (sign, letter.to_string()));
            }
        }
    }
    if let Some((kind, found)) = run {
        note(kind, found.chars().take(64).collect());
    }
}

/// The Latin letter that a letter of another alphabet, or of another width, looks like; others as they are. From the
/// confusable characters of Unicode Technical Standard 39, those that occur in names.
pub(in crate::drift) const fn latin(letter: char) -> char {
    match letter {
        'а' | 'α' | 'ɑ' => 'a',
        'Ь' | 'в' | 'β' => 'b',
        'с' | 'ϲ' | 'ς' => 'c',
        'ԁ' | 'ɗ' => 'd',
        'е' | 'ё' | 'ε' | 'є' => 'e',
        'ɡ' | 'ց' => 'g',
        'һ' | 'н' | 'η' => 'h',
        'і' | 'ї' | 'ı' | 'ι' => 'i',
        'ј' => 'j',
        'к' | 'κ' => 'k',
        'ӏ' | 'ǀ' => 'l',
        'м' | 'μ' => 'm',
        'п' | 'ո' => 'n',
        'о' | 'ο' | 'օ' | 'σ' => 'o',
        'р' | 'ρ' => 'p',
        'ԛ' => 'q',
        'г' => 'r',
        'ѕ' => 's',
        'т' | 'τ' => 't',
        'υ' | 'ս' => 'u',
        'ѵ' | 'ν' => 'v',
        'ԝ' | 'ω' | 'ш' => 'w',
        'х' | 'χ' => 'x',
        'у' | 'γ' => 'y',
        'ᴢ' | 'ζ' => 'z',
        '‐' | '‑' | '‒' | '–' | '—' | '−' => '-',
        '\u{ff01}'..='\u{ff5e}' => narrow(letter),
        other => other,
    }
}

const fn narrow(letter: char) -> char {
    // Fullwidth forms stand in the order of ASCII.
    match char::from_u32(letter as u32 - 0xfee0) {
        Some(narrow) => narrow.to_ascii_lowercase(),
        None => letter,
    }
}

/// A name in lower case and Latin letters, with one sign between its words: what is left of it for whoever types it.
pub(in crate::drift) fn folded(name: &str) -> String {
    let lower = name.chars().flat_map(char::to_lowercase).filter(|letter| !is_unseen(*letter));
    lower.map(|letter| if matches!(letter, '-' | '.' | ' ') { '_' } else { latin(letter) }).collect()
}

/// What a name looks like: names with the same skeleton are taken for one another.
pub(in crate::drift) fn skeleton(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    for letter in folded(name).chars() {
        plain.push(match letter {
            '0' => 'o',
            '1' | 'i' | '|' => 'l',
            '5' => 's',
            letter => letter,
        });
    }
    plain.replace("rn", "m").replace("vv", "w").replace("cl", "d")
}

/// Whether a name has Latin letters and letters of another alphabet that look like them.
pub(in crate::drift) fn mixes_alphabets(name: &str) -> bool {
    let plain = name.chars().any(|letter| letter.is_ascii_alphabetic());
    let mut letters = name.chars().flat_map(char::to_lowercase);
    plain && letters.any(|letter| !letter.is_ascii() && latin(letter).is_ascii())
}
