//! Sessions of the revisions with a handshake, as the isolate sees them: it checks who asks and for which session, and the
//! session's object does the rest ([`super::mcp_session_object`]).
//!
//! A session's id proves that this gateway gave it to this principal at this endpoint. Any other id is answered as one that
//! is over, without asking an object.

use super::context::unavailable;
use super::incoming::header;
use super::mcp::{Posted, SESSION, Served, is_modern, refuse};
use super::mcp_serve::Scene;
use super::metrics::{self, Part};
use super::{incoming, random, reply, spans};
use crate::api::problem::Problem;
use crate::api::reply::Reply;
use crate::entropy::purpose::Purpose;
use crate::id::encode_random;
use crate::mcp::refusal::Fault;
use crate::mcp::ticket;
use crate::store::keys;
use crate::trace::work::Work;
use worker::js_sys::Uint8Array;
use worker::web_sys::{Request, RequestInit};
use worker::{Headers, Response};

/// The binding of the class of objects.
const BINDING: &str = "MCP_SESSION";
/// The binding of the class of objects that hold calls open, and the header that tells one its name.
const HOLDING: &str = "MCP_HELD";
pub const HELD: &str = "x-held-call";
/// The header that tells an object where the request came from; a client's own of that name does not get there.
pub const SOURCE: &str = "x-request-source";
/// What the headers that repeat a call's arguments begin with.
const PARAM: &str = "mcp-param-";
const PART: &str = "the session";
/// What of a client's headers a session's object gets to see: who asks, and what routes the message.
const FORWARDED: [&str; 7] =
    ["authorization", "content-type", "accept", "mcp-protocol-version", "mcp-method", "mcp-name", "last-event-id"];
/// What of an object's headers a client gets to see.
const RETURNED: [&str; 6] =
    ["content-type", "cache-control", "x-accel-buffering", "mcp-session-id", "retry-after", "www-authenticate"];

/// The session that a POST names. In the revision without sessions the header means nothing.
pub fn named(posted: &Posted) -> Option<String> {
    header(&posted.request, SESSION).filter(|_| !is_modern(&posted.request))
}

/// `GET`: a stream of the session. Without a session there is none.
pub async fn stream(scene: &Scene, request: &Request) -> Result<Served, Problem> {
    let accepts = header(request, "accept").is_some_and(|accept| crate::mcp::headers::accepts_stream(&accept));
    match header(request, SESSION) {
        _ if !accepts => Ok(Served::Reply(refuse(Fault::NoStream))),
        Some(id) => forward(scene, &id, request, None).await,
        None => Err(only_post()),
    }
}

/// `DELETE`: the session is over.
pub async fn end(scene: &Scene, request: &Request) -> Result<Served, Problem> {
    match header(request, SESSION) {
        Some(id) => forward(scene, &id, request, None).await,
        None => Err(only_post()),
    }
}

/// Opens a session with the `initialize` that was posted.
pub async fn open(scene: &Scene, posted: &Posted) -> Result<Served, Problem> {
    let id = ticket::mint_session(&scene.context.settings.root, &scene.place, random::bytes::<16>(Purpose::McpSession));
    forward(scene, &id, &posted.request, Some(&posted.body)).await
}

/// Has an object serve a call, so that it stays open while its client gathers input: a new one, or the one that holds it.
pub async fn hold(scene: &Scene, object: Option<String>, posted: &Posted) -> Result<Served, Problem> {
    let object = object.unwrap_or_else(|| encode_random(&random::bytes::<16>(Purpose::McpSession)));
    let headers = forwarded(&posted.request).map_err(unavailable(PART))?;
    // A tool may want its arguments repeated there.
    for (name, value) in incoming::headers(&posted.request) {
        if name.starts_with(PARAM) {
            headers.set(name.as_ref(), value.as_ref()).map_err(unavailable(PART))?;
        }
    }
    headers.set(HELD, &object).map_err(unavailable(PART))?;
    let name = keys::mcp_held(&scene.place.tenant, &scene.place.user, &object);
    ask(scene, HOLDING, &name, &posted.request, headers, Some(&posted.body)).await
}

/// Has the session's object serve a request.
pub async fn forward(scene: &Scene, id: &str, request: &Request, body: Option<&[u8]>) -> Result<Served, Problem> {
    let Some(name) = ticket::session_object(&scene.context.settings.root, &scene.place, id) else {
        return Ok(Served::Reply(refuse(Fault::UnknownSession)));
    };
    let headers = forwarded(request).map_err(unavailable(PART))?;
    headers.set(SESSION, id).map_err(unavailable(PART))?;
    ask(scene, BINDING, &keys::mcp_session(&scene.place.tenant, &scene.place.user, &name), request, headers, body).await
}

fn only_post() -> Problem {
    Problem::MethodNotAllowed { allow: "POST, OPTIONS".into() }
}

fn forwarded(request: &Request) -> worker::Result<Headers> {
    let headers = Headers::new();
    for name in FORWARDED {
        if let Some(value) = header(request, name) {
            headers.set(name, &value)?;
        }
    }
    headers.set(SOURCE, &super::source(request))?;
    Ok(headers)
}

async fn ask(
    scene: &Scene,
    binding: &str,
    object: &str,
    request: &Request,
    headers: Headers,
    body: Option<&[u8]>,
) -> Result<Served, Problem> {
    let class = if binding == HOLDING { "mcp_held" } else { "mcp_session" };
    let asked = asked(scene, (binding, object), request, headers, body);
    spans::open(Work::Object(class)).over(asked).await
}

async fn asked(
    scene: &Scene,
    (binding, object): (&str, &str),
    request: &Request,
    headers: Headers,
    body: Option<&[u8]>,
) -> Result<Served, Problem> {
    let failed = unavailable(PART);
    for (name, value) in spans::fields() {
        headers.set(&name, value.expose()).map_err(&failed)?;
    }
    headers.set("x-correlation-id", scene.context.correlation.as_str()).map_err(&failed)?;
    let init = RequestInit::new();
    init.set_method(&request.method());
    init.set_headers(&headers.0);
    if let Some(body) = body {
        init.set_body(&Uint8Array::from(body));
    }
    // Only the object's name routes; the path says which endpoint it is.
    let url = format!("https://session{}", incoming::path(request));
    let request = Request::new_with_str_and_init(&url, &init).map_err(|error| failed(error.into()))?;
    metrics::asked(Part::McpObject);
    let object = scene.context.env.durable_object(binding).and_then(|objects| objects.get_by_name(object));
    let response = object.map_err(&failed)?.fetch_with_request(request.into()).await.map_err(&failed)?;
    returned(scene, response).map(Served::Response).map_err(&failed)
}

fn returned(scene: &Scene, response: Response) -> worker::Result<Response> {
    let mut head = Reply::empty(response.status_code());
    for name in RETURNED {
        if let Some(value) = response.headers().get(name)? {
            head = head.with(name, value);
        }
    }
    let head = super::rated(&scene.principal, head);
    let (_, body) = response.into_parts();
    reply::with_body(head, &scene.context.correlation, body)
}
