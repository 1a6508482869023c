//! Black-box tests of the gateway on a real local Workers runtime.
//!
//! The tests stand in `tests/gateway/` and assert HTTP only. This library is what they share: a gateway started with
//! `cargo xtask dev` on a fresh state ([`Gateway`]), an HTTP client ([`client`]), stand-ins for everything outside this
//! machine over real HTTP on loopback ([`fake`]), clients of either era ([`caller`]), programs that are clients by
//! themselves ([`mod@program`]), a runner for the README's transcript
//! ([`transcript`]), what a whole run leaves behind ([`run`]), a reader of its other commands ([`shell`]), tests of random bytes
//! ([`statistics`]), a real browser ([`browser`]) and a real [`mod@prometheus`].

pub mod browser;
pub mod caller;
pub mod client;
pub mod console;
mod described;
pub mod events;
pub mod fake;
pub mod guard;
pub mod oauth;
pub mod program;
pub mod prometheus;
pub mod raw;
pub mod run;
pub mod seed;
pub mod shell;
pub mod statistics;
pub mod team;
pub mod token;
pub mod transcript;

mod gateway;

pub use gateway::{Gateway, OPERATOR, Plan, World, fresh_state, program, undecorated, workspace, xtask};
