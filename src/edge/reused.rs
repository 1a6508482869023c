//! Answers that this isolate gives again, and questions that are asked once for several who ask them at the same time.
//!
//! On this platform no request may wait for what another one began: its connections are its own. Whoever asks what somebody else
//! is asking already therefore looks again after a moment, until the answer is there or that somebody is gone.

use super::metrics::{self, Cache};
use super::timer::Timer;
use super::upstreams::Party;
use super::{clock, errand, tools};
use crate::time::Timestamp;
use crate::upstream::ask::{Answer, Ask};
use crate::upstream::reuse::{Answers, Keys, Turn};
use crate::upstream::{Upstream, UpstreamFailure};
use std::cell::RefCell;
use std::num::NonZeroUsize;
use std::time::Duration;

const MAX_ANSWERS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1023);
const MAX_BYTES: usize = 8 * 1024 * 1024;
const LOOK: Duration = Duration::from_millis(10);

thread_local! {
    static ANSWERS: RefCell<Answers> = RefCell::new(Answers::new(MAX_ANSWERS, MAX_BYTES));
}

/// Asks one thing, or gives an answer again that is known.
pub async fn ask(
    party: &Party,
    upstream: &Upstream,
    keys: Keys,
    ask: Ask,
    end: Timestamp,
) -> Result<Answer, UpstreamFailure> {
    let mut waited = false;
    let _asking = loop {
        let now = clock::now();
        if let Some(result) = ANSWERS.with_borrow_mut(|answers| answers.recall(&keys, now)) {
            metrics::looked(Cache::Answers, true);
            return Ok(Answer::Result(result));
        }
        match ANSWERS.with_borrow_mut(|answers| answers.turn(&keys, now)) {
            Turn::Others if now < end => {
                waited = true;
                Timer::from(LOOK).await;
            }
            Turn::Others => break None,
            // What was waited for did not help: those who waited too do not wait for each other in turn.
            Turn::Own => break Some(Asking(keys)).filter(|_| !waited),
        }
    };
    metrics::looked(Cache::Answers, false);
    let (method, tool) = (ask.method, ask.tool.clone());
    let answer = errand::ask_until(party, upstream, ask, None, end).await;
    if let Ok(Answer::Result(result)) = &answer
        && tool.is_none_or(|tool| tools::keeps_its_schema(&tool, result))
    {
        ANSWERS.with_borrow_mut(|answers| answers.keep(&keys, method, result, upstream.reuse, clock::now()));
    }
    answer
}

/// A question that is being asked, until this is dropped.
struct Asking(Keys);

impl Drop for Asking {
    fn drop(&mut self) {
        ANSWERS.with_borrow_mut(|answers| answers.over(&self.0));
    }
}
