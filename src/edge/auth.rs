//! Login, refresh, logout, who am I, and whose token is this.

use super::admission::{self, Principal, who};
use super::context::{Context, unavailable};
use super::{clock, gate, random};
use crate::account::password::{self, MAX_BYTES};
use crate::account::{Login, LoginRefusal, User, Username, login as decide_login};
use crate::api::body::{LoginRequest, MeResponse, RefreshRequest, TokenResponse};
use crate::api::introspection::{Introspection, IntrospectionRequest, showable};
use crate::api::problem::{Limit, Problem};
use crate::api::reply::Reply;
use crate::entropy::purpose::Purpose;
use crate::entropy::stamp::Stamp;
use crate::gate::message::{GateReply, GateRequest, NotRotated};
use crate::gate::session::{self, Issued, Session};
use crate::id::{SessionId, TenantId, TokenId, UserId};
use crate::observe::{Event, RevocationCause, TokenIssued, Who};
use crate::scope::Scope;
use crate::secret::SecretText;
use crate::store::accounts::{ENABLED_USER, USER_BY_USERNAME, USERNAME_BY_ID, UserRow, UsernameRow};
use crate::store::keys;
use crate::time::Timestamp;
use crate::token::access::{self, AccessClaims};
use crate::token::opaque::{self, Kind, OpaqueToken};
use futures::future::try_join;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

/// The client of a login by username and password.
const PASSWORD_CLIENT: &str = "password-login";
const DATABASE: &str = "the database";

/// `POST /auth/login`.
///
/// 1. limits by address and by account, before any hashing; 2. the user's row; 3. one Argon2id hash, of a dummy when the
///    user is unknown; 4. one answer for every refusal; 5. a session is opened before its tokens leave.
pub async fn login(context: &Context, source: &str, request: LoginRequest) -> Result<Reply, Problem> {
    let username = Username::parse(&request.username).map_err(|error| Problem::InvalidBody(error.to_string()))?;
    if request.password.expose().len() > MAX_BYTES {
        return Err(Problem::InvalidBody(format!("a password has at most {MAX_BYTES} bytes")));
    }
    random::admit_secrets(context).await?;
    let account = keys::account_gate(&username);
    let network = keys::source_gate(source);
    limit_login(context, &network, &account).await?;
    let user = find_user(context, &username).await?;
    let stored = user.as_ref().map_or(password::DUMMY_HASH, |user| user.password_hash.as_str());
    let matches = password::matches(&request.password, stored);
    match decide_login(user.as_ref(), matches, context.settings.profile) {
        Login::Refuse(refusal) => Err(Problem::InvalidLogin(refusal.to_string())),
        Login::AskCode { .. } => Err(Problem::InvalidLogin(LoginRefusal::NoCode.to_string())),
        Login::Admit { tenant, user } => {
            let opened = open_session(context, tenant, user);
            let succeeded = GateRequest::LoginSucceeded { network };
            let (reply, _) = try_join(opened, gate::ask(&context.env, &account, &succeeded)).await?;
            Ok(reply)
        }
    }
}

/// `POST /auth/refresh`.
///
/// 1. the token is one this gateway wrote; 2. its user is still enabled; 3. the user's gate decides whether it is good.
pub async fn refresh(context: &Context, request: &RefreshRequest) -> Result<Reply, Problem> {
    let refused = |reason: &str| Problem::InvalidRefreshToken(reason.to_owned());
    let presented = opaque::parse(Kind::Refresh, &context.settings.root, request.refresh_token.expose())
        .map_err(|error| refused(&error.to_string()))?;
    let enabled: Option<UsernameRow> =
        first(context, ENABLED_USER, &[presented.tenant.as_str(), presented.user.as_str()]).await?;
    if enabled.is_none() {
        return Err(refused("disabled account"));
    }
    random::admit_secrets(context).await?;
    let pair = Pair::draw(context, &presented.tenant, &presented.user, &presented.session);
    let question = GateRequest::Rotate {
        session: presented.session.clone(),
        presented_hash: presented.secret_hash.clone(),
        wanted: session::Refresh { client_id: PASSWORD_CLIENT.to_owned(), scope: None, resource: None },
        next: pair.issued.clone(),
    };
    let name = keys::principal_gate(&presented.tenant, &presented.user);
    match gate::ask(&context.env, &name, &question).await? {
        GateReply::Rotated { client_id, scope, session_expires_at, lost, .. } => {
            if let Some((token, until)) = lost {
                publish(context, keys::revoked_token(&presented.tenant, &token), until).await;
            }
            let who = Who { tenant: presented.tenant, user: presented.user };
            context.log(&Event::Refreshed { who, session: presented.session, issued: pair.record() });
            pair.reply(context, &client_id, &scope, session_expires_at)
        }
        GateReply::NotRotated { reason: NotRotated::Reused } => {
            announce_reuse(context, &presented, pair.issued.token_expires_at).await;
            Err(refused("an old token was used again; the session is revoked"))
        }
        GateReply::NotRotated { reason: NotRotated::Refused(refusal) } => Err(refused(&refusal.to_string())),
        other => Err(gate::unexpected(&other)),
    }
}

/// `POST /auth/logout`. Takes no call: who has used up the rate can still log out.
pub async fn logout(context: &Context, authorization: Option<&str>) -> Result<Reply, Problem> {
    let token = admission::verify(context, authorization)?;
    let claims = token.claims();
    let question = GateRequest::Revoke { session: claims.sid.clone() };
    match gate::ask(&context.env, &keys::principal_gate(&claims.tenant, &claims.sub), &question).await? {
        GateReply::Ended { until: None } => Err(Problem::InvalidToken("revoked".into())),
        GateReply::Ended { until: Some(until) } => {
            admission::forget(&claims.jti);
            publish(context, keys::revoked_session(&claims.tenant, &claims.sid), until.max(token.expires_at())).await;
            let (session, cause) = (claims.sid.clone(), RevocationCause::Logout);
            context.log(&Event::SessionRevoked { who: who(claims), session, cause });
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
    let row: Option<UsernameRow> =
        first(context, USERNAME_BY_ID, &[claims.tenant.as_str(), claims.sub.as_str()]).await?;
    Ok(row.map(|row| row.username))
}

async fn limit_login(context: &Context, network: &str, account: &str) -> Result<(), Problem> {
    let charge = GateRequest::Charge { policy: context.settings.logins };
    match gate::ask(&context.env, network, &charge).await? {
        GateReply::Admitted(_) => {}
        GateReply::Limited { retry_after } => return Err(Problem::RateLimited { limit: Limit::Source, retry_after }),
        other => return Err(gate::unexpected(&other)),
    }
    let attempt = GateRequest::AttemptLogin { network: network.to_owned() };
    match gate::ask(&context.env, account, &attempt).await? {
        GateReply::Done => Ok(()),
        GateReply::Limited { retry_after } => Err(Problem::RateLimited { limit: Limit::Account, retry_after }),
        other => Err(gate::unexpected(&other)),
    }
}

async fn find_user(context: &Context, username: &Username) -> Result<Option<User>, Problem> {
    let row: Option<UserRow> = first(context, USER_BY_USERNAME, &[username.as_str()]).await?;
    Ok(row.and_then(UserRow::into_user))
}

async fn open_session(context: &Context, tenant: TenantId, user: UserId) -> Result<Reply, Problem> {
    let id = SessionId::from_bytes(&random::bytes::<16>(Purpose::SessionId));
    let pair = Pair::draw(context, &tenant, &user, &id);
    let expires_at = clock::now().plus(context.settings.session_life);
    let session = Session::open(id.clone(), PASSWORD_CLIENT.to_owned(), Scope::full(), expires_at, pair.issued.clone());
    let question = GateRequest::Open { session: Box::new(session) };
    match gate::ask(&context.env, &keys::principal_gate(&tenant, &user), &question).await? {
        GateReply::Done => {}
        other => return Err(gate::unexpected(&other)),
    }
    context.log(&Event::LoggedIn { who: Who { tenant, user }, session: id, issued: pair.record() });
    pair.reply(context, PASSWORD_CLIENT, &Scope::full(), expires_at)
}

/// A pair of tokens in the making: its secrets are drawn, and its hash is what the gate stores.
struct Pair {
    refresh: SecretText,
    presented: OpaqueToken,
    issued: Issued,
    issued_at: Timestamp,
    /// What may be said about the bytes that were drawn, at the moment they were.
    entropy: Stamp,
}

impl Pair {
    fn draw(context: &Context, tenant: &TenantId, user: &UserId, session: &SessionId) -> Self {
        let issued_at = clock::now();
        let secret = Zeroizing::new(random::bytes::<32>(Purpose::RefreshToken));
        let (refresh, presented) =
            opaque::mint(Kind::Refresh, &context.settings.root, (tenant, user), session, &secret);
        let issued = Issued {
            refresh_hash: presented.secret_hash.clone(),
            token: TokenId::from_bytes(&random::bytes::<32>(Purpose::TokenId)),
            token_expires_at: issued_at.plus(context.settings.access_life),
        };
        Self { refresh, presented, issued, issued_at, entropy: Stamp::from(&random::provenance(issued_at)) }
    }

    /// What the log keeps of it.
    fn record(&self) -> TokenIssued {
        TokenIssued { token: self.issued.token.clone(), entropy: self.entropy.clone() }
    }

    fn reply(
        self,
        context: &Context,
        client_id: &str,
        scope: &Scope,
        session_ends: Timestamp,
    ) -> Result<Reply, Problem> {
        let settings = &context.settings;
        // An access token never outlives its session.
        let expires_at = self.issued.token_expires_at.min(session_ends);
        let expires_in = expires_at.since(self.issued_at).millis() / 1000;
        let claims = AccessClaims {
            iss: settings.issuer.clone(),
            aud: settings.resource.clone(),
            sub: self.presented.user,
            tenant: self.presented.tenant,
            client_id: client_id.to_owned(),
            scope: scope.clone(),
            sid: self.presented.session,
            iat: self.issued_at.seconds(),
            exp: self.issued_at.seconds() + expires_in,
            nbf: None,
            jti: self.issued.token,
            ent: Some(self.entropy),
        };
        let access_token = access::mint(&settings.keys, &claims)
            .map_err(|error| Problem::Internal(format!("a token could not be signed: {error}")))?;
        Ok(Reply::private_json(
            200,
            &TokenResponse {
                access_token: access_token.expose().to_owned(),
                refresh_token: self.refresh.expose().to_owned(),
                token_type: "bearer",
                expires_in,
                scope: scope.to_string(),
            },
        ))
    }
}

async fn announce_reuse(context: &Context, presented: &OpaqueToken, until: Timestamp) {
    publish(context, keys::revoked_session(&presented.tenant, &presented.session), until).await;
    let who = Who { tenant: presented.tenant.clone(), user: presented.user.clone() };
    let (session, cause) = (presented.session.clone(), RevocationCause::RefreshTokenReuse);
    context.log(&Event::SessionRevoked { who, session, cause });
}

/// Puts a revocation on the published list. The gate enforces it already, so a failure is logged and not told.
async fn publish(context: &Context, key: String, until: Timestamp) {
    let now = clock::now();
    let life = keys::revocation_lifetime(until, now).seconds_ceil();
    let entry = now.seconds().to_string();
    let put = async {
        let list = context.env.kv("REVOCATIONS").map_err(|error| error.to_string())?;
        let put = list.put(&key, entry).map_err(|error| error.to_string())?;
        put.expiration_ttl(life).execute().await.map_err(|error| error.to_string())
    };
    if let Err(reason) = put.await {
        context.log(&Event::RevocationUnpublished { reason });
    }
}

/// The first row of a statement, read from the primary: a replica may be behind a change that disables a user.
async fn first<T: DeserializeOwned>(context: &Context, statement: &str, values: &[&str]) -> Result<Option<T>, Problem> {
    let bindings: Vec<_> = values.iter().map(|value| worker::wasm_bindgen::JsValue::from_str(value)).collect();
    let database = context.env.d1("DB").map_err(unavailable(DATABASE))?;
    let prepared = database.prepare(statement).bind(&bindings).map_err(unavailable(DATABASE))?;
    prepared.first(None).await.map_err(unavailable(DATABASE))
}
