//! Tools: which arguments they take, results the gateway writes, and the built-in ones.
//!
//! | file | what it holds |
//! |---|---|
//! | [`schema`] | arguments against a JSON Schema, within a budget |
//! | [`result`] | results the gateway writes itself |
//! | [`builtin`] | `get_weather`, `quantum_random`, `server_time` |

pub mod builtin;
pub mod result;
pub mod schema;

/// What the names of the tools begin with by which an agent runs the gateway: no other tool's name does, where they are shown.
pub const ADMIN_PREFIX: &str = "gateway_";
