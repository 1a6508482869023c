//! How long an isolate believes what it fetched from the provider, and how soon it asks again.

use crate::time::{Lifetime, Timestamp};

/// What was fetched is believed for an hour.
const BELIEVED: Lifetime = Lifetime::from_seconds(3600);
/// A provider that failed is left alone for five seconds, so that its trouble delays few.
const REST: Lifetime = Lifetime::from_seconds(5);
/// What is believed is asked for again at most once a minute, whoever wants something newer.
const AGAIN: Lifetime = Lifetime::from_seconds(60);

/// One thing of the provider's that is remembered.
#[derive(Clone, Debug)]
pub struct Memory<T> {
    kept: Option<(Timestamp, T)>,
    failed: Option<Timestamp>,
    asked_again: Option<Timestamp>,
}

impl<T> Default for Memory<T> {
    fn default() -> Self {
        Self { kept: None, failed: None, asked_again: None }
    }
}

impl<T> Memory<T> {
    /// What is believed at this moment.
    pub fn known(&self, now: Timestamp) -> Option<&T> {
        self.kept.as_ref().filter(|(since, _)| now.since(*since) < BELIEVED).map(|(_, kept)| kept)
    }

    /// Whether the provider failed a moment ago and is left alone.
    pub fn rests(&self, now: Timestamp) -> bool {
        self.failed.is_some_and(|failed| now.since(failed) < REST)
    }

    /// Whether it may be asked for again although it is believed, because something was not found in it. Counts as asked.
    pub fn ask_again(&mut self, now: Timestamp) -> bool {
        let last = self.asked_again.max(self.kept.as_ref().map(|(since, _)| *since));
        let may = last.is_none_or(|last| now.since(last) >= AGAIN);
        if may {
            self.asked_again = Some(now);
        }
        may
    }

    /// Keeps what came.
    pub fn keep(&mut self, fetched: T, now: Timestamp) {
        self.kept = Some((now, fetched));
        self.failed = None;
    }

    /// Notes that nothing came; what is kept stays for as long as it is believed.
    pub fn fail(&mut self, now: Timestamp) {
        self.failed = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::Memory;
    use crate::time::Timestamp;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_seconds(1_000_000 + seconds)
    }

    #[test]
    fn what_came_is_believed_for_an_hour_and_no_longer() {
        let mut memory = Memory::default();
        assert_eq!(memory.known(at(0)), None);
        memory.keep("keys", at(0));
        assert_eq!((memory.known(at(3599)), memory.known(at(3600))), (Some(&"keys"), None));
    }

    #[test]
    fn a_failure_rests_the_provider_and_takes_nothing_away() {
        let mut memory = Memory::default();
        memory.keep(1, at(0));
        memory.fail(at(10));
        assert_eq!((memory.rests(at(14)), memory.rests(at(15)), memory.known(at(14))), (true, false, Some(&1)));
        memory.keep(2, at(12));
        assert!(!memory.rests(at(13)));
    }

    #[test]
    fn something_newer_is_asked_for_once_a_minute_whether_or_not_it_comes() {
        let mut memory = Memory::default();
        memory.keep(1, at(0));
        assert!(!memory.ask_again(at(59)));
        assert!(memory.ask_again(at(60)) && !memory.ask_again(at(119)) && memory.ask_again(at(120)));
        memory.keep(2, at(121));
        assert!(!memory.ask_again(at(180)) && memory.ask_again(at(181)));
    }
}
