//! All that an upstream says of itself: who it is, what it can do, and everything it offers. As it said it, with its own
//! names.

use super::Unusable;
use crate::mcp::capability::ServerCapabilities;
use crate::mcp::wire::{Prompt, Resource, ResourceTemplate, Tool};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What an upstream answers to `server/discover` or `initialize`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Introduction {
    /// What it offers.
    pub offered: ServerCapabilities,
    /// Its `serverInfo`: name, title, version, icons.
    pub server: Option<Map<String, Value>>,
    /// What it tells the model about itself.
    pub instructions: Option<String>,
}

/// An upstream's introduction, and what is on its lists.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Survey {
    /// Who it is and what it can do.
    pub introduction: Introduction,
    /// Tools, in its order.
    pub tools: Vec<Tool>,
    /// Of an HTTP API, by the names of its tools: the request that a call is.
    pub requests: BTreeMap<String, Map<String, Value>>,
    /// Prompts, in its order.
    pub prompts: Vec<Prompt>,
    /// Resources, in its order.
    pub resources: Vec<Resource>,
    /// Resource templates, in its order.
    pub templates: Vec<ResourceTemplate>,
    /// Entries of its lists that cannot be used.
    pub unusable: Vec<Unusable>,
}
