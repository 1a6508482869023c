//! Asking a Durable Object one thing, as JSON.

use super::metrics::{self, Part};
use crate::api::problem::Problem;
use futures::future::{Either, select};
use futures::pin_mut;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;
use worker::wasm_bindgen::JsValue;
use worker::{Delay, Env, Method, Request, RequestInit};

/// How long an answer may take.
const DEADLINE: Duration = Duration::from_secs(5);
/// Only the object's name routes; the URL is a placeholder.
const URL: &str = "https://object/";

/// Asks the object of that name once, however long it takes.
pub async fn ask<A: DeserializeOwned>(
    env: &Env,
    part: Part,
    (binding, name): (&str, &str),
    question: &impl Serialize,
) -> worker::Result<A> {
    metrics::asked(part);
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_body(Some(JsValue::from_str(&serde_json::to_string(question)?)));
    let object = env.durable_object(binding)?.get_by_name(name)?;
    let mut response = object.fetch_with_request(Request::new_with_init(URL, &init)?).await?;
    if response.status_code() != 200 {
        return Err(worker::Error::from(format!("status {}", response.status_code())));
    }
    response.json().await
}

/// An answer, or that `part` gave none in time.
pub async fn in_time<A>(part: &'static str, answer: impl Future<Output = worker::Result<A>>) -> Result<A, Problem> {
    let deadline = Delay::from(DEADLINE);
    pin_mut!(answer, deadline);
    match select(answer, deadline).await {
        Either::Left((answer, _)) => answer.map_err(|error| Problem::Unavailable { part, reason: error.to_string() }),
        Either::Right(_) => Err(Problem::Unavailable { part, reason: "no answer in time".into() }),
    }
}
