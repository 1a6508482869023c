//! What happened minute by minute: the tenant's, and everybody's for the operator.

use super::super::{clock, metrics};
use super::{Desk, Outcome};
use crate::admin::activity::{ActivityFilter, ActivityView};
use crate::admin::order::Order;
use crate::api::problem::Problem;

/// What happened lately.
pub async fn read(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    let (filter, now) = (order.read::<ActivityFilter>()?, clock::now());
    let tenant = if desk.is_operators() { None } else { Some(desk.tenant()?) };
    let counted = metrics::activity(&desk.context.env, tenant, filter.from(now)?).await?;
    Outcome::given(&ActivityView::new(counted, now), None)
}
