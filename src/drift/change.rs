//! One change of a definition, and all of them together.

use super::definition::Kind;
use super::reason::Reason;
use super::suspicion::letters;
use super::verdict::Verdict;
use super::version::Fingerprint;
use serde::Serialize;
use serde_json::Value;
use std::cmp::Reverse;
use std::fmt::Write as _;

/// Most changes of one definition that are told one by one.
pub const MAX_CHANGES: usize = 100;
/// Longest value that a change shows, in characters of the definition.
pub const MAX_SHOWN: usize = 240;

/// One change: where, from what to what, what it means and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// JSON pointer (RFC 6901) into the members of the definition; empty for the definition as a whole. Made visible as
    /// [`visible`] does.
    pub at: String,
    /// What stood there, as [`shown`] shows it; `None` for nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What stands there now, as [`shown`] shows it; `None` for nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// What it means.
    pub verdict: Verdict,
    /// Why.
    pub reason: Reason,
}

impl Change {
    /// A change at a pointer, with the verdict of its reason.
    pub fn new(at: &str, before: Option<&Value>, after: Option<&Value>, reason: Reason) -> Self {
        let (before, after) = excerpts(before, after);
        Self { at: visible(at, MAX_SHOWN), before, after, verdict: reason.verdict(), reason }
    }
}

/// All changes of one definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// What it is of.
    pub kind: Kind,
    /// What its upstream calls it now; what it called it if it is no more. Made visible as [`visible`] does.
    pub name: String,
    /// The pinned one; `None` for a first sight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Fingerprint>,
    /// The one that stands there now; `None` for one that is no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Fingerprint>,
    /// The worst of its changes; identical where there are none.
    pub verdict: Verdict,
    /// The changes, the worst first, at most [`MAX_CHANGES`].
    pub changes: Vec<Change>,
    /// Changes that are not told.
    #[serde(skip_serializing_if = "is_zero")]
    pub more: usize,
}

impl Comparison {
    /// Puts changes together: the worst decides, and comes first.
    pub(super) fn of(
        (kind, name): (Kind, &str),
        before: Option<&Fingerprint>,
        after: Option<&Fingerprint>,
        mut changes: Vec<Change>,
    ) -> Self {
        // Stable, so that changes of one verdict stay in the order of the definition.
        changes.sort_by_key(|change| Reverse(change.verdict));
        changes.dedup();
        let verdict = changes.first().map_or(Verdict::Identical, |change| change.verdict);
        let more = changes.len().saturating_sub(MAX_CHANGES);
        changes.truncate(MAX_CHANGES);
        let name = visible(name, MAX_SHOWN);
        Self { kind, name, before: before.cloned(), after: after.cloned(), verdict, changes, more }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// A value as a person can safely read it: JSON in which every character that is not seen, or that changes how others are
/// seen, stands as `\u{…}`; cut to [`MAX_SHOWN`] characters.
pub fn shown(value: &Value) -> String {
    visible(&value.to_string(), MAX_SHOWN)
}

/// A text of which every character is seen, cut to this many characters and `…`.
pub fn visible(text: &str, longest: usize) -> String {
    let mut seen = String::new();
    for (count, letter) in text.chars().enumerate() {
        if count >= longest {
            seen.push('…');
            break;
        }
        if letters::is_unseen(letter) {
            // Writing to a text does not fail.
            let _ = write!(seen, "\\u{{{:x}}}", u32::from(letter));
        } else {
            seen.push(letter);
        }
    }
    seen
}

/// Both values, and of long texts the part in which they differ, so that a change at the end of one is seen.
fn excerpts(before: Option<&Value>, after: Option<&Value>) -> (Option<String>, Option<String>) {
    if let (Some(Value::String(old)), Some(Value::String(new))) = (before, after)
        && (old.chars().count() > MAX_SHOWN || new.chars().count() > MAX_SHOWN)
    {
        let same = old.chars().zip(new.chars()).take_while(|(old, new)| old == new).count();
        let skipped = same.saturating_sub(40);
        let from = |text: &str| {
            let rest: String = text.chars().skip(skipped).collect();
            let front = if skipped > 0 { "…" } else { "" };
            shown(&Value::String(format!("{front}{rest}")))
        };
        return (Some(from(old)), Some(from(new)));
    }
    (before.map(shown), after.map(shown))
}

#[cfg(test)]
#[path = "change_tests.rs"]
mod tests;
