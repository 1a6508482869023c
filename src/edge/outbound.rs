//! The one door out: every request to another server passes here.
//!
//! It speaks to the platform's `fetch` and streams themselves: the runtime library's wrappers read more of a request and
//! of a response than is needed here, and a proxied call pays for each look-up.

use super::metrics::{self, Part};
use super::stream;
use super::timer::Watch;
use crate::outbound::{OutboundAnswer, OutboundFailure, OutboundRequest, Patience};
use worker::js_sys::{Function, Promise, Reflect, Uint8Array, global};
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::wasm_bindgen_futures::JsFuture;
use worker::web_sys::{AbortController, AbortSignal, Headers, RequestCache, RequestInit, RequestRedirect, Response};

/// A body that says to be no longer than this is taken as one piece.
const ONE_PIECE: usize = 256 * 1024;
/// A header value longer than this is as if it were not there.
const LONGEST_VALUE: usize = 8 * 1024;

thread_local! {
    static FETCH: JsValue = Reflect::get(&global(), &"fetch".into()).unwrap_or_default();
}

/// Ends a request when it is dropped.
pub(super) struct HangUp {
    controller: AbortController,
    over: bool,
}

impl HangUp {
    /// For one request.
    pub(super) fn new() -> Result<Self, OutboundFailure> {
        let controller = AbortController::new().map_err(|_| OutboundFailure::Unreachable)?;
        Ok(Self { controller, over: false })
    }

    /// What the request listens to: its end is the end of the request and of the reading of its answer.
    pub(super) fn signal(&self) -> AbortSignal {
        self.controller.signal()
    }

    /// The answer was read to its end: there is nothing to end.
    pub(super) fn release(mut self) {
        self.over = true;
    }
}

impl Drop for HangUp {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        // By its name, so that an exception ends here: the platform may drop this in nobody's request.
        let abort = Reflect::get(&self.controller, &"abort".into()).and_then(JsCast::dyn_into::<Function>);
        let _ = abort.and_then(|abort| abort.call0(&self.controller));
    }
}

/// Sends one request and reads its whole answer within the request's deadline and size.
///
/// Redirects are never followed and nothing is taken from or put into a cache. When the deadline passes, the answer grows
/// too long or nobody waits any more, the connection is closed.
pub async fn send(request: &OutboundRequest) -> Result<OutboundAnswer, OutboundFailure> {
    send_patiently(request, Patience::until(request.deadline)).await
}

/// The same, with a time for each part of the answer.
pub async fn send_patiently(request: &OutboundRequest, patience: Patience) -> Result<OutboundAnswer, OutboundFailure> {
    let hang_up = HangUp::new()?;
    let watch = Watch::new(patience, request.deadline);
    let answer = watch.over(exchange(request, &hang_up.signal(), &watch)).await;
    if let Some(Ok(_)) = &answer {
        hang_up.release();
    }
    answer.unwrap_or(Err(OutboundFailure::Timeout))
}

async fn exchange(
    request: &OutboundRequest,
    signal: &AbortSignal,
    watch: &Watch,
) -> Result<OutboundAnswer, OutboundFailure> {
    let unreachable = |_: JsValue| OutboundFailure::Unreachable;
    let init = init(request, signal).map_err(unreachable)?;
    let sent = fetch(request, &init).map_err(unreachable)?;
    let response: Response = sent.await.and_then(JsCast::dyn_into).map_err(unreachable)?;
    watch.step();
    read(&response, request, watch).await
}

/// Begins a request.
///
/// It is called by its name, so that an exception ends here: what the platform collects of a request that is over may wake
/// work that waits for it, in nobody's request, where nothing may be fetched. An exception that got through would end every
/// request of the isolate.
pub(super) fn fetch(request: &OutboundRequest, init: &RequestInit) -> Result<JsFuture, JsValue> {
    metrics::asked(Part::Fetch);
    let url = JsValue::from_str(request.url.url().as_str());
    let sent = FETCH
        .with(|fetch| fetch.dyn_ref::<Function>().ok_or(JsValue::UNDEFINED)?.call2(&JsValue::UNDEFINED, &url, init))?;
    Ok(JsFuture::from(sent.unchecked_into::<Promise>()))
}

pub(super) fn init(request: &OutboundRequest, signal: &AbortSignal) -> Result<RequestInit, JsValue> {
    let headers = Headers::new()?;
    for (name, value) in &request.headers {
        headers.set(name, value.expose())?;
    }
    let init = RequestInit::new();
    init.set_method(request.method.as_str());
    init.set_headers(&headers);
    init.set_redirect(RequestRedirect::Manual);
    init.set_cache(RequestCache::NoStore);
    init.set_signal(Some(signal));
    if let Some(body) = &request.body {
        init.set_body(&Uint8Array::from(body.as_slice()));
    }
    Ok(init)
}

/// Reads the answer. `Retry-After` is kept of the answers that have one with a meaning.
pub(super) async fn read(
    response: &Response,
    request: &OutboundRequest,
    watch: &Watch,
) -> Result<OutboundAnswer, OutboundFailure> {
    let status = response.status();
    let fields = response.headers();
    let max_bytes = request.max_answer_bytes;
    if (300..400).contains(&status) && status != 304 {
        return Err(refuse(response, OutboundFailure::Redirected));
    }
    let retry: &[&str] = if matches!(status, 429 | 503) { &["retry-after"] } else { &[] };
    let kept = ["content-type"].iter().chain(request.wanted).chain(retry);
    let short = |name: &&str| fields.get(name).ok().flatten().filter(|value| value.len() <= LONGEST_VALUE);
    let headers = kept.filter_map(|name| Some(((*name).to_owned(), short(name)?))).collect();
    let body = match declared_length(&fields) {
        Some(length) if length > max_bytes => return Err(refuse(response, OutboundFailure::TooLarge)),
        Some(length) if length <= ONE_PIECE => stream::whole(response.array_buffer()).await.map_err(failure)?,
        _ => stream::counted(response.body(), max_bytes, &|| watch.step()).await.map_err(failure)?,
    };
    Ok(OutboundAnswer { status, headers, body })
}

fn failure(ended: stream::Ended) -> OutboundFailure {
    match ended {
        stream::Ended::TooLarge => OutboundFailure::TooLarge,
        stream::Ended::Broken => OutboundFailure::Unreachable,
    }
}

/// Closes the connection of an answer that is not read.
fn refuse(response: &Response, failure: OutboundFailure) -> OutboundFailure {
    if let Some(body) = response.body() {
        let _ = body.cancel();
    }
    failure
}

/// The length of a body that comes as it is. A compressed one is longer than it says, and is counted as it is read.
fn declared_length(fields: &Headers) -> Option<usize> {
    let field = |name| fields.get(name).ok().flatten();
    let length = field("content-length")?;
    let plain = field("content-encoding").is_none_or(|coding| coding.eq_ignore_ascii_case("identity"));
    if plain { length.parse().ok() } else { None }
}
