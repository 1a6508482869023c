//! A definition with its fingerprint, and how it is kept.

use super::definition::{Definition, Kind};
use crate::json::{self, Caps, canonical};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fmt::{self, Write as _};

/// Limits on a stored definition: 1 MiB, 160 levels.
pub const CAPS: Caps = Caps { max_bytes: 1024 * 1024, max_depth: 160 };
/// Longest definition that is kept, name and members as canonical JSON, in bytes. Nothing that is shown is as long.
pub const MAX_KEPT_BYTES: usize = 256 * 1024;
/// What is hashed begins with this and the kind, so that no other thing that is hashed anywhere is a definition.
const DOMAIN: &str = "mcp-secure-gateway/definition/v1";

/// The SHA-256 of a definition's canonical form (RFC 8785), of its own domain: 64 hexadecimal digits in lower case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(extend("pattern" = "^[0-9a-f]{64}$")))]
pub struct Fingerprint(String);

/// Why a text is no fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint has 64 digits of 0-9, a-f")]
pub struct InvalidFingerprint;

impl Fingerprint {
    /// The fingerprint of a definition whose members have this canonical form. Neither the order of an object's members nor the
    /// spelling of a number counts.
    fn of(definition: &Definition, members: &str) -> Self {
        let mut hash = Sha256::new();
        for part in [DOMAIN, definition.kind.as_str(), &definition.name] {
            hash.update(part.as_bytes());
            // No part can end where another one begins.
            hash.update([0xff]);
        }
        hash.update(members.as_bytes());
        let mut text = String::with_capacity(64);
        for byte in hash.finalize() {
            // Writing to a text does not fail.
            let _ = write!(text, "{byte:02x}");
        }
        Self(text)
    }

    /// The text form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = InvalidFingerprint;
    fn try_from(text: String) -> Result<Self, InvalidFingerprint> {
        let digits = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if text.len() == 64 && digits { Ok(Self(text)) } else { Err(InvalidFingerprint) }
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({})", self.0)
    }
}

/// A definition that cannot be read back. Whoever meets one serves nothing in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Not the JSON of a definition.
    #[error("what is stored is no definition")]
    Malformed,
    /// A definition, and not the one that was stored.
    #[error("what is stored has another fingerprint")]
    Altered,
}

/// A definition as it was at one time. Only [`Version::of`] and [`Version::read`] make one, so its fingerprint is its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    definition: Definition,
    fingerprint: Fingerprint,
    bytes: usize,
}

impl Version {
    /// A definition, with the fingerprint it has.
    pub fn of(definition: Definition) -> Self {
        let members = canonical::object(&definition.members);
        let (fingerprint, bytes) = (Fingerprint::of(&definition, &members), definition.name.len() + members.len());
        Self { definition, fingerprint, bytes }
    }

    /// Reads what [`Version::stored`] gave. The definition must be of this fingerprint, which is kept beside it.
    pub fn read(stored: &str, fingerprint: &Fingerprint) -> Result<Self, Unreadable> {
        let value = json::parse_object(stored.as_bytes(), CAPS).map_err(|_| Unreadable::Malformed)?;
        let definition: Definition = serde_json::from_value(value).map_err(|_| Unreadable::Malformed)?;
        let version = Self::of(definition);
        if version.fingerprint == *fingerprint { Ok(version) } else { Err(Unreadable::Altered) }
    }

    /// What is kept of it: canonical JSON (RFC 8785).
    pub fn stored(&self) -> String {
        let Definition { kind, name, members } = &self.definition;
        let whole = [
            ("kind".to_owned(), Value::String(kind.as_str().to_owned())),
            ("name".to_owned(), Value::String(name.clone())),
            ("members".to_owned(), Value::Object(members.clone())),
        ];
        canonical::object(&whole.into_iter().collect())
    }

    /// Whether it can be kept: what is longer is as if it were not offered.
    pub const fn can_be_kept(&self) -> bool {
        self.bytes <= MAX_KEPT_BYTES
    }

    /// The definition.
    pub const fn definition(&self) -> &Definition {
        &self.definition
    }

    /// Its fingerprint.
    pub const fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    /// What it is of.
    pub const fn kind(&self) -> Kind {
        self.definition.kind
    }

    /// What its upstream calls it.
    pub fn name(&self) -> &str {
        &self.definition.name
    }
}

#[cfg(test)]
#[path = "version_tests.rs"]
mod tests;
