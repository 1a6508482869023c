//! Percent-encoding (RFC 3986 section 2), and what a path, a header and a cookie may not carry.
//!
//! A value of a path is written as one segment. That is not enough: many servers decode a path before they look for the
//! parts of it, some more than once, and then `..%2F..` climbs. So what a value would be after decoding is looked at too.

use std::fmt::Write as _;

/// How often a value is decoded to see what a server might make of it. What is still encoded then is refused.
const ROUNDS: usize = 4;

/// Why a value cannot stand in a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefusedSegment {
    /// Nothing: the path would be another one.
    #[error("must not be empty")]
    Empty,
    /// A part that is `.` or `..`, as it is or after decoding.
    #[error("must not have a part that is '.' or '..'")]
    Climbs,
    /// A slash at its beginning: a server that decodes takes it for another path.
    #[error("must not begin with '/'")]
    Rooted,
    /// A backslash or a control character, as it is or after decoding.
    #[error("must not have backslashes or control characters")]
    Character,
    /// Encoded over and over.
    #[error("must not be percent-encoded several times")]
    Encoded,
}

/// Appends a value, encoded but for the unreserved characters: it is one value, whatever it has in it.
pub fn push_encoded(text: &str, to: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            to.push(char::from(byte));
        } else {
            // Writing to a text does not fail.
            let _ = write!(to, "%{byte:02X}");
        }
    }
}

/// The same as a new text.
pub fn encoded(text: &str) -> String {
    let mut to = String::with_capacity(text.len());
    push_encoded(text, &mut to);
    to
}

/// Appends a part of a template: what a path may have as it is stays (RFC 3986 section 3.3), escapes included.
pub fn push_literal(text: &str, to: &mut String) {
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (head, tail) = rest.split_at(first.len_utf8());
        let escape = first == '%' && is_escape(tail);
        if escape || first.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@/".contains(first) {
            to.push(first);
        } else {
            push_encoded(head, to);
        }
        rest = tail;
    }
}

fn is_escape(text: &str) -> bool {
    let mut bytes = text.bytes();
    let mut digit = || bytes.next().is_some_and(|byte| byte.is_ascii_hexdigit());
    digit() && digit()
}

/// A text with its escapes decoded once; `None` when it has none. What is no UTF-8 then is replaced.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut found = false;
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let digit = |at: usize| tail.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        let escape = if *first == b'%' { digit(0).zip(digit(1)) } else { None };
        let (byte, left) = match escape.and_then(|(high, low)| u8::try_from(high * 16 + low).ok()) {
            Some(byte) => (byte, tail.get(2..).unwrap_or_default()),
            None => (*first, tail),
        };
        found |= escape.is_some();
        bytes.push(byte);
        rest = left;
    }
    found.then(|| String::from_utf8_lossy(&bytes).into_owned())
}

/// Whether a value may stand in a path, whatever a server decodes.
pub fn check_segment(text: &str) -> Result<(), RefusedSegment> {
    if text.is_empty() {
        return Err(RefusedSegment::Empty);
    }
    let mut now = text.to_owned();
    for _ in 0..ROUNDS {
        check_decoded(&now)?;
        match decoded(&now) {
            Some(next) => now = next,
            None => return Ok(()),
        }
    }
    Err(RefusedSegment::Encoded)
}

fn check_decoded(text: &str) -> Result<(), RefusedSegment> {
    if text.chars().any(|c| c.is_control() || c == '\\') {
        return Err(RefusedSegment::Character);
    }
    if text.starts_with('/') {
        return Err(RefusedSegment::Rooted);
    }
    // Some servers cut parameters off a segment (RFC 3986 section 3.3), and `..;x` is `..` for them.
    let climbs = |part: &str| matches!(part.split(';').next(), Some("." | ".."));
    if text.split('/').any(climbs) { Err(RefusedSegment::Climbs) } else { Ok(()) }
}

/// Whether a text is the name of a header field or a cookie (RFC 9110 section 5.6.2, `token`).
pub fn is_token(text: &str) -> bool {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    (1..=128).contains(&text.len()) && text.bytes().all(token)
}

/// Whether a text can be a cookie's value as it is (RFC 6265 section 4.1.1, `cookie-octet`).
pub fn is_cookie_value(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e))
}

/// Whether a caller's argument must never become this header field: those that say who asks, whom, and how the
/// connection goes on, and those by which servers behind this one are told what to believe.
pub fn is_reserved_header(name: &str) -> bool {
    const NAMES: [&str; 34] = [
        "accept-charset",
        "accept-encoding",
        "access-control-request-headers",
        "access-control-request-method",
        "authorization",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "cookie",
        "cookie2",
        "date",
        "dnt",
        "expect",
        "forwarded",
        "host",
        "keep-alive",
        "origin",
        "referer",
        "set-cookie",
        "te",
        "trailer",
        "transfer-encoding",
        "true-client-ip",
        "upgrade",
        "via",
        "x-client-ip",
        "x-cluster-client-ip",
        "x-http-method",
        "x-http-method-override",
        "x-method-override",
        "x-original-url",
        "x-real-ip",
        "x-rewrite-url",
    ];
    const BEGINNINGS: [&str; 7] = ["cf-", "mcp-", "proxy-", "sec-", "x-amz-security-", "x-forwarded", "cdn-loop"];
    let name = name.to_ascii_lowercase();
    NAMES.contains(&name.as_str()) || BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
}

#[cfg(test)]
#[path = "encode_tests.rs"]
mod tests;
