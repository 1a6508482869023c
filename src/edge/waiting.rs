//! The page of calls that wait for approval: administrators decide them, everybody sees the own ones.

use super::account::{self, approves, signed_in, visited};
use super::browser::{self, Browser, Person};
use super::clock;
use super::code::user_of;
use super::context::Context;
use super::database::{self, maybe, moment};
use crate::account::role::Role;
use crate::admin::approval::{ApprovalState, ApprovalView};
use crate::api::problem::Problem;
use crate::api::reply::Reply;
use crate::id::UserId;
use crate::oauth::ticket::{Account, Form};
use crate::page::{ApprovalLine, ApprovalsPage};
use crate::store::accounts::{USERNAME_BY_ID, UsernameRow};
use crate::store::approvals::{APPROVALS, ApprovalRow, DECIDE, LIFE_MILLIS};
use crate::time::{Lifetime, Timestamp};
use serde_json::Value;
use worker::web_sys::Request;

/// Where the page is.
pub const PLACE: &str = "/account/approvals";
/// Most calls that are shown.
const MOST: u32 = 100;

/// `GET /account/approvals`.
pub async fn show(context: &Context, request: &Request) -> Result<Reply, Problem> {
    visited(context, request, async |browser, person| {
        let role = role_of(context, &person).await?;
        page(context, &browser, &person, role, None).await
    })
    .await
}

/// `POST /account/approvals`. The statement asks again whether who decides may, and that it is not who wants to call.
pub async fn decide(context: &Context, request: &Request) -> Result<Reply, Problem> {
    let form = browser::posted(request).await?;
    let person = signed_in(context, request, form.find("csrf")).await?;
    let role = role_of(context, &person).await?;
    let state = if approves(&form)? { ApprovalState::Approved } else { ApprovalState::Refused };
    let (now, id) = (clock::now(), form.find("approval").unwrap_or_default());
    let values = [
        person.tenant.as_str().into(),
        id.into(),
        state.as_str().into(),
        person.user.as_str().into(),
        moment(now),
        moment(now.plus(Lifetime::from_millis(LIFE_MILLIS))),
    ];
    let decided = database::run(&context.env, DECIDE, &values).await? == 1;
    if decided {
        account::decided(context, &person, "decide_approval", format!("approval/{id}/{}", state.as_str()));
    }
    let notice = match (decided, state) {
        (true, ApprovalState::Approved) => "Approved: the call goes through once, within a quarter of an hour.",
        (true, _) => "Refused.",
        (false, _) => "It was decided already, its time is up, or it is not for you to decide.",
    };
    page(context, &Browser::of(request), &person, role, Some(notice)).await
}

/// The role of a person who is not disabled.
pub async fn role_of(context: &Context, person: &Person) -> Result<Role, Problem> {
    let user = user_of(context, &person.who()).await?.filter(|user| user.disabled_at.is_none());
    user.map(|user| user.role).ok_or(Problem::NotFound)
}

async fn page(
    context: &Context,
    browser: &Browser,
    person: &Person,
    role: Role,
    notice: Option<&str>,
) -> Result<Reply, Problem> {
    let only = (!role.reads_all()).then_some(person.user.as_str());
    let values = [
        person.tenant.as_str().into(),
        "".into(),
        MOST.into(),
        maybe(Some(ApprovalState::Asked.as_str())),
        maybe(only),
    ];
    let rows: Vec<ApprovalRow> = database::all(&context.env, APPROVALS, &values).await?;
    let now = clock::now().seconds();
    let mut waiting = Vec::new();
    for view in rows.into_iter().map(ApprovalView::from).filter(|view| now < view.expires_at) {
        let username = username(context, person, &view.user).await?;
        let arguments = Value::Object(view.arguments.clone()).to_string();
        waiting.push((username, arguments, Timestamp::from_seconds(view.created_at).to_words(), view));
    }
    let lines: Vec<ApprovalLine<'_>> = waiting
        .iter()
        .map(|(username, arguments, asked, view)| ApprovalLine {
            id: &view.id,
            username,
            tool: &view.tool,
            arguments,
            asked,
            decidable: role.manages() && view.user != person.user.as_str(),
        })
        .collect();
    let csrf = browser.seal(context, Form::Account, &Account {})?;
    let tenant = person.tenant.as_str();
    let page = ApprovalsPage { tenant, action: PLACE, back: "/account", csrf: &csrf, waiting: &lines, notice };
    Ok(browser.page(200, page.render(), &[]))
}

async fn username(context: &Context, person: &Person, user: &str) -> Result<String, Problem> {
    let Ok(id) = UserId::parse(user) else { return Ok(user.to_owned()) };
    let values = [person.tenant.as_str().into(), id.as_str().into()];
    let row: Option<UsernameRow> = database::first(&context.env, USERNAME_BY_ID, &values).await?;
    Ok(row.map_or_else(|| user.to_owned(), |row| row.username))
}
