//! The first administrator: made once, by whoever holds the operator's token.

use super::browser::{self, Browser};
use super::chosen::{self, Failed, mend, not_good};
use super::context::Context;
use super::database::{self, moment};
use super::{clock, gate, random, source};
use crate::account::password::Owner;
use crate::api::problem::{Limit, Problem};
use crate::api::reply::Reply;
use crate::entropy::purpose::Purpose;
use crate::id::{TenantId, UserId};
use crate::oauth::parameters::Parameters;
use crate::oauth::ticket::{Account, Form};
use crate::observe::{AccountChange, Event, Who};
use crate::page::SetupPage;
use crate::secret::SecretText;
use crate::store::keys;
use crate::store::people::{ANY_ADMIN, AnyRow, INSERT_FIRST_ADMIN, INSERT_FIRST_TENANT};
use worker::web_sys::Request;

/// `GET /setup`.
pub fn show(context: &Context, request: &Request) -> Result<Reply, Problem> {
    token(context)?;
    page(context, &Browser::of(request), 200, None, None)
}

/// `POST /setup`.
pub async fn set_up(context: &Context, request: &Request) -> Result<Reply, Problem> {
    let token = token(context)?;
    let form = browser::posted(request).await?;
    let browser = Browser::of(request);
    let _: Account = browser.open(context, Form::Setup, form.find("ticket").unwrap_or_default())?;
    match make(context, &source(request), token, &form).await {
        Ok(who) => {
            context.log(&Event::AccountChanged { who: who.clone(), change: AccountChange::FirstAdmin, by: None });
            browser::sign_in(context, who, Reply::see_other("/account/people")).await
        }
        Err(Failed::Told(status, words)) => page(context, &browser, status, Some(&form), Some(&words)),
        Err(Failed::Refused(problem)) => Err(problem),
    }
}

/// The operator's token; without it there is no such page.
fn token(context: &Context) -> Result<&SecretText, Problem> {
    context.settings.bootstrap_token.as_ref().ok_or(Problem::NotFound)
}

/// 1. limits, as for a login; 2. the token, in constant time; 3. the names and the password; 4. two statements in one
///    transaction, which do nothing once there is an administrator.
async fn make(context: &Context, source: &str, token: &SecretText, form: &Parameters) -> Result<Who, Failed> {
    gate::charge(&context.env, &keys::source_gate(source), context.settings.logins, Limit::Source).await?;
    if *token != SecretText::new(form.find("token").unwrap_or_default()) {
        context.log(&Event::SignInRefused { reason: "wrong bootstrap token".into() });
        return Err(not_good("the bootstrap token is wrong"));
    }
    let tenant = TenantId::parse(form.find("tenant").unwrap_or_default()).map_err(|wrong| mend(&wrong))?;
    let username = chosen::username(form)?;
    let issuer = &context.settings.issuer;
    let hash = chosen::password(form, Owner { username: &username, tenant: &tenant, issuer })?;
    let user = UserId::from_bytes(&random::bytes::<16>(Purpose::Account));
    let now = moment(clock::now());
    let (id, name) = (tenant.as_str().into(), username.as_str().into());
    let done = database::batch(
        &context.env,
        &[
            (
                INSERT_FIRST_TENANT,
                &[tenant.as_str().into(), tenant.as_str().into(), now.clone(), username.as_str().into()],
            ),
            (INSERT_FIRST_ADMIN, &[user.as_str().into(), id, name, hash.as_str().into(), now]),
        ],
    )
    .await?;
    if database::changes(done.get(1))? == 1 {
        return Ok(Who { tenant, user });
    }
    let known: Option<AnyRow> = database::first(&context.env, ANY_ADMIN, &[]).await?;
    Err(match known {
        Some(AnyRow { found: 1 }) => not_good("this gateway has an administrator already, who can invite you"),
        _ => mend(&"that username is taken"),
    })
}

/// The page, with what was typed but for the secrets.
fn page(
    context: &Context,
    browser: &Browser,
    status: u16,
    typed: Option<&Parameters>,
    notice: Option<&str>,
) -> Result<Reply, Problem> {
    let ticket = browser.seal(context, Form::Setup, &Account {})?;
    let typed = |name: &str| typed.and_then(|form| form.find(name)).unwrap_or_default();
    let (tenant, username) = (typed("tenant"), typed("username"));
    let html = SetupPage { action: "/setup", ticket: &ticket, tenant, username, notice }.render();
    Ok(browser.page(status, html, &[]))
}
