//! Event streams to clients.

use super::admission::{self, Principal};
use super::context::Context;
use super::timer::Timer;
use super::{clock, reply};
use crate::api::problem::Problem;
use crate::api::reply::Reply;
use crate::mcp::sse;
use crate::time::{Lifetime, Timestamp};
use futures::future::{Either, select};
use futures::stream::{self, Stream, StreamExt};
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;
use worker::js_sys::{Array, Function, Reflect, Uint8Array, global};
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::wasm_bindgen_futures::JsFuture;
use worker::web_sys::{TransformStream, WritableStreamDefaultWriter};
use worker::{Response, ResponseBody};

/// How long a client waits in silence before its answer becomes a stream, and how old the last check of a stream's principal
/// may be, when it also sends a comment: a stream ends within this time, and one question to the gate, after its token was
/// revoked or has expired.
pub const TICK: Duration = Duration::from_secs(5);
const CHECK: Lifetime = Lifetime::from_seconds(5);
/// How far apart the bytes of a comment are written.
const BYTE: Duration = Duration::from_millis(20);

/// A response that streams these events for as long as its principal is good. When the client has closed it, the next
/// event, a comment at the latest, finds that out, and the events are dropped with everything behind them.
///
/// They are written by work of the request itself. A stream that the platform would read them from is collected by it when
/// the client has gone, outside of any request, and what is dropped there may neither end anything nor throw.
pub fn response(
    context: &Rc<Context>,
    principal: &Principal,
    events: impl Stream<Item = Vec<u8>> + 'static,
) -> Result<Response, Problem> {
    let head = Reply::empty(200)
        .with("content-type", sse::MEDIA_TYPE)
        .with("cache-control", "no-cache, no-transform")
        .with("x-accel-buffering", "no");
    let head = super::rated(principal, head);
    let failed = |error: worker::Error| Problem::Internal(format!("a stream could not be made: {error}"));
    let pipe = pipe().map_err(|error| failed(error.into()))?;
    let writer = pipe.writable().get_writer().map_err(|error| failed(error.into()))?;
    context.background.wait_until(write(writer, guard(Rc::clone(context), principal.clone(), events)));
    reply::with_body(head, &context.correlation, ResponseBody::Stream(pipe.readable())).map_err(failed)
}

/// A pipe of the platform's own, for bytes: what is written waits until it is read.
fn pipe() -> Result<TransformStream, JsValue> {
    let constructor: Function = Reflect::get(&global(), &"IdentityTransformStream".into())?.dyn_into()?;
    Ok(Reflect::construct(&constructor, &Array::new())?.unchecked_into())
}

/// Writes until the events end or nobody reads them.
///
/// The platform finds out that a client has gone by what is written after the first bytes that were lost, so a comment is
/// written byte by byte, slowly enough for the loss to come back: it finds out by itself.
async fn write(writer: WritableStreamDefaultWriter, events: impl Stream<Item = Vec<u8>>) {
    let mut events = pin!(events);
    while let Some(event) = events.next().await {
        let is_comment = event == sse::COMMENT;
        for piece in event.chunks(if is_comment { 1 } else { event.len().max(1) }) {
            let written = writer.write_with_chunk(&Uint8Array::from(piece));
            if JsFuture::from(written).await.is_err() {
                return;
            }
            if is_comment && piece != b"\n" {
                Timer::from(BYTE).await;
            }
        }
    }
    let _ = JsFuture::from(writer.close()).await;
}

struct Guarded<S> {
    context: Rc<Context>,
    principal: Principal,
    events: S,
    checked: Timestamp,
}

fn guard(
    context: Rc<Context>,
    principal: Principal,
    events: impl Stream<Item = Vec<u8>> + 'static,
) -> impl Stream<Item = Vec<u8>> {
    let guarded = Guarded { context, principal, events: events.boxed_local(), checked: clock::now() };
    stream::unfold(guarded, |mut guarded| async move {
        let tick = Timer::from(guarded.until_check());
        let event = match select(guarded.events.next(), tick).await {
            Either::Left((event, _)) => event?,
            Either::Right(_) => sse::COMMENT.to_vec(),
        };
        guarded.is_good().await.then_some((event, guarded))
    })
}

impl<S> Guarded<S> {
    /// However often something is told, the next check is not later than it would be in silence.
    fn until_check(&self) -> Duration {
        Duration::from_millis(self.checked.plus(CHECK).since(clock::now()).millis())
    }

    async fn is_good(&mut self) -> bool {
        let now = clock::now();
        if now.since(self.checked) < CHECK {
            return true;
        }
        self.checked = now;
        admission::check(&self.context, &self.principal).await.is_ok()
    }
}
