//! Which passwords are guessed first although they are long (NIST SP 800-63B-4 section 3.1.1.2: a blocklist of commonly used,
//! expected and compromised ones).
//!
//! A password of fifteen characters is on no list of the most used ones, with few exceptions; what people do is to lengthen
//! a short one: they repeat it, add a year, a run of the keyboard, or the name of the service. So a password is read as
//! pieces: a common word, a run, a year, a word of its surroundings, or a letter of its own, and what repeats counts for
//! nothing. What has fewer than [`FEWEST_PIECES`] pieces is guessed early, however long it is.

/// Fewest pieces of a password that may be set. Five common words in a row are as hard to guess as nine random letters.
const FEWEST_PIECES: usize = 6;
/// Shortest run of the keyboard that counts as one piece, and shortest text that counts for nothing when it comes again.
const SHORTEST_RUN: usize = 3;

/// The words of the most used passwords, most of them from lists of leaked ones, and the few of those that are long.
const COMMON: &str = include_str!("common.txt");

/// Runs: of the alphabet, of digits, and of keyboards, in rows and zigzag. Each counts backwards too.
const RUNS: [&str; 23] = [
    "01234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "13579",
    "02468",
    "!@#$%^&*()",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "yxcvbnm",
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "1qazxsw23edcvfr45tgbnhy67ujm",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1a2b3c4d5e6f7g8h9i",
    "147258369",
    "йцукенгшщзхъ",
    "фывапролджэ",
    "ячсмитьбю",
];

/// Why a long password is guessed early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guessed {
    /// It says little, again and again.
    Repeats,
    /// It is made of common passwords, runs and years.
    Common,
    /// The same, with words that stand on the page it is typed into.
    Surroundings,
}

/// Why `password` is guessed early, if it is. `surroundings` are words that a guesser knows of this account: its name, its
/// tenant's, the gateway's; those of less than three letters are ignored.
pub fn guessed(password: &str, surroundings: &[&str]) -> Option<Guessed> {
    let letters: Vec<char> = password.chars().map(|letter| letter.to_ascii_lowercase()).collect();
    let mut squeezed = letters.clone();
    squeezed.dedup();
    let common: Vec<Vec<char>> = COMMON.split_ascii_whitespace().map(|word| word.chars().collect()).collect();
    let all: Vec<Vec<char>> =
        common.iter().cloned().chain(surroundings.iter().filter_map(|text| known(text))).collect();
    let few = |words: Option<&[Vec<char>]>| pieces(&letters, words).min(pieces(&squeezed, words)) < FEWEST_PIECES;
    if few(None) {
        Some(Guessed::Repeats)
    } else if few(Some(&common)) {
        Some(Guessed::Common)
    } else if few(Some(&all)) {
        Some(Guessed::Surroundings)
    } else {
        None
    }
}

/// The words of a name as they stand in it: `ada.lovelace@example.com` is told apart at what is no letter or digit.
pub fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|letter: char| !letter.is_alphanumeric())
}

fn known(text: &str) -> Option<Vec<char>> {
    let letters: Vec<char> = text.chars().map(|letter| letter.to_ascii_lowercase()).collect();
    (letters.len() >= SHORTEST_RUN).then_some(letters)
}

/// The fewest pieces that make up `text`. Without `words`, only what repeats is seen.
fn pieces(text: &[char], words: Option<&[Vec<char>]>) -> usize {
    let mut fewest: Vec<usize> = vec![usize::MAX; text.len() + 1];
    if let Some(first) = fewest.first_mut() {
        *first = 0;
    }
    for start in 0..text.len() {
        let (before, rest) = text.split_at(start);
        let so_far = fewest.get(start).copied().unwrap_or(usize::MAX);
        let mut reach = |length: usize, cost: usize| {
            if let Some(known) = fewest.get_mut(start + length) {
                *known = (*known).min(so_far.saturating_add(cost));
            }
        };
        let separator = rest.first().is_some_and(|letter| !letter.is_alphanumeric() && before.contains(letter));
        reach(1, usize::from(!separator));
        (1..=repeated(before, rest)).for_each(|length| reach(length, 0));
        if let Some(words) = words {
            (SHORTEST_RUN..=run(rest)).for_each(|length| reach(length, 1));
            if is_year(rest) {
                reach(4, 1);
            }
            words.iter().filter(|word| begins_with(rest, word)).for_each(|word| reach(word.len(), 1));
        }
    }
    fewest.last().copied().unwrap_or_default()
}

/// How much of the beginning of `rest` stood before it: right before it in any length, else three letters at least.
fn repeated(before: &[char], rest: &[char]) -> usize {
    let longest = before.len().min(rest.len());
    let same = |length: usize, window: &[char]| rest.get(..length) == Some(window);
    let anywhere = |length: usize| length >= SHORTEST_RUN && before.windows(length).any(|window| same(length, window));
    let right_before = |length: usize| {
        before.len().checked_sub(length).and_then(|at| before.get(at..)).is_some_and(|window| same(length, window))
    };
    (1..=longest).rev().find(|length| right_before(*length) || anywhere(*length)).unwrap_or_default()
}

/// How long a run `rest` begins with.
fn run(rest: &[char]) -> usize {
    let longest = |row: &[char]| {
        (0..row.len())
            .map(|at| row.iter().skip(at).zip(rest).take_while(|(one, other)| one == other).count())
            .max()
            .unwrap_or_default()
    };
    let both = RUNS.iter().map(|row| {
        let forwards: Vec<char> = row.chars().collect();
        let backwards: Vec<char> = row.chars().rev().collect();
        longest(&forwards).max(longest(&backwards))
    });
    both.max().unwrap_or_default()
}

fn is_year(rest: &[char]) -> bool {
    match rest {
        [a, b, c, d, ..] => matches!((a, b), ('1', '9') | ('2', '0')) && c.is_ascii_digit() && d.is_ascii_digit(),
        _ => false,
    }
}

/// Whether `rest` begins with a word, or with the word backwards; digits and signs count as the letters they look like.
fn begins_with(rest: &[char], word: &[char]) -> bool {
    let Some(beginning) = rest.get(..word.len()) else { return false };
    beginning.iter().zip(word).all(looks_like) || beginning.iter().zip(word.iter().rev()).all(looks_like)
}

fn looks_like((typed, letter): (&char, &char)) -> bool {
    typed == letter
        || matches!(
            (typed, letter),
            ('0', 'o') | ('1' | '!', 'i') | ('1', 'l') | ('3', 'e') | ('4' | '@', 'a') | ('5' | '$', 's') | ('7', 't')
        )
}

#[cfg(test)]
mod tests {
    use super::{COMMON, Guessed, guessed, words};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    /// Every password of 15 characters or more among the 30,000 most used of the list that the zxcvbn library carries.
    const MOST_USED: [&str; 31] = [
        "mailcreated5240",
        "polniypizdec0211",
        "123456789987654321",
        "1qaz2wsx3edc4rfv",
        "momsanaladventure",
        "hd764nw5d7e1vb1",
        "qazwsxedcrfvtgb",
        "23176djivanfros",
        "123456789qwerty",
        "12345678900987654321",
        "qwerty123456789",
        "polniypizdec110211",
        "12345678987654321",
        "q1w2e3r4t5y6u7i8",
        "zqjphsyf6ctifgu",
        "lhbjkjubz2957704",
        "1qazxsw23edcvfr4",
        "nemvxyheqdd5oqxyxyzi",
        "1234qwerasdfzxcv",
        "q1w2e3r4t5y6u7i8o9p0",
        "passwordstandard",
        "1234567890qwerty",
        "1234567890987654321",
        "bpgjldsgjldthnf",
        "1qa2ws3ed4rf5tg",
        "qwertyuiop12345",
        "1234567887654321",
        "111222333444555",
        "122333444455555",
        "zxcvbnm123456789",
        "qwertasdfgzxcvb",
    ];

    #[test]
    fn the_long_ones_of_the_most_used_are_known() {
        for password in MOST_USED {
            assert!(guessed(password, &[]).is_some(), "{password}");
            assert!(guessed(&password.to_uppercase(), &[]).is_some(), "{password}");
        }
    }

    #[test]
    fn a_short_password_made_long_is_still_the_short_one() {
        for password in [
            "PasswordPassword2024!",
            "P@ssw0rdP@ssw0rd",
            "Summer2024Summer2024!",
            "correcthorsebatterystaple",
            "Correct-Horse-Battery-Staple",
            "thisismypassword1",
            "letmein-letmein-letmein",
            "iloveyouforever123",
            "drowssapdrowssap1",
            "jennifer1985chicago",
            "qwertyuiop[asdfghjkl",
            "йцукенгшщзхъфывапролджэ",
            "dragon monkey master",
            "Administrator123!",
            "112233445566778899",
        ] {
            assert_eq!(guessed(password, &[]), Some(Guessed::Common), "{password}");
        }
    }

    #[test]
    fn what_says_little_again_and_again_is_refused_whatever_it_says() {
        for password in
            ["aaaaaaaaaaaaaaaa", "ababababababababab", "xkqzvxkqzvxkqzv", "ßßßßßßßßßßßßßßß", "zzzzzzzzxxxxxxxxqqqqqqqq"]
        {
            assert_eq!(guessed(password, &[]), Some(Guessed::Repeats), "{password}");
        }
    }

    #[test]
    fn the_words_of_its_surroundings_make_no_password() {
        let account = "zarathustra.q@example.org";
        let around: Vec<&str> = words(account).chain(["quuxcorp", "mcp", "gateway"]).collect();
        for password in ["zarathustra2024", "Zarathustra-Quuxcorp", "quuxcorpQuuxcorp1!", "mcp-gateway-zarathustra"] {
            assert_eq!(guessed(password, &around), Some(Guessed::Surroundings), "{password}");
            assert_eq!(
                guessed(
                    &password.replace("quux", "pivk").replace("Quux", "mopd").replace("arathus", "fwopqkl"),
                    &around
                ),
                None
            );
        }
    }

    #[test]
    fn words_of_ones_own_and_random_letters_are_no_such_thing() {
        for password in [
            "tin kettle on a bicycle",
            "my secret dragon roared twice",
            "tangerine umbrella walks",
            "пароль из пятнадцати знаков",
            "x7Kq-29fL-mW4z-Tp81",
            "839201847562910",
            "kvhtzmqoylfbwxd",
            "我的密码是十五个字以上的句子吧好",
        ] {
            assert_eq!(guessed(password, &["ada", "acme"]), None, "{password}");
        }
    }

    #[test]
    fn the_list_is_small_and_each_word_stands_in_it_once() {
        let all: Vec<&str> = COMMON.split_ascii_whitespace().collect();
        assert!(COMMON.len() < 6 * 1024 && all.len() > 700, "{} bytes, {} words", COMMON.len(), all.len());
        assert!(all.is_sorted_by(|one, next| one < next));
    }
}
