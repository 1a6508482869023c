//! Asking a Durable Object one thing, as JSON.

use super::metrics::{self, Part};
use crate::api::problem::Problem;
use futures::future::{Either, select};
use futures::pin_mut;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;
use worker::js_sys::Promise;
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::wasm_bindgen_futures::JsFuture;
use worker::web_sys::{Request, RequestInit, Response};
use worker::worker_sys::DurableObject;
use worker::{Delay, Env};

/// How long an answer may take.
const DEADLINE: Duration = Duration::from_secs(5);
/// Only the object's name routes; the URL is a placeholder.
const URL: &str = "https://object/";

/// Asks the object of that name once, however long it takes.
///
/// It is asked in the platform's own terms: the runtime library reads an answer as a stream, piece by piece, and looks up all
/// that the platform knows of a connection for each request that is made.
pub async fn ask<A: DeserializeOwned>(
    env: &Env,
    part: Part,
    (binding, name): (&str, &str),
    question: &impl Serialize,
) -> worker::Result<A> {
    metrics::asked(part);
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_body(&JsValue::from_str(&serde_json::to_string(question)?));
    let object: DurableObject = env.durable_object(binding)?.get_by_name(name)?.into_rpc();
    let request = Request::new_with_str_and_init(URL, &init)?;
    let answer: Response = JsFuture::from(object.fetch_with_request(&request)?).await?.dyn_into()?;
    if answer.status() != 200 {
        return Err(worker::Error::from(format!("status {}", answer.status())));
    }
    read(answer.text()).await
}

/// What an object is asked.
pub async fn question<Q: DeserializeOwned>(request: &worker::Request) -> worker::Result<Q> {
    read(request.inner().text()).await
}

async fn read<T: DeserializeOwned>(text: Result<Promise, JsValue>) -> worker::Result<T> {
    let text = JsFuture::from(text?).await?.as_string().unwrap_or_default();
    Ok(serde_json::from_str(&text)?)
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
