//! From a request's credentials to a principal that may make one call.
//!
//! 1. the token or key, from the `Authorization` header alone, and for this endpoint;
//! 2. a token's signature and claims, remembered per isolate until it expires; a key's tag;
//! 3. who the caller is as it stands in the database, remembered for a few seconds; a key's secret, time and networks;
//! 4. one call out of the lease this isolate holds, or one question to the principal's gate.

use super::context::Context;
use super::metrics::{self, Cache};
use super::rights::Rights;
use super::standing::{self, Standing};
use super::tenant::{self, Rules};
use super::{clock, gate};
use crate::account::api_key::KeyRefusal;
use crate::api::problem::{Limit, Problem};
use crate::gate::bucket::Policy;
use crate::gate::lease::{Leases, Step};
use crate::gate::message::{GateReply, GateRequest};
use crate::id::{ApiKeyId, SessionId, TenantId, TokenId, UserId};
use crate::mcp::ticket::Place;
use crate::observe::Who;
use crate::policy::facts::Subject;
use crate::scope::Scope;
use crate::store::keys;
use crate::time::Timestamp;
use crate::token::access::{self, AccessClaims, Expectation, TokenRefusal, VerifiedToken};
use crate::token::opaque::{self, Kind};
use futures::future::try_join;
use lru::LruCache;
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::num::NonZeroUsize;
use std::rc::Rc;
use std::sync::LazyLock;

/// Verified tokens remembered per isolate.
const MAX_VERIFIED: NonZeroUsize = NonZeroUsize::new(4096).unwrap();

thread_local! {
    /// By SHA-256 of the token's text; an entry is good until the token expires.
    static VERIFIED: RefCell<LruCache<[u8; 32], Rc<VerifiedToken>>> = RefCell::new(LruCache::new(MAX_VERIFIED));
    static LEASES: RefCell<Leases> = RefCell::new(Leases::default());
}

/// What a key may be used for that is not there.
static NOTHING: LazyLock<Scope> = LazyLock::new(Scope::default);

/// What a caller presents with a request.
pub struct Presented<'a> {
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The virtual server whose endpoint it is for, if it is for one.
    pub server: Option<&'a str>,
    /// Where the request comes from.
    pub source: &'a str,
}

/// What a caller came with, and was found good.
#[derive(Clone)]
enum Credential {
    Token(Rc<VerifiedToken>),
    Key(Rc<KeyInUse>),
}

/// An API key that a caller presented.
struct KeyInUse {
    tenant: TenantId,
    user: UserId,
    /// Its id, as the gate knows it.
    token: TokenId,
}

/// A caller whose token or key is good and who was given one call.
#[derive(Clone)]
pub struct Principal {
    credential: Credential,
    standing: Rc<Standing>,
    rights: Rc<Rights>,
    /// Its rate.
    pub rate: Policy,
    /// Calls left, as far as this isolate knows.
    pub remaining: u32,
}

/// A caller before it is admitted: whether it is limited or revoked is for its gate to say.
struct Caller {
    credential: Credential,
    standing: Rc<Standing>,
    rights: Rc<Rights>,
    rate: Policy,
}

impl Principal {
    /// What the token says; none of a key.
    pub fn claims(&self) -> Option<&AccessClaims> {
        match &self.credential {
            Credential::Token(token) => Some(token.claims()),
            Credential::Key(_) => None,
        }
    }

    /// The tenant, which the credential alone says.
    pub fn tenant(&self) -> &TenantId {
        match &self.credential {
            Credential::Token(token) => &token.claims().tenant,
            Credential::Key(key) => &key.tenant,
        }
    }

    /// The user that the caller acts for.
    pub fn user(&self) -> &UserId {
        self.credential.user()
    }

    /// What the credential may be used for.
    pub fn scope(&self) -> &Scope {
        match (&self.credential, &self.standing.key) {
            (_, Some(key)) => &key.scope,
            (Credential::Token(token), None) => &token.claims().scope,
            (Credential::Key(_), None) => &NOTHING,
        }
    }

    /// What it may see and call.
    pub fn rights(&self) -> &Rc<Rights> {
        &self.rights
    }

    /// Whose counters a call of it is charged to.
    pub fn gate(&self) -> String {
        self.credential.gate()
    }

    /// Who the caller is as it stands in the database.
    pub fn standing(&self) -> &Rc<Standing> {
        &self.standing
    }

    /// Who the log says it is.
    pub fn who(&self) -> Who {
        Who { tenant: self.tenant().clone(), user: self.user().clone() }
    }

    /// The id of the token or the key.
    pub fn credential_id(&self) -> &TokenId {
        self.credential.id()
    }

    /// The caller, at the endpoint of this virtual server or at that of everything.
    pub fn place(&self, server: Option<&str>) -> Place {
        Place { tenant: self.tenant().clone(), user: self.user().clone(), server: server.map(str::to_owned) }
    }

    /// Refuses unless the credential has all of these scopes.
    pub fn demand(&self, needed: &'static [&'static str]) -> Result<(), Problem> {
        let has_all = needed.iter().all(|scope| self.scope().allows(scope));
        if has_all { Ok(()) } else { Err(Problem::InsufficientScope { needed }) }
    }

    fn expires_at(&self) -> Option<Timestamp> {
        match &self.credential {
            Credential::Token(token) => Some(token.expires_at()),
            Credential::Key(_) => self.standing.key.as_ref().and_then(|key| key.expires_at),
        }
    }
}

impl Credential {
    fn id(&self) -> &TokenId {
        match self {
            Self::Token(token) => &token.claims().jti,
            Self::Key(key) => &key.token,
        }
    }

    fn user(&self) -> &UserId {
        match self {
            Self::Token(token) => &token.claims().sub,
            Self::Key(key) => &key.user,
        }
    }

    /// The OAuth client it was given to.
    fn client(&self) -> Option<&str> {
        match self {
            Self::Token(token) => Some(&token.claims().client_id),
            Self::Key(_) => None,
        }
    }

    fn session(&self) -> Option<&SessionId> {
        match self {
            Self::Token(token) => Some(&token.claims().sid),
            Self::Key(_) => None,
        }
    }

    fn gate(&self) -> String {
        match self {
            Self::Token(token) => keys::principal_gate(&token.claims().tenant, &token.claims().sub),
            Self::Key(key) => keys::principal_gate(&key.tenant, &key.user),
        }
    }
}

/// A caller whose credential is good at an endpoint, in an object that was asked on behalf of a request which has taken its
/// call.
pub async fn accompany(context: &Context, presented: &Presented<'_>) -> Result<Principal, Problem> {
    let caller = caller(context, presented).await?;
    Ok(caller.admitted(0))
}

/// 1. to 3.: the credential, who came with it, and what that may do. No call is taken, and a revocation is not seen.
async fn caller(context: &Context, presented: &Presented<'_>) -> Result<Caller, Problem> {
    let text = bearer(presented.authorization)?;
    let (credential, standing, rules) = if text.starts_with(Kind::ApiKey.prefix()) {
        key(context, text, presented.source).await?
    } else {
        let token = verify_at(context, presented.authorization, presented.server)?;
        let claims = token.claims();
        let standing = standing::of_user(context, &claims.tenant, &claims.sub);
        let (standing, rules) = try_join(standing, tenant::rules(context, &claims.tenant)).await?;
        (Credential::Token(token), standing, rules)
    };
    let rate = rules.plan_of([standing.plan.as_ref()]).and_then(|plan| plan.rate).unwrap_or(context.settings.calls);
    let subject = Subject {
        user: credential.user().clone(),
        role: standing.role,
        service: standing.service,
        groups: standing.groups.clone(),
        key: standing.key.as_ref().map(|key| key.id.clone()),
        client: credential.client().map(str::to_owned),
        network: Some(presented.source.to_owned()),
        narrowing: standing.narrowing.clone(),
    };
    let rights = Rc::new(Rights::new(rules, subject));
    Ok(Caller { credential, standing, rights, rate })
}

impl Caller {
    fn admitted(self, remaining: u32) -> Principal {
        let Self { credential, standing, rights, rate } = self;
        Principal { credential, standing, rights, rate, remaining }
    }
}

/// A key: 1. its tag, so that a made-up one costs no look-up; 2. its row; 3. secret, time and networks.
async fn key(context: &Context, text: &str, source: &str) -> Result<(Credential, Rc<Standing>, Rc<Rules>), Problem> {
    let refused = |reason: &dyn std::fmt::Display| Problem::InvalidToken(reason.to_string());
    let read = opaque::parse(Kind::ApiKey, &context.settings.root, text).map_err(|error| refused(&error))?;
    let id = ApiKeyId::parse(read.session.as_str()).map_err(|error| refused(&error))?;
    let standing = standing::of_key(context, &read, &id);
    let (standing, rules) = try_join(standing, tenant::rules(context, &read.tenant)).await?;
    let known = standing.key.as_ref().ok_or_else(|| refused(&KeyRefusal::Unknown))?;
    known.admit(&read.secret_hash, source, clock::now()).map_err(|refusal| refused(&refusal))?;
    let token = TokenId::parse(id.as_str()).map_err(|error| refused(&error))?;
    let key = KeyInUse { tenant: read.tenant, user: read.user, token };
    Ok((Credential::Key(Rc::new(key)), standing, rules))
}

/// Who the log says the claims stand for.
pub fn who(claims: &AccessClaims) -> Who {
    Who { tenant: claims.tenant.clone(), user: claims.sub.clone() }
}

/// Verifies the bearer token of an `Authorization` header, for every route but the endpoints of virtual servers. No call is
/// taken, and a revocation is not seen.
pub fn verify(context: &Context, authorization: Option<&str>) -> Result<Rc<VerifiedToken>, Problem> {
    verify_at(context, authorization, None)
}

/// The same for the endpoint of a virtual server, if one is named: a token is good only where it is for (RFC 9068 section 4).
fn verify_at(
    context: &Context,
    authorization: Option<&str>,
    server: Option<&str>,
) -> Result<Rc<VerifiedToken>, Problem> {
    let read = read(context, bearer(authorization)?);
    let meant = read.and_then(|token| if token.is_for(server) { Ok(token) } else { Err(TokenRefusal::Audience) });
    meant.map_err(|refusal| Problem::InvalidToken(refusal.to_string()))
}

/// Verifies the text of an access token, wherever it may be used. A revocation is not seen.
pub fn read(context: &Context, text: &str) -> Result<Rc<VerifiedToken>, TokenRefusal> {
    let now = clock::now();
    let key: [u8; 32] = Sha256::digest(text).into();
    let known = VERIFIED.with_borrow_mut(|verified| verified.get(&key).cloned());
    let known = known.filter(|token| now < token.expires_at());
    metrics::looked(Cache::Tokens, known.is_some());
    if let Some(token) = known {
        return Ok(token);
    }
    let settings = &context.settings;
    let expectation =
        Expectation { issuer: &settings.issuer, audience: &settings.resource, max_lifetime: settings.access_life, now };
    let token = access::verify(&settings.keys, text, &expectation).map(Rc::new)?;
    VERIFIED.with_borrow_mut(|verified| verified.put(key, Rc::clone(&token)));
    Ok(token)
}

/// Takes one call for who came with a credential.
async fn admit(context: &Context, caller: Caller) -> Result<Principal, Problem> {
    let asked_at = clock::now();
    let (id, rate) = (caller.credential.id().clone(), caller.rate);
    let (gate, session) = (caller.credential.gate(), caller.credential.session().cloned());
    let admitted = |remaining| Ok(caller.admitted(remaining));
    let asked = match LEASES.with_borrow_mut(|leases| leases.take(&id, asked_at)) {
        Step::Admit { remaining } => return admitted(remaining),
        Step::Ask(asked) => asked,
    };
    let settings = &context.settings;
    let question =
        GateRequest::Admit { token: id.clone(), session, asked, policy: rate, lease_life: settings.lease_life };
    match gate::ask(&context.env, &gate, &question).await? {
        GateReply::Admitted(admission) => {
            metrics::leased("granted", admission.calls());
            LEASES.with_borrow_mut(|leases| leases.keep(&id, asked_at, settings.lease_life, &admission));
            admitted(admission.remaining)
        }
        GateReply::Limited { retry_after } => {
            metrics::leased("limited", 0);
            let held = LEASES.with_borrow_mut(|leases| leases.take_held(&id, clock::now()));
            held.map_or(Err(Problem::RateLimited { limit: Limit::Calls(rate), retry_after }), admitted)
        }
        GateReply::Revoked => {
            metrics::leased("refused", 0);
            forget(&id);
            Err(Problem::InvalidToken("revoked".into()))
        }
        other => Err(gate::unexpected(&other)),
    }
}

/// Verifies the caller's credential for an endpoint and takes one call.
pub async fn authenticate(context: &Context, presented: &Presented<'_>) -> Result<Principal, Problem> {
    let admitted = match caller(context, presented).await {
        Ok(caller) => admit(context, caller).await,
        Err(problem) => Err(problem),
    };
    metrics::authenticated(presented.authorization, admitted.as_ref().err());
    admitted
}

impl Principal {
    /// Takes one further call for the same caller.
    pub async fn another(&self, context: &Context) -> Result<Self, Problem> {
        let Self { credential, standing, rights, rate, .. } = self.clone();
        admit(context, Caller { credential, standing, rights, rate }).await
    }
}

/// Whether a principal is still good, for something that goes on: its token has not expired, and its gate, which is asked
/// each time, knows of no revocation. No call is taken. No answer is a refusal.
pub async fn check(context: &Context, principal: &Principal) -> Result<(), Problem> {
    if principal.expires_at().is_some_and(|end| end <= clock::now()) {
        return Err(Problem::InvalidToken("expired".into()));
    }
    let Principal { credential, .. } = principal;
    let live = still_good(context, credential.gate(), credential.id(), credential.session()).await?;
    if live { Ok(()) } else { Err(Problem::InvalidToken("revoked".into())) }
}

/// Whether the gate of a token's owner knows of no revocation and of a live session. No call is taken.
pub async fn is_live(context: &Context, claims: &AccessClaims) -> Result<bool, Problem> {
    still_good(context, keys::principal_gate(&claims.tenant, &claims.sub), &claims.jti, Some(&claims.sid)).await
}

async fn still_good(
    context: &Context,
    gate: String,
    token: &TokenId,
    session: Option<&SessionId>,
) -> Result<bool, Problem> {
    let question = GateRequest::Check { token: token.clone(), session: session.cloned() };
    match gate::ask(&context.env, &gate, &question).await? {
        GateReply::Done => Ok(true),
        GateReply::Revoked => {
            forget(token);
            Ok(false)
        }
        other => Err(gate::unexpected(&other)),
    }
}

/// Drops what this isolate holds for a token that was revoked here.
pub fn forget(token: &TokenId) {
    LEASES.with_borrow_mut(|leases| leases.forget(token));
}

/// RFC 6750 section 2.1: the scheme in any case, one space, the token.
fn bearer(authorization: Option<&str>) -> Result<&str, Problem> {
    let Some(value) = authorization else { return Err(Problem::MissingCredentials) };
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() => Ok(token),
        _ => Err(Problem::MissingCredentials),
    }
}
