//! Spans that wait in an isolate until they are sent: bounded, and sent a few times a minute at most. The bounds are those of
//! OpenTelemetry's batch processor.

use super::span::Finished;
use crate::time::{Lifetime, Timestamp};

/// Most spans that wait; what comes beyond them is lost, and counted.
pub const MOST_WAITING: usize = 2048;
/// Most spans of one message.
pub const LARGEST: usize = 512;
/// How long the first of them waits.
const DELAY: Lifetime = Lifetime::from_seconds(5);
/// When whoever wanted to send them is given up: the platform may have ended its work.
const GIVEN_UP: Lifetime = Lifetime::from_seconds(30);

/// Who sends what waits, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Plan {
    made: Timestamp,
    at_once: bool,
}

/// The spans that wait.
#[derive(Debug, Default)]
pub struct Batch {
    waiting: Vec<Finished>,
    lost: u32,
    plan: Option<Plan>,
}

impl Batch {
    /// Has spans wait.
    pub fn add(&mut self, spans: Vec<Finished>, left_out: u32) {
        let room = MOST_WAITING - self.waiting.len().min(MOST_WAITING);
        let over = u32::try_from(spans.len().saturating_sub(room)).unwrap_or(u32::MAX);
        self.lose(over.saturating_add(left_out));
        self.waiting.extend(spans.into_iter().take(room));
    }

    /// Counts spans that are not sent.
    pub const fn lose(&mut self, spans: u32) {
        self.lost = self.lost.saturating_add(spans);
    }

    /// Whether whoever asks has to send what waits, and after how long. Everybody else may leave it to them.
    pub fn turn(&mut self, now: Timestamp) -> Option<Lifetime> {
        let full = self.waiting.len() >= LARGEST;
        let taken_on = self.plan.is_some_and(|plan| now.since(plan.made) < GIVEN_UP && (plan.at_once || !full));
        if taken_on || self.waiting.is_empty() {
            return None;
        }
        self.plan = Some(Plan { made: now, at_once: full });
        Some(if full { Lifetime::from_millis(0) } else { DELAY })
    }

    /// The next message; `None` when nothing waits any more, and the next span makes a new plan.
    pub fn take_message(&mut self) -> Option<Vec<Finished>> {
        if self.waiting.is_empty() {
            self.plan = None;
            return None;
        }
        let rest = self.waiting.split_off(self.waiting.len().min(LARGEST));
        Some(std::mem::replace(&mut self.waiting, rest))
    }

    /// How many were lost since this was asked last.
    pub const fn take_lost(&mut self) -> u32 {
        std::mem::replace(&mut self.lost, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Batch, DELAY, Finished, GIVEN_UP, LARGEST, Lifetime, MOST_WAITING, Timestamp};
    use crate::trace::id::{SpanId, TraceId};
    use crate::trace::span::{Kind, Span};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    fn spans(count: usize) -> Vec<Finished> {
        let span = Span {
            id: SpanId::from_random([1; 8]),
            parent: None,
            name: "x".into(),
            kind: Kind::Internal,
            start: NOW,
            end: NOW,
            attributes: Vec::new(),
            error: None,
        };
        vec![Finished { trace: TraceId::from_random([1; 16]), random: true, remote: false, span }; count]
    }

    #[test]
    fn one_request_sends_for_all_that_come_within_five_seconds() {
        let mut batch = Batch::default();
        assert_eq!(batch.turn(NOW), None);
        batch.add(spans(2), 0);
        assert_eq!(batch.turn(NOW), Some(DELAY));
        batch.add(spans(3), 0);
        assert_eq!(batch.turn(NOW.plus(DELAY)), None);
        assert_eq!(batch.take_message().map(|sent| sent.len()), Some(5));
        assert_eq!(batch.take_message(), None);
        batch.add(spans(1), 0);
        assert_eq!(batch.turn(NOW.plus(DELAY)), Some(DELAY));
    }

    #[test]
    fn a_full_message_is_sent_at_once_and_once() {
        let mut batch = Batch::default();
        batch.add(spans(1), 0);
        assert_eq!(batch.turn(NOW), Some(DELAY));
        batch.add(spans(LARGEST), 0);
        assert_eq!(batch.turn(NOW), Some(Lifetime::from_millis(0)));
        batch.add(spans(LARGEST), 0);
        assert_eq!(batch.turn(NOW), None);
        let sizes: Vec<usize> = std::iter::from_fn(|| batch.take_message()).map(|sent| sent.len()).collect();
        assert_eq!(sizes, [LARGEST, LARGEST, 1]);
    }

    #[test]
    fn who_does_not_come_back_is_replaced() {
        let mut batch = Batch::default();
        batch.add(spans(1), 0);
        assert!(batch.turn(NOW).is_some());
        assert_eq!(batch.turn(NOW.plus(GIVEN_UP)), Some(DELAY));
    }

    #[test]
    fn what_is_too_much_is_lost_and_counted_once() {
        let mut batch = Batch::default();
        batch.add(spans(MOST_WAITING - 1), 0);
        batch.add(spans(3), 4);
        batch.lose(1);
        assert_eq!((batch.take_lost(), batch.take_lost()), (2 + 4 + 1, 0));
        let sent: usize = std::iter::from_fn(|| batch.take_message()).map(|sent| sent.len()).sum();
        assert_eq!(sent, MOST_WAITING);
    }
}
