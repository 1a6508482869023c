//! Names of files, and the part of the bucket they stand in.
//!
//! Two spellings of one letter (Unicode Standard Annex 15) are two names: names are only ever compared to the letter, and what a
//! name reaches is decided by what stands before it, which no caller writes.

use crate::id::{TenantId, UpstreamId};
use base64ct::{Base64UrlUnpadded, Encoding};
use std::fmt::{self, Write as _};

/// Longest path, in bytes.
pub const MOST_PATH_BYTES: usize = 512;
/// Most segments of a path.
pub const MOST_SEGMENTS: usize = 16;

/// How the address of a file begins, as a resource.
const SCHEME: &str = "file:///";

/// A path of a file: segments with `/` between them, none of which leads anywhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FilePath(String);

/// Why a text is no path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPath {
    /// Nothing, or too much.
    #[error("a path has 1 to {MOST_PATH_BYTES} bytes")]
    Length,
    /// Too many segments.
    #[error("a path has {MOST_SEGMENTS} segments at most")]
    Depth,
    /// An empty segment: a `/` at an end, or two in a row.
    #[error("a path is relative, without '/' at its ends and without two in a row")]
    Empty,
    /// A segment that leads elsewhere.
    #[error("a path has no segment '.' or '..'")]
    Climbs,
    /// A blank where nobody sees it.
    #[error("a segment of a path neither begins nor ends with a blank")]
    Blank,
    /// A character that is not seen, or that other programs read as something else.
    #[error("a path has no backslash, and no control, invisible or direction-changing character")]
    Character,
    /// What another reader may decode.
    #[error("a path has no '%' with two hexadecimal digits behind it: it is written as it is, not encoded")]
    Encoded,
    /// Not the address of a file.
    #[error("the address of a file is file:/// and its path, percent-encoded")]
    Address,
}

impl FilePath {
    /// Parses a path.
    pub fn parse(text: &str) -> Result<Self, InvalidPath> {
        if text.is_empty() || text.len() > MOST_PATH_BYTES {
            return Err(InvalidPath::Length);
        }
        if text.chars().any(|c| c == '\\' || is_unseen(c)) {
            return Err(InvalidPath::Character);
        }
        if has_escape(text) {
            return Err(InvalidPath::Encoded);
        }
        if text.split('/').count() > MOST_SEGMENTS {
            return Err(InvalidPath::Depth);
        }
        for segment in text.split('/') {
            match segment {
                "" => return Err(InvalidPath::Empty),
                "." | ".." => return Err(InvalidPath::Climbs),
                _ if segment.starts_with(' ') || segment.ends_with(' ') => return Err(InvalidPath::Blank),
                _ => {}
            }
        }
        Ok(Self(text.to_owned()))
    }

    /// The path of a file's address as a resource.
    pub fn of_address(uri: &str) -> Result<Self, InvalidPath> {
        let encoded = uri.strip_prefix(SCHEME).ok_or(InvalidPath::Address)?;
        if encoded.contains(['?', '#']) {
            return Err(InvalidPath::Address);
        }
        Self::parse(&decoded(encoded).ok_or(InvalidPath::Address)?)
    }

    /// Its address as a resource.
    pub fn address(&self) -> String {
        let mut address = SCHEME.to_owned();
        for byte in self.0.bytes() {
            if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
                address.push(char::from(byte));
            } else {
                // Writing to a text cannot fail.
                let _ = write!(address, "%{byte:02X}");
            }
        }
        address
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands after the last point of its last segment, in small letters; none where that begins the segment or there is none.
    pub fn extension(&self) -> Option<String> {
        let name = self.0.rsplit('/').next().unwrap_or_default();
        let (stem, extension) = name.rsplit_once('.')?;
        (!stem.is_empty() && !extension.is_empty()).then(|| extension.to_ascii_lowercase())
    }

    /// What kind of thing it is, by its extension: of a file without one nothing is known.
    pub fn media_type(&self) -> &'static str {
        match self.extension().as_deref() {
            Some("txt" | "log" | "toml" | "ini" | "rs" | "py" | "sql" | "sh" | "ts" | "yaml" | "yml") => "text/plain",
            Some("md" | "markdown") => "text/markdown",
            Some("csv") => "text/csv",
            Some("html" | "htm") => "text/html",
            Some("css") => "text/css",
            Some("js" | "mjs") => "text/javascript",
            Some("json") => "application/json",
            Some("jsonl" | "ndjson") => "application/x-ndjson",
            Some("xml") => "application/xml",
            Some("pdf") => "application/pdf",
            Some("zip") => "application/zip",
            Some("png") => "image/png",
            Some("jpg" | "jpeg") => "image/jpeg",
            Some("gif") => "image/gif",
            Some("webp") => "image/webp",
            Some("svg") => "image/svg+xml",
            _ => "application/octet-stream",
        }
    }
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The part of the bucket that is one upstream's: whatever it is asked for stands behind the two ids, and ids have no `/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Area(String);

impl Area {
    /// The part of an upstream, of the tenant that the verified credential names.
    pub fn new(tenant: &TenantId, upstream: &UpstreamId) -> Self {
        Self(format!("t/{tenant}/{upstream}/"))
    }

    /// What the names of its objects begin with.
    pub fn prefix(&self) -> &str {
        &self.0
    }

    /// The name of a file's object.
    pub fn key(&self, path: &FilePath) -> String {
        format!("{}{path}", self.0)
    }

    /// What the names of objects begin with that are in a folder; of no folder, everything.
    pub fn below(&self, folder: Option<&FilePath>) -> String {
        folder.map_or_else(|| self.0.clone(), |folder| format!("{}{folder}/", self.0))
    }

    /// The path of an object; `None` where it is no file of this part.
    pub fn path_of(&self, key: &str) -> Option<FilePath> {
        FilePath::parse(key.strip_prefix(&self.0)?).ok()
    }

    /// Where a list goes on after an object: opaque to who is told it.
    pub fn cursor(&self, key: &str) -> Option<String> {
        key.strip_prefix(&self.0).map(|rest| Base64UrlUnpadded::encode_string(rest.as_bytes()))
    }

    /// The name after which a list goes on. Whatever a caller writes there stands behind the beginning of this part.
    pub fn after(&self, cursor: &str) -> Option<String> {
        let rest = Base64UrlUnpadded::decode_vec(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok())?;
        (rest.len() <= 1024).then(|| format!("{}{rest}", self.0))
    }
}

/// A character that a person does not see, or that changes how others are seen: controls, what is ignored by default
/// (`DerivedCoreProperties.txt`, `Default_Ignorable_Code_Point`), and every blank but the usual one.
pub fn is_unseen(c: char) -> bool {
    c.is_control()
        || (c.is_whitespace() && c != ' ')
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

fn has_escape(text: &str) -> bool {
    text.as_bytes()
        .windows(3)
        .any(|three| matches!(three, [b'%', a, b] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit()))
}

/// A text with every percent-encoding undone, once; none where one is cut short or what comes out is no text.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let (high, low) = (char::from(rest.next()?).to_digit(16)?, char::from(rest.next()?).to_digit(16)?);
                u8::try_from(high * 16 + low).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
#[path = "path_tests.rs"]
mod tests;
