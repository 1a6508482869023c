//! Giving a request up: who is told of it, and how (2025-11-25, `basic/utilities/cancellation`).

use super::{Exchange, Stage};
use crate::outbound::OutboundRequest;
use crate::time::Lifetime;
use crate::upstream::link::Link;
use crate::upstream::{Upstream, request};

/// What tells a legacy upstream that nobody waits for one of its requests any more. It is written only when it is needed.
#[derive(Debug)]
pub struct Cancellation<'u> {
    upstream: &'u Upstream,
    link: Link,
    id: u64,
    deadline: Lifetime,
}

impl Cancellation<'_> {
    /// The message.
    pub fn request(&self) -> OutboundRequest {
        let message = request::Message::Cancelled { request: self.id };
        message.request(self.upstream, Some(&self.link), 0, self.deadline)
    }
}

impl<'u> Exchange<'u> {
    /// How the request that was sent last is cancelled. There is no link while the era or the handshake is under way, which
    /// must not be cancelled, and a modern upstream is told by the end of the connection.
    pub fn cancellation(&self) -> Option<Cancellation<'u>> {
        let link = self.link.as_ref().filter(|link| link.is_legacy())?;
        let is_request = matches!(self.stage, Stage::Levelling(_) | Stage::Working);
        is_request.then(|| Cancellation {
            upstream: self.upstream,
            link: link.clone(),
            id: self.sent_id(),
            deadline: self.deadline,
        })
    }

    /// Whether the request that was sent last has its answer, whatever that is worth. One that failed without is given up.
    pub const fn is_answered(&self) -> bool {
        self.answered
    }
}
