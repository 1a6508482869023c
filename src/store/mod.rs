//! Storage: every SQL statement, typed rows, and every key of KV and of a Durable Object.
//!
//! A statement that touches a tenant's row names the tenant. Statements are run on real SQLite by `tests/statements.rs`.

pub mod accounts;
pub mod answers;
pub mod api_keys;
pub mod approvals;
pub mod arrays;
pub mod audit;
pub mod clients;
pub mod codes;
pub mod counter;
pub mod credentials;
pub mod gate;
pub mod identities;
pub mod keys;
pub mod metrics;
pub mod people;
pub mod pins;
pub mod requests;
pub mod revocations;
pub mod rules;
pub mod servers;
pub mod tables;
pub mod tenants;
pub mod upstreams;
pub mod users;
pub mod webhooks;
