use super::{Fault, Link, Record, verify};
use crate::audit::Trail;
use crate::audit::record::Draft;
use crate::audit::record::tests::draft;
use crate::id::TenantId;
use crate::time::Timestamp;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn acme() -> Trail {
    Trail::of(TenantId::parse("acme").ok().as_ref())
}

fn chain(drafts: impl IntoIterator<Item = Draft>) -> Vec<Record> {
    let mut last = Link::start(&acme());
    let seal = |draft| {
        let record = Record::seal(draft, &last, Timestamp::from_millis(1_800_000_000_000 + last.seq));
        last = record.link();
        record
    };
    drafts.into_iter().map(seal).collect()
}

fn texts(count: u8) -> Vec<String> {
    chain((1..=count).map(draft)).iter().map(Record::text).collect()
}

fn faults(texts: &[String]) -> Vec<Fault> {
    verify(Link::start(&acme()), texts.iter().map(String::as_str), Vec::new())
}

#[test]
fn an_honest_chain_verifies() {
    assert_eq!(faults(&texts(9)), []);
    assert_eq!(faults(&[]), []);
}

#[test]
fn a_record_is_one_line_of_canonical_json() {
    let text = texts(1).remove(0);
    assert!(text.starts_with(r#"{"actor":{"user":"u-1"},"at":1800000000001,"correlation":"c-1","hash":""#), "{text}");
    assert_eq!(Record::parse(&text).unwrap().text(), text);
}

#[test]
fn every_fault_is_named_exactly() {
    let good = texts(5);
    let without = |index: usize| {
        let mut left = good.clone();
        left.remove(index);
        left
    };
    assert_eq!(faults(&without(2)), [Fault::Missing { first: 3, last: 3 }]);
    assert_eq!(faults(&without(0)), [Fault::WrongStart { expected: 1, found: 2 }]);
    let mut swapped = good.clone();
    swapped.swap(1, 2);
    assert_eq!(faults(&swapped), [Fault::Missing { first: 2, last: 2 }, Fault::Reordered { seq: 2, after: 3 },]);
    let mut twice = good.clone();
    twice.insert(2, good[1].clone());
    assert_eq!(faults(&twice), [Fault::Duplicated { seq: 2 }]);
    let mut changed = good.clone();
    changed[3] = good[3].replace("u-1", "u-2");
    assert_eq!(faults(&changed), [Fault::Changed { seq: 4 }]);
    let mut spelled = good.clone();
    spelled[3] = good[3].replace("\"actor\":", "\"actor\": ");
    assert_eq!(faults(&spelled)[0], Fault::Unreadable { after: 3 });
}

#[test]
fn a_record_that_is_replaced_with_its_hash_is_found_by_the_next_one() {
    let (records, mut forged) = (chain((1..=4).map(draft)), texts(4));
    forged[1] = Record::seal(draft(99), &records[0].link(), records[1].recorded).text();
    assert_eq!(faults(&forged), [Fault::Unlinked { seq: 3 }]);
}

#[test]
fn a_chain_that_was_written_anew_or_cut_is_found_by_a_head_that_was_kept() {
    let kept = chain((1..=4).map(draft))[2].link();
    let anew: Vec<String> = chain((11..=14).map(draft)).iter().map(Record::text).collect();
    let with_head =
        |texts: &[String]| verify(Link::start(&acme()), texts.iter().map(String::as_str), vec![kept.clone()]);
    assert_eq!(faults(&anew), [], "by itself it looks good");
    assert_eq!(with_head(&anew), [Fault::Rewritten { seq: 3 }]);
    assert_eq!(with_head(&texts(2)), [Fault::Truncated { last: 2, expected: 3 }]);
    assert_eq!(with_head(&texts(4)), []);
}

#[test]
fn what_is_left_after_retention_verifies_from_its_anchor_and_from_no_other_place() {
    let records = chain((1..=6).map(draft));
    let rest: Vec<String> = records[3..].iter().map(Record::text).collect();
    let from = |anchor: Link| verify(anchor, rest.iter().map(String::as_str), Vec::new());
    assert_eq!(from(records[2].link()), []);
    assert_eq!(from(records[1].link()), [Fault::WrongStart { expected: 3, found: 4 }]);
    let another = Link { seq: 3, hash: records[0].hash.clone() };
    assert_eq!(from(another), [Fault::Unlinked { seq: 4 }]);
}

#[test]
fn a_chain_is_no_other_trails() {
    let good = texts(2);
    let found = verify(Link::start(&Trail::Operator), good.iter().map(String::as_str), Vec::new());
    assert_eq!(found, [Fault::Unlinked { seq: 1 }]);
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use super::{acme, chain, faults, texts};
    use crate::audit::chain::{Link, Record, verify};
    use crate::audit::record::tests::draft;
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    proptest! {
        #[test]
        fn a_change_of_any_byte_is_found(count in 1_u8..6, record: usize, byte: usize, to in 32_u8..127) {
            let mut chain = texts(count);
            let record = record % chain.len();
            let mut bytes = chain[record].clone().into_bytes();
            let byte = byte % bytes.len();
            let same = bytes[byte] == to;
            bytes[byte] = to;
            chain[record] = String::from_utf8_lossy(&bytes).into_owned();
            prop_assert_eq!(faults(&chain).is_empty(), same);
        }

        #[test]
        fn a_removal_but_of_the_end_is_found(count in 2_u8..9, record: usize) {
            let mut chain = texts(count);
            let record = record % (chain.len() - 1);
            chain.remove(record);
            prop_assert!(!faults(&chain).is_empty());
        }

        #[test]
        fn any_removal_is_found_with_a_head(count in 1_u8..9, record: usize) {
            let records = chain((1..=count).map(draft));
            let head = records.last().unwrap().link();
            let mut left: Vec<String> = records.iter().map(Record::text).collect();
            left.remove(record % left.len());
            prop_assert!(!verify(Link::start(&acme()), left.iter().map(String::as_str), vec![head]).is_empty());
        }

        #[test]
        fn any_other_order_is_found(count in 2_u8..9, one: usize, other: usize) {
            let mut chain = texts(count);
            let (one, other) = (one % chain.len(), other % chain.len());
            chain.swap(one, other);
            prop_assert_eq!(faults(&chain).is_empty(), one == other);
        }

        #[test]
        fn any_repetition_is_found(count in 1_u8..9, record: usize, place: usize) {
            let mut chain = texts(count);
            let again = chain[record % chain.len()].clone();
            chain.insert(place % (chain.len() + 1), again);
            prop_assert!(!faults(&chain).is_empty());
        }

        #[test]
        fn every_honest_chain_verifies_from_every_anchor(
            words in proptest::collection::vec(any::<String>(), 1..9),
            dropped: usize,
        ) {
            let drafts = words.iter().zip(1_u8..).map(|(word, number)| draft(number).because(Some(word)).on("x", word));
            let records = chain(drafts);
            let dropped = dropped % (records.len() + 1);
            let anchor = match dropped {
                0 => Link::start(&acme()),
                some => records[some - 1].link(),
            };
            let rest: Vec<String> = records[dropped..].iter().map(Record::text).collect();
            prop_assert_eq!(verify(anchor, rest.iter().map(String::as_str), vec![records.last().unwrap().link()]), []);
        }
    }
}
