//! Plans: limits and quotas that tenants, users and keys are given.

use super::super::database::{self, moment};
use super::super::{clock, tenant};
use super::making::{self, Making, answered, make};
use super::tenants::{NoFilter, named};
use super::{Desk, Outcome, changeable};
use crate::admin::order::{Order, Page};
use crate::admin::rule::{NewPlan, PlanView};
use crate::api::problem::Problem;
use crate::plan::Plan;
use crate::store::rules::{DELETE_PLAN, INSERT_PLAN, PLAN, PLANS, PlanRow, REPLACE_PLAN};
use serde_json::Value;

/// The tenant's plans.
pub async fn list(desk: &Desk<'_>, mut order: Order) -> Result<Outcome, Problem> {
    let slice = order.slice()?;
    order.read::<NoFilter>()?;
    let values = [desk.tenant()?.as_str().into(), slice.after.as_str().into(), (slice.limit + 1).into()];
    let rows: Vec<PlanRow> = database::all(&desk.context.env, PLANS, &values).await?;
    let plans = rows.into_iter().map(PlanView::from).collect();
    Outcome::given(&Page::of(plans, slice.limit, |plan: &PlanView| &plan.id), None)
}

/// Makes a plan.
pub async fn create(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    let wanted: NewPlan = order.read()?;
    let limits = sound(&wanted)?;
    if let Some(known) = answered(desk, order).await? {
        return Ok(known);
    }
    let (id, now) = (making::id(), clock::now());
    let values = vec![
        desk.tenant()?.as_str().into(),
        id.as_str().into(),
        wanted.name.as_str().into(),
        limits.as_str().into(),
        moment(now),
    ];
    let (created_at, updated_at) = (now.seconds(), now.seconds());
    let plan =
        PlanView { id: id.clone(), name: wanted.name, limits: wanted.limits, created_at, updated_at, version: 1 };
    let refused = Problem::Conflict("a plan of that name is there, or there are 100");
    let made = make(desk, order, Making::of((INSERT_PLAN, values)), &plan, refused).await?;
    tenant::forget(desk.tenant()?);
    desk.done(desk.tenant()?, Some(&id));
    Ok(made)
}

/// One plan.
pub async fn read(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    order.read::<NoFilter>()?;
    let plan = find(desk, order.id()).await?;
    Outcome::given(&plan, Some(plan.version))
}

/// Replaces a plan: what has it is held to the new one within seconds.
pub async fn replace(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    let wanted: NewPlan = order.read()?;
    let limits = sound(&wanted)?;
    let plan = find(desk, order.id()).await?;
    let version = changeable(order, plan.version)?;
    let now = clock::now();
    let values = [
        desk.tenant()?.as_str().into(),
        plan.id.as_str().into(),
        version.into(),
        wanted.name.as_str().into(),
        limits.as_str().into(),
        moment(now),
    ];
    if database::run(&desk.context.env, REPLACE_PLAN, &values).await? == 0 {
        return Err(Problem::Conflict("it was changed meanwhile, or its new name is taken"));
    }
    tenant::forget(desk.tenant()?);
    desk.done(desk.tenant()?, Some(&plan.id));
    let replaced =
        PlanView { name: wanted.name, limits: wanted.limits, updated_at: now.seconds(), version: version + 1, ..plan };
    Outcome::given(&replaced, Some(version + 1))
}

/// Deletes a plan that nothing uses.
pub async fn delete(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    order.read::<NoFilter>()?;
    let plan = find(desk, order.id()).await?;
    let values = [desk.tenant()?.as_str().into(), plan.id.as_str().into()];
    if database::run(&desk.context.env, DELETE_PLAN, &values).await? == 0 {
        return Err(Problem::Conflict("the plan is in use"));
    }
    desk.done(desk.tenant()?, Some(&plan.id));
    Ok(Outcome::Done)
}

async fn find(desk: &Desk<'_>, id: &str) -> Result<PlanView, Problem> {
    let values = [desk.tenant()?.as_str().into(), id.into()];
    let row: Option<PlanRow> = database::first(&desk.context.env, PLAN, &values).await?;
    row.map(PlanView::from).ok_or(Problem::NoSuchThing)
}

/// The limits as they are stored.
fn sound(wanted: &NewPlan) -> Result<String, Problem> {
    named(&wanted.name)?;
    let text = Value::Object(wanted.limits.clone()).to_string();
    match Plan::parse(text.as_bytes()) {
        Ok(_) => Ok(text),
        Err(problem) => Err(Problem::InvalidBody(problem.to_string())),
    }
}
