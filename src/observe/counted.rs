//! What an event means for the metrics.

use super::{Call, Event, Request, TOOL_CALL, Who};
use crate::id::TenantId;
use crate::metric::activity::{BUILT_IN, Ending, Place, minute};
use crate::metric::{Activity, Family, Label, Tally};
use crate::time::{Lifetime, Timestamp};

/// The label of what is not known.
const NONE: &str = "none";

/// Methods that are told by their name; a client may send any other.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// What an isolate gathers.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    /// How often, and how long.
    pub tally: Tally,
    /// When.
    pub activity: Activity,
}

impl Event {
    /// Adds what this event means. `tenant` is whose request it belongs to, where that is known and the event does not say it.
    pub fn count(&self, gathered: &mut Gathered, tenant: Option<&TenantId>, now: Timestamp) {
        let tally = &mut gathered.tally;
        tally.count(Family::LogEvents, [self.name().into(), self.level().as_str().into()], 1);
        match self {
            Self::Request(request) => request.count(gathered, now),
            Self::Call(call) => call.count(gathered, tenant, now),
            Self::SessionRevoked { cause, .. } => tally.count(Family::Revocations, [cause.as_str().into()], 1),
            Self::LoggedIn { .. } | Self::SignedIn { .. } => result(tally, "password", "ok"),
            Self::Refreshed { .. } => result(tally, "refresh_token", "ok"),
            Self::Authorized { .. } => result(tally, "oauth", "ok"),
            Self::SignInRefused { .. } => result(tally, "password", "refused"),
            Self::Drifted { tenant, upstream, happening, verdict, times, .. } => {
                let labels = [of(tenant), Label::Owned(upstream.clone()), (*happening).into(), (*verdict).into()];
                tally.count(Family::DriftEvents, labels, u64::from(*times));
            }
            Self::MessageFailed { .. } => tally.count(Family::WebhookMessages, ["failed".into()], 1),
            _ => {}
        }
    }
}

fn result(tally: &mut Tally, credential: &'static str, result: &'static str) {
    tally.count(Family::AuthResults, [credential.into(), result.into()], 1);
}

fn of(tenant: &TenantId) -> Label {
    Label::Owned(tenant.as_str().to_owned())
}

impl Request {
    fn count(&self, gathered: &mut Gathered, now: Timestamp) {
        let (tally, tenant) = (&mut gathered.tally, self.who.as_ref().map(|who| &who.tenant));
        let method = METHODS.into_iter().find(|method| *method == self.method).unwrap_or("_OTHER");
        let labels = [method.into(), self.route.unwrap_or(NONE).into(), Label::Owned(self.status.to_string())];
        tally.time(Family::Requests, labels, self.duration_ms);
        if let Some(problem) = self.problem {
            tally.count(Family::Problems, [problem.into(), Label::Owned(self.status.to_string())], 1);
            match problem {
                "invalid-login" => result(tally, "password", "refused"),
                "invalid-refresh-token" => result(tally, "refresh_token", "refused"),
                _ => {}
            }
        }
        let limited_call = self.calls.iter().any(|call| call.limit.is_some());
        if let Some(limit) = self.limit.filter(|_| !limited_call) {
            tally.count(Family::LimitsHit, [tenant.map_or(NONE.into(), of), limit.into()], 1);
        }
        self.calls.iter().for_each(|call| call.count(gathered, tenant, now));
        if let (Some(Who { tenant, .. }), true) = (&self.who, self.calls.is_empty()) {
            let place = Place { minute: minute(now), tenant: tenant.clone(), upstream: String::new() };
            gathered.activity.add(place, self.ending(), self.duration_ms);
        }
    }

    const fn ending(&self) -> Ending {
        match self.status {
            _ if self.limit.is_some() => Ending::Limited,
            500.. => Ending::Failed,
            400.. => Ending::Refused,
            _ => Ending::Ok,
        }
    }
}

impl Call {
    fn count(&self, gathered: &mut Gathered, tenant: Option<&TenantId>, now: Timestamp) {
        let (tally, outcome) = (&mut gathered.tally, self.outcome);
        let whose = tenant.map_or(NONE.into(), of);
        let upstream = self.upstream.as_deref().unwrap_or(BUILT_IN);
        let of_upstream = || Label::Owned(upstream.to_owned());
        if self.method == TOOL_CALL {
            let labels = [whose.clone(), of_upstream(), Label::Owned(self.tool.clone()), outcome.into()];
            tally.count(Family::ToolCalls, labels, 1);
        }
        let error = if outcome == "ok" { "" } else { outcome };
        tally.time(
            Family::Operations,
            [self.method.into(), whose.clone(), of_upstream(), error.into()],
            self.duration_ms,
        );
        if let Some(limit) = self.limit {
            tally.count(Family::LimitsHit, [whose, limit.into()], 1);
        }
        for (detector, found) in self.guarded.iter() {
            tally.count(Family::GuardFindings, [Label::Owned(detector.to_owned())], found);
        }
        if let Some(tenant) = tenant {
            let place = Place { minute: minute(now), tenant: tenant.clone(), upstream: upstream.to_owned() };
            gathered.activity.add(place, self.ending(), self.duration_ms);
        }
    }

    fn ending(&self) -> Ending {
        match self.outcome {
            "ok" => Ending::Ok,
            "limited" => Ending::Limited,
            "tool_failed" | "upstream_failed" | "upstream_refused" | "unavailable" => Ending::Failed,
            _ => Ending::Refused,
        }
    }
}

/// Adds how long something took at an upstream, and what was wrong, if anything was.
pub fn count_upstream(
    gathered: &mut Gathered,
    (tenant, upstream): (&TenantId, &str),
    error: Option<&'static str>,
    took: Lifetime,
) {
    let labels = [of(tenant), Label::Owned(upstream.to_owned()), error.unwrap_or_default().into()];
    gathered.tally.time(Family::UpstreamRequests, labels, took);
}

#[cfg(test)]
#[path = "counted_tests.rs"]
mod tests;
