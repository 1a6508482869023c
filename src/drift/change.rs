//! One change of a definition, and all of them together.

use super::definition::Kind;
use super::verdict::Verdict;
use super::version::Fingerprint;
use serde::Serialize;
use serde_json::Value;
use std::fmt::{self, Write as _};

/// Most changes of one definition that are told one by one.
pub const MAX_CHANGES: usize = 100;
/// Longest value that a change shows, in characters of the shown text.
pub const MAX_SHOWN: usize = 240;

/// Why a change has its verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// A placeholder until every member is compared by its own rules.
    Unknown,
}

impl Reason {
    /// The word for it in JSON and in logs: lower case, digits and `_`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "cannot be shown to be compatible",
        })
    }
}

/// One change: where, from what to what, what it means and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// JSON pointer (RFC 6901) into the members of the definition; empty for the definition as a whole. Shown as [`shown`]
    /// shows a text.
    pub at: String,
    /// What stood there, shortened by [`shown`]; `None` for nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What stands there now, shortened by [`shown`]; `None` for nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// What it means.
    pub verdict: Verdict,
    /// Why.
    #[serde(serialize_with = "as_word")]
    pub reason: Reason,
}

fn as_word<S: serde::Serializer>(reason: &Reason, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(reason.as_str())
}

/// All changes of one definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// What it is of.
    pub kind: Kind,
    /// What its upstream calls it now; what it called it if it is no more.
    pub name: String,
    /// The pinned one; `None` for a first sight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Fingerprint>,
    /// The one that stands there now; `None` for one that is no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Fingerprint>,
    /// The worst of its changes.
    pub verdict: Verdict,
    /// The changes, the worst first, at most [`MAX_CHANGES`].
    pub changes: Vec<Change>,
    /// Changes that are not told.
    #[serde(skip_serializing_if = "is_zero")]
    pub more: usize,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// A value as a person can safely read it: JSON, in which every character that is not seen or that changes how others are
/// seen stands as `\u{…}`, cut to [`MAX_SHOWN`] characters.
pub fn shown(value: &Value) -> String {
    visible(&value.to_string(), MAX_SHOWN)
}

/// A text of which every character is seen, cut to this many characters.
pub fn visible(text: &str, longest: usize) -> String {
    let mut seen = String::new();
    for (count, letter) in text.chars().enumerate() {
        if count >= longest {
            seen.push('…');
            break;
        }
        if letter.is_control() {
            // Writing to a text does not fail.
            let _ = write!(seen, "\\u{{{:x}}}", u32::from(letter));
        } else {
            seen.push(letter);
        }
    }
    seen
}
