//! What is kept of a legacy client between its requests: a session (2025-11-25, `basic/transports`, "Session Management").

use super::capability::ClientCapabilities;
use super::era::LegacyRevision;
use super::log_level::LogLevel;
use super::subscription::{Filter, MOST_WATCHED};
use crate::time::{Lifetime, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How long a session lives without a request.
pub const IDLE: Lifetime = Lifetime::from_seconds(24 * 3600);
/// A session's last use is written down no more often than this, so it may end so much earlier.
pub const NOTED: Lifetime = Lifetime::from_seconds(3600);

/// A session as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// The revision both sides agreed on.
    pub revision: LegacyRevision,
    /// What the client can do.
    pub client: ClientCapabilities,
    /// From which level on the client wants log messages; `None` while it has not said.
    pub log_level: Option<LogLevel>,
    /// The resources whose changes the client wants to hear of.
    pub resources: BTreeSet<String>,
    /// When it was last used, as far as it was written down.
    pub used_at: Timestamp,
}

impl Session {
    /// The session that a handshake opens.
    pub const fn open(revision: LegacyRevision, client: ClientCapabilities, now: Timestamp) -> Self {
        Self { revision, client, log_level: None, resources: BTreeSet::new(), used_at: now }
    }

    /// Whether it is over because nobody used it.
    pub fn is_over(&self, now: Timestamp) -> bool {
        now.since(self.used_at) >= IDLE
    }

    /// Notes that it is used; true when that must be stored.
    pub fn touch(&mut self, now: Timestamp) -> bool {
        let due = now.since(self.used_at) >= NOTED;
        if due {
            self.used_at = now;
        }
        due
    }

    /// Subscribes to a resource, or no longer; false when there are too many.
    pub fn watch(&mut self, uri: &str, wanted: bool) -> bool {
        if !wanted {
            self.resources.remove(uri);
            return true;
        }
        if self.resources.len() >= MOST_WATCHED && !self.resources.contains(uri) {
            return false;
        }
        self.resources.insert(uri.to_owned());
        true
    }

    /// What the session's own stream tells: every changed list, and the resources subscribed to.
    pub fn filter(&self) -> Filter {
        Filter { resource_subscriptions: self.resources.clone(), ..Filter::lists() }
    }

    /// Whether streams begin with an event that only has an id. Clients of earlier revisions fail on an event without data.
    pub fn primes(&self) -> bool {
        self.revision >= LegacyRevision::V2025_11_25
    }
}

#[cfg(test)]
mod tests {
    use super::{IDLE, NOTED, Session};
    use crate::mcp::capability::ClientCapabilities;
    use crate::mcp::era::LegacyRevision;
    use crate::mcp::subscription::MOST_WATCHED;
    use crate::time::{Lifetime, Timestamp};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const NOW: Timestamp = Timestamp::from_seconds(100);

    fn session(revision: LegacyRevision) -> Session {
        Session::open(revision, ClientCapabilities::default(), NOW)
    }

    #[test]
    fn a_session_ends_when_nobody_uses_it_and_not_before() {
        let mut session = session(LegacyRevision::LATEST);
        let tick = Lifetime::from_millis(1);
        assert!(!session.touch(NOW.plus(NOTED).minus(tick)) && session.touch(NOW.plus(NOTED)));
        let used = NOW.plus(NOTED);
        assert!(!session.is_over(used.plus(IDLE).minus(tick)) && session.is_over(used.plus(IDLE)));
    }

    #[test]
    fn resources_are_watched_until_they_are_not_and_only_so_many() {
        let mut session = session(LegacyRevision::LATEST);
        for number in 0..MOST_WATCHED {
            assert!(session.watch(&format!("a:{number}"), true));
        }
        assert!(session.watch("a:0", true) && !session.watch("a:x", true));
        assert!(session.watch("a:0", false) && session.watch("a:x", true) && session.watch("a:nothing", false));
        let filter = session.filter();
        assert!(filter.tools_list_changed && filter.resource_subscriptions.contains("a:x"));
        assert!(!filter.resource_subscriptions.contains("a:0"));
    }

    #[test]
    fn what_is_stored_is_read_again() {
        for revision in [LegacyRevision::V2024_11_05, LegacyRevision::LATEST] {
            let mut session = session(revision);
            session.watch("a:b", true);
            let text = serde_json::to_string(&session).unwrap();
            assert!(text.contains(revision.name()));
            assert_eq!(serde_json::from_str::<Session>(&text).unwrap(), session);
            assert_eq!(session.primes(), revision == LegacyRevision::LATEST);
        }
    }
}
