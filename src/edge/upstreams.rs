//! What this isolate remembers of upstreams, and how an errand to one is run.
//!
//! Kept per tenant and upstream, bounded, and only as plain values: no I/O object outlives the request that made it. What was
//! learned under one address or credential is never used under another.
//!
//! | kept | for how long |
//! |---|---|
//! | era and session | until the upstream refuses it; a session belongs to one user |
//! | last good listing | fresh for 60 s; then used while a newer one is fetched; gone after 10 min |
//! | a failed listing | 5 s, so that a dead upstream delays one caller and not all |

use super::context::Background;
use super::{clock, outbound};
use crate::id::{TenantId, UpstreamId, UserId};
use crate::mcp::wire::CallToolResult;
use crate::outbound::OutboundFailure;
use crate::time::{Lifetime, Timestamp};
use crate::tool::catalogue::{Freshness, Part};
use crate::tool::definition::{Listing, Offered, Prefix};
use crate::upstream::exchange::{Errand, Exchange, Outcome, Progress};
use crate::upstream::request::Link;
use crate::upstream::{ProtocolBreach, Upstream, UpstreamFailure, UpstreamLimits, UpstreamProblem, param};
use futures::future::join_all;
use lru::LruCache;
use serde_json::{Map, Value};
use std::cell::{Cell, RefCell};
use std::num::NonZeroUsize;
use std::rc::Rc;

/// A listing younger than this is used as it is.
const FRESH: Lifetime = Lifetime::from_seconds(60);
/// A listing older than this is not used for a call.
const USABLE: Lifetime = Lifetime::from_seconds(600);
/// A failed listing is not tried again sooner.
const RETRY: Lifetime = Lifetime::from_seconds(5);
/// More ids than one exchange uses.
const IDS_PER_EXCHANGE: u64 = 64;
const MAX_LINKS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1023);
const MAX_LISTINGS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(63);

type LinkKey = (TenantId, UpstreamId, Option<UserId>);

struct KeptListing {
    upstream: Upstream,
    good: Option<(Timestamp, Rc<Listing>)>,
    failed: Option<(Timestamp, UpstreamFailure)>,
    /// When a newer listing was last asked for in the background.
    renewed: Option<Timestamp>,
}

thread_local! {
    static LINKS: RefCell<LruCache<LinkKey, (Upstream, Link)>> = RefCell::new(LruCache::new(MAX_LINKS));
    static LISTINGS: RefCell<LruCache<(TenantId, UpstreamId), KeptListing>> = RefCell::new(LruCache::new(MAX_LISTINGS));
    static NEXT_ID: Cell<u64> = const { Cell::new(1) };
}

/// Whose errands they are, and their limits.
#[derive(Clone)]
pub struct Party {
    /// The tenant from the verified credential.
    pub tenant: TenantId,
    /// The user from the verified credential: a session of an upstream is never shared between users.
    pub user: UserId,
    /// Limits towards upstreams.
    pub limits: UpstreamLimits,
}

/// A tool of an upstream, found in its listing.
pub enum Lookup {
    /// It is there.
    Found(Rc<Offered>),
    /// The upstream has no such tool.
    Unknown,
    /// The upstream's tools cannot be had.
    Failed(UpstreamFailure),
}

/// Every upstream's part of the catalogue, asked in parallel where there is no fresh listing.
pub async fn parts(party: &Party, upstreams: &[Upstream]) -> Vec<Part> {
    join_all(upstreams.iter().map(|upstream| part(party, upstream))).await
}

async fn part(party: &Party, upstream: &Upstream) -> Part {
    let name = upstream.name.clone();
    let now = clock::now();
    if let Some((since, listing)) = last_good(party, upstream)
        && now.since(since) < FRESH
    {
        return Part { upstream: name, freshness: Freshness::Fresh, listing: Some(listing) };
    }
    let failure = match failed_lately(party, upstream, now) {
        Some(failure) => failure,
        None => match refresh(party, upstream).await {
            Ok(listing) => return Part { upstream: name, freshness: Freshness::Fresh, listing: Some(listing) },
            Err(failure) => failure,
        },
    };
    match last_good(party, upstream) {
        Some((_, listing)) => {
            Part { upstream: name, freshness: Freshness::Stale(failure.to_string()), listing: Some(listing) }
        }
        None => Part { upstream: name, freshness: Freshness::Absent(failure.to_string()), listing: None },
    }
}

/// Finds a tool by its exposed name. In steady state this asks nobody: an ageing listing is used, and a newer one is
/// fetched in the background. Only a listing that is too old or does not have the tool is fetched again at once.
pub async fn find(party: &Party, upstream: &Upstream, name: &str, background: &Background) -> Lookup {
    let now = clock::now();
    let kept = last_good(party, upstream).map(|(since, listing)| (now.since(since), listing));
    if let Some((age, listing)) = kept {
        let found = listing.find(name).cloned();
        match found {
            Some(found) if age < FRESH => return Lookup::Found(found),
            Some(found) if age < USABLE => {
                if failed_lately(party, upstream, now).is_none() {
                    refresh_later(party, upstream, background);
                }
                return Lookup::Found(found);
            }
            None if age < FRESH => return Lookup::Unknown,
            _ => {}
        }
    }
    if let Some(failure) = failed_lately(party, upstream, now) {
        return Lookup::Failed(failure);
    }
    match refresh(party, upstream).await {
        Ok(listing) => listing.find(name).cloned().map_or(Lookup::Unknown, Lookup::Found),
        Err(failure) => Lookup::Failed(failure),
    }
}

/// Calls a tool with validated arguments: exactly one request when the link is known.
pub async fn call(
    party: &Party,
    upstream: &Upstream,
    tool: &Offered,
    arguments: Map<String, Value>,
) -> Result<CallToolResult, UpstreamFailure> {
    let annotated = param::annotations(&tool.definition.input_schema).unwrap_or_default();
    let params = param::headers(&annotated, &arguments);
    let errand = Errand::Call { tool: tool.own_name.clone(), arguments, params };
    match run(party, upstream, errand).await? {
        Outcome::Called(result) => Ok(result),
        Outcome::Listed { .. } => Err(upstream.failure(ProtocolBreach::Result.into())),
    }
}

fn refresh_later(party: &Party, upstream: &Upstream, background: &Background) {
    let now = clock::now();
    if look(party, upstream, |kept| kept.renewed).is_some_and(|since| now.since(since) < RETRY) {
        return;
    }
    keep(party, upstream, |kept| kept.renewed = Some(now));
    let (party, upstream) = (party.clone(), upstream.clone());
    background.wait_until(async move {
        // A failure is kept, and shown where the listing is.
        let _ = refresh(&party, &upstream).await;
    });
}

async fn refresh(party: &Party, upstream: &Upstream) -> Result<Rc<Listing>, UpstreamFailure> {
    let outcome = match Prefix::parse(&upstream.name) {
        Ok(prefix) => run(party, upstream, Errand::List).await.map(|outcome| (prefix, outcome)),
        Err(_) => Err(upstream.failure(UpstreamProblem::Misconfigured)),
    };
    let listed = outcome.and_then(|(prefix, outcome)| match outcome {
        Outcome::Listed { tools, .. } => Ok(Rc::new(Listing::admit(upstream.id.clone(), prefix, tools))),
        Outcome::Called(_) => Err(upstream.failure(ProtocolBreach::Result.into())),
    });
    let now = clock::now();
    keep(party, upstream, |kept| match &listed {
        Ok(listing) => {
            kept.good = Some((now, Rc::clone(listing)));
            kept.failed = None;
        }
        Err(failure) => kept.failed = Some((now, failure.clone())),
    });
    listed
}

async fn run(party: &Party, upstream: &Upstream, errand: Errand) -> Result<Outcome, UpstreamFailure> {
    let first_id = NEXT_ID.replace(NEXT_ID.get() + IDS_PER_EXCHANGE);
    let link = known_link(party, upstream);
    let mut exchange = Exchange::new(upstream, link.clone(), errand, first_id, party.limits.deadline);
    let outcome = drive(&mut exchange, party.limits.deadline).await;
    keep_link(party, upstream, link.as_ref(), exchange.into_link());
    outcome
}

/// Sends what the exchange wants until it ends. All its requests share one deadline.
async fn drive(exchange: &mut Exchange<'_>, deadline: Lifetime) -> Result<Outcome, UpstreamFailure> {
    let end = clock::now().plus(deadline);
    let mut progress = exchange.begin();
    loop {
        let mut request = match progress {
            Progress::Send(request) => request,
            Progress::Done(outcome) => return Ok(outcome),
            Progress::Failed(failure) => return Err(failure),
        };
        request.deadline = end.since(clock::now());
        let answer =
            if request.deadline.millis() == 0 { Err(OutboundFailure::Timeout) } else { outbound::send(&request).await };
        progress = exchange.on_answer(answer);
    }
}

fn link_key(party: &Party, upstream: &Upstream, user: Option<&UserId>) -> LinkKey {
    (party.tenant.clone(), upstream.id.clone(), user.cloned())
}

fn known_link(party: &Party, upstream: &Upstream) -> Option<Link> {
    LINKS.with_borrow_mut(|links| {
        [None, Some(&party.user)].into_iter().find_map(|user| {
            let (known, link) = links.get(&link_key(party, upstream, user))?;
            (known == upstream).then(|| link.clone())
        })
    })
}

/// Keeps what an exchange learned; most learn nothing.
fn keep_link(party: &Party, upstream: &Upstream, before: Option<&Link>, link: Option<Link>) {
    if before == link.as_ref() {
        return;
    }
    LINKS.with_borrow_mut(|links| {
        let owner = matches!(link, Some(Link::Legacy { .. })).then_some(&party.user);
        for user in [None, Some(&party.user)] {
            if user != owner || link.is_none() {
                links.pop(&link_key(party, upstream, user));
            }
        }
        if let Some(link) = link {
            links.put(link_key(party, upstream, owner), (upstream.clone(), link));
        }
    });
}

fn keep(party: &Party, upstream: &Upstream, change: impl FnOnce(&mut KeptListing)) {
    LISTINGS.with_borrow_mut(|listings| {
        let key = (party.tenant.clone(), upstream.id.clone());
        let empty = || KeptListing { upstream: upstream.clone(), good: None, failed: None, renewed: None };
        let kept = listings.get_or_insert_mut(key, empty);
        if kept.upstream != *upstream {
            *kept = empty();
        }
        change(kept);
    });
}

fn last_good(party: &Party, upstream: &Upstream) -> Option<(Timestamp, Rc<Listing>)> {
    look(party, upstream, |kept| kept.good.clone())
}

fn failed_lately(party: &Party, upstream: &Upstream, now: Timestamp) -> Option<UpstreamFailure> {
    let (since, failure) = look(party, upstream, |kept| kept.failed.clone())?;
    (now.since(since) < RETRY).then_some(failure)
}

fn look<T>(party: &Party, upstream: &Upstream, read: impl FnOnce(&KeptListing) -> Option<T>) -> Option<T> {
    LISTINGS.with_borrow_mut(|listings| {
        let kept = listings.get(&(party.tenant.clone(), upstream.id.clone()))?;
        if kept.upstream == *upstream { read(kept) } else { None }
    })
}
