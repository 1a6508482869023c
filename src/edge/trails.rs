//! Asking audit trails: for whoever may see a tenant's records, or decide how long they are kept.

use super::audit::{ask, unexpected};
use super::clock;
use super::context::Context;
use crate::api::problem::Problem;
use crate::audit::chain::Link;
use crate::audit::head::Head;
use crate::audit::message::{TrailReply, TrailRequest, Verified};
use crate::audit::query::{Page, Query};
use crate::audit::retention::Days;
use crate::audit::{Trail, export};

/// Some records of a trail.
pub async fn query(context: &Context, trail: &Trail, query: &Query) -> Result<Page, Problem> {
    match ask(&context.env, trail, TrailRequest::Query(Box::new(query.clone()))).await? {
        TrailReply::Page(page) => Ok(page),
        other => Err(unexpected(&other)),
    }
}

/// A page of an export as NDJSON, and what to ask for next. The first page, after 0, opens with the anchor; the last one ends
/// with the signed head, and there is no next.
pub async fn export_page(context: &Context, trail: &Trail, after: u64) -> Result<(String, Option<u64>), Problem> {
    match ask(&context.env, trail, TrailRequest::Export { after }).await? {
        TrailReply::Exported(page) => {
            let head = page.next.is_none().then(|| signed(context, trail, &page.last));
            let opening = (after == 0).then_some(trail);
            Ok((export::lines(&page, opening, head), page.next))
        }
        other => Err(unexpected(&other)),
    }
}

/// What is wrong with a part of a trail. Asked again from where it left off, until it says that it is done.
pub async fn verify(context: &Context, trail: &Trail, after: Option<Link>) -> Result<Verified, Problem> {
    match ask(&context.env, trail, TrailRequest::Verify { after }).await? {
        TrailReply::Verified(verified) => Ok(verified),
        other => Err(unexpected(&other)),
    }
}

/// The signed head of a trail, for whoever keeps it elsewhere.
pub async fn head(context: &Context, trail: &Trail) -> Result<String, Problem> {
    match ask(&context.env, trail, TrailRequest::Head).await? {
        TrailReply::Head(last) => Ok(signed(context, trail, &last)),
        other => Err(unexpected(&other)),
    }
}

/// Keeps a trail's records for that long from now on; without days, for ever.
pub async fn keep(context: &Context, trail: &Trail, days: Option<Days>) -> Result<(), Problem> {
    done(ask(&context.env, trail, TrailRequest::Keep { days }).await?)
}

fn done(reply: TrailReply) -> Result<(), Problem> {
    match reply {
        TrailReply::Done => Ok(()),
        other => Err(unexpected(&other)),
    }
}

fn signed(context: &Context, trail: &Trail, last: &Link) -> String {
    Head::new(trail.clone(), last, clock::now()).sign(&context.settings.keys)
}
