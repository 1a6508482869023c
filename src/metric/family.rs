//! Every family of metrics that is gathered by isolates, once.

use super::exposition::Kind;
use serde::{Deserialize, Serialize};

/// A family: series of one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Requests to the gateway.
    Requests,
    /// Tool calls, by how long they took.
    Operations,
    /// Tool calls, by tool and outcome.
    ToolCalls,
    /// Requests to upstreams.
    UpstreamRequests,
    /// Credentials that were looked at.
    AuthResults,
    /// Refusals.
    Problems,
    /// Limits that were hit.
    LimitsHit,
    /// Sessions that were revoked.
    Revocations,
    /// Questions for a lease.
    Leases,
    /// Calls that leases gave.
    LeasedCalls,
    /// Questions to parts of the platform.
    PlatformOperations,
    /// Looks into what an isolate remembers.
    CacheLookups,
    /// Isolates that began.
    IsolateStarts,
    /// Turns of breakers.
    BreakerChanges,
    /// Changes of what upstreams offer.
    DriftEvents,
    /// What guardrails found.
    GuardFindings,
    /// Lines of the log.
    LogEvents,
    /// Runs of the schedule.
    ScheduleRuns,
    /// Messages to webhooks.
    WebhookMessages,
    /// What found no series of its own.
    Overflow,
}

/// What is said of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Described {
    /// Its name.
    pub name: &'static str,
    /// What its numbers mean.
    pub kind: Kind,
    /// The names of its labels, in the order of their values.
    pub labels: &'static [&'static str],
    /// One line for the reader.
    pub help: &'static str,
}

impl Family {
    /// Every family, in the order they are told.
    pub const ALL: [Self; 20] = [
        Self::Requests,
        Self::Operations,
        Self::ToolCalls,
        Self::UpstreamRequests,
        Self::AuthResults,
        Self::Problems,
        Self::LimitsHit,
        Self::Revocations,
        Self::Leases,
        Self::LeasedCalls,
        Self::PlatformOperations,
        Self::CacheLookups,
        Self::IsolateStarts,
        Self::BreakerChanges,
        Self::DriftEvents,
        Self::GuardFindings,
        Self::LogEvents,
        Self::ScheduleRuns,
        Self::WebhookMessages,
        Self::Overflow,
    ];

    /// What is said of it.
    #[rustfmt::skip]
    pub const fn described(self) -> Described {
        match self {
            Self::Requests => times("http_server_request_duration_seconds", &["http_request_method", "http_route", "http_response_status_code"], "Requests that were answered, by how long that took."),
            Self::Operations => times("mcp_server_operation_duration_seconds", &["mcp_method_name", "tenant", "upstream", "error_type"], "Calls of tools, by how long they took. No error_type where all went well."),
            Self::ToolCalls => counter("mcp_gateway_tool_calls_total", &["tenant", "upstream", "tool", "outcome"], "Calls of tools, by tool and outcome."),
            Self::UpstreamRequests => times("http_client_request_duration_seconds", &["tenant", "upstream", "error_type"], "What upstreams were asked, by how long that took. No error_type where they answered."),
            Self::AuthResults => counter("mcp_gateway_auth_results_total", &["credential", "result"], "Credentials that were shown, and what came of it."),
            Self::Problems => counter("mcp_gateway_problems_total", &["problem", "status"], "Requests that were refused, by the kind of problem."),
            Self::LimitsHit => counter("mcp_gateway_limits_hit_total", &["tenant", "limit"], "Requests and calls that met a limit."),
            Self::Revocations => counter("mcp_gateway_revocations_total", &["cause"], "Sessions that ended before their time."),
            Self::Leases => counter("mcp_gateway_leases_total", &["result"], "Questions to gates for calls in advance."),
            Self::LeasedCalls => counter("mcp_gateway_leased_calls_total", &[], "Calls that gates gave in advance."),
            Self::PlatformOperations => counter("mcp_gateway_platform_operations_total", &["part"], "Questions to parts of the platform."),
            Self::CacheLookups => counter("mcp_gateway_cache_lookups_total", &["cache", "result"], "Looks into what isolates remember."),
            Self::IsolateStarts => counter("mcp_gateway_isolate_starts_total", &[], "Isolates that served their first request."),
            Self::BreakerChanges => counter("mcp_gateway_upstream_breaker_changes_total", &["tenant", "upstream", "state"], "Turns of breakers, each in one isolate, by the state they turned to."),
            Self::DriftEvents => counter("mcp_gateway_drift_events_total", &["tenant", "upstream", "happening", "verdict"], "What happened to things that upstreams offer."),
            Self::GuardFindings => counter("mcp_gateway_guard_findings_total", &["detector"], "What guardrails found in calls, by detector."),
            Self::LogEvents => counter("mcp_gateway_log_events_total", &["event", "level"], "Lines of the log."),
            Self::ScheduleRuns => counter("mcp_gateway_schedule_runs_total", &["outcome"], "Runs of the schedule."),
            Self::WebhookMessages => counter("mcp_gateway_webhook_messages_total", &["outcome"], "Attempts to send messages to webhooks."),
            Self::Overflow => counter("mcp_gateway_metrics_overflow_total", &["family"], "What was not counted, because its family has as many series as it may have."),
        }
    }
}

const fn counter(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Described {
    Described { name, kind: Kind::Counter, labels, help }
}

const fn times(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Described {
    Described { name, kind: Kind::Histogram, labels, help }
}
