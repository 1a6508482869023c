//! An upstream's URIs inside what it answers: the client is told those under which it can ask for them here.

use super::endpoint::PrefixMode;
use super::naming;
use super::view::{Lookup, View};
use crate::mcp::wire::Resource;
use serde_json::{Map, Value};

/// Where a tool names its interface (MCP Apps), and where it did before that was agreed.
const INTERFACE: (&str, &str, &str) = ("ui", "resourceUri", "ui/resourceUri");

impl View<'_> {
    /// What an own URI of a part is shown as; `None` when it is no URI, or cannot be asked for here.
    pub fn shown_uri(&self, part: usize, own: &str) -> Option<String> {
        let prefix = &self.parts().get(part)?.prefix;
        if !naming::is_uri(own) {
            return None;
        }
        match self.endpoint().mode {
            PrefixMode::OnConflict if self.is_plain(part, own) => Some(own.to_owned()),
            PrefixMode::Always | PrefixMode::OnConflict => Some(naming::expose_uri(prefix, own)),
            PrefixMode::Never => self.is_plain(part, own).then(|| own.to_owned()),
        }
    }

    /// Whether asking for a URI without a prefix asks this part.
    fn is_plain(&self, part: usize, own: &str) -> bool {
        let free = self.endpoint().mode == PrefixMode::Never || self.claim::<Resource>(own).is_none();
        free && matches!(self.find_plain(own), Lookup::Found { part: found, .. } if found == part)
    }

    /// Rewrites the URIs in what a part answered: what was read, links to resources and embedded ones in a tool's content
    /// and a prompt's messages, and the same in a task's result. Text and structured content stay as they are.
    pub fn reveal(&self, part: usize, members: &mut Map<String, Value>) {
        if self.endpoint().mode == PrefixMode::Never {
            return;
        }
        self.reveal_result(part, members);
        if let Some(Value::Object(result)) = members.get_mut("result") {
            self.reveal_result(part, result);
        }
    }

    /// Rewrites the URI in the parameters of a part's notification: that of `notifications/resources/updated`.
    pub fn reveal_told(&self, part: usize, method: &str, params: &mut Map<String, Value>) {
        if self.endpoint().mode != PrefixMode::Never && method == "notifications/resources/updated" {
            self.reveal_member(part, params, "uri");
        }
    }

    fn reveal_result(&self, part: usize, result: &mut Map<String, Value>) {
        for content in objects(result, "contents") {
            self.reveal_member(part, content, "uri");
        }
        for block in objects(result, "content") {
            self.reveal_block(part, block);
        }
        for message in objects(result, "messages") {
            for block in objects(message, "content") {
                self.reveal_block(part, block);
            }
        }
    }

    fn reveal_block(&self, part: usize, block: &mut Map<String, Value>) {
        if block.get("type").and_then(Value::as_str) == Some("resource_link") {
            self.reveal_member(part, block, "uri");
        }
        if let Some(Value::Object(resource)) = block.get_mut("resource") {
            self.reveal_member(part, resource, "uri");
        }
    }

    /// Rewrites where a tool's `_meta` names its interface.
    pub(super) fn reveal_interface(&self, part: usize, meta: &mut Map<String, Value>) {
        if self.endpoint().mode == PrefixMode::Never {
            return;
        }
        let (interface, uri, former) = INTERFACE;
        if let Some(Value::Object(settings)) = meta.get_mut(interface) {
            self.reveal_member(part, settings, uri);
        }
        self.reveal_member(part, meta, former);
    }

    fn reveal_member(&self, part: usize, members: &mut Map<String, Value>, name: &str) {
        if let Some(Value::String(uri)) = members.get_mut(name)
            && let Some(shown) = self.shown_uri(part, uri)
        {
            *uri = shown;
        }
    }
}

/// The objects of a member that is a list; a single object counts as a list of one.
fn objects<'a>(
    members: &'a mut Map<String, Value>,
    name: &str,
) -> impl Iterator<Item = &'a mut Map<String, Value>> + use<'a> {
    let (many, one) = match members.get_mut(name) {
        Some(Value::Array(items)) => (Some(items), None),
        Some(Value::Object(members)) => (None, Some(members)),
        _ => (None, None),
    };
    one.into_iter().chain(many.into_iter().flatten().filter_map(Value::as_object_mut))
}
