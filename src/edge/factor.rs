//! The codes of a second factor: each is used up at the gate of its user.

use super::context::Context;
use super::{clock, gate};
use crate::account::LoginRefusal;
use crate::account::second_factor::{SharedSecret, place};
use crate::api::problem::Problem;
use crate::gate::message::{GateReply, GateRequest};
use crate::observe::Who;
use crate::store::keys;

/// Uses up a code that somebody typed. Anything but a good one that was not used before is refused as a login: a secret
/// that does not open too, because its key was changed.
pub async fn demand(context: &Context, who: &Who, sealed: &str, typed: &str) -> Result<(), Problem> {
    let opened = context.settings.root.open(sealed, &place(&who.tenant, &who.user));
    let secret = opened.ok().and_then(|text| SharedSecret::parse(text.expose()).ok());
    match secret {
        Some(secret) => spend(context, who, &secret, typed).await,
        None => Err(Problem::InvalidLogin("the second factor does not open with this key".into())),
    }
}

/// The same for a secret that is at hand.
pub async fn spend(context: &Context, who: &Who, secret: &SharedSecret, typed: &str) -> Result<(), Problem> {
    let refused = || Problem::InvalidLogin(LoginRefusal::NoCode.to_string());
    let step = secret.check(typed, clock::now()).ok_or_else(refused)?;
    let question = GateRequest::Spend { id: step.spent_id(), until: step.spent_until() };
    match gate::ask(&context.env, &keys::principal_gate(&who.tenant, &who.user), &question).await? {
        GateReply::Done => Ok(()),
        GateReply::AlreadySpent => Err(refused()),
        other => Err(gate::unexpected(&other)),
    }
}
