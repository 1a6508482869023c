//! The one door out: every request to another server passes here.

use crate::outbound::{Method, OutboundAnswer, OutboundFailure, OutboundRequest};
use futures::future::{Either, select};
use futures::{StreamExt, pin_mut};
use std::time::Duration;
use worker::wasm_bindgen::JsValue;
use worker::{AbortController, CacheMode, Delay, Fetch, Headers, Request, RequestInit, RequestRedirect, Response};

/// Response headers the gateway reads; all others are dropped at the door.
const KEPT_HEADERS: [&str; 7] =
    ["content-type", "retry-after", "mcp-session-id", "age", "cf-cache-status", "date", "x-amzn-requestid"];

/// Sends one request and reads its whole answer within the request's deadline and size.
///
/// Redirects are never followed and nothing is taken from or put into a cache. When the deadline passes or the answer
/// grows too long, the connection is closed.
pub async fn send(request: &OutboundRequest) -> Result<OutboundAnswer, OutboundFailure> {
    let abort = AbortController::default();
    let signal = abort.signal();
    let exchange = async {
        let message = message(request).map_err(|_| OutboundFailure::Unreachable)?;
        let response =
            Fetch::Request(message).send_with_signal(&signal).await.map_err(|_| OutboundFailure::Unreachable)?;
        read(response, request.max_answer_bytes).await
    };
    let deadline = Delay::from(Duration::from_millis(request.deadline.millis()));
    pin_mut!(exchange, deadline);
    let outcome = match select(exchange, deadline).await {
        Either::Left((outcome, _)) => outcome,
        Either::Right(_) => Err(OutboundFailure::Timeout),
    };
    if outcome.is_err() {
        abort.abort();
    }
    outcome
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

async fn read(mut response: Response, max_bytes: usize) -> Result<OutboundAnswer, OutboundFailure> {
    let status = response.status_code();
    if (300..400).contains(&status) && status != 304 {
        return Err(OutboundFailure::Redirected);
    }
    let headers = KEPT_HEADERS
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), response.headers().get(name).ok()??)))
        .collect();
    if let Some(length) = declared_length(&response) {
        if length > max_bytes {
            return Err(OutboundFailure::TooLarge);
        }
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
