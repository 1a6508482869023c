//! Asking the database. It always asks the primary: a replica may be behind a change that disables a user.

use super::context::unavailable;
use crate::api::problem::Problem;
use crate::time::Timestamp;
use serde::de::DeserializeOwned;
use worker::wasm_bindgen::JsValue;
use worker::{D1PreparedStatement, Env};

/// The database's name in a problem document.
const PART: &str = "the database";

/// The first row of a statement with these values, if there is one.
pub async fn first<T: DeserializeOwned>(env: &Env, statement: &str, values: &[JsValue]) -> Result<Option<T>, Problem> {
    prepare(env, statement, values)?.first(None).await.map_err(unavailable(PART))
}

/// Runs a statement with these values. How many rows it changed.
pub async fn run(env: &Env, statement: &str, values: &[JsValue]) -> Result<usize, Problem> {
    let failed = unavailable(PART);
    let done = prepare(env, statement, values)?.run().await.map_err(&failed)?;
    let meta = done.meta().map_err(&failed)?;
    Ok(meta.and_then(|meta| meta.changes).unwrap_or_default())
}

/// Runs statements with their values in one transaction: all of them, or none.
pub async fn all(env: &Env, statements: &[(&str, Vec<JsValue>)]) -> Result<(), Problem> {
    let failed = unavailable(PART);
    let prepared = statements.iter().map(|(statement, values)| prepare(env, statement, values));
    let done = env.d1("DB").map_err(&failed)?.batch(prepared.collect::<Result<_, _>>()?).await.map_err(&failed)?;
    match done.iter().find_map(worker::D1Result::error) {
        Some(reason) => Err(Problem::Unavailable { part: PART, reason }),
        None => Ok(()),
    }
}

/// A text, or `NULL`.
pub fn maybe(text: Option<&str>) -> JsValue {
    text.map_or(JsValue::NULL, JsValue::from_str)
}

/// A moment, in milliseconds since 1970.
#[expect(clippy::cast_precision_loss, reason = "exact for 285,000 years, and the database takes no other number")]
pub fn moment(moment: Timestamp) -> JsValue {
    JsValue::from_f64(moment.millis() as f64)
}

fn prepare(env: &Env, statement: &str, values: &[JsValue]) -> Result<D1PreparedStatement, Problem> {
    let failed = unavailable(PART);
    env.d1("DB").map_err(&failed)?.prepare(statement).bind(values).map_err(&failed)
}
