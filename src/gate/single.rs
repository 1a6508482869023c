//! What is used once, or for a while by one browser: authorization codes, page tickets, sign-ins of a browser.

use crate::id::SessionId;
use crate::scope::Scope;
use crate::time::{Lifetime, Timestamp};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

/// How long a browser may be idle before it must sign in again.
const IDLE: Lifetime = Lifetime::from_seconds(3600);
/// A use is noted at most this often, so that a page costs no write each time.
const NOTED: Lifetime = Lifetime::from_seconds(60);

/// One stored thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Single {
    /// An authorization code.
    Code(Box<CodeGrant>),
    /// A browser that signed in.
    Browser(Browser),
    /// Something that was used and must not be used again: a ticket, an assertion.
    Spent {
        /// When it would have expired.
        until: Timestamp,
    },
}

/// What a person allowed, for the client to fetch with its code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeGrant {
    /// SHA-256 of the code's secret.
    pub secret_hash: String,
    /// The client it was given to.
    pub client_id: String,
    /// The client's name, as the person saw it.
    pub client_name: String,
    /// Where it was sent.
    pub redirect_uri: String,
    /// What the verifier must answer: base64url of a SHA-256.
    pub challenge: String,
    /// What was allowed.
    pub scope: Scope,
    /// What it is for.
    pub resource: String,
    /// When it expires: a minute after it was made at most.
    pub expires_at: Timestamp,
    /// The session that was opened with it.
    pub opened: Option<SessionId>,
}

/// What a client presents with a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presented {
    /// SHA-256 of the presented secret.
    pub secret_hash: String,
    /// The client, authenticated.
    pub client_id: String,
    /// The redirect URI, if it says one again.
    pub redirect_uri: Option<String>,
    /// What its verifier answers.
    pub challenge: String,
    /// The resource, if it says one again.
    pub resource: Option<String>,
}

/// What a presented code comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redeemed {
    /// Good, and used from now on.
    Good,
    /// Refused; the code stays as it was, so that nobody else's attempt harms its owner.
    Refused(CodeRefusal),
    /// Used before, by the client it belongs to: whoever came second may be the owner, so what was opened with it must end
    /// (RFC 6749 section 4.1.2).
    Replayed(SessionId),
}

/// Why a code was refused, for the log; a client sees `invalid_grant`, or `invalid_target` for another resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum CodeRefusal {
    /// No such code.
    #[error("unknown code")]
    Unknown,
    /// The secret is not the code's, or the client is another.
    #[error("the code is not this client's")]
    NotYours,
    /// Too late.
    #[error("the code has expired")]
    Expired,
    /// Another redirect URI than that of the request.
    #[error("another redirect URI")]
    OtherRedirect,
    /// The verifier does not answer the challenge.
    #[error("the verifier does not answer the challenge")]
    Verifier,
    /// Another resource than that of the request.
    #[error("another resource")]
    OtherResource,
}

/// A browser that signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Browser {
    /// SHA-256 of the cookie's secret.
    pub secret_hash: String,
    /// When it signed in.
    pub opened_at: Timestamp,
    /// When it was last seen, within a minute.
    pub used_at: Timestamp,
    /// When it must sign in again, whatever happens.
    pub expires_at: Timestamp,
}

impl Single {
    /// When it may be forgotten.
    pub fn expires_at(&self) -> Timestamp {
        match self {
            // A code is remembered long after it expired, so that a replay still ends what was opened with it.
            Self::Code(code) => code.expires_at.plus(Lifetime::from_seconds(86_400)),
            Self::Browser(browser) => browser.expires_at,
            Self::Spent { until } => *until,
        }
    }
}

impl CodeGrant {
    /// Decides on a presented code, and marks it as used for `session` when it is good.
    ///
    /// 1. the secret and the client; 2. a code that was used ends what it opened; 3. time, redirect URI, verifier, resource.
    ///    Only a good one changes anything, so a thief without the verifier cannot use it up.
    pub fn redeem(&mut self, presented: &Presented, session: &SessionId, now: Timestamp) -> Redeemed {
        if !same(&self.secret_hash, &presented.secret_hash) || self.client_id != presented.client_id {
            return Redeemed::Refused(CodeRefusal::NotYours);
        }
        if let Some(opened) = &self.opened {
            return Redeemed::Replayed(opened.clone());
        }
        let refusal = if now >= self.expires_at {
            CodeRefusal::Expired
        } else if presented.redirect_uri.as_ref().is_some_and(|uri| *uri != self.redirect_uri) {
            CodeRefusal::OtherRedirect
        } else if !same(&self.challenge, &presented.challenge) {
            CodeRefusal::Verifier
        } else if presented.resource.as_ref().is_some_and(|resource| *resource != self.resource) {
            CodeRefusal::OtherResource
        } else {
            self.opened = Some(session.clone());
            return Redeemed::Good;
        };
        Redeemed::Refused(refusal)
    }
}

impl Browser {
    /// Whether the holder of this secret is still signed in.
    pub fn is_live(&self, secret_hash: &str, now: Timestamp) -> bool {
        same(&self.secret_hash, secret_hash) && now < self.expires_at && now < self.used_at.plus(IDLE)
    }

    /// Notes a use. Returns whether that changed anything.
    pub fn note_use(&mut self, now: Timestamp) -> bool {
        let noted = now.since(self.used_at) >= NOTED;
        if noted {
            self.used_at = now;
        }
        noted
    }
}

fn same(stored: &str, presented: &str) -> bool {
    stored.as_bytes().ct_eq(presented.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::{Browser, CodeGrant, CodeRefusal, Presented, Redeemed, Single};
    use crate::id::SessionId;
    use crate::scope::Scope;
    use crate::time::{Lifetime, Timestamp};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn code() -> CodeGrant {
        CodeGrant {
            secret_hash: "hash".into(),
            client_id: "app".into(),
            client_name: "App".into(),
            redirect_uri: "http://localhost:1/cb".into(),
            challenge: "challenge".into(),
            scope: Scope::full(),
            resource: "https://gw.example/mcp".into(),
            expires_at: NOW.plus(Lifetime::from_seconds(60)),
            opened: None,
        }
    }

    fn presented() -> Presented {
        Presented {
            secret_hash: "hash".into(),
            client_id: "app".into(),
            redirect_uri: Some("http://localhost:1/cb".into()),
            challenge: "challenge".into(),
            resource: None,
        }
    }

    fn session(name: &str) -> SessionId {
        SessionId::parse(name).unwrap()
    }

    #[test]
    fn a_code_is_good_once_and_a_second_use_names_what_must_end() {
        let mut code = code();
        assert_eq!(code.redeem(&presented(), &session("first"), NOW), Redeemed::Good);
        for _ in 0..50 {
            assert_eq!(code.redeem(&presented(), &session("later"), NOW), Redeemed::Replayed(session("first")));
        }
    }

    #[test]
    fn a_wrong_attempt_changes_nothing() {
        let wrong = [
            (Presented { secret_hash: "other".into(), ..presented() }, CodeRefusal::NotYours),
            (Presented { client_id: "thief".into(), ..presented() }, CodeRefusal::NotYours),
            (
                Presented { redirect_uri: Some("http://localhost:2/cb".into()), ..presented() },
                CodeRefusal::OtherRedirect,
            ),
            (Presented { challenge: "guess".into(), ..presented() }, CodeRefusal::Verifier),
            (
                Presented { resource: Some("https://gw.example/mcp/a".into()), ..presented() },
                CodeRefusal::OtherResource,
            ),
        ];
        let mut code = code();
        for (attempt, refusal) in &wrong {
            assert_eq!(code.redeem(attempt, &session("thief"), NOW), Redeemed::Refused(*refusal));
        }
        assert_eq!(code, self::code());
        let silent = Presented { redirect_uri: None, resource: Some("https://gw.example/mcp".into()), ..presented() };
        assert_eq!(code.redeem(&silent, &session("owner"), NOW), Redeemed::Good);
    }

    #[test]
    fn a_replay_by_another_client_ends_nothing() {
        let mut code = code();
        code.redeem(&presented(), &session("first"), NOW);
        let thief = Presented { client_id: "thief".into(), ..presented() };
        assert_eq!(code.redeem(&thief, &session("x"), NOW), Redeemed::Refused(CodeRefusal::NotYours));
    }

    #[test]
    fn a_code_expires_and_is_remembered_for_its_replay() {
        let mut late = code();
        let end = late.expires_at;
        assert_eq!(late.redeem(&presented(), &session("s"), end), Redeemed::Refused(CodeRefusal::Expired));
        assert!(Single::Code(Box::new(late)).expires_at() > end.plus(Lifetime::from_seconds(3600)));
    }

    #[test]
    fn a_browser_is_signed_in_while_it_is_used_and_for_a_time() {
        let mut browser = Browser {
            secret_hash: "hash".into(),
            opened_at: NOW,
            used_at: NOW,
            expires_at: NOW.plus(Lifetime::from_seconds(7200)),
        };
        let at = |seconds| NOW.plus(Lifetime::from_seconds(seconds));
        assert!(browser.is_live("hash", at(3599)) && !browser.is_live("hash", at(3600)) && !browser.is_live("x", NOW));
        assert!(!browser.note_use(at(59)) && browser.note_use(at(3000)));
        assert!(browser.is_live("hash", at(6599)) && !browser.is_live("hash", at(7200)));
        assert_eq!(Single::Browser(browser).expires_at(), at(7200));
        assert_eq!(Single::Spent { until: at(1) }.expires_at(), at(1));
    }
}
