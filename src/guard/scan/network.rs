//! Addresses of computers.

use super::{Span, Text, is_digit, is_word};
use std::net::{Ipv4Addr, Ipv6Addr};

const MAX_IPV4: usize = 15;
const MAX_IPV6: usize = 45;
/// Fewest groups of an IPv6 address: with two of them it may as well be a path of a program.
const FEWEST_GROUPS: usize = 3;

/// An IPv4 address. A version of four parts looks alike.
pub fn ipv4(text: Text<'_>, from: usize) -> Option<Span> {
    text.first(from, is_digit, |text, start| {
        let before = text.before(start);
        let end = text.run(start, MAX_IPV4 + 1, |byte| is_digit(byte) || byte == b'.');
        let end = if text.before(end) == b'.' { end - 1 } else { end };
        let stands_alone = !is_word(before) && before != b'.' && !is_word(text.at(end));
        (stands_alone && text.part(start..end).parse::<Ipv4Addr>().is_ok()).then_some(end)
    })
}

/// An IPv6 address.
pub fn ipv6(text: Text<'_>, from: usize) -> Option<Span> {
    let is_part = |byte: u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
    let mut after = from;
    while let Some(colon) = text.find(after, ":") {
        let before = text.bytes(after.max(colon.saturating_sub(MAX_IPV6))..colon);
        let start = colon - before.iter().rev().take_while(|byte| is_part(**byte)).count();
        let end = text.run(colon, usize::MAX, is_part);
        let mut address = text.part(start..end).trim_end_matches('.');
        if !address.ends_with("::") {
            address = address.trim_end_matches(':');
        }
        let whole = start + address.len();
        let groups = address.split(':').filter(|group| !group.is_empty()).count();
        let stands_alone = !is_word(text.before(start)) && !is_word(text.at(whole));
        if stands_alone && groups >= FEWEST_GROUPS && address.len() <= MAX_IPV6 && address.parse::<Ipv6Addr>().is_ok() {
            return Some(start..whole);
        }
        after = end;
    }
    None
}
