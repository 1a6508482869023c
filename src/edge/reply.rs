//! The one place where a reply meets the runtime, and where every reply gets its security headers.

use crate::api::reply::Reply;
use crate::id::CorrelationId;
use std::cell::RefCell;
use worker::{Headers, Response, ResponseBody, ResponseBuilder, Result};

/// Headers of every reply. A reply of the API is never a document, so nothing may be loaded or framed.
const ALWAYS: [(&str, &str); 5] = [
    ("strict-transport-security", "max-age=63072000; includeSubDomains"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];
const CORRELATION: &str = "x-correlation-id";
const API_CONTENT_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

thread_local! {
    /// What every reply of the API carries, to be copied in one step.
    static TEMPLATE: RefCell<Option<Headers>> = const { RefCell::new(None) };
}

/// Renders a reply.
pub fn render(reply: Reply, correlation: &CorrelationId) -> Result<Response> {
    let headers = template()?;
    for (name, value) in &reply.headers {
        // Cookies alone are set one by one; a page's content policy takes the place of the usual one.
        if *name == "set-cookie" { headers.append(name, value)? } else { headers.set(name, value)? }
    }
    headers.set(CORRELATION, correlation.as_str())?;
    let builder = ResponseBuilder::new().with_status(reply.status).with_headers(headers);
    if reply.body.is_empty() { Ok(builder.empty()) } else { Ok(builder.fixed(reply.body)) }
}

/// Renders a reply with a body that is streamed: another response's, or one that is written meanwhile.
pub fn with_body(head: Reply, correlation: &CorrelationId, body: ResponseBody) -> Result<Response> {
    Ok(render(head, correlation)?.into_parts().0.body(body))
}

/// Puts the headers of every reply on one that came from elsewhere, for example a static file.
pub fn secure(headers: &Headers, correlation: &CorrelationId, content_policy: &str) -> Result<()> {
    always(headers, content_policy)?;
    headers.set(CORRELATION, correlation.as_str())
}

/// A copy of the template, which is made at its first use.
fn template() -> Result<Headers> {
    if let Some(copy) = TEMPLATE.with_borrow(Clone::clone) {
        return Ok(copy);
    }
    let made = Headers::new();
    always(&made, API_CONTENT_POLICY)?;
    TEMPLATE.replace(Some(made.clone()));
    Ok(made)
}

fn always(headers: &Headers, content_policy: &str) -> Result<()> {
    for (name, value) in ALWAYS {
        headers.set(name, value)?;
    }
    headers.set("content-security-policy", content_policy)
}
