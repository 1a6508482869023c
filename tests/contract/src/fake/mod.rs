//! Stand-ins for what is outside this machine, over real HTTP on loopback, in the exact wire formats.

pub mod entropy;
pub mod faulty;
pub mod mcp;
pub mod oauth;
pub mod oidc;
pub mod otlp;
pub mod pages;
pub mod server;
pub mod sessions;
pub mod shifting;
pub mod weather;

pub use server::{Reply, Request, Server};

/// The address of a port of this machine on which nobody listens.
pub fn closed_port() -> u16 {
    free_port()
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
        .port()
}
