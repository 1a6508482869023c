//! What can go wrong with an upstream.

use super::UntrustedText;
use crate::credential::held::Withheld;
use crate::outbound::OutboundFailure;
use crate::time::Lifetime;

/// A failure with the name of the upstream it belongs to; never its address, never anything it said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the upstream {upstream:?} {problem}")]
pub struct UpstreamFailure {
    /// The upstream's name.
    pub upstream: String,
    /// What went wrong.
    pub problem: UpstreamProblem,
}

/// What can go wrong with an upstream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamProblem {
    /// The deadline passed.
    #[error("did not answer in time")]
    Timeout,
    /// No connection, or it broke.
    #[error("could not be reached")]
    Unreachable,
    /// It wanted to send the gateway elsewhere.
    #[error("answered with a redirect, which is never followed")]
    Redirected,
    /// More bytes than allowed.
    #[error("answered with more than is allowed")]
    TooLarge,
    /// There is a credential for it that cannot be shown.
    #[error(transparent)]
    Withheld(#[from] Withheld),
    /// An HTTP status that is not the protocol's.
    #[error("answered with HTTP status {0}")]
    Status(u16),
    /// An answer the protocol does not allow.
    #[error("broke the protocol: {0}")]
    Protocol(ProtocolBreach),
    /// An error of the upstream itself. Its message is for the log, never for a caller.
    #[error("answered with error {code}")]
    Rpc {
        /// The JSON-RPC error code.
        code: i64,
        /// The message, cut to 200 characters and without control characters.
        message: UntrustedText,
    },
    /// Its OpenAPI document cannot be had, or cannot be used: why, as the end of a sentence about it.
    #[error("has an OpenAPI document that {0}")]
    Document(String),
    /// Its address or credential cannot be used.
    #[error("is not configured correctly")]
    Misconfigured,
    /// What it is kept in is not bound to the gateway, or not given to the tenant.
    #[error("is kept where this gateway has nothing for your team; nothing was done")]
    Unbound,
    /// It has too much to do, and said when to come back (RFC 9110 section 10.2.3).
    #[error("answered with HTTP status {status}; retry after {} s", retry_after.seconds_ceil())]
    Busy {
        /// 429 or 503.
        status: u16,
        /// When to come back.
        retry_after: Lifetime,
    },
    /// It failed so often that it is not asked for a while.
    #[error("failed too often and is left alone; nothing was sent; retry after {} s", retry_after.seconds_ceil())]
    Resting {
        /// When it is asked again.
        retry_after: Lifetime,
    },
    /// What it offers under a name is not what was approved.
    #[error(
        "offers there something that was not approved, or that changed since it was; nothing was sent; an administrator has to look at it first"
    )]
    Quarantined,
    /// As many requests as it may have are under way already.
    #[error("has as many requests under way as it may have; nothing was sent; retry after 1 s")]
    Crowded,
}

/// How an answer broke the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProtocolBreach {
    /// Neither JSON nor an event stream.
    #[error("the answer is neither JSON nor an event stream")]
    MediaType,
    /// Not one strict JSON document, or not a stream of them.
    #[error("the answer is not well-formed")]
    Malformed,
    /// Not a JSON-RPC 2.0 response.
    #[error("the answer is not a JSON-RPC response")]
    NotAResponse,
    /// A response to something else, or none at all.
    #[error("the answer does not carry the request's id")]
    WrongId,
    /// A server that asks its client, which this client said it cannot do.
    #[error("the server asked the gateway to do something")]
    ServerRequest,
    /// A result without what its method promises.
    #[error("the result does not have its method's form")]
    Result,
    /// No revision in common.
    #[error("no protocol revision in common")]
    Revision,
    /// A session id with characters a header cannot carry.
    #[error("the session id is not valid")]
    SessionId,
    /// A stream that goes on and on without its answer.
    #[error("the stream goes on without an answer")]
    EndlessStream,
    /// Pages without end, or a cursor that came twice.
    #[error("the list of tools does not end")]
    EndlessList,
    /// A result that wants more input, or comes later.
    #[error("the result is not complete, and the gateway cannot wait for it")]
    Incomplete,
    /// Structured content that does not fit the tool's own output schema.
    #[error("the structured content does not fit the tool's output schema")]
    OutputSchema,
}

impl UpstreamProblem {
    /// The page of the gateway on which a person can do something about it.
    pub fn page(&self) -> Option<&str> {
        match self {
            Self::Withheld(Withheld::ConnectFirst { page }) => Some(page),
            _ => None,
        }
    }
}

impl From<OutboundFailure> for UpstreamProblem {
    fn from(failure: OutboundFailure) -> Self {
        match failure {
            OutboundFailure::Timeout => Self::Timeout,
            OutboundFailure::Unreachable => Self::Unreachable,
            OutboundFailure::TooLarge => Self::TooLarge,
            OutboundFailure::Redirected => Self::Redirected,
        }
    }
}

impl From<ProtocolBreach> for UpstreamProblem {
    fn from(breach: ProtocolBreach) -> Self {
        Self::Protocol(breach)
    }
}
