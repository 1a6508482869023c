//! A tenant's upstreams and virtual servers, as the database has them, remembered for a few seconds.

use super::admission::Principal;
use super::clock;
use super::context::{Context, unavailable};
use super::upstreams::Party;
use crate::api::problem::Problem;
use crate::catalogue::endpoint::Endpoint;
use crate::catalogue::naming::Prefix;
use crate::id::{TenantId, UpstreamId};
use crate::observe::Event;
use crate::store::servers::{self, ENABLED_SERVERS, ServerRow, Servers};
use crate::store::upstreams::{ENABLED_UPSTREAMS, UpstreamRow, credential_place};
use crate::time::{Lifetime, Timestamp};
use crate::upstream::Upstream;
use lru::LruCache;
use serde::de::DeserializeOwned;
use std::cell::RefCell;
use std::num::NonZeroUsize;
use std::rc::Rc;
use worker::wasm_bindgen::JsValue;

/// How long a row is believed: the bound of a disabled upstream.
const BELIEVED: Lifetime = Lifetime::from_seconds(5);
const MAX_TENANTS: NonZeroUsize = NonZeroUsize::new(256).unwrap();

/// What an endpoint shows, and of whom.
pub struct Shown {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// Its upstreams, in the order of the endpoint's members.
    pub upstreams: Vec<Upstream>,
    /// Their names, as they stand before what they offer.
    pub prefixes: Vec<Prefix>,
}

impl Shown {
    /// Each upstream with its name.
    pub fn named(&self) -> impl Iterator<Item = (&Upstream, &Prefix)> {
        self.upstreams.iter().zip(&self.prefixes)
    }
}

/// An upstream, and its name as it stands before what it offers.
type Named = (Upstream, Prefix);

/// Every endpoint of a tenant; the first one shows everything.
type Endpoints = Rc<Vec<Rc<Shown>>>;

thread_local! {
    static ENDPOINTS: RefCell<LruCache<TenantId, (Timestamp, Endpoints)>> = RefCell::new(LruCache::new(MAX_TENANTS));
    /// What the endpoint of everything shows of the gateway itself: it needs no database.
    static OWN: Rc<Shown> = Rc::new(Shown { endpoint: Endpoint::everything([]), upstreams: Vec::new(), prefixes: Vec::new() });
}

/// The endpoint of a virtual server, or that of everything: at most one look into the database in five seconds.
pub async fn shown(context: &Context, principal: &Principal, server: Option<&str>) -> Result<Rc<Shown>, Problem> {
    let endpoints = endpoints(context, principal).await?;
    let name_of = |shown: &Shown| shown.endpoint.name.as_ref().map(|name| name.as_str().to_owned());
    endpoints.iter().find(|shown| name_of(shown).as_deref() == server).cloned().ok_or(Problem::NotFound)
}

/// The gateway's own part of the endpoint of everything.
pub fn own() -> Rc<Shown> {
    OWN.with(Rc::clone)
}

/// On whose behalf upstreams are asked.
pub fn party(context: &Context, principal: &Principal) -> Party {
    let limits = context.settings.upstreams;
    let background = Rc::clone(&context.background);
    Party { tenant: principal.tenant().clone(), user: principal.user().clone(), session: None, limits, background }
}

async fn endpoints(context: &Context, principal: &Principal) -> Result<Endpoints, Problem> {
    let tenant = principal.tenant();
    let now = clock::now();
    let kept = ENDPOINTS.with_borrow_mut(|kept| kept.get(tenant).cloned());
    if let Some((since, endpoints)) = kept
        && now.since(since) < BELIEVED
    {
        return Ok(endpoints);
    }
    let upstreams: Vec<UpstreamRow> = read(context, ENABLED_UPSTREAMS, tenant).await?;
    let servers: Vec<ServerRow> = read(context, ENABLED_SERVERS, tenant).await?;
    let usable: Vec<Named> = upstreams.into_iter().filter_map(|row| usable(context, tenant, &row)).collect();
    let endpoints = Rc::new(assemble(context, tenant, &usable, servers));
    ENDPOINTS.with_borrow_mut(|kept| kept.put(tenant.clone(), (now, Rc::clone(&endpoints))));
    Ok(endpoints)
}

async fn read<T: DeserializeOwned>(context: &Context, statement: &str, tenant: &TenantId) -> Result<Vec<T>, Problem> {
    let failed = unavailable("the database");
    let database = context.env.d1("DB").map_err(&failed)?;
    let statement = database.prepare(statement).bind(&[JsValue::from_str(tenant.as_str())]).map_err(&failed)?;
    statement.all().await.and_then(|rows| rows.results()).map_err(&failed)
}

/// Every endpoint with its upstreams. A member that is disabled or cannot be used is not there.
fn assemble(context: &Context, tenant: &TenantId, upstreams: &[Named], rows: Vec<ServerRow>) -> Vec<Rc<Shown>> {
    let everything = Endpoint::everything(upstreams.iter().map(|(upstream, _)| upstream.id.clone()));
    let Servers { endpoints: named, unusable } = servers::endpoints(rows);
    for row in unusable {
        let reason = format!("the virtual server {} {}", row.server, row.problem);
        degraded(context, tenant, row.upstream.as_ref().map_or("", UpstreamId::as_str), reason);
    }
    let shown = |mut endpoint: Endpoint| {
        let of = |member: &UpstreamId| upstreams.iter().find(|(upstream, _)| upstream.id == *member).cloned();
        endpoint.members.retain(|member| of(&member.upstream).is_some());
        let (upstreams, prefixes) = endpoint.members.iter().filter_map(|member| of(&member.upstream)).unzip();
        Rc::new(Shown { endpoint, upstreams, prefixes })
    };
    std::iter::once(everything).chain(named).map(shown).collect()
}

/// A row that cannot be used is left out and said in the log; the others are served.
fn usable(context: &Context, tenant: &TenantId, row: &UpstreamRow) -> Option<Named> {
    let settings = &context.settings;
    let degraded = |reason: String| degraded(context, tenant, &row.name, reason);
    let prefix = Prefix::parse(&row.name).map_err(|invalid| degraded(invalid.to_string())).ok()?;
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
        .map(|upstream| (upstream, prefix))
}

fn degraded(context: &Context, tenant: &TenantId, upstream: &str, reason: String) {
    context.log(&Event::UpstreamDegraded { tenant: tenant.clone(), upstream: upstream.to_owned(), reason });
}
