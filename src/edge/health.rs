//! Health: alive asks nothing, ready really asks every part, health says what works.

use super::context::Context;
use super::metrics::{self, Part};
use super::{clock, gate, random};
use crate::api::health::{Liveness, PartState, health, readiness};
use crate::api::reply::Reply;
use crate::entropy::provenance::Report;
use crate::gate::message::GateRequest;
use crate::store::accounts::PROBE;
use crate::time::Lifetime;
use futures::future::{Either, select};
use futures::{join, pin_mut};
use std::time::Duration;
use worker::{Delay, Env};

/// How long each part may take.
const DEADLINE: Duration = Duration::from_secs(2);
/// The gate that only readiness asks.
const PROBE_GATE: &str = "probe";

/// `GET /health/live`.
pub fn live() -> Reply {
    Reply::json(200, &Liveness { status: "alive" }).with("cache-control", "no-store")
}

/// `GET /health/ready`: 503 when a part does not answer, naming it.
pub async fn ready(context: &Context) -> Reply {
    let body = readiness(parts(&context.env).await.map(|part| (part.name, part.state)));
    let reply = Reply::json(if body.ready { 200 } else { 503 }, &body).with("cache-control", "no-store");
    if body.ready { reply } else { reply.with("retry-after", "5") }
}

/// A part of the platform that was asked.
#[derive(Clone, Copy)]
pub struct Asked {
    /// Its name.
    pub name: &'static str,
    /// How it answered.
    pub state: PartState,
    /// How long that took.
    pub took: Lifetime,
}

/// Really asks every part without which nothing works: the database, a Durable Object, the published revocations.
pub async fn parts(env: &Env) -> [Asked; 3] {
    let (d1, durable_objects, kv) = join!(
        within("d1", database(env)),
        within("durable_objects", durable_object(env)),
        within("kv", revocations(env))
    );
    [d1, durable_objects, kv]
}

/// `GET /health`. The hub's own report where providers are configured; this isolate's view when it does not answer.
pub async fn status(context: &Context) -> Reply {
    Reply::json(200, &health(report(context).await)).with("cache-control", "no-store")
}

/// What is known of randomness.
pub async fn report(context: &Context) -> Report {
    let providers = &context.settings.providers;
    let configured: Vec<_> = providers.iter().map(|(id, _)| id).collect();
    let hub = if providers.is_empty() { None } else { hub_report(&context.env).await };
    let mut report = hub.or_else(random::last_report).unwrap_or_else(|| Report::unasked(&configured));
    // What tokens made here are mixed with is this isolate's matter, whatever the hub holds by now.
    report.provenance = random::provenance(clock::now());
    report
}

async fn hub_report(env: &Env) -> Option<Report> {
    let report = random::report(env);
    let deadline = Delay::from(DEADLINE);
    pin_mut!(report, deadline);
    match select(report, deadline).await {
        Either::Left((report, _)) => report,
        Either::Right(_) => None,
    }
}

async fn within(name: &'static str, probe: impl Future<Output = bool>) -> Asked {
    let since = clock::now();
    let deadline = Delay::from(DEADLINE);
    pin_mut!(probe, deadline);
    let state = match select(probe, deadline).await {
        Either::Left((true, _)) => PartState::Ok,
        Either::Left((false, _)) => PartState::Failed,
        Either::Right(_) => PartState::Timeout,
    };
    Asked { name, state, took: clock::now().since(since) }
}

async fn database(env: &Env) -> bool {
    metrics::asked(Part::D1);
    let Ok(database) = env.d1("DB") else { return false };
    database.prepare(PROBE).all().await.is_ok_and(|rows| rows.success())
}

async fn revocations(env: &Env) -> bool {
    metrics::asked(Part::Kv);
    let Ok(list) = env.kv("REVOCATIONS") else { return false };
    list.get("probe").text().await.is_ok()
}

async fn durable_object(env: &Env) -> bool {
    gate::ask(env, PROBE_GATE, &GateRequest::Probe).await.is_ok()
}
