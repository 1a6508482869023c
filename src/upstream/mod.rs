//! Upstreams: the client side of the protocol, towards the tool servers behind the gateway.
//!
//! | file | what it holds |
//! |---|---|
//! | [`ask`] | what is asked for a client, and what comes back |
//! | [`exchange`] | the steps of one survey or one request, both eras: next request → answer → next request |
//! | [`link`] | what is remembered of an upstream between two errands |
//! | [`request`] | requests, built fresh; nothing a caller sent ever becomes a header here, except what a tool's own schema asks for |
//! | [`answer`] | what came back, JSON or event stream, becomes a result or a named failure |
//! | [`stream`] | the event-stream format |
//! | [`survey`] | all that an upstream says of itself |
//! | `problem` | what can go wrong |
//! | [`resilience`] | what a failure means for the next request: whether it counts, and whether there is another |
//! | [`reuse`] | answers that are given again: which, to whom, and for how long |
//! | [`param`] | `x-mcp-header` annotations: which arguments are repeated in headers |

pub mod answer;
pub mod ask;
pub mod exchange;
pub mod link;
pub mod param;
mod problem;
pub mod request;
pub mod resilience;
pub mod reuse;
pub mod stream;
pub mod survey;

pub use problem::{ProtocolBreach, UpstreamFailure, UpstreamProblem};

use crate::breaker::Rule;
use crate::config::{self, ConfigProblem, Lookup};
use crate::credential::held::Held;
use crate::file::options::FileOptions;
use crate::id::UpstreamId;
use crate::outbound::{OutboundUrl, Patience, Reach, RefusedUrl};
use crate::sql::options::DatabaseOptions;
use crate::time::Lifetime;
use std::fmt;
use std::rc::Rc;

/// Longest message of an upstream's error that is kept, in characters.
const MAX_MESSAGE: usize = 200;
/// Stands where others have their address, for what is reached by a binding: a name that is in no DNS (RFC 9476), so that nothing
/// would be reached there.
const NOWHERE: &str = "https://store.alt/";

/// One tool server, API, or part of the platform behind the gateway.
#[derive(Clone, Debug, PartialEq)]
pub struct Upstream {
    /// Unique id.
    pub id: UpstreamId,
    /// What its tools' names begin with, and how errors call it.
    pub name: String,
    /// Where it is asked. Of files and databases, which are reached by a binding, a name that is in no DNS.
    pub url: OutboundUrl,
    /// What the gateway itself shows it; never what a caller showed.
    pub credential: Held,
    /// How long its answers to what only reads may be given again (see [`reuse`]); zero for never.
    pub reuse: Lifetime,
    /// What it speaks.
    pub speaks: Speaks,
    /// What is agreed on for what it offers.
    pub agreed: Agreed,
}

/// What a tenant agreed on for what an upstream offers: whoever asks it holds it to that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agreed {
    /// How often this, or what is pinned of the upstream, was changed.
    pub changes: u32,
    /// What happens to changes, as it is stored; `None` for the usual.
    pub reaction: Option<String>,
}

/// What an upstream speaks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Speaks {
    /// The Model Context Protocol.
    #[default]
    Mcp,
    /// HTTP, as its stored description says.
    Http(Description),
    /// Nothing: its files are in the gateway's bucket.
    Files(Rc<FileOptions>),
    /// SQL: it is a database that the operator bound to the gateway.
    Database(Rc<DatabaseOptions>),
}

/// Which description of an HTTP API is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Description {
    /// The version of the upstream that it is stored with.
    pub version: u32,
    /// Whether it is made of a document that is fetched again; else an administrator wrote it.
    pub sourced: bool,
}

impl Upstream {
    /// An upstream whose endpoint the outbound policy allows.
    pub fn new(
        id: UpstreamId,
        name: impl Into<String>,
        url: &str,
        credential: Held,
        reach: Reach,
    ) -> Result<Self, RefusedUrl> {
        let (name, reuse) = (name.into(), Lifetime::from_millis(0));
        Ok(Self {
            id,
            name,
            url: OutboundUrl::parse(url, reach)?,
            credential,
            reuse,
            speaks: Speaks::Mcp,
            agreed: Agreed::default(),
        })
    }

    /// The same upstream, whose answers to what only reads may be given again for so long.
    #[must_use]
    pub fn reused_for(self, reuse: Lifetime) -> Self {
        Self { reuse, ..self }
    }

    /// The same upstream, which is an HTTP API with that stored description.
    #[must_use]
    pub fn described_by(self, description: Description) -> Self {
        Self { speaks: Speaks::Http(description), ..self }
    }

    /// The same upstream, of which this is agreed.
    #[must_use]
    pub fn held_to(self, agreed: Agreed) -> Self {
        Self { agreed, ..self }
    }

    /// Whether this is the same upstream at the same place, asked in the same way; what is agreed on for what it offers may
    /// have changed.
    pub fn is_asked_like(&self, other: &Self) -> bool {
        (&self.id, &self.name, &self.url, &self.credential, self.reuse, &self.speaks)
            == (&other.id, &other.name, &other.url, &other.credential, other.reuse, &other.speaks)
    }

    /// Something that is part of the platform: no address, no credential, and nothing of it is answered from memory.
    pub fn store(id: UpstreamId, name: impl Into<String>, speaks: Speaks) -> Result<Self, RefusedUrl> {
        Ok(Self { speaks, ..Self::new(id, name, NOWHERE, Held::default(), Reach::Public)? })
    }

    /// What went wrong with this upstream.
    pub fn failure(&self, problem: UpstreamProblem) -> UpstreamFailure {
        UpstreamFailure { upstream: self.name.clone(), problem }
    }
}

/// Limits towards every upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpstreamLimits {
    /// How long one listing or one call may take, handshake and a second attempt included.
    pub deadline: Lifetime,
    /// How long the head of one answer may take, and each piece of its body.
    pub patience: Patience,
    /// Most requests of one isolate that are under way at one upstream.
    pub concurrency: u32,
    /// When an upstream that fails is left alone.
    pub breaker: Rule,
    /// How long after it was asked on a schedule an upstream is asked again.
    pub scan_after: Lifetime,
    /// Most upstreams that are asked in one run of the schedule.
    pub scans: u32,
}

impl UpstreamLimits {
    /// Reads `UPSTREAM_DEADLINE_MS` (1000 to 30000, 30000 when absent), `UPSTREAM_FIRST_BYTE_MS` and `UPSTREAM_IDLE_MS` (500 to
    /// 10000, 10000 when absent), `UPSTREAM_CONCURRENCY` (1 to 1000, 64), `UPSTREAM_BREAKER_FAILURES` (2 to 100, 5),
    /// `UPSTREAM_BREAKER_SECONDS` (1 to 300, 5), `UPSTREAM_SCAN_SECONDS` (1 to 86400, 900) and `UPSTREAM_SCANS` (1 to 20, 20).
    pub fn read(lookup: Lookup<'_>) -> Result<Self, ConfigProblem> {
        let millis = |name: &str, allowed: std::ops::RangeInclusive<u64>| {
            config::number(lookup, name, *allowed.end(), allowed).map(Lifetime::from_millis)
        };
        let count = |name: &str, default, allowed| {
            config::number(lookup, name, default, allowed).map(|value| u32::try_from(value).unwrap_or(u32::MAX))
        };
        let deadline = millis("UPSTREAM_DEADLINE_MS", 1_000..=30_000)?;
        let first = millis("UPSTREAM_FIRST_BYTE_MS", 500..=10_000)?;
        let idle = millis("UPSTREAM_IDLE_MS", 500..=10_000)?;
        let in_a_row = count("UPSTREAM_BREAKER_FAILURES", 5, 2..=100)?;
        let pause = config::number(lookup, "UPSTREAM_BREAKER_SECONDS", 5, 1..=300)?;
        Ok(Self {
            deadline,
            patience: Patience { first, idle },
            concurrency: count("UPSTREAM_CONCURRENCY", 64, 1..=1_000)?,
            breaker: resilience::rule(in_a_row, Lifetime::from_seconds(pause)),
            scan_after: Lifetime::from_seconds(config::number(lookup, "UPSTREAM_SCAN_SECONDS", 900, 1..=86_400)?),
            scans: count("UPSTREAM_SCANS", 20, 1..=20)?,
        })
    }
}

/// Text an upstream wrote, shortened and freed of control characters: safe to log, not to believe.
#[derive(Clone, PartialEq, Eq)]
pub struct UntrustedText(String);

impl UntrustedText {
    /// Takes at most 200 characters; control and formatting characters become blanks.
    pub fn new(text: &str) -> Self {
        let clean = |c: char| if c.is_control() || ('\u{200b}'..='\u{206f}').contains(&c) { ' ' } else { c };
        Self(text.chars().take(MAX_MESSAGE).map(clean).collect())
    }

    /// The text, for a log line.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for UntrustedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UntrustedText({} bytes)", self.0.len())
    }
}

/// A tool of an upstream that cannot be offered, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable {
    /// Its name as the upstream gave it, cut to 128 characters, control characters as blanks; empty when it had none.
    pub tool: String,
    /// Why.
    pub reason: UnusableReason,
}

/// Why an upstream's tool cannot be offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnusableReason {
    /// Not a tool definition of the protocol.
    #[error("is not a tool definition")]
    Malformed,
    /// An `x-mcp-header` annotation that the protocol does not allow.
    #[error("has an x-mcp-header annotation that is not allowed")]
    HeaderAnnotation,
    /// Beyond the number of tools one upstream may have.
    #[error("is beyond the number of tools one upstream may have")]
    TooMany,
}

#[cfg(test)]
mod tests {
    use super::{Speaks, Upstream, UpstreamProblem};
    use crate::file::options::FileOptions;
    use crate::id::UpstreamId;
    use crate::upstream::resilience::Health;
    use std::rc::Rc;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_part_of_the_platform_has_no_address_in_the_network_and_is_shown_nothing() {
        let speaks = Speaks::Files(Rc::new(FileOptions::default()));
        let store = Upstream::store(UpstreamId::parse("ups").unwrap(), "docs", speaks.clone()).unwrap();
        assert_eq!(store.url.url().host_str(), Some("store.alt"));
        assert_eq!((store.speaks.clone(), store.reuse.millis()), (speaks, 0));
        assert_eq!(store.credential.applied(&store.url), Ok(None));
    }

    #[test]
    fn what_is_not_bound_is_neither_asked_nor_held_against_the_upstream() {
        let problem = UpstreamProblem::Unbound;
        assert!(!problem.was_sent() && problem.health() == Health::Unknown && problem.retry_after().is_none());
    }
}
