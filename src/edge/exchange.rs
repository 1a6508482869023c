//! Token exchange: an access token of this gateway for one that a server behind it takes.

use super::context::Context;
use super::{admission, auth, clock, database, random};
use crate::api::body::TokenResponse;
use crate::api::problem::Problem;
use crate::api::reply::Reply;
use crate::entropy::purpose::Purpose;
use crate::entropy::stamp::Stamp;
use crate::id::TokenId;
use crate::oauth::client::Client;
use crate::oauth::delegation::{NOT_GOOD, Wanted, delegate};
use crate::oauth::token_request::ACCESS_TOKEN;
use crate::observe::{Event, TokenIssued};
use crate::scope::Scope;
use crate::secret::SecretText;
use crate::store::upstreams::{ENABLED_AT, UpstreamIdRow};
use crate::token::access::mint_delegated;

/// A token for the server at `resource`.
///
/// 1. the given token is one of this gateway's, for all of it, and live at its owner's gate; 2. its user may still come in;
///    3. the server is one of its tenant's; 4. [`delegate`] decides the rest. Nothing is stored: the new token ends by
///    itself within five minutes.
pub async fn exchange(
    context: &Context,
    client: &Client,
    subject: &SecretText,
    (resource, scope): (&str, Option<&Scope>),
) -> Result<Reply, Problem> {
    let not_good = |reason: &str| Problem::OAuth { error: NOT_GOOD, reason: reason.to_owned() };
    let token = admission::read(context, subject.expose()).map_err(|refusal| not_good(&refusal.to_string()))?;
    if !token.is_for(None) {
        return Err(not_good("a token for one virtual server"));
    }
    let claims = token.claims();
    if !client.serves(&claims.tenant) {
        return Err(not_good("a token of another tenant"));
    }
    if !admission::is_live(context, claims).await? {
        return Err(not_good("revoked"));
    }
    if auth::enabled(context, &claims.tenant, &claims.sub).await?.is_none() {
        return Err(not_good("disabled account"));
    }
    let values = [claims.tenant.as_str().into(), resource.into()];
    let server: Option<UpstreamIdRow> = database::first(&context.env, ENABLED_AT, &values).await?;
    let base = &context.settings.resource;
    let wanted = Wanted { resource, known: server.is_some(), scope, base };
    let now = clock::now();
    let id = TokenId::from_bytes(&random::bytes::<32>(Purpose::TokenId));
    let delegated = delegate(claims, client, &wanted, now, id)?;
    let access_token = mint_delegated(&context.settings.keys, &delegated)
        .map_err(|error| Problem::Internal(format!("a token could not be signed: {error}")))?;
    let issued = TokenIssued { token: delegated.jti, entropy: Stamp::from(&random::provenance(now)) };
    if let Some(row) = server {
        let (who, client) = (admission::who(claims), client.id.clone());
        context.log(&Event::Exchanged { who, client, upstream: row.id, issued });
    }
    Ok(Reply::private_json(
        200,
        &TokenResponse {
            access_token: access_token.expose().to_owned(),
            refresh_token: None,
            token_type: "bearer",
            expires_in: delegated.exp - delegated.iat,
            scope: delegated.scope.to_string(),
            issued_token_type: Some(ACCESS_TOKEN),
        },
    ))
}
