//! Asking a gate. Whatever goes wrong on the way means that the truth is unknown, and the answer is 503.

use super::metrics::Part;
use super::{objects, spans};
use crate::api::problem::{Limit, Problem};
use crate::gate::bucket::Policy;
use crate::gate::message::{GateReply, GateRequest};
use crate::trace::work::Work;
use worker::Env;

/// The gate's name in a problem document.
pub const PART: &str = "the gate";

/// Asks the gate of that name. It is never asked twice: the question may have been answered and the answer lost.
pub async fn ask(env: &Env, name: &str, question: &GateRequest) -> Result<GateReply, Problem> {
    let answer = objects::in_time(PART, objects::ask(env, Part::Gate, ("GATE", name), question));
    spans::open(Work::Object("gate")).over(answer).await
}

/// Counts one event at a gate. Refused with `limit` when there were too many.
pub async fn charge(env: &Env, name: &str, policy: Policy, limit: Limit) -> Result<(), Problem> {
    match ask(env, name, &GateRequest::Charge { policy }).await? {
        GateReply::Admitted(_) => Ok(()),
        GateReply::Limited { retry_after } => Err(Problem::RateLimited { limit, retry_after }),
        other => Err(unexpected(&other)),
    }
}

/// The problem of an answer that does not belong to the question: a gate of another version, while one is rolled out.
pub fn unexpected(reply: &GateReply) -> Problem {
    Problem::Unavailable { part: PART, reason: format!("an unexpected answer: {reply:?}") }
}
