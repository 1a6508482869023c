//! What is pinned of one thing that an upstream offers.
//!
//! Everything is pinned that a model reads, a host shows or a call depends on. What changes without the thing changing is not:
//! a resource's `size`, the annotation `lastModified`, and the members of `_meta` that belong to one message and not to the
//! definition (progress, traces, the session's own keys). Any other member of `_meta` is pinned, the unknown ones too: a host
//! may act on it.

use crate::mcp::wire::{Prompt, Resource, ResourceTemplate, Tool};
use crate::upstream::survey::Introduction;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;

/// The name of the one definition of kind [`Kind::Server`] that an upstream has.
pub const SERVER: &str = "server";

/// Members that change without the thing changing.
const UNPINNED: [&str; 1] = ["size"];
/// Annotations that do.
const UNPINNED_ANNOTATIONS: [&str; 1] = ["lastModified"];
/// Members of `_meta` that are about one message: progress (2025-11-25, `basic/utilities/progress`) and traces (W3C Trace
/// Context, W3C Baggage).
const MESSAGE_META: [&str; 4] = ["progressToken", "traceparent", "tracestate", "baggage"];
/// The prefix of the protocol's own members of `_meta`, which are about messages, tasks and subscriptions.
const PROTOCOL_META: &str = "io.modelcontextprotocol/";
/// What hosts of MCP Apps read, in its prefixed spelling.
const INTERFACE_META: &str = "io.modelcontextprotocol/ui";

/// What a definition is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum Kind {
    /// The upstream itself: its `serverInfo`, capabilities and instructions.
    Server,
    /// A tool.
    Tool,
    /// A prompt.
    Prompt,
    /// A resource; its name is its URI.
    Resource,
    /// A resource template; its name is its URI template.
    Template,
    /// An operation of an OpenAPI document; its name is its method and path, such as `GET /pets/{id}`.
    Operation,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Server, Self::Tool, Self::Prompt, Self::Resource, Self::Template, Self::Operation];

    /// The word for it, as it is written in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Tool => "tool",
            Self::Prompt => "prompt",
            Self::Resource => "resource",
            Self::Template => "template",
            Self::Operation => "operation",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is pinned of one thing: its kind, its own name, and the members of its definition that matter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// What it is of.
    pub kind: Kind,
    /// What its upstream calls it: a name, a URI or a URI template.
    pub name: String,
    /// The pinned members, with the names that the protocol gives them.
    pub members: Map<String, Value>,
}

impl Definition {
    /// A definition of these members; those that are not pinned are left out.
    pub fn new(kind: Kind, name: impl Into<String>, mut members: Map<String, Value>) -> Self {
        members.retain(|name, value| !UNPINNED.contains(&name.as_str()) && !value.is_null());
        drop_from(&mut members, "annotations", |name| UNPINNED_ANNOTATIONS.contains(&name));
        drop_from(&mut members, "_meta", is_of_a_message);
        Self { kind, name: name.into(), members }
    }

    /// What is pinned of a tool.
    pub fn of_tool(tool: &Tool) -> Self {
        let mut members = Map::new();
        let text = |text: &Option<String>| text.clone().map(Value::String);
        let object = |object: &Option<Map<String, Value>>| object.clone().map(Value::Object);
        let all = [
            ("title", text(&tool.title)),
            ("description", text(&tool.description)),
            ("inputSchema", Some(Value::Object(tool.input_schema.clone()))),
            ("outputSchema", object(&tool.output_schema)),
            ("annotations", object(&tool.annotations)),
            ("icons", tool.icons.clone().map(Value::Array)),
            ("_meta", object(&tool.meta)),
        ];
        for (name, value) in all {
            members.extend(value.map(|value| (name.to_owned(), value)));
        }
        Self::new(Kind::Tool, &*tool.name, members)
    }

    /// The same of a tool that is a request to an HTTP API: what is sent, and where, is pinned with it.
    #[must_use]
    pub fn sending(mut self, request: Option<&Map<String, Value>>) -> Self {
        let request = request.map(|request| ("request".to_owned(), Value::Object(request.clone())));
        self.members.extend(request);
        self
    }

    /// What is pinned of a prompt.
    pub fn of_prompt(prompt: &Prompt) -> Self {
        Self::new(Kind::Prompt, &*prompt.name, prompt.rest.clone())
    }

    /// What is pinned of a resource.
    pub fn of_resource(resource: &Resource) -> Self {
        Self::new(Kind::Resource, &*resource.uri, resource.rest.clone())
    }

    /// What is pinned of a resource template.
    pub fn of_template(template: &ResourceTemplate) -> Self {
        Self::new(Kind::Template, &*template.uri_template, template.rest.clone())
    }

    /// What is pinned of what an upstream says of itself.
    pub fn of_introduction(introduction: &Introduction) -> Self {
        let capabilities = serde_json::to_value(&introduction.offered).ok();
        let instructions = introduction.instructions.clone().map(Value::String);
        Self::of_server(introduction.server.clone(), capabilities, instructions)
    }

    /// What is pinned of an upstream: its `serverInfo`, its `capabilities` and its `instructions`, where it has them.
    pub fn of_server(
        info: Option<Map<String, Value>>,
        capabilities: Option<Value>,
        instructions: Option<Value>,
    ) -> Self {
        let mut members = Map::new();
        let all =
            [("serverInfo", info.map(Value::Object)), ("capabilities", capabilities), ("instructions", instructions)];
        for (name, value) in all {
            members.extend(value.map(|value| (name.to_owned(), value)));
        }
        Self::new(Kind::Server, SERVER, members)
    }
}

fn is_of_a_message(name: &str) -> bool {
    MESSAGE_META.contains(&name) || (name.starts_with(PROTOCOL_META) && !name.starts_with(INTERFACE_META))
}

/// Leaves members out of an object within the members; one that is empty then is as one that is not there.
fn drop_from(members: &mut Map<String, Value>, place: &str, dropped: impl Fn(&str) -> bool) {
    let Some(Value::Object(inner)) = members.get_mut(place) else { return };
    inner.retain(|name, _| !dropped(name));
    if inner.is_empty() {
        members.shift_remove(place);
    }
}

#[cfg(test)]
#[path = "definition_tests.rs"]
mod tests;
