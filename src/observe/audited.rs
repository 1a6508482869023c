//! Which events are deeds for the audit trail, and what is written of them.
//!
//! Calls that reach a tool, a prompt or a resource write their own records; what goes on inside the gateway is in the log.

use super::{Call, DRIFT_OF_AN_ANSWER, Event, Request, TokenIssued, Who};
use crate::audit::Trail;
use crate::audit::record::{Actor, Credential, CredentialKind, Decision, Draft, Effect, Kind, Stamp, ToolUsed};
use crate::id::SessionId;

/// What the log calls calls that reached nothing: their arguments, a guardrail, a policy or a limit was against it.
const REFUSED: [&str; 4] = ["bad_arguments", "guarded", "forbidden", "limited"];

/// The operation after which a tenant has no trail.
const DELETE_TENANT: &str = "delete_tenant";
/// What stands for the gateway itself.
const GATEWAY: Credential = Credential { kind: CredentialKind::Gateway, id: None };
/// What the operator shows.
const OPERATOR: Credential = Credential { kind: CredentialKind::Operator, id: None };

/// What becomes of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audited {
    /// It is written, to these trails.
    Written(Vec<(Trail, Draft)>),
    /// It is in the log only, because of this.
    Routine(&'static str),
}

/// Stamps a record.
pub type Stamper<'a> = &'a mut dyn FnMut() -> Stamp;

impl Event {
    /// What is written of this event. `about` is whose account is concerned, where the event itself does not say: a person
    /// who could not be let in, or the caller of a tool.
    pub fn audited(&self, about: Option<&Who>, stamp: Stamper<'_>) -> Audited {
        match self {
            Self::Request(request) => refused(request, about, stamp),
            Self::Call(call) => called(call, about, stamp),
            Self::LoggedIn { .. }
            | Self::Refreshed { .. }
            | Self::Authorized { .. }
            | Self::Exchanged { .. }
            | Self::ClientRegistered { .. }
            | Self::ConsentDecided { .. } => written(self.of_tokens(stamp)),
            Self::SignedIn { .. }
            | Self::SignInRefused { .. }
            | Self::SignedOut { .. }
            | Self::Invited { .. }
            | Self::AccountChanged { .. }
            | Self::Administered { .. }
            | Self::ApprovalAsked { .. }
            | Self::SessionRevoked { .. } => written(self.of_people(about, stamp)),
            Self::RevocationUnpublished { .. } => Audited::Routine("the revocation itself is written, and in force"),
            Self::AuditUnwritten { .. } => Audited::Routine("it says that the trail itself could not be written"),
            Self::UpstreamDegraded { .. } => Audited::Routine("nobody did it; calls that fail by it are written"),
            Self::Drifted { happening: DRIFT_OF_AN_ANSWER | "missing" | "returned", .. } => {
                Audited::Routine("nothing was decided by it; calls that fail by it are written")
            }
            Self::Drifted { .. } => written(self.of_the_gateway(stamp)),
            Self::ScheduleFailed { .. } => Audited::Routine("nobody did it, and there is another run"),
            Self::MessageFailed { .. } => Audited::Routine("the message itself says so, and is tried again"),
            Self::SpansLost { .. } => Audited::Routine("nobody did it, and nothing but the telling of it is lost"),
            Self::ProviderFailed { .. }
            | Self::ProviderQuarantined { .. }
            | Self::ProviderRecovered { .. }
            | Self::EntropyLabelChanged { .. } => {
                Audited::Routine("nobody did it; what a token's randomness was stands in the token's own record")
            }
        }
    }

    /// Events in which somebody gets tokens, or the right to them.
    fn of_tokens(&self, stamp: Stamper<'_>) -> Option<(Trail, Draft)> {
        let kind = Kind::named;
        Some(match self {
            Self::LoggedIn { who, session, issued } => {
                let actor = Actor { session: Some(session.clone()), ..by(who, CredentialKind::Password, None) };
                (of(who), issued_draft(stamp(), kind("auth.login"), actor, issued))
            }
            Self::Refreshed { who, session, issued } => {
                let shown = by(who, CredentialKind::RefreshToken, Some(session));
                let actor = Actor { session: Some(session.clone()), ..shown };
                (of(who), issued_draft(stamp(), kind("auth.refresh"), actor, issued))
            }
            Self::Authorized { who, client, session, issued } => {
                let shown = by(who, CredentialKind::Grant, None);
                let actor = Actor { session: Some(session.clone()), client: Some(client.clone()), ..shown };
                (of(who), issued_draft(stamp(), kind("oauth.authorized"), actor, issued))
            }
            Self::Exchanged { who, client, upstream, issued } => {
                let actor = Actor { client: Some(client.clone()), ..by(who, CredentialKind::AccessToken, None) };
                let draft = Draft::new(stamp(), kind("oauth.exchanged"), actor).ended("ok");
                let reason = format!("token {}", issued.token);
                (of(who), draft.on("upstream", upstream.as_str()).because(Some(&reason)))
            }
            Self::ConsentDecided { who, client, scope, resource, allowed } => {
                let actor = Actor { client: Some(client.clone()), ..by(who, CredentialKind::Browser, None) };
                let effect = if *allowed { Effect::Allow } else { Effect::Deny };
                let draft = Draft::new(stamp(), kind("oauth.consent"), actor).on("resource", resource);
                let draft = Draft { decision: Some(Decision { effect, rule: None }), ..draft };
                (of(who), draft.ended(if *allowed { "allowed" } else { "denied" }).because(Some(scope)))
            }
            Self::ClientRegistered { client } => {
                let draft = Draft::new(stamp(), kind("oauth.client_registered"), Actor::default());
                (Trail::Operator, draft.on("client", client).ended("ok"))
            }
            _ => return None,
        })
    }

    /// Events in which somebody comes in or goes out, or an account changes.
    fn of_people(&self, about: Option<&Who>, stamp: Stamper<'_>) -> Option<(Trail, Draft)> {
        let kind = Kind::named;
        Some(match self {
            Self::SignedIn { who, sign_in } => {
                let actor = by(who, CredentialKind::Browser, Some(sign_in));
                (of(who), Draft::new(stamp(), kind("auth.sign_in"), actor).ended("ok"))
            }
            Self::SignedOut { who, sign_in } => {
                let actor = by(who, CredentialKind::Browser, Some(sign_in));
                (of(who), Draft::new(stamp(), kind("auth.sign_out"), actor).ended("ok"))
            }
            Self::SignInRefused { reason } => {
                let draft = Draft::new(stamp(), kind("auth.sign_in_refused"), Actor::default());
                (of_some(about), concerning(draft, about).ended("refused").because(Some(reason)))
            }
            Self::Invited { by: who, role } => {
                let draft = Draft::new(stamp(), kind("account.invited"), by(who, CredentialKind::Browser, None));
                (of(who), draft.on("role", role.as_str()).ended("ok"))
            }
            Self::AccountChanged { who, change, by } => {
                let actor = Actor { user: by.clone(), credential: Some(change.credential()), ..Actor::default() };
                let draft = Draft::new(stamp(), kind("account.changed"), actor);
                (of(who), draft.on("user", who.user.as_str()).ended(change.as_str()))
            }
            Self::Administered { who, operation, about_tenant, subject } => {
                let actor = match who {
                    Some(who) => Actor { user: Some(who.user.clone()), ..Actor::default() },
                    None => Actor { credential: Some(OPERATOR), ..Actor::default() },
                };
                let draft = Draft::new(stamp(), kind("admin.done"), actor).on("operation", operation);
                // A tenant that is no more has no trail.
                let (trail, subject) = match *operation {
                    DELETE_TENANT => (Trail::Operator, Some(about_tenant.as_str())),
                    _ => (Trail::Tenant(about_tenant.clone()), subject.as_deref()),
                };
                (trail, draft.ended("ok").because(subject))
            }
            Self::ApprovalAsked { who, tool, approval } => {
                let actor = Actor { user: Some(who.user.clone()), ..Actor::default() };
                let draft = Draft::new(stamp(), kind("approval.asked"), actor).on("approval", approval);
                (of(who), draft.ended("waits").because(Some(tool)))
            }
            Self::SessionRevoked { who, session, cause } => {
                let actor = Actor { user: cause.by_owner().then(|| who.user.clone()), ..Actor::default() };
                let draft = Draft::new(stamp(), kind("auth.session_revoked"), actor);
                let reason = format!("session of {}", who.user);
                (of(who), draft.on("session", session.as_str()).ended(cause.as_str()).because(Some(&reason)))
            }
            _ => return None,
        })
    }
}

impl Event {
    /// What the gateway itself decides, as was agreed on.
    fn of_the_gateway(&self, stamp: Stamper<'_>) -> Option<(Trail, Draft)> {
        let Self::Drifted { tenant, upstream, kind, name, happening, verdict, version, times } = self else {
            return None;
        };
        let actor = Actor { credential: Some(GATEWAY), ..Actor::default() };
        let effect = if matches!(*happening, "accepted" | "restored") { Effect::Allow } else { Effect::Deny };
        let draft = Draft::new(stamp(), Kind::named("drift.happened"), actor).on("upstream", upstream).ended(happening);
        let draft = Draft {
            tool: Some(ToolUsed { version: version.clone(), ..ToolUsed::named(name, upstream) }),
            decision: Some(Decision { effect, rule: None }),
            left_out: (*times > 1).then(|| times.saturating_sub(1)),
            ..draft
        };
        Some((Trail::Tenant(tenant.clone()), draft.because(Some(&format!("{kind}, {verdict}")))))
    }
}

/// What is written of a request that was refused, by the name of its problem; none for what says nothing about security.
fn refusal(problem: &str) -> Option<Kind> {
    match problem {
        "invalid-login" => Some(Kind::named("auth.login_refused")),
        "invalid-refresh-token" => Some(Kind::named("auth.refresh_refused")),
        "invalid-token" | "insufficient-scope" | "rate-limited" | "not-the-operator" | "host-not-allowed"
        | "origin-not-allowed" | "stale-form" | "unknown-tool" => Some(Kind::named("request.refused")),
        "invalid_client"
        | "invalid_grant"
        | "unauthorized_client"
        | "invalid_scope"
        | "invalid_target"
        | "access_denied"
        | "invalid_redirect_uri" => Some(Kind::named("oauth.refused")),
        _ => None,
    }
}

fn refused(request: &Request, about: Option<&Who>, stamp: Stamper<'_>) -> Audited {
    let about = request.who.as_ref().or(about);
    let mut records: Vec<_> = request.calls.iter().filter_map(|call| refused_call(call, about, stamp)).collect();
    // A call that was refused is written once.
    let problem = request.problem.filter(|_| records.is_empty());
    if let Some((problem, kind)) = problem.and_then(|problem| Some((problem, refusal(problem)?))) {
        let draft = Draft::new(stamp(), kind, Actor::default()).on("route", request.route.unwrap_or_default());
        records.push((of_some(about), concerning(draft, about).ended(problem).because(request.reason.as_deref())));
    }
    if records.is_empty() {
        return Audited::Routine("a request that was served, or whose refusal says nothing about security");
    }
    Audited::Written(records)
}

fn called(call: &Call, about: Option<&Who>, stamp: Stamper<'_>) -> Audited {
    match refused_call(call, about, stamp) {
        Some(record) => Audited::Written(vec![record]),
        None => Audited::Routine("a call writes its own records"),
    }
}

/// A call that reached nothing.
fn refused_call(call: &Call, about: Option<&Who>, stamp: Stamper<'_>) -> Option<(Trail, Draft)> {
    if !REFUSED.contains(&call.outcome) {
        return None;
    }
    let denied = call.outcome == "forbidden";
    let draft = Draft::new(stamp(), Kind::TOOL_REFUSED, Actor::default());
    let tool = ToolUsed { name: call.tool.clone(), upstream: None, version: None };
    let decision = denied.then_some(Decision { effect: Effect::Deny, rule: None });
    let draft = Draft { tool: Some(tool), decision, duration_ms: Some(call.duration_ms), ..draft }
        .guarded(call.guarded.members());
    Some((of_some(about), concerning(draft, about).ended(call.outcome)))
}

/// What refusals have in common of which only the first few are written (see [`crate::audit::damper`]); `None` for a record
/// that is written each time. Those are bounded by limits, or by what their author may do.
pub fn likeness(trail: &Trail, draft: &Draft) -> Option<String> {
    let outcome = draft.outcome.as_deref()?;
    let can_be_repeated_by_anybody = matches!(
        outcome,
        "limited"
            | "invalid-token"
            | "rate-limited"
            | "not-the-operator"
            | "host-not-allowed"
            | "origin-not-allowed"
            | "stale-form"
            | "invalid_client"
            | "invalid_redirect_uri"
    );
    let user = draft.actor.user.as_ref().map(ToString::to_string).unwrap_or_default();
    let target = draft.target.as_deref().unwrap_or_default();
    let tool = draft.tool.as_ref().map(|tool| tool.name.as_str()).unwrap_or_default();
    can_be_repeated_by_anybody.then(|| format!("{trail} {outcome} {user} {target} {tool}"))
}

fn written(record: Option<(Trail, Draft)>) -> Audited {
    record.map_or(Audited::Routine("nothing to write"), |record| Audited::Written(vec![record]))
}

fn of(who: &Who) -> Trail {
    Trail::Tenant(who.tenant.clone())
}

fn of_some(who: Option<&Who>) -> Trail {
    Trail::of(who.map(|who| &who.tenant))
}

fn by(who: &Who, kind: CredentialKind, id: Option<&SessionId>) -> Actor {
    let credential = Some(Credential { kind, id: id.map(ToString::to_string) });
    Actor { user: Some(who.user.clone()), credential, ..Actor::default() }
}

/// A record about somebody who may not be who acts: for a refused login, the account that was tried.
fn concerning(draft: Draft, about: Option<&Who>) -> Draft {
    Draft { actor: Actor { user: about.map(|who| who.user.clone()), ..draft.actor }, ..draft }
}

fn issued_draft(stamp: Stamp, kind: Kind, actor: Actor, issued: &TokenIssued) -> Draft {
    let entropy = issued.entropy.label.as_str();
    Draft::new(stamp, kind, actor).on("token", issued.token.as_str()).ended("ok").because(Some(entropy))
}

#[cfg(test)]
#[path = "audited_tests.rs"]
pub(super) mod tests;
