//! Users: people, who join by a code, and service accounts, which have keys.

use super::super::database::{self, maybe, moment};
use super::super::{clock, random, revoked};
use super::making::{self, Making, answered, make};
use super::tenants::NoFilter;
use super::{Desk, Outcome, changeable};
use crate::account::Username;
use crate::account::groups;
use crate::account::kind::UserKind;
use crate::account::one_time::{BYTES, INVITATION_LIFE, MAX_OPEN, OneTimeCode, RESET_LIFE};
use crate::account::password::DUMMY_HASH;
use crate::account::role::Role;
use crate::admin::order::{Order, Page};
use crate::admin::user::{Invitation, MadeCode, NewUser, UserChange, UserFilter, UserView};
use crate::api::problem::Problem;
use crate::entropy::purpose::Purpose;
use crate::id::UserId;
use crate::observe::{RevocationCause, Who};
use crate::store::codes::{DELETE_EXPIRED, DELETE_OPEN_RESETS, INSERT_INVITATION, INSERT_RESET};
use crate::store::keys;
use crate::store::users::{DELETE, INSERT_SERVICE, UPDATE, USER, USERS, UserRow};
use crate::time::{Lifetime, Timestamp};
use worker::wasm_bindgen::JsValue;

/// People and service accounts; a developer sees itself.
pub async fn list(desk: &Desk<'_>, mut order: Order) -> Result<Outcome, Problem> {
    let slice = order.slice()?;
    let filter: UserFilter = order.read()?;
    let values = [
        desk.tenant()?.as_str().into(),
        slice.after.as_str().into(),
        (slice.limit + 1).into(),
        maybe(filter.kind.map(UserKind::as_str)),
        maybe(filter.role.map(Role::as_str)),
        maybe(desk.only_user().map(UserId::as_str)),
    ];
    let rows: Vec<UserRow> = database::all(&desk.context.env, USERS, &values).await?;
    let users = rows.into_iter().map(UserView::from).collect();
    Outcome::given(&Page::of(users, slice.limit, |user: &UserView| user.id.as_str()), None)
}

/// Makes a service account.
pub async fn create(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    let wanted: NewUser = order.read()?;
    let username = Username::parse(&wanted.username).map_err(|error| Problem::InvalidBody(error.to_string()))?;
    let role = wanted.role.unwrap_or(Role::Agent);
    let groups = sound(wanted.groups)?;
    reach(desk, role)?;
    if let Some(known) = answered(desk, order).await? {
        return Ok(known);
    }
    let (id, now) = (making::id(), clock::now());
    let id = UserId::parse(&id).map_err(|error| Problem::Internal(error.to_string()))?;
    let values = vec![
        desk.tenant()?.as_str().into(),
        id.as_str().into(),
        username.as_str().into(),
        role.as_str().into(),
        stored(&groups)?.into(),
        maybe(wanted.plan.as_deref()),
        moment(now),
        desk.user()?.as_str().into(),
        DUMMY_HASH.into(),
    ];
    let user = UserView {
        id: id.clone(),
        username: username.as_str().to_owned(),
        kind: UserKind::Service,
        role,
        groups,
        plan: wanted.plan,
        second_factor: false,
        disabled_at: None,
        created_at: now.seconds(),
        version: 1,
    };
    let refused = Problem::Conflict("that name is taken, there is no such plan, or there are too many users");
    let made = make(desk, order, Making::of((INSERT_SERVICE, values)), &user, refused).await?;
    desk.done(desk.tenant()?, Some(id.as_str()));
    Ok(made)
}

/// One user.
pub async fn read(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    order.read::<NoFilter>()?;
    let user = find(desk, order.id()).await?;
    Outcome::given(&user, Some(user.version))
}

/// Changes another user. Who is disabled loses everything that is open.
pub async fn update(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    let change: UserChange = order.read()?;
    let user = find(desk, order.id()).await?;
    let version = changeable(order, user.version)?;
    another(desk, &user)?;
    reach(desk, change.role.unwrap_or(user.role))?;
    let now = clock::now();
    let changed = UserView {
        role: change.role.unwrap_or(user.role),
        groups: change.groups.map_or(Ok(user.groups), sound)?,
        plan: change.plan.unwrap_or(user.plan),
        disabled_at: match change.disabled {
            Some(true) => user.disabled_at.or(Some(now.seconds())),
            Some(false) => None,
            None => user.disabled_at,
        },
        ..user
    };
    let who = Who { tenant: desk.tenant()?.clone(), user: changed.id.clone() };
    // A gate that does not answer leaves everything as it was; whoever logs in meanwhile is ended after the row is written.
    let ends = change.disabled == Some(true);
    if ends {
        revoked::everything(desk.context, &who, None, RevocationCause::Disabled).await?;
    }
    let values = [
        who.tenant.as_str().into(),
        changed.id.as_str().into(),
        version.into(),
        changed.role.as_str().into(),
        stored(&changed.groups)?.into(),
        maybe(changed.plan.as_deref()),
        changed.disabled_at.map_or(JsValue::NULL, |at| moment(Timestamp::from_seconds(at))),
        desk.user()?.as_str().into(),
    ];
    if database::run(&desk.context.env, UPDATE, &values).await? == 0 {
        return Err(Problem::Conflict(
            "it was changed meanwhile, there is no such plan, or you may not change it any more",
        ));
    }
    desk.done(&who.tenant, Some(changed.id.as_str()));
    if ends {
        revoked::everything(desk.context, &who, None, RevocationCause::Disabled).await?;
    }
    Outcome::given(&UserView { version: version + 1, ..changed }, Some(version + 1))
}

/// Deletes another user with its keys and what it has open.
pub async fn delete(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    order.read::<NoFilter>()?;
    let user = find(desk, order.id()).await?;
    another(desk, &user)?;
    let who = Who { tenant: desk.tenant()?.clone(), user: user.id };
    revoked::everything(desk.context, &who, None, RevocationCause::Deleted).await?;
    let values = [who.tenant.as_str().into(), who.user.as_str().into(), desk.user()?.as_str().into()];
    if database::run(&desk.context.env, DELETE, &values).await? == 0 {
        return Err(Problem::NoSuchThing);
    }
    desk.done(&who.tenant, Some(who.user.as_str()));
    revoked::everything(desk.context, &who, None, RevocationCause::Deleted).await?;
    revoked::forget(desk.context, vec![keys::principal_gate(&who.tenant, &who.user)]);
    Ok(Outcome::Done)
}

/// A code by which somebody joins.
pub async fn invite(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    let Invitation { role } = order.read()?;
    reach(desk, role)?;
    if let Some(known) = answered(desk, order).await? {
        return Ok(known);
    }
    let (values, made) = drawn(desk, role.as_str(), INVITATION_LIFE).await?;
    let before = vec![(DELETE_EXPIRED, vec![moment(clock::now())])];
    let making = Making { before, ..Making::of((INSERT_INVITATION, values)) };
    let made = make(desk, order, making, &made, too_many()).await?;
    desk.done(desk.tenant()?, Some(role.as_str()));
    Ok(made)
}

/// A code by which another person sets a new password.
pub async fn reset(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    order.read::<NoFilter>()?;
    let user = find(desk, order.id()).await?;
    another(desk, &user)?;
    if user.kind == UserKind::Service {
        return Err(Problem::Conflict("a service account has no password"));
    }
    if let Some(known) = answered(desk, order).await? {
        return Ok(known);
    }
    let (values, made) = drawn(desk, user.id.as_str(), RESET_LIFE).await?;
    let superseded = vec![desk.tenant()?.as_str().into(), user.id.as_str().into()];
    let making = Making { before: vec![(DELETE_OPEN_RESETS, superseded)], ..Making::of((INSERT_RESET, values)) };
    let made = make(desk, order, making, &made, too_many()).await?;
    desk.done(desk.tenant()?, Some(user.id.as_str()));
    Ok(made)
}

const fn too_many() -> Problem {
    Problem::Conflict("there are too many open codes, or you may not make one any more")
}

/// A new code, the values of its row, and what is shown of it once. `what` is a role or a user.
async fn drawn(desk: &Desk<'_>, what: &str, life: Lifetime) -> Result<(Vec<JsValue>, MadeCode), Problem> {
    random::admit_secrets(desk.context).await?;
    let code = OneTimeCode::from_bytes(&random::bytes::<BYTES>(Purpose::OneTimeCode));
    let now = clock::now();
    let ends = now.plus(life);
    let values = vec![
        code.hash().into(),
        desk.tenant()?.as_str().into(),
        what.into(),
        desk.user()?.as_str().into(),
        moment(now),
        moment(ends),
        MAX_OPEN.into(),
    ];
    let place = format!("{}/join", desk.context.settings.issuer);
    let made = MadeCode { code: code.shown().expose().to_owned(), place, expires_at: ends.seconds() };
    Ok((values, made))
}

/// A user of the tenant that who asks may see.
pub async fn find(desk: &Desk<'_>, id: &str) -> Result<UserView, Problem> {
    if desk.only_user().is_some_and(|own| own.as_str() != id) {
        return Err(Problem::NoSuchThing);
    }
    let values = [desk.tenant()?.as_str().into(), id.into()];
    let row: Option<UserRow> = database::first(&desk.context.env, USER, &values).await?;
    row.map(UserView::from).ok_or(Problem::NoSuchThing)
}

/// A user of the tenant whose things who asks may end.
pub async fn reached(desk: &Desk<'_>, id: &str) -> Result<UserView, Problem> {
    let user = find(desk, id).await?;
    if *desk.user()? != user.id {
        reach(desk, user.role)?;
    }
    Ok(user)
}

/// Nobody changes itself: the last one who can act never shuts itself out. And only owners change owners.
fn another(desk: &Desk<'_>, user: &UserView) -> Result<(), Problem> {
    if *desk.user()? == user.id {
        return Err(Problem::Conflict("nobody changes its own user; another administrator can"));
    }
    reach(desk, user.role)
}

fn reach(desk: &Desk<'_>, role: Role) -> Result<(), Problem> {
    if desk.role().is_some_and(|own| own.reaches(role)) { Ok(()) } else { Err(Problem::Forbidden { whom: "owners" }) }
}

/// Groups, once they are sound.
fn sound(groups: Vec<String>) -> Result<Vec<String>, Problem> {
    groups::parse(groups).map_err(|invalid| Problem::InvalidBody(invalid.to_string()))
}

/// Groups as they are stored.
fn stored(groups: &[String]) -> Result<String, Problem> {
    serde_json::to_string(groups).map_err(|error| Problem::Internal(error.to_string()))
}
