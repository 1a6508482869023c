//! Whether a call may be made: 1. the policies; 2. what is left of every limit. Both after its arguments were found sound,
//! and before anything of it is done.

use super::admission::Principal;
use super::approval::{self, Approved};
use super::context::Context;
use super::limits::{self, Charged, Payer};
use super::rights::Permission;
use super::spans;
use super::tools::ToolError;
use crate::api::problem::Problem;
use crate::catalogue::eyes::Seen;
use crate::plan::Plan;
use crate::store::counter::Plans;
use crate::trace::work::Work;
use serde_json::{Map, Value};

/// A tool's call that may be made.
pub struct Permitted {
    /// The policy that allowed it, where one had to.
    pub rule: Option<String>,
    /// Whether a person approved it.
    pub approved: bool,
    /// What it holds of a limit until it is over.
    _charged: Charged,
}

/// A tool's call that may be made: allowed, charged, and approved where that is wanted. What it holds of a limit is free again
/// when this is dropped.
pub async fn permit_tool(
    context: &Context,
    principal: &Principal,
    seen: &Seen<'_>,
    arguments: &Map<String, Value>,
) -> Result<Permitted, ToolError> {
    spans::open(Work::Policy).over(tool_permitted(context, principal, seen, arguments)).await
}

async fn tool_permitted(
    context: &Context,
    principal: &Principal,
    seen: &Seen<'_>,
    arguments: &Map<String, Value>,
) -> Result<Permitted, ToolError> {
    let (rule, approved) = allow(context, principal, seen, arguments).await?;
    let charged = charge(context, principal, seen.name).await?;
    // An approval is not lost to a limit.
    let is_approved = approved.is_some();
    if let Some(approved) = approved {
        approved.spend(context, principal).await?;
    }
    Ok(Permitted { rule, approved: is_approved, _charged: charged })
}

/// Whether a prompt may be got or a resource read, and whether a person approved it. No plan counts them.
pub async fn permit(
    context: &Context,
    principal: &Principal,
    seen: &Seen<'_>,
    arguments: &Map<String, Value>,
) -> Result<bool, ToolError> {
    let judged = async {
        match allow(context, principal, seen, arguments).await? {
            (_, Some(approved)) => approved.spend(context, principal).await.map(|()| true),
            (_, None) => Ok(false),
        }
    };
    spans::open(Work::Policy).over(judged).await
}

/// Whether the policies still allow what was permitted before, for a request that goes on with it.
pub fn still_allows(principal: &Principal, seen: &Seen<'_>, arguments: &Map<String, Value>) -> Result<(), ToolError> {
    match principal.rights().permit(seen, arguments) {
        Permission::Refused | Permission::Hidden => Err(ToolError::Forbidden),
        Permission::Granted(_) | Permission::OnApproval(_) => Ok(()),
    }
}

/// The policy that allows something, where one has to, and its approval, where one is wanted.
async fn allow(
    context: &Context,
    principal: &Principal,
    seen: &Seen<'_>,
    arguments: &Map<String, Value>,
) -> Result<(Option<String>, Option<Approved>), ToolError> {
    match principal.rights().permit(seen, arguments) {
        Permission::Refused => Err(ToolError::Forbidden),
        Permission::Hidden => Err(ToolError::Unknown),
        Permission::Granted(rule) => Ok((rule, None)),
        Permission::OnApproval(policy) => {
            let approved = Box::pin(approval::demand(context, principal, seen, arguments, policy.clone())).await?;
            Ok((Some(policy), Some(approved)))
        }
    }
}

async fn charge(context: &Context, principal: &Principal, tool: &str) -> Result<Charged, ToolError> {
    let (rules, standing) = (principal.rights().rules(), principal.standing());
    let unlimited = Plan::default();
    let own = rules.plan_of([standing.plan.as_ref()]).unwrap_or(&unlimited);
    let key = standing.key.as_ref().and_then(|key| rules.plan(key.plan.as_deref()?));
    let plans = Plans { tenant: &rules.plan, principal: own, key };
    let gate = principal.gate();
    let payer = Payer { tenant: principal.tenant(), gate: &gate, key: principal.credential_id().as_str() };
    limits::charge(context, payer, plans, tool).await.map_err(|problem| match problem {
        Problem::RateLimited { limit, retry_after } => ToolError::Limited { limit, retry_after },
        Problem::Unavailable { part, .. } => ToolError::Away { part },
        _ => ToolError::Away { part: "the gate" },
    })
}
