//! Where work stands in its request's trace, and the way of what was recorded to its collector.
//!
//! Work knows its place by who drives it: whoever polls a future of [`at`] sees its place, and nobody else does, however
//! many requests take turns in this isolate. So nothing on the way has to hand it on. Where a trace is not sampled, a span is
//! one look at that place.

use super::context::{self, Context};
use super::incoming::header;
use super::timer::Timer;
use super::tools::ToolError;
use super::{calls, clock, outbound};
use crate::api::problem::Problem;
use crate::observe::{Event, Request as Answered};
use crate::outbound::HeaderValue;
use crate::settings::Settings;
use crate::time::Timestamp;
use crate::trace::batch::Batch;
use crate::trace::context::{Carried, PARENT, STATE};
use crate::trace::id::{SpanId, TraceId};
use crate::trace::otlp;
use crate::trace::recorder::{Fresh, Recorder};
use crate::trace::span::{Attributes, Kind, Span};
use crate::trace::work::Work;
use crate::upstream::UpstreamFailure;
use pin_project_lite::pin_project;
use std::borrow::Cow;
use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{self, Poll};
use std::time::Duration;
use worker::web_sys::Request;

/// A place in a trace: its record, and the span that work there belongs to.
#[derive(Clone)]
pub struct Place {
    record: Rc<RefCell<Recorder>>,
    span: SpanId,
}

thread_local! {
    static HERE: RefCell<Option<Place>> = const { RefCell::new(None) };
    static BATCH: RefCell<Batch> = RefCell::default();
}

impl Place {
    /// The beginning of a request's record, with what its headers say.
    pub fn begin(settings: &Settings, request: &Request) -> Self {
        let carried =
            header(request, PARENT).and_then(|parent| Carried::read(Some(&parent), || header(request, STATE)));
        let fresh = Fresh { trace: context::unique(), span: span_bytes() };
        let record = Recorder::begin(carried, fresh, settings.collector.as_ref().map(|collector| collector.ratio));
        let span = record.root();
        Self { record: Rc::new(RefCell::new(record)), span }
    }

    fn records(&self) -> bool {
        self.record.borrow().records()
    }
}

/// The place of whatever runs now; nowhere outside of requests.
pub fn here() -> Option<Place> {
    HERE.with_borrow(Clone::clone)
}

/// The trace of whatever runs now.
pub fn trace() -> Option<TraceId> {
    HERE.with_borrow(|here| here.as_ref().map(|here| here.record.borrow().trace()))
}

/// Takes up the trace that a message names, where its request named none.
pub fn adopt(message: Option<Carried>) {
    if let Some(place) = here().filter(|_| message.is_some()) {
        place.record.borrow_mut().adopt(message);
    }
}

/// What goes with a request that is made now.
pub fn passed_on() -> Option<Carried> {
    HERE.with_borrow(|here| here.as_ref().map(|here| here.record.borrow().passed_on(here.span)))
}

/// The same, as header fields.
pub fn fields() -> impl Iterator<Item = (Cow<'static, str>, HeaderValue)> {
    let carried = passed_on();
    let state = carried.as_ref().and_then(|carried| carried.state.as_ref()).map(|state| state.as_str().to_owned());
    let parent = carried.map(|carried| carried.parent.to_string());
    let field = |name: &'static str, text: Option<String>| {
        text.and_then(|text| HeaderValue::parse(text).ok()).map(|value| (Cow::Borrowed(name), value))
    };
    field(PARENT, parent).into_iter().chain(field(STATE, state))
}

pin_project! {
    /// Work at a place.
    pub struct At<F> {
        place: Option<Place>,
        #[pin]
        work: F,
    }
}

/// Does work at a place. Without one it is done nowhere.
pub const fn at<F: Future>(place: Option<Place>, work: F) -> At<F> {
    At { place, work }
}

impl<F: Future> Future for At<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, waker: &mut task::Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        inside(this.place.clone(), || this.work.poll(waker))
    }
}

fn inside<T>(place: Option<Place>, act: impl FnOnce() -> T) -> T {
    let before = HERE.replace(place);
    let done = act();
    HERE.replace(before);
    done
}

/// Begins a span here, where the trace is recorded.
pub fn open(what: Work<'_>) -> Opened {
    Opened(Open::begin(&what).map(Box::new))
}

/// A span that has begun, or none.
pub struct Opened(Option<Box<Open>>);

pin_project! {
    /// Work in a span, if there is one.
    pub struct Over<F> {
        span: Option<Box<Open>>,
        #[pin]
        work: F,
    }
}

impl Opened {
    /// Does work in it, and ends it.
    pub fn over<F: Future<Output: Ending>>(self, work: F) -> Over<F> {
        Over { span: self.0, work }
    }
}

impl<F: Future<Output: Ending>> Future for Over<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, waker: &mut task::Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let Some(span) = this.span else { return this.work.poll(waker) };
        let polled = inside(Some(span.place.clone()), || this.work.poll(waker));
        if let Poll::Ready(done) = &polled {
            span.error = done.error();
            *this.span = None;
        }
        polled
    }
}

/// A span that has begun; it ends when it is dropped.
struct Open {
    /// Where its work is done.
    place: Place,
    parent: SpanId,
    name: Cow<'static, str>,
    kind: Kind,
    attributes: Attributes,
    start: Timestamp,
    error: Option<Cow<'static, str>>,
}

impl Open {
    fn begin(what: &Work<'_>) -> Option<Self> {
        let Place { record, span: parent } = HERE.with_borrow(|here| here.clone().filter(Place::records))?;
        let place = Place { record, span: SpanId::from_random(span_bytes()) };
        let (name, kind, attributes) = (what.name(), what.kind(), what.attributes());
        // Until its end is known it is one that nobody waited for.
        let error = Some("cancelled".into());
        Some(Self { place, parent, name, kind, attributes, start: clock::now(), error })
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let span = Span {
            id: self.place.span,
            parent: Some(self.parent),
            name: std::mem::take(&mut self.name),
            kind: self.kind,
            start: self.start,
            end: clock::now(),
            attributes: std::mem::take(&mut self.attributes),
            error: self.error.take(),
        };
        if let Some(late) = self.place.record.borrow_mut().keep(span) {
            BATCH.with_borrow_mut(|batch| batch.add(vec![late], 0));
        }
    }
}

/// How work ended, for its span.
pub trait Ending {
    /// The kind of error it ended with.
    fn error(&self) -> Option<Cow<'static, str>>;
}

impl Ending for () {
    fn error(&self) -> Option<Cow<'static, str>> {
        None
    }
}

impl<T> Ending for Result<T, Problem> {
    fn error(&self) -> Option<Cow<'static, str>> {
        self.as_ref().err().map(|problem| problem.name().into())
    }
}

impl<T> Ending for Result<T, UpstreamFailure> {
    fn error(&self) -> Option<Cow<'static, str>> {
        self.as_ref().err().map(|failure| failure.problem.name().into())
    }
}

impl<T> Ending for Result<T, ToolError> {
    fn error(&self) -> Option<Cow<'static, str>> {
        self.as_ref().err().map(|error| calls::error_outcome(error).into())
    }
}

impl<T> Ending for Option<T> {
    fn error(&self) -> Option<Cow<'static, str>> {
        self.is_none().then_some("no_answer".into())
    }
}

/// Ends the record of a request that was answered, and sees to it that what is kept is sent.
pub fn end(context: &Context, answered: &Answered) {
    end_with(context, answered.who.is_some(), |span| Span {
        name: answered.span_name().into(),
        attributes: answered.span_attributes(&context.correlation),
        error: answered.span_error(),
        ..span
    });
}

/// The same for what an object was asked by an isolate, which knows the caller.
pub fn end_of_object(context: &Context, class: &'static str, status: u16) {
    end_with(context, true, |span| Span {
        name: class.into(),
        attributes: vec![("http.response.status_code", status.into())],
        error: (status >= 500).then(|| status.to_string().into()),
        ..span
    });
}

fn end_with(context: &Context, known: bool, about: impl FnOnce(Span) -> Span) {
    let Some(place) = here() else { return };
    let (start, end) = (context.started, clock::now());
    let root = |id, parent| {
        let (name, kind, attributes) = (Cow::default(), Kind::Server, Vec::new());
        about(Span { id, parent, name, kind, start, end, attributes, error: None })
    };
    let (spans, left_out) = place.record.borrow_mut().end(known, root);
    BATCH.with_borrow_mut(|batch| batch.add(spans, left_out));
    send_later(context);
}

/// Takes it on to send what waits, unless somebody has.
fn send_later(context: &Context) {
    let Some(wait) = BATCH.with_borrow_mut(|batch| batch.turn(clock::now())) else { return };
    let settings = Rc::clone(&context.settings);
    // It belongs to no trace: what it says in the log is about those of many.
    let sending = at(None, async move {
        Timer::from(Duration::from_millis(wait.millis())).await;
        send(&settings).await;
    });
    context.background.wait_until(sending);
}

/// Sends what waits, once: what is not taken is lost, and the log says how much that is.
async fn send(settings: &Settings) {
    let Some(collector) = &settings.collector else { return };
    let mut reason = None;
    while let Some(spans) = BATCH.with_borrow_mut(Batch::take_message) {
        let answer = outbound::send(&otlp::request(collector, &spans)).await;
        if let Some((lost, why)) = otlp::lost(spans.len(), answer) {
            BATCH.with_borrow_mut(|batch| batch.lose(lost));
            reason = Some(why);
        }
    }
    let lost = BATCH.with_borrow_mut(Batch::take_lost);
    if lost > 0 {
        let reason = reason.unwrap_or_else(|| "there were more than can wait".to_owned());
        context::log(&Event::SpansLost { spans: lost, reason }, None);
    }
}

fn span_bytes() -> [u8; 8] {
    let [bytes @ .., _, _, _, _, _, _, _, _] = context::unique();
    bytes
}
