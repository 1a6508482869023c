//! What an endpoint shows, and what a name at it stands for. In steady state nobody is asked for it: an ageing listing is
//! used, and a newer one is fetched in the background.

use super::admission::Principal;
use super::context::Context;
use super::rights::Rights;
use super::tenant::Shown;
use super::upstreams::{self, Age, Party};
use crate::catalogue::endpoint::PrefixMode;
use crate::catalogue::eyes::{Eyes, Seen};
use crate::catalogue::item::Item;
use crate::catalogue::listing::Kind;
use crate::catalogue::naming::Prefix;
use crate::catalogue::view::{Freshness, Lookup, Part, View, everywhere};
use crate::drift::definition as drift;
use crate::mcp::reply::Degraded;
use crate::observe::Event;
use crate::upstream::{Upstream, UpstreamFailure, UpstreamProblem};
use futures::future::join_all;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// What a name stands for.
pub struct At<T> {
    /// Which of the endpoint's upstreams.
    pub index: usize,
    /// What it is there.
    pub own: T,
}

/// Why a name stands for nothing.
pub enum Lost {
    /// There is nothing of that name.
    Unknown,
    /// It may be an upstream's that cannot be asked.
    Failed(UpstreamFailure),
}

/// Every upstream's part, for a list. One that cannot be asked is said in the log, and takes away nothing but its own.
pub async fn parts(context: &Context, principal: &Principal, party: &Party, shown: &Shown) -> Vec<Part> {
    let all = upstreams::parts(party, shown).await;
    for (part, upstream) in all.iter().zip(&shown.upstreams) {
        if let Freshness::Stale(reason) | Freshness::Absent(reason) = &part.freshness {
            let (tenant, upstream) = (principal.tenant().clone(), upstream.name.clone());
            context.log(&Event::UpstreamDegraded { tenant, upstream, reason: reason.clone() });
        }
    }
    all
}

/// The `serverInfo` of the one upstream that an endpoint stands for, as it is at hand.
pub fn server_info(party: &Party, shown: &Shown) -> Option<Map<String, Value>> {
    // Any other endpoint is the gateway's own, and every call would pay for the look.
    let [_] = shown.upstreams.as_slice() else { return None };
    let at_hand: Vec<Part> =
        shown.named().map(|(upstream, prefix)| upstreams::at_hand(party, upstream, prefix).0).collect();
    View::new(&shown.endpoint, &at_hand).server_info().cloned()
}

/// The upstreams whose parts are old or not there, for whoever reads the list.
pub fn degraded(shown: &Shown, parts: &[Part]) -> Vec<Degraded> {
    let named = shown.upstreams.iter().zip(parts);
    let degraded = named.filter_map(|(upstream, part)| {
        let (state, reason) = match &part.freshness {
            Freshness::Fresh => return None,
            Freshness::Stale(reason) => ("stale", reason),
            Freshness::Absent(reason) => ("absent", reason),
        };
        Some(Degraded { upstream: upstream.name.clone(), state, reason: reason.clone() })
    });
    degraded.collect()
}

/// Every upstream's part as it is at hand, asked for only where there is none that can be used.
pub async fn parts_at_hand(party: &Party, shown: &Shown) -> Vec<Part> {
    let part = async |(upstream, prefix)| match upstreams::at_hand(party, upstream, prefix) {
        (part, Age::Fresh) => part,
        (part, Age::Ageing) => {
            upstreams::refresh_later(party, upstream);
            part
        }
        (_, Age::Old) => upstreams::part(party, upstream, prefix).await,
    };
    join_all(shown.named().map(part)).await
}

/// Whether what a name stands for, or would stand for, is withheld: its upstream changed it, or nobody approved it yet. Of what
/// the caller may not see nothing is said.
fn withheld<T: Item>(party: &Party, shown: &Shown, rights: &Rights, name: &str) -> Option<UpstreamFailure> {
    let kind = kind_of(T::KIND)?;
    let is_withheld = |(upstream, prefix): &(&Upstream, &Prefix)| {
        let bare = Some(Cow::Borrowed(name)).filter(|_| shown.endpoint.mode != PrefixMode::Always);
        let Some(own) = T::hide(prefix, name).or(bare) else { return false };
        let everywhere = everywhere::<T>(prefix, &own);
        let seen = Seen { kind: T::KIND, name: &everywhere, upstream: Some(prefix), annotations: None };
        let withheld = match kind {
            drift::Kind::Resource => upstreams::withholds_resource(party, upstream, &own),
            kind => upstreams::withholds(party, upstream, kind, &own),
        };
        withheld && rights.sees(&seen)
    };
    shown.named().find(is_withheld).map(|(upstream, _)| upstream.failure(UpstreamProblem::Quarantined))
}

const fn kind_of(kind: Kind) -> Option<drift::Kind> {
    Some(match kind {
        Kind::Tool => drift::Kind::Tool,
        Kind::Prompt => drift::Kind::Prompt,
        Kind::Resource => drift::Kind::Resource,
        Kind::Template => drift::Kind::Template,
        Kind::Introduction | Kind::Unread => return None,
    })
}

/// Finds what a name stands for. Something withheld is a failure of its upstream, whether or not it is shown.
pub async fn locate<T: Item, F>(
    party: &Party,
    shown: &Shown,
    rights: &Rights,
    name: &str,
    find: impl Fn(&View<'_>) -> Lookup<F>,
) -> Result<At<F>, Lost> {
    let found = look_for(party, shown, rights, find).await;
    match (found, withheld::<T>(party, shown, rights, name)) {
        (Ok(_) | Err(Lost::Unknown), Some(failure)) => Err(Lost::Failed(failure)),
        (found, _) => found,
    }
}

/// Only a listing that is too old, or where nothing is found and it is not fresh, is fetched again at once.
async fn look_for<T>(
    party: &Party,
    shown: &Shown,
    rights: &Rights,
    find: impl Fn(&View<'_>) -> Lookup<T>,
) -> Result<At<T>, Lost> {
    let sees = rights.look();
    let mut failures: Vec<Option<UpstreamFailure>> = vec![None; shown.upstreams.len()];
    for asked in [false, true] {
        let (at_hand, ages): (Vec<Part>, Vec<Age>) =
            shown.named().map(|(upstream, prefix)| upstreams::at_hand(party, upstream, prefix)).unzip();
        let age = |index: usize| ages.get(index).copied().unwrap_or(Age::Old);
        let failed = |index: usize| failures.get(index).cloned().flatten();
        let needed: Vec<usize> = match find(&View::new(&shown.endpoint, &at_hand).seen_by(Eyes::of(&sees))) {
            Lookup::Found { part, own } if age(part) != Age::Old => {
                if let (Age::Ageing, Some(upstream)) = (age(part), shown.upstreams.get(part)) {
                    upstreams::refresh_later(party, upstream);
                }
                return Ok(At { index: part, own });
            }
            Lookup::Found { part, .. } | Lookup::Missing(part) if asked => {
                return Err(failed(part).map_or(Lost::Unknown, Lost::Failed));
            }
            Lookup::Found { part, .. } | Lookup::Missing(part) => vec![part],
            Lookup::Unknown => (0..ages.len()).filter(|index| age(*index) != Age::Fresh).collect(),
        };
        if asked || needed.is_empty() {
            return Err(Lost::Unknown);
        }
        let renewed = needed.iter().filter_map(|index| Some((*index, shown.upstreams.get(*index)?)));
        for (index, outcome) in
            join_all(renewed.map(async |(index, upstream)| (index, upstreams::renew(party, upstream).await))).await
        {
            if let (Err(failure), Some(failed)) = (outcome, failures.get_mut(index)) {
                *failed = Some(failure);
            }
        }
    }
    Err(Lost::Unknown)
}
