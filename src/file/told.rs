//! What the tools answer.

use super::content::{Encoding, Written};
use super::path::FilePath;
use super::search::Match;
use serde::Serialize;

/// A file in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its path.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its version.
    pub etag: String,
    /// When it was written, in milliseconds since 1970.
    pub modified_ms: u64,
    /// The first places where a text stands that was looked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub matches: Vec<Match>,
}

/// What `read_file` answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Read {
    path: String,
    size: u64,
    etag: String,
    media_type: &'static str,
    encoding: Encoding,
    content: String,
    offset: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_offset: Option<u64>,
}

impl Read {
    /// A part of a file, and where the next one begins.
    pub fn new(path: &FilePath, (size, etag): (u64, String), offset: u64, written: Written) -> Self {
        let end = offset + written.bytes;
        Self {
            path: path.to_string(),
            size,
            etag,
            media_type: path.media_type(),
            encoding: written.encoding,
            content: written.content,
            offset,
            next_offset: (end < size).then_some(end),
        }
    }
}

/// What `write_file` answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Wrote {
    /// The path.
    pub path: String,
    /// The size in bytes.
    pub size: u64,
    /// The new version.
    pub etag: String,
}

/// What `delete_file` answers: it is not there, whether it was before or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Deleted {
    /// The path.
    pub path: String,
    /// Always true.
    pub deleted: bool,
}

/// What `list_files` answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// The files, in the order of their paths.
    pub files: Vec<Entry>,
    /// Where the next page begins, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// What `search_files` answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Searched {
    /// What was found.
    pub files: Vec<Entry>,
    /// How many names were looked at.
    pub looked_at: u32,
    /// How many files were read.
    pub read: u32,
    /// Whether there is more to look at: the cursor goes on there.
    pub stopped_early: bool,
    /// Where to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}
