//! Webhooks: where a tenant is told what it should know.

use super::super::database::{self, moment};
use super::super::{clock, messages, random, tenant};
use super::making::{self, Making, answered, make};
use super::tenants::NoFilter;
use super::{Desk, Outcome};
use crate::admin::order::{Order, Page};
use crate::admin::upstream::LONGEST_URL;
use crate::admin::webhook::{MadeWebhook, MessageView, NewWebhook, WebhookView};
use crate::api::problem::Problem;
use crate::entropy::purpose::Purpose;
use crate::outbound::OutboundUrl;
use crate::store::webhooks::{DELETE, MAKE, MESSAGES, MessageRow, WEBHOOK, WEBHOOKS, WebhookRow, secret_place};
use crate::webhook;
use serde_json::Map;

/// The tenant's webhooks.
pub async fn list(desk: &Desk<'_>, mut order: Order) -> Result<Outcome, Problem> {
    let slice = order.slice()?;
    order.read::<NoFilter>()?;
    let values = [desk.tenant()?.as_str().into(), slice.after.as_str().into(), (slice.limit + 1).into()];
    let rows: Vec<WebhookRow> = database::all(&desk.context.env, WEBHOOKS, &values).await?;
    let found = rows.into_iter().map(WebhookView::from).collect();
    Outcome::given(&Page::of(found, slice.limit, |webhook: &WebhookView| &webhook.id), None)
}

/// Makes a webhook, with a secret that is shown this once.
pub async fn create(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    let NewWebhook { url } = order.read()?;
    if url.len() > LONGEST_URL {
        return Err(Problem::InvalidBody("url has 2048 bytes at most".into()));
    }
    let judged = OutboundUrl::parse(&url, desk.context.settings.profile.reach());
    judged.map_err(|refusal| Problem::InvalidBody(format!("url: {refusal}")))?;
    if let Some(known) = answered(desk, order).await? {
        return Ok(known);
    }
    let (id, now) = (making::id(), clock::now());
    let secret = webhook::secret(&random::bytes::<32>(Purpose::Credential));
    let place = secret_place(desk.tenant()?, &id);
    let sealed = desk.context.settings.root.seal(&secret, &place, random::bytes::<12>(Purpose::Credential));
    let sealed = sealed.map_err(|error| Problem::Internal(error.to_string()))?;
    let values = vec![
        desk.tenant()?.as_str().into(),
        id.as_str().into(),
        url.as_str().into(),
        sealed.as_str().into(),
        desk.user()?.as_str().into(),
        moment(now),
    ];
    let made_by = desk.user()?.to_string();
    let webhook = WebhookView { id: id.clone(), url, made_by, created_at: now.seconds(), messages: Vec::new() };
    let made = MadeWebhook { webhook, secret: secret.expose().to_owned() };
    let refused = Problem::Conflict("there are fifty webhooks");
    let outcome = make(desk, order, Making::of((MAKE, values)), &made, refused).await?;
    desk.done(desk.tenant()?, Some(&id));
    Ok(outcome)
}

/// One webhook with its latest messages.
pub async fn read(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    order.read::<NoFilter>()?;
    Outcome::given(&find(desk, order.id()).await?, None)
}

/// Deletes a webhook with its messages.
pub async fn delete(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    order.read::<NoFilter>()?;
    let values = [desk.tenant()?.as_str().into(), order.id().into()];
    if database::run(&desk.context.env, DELETE, &values).await? == 0 {
        return Err(Problem::NoSuchThing);
    }
    desk.done(desk.tenant()?, Some(order.id()));
    Ok(Outcome::Done)
}

/// Sends a message that says nothing.
pub async fn test(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    order.read::<NoFilter>()?;
    let webhook = find(desk, order.id()).await?;
    let tenant = desk.tenant()?;
    let (statement, values) = messages::lay_down(tenant, &making::id(), "test", Map::new(), Some(&webhook.id))?;
    database::run(&desk.context.env, statement, &values).await?;
    messages::send_later(&tenant::party(desk.context, desk.principal()?));
    desk.done(tenant, Some(&webhook.id));
    Outcome::given(&find(desk, &webhook.id).await?, None)
}

async fn find(desk: &Desk<'_>, id: &str) -> Result<WebhookView, Problem> {
    let values = [desk.tenant()?.as_str().into(), id.into()];
    let read = database::batch(&desk.context.env, &[(WEBHOOK, &values), (MESSAGES, &values)]).await?;
    let row: Option<WebhookRow> = database::returned(read.first())?;
    let webhook = row.map(WebhookView::from).ok_or(Problem::NoSuchThing)?;
    let messages: Vec<MessageRow> = database::rows(read.get(1))?;
    Ok(WebhookView { messages: messages.into_iter().map(MessageView::from).collect(), ..webhook })
}
