//! Credentials towards upstreams: given once, never shown again, replaced and deleted by administrators, and by developers where
//! one is their own.

use super::super::database::{self, maybe, moment};
use super::super::{clock, outbound, random, showing, tenant};
use super::making::{Making, answered, make};
use super::tenants::NoFilter;
use super::{Desk, Outcome, changeable, upstreams, users};
use crate::admin::credential::{CredentialFilter, CredentialView, NewCredential, Replacement};
use crate::admin::order::{Order, Page};
use crate::admin::upstream::{UpstreamKind, UpstreamView};
use crate::api::problem::Problem;
use crate::credential::discovery;
use crate::credential::secret::{InvalidSecret, Secret};
use crate::entropy::purpose::Purpose;
use crate::id::{UpstreamId, UserId, encode_random};
use crate::outbound::OutboundUrl;
use crate::secret::SecretText;
use crate::store::credentials::{
    CREDENTIAL, CREDENTIALS, CredentialViewRow, DELETE, FORGET_TOKENS, MAKE, REPLACE, credential_place,
};
use crate::store::upstreams::CLEAR_CREDENTIAL;
use serde_json::Value;

/// Credentials; a developer sees its own.
pub async fn list(desk: &Desk<'_>, mut order: Order) -> Result<Outcome, Problem> {
    let slice = order.slice()?;
    let filter: CredentialFilter = order.read()?;
    let user = desk.only_user().or(filter.user.as_ref());
    let values = [
        desk.tenant()?.as_str().into(),
        slice.after.as_str().into(),
        (slice.limit + 1).into(),
        maybe(user.map(UserId::as_str)),
        maybe(filter.upstream.as_ref().map(UpstreamId::as_str)),
    ];
    let rows: Vec<CredentialViewRow> = database::all(&desk.context.env, CREDENTIALS, &values).await?;
    let found = rows.into_iter().map(CredentialView::from).collect();
    Outcome::given(&Page::of(found, slice.limit, |credential: &CredentialView| credential.id.as_str()), None)
}

/// Gives an upstream a credential.
pub async fn create(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    let wanted: NewCredential = order.read()?;
    let user = wanted.user.or_else(|| desk.only_user().cloned());
    if let Some(user) = &user {
        if desk.only_user().is_some_and(|own| own != user) {
            return Err(Problem::NoSuchThing);
        }
        users::reached(desk, user.as_str()).await?;
    }
    if user.is_some() && matches!(wanted.secret, Secret::Connection(_)) {
        return Err(refused(InvalidSecret::OfOneUser));
    }
    let upstream = upstreams::named(desk, &wanted.upstream).await?;
    let secret = sound(desk, wanted.secret.towards(&upstream.url)).await?;
    if let Some(known) = answered(desk, order).await? {
        return Ok(known);
    }
    let now = clock::now();
    let credential = CredentialView {
        id: encode_random(&random::bytes::<16>(Purpose::Credential)),
        upstream: upstream.id.clone(),
        user,
        kind: secret.kind().to_owned(),
        origin: origin(desk, &upstream)?,
        shown: secret.shown(),
        made_by: Some(desk.user()?.to_string()),
        created_at: now.seconds(),
        updated_at: now.seconds(),
        version: 1,
    };
    let tenant = desk.tenant()?;
    let values = vec![
        tenant.as_str().into(),
        credential.id.as_str().into(),
        upstream.id.as_str().into(),
        maybe(credential.user.as_ref().map(UserId::as_str)),
        credential.kind.as_str().into(),
        credential.origin.as_str().into(),
        sealed(desk, &credential, &secret)?.as_str().into(),
        Value::Object(credential.shown.clone()).to_string().as_str().into(),
        desk.user()?.as_str().into(),
        moment(now),
    ];
    let mut making = Making::of((MAKE, values));
    if credential.user.is_none() {
        // A token that came with the upstream is not shown any more, also when this one is deleted.
        making.after.push((CLEAR_CREDENTIAL, vec![tenant.as_str().into(), upstream.id.as_str().into()]));
    }
    let taken =
        Problem::Conflict("it has one already, for the same user or for everybody, or the user is out of your reach");
    let made = make(desk, order, making, &credential, taken).await?;
    changed(desk, &credential)?;
    Ok(made)
}

/// What may be shown of a credential.
pub async fn read(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    order.read::<NoFilter>()?;
    let credential = find(desk, order.id()).await?;
    Outcome::given(&credential, Some(credential.version))
}

/// Replaces what a credential is. Tokens that the old one brought are forgotten, and users connect again.
pub async fn replace(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    let wanted: Replacement = order.read()?;
    let credential = reached(desk, order.id()).await?;
    let version = changeable(order, credential.version)?;
    if credential.user.is_some() && matches!(wanted.secret, Secret::Connection(_)) {
        return Err(refused(InvalidSecret::OfOneUser));
    }
    let upstream = upstreams::find(desk, credential.upstream.as_str()).await?;
    let secret = sound(desk, wanted.secret.towards(&upstream.url)).await?;
    let (tenant, now) = (desk.tenant()?, clock::now());
    let replaced = CredentialView {
        kind: secret.kind().to_owned(),
        origin: origin(desk, &upstream)?,
        shown: secret.shown(),
        updated_at: now.seconds(),
        version: version + 1,
        ..credential
    };
    let values = [
        tenant.as_str().into(),
        replaced.id.as_str().into(),
        version.into(),
        replaced.kind.as_str().into(),
        replaced.origin.as_str().into(),
        sealed(desk, &replaced, &secret)?.as_str().into(),
        Value::Object(replaced.shown.clone()).to_string().as_str().into(),
        moment(now),
    ];
    let tokens = [tenant.as_str().into(), replaced.id.as_str().into(), (version + 1).into()];
    let done = database::batch(&desk.context.env, &[(REPLACE, &values), (FORGET_TOKENS, &tokens)]).await?;
    if database::changes(done.first())? == 0 {
        return Err(Problem::Conflict("it was changed meanwhile"));
    }
    changed(desk, &replaced)?;
    Outcome::given(&replaced, Some(version + 1))
}

/// Deletes a credential with the tokens it brought.
pub async fn delete(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    order.read::<NoFilter>()?;
    let credential = reached(desk, order.id()).await?;
    let values = [desk.tenant()?.as_str().into(), credential.id.as_str().into()];
    if database::run(&desk.context.env, DELETE, &values).await? == 0 {
        return Err(Problem::NoSuchThing);
    }
    changed(desk, &credential)?;
    Ok(Outcome::Done)
}

/// A secret that can be used. Where a connection leaves endpoints out, the issuer that the administrator names is asked.
async fn sound(desk: &Desk<'_>, secret: Secret) -> Result<Secret, Problem> {
    let reach = desk.context.settings.profile.reach();
    let secret = match secret {
        Secret::Connection(connection) if connection.is_incomplete() && connection.issuer.is_some() => {
            let issuer = connection.issuer.as_deref().unwrap_or_default();
            let issuer = OutboundUrl::parse(issuer, reach).map_err(|refusal| refused(refusal.into()))?;
            let answer = outbound::send(&discovery::request(&issuer)).await;
            let complete = discovery::complete(connection, answer, reach);
            Secret::Connection(complete.map_err(|problem| Problem::InvalidBody(problem.to_string()))?)
        }
        other => other,
    };
    secret.check(reach).map_err(refused)?;
    Ok(secret)
}

fn refused(invalid: InvalidSecret) -> Problem {
    Problem::InvalidBody(invalid.to_string())
}

/// The origin that the upstream's address has now.
fn origin(desk: &Desk<'_>, upstream: &UpstreamView) -> Result<String, Problem> {
    if matches!(upstream.kind, UpstreamKind::Files | UpstreamKind::Database) {
        return Err(Problem::Conflict("an upstream of that kind is shown no credential"));
    }
    let url = OutboundUrl::parse(&upstream.url, desk.context.settings.profile.reach());
    url.map(|url| url.origin()).map_err(|_| Problem::Conflict("the upstream's address is refused: change it first"))
}

fn sealed(desk: &Desk<'_>, credential: &CredentialView, secret: &Secret) -> Result<String, Problem> {
    let broken = |error: &dyn std::fmt::Display| Problem::Internal(error.to_string());
    let text = serde_json::to_string(secret).map(SecretText::new).map_err(|error| broken(&error))?;
    let owner = (desk.tenant()?, credential.user.as_ref());
    let place = credential_place(owner, &credential.upstream, &credential.kind, &credential.origin);
    let nonce = random::bytes::<12>(Purpose::Credential);
    desk.context.settings.root.seal(&text, &place, nonce).map_err(|error| broken(&error))
}

/// A credential of the tenant that who asks may see.
async fn find(desk: &Desk<'_>, id: &str) -> Result<CredentialView, Problem> {
    let values = [desk.tenant()?.as_str().into(), id.into(), maybe(desk.only_user().map(UserId::as_str))];
    let row: Option<CredentialViewRow> = database::first(&desk.context.env, CREDENTIAL, &values).await?;
    row.map(CredentialView::from).ok_or(Problem::NoSuchThing)
}

/// The same, where who asks may change it: only owners reach what is an owner's.
async fn reached(desk: &Desk<'_>, id: &str) -> Result<CredentialView, Problem> {
    let credential = find(desk, id).await?;
    if let Some(user) = &credential.user {
        users::reached(desk, user.as_str()).await?;
    }
    Ok(credential)
}

/// This isolate reads anew what was changed; the others within five seconds.
fn changed(desk: &Desk<'_>, credential: &CredentialView) -> Result<(), Problem> {
    let tenant = desk.tenant()?;
    tenant::forget(tenant);
    if let Some(user) = &credential.user {
        showing::forget(tenant, user);
    }
    desk.done(tenant, Some(&credential.id));
    Ok(())
}
