//! What can be wrong with a provider.

use super::super::Reply;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A way to misbehave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Takes the request and never answers.
    Hang,
    /// Answers, long after anybody's patience.
    Slow,
    /// 500.
    ServerError,
    /// An HTML page with status 200.
    Page,
    /// The first half of the answer.
    Truncated,
    /// The answer, and after it more white space than any answer has bytes.
    TooLong,
    /// `{"success":false}`.
    Refused,
    /// The documented form without any bytes in it.
    Empty,
    /// Numbers where texts belong, and texts where numbers belong.
    WrongTypes,
    /// One element that is no byte: a number over 255, a text that is no hexadecimal and no base64.
    OutOfRange,
    /// A redirect to where good bytes are.
    Redirect,
    /// 401.
    Unauthorized,
    /// 429 with two seconds of `Retry-After`.
    RateLimited,
    /// Bytes: all zero.
    Zeros,
    /// Bytes: the same one again and again.
    Stuck,
    /// Bytes: 0, 1, 2 … 255, 0, 1 …
    Counter,
    /// Bytes: every bit is one seven times of eight.
    Biased,
    /// Bytes: the hexadecimal digits of good ones.
    AsciiHex,
    /// Bytes: good ones, the same in every answer.
    SameBlock,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 19] = [
        Self::Hang,
        Self::Slow,
        Self::ServerError,
        Self::Page,
        Self::Truncated,
        Self::TooLong,
        Self::Refused,
        Self::Empty,
        Self::WrongTypes,
        Self::OutOfRange,
        Self::Redirect,
        Self::Unauthorized,
        Self::RateLimited,
        Self::Zeros,
        Self::Stuck,
        Self::Counter,
        Self::Biased,
        Self::AsciiHex,
        Self::SameBlock,
    ];
}

/// The answer that `good` becomes.
pub(super) fn apply(fault: Option<Fault>, good: Reply) -> Reply {
    match fault {
        Some(Fault::Hang) => Reply::Late(Duration::from_hours(1), Box::new(good)),
        Some(Fault::Slow) => Reply::Late(Duration::from_secs(5), Box::new(good)),
        Some(Fault::ServerError) => Reply::text(500, "text/plain", "Internal Server Error"),
        Some(Fault::Page) => Reply::text(200, "text/html", "<!doctype html><html><body>Welcome</body></html>"),
        Some(Fault::Truncated) => body(good, |body| body.truncate(body.len() / 2)),
        Some(Fault::TooLong) => body(good, |body| body.resize(70 * 1024, b' ')),
        Some(Fault::Refused) => Reply::json(200, &json!({"success": false})),
        Some(Fault::Empty) => elements(good, &mut Vec::clear),
        Some(Fault::WrongTypes) => elements(good, &mut |items| items.iter_mut().for_each(other_type)),
        Some(Fault::OutOfRange) => elements(good, &mut |items| items.iter_mut().take(1).for_each(out_of_range)),
        Some(Fault::Redirect) => Reply::empty(302).with("Location", "/elsewhere"),
        Some(Fault::Unauthorized) => Reply::json(401, &json!({"message": "Unauthorized"})),
        Some(Fault::RateLimited) => Reply::json(429, &json!({"message": "slow down"})).with("Retry-After", "2"),
        Some(Fault::Zeros | Fault::Stuck | Fault::Counter | Fault::Biased | Fault::AsciiHex | Fault::SameBlock)
        | None => good,
    }
}

fn body(reply: Reply, change: impl FnOnce(&mut Vec<u8>)) -> Reply {
    match reply {
        Reply::Full { status, headers, mut body } => {
            change(&mut body);
            Reply::Full { status, headers, body }
        }
        other => other,
    }
}

/// Changes the elements of the first array of a JSON answer; an answer that is no JSON loses its body.
fn elements(reply: Reply, change: &mut dyn FnMut(&mut Vec<Value>)) -> Reply {
    body(reply, |body| {
        let mut value: Value = serde_json::from_slice(body).unwrap_or_default();
        *body = match first_array(&mut value) {
            Some(items) => {
                change(items);
                value.to_string().into_bytes()
            }
            None => Vec::new(),
        };
    })
}

fn first_array(value: &mut Value) -> Option<&mut Vec<Value>> {
    match value {
        Value::Array(items) => Some(items),
        Value::Object(members) => members.values_mut().find_map(first_array),
        _ => None,
    }
}

fn other_type(value: &mut Value) {
    *value = match value {
        Value::Number(number) => number.to_string().into(),
        _ => 7.into(),
    };
}

fn out_of_range(value: &mut Value) {
    *value = match value {
        Value::String(text) => format!("!{}", text.get(1..).unwrap_or_default()).into(),
        _ => 256.into(),
    };
}

/// Where a provider's bytes come from.
#[derive(Default)]
pub(super) struct Tap {
    /// The block given again and again, for each length.
    same: Mutex<HashMap<usize, Vec<u8>>>,
}

impl Tap {
    /// `length` bytes.
    pub(super) fn draw(&self, fault: Option<Fault>, length: usize) -> Vec<u8> {
        match fault {
            Some(Fault::Zeros) => vec![0; length],
            Some(Fault::Stuck) => vec![0xa7; length],
            Some(Fault::Counter) => (0..=u8::MAX).cycle().take(length).collect(),
            Some(Fault::Biased) => {
                std::iter::repeat_with(|| good(3)).map(|three| three[0] | three[1] | three[2]).take(length).collect()
            }
            Some(Fault::AsciiHex) => super::hex(&good(length)).into_bytes().into_iter().take(length).collect(),
            Some(Fault::SameBlock) => {
                let mut same = self.same.lock().unwrap_or_else(PoisonError::into_inner);
                same.entry(length).or_insert_with(|| good(length)).clone()
            }
            _ => good(length),
        }
    }
}

/// Bytes nothing is wrong with, other ones with every call.
pub(super) fn good(length: usize) -> Vec<u8> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let block = || Sha256::digest(COUNTER.fetch_add(1, Ordering::Relaxed).to_be_bytes()).to_vec();
    std::iter::repeat_with(block).flatten().take(length).collect()
}

#[cfg(test)]
mod tests {
    use super::{Fault, Reply, Tap, apply, good};
    use serde_json::{Value, json};

    #[test]
    fn no_two_answers_are_the_same() {
        assert_ne!(good(64), good(64));
    }

    #[test]
    fn faults_of_the_bytes_are_what_they_say() {
        let tap = Tap::default();
        let draw = |fault| tap.draw(Some(fault), 1024);
        assert_eq!(draw(Fault::Zeros), [0; 1024]);
        assert_eq!(draw(Fault::Counter)[254..258], [254, 255, 0, 1]);
        assert_eq!(draw(Fault::SameBlock), draw(Fault::SameBlock));
        assert_ne!(draw(Fault::AsciiHex), draw(Fault::AsciiHex));
        assert!(draw(Fault::AsciiHex).iter().all(u8::is_ascii_hexdigit));
        let ones: u32 = draw(Fault::Biased).iter().map(|byte| byte.count_ones()).sum();
        assert!((6800..7500).contains(&ones), "{ones} ones of 8192");
    }

    #[test]
    fn faults_of_the_form_are_what_they_say() {
        let good = || Reply::json(200, &json!({"ok": true, "data": {"result": ["aa", "bb"]}, "numbers": [1]}));
        let changed = |fault| match apply(Some(fault), good()) {
            Reply::Full { body, .. } => serde_json::from_slice::<Value>(&body).unwrap()["data"]["result"].clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(changed(Fault::Empty), json!([]));
        assert_eq!(changed(Fault::WrongTypes), json!([7, 7]));
        assert_eq!(changed(Fault::OutOfRange), json!(["!a", "bb"]));
        for fault in Fault::ALL {
            let reply = format!("{:?}", apply(Some(fault), good()));
            let of_the_bytes = reply == format!("{:?}", good());
            assert_eq!(of_the_bytes, Fault::ALL.iter().position(|other| *other == fault) >= Some(13), "{fault:?}");
        }
    }
}
