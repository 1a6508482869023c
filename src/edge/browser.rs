//! The browser a page is shown to: a cookie that ties forms to it, and another once somebody has signed in with it.

use super::context::Context;
use super::incoming::{body, header};
use super::{auth, clock, gate, random};
use crate::api::body::demand_type;
use crate::api::cookie;
use crate::api::introspection::FORM;
use crate::api::problem::Problem;
use crate::api::reply::Reply;
use crate::entropy::purpose::Purpose;
use crate::gate::message::{GateReply, GateRequest};
use crate::gate::single;
use crate::id::{SessionId, TenantId, UserId, encode_random};
use crate::oauth::parameters::Parameters;
use crate::oauth::ticket::Form;
use crate::observe::{Event, Who};
use crate::page::content_security_policy;
use crate::store::keys;
use crate::time::Lifetime;
use crate::token::opaque::{self, Kind};
use serde::Serialize;
use serde::de::DeserializeOwned;
use worker::web_sys::Request;
use zeroize::Zeroizing;

/// Ties forms to the browser they were shown to.
const BROWSER: &str = "__Host-browser";
/// Says who signed in.
const SIGN_IN: &str = "__Host-sign-in";
/// How long a browser stays signed in, however much it is used.
const SIGN_IN_LIFE: Lifetime = Lifetime::from_seconds(12 * 3600);

/// A browser.
pub struct Browser {
    id: String,
    is_new: bool,
    sign_in: Option<String>,
}

/// Who signed in with it.
pub struct Person {
    /// The tenant.
    pub tenant: TenantId,
    /// The user.
    pub user: UserId,
    /// The login name.
    pub username: String,
    /// The sign-in.
    pub sign_in: SessionId,
}

impl Person {
    /// Who the log says it is.
    pub fn who(&self) -> Who {
        Who { tenant: self.tenant.clone(), user: self.user.clone() }
    }
}

impl Browser {
    /// The browser of a request, by its cookies. One that has none yet gets one with its first page.
    pub fn of(request: &Request) -> Self {
        let cookies = header(request, "cookie");
        let known = cookie::find(cookies.as_deref(), BROWSER).filter(|id| SessionId::parse(id).is_ok());
        let sign_in = cookie::find(cookies.as_deref(), SIGN_IN).map(str::to_owned);
        let id = known.map_or_else(|| encode_random(&random::bytes::<16>(Purpose::Browser)), str::to_owned);
        Self { id, is_new: known.is_none(), sign_in }
    }

    /// Who signed in with it, if the gate says that this still holds and the user may still come in.
    pub async fn person(&self, context: &Context) -> Result<Option<Person>, Problem> {
        let presented =
            self.sign_in.as_deref().and_then(|text| opaque::parse(Kind::Browser, &context.settings.root, text).ok());
        let Some(presented) = presented else { return Ok(None) };
        let question =
            GateRequest::Browser { id: presented.session.clone(), secret_hash: presented.secret_hash.clone() };
        let name = keys::principal_gate(&presented.tenant, &presented.user);
        match gate::ask(&context.env, &name, &question).await? {
            GateReply::Done => {}
            GateReply::Revoked => return Ok(None),
            other => return Err(gate::unexpected(&other)),
        }
        let username = auth::enabled(context, &presented.tenant, &presented.user).await?;
        Ok(username.map(|username| Person {
            tenant: presented.tenant,
            user: presented.user,
            username,
            sign_in: presented.session,
        }))
    }

    /// A ticket for a form of a page that is shown to this browser.
    pub fn seal(&self, context: &Context, form: Form, carried: &impl Serialize) -> Result<String, Problem> {
        let nonce = random::bytes::<12>(Purpose::PageTicket);
        form.seal(&context.settings.root, &self.id, carried, (clock::now(), nonce))
            .map_err(|_| Problem::Internal("a ticket could not be sealed".into()))
    }

    /// What a form of this browser's carried.
    pub fn open<T: DeserializeOwned>(&self, context: &Context, form: Form, ticket: &str) -> Result<T, Problem> {
        form.open(&context.settings.root, &self.id, ticket, clock::now()).map_err(|_| Problem::StaleForm)
    }

    /// A page for this browser. `form_targets` are the places that its forms may lead to besides this gateway.
    pub fn page(&self, status: u16, html: String, form_targets: &[&str]) -> Reply {
        let reply = Reply::page(status, html, &content_security_policy(form_targets));
        if self.is_new { reply.with("set-cookie", cookie::set(BROWSER, &self.id)) } else { reply }
    }
}

/// Signs a browser in: a reply with its new cookie.
pub async fn sign_in(context: &Context, who: Who, reply: Reply) -> Result<Reply, Problem> {
    let id = SessionId::from_bytes(&random::bytes::<16>(Purpose::Browser));
    let secret = Zeroizing::new(random::bytes::<32>(Purpose::Browser));
    let (text, kept) = opaque::mint(Kind::Browser, &context.settings.root, (&who.tenant, &who.user), &id, &secret);
    let now = clock::now();
    let browser = single::Browser {
        secret_hash: kept.secret_hash,
        // What ends everything of a user must end a sign-in too that was on its way meanwhile.
        opened_at: context.started,
        used_at: now,
        expires_at: now.plus(SIGN_IN_LIFE),
    };
    let question = GateRequest::OpenBrowser { id: id.clone(), browser };
    match gate::ask(&context.env, &keys::principal_gate(&who.tenant, &who.user), &question).await? {
        GateReply::Done => {}
        GateReply::Revoked => return Err(Problem::StaleForm),
        other => return Err(gate::unexpected(&other)),
    }
    context.log(&Event::SignedIn { who, sign_in: id });
    Ok(reply.with("set-cookie", cookie::set(SIGN_IN, text.expose())))
}

/// Signs the browser out: its sign-in is over at the gate, and the cookie is taken away.
pub async fn sign_out(context: &Context, person: &Person, reply: Reply) -> Result<Reply, Problem> {
    end_sign_in(context, person, person.sign_in.clone()).await?;
    Ok(reply.with("set-cookie", cookie::clear(SIGN_IN)))
}

/// Ends one of a person's sign-ins.
pub async fn end_sign_in(context: &Context, person: &Person, sign_in: SessionId) -> Result<(), Problem> {
    let question = GateRequest::EndBrowser { id: sign_in.clone() };
    match gate::ask(&context.env, &keys::principal_gate(&person.tenant, &person.user), &question).await? {
        GateReply::Done => {
            context.log(&Event::SignedOut { who: person.who(), sign_in });
            Ok(())
        }
        other => Err(gate::unexpected(&other)),
    }
}

/// The form of a page, posted by a page of this origin as far as the browser says where from (its `Origin` was seen to
/// before). Every parameter is there once.
pub async fn posted(request: &Request) -> Result<Parameters, Problem> {
    if header(request, "sec-fetch-site").is_some_and(|site| site != "same-origin") {
        return Err(Problem::OriginNotAllowed);
    }
    form(request).await
}

/// A form, whoever posted it.
pub async fn form(request: &Request) -> Result<Parameters, Problem> {
    demand_type(header(request, "content-type").as_deref(), FORM)?;
    Ok(Parameters::parse(&body(request).await?)?)
}
