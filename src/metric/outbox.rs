//! When an isolate sends what it gathered. A flush that may not have come is sent again as it was, before anything newer.

use super::message::Flush;
use crate::time::{Lifetime, Timestamp};

/// How long an isolate gathers.
pub const PAUSE: Lifetime = Lifetime::from_seconds(5);
/// Whoever was to send and said nothing for so long is gone.
const GIVEN_UP: Lifetime = Lifetime::from_seconds(30);

/// What an isolate has to send.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    /// Since when somebody sees to the next sending.
    minded: Option<Timestamp>,
    sent: Option<Timestamp>,
    pending: Option<Flush>,
    number: u64,
}

impl Outbox {
    /// Whether whoever asks shall see to the next sending, and after how long; none where somebody else does.
    pub fn mind(&mut self, now: Timestamp) -> Option<Lifetime> {
        if self.minded.is_some_and(|since| now.since(since) < GIVEN_UP) {
            return None;
        }
        self.minded = Some(now);
        Some(self.sent.map_or(Lifetime::default(), |sent| sent.plus(PAUSE).since(now)))
    }

    /// What is to be sent now: what may not have come, or else what `gathered` makes of the number of this flush.
    pub fn take(&mut self, now: Timestamp, gathered: impl FnOnce(u64) -> Flush) -> Flush {
        self.sent = Some(now);
        let number = &mut self.number;
        let flush = self.pending.get_or_insert_with(|| {
            *number += 1;
            gathered(*number)
        });
        flush.clone()
    }

    /// A flush came, or it is not known whether it did. Whoever saw to it does so no more.
    pub fn done(&mut self, number: u64, came: bool) {
        self.minded = None;
        if came {
            self.pending.take_if(|pending| pending.number == number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{GIVEN_UP, Outbox, PAUSE};
    use crate::metric::message::Flush;
    use crate::time::{Lifetime, Timestamp};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn flush(number: u64) -> Flush {
        Flush { isolate: "a".into(), number, series: Vec::new(), activity: Vec::new(), resting: Vec::new() }
    }

    #[test]
    fn the_first_is_sent_at_once_and_the_next_after_a_pause_by_one_alone() {
        let mut outbox = Outbox::default();
        assert_eq!(outbox.mind(NOW), Some(Lifetime::default()));
        assert_eq!(outbox.mind(NOW), None, "somebody sees to it");
        assert_eq!(outbox.take(NOW, flush).number, 1);
        outbox.done(1, true);
        assert_eq!(outbox.mind(NOW), Some(PAUSE));
        assert_eq!(outbox.mind(NOW.plus(PAUSE)), None);
        assert_eq!(outbox.take(NOW.plus(PAUSE), flush).number, 2);
    }

    #[test]
    fn what_may_not_have_come_is_sent_again_as_it_was() {
        let mut outbox = Outbox::default();
        outbox.mind(NOW);
        let lost = outbox.take(NOW, flush);
        outbox.done(1, false);
        assert_eq!(outbox.mind(NOW), Some(PAUSE));
        assert_eq!(outbox.take(NOW.plus(PAUSE), |_| panic!("something newer")), lost);
        outbox.done(1, true);
        assert_eq!(outbox.take(NOW, flush).number, 2);
        outbox.done(1, true);
        assert_eq!(outbox.take(NOW, |_| panic!("something newer")).number, 2, "a late word about another one");
    }

    #[test]
    fn whoever_saw_to_it_and_is_gone_is_replaced() {
        let mut outbox = Outbox::default();
        outbox.mind(NOW);
        assert_eq!(outbox.mind(NOW.plus(GIVEN_UP)), Some(Lifetime::default()));
    }
}
