//! Policies: made, changed and explained.

use super::super::database::{self, moment};
use super::super::{clock, tenant};
use super::making::{self, Making, answered, make};
use super::tenants::{NoFilter, named};
use super::{Desk, Outcome, changeable};
use super::{keys, users};
use crate::admin::order::{Order, Page};
use crate::admin::rule::{PolicyView, Trial};
use crate::api::problem::Problem;
use crate::policy::explain::Explanation;
use crate::policy::facts::{Hints, Kind, Narrowing, Subject, Thing};
use crate::policy::judge::Ask;
use crate::policy::rule::Rule;
use crate::store::rules::{DELETE_POLICY, INSERT_POLICY, POLICIES, POLICY, PolicyRow, REPLACE_POLICY};
use serde_json::Value;

/// The tenant's policies.
pub async fn list(desk: &Desk<'_>, mut order: Order) -> Result<Outcome, Problem> {
    let slice = order.slice()?;
    order.read::<NoFilter>()?;
    let values = [desk.tenant()?.as_str().into(), slice.after.as_str().into(), (slice.limit + 1).into()];
    let rows: Vec<PolicyRow> = database::all(&desk.context.env, POLICIES, &values).await?;
    let policies = rows.into_iter().map(PolicyView::from).collect();
    Outcome::given(&Page::of(policies, slice.limit, |policy: &PolicyView| &policy.id), None)
}

/// Makes a policy.
pub async fn create(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    let (name, rule) = sound(order)?;
    if let Some(known) = answered(desk, order).await? {
        return Ok(known);
    }
    let (id, now) = (making::id(), clock::now());
    let values = vec![
        desk.tenant()?.as_str().into(),
        id.as_str().into(),
        name.as_str().into(),
        rule.as_str().into(),
        desk.user()?.as_str().into(),
        moment(now),
    ];
    let policy = PolicyView {
        id: id.clone(),
        rule: order.members.clone(),
        made_by: desk.user()?.to_string(),
        created_at: now.seconds(),
        updated_at: now.seconds(),
        version: 1,
    };
    let refused = Problem::Conflict("a policy of that name is there, or there are 500");
    let made = make(desk, order, Making::of((INSERT_POLICY, values)), &policy, refused).await?;
    tenant::forget(desk.tenant()?);
    desk.done(desk.tenant()?, Some(&id));
    Ok(made)
}

/// One policy.
pub async fn read(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    order.read::<NoFilter>()?;
    let policy = find(desk, order.id()).await?;
    Outcome::given(&policy, Some(policy.version))
}

/// Replaces a policy.
pub async fn replace(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    let (name, rule) = sound(order)?;
    let policy = find(desk, order.id()).await?;
    let version = changeable(order, policy.version)?;
    let now = clock::now();
    let values = [
        desk.tenant()?.as_str().into(),
        policy.id.as_str().into(),
        version.into(),
        name.as_str().into(),
        rule.as_str().into(),
        moment(now),
    ];
    if database::run(&desk.context.env, REPLACE_POLICY, &values).await? == 0 {
        return Err(Problem::Conflict("it was changed meanwhile, or its new name is taken"));
    }
    tenant::forget(desk.tenant()?);
    desk.done(desk.tenant()?, Some(&policy.id));
    let replaced =
        PolicyView { rule: order.members.clone(), updated_at: now.seconds(), version: version + 1, ..policy };
    Outcome::given(&replaced, Some(version + 1))
}

/// Deletes a policy.
pub async fn delete(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    order.read::<NoFilter>()?;
    let policy = find(desk, order.id()).await?;
    let values = [desk.tenant()?.as_str().into(), policy.id.as_str().into()];
    if database::run(&desk.context.env, DELETE_POLICY, &values).await? == 0 {
        return Err(Problem::NoSuchThing);
    }
    tenant::forget(desk.tenant()?);
    desk.done(desk.tenant()?, Some(&policy.id));
    Ok(Outcome::Done)
}

/// What the policies say of a call that nobody makes, rule by rule.
pub async fn explain(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    let trial: Trial = order.read()?;
    let user = trial.user.as_ref().unwrap_or(desk.user()?);
    let about = users::find(desk, user.as_str()).await?;
    let rules = tenant::rules(desk.context, desk.tenant()?).await?;
    let narrowing = match &trial.key {
        Some(key) => keys::narrowing(desk, key, &about.id).await?,
        None => Narrowing::default(),
    };
    let subject = Subject {
        user: about.id,
        role: trial.role.unwrap_or(about.role),
        service: about.kind == crate::account::kind::UserKind::Service,
        groups: trial.groups.unwrap_or(about.groups),
        key: trial.key,
        client: trial.client,
        network: trial.network,
        narrowing,
    };
    let upstream = trial.upstream.as_deref().map(crate::catalogue::naming::Prefix::parse).transpose();
    let upstream = upstream.map_err(|invalid| Problem::InvalidBody(invalid.to_string()))?;
    let (kind, name) = match (&trial.tool, &trial.prompt, &trial.resource) {
        (Some(name), None, None) => (Kind::Tool, name),
        (None, Some(name), None) => (Kind::Prompt, name),
        (None, None, Some(name)) => (Kind::Resource, name),
        _ => return Err(Problem::InvalidBody("name one tool, one prompt or one resource".into())),
    };
    let hints = Hints::of(trial.annotations.as_ref());
    let thing = Thing { kind, name, upstream: upstream.as_ref(), hints };
    let ask = trial.arguments.as_ref().map_or(Ask::See, Ask::Call);
    let told: Explanation<'_> = rules.policies.explain(&subject, &thing, ask, clock::now());
    Outcome::given(&told, None)
}

async fn find(desk: &Desk<'_>, id: &str) -> Result<PolicyView, Problem> {
    let values = [desk.tenant()?.as_str().into(), id.into()];
    let row: Option<PolicyRow> = database::first(&desk.context.env, POLICY, &values).await?;
    row.map(PolicyView::from).ok_or(Problem::NoSuchThing)
}

/// The name of a rule that an order carries, and the rule as it is stored.
fn sound(order: &Order) -> Result<(String, String), Problem> {
    let value = Value::Object(order.members.clone());
    let rule = Rule::read(&value).map_err(|invalid| Problem::InvalidBody(invalid.to_string()))?;
    named(&rule.name)?;
    Ok((rule.name, value.to_string()))
}
