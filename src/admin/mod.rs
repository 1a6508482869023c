//! What administrators do, as data: every operation with its route, who may use it, and what it takes and gives.
//!
//! One table ([`operation::OPERATIONS`]) is behind three faces: the REST routes under `/admin`, their description, and the
//! tools by which an agent runs the gateway. An operation takes an [`order::Order`], whatever face it came through.

pub mod activity;
pub mod approval;
pub mod audit;
pub mod credential;
#[cfg(not(target_arch = "wasm32"))]
pub mod describe;
pub mod entropy;
pub mod import;
pub mod key;
pub mod operation;
pub mod order;
pub mod pin;
pub mod revocation;
pub mod rule;
pub mod tenant;
pub mod tools;
pub mod upstream;
pub mod user;
pub mod webhook;
pub mod whom;
