//! The audit trail, for auditors: the tenant's, and the operator's own for the operator.

use super::super::trails;
use super::{Desk, Outcome};
use crate::admin::audit::{AuditFilter, AuditHead, AuditPage, AuditPart, AuditVerdict};
use crate::admin::order::Order;
use crate::api::problem::Problem;
use crate::audit::Trail;
use crate::audit::chain::Link;
use crate::audit::export::MEDIA_TYPE;
use serde_json::Value;

/// Most pages of one answer: an export of 10,000 records, a verification of 20,000.
const MOST_PAGES: usize = 20;

/// Some records.
pub async fn query(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    let query = order.read::<AuditFilter>()?.query()?;
    let page = trails::query(desk.context, &trail(desk), &query).await?;
    let items = page.entries.iter().map(super::rendered).map(|entry| match entry {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(Problem::Internal("a record is no object".into())),
        Err(problem) => Err(problem),
    });
    Outcome::given(&AuditPage { items: items.collect::<Result<_, _>>()?, next: page.next }, None)
}

/// Lines of JSON, from the anchor to the signed head; a long trail in several parts.
pub async fn export(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    let AuditPart { after } = order.read()?;
    let trail = trail(desk);
    let (mut text, mut next) = (String::new(), Some(after.unwrap_or_default()));
    for _ in 0..MOST_PAGES {
        let Some(after) = next else { break };
        let (lines, following) = trails::export_page(desk.context, &trail, after).await?;
        text.push_str(&lines);
        next = following;
    }
    let next = next.map(|after| format!("</admin/audit/export?after={after}>; rel=\"next\""));
    Ok(Outcome::Lines { media_type: MEDIA_TYPE, text, next })
}

/// What is wrong with the trail, if anything is.
pub async fn verify(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    order.read::<super::tenants::NoFilter>()?;
    let trail = trail(desk);
    let mut verdict =
        AuditVerdict { intact: true, records: 0, faults: Vec::new(), complete: false, head: String::new() };
    let mut after: Option<Link> = None;
    for _ in 0..MOST_PAGES {
        let part = trails::verify(desk.context, &trail, after).await?;
        verdict.records += part.records;
        for fault in &part.faults {
            verdict.faults.push(super::rendered(fault)?);
        }
        verdict.complete = part.done;
        if part.done {
            break;
        }
        after = Some(part.last);
    }
    verdict.intact = verdict.faults.is_empty();
    verdict.head = trails::head(desk.context, &trail).await?;
    Outcome::given(&verdict, None)
}

/// Where the trail ends, signed.
pub async fn head(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    order.read::<super::tenants::NoFilter>()?;
    Outcome::given(&AuditHead { head: trails::head(desk.context, &trail(desk)).await? }, None)
}

fn trail(desk: &Desk<'_>) -> Trail {
    desk.tenant().map_or(Trail::Operator, |tenant| Trail::Tenant(tenant.clone()))
}
