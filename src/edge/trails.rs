//! Asking audit trails: to append to them, and for whoever may see a tenant's records or decide how long they are kept.

use super::context::Context;
use super::metrics::Part;
use super::timer::Timer;
use super::{clock, objects, spans};
use crate::api::problem::{AUDIT_TRAIL, Problem};
use crate::audit::append::MAX_DRAFTS;
use crate::audit::chain::Link;
use crate::audit::head::Head;
use crate::audit::message::{Question, TrailReply, TrailRequest, Verified};
use crate::audit::query::{Page, Query};
use crate::audit::record::Draft;
use crate::audit::retention::Days;
use crate::audit::shared::{Shared, Ticket, Turn};
use crate::audit::{Trail, export};
use crate::store::keys;
use crate::trace::work::Work;
use std::cell::RefCell;
use std::time::Duration;
use worker::Env;

/// When a request looks first whether its record is written, and how often at least from then on.
const FIRST_LOOK: Duration = Duration::from_millis(1);
const LAST_LOOK: Duration = Duration::from_millis(8);

thread_local! {
    static SHARED: RefCell<Shared> = RefCell::default();
}

/// Appends to a trail, in one append and in this order. It may be repeated: what is written already stays as it is.
pub async fn append(env: &Env, trail: &Trail, drafts: &[Draft]) -> Result<(), Problem> {
    for some in drafts.chunks(MAX_DRAFTS) {
        match ask(env, trail, TrailRequest::Append { drafts: some.to_vec() }).await? {
            TrailReply::Done => {}
            other => return Err(unexpected(&other)),
        }
    }
    Ok(())
}

/// Appends one record to a trail, together with those of other requests that wait at the same time.
///
/// Nobody is woken by another request, because work goes on in the request that wakes it: each looks again by a timer of its
/// own.
pub async fn append_together(env: &Env, trail: &Trail, draft: Draft) -> Result<(), Problem> {
    let ticket = SHARED.with_borrow_mut(|shared| shared.bring(trail, draft));
    let _waiting = Waiting { trail, ticket };
    let (mut pause, mut problem) = (FIRST_LOOK, None);
    loop {
        match SHARED.with_borrow_mut(|shared| shared.look(trail, ticket, clock::now())) {
            Turn::Write(round, drafts) => {
                problem = append(env, trail, &drafts).await.err();
                SHARED.with_borrow_mut(|shared| shared.end(trail, round, problem.is_none()));
            }
            Turn::Wait => {
                Timer::from(pause).await;
                pause = (pause * 2).min(LAST_LOOK);
            }
            Turn::Written => return Ok(()),
            Turn::Failed => return Err(problem.unwrap_or_else(|| unavailable("with the records of others".into()))),
        }
    }
}

/// A record that a request waits for, as long as it does.
struct Waiting<'a> {
    trail: &'a Trail,
    ticket: Ticket,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        SHARED.with_borrow_mut(|shared| shared.leave(self.trail, self.ticket));
    }
}

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

/// Asks a trail, and once more when it did not answer: every question may be repeated. Both together in the time of one answer.
pub async fn ask(env: &Env, trail: &Trail, request: TrailRequest) -> Result<TrailReply, Problem> {
    spans::open(Work::Object("audit_trail")).over(asked(env, trail, request)).await
}

async fn asked(env: &Env, trail: &Trail, request: TrailRequest) -> Result<TrailReply, Problem> {
    let question = Question { trail: trail.clone(), request };
    let answer = async {
        match exchange(env, &question).await {
            Ok(reply) => Ok(reply),
            Err(_) => exchange(env, &question).await,
        }
    };
    objects::in_time(AUDIT_TRAIL, answer).await
}

fn unavailable(reason: String) -> Problem {
    Problem::Unavailable { part: AUDIT_TRAIL, reason }
}

/// The problem of an answer that does not belong to the question: a trail of another version, while one is rolled out.
pub fn unexpected(reply: &TrailReply) -> Problem {
    let kind = match reply {
        TrailReply::Done => "done",
        TrailReply::Page(_) => "a page",
        TrailReply::Exported(_) => "an export",
        TrailReply::Verified(_) => "a verification",
        TrailReply::Head(_) => "a head",
    };
    unavailable(format!("an unexpected answer: {kind}"))
}

async fn exchange(env: &Env, question: &Question) -> worker::Result<TrailReply> {
    let name = keys::audit_trail(&question.trail);
    objects::ask(env, Part::AuditTrail, ("AUDIT_TRAIL", &name), question).await
}
