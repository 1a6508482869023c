//! A login session and the rotation of its refresh token.
//!
//! A refresh token is used once. If the answer to that use is lost, the honest client asks again with the same token, so
//! the token before the current one is accepted once more, within a minute and only while nothing of its successor was
//! used; the successor then dies. Any other old token means that two parties hold the session: it ends, with all its
//! tokens (RFC 9700 section 4.14.2).

use crate::gate::single::CodeGrant;
use crate::id::{SessionId, TokenId};
use crate::scope::Scope;
use crate::time::{Lifetime, Timestamp};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

/// How long a client may repeat a refresh whose answer was lost.
const RETRY_WINDOW: Lifetime = Lifetime::from_seconds(60);

/// One login session: a family of refresh tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its id, which every token of it carries.
    pub id: SessionId,
    /// The client it was opened for.
    pub client_id: String,
    /// What its access tokens may be used for.
    pub scope: Scope,
    /// When it ends, whatever happens.
    pub expires_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// The client's name, as the person saw it who allowed it; none for a login by username and password.
    #[serde(default)]
    pub client_name: Option<String>,
    /// The resource its tokens are for, if it is not the whole gateway.
    #[serde(default)]
    pub resource: Option<String>,
    /// When it was opened; sessions of older versions do not know.
    #[serde(default)]
    pub opened_at: Option<Timestamp>,
    /// When it was last refreshed.
    #[serde(default)]
    pub refreshed_at: Option<Timestamp>,
    current: Issued,
    previous: Option<Previous>,
}

/// A session to be opened with a code, before it is known what was allowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// Its id.
    pub id: SessionId,
    /// When it ends, whatever happens.
    pub expires_at: Timestamp,
}

/// Who uses a refresh token, and what for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refresh {
    /// The client, authenticated as far as it can be.
    pub client_id: String,
    /// A narrower scope for the new access token.
    pub scope: Option<Scope>,
    /// The resource, if it says one again.
    pub resource: Option<String>,
}

/// A pair of tokens handed out together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issued {
    /// SHA-256 of the refresh token's secret.
    pub refresh_hash: String,
    /// The access token.
    pub token: TokenId,
    /// When the access token expires.
    pub token_expires_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Previous {
    refresh_hash: String,
    repeat: Repeat,
}

/// Whether the token before the current one may be presented once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Repeat {
    /// Yes, until then.
    Until(Timestamp),
    /// It was repeated; until then a third use is refused as a race, after it as theft.
    DoneUntil(Timestamp),
    /// No: something of its successor was used, so the answer had arrived.
    Never,
}

/// What a presented refresh token comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// The new pair is the session's current one.
    Rotated,
    /// The answer to the last use was lost: the new pair replaces the one that never arrived, whose access token is revoked.
    Repeated {
        /// The access token nobody received, and when it expires.
        lost: (TokenId, Timestamp),
    },
    /// Refused, and the session goes on.
    Refused(RotationRefusal),
    /// An old token was used again: the session has been revoked.
    Reused,
}

/// Why a refresh was refused without harm to the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum RotationRefusal {
    /// No such session.
    #[error("unknown session")]
    UnknownSession,
    /// It ended by time.
    #[error("the session has expired")]
    Expired,
    /// It was revoked before.
    #[error("the session is revoked")]
    Revoked,
    /// One of several requests with the same token that came at once, and not the first two.
    #[error("the token was repeated more than once")]
    RepeatedTooOften,
    /// The session is another client's.
    #[error("the session is another client's")]
    OtherClient,
    /// More than was granted.
    #[error("more than was granted")]
    WiderScope,
    /// Another resource than was granted.
    #[error("another resource than was granted")]
    OtherResource,
}

impl Opening {
    /// The session of what was allowed.
    pub fn granted(self, grant: &CodeGrant, first: Issued, now: Timestamp) -> Session {
        Session::open(self.id, grant.client_id.clone(), grant.scope.clone(), self.expires_at, first).of_client(
            grant.client_name.clone(),
            grant.resource.clone(),
            now,
        )
    }
}

impl Session {
    /// Opens a session with its first pair of tokens.
    pub fn open(id: SessionId, client_id: String, scope: Scope, expires_at: Timestamp, first: Issued) -> Self {
        Self {
            id,
            client_id,
            scope,
            expires_at,
            revoked_at: None,
            client_name: None,
            resource: None,
            opened_at: None,
            refreshed_at: None,
            current: first,
            previous: None,
        }
    }

    /// The same for a client of that name, which gets tokens for one resource.
    #[must_use]
    pub fn of_client(self, name: String, resource: String, now: Timestamp) -> Self {
        Self { client_name: Some(name), resource: Some(resource), opened_at: Some(now), ..self }
    }

    /// Whether it is this client's, and what is asked for was granted. A refusal changes nothing.
    pub fn serves(&self, wanted: &Refresh) -> Result<(), RotationRefusal> {
        if self.client_id != wanted.client_id {
            return Err(RotationRefusal::OtherClient);
        }
        if wanted.scope.as_ref().is_some_and(|scope| !self.scope.covers(scope)) {
            return Err(RotationRefusal::WiderScope);
        }
        match &wanted.resource {
            Some(resource) if self.resource.as_ref() != Some(resource) => Err(RotationRefusal::OtherResource),
            _ => Ok(()),
        }
    }

    /// Whether tokens of this session are good.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }

    /// The current access token and when it expires.
    pub fn current_token(&self) -> (&TokenId, Timestamp) {
        (&self.current.token, self.current.token_expires_at)
    }

    /// Ends the session and every token of it.
    pub fn revoke(&mut self, now: Timestamp) {
        self.revoked_at.get_or_insert(now);
    }

    /// Notes that an access token was used. Returns whether that changed anything: the first use of the newest token shows
    /// that its pair arrived, so the token before it is not repeatable any more.
    pub fn note_use(&mut self, token: &TokenId) -> bool {
        match &mut self.previous {
            Some(previous) if previous.repeat != Repeat::Never && *token == self.current.token => {
                previous.repeat = Repeat::Never;
                true
            }
            _ => false,
        }
    }

    /// Decides on a presented refresh token that is known to be one of this session's, and moves the session on.
    pub fn rotate(&mut self, presented_hash: &str, next: Issued, now: Timestamp) -> Rotation {
        if self.revoked_at.is_some() {
            return Rotation::Refused(RotationRefusal::Revoked);
        }
        if now >= self.expires_at {
            return Rotation::Refused(RotationRefusal::Expired);
        }
        if same(presented_hash, &self.current.refresh_hash) {
            let used = std::mem::replace(&mut self.current, next);
            let repeat = Repeat::Until(now.plus(RETRY_WINDOW));
            self.previous = Some(Previous { refresh_hash: used.refresh_hash, repeat });
            self.refreshed_at = Some(now);
            return Rotation::Rotated;
        }
        let repeat = self.previous.as_mut().filter(|previous| same(presented_hash, &previous.refresh_hash));
        match repeat.map(|previous| &mut previous.repeat) {
            Some(repeat @ &mut Repeat::Until(until)) if now < until => {
                *repeat = Repeat::DoneUntil(until);
                let lost = std::mem::replace(&mut self.current, next);
                Rotation::Repeated { lost: (lost.token, lost.token_expires_at) }
            }
            Some(&mut Repeat::DoneUntil(until)) if now < until => Rotation::Refused(RotationRefusal::RepeatedTooOften),
            _ => {
                self.revoke(now);
                Rotation::Reused
            }
        }
    }
}

fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::{Issued, RETRY_WINDOW, Rotation, RotationRefusal, Session};
    use crate::id::{SessionId, TokenId};
    use crate::scope::Scope;
    use crate::time::{Lifetime, Timestamp};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn token(number: u8) -> TokenId {
        TokenId::from_bytes(&[number; 16])
    }

    fn pair(number: u8) -> Issued {
        Issued { refresh_hash: format!("hash-{number}"), token: token(number), token_expires_at: at(600) }
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_seconds(1_000_000 + seconds)
    }

    fn session() -> Session {
        Session::open(SessionId::parse("s").unwrap(), "password-login".into(), Scope::full(), at(3600), pair(0))
    }

    #[test]
    fn a_refresh_token_rotates_again_and_again() {
        let mut session = session();
        for number in 0..50 {
            assert_eq!(
                session.rotate(&format!("hash-{number}"), pair(number + 1), at(u64::from(number))),
                Rotation::Rotated
            );
        }
        assert!(session.is_live(at(100)));
    }

    #[test]
    fn a_lost_answer_is_survived_once_and_its_tokens_die() {
        let mut session = session();
        session.rotate("hash-0", pair(1), at(0));
        assert_eq!(session.rotate("hash-0", pair(2), at(1)), Rotation::Repeated { lost: (token(1), at(600)) });
        assert_eq!(session.rotate("hash-2", pair(3), at(2)), Rotation::Rotated);
        assert!(session.is_live(at(3)));
    }

    #[test]
    fn a_storm_of_one_token_leaves_one_usable_chain() {
        let mut session = session();
        let outcomes: Vec<_> = (1..=20).map(|number| session.rotate("hash-0", pair(number), at(0))).collect();
        assert_eq!(outcomes[0], Rotation::Rotated);
        assert!(matches!(outcomes[1], Rotation::Repeated { .. }));
        assert!(outcomes[2..].iter().all(|outcome| *outcome == Rotation::Refused(RotationRefusal::RepeatedTooOften)));
        assert_eq!(session.rotate("hash-2", pair(30), at(1)), Rotation::Rotated);
    }

    #[test]
    fn an_old_token_after_its_successor_was_used_ends_the_session() {
        let mut by_access = session();
        by_access.rotate("hash-0", pair(1), at(0));
        assert!(by_access.note_use(&token(1)));
        assert!(!by_access.note_use(&token(1)), "noted once");
        assert_eq!(by_access.rotate("hash-0", pair(2), at(1)), Rotation::Reused);
        assert!(!by_access.is_live(at(1)));

        let mut by_refresh = session();
        by_refresh.rotate("hash-0", pair(1), at(0));
        by_refresh.rotate("hash-1", pair(2), at(1));
        assert_eq!(by_refresh.rotate("hash-0", pair(3), at(2)), Rotation::Reused);
    }

    #[test]
    fn the_token_that_never_arrived_ends_the_session_when_it_turns_up() {
        let mut session = session();
        session.rotate("hash-0", pair(1), at(0));
        session.rotate("hash-0", pair(2), at(1));
        assert_eq!(session.rotate("hash-1", pair(3), at(2)), Rotation::Reused);
    }

    #[test]
    fn a_late_repeat_ends_the_session() {
        let mut session = session();
        session.rotate("hash-0", pair(1), at(0));
        let late = at(0).plus(RETRY_WINDOW);
        assert_eq!(session.rotate("hash-0", pair(2), late), Rotation::Reused);
        assert_eq!(session.rotate("hash-1", pair(3), late), Rotation::Refused(RotationRefusal::Revoked));
    }

    #[test]
    fn a_session_ends_by_time_and_use_of_older_access_tokens_changes_nothing() {
        let mut session = session();
        session.rotate("hash-0", pair(1), at(0));
        assert!(!session.note_use(&token(0)));
        let end = session.expires_at;
        assert!(!session.is_live(end) && session.is_live(end.minus(Lifetime::from_millis(1))));
        assert_eq!(session.rotate("hash-1", pair(2), end), Rotation::Refused(RotationRefusal::Expired));
    }

    #[cfg(not(target_arch = "wasm32"))]
    proptest::proptest! {
        /// Safety: whatever is presented in whatever order, at most one refresh token can be used next without ending
        /// the session, but for the one repeat. Liveness: a client that uses what it got last is never thrown out.
        #[test]
        fn an_honest_client_always_goes_on(losses in proptest::collection::vec(proptest::bool::ANY, 1..60)) {
            let mut session = session();
            let (mut holds, mut number, mut lost_before) = (0_u8, 0_u8, false);
            for lost in losses {
                number += 1;
                let outcome = session.rotate(&format!("hash-{holds}"), pair(number), at(u64::from(number)));
                if lost_before {
                    let repeated = matches!(outcome, Rotation::Repeated { .. });
                    proptest::prop_assert!(repeated);
                } else {
                    proptest::prop_assert_eq!(&outcome, &Rotation::Rotated);
                }
                // The network loses at most one answer in a row.
                if lost && !lost_before {
                    lost_before = true;
                } else {
                    (holds, lost_before) = (number, false);
                    session.note_use(&token(number));
                }
            }
            proptest::prop_assert!(session.is_live(at(100)));
        }

        #[test]
        fn two_parties_never_both_go_on(steps in proptest::collection::vec((proptest::bool::ANY, proptest::bool::ANY), 1..40)) {
            // Two parties hold the same first token. Each uses the newest token it has, and its access token when it likes.
            let mut session = session();
            let (mut holds, mut number) = ([0_u8, 0_u8], 0_u8);
            let mut successes = [0, 0];
            for (who, uses) in steps {
                let who = usize::from(who);
                number += 1;
                match session.rotate(&format!("hash-{}", holds[who]), pair(number), at(u64::from(number))) {
                    Rotation::Rotated | Rotation::Repeated { .. } => {
                        holds[who] = number;
                        successes[who] += 1;
                        if uses { session.note_use(&token(number)); }
                    }
                    Rotation::Refused(_) | Rotation::Reused => {}
                }
            }
            // One of them got at most the first pair or its repeat, or the session is over.
            let over = !session.is_live(at(1000));
            proptest::prop_assert!(over || successes[0] <= 1 || successes[1] <= 1, "{successes:?}");
        }
    }
}
