//! Waiting for a while, in a way that survives what happens to streams.
//!
//! The runtime library's own timer wakes only the task that asked it first, and work that was begun in one task may go on in
//! another. It also throws where it is dropped outside of any request: the platform collects the stream of a client that has
//! gone whenever it likes, and an exception there ends every request of the isolate. Nothing here throws.

use super::clock;
use crate::outbound::Patience;
use crate::time::{Lifetime, Timestamp};
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
    static SET: JsValue = named("setTimeout");
    static CLEAR: JsValue = named("clearTimeout");
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

/// The end of something that goes on in steps: each has a time of its own, and all of them have one together. However many
/// steps there are, one timer runs at a time.
pub struct Watch {
    idle: Lifetime,
    end: Timestamp,
    step: Cell<Timestamp>,
}

impl Watch {
    /// From now on: the first step, then each further one, and all of them.
    pub fn new(patience: Patience, all: Lifetime) -> Self {
        let now = clock::now();
        let end = now.plus(all);
        Self { idle: patience.idle, end, step: Cell::new(now.plus(patience.first).min(end)) }
    }

    /// A step is done, and the time of the next begins.
    pub fn step(&self) {
        self.step.set(clock::now().plus(self.idle).min(self.end));
    }

    /// Waits for something, until a step takes too long.
    pub async fn over<T>(&self, what: impl Future<Output = T>) -> Option<T> {
        let late = self.late();
        pin_mut!(what, late);
        match select(what, late).await {
            Either::Left((what, _)) => Some(what),
            Either::Right(_) => None,
        }
    }

    async fn late(&self) {
        let mut now = clock::now();
        loop {
            let left = self.step.get().since(now);
            if left.millis() == 0 {
                return;
            }
            // No step that begins meanwhile ends before this does, or it is looked at again.
            Timer::from(Duration::from_millis(left.min(self.idle).millis())).await;
            let then = clock::now();
            if then == now {
                // There is nobody to wait for: outside of any request a timer is over at once.
                return;
            }
            now = then;
        }
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
    SET.with(|set| set.dyn_ref::<Function>()?.call2(&JsValue::UNDEFINED, call.as_ref(), &millis.into()).ok())
}

fn clear(id: &JsValue) {
    // One that cannot be cleared calls nothing any more.
    let _ = CLEAR.with(|clear| clear.dyn_ref::<Function>().map(|clear| clear.call1(&JsValue::UNDEFINED, id)));
}

fn named(name: &str) -> JsValue {
    Reflect::get(&global(), &name.into()).unwrap_or_default()
}
