//! Calls with an idempotency key: made once, however often they come within a day.

use super::admission::Principal;
use super::calls::{Found, executed, problem, told};
use super::context::Context;
use super::once::{Before, Once};
use super::permit;
use super::tools::ToolError;
use crate::admin::order::check_key;
use crate::api::body::{ExecuteRequest, ExecuteResponse};
use crate::api::problem::{BEGUN, Problem, TOO_LONG};
use crate::api::reply::Reply;
use crate::json::canonical;
use crate::upstream::UpstreamProblem;
use serde::{Deserialize, Serialize};

/// Longest outcome that is remembered, in bytes: a row of the database has two megabytes, and what is sealed is a third longer.
const LONGEST_REMEMBERED: usize = 1024 * 1024;

/// What came of a call with an idempotency key, as it is remembered.
#[derive(Serialize, Deserialize)]
enum Remembered {
    Done(ExecuteResponse),
    Failed { detail: String, timeout: bool },
    Withheld { detail: String },
    TooLong,
}

/// 1. the key, where the caller still may make the call; 2. the call, if it is new; 3. what came of it is remembered, unless it
///    was refused before anything was done.
pub async fn execute_once(
    context: &Context,
    principal: &Principal,
    request: ExecuteRequest,
    found: Found,
    key: &str,
) -> Result<Reply, Problem> {
    check_key(Some(key))?;
    let name = found.everywhere();
    let guard = found.guard(principal);
    let sent = guard.preview(&request.arguments);
    permit::still_allows(principal, &found.seen(&name), &sent).map_err(problem)?;
    let what = format!("call\n{}\n{}", request.tool, canonical::object(&request.arguments));
    let once = Once::new(context, Some((principal.tenant(), principal.user())), key, &what);
    match once.begin().await? {
        Before::Nothing => {}
        Before::Begun => return Err(Problem::Conflict(BEGUN)),
        Before::Answered(reply) => {
            let kept: Remembered =
                serde_json::from_value(reply).map_err(|error| Problem::Internal(error.to_string()))?;
            return kept.reply();
        }
    }
    // Where it cannot be put on record it may have been made all the same: its key stays taken.
    let kept = match executed(context, principal, request, found).await? {
        Ok(done) => Remembered::Done(done),
        Err(error) => {
            let made = was_made(&error);
            match problem(error) {
                Problem::UpstreamFailed { detail, timeout } if made => Remembered::Failed { detail, timeout },
                Problem::Guarded { detail } if made => Remembered::Withheld { detail },
                refused => {
                    once.release().await?;
                    return Err(refused);
                }
            }
        }
    };
    let written = |kept: &Remembered| serde_json::to_value(kept).unwrap_or_default();
    let all = written(&kept);
    let fits = all.to_string().len() <= LONGEST_REMEMBERED;
    // Where this fails, what came of it is told now and not again: its key stays taken.
    let _ = once.settle(&if fits { all } else { written(&Remembered::TooLong) }).await;
    kept.reply()
}

impl Remembered {
    fn reply(self) -> Result<Reply, Problem> {
        match self {
            Self::Done(done) => Ok(told(&done)),
            Self::Failed { detail, timeout } => Err(Problem::UpstreamFailed { detail, timeout }),
            Self::Withheld { detail } => Err(Problem::Guarded { detail }),
            Self::TooLong => Err(Problem::Conflict(TOO_LONG)),
        }
    }
}

/// Whether a call that gave no result may have been made.
const fn was_made(error: &ToolError) -> bool {
    match error {
        ToolError::Upstream(failure) => {
            failure.problem.was_sent() && !matches!(failure.problem, UpstreamProblem::Busy { .. })
        }
        ToolError::Refused { .. } | ToolError::NeedsInput | ToolError::Declined | ToolError::Withheld(_) => true,
        ToolError::Unknown
        | ToolError::Forbidden
        | ToolError::NeedsApproval { .. }
        | ToolError::Limited { .. }
        | ToolError::Away { .. }
        | ToolError::BadArguments(_)
        | ToolError::Guarded(_)
        | ToolError::Unavailable(_) => false,
    }
}
