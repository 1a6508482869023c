//! The REST contract: routes, bodies, replies, problem documents, and the OpenAPI document made of them.

pub mod body;
pub mod challenge;
pub mod cookie;
pub mod cors;
pub mod endpoint;
pub mod health;
pub mod introspection;
#[cfg(not(target_arch = "wasm32"))]
pub mod openapi;
pub mod problem;
pub mod refusal;
pub mod reply;
pub mod route;
