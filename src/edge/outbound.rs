//! The one door out: every request to another server passes here.
//!
//! It speaks to the platform's `fetch` and streams themselves: the runtime library's wrappers read more of a request and
//! of a response than is needed here, and a proxied call pays for each look-up.

use super::stream;
use crate::outbound::{Method, OutboundAnswer, OutboundFailure, OutboundRequest};
use worker::js_sys::{Uint8Array, global};
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::wasm_bindgen_futures::JsFuture;
use worker::web_sys::{AbortSignal, Headers, RequestCache, RequestInit, RequestRedirect, Response, WorkerGlobalScope};

/// Sends one request and reads its whole answer within the request's deadline and size.
///
/// Redirects are never followed and nothing is taken from or put into a cache. When the deadline passes or the answer
/// grows too long, the connection is closed.
pub async fn send(request: &OutboundRequest) -> Result<OutboundAnswer, OutboundFailure> {
    let millis = u32::try_from(request.deadline.millis()).unwrap_or(u32::MAX);
    // The signal ends the reading of the body as well as the request.
    let signal = AbortSignal::timeout_with_u32(millis);
    let answer = exchange(request, &signal).await;
    if signal.aborted() { Err(OutboundFailure::Timeout) } else { answer }
}

async fn exchange(request: &OutboundRequest, signal: &AbortSignal) -> Result<OutboundAnswer, OutboundFailure> {
    let unreachable = |_: JsValue| OutboundFailure::Unreachable;
    let init = init(request, signal).map_err(unreachable)?;
    let scope: WorkerGlobalScope = global().unchecked_into();
    let sent = scope.fetch_with_str_and_init(request.url.url().as_str(), &init);
    let response: Response = JsFuture::from(sent).await.and_then(JsCast::dyn_into).map_err(unreachable)?;
    read(&response, request).await
}

pub(super) fn init(request: &OutboundRequest, signal: &AbortSignal) -> Result<RequestInit, JsValue> {
    let headers = Headers::new()?;
    for (name, value) in &request.headers {
        headers.set(name, value.expose())?;
    }
    let init = RequestInit::new();
    init.set_method(match request.method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Delete => "DELETE",
    });
    init.set_headers(&headers);
    init.set_redirect(RequestRedirect::Manual);
    init.set_cache(RequestCache::NoStore);
    init.set_signal(Some(signal));
    if let Some(body) = &request.body {
        init.set_body(&Uint8Array::from(body.as_slice()));
    }
    Ok(init)
}

pub(super) async fn read(response: &Response, request: &OutboundRequest) -> Result<OutboundAnswer, OutboundFailure> {
    let status = response.status();
    let fields = response.headers();
    let max_bytes = request.max_answer_bytes;
    if (300..400).contains(&status) && status != 304 {
        return Err(refuse(response, OutboundFailure::Redirected));
    }
    let kept = ["content-type"].iter().chain(request.wanted);
    let headers = kept.filter_map(|name| Some(((*name).to_owned(), fields.get(name).ok()??))).collect();
    let body = match declared_length(&fields) {
        Some(length) if length > max_bytes => return Err(refuse(response, OutboundFailure::TooLarge)),
        Some(_) => stream::whole(response.array_buffer()).await.map_err(failure)?,
        None => stream::counted(response.body(), max_bytes).await.map_err(failure)?,
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
