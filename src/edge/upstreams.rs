//! What this isolate remembers of what upstreams offer: per tenant and upstream, bounded. What was learned under one address
//! or credential is never used under another.
//!
//! | kept | for how long |
//! |---|---|
//! | last good listing | fresh for 60 s; then used while a newer one is fetched; gone after 10 min |
//! | a failed listing | 5 s, so that a dead upstream delays one caller and not all |

use super::context::Background;
use super::metrics::{self, Cache};
use super::tenant::{self, Shown};
use super::{clock, errand, openapi_source, pinning};
use crate::catalogue::listing::Listing;
use crate::catalogue::naming::Prefix;
use crate::catalogue::view::{Freshness, Part};
use crate::drift::definition::Kind;
use crate::drift::settle::Step;
use crate::id::{TenantId, UpstreamId, UserId};
use crate::settings::Settings;
use crate::time::{Lifetime, Timestamp};
use crate::upstream::survey::Survey;
use crate::upstream::{Upstream, UpstreamFailure, UpstreamLimits, UpstreamProblem};
use futures::future::join_all;
use lru::LruCache;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::rc::Rc;
use worker::Env;

/// A listing younger than this is used as it is.
const FRESH: Lifetime = Lifetime::from_seconds(60);
/// A listing older than this is not used for a call.
const USABLE: Lifetime = Lifetime::from_seconds(600);
/// A failed listing is not tried again sooner.
const RETRY: Lifetime = Lifetime::from_seconds(5);
const MAX_LISTINGS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(255);

/// Where a listing is kept: for whom, where the credential is a user's own.
type Key = (TenantId, UpstreamId, Option<UserId>);

struct Kept {
    upstream: Upstream,
    good: Option<Good>,
    failed: Option<(Timestamp, UpstreamFailure)>,
    /// When a newer listing was last asked for in the background.
    renewed: Option<Timestamp>,
}

#[derive(Clone)]
struct Good {
    /// When the upstream was asked.
    since: Timestamp,
    /// What the upstream said.
    survey: Rc<Survey>,
    /// What is shown of it.
    listing: Rc<Listing>,
    /// What is not to be called.
    withheld: Rc<BTreeSet<(Kind, String)>>,
    /// How often its pins had been changed when it was held to them.
    changes: u32,
    /// Whether the upstream speaks an older revision.
    legacy: bool,
}

thread_local! {
    static LISTINGS: RefCell<LruCache<Key, Kept>> = RefCell::new(LruCache::new(MAX_LISTINGS));
}

/// Whose errands they are, and their limits.
#[derive(Clone)]
pub struct Party {
    /// The tenant from the verified credential.
    pub tenant: TenantId,
    /// The user from the verified credential: a session of an upstream is never shared between users.
    pub user: UserId,
    /// The client's own session, if it has one: then its upstreams' sessions are its alone.
    pub session: Option<String>,
    /// Limits towards upstreams.
    pub limits: UpstreamLimits,
    /// The operator's decisions: what opens stored credentials.
    pub settings: Rc<Settings>,
    /// The platform's bindings.
    pub env: Env,
    /// Runs what nobody waits for.
    pub background: Rc<Background>,
}

/// How a part that is at hand may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// As it is.
    Fresh,
    /// While a newer one is fetched.
    Ageing,
    /// Not for a call, or there is none.
    Old,
}

/// Every upstream's part, asked in parallel where there is no fresh listing.
pub async fn parts(party: &Party, shown: &Shown) -> Vec<Part> {
    join_all(shown.named().map(|(upstream, prefix)| part(party, upstream, prefix))).await
}

/// An upstream's part, asked for where there is no fresh listing and it did not fail just now.
pub async fn part(party: &Party, upstream: &Upstream, prefix: &Prefix) -> Part {
    let now = clock::now();
    if let Some(good) = last_good(party, upstream)
        && now.since(good.since) < FRESH
        && good.changes >= upstream.agreed.changes
    {
        metrics::looked(Cache::Catalogue, true);
        return made(prefix, upstream, Freshness::Fresh, Some(good.listing));
    }
    let failure = match failed_lately(party, upstream, now) {
        Some(failure) => failure,
        None => match refresh(party, upstream).await {
            Ok(listing) => return made(prefix, upstream, Freshness::Fresh, Some(listing)),
            Err(failure) => failure,
        },
    };
    match last_good(party, upstream) {
        Some(good) if good.changes >= upstream.agreed.changes => {
            made(prefix, upstream, Freshness::Stale(failure.to_string()), Some(good.listing))
        }
        _ => made(prefix, upstream, Freshness::Absent(failure.to_string()), None),
    }
}

/// What is at hand of an upstream's part, without asking anybody.
pub fn at_hand(party: &Party, upstream: &Upstream, prefix: &Prefix) -> (Part, Age) {
    let now = clock::now();
    match last_good(party, upstream) {
        Some(good) => {
            metrics::looked(Cache::Catalogue, true);
            let age = now.since(good.since);
            let age = if good.changes < upstream.agreed.changes {
                // Something was decided since.
                Age::Old
            } else if age < FRESH {
                Age::Fresh
            } else if age < USABLE {
                Age::Ageing
            } else {
                Age::Old
            };
            (made(prefix, upstream, Freshness::Fresh, Some(good.listing)), age)
        }
        None => (made(prefix, upstream, Freshness::Absent("has not been asked yet".into()), None), Age::Old),
    }
}

/// Whether an upstream that was asked speaks an older revision.
pub fn is_legacy(party: &Party, upstream: &Upstream) -> bool {
    last_good(party, upstream).is_some_and(|good| good.legacy)
}

/// The upstream said that its lists have changed: what is remembered is not fresh any more.
pub fn outdate(party: &Party, upstream: &Upstream) {
    keep(party, upstream, |kept| {
        kept.failed = None;
        if let Some(good) = &mut kept.good {
            good.since = good.since.minus(FRESH);
        }
    });
}

/// Fetches a newer listing in the background, unless that was done just now.
pub fn refresh_later(party: &Party, upstream: &Upstream) {
    let now = clock::now();
    let lately = look(party, upstream, |kept| kept.renewed).is_some_and(|since| now.since(since) < RETRY);
    if lately || failed_lately(party, upstream, now).is_some() {
        return;
    }
    keep(party, upstream, |kept| kept.renewed = Some(now));
    let (asking, upstream) = (party.clone(), upstream.clone());
    party.background.wait_until(async move {
        // A failure is kept, and shown where the listing is.
        let _ = refresh(&asking, &upstream).await;
    });
}

/// Fetches a newer listing now, unless that failed just now.
pub async fn renew(party: &Party, upstream: &Upstream) -> Result<(), UpstreamFailure> {
    match failed_lately(party, upstream, clock::now()) {
        Some(failure) => Err(failure),
        None => refresh(party, upstream).await.map(drop),
    }
}

/// Asks an upstream now, whatever is known of it. What happened to what it offers. What is known of an API is pinned before its
/// document is fetched again: what that says now is compared with what was imported.
pub async fn scan(party: &Party, upstream: &Upstream) -> Result<Vec<Step>, UpstreamFailure> {
    let (_, mut steps) = asked(party, upstream).await?;
    if let Some(renewed) = openapi_source::renewed(party, upstream).await? {
        tenant::forget(&party.tenant);
        steps.extend(asked(party, &renewed).await?.1);
    }
    Ok(steps)
}

/// Whether calls of something are refused because of what became of it.
pub fn withholds(party: &Party, upstream: &Upstream, kind: Kind, own: &str) -> bool {
    let among = |good: &Good| !good.withheld.is_empty() && good.withheld.contains(&(kind, own.to_owned()));
    look(party, upstream, |kept| kept.good.as_ref().map(among)).unwrap_or_default()
}

/// The same of a resource, which is withheld too where only templates that are withheld give it.
pub fn withholds_resource(party: &Party, upstream: &Upstream, uri: &str) -> bool {
    let by_templates = |good: &Good| {
        let mut giving = good.listing.templates_giving(uri).peekable();
        let is_withheld = |text: &str| good.withheld.contains(&(Kind::Template, text.to_owned()));
        good.listing.resource(uri).is_none()
            && giving.peek().is_some()
            && giving.all(|template| is_withheld(&template.uri_template))
    };
    let among = |good: &Good| !good.withheld.is_empty() && by_templates(good);
    withholds(party, upstream, Kind::Resource, uri)
        || look(party, upstream, |kept| kept.good.as_ref().map(among)).unwrap_or_default()
}

/// A listing that is held to what is pinned now. The upstream is not asked where what it said is fresh and only something
/// was decided since.
async fn refresh(party: &Party, upstream: &Upstream) -> Result<Rc<Listing>, UpstreamFailure> {
    let fresh = last_good(party, upstream).filter(|good| clock::now().since(good.since) < FRESH);
    match fresh.filter(|good| good.changes < upstream.agreed.changes) {
        Some(good) => {
            settled(party, upstream, (good.survey, good.legacy), good.since).await.map(|(listing, _)| listing)
        }
        None => asked(party, upstream).await.map(|(listing, _)| listing),
    }
}

async fn asked(party: &Party, upstream: &Upstream) -> Result<(Rc<Listing>, Vec<Step>), UpstreamFailure> {
    metrics::looked(Cache::Catalogue, false);
    let since = clock::now();
    match errand::survey(party, upstream).await {
        Ok((survey, legacy)) => match last_good(party, upstream) {
            // It was asked again and answered meanwhile: what it said before that is no news.
            Some(good) if good.since > since && good.changes >= upstream.agreed.changes => {
                Ok((good.listing, Vec::new()))
            }
            _ => settled(party, upstream, (Rc::new(survey), legacy), since).await,
        },
        Err(failure) => {
            keep(party, upstream, |kept| kept.failed = Some((clock::now(), failure.clone())));
            Err(failure)
        }
    }
}

/// Holds what an upstream said to what is pinned, and remembers what is shown of it.
async fn settled(
    party: &Party,
    upstream: &Upstream,
    (survey, legacy): (Rc<Survey>, bool),
    since: Timestamp,
) -> Result<(Rc<Listing>, Vec<Step>), UpstreamFailure> {
    let held = match Prefix::parse(&upstream.name) {
        Ok(prefix) => pinning::hold(party, upstream, Survey::clone(&survey)).await.map(|held| (prefix, held)),
        Err(_) => Err(upstream.failure(UpstreamProblem::Misconfigured)),
    };
    let admitted = held.map(|(prefix, held)| {
        let listing = Rc::new(Listing::admit(upstream.id.clone(), prefix, held.served.survey));
        let withheld = Rc::new(held.served.withheld);
        (Good { since, survey, listing, withheld, changes: held.changes, legacy }, held.steps)
    });
    keep(party, upstream, |kept| match &admitted {
        Ok((good, _)) => {
            let newest = |known: &Good| (known.since, known.changes) <= (good.since, good.changes);
            if kept.good.as_ref().is_none_or(newest) {
                kept.good = Some(good.clone());
            }
            kept.failed = None;
        }
        Err(failure) => kept.failed = Some((clock::now(), failure.clone())),
    });
    admitted.map(|(good, steps)| (good.listing, steps))
}

fn made(prefix: &Prefix, upstream: &Upstream, freshness: Freshness, listing: Option<Rc<Listing>>) -> Part {
    Part { upstream: upstream.id.clone(), prefix: prefix.clone(), freshness, listing }
}

fn keep(party: &Party, upstream: &Upstream, change: impl FnOnce(&mut Kept)) {
    LISTINGS.with_borrow_mut(|listings| {
        let key = key(party, upstream);
        let empty = || Kept { upstream: upstream.clone(), good: None, failed: None, renewed: None };
        let kept = listings.get_or_insert_mut(key, empty);
        if !kept.upstream.is_asked_like(upstream) {
            *kept = empty();
        }
        change(kept);
    });
}

fn key(party: &Party, upstream: &Upstream) -> Key {
    (party.tenant.clone(), upstream.id.clone(), upstream.credential.identity.holder.clone())
}

fn last_good(party: &Party, upstream: &Upstream) -> Option<Good> {
    look(party, upstream, |kept| kept.good.clone())
}

fn failed_lately(party: &Party, upstream: &Upstream, now: Timestamp) -> Option<UpstreamFailure> {
    let (since, failure) = look(party, upstream, |kept| kept.failed.clone())?;
    (now.since(since) < RETRY).then_some(failure)
}

fn look<T>(party: &Party, upstream: &Upstream, read: impl FnOnce(&Kept) -> Option<T>) -> Option<T> {
    LISTINGS.with_borrow_mut(|listings| {
        let kept = listings.get(&key(party, upstream))?;
        if kept.upstream.is_asked_like(upstream) { read(kept) } else { None }
    })
}
