//! Asking a gate. Whatever goes wrong on the way means that the truth is unknown, and the answer is 503.

use super::metrics::{self, Part};
use super::spans;
use crate::api::problem::{Limit, Problem};
use crate::gate::bucket::Policy;
use crate::gate::message::{GateReply, GateRequest};
use crate::trace::work::Work;
use futures::future::{Either, select};
use futures::pin_mut;
use std::time::Duration;
use worker::wasm_bindgen::JsValue;
use worker::{Delay, Env, Method, Request, RequestInit};

/// The gate's name in a problem document.
pub const PART: &str = "the gate";
const DEADLINE: Duration = Duration::from_secs(5);
/// Only the object's name routes; the URL is a placeholder.
const URL: &str = "https://gate/";

/// Asks the gate of that name. It is never asked twice: the question may have been answered and the answer lost.
pub async fn ask(env: &Env, name: &str, question: &GateRequest) -> Result<GateReply, Problem> {
    spans::open(Work::Object("gate")).over(asked(env, name, question)).await
}

async fn asked(env: &Env, name: &str, question: &GateRequest) -> Result<GateReply, Problem> {
    let answer = exchange(env, name, question);
    let deadline = Delay::from(DEADLINE);
    pin_mut!(answer, deadline);
    match select(answer, deadline).await {
        Either::Left((answer, _)) => {
            answer.map_err(|error| Problem::Unavailable { part: PART, reason: error.to_string() })
        }
        Either::Right(_) => Err(Problem::Unavailable { part: PART, reason: "no answer in time".into() }),
    }
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

async fn exchange(env: &Env, name: &str, question: &GateRequest) -> worker::Result<GateReply> {
    metrics::asked(Part::Gate);
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_body(Some(JsValue::from_str(&serde_json::to_string(question)?)));
    let gate = env.durable_object("GATE")?.get_by_name(name)?;
    let mut response = gate.fetch_with_request(Request::new_with_init(URL, &init)?).await?;
    if response.status_code() != 200 {
        return Err(worker::Error::from(format!("status {}", response.status_code())));
    }
    response.json().await
}
