//! `quantum_random`: random bytes, numbers, UUIDs, choices and shuffles, with their provenance.

mod draw;

pub use draw::{Draw, Numbers};

use crate::entropy::provenance::Provenance;
use crate::mcp::wire::CallToolResult;
use crate::tool::result;
use crate::tool::schema::whole_number;
use base64ct::{Base64, Base64UrlUnpadded, Encoding as _};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt::Write as _;
use zeroize::Zeroizing;

/// Most bytes of one call.
pub const MAX_BYTES: usize = 1024;
/// Most values of one call.
pub const MAX_VALUES: usize = 256;
/// The largest whole number that every JSON reader keeps exact (RFC 8259 section 6), and the negative of the smallest.
const LARGEST: i64 = (1 << 53) - 1;

/// How bytes are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// Two lower-case digits a byte.
    #[default]
    Hex,
    /// RFC 4648 section 4, with padding.
    Base64,
    /// RFC 4648 section 5, without padding.
    Base64Url,
}

/// The kinds of values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    #[default]
    Bytes,
    Integer,
    Uuid,
    Choice,
    Shuffle,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// Bytes as a text.
    Bytes {
        /// How many, 1 to [`MAX_BYTES`].
        bytes: usize,
        /// How they are written.
        encoding: Encoding,
    },
    /// Whole numbers, both ends included.
    Integers {
        /// The smallest.
        min: i64,
        /// The largest, not below `min`.
        max: i64,
        /// How many, 1 to [`MAX_VALUES`].
        count: usize,
    },
    /// UUIDs of version 4.
    Uuids {
        /// How many, 1 to [`MAX_VALUES`].
        count: usize,
    },
    /// Items of a list, each chosen from all of them.
    Choices {
        /// The list, not empty.
        items: Vec<Value>,
        /// How many, 1 to [`MAX_VALUES`].
        count: usize,
    },
    /// A list in another order.
    Shuffle {
        /// The list.
        items: Vec<Value>,
    },
}

/// A call.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// What is asked for.
    pub what: What,
    /// Whether provider bytes are fetched for this value.
    pub direct: bool,
}

/// Arguments that fit the schema and not each other. The words are for the model that sent them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadOrder {
    /// An argument of another kind.
    #[error("`{0}` does not belong to this kind of value")]
    Foreign(&'static str),
    /// A list is needed.
    #[error("this kind of value needs `items`")]
    NoItems,
    /// A largest number is needed.
    #[error("an integer needs `max`")]
    NoMax,
    /// No number is in the range.
    #[error("`min` is larger than `max`")]
    EmptyRange,
}

#[derive(Serialize)]
struct Random<'a> {
    kind: Kind,
    #[serde(flatten)]
    values: Values,
    provenance: &'a Provenance,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Values {
    Bytes { value: String, bytes: usize, encoding: Encoding },
    List { values: Vec<Value> },
}

impl Kind {
    /// Arguments that some kind has and this one has not.
    fn foreign(self) -> &'static [&'static str] {
        match self {
            Self::Bytes => &["min", "max", "items", "count"],
            Self::Integer => &["bytes", "encoding", "items"],
            Self::Uuid => &["bytes", "encoding", "min", "max", "items"],
            Self::Choice => &["bytes", "encoding", "min", "max"],
            Self::Shuffle => &["bytes", "encoding", "min", "max", "count"],
        }
    }
}

impl Order {
    /// Reads arguments that fit the tool's schema; what is absent is the default: 32 bytes in hex.
    pub fn read(arguments: &Map<String, Value>) -> Result<Self, BadOrder> {
        let kind: Kind = choice(arguments, "kind");
        if let Some(name) = kind.foreign().iter().find(|name| arguments.contains_key(**name)) {
            return Err(BadOrder::Foreign(name));
        }
        let count = amount(arguments, "count", 1, MAX_VALUES);
        let what = match kind {
            Kind::Bytes => What::Bytes {
                bytes: amount(arguments, "bytes", 32, MAX_BYTES),
                encoding: choice(arguments, "encoding"),
            },
            Kind::Integer => {
                let min = whole(arguments, "min").unwrap_or(0);
                let max = whole(arguments, "max").ok_or(BadOrder::NoMax)?;
                if min > max {
                    return Err(BadOrder::EmptyRange);
                }
                What::Integers { min, max, count }
            }
            Kind::Uuid => What::Uuids { count },
            Kind::Choice => What::Choices { items: items(arguments)?, count },
            Kind::Shuffle => What::Shuffle { items: items(arguments)? },
        };
        let direct = arguments.get("direct").and_then(Value::as_bool).unwrap_or_default();
        Ok(Self { what, direct })
    }

    /// The result, out of the bytes that `draw` gives and what may be said about them.
    pub fn fill(self, draw: Draw<'_>, provenance: &Provenance) -> CallToolResult {
        let (kind, values) = match self.what {
            What::Bytes { bytes, encoding } => (Kind::Bytes, encoded(draw, bytes, encoding)),
            What::Integers { min, max, count } => (Kind::Integer, integers(draw, min, max, count)),
            What::Uuids { count } => (Kind::Uuid, list((0..count).map(|_| uuid(draw).into()))),
            What::Choices { items, count } => {
                let mut numbers = Numbers::from(draw);
                let chosen = (0..count).filter_map(|_| items.get(index(&mut numbers, items.len())).cloned());
                (Kind::Choice, list(chosen))
            }
            What::Shuffle { mut items } => {
                Numbers::from(draw).shuffle(&mut items);
                (Kind::Shuffle, list(items))
            }
        };
        result::structured(&Random { kind, values, provenance })
    }
}

fn list(values: impl IntoIterator<Item = Value>) -> Values {
    Values::List { values: values.into_iter().collect() }
}

fn index(numbers: &mut Numbers<'_>, length: usize) -> usize {
    usize::try_from(numbers.below(length as u64)).unwrap_or_default()
}

fn encoded(draw: Draw<'_>, count: usize, encoding: Encoding) -> Values {
    let mut bytes = Zeroizing::new(vec![0; count]);
    draw(&mut bytes);
    let value = match encoding {
        Encoding::Hex => hex(&bytes),
        Encoding::Base64 => Base64::encode_string(&bytes),
        Encoding::Base64Url => Base64UrlUnpadded::encode_string(&bytes),
    };
    Values::Bytes { value, bytes: count, encoding }
}

fn integers(draw: Draw<'_>, min: i64, max: i64, count: usize) -> Values {
    let mut numbers = Numbers::from(draw);
    // At most 2^54 - 1, as both ends are within 2^53.
    let range = max.abs_diff(min) + 1;
    list((0..count).map(|_| min.saturating_add_unsigned(numbers.below(range)).into()))
}

/// RFC 9562 section 5.4: 122 random bits, the version and the variant.
fn uuid(draw: &mut dyn FnMut(&mut [u8])) -> String {
    let mut bytes = [0; 16];
    draw(&mut bytes);
    let number = u128::from_be_bytes(bytes);
    let number = number & !(0xf << 76) & !(0b11 << 62) | 0x4 << 76 | 0b10 << 62;
    let text = format!("{number:032x}");
    let part = |from, to| text.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A whole number; `2.0` is one for JSON Schema.
fn whole(arguments: &Map<String, Value>, name: &str) -> Option<i64> {
    let number = arguments.get(name).and_then(Value::as_number).and_then(whole_number)?;
    i64::try_from(number).ok().map(|number| number.clamp(-LARGEST, LARGEST))
}

fn amount(arguments: &Map<String, Value>, name: &str, default: usize, most: usize) -> usize {
    let given = whole(arguments, name).and_then(|given| usize::try_from(given).ok());
    given.unwrap_or(default).clamp(1, most)
}

fn choice<T: serde::de::DeserializeOwned + Default>(arguments: &Map<String, Value>, name: &str) -> T {
    arguments.get(name).and_then(|given| T::deserialize(given).ok()).unwrap_or_default()
}

fn items(arguments: &Map<String, Value>) -> Result<Vec<Value>, BadOrder> {
    let items = arguments.get("items").and_then(Value::as_array).filter(|items| !items.is_empty());
    items.cloned().ok_or(BadOrder::NoItems)
}

#[cfg(test)]
mod tests;
