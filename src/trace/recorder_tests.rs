use super::{Fresh, MOST, Recorder};
use crate::time::Timestamp;
use crate::trace::context::Carried;
use crate::trace::id::SpanId;
use crate::trace::sampling::Ratio;
use crate::trace::span::{Kind, Span};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const FRESH: Fresh = Fresh { trace: [7; 16], span: [3; 8] };
const SAMPLED: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const NOT_SAMPLED: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

fn carried(parent: &str) -> Option<Carried> {
    Carried::read(Some(parent), || Some("a=1".into()))
}

fn span(id: SpanId, parent: Option<SpanId>) -> Span {
    let (start, end) = (Timestamp::from_millis(1), Timestamp::from_millis(2));
    Span { id, parent, name: "x".into(), kind: Kind::Internal, start, end, attributes: Vec::new(), error: None }
}

fn child(recorder: &Recorder) -> Span {
    span(SpanId::from_random([5; 8]), Some(recorder.root()))
}

#[test]
fn a_request_without_a_trace_begins_one() {
    let mut recorder = Recorder::begin(None, FRESH, Some(Ratio::ALL));
    assert!(recorder.records());
    assert_eq!(
        recorder.passed_on(recorder.root()).parent.to_string(),
        format!("00-{}-{}-03", "07".repeat(16), "03".repeat(8))
    );
    assert_eq!(recorder.keep(child(&recorder)), None);
    let (sent, left_out) = recorder.end(false, span);
    assert_eq!((sent.len(), left_out), (2, 0));
    assert!(sent.iter().all(|finished| finished.trace == recorder.trace() && !finished.remote));
    assert_eq!(sent.last().unwrap().span.parent, None);
}

#[test]
fn a_request_of_a_trace_goes_on_with_it() {
    let mut recorder = Recorder::begin(carried(SAMPLED), FRESH, Some(Ratio::parse("0").unwrap()));
    let passed_on = recorder.passed_on(recorder.root());
    assert_eq!(passed_on.parent.to_string(), SAMPLED.replace("b7ad6b7169203331", &"03".repeat(8)));
    assert_eq!(passed_on.state.unwrap().as_str(), "a=1");
    let (sent, _) = recorder.end(true, span);
    assert_eq!(sent[0].span.parent.unwrap().to_string(), "b7ad6b7169203331");
    assert!(sent[0].remote);
}

#[test]
fn what_a_caller_nobody_knows_wants_recorded_is_not() {
    let mut recorder = Recorder::begin(carried(SAMPLED), FRESH, Some(Ratio::ALL));
    recorder.keep(child(&recorder));
    assert_eq!(recorder.end(false, span), (Vec::new(), 0));
    assert_eq!(recorder.keep(child(&recorder)), None);
}

#[test]
fn a_trace_that_is_not_sampled_is_passed_on_and_not_recorded() {
    for (parent, ratio) in [(Some(NOT_SAMPLED), Ratio::ALL), (None, Ratio::parse("0").unwrap())] {
        let mut recorder = Recorder::begin(parent.and_then(carried), FRESH, Some(ratio));
        assert!(!recorder.records());
        assert!(!recorder.passed_on(recorder.root()).parent.flags.sampled);
        recorder.keep(child(&recorder));
        assert!(recorder.end(true, |_, _| panic!("a span is made")).0.is_empty());
    }
}

#[test]
fn a_gateway_that_records_nothing_passes_on_what_came() {
    let recorder = Recorder::begin(carried(SAMPLED), FRESH, None);
    assert!(!recorder.records());
    assert_eq!(recorder.passed_on(recorder.root()).parent.to_string(), SAMPLED);
    let own = Recorder::begin(None, FRESH, None);
    assert_eq!(own.passed_on(own.root()).parent.trace, own.trace());
}

#[test]
fn a_message_names_the_trace_only_where_its_request_did_not() {
    let other = SAMPLED.replace("0af7", "1af7");
    let mut recorder = Recorder::begin(carried(SAMPLED), FRESH, Some(Ratio::ALL));
    recorder.adopt(carried(&other));
    assert_eq!(recorder.trace().to_string(), "0af7651916cd43dd8448eb211c80319c");
    let mut recorder = Recorder::begin(None, FRESH, Some(Ratio::ALL));
    recorder.keep(child(&recorder));
    recorder.adopt(None);
    recorder.adopt(carried(&other));
    let (sent, _) = recorder.end(true, span);
    assert_eq!(sent.len(), 2);
    assert!(sent.iter().all(|finished| finished.trace.to_string() == "1af7651916cd43dd8448eb211c80319c"));
    let mut recorder = Recorder::begin(None, FRESH, Some(Ratio::ALL));
    recorder.keep(child(&recorder));
    recorder.adopt(carried(NOT_SAMPLED));
    assert!(recorder.end(true, span).0.is_empty());
}

#[test]
fn what_ends_after_the_reply_is_sent_on_by_itself() {
    let mut recorder = Recorder::begin(None, FRESH, Some(Ratio::ALL));
    recorder.end(true, span);
    assert!(recorder.records());
    assert_eq!(recorder.keep(child(&recorder)).unwrap().span.parent, Some(recorder.root()));
}

#[test]
fn one_request_has_so_many_spans_and_no_more() {
    let mut recorder = Recorder::begin(None, FRESH, Some(Ratio::ALL));
    for _ in 0..MOST + 3 {
        recorder.keep(child(&recorder));
    }
    let (sent, left_out) = recorder.end(true, span);
    assert_eq!((sent.len(), left_out), (MOST + 1, 3));
}
