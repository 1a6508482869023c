use super::{Audited, likeness};
use crate::account::role::Role;
use crate::audit::Trail;
use crate::audit::record::{Draft, Effect, Stamp};
use crate::entropy::provenance::Provenance;
use crate::entropy::stamp::Stamp as EntropyStamp;
use crate::id::{RecordId, SessionId, TokenId, UpstreamId, UserId};
use crate::observe::samples::{self, who};
use crate::observe::{AccountChange, Call, Event, Request, RevocationCause, TokenIssued, Who};
use crate::time::Timestamp;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn session() -> SessionId {
    SessionId::parse("s-1").unwrap()
}

fn issued() -> TokenIssued {
    TokenIssued { token: TokenId::from_bytes(&[0; 32]), entropy: EntropyStamp::from(&Provenance::classical()) }
}

fn request(problem: Option<&'static str>, who: Option<Who>) -> Request {
    let reason = problem.map(|_| "why".to_owned());
    Request { status: 401, who, problem, reason, ..samples::request() }
}

fn call(outcome: &'static str) -> Call {
    Call { tool: "a__b".into(), upstream: Some("a".into()), outcome, ..samples::call() }
}

fn audited(event: &Event, about: Option<&Who>) -> Audited {
    let mut stamp = || Stamp { id: RecordId::from_bytes(&[1; 16]), at: Timestamp::from_millis(7), correlation: None };
    event.audited(about, &mut stamp)
}

fn drifted() -> Event {
    Event::Drifted {
        tenant: who().tenant,
        upstream: "a".into(),
        kind: "tool",
        name: "b".into(),
        happening: "quarantined",
        verdict: "breaking",
        version: None,
        times: 1,
    }
}

/// One event of every kind.
pub fn all() -> Vec<Event> {
    let (client, reason) = (|| "client-1".to_owned(), || "a reason".to_owned());
    vec![
        Event::Request(request(None, Some(who()))),
        Event::Call(call("ok")),
        Event::LoggedIn { who: who(), session: session(), issued: issued() },
        Event::Refreshed { who: who(), session: session(), issued: issued() },
        Event::Authorized { who: who(), client: client(), session: session(), issued: issued() },
        Event::Exchanged {
            who: who(),
            client: client(),
            upstream: UpstreamId::parse("ups-1").unwrap(),
            issued: issued(),
        },
        Event::ConsentDecided {
            who: who(),
            client: client(),
            scope: "tools:call".into(),
            resource: "https://gw/mcp".into(),
            allowed: false,
        },
        Event::ClientRegistered { client: client() },
        Event::SignedIn { who: who(), sign_in: session() },
        Event::SignInRefused { reason: reason() },
        Event::SignedOut { who: who(), sign_in: session() },
        Event::Invited { by: who(), role: Role::Admin },
        Event::AccountChanged { who: who(), change: AccountChange::Disabled, by: UserId::parse("u-2").ok() },
        Event::Administered {
            who: None,
            operation: "update_user",
            about_tenant: who().tenant,
            subject: Some("u-3".into()),
        },
        Event::ApprovalAsked { who: who(), tool: "server_time".into(), approval: "a-1".into() },
        Event::SessionRevoked { who: who(), session: session(), cause: RevocationCause::Logout },
        Event::RevocationUnpublished { reason: reason() },
        Event::AuditUnwritten { trail: "audit/acme".into(), records: Vec::new(), reason: reason() },
        Event::UpstreamDegraded { tenant: who().tenant, upstream: "a".into(), reason: reason() },
        drifted(),
        Event::ScheduleFailed { reason: reason() },
        Event::SpansLost { spans: 3, reason: reason() },
        Event::MessageFailed {
            tenant: who().tenant,
            webhook: "w".into(),
            message: "m".into(),
            attempts: 1,
            reason: reason(),
        },
        Event::ProviderFailed { provider: "anu", reason: reason(), consecutive: 1 },
        Event::ProviderQuarantined { provider: "anu", reason: reason() },
        Event::ProviderRecovered { provider: "anu" },
        Event::EntropyLabelChanged { from: "a", to: "b" },
    ]
}

fn name(event: &Event) -> String {
    let value = serde_json::to_value(event).unwrap();
    value["event"].as_str().unwrap().to_owned()
}

/// What is not audited is not audited on purpose: a new kind of event must be added to one side or the other.
#[test]
fn every_event_is_audited_or_listed_here_because_of_something() {
    let not_audited = [
        // Served requests and calls: whoever does something that counts writes a record of its own.
        "request",
        "call",
        // The revocation is written as `auth.session_revoked`; the published list does not enforce.
        "auth.revocation_unpublished",
        // The trail itself could not be written.
        "audit.unwritten",
        // Parties outside that come and go.
        "upstream.degraded",
        // What waits has a history of its own; what a person decides is written as `admin.done`.
        "schedule.failed",
        "trace.spans_lost",
        "webhook.failed",
        "entropy.provider_failed",
        "entropy.provider_quarantined",
        "entropy.provider_recovered",
        "entropy.label_changed",
    ];
    let routine: Vec<String> =
        all().iter().filter(|event| matches!(audited(event, None), Audited::Routine(_))).map(name).collect();
    assert_eq!(routine, not_audited);
    let source = include_str!("mod.rs");
    let (_, kinds) = source.split_once("pub enum Event {").unwrap();
    let (kinds, _) = kinds.split_once("\n}\n").unwrap();
    assert_eq!(kinds.matches("#[serde(rename = \"").count(), all().len(), "every kind of event is in this test");
}

fn one(event: &Event, about: Option<&Who>) -> (Trail, Draft) {
    match audited(event, about) {
        Audited::Written(mut records) if records.len() == 1 => records.remove(0),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_record_has_the_name_of_its_event_and_stands_in_its_tenants_trail() {
    for event in all() {
        assert_eq!(event.name(), name(&event));
        if let Audited::Written(records) = audited(&event, Some(&who())) {
            let (trail, draft) = &records[0];
            assert_eq!(draft.kind.as_str(), name(&event));
            let operators = name(&event) == "oauth.client_registered";
            assert_eq!(*trail, if operators { Trail::Operator } else { Trail::Tenant(who().tenant) }, "{event:?}");
            assert!(draft.outcome.is_some(), "{event:?}");
        }
    }
}

#[test]
fn who_did_it_and_to_whom_are_told_apart() {
    let by = UserId::parse("u-2").unwrap();
    let event = Event::AccountChanged { who: who(), change: AccountChange::Disabled, by: Some(by.clone()) };
    let (_, draft) = one(&event, None);
    assert_eq!((draft.actor.user, draft.target.as_deref()), (Some(by), Some("user/u-1")));
    assert_eq!(draft.outcome.as_deref(), Some("disabled"));
    let (_, denied) = one(&all()[6], None);
    assert_eq!(denied.decision.unwrap().effect, Effect::Deny);
}

#[test]
fn the_end_of_a_tenant_stands_in_the_operators_trail() {
    let done =
        |operation| Event::Administered { who: Some(who()), operation, about_tenant: who().tenant, subject: None };
    assert_eq!(one(&done("update_tenant"), None).0, Trail::Tenant(who().tenant));
    let (trail, draft) = one(&done("delete_tenant"), None);
    assert_eq!((trail, draft.reason.as_deref()), (Trail::Operator, Some("acme")));
}

#[test]
fn a_refused_login_is_told_to_the_tenant_whose_account_was_tried_and_else_to_the_operator() {
    let event = Event::Request(request(Some("invalid-login"), None));
    let (known, draft) = one(&event, Some(&who()));
    assert_eq!((known, draft.kind.as_str()), (Trail::Tenant(who().tenant), "auth.login_refused"));
    assert_eq!(one(&event, None).0, Trail::Operator);
}

#[test]
fn a_refusal_that_says_nothing_about_security_is_not_audited() {
    for problem in ["missing-credentials", "not-found", "malformed-json", "upstream-failed", "unavailable", "internal"]
    {
        assert!(
            matches!(audited(&Event::Request(request(Some(problem), None)), None), Audited::Routine(_)),
            "{problem}"
        );
    }
    for problem in ["invalid-token", "insufficient-scope", "rate-limited", "invalid-refresh-token", "invalid_client"] {
        let (_, draft) = one(&Event::Request(request(Some(problem), Some(who()))), None);
        assert_eq!((draft.outcome.as_deref(), draft.reason.as_deref()), (Some(problem), Some("why")));
    }
}

#[test]
fn a_call_that_reached_nothing_is_audited_once_wherever_it_was_noted() {
    for (outcome, denied) in [("bad_arguments", false), ("forbidden", true), ("limited", false)] {
        let (trail, draft) = one(&Event::Call(call(outcome)), Some(&who()));
        assert_eq!((trail, draft.kind.as_str()), (Trail::Tenant(who().tenant), "tool.refused"));
        assert_eq!(draft.decision.is_some_and(|decision| decision.effect == Effect::Deny), denied);
        let calls = vec![call("ok"), call(outcome)];
        let refused = Request { calls, ..request(Some("rate-limited"), Some(who())) };
        assert_eq!(one(&Event::Request(refused), None).1.outcome.as_deref(), Some(outcome));
    }
}

#[test]
fn what_anybody_can_repeat_is_damped_and_logins_are_not() {
    let likeness_of = |problem| {
        let (trail, draft) = one(&Event::Request(request(Some(problem), None)), Some(&who()));
        likeness(&trail, &draft)
    };
    assert!(likeness_of("invalid-token").is_some() && likeness_of("rate-limited").is_some());
    assert_ne!(likeness_of("invalid-token"), likeness_of("rate-limited"));
    assert_eq!((likeness_of("invalid-login"), likeness_of("insufficient-scope")), (None, None));
}

#[test]
fn names_of_changes_and_causes_are_those_of_the_log() {
    for change in [
        AccountChange::FirstAdmin,
        AccountChange::Joined,
        AccountChange::ResetOffered,
        AccountChange::PasswordReset,
        AccountChange::PasswordChanged,
        AccountChange::SecondFactorOn,
        AccountChange::SecondFactorOff,
        AccountChange::Disabled,
        AccountChange::Enabled,
    ] {
        assert_eq!(serde_json::to_value(change).unwrap(), change.as_str());
    }
    for cause in [
        RevocationCause::Logout,
        RevocationCause::RefreshTokenReuse,
        RevocationCause::CodeReplay,
        RevocationCause::Owner,
        RevocationCause::Client,
        RevocationCause::Password,
        RevocationCause::Disabled,
        RevocationCause::Administrator,
        RevocationCause::Deleted,
        RevocationCause::Tenant,
    ] {
        assert_eq!(serde_json::to_value(cause).unwrap(), cause.as_str());
    }
}
