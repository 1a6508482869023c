//! The token endpoint, and those for giving tokens back and for registering.

use super::browser::form;
use super::context::Context;
use super::incoming::{body, header};
use super::issue::{Granted, Pair};
use super::refresh::{self, Refused};
use super::{admission, assertion, auth, clients, clock, database, exchange, gate, random, revoked, source};
use crate::api::body::demand_type;
use crate::api::problem::Problem;
use crate::api::reply::Reply;
use crate::entropy::purpose::Purpose;
use crate::gate::message::{GateReply, GateRequest};
use crate::gate::session::{Opening, Refresh, RotationRefusal, Session};
use crate::gate::single::{CodeRefusal, Presented};
use crate::id::{SessionId, TenantId, UserId, encode_random};
use crate::json::{self, REQUEST_CAPS};
use crate::oauth::client::{Authentication, Client, Known};
use crate::oauth::error::{Code, OAuthError};
use crate::oauth::parameters::Parameters;
use crate::oauth::pkce::Challenge;
use crate::oauth::redirect::RedirectUri;
use crate::oauth::registration::{Description, Drawn, Registered};
use crate::oauth::token_request::TokenRequest;
use crate::observe::{Event, RevocationCause, Who};
use crate::scope::Scope;
use crate::secret::SecretText;
use crate::store::clients::{DELETE_EXPIRED, EXTEND, INSERT_SELF_REGISTERED, MAX_SELF_REGISTERED};
use crate::store::keys;
use crate::time::Lifetime;
use crate::token::opaque::{self, Kind, OpaqueToken};
use worker::web_sys::Request;

/// How long a registration stays that nobody has used yet: whoever means it comes back at once.
const UNUSED_LIFE: Lifetime = Lifetime::from_seconds(86_400);
/// How long one stays after it was used.
const USED_LIFE: Lifetime = Lifetime::from_seconds(90 * 86_400);
const NOT_GOOD: OAuthError = Code::InvalidGrant.because("the grant is invalid, expired, used, or another client's");
const JSON: &str = "application/json";

/// `POST /oauth/token`.
///
/// 1. who the client is; 2. what it asks for, and whether it may; 3. the person's gate decides.
pub async fn token(context: &Context, request: &Request) -> Result<Reply, Problem> {
    let form = form(request).await?;
    let client = authenticated(context, request, &form).await?;
    let wanted = TokenRequest::parse(&form, &context.settings.resource)?;
    wanted.permitted(&client)?;
    random::admit_secrets(context).await?;
    let reply = match wanted {
        TokenRequest::Code { code, redirect_uri, challenge, resource } => {
            redeem(context, &client, &code, (redirect_uri, challenge, resource)).await?
        }
        TokenRequest::Refresh { token, scope, resource } => {
            let wanted = Refresh { client_id: client.id.clone(), scope, resource };
            refresh::rotate(context, token.expose(), wanted).await?.map_err(refused)?
        }
        TokenRequest::ClientCredentials { scope, resource } => for_itself(context, &client, scope, resource).await?,
        TokenRequest::Assertion { assertion, scope, resource } => {
            assertion::redeem(context, &client, &assertion, &scope, resource.as_deref()).await?
        }
        TokenRequest::Exchange { subject, resource, scope } => {
            exchange::exchange(context, &client, &subject, (&resource, scope.as_ref())).await?
        }
    };
    keep(context, &client);
    Ok(reply)
}

/// `POST /oauth/revoke` (RFC 7009). What is not the client's own, or no token at all, is answered like what is over.
pub async fn revoke(context: &Context, request: &Request) -> Result<Reply, Problem> {
    let form = form(request).await?;
    let client = authenticated(context, request, &form).await?;
    let text = form.find("token").ok_or(Code::InvalidRequest.because("token is missing"))?;
    let done = Reply::empty(200).with("cache-control", "no-store");
    let Some((who, session)) = session_of(context, text) else { return Ok(done) };
    let question = GateRequest::Revoke { session: session.clone(), client: Some(client.id) };
    match gate::ask(&context.env, &keys::principal_gate(&who.tenant, &who.user), &question).await? {
        GateReply::Ended { until: None } => {}
        GateReply::Ended { until: Some(until) } => {
            revoked::session(context, who, session, until, RevocationCause::Client).await;
        }
        other => return Err(gate::unexpected(&other)),
    }
    Ok(done)
}

/// `POST /oauth/register` (RFC 7591).
pub async fn register(context: &Context, request: &Request) -> Result<Reply, Problem> {
    demand_type(header(request, "content-type").as_deref(), JSON)?;
    let object = json::parse_object(&body(request).await?, REQUEST_CAPS).map_err(Problem::Json)?;
    let drawn = Drawn {
        id: encode_random(&random::bytes::<16>(Purpose::Client)),
        secret: SecretText::new(encode_random(&random::bytes::<32>(Purpose::Client))),
    };
    let (client, secret) = Description::read(object)?.register(&drawn, &context.settings.redirect_schemes)?;
    clients::limit_new(context, &source(request)).await?;
    random::admit_secrets(context).await?;
    let now = clock::now();
    store(context, &client).await?;
    let env = context.env.clone();
    context.background.wait_until(async move {
        // What is not deleted now is deleted with another registration.
        let _ = database::run(&env, DELETE_EXPIRED, &[database::moment(now)]).await;
    });
    context.log(&Event::ClientRegistered { client: client.id.clone() });
    Ok(Reply::private_json(201, &Registered::tell(&client, secret.as_ref(), now)))
}

async fn authenticated(context: &Context, request: &Request, form: &Parameters) -> Result<Client, Problem> {
    let authorization = header(request, "authorization");
    clients::authenticate(context, &source(request), authorization.as_deref(), form).await
}

/// A code for a pair of tokens.
///
/// 1. the code is one this gateway wrote; 2. its user may still come in; 3. the user's gate decides, and opens the session.
async fn redeem(
    context: &Context,
    client: &Client,
    code: &SecretText,
    (redirect_uri, challenge, resource): (Option<String>, Challenge, Option<String>),
) -> Result<Reply, Problem> {
    let not_good = |reason: &str| Problem::OAuth { error: NOT_GOOD, reason: reason.to_owned() };
    let OpaqueToken { tenant, user, session: code, secret_hash } =
        opaque::parse(Kind::Code, &context.settings.root, code.expose())
            .map_err(|error| not_good(&error.to_string()))?;
    if auth::enabled(context, &tenant, &user).await?.is_none() {
        return Err(not_good("disabled account"));
    }
    let opening = Opening {
        id: SessionId::from_bytes(&random::bytes::<16>(Purpose::SessionId)),
        expires_at: clock::now().plus(context.settings.session_life),
    };
    let pair = Pair::draw(context, &tenant, &user, &opening.id);
    let challenge = challenge.as_str().to_owned();
    let presented = Presented { secret_hash, client_id: client.id.clone(), redirect_uri, challenge, resource };
    let name = keys::principal_gate(&tenant, &user);
    let question =
        GateRequest::Redeem { code: code.into(), presented, opening: opening.clone(), first: pair.issued.clone() };
    match gate::ask(&context.env, &name, &question).await? {
        GateReply::Redeemed { scope, resource } => {
            answer(context, client, pair, (&opening, &scope, resource), client.grants.refresh)
        }
        GateReply::NotRedeemed { reason: CodeRefusal::OtherResource } => {
            Err(Code::InvalidTarget.because("the code is for another resource").into())
        }
        GateReply::NotRedeemed { reason } => Err(not_good(&reason.to_string())),
        GateReply::Replayed { session, until } => {
            if let Some(until) = until {
                revoked::session(context, pair.who(), session, until, RevocationCause::CodeReplay).await;
            }
            Err(not_good("the code was used before"))
        }
        other => Err(gate::unexpected(&other)),
    }
}

/// Tokens for a client that acts for nobody but the account its operator gave it.
async fn for_itself(
    context: &Context,
    client: &Client,
    scope: Scope,
    resource: Option<String>,
) -> Result<Reply, Problem> {
    let Known::Operator { tenant, account: Some(account) } = &client.known else {
        return Err(Code::UnauthorizedClient.because("this client has no account of its own").into());
    };
    if client.authentication == Authentication::Nothing {
        return Err(Code::UnauthorizedClient.because("this client cannot prove who it is").into());
    }
    if auth::enabled(context, tenant, account).await?.is_none() {
        return Err(Problem::OAuth { error: NOT_GOOD, reason: "disabled account".into() });
    }
    let resource = resource.unwrap_or_else(|| context.settings.resource.clone());
    without_refresh(context, client, (tenant, account), (scope, resource)).await
}

/// An access token for a client that acts for this user, in a session that ends with it: it cannot be refreshed.
pub async fn without_refresh(
    context: &Context,
    client: &Client,
    (tenant, user): (&TenantId, &UserId),
    (scope, resource): (Scope, String),
) -> Result<Reply, Problem> {
    let opening = Opening {
        id: SessionId::from_bytes(&random::bytes::<16>(Purpose::SessionId)),
        expires_at: clock::now().plus(context.settings.access_life),
    };
    let pair = Pair::draw(context, tenant, user, &opening.id);
    let first = pair.issued.clone();
    let session = Session::open(opening.id.clone(), client.id.clone(), scope.clone(), opening.expires_at, first)
        .of_client(client.name.clone(), resource.clone(), clock::now());
    let question = GateRequest::Open { session: Box::new(session) };
    match gate::ask(&context.env, &keys::principal_gate(tenant, user), &question).await? {
        GateReply::Done => {}
        other => return Err(gate::unexpected(&other)),
    }
    answer(context, client, pair, (&opening, &scope, resource), false)
}

/// The first tokens of a session that was opened for a client.
fn answer(
    context: &Context,
    client: &Client,
    pair: Pair,
    (opening, scope, resource): (&Opening, &Scope, String),
    refreshable: bool,
) -> Result<Reply, Problem> {
    let (session, issued) = (opening.id.clone(), pair.record());
    context.log(&Event::Authorized { who: pair.who(), client: client.id.clone(), session, issued });
    let granted = Granted {
        client_id: &client.id,
        scope,
        resource: Some(resource),
        session_ends: opening.expires_at,
        refreshable,
    };
    pair.reply(context, granted)
}

fn refused(refused: Refused) -> Problem {
    let error = match refused {
        Refused::Rotation(RotationRefusal::WiderScope) => Code::InvalidScope.because("more than was granted"),
        Refused::Rotation(RotationRefusal::OtherResource) => {
            Code::InvalidTarget.because("the grant is for another resource")
        }
        _ => NOT_GOOD,
    };
    Problem::OAuth { error, reason: refused.to_string() }
}

/// The session of any token that this gateway wrote; whether it is live is for the gate to say.
fn session_of(context: &Context, text: &str) -> Option<(Who, SessionId)> {
    if let Ok(token) = opaque::parse(Kind::Refresh, &context.settings.root, text) {
        let OpaqueToken { tenant, user, session, .. } = token;
        return Some((Who { tenant, user }, session));
    }
    let token = admission::read(context, text).ok()?;
    Some((admission::who(token.claims()), token.claims().sid.clone()))
}

async fn store(context: &Context, client: &Client) -> Result<(), Problem> {
    let now = clock::now();
    let uris: Vec<&str> = client.redirect_uris.iter().map(RedirectUri::as_str).collect();
    let (secret, keys) = match &client.authentication {
        Authentication::Secret { hash, .. } => (Some(hash.as_str()), None),
        Authentication::Key(keys) => (None, Some(keys)),
        Authentication::Nothing => (None, None),
    };
    let text = |value: &str| value.into();
    let json = |value: serde_json::Result<String>| value.map_err(|error| Problem::Internal(error.to_string()));
    let keys = keys.map(|keys| json(serde_json::to_string(keys))).transpose()?;
    let values = [
        text(&client.id),
        text(&client.name),
        text(&json(serde_json::to_string(&uris))?),
        text(client.authentication.method()),
        database::maybe(secret),
        database::maybe(keys.as_deref()),
        text(&client.grants.names().join(" ")),
        database::moment(now),
        database::moment(now.plus(UNUSED_LIFE)),
        MAX_SELF_REGISTERED.into(),
    ];
    if database::run(&context.env, INSERT_SELF_REGISTERED, &values).await? == 0 {
        return Err(Code::TemporarilyUnavailable.because("too many clients have registered; try again later").into());
    }
    Ok(())
}

/// A client that registered itself and is used stays.
fn keep(context: &Context, client: &Client) {
    if client.known != Known::Itself {
        return;
    }
    let (env, id, until) = (context.env.clone(), client.id.clone(), clock::now().plus(USED_LIFE));
    context.background.wait_until(async move {
        // Not to be kept longer is not to be refused: the next use asks again.
        let _ = database::run(&env, EXTEND, &[id.as_str().into(), database::moment(until)]).await;
    });
}
