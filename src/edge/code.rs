//! The page between a password and a sign-in, where the account has a second factor.

use super::authorize::{notice, onwards, refused_status, retry_later};
use super::browser::{self, Browser};
use super::context::Context;
use super::{auth, database, factor, source};
use crate::account::{self, LoginRefusal, User};
use crate::api::problem::Problem;
use crate::api::reply::Reply;
use crate::id::encode_random;
use crate::oauth::ticket::{Code, Form, Login};
use crate::observe::{Event, Who};
use crate::page::CodePage;
use crate::store::accounts::{USER_BY_ID, UserRow};
use crate::store::keys;
use sha2::{Digest, Sha256};
use worker::web_sys::Request;

/// Asks for the code of whose password was right.
pub fn ask(context: &Context, browser: &Browser, login: Login, proven: &auth::Proven) -> Result<Reply, Problem> {
    let Who { tenant, user } = proven.who.clone();
    let carried = Code { login, tenant, user, password: digest(&proven.password_hash) };
    let ticket = browser.seal(context, Form::Code, &carried)?;
    Ok(page(browser, 200, &carried.login, &ticket, None))
}

/// `POST /oauth/code`: the code, and on to what waits for it.
///
/// 1. the password was right, in this browser and within ten minutes; 2. limits, as for a password; 3. the user as it is now:
///    enabled, with that very password; 4. a code that was not used before.
pub async fn sign_in(context: &Context, request: &Request) -> Result<Reply, Problem> {
    let form = browser::posted(request).await?;
    let browser = Browser::of(request);
    let ticket = form.find("ticket").unwrap_or_default();
    let carried: Code = browser.open(context, Form::Code, ticket)?;
    match check(context, &source(request), &carried, form.find("code").unwrap_or_default()).await {
        Ok(who) => browser::sign_in(context, who, onwards(&carried.login)).await,
        Err(problem @ (Problem::InvalidLogin(_) | Problem::RateLimited { .. })) => {
            context.log(&Event::SignInRefused { reason: problem.to_string() });
            let told = match problem {
                Problem::InvalidLogin(_) => "The code is wrong, or was used already. Wait for the next one.".to_owned(),
                ref limited => notice(limited),
            };
            // The same ticket: its time goes on.
            let again = page(&browser, refused_status(&problem), &carried.login, ticket, Some(&told));
            Ok(retry_later(&problem, again))
        }
        Err(problem) => Err(problem),
    }
}

async fn check(context: &Context, source: &str, carried: &Code, typed: &str) -> Result<Who, Problem> {
    let who = Who { tenant: carried.tenant.clone(), user: carried.user.clone() };
    context.ledger.concerns(&who);
    let user = user_of(context, &who).await?.ok_or(Problem::StaleForm)?;
    auth::limit_login(context, &keys::source_gate(source), &keys::account_gate(&user.username)).await?;
    let unchanged = digest(&user.password_hash) == carried.password;
    match account::login(Some(&user), unchanged, context.settings.profile) {
        account::Login::AskCode { sealed, .. } => factor::demand(context, &who, &sealed, typed).await?,
        // Another password, or no second factor any more: what was asked is not the question any longer.
        account::Login::Admit { .. } | account::Login::Refuse(LoginRefusal::WrongPassword) => {
            return Err(Problem::StaleForm);
        }
        account::Login::Refuse(refusal) => return Err(Problem::InvalidLogin(refusal.to_string())),
    }
    auth::succeeded(context, source, &user.username).await?;
    Ok(who)
}

/// A user as it is stored now.
pub async fn user_of(context: &Context, who: &Who) -> Result<Option<User>, Problem> {
    let values = [who.tenant.as_str().into(), who.user.as_str().into()];
    let row: Option<UserRow> = database::first(&context.env, USER_BY_ID, &values).await?;
    Ok(row.and_then(UserRow::into_user))
}

fn page(browser: &Browser, status: u16, login: &Login, ticket: &str, notice: Option<&str>) -> Reply {
    let waiting = login.waiting.as_ref();
    let client = waiting.map(|waiting| waiting.client_name.as_str());
    let html = CodePage { client, action: "/oauth/code", ticket, notice }.render();
    let targets: Vec<&str> = waiting.iter().map(|waiting| waiting.form_target.as_str()).collect();
    browser.page(status, html, &targets)
}

fn digest(password_hash: &str) -> String {
    encode_random(&Sha256::digest(password_hash))
}
