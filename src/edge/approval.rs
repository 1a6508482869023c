//! Calls that a policy lets go on once a person has approved exactly them.
//!
//! What is approved is named by a digest of everything it is bound to: tenant, caller, tool, arguments, policy and the
//! policy's version. So another argument, another caller or a changed policy is another call, which asks anew.

use super::admission::Principal;
use super::clock;
use super::context::Context;
use super::database::{self, moment};
use super::tools::ToolError;
use crate::admin::approval::{ApprovalState, ApprovalView};
use crate::api::problem::Problem;
use crate::audit::record::Digest;
use crate::audit::redact::redacted;
use crate::catalogue::eyes::Seen;
use crate::id::encode_random;
use crate::observe::Event;
use crate::store::approvals::{APPROVAL, ASK, ApprovalRow, DELETE_ENDED, LIFE_MILLIS, USE};
use crate::time::Lifetime;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// The call that somebody must approve.
struct Wanted {
    id: String,
    caller: String,
    digest: String,
    policy: String,
    version: u32,
}

/// A call that was approved and not made yet.
pub struct Approved(Wanted);

/// Lets a call go on that was approved; else asks for its approval.
pub async fn demand(
    context: &Context,
    principal: &Principal,
    seen: &Seen<'_>,
    arguments: &Map<String, Value>,
    policy: String,
) -> Result<Approved, ToolError> {
    let wanted = Wanted::of(principal, seen, arguments, policy);
    ask(context, principal, seen, arguments, &wanted).await.map_err(|problem| away(&problem))?;
    let values = [principal.tenant().as_str().into(), wanted.id.as_str().into()];
    let row: Option<ApprovalRow> =
        database::first(&context.env, APPROVAL, &values).await.map_err(|problem| away(&problem))?;
    match row.map(ApprovalView::from).map(|view| view.state) {
        Some(ApprovalState::Approved) => Ok(Approved(wanted)),
        Some(ApprovalState::Refused) => Err(ToolError::Forbidden),
        _ => Err(ToolError::NeedsApproval { id: wanted.id }),
    }
}

impl Approved {
    /// Makes use of the approval, when nothing else stands against the call any more. Of two calls at once, one may.
    pub async fn spend(self, context: &Context, principal: &Principal) -> Result<(), ToolError> {
        let Self(wanted) = self;
        let values = [
            wanted.id.as_str().into(),
            principal.tenant().as_str().into(),
            principal.user().as_str().into(),
            wanted.caller.as_str().into(),
            moment(clock::now()),
        ];
        match database::run(&context.env, USE, &values).await {
            Ok(0) => Err(ToolError::NeedsApproval { id: wanted.id }),
            Ok(_) => Ok(()),
            Err(problem) => Err(away(&problem)),
        }
    }
}

async fn ask(
    context: &Context,
    principal: &Principal,
    seen: &Seen<'_>,
    arguments: &Map<String, Value>,
    wanted: &Wanted,
) -> Result<(), Problem> {
    let now = clock::now();
    let shown = Value::Object(redacted(arguments)).to_string();
    let values = [
        wanted.id.as_str().into(),
        principal.tenant().as_str().into(),
        principal.user().as_str().into(),
        wanted.caller.as_str().into(),
        seen.name.into(),
        shown.as_str().into(),
        wanted.digest.as_str().into(),
        wanted.policy.as_str().into(),
        wanted.version.into(),
        moment(now),
        moment(now.plus(Lifetime::from_millis(LIFE_MILLIS))),
    ];
    let steps: [(&str, &[_]); 2] = [(DELETE_ENDED, &[moment(now)]), (ASK, &values)];
    let done = database::batch(&context.env, &steps).await?;
    if database::changes(done.get(1))? > 0 {
        let (who, tool, approval) = (principal.who(), seen.name.to_owned(), wanted.id.clone());
        context.log(&Event::ApprovalAsked { who, tool, approval });
    }
    Ok(())
}

impl Wanted {
    fn of(principal: &Principal, seen: &Seen<'_>, arguments: &Map<String, Value>, policy: String) -> Self {
        // A session comes and goes with every login; who calls by a client or a key stays the same caller.
        let caller = match (principal.claims(), &principal.standing().key) {
            (Some(claims), _) => format!("client/{}", claims.client_id),
            (None, Some(key)) => format!("key/{}", key.id),
            (None, None) => String::new(),
        };
        let digest = Digest::of_arguments(arguments).as_str().to_owned();
        let version = principal.rights().rules().version(&policy);
        let (tenant, user, tool) = (principal.tenant(), principal.user(), seen.name);
        let all = format!("{tenant}\n{user}\n{caller}\n{tool}\n{digest}\n{policy}\n{version}");
        let id = encode_random(&Sha256::digest(all));
        Self { id, caller, digest, policy, version }
    }
}

fn away(problem: &Problem) -> ToolError {
    match problem {
        Problem::Unavailable { part, .. } => ToolError::Away { part },
        _ => ToolError::Away { part: "the database" },
    }
}
