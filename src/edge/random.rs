//! Random bytes for everything this isolate makes: the only caller of `crypto.getRandomValues`.
//!
//! Every output is local randomness XORed with the keystream of the isolate's generator (see [`crate::entropy::mix`]).
//! Making one does no I/O: child seeds of the hub come in the background, between requests.

use super::clock;
use crate::entropy::child::ChildSeed;
use crate::entropy::isolate::Source;
use crate::entropy::mix::{LocalSeed, SEED_BYTES};
use crate::entropy::provenance::{Provenance, Report};
use crate::entropy::provider::Providers;
use crate::time::Timestamp;
use std::cell::RefCell;
use worker::wasm_bindgen::throw_str;
use worker::{Env, Method, Request};
use zeroize::Zeroizing;

/// The binding of the hub's namespace, and the name of the one hub in it.
const HUB_BINDING: &str = "ENTROPY_HUB";
const HUB_NAME: &str = "hub";
/// Only the path is read; the host is a placeholder a Durable Object never resolves.
const SEED_URL: &str = "https://entropy-hub/seed";
const REPORT_URL: &str = "https://entropy-hub/report";

thread_local! {
    static SOURCE: RefCell<Option<Source>> = const { RefCell::new(None) };
}

/// Fills `out` with random bytes for `purpose`, a short name of what they are for. Any length.
///
/// Ends the request with an exception when the platform gives no randomness: nothing is ever made without it.
pub fn fill(out: &mut [u8], purpose: &'static str) {
    draw(out);
    with_source(clock::now(), |source| source.fill(out, purpose));
}

/// An array of random bytes for `purpose`, see [`fill`].
pub fn bytes<const N: usize>(purpose: &'static str) -> [u8; N] {
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

/// Whether a child seed should be fetched now. After a `true`, run [`refresh`] in `waitUntil`, never on the request's path.
/// Always `false` when no provider is configured: the hub is never touched then.
pub fn begin_refresh(providers: &Providers, now: Timestamp) -> bool {
    !providers.is_empty() && with_source(now, |source| source.begin_refresh(providers.refill(), now))
}

/// Fetches a child seed from the hub and absorbs it. A failure leaves the generator as it is; the next attempt comes with
/// a later request.
pub async fn refresh(env: Env) {
    let Some(child) = fetch(&env, Method::Post, SEED_URL).await.and_then(|body| ChildSeed::parse(&body).ok()) else {
        return;
    };
    // Drawn after the seed came, so nothing in it can depend on these bytes.
    let (local, now) = (local_seed(), clock::now());
    with_source(now, |source| source.renew(child, &local, now));
}

/// Asks the hub for its report, `None` when it does not answer. A hop of its own: for `/health`, not for a tool call.
pub async fn report(env: &Env) -> Option<Report> {
    let body = fetch(env, Method::Get, REPORT_URL).await?;
    serde_json::from_slice(&body).ok()
}

/// 64 fresh local random bytes for a seed. Ends the request with an exception when the platform gives none.
pub fn local_seed() -> LocalSeed {
    let mut seed = Zeroizing::new([0; SEED_BYTES]);
    draw(seed.as_mut_slice());
    seed
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
        let source = slot.get_or_insert_with(|| Source::start(&fresh.unwrap_or_else(local_seed), now));
        act(source)
    })
}

async fn fetch(env: &Env, method: Method, url: &str) -> Option<Zeroizing<Vec<u8>>> {
    let hub = env.durable_object(HUB_BINDING).ok()?.get_by_name(HUB_NAME).ok()?;
    let mut response = hub.fetch_with_request(Request::new(url, method).ok()?).await.ok()?;
    if response.status_code() != 200 {
        return None;
    }
    response.bytes().await.ok().map(Zeroizing::new)
}
