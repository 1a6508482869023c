//! What is remembered of an upstream between two errands. Nothing in it is an I/O object.

use super::survey::Introduction;
use crate::mcp::log_level::LogLevel;
use crate::outbound::HeaderValue;
use std::rc::Rc;

/// The revision without sessions.
pub const MODERN: &str = "2026-07-28";
/// Revisions with the `initialize` handshake that this client speaks, newest first; the first is the one it offers.
pub const LEGACY: [&str; 4] = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];

/// What an established connection to an upstream consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// Every request stands alone.
    Modern,
    /// A handshake was made.
    Legacy(LegacyLink),
}

/// What a handshake agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegacyLink {
    /// The session the upstream opened, if it opens sessions.
    pub session: Option<HeaderValue>,
    /// The revision it chose, one of [`LEGACY`].
    pub revision: &'static str,
    /// What it said of itself.
    pub introduction: Rc<Introduction>,
    /// The level of log messages that was set in the session, if any was.
    pub level: Option<LogLevel>,
}

impl Link {
    /// Whether a request over it may hear questions, and belongs to one user alone.
    pub const fn is_legacy(&self) -> bool {
        matches!(self, Self::Legacy(_))
    }
}
