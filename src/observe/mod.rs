//! Log events: typed, one JSON line each, nothing secret.
//!
//! Levels go by blame: `info` when all went as it should, `warn` when the caller or a party outside failed, `error` when
//! the gateway or its platform did. Control characters are escaped by JSON, so one event is always one line.

pub mod audited;
mod change;
mod counted;
mod name;
mod point;
mod request;
#[cfg(not(target_arch = "wasm32"))]
pub mod schema;
mod traced;

pub use change::{AccountChange, RevocationCause};
pub use counted::{Gathered, count_upstream};
pub use point::{COLUMNS, Point};
pub use request::{Call, Request, TOOL_CALL};

use crate::account::role::Role;
use crate::entropy::hub::Change;
use crate::entropy::stamp::Stamp;
use crate::id::{CorrelationId, RecordId, SessionId, TenantId, TokenId, UpstreamId, UserId};
use crate::time::Timestamp;
use crate::trace::id::TraceId;
use serde::Serialize;

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum Event {
    /// A request was answered. One for every request.
    #[serde(rename = "request")]
    Request(Request),
    /// A call ended after its request was answered with a stream, or in an object that serves a request for an isolate.
    #[serde(rename = "call")]
    Call(Call),
    /// A person logged in.
    #[serde(rename = "auth.login")]
    LoggedIn {
        /// Who.
        #[serde(flatten)]
        who: Who,
        /// The new session.
        session: SessionId,
        /// Its first tokens.
        #[serde(flatten)]
        issued: TokenIssued,
    },
    /// A session got new tokens.
    #[serde(rename = "auth.refresh")]
    Refreshed {
        /// Whose.
        #[serde(flatten)]
        who: Who,
        /// Which.
        session: SessionId,
        /// The new tokens.
        #[serde(flatten)]
        issued: TokenIssued,
    },
    /// A client got tokens of a session that was opened for it.
    #[serde(rename = "oauth.authorized")]
    Authorized {
        /// Who it acts for.
        #[serde(flatten)]
        who: Who,
        /// The client's id.
        client: String,
        /// The new session.
        session: SessionId,
        /// Its first tokens.
        #[serde(flatten)]
        issued: TokenIssued,
    },
    /// A client got a token for a server behind the gateway, which the gateway itself does not take.
    #[serde(rename = "oauth.exchanged")]
    Exchanged {
        /// For whom.
        #[serde(flatten)]
        who: Who,
        /// The client's id.
        client: String,
        /// The server's id.
        upstream: UpstreamId,
        /// The token.
        #[serde(flatten)]
        issued: TokenIssued,
    },
    /// A person was asked to let a client act for them, and decided.
    #[serde(rename = "oauth.consent")]
    ConsentDecided {
        /// Who.
        #[serde(flatten)]
        who: Who,
        /// The client's id.
        client: String,
        /// What it asked for.
        scope: String,
        /// The resource it asked for.
        resource: String,
        /// What the person decided.
        allowed: bool,
    },
    /// A client registered itself.
    #[serde(rename = "oauth.client_registered")]
    ClientRegistered {
        /// Its new id.
        client: String,
    },
    /// A person signed in with a browser.
    #[serde(rename = "auth.sign_in")]
    SignedIn {
        /// Who.
        #[serde(flatten)]
        who: Who,
        /// The sign-in.
        sign_in: SessionId,
    },
    /// A browser's sign-in was refused. The page says so; the request itself was served.
    #[serde(rename = "auth.sign_in_refused")]
    SignInRefused {
        /// Why.
        reason: String,
    },
    /// A browser's sign-in is over.
    #[serde(rename = "auth.sign_out")]
    SignedOut {
        /// Whose.
        #[serde(flatten)]
        who: Who,
        /// The sign-in.
        sign_in: SessionId,
    },
    /// Somebody was invited to a tenant.
    #[serde(rename = "account.invited")]
    Invited {
        /// Who made the invitation, and for which tenant.
        #[serde(flatten)]
        by: Who,
        /// What the invited person will be.
        role: Role,
    },
    /// An account was made or changed.
    #[serde(rename = "account.changed")]
    AccountChanged {
        /// Whose.
        #[serde(flatten)]
        who: Who,
        /// What was done.
        change: AccountChange,
        /// Who did it or made the code for it; nobody but the operator's token for the first administrator.
        #[serde(skip_serializing_if = "Option::is_none")]
        by: Option<UserId>,
    },
    /// An administrator or the operator changed something.
    #[serde(rename = "admin.done")]
    Administered {
        /// Who; nobody for the operator.
        #[serde(flatten)]
        who: Option<Who>,
        /// The operation's name.
        operation: &'static str,
        /// The tenant it was about.
        about_tenant: TenantId,
        /// What it was about.
        #[serde(skip_serializing_if = "Option::is_none")]
        subject: Option<String>,
    },
    /// A call waits for a person's approval.
    #[serde(rename = "approval.asked")]
    ApprovalAsked {
        /// Who wants to call.
        #[serde(flatten)]
        who: Who,
        /// The tool.
        tool: String,
        /// What waits.
        approval: String,
    },
    /// A session ended before its time.
    #[serde(rename = "auth.session_revoked")]
    SessionRevoked {
        /// Whose.
        #[serde(flatten)]
        who: Who,
        /// Which.
        session: SessionId,
        /// Why.
        cause: RevocationCause,
    },
    /// A revocation is in force, and could not be put on the published list.
    #[serde(rename = "auth.revocation_unpublished")]
    RevocationUnpublished {
        /// What the platform said.
        reason: String,
    },
    /// Records of the audit trail could not be written, and the request they belong to is over.
    #[serde(rename = "audit.unwritten")]
    AuditUnwritten {
        /// Which trail.
        trail: String,
        /// The ids of the records.
        records: Vec<RecordId>,
        /// Why.
        reason: String,
    },
    /// An upstream's tools are missing or old.
    #[serde(rename = "upstream.degraded")]
    UpstreamDegraded {
        /// The tenant.
        tenant: TenantId,
        /// The upstream's name.
        upstream: String,
        /// Why.
        reason: String,
    },
    /// What an upstream offers is not what was approved, or is so again.
    #[serde(rename = "drift.happened")]
    Drifted {
        /// The tenant.
        tenant: TenantId,
        /// The upstream's name.
        upstream: String,
        /// What kind of thing it is.
        kind: &'static str,
        /// What its upstream calls it, in visible characters.
        name: String,
        /// What happened.
        happening: &'static str,
        /// What it means.
        verdict: &'static str,
        /// The version that it is about.
        #[serde(skip_serializing_if = "Option::is_none")]
        version: Option<String>,
        /// How many that are alike this one stands for.
        times: u32,
    },
    /// A run of the schedule failed.
    #[serde(rename = "schedule.failed")]
    ScheduleFailed {
        /// Why.
        reason: String,
    },
    /// A message to a webhook was not taken.
    #[serde(rename = "webhook.failed")]
    MessageFailed {
        /// The tenant.
        tenant: TenantId,
        /// The webhook.
        webhook: String,
        /// The message.
        message: String,
        /// How often it was tried.
        attempts: u32,
        /// Why.
        reason: String,
    },
    /// Spans of sampled requests were not handed to their collector, and are lost.
    #[serde(rename = "trace.spans_lost")]
    SpansLost {
        /// How many.
        spans: u32,
        /// Why.
        reason: String,
    },
    /// A quantum provider failed.
    #[serde(rename = "entropy.provider_failed")]
    ProviderFailed {
        /// Which.
        provider: &'static str,
        /// Why.
        reason: String,
        /// How many times in a row.
        consecutive: u32,
    },
    /// A quantum provider is left alone for long: an operator should look at its key or its hardware.
    #[serde(rename = "entropy.provider_quarantined")]
    ProviderQuarantined {
        /// Which.
        provider: &'static str,
        /// Why.
        reason: String,
    },
    /// A quantum provider answers again.
    #[serde(rename = "entropy.provider_recovered")]
    ProviderRecovered {
        /// Which.
        provider: &'static str,
    },
    /// What may be said about the gateway's randomness changed.
    #[serde(rename = "entropy.label_changed")]
    EntropyLabelChanged {
        /// Before.
        from: &'static str,
        /// Now.
        to: &'static str,
    },
}

/// What the log calls the drift of an answer, which does not fit what is pinned of its tool.
pub const DRIFT_OF_AN_ANSWER: &str = "misfit";

/// A principal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Who {
    /// The tenant.
    pub tenant: TenantId,
    /// The user.
    pub user: UserId,
}

/// The record of an access token, and of the refresh token made with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct TokenIssued {
    /// The `jti` of the access token: it names the token and opens nothing.
    pub token: TokenId,
    /// What may be said about the randomness of both.
    pub entropy: Stamp,
}

/// How much an event matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum Level {
    /// All went as it should.
    Info,
    /// The caller or a party outside failed.
    Warn,
    /// The gateway or its platform failed.
    Error,
}

#[derive(Serialize)]
struct Line<'a> {
    time_ms: Timestamp,
    level: Level,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<&'a CorrelationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<TraceId>,
    #[serde(flatten)]
    event: &'a Event,
}

impl Event {
    /// The line for the log. An event outside any request has no correlation id and no trace.
    pub fn render(&self, now: Timestamp, correlation: Option<&CorrelationId>, trace_id: Option<TraceId>) -> String {
        let line = Line { time_ms: now, level: self.level(), correlation_id: correlation, trace_id, event: self };
        serde_json::to_string(&line).unwrap_or_else(|_| r#"{"level":"error","event":"log.unrenderable"}"#.to_owned())
    }
}

impl From<&Change> for Event {
    fn from(change: &Change) -> Self {
        match change {
            Change::ProviderFailed { provider, failure, consecutive } => Self::ProviderFailed {
                provider: provider.as_str(),
                reason: failure.to_string(),
                consecutive: *consecutive,
            },
            Change::ProviderQuarantined { provider, failure } => {
                Self::ProviderQuarantined { provider: provider.as_str(), reason: failure.to_string() }
            }
            Change::ProviderRecovered { provider } => Self::ProviderRecovered { provider: provider.as_str() },
            Change::LabelChanged { from, to } => Self::EntropyLabelChanged { from: from.as_str(), to: to.as_str() },
        }
    }
}

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
