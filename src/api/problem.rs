//! Everything that can be refused, and how a refusal looks: problem documents (RFC 9457).
//!
//! A variant carries facts for the log. What a caller sees comes from one exhaustive map, says what to mend, and never
//! carries a secret, an upstream's words or an inner error.

use crate::admin::order::InvalidOrder;
use crate::api::challenge::Realm;
use crate::api::reply::Reply;
use crate::config::ConfigProblem;
use crate::id::CorrelationId;
use crate::json::JsonError;
use crate::oauth::error::{Code, OAuthError};
use crate::time::Lifetime;
use serde::Serialize;

mod called;
mod limit;

pub use called::{BEGUN, QUARANTINED, TOO_LONG};
pub use limit::Limit;

const CHALLENGE: &str = "www-authenticate";
/// The part that is asked while something is done already.
pub const AUDIT_TRAIL: &str = "the audit trail";

/// A refused request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Settings are missing or wrong: nothing is served.
    #[error("misconfigured: {}", list(.0))]
    Misconfigured(Vec<ConfigProblem>),
    /// `Host` is not a name of this gateway.
    #[error("host not allowed")]
    HostNotAllowed,
    /// Pages of that `Origin` may not call this.
    #[error("origin not allowed")]
    OriginNotAllowed,
    /// The operator's own credential is missing or wrong, or none is configured.
    #[error("not the operator's credential")]
    NotTheOperator,
    /// No such route.
    #[error("no such route")]
    NotFound,
    /// The route has other methods.
    #[error("method not allowed")]
    MethodNotAllowed {
        /// The value of `Allow`.
        allow: String,
    },
    /// The body is of another media type than the route takes.
    #[error("unsupported media type")]
    UnsupportedMediaType {
        /// The media type it takes.
        takes: &'static str,
    },
    /// The body is not one strict JSON document.
    #[error("{0}")]
    Json(JsonError),
    /// The body is JSON but not what the route takes.
    #[error("invalid body: {0}")]
    InvalidBody(String),
    /// No credentials were sent.
    #[error("missing credentials")]
    MissingCredentials,
    /// The access token is not good. The reason is for the log.
    #[error("invalid token: {0}")]
    InvalidToken(String),
    /// The access token may not do this.
    #[error("insufficient scope: needs {}", needed.join(" "))]
    InsufficientScope {
        /// All that the operation needs.
        needed: &'static [&'static str],
    },
    /// The caller's role does not reach this.
    #[error("forbidden: for {whom}")]
    Forbidden {
        /// Whom it is for, in words.
        whom: &'static str,
    },
    /// A policy of the tenant does not allow the call.
    #[error("a policy does not allow the call")]
    CallForbidden,
    /// A guardrail of the tenant refuses the call's arguments, or withholds its result. The detail names what refuses, never what
    /// was found.
    #[error("guarded: {detail}")]
    Guarded {
        /// What can be told.
        detail: String,
    },
    /// A policy of the tenant wants a person to approve the call first.
    #[error("approval needed: {id}")]
    ApprovalNeeded {
        /// What waits.
        id: String,
    },
    /// What the path names is not there, or is another tenant's.
    #[error("no such thing")]
    NoSuchThing,
    /// A change must say which version it changes.
    #[error("no version was given")]
    VersionNeeded,
    /// What was to be changed is in another version by now.
    #[error("another version")]
    VersionPassed,
    /// What was ordered does not go together with what there is.
    #[error("conflict: {0}")]
    Conflict(&'static str),
    /// An idempotency key came again with another order.
    #[error("an idempotency key of another order")]
    KeyReused,
    /// The login was refused. The reason is for the log.
    #[error("login refused: {0}")]
    InvalidLogin(String),
    /// The refresh token was refused. The reason is for the log.
    #[error("refresh refused: {0}")]
    InvalidRefreshToken(String),
    /// Too many requests.
    #[error("rate limited: {limit}")]
    RateLimited {
        /// Which limit.
        limit: Limit,
        /// When to come back.
        retry_after: Lifetime,
    },
    /// A part of the gateway does not answer, so the truth is unknown. The reason is for the log.
    #[error("unavailable: {part}: {reason}")]
    Unavailable {
        /// Which part.
        part: &'static str,
        /// Why.
        reason: String,
    },
    /// No tool of that name is visible to the caller.
    #[error("unknown tool")]
    UnknownTool,
    /// The arguments do not fit the tool's schema.
    #[error("invalid arguments")]
    InvalidArguments(Vec<ArgumentError>),
    /// The tool's upstream failed. `timeout` tells 504 from 502.
    #[error("upstream failed: {detail}")]
    UpstreamFailed {
        /// What can be told: the upstream's name and the kind of failure.
        detail: String,
        /// Whether it was too slow.
        timeout: bool,
    },
    /// The tool's upstream is not asked now, or wants to be asked later.
    #[error("upstream not asked: {detail}")]
    UpstreamAway {
        /// What can be told: the upstream's name, and why.
        detail: String,
        /// When to come back.
        retry_after: Lifetime,
    },
    /// What an OAuth client asked for was refused. The reason is for the log.
    #[error("{error}{}{reason}", if reason.is_empty() { "" } else { "; " })]
    OAuth {
        /// What the client is told.
        error: OAuthError,
        /// Why, where the client is told less.
        reason: String,
    },
    /// A page's form was posted by another browser, again, or too late.
    #[error("a form that is stale or another browser's")]
    StaleForm,
    /// A defect of the gateway. The reason is for the log.
    #[error("internal: {0}")]
    Internal(String),
}

/// One offence against a tool's schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct ArgumentError {
    /// JSON Pointer (RFC 6901) into the arguments.
    pub pointer: String,
    /// What is wrong there.
    pub problem: String,
}

/// A problem document (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct ProblemDocument {
    /// Stable name of the kind of problem.
    #[serde(rename = "type")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(extend("format" = "uri")))]
    pub kind: String,
    /// The kind in words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong this time.
    pub detail: String,
    /// Ties this answer to the log.
    pub correlation_id: String,
    /// What is wrong with a tool's arguments.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ArgumentError>,
}

/// The name of a kind, its status and its title.
type Kind = (&'static str, u16, &'static str);

impl Problem {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.kind().1
    }

    /// The stable name of the kind, also used in the log.
    pub fn name(&self) -> &'static str {
        self.kind().0
    }

    /// The name of the limit that was met, if that is the problem.
    pub const fn limit(&self) -> Option<&'static str> {
        if let Self::RateLimited { limit, .. } = self { Some(limit.name()) } else { None }
    }

    /// The problem document as a reply. `realm` is what was to be protected, for `WWW-Authenticate`.
    pub fn reply(&self, correlation: &CorrelationId, realm: Realm<'_>) -> Reply {
        let (name, status, title) = self.kind();
        let document = ProblemDocument {
            kind: format!("urn:mcp-secure-gateway:problem:{name}"),
            title,
            status,
            detail: self.detail(),
            correlation_id: correlation.to_string(),
            errors: if let Self::InvalidArguments(errors) = self { errors.clone() } else { Vec::new() },
        };
        let reply = Reply::typed(status, "application/problem+json; charset=utf-8", &document);
        self.with_headers(reply.with("cache-control", "no-store"), realm)
    }

    /// The kind in words.
    pub fn title(&self) -> &'static str {
        self.kind().2
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Misconfigured(_) => ("misconfigured", 503, "The gateway is not configured"),
            Self::HostNotAllowed => ("host-not-allowed", 421, "Wrong host"),
            Self::OriginNotAllowed => ("origin-not-allowed", 403, "Origin not allowed"),
            Self::NotFound => ("not-found", 404, "No such route"),
            Self::MethodNotAllowed { .. } => ("method-not-allowed", 405, "Method not allowed"),
            Self::UnsupportedMediaType { .. } => ("unsupported-media-type", 415, "Unsupported media type"),
            Self::Json(JsonError::TooLarge { .. }) => ("body-too-large", 413, "Body too large"),
            Self::Json(JsonError::NotAnObject) | Self::InvalidBody(_) => ("invalid-body", 400, "Invalid body"),
            Self::Json(_) => ("malformed-json", 400, "Malformed JSON"),
            Self::MissingCredentials => ("missing-credentials", 401, "Not authenticated"),
            Self::NotTheOperator => ("not-the-operator", 401, "For the operator"),
            Self::InvalidToken(_) => ("invalid-token", 401, "Invalid token"),
            Self::InsufficientScope { .. } => ("insufficient-scope", 403, "Insufficient scope"),
            Self::Forbidden { .. } => ("forbidden", 403, "Forbidden"),
            Self::CallForbidden => ("call-forbidden", 403, "Call not allowed"),
            Self::Guarded { .. } => ("guarded", 403, "Refused by a guardrail"),
            Self::ApprovalNeeded { .. } => ("approval-needed", 403, "Approval needed"),
            Self::NoSuchThing => ("no-such-thing", 404, "Not found"),
            Self::VersionNeeded => ("version-needed", 428, "Precondition required"),
            Self::VersionPassed => ("version-passed", 412, "Precondition failed"),
            Self::Conflict(_) => ("conflict", 409, "Conflict"),
            Self::KeyReused => ("idempotency-key-reused", 422, "Idempotency key reused"),
            Self::InvalidLogin(_) => ("invalid-login", 401, "Login failed"),
            Self::InvalidRefreshToken(_) => ("invalid-refresh-token", 401, "Refresh failed"),
            Self::RateLimited { .. } => ("rate-limited", 429, "Too many requests"),
            Self::Unavailable { .. } => ("unavailable", 503, "Temporarily unavailable"),
            Self::UnknownTool => ("unknown-tool", 404, "Unknown tool"),
            Self::InvalidArguments(_) => ("invalid-arguments", 422, "Invalid arguments"),
            Self::UpstreamFailed { timeout: false, .. } => ("upstream-failed", 502, "Upstream failed"),
            Self::UpstreamFailed { timeout: true, .. } => ("upstream-timeout", 504, "Upstream too slow"),
            Self::UpstreamAway { .. } => ("upstream-away", 503, "Upstream not available now"),
            Self::OAuth { error, .. } => (error.code.as_str(), error.code.status(), "OAuth request refused"),
            Self::StaleForm => ("stale-form", 400, "Form out of date"),
            Self::Internal(_) => ("internal", 500, "Internal error"),
        }
    }

    /// What is wrong, in words for whoever asked.
    pub fn detail(&self) -> String {
        match self {
            Self::Misconfigured(problems) => list(problems),
            Self::HostNotAllowed => "this gateway does not answer for that host".into(),
            Self::OriginNotAllowed => "this route may not be called by pages of that origin".into(),
            Self::NotFound => "see /openapi.json for the routes".into(),
            Self::MethodNotAllowed { allow } => format!("this route takes {allow}"),
            Self::UnsupportedMediaType { takes } => format!("send content-type: {takes}"),
            Self::Json(error) => error.to_string(),
            Self::InvalidBody(what) => what.clone(),
            Self::MissingCredentials => "send authorization: Bearer with an access token from /auth/login".into(),
            Self::NotTheOperator => {
                "send authorization: Bearer with the METRICS_TOKEN of this gateway, if it has one".into()
            }
            Self::InvalidToken(_) => "the access token is invalid, expired or revoked".into(),
            Self::InsufficientScope { needed } => format!("this needs the scope {}", needed.join(" ")),
            Self::Forbidden { whom } => format!("this is for {whom}"),
            Self::CallForbidden => "a policy of your team does not allow this call".into(),
            Self::ApprovalNeeded { id } => format!(
                "this call waits for an administrator's approval ({id}): call again with the same arguments once it is given"
            ),
            Self::NoSuchThing => "there is no such thing".into(),
            Self::VersionNeeded => "say which version is to be changed: send if-match with the etag that was read".into(),
            Self::VersionPassed => "it was changed meanwhile: read it again and decide anew".into(),
            Self::Conflict(what) => (*what).to_owned(),
            Self::KeyReused => "this idempotency key came with another order before; use a new one".into(),
            Self::InvalidLogin(_) => "username or password is wrong".into(),
            Self::InvalidRefreshToken(_) => "the refresh token is invalid, expired or used; log in again".into(),
            Self::RateLimited { limit, retry_after } => {
                format!("{limit}; retry after {} s", retry_after.seconds_ceil())
            }
            Self::Unavailable { part: AUDIT_TRAIL, .. } => {
                format!("{AUDIT_TRAIL} does not answer; what was asked may have been done, and is not on record")
            }
            Self::Unavailable { part, .. } => format!("{part} does not answer; nothing was done"),
            Self::UnknownTool => "no tool of that name; see /mcp/tools".into(),
            Self::InvalidArguments(errors) => {
                format!("the arguments do not fit the tool's schema in {} place(s)", errors.len())
            }
            Self::Guarded { detail } | Self::UpstreamFailed { detail, .. } | Self::UpstreamAway { detail, .. } => detail.clone(),
            Self::OAuth { error, .. } => error.words.to_owned(),
            Self::StaleForm => "it was shown to another browser, used already, or left open too long; go back to the app and start again".into(),
            Self::Internal(_) => "something went wrong here; quote the correlation id".into(),
        }
    }

    fn with_headers(&self, reply: Reply, realm: Realm<'_>) -> Reply {
        match self {
            Self::MethodNotAllowed { allow } => reply.with("allow", allow),
            Self::MissingCredentials => reply.with(CHALLENGE, realm.ask()),
            Self::NotTheOperator => reply.with(CHALLENGE, realm.ask_operator()),
            Self::InvalidToken(_) => reply.with(CHALLENGE, realm.refuse_token()),
            Self::InsufficientScope { needed } => reply.with(CHALLENGE, realm.demand(needed)),
            Self::OAuth { error, .. } if error.code == Code::InvalidClient => reply.with(CHALLENGE, realm.ask_client()),
            Self::RateLimited { limit, retry_after } => limit.with_headers(reply, *retry_after),
            Self::UpstreamAway { retry_after, .. } => {
                reply.with("retry-after", retry_after.seconds_ceil().max(1).to_string())
            }
            Self::Unavailable { .. } | Self::Misconfigured(_) => reply.with("retry-after", "5"),
            _ => reply,
        }
    }
}

impl From<InvalidOrder> for Problem {
    fn from(invalid: InvalidOrder) -> Self {
        Self::InvalidBody(invalid.to_string())
    }
}

impl From<OAuthError> for Problem {
    fn from(error: OAuthError) -> Self {
        Self::OAuth { error, reason: String::new() }
    }
}

fn list(problems: &[ConfigProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
#[path = "problem_tests.rs"]
mod tests;
