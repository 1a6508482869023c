//! MCP Secure Gateway: a Worker that stands between AI agents and the tools they use.
//!
//! Everything outside `edge` is pure: no `async`, no clock, no randomness, no I/O. A request is always
//! *gather facts → decide → commit writes → reply*; the edge gathers, commits and replies, the rooms decide.
//!
//! The rooms, bottom to top. A room uses only rooms above it in this list; `tests/arrows.rs` enforces it.
//!
//! | room | what it holds |
//! |---|---|
//! | [`time`] [`id`] [`secret`] [`scope`] [`json`] [`outbound`] [`recent`] [`breaker`] [`config`] | leaf types: units, ids, redaction, strict JSON, outbound URL policy, what was read a moment ago, circuit breakers, settings |
//! | [`trace`] | trace contexts, what is recorded of a request, and how it is told to whoever collects it |
//! | [`entropy`] | provider replies → bytes, health tests, generator, provenance labels |
//! | [`token`] | opaque tokens, signed access tokens, public keys |
//! | [`plan`] | how much a tenant, a principal and a tool may do |
//! | [`account`] [`gate`] [`mcp`] [`oauth`] | users and passwords · what a principal may still do · the protocol · clients and their grants |
//! | [`oidc`] | people of another OpenID provider, and what its signed tokens are worth here |
//! | [`webhook`] | signed messages to an address of a tenant's |
//! | [`credential`] | what upstreams are shown on behalf of a tenant or a user, and what that takes |
//! | [`file`] [`sql`] | a tenant's files: paths, options, searching · a tenant's databases: statements, options, answers |
//! | [`tool`] [`upstream`] | definitions, validation, built-in tools · the client side of the protocol |
//! | [`search`] | tools found by what somebody needs |
//! | [`drift`] | what of an upstream's definitions is pinned, and what a change of one means |
//! | [`catalogue`] | what an endpoint shows of its upstreams, and under which names |
//! | [`audit`] [`policy`] | who did what: records in a chain in which every change shows · who may see and call what |
//! | [`guard`] | what of a call's texts is redacted, and what refuses the call |
//! | [`http_api`] | HTTP APIs as tools: templates, requests, answers, OpenAPI documents |
//! | [`metric`] | what is counted, where it is added up, and how it is told |
//! | [`admin`] | what administrators do, as data |
//! | [`page`] | the pages a person sees, and the content policy they are sent with |
//! | [`store`] [`observe`] [`api`] [`settings`] | every SQL statement and key · typed log events · the REST contract · all settings |
//! | `edge` | the only room that names the Workers runtime |
//!
//! [`file`]: mod@file

pub mod breaker;
pub mod config;
pub mod id;
pub mod json;
pub mod outbound;
pub mod recent;
pub mod scope;
pub mod secret;
pub mod time;

pub mod trace;

pub mod entropy;

pub mod token;

pub mod plan;

pub mod account;
pub mod gate;
pub mod mcp;
pub mod oauth;

pub mod oidc;

pub mod webhook;

pub mod credential;

pub mod file;
pub mod sql;

pub mod tool;
pub mod upstream;

pub mod search;

pub mod drift;

pub mod catalogue;

pub mod audit;
pub mod policy;

pub mod guard;

pub mod http_api;

pub mod metric;

pub mod admin;

pub mod page;

pub mod api;
pub mod observe;
pub mod settings;
pub mod store;

#[cfg(all(target_arch = "wasm32", feature = "edge"))]
mod edge;

/// The version this gateway reports: the crate's own, from `Cargo.toml`.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
