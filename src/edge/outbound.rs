//! The one door out: every request to another server passes here.

use crate::outbound::{Method, OutboundAnswer, OutboundFailure, OutboundRequest};
use futures::StreamExt;
use worker::wasm_bindgen::JsValue;
use worker::{AbortSignal, CacheMode, Fetch, Headers, Request, RequestInit, RequestRedirect, Response};

/// Response headers the gateway reads; all others are dropped at the door.
const KEPT_HEADERS: [&str; 7] =
    ["content-type", "retry-after", "mcp-session-id", "age", "cf-cache-status", "date", "x-amzn-requestid"];

/// Sends one request and reads its whole answer within the request's deadline and size.
///
/// Redirects are never followed and nothing is taken from or put into a cache. When the deadline passes or the answer
/// grows too long, the connection is closed.
pub async fn send(request: &OutboundRequest) -> Result<OutboundAnswer, OutboundFailure> {
    let millis = u32::try_from(request.deadline.millis()).unwrap_or(u32::MAX);
    let signal = AbortSignal::from(worker::web_sys::AbortSignal::timeout_with_u32(millis));
    let message = message(request).map_err(|_| OutboundFailure::Unreachable)?;
    let response = Fetch::Request(message).send_with_signal(&signal).await.map_err(|_| failure(&signal))?;
    // The signal ends the reading of the body as well.
    let answer = read(response, request.max_answer_bytes).await;
    if signal.aborted() { Err(OutboundFailure::Timeout) } else { answer }
}

fn failure(signal: &AbortSignal) -> OutboundFailure {
    if signal.aborted() { OutboundFailure::Timeout } else { OutboundFailure::Unreachable }
}

fn message(request: &OutboundRequest) -> worker::Result<Request> {
    let headers = Headers::new();
    for (name, value) in &request.headers {
        headers.set(name, value.expose())?;
    }
    let mut init = RequestInit::new();
    init.with_headers(headers)
        .with_method(match request.method {
            Method::Get => worker::Method::Get,
            Method::Post => worker::Method::Post,
            Method::Delete => worker::Method::Delete,
        })
        .with_redirect(RequestRedirect::Manual)
        .with_cache(CacheMode::NoStore)
        .with_body(request.body.as_ref().map(|body| JsValue::from(js_sys::Uint8Array::from(body.as_slice()))));
    Request::new_with_init(request.url.url().as_str(), &init)
}

/// Reads an answer. A body that is not read to its end is cancelled when its stream is dropped.
async fn read(mut response: Response, max_bytes: usize) -> Result<OutboundAnswer, OutboundFailure> {
    let status = response.status_code();
    let redirected = (300..400).contains(&status) && status != 304;
    let length = declared_length(&response);
    if redirected || length.is_some_and(|length| length > max_bytes) {
        drop(response.stream());
        return Err(if redirected { OutboundFailure::Redirected } else { OutboundFailure::TooLarge });
    }
    let headers = KEPT_HEADERS
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), response.headers().get(name).ok()??)))
        .collect();
    if length.is_some() {
        let body = response.bytes().await.map_err(|_| OutboundFailure::Unreachable)?;
        return Ok(OutboundAnswer { status, headers, body });
    }
    let mut body = Vec::new();
    if let Ok(mut stream) = response.stream() {
        while let Some(chunk) = stream.next().await {
            body.extend_from_slice(&chunk.map_err(|_| OutboundFailure::Unreachable)?);
            if body.len() > max_bytes {
                return Err(OutboundFailure::TooLarge);
            }
        }
    }
    Ok(OutboundAnswer { status, headers, body })
}

/// The length of a body that comes as it is. A compressed one is longer than it says, and is counted as it is read.
fn declared_length(response: &Response) -> Option<usize> {
    let field = |name| response.headers().get(name).ok().flatten();
    let plain = field("content-encoding").is_none_or(|coding| coding.eq_ignore_ascii_case("identity"));
    field("content-length").filter(|_| plain)?.parse().ok()
}
