//! The Model Context Protocol, outside sessions: every request stands alone. The protocol room reads and renders; this file
//! runs what lies between.

use super::incoming::{self, header};
use super::mcp_serve::{Prepared, Scene, prepare};
use super::mcp_session;
use super::mcp_work::{self, Work};
use super::spans;
use crate::api::problem::Problem;
use crate::api::reply::Reply as HttpReply;
use crate::mcp::era::Era;
use crate::mcp::headers::{METHOD, NAME, PROTOCOL_VERSION, RequestHeaders};
use crate::mcp::post::{self, Message, Post};
use crate::mcp::refusal::{self, Fault, Refusal};
use crate::mcp::reply::Reply;
use crate::mcp::turn::{Asked, Turn};
use crate::time::Lifetime;
use crate::trace::context::Carried;
use std::rc::Rc;
use worker::Response;
use worker::web_sys::Request;

/// What a client that cannot be served now is told to wait.
const RETRY: Lifetime = Lifetime::from_seconds(5);
/// The header that names a session.
pub const SESSION: &str = "Mcp-Session-Id";

/// A message as it was posted.
pub struct Posted {
    /// What every message is checked against.
    pub headers: RequestHeaders,
    /// The request with all its headers. Walking through them is dear, and rarely needed.
    pub request: Request,
    /// The body.
    pub body: Vec<u8>,
}

/// What a request of the protocol is answered with.
pub enum Served {
    /// A whole reply.
    Reply(HttpReply),
    /// A response that is already one: a stream, or what a session's object said.
    Response(Response),
}

/// The headers that route a message, and none of the others.
pub fn routing_headers(request: &Request) -> RequestHeaders {
    let named = ["content-type", "accept", PROTOCOL_VERSION, METHOD, NAME];
    RequestHeaders::collect(named.into_iter().filter_map(|name| Some((name, header(request, name)?))))
}

/// Answers one POST. The principal has paid for one message; each further one of a batch takes a call of its own.
pub async fn post(scene: Scene, posted: Rc<Posted>) -> Result<Served, Problem> {
    if let Some(id) = mcp_session::named(&posted) {
        return mcp_session::forward(&scene, &id, &posted.request, Some(&posted.body)).await;
    }
    match post::parse(&posted.headers, &posted.body) {
        Err(refusal) => Ok(Served::Reply(http(refusal.reply()))),
        Ok(Post::Single(message)) => single(scene, &posted, message).await,
        Ok(Post::Batch(messages)) => batch(&scene, &posted, messages).await.map(|reply| Served::Reply(http(reply))),
    }
}

async fn single(scene: Scene, posted: &Rc<Posted>, message: Message) -> Result<Served, Problem> {
    let asked = match outside(message) {
        Ok(asked) => asked,
        Err(reply) => return Ok(Served::Reply(http(reply))),
    };
    spans::adopt(Carried::of_meta(&asked.meta.relayed));
    let (context, principal, to) = (Rc::clone(&scene.context), scene.principal.clone(), asked.to.clone());
    match prepare(scene, posted, asked).await? {
        Prepared::Reply(reply) => Ok(Served::Reply(http(reply))),
        Prepared::Work(work) => mcp_work::answer(&context, &principal, to, work).await,
        Prepared::Elsewhere(forward) => forward.go(posted).await,
        Prepared::Watch { .. } => Ok(Served::Reply(http(to.refuse(Fault::NoSession)))),
    }
}

/// The request of a message; any other message has its reply already. Outside a session a notification means nothing, and
/// there was no question to answer.
fn outside(message: Message) -> Result<Asked, Reply> {
    match message.turn() {
        Turn::Serve(asked) => Ok(*asked),
        Turn::Reply(reply) => Err(reply),
        Turn::Notice(_) | Turn::Answer(_) => Err(Reply::ACCEPTED),
    }
}

/// The messages of a batch in order, each with one message for a reply.
async fn batch(scene: &Scene, posted: &Rc<Posted>, messages: Vec<Message>) -> Result<Reply, Problem> {
    let mut replies = Vec::with_capacity(messages.len());
    for (index, message) in messages.into_iter().enumerate() {
        let charged = if index == 0 { Ok(()) } else { scene.principal.another(&scene.context).await.map(drop) };
        replies.push(match (charged, message) {
            (Ok(()), message) => match outside(message) {
                Ok(asked) => whole(scene.clone(), posted, asked).await?,
                Err(reply) => reply,
            },
            (Err(problem), Message::Request(request)) => request.addressee().refuse(fault(&problem)),
            (Err(_), _) => Reply::ACCEPTED,
        });
    }
    Ok(Reply::batch(replies))
}

/// The reply to a request whose client takes one message only.
pub async fn whole(scene: Scene, posted: &Rc<Posted>, asked: Asked) -> Result<Reply, Problem> {
    let to = asked.to.clone();
    match prepare(scene, posted, asked).await? {
        Prepared::Reply(reply) => Ok(reply),
        Prepared::Work(work) => Work::reply(work).await,
        Prepared::Elsewhere(_) | Prepared::Watch { .. } => Ok(to.refuse(Fault::NoSession)),
    }
}

/// The reply to a body that is longer than any message.
pub fn too_large() -> HttpReply {
    http(refusal::too_large())
}

/// The reply to a request whose caller is limited; `None` when the body is not one request, so that there is no id to answer.
pub fn limited(headers: &RequestHeaders, body: &[u8], problem: &Problem) -> Option<HttpReply> {
    let (Ok(Post::Single(Message::Request(request))), Problem::RateLimited { limit, retry_after }) =
        (post::parse(headers, body), problem)
    else {
        return None;
    };
    Some(limit.with_headers(http(request.addressee().refuse(fault(problem))), *retry_after))
}

/// What is told inside the protocol. A lacking scope is told by HTTP, where a client looks for it.
pub fn in_band(problem: Problem) -> Result<Fault, Problem> {
    match problem {
        Problem::InsufficientScope { .. } | Problem::NotFound => Err(problem),
        other => Ok(fault(&other)),
    }
}

/// A problem as an error of the protocol.
pub fn fault(problem: &Problem) -> Fault {
    match problem {
        Problem::RateLimited { limit, retry_after } => {
            Fault::RateLimited { limit: limit.to_string(), retry_after: *retry_after }
        }
        Problem::Unavailable { .. } => Fault::Unavailable { retry_after: RETRY },
        _ => Fault::Internal,
    }
}

/// A refusal that belongs to no request.
pub fn refuse(fault: Fault) -> HttpReply {
    http(Refusal::anonymous(fault).reply())
}

/// A reply of the protocol as one of HTTP.
pub fn http(reply: Reply) -> HttpReply {
    let Reply { status, body } = reply;
    let Some(body) = body else { return HttpReply::empty(status) };
    let headers = vec![("content-type", "application/json".to_owned()), ("cache-control", "no-store".to_owned())];
    let reply = HttpReply { status, headers, body };
    if status == 503 { reply.with("retry-after", RETRY.seconds_ceil().to_string()) } else { reply }
}

/// Whether a request's headers name the revision without sessions: then what they say of sessions means nothing.
pub fn is_modern(request: &Request) -> bool {
    header(request, PROTOCOL_VERSION).is_some_and(|version| version.trim() == Era::Modern.name())
}

impl Posted {
    /// Takes a POST apart.
    pub fn new(request: Request, body: Vec<u8>) -> Rc<Self> {
        Rc::new(Self { headers: routing_headers(&request), request, body })
    }

    /// Every header, for a tool that wants its arguments repeated there.
    pub fn all_headers(&self) -> RequestHeaders {
        RequestHeaders::collect(incoming::headers(&self.request))
    }
}
