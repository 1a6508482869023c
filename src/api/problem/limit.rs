//! Limits that somebody can hit.

use crate::api::reply::Reply;
use crate::gate::bucket::Policy;
use crate::plan::{Reached, Whose};
use crate::time::Lifetime;

/// Which limit was hit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Calls of one principal.
    Calls(Policy),
    /// A limit of a plan.
    Plan {
        /// Whose plan.
        whose: Whose,
        /// The shown name of the tool it is for; none when it is for all calls together.
        tool: Option<String>,
        /// The limit.
        reached: Reached,
    },
    /// Logins from one address.
    Source,
    /// Login attempts on one account.
    Account,
    /// Clients that register or are looked up from one address.
    Registrations,
}

impl Limit {
    /// Its name in the log and in metrics.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Calls(_) => "calls",
            Self::Plan { reached: Reached::Rate(_), .. } => "plan_rate",
            Self::Plan { reached: Reached::Concurrent(_), .. } => "plan_concurrent",
            Self::Plan { reached: Reached::Daily(_), .. } => "plan_daily",
            Self::Plan { reached: Reached::Monthly(_), .. } => "plan_monthly",
            Self::Source => "source",
            Self::Account => "account",
            Self::Registrations => "registrations",
        }
    }

    /// The reply with the fields that say when to come back, at least one second from now, and what the limit is.
    pub fn with_headers(&self, reply: Reply, retry_after: Lifetime) -> Reply {
        let reply = reply.with("retry-after", retry_after.seconds_ceil().max(1).to_string());
        match self {
            Self::Calls(policy) | Self::Plan { reached: Reached::Rate(policy), .. } => {
                reply.with_rate(*policy, 0, retry_after)
            }
            Self::Plan { reached: Reached::Daily(quota), .. } => reply.with_used_up("daily", *quota, retry_after),
            Self::Plan { reached: Reached::Monthly(quota), .. } => reply.with_used_up("monthly", *quota, retry_after),
            Self::Plan { reached: Reached::Concurrent(_), .. } | Self::Source | Self::Account | Self::Registrations => {
                reply
            }
        }
    }
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Calls(policy) => {
                write!(f, "more than {} calls at once or {} a minute", policy.burst, policy.per_minute)
            }
            Self::Plan { whose, tool: None, reached } => write!(f, "{whose} limit of {reached} is reached"),
            Self::Plan { whose, tool: Some(tool), reached } => {
                write!(f, "{whose} limit of {reached} for the tool {tool} is reached")
            }
            Self::Source => f.write_str("too many logins from this address"),
            Self::Account => f.write_str("too many login attempts on this account"),
            Self::Registrations => f.write_str("too many new clients from this address"),
        }
    }
}
