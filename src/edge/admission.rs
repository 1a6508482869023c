//! From a request's credentials to a principal that may make one call.
//!
//! 1. the token, from the `Authorization` header alone, and for this endpoint;
//! 2. its signature and claims, remembered per isolate until it expires;
//! 3. one call out of the lease this isolate holds, or one question to the principal's gate.

use super::context::Context;
use super::{clock, gate};
use crate::api::problem::{Limit, Problem};
use crate::gate::lease::{Leases, Step};
use crate::gate::message::{GateReply, GateRequest};
use crate::id::TokenId;
use crate::mcp::ticket::Place;
use crate::observe::Who;
use crate::store::keys;
use crate::token::access::{self, AccessClaims, Expectation, TokenRefusal, VerifiedToken};
use lru::LruCache;
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::num::NonZeroUsize;
use std::rc::Rc;

/// Verified tokens remembered per isolate.
const MAX_VERIFIED: NonZeroUsize = NonZeroUsize::new(4096).unwrap();

thread_local! {
    /// By SHA-256 of the token's text; an entry is good until the token expires.
    static VERIFIED: RefCell<LruCache<[u8; 32], Rc<VerifiedToken>>> = RefCell::new(LruCache::new(MAX_VERIFIED));
    static LEASES: RefCell<Leases> = RefCell::new(Leases::default());
}

/// A caller whose token is good and who was given one call.
#[derive(Clone)]
pub struct Principal {
    token: Rc<VerifiedToken>,
    /// Calls left, as far as this isolate knows.
    pub remaining: u32,
}

impl Principal {
    /// What the token says.
    pub fn claims(&self) -> &AccessClaims {
        self.token.claims()
    }

    /// The caller, at the endpoint of this virtual server or at that of everything.
    pub fn place(&self, server: Option<&str>) -> Place {
        let claims = self.claims();
        Place { tenant: claims.tenant.clone(), user: claims.sub.clone(), server: server.map(str::to_owned) }
    }

    /// Refuses unless the token has all of these scopes.
    pub fn demand(&self, needed: &'static [&'static str]) -> Result<(), Problem> {
        let has_all = needed.iter().all(|scope| self.claims().scope.allows(scope));
        if has_all { Ok(()) } else { Err(Problem::InsufficientScope { needed }) }
    }
}

/// A caller whose token is good at an endpoint, in an object that was asked on behalf of a request which has taken its call.
pub fn accompany(context: &Context, authorization: Option<&str>, server: Option<&str>) -> Result<Principal, Problem> {
    verify_at(context, authorization, server).map(|token| Principal { token, remaining: 0 })
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
    if let Some(token) = known.filter(|token| now < token.expires_at()) {
        return Ok(token);
    }
    let settings = &context.settings;
    let expectation =
        Expectation { issuer: &settings.issuer, audience: &settings.resource, max_lifetime: settings.access_life, now };
    let token = access::verify(&settings.keys, text, &expectation).map(Rc::new)?;
    VERIFIED.with_borrow_mut(|verified| verified.put(key, Rc::clone(&token)));
    Ok(token)
}

/// Takes one call for the bearer of a verified token.
pub async fn admit(context: &Context, token: &Rc<VerifiedToken>) -> Result<Principal, Problem> {
    let claims = token.claims();
    let asked_at = clock::now();
    let admitted = |remaining| Ok(Principal { token: Rc::clone(token), remaining });
    let asked = match LEASES.with_borrow_mut(|leases| leases.take(&claims.jti, asked_at)) {
        Step::Admit { remaining } => return admitted(remaining),
        Step::Ask(asked) => asked,
    };
    let settings = &context.settings;
    let question = GateRequest::Admit {
        token: claims.jti.clone(),
        session: claims.sid.clone(),
        asked,
        policy: settings.calls,
        lease_life: settings.lease_life,
    };
    let name = keys::principal_gate(&claims.tenant, &claims.sub);
    match gate::ask(&context.env, &name, &question).await? {
        GateReply::Admitted(admission) => {
            LEASES.with_borrow_mut(|leases| leases.keep(&claims.jti, asked_at, settings.lease_life, &admission));
            admitted(admission.remaining)
        }
        GateReply::Limited { retry_after } => {
            let held = LEASES.with_borrow_mut(|leases| leases.take_held(&claims.jti, clock::now()));
            held.map_or(Err(Problem::RateLimited { limit: Limit::Calls(settings.calls), retry_after }), admitted)
        }
        GateReply::Revoked => {
            forget(&claims.jti);
            Err(Problem::InvalidToken("revoked".into()))
        }
        other => Err(gate::unexpected(&other)),
    }
}

/// Verifies the caller's token for an endpoint and takes one call.
pub async fn authenticate(
    context: &Context,
    authorization: Option<&str>,
    server: Option<&str>,
) -> Result<Principal, Problem> {
    let token = verify_at(context, authorization, server)?;
    admit(context, &token).await
}

impl Principal {
    /// Takes one further call for the same caller.
    pub async fn another(&self, context: &Context) -> Result<Self, Problem> {
        admit(context, &self.token).await
    }
}

/// Whether a principal is still good, for something that goes on: its token has not expired, and its gate, which is asked
/// each time, knows of no revocation. No call is taken. No answer is a refusal.
pub async fn check(context: &Context, principal: &Principal) -> Result<(), Problem> {
    let claims = principal.claims();
    if principal.token.expires_at() <= clock::now() {
        return Err(Problem::InvalidToken("expired".into()));
    }
    if is_live(context, claims).await? { Ok(()) } else { Err(Problem::InvalidToken("revoked".into())) }
}

/// Whether the gate of a token's owner knows of no revocation and of a live session. No call is taken.
pub async fn is_live(context: &Context, claims: &AccessClaims) -> Result<bool, Problem> {
    let question = GateRequest::Check { token: claims.jti.clone(), session: claims.sid.clone() };
    match gate::ask(&context.env, &keys::principal_gate(&claims.tenant, &claims.sub), &question).await? {
        GateReply::Done => Ok(true),
        GateReply::Revoked => {
            forget(&claims.jti);
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
