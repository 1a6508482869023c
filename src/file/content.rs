//! What stands in a file: text, or bytes as base64.

use base64ct::{Base64, Encoding as _};
use serde::Serialize;

/// How bytes are written in an answer or an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// UTF-8.
    Text,
    /// Base64 with padding (RFC 4648 section 4).
    Base64,
}

/// Which part of a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first byte.
    pub offset: u64,
    /// How many.
    pub length: u64,
}

/// A part of a file, written out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// How.
    pub encoding: Encoding,
    /// The text.
    pub content: String,
    /// How many bytes of the file it is.
    pub bytes: u64,
}

/// Why bytes cannot be written as they were wanted, or a text is none of the kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidContent {
    /// Text was wanted.
    #[error("this part of the file is no UTF-8 text: ask for base64, or begin where a character does")]
    NotText,
    /// Base64 was said.
    #[error("the content is no base64 with padding")]
    NotBase64,
}

impl Window {
    /// What is read of a file of that size: from `offset` on, as much as is wanted and allowed. `None` for nothing at all.
    pub fn of(size: u64, offset: u64, wanted: Option<u64>, most: u64) -> Option<Self> {
        let length = size.saturating_sub(offset).min(wanted.unwrap_or(most)).min(most);
        (length > 0).then_some(Self { offset, length })
    }
}

impl Written {
    /// Writes bytes out: as text where they are one and nothing else is wanted. A character that the part ends within is left to
    /// the next part, unless the file ends there too.
    pub fn of(bytes: &[u8], wanted: Option<Encoding>, is_end: bool) -> Result<Self, InvalidContent> {
        let encoded =
            || Self { encoding: Encoding::Base64, content: Base64::encode_string(bytes), bytes: bytes.len() as u64 };
        if wanted == Some(Encoding::Base64) {
            return Ok(encoded());
        }
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => Some(text),
            Err(error) if error.error_len().is_none() && !is_end && error.valid_up_to() > 0 => {
                bytes.get(..error.valid_up_to()).and_then(|whole| std::str::from_utf8(whole).ok())
            }
            Err(_) => None,
        };
        match (text, wanted) {
            (Some(text), _) => {
                Ok(Self { encoding: Encoding::Text, content: text.to_owned(), bytes: text.len() as u64 })
            }
            (None, None) => Ok(encoded()),
            (None, Some(_)) => Err(InvalidContent::NotText),
        }
    }
}

/// The bytes that a content stands for.
pub fn bytes_of(content: &str, encoding: Encoding) -> Result<Vec<u8>, InvalidContent> {
    match encoding {
        Encoding::Text => Ok(content.as_bytes().to_vec()),
        Encoding::Base64 => Base64::decode_vec(content).map_err(|_| InvalidContent::NotBase64),
    }
}

#[cfg(test)]
mod tests {
    use super::{Encoding, InvalidContent, Window, Written, bytes_of};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_part_is_within_the_file_and_within_what_is_allowed() {
        let of = |size, offset, wanted, most| Window::of(size, offset, wanted, most).map(|w| (w.offset, w.length));
        assert_eq!(of(10, 0, None, 100), Some((0, 10)));
        assert_eq!(of(10, 4, Some(3), 100), Some((4, 3)));
        assert_eq!(of(10, 4, Some(300), 5), Some((4, 5)));
        for (size, offset, wanted) in [(0, 0, None), (10, 10, None), (10, u64::MAX, None), (10, 0, Some(0))] {
            assert_eq!(of(size, offset, wanted, 100), None);
        }
    }

    #[test]
    fn text_is_text_and_is_never_cut_within_a_character() {
        let bytes = "aü".as_bytes();
        assert_eq!(Written::of(bytes, None, true).unwrap().content, "aü");
        let cut = Written::of(&bytes[..2], None, false).unwrap();
        assert_eq!((cut.encoding, cut.content.as_str(), cut.bytes), (Encoding::Text, "a", 1));
        assert_eq!(Written::of(&bytes[..2], None, true).unwrap().encoding, Encoding::Base64);
        assert_eq!(Written::of(&bytes[2..], Some(Encoding::Text), true), Err(InvalidContent::NotText));
        let binary = Written::of(&[0xff, 0, 1], None, true).unwrap();
        assert_eq!((binary.encoding, binary.content.as_str()), (Encoding::Base64, "/wAB"));
        assert_eq!(Written::of(b"a", Some(Encoding::Base64), true).unwrap().content, "YQ==");
    }

    #[test]
    fn what_is_written_out_is_read_back() {
        for bytes in [&b"plain"[..], &[0xff, 0xfe], "ü".as_bytes(), b""] {
            let written = Written::of(bytes, None, true).unwrap();
            assert_eq!(bytes_of(&written.content, written.encoding).unwrap(), bytes);
        }
        for bad in ["YQ", "Y Q==", "YQ==\n", "-_==", "YR=="] {
            assert_eq!(bytes_of(bad, Encoding::Base64), Err(InvalidContent::NotBase64), "{bad}");
        }
    }
}
