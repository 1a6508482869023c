//! Asking the database. It always asks the primary: a replica may be behind a change that disables a user.

use super::context::unavailable;
use super::metrics::{self, Part};
use super::spans;
use crate::api::problem::Problem;
use crate::time::Timestamp;
use crate::trace::work::Work;
use serde::de::DeserializeOwned;
use worker::wasm_bindgen::JsValue;
use worker::{D1PreparedStatement, D1Result, Env};

/// The database's name in a problem document.
const PART: &str = "the database";

/// The first row of a statement with these values, if there is one.
pub async fn first<T: DeserializeOwned>(env: &Env, statement: &str, values: &[JsValue]) -> Result<Option<T>, Problem> {
    let asked = async { prepare(env, statement, values)?.first(None).await.map_err(unavailable(PART)) };
    spans::open(Work::Statement(statement)).over(asked).await
}

/// Runs a statement with these values. How many rows it changed.
pub async fn run(env: &Env, statement: &str, values: &[JsValue]) -> Result<usize, Problem> {
    let failed = unavailable(PART);
    let asked = async { prepare(env, statement, values)?.run().await.map_err(&failed) };
    let done = spans::open(Work::Statement(statement)).over(asked).await?;
    let meta = done.meta().map_err(&failed)?;
    Ok(meta.and_then(|meta| meta.changes).unwrap_or_default())
}

/// Every row of a statement with these values.
pub async fn all<T: DeserializeOwned>(env: &Env, statement: &str, values: &[JsValue]) -> Result<Vec<T>, Problem> {
    let failed = unavailable(PART);
    let asked = async { prepare(env, statement, values)?.all().await.map_err(&failed) };
    spans::open(Work::Statement(statement)).over(asked).await?.results().map_err(&failed)
}

/// Several statements in one transaction: all of them, or none. What each came to, in their order.
pub async fn batch(env: &Env, statements: &[(&str, &[JsValue])]) -> Result<Vec<D1Result>, Problem> {
    let prepared: Result<Vec<_>, Problem> =
        statements.iter().map(|(statement, values)| prepare(env, statement, values)).collect();
    let failed = unavailable(PART);
    let asked = async { env.d1("DB").map_err(&failed)?.batch(prepared?).await.map_err(&failed) };
    spans::open(Work::Transaction(statements.len())).over(asked).await
}

/// How many rows a statement of a batch changed.
pub fn changes(done: Option<&D1Result>) -> Result<usize, Problem> {
    let meta = done.map(D1Result::meta).transpose().map_err(unavailable(PART))?.flatten();
    Ok(meta.and_then(|meta| meta.changes).unwrap_or_default())
}

/// Every row that a statement of a batch returned.
pub fn rows<T: DeserializeOwned>(done: Option<&D1Result>) -> Result<Vec<T>, Problem> {
    let rows = done.map(D1Result::results).transpose().map_err(unavailable(PART))?;
    Ok(rows.unwrap_or_default())
}

/// The first row that a statement of a batch returned.
pub fn returned<T: DeserializeOwned>(done: Option<&D1Result>) -> Result<Option<T>, Problem> {
    Ok(rows(done)?.into_iter().next())
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
    metrics::asked(Part::D1);
    env.d1("DB").map_err(&failed)?.prepare(statement).bind(values).map_err(&failed)
}
