//! Revocations: the gate enforces one at once; here it is put on the published list, and into the log.

use super::context::Context;
use super::metrics::{self, Part};
use super::{clock, database, gate};
use crate::api::problem::Problem;
use crate::gate::message::{GateReply, GateRequest};
use crate::id::{SessionId, TenantId, TokenId};
use crate::observe::{Event, RevocationCause, Who};
use crate::store::keys;
use crate::store::tenants::{PRINCIPALS, PrincipalRow};
use crate::time::Timestamp;
use futures::future::join_all;

/// Gates that are asked at one time.
const AT_ONCE: u32 = 50;

/// Publishes that a session is over, and says why. `until` is when its last token would have expired.
pub async fn session(context: &Context, who: Who, session: SessionId, until: Timestamp, cause: RevocationCause) {
    publish(context, keys::revoked_session(&who.tenant, &session), until).await;
    context.log(&Event::SessionRevoked { who, session, cause });
}

/// Ends everything that a user has open, but the sign-in `keep`. Asked again, it does no harm.
pub async fn everything(
    context: &Context,
    who: &Who,
    keep: Option<SessionId>,
    cause: RevocationCause,
) -> Result<(), Problem> {
    of_one(context, who, &GateRequest::RevokeAll { keep }, cause).await
}

/// Ends everything that everybody of a tenant has open; whom.
pub async fn everybody(context: &Context, tenant: &TenantId, cause: RevocationCause) -> Result<Vec<Who>, Problem> {
    of_everybody(context, tenant, &GateRequest::RevokeAll { keep: None }, cause).await
}

/// Ends what a question to a user's gate says, and publishes what ended.
pub async fn of_one(
    context: &Context,
    who: &Who,
    question: &GateRequest,
    cause: RevocationCause,
) -> Result<(), Problem> {
    match gate::ask(&context.env, &keys::principal_gate(&who.tenant, &who.user), question).await? {
        GateReply::EndedAll { sessions } => {
            let told = sessions.into_iter().map(|(id, until)| session(context, who.clone(), id, until, cause));
            join_all(told).await;
            Ok(())
        }
        other => Err(gate::unexpected(&other)),
    }
}

/// The same at the gate of everybody of a tenant, some at a time; whom.
pub async fn of_everybody(
    context: &Context,
    tenant: &TenantId,
    question: &GateRequest,
    cause: RevocationCause,
) -> Result<Vec<Who>, Problem> {
    let (mut after, mut all) = (String::new(), Vec::new());
    loop {
        let values = [tenant.as_str().into(), after.as_str().into(), AT_ONCE.into()];
        let rows: Vec<PrincipalRow> = database::all(&context.env, PRINCIPALS, &values).await?;
        let whom: Vec<Who> = rows.into_iter().map(|row| Who { tenant: tenant.clone(), user: row.id }).collect();
        let ended = whom.iter().map(|who| of_one(context, who, question, cause));
        join_all(ended).await.into_iter().collect::<Result<(), _>>()?;
        match whom.last() {
            Some(last) => last.user.as_str().clone_into(&mut after),
            None => return Ok(all),
        }
        all.extend(whom);
    }
}

/// Has gates forget everything, whose owners are there no more. Nobody waits for it, and one that does not answer empties
/// itself when nobody has asked it for long.
pub fn forget(context: &Context, gates: Vec<String>) {
    let env = context.env.clone();
    context.background.wait_until(async move {
        for some in gates.chunks(AT_ONCE as usize) {
            let forget = some.iter().map(|gate| gate::ask(&env, gate, &GateRequest::Forget));
            let _ = join_all(forget).await;
        }
    });
}

/// Publishes that an access token is over.
pub async fn token(context: &Context, tenant: &TenantId, token: &TokenId, until: Timestamp) {
    publish(context, keys::revoked_token(tenant, token), until).await;
}

/// A failure is logged and not told: the gate enforces the revocation already.
async fn publish(context: &Context, key: String, until: Timestamp) {
    let now = clock::now();
    let life = keys::revocation_lifetime(until, now).seconds_ceil();
    let entry = now.seconds().to_string();
    let put = async {
        metrics::asked(Part::Kv);
        let list = context.env.kv("REVOCATIONS").map_err(|error| error.to_string())?;
        let put = list.put(&key, entry).map_err(|error| error.to_string())?;
        put.expiration_ttl(life).execute().await.map_err(|error| error.to_string())
    };
    if let Err(reason) = put.await {
        context.log(&Event::RevocationUnpublished { reason });
    }
}
