//! `_meta`: what hosts read beside the protocol.

use super::{differing, pointer, unless_objects};
use crate::drift::change::Change;
use crate::drift::reason::Reason;
use serde_json::Value;

/// Compares `_meta`. The interface that a host shows for a thing (MCP Apps, `ui`, and the spelling of `OpenAI`'s Apps) is code
/// that runs at the user's; members that nobody here knows are told and no more.
pub(super) fn compare(before: Option<&Value>, after: Option<&Value>, at: &str) -> Vec<Change> {
    if let Some(change) = unless_objects(before, after, at) {
        return vec![change];
    }
    let changes = differing(before, after).into_iter().map(|(name, old, new)| {
        let reason = match name {
            _ if name.starts_with("openai/toolInvocation/") => Reason::Wording,
            "ui" => Reason::InterfaceChanged,
            _ if ["ui/", "io.modelcontextprotocol/ui", "openai/"].iter().any(|own| name.starts_with(own)) => {
                Reason::InterfaceChanged
            }
            _ => Reason::UnknownMember,
        };
        Change::new(&pointer(at, name), old, new, reason)
    });
    changes.collect()
}
