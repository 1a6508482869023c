//! A person's accounts at upstreams: the page, the way to a provider, and the way back.

use super::account::{signed_in, visited};
use super::browser::{self, Browser, Person};
use super::context::Context;
use super::{clock, database, gate, grant_store, incoming, outbound, random, showing, source};
use crate::admin::credential::ConnectionView;
use crate::api::problem::{Limit, Problem};
use crate::api::reply::Reply;
use crate::credential::connect::{CALLBACK, Sent, code};
use crate::credential::grant::{Came, Flow};
use crate::credential::secret::{Connection, Secret};
use crate::entropy::purpose::Purpose;
use crate::gate::message::{GateReply, GateRequest};
use crate::id::encode_random;
use crate::oauth::parameters::Parameters;
use crate::oauth::ticket::{Account, Form, LIFE};
use crate::observe::{AccountChange, Event};
use crate::outbound::OutboundUrl;
use crate::page::{ConnectionLine, ConnectionsPage};
use crate::store::credentials::{CONNECTIONS, ConnectionRow, CredentialRow, END_TOKENS, THROUGH};
use crate::store::keys;
use crate::time::Timestamp;
use worker::wasm_bindgen::JsValue;
use worker::web_sys::Request;

/// Where the page is.
pub const PLACE: &str = "/account/connections";
/// The query of the page after something was done, and what it says then.
const NOTICES: [(&str, &str); 4] = [
    ("connected", "Connected: your own calls use that account from now on."),
    ("disconnected", "Disconnected: your calls do not use that account any more."),
    ("refused", "The provider did not connect the account. Try again, or ask whoever runs this server."),
    ("changed", "The server was changed meanwhile. Try again."),
];

/// `GET /account/connections`.
pub async fn show(context: &Context, request: &Request) -> Result<Reply, Problem> {
    visited(context, request, async |browser, person| page(context, request, &browser, &person).await).await
}

async fn page(context: &Context, request: &Request, browser: &Browser, person: &Person) -> Result<Reply, Problem> {
    let values = whose(person);
    let rows: Vec<ConnectionRow> = database::all(&context.env, CONNECTIONS, &values).await?;
    let views: Vec<ConnectionView> = rows.into_iter().map(ConnectionView::from).collect();
    let reach = context.settings.profile.reach();
    let mut targets: Vec<String> =
        views.iter().filter_map(|view| Some(OutboundUrl::parse(&view.page, reach).ok()?.origin())).collect();
    targets.sort_unstable();
    targets.dedup();
    let since = |view: &ConnectionView| view.connected_at.map(|at| Timestamp::from_seconds(at).to_words());
    let words: Vec<Option<String>> = views.iter().map(since).collect();
    let line = |(view, connected)| {
        let (view, connected): (&ConnectionView, &Option<String>) = (view, connected);
        ConnectionLine { credential: &view.credential, upstream: &view.upstream, connected: connected.as_deref() }
    };
    let lines: Vec<ConnectionLine<'_>> = views.iter().zip(&words).map(line).collect();
    let query = incoming::query(request);
    let page = ConnectionsPage {
        username: &person.username,
        action: PLACE,
        back: "/account",
        csrf: &browser.seal(context, Form::Account, &Account {})?,
        connections: &lines,
        notice: NOTICES.iter().find(|(name, _)| *name == query).map(|(_, notice)| *notice),
    };
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    Ok(browser.page(200, page.render(), &targets))
}

/// `POST /account/connections`.
pub async fn change(context: &Context, request: &Request) -> Result<Reply, Problem> {
    let form = browser::posted(request).await?;
    let person = signed_in(context, request, form.find("csrf")).await?;
    let credential = form.find("credential").unwrap_or_default();
    match form.find("do") {
        Some("connect") => leave(context, request, &person, credential).await,
        Some("disconnect") => disconnect(context, &person, credential).await,
        _ => Err(Problem::InvalidBody("the form says nothing that can be done".into())),
    }
}

/// On to the provider, with a ticket of this browser as `state`.
async fn leave(context: &Context, request: &Request, person: &Person, credential: &str) -> Result<Reply, Problem> {
    let (row, connection) = through(context, person, credential).await?.ok_or(Problem::NotFound)?;
    random::admit_secrets(context).await?;
    let reach = context.settings.profile.reach();
    let page = OutboundUrl::parse(&connection.authorization_endpoint, reach);
    let Ok(page) = page else { return Ok(back("refused")) };
    let sent = Sent {
        id: encode_random(&random::bytes::<16>(Purpose::Credential)),
        verifier: encode_random(&random::bytes::<32>(Purpose::Credential)),
        tenant: person.tenant.clone(),
        user: person.user.clone(),
        upstream: row.upstream_id.clone(),
        credential: row.id,
        version: row.version,
    };
    let state = Browser::of(request).seal(context, Form::Connect, &sent)?;
    let address = sent.address((&connection, &page), &callback(context), &state)?;
    Ok(Reply::see_other(address))
}

async fn disconnect(context: &Context, person: &Person, credential: &str) -> Result<Reply, Problem> {
    let values = [person.tenant.as_str().into(), credential.into(), person.user.as_str().into(), JsValue::NULL];
    if database::run(&context.env, END_TOKENS, &values).await? > 0 {
        changed(context, person, AccountChange::Disconnected);
    }
    Ok(back("disconnected"))
}

/// `GET /connect/callback`: back from a provider.
///
/// 1. the state is a ticket of this very browser, and of who is signed in with it; 2. it comes for the first time; 3. the answer is
///    of the provider that was asked, whose credential is still the same; 4. the code becomes tokens, which are kept sealed.
pub async fn come_back(context: &Context, request: &Request) -> Result<Reply, Problem> {
    let answer = Parameters::parse(incoming::query(request).as_bytes()).map_err(|_| Problem::StaleForm)?;
    let browser = Browser::of(request);
    let sent: Sent = browser.open(context, Form::Connect, answer.find("state").unwrap_or_default())?;
    let person = browser.person(context).await?.ok_or(Problem::StaleForm)?;
    if person.user != sent.user || person.tenant != sent.tenant {
        return Err(Problem::StaleForm);
    }
    let (env, logins) = (&context.env, context.settings.logins);
    gate::charge(env, &keys::source_gate(&source(request)), logins, Limit::Source).await?;
    let question = GateRequest::Spend { id: sent.spent_id(), until: clock::now().plus(LIFE) };
    match gate::ask(env, &keys::sign_in_gate(&sent.id), &question).await? {
        GateReply::Done => {}
        GateReply::AlreadySpent => return Err(Problem::StaleForm),
        other => return Err(gate::unexpected(&other)),
    }
    let told = connect(context, &person, &answer, &sent).await?;
    Ok(back(told))
}

/// What the page says of it.
async fn connect(
    context: &Context,
    person: &Person,
    answer: &Parameters,
    sent: &Sent,
) -> Result<&'static str, Problem> {
    let found = through(context, person, &sent.credential).await?;
    let Some((row, connection)) = found.filter(|(row, _)| row.version == sent.version) else { return Ok("changed") };
    let Ok(code) = code(answer, &connection) else { return Ok("refused") };
    let row = CredentialRow { user_id: Some(person.user.clone()), ..row };
    let grant = showing::grant(&context.settings, &row, Flow::Connection, connection.client);
    let Some(grant) = grant else { return Ok("refused") };
    let asked = grant.redeem(&code, &sent.verifier, &callback(context));
    let came = grant.on_answer(outbound::send(&asked).await, None, clock::now());
    let Came::Tokens(tokens) = came else { return Ok("refused") };
    let place = (&context.env, &*context.settings);
    if !grant_store::begin(place, &person.tenant, (&grant, sent.version), &tokens).await? {
        return Ok("changed");
    }
    changed(context, person, AccountChange::Connected);
    Ok("connected")
}

/// The credential through which a person connects, and what it is.
async fn through(
    context: &Context,
    person: &Person,
    credential: &str,
) -> Result<Option<(CredentialRow, Connection)>, Problem> {
    let values = [person.tenant.as_str().into(), credential.into()];
    let row: Option<CredentialRow> = database::first(&context.env, THROUGH, &values).await?;
    Ok(row.and_then(|row| match showing::open(&context.settings, &person.tenant, &row) {
        Some(Secret::Connection(connection)) => Some((row, connection)),
        _ => None,
    }))
}

fn changed(context: &Context, person: &Person, change: AccountChange) {
    showing::forget(&person.tenant, &person.user);
    context.log(&Event::AccountChanged { who: person.who(), change, by: Some(person.user.clone()) });
}

fn whose(person: &Person) -> [JsValue; 2] {
    [person.tenant.as_str(), person.user.as_str()].map(JsValue::from_str)
}

fn callback(context: &Context) -> String {
    format!("{}{CALLBACK}", context.settings.issuer)
}

fn back(query: &str) -> Reply {
    Reply::see_other(format!("{PLACE}?{query}"))
}
