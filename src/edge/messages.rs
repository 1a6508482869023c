//! Messages to webhooks: laid down with what they tell of, sent in the background, and tried again on a schedule.

use super::upstreams::Party;
use super::{Problem, clock, context, database, metrics, outbound};
use crate::admin::pin::{DriftMessage, news};
use crate::admin::webhook::Message;
use crate::drift::settle::Step;
use crate::id::TenantId;
use crate::metric::Family;
use crate::observe::Event;
use crate::outbound::OutboundUrl;
use crate::settings::Settings;
use crate::store::webhooks::{
    DELETE_OLD, DUE, DueRow, FAILED, KEPT_MILLIS, LAY_DOWN, LAY_DOWN_FOR, SENT, TAKE, secret_place,
};
use crate::time::{Lifetime, Timestamp};
use crate::upstream::Upstream;
use crate::webhook;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::rc::Rc;
use worker::Env;
use worker::wasm_bindgen::JsValue;

/// Most messages that are sent at once.
const MOST: u32 = 20;
/// An attempt that is lost is made again after this.
const LOST_AFTER: Lifetime = Lifetime::from_seconds(60);
/// Where an administrator decides about what upstreams offer.
pub const PLACE: &str = "/account/drift";

/// A statement with its values.
type Statement = (&'static str, Vec<JsValue>);

/// The statements that lay down what should be told of these steps; none where that is nothing. Isolates that settle the same
/// steps lay down the same message.
pub fn about(party: &Party, upstream: &Upstream, steps: &[Step]) -> Result<Option<Statement>, Problem> {
    let (news, more) = news(steps);
    if news.is_empty() {
        return Ok(None);
    }
    let told = steps.iter().filter(|step| step.is_news());
    let name = told.fold(Sha256::new(), |hash, step| {
        hash.chain_update(step.pin.id.as_str()).chain_update(step.pin.version.to_be_bytes())
    });
    let data = DriftMessage {
        tenant: party.tenant.to_string(),
        upstream_id: upstream.id.clone(),
        upstream: upstream.name.clone(),
        page: format!("{}{PLACE}", party.settings.issuer),
        news,
        more,
    };
    let name = crate::id::encode_random(&name.finalize());
    lay_down(&party.tenant, &name, "drift", data, None).map(Some)
}

/// The statement that lays down a message for every webhook of a tenant, or for one.
pub fn lay_down(
    tenant: &TenantId,
    name: &str,
    about: &'static str,
    data: impl Serialize,
    webhook: Option<&str>,
) -> Result<Statement, Problem> {
    let now = clock::now();
    let message = Message { about, timestamp: now.to_rfc3339(), data };
    let body = serde_json::to_string(&message).map_err(|error| Problem::Internal(error.to_string()))?;
    let mut values: Vec<JsValue> =
        vec![tenant.as_str().into(), name.into(), body.as_str().into(), database::moment(now)];
    values.extend(webhook.map(JsValue::from_str));
    Ok((if webhook.is_some() { LAY_DOWN_FOR } else { LAY_DOWN }, values))
}

/// Sends what is due of a tenant, in the background.
pub fn send_later(party: &Party) {
    let (env, settings, tenant) = (party.env.clone(), Rc::clone(&party.settings), party.tenant.clone());
    party.background.wait_until(async move { send_due(&env, &settings, Some(&tenant)).await });
}

/// Sends what is due, of one tenant or of all. What fails is due again later; what is not known to have failed is, too.
pub async fn send_due(env: &Env, settings: &Settings, tenant: Option<&TenantId>) {
    let values = [database::moment(clock::now()), MOST.into(), database::maybe(tenant.map(TenantId::as_str))];
    let Ok(due) = database::all::<DueRow>(env, DUE, &values).await else { return };
    for row in due {
        // A message that could not be noted as sent is sent again: its id tells the receiver.
        let _ = send(env, settings, &row).await;
    }
}

/// Forgets a hundred messages that are old.
pub async fn forget_old(env: &Env) -> Result<(), Problem> {
    let before = clock::now().minus(Lifetime::from_millis(KEPT_MILLIS));
    database::run(env, DELETE_OLD, &[database::moment(before)]).await.map(drop)
}

async fn send(env: &Env, settings: &Settings, row: &DueRow) -> Result<(), Problem> {
    let lost = clock::now().plus(LOST_AFTER);
    let id = JsValue::from_str(&row.id);
    let was_due = Timestamp::from_millis(row.due_at);
    let taken = [id.clone(), database::moment(was_due), database::moment(lost)];
    if database::run(env, TAKE, &taken).await? == 0 {
        return Ok(());
    }
    let failure = attempt(settings, row).await;
    let now = clock::now();
    let Some(reason) = failure else {
        metrics::count(Family::WebhookMessages, ["taken".into()], 1);
        return database::run(env, SENT, &[id, database::moment(now)]).await.map(drop);
    };
    let attempts = row.attempts.saturating_add(1);
    let again = webhook::due_again(attempts, now).map_or(JsValue::NULL, database::moment);
    let event = Event::MessageFailed {
        tenant: row.tenant_id.clone(),
        webhook: row.webhook_id.clone(),
        message: row.id.clone(),
        attempts,
        reason: reason.clone(),
    };
    context::log(&event, None);
    database::run(env, FAILED, &[id, reason.as_str().into(), again]).await.map(drop)
}

/// One attempt. Why it failed, in words for an administrator.
async fn attempt(settings: &Settings, row: &DueRow) -> Option<String> {
    let url = match OutboundUrl::parse(&row.url, settings.profile.reach()) {
        Ok(url) => url,
        Err(refusal) => return Some(refusal.to_string()),
    };
    let Ok(secret) = settings.root.open(&row.sealed, &secret_place(&row.tenant_id, &row.webhook_id)) else {
        return Some("its secret cannot be opened".into());
    };
    match webhook::request(&url, &secret, &row.id, &row.body, clock::now()) {
        Ok(request) => webhook::refusal(&outbound::send(&request).await),
        Err(unsigned) => Some(unsigned.to_string()),
    }
}
