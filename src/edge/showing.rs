//! What upstreams are shown: credentials out of the database, and access tokens that were fetched with them.
//!
//! | kept | for how long |
//! |---|---|
//! | which credentials and connections are a user's own | 5 s |
//! | access tokens, by credential, its version and holder | until they are due, which is before they end |
//! | that no token could be fetched | 5 s |

use super::admission::Principal;
use super::context::Context;
use super::tenant::Shown;
use super::timer::Timer;
use super::upstreams::Party;
use super::{clock, connections, database, grant_store, random};
use crate::api::problem::Problem;
use crate::credential::applied::Bound;
use crate::credential::grant::{Came, Flow, Grant, Step, Tokens};
use crate::credential::held::{Carries, Held, Identity, Withheld};
use crate::credential::secret::{Client, Secret};
use crate::entropy::purpose::Purpose;
use crate::id::{TenantId, UpstreamId, UserId};
use crate::outbound::OutboundUrl;
use crate::recent::Recent;
use crate::secret::SecretText;
use crate::settings::Settings;
use crate::store::credentials::{CONNECTIONS, ConnectionRow, CredentialRow, OWN, RESEAL};
use crate::time::{Lifetime, Timestamp};
use crate::upstream::{Upstream, UpstreamFailure};
use futures::channel::oneshot;
use lru::LruCache;
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::rc::Rc;
use std::time::Duration;
use worker::wasm_bindgen::JsValue;

const BELIEVED: Lifetime = Lifetime::from_seconds(5);
/// A token endpoint that failed is not asked again sooner.
const RETRY: Lifetime = Lifetime::from_seconds(5);
/// How long a request waits for a token that another one of this isolate fetches.
const PATIENCE: Lifetime = Lifetime::from_seconds(12);
const PAUSE: Duration = Duration::from_millis(50);
const MAX_USERS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1023);
const MAX_TOKENS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1023);

/// What is a user's own.
struct Own {
    credentials: BTreeMap<UpstreamId, Held>,
    /// When each connection was made, by the credential it was made through.
    connected: BTreeMap<String, Timestamp>,
}

/// What is known of the tokens of one credential and holder.
#[derive(Clone, Default)]
struct Known {
    tokens: Option<Tokens>,
    /// A token that the upstream did not take.
    distrusted: Option<SecretText>,
    fetching_since: Option<Timestamp>,
    failed: Option<(Timestamp, Withheld)>,
}

thread_local! {
    static OWNS: RefCell<Recent<(TenantId, UserId), Rc<Own>>> = RefCell::new(Recent::new(MAX_USERS, BELIEVED));
    static TOKENS: RefCell<LruCache<Identity, Known>> = RefCell::new(LruCache::new(MAX_TOKENS));
}

/// What a credential of a row is. One that is sealed with an older key is sealed anew in the background.
pub fn held(context: &Context, tenant: &TenantId, row: &CredentialRow) -> Held {
    let identity = Identity {
        credential: Some(row.id.clone()),
        version: row.version,
        holder: row.user_id.clone(),
        connected_at: None,
    };
    let carries = match open(&context.settings, tenant, row) {
        Some(secret) => {
            reseal_later(context, tenant, row, &secret);
            carries(&context.settings, row, secret).unwrap_or(Carries::Withheld(Withheld::Unreadable))
        }
        None => Carries::Withheld(Withheld::Unreadable),
    };
    Held { identity, carries }
}

/// The secret of a row, if a key that there is opens it.
pub fn open(settings: &Settings, tenant: &TenantId, row: &CredentialRow) -> Option<Secret> {
    let opened = settings.root.open(&row.sealed, &row.place(tenant)).ok()?;
    serde_json::from_str(opened.expose()).ok()
}

fn carries(settings: &Settings, row: &CredentialRow, secret: Secret) -> Option<Carries> {
    if let Some(bound) = Bound::of(&secret, &row.origin).ok()? {
        return Some(Carries::This(bound));
    }
    let (flow, client) = match secret {
        Secret::ClientCredentials(client) => (Flow::ClientCredentials, client),
        Secret::Connection(connection) => (Flow::Connection, connection.client),
        _ => return None,
    };
    grant(settings, row, flow, client).map(|grant| Carries::Token(Rc::new(grant)))
}

/// The grant of a row, whose token endpoint must be one that the outbound policy allows today.
pub fn grant(settings: &Settings, row: &CredentialRow, flow: Flow, client: Client) -> Option<Grant> {
    Some(Grant {
        upstream: row.upstream_id.clone(),
        credential: row.id.clone(),
        holder: row.user_id.clone(),
        origin: row.origin.clone(),
        flow,
        endpoint: OutboundUrl::parse(&client.token_endpoint, settings.profile.reach()).ok()?,
        client,
        page: format!("{}{}", settings.issuer, connections::PLACE),
    })
}

fn reseal_later(context: &Context, tenant: &TenantId, row: &CredentialRow, secret: &Secret) {
    let root = &context.settings.root;
    if row.sealed.starts_with(&root.current_prefix()) {
        return;
    }
    let Ok(text) = serde_json::to_string(secret).map(SecretText::new) else { return };
    let Ok(sealed) = root.seal(&text, &row.place(tenant), random::bytes::<12>(Purpose::Credential)) else { return };
    let values = [tenant.as_str(), row.id.as_str(), row.sealed.as_str(), sealed.as_str()].map(JsValue::from_str);
    let env = context.env.clone();
    context.background.wait_until(async move {
        // It is tried again with the next reading.
        let _ = database::run(&env, RESEAL, &values).await;
    });
}

/// What an endpoint shows, with what upstreams are shown for this caller: its own credential wins over everybody's, and a
/// connection is nobody else's.
pub async fn shown_to(context: &Context, principal: &Principal, shown: Rc<Shown>) -> Result<Rc<Shown>, Problem> {
    if shown.personal.is_empty() {
        return Ok(shown);
    }
    let own = own(context, principal.tenant(), principal.user()).await?;
    let upstreams = shown.upstreams.iter().map(|upstream| own.equip(principal.user(), upstream)).collect();
    let (endpoint, prefixes) = (shown.endpoint.clone(), shown.prefixes.clone());
    Ok(Rc::new(Shown { endpoint, upstreams, prefixes, personal: shown.personal.clone() }))
}

/// One upstream, with what it is shown for this caller.
pub async fn for_caller(context: &Context, principal: &Principal, upstream: &Upstream) -> Result<Upstream, Problem> {
    Ok(own(context, principal.tenant(), principal.user()).await?.equip(principal.user(), upstream))
}

/// Has what is a user's own read again at the next request of this isolate, which changed something of it.
pub fn forget(tenant: &TenantId, user: &UserId) {
    OWNS.with_borrow_mut(|owns| owns.forget(&(tenant.clone(), user.clone())));
}

async fn own(context: &Context, tenant: &TenantId, user: &UserId) -> Result<Rc<Own>, Problem> {
    let (key, now) = ((tenant.clone(), user.clone()), clock::now());
    if let Some(own) = OWNS.with_borrow_mut(|owns| owns.recall(&key, now)) {
        return Ok(own);
    }
    let values = [JsValue::from_str(tenant.as_str()), JsValue::from_str(user.as_str())];
    let read = database::batch(&context.env, &[(OWN, &values), (CONNECTIONS, &values)]).await?;
    let rows: Vec<CredentialRow> = database::rows(read.first())?;
    let connections: Vec<ConnectionRow> = database::rows(read.get(1))?;
    let credentials = rows.iter().map(|row| (row.upstream_id.clone(), held(context, tenant, row)));
    let connected = connections.into_iter().filter_map(|row| Some((row.id, Timestamp::from_millis(row.connected_at?))));
    let own = Rc::new(Own { credentials: credentials.collect(), connected: connected.collect() });
    OWNS.with_borrow_mut(|owns| owns.keep(key, now, Rc::clone(&own)));
    Ok(own)
}

impl Own {
    fn equip(&self, user: &UserId, upstream: &Upstream) -> Upstream {
        let credential = match (self.credentials.get(&upstream.id), &upstream.credential.carries) {
            (Some(own), _) => own.clone(),
            (None, Carries::Token(grant)) if grant.flow == Flow::Connection => {
                let grant = Grant { holder: Some(user.clone()), ..Grant::clone(grant) };
                let connected_at = self.connected.get(&grant.credential).copied();
                let identity =
                    Identity { holder: Some(user.clone()), connected_at, ..upstream.credential.identity.clone() };
                Held { identity, carries: Carries::Token(Rc::new(grant)) }
            }
            (None, _) => upstream.credential.clone(),
        };
        Upstream { credential, ..upstream.clone() }
    }
}

/// The upstream with its access token at hand, where it wants one; else as it is.
pub async fn equipped<'a>(party: &Party, upstream: &'a Upstream) -> Result<Cow<'a, Upstream>, UpstreamFailure> {
    let Carries::Token(grant) = &upstream.credential.carries else { return Ok(Cow::Borrowed(upstream)) };
    let failure = |why: Withheld| upstream.failure(why.into());
    if upstream.url.origin() != grant.origin {
        return Err(failure(Withheld::OtherOrigin));
    }
    let token = token(party, &upstream.credential.identity, grant).await.map_err(failure)?;
    let bound = Bound::of_token(&token, &grant.origin).map_err(|_| failure(Withheld::Unreadable))?;
    let credential = upstream.credential.with(Carries::This(bound));
    Ok(Cow::Owned(Upstream { credential, ..upstream.clone() }))
}

/// The upstream did not take the access token: another is fetched before it is asked again, unless this one has just come.
pub fn distrust(credential: &Held) {
    if !matches!(credential.carries, Carries::Token(_)) {
        return;
    }
    let now = clock::now();
    change(&credential.identity, |known| {
        let old = known.tokens.take_if(|tokens| now.since(tokens.got_at) >= RETRY);
        known.distrusted = old.map(|tokens| tokens.access).or(known.distrusted.take());
    });
}

/// An access token: one that is known, or one that is fetched, by one request of this isolate at a time.
async fn token(party: &Party, identity: &Identity, grant: &Grant) -> Result<SecretText, Withheld> {
    // What is not connected now has no token, though one may be remembered of a connection that was ended.
    if grant.flow == Flow::Connection && (grant.holder.is_none() || identity.connected_at.is_none()) {
        return Err(Withheld::ConnectFirst { page: grant.page.clone() });
    }
    let end = clock::now().plus(PATIENCE);
    loop {
        let now = clock::now();
        let known = known(identity);
        let usable = known.tokens.as_ref().filter(|tokens| tokens.expires_at.is_none_or(|ends| now < ends));
        if let Some(tokens) = usable.filter(|tokens| !tokens.is_due(now)) {
            return Ok(tokens.access.clone());
        }
        let meanwhile = usable.map(|tokens| tokens.access.clone());
        if let Some((since, why)) = known.failed
            && now.since(since) < RETRY
        {
            return meanwhile.ok_or(why);
        }
        if known.fetching_since.is_none_or(|since| now.since(since) >= PATIENCE) {
            return begin(party, identity, grant, known.distrusted).await;
        }
        match meanwhile {
            Some(token) => return Ok(token),
            None if now >= end => return Err(Withheld::ServerAway),
            None => Timer::from(PAUSE).await,
        }
    }
}

/// Fetches a token, and goes on with that when whoever asked for it has gone: a refresh token that was used and whose successor
/// is not kept would end the connection.
async fn begin(
    party: &Party,
    identity: &Identity,
    grant: &Grant,
    distrusted: Option<SecretText>,
) -> Result<SecretText, Withheld> {
    let fetching = Fetching::begin(identity, clock::now());
    let (told, answer) = oneshot::channel();
    let (asking, identity, grant) = (party.clone(), identity.clone(), grant.clone());
    party.background.wait_until(async move {
        let _fetching = fetching;
        let _ = told.send(fetch(&asking, &identity, &grant, distrusted.as_ref()).await);
    });
    answer.await.unwrap_or(Err(Withheld::ServerAway))
}

/// What is stored, where another isolate has newer tokens; else new ones. Those that are fetched are stored before they are
/// used, for the old refresh token may be worth nothing any more.
async fn fetch(
    party: &Party,
    identity: &Identity,
    grant: &Grant,
    distrusted: Option<&SecretText>,
) -> Result<SecretText, Withheld> {
    for _ in 0..20 {
        let stored = grant_store::read(party, grant).await?;
        let now = clock::now();
        let before = stored.as_ref().map(|stored| match distrusted {
            Some(access) if *access == stored.tokens.access => stored.tokens.clone().ended(now),
            _ => stored.tokens.clone(),
        });
        let (request, meanwhile) = match grant.step(before.as_ref(), now) {
            Step::Use(token) => {
                remember(identity, before);
                return Ok(token);
            }
            Step::ConnectAgain => return Err(Withheld::ConnectFirst { page: grant.page.clone() }),
            Step::Fetch { request, meanwhile } => (request, meanwhile),
        };
        if let Some(stored) = &stored
            && !grant_store::claim(party, grant, stored.version).await?
        {
            match meanwhile {
                Some(token) => return Ok(token),
                None => Timer::from(PAUSE * 10).await,
            }
            continue;
        }
        let answer = super::outbound::send(&request).await;
        let came = grant.on_answer(answer, before.as_ref(), clock::now());
        let version = stored.map(|stored| stored.version);
        return match settle(party, identity, grant, (came, version)).await {
            Err(why @ Withheld::ConnectFirst { .. }) => Err(why),
            Err(Withheld::NotAtHand) => continue,
            Err(why) => {
                grant_store::release(party, grant, version).await?;
                change(identity, |known| {
                    known.failed = Some((clock::now(), why.clone()));
                    known.tokens = before.filter(|_| meanwhile.is_some());
                });
                meanwhile.ok_or(why)
            }
            good => good,
        };
    }
    Err(Withheld::ServerAway)
}

/// Keeps what came of asking. Not at hand means that there are newer tokens than those that were shown.
async fn settle(
    party: &Party,
    identity: &Identity,
    grant: &Grant,
    (came, version): (Came, Option<u32>),
) -> Result<SecretText, Withheld> {
    match came {
        Came::Tokens(tokens) => {
            grant_store::keep(party, (identity, grant), &tokens, version).await?;
            let access = tokens.access.clone();
            remember(identity, Some(tokens));
            Ok(access)
        }
        Came::ConnectAgain => {
            if !grant_store::end(party, grant, version).await? {
                return Err(Withheld::NotAtHand);
            }
            forget(&party.tenant, &party.user);
            Err(Withheld::ConnectFirst { page: grant.page.clone() })
        }
        Came::Refused => Err(Withheld::ClientRefused),
        Came::Away => Err(Withheld::ServerAway),
    }
}

/// A request that fetches a token. It is over when this is dropped, however it ends.
struct Fetching(Identity);

impl Fetching {
    fn begin(identity: &Identity, now: Timestamp) -> Self {
        change(identity, |known| known.fetching_since = Some(now));
        Self(identity.clone())
    }
}

impl Drop for Fetching {
    fn drop(&mut self) {
        change(&self.0, |known| known.fetching_since = None);
    }
}

fn known(identity: &Identity) -> Known {
    TOKENS.with_borrow_mut(|all| all.get(identity).cloned().unwrap_or_default())
}

fn change(identity: &Identity, change: impl FnOnce(&mut Known)) {
    TOKENS.with_borrow_mut(|all| change(all.get_or_insert_mut(identity.clone(), Known::default)));
}

fn remember(identity: &Identity, tokens: Option<Tokens>) {
    change(identity, |known| {
        known.tokens = tokens;
        known.distrusted = None;
        known.failed = None;
    });
}
