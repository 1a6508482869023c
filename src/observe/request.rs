//! What the log says of a request and of the calls it made.

use super::Who;
use crate::guard::Counts;
use crate::time::Lifetime;
use serde::Serialize;

/// An answered request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Request {
    /// The method, cut to 16 characters.
    pub method: String,
    /// The path of the route, never the path as it was sent; `None` when there is no such route.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<&'static str>,
    /// The HTTP status.
    pub status: u16,
    /// From first to last, in milliseconds; the platform's clock stands still between I/O.
    pub duration_ms: Lifetime,
    /// Who asked, once known.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub who: Option<Who>,
    /// The tool calls it made.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<Call>,
    /// The kind of problem, if it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<&'static str>,
    /// The limit, if it met one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<&'static str>,
    /// Why it was refused, in the gateway's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A tool call within a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Call {
    /// The method of the protocol that it is a call of.
    #[serde(skip_serializing_if = "is_of_a_tool")]
    pub method: &'static str,
    /// The tool, by the name it is exposed under; of anything but a tool its upstream and the method.
    pub tool: String,
    /// The upstream whose it is; none for the gateway's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream: Option<String>,
    /// How it went: `ok`, `tool_failed`, `bad_arguments`, `guarded`, `withheld`, `upstream_failed`, `unavailable` and others.
    pub outcome: &'static str,
    /// The limit, if it met one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<&'static str>,
    /// Why it could not be made, in the gateway's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How long it took, in milliseconds.
    pub duration_ms: Lifetime,
    /// What the tenant's guardrails found in it, and how often; never what it was.
    #[serde(skip_serializing_if = "Counts::is_empty")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<std::collections::BTreeMap<String, u32>>"))]
    pub guarded: Counts,
}

/// The method that calls a tool.
pub const TOOL_CALL: &str = "tools/call";

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "the form that serde calls; whether it is a large one depends on the target"
)]
fn is_of_a_tool(method: &&'static str) -> bool {
    *method == TOOL_CALL
}
