//! What the edge asks a gate and what it answers, and the one decision in between.
//!
//! A gate is one Durable Object: it reads the facts, [`decide`] is pure, and the writes are committed before the answer
//! leaves (output gates hold the answer until the writes are durable).

use crate::gate::bucket::{Bucket, Lease, Policy, Verdict};
use crate::gate::session::{Issued, Rotation, RotationRefusal, Session};
use crate::gate::throttle::Throttle;
use crate::id::{SessionId, TokenId};
use crate::scope::Scope;
use crate::time::{Lifetime, Timestamp};
use serde::{Deserialize, Serialize};

/// A question to a gate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum GateRequest {
    /// May this access token make a call now?
    Admit {
        /// The token.
        token: TokenId,
        /// Its session.
        session: SessionId,
        /// Leases given back and wanted.
        asked: Asked,
        /// The principal's rate.
        policy: Policy,
        /// Life of a lease, in milliseconds: the bound of a revocation.
        lease_life: Lifetime,
    },
    /// Is this access token still good? Counts nothing: a stream that goes on asks it now and then.
    Check {
        /// The token.
        token: TokenId,
        /// Its session.
        session: SessionId,
    },
    /// Count one event of a source that has no token, for example a login from an address.
    Charge {
        /// The source's rate.
        policy: Policy,
    },
    /// Count one login attempt on this account.
    AttemptLogin,
    /// The attempt had the right password.
    LoginSucceeded,
    /// Open a session.
    Open {
        /// The session with its first pair of tokens.
        session: Box<Session>,
    },
    /// Use a refresh token of a session.
    Rotate {
        /// The session.
        session: SessionId,
        /// SHA-256 of the presented secret.
        presented_hash: String,
        /// The pair to hand out if it is good.
        next: Issued,
    },
    /// Read the storage and change nothing: readiness.
    Probe,
    /// End a session and every token of it.
    Revoke {
        /// The session.
        session: SessionId,
    },
}

/// The lease part of a question.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The lease this isolate has stopped using.
    pub close: Option<ClosedLease>,
    /// Calls wanted beyond the one at hand.
    pub wish: u32,
}

/// A lease that its isolate has stopped using.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedLease {
    /// The lease.
    pub lease: u64,
    /// Calls of it that were not made.
    pub unused: u32,
}

/// What was granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Admission {
    /// Further calls to use without asking.
    pub lease: Option<Lease>,
    /// Whole calls left at the gate.
    pub remaining: u32,
}

/// A gate's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum GateReply {
    /// Go on.
    Admitted(Admission),
    /// Too much: come back later.
    Limited {
        /// When.
        retry_after: Lifetime,
    },
    /// The token or its session is revoked, expired or unknown.
    Revoked,
    /// Done.
    Done,
    /// The refresh token was good; the new pair counts.
    Rotated {
        /// The client the session belongs to.
        client_id: String,
        /// What its tokens may be used for.
        scope: Scope,
        /// When the session ends.
        session_expires_at: Timestamp,
        /// The access token that was revoked because its answer was lost, and when it would have expired.
        lost: Option<(TokenId, Timestamp)>,
    },
    /// The refresh token was refused.
    NotRotated {
        /// Why, for the log.
        reason: NotRotated,
    },
    /// The session is over.
    Ended {
        /// Until when its newest access token would have lived; `None` when the session was over before.
        until: Option<Timestamp>,
    },
}

/// Why a refresh token was refused, for the log; a client sees one word for all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotRotated {
    /// Refused without harm.
    Refused(RotationRefusal),
    /// An old token was used again, and the session was revoked.
    Reused,
}

/// What a gate has stored that a question is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The bucket, if any call was ever counted.
    pub bucket: Option<Bucket>,
    /// The throttle, if any login was ever tried.
    pub throttle: Option<Throttle>,
    /// The session the question names.
    pub session: Option<Session>,
    /// Whether the token the question names is in the revocation set.
    pub token_revoked: bool,
}

/// What must be stored before the answer leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// The bucket.
    Bucket(Bucket),
    /// The throttle.
    Throttle(Throttle),
    /// A session.
    Session(Session),
    /// One more revoked token, until it would have expired.
    RevokeToken(TokenId, Timestamp),
}

impl GateRequest {
    /// The session a question is about.
    pub fn session(&self) -> Option<&SessionId> {
        match self {
            Self::Admit { session, .. }
            | Self::Check { session, .. }
            | Self::Rotate { session, .. }
            | Self::Revoke { session } => Some(session),
            Self::Open { session } => Some(&session.id),
            Self::Charge { .. } | Self::AttemptLogin | Self::LoginSucceeded | Self::Probe => None,
        }
    }

    /// The access token a question is about.
    pub fn token(&self) -> Option<&TokenId> {
        match self {
            Self::Admit { token, .. } | Self::Check { token, .. } => Some(token),
            _ => None,
        }
    }
}

/// Decides a question from the facts: the answer, and what to store first.
pub fn decide(request: GateRequest, facts: Facts, now: Timestamp) -> (GateReply, Vec<Write>) {
    match request {
        GateRequest::Admit { token, asked, policy, lease_life, .. } => {
            admit(&token, &asked, policy, lease_life, facts, now)
        }
        GateRequest::Check { .. } => {
            let good = facts.session.is_some_and(|session| session.is_live(now)) && !facts.token_revoked;
            (if good { GateReply::Done } else { GateReply::Revoked }, Vec::new())
        }
        GateRequest::Charge { policy } => {
            charge(&Asked::default(), policy, Lifetime::from_millis(0), facts.bucket, now)
        }
        GateRequest::AttemptLogin => {
            let mut throttle = facts.throttle.unwrap_or_default();
            match throttle.attempt(now) {
                Ok(()) => (GateReply::Done, vec![Write::Throttle(throttle)]),
                Err(retry_after) => (GateReply::Limited { retry_after }, Vec::new()),
            }
        }
        GateRequest::Probe => (GateReply::Done, Vec::new()),
        GateRequest::LoginSucceeded => (GateReply::Done, vec![Write::Throttle(Throttle::default())]),
        GateRequest::Open { session } => (GateReply::Done, vec![Write::Session(*session)]),
        GateRequest::Rotate { presented_hash, next, .. } => rotate(&presented_hash, next, facts.session, now),
        GateRequest::Revoke { .. } => revoke(facts.session, now),
    }
}

fn admit(
    token: &TokenId,
    asked: &Asked,
    policy: Policy,
    lease_life: Lifetime,
    facts: Facts,
    now: Timestamp,
) -> (GateReply, Vec<Write>) {
    let Some(mut session) = facts.session.filter(|session| session.is_live(now) && !facts.token_revoked) else {
        return (GateReply::Revoked, Vec::new());
    };
    let (reply, mut writes) = charge(asked, policy, lease_life, facts.bucket, now);
    if session.note_use(token) {
        writes.push(Write::Session(session));
    }
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

fn rotate(presented_hash: &str, next: Issued, session: Option<Session>, now: Timestamp) -> (GateReply, Vec<Write>) {
    let Some(mut session) = session else {
        let reason = NotRotated::Refused(RotationRefusal::UnknownSession);
        return (GateReply::NotRotated { reason }, Vec::new());
    };
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
        scope: session.scope.clone(),
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
mod tests {
    use super::{Facts, GateReply, GateRequest, decide};
    use crate::gate::session::{Issued, Session};
    use crate::id::{SessionId, TokenId};
    use crate::scope::Scope;
    use crate::time::{Lifetime, Timestamp};
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
        let check = GateRequest::Check { token, session: session_id };
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
}
