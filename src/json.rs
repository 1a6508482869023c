//! Strict JSON: one reading of every document.
//!
//! A gateway that authorizes one reading of a message and forwards another is broken, so a document with duplicate
//! member names, with more nesting than allowed, or with anything after its end is refused (RFC 8259 section 4 leaves the
//! first to the reader). What was parsed is what is forwarded, never the raw bytes.

pub mod canonical;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// Limits on a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Longest document, in bytes.
    pub max_bytes: usize,
    /// Deepest nesting of arrays and objects: `[]` has depth 1.
    pub max_depth: usize,
}

/// Limits on a request body sent by a client: 1 MiB, 64 levels.
pub const REQUEST_CAPS: Caps = Caps { max_bytes: 1024 * 1024, max_depth: 64 };
/// Limits on an answer of an upstream or a provider: 5 MiB, 64 levels.
pub const ANSWER_CAPS: Caps = Caps { max_bytes: 5 * 1024 * 1024, max_depth: 64 };

/// Why a document was refused. No variant carries a value of the document; a duplicate's name is shortened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// More bytes than allowed.
    #[error("the document is longer than {max_bytes} bytes")]
    TooLarge {
        /// The limit.
        max_bytes: usize,
    },
    /// More nesting than allowed.
    #[error("the document is nested deeper than {max_depth} levels")]
    TooDeep {
        /// The limit.
        max_depth: usize,
    },
    /// An object names a member twice.
    #[error("the member {name:?} stands twice in one object")]
    DuplicateMember {
        /// The name, cut to 64 characters.
        name: String,
    },
    /// JSON, and not an object.
    #[error("the document is not an object")]
    NotAnObject,
    /// Not JSON.
    #[error("the document is not JSON: line {line}, column {column}")]
    Malformed {
        /// Line of the first offence, from 1.
        line: usize,
        /// Column of the first offence, from 1.
        column: usize,
    },
}

/// Parses one whole document strictly.
pub fn parse(bytes: &[u8], caps: Caps) -> Result<Value, JsonError> {
    if bytes.len() > caps.max_bytes {
        return Err(JsonError::TooLarge { max_bytes: caps.max_bytes });
    }
    let refusal = std::cell::RefCell::new(None);
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let strict = Strict { levels_left: caps.max_depth, max_depth: caps.max_depth, refusal: &refusal };
    let parsed = strict.deserialize(&mut deserializer).and_then(|value| deserializer.end().map(|()| value));
    parsed
        .map_err(|error| refusal.take().unwrap_or(JsonError::Malformed { line: error.line(), column: error.column() }))
}

/// Parses one whole document strictly, which must be an object. Types derived with serde take an array for a struct, member
/// by member; no document of this gateway has that second spelling.
pub fn parse_object(bytes: &[u8], caps: Caps) -> Result<Value, JsonError> {
    parse(bytes, caps).and_then(|value| if value.is_object() { Ok(value) } else { Err(JsonError::NotAnObject) })
}

#[derive(Clone, Copy)]
struct Strict<'a> {
    levels_left: usize,
    max_depth: usize,
    refusal: &'a std::cell::RefCell<Option<JsonError>>,
}

impl Strict<'_> {
    fn refuse<E: serde::de::Error>(&self, refusal: JsonError) -> E {
        let text = refusal.to_string();
        self.refusal.replace(Some(refusal));
        E::custom(text)
    }

    fn descend<E: serde::de::Error>(self) -> Result<Self, E> {
        match self.levels_left.checked_sub(1) {
            Some(levels_left) => Ok(Self { levels_left, ..self }),
            None => Err(self.refuse(JsonError::TooDeep { max_depth: self.max_depth })),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let inner = self.descend()?;
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(inner)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let inner = self.descend()?;
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            if members.contains_key(&name) {
                let name = name.chars().take(64).collect();
                return Err(A::Error::custom(self.refuse::<A::Error>(JsonError::DuplicateMember { name })));
            }
            let value = map.next_value_seed(inner)?;
            members.insert(name, value);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::{Caps, JsonError, REQUEST_CAPS, parse, parse_object};
    use serde_json::json;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const SMALL: Caps = Caps { max_bytes: 64, max_depth: 3 };

    #[test]
    fn a_document_is_read_whole_and_in_order() {
        let value = parse(br#"{"b":[1,-2,2.5,true,null],"a":"x"}"#, SMALL).unwrap();
        assert_eq!(value, json!({"b":[1,-2,2.5,true,null],"a":"x"}));
        assert_eq!(value.to_string(), r#"{"b":[1,-2,2.5,true,null],"a":"x"}"#);
    }

    #[test]
    fn a_duplicate_member_is_refused_at_every_level() {
        for text in [r#"{"a":1,"a":2}"#, r#"[{"x":{"a":1,"a":1}}]"#, r#"{"a":1,"\u0061":2}"#] {
            assert_eq!(parse(text.as_bytes(), SMALL), Err(JsonError::DuplicateMember { name: "a".into() }), "{text}");
        }
    }

    #[test]
    fn nesting_is_counted_exactly() {
        assert!(parse(b"[[[1]]]", SMALL).is_ok());
        assert_eq!(parse(b"[[[[]]]]", SMALL), Err(JsonError::TooDeep { max_depth: 3 }));
        let deep = "[".repeat(100_000);
        assert_eq!(parse(deep.as_bytes(), REQUEST_CAPS), Err(JsonError::TooDeep { max_depth: 64 }));
    }

    #[test]
    fn an_array_is_no_object() {
        assert!(parse_object(b"{}", SMALL).is_ok());
        for text in ["[]", "[1]", "null", "\"a\"", "1"] {
            assert_eq!(parse_object(text.as_bytes(), SMALL), Err(JsonError::NotAnObject), "{text}");
        }
    }

    #[test]
    fn size_is_checked_before_anything_is_read() {
        assert_eq!(parse(&[b' '; 65], SMALL), Err(JsonError::TooLarge { max_bytes: 64 }));
    }

    #[test]
    fn anything_that_is_not_exactly_one_document_is_malformed() {
        for text in ["", " ", "{", "{}{}", "{} x", "nul", "'a'", "{a:1}", "[1,]", "01", "1e999", "\"\u{1}\"", "NaN"] {
            assert!(matches!(parse(text.as_bytes(), SMALL), Err(JsonError::Malformed { .. })), "{text:?}");
        }
        assert!(matches!(parse(b"\"\xff\"", SMALL), Err(JsonError::Malformed { .. })));
    }

    #[cfg(not(target_arch = "wasm32"))]
    proptest::proptest! {
        #[test]
        fn what_was_parsed_renders_to_what_parses_the_same(text in "[\\[\\]{}:,\"a-c0-9. ]{0,40}") {
            if let Ok(value) = parse(text.as_bytes(), REQUEST_CAPS) {
                proptest::prop_assert_eq!(parse(value.to_string().as_bytes(), REQUEST_CAPS), Ok(value));
            }
        }
    }
}
