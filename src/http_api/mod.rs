//! HTTP APIs as tools: what is sent for a call, and what of the answer a model is shown.
//!
//! A tool is a template: a method, a path, where each argument goes, and how. It is written by hand or made of an OpenAPI
//! document, and is the same type either way. Whatever the arguments are, a request keeps the origin and the path that
//! the API was given with ([`request`]).
//!
//! | file | what it holds |
//! |---|---|
//! | [`api`] | an API and its tools, as they are stored |
//! | [`check`] | whether such a document may be used |
//! | [`credential`] | how a secret is shown to an API |
//! | [`encode`] | percent-encoding, and values that a path may not have |
//! | [`style`] | how a value is written as a parameter |
//! | [`template`] | a path with places for arguments |
//! | [`body`] | the body of a request |
//! | [`request`] | a call as a request |
//! | [`projection`] | the part of an answer that is shown |
//! | [`answer`] | an answer as a tool's result |
//! | [`page`] | long texts in parts |
//! | [`openapi`] | OpenAPI documents as tools |
//! | [`contract`] | documents that are compared with each other |

pub mod answer;
pub mod api;
pub mod body;
pub mod check;
pub mod contract;
pub mod credential;
pub mod encode;
pub mod openapi;
pub mod page;
pub mod projection;
pub mod request;
pub mod style;
pub mod template;

#[cfg(test)]
mod tests;
