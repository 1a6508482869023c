//! Administration: the routes under `/admin`, and the same operations as tools.
//!
//! 1. who asks, by a credential with the scope, or the operator by its own; 2. whether its role reaches the operation;
//! 3. the order; 4. the operation, whose statements name the tenant and ask again whether who acts may; 5. one event.

mod activity;
mod approvals;
mod audit;
mod credentials;
mod entropy;
mod import;
mod kept;
mod keys;
mod making;
mod pins;
mod plans;
mod policies;
mod reseal;
mod revocations;
mod tenants;
mod upstreams;
mod users;
mod webhooks;

use super::admission::Principal;
use super::context::Context;
use super::incoming::{self, header};
use super::{Trace, caller, rated};
use crate::account::role::Role;
use crate::admin::operation::{Operation, Spec, Verb};
use crate::admin::order::{Expected, Order};
use crate::admin::whom::Extent;
use crate::api::body::parse;
use crate::api::problem::Problem;
use crate::api::reply::Reply;
use crate::api::route;
use crate::id::{TenantId, UserId};
use crate::oauth::parameters::Parameters;
use crate::observe::{Event, Who};
use crate::scope::{TO_ADMIN_READ, TO_ADMIN_WRITE};
use crate::secret::SecretText;
use serde::Serialize;
use serde_json::{Map, Value};
use worker::web_sys::Request;

/// Who orders something, and how far they reach.
pub struct Desk<'a> {
    context: &'a Context,
    spec: &'static Spec,
    actor: Actor<'a>,
}

enum Actor<'a> {
    Operator,
    User { principal: &'a Principal, role: Role, extent: Extent },
}

/// What came of an order.
pub enum Outcome {
    /// This is what there is, and the version of one thing.
    Given(Value, Option<u32>),
    /// This was made, and was remembered where that was wanted.
    Made(Value),
    /// A text of a media type of its own, and where the next part of it is.
    Lines {
        /// Its media type.
        media_type: &'static str,
        /// The text.
        text: String,
        /// A `Link` to the next part.
        next: Option<String>,
    },
    /// Done.
    Done,
}

impl Outcome {
    fn given(value: &impl Serialize, version: Option<u32>) -> Result<Self, Problem> {
        rendered(value).map(|value| Self::Given(value, version))
    }

    /// As a reply.
    fn reply(self) -> Reply {
        match self {
            Self::Given(value, None) => Reply::private_json(200, &value),
            Self::Given(value, Some(version)) => Reply::private_json(200, &value).with("etag", Expected::tag(version)),
            Self::Made(value) => Reply::private_json(201, &value),
            Self::Lines { media_type, text, next } => {
                let headers = vec![("content-type", media_type.to_owned()), ("cache-control", "no-store".to_owned())];
                let reply = Reply { status: 200, headers, body: text.into_bytes() };
                next.into_iter().fold(reply, |reply, link| reply.with("link", link))
            }
            Self::Done => Reply::empty(204).with("cache-control", "no-store"),
        }
    }
}

fn rendered(value: &impl Serialize) -> Result<Value, Problem> {
    serde_json::to_value(value).map_err(|error| Problem::Internal(error.to_string()))
}

/// Serves a route of an operation.
pub async fn serve(
    context: &Context,
    operation: Operation,
    request: &Request,
    trace: &mut Trace,
) -> Result<Reply, Problem> {
    let spec = operation.spec().ok_or_else(|| Problem::Internal("an operation without a line".into()))?;
    if is_operator(context, request) {
        let actor = if spec.is_the_operators() { Ok(Actor::Operator) } else { Err(of_a_tenant()) };
        let desk = Desk { context, spec, actor: actor? };
        return Ok(desk.carry_out(order(spec, request).await?).await?.reply());
    }
    let principal = caller(context, request, trace).await?;
    let desk = Desk::of(context, spec, &principal)?;
    let outcome = desk.carry_out(order(spec, request).await?).await?;
    Ok(rated(&principal, outcome.reply()))
}

/// Whether a caller's credential and role reach an operation.
pub fn reaches(principal: &Principal, spec: &Spec) -> bool {
    let needed = if spec.only_reads() { TO_ADMIN_READ } else { TO_ADMIN_WRITE };
    let permitted = spec.only_reads() || !is_narrowed(principal);
    principal.demand(needed).is_ok() && spec.whom.extent(principal.standing().role).is_some() && permitted
}

/// Whether a key may use some tools only. It changes nothing as an administrator: it could give itself the others.
fn is_narrowed(principal: &Principal) -> bool {
    principal.standing().key.as_ref().is_some_and(|key| key.tools.is_some() || key.upstreams.is_some())
}

/// Carries out an operation that was called as a tool.
pub async fn run(
    context: &Context,
    principal: &Principal,
    spec: &'static Spec,
    arguments: Map<String, Value>,
) -> Result<Value, Problem> {
    let desk = Desk::of(context, spec, principal)?;
    Ok(match desk.carry_out(Order::of_arguments(spec, arguments)?).await? {
        Outcome::Given(value, _) | Outcome::Made(value) => value,
        Outcome::Lines { text, .. } => Value::String(text),
        Outcome::Done => rendered(&Done { done: true })?,
    })
}

/// What a tool answers that has nothing else to say.
#[derive(Serialize)]
struct Done {
    done: bool,
}

/// The operator belongs to no tenant, and so sees into none.
const fn of_a_tenant() -> Problem {
    Problem::Forbidden { whom: "users of a tenant" }
}

/// `OPERATOR_TOKEN` as a bearer token, compared in constant time.
fn is_operator(context: &Context, request: &Request) -> bool {
    let Some(known) = &context.settings.operator_token else { return false };
    let sent = header(request, "authorization");
    let sent = sent.as_deref().and_then(|value| value.split_once(' '));
    sent.is_some_and(|(scheme, token)| scheme.eq_ignore_ascii_case("bearer") && *known == SecretText::new(token))
}

/// What a request orders: its path, its headers, and a query or a body.
async fn order(spec: &Spec, request: &Request) -> Result<Order, Problem> {
    let id = route::id(&incoming::path(request)).filter(|_| spec.names_one()).map(str::to_owned);
    let expected = match header(request, "if-match") {
        found if spec.is_conditional() => Expected::of_header(found.as_deref()),
        _ => Expected::Unsaid,
    };
    let members = match spec.verb {
        Verb::Read | Verb::Remove => of_query(&incoming::query(request))?,
        _ => of_body(request).await?,
    };
    Ok(Order { id, expected, idempotency_key: header(request, "idempotency-key"), members }.checked()?)
}

fn of_query(query: &str) -> Result<Map<String, Value>, Problem> {
    let read = Parameters::parse(query.as_bytes());
    let read = read.map_err(|error| Problem::InvalidBody(format!("the query cannot be read: {}", error.words)))?;
    Ok(read.into_pairs().into_iter().map(|(name, value)| (name, Value::String(value))).collect())
}

/// An operation that takes nothing takes no body either.
async fn of_body(request: &Request) -> Result<Map<String, Value>, Problem> {
    let bytes = incoming::body(request).await?;
    let content_type = header(request, "content-type");
    if bytes.is_empty() && content_type.is_none() {
        return Ok(Map::new());
    }
    parse(content_type.as_deref(), &bytes)
}

impl<'a> Desk<'a> {
    /// The desk of a caller whose credential and role reach the operation.
    pub fn of(context: &'a Context, spec: &'static Spec, principal: &'a Principal) -> Result<Self, Problem> {
        principal.demand(if spec.only_reads() { TO_ADMIN_READ } else { TO_ADMIN_WRITE })?;
        let role = principal.standing().role;
        let extent = spec.whom.extent(role).ok_or(Problem::Forbidden { whom: spec.whom.as_words() })?;
        if is_narrowed(principal) && !spec.only_reads() {
            return Err(Problem::Forbidden { whom: "credentials that are not narrowed to some tools" });
        }
        Ok(Self { context, spec, actor: Actor::User { principal, role, extent } })
    }

    /// Carries an order out. One line for every operation, here and in the two functions after this.
    pub async fn carry_out(&self, order: Order) -> Result<Outcome, Problem> {
        match self.spec.operation {
            Operation::ListTenants => tenants::list(self, order).await,
            Operation::CreateTenant => tenants::create(self, &order).await,
            Operation::ReadTenant => tenants::read(self, &order).await,
            Operation::UpdateTenant => tenants::update(self, &order).await,
            Operation::DeleteTenant => tenants::delete(self, &order).await,
            Operation::ListUsers => users::list(self, order).await,
            Operation::CreateUser => users::create(self, &order).await,
            Operation::ReadUser => users::read(self, &order).await,
            Operation::UpdateUser => users::update(self, &order).await,
            Operation::DeleteUser => users::delete(self, &order).await,
            Operation::InviteUser => users::invite(self, &order).await,
            Operation::ResetUser => users::reset(self, &order).await,
            Operation::ListKeys => keys::list(self, order).await,
            Operation::CreateKey => keys::create(self, &order).await,
            Operation::ReadKey => keys::read(self, &order).await,
            Operation::UpdateKey => keys::update(self, &order).await,
            Operation::RotateKey => keys::rotate(self, &order).await,
            Operation::RevokeKey => keys::revoke(self, &order).await,
            Operation::ListPolicies => policies::list(self, order).await,
            Operation::CreatePolicy => policies::create(self, &order).await,
            Operation::ReadPolicy => policies::read(self, &order).await,
            Operation::ReplacePolicy => policies::replace(self, &order).await,
            Operation::DeletePolicy => policies::delete(self, &order).await,
            Operation::ExplainPolicies => policies::explain(self, &order).await,
            Operation::ListPlans => plans::list(self, order).await,
            Operation::CreatePlan => plans::create(self, &order).await,
            Operation::ReadPlan => plans::read(self, &order).await,
            Operation::ReplacePlan => plans::replace(self, &order).await,
            Operation::DeletePlan => plans::delete(self, &order).await,
            Operation::ResealTenant => reseal::reseal(self, &order).await,
            _ => self.about_upstreams(order).await,
        }
    }

    /// Orders about upstreams: what they offer, what they are shown, and who is told of them.
    async fn about_upstreams(&self, order: Order) -> Result<Outcome, Problem> {
        match self.spec.operation {
            Operation::ListUpstreams => upstreams::list(self, order).await,
            Operation::CreateUpstream => upstreams::create(self, &order).await,
            Operation::ImportUpstream => import::import(self, &order).await,
            Operation::ReadUpstream => upstreams::read(self, &order).await,
            Operation::UpdateUpstream => upstreams::update(self, &order).await,
            Operation::DeleteUpstream => upstreams::delete(self, &order).await,
            Operation::TestUpstream => upstreams::test(self, &order).await,
            Operation::ScanUpstream => pins::scan(self, &order).await,
            Operation::ReadReaction => pins::read_reaction(self, &order).await,
            Operation::ReplaceReaction => pins::replace_reaction(self, &order).await,
            Operation::ListPins => pins::list(self, order).await,
            Operation::ReadPin => pins::read(self, &order).await,
            Operation::ComparePin => pins::compare_versions(self, &order).await,
            Operation::DecidePin => pins::decide(self, &order).await,
            Operation::ApprovePins => pins::approve_many(self, &order).await,
            Operation::ListWebhooks => webhooks::list(self, order).await,
            Operation::CreateWebhook => webhooks::create(self, &order).await,
            Operation::ReadWebhook => webhooks::read(self, &order).await,
            Operation::DeleteWebhook => webhooks::delete(self, &order).await,
            Operation::TestWebhook => webhooks::test(self, &order).await,
            Operation::ListCredentials => credentials::list(self, order).await,
            Operation::CreateCredential => credentials::create(self, &order).await,
            Operation::ReadCredential => credentials::read(self, &order).await,
            Operation::ReplaceCredential => credentials::replace(self, &order).await,
            Operation::DeleteCredential => credentials::delete(self, &order).await,
            _ => self.about_deeds(order).await,
        }
    }

    /// Orders about what somebody did, or wants to do.
    async fn about_deeds(&self, order: Order) -> Result<Outcome, Problem> {
        match self.spec.operation {
            Operation::ListRevocations => revocations::list(self, order).await,
            Operation::Revoke => revocations::create(self, &order).await,
            Operation::ListApprovals => approvals::list(self, order).await,
            Operation::ReadApproval => approvals::read(self, &order).await,
            Operation::DecideApproval => approvals::decide(self, &order).await,
            Operation::ReadActivity => activity::read(self, &order).await,
            Operation::ReadEntropy => entropy::history(self).await,
            Operation::QueryAudit => audit::query(self, &order).await,
            Operation::ExportAudit => audit::export(self, &order).await,
            Operation::VerifyAudit => audit::verify(self, &order).await,
            Operation::ReadAuditHead => audit::head(self, &order).await,
            other => Err(Problem::Internal(format!("nobody carries out {other:?}"))),
        }
    }

    /// The tenant that the credential says. The operator has none.
    fn tenant(&self) -> Result<&TenantId, Problem> {
        self.principal().map(Principal::tenant)
    }

    /// Who acts.
    fn user(&self) -> Result<&UserId, Problem> {
        self.principal().map(Principal::user)
    }

    fn principal(&self) -> Result<&Principal, Problem> {
        match &self.actor {
            Actor::User { principal, .. } => Ok(principal),
            Actor::Operator => Err(of_a_tenant()),
        }
    }

    fn is_operators(&self) -> bool {
        matches!(self.actor, Actor::Operator)
    }

    /// The role of who acts; none for the operator.
    fn role(&self) -> Option<Role> {
        match self.actor {
            Actor::User { role, .. } => Some(role),
            Actor::Operator => None,
        }
    }

    /// The only user whose things may be touched, where that is so.
    fn only_user(&self) -> Option<&UserId> {
        match &self.actor {
            Actor::User { principal, extent: Extent::Own, .. } => Some(principal.user()),
            _ => None,
        }
    }

    /// Notes what was done.
    fn done(&self, tenant: &TenantId, subject: Option<&str>) {
        let who = self.principal().ok().map(|principal: &Principal| -> Who { principal.who() });
        let (operation, subject) = (self.spec.name, subject.map(str::to_owned));
        self.context.log(&Event::Administered { who, operation, about_tenant: tenant.clone(), subject });
    }
}

/// The version that may be changed: what was expected must be what there is.
fn changeable(order: &Order, version: u32) -> Result<u32, Problem> {
    match order.expected {
        Expected::Unsaid => Err(Problem::VersionNeeded),
        Expected::Any => Ok(version),
        Expected::Version(expected) if expected == version => Ok(version),
        Expected::Version(_) | Expected::Never => Err(Problem::VersionPassed),
    }
}
