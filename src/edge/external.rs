//! Sign-in through the OpenID provider the operator trusts: the way there, and the way back.

use super::authorize::{login_page, onwards};
use super::browser::{self, Browser};
use super::context::Context;
use super::oidc::{self, NotVouched};
use super::{clock, gate, incoming, outbound, random, source};
use crate::api::problem::{Limit, Problem};
use crate::api::reply::Reply;
use crate::entropy::purpose::Purpose;
use crate::gate::message::{GateReply, GateRequest};
use crate::id::encode_random;
use crate::oauth::ticket::{Form, LIFE, Login};
use crate::observe::{Event, Who};
use crate::oidc::jwt::Unverified;
use crate::oidc::provider::Provider;
use crate::oidc::sign_in::{Answer, Sent};
use crate::oidc::{exchange, id_token};
use crate::store::keys;
use worker::web_sys::Request;

/// `POST /oauth/external`: the sign-in page's way to the provider. What waits for the sign-in goes along, sealed.
pub async fn leave(context: &Context, request: &Request) -> Result<Reply, Problem> {
    let provider = provider(context)?;
    let form = browser::posted(request).await?;
    let browser = Browser::of(request);
    let login: Login = browser.open(context, Form::Login, form.find("ticket").unwrap_or_default())?;
    random::admit_secrets(context).await?;
    let discovery = match oidc::discover(context, provider).await {
        Ok(discovery) => discovery,
        Err(problem) => return refused(context, &browser, &login, &problem.into()).await,
    };
    let sent = Sent {
        id: encode_random(&random::bytes::<16>(Purpose::SignIn)),
        nonce: encode_random(&random::bytes::<16>(Purpose::SignIn)),
        verifier: encode_random(&random::bytes::<32>(Purpose::SignIn)),
        login,
    };
    let state = browser.seal(context, Form::External, &sent)?;
    let address = sent.address((provider, &discovery), &context.settings.issuer, &state)?;
    Ok(Reply::see_other(address))
}

/// `GET /oauth/callback`: back from the provider.
///
/// 1. the state is a ticket of this very browser; 2. it comes for the first time; 3. the provider says who it is, and that
///    is a user of its tenant; 4. the browser is signed in as after a password, and goes on where it came from.
pub async fn come_back(context: &Context, request: &Request) -> Result<Reply, Problem> {
    let provider = provider(context)?;
    let answer = Answer::parse(&incoming::query(request)).map_err(|_| Problem::StaleForm)?;
    let browser = Browser::of(request);
    let state = answer.state().map_err(|_| Problem::StaleForm)?;
    let sent: Sent = browser.open(context, Form::External, state)?;
    let (env, logins) = (&context.env, context.settings.logins);
    gate::charge(env, &keys::source_gate(&source(request)), logins, Limit::Source).await?;
    let question = GateRequest::Spend { id: sent.spent_id(), until: clock::now().plus(LIFE) };
    match gate::ask(env, &keys::sign_in_gate(&sent.id), &question).await? {
        GateReply::Done => {}
        GateReply::AlreadySpent => return Err(Problem::StaleForm),
        other => return Err(gate::unexpected(&other)),
    }
    random::admit_secrets(context).await?;
    match identify(context, provider, &answer, &sent).await {
        Ok(who) => browser::sign_in(context, who, onwards(&sent.login)).await,
        Err(NotVouched::Platform(problem)) => Err(*problem),
        Err(refusal) => refused(context, &browser, &sent.login, &refusal).await,
    }
}

/// Who came back: the code becomes an ID token, which must be the provider's, for this gateway, and of this very sign-in.
async fn identify(context: &Context, provider: &Provider, answer: &Answer, sent: &Sent) -> Result<Who, NotVouched> {
    let discovery = oidc::discover(context, provider).await?;
    let code = answer.code(provider, &discovery)?;
    let issuer = &context.settings.issuer;
    let question = exchange::request((provider, &discovery), issuer, &code, &sent.verifier);
    let text = exchange::read(outbound::send(&question).await)?;
    let token = Unverified::parse(text.expose())?;
    oidc::verify(context, provider, &token).await?;
    let person = id_token::check(&token, provider, &sent.nonce, clock::now())?;
    oidc::user(context, provider, &person).await
}

/// The sign-in page again, with words that say no more than whose turn it is.
async fn refused(context: &Context, browser: &Browser, login: &Login, refusal: &NotVouched) -> Result<Reply, Problem> {
    context.log(&Event::SignInRefused { reason: refusal.to_string() });
    let name = provider(context)?.name.as_str();
    let (status, notice) = match refusal {
        NotVouched::Provider(_) => (503, format!("{name} does not answer as it should. Try again later.")),
        _ => (403, format!("You were not signed in by {name}. Try again, or ask whoever runs this gateway.")),
    };
    login_page(context, browser, status, login, "", Some(&notice)).await
}

fn provider(context: &Context) -> Result<&Provider, Problem> {
    context.settings.oidc.as_ref().ok_or(Problem::NotFound)
}
