//! Login, refresh, logout, who am I, and whose token is this.

use super::admission::{self, Principal, who};
use super::context::Context;
use super::issue::{Granted, Pair};
use super::{clock, database, gate, random, refresh, revoked};
use crate::account::password::{self, MAX_BYTES};
use crate::account::{Login, User, Username, login as decide_login};
use crate::api::body::{LoginRequest, MeResponse, RefreshRequest};
use crate::api::introspection::{Introspection, IntrospectionRequest, showable};
use crate::api::problem::{Limit, Problem};
use crate::api::reply::Reply;
use crate::entropy::purpose::Purpose;
use crate::gate::message::{GateReply, GateRequest};
use crate::gate::session::{Refresh, Session};
use crate::id::{SessionId, TenantId, UserId};
use crate::oauth::client::PASSWORD_CLIENT;
use crate::observe::{Event, RevocationCause, Who};
use crate::scope::Scope;
use crate::secret::SecretText;
use crate::store::accounts::{ENABLED_USER, USER_BY_USERNAME, USERNAME_BY_ID, UserRow, UsernameRow};
use crate::store::keys;
use crate::token::access::AccessClaims;
use futures::future::try_join;

/// `POST /auth/login`: a password, and a session that is opened before its tokens leave.
pub async fn login(context: &Context, source: &str, request: LoginRequest) -> Result<Reply, Problem> {
    let (tenant, user) = check_password(context, source, &request.username, &request.password).await?;
    open_session(context, tenant, user).await
}

/// Whose username and password these are.
///
/// 1. limits by address and by account, before any hashing; 2. the user's row; 3. one Argon2id hash, of a dummy when the
///    user is unknown; 4. one answer for every refusal.
pub async fn check_password(
    context: &Context,
    source: &str,
    username: &str,
    password: &SecretText,
) -> Result<(TenantId, UserId), Problem> {
    let username = Username::parse(username).map_err(|error| Problem::InvalidBody(error.to_string()))?;
    if password.expose().len() > MAX_BYTES {
        return Err(Problem::InvalidBody(format!("a password has at most {MAX_BYTES} bytes")));
    }
    random::admit_secrets(context).await?;
    let account = keys::account_gate(&username);
    limit_login(context, source, &account).await?;
    let user = find_user(context, &username).await?;
    let stored = user.as_ref().map_or(password::DUMMY_HASH, |user| user.password_hash.as_str());
    let matches = password::matches(password, stored);
    match decide_login(user.as_ref(), matches, context.settings.profile) {
        Login::Refuse(refusal) => Err(Problem::InvalidLogin(refusal.to_string())),
        Login::Admit { tenant, user } => {
            gate::ask(&context.env, &account, &GateRequest::LoginSucceeded).await?;
            Ok((tenant, user))
        }
    }
}

/// The login name of a user who may come in: it and its tenant are enabled.
pub async fn enabled(context: &Context, tenant: &TenantId, user: &UserId) -> Result<Option<String>, Problem> {
    let row: Option<UsernameRow> =
        database::first(&context.env, ENABLED_USER, &[tenant.as_str().into(), user.as_str().into()]).await?;
    Ok(row.map(|row| row.username))
}

/// `POST /auth/refresh`.
pub async fn refresh(context: &Context, request: &RefreshRequest) -> Result<Reply, Problem> {
    let wanted = Refresh { client_id: PASSWORD_CLIENT.to_owned(), scope: None, resource: None };
    let rotated = refresh::rotate(context, request.refresh_token.expose(), wanted).await?;
    rotated.map_err(|refused| Problem::InvalidRefreshToken(refused.to_string()))
}

/// `POST /auth/logout`. Takes no call: who has used up the rate can still log out.
pub async fn logout(context: &Context, authorization: Option<&str>) -> Result<Reply, Problem> {
    let token = admission::verify(context, authorization)?;
    let claims = token.claims();
    let question = GateRequest::Revoke { session: claims.sid.clone(), client: None };
    match gate::ask(&context.env, &keys::principal_gate(&claims.tenant, &claims.sub), &question).await? {
        GateReply::Ended { until: None } => Err(Problem::InvalidToken("revoked".into())),
        GateReply::Ended { until: Some(until) } => {
            admission::forget(&claims.jti);
            let (session, until) = (claims.sid.clone(), until.max(token.expires_at()));
            revoked::session(context, who(claims), session, until, RevocationCause::Logout).await;
            Ok(Reply::empty(204))
        }
        other => Err(gate::unexpected(&other)),
    }
}

/// `GET /auth/me`.
pub async fn me(context: &Context, principal: &Principal) -> Result<Reply, Problem> {
    let claims = principal.claims();
    let username = username(context, claims).await?.ok_or_else(|| Problem::InvalidToken("the user is gone".into()))?;
    Ok(Reply::private_json(
        200,
        &MeResponse {
            sub: claims.sub.to_string(),
            username,
            tenant: claims.tenant.to_string(),
            scope: claims.scope.to_string(),
            session: claims.sid.to_string(),
            expires_at: claims.exp,
            entropy: claims.ent.clone(),
        },
    ))
}

/// `POST /auth/introspect` (RFC 7662). The caller's own token was admitted before; what is presented is only looked at.
///
/// 1. signature and claims; 2. whether this caller may be shown it; 3. its owner's gate, whose silence is a 503 and never an
///    "active"; 4. one answer for everything else.
pub async fn introspect(
    context: &Context,
    reader: &Principal,
    request: &IntrospectionRequest,
) -> Result<Reply, Problem> {
    let presented = admission::read(context, request.token.expose());
    let shown = presented.as_deref().ok().and_then(|token| showable(token, reader.claims(), clock::now()));
    let told = match shown {
        Some(shown) => {
            let claims = shown.claims();
            let (live, username) = try_join(admission::is_live(context, claims), username(context, claims)).await?;
            shown.told(live, username)
        }
        None => Introspection::INACTIVE,
    };
    Ok(Reply::private_json(200, &told))
}

/// The login name of the user a token stands for; `None` when the user is gone.
async fn username(context: &Context, claims: &AccessClaims) -> Result<Option<String>, Problem> {
    let values = [claims.tenant.as_str().into(), claims.sub.as_str().into()];
    let row: Option<UsernameRow> = database::first(&context.env, USERNAME_BY_ID, &values).await?;
    Ok(row.map(|row| row.username))
}

async fn limit_login(context: &Context, source: &str, account: &str) -> Result<(), Problem> {
    gate::charge(&context.env, &keys::source_gate(source), context.settings.logins, Limit::Source).await?;
    match gate::ask(&context.env, account, &GateRequest::AttemptLogin).await? {
        GateReply::Done => Ok(()),
        GateReply::Limited { retry_after } => Err(Problem::RateLimited { limit: Limit::Account, retry_after }),
        other => Err(gate::unexpected(&other)),
    }
}

async fn find_user(context: &Context, username: &Username) -> Result<Option<User>, Problem> {
    let row: Option<UserRow> = database::first(&context.env, USER_BY_USERNAME, &[username.as_str().into()]).await?;
    Ok(row.and_then(UserRow::into_user))
}

async fn open_session(context: &Context, tenant: TenantId, user: UserId) -> Result<Reply, Problem> {
    let id = SessionId::from_bytes(&random::bytes::<16>(Purpose::SessionId));
    let pair = Pair::draw(context, &tenant, &user, &id);
    let now = clock::now();
    let expires_at = now.plus(context.settings.session_life);
    let session = Session::open(id.clone(), PASSWORD_CLIENT.to_owned(), Scope::full(), expires_at, pair.issued.clone());
    let question = GateRequest::Open { session: Box::new(session.opened(now)) };
    match gate::ask(&context.env, &keys::principal_gate(&tenant, &user), &question).await? {
        GateReply::Done => {}
        other => return Err(gate::unexpected(&other)),
    }
    context.log(&Event::LoggedIn { who: Who { tenant, user }, session: id, issued: pair.record() });
    let scope = Scope::full();
    let granted = Granted {
        client_id: PASSWORD_CLIENT,
        scope: &scope,
        resource: None,
        session_ends: expires_at,
        refreshable: true,
    };
    pair.reply(context, granted)
}
