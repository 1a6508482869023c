//! The end of everything a principal has open: its password changed, or it was disabled.

use crate::gate::decision::{Facts, Write};
use crate::gate::message::GateReply;
use crate::gate::session::Session;
use crate::gate::single::{Browser, Single};
use crate::id::SessionId;
use crate::time::Timestamp;

/// Ends every session, forgets every sign-in of a browser but `keep`, and every code that was not fetched. What opened
/// something before is remembered with its session, so that a replay still finds it over.
pub fn end_all(keep: Option<&SessionId>, facts: Facts, now: Timestamp) -> (GateReply, Vec<Write>) {
    let mut writes = vec![Write::EndedAll(now)];
    let mut ended = Vec::new();
    for mut session in facts.sessions.into_iter().filter(|session| session.is_live(now)) {
        session.revoke(now);
        ended.push((session.id.clone(), session.current_token().1));
        writes.push(Write::Session(session));
    }
    let over = facts.singles.into_iter().filter(|(id, single)| match single {
        Single::Browser(_) => keep.is_none_or(|kept| kept.as_str() != id),
        Single::Code(code) => code.opened.is_none(),
        Single::Spent { .. } => false,
    });
    writes.extend(over.map(|(id, _)| Write::Forget(id)));
    (GateReply::EndedAll { sessions: ended }, writes)
}

/// Ends the sessions of one client, or of every one, that were opened before a moment, or whenever; with them the codes that were
/// not fetched, and with a moment the sign-ins of browsers before it. A session that does not know when it was opened counts as
/// opened before.
pub fn end_some(
    client: Option<&str>,
    before: Option<Timestamp>,
    facts: Facts,
    now: Timestamp,
) -> (GateReply, Vec<Write>) {
    // What was begun before and is opened after this would be a session of that time.
    let mut writes: Vec<Write> = before.map(|_| Write::EndedAll(now)).into_iter().collect();
    let mut ended = Vec::new();
    let fits = |id: &str| client.is_none_or(|client| client == id);
    let earlier = |opened: Option<Timestamp>| before.is_none_or(|before| opened.is_none_or(|opened| opened < before));
    for mut session in facts.sessions.into_iter().filter(|session| session.is_live(now)) {
        if fits(&session.client_id) && earlier(session.opened_at) {
            session.revoke(now);
            ended.push((session.id.clone(), session.current_token().1));
            writes.push(Write::Session(session));
        }
    }
    let over = facts.singles.into_iter().filter(|(_, single)| match single {
        Single::Browser(browser) => client.is_none() && before.is_some() && earlier(Some(browser.opened_at)),
        Single::Code(code) => code.opened.is_none() && fits(&code.client_id),
        Single::Spent { .. } => false,
    });
    writes.extend(over.map(|(id, _)| Write::Forget(id)));
    (GateReply::EndedAll { sessions: ended }, writes)
}

/// Opens a session, unless everything was ended after the request that opens it had begun: what that request has read of
/// the user may be what was changed.
pub fn open(session: Session, ended_all: Option<Timestamp>) -> (GateReply, Vec<Write>) {
    if session.opened_at.is_some_and(|begun| is_outrun(begun, ended_all)) {
        return (GateReply::Revoked, Vec::new());
    }
    (GateReply::Done, vec![Write::Session(session)])
}

/// The same for a browser that signs in.
pub fn open_browser(id: SessionId, browser: Browser, ended_all: Option<Timestamp>) -> (GateReply, Vec<Write>) {
    if is_outrun(browser.opened_at, ended_all) {
        return (GateReply::Revoked, Vec::new());
    }
    (GateReply::Done, vec![Write::Single(id.into(), Single::Browser(browser))])
}

/// Whether everything was ended after something had begun.
pub fn is_outrun(begun: Timestamp, ended_all: Option<Timestamp>) -> bool {
    ended_all.is_some_and(|ended| begun < ended)
}

#[cfg(test)]
mod tests {
    use super::end_all;
    use crate::gate::decision::{Facts, Write, decide};
    use crate::gate::message::{GateReply, GateRequest};
    use crate::gate::session::{Issued, Session};
    use crate::gate::single::{Browser, CodeGrant, Single};
    use crate::id::{SessionId, TokenId};
    use crate::scope::Scope;
    use crate::time::{Lifetime, Timestamp};
    use std::collections::BTreeMap;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const NOW: Timestamp = Timestamp::from_seconds(1_000);

    fn id(name: &str) -> SessionId {
        SessionId::parse(name).unwrap()
    }

    fn at(seconds: u64) -> Timestamp {
        NOW.plus(Lifetime::from_seconds(seconds))
    }

    fn session(name: &str, ends: Timestamp) -> Session {
        let first =
            Issued { refresh_hash: "h".into(), token: TokenId::parse(name).unwrap(), token_expires_at: at(600) };
        let mut session = Session::open(id(name), "c".into(), Scope::full(), ends, first);
        session.opened_at = Some(NOW);
        session
    }

    fn browser() -> Browser {
        Browser { secret_hash: "h".into(), opened_at: NOW, used_at: NOW, expires_at: at(3600) }
    }

    fn code(opened: Option<&str>) -> Single {
        Single::Code(Box::new(grant(opened)))
    }

    fn grant(opened: Option<&str>) -> CodeGrant {
        CodeGrant {
            secret_hash: "h".into(),
            client_id: "app".into(),
            client_name: "App".into(),
            redirect_uri: "https://app.example/".into(),
            challenge: "c".into(),
            scope: Scope::full(),
            resource: "https://gw.example/mcp".into(),
            expires_at: at(60),
            opened: opened.map(id),
        }
    }

    fn facts() -> Facts {
        let mut revoked = session("revoked", at(3600));
        revoked.revoke(NOW);
        let singles = [
            ("here", Single::Browser(browser())),
            ("there", Single::Browser(browser())),
            ("fetched", code(Some("live"))),
            ("waiting", code(None)),
            ("spent", Single::Spent { until: at(60) }),
        ];
        Facts {
            sessions: vec![session("live", at(3600)), session("past", NOW), revoked],
            singles: singles.into_iter().map(|(name, single)| (name.to_owned(), single)).collect::<BTreeMap<_, _>>(),
            ..Facts::default()
        }
    }

    fn forgotten(writes: &[Write]) -> Vec<&str> {
        writes.iter().filter_map(|write| if let Write::Forget(id) = write { Some(id.as_str()) } else { None }).collect()
    }

    #[test]
    fn everything_that_is_open_ends_and_what_was_used_stays_known() {
        let question = GateRequest::RevokeAll { keep: None };
        assert!(question.is_about_everything());
        let (reply, writes) = decide(question, facts(), NOW);
        assert_eq!(reply, GateReply::EndedAll { sessions: vec![(id("live"), at(600))] });
        assert_eq!(writes[0], Write::EndedAll(NOW));
        let Write::Session(ended) = &writes[1] else { panic!("{writes:?}") };
        assert!(!ended.is_live(NOW) && ended.id == id("live"));
        assert_eq!(forgotten(&writes), ["here", "there", "waiting"]);
        assert_eq!(writes.len(), 5);
    }

    #[test]
    fn the_browser_that_asked_may_stay() {
        let (_, writes) = end_all(Some(&id("here")), facts(), NOW);
        assert_eq!(forgotten(&writes), ["there", "waiting"]);
        let (_, writes) = end_all(Some(&id("waiting")), facts(), NOW);
        assert_eq!(forgotten(&writes), ["here", "there", "waiting"], "nothing but a sign-in is kept");
    }

    #[test]
    fn what_began_before_the_end_is_not_opened_after_it() {
        let open = || GateRequest::Open { session: Box::new(session("new", at(3600))) };
        let sign_in = || GateRequest::OpenBrowser { id: id("new"), browser: browser() };
        let allow = || GateRequest::Grant {
            begun: Some(NOW),
            ticket: "t".into(),
            ticket_until: at(60),
            code: "c".into(),
            grant: Box::new(grant(None)),
        };
        for (ended_all, opens) in [(None, true), (Some(NOW), true), (Some(NOW.plus(Lifetime::from_millis(1))), false)] {
            for (question, written) in [(open(), 1), (sign_in(), 1), (allow(), 2)] {
                assert!(question.is_sign_in());
                let facts = Facts { ended_all, ..Facts::default() };
                let (reply, writes) = decide(question.clone(), facts, at(1));
                let wanted = if opens { GateReply::Done } else { GateReply::Revoked };
                assert_eq!((reply, writes.len()), (wanted, if opens { written } else { 0 }), "{question:?}");
            }
        }
    }

    #[test]
    fn only_what_fits_ends() {
        let (mut other, mut later) = (session("b", at(500)), session("c", at(500)));
        other.client_id = "other".into();
        (other.opened_at, later.opened_at) = (Some(at(0)), Some(at(90)));
        let sessions = vec![session("a", at(500)), other, later];
        let ended = |client: Option<&str>, before: Option<Timestamp>| {
            let facts = Facts { sessions: sessions.clone(), ..Facts::default() };
            let request = GateRequest::RevokeSome { client: client.map(str::to_owned), before };
            assert!(request.is_about_everything());
            let (reply, writes) = decide(request, facts, at(100));
            let GateReply::EndedAll { sessions } = reply else { panic!("{reply:?}") };
            let begun = writes.iter().any(|write| matches!(write, Write::EndedAll(_)));
            assert_eq!(begun, before.is_some());
            sessions.iter().map(|(id, _)| id.as_str().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(ended(Some("other"), None), ["b"]);
        assert_eq!(ended(None, Some(at(50))), ["a", "b"], "one that does not know when it was opened counts");
        assert_eq!(ended(Some("c"), Some(at(50))), ["a"]);
        assert_eq!(ended(None, None).len(), 3);
    }
}
