//! The one decision between a question to a gate and its answer.
//!
//! A gate is one Durable Object: it reads the facts, [`decide`] is pure, and the writes are committed before the answer
//! leaves (output gates hold the answer until the writes are durable).

use crate::gate::bucket::{Bucket, Policy, Verdict};
use crate::gate::ending;
use crate::gate::level::{Level, Wanted};
use crate::gate::message::{Admission, Asked, GateReply, GateRequest, NotRotated};
use crate::gate::quota::Quotas;
use crate::gate::session::{Issued, Opening, Refresh, Rotation, RotationRefusal, Session};
use crate::gate::single::{CodeRefusal, Presented, Redeemed, Single};
use crate::gate::slots::Slots;
use crate::gate::throttle::Throttle;
use crate::id::{SessionId, TokenId};
use crate::time::{Lifetime, Timestamp};
use std::collections::BTreeMap;

/// What a gate has stored that a question is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The bucket, if any call was ever counted.
    pub bucket: Option<Bucket>,
    /// What was used of quotas, where the question is about limits and there ever was a quota.
    pub quotas: Option<Quotas>,
    /// The slots of running calls, where the question is about limits and they ever were limited.
    pub slots: Option<Slots>,
    /// The throttle, if any login was ever tried.
    pub throttle: Option<Throttle>,
    /// The session the question names.
    pub session: Option<Session>,
    /// Whether the token the question names is in the revocation set.
    pub token_revoked: bool,
    /// The single things the question names, by id; every one where it is about everything.
    pub singles: BTreeMap<String, Single>,
    /// Every session, where the question is about everything.
    pub sessions: Vec<Session>,
    /// When everything was ended last, if it ever was, where the question is a sign-in.
    pub ended_all: Option<Timestamp>,
}

/// What must be stored before the answer leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// The bucket.
    Bucket(Bucket),
    /// What was used of quotas.
    Quotas(Quotas),
    /// The slots of running calls.
    Slots(Slots),
    /// The throttle.
    Throttle(Throttle),
    /// A session.
    Session(Session),
    /// One more revoked token, until it would have expired.
    RevokeToken(TokenId, Timestamp),
    /// A single thing, by id.
    Single(String, Single),
    /// A single thing that is over.
    Forget(String),
    /// When everything was ended.
    EndedAll(Timestamp),
}

impl Facts {
    /// Whether a token is good: it is not revoked, and its session is live, where it has one.
    fn is_good(&self, named: Option<&SessionId>, now: Timestamp) -> bool {
        let live = || self.session.as_ref().is_some_and(|session| session.is_live(now));
        !self.token_revoked && (named.is_none() || live())
    }
}

/// Decides a question from the facts: the answer, and what to store first.
pub fn decide(request: GateRequest, mut facts: Facts, now: Timestamp) -> (GateReply, Vec<Write>) {
    match request {
        GateRequest::Admit { session, .. } | GateRequest::Check { session, .. }
            if !facts.is_good(session.as_ref(), now) =>
        {
            (GateReply::Revoked, Vec::new())
        }
        GateRequest::Admit { token, asked, policy, lease_life, .. } => {
            admit(&token, &asked, policy, lease_life, facts, now)
        }
        GateRequest::Check { .. } | GateRequest::Probe | GateRequest::Forget => (GateReply::Done, Vec::new()),
        GateRequest::RevokeToken { token, until } => (GateReply::Done, vec![Write::RevokeToken(token, until)]),
        GateRequest::Charge { policy } => {
            charge(&Asked::default(), policy, Lifetime::from_millis(0), facts.bucket, now)
        }
        GateRequest::Take { limits, asked, slot, lease_life } => {
            take(&Wanted { limits, asked, slot, lease_life }, facts, now)
        }
        GateRequest::Release { slot, unmade } => {
            let before = level(facts);
            let mut level = before.clone();
            level.release(&slot, unmade, now);
            (GateReply::Done, changes(&before, level))
        }
        GateRequest::AttemptLogin { network } => attempt_login(facts.throttle.unwrap_or_default(), &network, now),
        GateRequest::LoginSucceeded { network } => {
            let mut throttle = facts.throttle.unwrap_or_default();
            throttle.succeed(&network);
            (GateReply::Done, vec![Write::Throttle(throttle)])
        }
        GateRequest::Open { session } => ending::open(*session, facts.ended_all),
        GateRequest::Rotate { presented_hash, wanted, next, .. } => {
            rotate(&presented_hash, &wanted, next, facts.session, now)
        }
        GateRequest::Revoke { client, .. } => {
            let own = |session: &Session| client.as_ref().is_none_or(|client| *client == session.client_id);
            revoke(facts.session.filter(own), now)
        }
        GateRequest::RevokeAll { keep } => ending::end_all(keep.as_ref(), facts, now),
        GateRequest::RevokeSome { client, before } => ending::end_some(client.as_deref(), before, facts, now),
        GateRequest::OpenBrowser { id, browser } => ending::open_browser(id, browser, facts.ended_all),
        GateRequest::Browser { id, secret_hash } => {
            let single = facts.singles.remove(id.as_str());
            check_browser(id, single, &secret_hash, now)
        }
        GateRequest::EndBrowser { id } => {
            let is_browser = matches!(facts.singles.get(id.as_str()), Some(Single::Browser(_)));
            (GateReply::Done, is_browser.then(|| Write::Forget(id.into())).into_iter().collect())
        }
        GateRequest::Grant { begun, ticket, ticket_until, code, grant } => match begun {
            Some(begun) if ending::is_outrun(begun, facts.ended_all) => (GateReply::Revoked, Vec::new()),
            _ => spend(ticket, ticket_until, &facts, vec![Write::Single(code, Single::Code(grant))]),
        },
        GateRequest::Spend { id, until } => spend(id, until, &facts, Vec::new()),
        GateRequest::Redeem { code, presented, opening, first } => {
            redeem(code, &presented, (opening, first), facts, now)
        }
        GateRequest::List => list(facts, now),
    }
}

fn attempt_login(mut throttle: Throttle, network: &str, now: Timestamp) -> (GateReply, Vec<Write>) {
    match throttle.attempt(network, now) {
        Ok(()) => (GateReply::Done, vec![Write::Throttle(throttle)]),
        Err(retry_after) => (GateReply::Limited { retry_after }, Vec::new()),
    }
}

fn check_browser(id: SessionId, single: Option<Single>, secret_hash: &str, now: Timestamp) -> (GateReply, Vec<Write>) {
    match single {
        Some(Single::Browser(mut browser)) if browser.is_live(secret_hash, now) => {
            let noted = browser.note_use(now).then(|| Write::Single(id.into(), Single::Browser(browser)));
            (GateReply::Done, noted.into_iter().collect())
        }
        _ => (GateReply::Revoked, Vec::new()),
    }
}

fn spend(id: String, until: Timestamp, facts: &Facts, writes: Vec<Write>) -> (GateReply, Vec<Write>) {
    if facts.singles.contains_key(&id) {
        return (GateReply::AlreadySpent, Vec::new());
    }
    let spent = Write::Single(id, Single::Spent { until });
    (GateReply::Done, std::iter::once(spent).chain(writes).collect())
}

fn redeem(
    code: String,
    presented: &Presented,
    (opening, first): (Opening, Issued),
    mut facts: Facts,
    now: Timestamp,
) -> (GateReply, Vec<Write>) {
    let Some(Single::Code(mut grant)) = facts.singles.remove(&code) else {
        return (GateReply::NotRedeemed { reason: CodeRefusal::Unknown }, Vec::new());
    };
    match grant.redeem(presented, &opening.id, now) {
        Redeemed::Refused(reason) => (GateReply::NotRedeemed { reason }, Vec::new()),
        Redeemed::Replayed(session) => match revoke(facts.session, now) {
            (GateReply::Ended { until }, writes) => (GateReply::Replayed { session, until }, writes),
            other => other,
        },
        Redeemed::Good => {
            let (scope, resource) = (grant.scope.clone(), grant.resource.clone());
            let session = opening.granted(&grant, first, now);
            let writes = vec![Write::Session(session), Write::Single(code, Single::Code(grant))];
            (GateReply::Redeemed { scope, resource }, writes)
        }
    }
}

fn list(facts: Facts, now: Timestamp) -> (GateReply, Vec<Write>) {
    let browsers = facts.singles.into_iter().filter_map(|(id, single)| match single {
        Single::Browser(browser) if now < browser.expires_at => Some((id, browser)),
        _ => None,
    });
    let sessions = facts.sessions.into_iter().filter(|session| session.is_live(now)).collect();
    (GateReply::Listed { sessions, browsers: browsers.collect() }, Vec::new())
}

fn admit(
    token: &TokenId,
    asked: &Asked,
    policy: Policy,
    lease_life: Lifetime,
    facts: Facts,
    now: Timestamp,
) -> (GateReply, Vec<Write>) {
    let (reply, mut writes) = charge(asked, policy, lease_life, facts.bucket, now);
    let noted = facts.session.and_then(|mut session| session.note_use(token).then_some(session));
    writes.extend(noted.map(Write::Session));
    (reply, writes)
}

fn charge(
    asked: &Asked,
    policy: Policy,
    lease_life: Lifetime,
    bucket: Option<Bucket>,
    now: Timestamp,
) -> (GateReply, Vec<Write>) {
    let mut bucket = bucket.unwrap_or_else(|| Bucket::full(policy, now));
    if let Some(closed) = &asked.close {
        bucket.close(policy, now, closed.lease, closed.unused);
    }
    let reply = match bucket.acquire(policy, now, asked.wish, lease_life) {
        Verdict::Admit { lease, remaining } => GateReply::Admitted(Admission { lease, remaining }),
        Verdict::Limit { retry_after } => GateReply::Limited { retry_after },
    };
    (reply, vec![Write::Bucket(bucket)])
}

fn take(wanted: &Wanted, facts: Facts, now: Timestamp) -> (GateReply, Vec<Write>) {
    let before = level(facts);
    let mut level = before.clone();
    let reply = match level.take(wanted, now) {
        Ok(taken) => GateReply::Taken {
            admission: Admission { lease: taken.lease, remaining: taken.remaining },
            counted_at: taken.counted_at,
        },
        Err((reached, retry_after)) => GateReply::Exhausted { reached, retry_after },
    };
    (reply, changes(&before, level))
}

fn level(facts: Facts) -> Level {
    Level { bucket: facts.bucket, quotas: facts.quotas, slots: facts.slots }
}

fn changes(before: &Level, after: Level) -> Vec<Write> {
    let bucket = after.bucket.filter(|bucket| before.bucket.as_ref() != Some(bucket));
    let quotas = after.quotas.filter(|quotas| before.quotas.as_ref() != Some(quotas));
    let slots = after.slots.filter(|slots| before.slots.as_ref() != Some(slots));
    [bucket.map(Write::Bucket), quotas.map(Write::Quotas), slots.map(Write::Slots)].into_iter().flatten().collect()
}

fn rotate(
    presented_hash: &str,
    wanted: &Refresh,
    next: Issued,
    session: Option<Session>,
    now: Timestamp,
) -> (GateReply, Vec<Write>) {
    let Some(mut session) = session else {
        let reason = NotRotated::Refused(RotationRefusal::UnknownSession);
        return (GateReply::NotRotated { reason }, Vec::new());
    };
    if let Err(refusal) = session.serves(wanted) {
        return (GateReply::NotRotated { reason: NotRotated::Refused(refusal) }, Vec::new());
    }
    let lost = match session.rotate(presented_hash, next, now) {
        Rotation::Rotated => None,
        Rotation::Repeated { lost } => Some(lost),
        Rotation::Refused(refusal) => {
            return (GateReply::NotRotated { reason: NotRotated::Refused(refusal) }, Vec::new());
        }
        Rotation::Reused => {
            return (GateReply::NotRotated { reason: NotRotated::Reused }, vec![Write::Session(session)]);
        }
    };
    let reply = GateReply::Rotated {
        client_id: session.client_id.clone(),
        scope: wanted.scope.as_ref().unwrap_or(&session.scope).clone(),
        resource: session.resource.clone(),
        session_expires_at: session.expires_at,
        lost: lost.clone(),
    };
    let mut writes = vec![Write::Session(session)];
    writes.extend(lost.map(|(token, until)| Write::RevokeToken(token, until)));
    (reply, writes)
}

fn revoke(session: Option<Session>, now: Timestamp) -> (GateReply, Vec<Write>) {
    match session.filter(|session| session.is_live(now)) {
        Some(mut session) => {
            session.revoke(now);
            (GateReply::Ended { until: Some(session.current_token().1) }, vec![Write::Session(session)])
        }
        None => (GateReply::Ended { until: None }, Vec::new()),
    }
}

#[cfg(test)]
#[path = "decision_tests.rs"]
mod tests;
