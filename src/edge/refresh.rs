//! Using a refresh token, for a person's own login and for an OAuth client alike.

use super::context::Context;
use super::issue::{Granted, Pair};
use super::{auth, gate, random, revoked};
use crate::api::problem::Problem;
use crate::api::reply::Reply;
use crate::gate::message::{GateReply, GateRequest, NotRotated};
use crate::gate::session::{Refresh, RotationRefusal};
use crate::observe::{Event, RevocationCause, Who};
use crate::store::keys;
use crate::token::opaque::{self, Kind};
use std::fmt;

/// Why a refresh token was refused, for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// This gateway wrote no such token.
    NotOurs,
    /// Its user may not come in any more.
    Disabled,
    /// It was used before: its session is over now.
    Reused,
    /// The gate refused it.
    Rotation(RotationRefusal),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOurs => f.write_str("not a token of this gateway"),
            Self::Disabled => f.write_str("disabled account"),
            Self::Reused => f.write_str("an old token was used again; the session is revoked"),
            Self::Rotation(refusal) => refusal.fmt(f),
        }
    }
}

/// A new pair for a refresh token.
///
/// 1. the token is one this gateway wrote; 2. its user is still enabled; 3. the user's gate decides whether it is good.
pub async fn rotate(context: &Context, token: &str, wanted: Refresh) -> Result<Result<Reply, Refused>, Problem> {
    let Ok(presented) = opaque::parse(Kind::Refresh, &context.settings.root, token) else {
        return Ok(Err(Refused::NotOurs));
    };
    context.ledger.concerns(&Who { tenant: presented.tenant.clone(), user: presented.user.clone() });
    if auth::enabled(context, &presented.tenant, &presented.user).await?.is_none() {
        return Ok(Err(Refused::Disabled));
    }
    random::admit_secrets(context).await?;
    let pair = Pair::draw(context, &presented.tenant, &presented.user, &presented.session);
    let who = Who { tenant: presented.tenant, user: presented.user };
    let question = GateRequest::Rotate {
        session: presented.session.clone(),
        presented_hash: presented.secret_hash,
        wanted,
        next: pair.issued.clone(),
    };
    let name = keys::principal_gate(&who.tenant, &who.user);
    match gate::ask(&context.env, &name, &question).await? {
        GateReply::Rotated { client_id, scope, resource, session_expires_at: session_ends, lost } => {
            if let Some((token, until)) = lost {
                revoked::token(context, &who.tenant, &token, until).await;
            }
            context.log(&Event::Refreshed { who, session: presented.session, issued: pair.record() });
            let granted = Granted { client_id: &client_id, scope: &scope, resource, session_ends, refreshable: true };
            pair.reply(context, granted).map(Ok)
        }
        GateReply::NotRotated { reason: NotRotated::Reused } => {
            let (until, cause) = (pair.issued.token_expires_at, RevocationCause::RefreshTokenReuse);
            revoked::session(context, who, presented.session, until, cause).await;
            Ok(Err(Refused::Reused))
        }
        GateReply::NotRotated { reason: NotRotated::Refused(refusal) } => Ok(Err(Refused::Rotation(refusal))),
        other => Err(gate::unexpected(&other)),
    }
}
