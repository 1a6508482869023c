//! Numbers of cards and accounts.

use super::{Span, Text, is_digit, is_word};

/// Digits of a card's number.
const CARD_DIGITS: std::ops::RangeInclusive<usize> = 13..=19;
/// How the digits of a card's number are grouped where they are.
const CARD_GROUPS: [&[usize]; 5] = [&[4, 4, 4, 4], &[4, 4, 4, 4, 3], &[4, 4, 4, 4, 2], &[4, 6, 5], &[4, 6, 4]];
const MOST_GROUPS: usize = 5;
/// Longest account number.
const MAX_IBAN: usize = 34;

/// A card's number, written together or in its usual groups with blanks or hyphens.
pub fn credit_card(text: Text<'_>, from: usize) -> Option<Span> {
    text.first(from, is_digit, card)
}

fn card(text: Text<'_>, start: usize) -> Option<usize> {
    let before = text.before(start);
    if is_word(before) || (before == b'.' && start > 1 && is_digit(text.before(start - 1))) {
        return None;
    }
    let together = text.run(start, CARD_DIGITS.end() + 1, is_digit);
    if CARD_DIGITS.contains(&(together - start)) {
        return is_card(text, start..together).then_some(together);
    }
    let separator = text.at(together);
    if !matches!(separator, b' ' | b'-') {
        return None;
    }
    let (mut groups, mut whole) = (Vec::with_capacity(MOST_GROUPS), None);
    let mut group = start;
    while groups.len() < MOST_GROUPS {
        let end = text.run(group, 7, is_digit);
        groups.push(end - group);
        if CARD_GROUPS.contains(&groups.as_slice()) && is_card(text, start..end) {
            whole = Some(end);
        }
        if text.at(end) != separator || !is_digit(text.at(end + 1)) {
            break;
        }
        group = end + 1;
    }
    whole
}

/// Whether what stands there alone is a network's number with a good check digit.
fn is_card(text: Text<'_>, span: Span) -> bool {
    let after = text.at(span.end);
    if is_word(after) || (after == b'.' && is_digit(text.at(span.end + 1))) {
        return false;
    }
    let digits = || text.bytes(span.clone()).iter().filter(|byte| is_digit(**byte)).map(|byte| u32::from(byte - b'0'));
    is_of_a_network(digits().take(4).fold(0, |first, digit| first * 10 + digit), digits().count()) && is_luhn(digits())
}

/// Whether numbers of a network begin with these four digits, and have so many.
const fn is_of_a_network(first: u32, count: usize) -> bool {
    match first {
        4000..=4999 => matches!(count, 13 | 16 | 19),
        5100..=5599 | 2221..=2720 | 2200..=2204 => count == 16,
        3400..=3499 | 3700..=3799 => count == 15,
        3000..=3059 | 3600..=3699 | 3800..=3999 => matches!(count, 14 | 16),
        6011 | 6440..=6599 | 3528..=3589 | 6200..=6299 => count >= 16,
        5000..=5099 | 5600..=5899 | 6300..=6399 | 6700..=6799 => count >= 13,
        _ => false,
    }
}

fn is_luhn(digits: impl DoubleEndedIterator<Item = u32>) -> bool {
    let doubled = |digit: u32| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let sum: u32 = digits.rev().enumerate().map(|(at, digit)| if at % 2 == 1 { doubled(digit) } else { digit }).sum();
    sum.is_multiple_of(10)
}

/// An account number (ISO 13616), together or in groups of four.
pub fn iban(text: Text<'_>, from: usize) -> Option<Span> {
    text.first(from, is_word, account)
}

fn account(text: Text<'_>, start: usize) -> Option<usize> {
    if !is_digit(text.at(start + 2)) || !is_digit(text.at(start + 3)) {
        return None;
    }
    let length = iban_length([text.at(start).to_ascii_uppercase(), text.at(start + 1).to_ascii_uppercase()])?;
    let mut account = Vec::with_capacity(MAX_IBAN);
    let mut at = start;
    while account.len() < length {
        let byte = text.at(at);
        if is_word(byte) {
            account.push(byte);
        } else if !matches!(byte, b' ' | b'-') || account.len() % 4 != 0 || !is_word(text.at(at + 1)) {
            return None;
        }
        at += 1;
    }
    (!is_word(text.at(at)) && is_97(&account)).then_some(at)
}

/// The check of ISO 7064: country and check digits at the end, letters as numbers from 10 on, and one is left of 97.
fn is_97(account: &[u8]) -> bool {
    let (first, rest) = account.split_at_checked(4).unwrap_or_default();
    let left = rest.iter().chain(first).fold(0_u32, |left, byte| match byte {
        b'0'..=b'9' => (left * 10 + u32::from(byte - b'0')) % 97,
        letter => (left * 100 + u32::from(letter.to_ascii_uppercase() - b'A') + 10) % 97,
    });
    left == 1
}

/// How long account numbers of a country are.
const fn iban_length(country: [u8; 2]) -> Option<usize> {
    Some(match &country {
        b"NO" => 15,
        b"BE" => 16,
        b"DK" | b"FI" | b"FK" | b"FO" | b"GL" | b"NL" | b"SD" => 18,
        b"MK" | b"SI" => 19,
        b"AT" | b"BA" | b"EE" | b"KZ" | b"LT" | b"LU" | b"MN" | b"XK" => 20,
        b"CH" | b"CR" | b"HR" | b"LI" | b"LV" => 21,
        b"BG" | b"BH" | b"DE" | b"GB" | b"GE" | b"IE" | b"ME" | b"RS" | b"VA" => 22,
        b"AE" | b"GI" | b"IL" | b"IQ" | b"OM" | b"SO" | b"TL" => 23,
        b"AD" | b"CZ" | b"ES" | b"MD" | b"PK" | b"RO" | b"SA" | b"SE" | b"SK" | b"TN" | b"VG" => 24,
        b"LY" | b"PT" | b"ST" => 25,
        b"IS" | b"TR" => 26,
        b"BI" | b"DJ" | b"FR" | b"GR" | b"IT" | b"MC" | b"MR" | b"SM" => 27,
        b"AL" | b"AZ" | b"BY" | b"CY" | b"DO" | b"GT" | b"HN" | b"HU" | b"LB" | b"NI" | b"PL" | b"SV" => 28,
        b"BR" | b"EG" | b"PS" | b"QA" | b"UA" => 29,
        b"JO" | b"KW" | b"MU" | b"YE" => 30,
        b"MT" | b"SC" => 31,
        b"LC" => 32,
        b"RU" => 33,
        _ => return None,
    })
}
