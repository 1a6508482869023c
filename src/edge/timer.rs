//! Waiting for a while, in a way that survives what happens to streams.
//!
//! The runtime library's own timer wakes only the task that asked it first, and work that was begun in one task may go on in
//! another. It also throws where it is dropped outside of any request: the platform collects the stream of a client that has
//! gone whenever it likes, and an exception there ends every request of the isolate. Nothing here throws.

use crate::time::Lifetime;
use futures::future::{Either, select};
use futures::pin_mut;
use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use worker::js_sys::{Function, Reflect, global};
use worker::wasm_bindgen::closure::Closure;
use worker::wasm_bindgen::{JsCast, JsValue};

thread_local! {
    /// What a timer calls that only finds out whether there may be timers.
    static NOTHING: Closure<dyn FnMut()> = Closure::new(|| {});
}

/// Ends after a while, and wakes whoever asked last.
pub struct Timer {
    duration: Duration,
    running: Option<Running>,
}

struct Running {
    id: JsValue,
    _call: Closure<dyn FnMut()>,
    state: Rc<State>,
}

#[derive(Default)]
struct State {
    over: Cell<bool>,
    last: RefCell<Option<Waker>>,
}

impl From<Duration> for Timer {
    fn from(duration: Duration) -> Self {
        Self { duration, running: None }
    }
}

impl Future for Timer {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let duration = self.duration;
        let running = self.running.get_or_insert_with(|| Running::start(duration));
        if running.state.over.get() {
            return Poll::Ready(());
        }
        running.state.last.replace(Some(context.waker().clone()));
        Poll::Pending
    }
}

impl Running {
    /// Outside of any request nobody can wait: the time is over at once.
    fn start(duration: Duration) -> Self {
        let state = Rc::<State>::default();
        let seen = Rc::clone(&state);
        let call = Closure::new(move || {
            seen.over.set(true);
            if let Some(waiting) = seen.last.take() {
                waiting.wake();
            }
        });
        let id = set(&call, duration);
        state.over.set(id.is_none());
        Self { id: id.unwrap_or_default(), _call: call, state }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.state.over.get() {
            clear(&self.id);
        }
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

/// Whether there is a request to do something for. There is none while the platform collects what requests left behind.
pub fn in_request() -> bool {
    let id = NOTHING.with(|nothing| set(nothing, Duration::ZERO));
    if let Some(id) = &id {
        clear(id);
    }
    id.is_some()
}

fn set(call: &Closure<dyn FnMut()>, duration: Duration) -> Option<JsValue> {
    let millis = u32::try_from(duration.as_millis()).unwrap_or(u32::MAX);
    named("setTimeout")?.call2(&JsValue::UNDEFINED, call.as_ref(), &millis.into()).ok()
}

fn clear(id: &JsValue) {
    // One that cannot be cleared calls nothing any more.
    let _ = named("clearTimeout").map(|clear| clear.call1(&JsValue::UNDEFINED, id));
}

fn named(name: &str) -> Option<Function> {
    Reflect::get(&global(), &name.into()).ok()?.dyn_into().ok()
}
