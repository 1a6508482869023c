//! The end of a request: what it did is put on record, its answer is rendered, and the log has its line.

use super::context::{self, Context};
use super::mcp::Served;
use super::{analytics, audit, clock, metrics, reply, spans};
use crate::api::challenge::Realm;
use crate::api::cors::Grant;
use crate::api::problem::Problem;
use crate::api::refusal::Form;
use crate::observe::{self, Event, Who};
use worker::{Response, Result};

/// What is known of a request when its answer leaves, and what the log says of it.
#[derive(Default)]
pub struct Trace {
    /// Its method.
    pub method: String,
    /// What its browser is told.
    pub grant: Grant,
    /// The virtual server whose endpoint is asked for.
    pub server: Option<String>,
    /// The path of its route, once known.
    pub route: Option<&'static str>,
    /// How a refusal looks.
    pub refusals: Form,
    /// Who asks, once known.
    pub who: Option<Who>,
    /// A refusal that was rendered in the protocol's form.
    pub told_in_band: Option<Problem>,
}

/// Writes what is left for the audit trail, then answers. What could not be put on record is not told as done.
pub async fn finish(
    context: &Context,
    trace: Trace,
    outcome: std::result::Result<Served, Problem>,
) -> Result<Response> {
    let (served, problem) = match outcome {
        Ok(served) => (served, trace.told_in_band.clone()),
        Err(problem) => (refusal(context, &trace, &problem), Some(problem)),
    };
    let mut response = render(context, served)?;
    let mut answered = request_event(context, &trace, response.status_code(), problem.as_ref());
    audit::observe(context, &Event::Request(answered.clone()));
    if let (Err(unwritten), None) = (audit::settle(context).await, &problem) {
        response = render(context, refusal(context, &trace, &unwritten))?;
        let calls = std::mem::take(&mut answered.calls);
        answered = request_event(context, &trace, response.status_code(), Some(&unwritten));
        answered.calls = calls;
    }
    for (name, value) in trace.grant.fields() {
        response.headers().append(name, value)?;
    }
    spans::end(context, &answered);
    let event = Event::Request(answered);
    context::log(&event, Some(&context.correlation));
    analytics::write(&context.env, &event, None);
    metrics::send_soon(&context.env, &context.background);
    Ok(response)
}

fn refusal(context: &Context, trace: &Trace, problem: &Problem) -> Served {
    let realm = Realm { issuer: &context.settings.issuer, server: trace.server.as_deref() };
    Served::Reply(trace.refusals.render(problem, &context.correlation, realm))
}

fn render(context: &Context, served: Served) -> Result<Response> {
    match served {
        Served::Reply(reply) => reply::render(reply, &context.correlation),
        Served::Response(response) => Ok(response),
    }
}

fn request_event(context: &Context, trace: &Trace, status: u16, problem: Option<&Problem>) -> observe::Request {
    observe::Request {
        method: trace.method.chars().take(16).collect(),
        route: trace.route,
        status,
        duration_ms: clock::now().since(context.started),
        who: trace.who.clone(),
        calls: context.take_calls(),
        problem: problem.map(Problem::name),
        limit: problem.and_then(Problem::limit),
        reason: problem.map(ToString::to_string),
    }
}
