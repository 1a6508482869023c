//! Tools: what they are called, how they are defined, which arguments they take, and the built-in ones.
//!
//! | file | what it holds |
//! |---|---|
//! | [`schema`] | arguments against a JSON Schema, within a budget |
//! | [`definition`] | an upstream's tools under the gateway's names, and why some are left out |
//! | [`catalogue`] | everything a caller may see, built-in and upstream, in one order |
//! | [`result`] | results the gateway writes itself |
//! | [`builtin`] | `get_weather`, `quantum_random`, `server_time` |

pub mod builtin;
pub mod catalogue;
pub mod definition;
pub mod result;
pub mod schema;
