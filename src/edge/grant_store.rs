//! The tokens of grants in the database, sealed.

use super::database::{self, moment};
use super::upstreams::Party;
use super::{clock, random};
use crate::api::problem::Problem;
use crate::credential::grant::{Grant, Tokens};
use crate::credential::held::{Identity, Withheld};
use crate::entropy::purpose::Purpose;
use crate::id::{TenantId, UserId};
use crate::secret::SecretText;
use crate::settings::Settings;
use crate::store::credentials::{
    BEGIN_TOKENS, CLAIM_TOKENS, END_TOKENS, RENEW_TOKENS, TOKENS, TokensRow, tokens_place,
};
use crate::time::Lifetime;
use worker::Env;
use worker::wasm_bindgen::JsValue;

/// How long an isolate may take to fetch newer tokens before another one tries.
const CLAIM: Lifetime = Lifetime::from_seconds(15);

/// Tokens as they are stored.
pub struct Stored {
    /// The tokens.
    pub tokens: Tokens,
    /// Counts their renewals.
    pub version: u32,
}

/// What is stored of a grant. What cannot be opened is as good as nothing.
pub async fn read(party: &Party, grant: &Grant) -> Result<Option<Stored>, Withheld> {
    let row: Option<TokensRow> = database::first(&party.env, TOKENS, &whose(party, grant)).await.map_err(away)?;
    Ok(row.and_then(|row| {
        let text = party.settings.root.open(&row.sealed, &place(&party.tenant, grant)).ok()?;
        Some(Stored { tokens: serde_json::from_str(text.expose()).ok()?, version: row.version })
    }))
}

/// Takes the renewing of these tokens, unless another isolate is at it.
pub async fn claim(party: &Party, grant: &Grant, version: u32) -> Result<bool, Withheld> {
    let now = clock::now();
    let mut values = whose(party, grant).to_vec();
    values.extend([version.into(), moment(now), moment(now.plus(CLAIM))]);
    Ok(database::run(&party.env, CLAIM_TOKENS, &values).await.map_err(away)? > 0)
}

/// Gives the renewing back, where nothing came of it.
pub async fn release(party: &Party, grant: &Grant, version: Option<u32>) -> Result<(), Withheld> {
    let Some(version) = version else { return Ok(()) };
    let now = clock::now();
    let mut values = whose(party, grant).to_vec();
    values.extend([version.into(), moment(now.plus(CLAIM)), moment(now)]);
    database::run(&party.env, CLAIM_TOKENS, &values).await.map(drop).map_err(away)
}

/// Keeps new tokens in place of those of that version, or the first ones. Those of a credential that was replaced or of a
/// connection that was ended meanwhile are not kept.
pub async fn keep(
    party: &Party,
    (identity, grant): (&Identity, &Grant),
    tokens: &Tokens,
    version: Option<u32>,
) -> Result<(), Withheld> {
    let Some(version) = version else {
        return begin((&party.env, &party.settings), &party.tenant, (grant, identity.version), tokens)
            .await
            .map(drop)
            .map_err(away);
    };
    let sealed = sealed(&party.settings, &party.tenant, grant, tokens).map_err(away)?;
    let mut values = whose(party, grant).to_vec();
    values.extend([version.into(), sealed.as_str().into(), moment(clock::now())]);
    database::run(&party.env, RENEW_TOKENS, &values).await.map(drop).map_err(away)
}

/// Keeps the first tokens of a grant, by a credential of that version. Whether they were kept.
pub async fn begin(
    (env, settings): (&Env, &Settings),
    tenant: &TenantId,
    (grant, version): (&Grant, u32),
    tokens: &Tokens,
) -> Result<bool, Problem> {
    let sealed = sealed(settings, tenant, grant, tokens)?;
    let values = [
        tenant.as_str().into(),
        grant.credential.as_str().into(),
        version.into(),
        database::maybe(grant.holder.as_ref().map(UserId::as_str)),
        sealed.as_str().into(),
        moment(clock::now()),
    ];
    Ok(database::run(env, BEGIN_TOKENS, &values).await? > 0)
}

/// Ends a connection whose tokens are worth nothing any more, unless there are newer ones. Whether it has ended.
pub async fn end(party: &Party, grant: &Grant, version: Option<u32>) -> Result<bool, Withheld> {
    let mut values = whose(party, grant).to_vec();
    values.push(version.map_or(JsValue::NULL, JsValue::from));
    Ok(database::run(&party.env, END_TOKENS, &values).await.map_err(away)? > 0)
}

fn whose(party: &Party, grant: &Grant) -> [JsValue; 3] {
    let holder = grant.holder.as_ref().map_or("", UserId::as_str);
    [party.tenant.as_str(), grant.credential.as_str(), holder].map(JsValue::from_str)
}

fn place(tenant: &TenantId, grant: &Grant) -> String {
    tokens_place((tenant, grant.holder.as_ref()), &grant.credential, &grant.upstream, &grant.origin)
}

fn sealed(settings: &Settings, tenant: &TenantId, grant: &Grant, tokens: &Tokens) -> Result<String, Problem> {
    let broken = |error: &dyn std::fmt::Display| Problem::Internal(error.to_string());
    let text = serde_json::to_string(tokens).map(SecretText::new).map_err(|error| broken(&error))?;
    let nonce = random::bytes::<12>(Purpose::Credential);
    settings.root.seal(&text, &place(tenant, grant), nonce).map_err(|error| broken(&error))
}

fn away(_: Problem) -> Withheld {
    Withheld::GatewayAway
}
