//! Waiting for a while. The platform's own timer wakes only the task that asked it first; work that was begun in one task and
//! goes on in another would sleep for ever.

use futures::task::AtomicWaker;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;
use worker::Delay;

/// Ends after a while, and wakes whoever asked last.
pub struct Timer {
    delay: Pin<Box<Delay>>,
    last: Arc<Last>,
}

#[derive(Default)]
struct Last(AtomicWaker);

impl Wake for Last {
    fn wake(self: Arc<Self>) {
        self.0.wake();
    }
}

impl From<Duration> for Timer {
    fn from(duration: Duration) -> Self {
        Self { delay: Box::pin(Delay::from(duration)), last: Arc::default() }
    }
}

impl Future for Timer {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.last.0.register(context.waker());
        let waker = Waker::from(Arc::clone(&self.last));
        self.delay.as_mut().poll(&mut Context::from_waker(&waker))
    }
}
