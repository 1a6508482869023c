//! What the log says of a request and of the calls it made.

use super::Who;
use crate::guard::Counts;
use crate::time::Lifetime;
use serde::Serialize;

/// An answered request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
    /// Why it was refused, in the gateway's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A tool call within a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Call {
    /// The tool, by the name it is exposed under.
    pub tool: String,
    /// How it went: `ok`, `tool_failed`, `bad_arguments`, `guarded`, `withheld`, `upstream_failed` or `unavailable`.
    pub outcome: &'static str,
    /// Why it could not be made, in the gateway's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How long it took, in milliseconds.
    pub duration_ms: Lifetime,
    /// What the tenant's guardrails found in it, and how often; never what it was.
    #[serde(skip_serializing_if = "Counts::is_empty")]
    pub guarded: Counts,
}
