//! Identity assertions of the OpenID provider for access tokens (RFC 7523 section 2.1).

use super::context::Context;
use super::oidc::{self, NotVouched};
use super::{clock, gate, grants};
use crate::api::problem::Problem;
use crate::api::reply::Reply;
use crate::gate::message::{GateReply, GateRequest};
use crate::oauth::client::Client;
use crate::oauth::error::{Code, OAuthError};
use crate::oidc::id_jag::{self, Asserted, Wanted};
use crate::oidc::jwt::Unverified;
use crate::oidc::provider::Provider;
use crate::scope::Scope;
use crate::secret::SecretText;
use crate::store::keys;

const NOT_GOOD: OAuthError = Code::InvalidGrant.because("the assertion is invalid, expired, used, or another client's");

/// An access token for the person an assertion names, and no refresh token: the provider is asked again instead.
///
/// 1. the client serves people of the provider's tenant; 2. the provider signed the assertion, and it is for this gateway
///    and this client; 3. its person is a user, or becomes one; 4. it comes for the first time.
pub async fn redeem(
    context: &Context,
    client: &Client,
    assertion: &SecretText,
    scope: &Scope,
    resource: Option<&str>,
) -> Result<Reply, Problem> {
    let Some(provider) = &context.settings.oidc else {
        return Err(Code::UnsupportedGrantType.because("this gateway has no such grant").into());
    };
    if !client.serves(&provider.tenant) {
        return Err(not_good("the client serves people of another tenant"));
    }
    let settings = &context.settings;
    let wanted = Wanted { issuer: &settings.issuer, base: &settings.resource, client_id: &client.id, scope, resource };
    let asserted = judge(context, provider, assertion, &wanted).await.map_err(refused)?;
    let who = oidc::user(context, provider, &asserted.person).await.map_err(refused)?;
    let question = GateRequest::Spend { id: asserted.id, until: asserted.until };
    match gate::ask(&context.env, &keys::principal_gate(&who.tenant, &who.user), &question).await? {
        GateReply::Done => {}
        GateReply::AlreadySpent => return Err(not_good("it was used before")),
        other => return Err(gate::unexpected(&other)),
    }
    grants::without_refresh(context, client, (&who.tenant, &who.user), (asserted.scope, asserted.resource)).await
}

async fn judge(
    context: &Context,
    provider: &Provider,
    assertion: &SecretText,
    wanted: &Wanted<'_>,
) -> Result<Asserted, NotVouched> {
    let token = Unverified::parse(assertion.expose())?;
    oidc::verify(context, provider, &token).await?;
    Ok(id_jag::check(&token, provider, wanted, clock::now())?)
}

fn refused(refusal: NotVouched) -> Problem {
    match refusal {
        NotVouched::Platform(problem) => *problem,
        NotVouched::Provider(problem) => {
            Problem::Unavailable { part: "the OpenID provider", reason: problem.to_string() }
        }
        refusal => not_good(&refusal.to_string()),
    }
}

fn not_good(reason: &str) -> Problem {
    Problem::OAuth { error: NOT_GOOD, reason: reason.to_owned() }
}
