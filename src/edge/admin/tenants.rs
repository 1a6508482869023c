//! Tenants: the operator makes, suspends and deletes them; their own people see and set theirs.

use super::super::database::{self, maybe, moment};
use super::super::{clock, files, random, revoked, tenant, trails};
use super::making::{Making, answered, make};
use super::{Desk, Outcome, changeable};
use crate::account::name::is_name;
use crate::account::one_time::{BYTES, INVITATION_LIFE, OneTimeCode};
use crate::account::role::Role;
use crate::admin::order::{Order, Page};
use crate::admin::tenant::{AuditCalls, MadeTenant, NewTenant, Tenant, TenantChange};
use crate::admin::user::MadeCode;
use crate::api::problem::Problem;
use crate::audit::Trail;
use crate::audit::retention::Days;
use crate::entropy::purpose::Purpose;
use crate::guard::Guardrails;
use crate::id::TenantId;
use crate::observe::RevocationCause;
use crate::policy::judge::DefaultEffect;
use crate::store::codes::INSERT_OPERATORS_INVITATION;
use crate::store::keys;
use crate::store::tenants::{DELETE, FORGET_REQUESTS, INSERT, TENANT, TENANTS, TenantRow, UPDATE};
use crate::store::upstreams::LEAVE_TENANTS_FILES;
use serde_json::{Map, Value};

/// The tenants there are, as far as who asks may see them.
pub async fn list(desk: &Desk<'_>, mut order: Order) -> Result<Outcome, Problem> {
    let slice = order.slice()?;
    order.read::<NoFilter>()?;
    let only = desk.tenant().ok().map(TenantId::as_str);
    let values = [slice.after.as_str().into(), (slice.limit + 1).into(), maybe(only)];
    let rows: Vec<TenantRow> = database::all(&desk.context.env, TENANTS, &values).await?;
    let tenants = rows.into_iter().map(Tenant::from).collect();
    Outcome::given(&Page::of(tenants, slice.limit, |tenant: &Tenant| tenant.id.as_str()), None)
}

/// A list that is filtered by nothing.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoFilter {}

/// Makes a tenant with the code of its first owner.
pub async fn create(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    let wanted: NewTenant = order.read()?;
    let name = wanted.name.unwrap_or_else(|| wanted.id.to_string());
    named(&name)?;
    if let Some(known) = answered(desk, order).await? {
        return Ok(known);
    }
    random::admit_secrets(desk.context).await?;
    let code = OneTimeCode::from_bytes(&random::bytes::<BYTES>(Purpose::OneTimeCode));
    let now = clock::now();
    let (id, ends) = (wanted.id.as_str(), now.plus(INVITATION_LIFE));
    let owner = Role::Owner.as_str();
    let making = Making {
        after: vec![(
            INSERT_OPERATORS_INVITATION,
            vec![code.hash().into(), id.into(), owner.into(), moment(now), moment(ends)],
        )],
        ..Making::of((INSERT, vec![id.into(), name.as_str().into(), moment(now)]))
    };
    let place = format!("{}/join", desk.context.settings.issuer);
    let owner = MadeCode { code: code.shown().expose().to_owned(), place, expires_at: ends.seconds() };
    let tenant = Tenant {
        id: wanted.id.clone(),
        name,
        default_effect: DefaultEffect::Allow,
        plan: None,
        user_plan: None,
        audit_calls: AuditCalls::Before,
        audit_bodies: false,
        audit_days: 400,
        guardrails: None,
        suspended_at: None,
        created_at: now.seconds(),
        version: 1,
    };
    let taken = Problem::Conflict("a tenant of that id is there already");
    let days = tenant.audit_days;
    let made = make(desk, order, making, &MadeTenant { tenant, owner }, taken).await?;
    desk.done(&wanted.id, None);
    keep_trail(desk, &wanted.id, days).await?;
    Ok(made)
}

/// One tenant.
pub async fn read(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    order.read::<NoFilter>()?;
    let tenant = find(desk, order).await?;
    Outcome::given(&tenant, Some(tenant.version))
}

/// Changes a tenant. Who suspends it ends everything of it at once.
pub async fn update(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    let change: TenantChange = order.read()?;
    let tenant = find(desk, order).await?;
    let version = changeable(order, tenant.version)?;
    if change.suspended.is_some() && !desk.is_operators() {
        return Err(Problem::Forbidden { whom: "the gateway's operator" });
    }
    let changed = changed(tenant, change, clock::now().seconds())?;
    let guardrails = changed.guardrails.clone().map(|document| Value::Object(document).to_string());
    let values = [
        changed.id.as_str().into(),
        version.into(),
        changed.name.as_str().into(),
        if changed.default_effect == DefaultEffect::Allow { "allow" } else { "deny" }.into(),
        maybe(changed.plan.as_deref()),
        maybe(changed.user_plan.as_deref()),
        if changed.audit_calls == AuditCalls::Before { "before" } else { "after" }.into(),
        u32::from(changed.audit_bodies).into(),
        changed.audit_days.into(),
        changed
            .suspended_at
            .map_or(worker::wasm_bindgen::JsValue::NULL, |at| moment(crate::time::Timestamp::from_seconds(at))),
        maybe(guardrails.as_deref()),
    ];
    if database::run(&desk.context.env, UPDATE, &values).await? == 0 {
        return Err(Problem::Conflict("it was changed meanwhile, or there is no such plan"));
    }
    desk.done(&changed.id, None);
    tenant::forget(&changed.id);
    keep_trail(desk, &changed.id, changed.audit_days).await?;
    if changed.suspended_at.is_some() {
        revoked::everybody(desk.context, &changed.id, RevocationCause::Tenant).await?;
    }
    Outcome::given(&Tenant { version: version + 1, ..changed.clone() }, Some(version + 1))
}

fn changed(tenant: Tenant, change: TenantChange, now: u64) -> Result<Tenant, Problem> {
    if let Some(name) = &change.name {
        named(name)?;
    }
    if change.audit_days.is_some_and(|days| !(1..=3660).contains(&days)) {
        return Err(Problem::InvalidBody("audit_days must be from 1 to 3660".into()));
    }
    let suspended_at = match change.suspended {
        Some(true) => tenant.suspended_at.or(Some(now)),
        Some(false) => None,
        None => tenant.suspended_at,
    };
    let guardrails = match change.guardrails {
        Some(Some(given)) => Some(written(&given)?),
        Some(None) => None,
        None => tenant.guardrails,
    };
    Ok(Tenant {
        name: change.name.unwrap_or(tenant.name),
        default_effect: change.default_effect.unwrap_or(tenant.default_effect),
        plan: change.plan.unwrap_or(tenant.plan),
        user_plan: change.user_plan.unwrap_or(tenant.user_plan),
        audit_calls: change.audit_calls.unwrap_or(tenant.audit_calls),
        audit_bodies: change.audit_bodies.unwrap_or(tenant.audit_bodies),
        guardrails,
        audit_days: change.audit_days.unwrap_or(tenant.audit_days),
        suspended_at,
        ..tenant
    })
}

fn written(guardrails: &Guardrails) -> Result<Map<String, Value>, Problem> {
    match serde_json::to_value(guardrails) {
        Ok(Value::Object(document)) => Ok(document),
        _ => Err(Problem::Internal("guardrails that are no object".into())),
    }
}

/// Deletes a tenant. Everything open ends first, so that a gate that does not answer leaves the tenant as it was.
pub async fn delete(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    order.read::<NoFilter>()?;
    let tenant = find(desk, order).await?;
    let everybody = revoked::everybody(desk.context, &tenant.id, RevocationCause::Tenant).await?;
    let values = [tenant.id.as_str().into()];
    let left = [tenant.id.as_str().into(), moment(clock::now())];
    let steps: [(&str, &[_]); 3] = [(LEAVE_TENANTS_FILES, &left), (FORGET_REQUESTS, &values), (DELETE, &values)];
    database::batch(&desk.context.env, &steps).await?;
    files::clear_later(desk.context);
    desk.done(&tenant.id, None);
    let gates = everybody.iter().map(|who| keys::principal_gate(&who.tenant, &who.user));
    revoked::forget(desk.context, gates.chain([keys::tenant_gate(&tenant.id)]).collect());
    desk.context.ledger.forgets(Trail::Tenant(tenant.id));
    Ok(Outcome::Done)
}

/// Tells a tenant's audit trail how long to keep records.
async fn keep_trail(desk: &Desk<'_>, tenant: &TenantId, days: u32) -> Result<(), Problem> {
    let days = Days::try_from(days).map_err(|wrong| Problem::InvalidBody(wrong.to_string()))?;
    trails::keep(desk.context, &Trail::Tenant(tenant.clone()), Some(days)).await
}

/// The tenant an order names: any for the operator, the own one for everybody else.
pub async fn find(desk: &Desk<'_>, order: &Order) -> Result<Tenant, Problem> {
    if desk.tenant().is_ok_and(|own| own.as_str() != order.id()) {
        return Err(Problem::NoSuchThing);
    }
    let row: Option<TenantRow> = database::first(&desk.context.env, TENANT, &[order.id().into()]).await?;
    row.map(Tenant::from).ok_or(Problem::NoSuchThing)
}

/// Refuses a name that does not show what it is.
pub fn named(name: &str) -> Result<(), Problem> {
    let told = "a name has 1 to 64 characters, none of them invisible, and no blank at its ends";
    if is_name(name) { Ok(()) } else { Err(Problem::InvalidBody(told.into())) }
}
