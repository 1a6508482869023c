use super::Gathered;
use crate::guard::Counts;
use crate::id::SessionId;
use crate::metric::activity::{Activity, Counts as Activities, Place};
use crate::metric::{Family, Label, Measured, Series};
use crate::observe::samples::{self, who};
use crate::observe::{Call, Event, Request, RevocationCause};
use crate::time::Timestamp;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const NOW: Timestamp = Timestamp::from_seconds(600);

fn request(status: u16, calls: Vec<Call>) -> Request {
    Request { status, calls, ..samples::request() }
}

fn call(outcome: &'static str) -> Call {
    Call { tool: "files__read".into(), upstream: Some("files".into()), outcome, ..samples::call() }
}

fn gathered(events: &[Event]) -> Gathered {
    let mut gathered = Gathered::default();
    for event in events {
        event.count(&mut gathered, None, NOW);
    }
    gathered
}

fn counted<const N: usize>(gathered: &Gathered, family: Family, labels: [&'static str; N]) -> u64 {
    let labels = labels.map(Label::Borrowed).to_vec();
    gathered.tally.measured(&Series(family, labels)).map_or(0, Measured::count)
}

fn happened(activity: Activity, upstream: &str) -> Activities {
    let found = activity.into_iter().find(|(place, _)| place.upstream == upstream);
    let (Place { minute, tenant, .. }, counts) = found.unwrap();
    assert_eq!((minute, tenant.as_str()), (10, "acme"));
    counts
}

#[test]
fn a_call_is_counted_once_by_tool_and_by_time_and_its_request_for_itself() {
    let gathered = gathered(&[Event::Request(request(200, vec![call("ok"), call("upstream_failed")]))]);
    assert_eq!(counted(&gathered, Family::Requests, ["POST", "/mcp", "200"]), 1);
    assert_eq!(counted(&gathered, Family::ToolCalls, ["acme", "files", "files__read", "ok"]), 1);
    assert_eq!(counted(&gathered, Family::ToolCalls, ["acme", "files", "files__read", "upstream_failed"]), 1);
    assert_eq!(counted(&gathered, Family::Operations, ["tools/call", "acme", "files", ""]), 1);
    assert_eq!(counted(&gathered, Family::Operations, ["tools/call", "acme", "files", "upstream_failed"]), 1);
    assert_eq!(counted(&gathered, Family::LogEvents, ["request", "info"]), 1);
    let files = happened(gathered.activity, "files");
    assert_eq!((files.ok, files.failed, files.all(), files.times.count()), (1, 1, 2, 2));
}

#[test]
fn what_is_no_tool_has_no_series_by_name() {
    let read = Call { method: "resources/read", tool: "files: resources/read".into(), ..call("ok") };
    let gathered = gathered(&[Event::Request(request(200, vec![read]))]);
    assert_eq!(counted(&gathered, Family::Operations, ["resources/read", "acme", "files", ""]), 1);
    assert!(gathered.tally.iter().all(|(series, _)| series.0 != Family::ToolCalls));
}

#[test]
fn a_limit_is_counted_once_however_it_is_told() {
    let limited = Request { limit: Some("plan_daily"), problem: Some("rate-limited"), ..request(429, Vec::new()) };
    let of_a_call = Call { limit: Some("plan_daily"), ..call("limited") };
    let told_twice = Request { calls: vec![of_a_call], ..limited.clone() };
    for (request, upstream) in [(limited, ""), (told_twice, "files")] {
        let gathered = gathered(&[Event::Request(request)]);
        assert_eq!(counted(&gathered, Family::LimitsHit, ["acme", "plan_daily"]), 1);
        assert_eq!(counted(&gathered, Family::Problems, ["rate-limited", "429"]), 1);
        assert_eq!(happened(gathered.activity, upstream).limited, 1);
    }
}

#[test]
fn what_strangers_send_makes_no_series_of_its_own() {
    let stranger = Request { method: "BREW".into(), route: None, who: None, ..request(404, Vec::new()) };
    let gathered = gathered(&[Event::Request(stranger)]);
    assert_eq!(counted(&gathered, Family::Requests, ["_OTHER", "none", "404"]), 1);
    assert!(gathered.activity.is_empty(), "nobody's activity is kept");
}

#[test]
fn events_beside_requests_are_counted_by_what_they_tell() {
    let session = SessionId::parse("s-1").unwrap();
    let mut guarded = Counts::default();
    guarded.add("email", 3);
    let tenant = who().tenant;
    let gathered = gathered(&[
        Event::SessionRevoked { who: who(), session, cause: RevocationCause::CodeReplay },
        Event::SignInRefused { reason: "no".into() },
        Event::Drifted {
            tenant: tenant.clone(),
            upstream: "files".into(),
            kind: "tool",
            name: "read".into(),
            happening: "quarantined",
            verdict: "breaking",
            version: None,
            times: 4,
        },
        Event::Request(request(200, vec![Call { guarded, ..call("ok") }])),
    ]);
    assert_eq!(counted(&gathered, Family::Revocations, ["code_replay"]), 1);
    assert_eq!(counted(&gathered, Family::AuthResults, ["password", "refused"]), 1);
    assert_eq!(counted(&gathered, Family::DriftEvents, ["acme", "files", "quarantined", "breaking"]), 4);
    assert_eq!(counted(&gathered, Family::GuardFindings, ["email"]), 3);
    assert_eq!(counted(&gathered, Family::LogEvents, ["auth.session_revoked", "warn"]), 1);
}

#[test]
fn a_call_with_a_line_of_its_own_is_its_tenants_where_that_is_known() {
    let mut gathered = Gathered::default();
    Event::Call(call("ok")).count(&mut gathered, Some(&who().tenant), NOW);
    Event::Call(call("ok")).count(&mut gathered, None, NOW);
    assert_eq!(counted(&gathered, Family::ToolCalls, ["acme", "files", "files__read", "ok"]), 1);
    assert_eq!(counted(&gathered, Family::ToolCalls, ["none", "files", "files__read", "ok"]), 1);
    assert_eq!(happened(gathered.activity, "files").ok, 1);
}
