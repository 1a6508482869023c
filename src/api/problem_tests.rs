use super::{ArgumentError, Limit, Problem};
use crate::api::challenge::Realm;
use crate::config::ConfigProblem;
use crate::gate::bucket::Policy;
use crate::id::CorrelationId;
use crate::json::JsonError;
use crate::plan::{Reached, Whose};
use crate::time::Lifetime;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const POLICY: Policy = Policy { burst: 20, per_minute: 600 };

fn all() -> Vec<Problem> {
    vec![
        Problem::Misconfigured(vec![ConfigProblem::new("SIGNING_KEY", "is missing")]),
        Problem::HostNotAllowed,
        Problem::OriginNotAllowed,
        Problem::NotFound,
        Problem::MethodNotAllowed { allow: "POST, OPTIONS".into() },
        Problem::UnsupportedMediaType { takes: "application/json" },
        Problem::Json(JsonError::TooLarge { max_bytes: 9 }),
        Problem::Json(JsonError::DuplicateMember { name: "a".into() }),
        Problem::InvalidBody("missing field `tool`".into()),
        Problem::MissingCredentials,
        Problem::NotTheOperator,
        Problem::InvalidToken("SECRET".into()),
        Problem::InsufficientScope { needed: &["tools:call", "tools:read"] },
        Problem::InvalidLogin("SECRET".into()),
        Problem::InvalidRefreshToken("SECRET".into()),
        Problem::RateLimited { limit: Limit::Calls(POLICY), retry_after: Lifetime::from_millis(100) },
        Problem::RateLimited { limit: Limit::Source, retry_after: Lifetime::from_millis(0) },
        Problem::RateLimited { limit: Limit::Account, retry_after: Lifetime::from_seconds(4) },
        of_plan(Whose::Tenant, None, Reached::Rate(POLICY)),
        of_plan(Whose::Principal, Some("files__read"), Reached::Concurrent(5)),
        of_plan(Whose::Tenant, Some("files__read"), Reached::Daily(100)),
        of_plan(Whose::Principal, None, Reached::Monthly(2000)),
        Problem::Unavailable { part: "D1", reason: "SECRET".into() },
        Problem::UnknownTool,
        Problem::InvalidArguments(vec![ArgumentError { pointer: "/a".into(), problem: "must be a string".into() }]),
        Problem::UpstreamFailed { detail: "the upstream files failed".into(), timeout: false },
        Problem::UpstreamFailed { detail: "the upstream files was too slow".into(), timeout: true },
        Problem::UpstreamAway {
            detail: "the upstream files is left alone".into(),
            retry_after: Lifetime::from_millis(4_001),
        },
        Problem::Internal("SECRET".into()),
    ]
}

fn of_plan(whose: Whose, tool: Option<&str>, reached: Reached) -> Problem {
    let limit = Limit::Plan { whose, tool: tool.map(str::to_owned), reached };
    Problem::RateLimited { limit, retry_after: Lifetime::from_seconds(9) }
}

#[test]
fn a_limit_of_a_plan_says_whose_it_is_for_which_tool_and_when_to_come_back() {
    for (problem, detail) in [
        (
            of_plan(Whose::Tenant, None, Reached::Rate(POLICY)),
            "your tenant's limit of 20 calls at once and 600 a minute is reached; retry after 9 s",
        ),
        (
            of_plan(Whose::Principal, Some("files__read"), Reached::Concurrent(5)),
            "your limit of 5 calls at the same time for the tool files__read is reached; retry after 9 s",
        ),
        (
            of_plan(Whose::Principal, None, Reached::Daily(100)),
            "your limit of 100 calls a day (UTC) is reached; retry after 9 s",
        ),
        (
            of_plan(Whose::Tenant, Some("files__read"), Reached::Monthly(7)),
            "your tenant's limit of 7 calls a month (UTC) for the tool files__read is reached; retry after 9 s",
        ),
    ] {
        assert_eq!(problem.detail(), detail);
    }
}

/// The whole table of refusals, as it stands on the wire.
#[test]
fn every_problem_has_its_status_and_headers() {
    let table: Vec<String> = all()
        .iter()
        .map(|problem| {
            let reply = problem.reply(&CorrelationId::parse("c-1").unwrap(), Realm::of("https://gw"));
            let headers = reply.headers.iter().filter(|(name, _)| !["content-type", "cache-control"].contains(name));
            let headers: Vec<_> = headers.map(|(name, value)| format!("{name}: {value}")).collect();
            format!("{} {} {}", reply.status, problem.name(), headers.join(" | ")).trim_end().to_owned()
        })
        .collect();
    let expected = [
        "503 misconfigured retry-after: 5",
        "421 host-not-allowed",
        "403 origin-not-allowed",
        "404 not-found",
        "405 method-not-allowed allow: POST, OPTIONS",
        "415 unsupported-media-type",
        "413 body-too-large",
        "400 malformed-json",
        "400 invalid-body",
        "401 missing-credentials www-authenticate: Bearer \
         resource_metadata=\"https://gw/.well-known/oauth-protected-resource/mcp\", scope=\"tools:call tools:read\"",
        "401 not-the-operator www-authenticate: Bearer realm=\"https://gw\"",
        "401 invalid-token www-authenticate: Bearer error=\"invalid_token\", \
         error_description=\"invalid, expired or revoked\", \
         resource_metadata=\"https://gw/.well-known/oauth-protected-resource/mcp\", scope=\"tools:call tools:read\"",
        "403 insufficient-scope www-authenticate: Bearer error=\"insufficient_scope\", \
         error_description=\"this needs the scope tools:call tools:read\", \
         resource_metadata=\"https://gw/.well-known/oauth-protected-resource/mcp\", scope=\"tools:call tools:read\"",
        "401 invalid-login",
        "401 invalid-refresh-token",
        "429 rate-limited retry-after: 1 | ratelimit-policy: \"calls\";q=20;w=2 | ratelimit: \"calls\";r=0;t=1",
        "429 rate-limited retry-after: 1",
        "429 rate-limited retry-after: 4",
        "429 rate-limited retry-after: 9 | ratelimit-policy: \"calls\";q=20;w=2 | ratelimit: \"calls\";r=0;t=9",
        "429 rate-limited retry-after: 9",
        "429 rate-limited retry-after: 9 | ratelimit-policy: \"daily\";q=100 | ratelimit: \"daily\";r=0;t=9",
        "429 rate-limited retry-after: 9 | ratelimit-policy: \"monthly\";q=2000 | ratelimit: \"monthly\";r=0;t=9",
        "503 unavailable retry-after: 5",
        "404 unknown-tool",
        "422 invalid-arguments",
        "502 upstream-failed",
        "504 upstream-timeout",
        "503 upstream-away retry-after: 5",
        "500 internal",
    ];
    assert_eq!(table, expected);
}

#[test]
fn a_reason_for_the_log_is_never_told_to_the_caller() {
    for problem in all() {
        let reply = problem.reply(&CorrelationId::parse("c-1").unwrap(), Realm::of("https://gw"));
        assert!(!String::from_utf8(reply.body).unwrap().contains("SECRET"), "{problem:?}");
    }
}

#[test]
fn a_problem_document_is_whole() {
    let reply = Problem::UnknownTool.reply(&CorrelationId::parse("c-1").unwrap(), Realm::of("https://gw"));
    assert_eq!(
        String::from_utf8(reply.body).unwrap(),
        r#"{"type":"urn:mcp-secure-gateway:problem:unknown-tool","title":"Unknown tool","status":404,"detail":"no tool of that name; see /mcp/tools","correlation_id":"c-1"}"#
    );
}
