//! A tenant as the database has it, remembered for a few seconds: its upstreams and virtual servers, its policies and plans.

use super::admission::Principal;
use super::context::Context;
use super::upstreams::Party;
use super::{clock, database, showing};
use crate::admin::tenant::{AuditCalls, Tenant};
use crate::admin::upstream::UpstreamKind;
use crate::api::problem::Problem;
use crate::catalogue::endpoint::Endpoint;
use crate::catalogue::naming::Prefix;
use crate::credential::applied::Bound;
use crate::credential::held::{Carries, Held, Identity, Withheld};
use crate::file::options::FileOptions;
use crate::guard::Guardrails;
use crate::id::{RuleId, TenantId, UpstreamId, UserId};
use crate::observe::Event;
use crate::plan::Plan;
use crate::policy::judge::Policies;
use crate::policy::rule::Rule;
use crate::recent::Recent;
use crate::sql::options::DatabaseOptions;
use crate::store::credentials::{CredentialRow, EVERYBODYS};
use crate::store::rules::{ALL_PLANS, ALL_POLICIES, LimitsRow, RuleRow};
use crate::store::servers::{self, ENABLED_SERVERS, ServerRow, Servers};
use crate::store::tenants::{TENANT, TenantRow};
use crate::store::upstreams::{ENABLED_UPSTREAMS, UpstreamRow, credential_place};
use crate::time::Lifetime;
use crate::upstream::{Agreed, Description, Speaks, Upstream};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::rc::Rc;
use worker::wasm_bindgen::JsValue;

/// How long a row is believed: the bound of a disabled upstream.
pub const BELIEVED: Lifetime = Lifetime::from_seconds(5);
const MAX_TENANTS: NonZeroUsize = NonZeroUsize::new(256).unwrap();

/// What an endpoint shows, and of whom.
pub struct Shown {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// Its upstreams, in the order of the endpoint's members.
    pub upstreams: Vec<Upstream>,
    /// Their names, as they stand before what they offer.
    pub prefixes: Vec<Prefix>,
    /// Those for which a user may have a credential of its own.
    pub personal: Vec<UpstreamId>,
}

impl Shown {
    /// Each upstream with its name.
    pub fn named(&self) -> impl Iterator<Item = (&Upstream, &Prefix)> {
        self.upstreams.iter().zip(&self.prefixes)
    }
}

/// An upstream.
#[derive(Clone)]
struct Named {
    upstream: Upstream,
    /// Its name, as it stands before what it offers.
    prefix: Prefix,
    /// Whether a user may have a credential of its own for it.
    personal: bool,
}

/// What a tenant decided of its calls.
pub struct Rules {
    /// Who may see and call what.
    pub policies: Policies,
    /// The limits of the tenant as a whole.
    pub plan: Plan,
    /// The version of every policy, by id.
    versions: BTreeMap<String, u32>,
    /// Every plan, by id.
    plans: BTreeMap<String, Plan>,
    /// The plan of each user without one; none for the gateway's own limits.
    user_plan: Option<String>,
    /// When the record of a call is written.
    pub audit_calls: AuditCalls,
    /// Whether redacted arguments are recorded too.
    pub audit_bodies: bool,
    /// What is looked for in calls; mostly nothing.
    pub guardrails: Option<Rc<Guardrails>>,
}

/// A tenant.
struct Team {
    /// The first one shows everything.
    endpoints: Vec<Rc<Shown>>,
    rules: Rc<Rules>,
}

thread_local! {
    static TEAMS: RefCell<Recent<TenantId, Rc<Team>>> = RefCell::new(Recent::new(MAX_TENANTS, BELIEVED));
}

impl Rules {
    /// The version of a policy; 0 of one that is not there.
    pub fn version(&self, policy: &str) -> u32 {
        self.versions.get(policy).copied().unwrap_or_default()
    }

    /// The plan of that id.
    pub fn plan(&self, id: &str) -> Option<&Plan> {
        self.plans.get(id)
    }

    /// The plan of a caller: the first that is there of its own and the usual one.
    pub fn plan_of<'a>(&'a self, own: impl IntoIterator<Item = Option<&'a String>>) -> Option<&'a Plan> {
        let mut named = own.into_iter().flatten().chain(&self.user_plan);
        named.find_map(|id| self.plans.get(id))
    }
}

/// The endpoint of a virtual server, or that of everything: at most one look into the database in five seconds.
pub async fn shown(context: &Context, principal: &Principal, server: Option<&str>) -> Result<Rc<Shown>, Problem> {
    let team = team(context, principal.tenant()).await?;
    let name_of = |shown: &Shown| shown.endpoint.name.as_ref().map(|name| name.as_str().to_owned());
    let shown = team.endpoints.iter().find(|shown| name_of(shown).as_deref() == server).cloned();
    showing::shown_to(context, principal, shown.ok_or(Problem::NotFound)?).await
}

/// What a tenant decided of its calls.
pub async fn rules(context: &Context, tenant: &TenantId) -> Result<Rc<Rules>, Problem> {
    Ok(Rc::clone(&team(context, tenant).await?.rules))
}

/// Has a tenant read again at the next request of this isolate, which changed something of it.
pub fn forget(tenant: &TenantId) {
    TEAMS.with_borrow_mut(|teams| teams.forget(tenant));
}

/// On whose behalf upstreams are asked.
pub fn party(context: &Context, principal: &Principal) -> Party {
    party_of(context, principal.tenant().clone(), principal.user().clone())
}

/// The same for whoever that is.
pub fn party_of(context: &Context, tenant: TenantId, user: UserId) -> Party {
    let limits = context.settings.upstreams;
    let (background, settings) = (Rc::clone(&context.background), Rc::clone(&context.settings));
    Party { tenant, user, session: None, limits, settings, env: context.env.clone(), background }
}

/// An upstream of a tenant with what it is shown for everybody, if it is enabled and can be used.
pub async fn upstream(context: &Context, tenant: &TenantId, id: &UpstreamId) -> Result<Option<Upstream>, Problem> {
    let team = team(context, tenant).await?;
    let everything = team.endpoints.first();
    Ok(everything.and_then(|shown| shown.upstreams.iter().find(|upstream| upstream.id == *id).cloned()))
}

async fn team(context: &Context, tenant: &TenantId) -> Result<Rc<Team>, Problem> {
    let now = clock::now();
    if let Some(team) = TEAMS.with_borrow_mut(|teams| teams.recall(tenant, now)) {
        return Ok(team);
    }
    let values = [JsValue::from_str(tenant.as_str())];
    let statements = [ENABLED_UPSTREAMS, ENABLED_SERVERS, TENANT, ALL_POLICIES, ALL_PLANS, EVERYBODYS];
    let read = database::batch(&context.env, &statements.map(|statement| (statement, values.as_slice()))).await?;
    let upstreams: Vec<UpstreamRow> = database::rows(read.first())?;
    let servers: Vec<ServerRow> = database::rows(read.get(1))?;
    let row: Option<TenantRow> = database::rows(read.get(2))?.into_iter().next();
    let row = row.ok_or_else(|| Problem::InvalidToken("the tenant is gone".into()))?;
    let rules = rules_of(row, database::rows(read.get(3))?, database::rows(read.get(4))?)?;
    let credentials: Vec<CredentialRow> = database::rows(read.get(5))?;
    let usable = upstreams.into_iter().filter_map(|row| {
        let credential = credentials.iter().find(|credential| credential.upstream_id == row.id);
        usable(context, tenant, &row, credential)
    });
    let usable: Vec<Named> = usable.collect();
    let endpoints = assemble(context, tenant, &usable, servers);
    let team = Rc::new(Team { endpoints, rules: Rc::new(rules) });
    TEAMS.with_borrow_mut(|teams| teams.keep(tenant.clone(), now, Rc::clone(&team)));
    Ok(team)
}

/// A policy, plan or guardrail that cannot be read, as one of a later version, is not left out: what it forbids is not known.
fn rules_of(row: TenantRow, policies: Vec<RuleRow>, plans: Vec<LimitsRow>) -> Result<Rules, Problem> {
    let unreadable = |what: &str, id: &str, why: &dyn std::fmt::Display| Problem::Unavailable {
        part: "the tenant's rules",
        reason: format!("the {what} {id} cannot be read: {why}"),
    };
    let guardrails = row.guardrails().map(|text| Guardrails::parse(text.as_bytes())).transpose();
    let guardrails = guardrails.map_err(|invalid| unreadable("document of", "guardrails", &invalid))?;
    let tenant = Tenant::from(row);
    let versions = policies.iter().map(|row| (row.id.clone(), row.version)).collect();
    let policies = policies.into_iter().map(|row| {
        let rule = Rule::parse(row.rule.as_bytes()).map_err(|invalid| unreadable("policy", &row.id, &invalid))?;
        let id = RuleId::parse(&row.id).map_err(|invalid| unreadable("policy", &row.id, &invalid))?;
        Ok((id, rule))
    });
    let policies: Vec<_> = policies.collect::<Result<_, Problem>>()?;
    let plans = plans.into_iter().map(|row| {
        let plan = Plan::parse(row.plan.as_bytes()).map_err(|invalid| unreadable("plan", &row.id, &invalid))?;
        Ok((row.id, plan))
    });
    let plans: BTreeMap<String, Plan> = plans.collect::<Result<_, Problem>>()?;
    Ok(Rules {
        policies: Policies::new(policies, tenant.default_effect),
        plan: tenant.plan.and_then(|id| plans.get(&id).cloned()).unwrap_or_default(),
        versions,
        plans,
        user_plan: tenant.user_plan,
        audit_calls: tenant.audit_calls,
        audit_bodies: tenant.audit_bodies,
        guardrails: guardrails.map(Rc::new),
    })
}

/// Every endpoint with its upstreams. A member that is disabled or cannot be used is not there.
fn assemble(context: &Context, tenant: &TenantId, upstreams: &[Named], rows: Vec<ServerRow>) -> Vec<Rc<Shown>> {
    let everything = Endpoint::everything(upstreams.iter().map(|named| named.upstream.id.clone()));
    let Servers { endpoints: named, unusable } = servers::endpoints(rows);
    for row in unusable {
        let reason = format!("the virtual server {} {}", row.server, row.problem);
        degraded(context, tenant, row.upstream.as_ref().map_or("", UpstreamId::as_str), reason);
    }
    let shown = |mut endpoint: Endpoint| {
        let of = |member: &UpstreamId| upstreams.iter().find(|named| named.upstream.id == *member);
        endpoint.members.retain(|member| of(&member.upstream).is_some());
        let members = || endpoint.members.iter().filter_map(|member| of(&member.upstream));
        let personal = members().filter(|named| named.personal).map(|named| named.upstream.id.clone()).collect();
        let (upstreams, prefixes) = members().map(|named| (named.upstream.clone(), named.prefix.clone())).unzip();
        Rc::new(Shown { endpoint, upstreams, prefixes, personal })
    };
    std::iter::once(everything).chain(named).map(shown).collect()
}

/// A row that cannot be used is left out and said in the log; the others are served.
fn usable(
    context: &Context,
    tenant: &TenantId,
    row: &UpstreamRow,
    credential: Option<&CredentialRow>,
) -> Option<Named> {
    let settings = &context.settings;
    let degraded = |reason: String| degraded(context, tenant, &row.name, reason);
    let prefix = Prefix::parse(&row.name).map_err(|invalid| degraded(invalid.to_string())).ok()?;
    if let Some(speaks) = store(row) {
        let upstream = speaks.and_then(|speaks| {
            Upstream::store(row.id.clone(), row.name.as_str(), speaks).map_err(|refusal| refusal.to_string())
        });
        let upstream = upstream.map_err(degraded).ok()?;
        return Some(Named { upstream, prefix, personal: false });
    }
    let upstream =
        Upstream::new(row.id.clone(), row.name.as_str(), &row.url, Held::default(), settings.profile.reach());
    let upstream = upstream.map_err(|refusal| degraded(refusal.to_string())).ok()?;
    let credential = match (credential, &row.credential) {
        (Some(credential), _) => showing::held(context, tenant, credential),
        (None, Some(sealed)) => brought(context, tenant, row, sealed, &upstream),
        (None, None) => Held::default(),
    };
    if matches!(credential.carries, Carries::Withheld(Withheld::Unreadable)) {
        degraded("its credential cannot be opened".into());
    }
    let upstream = Upstream { credential, ..upstream }.reused_for(Lifetime::from_seconds(row.cache_seconds.into()));
    let upstream = upstream.held_to(Agreed { changes: row.pins, reaction: row.reaction.clone() });
    let upstream = match row.kind {
        UpstreamKind::Http => upstream.described_by(Description { version: row.version, sourced: row.sourced != 0 }),
        UpstreamKind::Mcp | UpstreamKind::Files | UpstreamKind::Database => upstream,
    };
    Some(Named { upstream, prefix, personal: row.personal != 0 })
}

/// How a part of the platform is used; nothing for what has an address.
fn store(row: &UpstreamRow) -> Option<Result<Speaks, String>> {
    let options = row.options.as_deref().unwrap_or_default();
    let speaks = match row.kind {
        UpstreamKind::Mcp | UpstreamKind::Http => return None,
        UpstreamKind::Files => FileOptions::stored(options).map(|options| Speaks::Files(Rc::new(options))),
        UpstreamKind::Database => DatabaseOptions::stored(options).map(|options| Speaks::Database(Rc::new(options))),
    };
    Some(speaks.ok_or_else(|| "its options cannot be read".to_owned()))
}

/// A bearer token that came with its upstream, before there were credentials.
fn brought(context: &Context, tenant: &TenantId, row: &UpstreamRow, sealed: &str, upstream: &Upstream) -> Held {
    let opened = context.settings.root.open(sealed, &credential_place(tenant, &row.id, &row.url)).ok();
    let bound = opened.and_then(|token| Bound::of_token(&token, &upstream.url.origin()).ok());
    let identity = Identity { credential: Some(row.id.to_string()), ..Identity::default() };
    Held { identity, carries: bound.map_or(Carries::Withheld(Withheld::Unreadable), Carries::This) }
}

fn degraded(context: &Context, tenant: &TenantId, upstream: &str, reason: String) {
    context.log(&Event::UpstreamDegraded { tenant: tenant.clone(), upstream: upstream.to_owned(), reason });
}
