//! One-time codes: whoever was given one joins a tenant with it, or sets a new password.

use super::browser::{self, Browser};
use super::chosen::{self, Failed, mend, not_good};
use super::context::Context;
use super::database::{self, moment};
use super::{auth, clock, gate, random, revoked, source};
use crate::account::Username;
use crate::account::one_time::OneTimeCode;
use crate::account::password::Owner;
use crate::api::problem::{Limit, Problem};
use crate::api::reply::Reply;
use crate::entropy::purpose::Purpose;
use crate::id::{UserId, encode_random};
use crate::oauth::parameters::Parameters;
use crate::oauth::ticket::{Account, Form};
use crate::observe::{AccountChange, Event, RevocationCause, Who};
use crate::page::JoinPage;
use crate::store::codes::{
    CodeRow, GOOD_CODE, INSERT_INVITED, InvitedRow, ResetRow, SET_RESET_PASSWORD, USE_INVITATION, USE_RESET,
};
use crate::store::keys;
use worker::web_sys::Request;

const UNKNOWN: &str = "this code is not good: it was used, its time is up, or it was mistyped";

/// Who came of a code.
enum Came {
    /// Somebody new.
    Joined(Who),
    /// Somebody with a new password.
    Returned,
}

/// `GET /join`.
pub fn show(context: &Context, request: &Request) -> Result<Reply, Problem> {
    page(context, &Browser::of(request), 200, None, None)
}

/// `POST /join`.
pub async fn use_code(context: &Context, request: &Request) -> Result<Reply, Problem> {
    let form = browser::posted(request).await?;
    let browser = Browser::of(request);
    let _: Account = browser.open(context, Form::Join, form.find("ticket").unwrap_or_default())?;
    match exchange(context, &source(request), &form).await {
        Ok(Came::Joined(who)) => browser::sign_in(context, who, Reply::see_other("/account")).await,
        Ok(Came::Returned) => Ok(Reply::see_other("/account")),
        Err(Failed::Told(status, words)) => page(context, &browser, status, Some(&form), Some(&words)),
        Err(Failed::Refused(problem)) => Err(problem),
    }
}

/// 1. limits, as for a login; 2. the code, before anything is hashed; 3. name and password; 4. the code is used and the row
///    written in one transaction.
async fn exchange(context: &Context, source: &str, form: &Parameters) -> Result<Came, Failed> {
    gate::charge(&context.env, &keys::source_gate(source), context.settings.logins, Limit::Source).await?;
    let unknown = || {
        context.log(&Event::SignInRefused { reason: "unknown one-time code".into() });
        not_good(UNKNOWN)
    };
    let code = OneTimeCode::parse(form.find("code").unwrap_or_default()).map_err(|_| unknown())?.hash();
    let values = [code.as_str().into(), moment(clock::now())];
    let row: Option<CodeRow> = database::first(&context.env, GOOD_CODE, &values).await?;
    let row = row.ok_or_else(unknown)?;
    let username = chosen::username(form)?;
    let whose = row.username.as_deref();
    if whose.is_some_and(|whose| whose != username.as_str()) {
        return Err(mend(&"this code is for another username"));
    }
    let issuer = &context.settings.issuer;
    let hash = chosen::password(form, Owner { username: &username, tenant: &row.tenant_id, issuer })?;
    match whose {
        None => join(context, &code, &username, &hash).await,
        Some(_) => reset(context, source, &code, &username, &hash).await,
    }
}

async fn join(context: &Context, code: &str, username: &Username, hash: &str) -> Result<Came, Failed> {
    let user = UserId::from_bytes(&random::bytes::<16>(Purpose::Account));
    let now = moment(clock::now());
    let (id, name) = (user.as_str(), username.as_str());
    let done = database::batch(
        &context.env,
        &[
            (USE_INVITATION, &[code.into(), now.clone(), id.into(), name.into()]),
            (INSERT_INVITED, &[code.into(), id.into(), name.into(), hash.into(), now]),
        ],
    )
    .await?;
    let Some(invited) = database::returned::<InvitedRow>(done.first())? else {
        // It was good a moment ago, so it is most likely the name.
        return Err(mend(&"that username is taken, or the code was just used"));
    };
    let who = Who { tenant: invited.tenant_id, user };
    let by = invited.made_by;
    context.log(&Event::AccountChanged { who: who.clone(), change: AccountChange::Joined, by });
    Ok(Came::Joined(who))
}

/// Everything that was open with the old password ends, and so do the failures that slowed logins down.
async fn reset(context: &Context, source: &str, code: &str, username: &Username, hash: &str) -> Result<Came, Failed> {
    let use_id = encode_random(&random::bytes::<16>(Purpose::Account));
    let now = moment(clock::now());
    let done = database::batch(
        &context.env,
        &[
            (USE_RESET, &[code.into(), now, use_id.as_str().into()]),
            (SET_RESET_PASSWORD, &[code.into(), use_id.as_str().into(), hash.into()]),
        ],
    )
    .await?;
    let Some(used) = database::returned::<ResetRow>(done.first())? else {
        return Err(not_good(UNKNOWN));
    };
    let who = Who { tenant: used.tenant_id, user: used.user_id };
    let by = used.made_by;
    context.log(&Event::AccountChanged { who: who.clone(), change: AccountChange::PasswordReset, by });
    revoked::everything(context, &who, None, RevocationCause::Password).await?;
    auth::succeeded(context, source, username).await?;
    Ok(Came::Returned)
}

/// The page, with the name that was typed.
fn page(
    context: &Context,
    browser: &Browser,
    status: u16,
    typed: Option<&Parameters>,
    notice: Option<&str>,
) -> Result<Reply, Problem> {
    let ticket = browser.seal(context, Form::Join, &Account {})?;
    let username = typed.and_then(|form| form.find("username")).unwrap_or_default();
    let html = JoinPage { action: "/join", ticket: &ticket, username, notice }.render();
    Ok(browser.page(status, html, &[]))
}
