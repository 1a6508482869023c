//! The pages on which a person changes how it signs in: the password, and the second factor.

use super::account::{signed_in, visited};
use super::authorize::{notice, retry_later};
use super::browser::{self, Browser, Person};
use super::chosen::{self, Failed, not_good};
use super::code::user_of;
use super::context::Context;
use super::{auth, database, factor, random, revoked, source};
use crate::account::User;
use crate::account::password::{self, MAX_BYTES, Owner};
use crate::account::second_factor::{self, SharedSecret, place};
use crate::api::problem::Problem;
use crate::api::reply::Reply;
use crate::entropy::purpose::Purpose;
use crate::oauth::parameters::Parameters;
use crate::oauth::ticket::{Account, Form, Offered};
use crate::observe::{AccountChange, Event, RevocationCause};
use crate::page::{OfferedSecret, PasswordPage, SecondFactorPage};
use crate::secret::SecretText;
use crate::store::codes::DELETE_OPEN_RESETS;
use crate::store::keys;
use crate::store::people::{CLEAR_SECOND_FACTOR, SET_PASSWORD, SET_SECOND_FACTOR};
use worker::web_sys::Request;

const PASSWORD: &str = "/account/password";
const SECOND_FACTOR: &str = "/account/second-factor";
const ACCOUNT: &str = "/account";

/// `GET /account/password`.
pub async fn show_password(context: &Context, request: &Request) -> Result<Reply, Problem> {
    visited(context, request, async |browser, person| password_page(context, &browser, &person, 200, None)).await
}

/// `POST /account/password`.
pub async fn change_password(context: &Context, request: &Request) -> Result<Reply, Problem> {
    let form = browser::posted(request).await?;
    let person = signed_in(context, request, form.find("csrf")).await?;
    let done = set_password(context, &source(request), &person, &form).await;
    again(context, &person, done, |status, words| {
        password_page(context, &Browser::of(request), &person, status, Some(words))
    })
}

/// 1. limits, as for a login; 2. the password there is; 3. the new one; 4. it is set where the old one still stands; 5. all
///    but this browser's sign-in ends.
async fn set_password(context: &Context, source: &str, person: &Person, form: &Parameters) -> Result<(), Failed> {
    let user = known(context, source, person).await?;
    let current = SecretText::new(form.find("current").unwrap_or_default());
    if current.expose().len() > MAX_BYTES || !password::matches(&current, &user.password_hash) {
        return Err(not_good("the password you have is another"));
    }
    auth::succeeded(context, source, &user.username).await?;
    let owner = Owner { username: &user.username, tenant: &person.tenant, issuer: &context.settings.issuer };
    let hash = chosen::password(form, owner)?;
    let (tenant, id) = (person.tenant.as_str(), person.user.as_str());
    let values = [tenant.into(), id.into(), hash.as_str().into(), user.password_hash.as_str().into()];
    let codes = [tenant.into(), id.into()];
    let done = database::batch(&context.env, &[(SET_PASSWORD, &values), (DELETE_OPEN_RESETS, &codes)]).await?;
    if database::changes(done.first())? != 1 {
        return Err(Failed::Refused(Problem::StaleForm));
    }
    changed(context, person, AccountChange::PasswordChanged);
    revoked::everything(context, &person.who(), Some(person.sign_in.clone()), RevocationCause::Password).await?;
    Ok(())
}

/// `GET /account/second-factor`.
pub async fn show_second_factor(context: &Context, request: &Request) -> Result<Reply, Problem> {
    visited(context, request, async |browser, person| {
        let user = user_of(context, &person.who()).await?.ok_or(Problem::StaleForm)?;
        if user.second_factor.is_some() {
            return factor_page(context, &browser, &person, None, (200, None));
        }
        random::admit_secrets(context).await?;
        let secret = SharedSecret::from_bytes(random::bytes::<{ second_factor::BYTES }>(Purpose::SecondFactor));
        factor_page(context, &browser, &person, Some(&secret), (200, None))
    })
    .await
}

/// `POST /account/second-factor`: the code proves that the person's program has the secret, and who turns it off that it
/// still has.
pub async fn change_second_factor(context: &Context, request: &Request) -> Result<Reply, Problem> {
    let form = browser::posted(request).await?;
    let browser = Browser::of(request);
    let offered: Offered = browser.open(context, Form::SecondFactor, form.find("ticket").unwrap_or_default())?;
    let person = browser.person(context).await?.filter(|person| person.user == offered.user);
    let person = person.ok_or(Problem::StaleForm)?;
    let secret = offered.secret.as_deref().map(SharedSecret::parse).transpose().map_err(|_| Problem::StaleForm)?;
    let typed = form.find("code").unwrap_or_default();
    let done = switch(context, &source(request), &person, secret.as_ref(), typed).await;
    again(context, &person, done, |status, words| {
        factor_page(context, &browser, &person, secret.as_ref(), (status, Some(words)))
    })
}

async fn switch(
    context: &Context,
    source: &str,
    person: &Person,
    offered: Option<&SharedSecret>,
    typed: &str,
) -> Result<(), Failed> {
    let (user, who) = (known(context, source, person).await?, person.who());
    let (tenant, id) = (person.tenant.as_str(), person.user.as_str());
    let (statement, sealed, change) = match (offered, user.second_factor) {
        (Some(secret), None) => {
            factor::spend(context, &who, secret, typed).await?;
            let nonce = random::bytes::<12>(Purpose::Account);
            let sealed = context.settings.root.seal(&secret.text(), &place(&who.tenant, &who.user), nonce);
            let sealed = sealed.map_err(|_| Problem::Internal("a second factor could not be sealed".into()))?;
            (SET_SECOND_FACTOR, sealed, AccountChange::SecondFactorOn)
        }
        (None, Some(sealed)) => {
            factor::demand(context, &who, &sealed, typed).await?;
            (CLEAR_SECOND_FACTOR, sealed, AccountChange::SecondFactorOff)
        }
        _ => return Err(Failed::Refused(Problem::StaleForm)),
    };
    auth::succeeded(context, source, &user.username).await?;
    if database::run(&context.env, statement, &[tenant.into(), id.into(), sealed.as_str().into()]).await? != 1 {
        return Err(Failed::Refused(Problem::StaleForm));
    }
    changed(context, person, change);
    Ok(())
}

/// The user as it is stored now, after an attempt was counted as one to log in is: a browser that somebody left open guesses
/// no faster than a stranger.
async fn known(context: &Context, source: &str, person: &Person) -> Result<User, Failed> {
    context.ledger.concerns(&person.who());
    let user = user_of(context, &person.who()).await?.ok_or(Problem::StaleForm)?;
    auth::limit_login(context, &keys::source_gate(source), &keys::account_gate(&user.username)).await?;
    Ok(user)
}

/// On to the account, or the page again with what was wrong.
fn again(
    context: &Context,
    person: &Person,
    done: Result<(), Failed>,
    page: impl Fn(u16, &str) -> Result<Reply, Problem>,
) -> Result<Reply, Problem> {
    let refused = |reason: &str| {
        let reason = format!("{reason} of {}/{}", person.tenant, person.user);
        context.log(&Event::SignInRefused { reason });
    };
    match done {
        Ok(()) => Ok(Reply::see_other(ACCOUNT)),
        Err(Failed::Told(status, words)) => {
            if status == 403 {
                refused("wrong password");
            }
            page(status, &words)
        }
        Err(Failed::Refused(Problem::InvalidLogin(_))) => {
            refused("wrong code");
            page(403, "The code is wrong, or was used already. Wait for the next one.")
        }
        Err(Failed::Refused(problem @ Problem::RateLimited { .. })) => {
            Ok(retry_later(&problem, page(429, &notice(&problem))?))
        }
        Err(Failed::Refused(problem)) => Err(problem),
    }
}

fn changed(context: &Context, person: &Person, change: AccountChange) {
    context.log(&Event::AccountChanged { who: person.who(), change, by: Some(person.user.clone()) });
}

fn password_page(
    context: &Context,
    browser: &Browser,
    person: &Person,
    status: u16,
    notice: Option<&str>,
) -> Result<Reply, Problem> {
    let csrf = browser.seal(context, Form::Account, &Account {})?;
    let page = PasswordPage { username: &person.username, action: PASSWORD, back: ACCOUNT, csrf: &csrf, notice };
    Ok(browser.page(status, page.render(), &[]))
}

fn factor_page(
    context: &Context,
    browser: &Browser,
    person: &Person,
    offered: Option<&SharedSecret>,
    (status, notice): (u16, Option<&str>),
) -> Result<Reply, Problem> {
    let issuer = context.settings.issuer.split_once("://").map_or("", |(_, host)| host);
    let texts = offered.map(|secret| (secret.text(), secret.link(issuer, &person.username)));
    let secret = texts.as_ref().map(|(text, _)| text.expose().to_owned());
    let carried = Offered { user: person.user.clone(), secret };
    let ticket = browser.seal(context, Form::SecondFactor, &carried)?;
    let offered = texts.as_ref().map(|(text, link)| OfferedSecret { text: text.expose(), link: link.expose() });
    let page = SecondFactorPage { action: SECOND_FACTOR, back: ACCOUNT, ticket: &ticket, offered, notice };
    Ok(browser.page(status, page.render(), &[]))
}
