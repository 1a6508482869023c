//! A connection to another server that is read piece by piece. Whoever drops it hangs up, also while waiting for it.

use super::outbound::{HangUp, fetch, init, read};
use super::timer::{Watch, within};
use crate::outbound::{OutboundAnswer, OutboundFailure, OutboundRequest, Patience};
use crate::time::Lifetime;
use worker::js_sys::Uint8Array;
use worker::wasm_bindgen::JsCast;
use worker::wasm_bindgen_futures::JsFuture;
use worker::web_sys::{ReadableStreamDefaultReader, ReadableStreamReadResult, Response};

/// See above.
pub struct Line {
    hang_up: HangUp,
    response: Response,
    reader: Option<ReadableStreamDefaultReader>,
    /// A reading that was begun. Whoever stops waiting for it leaves it here, or its bytes would be lost.
    begun: Option<JsFuture>,
}

impl Line {
    /// Sends a request and waits so long for the head of its answer.
    pub async fn open(request: &OutboundRequest, patience: Lifetime) -> Result<Self, OutboundFailure> {
        let hang_up = HangUp::new()?;
        let init = init(request, &hang_up.signal()).map_err(|_| OutboundFailure::Unreachable)?;
        let sent = fetch(request, &init).map_err(|_| OutboundFailure::Unreachable)?;
        let response = within(Some(patience), sent).await.ok_or(OutboundFailure::Timeout)?;
        let response = response.and_then(JsCast::dyn_into).map_err(|_| OutboundFailure::Unreachable)?;
        Ok(Self { hang_up, response, reader: None, begun: None })
    }

    /// Whether the answer is an event stream with status 200.
    pub fn is_stream(&self) -> bool {
        let media_type = self.response.headers().get("content-type").ok().flatten().unwrap_or_default();
        self.response.status() == 200
            && media_type.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("text/event-stream"))
    }

    /// The whole answer, within the request's deadline and size, each piece within `idle`.
    pub async fn whole(self, request: &OutboundRequest, idle: Lifetime) -> Result<OutboundAnswer, OutboundFailure> {
        let watch = Watch::new(Patience { first: idle, idle }, request.deadline);
        let answer = watch.over(read(&self.response, request, &watch)).await;
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
