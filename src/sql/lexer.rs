//! SQLite's tokens (`https://www.sqlite.org/draft/tokenreq.html`), as far as they decide what a text is: where texts, names and
//! comments begin and end.
//!
//! What SQLite would read in another way than it looks is refused and never guessed at: a text that does not end, a character
//! that is in no token, and every character that a person does not see outside of texts.

use std::ops::Range;

/// A token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Where it stands, in bytes.
    pub place: Range<usize>,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A keyword, or a name without quotes; in capitals.
    Word(String),
    /// A name in `"`, `` ` `` or `[]`, or a text in `'`, which SQLite takes for a name where it wants one. What is inside, in capitals.
    Quoted(String),
    /// A number, or bytes in hexadecimal.
    Number,
    /// `?`, or `?` and a number.
    Parameter(Option<u16>),
    /// `(`
    Open,
    /// `)`
    Close,
    /// `;`
    End,
    /// Anything else: operators, commas, points.
    Sign(char),
}

/// Why a text is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// A text, a quoted name or a comment that does not end.
    #[error("a text, a quoted name or a comment does not end")]
    Open,
    /// A character that is in no token.
    #[error("there is a character that is in no statement: {}", .0.escape_unicode())]
    Character(char),
    /// A parameter with a name, or with a number that is none.
    #[error("parameters are ? or ?1, ?2 and so on, up to ?100")]
    Parameter,
}

/// Most parameters of a statement, as the database has it.
pub const MOST_PARAMETERS: u16 = 100;

/// The tokens of a text, without comments and blanks.
pub fn tokens(text: &str) -> Result<Vec<Token>, Unreadable> {
    // The database would end the text there.
    if text.contains('\0') {
        return Err(Unreadable::Character('\0'));
    }
    let mut lexer = Lexer { text, at: 0 };
    let mut found = Vec::new();
    while let Some(token) = lexer.next()? {
        found.push(token);
    }
    Ok(found)
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn next(&mut self) -> Result<Option<Token>, Unreadable> {
        while self.skip()? {}
        let begin = self.at;
        let mut letters = self.rest().chars();
        let Some(first) = letters.next() else { return Ok(None) };
        let second = letters.next();
        let kind = match first {
            '\'' | '"' | '`' => self.quoted(first)?,
            '[' => self.bracketed()?,
            'x' | 'X' if second == Some('\'') => self.bytes()?,
            '0'..='9' => self.number()?,
            '.' if second.is_some_and(|letter| letter.is_ascii_digit()) => self.number()?,
            '?' => self.parameter()?,
            ':' | '@' | '$' | '#' => return Err(Unreadable::Parameter),
            letter if is_letter(letter) => self.word(),
            other => self.sign(other)?,
        };
        Ok(Some(Token { kind, place: begin..self.at }))
    }

    /// Passes over blanks and one comment. Whether there was any.
    fn skip(&mut self) -> Result<bool, Unreadable> {
        let begin = self.at;
        // SQLite's blanks, which are fewer than Unicode's.
        let blank = |letter: char| matches!(letter, ' ' | '\t' | '\n' | '\u{c}' | '\r');
        self.at = self.text.len() - self.rest().trim_start_matches(blank).len();
        if self.rest().starts_with("--") {
            self.at += self.rest().find('\n').unwrap_or(self.rest().len());
        } else if self.rest().starts_with("/*") {
            let end = self.rest().get(2..).and_then(|inside| inside.find("*/")).ok_or(Unreadable::Open)?;
            self.at += end + 4;
        }
        Ok(self.at > begin)
    }

    /// What stands between two of the same quotes; two within stand for one.
    fn quoted(&mut self, quote: char) -> Result<Kind, Unreadable> {
        self.at += 1;
        let mut inside = String::new();
        loop {
            let end = self.rest().find(quote).ok_or(Unreadable::Open)?;
            inside.push_str(self.rest().get(..end).unwrap_or_default());
            self.at += end + 1;
            if !self.rest().starts_with(quote) {
                return Ok(Kind::Quoted(inside.to_ascii_uppercase()));
            }
            inside.push(quote);
            self.at += 1;
        }
    }

    fn bracketed(&mut self) -> Result<Kind, Unreadable> {
        let end = self.rest().find(']').ok_or(Unreadable::Open)?;
        let inside = self.rest().get(1..end).unwrap_or_default().to_ascii_uppercase();
        self.at += end + 1;
        Ok(Kind::Quoted(inside))
    }

    /// A number as SQLite reads it. One that goes on in letters is none there either.
    fn number(&mut self) -> Result<Kind, Unreadable> {
        let rest = self.rest().as_bytes();
        let is = |at: usize, test: fn(&u8) -> bool| rest.get(at).is_some_and(test);
        let run =
            |from: usize, test: fn(&u8) -> bool| from + rest.iter().skip(from).take_while(|byte| test(byte)).count();
        let digit: fn(&u8) -> bool = |byte| byte.is_ascii_digit() || *byte == b'_';
        let hexadecimal = rest.first() == Some(&b'0') && is(1, |byte| byte.eq_ignore_ascii_case(&b'x'));
        let mut end = if hexadecimal {
            run(2, |byte| byte.is_ascii_hexdigit() || *byte == b'_')
        } else {
            let whole = run(0, digit);
            if is(whole, |byte| *byte == b'.') { run(whole + 1, digit) } else { whole }
        };
        if !hexadecimal && is(end, |byte| byte.eq_ignore_ascii_case(&b'e')) {
            let signed = usize::from(is(end + 1, |byte| matches!(byte, b'+' | b'-')));
            if is(end + 1 + signed, u8::is_ascii_digit) {
                end = run(end + 1 + signed, digit);
            }
        }
        self.at += end;
        match self.rest().chars().next() {
            Some(letter) if is_letter(letter) || letter == '$' => Err(Unreadable::Character(letter)),
            _ => Ok(Kind::Number),
        }
    }

    /// Bytes in hexadecimal: `x'00ff'`.
    fn bytes(&mut self) -> Result<Kind, Unreadable> {
        let end = self.rest().get(2..).and_then(|inside| inside.find('\'')).ok_or(Unreadable::Open)?;
        self.at += end + 3;
        Ok(Kind::Number)
    }

    fn parameter(&mut self) -> Result<Kind, Unreadable> {
        self.at += 1;
        let digits: String = self.rest().chars().take_while(char::is_ascii_digit).collect();
        self.at += digits.len();
        if digits.is_empty() {
            return Ok(Kind::Parameter(None));
        }
        let number = digits.parse().ok().filter(|number| (1..=MOST_PARAMETERS).contains(number));
        number.map(|number| Kind::Parameter(Some(number))).ok_or(Unreadable::Parameter)
    }

    fn word(&mut self) -> Kind {
        let length = self.rest().find(|letter: char| !(is_letter(letter) || letter.is_ascii_digit() || letter == '$'));
        let length = length.unwrap_or(self.rest().len());
        let word = self.rest().get(..length).unwrap_or_default().to_ascii_uppercase();
        self.at += length;
        Kind::Word(word)
    }

    fn sign(&mut self, sign: char) -> Result<Kind, Unreadable> {
        self.at += 1;
        match sign {
            '(' => Ok(Kind::Open),
            ')' => Ok(Kind::Close),
            ';' => Ok(Kind::End),
            ',' | '.' | '+' | '-' | '*' | '/' | '%' | '=' | '<' | '>' | '!' | '~' | '&' | '|' => Ok(Kind::Sign(sign)),
            other => Err(Unreadable::Character(other)),
        }
    }
}

/// A letter of a name. SQLite takes every character beyond ASCII for one; those that nobody sees are not taken here.
fn is_letter(letter: char) -> bool {
    letter.is_ascii_alphabetic() || letter == '_' || (!letter.is_ascii() && letter.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::{Kind, Unreadable, tokens};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn read(text: &str) -> Vec<String> {
        let told = |kind: Kind| match kind {
            Kind::Word(word) => word,
            Kind::Quoted(inside) => format!("<{inside}>"),
            Kind::Number => "#".into(),
            Kind::Parameter(number) => format!("?{}", number.map_or(String::new(), |number| number.to_string())),
            Kind::Open => "(".into(),
            Kind::Close => ")".into(),
            Kind::End => ";".into(),
            Kind::Sign(sign) => sign.into(),
        };
        tokens(text).unwrap().into_iter().map(|token| told(token.kind)).collect()
    }

    #[test]
    fn texts_names_comments_and_numbers_begin_and_end_where_sqlite_has_them() {
        for (text, expected) in [
            ("select a", &["SELECT", "a"][..]),
            ("'it''s; -- no' x", &["<IT'S; -- NO>", "X"]),
            ("\"a\"\"b\"[c\"d]`e``f`", &["<A\"B>", "<C\"D>", "<E`F>"]),
            ("a--b'\nc", &["A", "C"]),
            ("a/* ; ' */b/**/c", &["A", "B", "C"]),
            ("a/* /* */ b", &["A", "B"]),
            ("--", &[]),
            ("1.5e-3+.5-0x1F 1e+2", &["#", "+", "#", "-", "#", "#"]),
            ("0Xe--'\n1", &["#", "#"]),
            ("1_000 1.e5", &["#", "#"]),
            ("x'00ff' X'' xy", &["#", "#", "XY"]),
            ("?, ?12", &["?", ",", "?12"]),
            ("a.b(c);", &["A", ".", "B", "(", "C", ")", ";"]),
            ("tä$1", &["TÄ$1"]),
            ("a -> '$.b'", &["A", "-", ">", "<$.B>"]),
            ("1;2", &["#", ";", "#"]),
        ] {
            let expected: Vec<String> = expected.iter().map(|word| word.to_uppercase()).collect();
            let read: Vec<String> = read(text).iter().map(|word| word.to_uppercase()).collect();
            assert_eq!(read, expected, "{text}");
        }
    }

    #[test]
    fn what_does_not_end_or_is_in_no_statement_is_refused() {
        for text in ["'a", "\"a''", "`", "[a", "/* a", "/*/", "x'00", "'a''"] {
            assert_eq!(tokens(text), Err(Unreadable::Open), "{text}");
        }
        for text in [
            "a\u{a0}b",
            "a\u{200b}",
            "\u{feff}select",
            "\u{2028}",
            "a\0b",
            "'a\0b'",
            "\\",
            "{",
            "a^b",
            "\u{b}",
            "1a",
            "1e",
            "0xg",
            "1_000$",
        ] {
            assert!(matches!(tokens(text), Err(Unreadable::Character(_))), "{text:?}");
        }
        for text in [":a", "@a", "$a", "#1", "?0", "?101", "?99999999999"] {
            assert_eq!(tokens(text), Err(Unreadable::Parameter), "{text}");
        }
    }
}
