//! What a decision is made from: who asks, about what, and when.

use super::glob::{Globs, InvalidGlob};
use crate::account::role::Role;
use crate::catalogue::naming::{InvalidPrefix, Prefix};
use crate::id::{ApiKeyId, UserId};
use crate::mcp::wire::Tool;
use crate::time::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The user, or the service account.
    pub user: UserId,
    /// What it may do for its tenant.
    pub role: Role,
    /// Whether it is a service account.
    pub service: bool,
    /// The groups it is in.
    pub groups: Vec<String>,
    /// The API key it came with.
    pub key: Option<ApiKeyId>,
    /// The OAuth client it came through.
    pub client: Option<String>,
    /// The network it came from, as the edge names it.
    pub network: Option<String>,
    /// What its key leaves it.
    pub narrowing: Narrowing,
}

/// What an API key leaves of what its owner may: nothing outside it is seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Narrowing {
    tools: Option<Globs>,
    upstreams: Option<Vec<Prefix>>,
}

/// Why lists narrow nothing: who meets this must admit nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNarrowing {
    /// Of the tools.
    #[error(transparent)]
    Tools(#[from] InvalidGlob),
    /// Of the upstreams.
    #[error(transparent)]
    Upstreams(#[from] InvalidPrefix),
}

impl Narrowing {
    /// To these tools, by patterns of their shown names, and to these upstreams, by name; `None` narrows nothing. A list of
    /// tools leaves tools only, and a list of upstreams nothing of the gateway's own. An empty list leaves nothing.
    pub fn parse<T: AsRef<str>>(tools: Option<&[T]>, upstreams: Option<&[T]>) -> Result<Self, InvalidNarrowing> {
        let tools = tools.map(Globs::parse).transpose()?;
        let named = |names: &[T]| names.iter().map(|name| Prefix::parse(name.as_ref())).collect::<Result<Vec<_>, _>>();
        let upstreams = upstreams.map(named).transpose()?;
        Ok(Self { tools, upstreams })
    }

    /// Whether it leaves this.
    pub fn leaves(&self, thing: &Thing<'_>) -> bool {
        let tool = |tools: &Globs| thing.kind == Kind::Tool && tools.fit(thing.name);
        let from = |names: &Vec<Prefix>| thing.upstream.is_some_and(|upstream| names.contains(upstream));
        self.tools.as_ref().is_none_or(tool) && self.upstreams.as_ref().is_none_or(from)
    }
}

/// What kind of thing is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A tool.
    Tool,
    /// A prompt.
    Prompt,
    /// A resource or a resource template.
    Resource,
}

impl Kind {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tool => "tool",
            Self::Prompt => "prompt",
            Self::Resource => "resource",
        }
    }
}

/// What is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thing<'a> {
    /// Its kind.
    pub kind: Kind,
    /// The name or the URI that it is shown as.
    pub name: &'a str,
    /// The name of its upstream; `None` for the gateway's own.
    pub upstream: Option<&'a Prefix>,
    /// What a tool says of itself.
    pub hints: Hints,
}

impl<'a> Thing<'a> {
    /// A tool with its shown name.
    pub fn tool(tool: &'a Tool, upstream: Option<&'a Prefix>) -> Self {
        Self { kind: Kind::Tool, name: &tool.name, upstream, hints: Hints::of(tool.annotations.as_ref()) }
    }

    /// A prompt by its shown name.
    pub fn prompt(name: &'a str, upstream: Option<&'a Prefix>) -> Self {
        Self { kind: Kind::Prompt, name, upstream, hints: Hints::of(None) }
    }

    /// A resource by its shown URI, or a template by its shown text.
    pub fn resource(uri: &'a str, upstream: Option<&'a Prefix>) -> Self {
        Self { kind: Kind::Resource, name: uri, upstream, hints: Hints::of(None) }
    }
}

/// What a tool says of itself (2026-07-28, `schema`, `ToolAnnotations`). An upstream may say anything, so a rule that allows
/// by a hint trusts the upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "the protocol has four independent hints")]
pub struct Hints {
    /// It changes nothing. Not said: it may.
    pub read_only: bool,
    /// It may destroy. Not said: it may; what changes nothing does not.
    pub destructive: bool,
    /// Twice is the same as once. Not said: it is not.
    pub idempotent: bool,
    /// It reaches the world outside. Not said: it does.
    pub open_world: bool,
}

impl Hints {
    /// Those of a tool's annotations, with the protocol's defaults. A hint of another type than boolean counts as not said.
    pub fn of(annotations: Option<&Map<String, Value>>) -> Self {
        let said = |name: &str| annotations.and_then(|all| all.get(name)).and_then(Value::as_bool);
        let read_only = said("readOnlyHint").unwrap_or(false);
        Self {
            read_only,
            destructive: !read_only && said("destructiveHint").unwrap_or(true),
            idempotent: said("idempotentHint").unwrap_or(false),
            open_world: said("openWorldHint").unwrap_or(true),
        }
    }
}

/// What a condition is about.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Who asks.
    pub subject: &'a Subject,
    /// About what.
    pub thing: &'a Thing<'a>,
    /// With which arguments; `None` while they are not known.
    pub arguments: Option<&'a Map<String, Value>>,
    /// When.
    pub now: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::{Hints, Narrowing, Thing};
    use crate::catalogue::naming::Prefix;
    use serde_json::json;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn what_a_tool_does_not_say_is_taken_for_the_worst() {
        let worst = Hints { read_only: false, destructive: true, idempotent: false, open_world: true };
        assert_eq!(Hints::of(None), worst);
        assert_eq!(Hints::of(json!({"readOnlyHint": "yes"}).as_object()), worst);
        let reads = Hints::of(json!({"readOnlyHint": true, "destructiveHint": true}).as_object());
        assert!(reads.read_only && !reads.destructive);
    }

    #[test]
    fn a_key_leaves_what_is_on_both_of_its_lists() {
        let (gh, db) = (Prefix::parse("gh").unwrap(), Prefix::parse("db").unwrap());
        let tool = |name, upstream| Thing { kind: super::Kind::Tool, ..Thing::prompt(name, upstream) };
        let narrow = Narrowing::parse(Some(&["gh__*", "time"][..]), Some(&["gh"][..])).unwrap();
        assert!(narrow.leaves(&tool("gh__a", Some(&gh))));
        for outside in [tool("gh__a", Some(&db)), tool("time", None), Thing::prompt("gh__a", Some(&gh))] {
            assert!(!narrow.leaves(&outside), "{outside:?}");
        }
        assert!(Narrowing::default().leaves(&tool("x", None)));
        assert!(!Narrowing::parse::<&str>(Some(&[]), None).unwrap().leaves(&tool("x", None)));
        assert!(Narrowing::parse(None, Some(&["a__b"][..])).is_err());
    }
}
