use super::{Change, Hub, wait};
use crate::entropy::mix::LocalSeed;
use crate::entropy::provenance::{Label, ProviderState, ProviderStatus};
use crate::entropy::provider::tests::{answer, providers};
use crate::entropy::provider::{ProviderFailure, ProviderId};
use crate::outbound::{OutboundAnswer, OutboundFailure};
use crate::time::{Lifetime, Timestamp};
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
    Hub::new(providers(&[("ENTROPY_PROVIDERS", names)]).unwrap(), &local(), at(0))
}

fn good(provider: ProviderId) -> OutboundAnswer {
    match provider.as_str() {
        "idq" => answer(200, "application/octet-stream", &[7; 1024]),
        "anu_legacy" => {
            let data = vec!["7"; 1024].join(",");
            let body = format!(r#"{{"type":"uint8","length":1024,"data":[{data}],"success":true}}"#);
            answer(200, "application/json", body.as_bytes())
        }
        other => panic!("no good answer for {other}"),
    }
}

type Outcome = Result<OutboundAnswer, OutboundFailure>;

/// Runs a round at `seconds`: whom it asked, and what changed.
fn round(hub: &mut Hub, seconds: u64, outcome: impl Fn(ProviderId) -> Outcome) -> (Vec<&'static str>, Vec<Change>) {
    let fetches = hub.due([1; 16], at(seconds));
    let asked = fetches.iter().map(|fetch| fetch.provider.as_str()).collect();
    let answers = fetches.into_iter().map(|fetch| {
        let outcome = outcome(fetch.provider);
        fetch.answered(outcome)
    });
    let answers = answers.collect();
    (asked, hub.absorb(answers, &local(), at(seconds)))
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
    let changes = hub.absorb(Vec::new(), &local(), at(3601));
    assert_eq!(changes, [Change::LabelChanged { from: Label::QuantumStale, to: Label::Classical }]);
}

#[test]
fn a_failing_provider_is_left_alone_longer_and_longer_and_comes_back_by_itself() {
    let mut hub = hub("idq");
    let (mut now, mut waits) = (0, Vec::new());
    for _ in 0..7 {
        assert_eq!(round(&mut hub, now, |_| Err(OutboundFailure::Unreachable)).0, ["idq"]);
        let wait = status(&hub, "idq", now).next_attempt_in_seconds.unwrap();
        assert!(hub.due([1; 16], at(now + wait - 1)).is_empty());
        waits.push(wait);
        now += wait;
    }
    assert_eq!(waits, [30, 60, 120, 240, 480, 900, 900]);
    assert_eq!(status(&hub, "idq", now).state, ProviderState::Failing);
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
    assert_eq!(
        states,
        [
            ("anu_legacy", ProviderState::Failing),
            ("idq", ProviderState::Healthy),
            ("anu", ProviderState::Unconfigured),
            ("quantinuum", ProviderState::Unconfigured),
        ]
    );
    assert_eq!(report.providers[0].last_failure.as_deref(), Some("no complete answer within the deadline"));
}

#[test]
fn a_provider_that_asks_for_time_gets_it_within_reason() {
    let after = |seconds| ProviderFailure::RateLimited { retry_after: seconds };
    let first = Lifetime::from_seconds(30);
    let seconds = Lifetime::from_seconds;
    assert_eq!(wait(after(Some(seconds(7))), 5, first), seconds(7));
    assert_eq!(wait(after(None), 5, first), seconds(60));
    assert_eq!(wait(after(Some(seconds(u64::MAX))), 1, first), seconds(86_400));
    assert_eq!(wait(after(Some(seconds(0))), 1, first), seconds(1));
    assert_eq!(wait(ProviderFailure::Unauthorized, 1, first), seconds(900));
    assert_eq!(wait(ProviderFailure::Empty, u32::MAX, first), seconds(900));

    let mut hub = hub("anu_legacy");
    let text = b"The QRNG API is limited to 1 requests per minute.";
    round(&mut hub, 0, |_| Ok(answer(500, "text/plain", text)));
    let limited = status(&hub, "anu_legacy", 0);
    assert_eq!((limited.state, limited.next_attempt_in_seconds), (ProviderState::RateLimited, Some(61)));
}

#[test]
fn every_child_seed_is_new_even_when_the_local_generator_stands_still() {
    let mut hub = hub("idq");
    let one = hub.child_seed(&local(), at(0));
    let two = hub.child_seed(&local(), at(0));
    assert_ne!(one.seed, two.seed);
    assert_eq!(one.seed.expose().len(), 64);
    round(&mut hub, 0, |id| Ok(good(id)));
    let seeded = hub.child_seed(&local(), at(9));
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
    hub.child_seed(&local(), at(700));
    assert_eq!(hub.next_round(at(700)), Some(at(701)));
    let nobody = Hub::new(providers(&[("ENTROPY_PROVIDERS", "")]).unwrap(), &local(), at(0));
    assert_eq!(nobody.next_round(at(0)), None);
}

#[test]
fn while_everybody_is_put_back_rounds_go_on() {
    let mut hub = hub("idq");
    round(&mut hub, 0, |_| Ok(answer(403, "application/json", b"{}")));
    assert_eq!(status(&hub, "idq", 0).next_attempt_in_seconds, Some(900));
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
