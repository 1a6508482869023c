//! How people are reached, and the number by which a state knows them.

use super::{Span, Text, is_digit, is_word};

/// Longest part before the sign of a mail address, and longest label of a domain.
const MAX_LOCAL: usize = 64;
const MAX_LABEL: usize = 63;
const MAX_DOMAIN: usize = 253;
/// Digits of an international number, its country's included.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 8..=15;

/// A mail address (RFC 5321, without quoted parts and addresses in brackets).
pub fn email(text: Text<'_>, from: usize) -> Option<Span> {
    let mut after = from;
    while let Some(sign) = text.find(after, "@") {
        if let Some(start) = local(text, from, sign)
            && let Some(end) = domain(text, sign + 1)
        {
            return Some(start..end);
        }
        after = sign + 1;
    }
    None
}

/// Where the part before the sign begins. One that is longer than such a part may be loses its beginning.
fn local(text: Text<'_>, from: usize, sign: usize) -> Option<usize> {
    let is_local = |byte: u8| is_word(byte) || b"._%+-'".contains(&byte);
    let earliest = from.max(sign.saturating_sub(MAX_LOCAL));
    let before = text.bytes(earliest..sign);
    let start = sign - before.iter().rev().take_while(|byte| is_local(**byte)).count();
    let start = text.run(start, MAX_LOCAL, |byte| is_local(byte) && !is_word(byte));
    (start < sign && text.before(sign) != b'.').then_some(start)
}

/// Where a domain ends: after its last label that may be a top one.
fn domain(text: Text<'_>, start: usize) -> Option<usize> {
    let (mut label, mut end_of_last) = (start, None);
    while label - start < MAX_DOMAIN {
        let run = text.run(label, MAX_LABEL + 1, |byte| is_word(byte) || byte == b'-');
        let name = text.part(label..run).trim_end_matches('-');
        let end = label + name.len();
        if name.is_empty() || name.starts_with('-') || end - label > MAX_LABEL {
            break;
        }
        let is_top = name.len() > 1 && name.bytes().all(|byte| byte.is_ascii_alphabetic());
        if label > start && (is_top || text.has(label, "xn--")) {
            end_of_last = Some(end);
        }
        if text.at(end) != b'.' {
            break;
        }
        label = end + 1;
    }
    end_of_last
}

/// A telephone number that says its country.
pub fn phone(text: Text<'_>, from: usize) -> Option<Span> {
    text.first(from, |byte| byte == b'+', |text, plus| number(text, plus))
}

/// Where the number behind a plus ends: after the last group of digits with which it is one.
fn number(text: Text<'_>, plus: usize) -> Option<usize> {
    let first = text.at(plus + 1);
    if is_word(text.before(plus)) || !is_digit(first) || first == b'0' {
        return None;
    }
    let (mut group, mut digits, mut whole) = (plus + 1, 0, None);
    loop {
        let end = text.run(group, PHONE_DIGITS.end() + 1, is_digit);
        digits += end - group;
        if digits > *PHONE_DIGITS.end() {
            return whole;
        }
        if PHONE_DIGITS.contains(&digits) && !is_word(text.at(end)) {
            whole = Some(end);
        }
        group = text.run(end, 2, |byte| b" -.()/".contains(&byte));
        if group == end || !is_digit(text.at(group)) {
            return whole;
        }
    }
}

/// A US social security number. Numbers that begin with 000, 666 or 9, or have a group of zeros, are given to nobody.
pub fn us_ssn(text: Text<'_>, from: usize) -> Option<Span> {
    text.first(from, is_digit, |text, start| {
        let end = start + "ddd-dd-dddd".len();
        let bytes = text.bytes(start..end);
        let is_form = bytes.len() == end - start
            && bytes
                .iter()
                .enumerate()
                .all(|(at, byte)| if at == 3 || at == 6 { *byte == b'-' } else { is_digit(*byte) });
        let goes_on = |byte: u8, beyond: u8| is_word(byte) || (byte == b'-' && is_word(beyond));
        let before = text.before(start);
        let stands_alone =
            !goes_on(before, text.before(start.saturating_sub(1))) && !goes_on(text.at(end), text.at(end + 1));
        let (area, group, serial) =
            (text.part(start..start + 3), text.part(start + 4..start + 6), text.part(start + 7..end));
        let is_given = !matches!(area, "000" | "666") && !area.starts_with('9') && group != "00" && serial != "0000";
        (is_form && stands_alone && is_given).then_some(end)
    })
}
