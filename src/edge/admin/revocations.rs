//! Revocations: seen, and made. Every one is enforced by the gates of those it is about before it is answered.

use super::super::database::{self, maybe, moment};
use super::super::{clock, gate, revoked};
use super::making::{self, Making, answered, make};
use super::tenants::{NoFilter, named};
use super::{Desk, Outcome};
use crate::admin::order::{Order, Page};
use crate::admin::revocation::{NewRevocation, RevocationKind, RevocationView};
use crate::api::problem::Problem;
use crate::gate::message::{GateReply, GateRequest};
use crate::id::{ApiKeyId, SessionId, TokenId, UserId};
use crate::observe::{RevocationCause, Who};
use crate::store::keys;
use crate::store::revocations::{DELETE_ENDED, INSERT, REVOCATIONS, REVOKE_KEYS, RevocationRow, RevokedKeyRow};
use crate::time::{Lifetime, Timestamp};
use futures::future::join_all;

/// How long a gate remembers a key that was revoked: far longer than anybody remembers its row.
pub const KEY_REMEMBERED: Lifetime = Lifetime::from_seconds(86_400);
/// Why, where nobody says.
const USUAL_CAUSE: &str = "revoked by an administrator";

/// What was revoked and would still be good.
pub async fn list(desk: &Desk<'_>, mut order: Order) -> Result<Outcome, Problem> {
    let slice = order.slice()?;
    order.read::<NoFilter>()?;
    let (tenant, now) = (desk.tenant()?.as_str(), moment(clock::now()));
    let values = [tenant.into(), slice.after.as_str().into(), (slice.limit + 1).into(), now];
    let rows: Vec<RevocationRow> = database::all(&desk.context.env, REVOCATIONS, &values).await?;
    let found = rows.into_iter().map(RevocationView::from).collect();
    Outcome::given(&Page::of(found, slice.limit, |one: &RevocationView| &one.id), None)
}

/// Revokes something, and puts it on the list.
pub async fn create(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    let wanted: NewRevocation = order.read()?;
    if let Some(reason) = &wanted.reason {
        named(reason)?;
    }
    let target = Target::read(desk, &wanted)?;
    if let Some(known) = answered(desk, order).await? {
        return Ok(known);
    }
    let (now, settings) = (clock::now(), &desk.context.settings);
    let until = target.enforce(desk, now).await?.unwrap_or(now.plus(settings.session_life));
    let view = RevocationView {
        id: making::id(),
        kind: wanted.kind,
        subject: target.subject(desk)?,
        user: target.user().map(ToString::to_string),
        cause: wanted.reason.unwrap_or_else(|| USUAL_CAUSE.to_owned()),
        made_by: Some(desk.user()?.to_string()),
        created_at: now.seconds(),
        until: until.seconds(),
    };
    let values = vec![
        view.id.as_str().into(),
        desk.tenant()?.as_str().into(),
        view.kind.as_str().into(),
        view.subject.as_str().into(),
        maybe(view.user.as_deref()),
        view.cause.as_str().into(),
        maybe(view.made_by.as_deref()),
        moment(now),
        moment(until),
    ];
    let making = Making { before: vec![(DELETE_ENDED, vec![moment(now)])], ..Making::of((INSERT, values)) };
    let made = make(desk, order, making, &view, Problem::NoSuchThing).await?;
    desk.done(desk.tenant()?, Some(&format!("{}/{}", view.kind.as_str(), view.subject)));
    Ok(made)
}

/// What is to be revoked, once it is known to make sense.
enum Target {
    Token(UserId, TokenId),
    Session(UserId, SessionId),
    User(UserId),
    Key(ApiKeyId),
    Client(Option<UserId>, String),
    Tenant,
    Before(Option<UserId>, Timestamp),
}

impl Target {
    fn read(desk: &Desk<'_>, wanted: &NewRevocation) -> Result<Self, Problem> {
        let missing = |what: &str| Problem::InvalidBody(format!("{} needs {what}", wanted.kind.as_str()));
        let id = || wanted.id.clone().ok_or_else(|| missing("id"));
        let user = match &wanted.user {
            Some(user) => Some(UserId::parse(user).map_err(|_| Problem::NoSuchThing)?),
            None => None,
        };
        let whose = || user.clone().ok_or_else(|| missing("user"));
        let unknown = |_| Problem::NoSuchThing;
        let target = match wanted.kind {
            RevocationKind::Token => Self::Token(whose()?, TokenId::parse(&id()?).map_err(unknown)?),
            RevocationKind::Session => Self::Session(whose()?, SessionId::parse(&id()?).map_err(unknown)?),
            RevocationKind::User => Self::User(whose()?),
            RevocationKind::Key => Self::Key(ApiKeyId::parse(&id()?).map_err(unknown)?),
            RevocationKind::Client => Self::Client(user, id()?),
            RevocationKind::Tenant => Self::Tenant,
            RevocationKind::Before => {
                let at = Timestamp::from_seconds(wanted.moment.ok_or_else(|| missing("moment"))?);
                if at > clock::now() {
                    return Err(Problem::InvalidBody("moment must not lie ahead".into()));
                }
                Self::Before(user, at)
            }
        };
        let reaches_all = matches!(target, Self::Tenant | Self::Client(None, _) | Self::Before(None, _));
        if reaches_all && desk.role() != Some(crate::account::role::Role::Owner) {
            return Err(Problem::Forbidden { whom: "owners, because it reaches owners" });
        }
        Ok(target)
    }

    const fn user(&self) -> Option<&UserId> {
        match self {
            Self::Token(user, _) | Self::Session(user, _) | Self::User(user) => Some(user),
            Self::Client(user, _) | Self::Before(user, _) => user.as_ref(),
            Self::Key(_) | Self::Tenant => None,
        }
    }

    fn subject(&self, desk: &Desk<'_>) -> Result<String, Problem> {
        Ok(match self {
            Self::Token(_, id) => id.to_string(),
            Self::Session(_, id) => id.to_string(),
            Self::User(id) => id.to_string(),
            Self::Key(id) => id.to_string(),
            Self::Client(_, id) => id.chars().take(512).collect(),
            Self::Tenant => desk.tenant()?.to_string(),
            Self::Before(_, at) => at.seconds().to_string(),
        })
    }

    /// Has it ended at every gate it is about. Until when it would have been good, where that is known.
    async fn enforce(&self, desk: &Desk<'_>, now: Timestamp) -> Result<Option<Timestamp>, Problem> {
        if let Some(user) = self.user() {
            super::users::reached(desk, user.as_str()).await?;
        }
        let tenant = desk.tenant()?.clone();
        let who = |user: &UserId| Who { tenant: tenant.clone(), user: user.clone() };
        let cause = RevocationCause::Administrator;
        match self {
            Self::Token(user, id) => token(desk, user, id, now.plus(desk.context.settings.access_life)).await.map(Some),
            Self::Session(user, id) => session(desk, &who(user), id).await,
            Self::User(user) => {
                keys_of(desk, Some(user), now, now).await?;
                revoked::everything(desk.context, &who(user), None, cause).await.map(|()| None)
            }
            Self::Key(id) => super::keys::end(desk, id.as_str(), now).await.map(Some),
            Self::Client(user, client) => some(desk, user.as_ref(), Some(client), None).await,
            Self::Tenant => {
                keys_of(desk, None, now, now).await?;
                revoked::everybody(desk.context, desk.tenant()?, cause).await.map(|_| None)
            }
            Self::Before(user, at) => {
                keys_of(desk, user.as_ref(), *at, now).await?;
                some(desk, user.as_ref(), None, Some(*at)).await
            }
        }
    }
}

async fn token(desk: &Desk<'_>, user: &UserId, id: &TokenId, until: Timestamp) -> Result<Timestamp, Problem> {
    let question = GateRequest::RevokeToken { token: id.clone(), until };
    match gate::ask(&desk.context.env, &keys::principal_gate(desk.tenant()?, user), &question).await? {
        GateReply::Done => {}
        other => return Err(gate::unexpected(&other)),
    }
    revoked::token(desk.context, desk.tenant()?, id, until).await;
    Ok(until)
}

async fn session(desk: &Desk<'_>, who: &Who, id: &SessionId) -> Result<Option<Timestamp>, Problem> {
    let question = GateRequest::Revoke { session: id.clone(), client: None };
    match gate::ask(&desk.context.env, &keys::principal_gate(&who.tenant, &who.user), &question).await? {
        GateReply::Ended { until: None } => Err(Problem::NoSuchThing),
        GateReply::Ended { until: Some(until) } => {
            revoked::session(desk.context, who.clone(), id.clone(), until, RevocationCause::Administrator).await;
            Ok(Some(until))
        }
        other => Err(gate::unexpected(&other)),
    }
}

/// Ends what one user or everybody has of a client, or had before a moment.
async fn some(
    desk: &Desk<'_>,
    user: Option<&UserId>,
    client: Option<&str>,
    before: Option<Timestamp>,
) -> Result<Option<Timestamp>, Problem> {
    let question = GateRequest::RevokeSome { client: client.map(str::to_owned), before };
    let cause = RevocationCause::Administrator;
    match user {
        Some(user) => {
            let who = Who { tenant: desk.tenant()?.clone(), user: user.clone() };
            revoked::of_one(desk.context, &who, &question, cause).await?;
        }
        None => {
            revoked::of_everybody(desk.context, desk.tenant()?, &question, cause).await?;
        }
    }
    Ok(None)
}

/// Revokes the keys of one user or of everybody that were made before a moment.
async fn keys_of(desk: &Desk<'_>, user: Option<&UserId>, before: Timestamp, now: Timestamp) -> Result<(), Problem> {
    let tenant = desk.tenant()?;
    let values = [tenant.as_str().into(), maybe(user.map(UserId::as_str)), moment(before), moment(now)];
    let gone: Vec<RevokedKeyRow> = database::all(&desk.context.env, REVOKE_KEYS, &values).await?;
    let told = gone.iter().map(|row| async move {
        let id = TokenId::parse(row.id.as_str()).map_err(|error| Problem::Internal(error.to_string()))?;
        token(desk, &row.user_id, &id, now.plus(KEY_REMEMBERED)).await
    });
    join_all(told).await.into_iter().collect::<Result<Vec<_>, _>>().map(drop)
}
