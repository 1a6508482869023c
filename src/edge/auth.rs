//! Login, refresh, logout, who am I, and whose token is this.

use super::admission::{self, Principal, who};
use super::context::Context;
use super::issue::{Granted, Pair};
use super::{clock, database, factor, gate, random, refresh, revoked};
use crate::account::password::{self, MAX_BYTES};
use crate::account::{Login, LoginRefusal, User, Username, login as decide_login};
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
use crate::time::Timestamp;
use crate::token::access::AccessClaims;
use futures::future::try_join;

/// A password that was right, and what is still to be seen to.
pub struct Proven {
    /// Whose it is.
    pub who: Who,
    /// The login name.
    pub username: Username,
    /// The sealed secret of the second factor, if a code is needed besides.
    pub second_factor: Option<String>,
    /// What is stored of the password.
    pub password_hash: String,
}

/// `POST /auth/login`: a password, a code where one is needed, and a session that is opened before its tokens leave. A
/// missing or wrong code is told in the words of a wrong password.
pub async fn login(context: &Context, source: &str, request: LoginRequest) -> Result<Reply, Problem> {
    let scope = request.scope.as_deref().map_or(Ok(Scope::full()), Scope::parse);
    let scope = scope.map_err(|error| Problem::InvalidBody(error.to_string()))?;
    if scope.is_empty() || !Scope::all().covers(&scope) {
        return Err(Problem::InvalidBody("scope names what this gateway has: see its metadata".into()));
    }
    let proven = check_password(context, source, &request.username, &request.password).await?;
    if let Some(sealed) = &proven.second_factor {
        let code = request.code.as_ref().map(SecretText::expose).unwrap_or_default();
        factor::demand(context, &proven.who, sealed, code).await?;
    }
    succeeded(context, source, &proven.username).await?;
    let Who { tenant, user } = proven.who;
    open_session(context, tenant, user, scope).await
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
) -> Result<Proven, Problem> {
    let username = Username::parse(username).map_err(|error| Problem::InvalidBody(error.to_string()))?;
    if password.expose().len() > MAX_BYTES {
        return Err(Problem::InvalidBody(format!("a password has at most {MAX_BYTES} bytes")));
    }
    random::admit_secrets(context).await?;
    limit_login(context, &keys::source_gate(source), &keys::account_gate(&username)).await?;
    let user = find_user(context, &username).await?;
    if let Some(User { tenant, id, .. }) = &user {
        context.ledger.concerns(&Who { tenant: tenant.clone(), user: id.clone() });
    }
    let stored = user.as_ref().map_or(password::DUMMY_HASH, |user| user.password_hash.as_str());
    let matches = password::matches(password, stored);
    let (who, second_factor) = match decide_login(user.as_ref(), matches, context.settings.profile) {
        Login::Refuse(refusal) => return Err(Problem::InvalidLogin(refusal.to_string())),
        Login::AskCode { tenant, user, sealed } => (Who { tenant, user }, Some(sealed)),
        Login::Admit { tenant, user } => (Who { tenant, user }, None),
    };
    Ok(Proven { who, username, second_factor, password_hash: stored.to_owned() })
}

/// Forgets the failures of an account: everything that is needed was right.
pub async fn succeeded(context: &Context, source: &str, username: &Username) -> Result<(), Problem> {
    let question = GateRequest::LoginSucceeded { network: keys::source_gate(source) };
    gate::ask(&context.env, &keys::account_gate(username), &question).await.map(drop)
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
pub fn me(principal: &Principal) -> Reply {
    let (claims, standing) = (principal.claims(), principal.standing());
    let key = standing.key.as_ref();
    Reply::private_json(
        200,
        &MeResponse {
            sub: principal.user().to_string(),
            username: standing.username.clone(),
            tenant: principal.tenant().to_string(),
            role: standing.role,
            scope: principal.scope().to_string(),
            session: claims.map(|claims| claims.sid.to_string()),
            key: key.map(|key| key.id.to_string()),
            expires_at: claims.map(|claims| claims.exp).or_else(|| key?.expires_at.map(Timestamp::seconds)),
            entropy: claims.and_then(|claims| claims.ent.clone()),
        },
    )
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
    let shown = presented.as_deref().ok().and_then(|token| showable(token, reader.tenant(), clock::now()));
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

/// Counts a login from a network on an account, before anything of it is looked at.
pub async fn limit_login(context: &Context, network: &str, account: &str) -> Result<(), Problem> {
    gate::charge(&context.env, network, context.settings.logins, Limit::Source).await?;
    let attempt = GateRequest::AttemptLogin { network: network.to_owned() };
    match gate::ask(&context.env, account, &attempt).await? {
        GateReply::Done => Ok(()),
        GateReply::Limited { retry_after } => Err(Problem::RateLimited { limit: Limit::Account, retry_after }),
        other => Err(gate::unexpected(&other)),
    }
}

async fn find_user(context: &Context, username: &Username) -> Result<Option<User>, Problem> {
    let row: Option<UserRow> = database::first(&context.env, USER_BY_USERNAME, &[username.as_str().into()]).await?;
    Ok(row.and_then(UserRow::into_user))
}

async fn open_session(context: &Context, tenant: TenantId, user: UserId, scope: Scope) -> Result<Reply, Problem> {
    let id = SessionId::from_bytes(&random::bytes::<16>(Purpose::SessionId));
    let pair = Pair::draw(context, &tenant, &user, &id);
    let expires_at = clock::now().plus(context.settings.session_life);
    let mut session =
        Session::open(id.clone(), PASSWORD_CLIENT.to_owned(), scope.clone(), expires_at, pair.issued.clone());
    session.opened_at = Some(context.started);
    let question = GateRequest::Open { session: Box::new(session) };
    match gate::ask(&context.env, &keys::principal_gate(&tenant, &user), &question).await? {
        GateReply::Done => {}
        GateReply::Revoked => return Err(Problem::InvalidLogin(LoginRefusal::Outrun.to_string())),
        other => return Err(gate::unexpected(&other)),
    }
    context.log(&Event::LoggedIn { who: Who { tenant, user }, session: id, issued: pair.record() });
    let granted = Granted {
        client_id: PASSWORD_CLIENT,
        scope: &scope,
        resource: None,
        session_ends: expires_at,
        refreshable: true,
    };
    pair.reply(context, granted)
}
