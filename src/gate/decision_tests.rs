use super::{Facts, GateReply, GateRequest, NotRotated, Write, decide};
use crate::gate::bucket::Policy;
use crate::gate::message::{Admission, Asked};
use crate::gate::session::{Issued, Opening, Refresh, RotationRefusal, Session};
use crate::gate::single::{Browser, CodeGrant, CodeRefusal, Presented, Single};
use crate::gate::slots::Slots;
use crate::id::{SessionId, SlotId, TokenId};
use crate::plan::{Limits, Reached};
use crate::scope::Scope;
use crate::time::{Lifetime, Timestamp};
use std::collections::BTreeMap;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const NOW: Timestamp = Timestamp::from_seconds(100);

fn session() -> Session {
    let issued = Issued {
        refresh_hash: "h".into(),
        token: TokenId::parse("t").unwrap(),
        token_expires_at: NOW.plus(Lifetime::from_seconds(900)),
    };
    let ends = NOW.plus(Lifetime::from_seconds(3600));
    Session::open(SessionId::parse("s").unwrap(), "c".into(), Scope::full(), ends, issued)
}

#[test]
fn a_check_counts_nothing_and_sees_every_way_a_token_ends() {
    let (token, session_id) = (TokenId::parse("t").unwrap(), SessionId::parse("s").unwrap());
    let check = GateRequest::Check { token, session: Some(session_id) };
    assert!(check.session().is_some() && check.token().is_some());
    let answer = |session: Option<Session>, token_revoked| {
        decide(check.clone(), Facts { session, token_revoked, ..Facts::default() }, NOW)
    };
    assert_eq!(answer(Some(session()), false), (GateReply::Done, Vec::new()));
    let mut ended = session();
    ended.revoke(NOW);
    for (session, token_revoked) in [(None, false), (Some(session()), true), (Some(ended), false)] {
        assert_eq!(answer(session, token_revoked), (GateReply::Revoked, Vec::new()));
    }
}

#[test]
fn an_api_key_needs_no_session_and_ends_when_it_is_revoked() {
    let token = TokenId::parse("k-1").unwrap();
    let check = GateRequest::Check { token: token.clone(), session: None };
    let (good, revoked) = (Facts::default(), Facts { token_revoked: true, ..Facts::default() });
    assert_eq!(decide(check.clone(), good, NOW).0, GateReply::Done);
    assert_eq!(decide(check, revoked, NOW).0, GateReply::Revoked);
    let until = NOW.plus(Lifetime::from_seconds(9));
    let (reply, writes) = decide(GateRequest::RevokeToken { token: token.clone(), until }, Facts::default(), NOW);
    assert_eq!((reply, writes), (GateReply::Done, vec![Write::RevokeToken(token, until)]));
}

fn issued(name: &str) -> Issued {
    let expires = NOW.plus(Lifetime::from_seconds(900));
    Issued { refresh_hash: name.into(), token: TokenId::parse(name).unwrap(), token_expires_at: expires }
}

fn grant() -> CodeGrant {
    CodeGrant {
        secret_hash: "secret".into(),
        client_id: "app".into(),
        client_name: "App".into(),
        redirect_uri: "http://localhost/".into(),
        challenge: "challenge".into(),
        scope: Scope::parse("tools:read").unwrap(),
        resource: "https://gw.example/mcp".into(),
        expires_at: NOW.plus(Lifetime::from_seconds(60)),
        opened: None,
    }
}

/// A gate's storage, with the writes of each decision carried out.
#[derive(Default)]
struct Gate {
    singles: BTreeMap<String, Single>,
    sessions: BTreeMap<SessionId, Session>,
}

impl Gate {
    fn ask(&mut self, request: GateRequest) -> GateReply {
        let singles: BTreeMap<String, Single> = match &request {
            everything if everything.is_about_everything() => self.singles.clone(),
            other => other
                .singles()
                .iter()
                .filter_map(|id| Some(((*id).to_owned(), self.singles.get(*id)?.clone())))
                .collect(),
        };
        let opened = singles.values().find_map(|single| match single {
            Single::Code(code) => code.opened.clone(),
            _ => None,
        });
        let session = request.session().cloned().or(opened).and_then(|id| self.sessions.get(&id).cloned());
        let sessions = self.sessions.values().cloned().collect();
        let (reply, writes) = decide(request, Facts { session, singles, sessions, ..Facts::default() }, NOW);
        for write in writes {
            match write {
                Write::Single(id, single) => drop(self.singles.insert(id, single)),
                Write::Forget(id) => drop(self.singles.remove(&id)),
                Write::Session(session) => drop(self.sessions.insert(session.id.clone(), session)),
                _ => {}
            }
        }
        reply
    }

    fn grant(&mut self, ticket: &str, code: &str) -> GateReply {
        let ticket_until = NOW.plus(Lifetime::from_seconds(600));
        self.ask(GateRequest::Grant {
            begun: Some(NOW),
            ticket: ticket.into(),
            ticket_until,
            code: code.into(),
            grant: Box::new(grant()),
        })
    }

    fn redeem(&mut self, code: &str, session: &str, challenge: &str) -> GateReply {
        let presented = Presented {
            secret_hash: "secret".into(),
            client_id: "app".into(),
            redirect_uri: None,
            challenge: challenge.into(),
            resource: None,
        };
        let expires_at = NOW.plus(Lifetime::from_seconds(3600));
        let opening = Opening { id: SessionId::parse(session).unwrap(), expires_at };
        self.ask(GateRequest::Redeem { code: code.into(), presented, opening, first: issued(session) })
    }

    fn rotate(&mut self, session: &str, wanted: Refresh) -> GateReply {
        let id = SessionId::parse(session).unwrap();
        self.ask(GateRequest::Rotate { session: id, presented_hash: session.into(), wanted, next: issued("next") })
    }
}

fn asked(client: &str, scope: Option<&str>, resource: Option<&str>) -> Refresh {
    Refresh {
        client_id: client.into(),
        scope: scope.map(|scope| Scope::parse(scope).unwrap()),
        resource: resource.map(str::to_owned),
    }
}

#[test]
fn a_page_is_answered_once_and_its_code_opens_one_session() {
    let mut gate = Gate::default();
    assert_eq!(gate.grant("ticket", "code"), GateReply::Done);
    assert_eq!(gate.grant("ticket", "other"), GateReply::AlreadySpent);
    assert_eq!(gate.redeem("other", "s", "challenge"), GateReply::NotRedeemed { reason: CodeRefusal::Unknown });
    assert_eq!(gate.redeem("code", "s", "wrong"), GateReply::NotRedeemed { reason: CodeRefusal::Verifier });
    let good = GateReply::Redeemed { scope: grant().scope, resource: grant().resource };
    assert_eq!(gate.redeem("code", "s", "challenge"), good);
    let GateReply::Listed { sessions, browsers } = gate.ask(GateRequest::List) else { panic!() };
    assert_eq!((sessions.len(), browsers.len(), sessions[0].client_name.as_deref()), (1, 0, Some("App")));
    let replayed = gate.redeem("code", "t", "challenge");
    assert!(matches!(replayed, GateReply::Replayed { until: Some(_), .. }), "{replayed:?}");
    let GateReply::Listed { sessions, .. } = gate.ask(GateRequest::List) else { panic!() };
    assert_eq!(sessions, []);
}

#[test]
fn a_session_is_refreshed_by_its_client_within_what_was_granted() {
    let mut gate = Gate::default();
    gate.grant("ticket", "code");
    gate.redeem("code", "s", "challenge");
    let before = gate.sessions.clone();
    for (wrong, refusal) in [
        (asked("password-login", None, None), RotationRefusal::OtherClient),
        (asked("app", Some("tools:call tools:read"), None), RotationRefusal::WiderScope),
        (asked("app", None, Some("https://gw.example/mcp/a")), RotationRefusal::OtherResource),
    ] {
        assert_eq!(gate.rotate("s", wrong), GateReply::NotRotated { reason: NotRotated::Refused(refusal) });
    }
    assert_eq!(gate.sessions, before);
    let good = asked("app", Some("tools:read"), Some("https://gw.example/mcp"));
    assert!(matches!(gate.rotate("s", good), GateReply::Rotated { .. }));
}

#[test]
fn a_browser_stays_signed_in_until_it_is_told_to_go() {
    let mut gate = Gate::default();
    let id = SessionId::parse("b").unwrap();
    let expires_at = NOW.plus(Lifetime::from_seconds(3600));
    let browser = Browser { secret_hash: "h".into(), opened_at: NOW, used_at: NOW, expires_at };
    assert_eq!(gate.ask(GateRequest::OpenBrowser { id: id.clone(), browser }), GateReply::Done);
    let check = |hash: &str| GateRequest::Browser { id: id.clone(), secret_hash: hash.into() };
    assert_eq!((gate.ask(check("h")), gate.ask(check("x"))), (GateReply::Done, GateReply::Revoked));
    let GateReply::Listed { browsers, .. } = gate.ask(GateRequest::List) else { panic!() };
    assert_eq!(browsers.len(), 1);
    gate.ask(GateRequest::EndBrowser { id: id.clone() });
    assert_eq!(gate.ask(check("h")), GateReply::Revoked);
    // Nothing but a sign-in is ended by this.
    gate.grant("ticket", "code");
    gate.ask(GateRequest::EndBrowser { id: SessionId::parse("ticket").unwrap() });
    assert_eq!(gate.grant("ticket", "other"), GateReply::AlreadySpent);
}

#[test]
fn what_was_spent_is_never_spent_again() {
    let mut gate = Gate::default();
    let spend = || GateRequest::Spend { id: "jti".into(), until: NOW.plus(Lifetime::from_seconds(60)) };
    assert!(spend().opens());
    assert_eq!((gate.ask(spend()), gate.ask(spend())), (GateReply::Done, GateReply::AlreadySpent));
}

#[test]
fn a_login_is_counted_where_it_comes_from_and_a_success_is_remembered() {
    let mut throttle = None;
    let mut ask = |request: GateRequest| {
        let (reply, writes) = decide(request, Facts { throttle: throttle.clone(), ..Facts::default() }, NOW);
        for write in writes {
            let Write::Throttle(written) = write else { panic!("{write:?}") };
            throttle = Some(written);
        }
        reply
    };
    let attempt = |network: &str| GateRequest::AttemptLogin { network: network.into() };
    assert_eq!(ask(GateRequest::LoginSucceeded { network: "home".into() }), GateReply::Done);
    while ask(attempt("stranger")) == GateReply::Done {}
    assert!(matches!(ask(attempt("elsewhere")), GateReply::Limited { .. }));
    assert_eq!(ask(attempt("home")), GateReply::Done);
}

const SLOT: &str = "AAAAAAAAAAAAAAAAAAAAAA";

fn take(limits: Limits) -> GateRequest {
    let lease_life = Lifetime::from_seconds(1);
    GateRequest::Take { limits, asked: Asked::default(), slot: SlotId::parse(SLOT).unwrap(), lease_life }
}

#[test]
fn a_call_within_its_limits_is_stored_with_every_limit_it_was_charged_to() {
    let rate = Some(Policy { burst: 9, per_minute: 1 });
    let limits = Limits { rate, concurrent: Some(2), daily: Some(5), monthly: None };
    let (reply, writes) = decide(take(limits), Facts::default(), NOW);
    let admission = Admission { lease: None, remaining: 1 };
    assert_eq!(reply, GateReply::Taken { admission, counted_at: NOW });
    let [Write::Bucket(bucket), Write::Quotas(quotas), Write::Slots(slots)] = writes.as_slice() else {
        panic!("{writes:?}")
    };
    let (bucket, quotas, slots) = (Some(bucket.clone()), Some(quotas.clone()), Some(slots.clone()));
    let facts = || Facts { bucket: bucket.clone(), quotas: quotas.clone(), slots: slots.clone(), ..Facts::default() };
    let (reply, _) = decide(take(Limits { concurrent: Some(1), ..limits }), facts(), NOW);
    let retry_after = Lifetime::from_seconds(1);
    assert_eq!(reply, GateReply::Exhausted { reached: Reached::Concurrent(1), retry_after });
    let release = GateRequest::Release { slot: SlotId::parse(SLOT).unwrap(), unmade: Some(NOW) };
    let (reply, writes) = decide(release, facts(), NOW);
    assert_eq!((reply, writes.len()), (GateReply::Done, 2), "the bucket is as it was");
    assert_eq!(writes[1], Write::Slots(Slots::default()));
}

/// Objects of two versions talk to each other while one is rolled out.
#[test]
fn a_question_of_limits_stands_on_the_wire_as_it_always_did() {
    let limits = Limits { daily: Some(5), ..Limits::default() };
    let wire = format!(
        r#"{{"take":{{"limits":{{"daily":5}},"asked":{{"close":null,"wish":0}},"slot":"{SLOT}","lease_life":1000}}}}"#
    );
    assert_eq!(serde_json::to_string(&take(limits)).unwrap(), wire);
    assert_eq!(serde_json::from_str::<GateRequest>(&wire).unwrap(), take(limits));
    assert!(take(limits).is_about_limits() && take(limits).session().is_none());
    let reached = GateReply::Exhausted { reached: Reached::Daily(5), retry_after: Lifetime::from_millis(9) };
    let wire = r#"{"exhausted":{"reached":{"daily":5},"retry_after":9}}"#;
    assert_eq!(serde_json::to_string(&reached).unwrap(), wire);
}

#[test]
fn a_release_where_nothing_was_taken_stores_nothing() {
    let release = GateRequest::Release { slot: SlotId::parse(SLOT).unwrap(), unmade: None };
    assert_eq!(decide(release, Facts::default(), NOW), (GateReply::Done, Vec::new()));
}
