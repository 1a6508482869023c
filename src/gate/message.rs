//! What the edge asks a gate and what it answers.

use crate::gate::bucket::{Lease, Policy};
use crate::gate::session::{Issued, Opening, Refresh, RotationRefusal, Session};
use crate::gate::single::{Browser, CodeGrant, CodeRefusal, Presented};
use crate::id::{SessionId, SlotId, TokenId};
use crate::plan::{Limits, Reached};
use crate::scope::Scope;
use crate::time::{Lifetime, Timestamp};
use serde::{Deserialize, Serialize};

/// A question to a gate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateRequest {
    /// May this access token make a call now?
    Admit {
        /// The token.
        token: TokenId,
        /// Its session; none of an API key, which stands for itself.
        #[serde(default)]
        session: Option<SessionId>,
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
        /// Its session; none of an API key.
        #[serde(default)]
        session: Option<SessionId>,
    },
    /// This access token or API key is not good any more.
    RevokeToken {
        /// Its id.
        token: TokenId,
        /// Until when it would have been good.
        until: Timestamp,
    },
    /// Count one event of a source that has no token, for example a login from an address.
    Charge {
        /// The source's rate.
        policy: Policy,
    },
    /// May a call be made within the limits of this level? It is charged to all of them, or to none.
    Take {
        /// The level's limits.
        limits: Limits,
        /// Leases given back and wanted.
        asked: Asked,
        /// The call's slot, where calls that run at the same time are limited.
        slot: SlotId,
        /// Life of a lease, in milliseconds.
        lease_life: Lifetime,
    },
    /// A call that was charged here is over.
    Release {
        /// Its slot.
        slot: SlotId,
        /// It was not made after all: the moment it counts for, to take it off its quota.
        unmade: Option<Timestamp>,
    },
    /// Count one login attempt on this account.
    AttemptLogin {
        /// Where it comes from: what stands for a network, no address.
        network: String,
    },
    /// The attempt had the right password, and the right code where one is needed.
    LoginSucceeded {
        /// Where it came from.
        network: String,
    },
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
        /// Who asks, and for what.
        wanted: Refresh,
        /// The pair to hand out if it is good.
        next: Issued,
    },
    /// A browser signed in.
    OpenBrowser {
        /// Its sign-in.
        id: SessionId,
        /// What is kept of it.
        browser: Browser,
    },
    /// Is this browser still signed in?
    Browser {
        /// Its sign-in.
        id: SessionId,
        /// SHA-256 of the presented secret.
        secret_hash: String,
    },
    /// A person allowed a client what it asked for: keep the code, once for each page that was shown.
    Grant {
        /// When the request began that answers the page.
        #[serde(default)]
        begun: Option<Timestamp>,
        /// The page's ticket.
        ticket: String,
        /// Until when the ticket would be good.
        ticket_until: Timestamp,
        /// The code's id.
        code: String,
        /// What was allowed.
        grant: Box<CodeGrant>,
    },
    /// Use a code.
    Redeem {
        /// The code's id.
        code: String,
        /// What the client presents.
        presented: Presented,
        /// The session to open if it is good.
        opening: Opening,
        /// The first pair of tokens.
        first: Issued,
    },
    /// Use something that must be used once.
    Spend {
        /// What.
        id: String,
        /// Until when it would be good.
        until: Timestamp,
    },
    /// End a browser's sign-in.
    EndBrowser {
        /// The sign-in.
        id: SessionId,
    },
    /// What is open: sessions and sign-ins.
    List,
    /// End everything that is open.
    RevokeAll {
        /// The sign-in of a browser that may stay: the one it is asked from.
        keep: Option<SessionId>,
    },
    /// End what fits: sessions and what is not fetched yet, and with a moment sign-ins too.
    RevokeSome {
        /// What this client has; that of every client when none is named.
        client: Option<String>,
        /// What was opened before this moment; whenever it was opened when none is named.
        before: Option<Timestamp>,
    },
    /// Read the storage and change nothing: readiness.
    Probe,
    /// Forget everything: whose gate it was is there no more. The object does it.
    Forget,
    /// End a session and every token of it.
    Revoke {
        /// The session.
        session: SessionId,
        /// The client that gives it back; none when its owner ends it. Another client's session goes on.
        #[serde(default)]
        client: Option<String>,
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

impl Admission {
    /// How many calls were given: this one, and those of the lease.
    pub fn calls(&self) -> u64 {
        self.lease.as_ref().map_or(1, |lease| u64::from(lease.calls) + 1)
    }
}

/// A gate's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateReply {
    /// Go on.
    Admitted(Admission),
    /// Go on: the call was charged to its level.
    Taken {
        /// What was granted.
        admission: Admission,
        /// The moment the call counts for in a quota.
        counted_at: Timestamp,
    },
    /// A limit of the level allows no call, and nothing was charged.
    Exhausted {
        /// Which; of several the one that lasts longest.
        reached: Reached,
        /// When to come back.
        retry_after: Lifetime,
    },
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
        /// What the new access token may be used for.
        scope: Scope,
        /// The resource its tokens are for, if it is not the whole gateway.
        resource: Option<String>,
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
    /// The code was good; the session is open.
    Redeemed {
        /// What its tokens may be used for.
        scope: Scope,
        /// The resource its tokens are for.
        resource: String,
    },
    /// The code was refused.
    NotRedeemed {
        /// Why, for the log.
        reason: CodeRefusal,
    },
    /// The code was used before; what it had opened is over, if it was not already.
    Replayed {
        /// The session.
        session: SessionId,
        /// Until when its newest access token would have lived.
        until: Option<Timestamp>,
    },
    /// It was used before.
    AlreadySpent,
    /// What is open.
    Listed {
        /// Sessions.
        sessions: Vec<Session>,
        /// Sign-ins of browsers.
        browsers: Vec<(String, Browser)>,
    },
    /// Everything is over.
    EndedAll {
        /// The sessions that were live, and until when the newest access token of each would have lived.
        sessions: Vec<(SessionId, Timestamp)>,
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

impl GateRequest {
    /// The session a question is about.
    pub fn session(&self) -> Option<&SessionId> {
        match self {
            Self::Admit { session, .. } | Self::Check { session, .. } => session.as_ref(),
            Self::Rotate { session, .. } | Self::Revoke { session, .. } => Some(session),
            Self::Open { session } => Some(&session.id),
            _ => None,
        }
    }

    /// The single things a question is about.
    pub fn singles(&self) -> Vec<&str> {
        match self {
            Self::Browser { id, .. } | Self::EndBrowser { id } => vec![id.as_str()],
            Self::Grant { ticket, .. } => vec![ticket],
            Self::Redeem { code, .. } => vec![code],
            Self::Spend { id, .. } => vec![id],
            _ => Vec::new(),
        }
    }

    /// Whether every session and every single thing must be known to answer it.
    pub fn is_about_everything(&self) -> bool {
        matches!(self, Self::List | Self::RevokeAll { .. } | Self::RevokeSome { .. })
    }

    /// Whether a person comes in by it or lets a client in, so that it must be known when everything was ended last.
    pub fn is_sign_in(&self) -> bool {
        matches!(self, Self::Open { .. } | Self::OpenBrowser { .. } | Self::Grant { .. })
    }

    /// Whether it begins something, so that what has ended may be forgotten meanwhile.
    pub fn opens(&self) -> bool {
        matches!(self, Self::Open { .. } | Self::OpenBrowser { .. } | Self::Redeem { .. } | Self::Spend { .. })
    }

    /// Whether it is about the limits of a level.
    pub const fn is_about_limits(&self) -> bool {
        matches!(self, Self::Take { .. } | Self::Release { .. })
    }

    /// The access token a question is about.
    pub fn token(&self) -> Option<&TokenId> {
        match self {
            Self::Admit { token, .. } | Self::Check { token, .. } => Some(token),
            _ => None,
        }
    }
}
