//! The ids of traces and spans.

use serde::{Serialize, Serializer};
use std::fmt;

/// The id of a trace: 16 bytes that are not all zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId([u8; 16]);

/// The id of a span: 8 bytes that are not all zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanId([u8; 8]);

impl TraceId {
    /// The id of 16 random bytes.
    pub const fn from_random(bytes: [u8; 16]) -> Self {
        // All zero is no id, and chance gives that to nobody.
        if u128::from_be_bytes(bytes) == 0 { Self(1_u128.to_be_bytes()) } else { Self(bytes) }
    }

    /// 32 hexadecimal digits in lower case, not all of them zero.
    pub fn parse(text: &str) -> Option<Self> {
        digits(text).filter(|bytes| *bytes != [0; 16]).map(Self)
    }

    /// The 56 bits at its end, which are random where its maker says so (W3C Trace Context level 2, section 3.2.2.5).
    #[expect(clippy::cast_possible_truncation, reason = "the bits at its end are wanted")]
    pub const fn randomness(self) -> u64 {
        u128::from_be_bytes(self.0) as u64 & (u64::MAX >> 8)
    }
}

impl SpanId {
    /// The id of 8 random bytes.
    pub const fn from_random(bytes: [u8; 8]) -> Self {
        if u64::from_be_bytes(bytes) == 0 { Self(1_u64.to_be_bytes()) } else { Self(bytes) }
    }

    /// 16 hexadecimal digits in lower case, not all of them zero.
    pub fn parse(text: &str) -> Option<Self> {
        digits(text).filter(|bytes| *bytes != [0; 8]).map(Self)
    }
}

/// Bytes written as hexadecimal digits in lower case, and nothing else.
pub(super) fn digits<const N: usize>(text: &str) -> Option<[u8; N]> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    let mut bytes = [0; N];
    if pairs.len() != N {
        return None;
    }
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

const fn digit(letter: u8) -> Option<u8> {
    match letter {
        b'0'..=b'9' => Some(letter - b'0'),
        b'a'..=b'f' => Some(letter - b'a' + 10),
        _ => None,
    }
}

macro_rules! written_in_digits {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    };
}

written_in_digits!(TraceId);
written_in_digits!(SpanId);

#[cfg(test)]
mod tests {
    use super::{SpanId, TraceId};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn an_id_is_read_as_it_is_written() {
        let text = "0af7651916cd43dd8448eb211c80319c";
        assert_eq!(TraceId::parse(text).unwrap().to_string(), text);
        assert_eq!(SpanId::parse("b7ad6b7169203331").unwrap().to_string(), "b7ad6b7169203331");
        assert_eq!(serde_json::to_string(&TraceId::parse(text).unwrap()).unwrap(), format!("\"{text}\""));
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for bad in [
            "",
            "0",
            &"0".repeat(32),
            &"A".repeat(32),
            &"g".repeat(32),
            &"1".repeat(31),
            &"1".repeat(33),
            "１１１１１１１１",
        ] {
            assert!(TraceId::parse(bad).is_none(), "{bad}");
            assert!(SpanId::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn an_id_is_never_all_zero() {
        assert_ne!(TraceId::from_random([0; 16]).to_string(), "0".repeat(32));
        assert_ne!(SpanId::from_random([0; 8]).to_string(), "0".repeat(16));
    }

    #[test]
    fn the_random_part_is_the_last_seven_bytes() {
        let id = TraceId::parse("ffffffffffffffffff00000000000102").unwrap();
        assert_eq!(id.randomness(), 0x0102);
    }
}
