//! `quantum_random`: random bytes with their provenance.

use crate::entropy::provenance::Provenance;
use crate::mcp::wire::CallToolResult;
use crate::tool::result;
use crate::tool::schema::whole_number;
use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt::Write as _;

/// Most bytes of one call.
pub const MAX_BYTES: usize = 1024;

/// How the bytes are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// Two lower-case digits a byte.
    #[default]
    Hex,
    /// RFC 4648 section 5, without padding.
    Base64Url,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// How many bytes, 1 to [`MAX_BYTES`].
    pub bytes: usize,
    /// How they are written.
    pub encoding: Encoding,
    /// Whether provider bytes are fetched for this value.
    pub direct: bool,
}

#[derive(Serialize)]
struct Random<'a> {
    value: String,
    bytes: usize,
    encoding: Encoding,
    provenance: &'a Provenance,
}

impl Order {
    /// Reads arguments that fit the tool's schema; what is absent is the default: 32 bytes in hex.
    pub fn read(arguments: &Map<String, Value>) -> Self {
        // `2.0` is an integer for JSON Schema.
        let count = arguments.get("bytes").and_then(Value::as_number).and_then(whole_number);
        let bytes = count.and_then(|count| usize::try_from(count).ok()).unwrap_or(32).clamp(1, MAX_BYTES);
        let encoding = arguments.get("encoding").and_then(|encoding| Encoding::deserialize(encoding).ok());
        let direct = arguments.get("direct").and_then(Value::as_bool).unwrap_or_default();
        Self { bytes, encoding: encoding.unwrap_or_default(), direct }
    }

    /// The result for the bytes that were drawn and what may be said about them.
    pub fn fill(self, bytes: &[u8], provenance: &Provenance) -> CallToolResult {
        let value = match self.encoding {
            Encoding::Hex => hex(bytes),
            Encoding::Base64Url => Base64UrlUnpadded::encode_string(bytes),
        };
        result::structured(&Random { value, bytes: bytes.len(), encoding: self.encoding, provenance })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::{Encoding, Order};
    use crate::entropy::provenance::Provenance;
    use crate::tool::builtin::BuiltIn;
    use crate::tool::schema::Schema;
    use serde_json::{Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn order(arguments: &Value) -> Order {
        Order::read(arguments.as_object().unwrap())
    }

    #[test]
    fn what_is_absent_is_the_default() {
        assert_eq!(order(&json!({})), Order { bytes: 32, encoding: Encoding::Hex, direct: false });
        let full = order(&json!({"bytes": 2.0, "encoding": "base64url", "direct": true}));
        assert_eq!(full, Order { bytes: 2, encoding: Encoding::Base64Url, direct: true });
    }

    #[test]
    fn bytes_are_written_as_asked_with_their_label() {
        let definition = BuiltIn::QuantumRandom.definition().unwrap();
        let schema = Schema::compile(&definition.output_schema.unwrap()).unwrap();
        for (encoding, text) in [("hex", "00ff10"), ("base64url", "AP8Q")] {
            let result = order(&json!({"encoding": encoding})).fill(&[0, 255, 16], &Provenance::classical());
            let value = result.structured_content.unwrap();
            assert_eq!((&value["value"], &value["bytes"]), (&json!(text), &json!(3)));
            assert_eq!(value["provenance"]["label"], json!("classical"));
            schema.validate(&value).unwrap();
        }
    }
}
