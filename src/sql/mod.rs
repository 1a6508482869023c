//! Databases: what a tenant's own database is asked, and what it answers.
//!
//! The structure comes first: a query is the inside of a `SELECT * FROM (…)`, where SQLite itself takes nothing that writes. What is
//! looked at here before keeps a text from leaving that place, and keeps what the platform and the gateway keep there out of reach
//! (see `docs/decisions/0006-statements.md`).
//!
//! | file | what it holds |
//! |---|---|
//! | [`given`] | which databases the operator gives to which tenants |
//! | [`options`] | what an administrator decides: which database, whether it is written to |
//! | [`lexer`] | SQLite's tokens |
//! | [`statement`] | one statement that may be run, or why not |
//! | [`order`] | the arguments of the tools |
//! | [`answer`] | rows within bounds, and tables |
//! | [`offer`] | the tools and resources as they are listed |

pub mod answer;
pub mod given;
pub mod lexer;
pub mod offer;
pub mod options;
pub mod order;
pub mod statement;

/// How the names of bindings begin that may be a tenant's: the gateway's own database can never be one.
pub const BINDING_PREFIX: &str = "DATA_";

/// Whether a text can be the name of such a binding.
pub fn is_binding(text: &str) -> bool {
    let rest = text.strip_prefix(BINDING_PREFIX).unwrap_or_default();
    let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=40).contains(&rest.len()) && rest.bytes().all(plain)
}
