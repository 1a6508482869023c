//! Making something once, however often it is ordered.

use super::super::once::{Before, Once};
use super::super::{clock, database, random};
use super::{Desk, Outcome, rendered};
use crate::admin::order::Order;
use crate::api::problem::Problem;
use crate::entropy::purpose::Purpose;
use crate::id::encode_random;
use crate::store::requests::{FORGET_OLD, REMEMBER};
use serde::Serialize;
use serde_json::Value;
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
    let Some(once) = once(desk, order) else { return Ok(None) };
    match once.before().await? {
        Before::Answered(reply) => Ok(Some(Outcome::Made(reply))),
        // An order is remembered with what it made, in one transaction: none is ever half done.
        Before::Nothing | Before::Begun => Ok(None),
    }
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
    let once = once(desk, order);
    let mut steps = making.before;
    if let Some(once) = &once {
        steps.push((FORGET_OLD, once.aged()));
    }
    let main = steps.len();
    steps.push(making.main);
    if let Some(once) = &once {
        let sealed = JsValue::from_str(&once.sealed(&reply)?);
        steps.push((REMEMBER, once.keyed(&[once.digest(), sealed, database::moment(clock::now())])));
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

/// The order, where it has an idempotency key: the operation, what it is about, and every member as it came.
fn once<'a>(desk: &'a Desk<'_>, order: &'a Order) -> Option<Once<'a>> {
    let key = order.idempotency_key.as_deref()?;
    let who = desk.principal().ok().map(|principal| (principal.tenant(), principal.user()));
    let members = Value::Object(order.members.clone()).to_string();
    Some(Once::new(desk.context, who, key, &format!("{}\n{}\n{members}", desk.spec.name, order.id())))
}

/// A new id.
pub fn id() -> String {
    encode_random(&random::bytes::<16>(Purpose::Admin))
}
