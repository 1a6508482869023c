//! Several writers, one trail, answers that are lost and appends that come again: nothing is lost and nothing stands twice.

#![expect(clippy::expect_used, reason = "a test that stops is a test that failed")]

use super::Trail;
use super::append::{Tail, append};
use super::chain::{Link, Record, verify};
use super::record::Draft;
use super::record::tests::draft;
use crate::id::RecordId;
use crate::time::Timestamp;
use proptest::collection::vec;
use proptest::prelude::{Strategy, any, proptest};
use std::collections::BTreeSet;

/// A trail's object, with its rows in memory.
struct Object {
    rows: Vec<String>,
    anchor: Link,
    keys: BTreeSet<String>,
    recorded: Timestamp,
}

impl Object {
    fn new() -> Self {
        let anchor = Link::start(&Trail::Operator);
        Self { rows: Vec::new(), anchor, keys: BTreeSet::new(), recorded: Timestamp::from_millis(0) }
    }

    fn tail(&self) -> Tail {
        let last = self.rows.last().map(|row| Record::parse(row).expect("a record").link());
        Tail { link: last.unwrap_or_else(|| self.anchor.clone()), recorded: self.recorded }
    }

    fn append(&mut self, drafts: Vec<Draft>, now: Timestamp) {
        let known = drafts.iter().map(Draft::key).filter(|key| self.keys.contains(key)).collect();
        for (record, text) in append(self.tail(), known, drafts, now) {
            assert_eq!(text, record.text());
            self.recorded = record.recorded;
            self.keys.insert(record.draft.key());
            self.rows.push(text);
        }
    }

    fn drop_before(&mut self, keep: usize) {
        let dropped = self.rows.len().saturating_sub(keep);
        if let Some(last) = self.rows.drain(..dropped).next_back() {
            self.anchor = Record::parse(&last).expect("a record").link();
        }
    }
}

/// A writer sends its drafts in order, each until it hears that it is written; then the next.
struct Writer {
    waiting: Vec<Vec<Draft>>,
}

/// What happens next: whose turn it is, whether the question is lost, whether the answer is, and how the clock moves.
fn turns() -> impl Strategy<Value = Vec<(usize, bool, bool, i64)>> {
    vec((any::<usize>(), any::<bool>(), any::<bool>(), -50_i64..100), 1..200)
}

proptest! {
    #[test]
    fn nothing_is_lost_and_nothing_stands_twice(turns in turns(), writers in 1_usize..5) {
        let mut object = Object::new();
        let mut numbers = 1_u8..=250;
        let mut writers: Vec<Writer> = (0..writers)
            .map(|_| Writer { waiting: (0..10).map(|_| numbers.by_ref().take(3).map(draft).collect()).collect() })
            .collect();
        let (mut told, mut now) = (Vec::new(), 1_000_000_i64);
        let count = writers.len();
        for (turn, question_lost, answer_lost, step) in turns {
            now += step;
            let writer = writers.get_mut(turn % count).expect("a writer");
            let Some(drafts) = writer.waiting.last().cloned() else { continue };
            if !question_lost {
                object.append(drafts.clone(), Timestamp::from_millis(u64::try_from(now).expect("positive")));
            }
            if !question_lost && !answer_lost {
                told.extend(drafts.into_iter().map(|draft| draft.id));
                writer.waiting.pop();
            }
        }
        let records: Vec<Record> = object.rows.iter().map(|row| Record::parse(row).expect("a record")).collect();
        let written: BTreeSet<&RecordId> = records.iter().map(|record| &record.draft.id).collect();
        assert_eq!(written.len(), records.len(), "nothing stands twice");
        assert!(told.iter().all(|id| written.contains(id)), "what a writer was told is there");
        assert!(records.is_sorted_by_key(|record| (record.seq, record.recorded)));
        let texts = object.rows.iter().map(String::as_str);
        assert_eq!(verify(object.anchor.clone(), texts, vec![object.tail().link]), []);
    }

    #[test]
    fn what_retention_leaves_goes_on_as_one_chain(steps in vec((1_u8..5, 0_usize..8), 1..20)) {
        let mut object = Object::new();
        let (mut number, mut heads) = (0_u8, Vec::new());
        for (count, keep) in steps {
            let drafts = (0..count).map(|_| { number += 1; draft(number) }).collect();
            object.append(drafts, Timestamp::from_millis(u64::from(number)));
            heads.push(object.tail().link);
            object.drop_before(keep);
            let texts = object.rows.iter().map(String::as_str);
            assert_eq!(verify(object.anchor.clone(), texts, heads.clone()), []);
            assert_eq!(object.tail().link.seq, u64::from(number), "numbers go on");
        }
    }
}
