//! Making something once, however often it is ordered.

use super::super::{clock, database, random};
use super::{Desk, Outcome, rendered};
use crate::admin::order::Order;
use crate::api::problem::Problem;
use crate::entropy::purpose::Purpose;
use crate::id::{TenantId, UserId, encode_random};
use crate::secret::SecretText;
use crate::store::requests::{ANSWERED, AnsweredRow, FORGET_OLD, OPERATOR, REMEMBER, REMEMBERED_MILLIS, reply_place};
use crate::time::{Lifetime, Timestamp};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use worker::wasm_bindgen::JsValue;

/// A statement with its values.
pub type Step<'a> = (&'a str, Vec<JsValue>);

/// Something to be made: `steps` come before and after `main`, which changes a row or nothing.
pub struct Making<'a> {
    /// What is done first.
    pub before: Vec<Step<'a>>,
    /// What makes it; when it changes nothing, nothing was made.
    pub main: Step<'a>,
    /// What goes with it.
    pub after: Vec<Step<'a>>,
}

impl<'a> Making<'a> {
    /// Something that one statement makes.
    pub const fn of(main: Step<'a>) -> Self {
        Self { before: Vec::new(), main, after: Vec::new() }
    }
}

/// Whether this order was carried out before: then what was answered.
pub async fn answered(desk: &Desk<'_>, order: &Order) -> Result<Option<Outcome>, Problem> {
    let Some(key) = &order.idempotency_key else { return Ok(None) };
    let (tenant, user) = whose(desk);
    let values = [tenant.into(), user.into(), key.as_str().into(), database::moment(earliest())];
    let row: Option<AnsweredRow> = database::first(&desk.context.env, ANSWERED, &values).await?;
    let Some(row) = row else { return Ok(None) };
    if row.digest != digest(desk, order) {
        return Err(Problem::KeyReused);
    }
    let broken = |error: &dyn std::fmt::Display| Problem::Internal(error.to_string());
    let reply = desk.context.settings.root.open(&row.reply, &place(desk, key)).map_err(|error| broken(&error))?;
    let reply: Value = serde_json::from_str(reply.expose()).map_err(|error| broken(&error))?;
    Ok(Some(Outcome::Made(reply)))
}

/// Makes something in one transaction, which remembers the answer with it. `refused` is what it means when nothing was made.
pub async fn make(
    desk: &Desk<'_>,
    order: &Order,
    making: Making<'_>,
    reply: &impl Serialize,
    refused: Problem,
) -> Result<Outcome, Problem> {
    let reply = rendered(reply)?;
    let mut steps = making.before;
    if let Some(key) = &order.idempotency_key {
        steps.push((FORGET_OLD, keyed(desk, key, &[database::moment(earliest())])));
    }
    let main = steps.len();
    steps.push(making.main);
    if let Some(key) = &order.idempotency_key {
        let nonce = random::bytes::<12>(Purpose::Admin);
        let sealed = desk.context.settings.root.seal(&SecretText::new(reply.to_string()), &place(desk, key), nonce);
        let sealed = sealed.map_err(|error| Problem::Internal(error.to_string()))?;
        let rest = [digest(desk, order).as_str().into(), sealed.as_str().into(), database::moment(clock::now())];
        steps.push((REMEMBER, keyed(desk, key, &rest)));
    }
    steps.extend(making.after);
    let batch: Vec<(&str, &[JsValue])> = steps.iter().map(|(text, values)| (*text, values.as_slice())).collect();
    match database::batch(&desk.context.env, &batch).await {
        Ok(done) if database::changes(done.get(main))? > 0 => Ok(Outcome::Made(reply)),
        // Two of one key at once: the second undid itself or made nothing, and is answered as the first.
        Ok(_) => answered(desk, order).await?.ok_or(refused),
        Err(problem) => answered(desk, order).await?.ok_or(problem),
    }
}

fn keyed(desk: &Desk<'_>, key: &str, rest: &[JsValue]) -> Vec<JsValue> {
    let (tenant, user) = whose(desk);
    [&[tenant.into(), user.into(), key.into()], rest].concat()
}

fn whose<'a>(desk: &'a Desk<'_>) -> (&'a str, &'a str) {
    match desk.principal() {
        Ok(principal) => (principal.tenant().as_str(), principal.user().as_str()),
        Err(_) => OPERATOR,
    }
}

fn place(desk: &Desk<'_>, key: &str) -> String {
    let who = desk.principal().ok().map(|principal| (principal.tenant(), principal.user()));
    let (tenant, user): (Option<&TenantId>, Option<&UserId>) = who.unzip();
    reply_place(tenant, user, key)
}

/// What was ordered: the operation, what it is about, and every member as it came.
fn digest(desk: &Desk<'_>, order: &Order) -> String {
    let members = Value::Object(order.members.clone()).to_string();
    encode_random(&Sha256::digest(format!("{}\n{}\n{members}", desk.spec.name, order.id())))
}

fn earliest() -> Timestamp {
    clock::now().minus(Lifetime::from_millis(REMEMBERED_MILLIS))
}

/// A new id.
pub fn id() -> String {
    encode_random(&random::bytes::<16>(Purpose::Admin))
}
