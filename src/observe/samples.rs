//! A request and a call that went well, for tests: each says what is otherwise.

use super::{Call, Request, TOOL_CALL, Who};
use crate::guard::Counts;
use crate::id::{TenantId, UserId};
use crate::time::Lifetime;

/// Somebody.
pub fn who() -> Who {
    Who { tenant: TenantId::parse("acme").unwrap(), user: UserId::parse("u-1").unwrap() }
}

/// A request that somebody made.
pub fn request() -> Request {
    Request {
        method: "POST".into(),
        route: Some("/mcp"),
        status: 200,
        duration_ms: Lifetime::from_millis(3),
        who: Some(who()),
        calls: Vec::new(),
        problem: None,
        limit: None,
        reason: None,
    }
}

/// A call of a tool of the gateway's own.
pub fn call() -> Call {
    Call {
        method: TOOL_CALL,
        tool: "server_time".into(),
        upstream: None,
        outcome: "ok",
        limit: None,
        reason: None,
        duration_ms: Lifetime::from_millis(2),
        guarded: Counts::default(),
    }
}
