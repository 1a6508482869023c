//! How this isolate is linked to upstreams: bounded, and only as plain values. What was learned under one address or
//! credential is never used under another, and a session of an upstream is never shared between users, nor between clients
//! that can do different things.

use super::upstreams::Party;
use crate::id::{TenantId, UpstreamId, UserId};
use crate::mcp::capability::ClientCapabilities;
use crate::upstream::Upstream;
use crate::upstream::link::Link;
use lru::LruCache;
use std::cell::{Cell, RefCell};
use std::num::NonZeroUsize;

/// More ids than one exchange uses.
const IDS_PER_EXCHANGE: u64 = 128;
const MAX_LINKS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1023);

/// Whose session it is, for which session of the client, and what the client declared; `None` where every request stands
/// alone.
type Owner = (UserId, Option<String>, String);
/// Where a link is kept: for whom, where the credential is a user's own, besides.
type Key = (TenantId, UpstreamId, Option<UserId>, Option<Owner>);

thread_local! {
    static LINKS: RefCell<LruCache<Key, (Upstream, Link)>> = RefCell::new(LruCache::new(MAX_LINKS));
    static NEXT_ID: Cell<u64> = const { Cell::new(1) };
}

/// Ids for the requests of one exchange, which nobody else in this isolate uses.
pub fn ids() -> u64 {
    NEXT_ID.replace(NEXT_ID.get() + IDS_PER_EXCHANGE)
}

/// The link for a client that declares this.
pub fn known(party: &Party, upstream: &Upstream, declares: &ClientCapabilities) -> Option<Link> {
    LINKS.with_borrow_mut(|links| {
        let mut get = |owner| {
            let (known, link) = links.get(&key(party, upstream, owner))?;
            known.is_asked_like(upstream).then(|| link.clone())
        };
        get(None).or_else(|| get(Some(owner(party, declares))))
    })
}

/// Keeps what an exchange learned; most learn nothing.
pub fn keep(
    party: &Party,
    upstream: &Upstream,
    declares: &ClientCapabilities,
    before: Option<&Link>,
    link: Option<Link>,
) {
    if before == link.as_ref() {
        return;
    }
    LINKS.with_borrow_mut(|links| {
        let own = Some(owner(party, declares));
        if let Some(link) = link {
            let (kept, gone) = if link.is_legacy() { (own, None) } else { (None, own) };
            links.pop(&key(party, upstream, gone));
            links.put(key(party, upstream, kept), (upstream.clone(), link));
        } else {
            links.pop(&key(party, upstream, own));
            links.pop(&key(party, upstream, None));
        }
    });
}

fn owner(party: &Party, declares: &ClientCapabilities) -> Owner {
    // Maps with text keys always serialize.
    let written = declares.answers().then(|| serde_json::to_string(declares).unwrap_or_default());
    (party.user.clone(), party.session.clone(), written.unwrap_or_default())
}

fn key(party: &Party, upstream: &Upstream, owner: Option<Owner>) -> Key {
    (party.tenant.clone(), upstream.id.clone(), upstream.credential.identity.holder.clone(), owner)
}
