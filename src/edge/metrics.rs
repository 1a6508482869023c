//! Gathering metrics in this isolate, sending them every few seconds, and reading them.
//!
//! Nothing that is counted is waited for: a request adds to maps of its isolate, and one of them sends what was gathered, after its
//! reply. What an isolate gathered in its last seconds goes with it.

use super::context::{self, Background};
use super::timer::Timer;
use super::{clock, objects, shield};
use crate::api::problem::Problem;
use crate::id::{TenantId, encode_random};
use crate::metric::activity::{Counts, Place};
use crate::metric::hours::Hours;
use crate::metric::message::{Flush, MetricsReply, MetricsRequest, Resting};
use crate::metric::outbox::Outbox;
use crate::metric::{Family, Label, Measured, Series, Tally};
use crate::observe::{Event, Gathered};
use crate::store::keys;
use crate::token::opaque::Kind;
use futures::future::try_join_all;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use worker::Env;

const PART: &str = "the metrics";
/// How many objects share the isolates. An object answers some hundred questions a second, and an isolate asks one in five seconds.
const OBJECTS: u8 = 4;

/// A part of the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The database.
    D1,
    /// A gate.
    Gate,
    /// An audit trail.
    AuditTrail,
    /// The entropy hub.
    EntropyHub,
    /// A metrics object.
    Metrics,
    /// A session of the protocol, or a call that is held.
    McpObject,
    /// The published list of revocations.
    Kv,
    /// Files.
    R2,
    /// A database of a tenant's.
    TenantD1,
    /// Static files.
    Assets,
    /// Another server.
    Fetch,
}

const PARTS: [(Part, &str); 11] = [
    (Part::D1, "d1"),
    (Part::Gate, "gate"),
    (Part::AuditTrail, "audit_trail"),
    (Part::EntropyHub, "entropy_hub"),
    (Part::Metrics, "metrics"),
    (Part::McpObject, "mcp_object"),
    (Part::Kv, "kv"),
    (Part::R2, "r2"),
    (Part::TenantD1, "tenant_d1"),
    (Part::Assets, "assets"),
    (Part::Fetch, "fetch"),
];

/// Something this isolate remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cache {
    /// Tokens that were verified.
    Tokens,
    /// Who callers are.
    Standings,
    /// What upstreams offer.
    Catalogue,
    /// Answers that may be given again.
    Answers,
}

const CACHES: [(Cache, &str); 4] = [
    (Cache::Tokens, "token"),
    (Cache::Standings, "standing"),
    (Cache::Catalogue, "catalogue"),
    (Cache::Answers, "answers"),
];

thread_local! {
    static GATHERED: RefCell<Gathered> = RefCell::default();
    static OUTBOX: RefCell<Outbox> = RefCell::default();
    static ISOLATE: RefCell<Option<Isolate>> = const { RefCell::new(None) };
    /// In the order of [`PARTS`], so that counting costs next to nothing.
    static ASKED: [Cell<u64>; PARTS.len()] = const { [const { Cell::new(0) }; PARTS.len()] };
    /// Hits and misses, in the order of [`CACHES`].
    static LOOKED: [[Cell<u64>; 2]; CACHES.len()] = const { [const { [const { Cell::new(0) }; 2] }; CACHES.len()] };
}

/// This isolate's name towards the objects, and which of them is its own.
#[derive(Clone)]
struct Isolate {
    name: String,
    object: u8,
}

/// Counts a question to a part of the platform.
pub fn asked(part: Part) {
    ASKED.with(|asked| add_one(asked.get(part as usize)));
}

/// Counts a look into what the isolate remembers.
pub fn looked(cache: Cache, found: bool) {
    LOOKED.with(|looked| add_one(looked.get(cache as usize).and_then(|both| both.get(usize::from(!found)))));
}

fn add_one(counter: Option<&Cell<u64>>) {
    if let Some(counter) = counter {
        counter.set(counter.get() + 1);
    }
}

/// Counts something.
pub fn count(family: Family, labels: impl Into<Vec<Label>>, times: u64) {
    gather(|gathered| gathered.tally.count(family, labels, times));
}

/// Counts what an event means. `tenant` is whose request it belongs to, where that is known.
pub fn observe(event: &Event, tenant: Option<&TenantId>) {
    gather(|gathered| event.count(gathered, tenant, clock::now()));
}

/// Counts a gate's answer to a question for calls, and how many it gave.
pub fn leased(result: &'static str, calls: u64) {
    count(Family::Leases, [result.into()], 1);
    if calls > 0 {
        count(Family::LeasedCalls, [], calls);
    }
}

/// Counts what came of a caller's credential.
pub fn authenticated(authorization: Option<&str>, problem: Option<&Problem>) {
    let is_key = authorization
        .is_some_and(|sent| sent.split_once(' ').is_some_and(|(_, text)| text.starts_with(Kind::ApiKey.prefix())));
    let credential = if is_key { "api_key" } else { "access_token" };
    let result = match problem {
        None => "ok",
        Some(Problem::InvalidToken(reason)) if reason == "revoked" => "revoked",
        Some(Problem::InvalidToken(reason)) if reason.contains("expired") => "expired",
        Some(Problem::InvalidToken(_)) => "invalid",
        Some(Problem::MissingCredentials) => "missing",
        Some(Problem::RateLimited { .. }) => "limited",
        Some(_) => "unknown",
    };
    count(Family::AuthResults, [credential.into(), result.into()], 1);
}

/// Adds to what is gathered.
pub fn gather(add: impl FnOnce(&mut Gathered)) {
    GATHERED.with_borrow_mut(add);
}

/// Has what is gathered sent in a while, unless somebody sees to that.
pub fn send_soon(env: &Env, background: &Rc<Background>) {
    let Some(pause) = OUTBOX.with_borrow_mut(|outbox| outbox.mind(clock::now())) else { return };
    let env = env.clone();
    background.wait_until(async move {
        if pause.millis() > 0 {
            Timer::from(Duration::from_millis(pause.millis())).await;
        }
        send(&env).await;
    });
}

/// Sends what is gathered.
pub async fn send(env: &Env) {
    let isolate = isolate();
    let flush = OUTBOX.with_borrow_mut(|outbox| outbox.take(clock::now(), |number| flush(&isolate, number)));
    let number = flush.number;
    let came = ask(env, isolate.object, &MetricsRequest::Add(flush)).await == Ok(MetricsReply::Added);
    OUTBOX.with_borrow_mut(|outbox| outbox.done(number, came));
}

fn isolate() -> Isolate {
    ISOLATE.with_borrow_mut(|known| {
        let new = || {
            let bytes = context::unique();
            let [first, ..] = bytes;
            count(Family::IsolateStarts, [], 1);
            Isolate { name: encode_random(&bytes), object: first % OBJECTS }
        };
        known.get_or_insert_with(new).clone()
    })
}

fn flush(isolate: &Isolate, number: u64) -> Flush {
    let taken = |counter: &Cell<u64>| counter.replace(0);
    let Gathered { mut tally, activity } = GATHERED.take();
    ASKED.with(|asked| {
        let counts = PARTS.into_iter().zip(asked.iter().map(taken)).filter(|(_, count)| *count > 0);
        counts.for_each(|((_, name), count)| tally.count(Family::PlatformOperations, [name.into()], count));
    });
    LOOKED.with(|looked| {
        for ((_, cache), both) in CACHES.into_iter().zip(looked) {
            for (result, count) in
                ["hit", "miss"].into_iter().zip(both.iter().map(taken)).filter(|(_, count)| *count > 0)
            {
                tally.count(Family::CacheLookups, [cache.into(), result.into()], count);
            }
        }
    });
    let (series, activity) = (tally.into_iter().collect(), activity.into_iter().collect());
    Flush { isolate: isolate.name.clone(), number, series, activity, resting: shield::resting() }
}

/// All that was ever counted, and which isolate leaves which upstream alone now.
pub async fn read(env: &Env) -> Result<(Tally, Vec<Resting>), Problem> {
    let (mut tally, mut all_resting) = (Tally::default(), Vec::new());
    for answer in ask_all(env, &MetricsRequest::Read).await? {
        let MetricsReply::All { series, resting } = answer else { return Err(unavailable("an unexpected answer")) };
        merge(&mut tally, series);
        all_resting.extend(resting);
    }
    Ok((tally, all_resting))
}

fn merge(tally: &mut Tally, series: Vec<(Series, Measured)>) {
    for (series, measured) in series {
        tally.merge(series, &measured);
    }
}

/// What happened from a minute on, of one tenant or of all.
pub async fn activity(env: &Env, tenant: Option<&TenantId>, from: u64) -> Result<Vec<(Place, Counts)>, Problem> {
    let question = MetricsRequest::Activity { tenant: tenant.cloned(), from };
    let mut all = Vec::new();
    for answer in ask_all(env, &question).await? {
        let MetricsReply::Activity { minutes } = answer else { return Err(unavailable("an unexpected answer")) };
        all.extend(minutes);
    }
    Ok(all)
}

/// What happened from a minute on to everybody together.
pub async fn hours(env: &Env, from: u64) -> Result<Hours, Problem> {
    let mut all = Hours::default();
    for answer in ask_all(env, &MetricsRequest::Hours { from }).await? {
        let MetricsReply::Hours { hours, took } = answer else { return Err(unavailable("an unexpected answer")) };
        for (hour, own, outcomes) in hours {
            all.add(hour, own, outcomes);
        }
        for (bucket, count) in took {
            all.took(bucket, count);
        }
    }
    Ok(all)
}

async fn ask_all(env: &Env, question: &MetricsRequest) -> Result<Vec<MetricsReply>, Problem> {
    try_join_all((0..OBJECTS).map(|object| ask(env, object, question))).await
}

async fn ask(env: &Env, object: u8, question: &MetricsRequest) -> Result<MetricsReply, Problem> {
    let name = keys::metrics(object);
    objects::in_time(PART, objects::ask(env, Part::Metrics, ("METRICS", &name), question)).await
}

fn unavailable(reason: &str) -> Problem {
    Problem::Unavailable { part: PART, reason: reason.to_owned() }
}
