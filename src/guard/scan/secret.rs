//! What opens something for whoever has it.

use super::{Span, Text, is_word};

/// How the keys and tokens of one issuer are written.
struct Shape {
    prefix: &'static str,
    rest: fn(u8) -> bool,
    /// Fewest characters after the prefix.
    least: usize,
    /// Most of them, where there are no more.
    most: usize,
}

const fn long(prefix: &'static str, rest: fn(u8) -> bool, least: usize) -> Shape {
    Shape { prefix, rest, least, most: usize::MAX }
}

const SHAPES: [Shape; 25] = [
    long("sk-", is_url, 20),
    long("sk_live_", is_word, 16),
    long("sk_test_", is_word, 16),
    long("rk_live_", is_word, 16),
    long("rk_test_", is_word, 16),
    long("ghp_", is_word, 30),
    long("gho_", is_word, 30),
    long("ghu_", is_word, 30),
    long("ghs_", is_word, 30),
    long("ghr_", is_word, 30),
    long("github_pat_", is_url, 22),
    long("glpat-", is_url, 20),
    long("xoxa-", is_url, 10),
    long("xoxb-", is_url, 10),
    long("xoxe-", is_url, 10),
    long("xoxp-", is_url, 10),
    long("xoxr-", is_url, 10),
    long("xoxs-", is_url, 10),
    Shape { prefix: "AKIA", rest: is_capital, least: 16, most: 16 },
    Shape { prefix: "ASIA", rest: is_capital, least: 16, most: 16 },
    Shape { prefix: "AIza", rest: is_url, least: 35, most: 35 },
    long("npm_", is_word, 36),
    long("mgk_", is_pointed, 40),
    long("mgr_", is_pointed, 40),
    long("whsec_", is_padded, 24),
];

/// The letters of base64url.
const fn is_url(byte: u8) -> bool {
    is_word(byte) || matches!(byte, b'-' | b'_')
}

const fn is_capital(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

const fn is_pointed(byte: u8) -> bool {
    is_url(byte) || byte == b'.'
}

const fn is_padded(byte: u8) -> bool {
    is_url(byte) || matches!(byte, b'+' | b'/' | b'=')
}

/// What may stand in a bearer token (RFC 6750 section 2.1).
const fn is_token(byte: u8) -> bool {
    is_padded(byte) || matches!(byte, b'.' | b'~')
}

/// A key or token that its beginning gives away. Words joined by hyphens are none: it has a digit or a capital letter.
pub fn api_key(text: Text<'_>, from: usize) -> Option<Span> {
    text.first(from, is_url, |text, start| {
        let may_be = begins_a_key(text.at(start), text.at(start + 1));
        may_be.then(|| SHAPES.iter().find_map(|shape| shape.end(text, start))).flatten()
    })
}

/// Whether a prefix begins with these two: few words do, and every word is asked.
const fn begins_a_key(first: u8, second: u8) -> bool {
    match first {
        b's' | b'r' => second == b'k',
        b'g' => matches!(second, b'h' | b'i' | b'l'),
        b'x' => second == b'o',
        b'A' => matches!(second, b'K' | b'S' | b'I'),
        b'n' => second == b'p',
        b'm' => second == b'g',
        b'w' => second == b'h',
        _ => false,
    }
}

/// How much of a key is read to know that it is one: a longer one is read to its end then, and once.
const WINDOW: usize = 64;

impl Shape {
    fn end(&self, text: Text<'_>, start: usize) -> Option<usize> {
        let rest = start + self.prefix.len();
        if text.bytes(start..rest) != self.prefix.as_bytes() {
            return None;
        }
        let known = text.run(rest, WINDOW, self.rest);
        let is_random = text.bytes(rest..known).iter().copied().any(is_capital);
        if known - rest < self.least || !is_random {
            return None;
        }
        let end = text.run(known, usize::MAX, self.rest);
        // A point ends the sentence rather than the key.
        let end = if text.before(end) == b'.' { end - 1 } else { end };
        (self.least..=self.most).contains(&(end - rest)).then_some(end)
    }
}

/// A signed token (RFC 7519), also one of the five parts of an encrypted one. Its header is an object in base64url, and so
/// begins with `eyJ`.
pub fn jwt(text: Text<'_>, from: usize) -> Option<Span> {
    text.first(from, is_url, |text, start| {
        if !text.bytes(start..start + 3).starts_with(b"eyJ") {
            return None;
        }
        let part = |from: usize, least: usize| {
            let end = text.run(from, usize::MAX, is_url);
            (end - from >= least).then_some(end)
        };
        let next = |end: usize, least: usize| if text.at(end) == b'.' { part(end + 1, least) } else { None };
        let signature = part(start, 10).and_then(|end| next(end, 2)).and_then(|end| next(end, 10))?;
        Some(next(signature, 1).and_then(|end| next(end, 1)).unwrap_or(signature))
    })
}

/// A private key from its first line to its last; where the last is missing, to the next such line or the end of the text.
pub fn private_key(text: Text<'_>, from: usize) -> Option<Span> {
    let mut after = from;
    while let Some(start) = text.find(after, "-----BEGIN ") {
        let label = start + "-----BEGIN ".len();
        let end = text.run(label, 64, |byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b' ');
        let is_private = text.part(label..end).contains("PRIVATE KEY") && text.has(end, "-----");
        if is_private && let Some(end) = end_of_key(text, end + 5) {
            return Some(start..end);
        }
        after = end;
    }
    None
}

/// Fewest bytes of a key between its lines.
const LEAST_KEY: usize = 40;

fn end_of_key(text: Text<'_>, body: usize) -> Option<usize> {
    const LAST: &str = "-----END ";
    let after = text.find(body, "-----").unwrap_or(text.len());
    let end = if text.has(after, LAST) {
        text.find(after + LAST.len(), "-----").map_or(text.len(), |end| end + 5)
    } else {
        after
    };
    (after - body >= LEAST_KEY).then_some(end)
}

/// Fewest characters of a token behind its scheme: less may be a word.
const LEAST_TOKEN: usize = 16;

/// The credentials of an `Authorization` header. A long word after `bearer` is no token: that has a digit.
pub fn bearer_token(text: Text<'_>, from: usize) -> Option<Span> {
    const SCHEME: &str = "bearer";
    text.first(from, is_word, |text, start| {
        let token = start + SCHEME.len();
        if !text.has(start, SCHEME) {
            return None;
        }
        let first = text.run(token, 4, |byte| matches!(byte, b' ' | b'\t' | b':' | b'='));
        let end = text.run(first, usize::MAX, is_token);
        let is_token = first > token && end - first >= LEAST_TOKEN;
        (is_token && text.bytes(first..end).iter().any(u8::is_ascii_digit)).then_some(end)
    })
}

#[cfg(test)]
mod tests {
    use super::{SHAPES, begins_a_key};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn every_prefix_begins_as_one_does() {
        for shape in &SHAPES {
            let [first, second, ..] = shape.prefix.as_bytes() else { panic!("{}", shape.prefix) };
            assert!(begins_a_key(*first, *second), "{}", shape.prefix);
        }
    }
}
