//! API keys: made, changed, rotated and revoked by administrators, and by developers where a key is their own.

use super::super::database::{self, maybe, moment};
use super::super::{clock, gate, random, revoked};
use super::making::{Making, answered, make};
use super::revocations::KEY_REMEMBERED;
use super::tenants::{NoFilter, named};
use super::{Desk, Outcome, changeable, users};
use crate::admin::key::{
    KeyChange, KeyFilter, KeyView, LONGEST_OVERLAP, MadeKey, NewKey, Rotation, USUAL_OVERLAP, is_list,
};
use crate::admin::order::{Order, Page};
use crate::api::problem::Problem;
use crate::entropy::purpose::Purpose;
use crate::gate::message::{GateReply, GateRequest};
use crate::id::{ApiKeyId, SessionId, TokenId, UserId};
use crate::policy::facts::Narrowing;
use crate::scope::Scope;
use crate::store::api_keys::{END_REPLACED, INSERT_KEY, KEY, KEYS, KeyViewRow, REVOKE_KEY, UPDATE_KEY};
use crate::store::keys;
use crate::time::{Lifetime, Timestamp};
use crate::token::opaque::{self, Kind};
use worker::wasm_bindgen::JsValue;

/// Keys; a developer sees its own.
pub async fn list(desk: &Desk<'_>, mut order: Order) -> Result<Outcome, Problem> {
    let slice = order.slice()?;
    let filter: KeyFilter = order.read()?;
    let user = desk.only_user().or(filter.user.as_ref());
    let values = [
        desk.tenant()?.as_str().into(),
        slice.after.as_str().into(),
        (slice.limit + 1).into(),
        maybe(user.map(UserId::as_str)),
    ];
    let rows: Vec<KeyViewRow> = database::all(&desk.context.env, KEYS, &values).await?;
    let found = rows.into_iter().map(KeyView::from).collect();
    Outcome::given(&Page::of(found, slice.limit, |key: &KeyView| key.id.as_str()), None)
}

/// Makes a key, which is shown this once.
pub async fn create(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    let wanted: NewKey = order.read()?;
    let scope = granted(desk, wanted.scope.as_deref())?;
    let user = wanted.user.unwrap_or(desk.user()?.clone());
    let key = KeyView {
        id: ApiKeyId::from_bytes(&random::bytes::<16>(Purpose::ApiKey)),
        user,
        name: wanted.name,
        scope: scope.to_string(),
        tools: wanted.tools,
        upstreams: wanted.upstreams,
        networks: wanted.networks.map(Vec::from),
        plan: wanted.plan,
        made_by: desk.user()?.to_string(),
        created_at: clock::now().seconds(),
        expires_at: wanted.expires_at,
        revoked_at: None,
        last_used_at: None,
        version: 1,
    };
    sound(&key)?;
    if desk.only_user().is_some_and(|own| *own != key.user) {
        return Err(Problem::NoSuchThing);
    }
    if let Some(known) = answered(desk, order).await? {
        return Ok(known);
    }
    add(desk, order, key, Vec::new()).await
}

/// A key in place of another, which goes on for a while.
pub async fn rotate(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    let overlap = order.read::<Rotation>()?.overlap.unwrap_or(USUAL_OVERLAP);
    if overlap > LONGEST_OVERLAP {
        return Err(Problem::InvalidBody("overlap must be from 0 to 2592000 seconds".into()));
    }
    let old = reached(desk, order.id()).await?;
    granted(desk, Some(&old.scope))?;
    if let Some(known) = answered(desk, order).await? {
        return Ok(known);
    }
    if old.revoked_at.is_some() {
        return Err(Problem::Conflict("the key is revoked"));
    }
    let now = clock::now();
    let id = ApiKeyId::from_bytes(&random::bytes::<16>(Purpose::ApiKey));
    let ends = moment(now.plus(Lifetime::from_seconds(overlap)));
    let replaced = vec![desk.tenant()?.as_str().into(), old.id.as_str().into(), ends, id.as_str().into()];
    let next = KeyView {
        id,
        made_by: desk.user()?.to_string(),
        created_at: now.seconds(),
        last_used_at: None,
        version: 1,
        ..old
    };
    add(desk, order, next, vec![(END_REPLACED, replaced)]).await
}

/// Stores a key with a new secret. `after` goes with it.
async fn add(
    desk: &Desk<'_>,
    order: &Order,
    key: KeyView,
    after: Vec<(&str, Vec<JsValue>)>,
) -> Result<Outcome, Problem> {
    random::admit_secrets(desk.context).await?;
    let (tenant, root) = (desk.tenant()?, &desk.context.settings.root);
    let id = SessionId::parse(key.id.as_str()).map_err(|error| Problem::Internal(error.to_string()))?;
    let secret = random::bytes::<32>(Purpose::ApiKey);
    let (text, token) = opaque::mint(Kind::ApiKey, root, (tenant, &key.user), &id, &secret);
    let values = vec![
        tenant.as_str().into(),
        key.id.as_str().into(),
        key.user.as_str().into(),
        key.name.as_str().into(),
        token.secret_hash.as_str().into(),
        key.scope.as_str().into(),
        listed(key.tools.as_deref())?,
        listed(key.upstreams.as_deref())?,
        listed(key.networks.as_deref())?,
        maybe(key.plan.as_deref()),
        desk.user()?.as_str().into(),
        moment(Timestamp::from_seconds(key.created_at)),
        key.expires_at.map_or(JsValue::NULL, |at| moment(Timestamp::from_seconds(at))),
    ];
    let id = key.id.clone();
    let made = MadeKey { secret: text.expose().to_owned(), key };
    let refused = Problem::Conflict("there is no such user or plan, the user is out of your reach, or it has 100 keys");
    let outcome = make(desk, order, Making { after, ..Making::of((INSERT_KEY, values)) }, &made, refused).await?;
    desk.done(tenant, Some(id.as_str()));
    Ok(outcome)
}

/// What is known of a key.
pub async fn read(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    order.read::<NoFilter>()?;
    let key = find(desk, order.id()).await?;
    Outcome::given(&key, Some(key.version))
}

/// Changes a key.
pub async fn update(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    let change: KeyChange = order.read()?;
    let key = reached(desk, order.id()).await?;
    let version = changeable(order, key.version)?;
    let scope = granted(desk, Some(change.scope.as_deref().unwrap_or(&key.scope)))?;
    let changed = KeyView {
        name: change.name.unwrap_or(key.name),
        scope: scope.to_string(),
        tools: change.tools.unwrap_or(key.tools),
        upstreams: change.upstreams.unwrap_or(key.upstreams),
        networks: change.networks.map_or(key.networks, |networks| networks.map(Vec::from)),
        plan: change.plan.unwrap_or(key.plan),
        expires_at: change.expires_at.unwrap_or(key.expires_at),
        ..key
    };
    sound(&changed)?;
    let values = [
        desk.tenant()?.as_str().into(),
        changed.id.as_str().into(),
        version.into(),
        changed.name.as_str().into(),
        changed.scope.as_str().into(),
        listed(changed.tools.as_deref())?,
        listed(changed.upstreams.as_deref())?,
        listed(changed.networks.as_deref())?,
        maybe(changed.plan.as_deref()),
        changed.expires_at.map_or(JsValue::NULL, |at| moment(Timestamp::from_seconds(at))),
    ];
    if database::run(&desk.context.env, UPDATE_KEY, &values).await? == 0 {
        return Err(Problem::Conflict("it was changed or revoked meanwhile, or there is no such plan"));
    }
    desk.done(desk.tenant()?, Some(changed.id.as_str()));
    Outcome::given(&KeyView { version: version + 1, ..changed }, Some(version + 1))
}

/// Revokes a key: in its row, which says so for ever, and at its owner's gate, where it bites at once.
pub async fn revoke(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    order.read::<NoFilter>()?;
    end(desk, order.id(), clock::now()).await?;
    Ok(Outcome::Done)
}

/// Ends a key that who asks may change. Until when its gate remembers it.
pub async fn end(desk: &Desk<'_>, id: &str, now: Timestamp) -> Result<Timestamp, Problem> {
    let key = reached(desk, id).await?;
    let tenant = desk.tenant()?;
    let values = [tenant.as_str().into(), key.id.as_str().into(), moment(now)];
    let changed = database::run(&desk.context.env, REVOKE_KEY, &values).await?;
    let token = TokenId::parse(key.id.as_str()).map_err(|error| Problem::Internal(error.to_string()))?;
    let until = now.plus(KEY_REMEMBERED);
    let question = GateRequest::RevokeToken { token: token.clone(), until };
    match gate::ask(&desk.context.env, &keys::principal_gate(tenant, &key.user), &question).await? {
        GateReply::Done => {}
        other => return Err(gate::unexpected(&other)),
    }
    revoked::token(desk.context, tenant, &token, until).await;
    if changed > 0 {
        desk.done(tenant, Some(key.id.as_str()));
    }
    Ok(until)
}

/// A key of the tenant that who asks may see.
async fn find(desk: &Desk<'_>, id: &str) -> Result<KeyView, Problem> {
    let values = [desk.tenant()?.as_str().into(), id.into(), maybe(desk.only_user().map(UserId::as_str))];
    let row: Option<KeyViewRow> = database::first(&desk.context.env, KEY, &values).await?;
    row.map(KeyView::from).ok_or(Problem::NoSuchThing)
}

/// The same, where who asks may change it: only owners reach what is an owner's.
async fn reached(desk: &Desk<'_>, id: &str) -> Result<KeyView, Problem> {
    let key = find(desk, id).await?;
    users::reached(desk, key.user.as_str()).await?;
    Ok(key)
}

/// What a key of this user leaves of what its owner may.
pub async fn narrowing(desk: &Desk<'_>, id: &ApiKeyId, owner: &UserId) -> Result<Narrowing, Problem> {
    let key = find(desk, id.as_str()).await?;
    if key.user != *owner {
        return Err(Problem::NoSuchThing);
    }
    Narrowing::parse(key.tools.as_deref(), key.upstreams.as_deref())
        .map_err(|invalid| Problem::Internal(invalid.to_string()))
}

/// The scope of a key: never more than that of the credential that asks, and a key that is limited itself makes none.
fn granted(desk: &Desk<'_>, wanted: Option<&str>) -> Result<Scope, Problem> {
    let scope = wanted.map_or(Ok(Scope::full()), Scope::parse);
    let scope = scope.map_err(|error| Problem::InvalidBody(error.to_string()))?;
    if scope.is_empty() || !Scope::all().covers(&scope) {
        return Err(Problem::InvalidBody("scope names what this gateway has: see its metadata".into()));
    }
    let principal = desk.principal()?;
    let limited = principal
        .standing()
        .key
        .as_ref()
        .is_some_and(|own| own.tools.is_some() || own.upstreams.is_some() || own.networks.is_some());
    if limited || !principal.scope().covers(&scope) {
        return Err(Problem::Forbidden { whom: "credentials that may do themselves what the key may do" });
    }
    Ok(scope)
}

fn sound(key: &KeyView) -> Result<(), Problem> {
    named(&key.name)?;
    let lists = [("tools", &key.tools), ("upstreams", &key.upstreams)];
    for (name, list) in lists {
        if list.as_ref().is_some_and(|list| !is_list(list)) {
            return Err(Problem::InvalidBody(format!("{name} are 1 to 64 texts without blanks, or null for all")));
        }
    }
    let narrowing = Narrowing::parse(key.tools.as_deref(), key.upstreams.as_deref());
    narrowing.map_err(|invalid| Problem::InvalidBody(invalid.to_string()))?;
    if key.expires_at.is_some_and(|at| Timestamp::from_seconds(at) <= clock::now() || at > 253_402_300_799) {
        return Err(Problem::InvalidBody("expires_at must lie ahead, in seconds since 1970".into()));
    }
    Ok(())
}

fn listed(list: Option<&[String]>) -> Result<JsValue, Problem> {
    let text = list.map(serde_json::to_string).transpose().map_err(|error| Problem::Internal(error.to_string()))?;
    Ok(maybe(text.as_deref()))
}
