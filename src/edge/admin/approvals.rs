//! Calls that wait for a person's approval.

use super::super::clock;
use super::super::database::{self, maybe, moment};
use super::{Desk, Outcome};
use crate::admin::approval::{ApprovalDecision, ApprovalFilter, ApprovalState, ApprovalView};
use crate::admin::order::{Order, Page};
use crate::api::problem::Problem;
use crate::id::UserId;
use crate::store::approvals::{APPROVAL, APPROVALS, ApprovalRow, DECIDE, LIFE_MILLIS};
use crate::time::Lifetime;

/// Calls that wait, or waited; a developer sees its own.
pub async fn list(desk: &Desk<'_>, mut order: Order) -> Result<Outcome, Problem> {
    let slice = order.slice()?;
    let filter: ApprovalFilter = order.read()?;
    let values = [
        desk.tenant()?.as_str().into(),
        slice.after.as_str().into(),
        (slice.limit + 1).into(),
        maybe(filter.state.map(ApprovalState::as_str)),
        maybe(desk.only_user().map(UserId::as_str)),
    ];
    let rows: Vec<ApprovalRow> = database::all(&desk.context.env, APPROVALS, &values).await?;
    let found = rows.into_iter().map(ApprovalView::from).collect();
    Outcome::given(&Page::of(found, slice.limit, |one: &ApprovalView| &one.id), None)
}

/// One of them.
pub async fn read(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    order.read::<super::tenants::NoFilter>()?;
    Outcome::given(&find(desk, order.id()).await?, None)
}

/// Decides one that waits, of somebody else. What is approved may be called for a quarter of an hour, once.
pub async fn decide(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    let ApprovalDecision { approve } = order.read()?;
    let found = find(desk, order.id()).await?;
    if found.user == desk.user()?.as_str() {
        return Err(Problem::Forbidden { whom: "somebody else than who wants to call" });
    }
    let now = clock::now();
    let state = if approve { ApprovalState::Approved } else { ApprovalState::Refused };
    let ends = now.plus(Lifetime::from_millis(LIFE_MILLIS));
    let values = [
        desk.tenant()?.as_str().into(),
        found.id.as_str().into(),
        state.as_str().into(),
        desk.user()?.as_str().into(),
        moment(now),
        moment(ends),
    ];
    if database::run(&desk.context.env, DECIDE, &values).await? == 0 {
        return Err(Problem::Conflict("it was decided already, or its time is up"));
    }
    desk.done(desk.tenant()?, Some(&format!("approval/{}/{}", found.id, state.as_str())));
    let decided = ApprovalView {
        state,
        decided_by: Some(desk.user()?.to_string()),
        decided_at: Some(now.seconds()),
        expires_at: ends.seconds(),
        ..found
    };
    Outcome::given(&decided, None)
}

async fn find(desk: &Desk<'_>, id: &str) -> Result<ApprovalView, Problem> {
    let values = [desk.tenant()?.as_str().into(), id.into()];
    let row: Option<ApprovalRow> = database::first(&desk.context.env, APPROVAL, &values).await?;
    let found = row.map(ApprovalView::from);
    let seen = |found: &ApprovalView| desk.only_user().is_none_or(|own| own.as_str() == found.user);
    found.filter(seen).ok_or(Problem::NoSuchThing)
}
