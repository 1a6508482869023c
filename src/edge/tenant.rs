//! A tenant's upstreams, as the database has them, remembered for a few seconds.

use super::admission::Principal;
use super::clock;
use super::context::{Context, unavailable};
use super::tools::Surroundings;
use super::upstreams::Party;
use crate::api::problem::Problem;
use crate::id::TenantId;
use crate::observe::Event;
use crate::store::upstreams::{ENABLED_UPSTREAMS, UpstreamRow, credential_place};
use crate::time::{Lifetime, Timestamp};
use crate::upstream::Upstream;
use lru::LruCache;
use std::cell::RefCell;
use std::num::NonZeroUsize;
use std::rc::Rc;
use worker::wasm_bindgen::JsValue;

/// How long a row is believed: the bound of a disabled upstream.
const BELIEVED: Lifetime = Lifetime::from_seconds(5);
const MAX_TENANTS: NonZeroUsize = NonZeroUsize::new(256).unwrap();

type Kept = (Timestamp, Rc<Vec<Upstream>>);

thread_local! {
    static UPSTREAMS: RefCell<LruCache<TenantId, Kept>> = RefCell::new(LruCache::new(MAX_TENANTS));
}

/// The enabled upstreams of the principal's tenant: at most one database read in five seconds.
pub async fn upstreams(context: &Context, principal: &Principal) -> Result<Rc<Vec<Upstream>>, Problem> {
    let tenant = &principal.claims().tenant;
    let now = clock::now();
    let kept = UPSTREAMS.with_borrow_mut(|kept| kept.get(tenant).cloned());
    if let Some((since, upstreams)) = kept
        && now.since(since) < BELIEVED
    {
        return Ok(upstreams);
    }
    let rows = read(context, tenant).await?;
    let usable = Rc::new(rows.into_iter().filter_map(|row| usable(context, tenant, &row)).collect::<Vec<_>>());
    UPSTREAMS.with_borrow_mut(|kept| kept.put(tenant.clone(), (now, Rc::clone(&usable))));
    Ok(usable)
}

/// What listing and calling need to know.
pub fn surroundings<'a>(context: &'a Context, principal: &Principal, upstreams: &'a [Upstream]) -> Surroundings<'a> {
    let claims = principal.claims();
    let settings = &context.settings;
    let party = Party { tenant: claims.tenant.clone(), user: claims.sub.clone(), limits: settings.upstreams };
    Surroundings { party, upstreams, weather: &settings.weather, env: &context.env, background: &context.background }
}

async fn read(context: &Context, tenant: &TenantId) -> Result<Vec<UpstreamRow>, Problem> {
    let failed = unavailable("the database");
    let database = context.env.d1("DB").map_err(&failed)?;
    let statement = database.prepare(ENABLED_UPSTREAMS).bind(&[JsValue::from_str(tenant.as_str())]).map_err(&failed)?;
    statement.all().await.and_then(|rows| rows.results()).map_err(&failed)
}

/// A row that cannot be used is left out and said in the log; the others are served.
fn usable(context: &Context, tenant: &TenantId, row: &UpstreamRow) -> Option<Upstream> {
    let settings = &context.settings;
    let degraded = |reason: String| {
        let (tenant, upstream) = (tenant.clone(), row.name.clone());
        context.log(&Event::UpstreamDegraded { tenant, upstream, reason });
    };
    let place = credential_place(tenant, &row.id, &row.url);
    let credential = match row.credential.as_deref().map(|sealed| settings.root.open(sealed, &place)).transpose() {
        Ok(credential) => credential,
        Err(broken) => {
            degraded(broken.to_string());
            return None;
        }
    };
    Upstream::new(row.id.clone(), row.name.as_str(), &row.url, credential, settings.profile.reach())
        .map_err(|refusal| degraded(refusal.to_string()))
        .ok()
}
