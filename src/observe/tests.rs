use super::{AccountChange, Call, Event, Level, Request, RevocationCause, Role, TokenIssued, Who, samples};
use crate::entropy::provenance::{Label, Provenance};
use crate::entropy::stamp::Stamp;
use crate::guard::Counts;
use crate::id::{CorrelationId, SessionId, TenantId, TokenId, UserId};
use crate::time::Timestamp;
use crate::trace::id::TraceId;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn request(status: u16, problem: Option<&'static str>) -> Event {
    let reason = problem.map(|_| "a\nb".to_owned());
    Event::Request(Request { status, problem, reason, ..samples::request() })
}

#[test]
fn an_event_is_one_flat_line() {
    let line = request(404, Some("unknown-tool")).render(
        Timestamp::from_millis(7),
        CorrelationId::parse("c").ok().as_ref(),
        TraceId::parse("0af7651916cd43dd8448eb211c80319c"),
    );
    assert_eq!(
        line,
        r#"{"time_ms":7,"level":"warn","correlation_id":"c","trace_id":"0af7651916cd43dd8448eb211c80319c","event":"request","method":"POST","route":"/mcp","status":404,"duration_ms":3,"tenant":"acme","user":"u-1","problem":"unknown-tool","reason":"a\nb"}"#
    );
}

#[test]
fn a_tool_call_stands_in_the_line_of_its_request() {
    let Event::Request(request) = request(200, None) else { panic!("a request") };
    let mut guarded = Counts::default();
    guarded.add("email", 2);
    let call = samples::call();
    let calls = vec![call.clone(), Call { guarded, ..call }];
    let line = Event::Request(Request { calls, ..request }).render(Timestamp::from_millis(7), None, None);
    let plain = r#"{"tool":"server_time","outcome":"ok","duration_ms":2"#;
    assert!(line.ends_with(&format!(r#""calls":[{plain}}},{plain},"guarded":{{"email":2}}}}]}}"#)), "{line}");
}

#[test]
fn the_level_says_whose_fault_it_was() {
    assert_eq!(request(200, None).level(), Level::Info);
    assert_eq!(request(429, Some("rate-limited")).level(), Level::Warn);
    assert_eq!(request(502, Some("upstream-failed")).level(), Level::Warn);
    assert_eq!(request(503, Some("unavailable")).level(), Level::Error);
}

#[test]
fn an_issued_token_is_recorded_with_its_randomness() {
    let who = Who { tenant: TenantId::parse("acme").unwrap(), user: UserId::parse("u-1").unwrap() };
    let session = SessionId::parse("s-1").unwrap();
    let token = TokenId::from_bytes(&[0; 32]);
    let entropy = Stamp::from(&Provenance::classical());
    let issued =
        TokenIssued { token, entropy: Stamp { label: Label::QuantumStale, age_seconds: Some(700), ..entropy } };
    for (name, event) in [
        ("auth.login", Event::LoggedIn { who: who.clone(), session: session.clone(), issued: issued.clone() }),
        ("auth.refresh", Event::Refreshed { who, session, issued }),
    ] {
        let entropy = r#"{"label":"quantum-stale","providers":[],"age_seconds":700}"#;
        let expected = format!(
            r#"{{"time_ms":1,"level":"info","event":"{name}","tenant":"acme","user":"u-1","session":"s-1","token":"{}","entropy":{entropy}}}"#,
            "A".repeat(43)
        );
        assert_eq!(event.render(Timestamp::from_millis(1), None, None), expected);
    }
}

#[test]
fn what_was_done_with_an_account_says_who_did_it_to_whom() {
    let who = |user: &str| Who { tenant: TenantId::parse("acme").unwrap(), user: UserId::parse(user).unwrap() };
    let by = UserId::parse("a-1").ok();
    for (event, told) in [
        (
            Event::AccountChanged { who: who("u-1"), change: AccountChange::Disabled, by },
            r#""event":"account.changed","tenant":"acme","user":"u-1","change":"disabled","by":"a-1"}"#,
        ),
        (
            Event::AccountChanged { who: who("a-1"), change: AccountChange::FirstAdmin, by: None },
            r#""event":"account.changed","tenant":"acme","user":"a-1","change":"first_admin"}"#,
        ),
        (
            Event::Invited { by: who("a-1"), role: Role::Admin },
            r#""event":"account.invited","tenant":"acme","user":"a-1","role":"admin"}"#,
        ),
    ] {
        let line = event.render(Timestamp::from_millis(1), None, None);
        assert_eq!(line, format!(r#"{{"time_ms":1,"level":"info",{told}"#));
    }
}

#[test]
fn a_reuse_names_the_session_and_its_owner() {
    let event = Event::SessionRevoked {
        who: Who { tenant: TenantId::parse("acme").unwrap(), user: UserId::parse("u-1").unwrap() },
        session: SessionId::parse("s-1").unwrap(),
        cause: RevocationCause::RefreshTokenReuse,
    };
    assert_eq!(
        event.render(Timestamp::from_millis(1), None, None),
        r#"{"time_ms":1,"level":"warn","event":"auth.session_revoked","tenant":"acme","user":"u-1","session":"s-1","cause":"refresh_token_reuse"}"#
    );
}
