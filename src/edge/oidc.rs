//! The OpenID provider as this isolate knows it: its description and keys, whether it signed a token, and which user a
//! person of it is.

use super::context::Context;
use super::{clock, database, outbound, random, signature};
use crate::account::password::DUMMY_HASH;
use crate::api::problem::Problem;
use crate::entropy::purpose::Purpose;
use crate::id::UserId;
use crate::observe::{AccountChange, Event, Who};
use crate::oidc::ProviderProblem;
use crate::oidc::discovery::{self, Discovery};
use crate::oidc::jwt::{TokenProblem, Unverified};
use crate::oidc::key::{Key, KeySet};
use crate::oidc::memory::Memory;
use crate::oidc::person::Person;
use crate::oidc::provider::Provider;
use crate::oidc::sign_in::AnswerProblem;
use crate::store::identities::{INSERT_IDENTITY, INSERT_USER, IdentityRow, SET_GROUPS, USER_BY_IDENTITY};
use std::cell::RefCell;
use std::rc::Rc;
use worker::wasm_bindgen::JsValue;

thread_local! {
    static DISCOVERY: RefCell<Memory<Rc<Discovery>>> = RefCell::default();
    static KEYS: RefCell<Memory<Rc<KeySet>>> = RefCell::default();
}

/// Why somebody whom the provider may vouch for gets no further: for the log.
#[derive(Debug, thiserror::Error)]
pub enum NotVouched {
    /// The provider could not be asked.
    #[error(transparent)]
    Provider(#[from] ProviderProblem),
    /// Its answer through the browser is not good.
    #[error(transparent)]
    Answer(#[from] AnswerProblem),
    /// What it is said to have signed is not good.
    #[error(transparent)]
    Token(#[from] TokenProblem),
    /// The person may not be a user here: disabled, or the tenant is, or is not there.
    #[error("no user of the tenant, or a disabled one")]
    NoUser,
    /// A part of the platform failed.
    #[error("{0}")]
    Platform(Box<Problem>),
}

impl From<Problem> for NotVouched {
    fn from(problem: Problem) -> Self {
        Self::Platform(Box::new(problem))
    }
}

/// The provider's description: fetched once an hour.
pub async fn discover(context: &Context, provider: &Provider) -> Result<Rc<Discovery>, ProviderProblem> {
    let now = clock::now();
    if let Some(known) = DISCOVERY.with_borrow(|memory| memory.known(now).cloned()) {
        return Ok(known);
    }
    if DISCOVERY.with_borrow(|memory| memory.rests(now)) {
        return Err(ProviderProblem::Resting);
    }
    let answer = outbound::send(&discovery::request(provider)).await;
    let read = Discovery::read(answer, provider, context.settings.profile).map(Rc::new);
    DISCOVERY.with_borrow_mut(|memory| remember(memory, &read));
    read
}

/// The origin a browser is sent to: that of the issuer as long as the provider has not said another.
pub async fn origin(context: &Context, provider: &Provider) -> String {
    discover(context, provider).await.map_or_else(|_| provider.url.origin(), |found| found.authorization.origin())
}

/// Whether the provider signed this: with the key of its name, looked for once more in a newer set when it is unknown.
pub async fn verify(context: &Context, provider: &Provider, token: &Unverified) -> Result<(), NotVouched> {
    let discovery = discover(context, provider).await?;
    let key = find_key(&discovery, token).await?;
    let good = signature::verify_of_provider(&key, token.signed.as_bytes(), &token.signature).await;
    if good { Ok(()) } else { Err(TokenProblem::Signature.into()) }
}

async fn find_key(discovery: &Discovery, token: &Unverified) -> Result<Key, NotVouched> {
    let find = |keys: &KeySet| keys.find(token.kid.as_deref(), token.algorithm).cloned();
    let found = find(&*keys(discovery).await?);
    let again = || KEYS.with_borrow_mut(|memory| memory.ask_again(clock::now()));
    match found {
        Err(TokenProblem::UnknownKey) if again() => Ok(find(&*fetch_keys(discovery).await?)?),
        found => Ok(found?),
    }
}

async fn keys(discovery: &Discovery) -> Result<Rc<KeySet>, ProviderProblem> {
    let now = clock::now();
    if let Some(known) = KEYS.with_borrow(|memory| memory.known(now).cloned()) {
        return Ok(known);
    }
    if KEYS.with_borrow(|memory| memory.rests(now)) {
        return Err(ProviderProblem::Resting);
    }
    fetch_keys(discovery).await
}

async fn fetch_keys(discovery: &Discovery) -> Result<Rc<KeySet>, ProviderProblem> {
    let read = KeySet::read(outbound::send(&discovery::keys_request(discovery)).await).map(Rc::new);
    KEYS.with_borrow_mut(|memory| remember(memory, &read));
    read
}

fn remember<T: Clone>(memory: &mut Memory<T>, read: &Result<T, ProviderProblem>) {
    match read {
        Ok(fetched) => memory.keep(fetched.clone(), clock::now()),
        Err(_) => memory.fail(clock::now()),
    }
}

/// The user that a person is here; who comes for the first time becomes one.
///
/// 1. a user of the identity; 2. else one is made in one transaction, with a hash that no password matches; 3. whoever the
///    database has then is the user, should two have come at once; 4. a disabled one stays out; 5. its groups, where the
///    provider is asked for them.
pub async fn user(context: &Context, provider: &Provider, person: &Person) -> Result<Who, NotVouched> {
    let mut row = find_user(context, provider, person).await?;
    if row.is_none() {
        make_user(context, provider, person).await?;
        row = find_user(context, provider, person).await?;
    }
    let user = row.and_then(IdentityRow::admitted).ok_or(NotVouched::NoUser)?;
    let who = Who { tenant: provider.tenant.clone(), user };
    if let Some(groups) = person.groups() {
        set_groups(context, &who, groups).await?;
    }
    Ok(who)
}

/// Has a user be in the groups that the provider says, and in no others.
async fn set_groups(context: &Context, who: &Who, groups: &[String]) -> Result<(), Problem> {
    let groups = serde_json::to_string(groups).map_err(|error| Problem::Internal(error.to_string()))?;
    let values = texts([who.tenant.as_str(), who.user.as_str(), groups.as_str()]);
    if database::run(&context.env, SET_GROUPS, &values).await? > 0 {
        let change = AccountChange::GroupsSet;
        context.log(&Event::AccountChanged { who: who.clone(), change, by: None });
    }
    Ok(())
}

async fn find_user(context: &Context, provider: &Provider, person: &Person) -> Result<Option<IdentityRow>, Problem> {
    let values = texts([provider.issuer.as_str(), person.subject(), provider.tenant.as_str()]);
    database::first(&context.env, USER_BY_IDENTITY, &values).await
}

async fn make_user(context: &Context, provider: &Provider, person: &Person) -> Result<(), NotVouched> {
    let id = UserId::from_bytes(&random::bytes::<16>(Purpose::UserId));
    let names = person.names(&id).ok_or(NotVouched::NoUser)?;
    let now = database::moment(clock::now());
    let (issuer, subject, tenant) = (provider.issuer.as_str(), person.subject(), provider.tenant.as_str());
    let mut user = texts([id.as_str(), tenant, names.wished.as_str(), names.distinct.as_str(), DUMMY_HASH]);
    user.push(now.clone());
    user.extend(texts([issuer, subject]));
    let mut identity = texts([issuer, subject, tenant, id.as_str()]);
    identity.push(now);
    database::batch(&context.env, &[(INSERT_USER, &user), (INSERT_IDENTITY, &identity)]).await?;
    Ok(())
}

fn texts<const N: usize>(values: [&str; N]) -> Vec<JsValue> {
    values.map(JsValue::from_str).into()
}
