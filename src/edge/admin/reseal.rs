//! Sealing anew, after `ENCRYPTION_KEY` was replaced: what a tenant has stored under the key before it.

use super::super::{database, random};
use super::tenants::{self, NoFilter};
use super::{Desk, Outcome};
use crate::account::second_factor;
use crate::admin::credential::Resealed;
use crate::admin::order::Order;
use crate::api::problem::Problem;
use crate::entropy::purpose::Purpose;
use crate::id::{TenantId, UserId};
use crate::store::credentials::{
    CredentialRow, OLDER, OLDER_TOKENS, OlderTokensRow, RESEAL, RESEAL_TOKENS, tokens_place,
};
use crate::store::people::{OLDER_SECOND_FACTORS, OlderFactorRow, RESEAL_SECOND_FACTOR};
use crate::store::upstreams::{OLDER_CREDENTIALS, OlderCredentialRow, RESEAL_CREDENTIAL, credential_place};
use crate::store::webhooks::{self, OLDER_SECRETS, OlderSecretRow, secret_place};
use worker::wasm_bindgen::JsValue;

/// How many of each kind are sealed at once.
const MOST: u32 = 100;

/// A sealed text: where it is sealed for, the statement that replaces it, what names it there, and the text.
struct Older {
    place: String,
    statement: &'static str,
    names: Vec<String>,
    sealed: String,
}

/// Seals anew what an older key sealed. What no key opens stays as it is.
pub async fn reseal(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    order.read::<NoFilter>()?;
    let tenant = tenants::find(desk, order).await?.id;
    let root = &desk.context.settings.root;
    let texts = older(desk, &tenant, &root.current_prefix()).await?;
    let mut outcome = Resealed { resealed: 0, unreadable: 0, more: false };
    let mut steps: Vec<(&str, Vec<JsValue>)> = Vec::new();
    for text in texts.iter().flatten() {
        let Ok(opened) = root.open(&text.sealed, &text.place) else {
            outcome.unreadable += 1;
            continue;
        };
        let anew = root.seal(&opened, &text.place, random::bytes::<12>(Purpose::Credential));
        let anew = anew.map_err(|error| Problem::Internal(error.to_string()))?;
        let mut values = vec![JsValue::from_str(tenant.as_str())];
        values.extend(text.names.iter().chain([&text.sealed, &anew]).map(|value| JsValue::from_str(value)));
        steps.push((text.statement, values));
        outcome.resealed += 1;
    }
    let unopened = outcome.unreadable;
    outcome.more = texts.iter().any(|kind| kind.len() >= MOST as usize) && outcome.resealed > 0 && unopened < MOST;
    let batch: Vec<(&str, &[JsValue])> = steps.iter().map(|(text, values)| (*text, values.as_slice())).collect();
    if !batch.is_empty() {
        database::batch(&desk.context.env, &batch).await?;
    }
    desk.done(&tenant, None);
    Outcome::given(&outcome, None)
}

async fn older(desk: &Desk<'_>, tenant: &TenantId, prefix: &str) -> Result<[Vec<Older>; 5], Problem> {
    let values = [tenant.as_str().into(), prefix.into(), MOST.into()];
    let statements = [OLDER, OLDER_TOKENS, OLDER_CREDENTIALS, OLDER_SECOND_FACTORS, OLDER_SECRETS];
    let read = database::batch(&desk.context.env, &statements.map(|statement| (statement, values.as_slice()))).await?;
    let credentials: Vec<CredentialRow> = database::rows(read.first())?;
    let tokens: Vec<OlderTokensRow> = database::rows(read.get(1))?;
    let brought: Vec<OlderCredentialRow> = database::rows(read.get(2))?;
    let factors: Vec<OlderFactorRow> = database::rows(read.get(3))?;
    let credentials = credentials.into_iter().map(|row| Older {
        place: row.place(tenant),
        statement: RESEAL,
        names: vec![row.id],
        sealed: row.sealed,
    });
    let tokens = tokens.into_iter().map(|row| Older {
        place: tokens_place((tenant, row.user_id.as_ref()), &row.credential_id, &row.upstream_id, &row.origin),
        statement: RESEAL_TOKENS,
        names: vec![row.credential_id, row.user_id.map_or_else(String::new, |user: UserId| user.to_string())],
        sealed: row.sealed,
    });
    let brought = brought.into_iter().map(|row| Older {
        place: credential_place(tenant, &row.id, &row.url),
        statement: RESEAL_CREDENTIAL,
        names: vec![row.id.to_string()],
        sealed: row.credential,
    });
    let factors = factors.into_iter().map(|row| Older {
        place: second_factor::place(tenant, &row.id),
        statement: RESEAL_SECOND_FACTOR,
        names: vec![row.id.to_string()],
        sealed: row.second_factor,
    });
    let secrets: Vec<OlderSecretRow> = database::rows(read.get(4))?;
    let secrets = secrets.into_iter().map(|row| Older {
        place: secret_place(tenant, &row.id),
        statement: webhooks::RESEAL,
        names: vec![row.id],
        sealed: row.sealed,
    });
    Ok([credentials.collect(), tokens.collect(), brought.collect(), factors.collect(), secrets.collect()])
}
