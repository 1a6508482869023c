//! Bytes → a document.

use super::yaml::{self, YamlError};
use crate::json::{self, Caps, JsonError};
use serde_json::Value;

/// Limits on a document: 8 MiB, 128 levels.
pub const CAPS: Caps = Caps { max_bytes: 8 * 1024 * 1024, max_depth: 128 };

/// Why bytes are no document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDocument {
    /// Begins as JSON, and is none.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// Neither JSON nor YAML.
    #[error(transparent)]
    Yaml(#[from] YamlError),
}

/// Reads a document. One that begins with `{` or `[` is JSON, any other YAML.
pub fn read(bytes: &[u8]) -> Result<Value, InvalidDocument> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match bytes.trim_ascii_start().first() {
        Some(b'{' | b'[') => Ok(json::parse(bytes, CAPS)?),
        _ => Ok(yaml::parse(bytes, CAPS)?),
    }
}
