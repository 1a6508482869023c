//! The page of a tenant's people, for its administrators. Every statement asks again whether who acts is one.

use super::account::{signed_in, visited};
use super::browser::{self, Browser, Person};
use super::code::user_of;
use super::context::Context;
use super::database::{self, moment};
use super::{clock, random, revoked};
use crate::account::one_time::{BYTES, INVITATION_LIFE, MAX_OPEN, OneTimeCode, RESET_LIFE};
use crate::account::role::Role;
use crate::api::problem::Problem;
use crate::api::reply::Reply;
use crate::entropy::purpose::Purpose;
use crate::id::UserId;
use crate::oauth::ticket::{Account, Form};
use crate::observe::{AccountChange, Event, RevocationCause, Who};
use crate::page::{MadeCode, PeoplePage, PersonLine};
use crate::store::codes::{DELETE_EXPIRED, DELETE_OPEN_RESETS, INSERT_INVITATION, INSERT_RESET};
use crate::store::people::{DISABLE_USER, ENABLE_USER, MAX_LISTED, PEOPLE, PersonRow};
use crate::time::Lifetime;
use worker::wasm_bindgen::JsValue;
use worker::web_sys::Request;

const PLACE: &str = "/account/people";

/// A code that was made, with what the page says of it.
struct Made {
    code: OneTimeCode,
    purpose: String,
    life: &'static str,
}

/// `GET /account/people`.
pub async fn show(context: &Context, request: &Request) -> Result<Reply, Problem> {
    visited(context, request, async |browser, person| {
        demand_admin(context, &person).await?;
        page(context, &browser, &person, None, None).await
    })
    .await
}

/// `POST /account/people`.
pub async fn change(context: &Context, request: &Request) -> Result<Reply, Problem> {
    let form = browser::posted(request).await?;
    let person = signed_in(context, request, form.find("csrf")).await?;
    demand_admin(context, &person).await?;
    let user = || UserId::parse(form.find("user").unwrap_or_default()).map_err(|_| unclear());
    let made = match form.find("do") {
        Some("invite-developer") => invite(context, &person, Role::Developer).await?,
        Some("invite-auditor") => invite(context, &person, Role::Auditor).await?,
        Some("invite-admin") => invite(context, &person, Role::Admin).await?,
        Some("reset") => offer_reset(context, &person, user()?).await?,
        Some("disable") => return disable(context, &person, user()?).await,
        Some("enable") => return enable(context, &person, user()?).await,
        _ => return Err(unclear()),
    };
    let notice = made.is_none().then_some("No code was made: there are too many open ones, or the user is gone.");
    page(context, &Browser::of(request), &person, made, notice).await
}

/// To anybody else there is nothing here.
async fn demand_admin(context: &Context, person: &Person) -> Result<(), Problem> {
    match user_of(context, &person.who()).await? {
        Some(user) if user.role.manages() && user.disabled_at.is_none() => Ok(()),
        _ => Err(Problem::NotFound),
    }
}

async fn invite(context: &Context, person: &Person, role: Role) -> Result<Option<Made>, Problem> {
    let code = draw(context).await?;
    let now = moment(clock::now());
    let values = inserted(&code, person, role.as_str(), INVITATION_LIFE);
    let done = database::batch(&context.env, &[(DELETE_EXPIRED, &[now]), (INSERT_INVITATION, &values)]).await?;
    if database::changes(done.get(1))? == 0 {
        return Ok(None);
    }
    context.log(&Event::Invited { by: person.who(), role });
    let joining = match role {
        Role::Owner => "an owner",
        Role::Admin => "an administrator",
        Role::Developer => "a developer",
        Role::Auditor => "an auditor",
        Role::Agent => "an agent",
    };
    Ok(Some(Made { code, purpose: format!("join {} as {joining}", person.tenant), life: "7 days" }))
}

async fn offer_reset(context: &Context, person: &Person, user: UserId) -> Result<Option<Made>, Problem> {
    let code = draw(context).await?;
    let older = [person.tenant.as_str().into(), user.as_str().into()];
    let values = inserted(&code, person, user.as_str(), RESET_LIFE);
    let done = database::batch(&context.env, &[(DELETE_OPEN_RESETS, &older), (INSERT_RESET, &values)]).await?;
    let who = Who { tenant: person.tenant.clone(), user };
    let known = user_of(context, &who).await?;
    let (1, Some(known)) = (database::changes(done.get(1))?, known) else { return Ok(None) };
    changed(context, who, AccountChange::ResetOffered, person);
    let purpose = format!("set a new password for {}", known.username.as_str());
    Ok(Some(Made { code, purpose, life: "24 hours" }))
}

/// What is open ends first, so that a gate that does not answer leaves everything as it was; and again after the row is
/// written, for whoever logged in between.
async fn disable(context: &Context, person: &Person, user: UserId) -> Result<Reply, Problem> {
    let who = Who { tenant: person.tenant.clone(), user };
    let values = [who.tenant.as_str(), who.user.as_str(), person.user.as_str()].map(JsValue::from_str);
    let values = [values.as_slice(), &[moment(clock::now())]].concat();
    let known = user_of(context, &who).await?.is_some_and(|user| user.disabled_at.is_none());
    if known && who.user != person.user {
        revoked::everything(context, &who, None, RevocationCause::Disabled).await?;
    }
    if database::run(&context.env, DISABLE_USER, &values).await? == 1 {
        changed(context, who.clone(), AccountChange::Disabled, person);
        revoked::everything(context, &who, None, RevocationCause::Disabled).await?;
    }
    Ok(Reply::see_other(PLACE))
}

async fn enable(context: &Context, person: &Person, user: UserId) -> Result<Reply, Problem> {
    let who = Who { tenant: person.tenant.clone(), user };
    let values = [who.tenant.as_str(), who.user.as_str(), person.user.as_str()].map(JsValue::from_str);
    if database::run(&context.env, ENABLE_USER, &values).await? == 1 {
        changed(context, who, AccountChange::Enabled, person);
    }
    Ok(Reply::see_other(PLACE))
}

async fn draw(context: &Context) -> Result<OneTimeCode, Problem> {
    random::admit_secrets(context).await?;
    Ok(OneTimeCode::from_bytes(&random::bytes::<BYTES>(Purpose::OneTimeCode)))
}

/// The values of a new code: `what` is a role or a user.
fn inserted(code: &OneTimeCode, person: &Person, what: &str, life: Lifetime) -> [JsValue; 7] {
    let now = clock::now();
    [
        code.hash().into(),
        person.tenant.as_str().into(),
        what.into(),
        person.user.as_str().into(),
        moment(now),
        moment(now.plus(life)),
        MAX_OPEN.into(),
    ]
}

fn changed(context: &Context, who: Who, change: AccountChange, by: &Person) {
    context.log(&Event::AccountChanged { who, change, by: Some(by.user.clone()) });
}

fn unclear() -> Problem {
    Problem::InvalidBody("the form says nothing that can be done".into())
}

async fn page(
    context: &Context,
    browser: &Browser,
    person: &Person,
    made: Option<Made>,
    notice: Option<&str>,
) -> Result<Reply, Problem> {
    let values = [person.tenant.as_str().into(), MAX_LISTED.into()];
    let rows: Vec<PersonRow> = database::all(&context.env, PEOPLE, &values).await?;
    let people: Vec<PersonLine<'_>> = rows
        .iter()
        .map(|row| PersonLine {
            id: row.id.as_str(),
            username: &row.username,
            role: row.role,
            second_factor: row.second_factor != 0,
            disabled: row.disabled_at.is_some(),
            own: row.id == person.user,
        })
        .collect();
    let csrf = browser.seal(context, Form::Account, &Account {})?;
    let place = format!("{}/join", context.settings.issuer);
    let shown = made.as_ref().map(|made| made.code.shown());
    let made = made.as_ref().zip(shown.as_ref()).map(|(made, code)| MadeCode {
        code: code.expose(),
        purpose: &made.purpose,
        place: &place,
        life: made.life,
    });
    let tenant = person.tenant.as_str();
    let page = PeoplePage { tenant, action: PLACE, back: "/account", csrf: &csrf, people: &people, made, notice };
    Ok(browser.page(200, page.render(), &[]))
}
