//! Who a caller is as it stands in the database, remembered for a few seconds: the bound of a changed role, group or plan.
//! What must end sooner ends at the gate.

use super::context::Context;
use super::metrics::{self, Cache};
use super::{clock, database};
use crate::account::api_key::{ApiKey, KeyRefusal};
use crate::account::kind::UserKind;
use crate::account::role::Role;
use crate::api::problem::Problem;
use crate::id::{ApiKeyId, TenantId, UserId};
use crate::policy::facts::Narrowing;
use crate::recent::Recent;
use crate::store::api_keys::{KeyRow, NOTE_USE, STANDING_OF_KEY, STANDING_OF_USER, StandingRow, standing_name};
use crate::time::{Lifetime, Timestamp};
use crate::token::opaque::OpaqueToken;
use std::cell::RefCell;
use std::num::NonZeroUsize;
use std::rc::Rc;

/// How long a row is believed.
const BELIEVED: Lifetime = Lifetime::from_seconds(5);
const MAX_KEPT: NonZeroUsize = NonZeroUsize::new(4096).unwrap();
/// Why a caller is refused that is disabled.
const DISABLED: &str = "disabled account";

/// Who a caller is.
#[derive(Debug)]
pub struct Standing {
    /// The login name.
    pub username: String,
    /// What it may do for its tenant.
    pub role: Role,
    /// Whether it is a service account.
    pub service: bool,
    /// The groups that policies may mean.
    pub groups: Vec<String>,
    /// The plan of its own.
    pub plan: Option<String>,
    /// The key it came with.
    pub key: Option<ApiKey>,
    /// What that leaves of what its owner may.
    pub narrowing: Narrowing,
}

thread_local! {
    static STANDINGS: RefCell<Recent<String, Rc<Standing>>> = RefCell::new(Recent::new(MAX_KEPT, BELIEVED));
}

/// The standing of the user a token stands for.
pub async fn of_user(context: &Context, tenant: &TenantId, user: &UserId) -> Result<Rc<Standing>, Problem> {
    let (name, now) = (standing_name(tenant, user, None), clock::now());
    if let Some(known) = known(&name, now) {
        return Ok(known);
    }
    let values = [tenant.as_str().into(), user.as_str().into()];
    let row: Option<StandingRow> = database::first(&context.env, STANDING_OF_USER, &values).await?;
    let row = row.ok_or_else(|| Problem::InvalidToken("the user is gone".into()))?;
    Ok(keep(name, now, standing(row, None)?))
}

/// The standing of a key's owner, with the key. Whether what was presented is that key is for [`ApiKey::admit`] to say.
pub async fn of_key(context: &Context, presented: &OpaqueToken, id: &ApiKeyId) -> Result<Rc<Standing>, Problem> {
    let (tenant, user) = (&presented.tenant, &presented.user);
    let (name, now) = (standing_name(tenant, user, Some(id)), clock::now());
    if let Some(known) = known(&name, now) {
        return Ok(known);
    }
    let values = [tenant.as_str().into(), user.as_str().into(), id.as_str().into()];
    let row: Option<KeyRow> = database::first(&context.env, STANDING_OF_KEY, &values).await?;
    let row = row.ok_or_else(|| Problem::InvalidToken(KeyRefusal::Unknown.to_string()))?;
    let owner = row.owner();
    let key = row.into_key().map_err(|error| Problem::Internal(error.to_string()))?;
    let standing = keep(name, now, standing(owner, Some(key))?);
    note_use(context, tenant, id);
    Ok(standing)
}

fn known(name: &String, now: Timestamp) -> Option<Rc<Standing>> {
    let known = STANDINGS.with_borrow_mut(|known| known.recall(name, now));
    metrics::looked(Cache::Standings, known.is_some());
    known
}

fn standing(row: StandingRow, key: Option<ApiKey>) -> Result<Standing, Problem> {
    if row.disabled_at.is_some() {
        return Err(Problem::InvalidToken(DISABLED.into()));
    }
    let unreadable = |_| Problem::Internal("the groups of a user cannot be read".into());
    let narrowing = match &key {
        Some(key) => Narrowing::parse(key.tools.as_deref(), key.upstreams.as_deref()),
        None => Ok(Narrowing::default()),
    };
    let narrowing = narrowing.map_err(|invalid| Problem::Internal(format!("an API key's lists: {invalid}")))?;
    Ok(Standing {
        username: row.username,
        role: row.role,
        service: row.kind == UserKind::Service,
        groups: serde_json::from_str(&row.groups).map_err(unreadable)?,
        plan: row.plan_id,
        key,
        narrowing,
    })
}

fn keep(name: String, asked_at: Timestamp, standing: Standing) -> Rc<Standing> {
    let standing = Rc::new(standing);
    STANDINGS.with_borrow_mut(|known| known.keep(name, asked_at, Rc::clone(&standing)));
    standing
}

/// That a key is used is noted when its row is read, so once in a few seconds at most, and in the background.
fn note_use(context: &Context, tenant: &TenantId, id: &ApiKeyId) {
    let values = [tenant.as_str().into(), id.as_str().into(), database::moment(clock::now())];
    let env = context.env.clone();
    context.background.wait_until(async move {
        // Not to be noted is not to be refused: the next use notes it.
        let _ = database::run(&env, NOTE_USE, &values).await;
    });
}
