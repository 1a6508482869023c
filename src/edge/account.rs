//! The page of what has access to a person's account.

use super::authorize::login_page;
use super::browser::{self, Browser, Person};
use super::code::user_of;
use super::context::Context;
use super::{gate, incoming, revoked};
use crate::api::problem::Problem;
use crate::api::reply::Reply;
use crate::gate::message::{GateReply, GateRequest};
use crate::gate::session::Session;
use crate::gate::single;
use crate::id::SessionId;
use crate::oauth::parameters::Parameters;
use crate::oauth::ticket::{Account, Form, Login};
use crate::observe::{Event, RevocationCause};
use crate::page::{AccountPage, SessionKind, SessionLine, SignedOutPage};
use crate::store::keys;
use crate::time::Timestamp;
use worker::web_sys::Request;

const ACCOUNT: &str = "/account";
/// What stands before the id of a session in a form, and before that of a sign-in.
const SESSION: &str = "session/";
const SIGN_IN: &str = "sign-in/";
/// The query of the page after something was ended.
const ENDED: &str = "ended";

/// The other pages of an account; the last two are for administrators.
const LINKS: [(&str, &str); 6] = [
    ("/account/password", "Password"),
    ("/account/second-factor", "Second factor"),
    ("/account/approvals", "Approvals"),
    ("/account/connections", "Connections"),
    ("/account/drift", "Changes of upstreams"),
    ("/account/people", "People"),
];
const OWN_LINKS: &[(&str, &str)] = LINKS.split_at(4).0;

/// `GET /account`.
pub async fn show(context: &Context, request: &Request) -> Result<Reply, Problem> {
    visited(context, request, async |browser, person| page(context, request, &browser, &person).await).await
}

async fn page(context: &Context, request: &Request, browser: &Browser, person: &Person) -> Result<Reply, Problem> {
    let name = keys::principal_gate(&person.tenant, &person.user);
    let (sessions, browsers) = match gate::ask(&context.env, &name, &GateRequest::List).await? {
        GateReply::Listed { sessions, browsers } => (sessions, browsers),
        other => return Err(gate::unexpected(&other)),
    };
    let mut lines: Vec<Line> = sessions.iter().map(Line::of_session).collect();
    lines.extend(browsers.iter().map(|(id, browser)| Line::of_browser(id, browser, person)));
    lines.sort_by_key(|line| std::cmp::Reverse(line.at));
    let ticket = browser.seal(context, Form::Account, &Account {})?;
    let is_admin = user_of(context, &person.who()).await?.is_some_and(|user| user.role.manages());
    let shown: Vec<SessionLine<'_>> = lines.iter().map(Line::shown).collect();
    let page = AccountPage {
        username: &person.username,
        tenant: person.tenant.as_str(),
        csrf: &ticket,
        links: if is_admin { &LINKS } else { OWN_LINKS },
        sessions: &shown,
        logout_action: "/account/sign-out",
        revoke_action: "/account/end",
        notice: (incoming::query(request) == ENDED).then_some("Access has ended."),
    };
    Ok(browser.page(200, page.render(), &[]))
}

/// `POST /account/end`.
pub async fn end(context: &Context, request: &Request) -> Result<Reply, Problem> {
    let form = browser::posted(request).await?;
    let person = signed_in(context, request, form.find("csrf")).await?;
    let named = form.find("session").unwrap_or_default();
    let id = |prefix: &str| named.strip_prefix(prefix).and_then(|id| SessionId::parse(id).ok());
    if let Some(session) = id(SESSION) {
        let question = GateRequest::Revoke { session: session.clone(), client: None };
        let name = keys::principal_gate(&person.tenant, &person.user);
        match gate::ask(&context.env, &name, &question).await? {
            GateReply::Ended { until: None } => {}
            GateReply::Ended { until: Some(until) } => {
                revoked::session(context, person.who(), session, until, RevocationCause::Owner).await;
            }
            other => return Err(gate::unexpected(&other)),
        }
    } else if let Some(sign_in) = id(SIGN_IN) {
        browser::end_sign_in(context, &person, sign_in).await?;
    } else {
        return Err(Problem::InvalidBody("session names nothing that can be ended".into()));
    }
    Ok(Reply::see_other(format!("{ACCOUNT}?{ENDED}")))
}

/// `POST /account/sign-out`.
pub async fn sign_out(context: &Context, request: &Request) -> Result<Reply, Problem> {
    let form = browser::posted(request).await?;
    let person = signed_in(context, request, form.find("csrf")).await?;
    browser::sign_out(context, &person, Reply::see_other("/account/signed-out")).await
}

/// `GET /account/signed-out`.
pub fn signed_out(request: &Request) -> Reply {
    Browser::of(request).page(200, SignedOutPage.render(), &[])
}

/// A page of the account for who is signed in, or the one on which somebody signs in first.
pub async fn visited(
    context: &Context,
    request: &Request,
    page: impl AsyncFnOnce(Browser, Person) -> Result<Reply, Problem>,
) -> Result<Reply, Problem> {
    let browser = Browser::of(request);
    match browser.person(context).await? {
        Some(person) => page(browser, person).await,
        None => login_page(context, &browser, 200, &Login::default(), "", None).await,
    }
}

/// Puts on record what a person decided on a page, as the operation of administrators that does the same.
pub fn decided(context: &Context, person: &Person, operation: &'static str, subject: String) {
    let (who, about_tenant) = (Some(person.who()), person.tenant.clone());
    context.log(&Event::Administered { who, operation, about_tenant, subject: Some(subject) });
}

/// Who posted a form of the account's pages, which were shown to this very browser.
pub async fn signed_in(context: &Context, request: &Request, ticket: Option<&str>) -> Result<Person, Problem> {
    let browser = Browser::of(request);
    let _: Account = browser.open(context, Form::Account, ticket.unwrap_or_default())?;
    browser.person(context).await?.ok_or(Problem::StaleForm)
}

/// Whether a form approves what it is about, or refuses it.
pub fn approves(form: &Parameters) -> Result<bool, Problem> {
    match form.find("do") {
        Some("approve") => Ok(true),
        Some("refuse") => Ok(false),
        _ => Err(Problem::InvalidBody("the form says nothing that can be done".into())),
    }
}

/// A line of the page, with the texts it is made of.
struct Line {
    id: String,
    client: String,
    kind: SessionKind,
    scope: String,
    resource: String,
    opened: String,
    last_used: String,
    current: bool,
    at: Option<Timestamp>,
}

impl Line {
    fn of_session(session: &Session) -> Self {
        let (client, kind) = match &session.client_name {
            Some(name) => (name.clone(), SessionKind::App),
            None => ("A program with your password".to_owned(), SessionKind::PasswordLogin),
        };
        let at = session.refreshed_at.or(session.opened_at);
        Self {
            id: format!("{SESSION}{}", session.id),
            client,
            kind,
            scope: session.scope.to_string(),
            resource: session.resource.clone().unwrap_or_default(),
            opened: told(session.opened_at),
            last_used: told(at),
            current: false,
            at,
        }
    }

    fn of_browser(id: &str, browser: &single::Browser, person: &Person) -> Self {
        Self {
            id: format!("{SIGN_IN}{id}"),
            client: "A browser".to_owned(),
            kind: SessionKind::Browser,
            scope: String::new(),
            resource: String::new(),
            opened: told(Some(browser.opened_at)),
            last_used: told(Some(browser.used_at)),
            current: id == person.sign_in.as_str(),
            at: Some(browser.used_at),
        }
    }

    fn shown(&self) -> SessionLine<'_> {
        SessionLine {
            id: &self.id,
            client: &self.client,
            kind: self.kind,
            scope: &self.scope,
            resource: &self.resource,
            opened: &self.opened,
            last_used: &self.last_used,
            current: self.current,
        }
    }
}

/// A moment for a person; sessions of older versions do not know theirs.
fn told(moment: Option<Timestamp>) -> String {
    moment.map_or_else(|| "at a time not kept".to_owned(), Timestamp::to_words)
}
