//! What an append comes to. It may come again: its answer was lost, and whoever asked does not know.

use super::chain::{Link, Record};
use super::record::Draft;
use crate::time::Timestamp;
use std::collections::BTreeSet;

/// Most drafts of one append.
pub const MAX_DRAFTS: usize = 256;

/// Where a chain ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tail {
    /// The last record.
    pub link: Link,
    /// When it was taken; the epoch where there is none.
    pub recorded: Timestamp,
}

/// The records to write and their canonical texts, in their order: those of drafts that are not written yet. `known` are keys of
/// `drafts` that are.
pub fn append(
    mut tail: Tail,
    mut known: BTreeSet<String>,
    drafts: Vec<Draft>,
    now: Timestamp,
) -> Vec<(Record, String)> {
    let recorded = now.max(tail.recorded);
    let new = drafts.into_iter().filter(|draft| known.insert(draft.key()));
    let mut records = Vec::new();
    for draft in new {
        let (record, text) = Record::sealed(draft, &tail.link, recorded);
        tail.link = record.link();
        records.push((record, text));
    }
    records
}

#[cfg(test)]
mod tests {
    use super::{Tail, append};
    use crate::audit::Trail;
    use crate::audit::chain::Link;
    use crate::audit::record::Draft;
    use crate::audit::record::tests::draft;
    use crate::time::Timestamp;
    use std::collections::BTreeSet;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn what_is_written_already_or_twice_in_one_append_is_written_once() {
        let tail = Tail { link: Link::start(&Trail::Operator), recorded: Timestamp::from_millis(7) };
        let known = BTreeSet::from([draft(1).key()]);
        let drafts = vec![draft(1), draft(2), draft(2), draft(3)];
        let written = append(tail, known, drafts, Timestamp::from_millis(9));
        let told: Vec<_> = written.iter().map(|(record, _)| (record.seq, record.draft.id.clone())).collect();
        assert_eq!(told, [(1, draft(2).id), (2, draft(3).id)]);
    }

    #[test]
    fn a_call_has_one_result() {
        let tail = Tail { link: Link::start(&Trail::Operator), recorded: Timestamp::from_millis(7) };
        let results = [2, 3].map(|number| Draft { call: Some(draft(1).id), ..draft(number) });
        let drafts = [vec![draft(1)], results.to_vec()].concat();
        let written = append(tail, BTreeSet::new(), drafts, Timestamp::from_millis(9));
        let told: Vec<_> = written.iter().map(|(record, _)| record.draft.id.clone()).collect();
        assert_eq!(told, [draft(1).id, draft(2).id]);
        assert_eq!(results[0].key(), format!("{}/result", draft(1).id));
    }

    #[test]
    fn a_clock_that_steps_back_does_not_put_a_record_before_the_one_before_it() {
        let tail = Tail { link: Link::start(&Trail::Operator), recorded: Timestamp::from_millis(9) };
        let written = append(tail, BTreeSet::new(), vec![draft(1)], Timestamp::from_millis(7));
        assert_eq!(written[0].0.recorded, Timestamp::from_millis(9));
    }
}
