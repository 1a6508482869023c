//! The pages between a client's request and its code: sign in, allow or deny, and back to the client.

use super::browser::{self, Browser, Person};
use super::context::Context;
use super::{auth, clients, clock, code, gate, incoming, oidc, random, source};
use crate::api::problem::Problem;
use crate::api::refusal::sentence;
use crate::api::reply::Reply;
use crate::entropy::purpose::Purpose;
use crate::gate::message::{GateReply, GateRequest};
use crate::gate::single::CodeGrant;
use crate::id::{SessionId, encode_random};
use crate::oauth::authorize::{Asked, Request};
use crate::oauth::client::{Client, Known};
use crate::oauth::error::Code;
use crate::oauth::redirect::{RedirectUri, policy_source};
use crate::oauth::ticket::{Consent, Form, LIFE, Login, Waiting};
use crate::observe::Event;
use crate::page::{ConsentPage, External, LoginPage, ScopeLine, Verification};
use crate::scope::{ADMIN_READ, ADMIN_WRITE, TOOLS_CALL, TOOLS_READ};
use crate::secret::SecretText;
use crate::store::keys;
use crate::time::Lifetime;
use crate::token::opaque::{self, Kind};
use worker::web_sys;
use zeroize::Zeroizing;

/// How long a code is good (RFC 6749 section 4.1.2 allows ten minutes; a client fetches its tokens at once).
const CODE_LIFE: Lifetime = Lifetime::from_seconds(60);
const AUTHORIZE: &str = "/oauth/authorize";
const LOGIN: &str = "/oauth/login";
const EXTERNAL: &str = "/oauth/external";

/// `GET /oauth/authorize`.
///
/// 1. the client and where its answer goes, else a page says what is wrong; 2. who signed in, else the sign-in page: nobody
///    is sent to a client that is not an operator's before (RFC 9700 section 4.11.2); 3. the rest of the request; 4. the
///    consent page, each time.
pub async fn authorize(context: &Context, request: &web_sys::Request) -> Result<Reply, Problem> {
    let query = incoming::query(request);
    let asked = Asked::parse(&query)?;
    let client = clients::find(context, &source(request), &asked.client_id).await?;
    let return_to = asked.return_to(&client)?;
    let browser = Browser::of(request);
    let form_target = policy_source(&return_to.redirect_uri);
    let Some(person) = browser.person(context).await? else {
        let waiting = Waiting { query, client_name: client.name, form_target };
        return login_page(context, &browser, 200, &Login { waiting: Some(waiting) }, "", None).await;
    };
    let issuer = &context.settings.issuer;
    if !client.serves(&person.tenant) {
        let refused = Code::AccessDenied.because("the client serves people of another tenant");
        return Ok(Reply::see_other(return_to.with_error(refused, issuer)));
    }
    match asked.check(&client, return_to, &context.settings.resource) {
        Ok(request) => consent_page(context, (&browser, &person), &client, request, query),
        Err(refused) => Ok(Reply::see_other(refused.return_to.with_error(refused.error, issuer))),
    }
}

/// `POST /oauth/login`: a password, and on to what waits for it. A wrong one leaves everything as it was.
pub async fn sign_in(context: &Context, request: &web_sys::Request) -> Result<Reply, Problem> {
    let form = browser::posted(request).await?;
    let browser = Browser::of(request);
    let login: Login = browser.open(context, Form::Login, form.find("ticket").unwrap_or_default())?;
    let username = form.find("username").unwrap_or_default();
    let password = SecretText::new(form.find("password").unwrap_or_default());
    match auth::check_password(context, &source(request), username, &password).await {
        Ok(proven) if proven.second_factor.is_some() => code::ask(context, &browser, login, &proven),
        Ok(proven) => {
            auth::succeeded(context, &source(request), &proven.username).await?;
            browser::sign_in(context, proven.who, onwards(&login)).await
        }
        Err(problem @ (Problem::InvalidLogin(_) | Problem::InvalidBody(_) | Problem::RateLimited { .. })) => {
            context.log(&Event::SignInRefused { reason: problem.to_string() });
            let notice = notice(&problem);
            let status = refused_status(&problem);
            let reply = login_page(context, &browser, status, &login, username, Some(&notice)).await?;
            Ok(retry_later(&problem, reply))
        }
        Err(problem) => Err(problem),
    }
}

/// Where a browser goes that has signed in.
pub fn onwards(login: &Login) -> Reply {
    match &login.waiting {
        Some(waiting) => Reply::see_other(format!("{AUTHORIZE}?{}", waiting.query)),
        None => Reply::see_other("/account"),
    }
}

/// `POST /oauth/consent`: the decision, once for each page that was shown.
pub async fn consent(context: &Context, request: &web_sys::Request) -> Result<Reply, Problem> {
    let form = browser::posted(request).await?;
    let (person, consent) = consent_of(context, request, form.find("ticket")).await?;
    let ticket_until = clock::now().plus(LIFE);
    let issuer = &context.settings.issuer;
    let name = keys::principal_gate(&person.tenant, &person.user);
    let Consent { id: ticket, request: asked, .. } = consent;
    let decided = |allowed| Event::ConsentDecided {
        who: person.who(),
        client: asked.client_id.clone(),
        scope: asked.scope.to_string(),
        resource: asked.resource.clone(),
        allowed,
    };
    match form.find("decision") {
        Some("allow") => {
            random::admit_secrets(context).await?;
            let (code, grant, kept_as) = draw_code(context, &person, &asked);
            let begun = Some(context.started);
            let (code_id, grant) = (kept_as.into(), Box::new(grant));
            let question = GateRequest::Grant { begun, ticket, ticket_until, code: code_id, grant };
            spent(&gate::ask(&context.env, &name, &question).await?)?;
            context.log(&decided(true));
            Ok(Reply::see_other(asked.return_to.with_code(code.expose(), issuer)))
        }
        Some("deny") => {
            let question = GateRequest::Spend { id: ticket, until: ticket_until };
            spent(&gate::ask(&context.env, &name, &question).await?)?;
            context.log(&decided(false));
            let refused = Code::AccessDenied.because("the person said no");
            Ok(Reply::see_other(asked.return_to.with_error(refused, issuer)))
        }
        _ => Err(Problem::InvalidBody("decision is allow or deny".into())),
    }
}

/// `POST /oauth/switch`: signs the browser out and asks again.
pub async fn switch_account(context: &Context, request: &web_sys::Request) -> Result<Reply, Problem> {
    let form = browser::posted(request).await?;
    let (person, consent) = consent_of(context, request, form.find("ticket")).await?;
    let again = Reply::see_other(format!("{AUTHORIZE}?{}", consent.query));
    browser::sign_out(context, &person, again).await
}

/// The sign-in page, which carries on what waits for it, and leads to the OpenID provider if there is one.
pub async fn login_page(
    context: &Context,
    browser: &Browser,
    status: u16,
    login: &Login,
    username: &str,
    notice: Option<&str>,
) -> Result<Reply, Problem> {
    let ticket = browser.seal(context, Form::Login, login)?;
    let waiting = login.waiting.as_ref();
    let client = waiting.map(|waiting| waiting.client_name.as_str());
    let provider = context.settings.oidc.as_ref();
    let external = provider.map(|provider| External { name: &provider.name, action: EXTERNAL });
    let html = LoginPage { client, action: LOGIN, ticket: &ticket, username, notice, external }.render();
    let elsewhere = match provider {
        Some(provider) => Some(oidc::origin(context, provider).await),
        None => None,
    };
    let targets = waiting.map(|waiting| waiting.form_target.as_str()).into_iter().chain(elsewhere.as_deref());
    Ok(browser.page(status, html, &targets.collect::<Vec<_>>()))
}

fn consent_page(
    context: &Context,
    (browser, person): (&Browser, &Person),
    client: &Client,
    request: Request,
    query: String,
) -> Result<Reply, Problem> {
    let form_target = policy_source(&request.return_to.redirect_uri);
    let redirect_host = client.redirect(&request.return_to.redirect_uri).map(RedirectUri::shown).unwrap_or_default();
    let (resource, scope) = (request.resource.clone(), request.scope.clone());
    let asked = Consent {
        id: encode_random(&random::bytes::<16>(Purpose::PageTicket)),
        tenant: person.tenant.clone(),
        user: person.user.clone(),
        request,
        query,
    };
    let ticket = browser.seal(context, Form::Consent, &asked)?;
    let scopes: Vec<ScopeLine<'_>> = SCOPES.into_iter().filter(|line| scope.allows(line.name)).collect();
    let page = ConsentPage {
        action: "/oauth/consent",
        ticket: &ticket,
        client: &client.name,
        client_verified_by: match &client.known {
            Known::Operator { .. } => Verification::Operator,
            Known::Document { host } => Verification::Domain(host),
            Known::Itself => Verification::Nobody,
            Known::Gateway => Verification::Gateway,
        },
        redirect_host: &redirect_host,
        localhost_only: client.is_local_only(),
        username: &person.username,
        resource: &resource,
        scopes: &scopes,
        switch_account_action: "/oauth/switch",
    };
    Ok(browser.page(200, page.render(), &[&form_target]))
}

/// What each scope allows, in words for the person who is asked.
const SCOPES: [ScopeLine<'static>; 4] = [
    ScopeLine { name: TOOLS_READ, words: "See which tools you have" },
    ScopeLine { name: TOOLS_CALL, words: "Use your tools for you" },
    ScopeLine { name: ADMIN_READ, words: "See the people, keys, rules and records of your team, as far as you may" },
    ScopeLine { name: ADMIN_WRITE, words: "Change them for you, as far as you may" },
];

/// What a consent page's form is about, if the person it asked is still the one who is signed in with this browser.
async fn consent_of(
    context: &Context,
    request: &web_sys::Request,
    ticket: Option<&str>,
) -> Result<(Person, Consent), Problem> {
    let browser = Browser::of(request);
    let consent: Consent = browser.open(context, Form::Consent, ticket.unwrap_or_default())?;
    let person = browser.person(context).await?.ok_or(Problem::StaleForm)?;
    let same = person.tenant == consent.tenant && person.user == consent.user;
    if same { Ok((person, consent)) } else { Err(Problem::StaleForm) }
}

fn draw_code(context: &Context, person: &Person, asked: &Request) -> (SecretText, CodeGrant, SessionId) {
    let id = SessionId::from_bytes(&random::bytes::<16>(Purpose::AuthorizationCode));
    let secret = Zeroizing::new(random::bytes::<32>(Purpose::AuthorizationCode));
    let whose = (&person.tenant, &person.user);
    let (code, kept) = opaque::mint(Kind::Code, &context.settings.root, whose, &id, &secret);
    let grant = CodeGrant {
        secret_hash: kept.secret_hash,
        client_id: asked.client_id.clone(),
        client_name: asked.client_name.clone(),
        redirect_uri: asked.return_to.redirect_uri.clone(),
        challenge: asked.challenge.as_str().to_owned(),
        scope: asked.scope.clone(),
        resource: asked.resource.clone(),
        expires_at: clock::now().plus(CODE_LIFE),
        opened: None,
    };
    (code, grant, id)
}

fn spent(reply: &GateReply) -> Result<(), Problem> {
    match reply {
        GateReply::Done => Ok(()),
        GateReply::AlreadySpent | GateReply::Revoked => Err(Problem::StaleForm),
        other => Err(gate::unexpected(other)),
    }
}

/// A page that says what was wrong, with the fields of a refusal by a limit.
pub fn retry_later(problem: &Problem, page: Reply) -> Reply {
    match problem {
        Problem::RateLimited { limit, retry_after } => limit.with_headers(page, *retry_after),
        _ => page,
    }
}

/// What a person is told of a refused sign-in.
pub fn notice(problem: &Problem) -> String {
    match problem {
        Problem::InvalidLogin(_) => "Username or password is wrong.".to_owned(),
        Problem::RateLimited { retry_after, .. } => {
            format!("Too many attempts. Try again in {} s.", retry_after.seconds_ceil().max(1))
        }
        other => sentence(&other.detail()),
    }
}

/// A page cannot ask for credentials with 401: that is for those a browser keeps (RFC 9110 section 11.6.1).
pub fn refused_status(problem: &Problem) -> u16 {
    match problem.status() {
        401 => 403,
        status => status,
    }
}
