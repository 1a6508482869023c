//! A connection to another server that is read piece by piece. Whoever drops it hangs up, also while waiting for it.

use super::outbound::{fetch, init, read};
use super::timer::Timer;
use crate::outbound::{OutboundAnswer, OutboundFailure, OutboundRequest};
use crate::time::Lifetime;
use futures::future::{Either, select};
use futures::pin_mut;
use std::time::Duration;
use worker::js_sys::{Function, Reflect, Uint8Array};
use worker::wasm_bindgen::JsCast;
use worker::wasm_bindgen_futures::JsFuture;
use worker::web_sys::{AbortController, ReadableStreamDefaultReader, ReadableStreamReadResult, Response};

/// See above.
pub struct Line {
    hang_up: HangUp,
    response: Response,
    reader: Option<ReadableStreamDefaultReader>,
    /// A reading that was begun. Whoever stops waiting for it leaves it here, or its bytes would be lost.
    begun: Option<JsFuture>,
}

/// Ends a request when it is dropped.
struct HangUp(AbortController);

impl Drop for HangUp {
    fn drop(&mut self) {
        // By its name, so that an exception ends here: the platform may drop this in nobody's request.
        let abort = Reflect::get(&self.0, &"abort".into()).and_then(JsCast::dyn_into::<Function>);
        let _ = abort.and_then(|abort| abort.call0(&self.0));
    }
}

impl Line {
    /// Sends a request and waits for the head of its answer, as long as the request's deadline says.
    pub async fn open(request: &OutboundRequest) -> Result<Self, OutboundFailure> {
        let controller = AbortController::new().map_err(|_| OutboundFailure::Unreachable)?;
        let init = init(request, &controller.signal()).map_err(|_| OutboundFailure::Unreachable)?;
        let hang_up = HangUp(controller);
        let sent = fetch(request, &init).map_err(|_| OutboundFailure::Unreachable)?;
        let response = within(Some(request.deadline), sent).await.ok_or(OutboundFailure::Timeout)?;
        let response = response.and_then(JsCast::dyn_into).map_err(|_| OutboundFailure::Unreachable)?;
        Ok(Self { hang_up, response, reader: None, begun: None })
    }

    /// Whether the answer is an event stream with status 200.
    pub fn is_stream(&self) -> bool {
        let media_type = self.response.headers().get("content-type").ok().flatten().unwrap_or_default();
        self.response.status() == 200
            && media_type.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("text/event-stream"))
    }

    /// The whole answer, within the request's deadline and size.
    pub async fn whole(self, request: &OutboundRequest) -> Result<OutboundAnswer, OutboundFailure> {
        let answer = within(Some(request.deadline), read(&self.response, request)).await;
        drop(self.hang_up);
        answer.unwrap_or(Err(OutboundFailure::Timeout))
    }

    /// The next bytes, `None` at the end. `patience` is how long to wait for them; without it, for ever.
    pub async fn next(&mut self, patience: Option<Lifetime>) -> Result<Option<Vec<u8>>, OutboundFailure> {
        if self.reader.is_none() {
            self.reader = self.response.body().map(|body| body.get_reader().unchecked_into());
        }
        let Some(reader) = &self.reader else { return Ok(None) };
        let begun = self.begun.get_or_insert_with(|| JsFuture::from(reader.read()));
        let step = within(patience, begun).await.ok_or(OutboundFailure::Timeout)?;
        self.begun = None;
        let step: ReadableStreamReadResult = step.map_err(|_| OutboundFailure::Unreachable)?.unchecked_into();
        if step.get_done().unwrap_or(false) {
            return Ok(None);
        }
        Ok(Some(step.get_value().unchecked_into::<Uint8Array>().to_vec()))
    }
}

/// Waits for something, so long at the most.
pub async fn within<T>(patience: Option<Lifetime>, what: impl Future<Output = T>) -> Option<T> {
    let Some(patience) = patience else { return Some(what.await) };
    let deadline = Timer::from(Duration::from_millis(patience.millis()));
    pin_mut!(what, deadline);
    match select(what, deadline).await {
        Either::Left((what, _)) => Some(what),
        Either::Right(_) => None,
    }
}
