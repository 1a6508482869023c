use super::{Change, Ended, Fetch, Hub, Round};
use crate::entropy::breaker::BreakerState;
use crate::entropy::generator::LocalSeed;
use crate::entropy::generator::tests::salt;
use crate::entropy::health::Test;
use crate::entropy::provenance::{Label, ProviderState, ProviderStatus};
use crate::entropy::provider::tests::{answer, providers};
use crate::entropy::provider::{ProviderFailure, ProviderId};
use crate::entropy::purpose::Lane;
use crate::entropy::status::{Outputs, ProviderDetail};
use crate::outbound::{OutboundAnswer, OutboundFailure};
use crate::time::Timestamp;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;
use zeroize::Zeroizing;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_seconds(1_795_000_000 + seconds)
}

fn local() -> LocalSeed {
    Zeroizing::new([5; 64])
}

fn id(name: &str) -> ProviderId {
    ProviderId::parse(name).unwrap()
}

fn hub(names: &str) -> Hub {
    Hub::new(providers(&[("ENTROPY_PROVIDERS", names)]).unwrap(), salt(), &local(), [9; 32], at(0))
}

/// Bytes no test can tell from random ones, and never the same.
fn noise(length: usize) -> Vec<u8> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let block = || Sha256::digest(COUNTER.fetch_add(1, Ordering::Relaxed).to_be_bytes()).to_vec();
    std::iter::repeat_with(block).flatten().take(length).collect()
}

fn octets(body: &[u8]) -> OutboundAnswer {
    answer(200, "application/octet-stream", body)
}

fn good(provider: ProviderId) -> OutboundAnswer {
    match provider.as_str() {
        "idq" => octets(&noise(1024)),
        "anu_legacy" => {
            let data: Vec<_> = noise(1024).iter().map(u8::to_string).collect();
            let body = format!(r#"{{"type":"uint8","length":1024,"data":[{}],"success":true}}"#, data.join(","));
            answer(200, "application/json", body.as_bytes())
        }
        other => panic!("no good answer for {other}"),
    }
}

type Outcome = Result<OutboundAnswer, OutboundFailure>;

fn end(hub: &mut Hub, mut fetch: Fetch, seconds: u64, outcome: impl Fn(&Fetch) -> Outcome) -> Ended {
    loop {
        let outcome = outcome(&fetch);
        match hub.next(fetch.answered(outcome), at(seconds)) {
            Ok(next) => fetch = next,
            Err(ended) => return *ended,
        }
    }
}

/// Runs a round at `seconds`: whom it asked, and what came of it.
fn round(hub: &mut Hub, seconds: u64, outcome: impl Fn(ProviderId) -> Outcome) -> (Vec<&'static str>, Vec<Change>) {
    let fetches = hub.due([1; 16], at(seconds));
    let asked = fetches.iter().map(|fetch| fetch.provider.as_str()).collect();
    let ends = fetches.into_iter().map(|fetch| end(hub, fetch, seconds, |fetch| outcome(fetch.provider))).collect();
    (asked, hub.absorb(ends, &local(), at(seconds)).changes)
}

fn detail(hub: &Hub, provider: &str, seconds: u64) -> ProviderDetail {
    hub.status(at(seconds)).providers.into_iter().find(|detail| detail.provider == id(provider)).unwrap()
}

fn child(hub: &mut Hub, seconds: u64) -> crate::entropy::child::ChildSeed {
    hub.child_seed(&local(), &[2; 32], false, &Outputs::default(), at(seconds))
}

fn status(hub: &Hub, provider: &str, seconds: u64) -> ProviderStatus {
    let report = hub.report(at(seconds));
    report.providers.into_iter().find(|status| status.provider == id(provider)).unwrap()
}

#[test]
fn everybody_is_asked_at_once_and_not_again_before_the_next_turn() {
    let mut hub = hub("idq,anu_legacy");
    assert_eq!(round(&mut hub, 0, |id| Ok(good(id))).0, ["idq", "anu_legacy"]);
    assert!(hub.due([1; 16], at(59)).is_empty());
    assert_eq!(round(&mut hub, 60, |id| Ok(good(id))).0, ["idq"]);
    // The legacy API wants 61 seconds.
    assert_eq!(round(&mut hub, 61, |id| Ok(good(id))).0, ["anu_legacy"]);
}

#[test]
fn two_rounds_at_once_ask_nobody_twice() {
    let mut hub = hub("idq");
    assert_eq!(hub.due([1; 16], at(0)).len(), 1);
    assert!(hub.due([1; 16], at(1)).is_empty());
}

#[test]
fn accepted_bytes_make_the_label_and_age_takes_it_away() {
    let mut hub = hub("idq");
    assert_eq!(hub.provenance(at(0)).label, Label::Classical);
    let (_, changes) = round(&mut hub, 0, |id| Ok(good(id)));
    assert_eq!(changes, [Change::LabelChanged { from: Label::Classical, to: Label::QuantumSeeded }]);
    assert_eq!(hub.report(at(42)).provenance.age_seconds, Some(42));
    let (_, changes) = round(&mut hub, 700, |_| Err(OutboundFailure::Timeout));
    let failed = Change::ProviderFailed { provider: id("idq"), failure: ProviderFailure::Timeout, consecutive: 1 };
    assert_eq!(changes, [failed, Change::LabelChanged { from: Label::QuantumSeeded, to: Label::QuantumStale }]);
    let changes = hub.absorb(Vec::new(), &local(), at(3601)).changes;
    assert_eq!(changes, [Change::LabelChanged { from: Label::QuantumStale, to: Label::Classical }]);
}

#[test]
fn a_failing_provider_is_left_alone_longer_and_longer_and_comes_back_by_itself() {
    let mut hub = hub("idq");
    let (mut now, mut waits) = (0, Vec::new());
    for _ in 0..4 {
        assert_eq!(round(&mut hub, now, |_| Err(OutboundFailure::Unreachable)).0, ["idq"]);
        let wait = status(&hub, "idq", now).next_attempt_in_seconds.unwrap();
        assert!(hub.due([1; 16], at(now + wait - 1)).is_empty());
        waits.push(wait);
        now += wait;
    }
    // The third opens the breaker, and its pauses are shifted by a fifth at most.
    assert_eq!(waits[..2], [30, 30]);
    assert!((24..=36).contains(&waits[2]) && (48..=72).contains(&waits[3]), "{waits:?}");
    let failing = detail(&hub, "idq", now);
    assert_eq!(
        (failing.state, failing.breaker, failing.consecutive_failures),
        (ProviderState::Failing, BreakerState::Open, 4)
    );
    assert_eq!(failing.fetches, [("unreachable".to_owned(), 4)].into());
    let (_, changes) = round(&mut hub, now, |id| Ok(good(id)));
    assert!(changes.contains(&Change::ProviderRecovered { provider: id("idq") }));
    let healed = status(&hub, "idq", now + 5);
    assert_eq!((healed.state, healed.last_success_age_seconds), (ProviderState::Healthy, Some(5)));
    assert_eq!((healed.last_failure, healed.next_attempt_in_seconds), (None, Some(55)));
}

#[test]
fn one_failing_provider_does_not_hold_up_another() {
    let mut hub = hub("anu_legacy,idq");
    let (_, changes) = round(&mut hub, 0, |provider| match provider.as_str() {
        "idq" => Ok(good(provider)),
        _ => Err(OutboundFailure::Timeout),
    });
    assert_eq!(changes.len(), 2);
    let report = hub.report(at(1));
    assert_eq!((report.provenance.label, report.provenance.providers), (Label::QuantumSeeded, vec![id("idq")]));
    let states: Vec<_> = report.providers.iter().map(|status| (status.provider.as_str(), status.state)).collect();
    assert_eq!(states[..2], [("anu_legacy", ProviderState::Failing), ("idq", ProviderState::Healthy),]);
    assert!(states[2..].iter().all(|(_, state)| *state == ProviderState::Unconfigured));
    assert_eq!(report.providers[0].last_failure.as_deref(), Some("no complete answer within the deadline"));
}

#[test]
fn a_provider_that_asks_for_time_gets_it() {
    let mut hub = hub("anu_legacy");
    let text = b"The QRNG API is limited to 1 requests per minute.";
    round(&mut hub, 0, |_| Ok(answer(500, "text/plain", text)));
    let limited = status(&hub, "anu_legacy", 0);
    assert_eq!((limited.state, limited.next_attempt_in_seconds), (ProviderState::RateLimited, Some(61)));
}

#[test]
fn every_child_seed_is_new_even_when_the_local_generator_stands_still() {
    let mut hub = hub("idq");
    let one = child(&mut hub, 0);
    let two = child(&mut hub, 0);
    assert_ne!(one.seed, two.seed);
    assert_eq!(one.seed.expose().len(), 64);
    round(&mut hub, 0, |id| Ok(good(id)));
    let seeded = child(&mut hub, 9);
    assert_eq!(seeded.origins.provenance(at(9)), seeded.report.provenance);
    assert_eq!(seeded.report.provenance.label, Label::QuantumSeeded);
}

#[test]
fn every_fetch_has_a_nonce_of_its_own_even_when_the_local_generator_stands_still() {
    let mut hub = hub("quantinuum");
    let one = hub.due([1; 16], at(0)).remove(0);
    let two = hub.due([1; 16], at(60)).remove(0);
    assert_ne!(one.request.body, two.request.body);
}

#[test]
fn a_hub_nobody_asks_stops_asking() {
    let mut hub = hub("idq");
    round(&mut hub, 0, |id| Ok(good(id)));
    assert_eq!(hub.next_round(at(0)), Some(at(60)));
    assert_eq!(hub.next_round(at(601)), None);
    child(&mut hub, 700);
    assert_eq!(hub.next_round(at(700)), Some(at(701)));
    let nobody = self::hub("");
    assert_eq!(nobody.next_round(at(0)), None);
}

#[test]
fn while_everybody_is_put_back_rounds_go_on() {
    let mut hub = hub("idq");
    round(&mut hub, 0, |_| Ok(answer(403, "application/json", b"{}")));
    assert_eq!(status(&hub, "idq", 0).next_attempt_in_seconds, Some(86_400));
    assert_eq!(hub.next_round(at(0)), Some(at(60)));
}

#[test]
fn the_report_shows_no_setting() {
    let mut hub = hub("anu,idq,quantinuum");
    round(&mut hub, 0, |_| Ok(answer(200, "text/html", b"<html>anu-key</html>")));
    let shown = format!("{}{hub:?}", serde_json::to_string(&hub.report(at(0))).unwrap());
    for secret in ["anu-key", "idq-key", "quantinuum-key", "000102", "/api/2.0"] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
}

#[test]
fn bytes_that_fail_a_test_are_thrown_away_and_the_provider_is_quarantined_and_comes_back() {
    let mut hub = hub("idq");
    round(&mut hub, 0, |id| Ok(good(id)));
    let (_, changes) = round(&mut hub, 60, |_| Ok(octets(&[0; 1024])));
    let failure = ProviderFailure::Unhealthy { test: Test::RepetitionCount, permanent: true };
    assert_eq!(changes, [Change::ProviderQuarantined { provider: id("idq"), failure }]);
    let told = detail(&hub, "idq", 60);
    assert_eq!((told.breaker, told.started), (BreakerState::Quarantined, false));
    assert_eq!((told.accepted_bytes, told.rejected_bytes), (1024, 1024));
    assert_eq!(told.alarms, [(Test::RepetitionCount, 1)].into());
    assert_eq!(told.last_failure.as_deref(), Some("the bytes failed the repetition_count test, for good"));
    let status = hub.status(at(60));
    assert_eq!((status.quantum_seeds, status.fallbacks, status.seed_age_seconds), (1, 1, Some(60)));
    assert!(hub.due([1; 16], at(86_459)).is_empty());
    let (_, changes) = round(&mut hub, 86_460, |id| Ok(good(id)));
    assert!(changes.contains(&Change::ProviderRecovered { provider: id("idq") }));
    assert_eq!(detail(&hub, "idq", 86_460).breaker, BreakerState::Closed);
}

#[test]
fn the_same_block_twice_is_found() {
    let mut hub = hub("idq");
    let block = noise(1024);
    round(&mut hub, 0, |_| Ok(octets(&block)));
    round(&mut hub, 60, |_| Ok(octets(&block)));
    assert_eq!(detail(&hub, "idq", 60).alarms, [(Test::Replay, 1)].into());
}

#[test]
fn a_fetch_may_take_several_requests() {
    let mut hub = hub("qci");
    let token = r#"{"access_token":"t","expires_in":1795003600}"#;
    let numbers: Vec<_> = noise(1024).iter().map(u8::to_string).collect();
    let numbers = format!("[{}]", numbers.join(","));
    let reply = |fetch: &Fetch| {
        let body = if fetch.request.url.url().path().ends_with("access-tokens") { token } else { &numbers };
        Ok(answer(200, "application/json", body.as_bytes()))
    };
    let fetch = hub.due([1; 16], at(0)).remove(0);
    assert!(!fetch.for_bytes);
    let ended = end(&mut hub, fetch, 1, reply);
    let Round { changes, absorbed } = hub.absorb(vec![ended], &local(), at(1));
    assert_eq!((changes.len(), absorbed), (1, 1024));
    assert_eq!(detail(&hub, "qci", 1).last_fetch_ms, Some(1000));
    // The token is kept, until the provider takes it no longer.
    let fetch = hub.due([1; 16], at(60)).remove(0);
    assert!(fetch.for_bytes);
    let ended = end(&mut hub, fetch, 60, |_| Ok(answer(401, "application/json", b"{}")));
    hub.absorb(vec![ended], &local(), at(60));
    assert!(!hub.due([1; 16], at(60 + 86_400)).remove(0).for_bytes);
}

#[test]
fn bytes_for_one_value_are_asked_of_those_who_answer_well() {
    let mut hub = hub("anu_legacy,idq");
    assert!(hub.due_now([1; 16], at(0)).is_empty(), "nobody has passed the start-up test");
    round(&mut hub, 0, |id| Ok(good(id)));
    let mut asked = |seconds| hub.due_now([1; 16], at(seconds)).iter().map(|fetch| fetch.provider).collect::<Vec<_>>();
    let idq = id("idq");
    assert_eq!(asked(0), [idq], "the other one wants 61 seconds");
    assert_eq!(asked(0), [], "once a second for values of their own");
    assert_eq!(asked(1), [idq]);
    assert_eq!(hub.due([1; 16], at(60)).len(), 1, "the refill keeps its own time");
}

#[test]
fn the_hub_wants_local_randomness_after_300_s_or_256_child_seeds() {
    let mut hub = hub("idq");
    assert!(!hub.wants_seed(at(299)) && hub.wants_seed(at(300)));
    for _ in 0..256 {
        assert!(!hub.wants_seed(at(0)));
        child(&mut hub, 0);
    }
    assert!(hub.wants_seed(at(0)));
    hub.reseed(&local(), at(0));
    assert!(!hub.wants_seed(at(0)));
    assert_eq!(hub.status(at(0)).local_seeds, 2);
}

#[test]
fn outputs_of_isolates_are_added_up() {
    let mut hub = hub("idq");
    let mut told = Outputs::default();
    told.count(Lane::Private, Label::Classical);
    hub.child_seed(&local(), &[2; 32], false, &told, at(0));
    hub.child_seed(&local(), &[2; 32], false, &told, at(0));
    assert_eq!(hub.status(at(0)).outputs.get(Lane::Private, Label::Classical), 2);
}

/// Ten answers as the ANU service gave them: the first one as it came shows that the others are written alike.
#[test]
fn the_whole_capture_of_the_anu_service_passes_parser_and_health_tests() {
    let captured = include_bytes!("../../../tests/data/anu/bytes.bin");
    let answers: Vec<String> = captured
        .chunks(8192)
        .map(|bytes| {
            let words = bytes.chunks(8).map(|word| {
                word.iter().fold(String::new(), |mut text, byte| {
                    write!(text, "{byte:02x}").unwrap();
                    text
                })
            });
            let words: Vec<_> = words.map(|word| format!("\"{word}\"")).collect();
            format!(r#"{{"success": true, "type": "hex16", "length": "1024", "data": [{}]}}"#, words.join(", "))
        })
        .collect();
    assert_eq!(answers.len(), 10);
    assert_eq!(answers[0], include_str!("../../../tests/data/anu/answer.json").trim_end());
    let mut hub = hub("anu");
    for (turn, text) in (0..).zip(&answers) {
        let (asked, _) = round(&mut hub, 60 * turn, |_| Ok(answer(200, "application/json", text.as_bytes())));
        assert_eq!(asked, ["anu"]);
    }
    let seen = detail(&hub, "anu", 600);
    assert_eq!((seen.accepted_bytes, seen.rejected_bytes, seen.alarms.len()), (81_920, 0, 0));
    assert_eq!(hub.status(at(600)).quantum_seeds, 10);
    // All of it again is a replay, wherever it starts.
    round(&mut hub, 660, |_| Ok(answer(200, "application/json", answers[6].as_bytes())));
    assert_eq!(detail(&hub, "anu", 660).alarms, [(Test::Replay, 1)].into());
}

/// As an isolate makes them: with a child seed every 1,024 outputs, of a hub whose providers only ever say the same. One
/// sends a block that looks good, again and again, and is believed once; the other one byte, and is never believed.
#[cfg(not(target_arch = "wasm32"))]
#[test]
fn a_hundred_thousand_token_ids_are_unique_under_stuck_providers() {
    use crate::entropy::isolate::Source;
    use crate::entropy::purpose::Purpose;
    let fresh = || {
        let mut fresh = local();
        getrandom::fill(fresh.as_mut_slice()).unwrap();
        fresh
    };
    let stuck = noise(1024);
    let sevens = format!(r#"{{"type":"uint8","length":1024,"data":[7{}],"success":true}}"#, ",7".repeat(1023));
    let mut hub = hub("idq,anu_legacy");
    let mut source = Source::start(salt(), &fresh(), at(0));
    let mut seen = std::collections::HashSet::new();
    for turn in 0..98 {
        let now = turn * 90_000;
        round(&mut hub, now, |provider| match provider.as_str() {
            "idq" => Ok(octets(&stuck)),
            _ => Ok(answer(200, "application/json", sevens.as_bytes())),
        });
        source.renew(child(&mut hub, now), &fresh(), at(now));
        for _ in 0..1024 {
            let (mut token, mut extra) = ([0; 32], [0; 32]);
            getrandom::fill(&mut token).unwrap();
            getrandom::fill(&mut extra).unwrap();
            source.fill(&mut token, &extra, Purpose::TokenId, at(now));
            assert!(seen.insert(token), "turn {turn}");
        }
    }
    assert!(seen.len() > 100_000);
    let (idq, legacy) = (detail(&hub, "idq", 0), detail(&hub, "anu_legacy", 0));
    assert_eq!((idq.accepted_bytes, idq.alarms), (1024, [(Test::Replay, 97)].into()));
    assert_eq!((legacy.accepted_bytes, legacy.rejected_bytes), (0, 98 * 1024));
}
