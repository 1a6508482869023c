//! What can go wrong with a call of a tool.

use super::Problem;
use crate::upstream::{UpstreamFailure, UpstreamProblem};

/// A call whose idempotency key came with the same call before, and that has no end yet.
pub const BEGUN: &str =
    "this call was begun with this idempotency key; it is under way, or it is not known what came of it";
/// A call whose answer was too long to be remembered.
pub const TOO_LONG: &str =
    "this call was made with this idempotency key, and its answer was too long to be kept; it is not made again";

/// A call of something that its upstream changed, or that nobody approved yet.
pub const QUARANTINED: &str = "what the upstream offers under this name was not approved, or changed since it was: nothing was \
                               sent, and an administrator has to look at it first";

impl From<UpstreamFailure> for Problem {
    /// 409 where somebody has to approve what is offered, 503 where it is known when to come back, 504 for silence, else 502.
    fn from(failure: UpstreamFailure) -> Self {
        if failure.problem == UpstreamProblem::Quarantined {
            return Self::Conflict(QUARANTINED);
        }
        let detail = failure.to_string();
        match failure.problem.retry_after() {
            Some(retry_after) => Self::UpstreamAway { detail, retry_after },
            None => Self::UpstreamFailed { detail, timeout: matches!(failure.problem, UpstreamProblem::Timeout) },
        }
    }
}
