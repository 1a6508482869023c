//! Which refusals each endpoint has. Statuses, header fields and examples are made by the refusals themselves.

use super::{admin, oauth, people};
use crate::admin::operation::Operation;
use crate::api::body::{ExecuteRequest, LoginRequest, RefreshRequest, parse};
use crate::api::introspection::{FORM, IntrospectionRequest};
use crate::api::problem::{ArgumentError, BEGUN, Limit, Problem, QUARANTINED, TOO_LONG};
use crate::api::route::Endpoint;
use crate::gate::bucket::Policy;
use crate::json::{JsonError, REQUEST_CAPS};
use crate::mcp::headers::NAME;
use crate::mcp::refusal::{BatchProblem, Fault, HeaderProblem};
use crate::scope::{TO_CALL, TO_LIST};
use crate::time::Lifetime;
use crate::upstream::{UpstreamFailure, UpstreamProblem};
use serde::de::DeserializeOwned;

/// The default rate of a caller.
pub const CALLS: Policy = Policy { burst: 20, per_minute: 600 };

/// Every refusal of an endpoint that is a problem document.
pub fn problems(endpoint: Endpoint) -> Vec<Problem> {
    let own = match endpoint {
        Endpoint::Admin(operation) => administration(operation),
        Endpoint::Login => [body::<LoginRequest>(), login()].concat(),
        Endpoint::Refresh => [body::<RefreshRequest>(), refresh()].concat(),
        Endpoint::Logout => [credentials(), vec![away("the gate")]].concat(),
        Endpoint::Me => [credentials(), vec![limited(), away("the gate")]].concat(),
        Endpoint::Introspect => [form(), credentials(), vec![limited(), away("the gate")]].concat(),
        Endpoint::ListTools => [credentials(), vec![scope(TO_LIST), limited(), away("the gate")]].concat(),
        Endpoint::ExecuteTool => {
            [body::<ExecuteRequest>(), credentials(), vec![scope(TO_CALL), limited()], execute()].concat()
        }
        Endpoint::Mcp | Endpoint::McpStream | Endpoint::McpEnd => protocol(endpoint),
        Endpoint::EntropyStatus | Endpoint::Metrics => vec![Problem::NotTheOperator, away("the entropy hub")],
        Endpoint::Docs | Endpoint::PageFiles | Endpoint::Console => vec![Problem::NotFound, away("the static files")],
        Endpoint::Authorize
        | Endpoint::SignIn
        | Endpoint::LeaveToProvider
        | Endpoint::ComeBack
        | Endpoint::Consent
        | Endpoint::SwitchAccount
        | Endpoint::Token
        | Endpoint::RevokeToken
        | Endpoint::Register
        | Endpoint::Account
        | Endpoint::EndSession
        | Endpoint::SignOut
        | Endpoint::SignedOut => oauth::problems(endpoint),
        Endpoint::SignInCode
        | Endpoint::Setup
        | Endpoint::SetUp
        | Endpoint::Join
        | Endpoint::UseCode
        | Endpoint::People
        | Endpoint::ChangePeople
        | Endpoint::Approvals
        | Endpoint::DecideApproval
        | Endpoint::Drift
        | Endpoint::DecideDrift
        | Endpoint::Connections
        | Endpoint::ChangeConnection
        | Endpoint::Connected
        | Endpoint::Password
        | Endpoint::ChangePassword
        | Endpoint::SecondFactor
        | Endpoint::ChangeSecondFactor => people::problems(endpoint),
        Endpoint::Health
        | Endpoint::Live
        | Endpoint::Ready
        | Endpoint::Status
        | Endpoint::Jwks
        | Endpoint::GatewayMetadata
        | Endpoint::ResourceMetadata
        | Endpoint::IssuerMetadata
        | Endpoint::OpenIdMetadata
        | Endpoint::OpenApi => Vec::new(),
    };
    [own, everywhere()].concat()
}

fn protocol(endpoint: Endpoint) -> Vec<Problem> {
    if endpoint == Endpoint::Mcp {
        let broken = Problem::InvalidBody("the body ended early".to_owned());
        return [vec![broken], credentials(), vec![scope(TO_CALL)], vec![limited(), away("the gate")]].concat();
    }
    let allow = "POST, OPTIONS".to_owned();
    [credentials(), vec![Problem::MethodNotAllowed { allow }, limited(), away("the gate")]].concat()
}

fn administration(operation: Operation) -> Vec<Problem> {
    let own = operation.spec().map(admin::problems).unwrap_or_default();
    [credentials(), vec![limited(), away("the gate")], own].concat()
}

/// Every refusal of an endpoint that is a JSON-RPC error and not a status of 200.
pub fn faults(endpoint: Endpoint) -> Vec<(&'static str, Fault)> {
    match endpoint {
        Endpoint::Mcp => posted(),
        Endpoint::McpStream => {
            vec![("unknown-session", Fault::UnknownSession), ("not-acceptable", Fault::NoStream)]
        }
        Endpoint::McpEnd => vec![("unknown-session", Fault::UnknownSession)],
        _ => Vec::new(),
    }
}

fn posted() -> Vec<(&'static str, Fault)> {
    let retry_after = Lifetime::from_seconds(1);
    let max_bytes = REQUEST_CAPS.max_bytes;
    let missing_name = Fault::Header { header: NAME.to_owned(), problem: HeaderProblem::Missing };
    vec![
        ("malformed-json", Fault::Json(JsonError::Malformed { line: 1, column: 2 })),
        ("batch-in-another-revision", Fault::Batch(BatchProblem::NotInThisRevision)),
        ("header-mismatch", missing_name),
        ("unsupported-version", Fault::UnsupportedVersion { requested: "2024-10-07".to_owned() }),
        ("missing-capability", Fault::MissingCapability { required: Box::default() }),
        ("method-not-found", Fault::MethodNotFound),
        ("unknown-session", Fault::UnknownSession),
        ("not-acceptable", Fault::NotAcceptable),
        ("body-too-large", Fault::Json(JsonError::TooLarge { max_bytes })),
        ("unsupported-media-type", Fault::ContentType),
        ("rate-limited", Fault::RateLimited { limit: Limit::Calls(CALLS).to_string(), retry_after }),
        ("unavailable", Fault::Unavailable { retry_after }),
    ]
}

/// The refusals of a request to a path the gateway has not, or by a method the path has not.
pub fn without_route() -> [(&'static str, Problem); 2] {
    let allow = "POST, OPTIONS".to_owned();
    [("NotFound", Problem::NotFound), ("MethodNotAllowed", Problem::MethodNotAllowed { allow })]
}

fn everywhere() -> Vec<Problem> {
    let missing = crate::config::ConfigProblem::new("SIGNING_KEY", "is missing");
    vec![Problem::HostNotAllowed, Problem::OriginNotAllowed, Problem::Misconfigured(vec![missing])]
}

/// What the product says to no JSON, to an object without members, to too much and to another media type.
pub fn body<T: DeserializeOwned>() -> Vec<Problem> {
    let json = Some("application/json");
    let told = [parse::<T>(json, b"{"), parse::<T>(json, b"{}"), parse::<T>(Some("text/plain"), b"{}")];
    told.into_iter().filter_map(Result::err).chain([too_large()]).collect()
}

/// What the product says to a form with the token twice, to too much and to another media type.
fn form() -> Vec<Problem> {
    let told = [(FORM, "token=a&token=b"), ("application/json", "{}")]
        .map(|(kind, body)| IntrospectionRequest::parse(Some(kind), body.as_bytes()));
    told.into_iter().filter_map(Result::err).chain([too_large()]).collect()
}

const fn too_large() -> Problem {
    Problem::Json(JsonError::TooLarge { max_bytes: REQUEST_CAPS.max_bytes })
}

fn credentials() -> Vec<Problem> {
    vec![Problem::MissingCredentials, Problem::InvalidToken(String::new())]
}

fn login() -> Vec<Problem> {
    let retry_after = Lifetime::from_seconds(4);
    vec![
        Problem::InvalidLogin(String::new()),
        Problem::RateLimited { limit: Limit::Account, retry_after },
        away("the database"),
        Problem::Internal(String::new()),
    ]
}

fn refresh() -> Vec<Problem> {
    vec![Problem::InvalidRefreshToken(String::new()), away("the gate"), Problem::Internal(String::new())]
}

fn execute() -> Vec<Problem> {
    let error = ArgumentError { pointer: "/location".to_owned(), problem: "must be a string".to_owned() };
    vec![
        Problem::UnknownTool,
        Problem::CallForbidden,
        Problem::Guarded {
            detail: "a guardrail of your team refuses the arguments (api_key); nothing was sent".to_owned(),
        },
        Problem::ApprovalNeeded { id: "nO8kQx2mD1aVb3c4e5f6g7h8i9j0kA1B2C3D4E5F6Gc".to_owned() },
        Problem::InvalidArguments(vec![error]),
        upstream(UpstreamProblem::Unreachable),
        upstream(UpstreamProblem::Timeout),
        upstream(UpstreamProblem::Resting { retry_after: Lifetime::from_seconds(5) }),
        Problem::InvalidBody("the idempotency key has 1 to 128 visible ASCII characters".to_owned()),
        Problem::KeyReused,
        Problem::Conflict(BEGUN),
        Problem::Conflict(TOO_LONG),
        Problem::Conflict(QUARANTINED),
        away("the gate"),
    ]
}

fn upstream(problem: UpstreamProblem) -> Problem {
    UpstreamFailure { upstream: "files".to_owned(), problem }.into()
}

const fn scope(needed: &'static [&'static str]) -> Problem {
    Problem::InsufficientScope { needed }
}

const fn limited() -> Problem {
    Problem::RateLimited { limit: Limit::Calls(CALLS), retry_after: Lifetime::from_millis(100) }
}

const fn away(part: &'static str) -> Problem {
    Problem::Unavailable { part, reason: String::new() }
}
