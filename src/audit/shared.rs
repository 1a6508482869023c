//! Records that replies wait for, in appends that requests of an isolate share: while one append of a trail is under way,
//! what comes meanwhile waits for the next one, which whoever looks first writes for all. A lone record waits for nobody.
//!
//! A request may end at any moment, also the one that writes for others. An append may be repeated, so whoever waits too long
//! for another one writes what is there itself.

use super::Trail;
use super::append::MAX_DRAFTS;
use super::record::Draft;
use crate::time::{Lifetime, Timestamp};
use std::collections::{BTreeMap, VecDeque};

/// How long an append may take before somebody else writes the same again.
const PATIENCE: Lifetime = Lifetime::from_seconds(1);
/// Outcomes that are kept for whoever waits for them; one that is forgotten is written again.
const MAX_OUTCOMES: usize = 1024;

/// Names a record that waits.
pub type Ticket = u64;
/// Names an append.
pub type Round = u64;

/// The appends of an isolate, by trail.
#[derive(Debug, Default)]
pub struct Shared(BTreeMap<Trail, Queue>);

#[derive(Debug, Default)]
struct Queue {
    /// The last number that was given to a record or an append.
    counter: u64,
    waiting: VecDeque<(Ticket, Draft)>,
    running: Option<Running>,
    outcomes: VecDeque<(Ticket, bool)>,
}

/// An append that is under way.
#[derive(Debug)]
struct Running {
    round: Round,
    since: Timestamp,
    records: Vec<(Ticket, Draft)>,
}

/// What a request has to do for its record.
#[derive(Debug, PartialEq)]
pub enum Turn {
    /// Write these, and say with [`Shared::end`] what came of it.
    Write(Round, Vec<Draft>),
    /// Look again in a moment.
    Wait,
    /// It is written.
    Written,
    /// It could not be written.
    Failed,
}

impl Shared {
    /// Brings a record, which the ticket is for.
    pub fn bring(&mut self, trail: &Trail, draft: Draft) -> Ticket {
        let queue = match self.0.get_mut(trail) {
            Some(queue) => queue,
            None => self.0.entry(trail.clone()).or_default(),
        };
        let ticket = queue.number();
        queue.waiting.push_back((ticket, draft));
        ticket
    }

    /// How it stands with the record of a ticket.
    pub fn look(&mut self, trail: &Trail, ticket: Ticket, now: Timestamp) -> Turn {
        let Some(queue) = self.0.get_mut(trail) else { return Turn::Failed };
        if let Some(at) = queue.outcomes.iter().position(|(known, _)| *known == ticket) {
            return match queue.outcomes.remove(at) {
                Some((_, true)) => Turn::Written,
                _ => Turn::Failed,
            };
        }
        match &queue.running {
            Some(running) if now.since(running.since) <= PATIENCE => Turn::Wait,
            _ => queue.begin(now),
        }
    }

    /// Says what came of an append. One that somebody else has written again meanwhile says nothing any more.
    pub fn end(&mut self, trail: &Trail, round: Round, written: bool) {
        let Some(queue) = self.0.get_mut(trail) else { return };
        let Some(running) = queue.running.take_if(|running| running.round == round) else { return };
        queue.outcomes.extend(running.records.into_iter().map(|(ticket, _)| (ticket, written)));
        while queue.outcomes.len() > MAX_OUTCOMES {
            queue.outcomes.pop_front();
        }
    }

    /// Forgets the ticket of a request that waits no longer, and trails with nothing to write.
    pub fn leave(&mut self, trail: &Trail, ticket: Ticket) {
        let Some(queue) = self.0.get_mut(trail) else { return };
        queue.outcomes.retain(|(known, _)| *known != ticket);
        if queue.running.is_none() && queue.waiting.is_empty() && queue.outcomes.is_empty() {
            self.0.remove(trail);
        }
    }
}

impl Queue {
    const fn number(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    /// Begins the next append, with what another one left.
    fn begin(&mut self, now: Timestamp) -> Turn {
        let mut records = self.running.take().map(|running| running.records).unwrap_or_default();
        let room = MAX_DRAFTS.saturating_sub(records.len()).min(self.waiting.len());
        records.extend(self.waiting.drain(..room));
        if records.is_empty() {
            return Turn::Failed;
        }
        let round = self.number();
        let drafts = records.iter().map(|(_, draft)| draft.clone()).collect();
        self.running = Some(Running { round, since: now, records });
        Turn::Write(round, drafts)
    }
}

#[cfg(test)]
mod tests {
    use super::{PATIENCE, Round, Shared, Turn};
    use crate::audit::Trail;
    use crate::audit::record::Draft;
    use crate::audit::record::tests::draft;
    use crate::time::{Lifetime, Timestamp};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const NOW: Timestamp = Timestamp::from_seconds(100);
    const TRAIL: Trail = Trail::Operator;

    fn write(turn: Turn) -> (Round, Vec<Draft>) {
        match turn {
            Turn::Write(round, drafts) => (round, drafts),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_lone_record_is_written_at_once() {
        let mut shared = Shared::default();
        let ticket = shared.bring(&TRAIL, draft(1));
        let (round, drafts) = write(shared.look(&TRAIL, ticket, NOW));
        assert_eq!(drafts, [draft(1)]);
        shared.end(&TRAIL, round, true);
        assert_eq!(shared.look(&TRAIL, ticket, NOW), Turn::Written);
        shared.leave(&TRAIL, ticket);
        assert!(shared.0.is_empty());
    }

    #[test]
    fn what_comes_during_an_append_goes_into_the_next_one_which_whoever_looks_first_writes() {
        let mut shared = Shared::default();
        let first = shared.bring(&TRAIL, draft(1));
        let (round, _) = write(shared.look(&TRAIL, first, NOW));
        let others = [2, 3, 4].map(|number| shared.bring(&TRAIL, draft(number)));
        for other in others {
            assert_eq!(shared.look(&TRAIL, other, NOW), Turn::Wait);
        }
        shared.end(&TRAIL, round, true);
        let (next, drafts) = write(shared.look(&TRAIL, others[1], NOW));
        assert_eq!(drafts, [draft(2), draft(3), draft(4)]);
        assert_eq!(shared.look(&TRAIL, others[0], NOW), Turn::Wait);
        shared.end(&TRAIL, next, false);
        for other in others {
            assert_eq!(shared.look(&TRAIL, other, NOW), Turn::Failed, "what failed failed for all of it");
        }
        assert_eq!(shared.look(&TRAIL, first, NOW), Turn::Written);
    }

    #[test]
    fn where_the_one_who_writes_has_died_another_one_writes_the_same_again() {
        let mut shared = Shared::default();
        let dead = shared.bring(&TRAIL, draft(1));
        let (old, _) = write(shared.look(&TRAIL, dead, NOW));
        shared.leave(&TRAIL, dead);
        let alive = shared.bring(&TRAIL, draft(2));
        assert_eq!(shared.look(&TRAIL, alive, NOW.plus(PATIENCE)), Turn::Wait);
        let later = NOW.plus(PATIENCE).plus(Lifetime::from_millis(1));
        let (round, drafts) = write(shared.look(&TRAIL, alive, later));
        assert_eq!(drafts, [draft(1), draft(2)], "what the first had may be written or not");
        shared.end(&TRAIL, old, false);
        assert_eq!(shared.look(&TRAIL, alive, later), Turn::Wait, "the old append says nothing any more");
        shared.end(&TRAIL, round, true);
        assert_eq!(shared.look(&TRAIL, alive, later), Turn::Written);
    }

    #[test]
    fn an_append_has_a_bounded_number_of_records() {
        let mut shared = Shared::default();
        let tickets: Vec<_> = (0..300).map(|_| shared.bring(&TRAIL, draft(7))).collect();
        let (round, drafts) = write(shared.look(&TRAIL, tickets[299], NOW));
        assert_eq!(drafts.len(), 256);
        shared.end(&TRAIL, round, true);
        assert_eq!(write(shared.look(&TRAIL, tickets[299], NOW)).1.len(), 44, "its own is in the next one");
    }

    /// Requests come, look, and die at any moment; appends end well or not.
    #[test]
    fn whatever_dies_everybody_who_waits_is_told_and_what_is_told_as_written_was_written() {
        let mut random = 7_u64;
        let mut below = |bound: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % bound
        };
        let (mut shared, mut now, mut stored) = (Shared::default(), NOW, Vec::new());
        let mut waiting: Vec<(u64, u8)> = Vec::new();
        let mut running: Vec<(Round, Vec<Draft>)> = Vec::new();
        let (mut told, mut number) = (0, 0_u8);
        for step in 0..20_000 {
            now = now.plus(Lifetime::from_millis(below(20)));
            match below(4) {
                0 if step < 15_000 && waiting.len() < 40 => {
                    number = number.wrapping_add(1);
                    stored.retain(|id| *id != draft(number).id);
                    waiting.push((shared.bring(&TRAIL, draft(number)), number));
                }
                1 if !running.is_empty() => {
                    let at = usize::try_from(below(running.len() as u64)).unwrap();
                    let (round, drafts) = running.swap_remove(at);
                    // Its request may have died before it heard, whatever was stored.
                    let written = below(4) > 0;
                    if written {
                        stored.extend(drafts.into_iter().map(|draft| draft.id));
                    }
                    if below(5) > 0 {
                        shared.end(&TRAIL, round, written);
                    }
                }
                _ if !waiting.is_empty() => {
                    let at = usize::try_from(below(waiting.len() as u64)).unwrap();
                    let (ticket, number) = waiting[at];
                    match shared.look(&TRAIL, ticket, now) {
                        Turn::Write(round, drafts) => running.push((round, drafts)),
                        Turn::Wait => {}
                        Turn::Written => {
                            assert!(stored.contains(&draft(number).id), "step {step}");
                            waiting.swap_remove(at);
                            told += 1;
                        }
                        Turn::Failed => {
                            waiting.swap_remove(at);
                            told += 1;
                        }
                    }
                }
                _ => {}
            }
        }
        assert!(waiting.is_empty() && told > 1_000, "{} wait, {told} told", waiting.len());
    }
}
