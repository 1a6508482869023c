//! Random bytes for everything this isolate makes: the only caller of `crypto.getRandomValues`.
//!
//! Every output is local randomness XORed with that of the isolate's generator (see [`crate::entropy::generator`]).
//! Making one does no I/O: child seeds of the hub come in the background, between requests. Two callers choose otherwise: a
//! tool call that asks for bytes of its own, and a login where recent quantum-derived bytes are required and not there yet.

use super::context::Context;
use super::metrics::{self, Part};
use super::{clock, spans};
use crate::api::problem::Problem;
use crate::entropy::child::ChildSeed;
use crate::entropy::generator::{EXTRA_BYTES, LocalSeed, SEED_BYTES, Salt};
use crate::entropy::history::History;
use crate::entropy::isolate::Source;
use crate::entropy::provenance::{Label, Provenance, Report};
use crate::entropy::provider::Mode;
use crate::entropy::purpose::Purpose;
use crate::entropy::status::Status;
use crate::time::Timestamp;
use crate::trace::work::Work;
use futures::future::{Either, select};
use futures::pin_mut;
use serde::de::DeserializeOwned;
use std::cell::RefCell;
use std::time::Duration;
use worker::wasm_bindgen::{JsValue, throw_str};
use worker::{Delay, Env, Method, Request, RequestInit};
use zeroize::Zeroizing;

/// The binding of the hub's namespace, and the name of the one hub in it.
const HUB_BINDING: &str = "ENTROPY_HUB";
const HUB_NAME: &str = "hub";
/// Only the path is read; the host is a placeholder a Durable Object never resolves.
const HUB: &str = "https://entropy-hub";
/// How long a request waits for the hub where it does.
const PATIENCE: Duration = Duration::from_secs(4);

thread_local! {
    static SALT: RefCell<Option<Salt>> = const { RefCell::new(None) };
    static SOURCE: RefCell<Option<Source>> = const { RefCell::new(None) };
}

/// Names the salt of the isolate's generator, before its first use.
pub fn use_salt(salt: &Salt) {
    SALT.replace(Some(salt.clone()));
}

/// Fills `out` with random bytes for `purpose`. Any length.
///
/// Ends the request with an exception when the platform gives no randomness: nothing is ever made without it.
pub fn fill(out: &mut [u8], purpose: Purpose) {
    let now = clock::now();
    if with_source(now, |source| source.wants_seed(now)) {
        let local = local_seed();
        with_source(now, |source| source.reseed(&local, now));
    }
    draw(out);
    let extra = extra();
    with_source(now, |source| source.fill(out, &extra, purpose, now));
}

/// An array of random bytes for `purpose`, see [`fill`].
pub fn bytes<const N: usize>(purpose: Purpose) -> [u8; N] {
    let mut out = [0; N];
    fill(&mut out, purpose);
    out
}

/// What may be said about bytes made at `now`.
pub fn provenance(now: Timestamp) -> Provenance {
    with_source(now, |source| source.provenance(now))
}

/// The hub's report as it came with the last child seed; `None` before the first.
pub fn last_report() -> Option<Report> {
    SOURCE.with_borrow(|source| source.as_ref().and_then(|source| source.report().cloned()))
}

/// Refuses where the settings require recent quantum-derived bytes for secrets, and this isolate has none. It asks the hub
/// first: the one place where a request waits for it.
pub async fn admit_secrets(context: &Context) -> Result<(), Problem> {
    let enough = || provenance(clock::now()).label == Label::QuantumSeeded;
    if context.settings.providers.mode() == Mode::Prefer || enough() {
        return Ok(());
    }
    patiently(refresh(context.env.clone())).await;
    let reason = || "no provider has given usable bytes lately, and the settings require them".to_owned();
    if enough() { Ok(()) } else { Err(Problem::Unavailable { part: "quantum-derived randomness", reason: reason() }) }
}

/// Fetches a new child seed when it is time, after the reply. The hub is never touched when no provider is configured.
pub fn refresh_when_due(context: &Context) {
    let (providers, now) = (&context.settings.providers, clock::now());
    if !providers.is_empty() && with_source(now, |source| source.begin_refresh(providers.refill(), now)) {
        context.background.wait_until(spans::open(Work::Entropy).over(refresh(context.env.clone())));
    }
}

/// Fetches a child seed from the hub and absorbs it. A failure leaves the generator as it is; the next attempt comes with
/// a later request.
async fn refresh(env: Env) {
    take_seed(&env, "/seed").await;
}

/// Has the hub ask providers for bytes of one value, which is to be made next. What may be said about it.
pub async fn fetch_for_one(env: &Env) -> Provenance {
    let direct = patiently(take_seed(env, "/direct")).await.flatten().unwrap_or_default();
    let provenance = provenance(clock::now());
    if direct { provenance.direct() } else { provenance }
}

/// Asks the hub for its report, `None` when it does not answer. A hop of its own: for `/health`, not for a tool call.
pub async fn report(env: &Env) -> Option<Report> {
    read(env, "/report").await
}

/// Asks the hub which label outputs carried since when, `None` when it does not answer in time.
pub async fn history(env: &Env) -> Option<History> {
    patiently(read(env, "/history")).await?
}

/// Asks the hub for all it knows, `None` when it does not answer in time.
pub async fn status(env: &Env) -> Option<Status> {
    patiently(read(env, "/status")).await?
}

/// 64 fresh local random bytes for a seed. Ends the request with an exception when the platform gives none.
pub fn local_seed() -> LocalSeed {
    let mut seed = Zeroizing::new([0; SEED_BYTES]);
    draw(seed.as_mut_slice());
    seed
}

/// Fresh local random bytes that go into an output's state.
pub fn extra() -> Zeroizing<[u8; EXTRA_BYTES]> {
    let mut extra = Zeroizing::new([0; EXTRA_BYTES]);
    draw(extra.as_mut_slice());
    extra
}

/// Local randomness and nothing else: the one call of the platform's generator.
pub fn draw(out: &mut [u8]) {
    if getrandom::fill(out).is_err() {
        throw_str("the platform gives no randomness");
    }
}

/// Runs `act` on the isolate's source, which is made at its first use: global scope has no randomness.
fn with_source<T>(now: Timestamp, act: impl FnOnce(&mut Source) -> T) -> T {
    // Drawing may throw, and a throw leaves a borrowed cell borrowed for good: so never draw inside the borrow.
    let fresh = SOURCE.with_borrow(Option::is_none).then(local_seed);
    SOURCE.with_borrow_mut(|slot| {
        let salt = || SALT.with_borrow(|salt| salt.clone().unwrap_or_else(|| Salt::derive(&[])));
        let source = slot.get_or_insert_with(|| Source::start(salt(), &fresh.unwrap_or_else(local_seed), now));
        act(source)
    })
}

/// Fetches a child seed and absorbs it. Whether bytes were fetched for it alone; `None` when none came.
async fn take_seed(env: &Env, path: &str) -> Option<bool> {
    let told = with_source(clock::now(), Source::take_untold);
    let body = ask(env, Method::Post, path, Some(serde_json::to_string(&told).ok()?)).await?;
    let child = ChildSeed::parse(&body).ok()?;
    // Drawn after the seed came, so nothing in it can depend on these bytes.
    let (direct, local, now) = (child.direct, local_seed(), clock::now());
    with_source(now, |source| source.renew(child, &local, now));
    Some(direct)
}

async fn read<T: DeserializeOwned>(env: &Env, path: &str) -> Option<T> {
    serde_json::from_slice(&ask(env, Method::Get, path, None).await?).ok()
}

async fn ask(env: &Env, method: Method, path: &str, body: Option<String>) -> Option<Zeroizing<Vec<u8>>> {
    spans::open(Work::Object("entropy_hub")).over(asked(env, method, path, body)).await
}

async fn asked(env: &Env, method: Method, path: &str, body: Option<String>) -> Option<Zeroizing<Vec<u8>>> {
    metrics::asked(Part::EntropyHub);
    let mut init = RequestInit::new();
    init.with_method(method).with_body(body.map(|body| JsValue::from_str(&body)));
    let hub = env.durable_object(HUB_BINDING).ok()?.get_by_name(HUB_NAME).ok()?;
    let request = Request::new_with_init(&format!("{HUB}{path}"), &init).ok()?;
    let mut response = hub.fetch_with_request(request).await.ok()?;
    if response.status_code() != 200 {
        return None;
    }
    response.bytes().await.ok().map(Zeroizing::new)
}

async fn patiently<T>(answer: impl Future<Output = T>) -> Option<T> {
    let deadline = Delay::from(PATIENCE);
    pin_mut!(answer, deadline);
    match select(answer, deadline).await {
        Either::Left((answer, _)) => Some(answer),
        Either::Right(_) => None,
    }
}
