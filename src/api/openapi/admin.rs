//! What the operations of administrators take, give and refuse.

use super::served::{Given, JSON, Offer, Shapes};
use crate::admin::activity::ActivityView;
use crate::admin::approval::ApprovalView;
use crate::admin::audit::{AuditHead, AuditPage, AuditVerdict};
use crate::admin::credential::{CredentialView, Resealed};
use crate::admin::describe;
use crate::admin::entropy::EntropyHistory;
use crate::admin::import::Imported;
use crate::admin::key::{KeyView, MadeKey};
use crate::admin::operation::{Operation, Spec, Verb};
use crate::admin::order::Page;
use crate::admin::pin::{Approved, PinComparison, PinDetail, PinView, ReactionView, Scanned};
use crate::admin::revocation::RevocationView;
use crate::admin::rule::{PlanView, PolicyView};
use crate::admin::tenant::{MadeTenant, Tenant};
use crate::admin::upstream::{UpstreamTrial, UpstreamView};
use crate::admin::user::{MadeCode, UserView};
use crate::admin::webhook::{MadeWebhook, WebhookView};
use crate::api::problem::Problem;
use crate::audit::export::MEDIA_TYPE;
use crate::scope::{TO_ADMIN_READ, TO_ADMIN_WRITE};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

/// Fields of a reply with one thing that can be changed.
const TAGGED: &[&str] = &["etag"];

/// What an operation takes and gives.
pub fn offer(operation: Operation, shapes: &mut Shapes) -> Offer {
    let Some(spec) = operation.spec() else { return Offer::new("unknown", "admin", Vec::new()) };
    let gives = gives(spec.operation, shapes);
    let mut offer = Offer::new(spec.name, "admin", vec![gives]);
    offer.scopes = Some(if spec.only_reads() { TO_ADMIN_READ } else { TO_ADMIN_WRITE });
    offer.description = Some(spec.whom.as_sentence());
    offer.parameters = parameters(spec);
    match takes(spec.operation, shapes) {
        Some((schema, example)) => offer.taking(schema, vec![("example", example)]),
        None => offer,
    }
}

/// Header fields and query parameters, by name.
fn parameters(spec: &Spec) -> &'static [&'static str] {
    match (spec.operation, spec.verb) {
        (Operation::ListUsers, _) => &["cursor", "limit", "user_kind", "role"],
        (Operation::ListKeys, _) => &["cursor", "limit", "user"],
        (Operation::ListApprovals, _) => &["cursor", "limit", "approval_state"],
        (Operation::ListPins, _) => &["cursor", "limit", "pin_upstream", "standing", "pin_kind"],
        (Operation::ComparePin, _) => &["old", "new"],
        (Operation::ListCredentials, _) => &["cursor", "limit", "user", "upstream"],
        (
            Operation::ListTenants
            | Operation::ListPolicies
            | Operation::ListPlans
            | Operation::ListRevocations
            | Operation::ListUpstreams
            | Operation::ListWebhooks,
            _,
        ) => &["cursor", "limit"],
        (Operation::QueryAudit, _) => &[
            "from",
            "to",
            "kind",
            "user",
            "tool",
            "outcome",
            "correlation",
            "target",
            "contains",
            "order",
            "audit_cursor",
            "limit",
        ],
        (Operation::ReadActivity, _) => &["minutes"],
        (Operation::ExportAudit, _) => &["after"],
        (_, Verb::Replace | Verb::Change) => &["If-Match"],
        (
            Operation::ExplainPolicies
            | Operation::DecideApproval
            | Operation::TestUpstream
            | Operation::ScanUpstream
            | Operation::DecidePin
            | Operation::ApprovePins
            | Operation::TestWebhook
            | Operation::ResealTenant,
            _,
        )
        | (_, Verb::Read | Verb::Remove) => &[],
        (_, Verb::Make) => &["Idempotency-Key"],
    }
}

/// What a fingerprint looks like.
const FINGERPRINT: &str = "7d865e959b2466918c9863afca942d0fb89d7c9ac0c99bafc3749504ded97730";

fn takes(operation: Operation, shapes: &mut Shapes) -> Option<(Schema, Value)> {
    let schema = describe::body(operation, shapes.reader())?;
    let example = match operation {
        Operation::CreateTenant => json!({"id": "acme", "name": "Acme"}),
        Operation::UpdateTenant => json!({"default_effect": "deny"}),
        Operation::CreateUser => json!({"username": "acme-builder", "groups": ["ci"]}),
        Operation::UpdateUser => json!({"role": "auditor"}),
        Operation::InviteUser => json!({"role": "developer"}),
        Operation::CreateKey => json!({"name": "builder", "user": "u-1", "tools": ["files__*"]}),
        Operation::UpdateKey => json!({"networks": ["192.0.2.0/24"]}),
        Operation::RotateKey => json!({"overlap": 600}),
        Operation::Revoke => json!({"kind": "user", "user": "u-1"}),
        Operation::DecideApproval => json!({"approve": true}),
        Operation::ExplainPolicies => json!({"tool": "server_time", "arguments": {}}),
        Operation::CreateUpstream => json!({"name": "files", "url": "https://files.example.com/mcp"}),
        Operation::ImportUpstream => json!({"name": "pets", "url": "https://pets.example.com/openapi.json"}),
        Operation::UpdateUpstream => json!({"disabled": true}),
        Operation::ReplaceReaction => {
            json!({"first_sight": "review", "cosmetic": "accept", "additive": "ask", "quarantined": "hidden"})
        }
        Operation::DecidePin => json!({"fingerprint": FINGERPRINT, "approve": true}),
        Operation::ApprovePins => json!({"pins": [{"id": "nO8kQx2mD1aVb3c4e5f6gA", "fingerprint": FINGERPRINT}]}),
        Operation::CreateWebhook => json!({"url": "https://hooks.example.com/gateway"}),
        Operation::CreateCredential => json!({"upstream": "files", "secret": {"bearer": {"token": "abc"}}}),
        Operation::ReplaceCredential => json!({"secret": {"header": {"name": "X-Api-Key", "value": "abc"}}}),
        Operation::CreatePlan | Operation::ReplacePlan => json!({"name": "small", "limits": {"daily": 1000}}),
        _ => {
            let (who, what) = (json!({"roles": ["agent"]}), json!({"read_only": false}));
            json!({"name": "agents only read", "effect": "deny", "who": who, "what": what})
        }
    };
    Some((schema, example))
}

fn gives(operation: Operation, shapes: &mut Shapes) -> Given {
    match operation {
        Operation::ListTenants => page::<Tenant>(shapes),
        Operation::CreateTenant => made::<MadeTenant>(shapes),
        Operation::ReadTenant | Operation::UpdateTenant => one::<Tenant>(shapes),
        Operation::ListUsers => page::<UserView>(shapes),
        Operation::CreateUser => made::<UserView>(shapes),
        Operation::ReadUser | Operation::UpdateUser => one::<UserView>(shapes),
        Operation::InviteUser | Operation::ResetUser => made::<MadeCode>(shapes),
        Operation::ListKeys => page::<KeyView>(shapes),
        Operation::CreateKey | Operation::RotateKey => made::<MadeKey>(shapes),
        Operation::ReadKey | Operation::UpdateKey => one::<KeyView>(shapes),
        Operation::ListPolicies => page::<PolicyView>(shapes),
        Operation::CreatePolicy => made::<PolicyView>(shapes),
        Operation::ReadPolicy | Operation::ReplacePolicy => one::<PolicyView>(shapes),
        Operation::ExplainPolicies => given::<Map<String, Value>>(200, "What was decided, and why", &[], shapes),
        Operation::ListPlans => page::<PlanView>(shapes),
        Operation::CreatePlan => made::<PlanView>(shapes),
        Operation::ReadPlan | Operation::ReplacePlan => one::<PlanView>(shapes),
        Operation::ListUpstreams => page::<UpstreamView>(shapes),
        Operation::CreateUpstream => made::<UpstreamView>(shapes),
        Operation::ImportUpstream => made::<Imported>(shapes),
        Operation::ReadUpstream | Operation::UpdateUpstream => one::<UpstreamView>(shapes),
        Operation::TestUpstream => given::<UpstreamTrial>(200, "What it says of itself", &[], shapes),
        Operation::ScanUpstream => given::<Scanned>(200, "What it came to", &[], shapes),
        Operation::ReadReaction | Operation::ReplaceReaction => one::<ReactionView>(shapes),
        Operation::ListPins => page::<PinView>(shapes),
        Operation::ReadPin => given::<PinDetail>(200, "As it is now", &[], shapes),
        Operation::ComparePin => given::<PinComparison>(200, "What is between them", &[], shapes),
        Operation::DecidePin => given::<PinView>(200, "Decided", &[], shapes),
        Operation::ApprovePins => given::<Approved>(200, "How many were approved", &[], shapes),
        Operation::ListWebhooks => page::<WebhookView>(shapes),
        Operation::CreateWebhook => made::<MadeWebhook>(shapes),
        Operation::ReadWebhook => given::<WebhookView>(200, "As it is now", &[], shapes),
        Operation::TestWebhook => given::<WebhookView>(200, "A message is on its way", &[], shapes),
        Operation::ListCredentials => page::<CredentialView>(shapes),
        Operation::CreateCredential => made::<CredentialView>(shapes),
        Operation::ReadCredential | Operation::ReplaceCredential => one::<CredentialView>(shapes),
        Operation::ResealTenant => given::<Resealed>(200, "What was done", &[], shapes),
        Operation::DeleteTenant
        | Operation::DeleteUser
        | Operation::RevokeKey
        | Operation::DeletePolicy
        | Operation::DeletePlan
        | Operation::DeleteUpstream
        | Operation::DeleteCredential
        | Operation::DeleteWebhook => Given::empty(204, "Done"),
        deeds => of_deeds(deeds, shapes),
    }
}

/// What is given of what somebody did, or wants to do.
fn of_deeds(operation: Operation, shapes: &mut Shapes) -> Given {
    match operation {
        Operation::ListRevocations => page::<RevocationView>(shapes),
        Operation::Revoke => made::<RevocationView>(shapes),
        Operation::ListApprovals => page::<ApprovalView>(shapes),
        Operation::ReadApproval => given::<ApprovalView>(200, "As it is now", &[], shapes),
        Operation::DecideApproval => given::<ApprovalView>(200, "Decided", &[], shapes),
        Operation::ReadActivity => given::<ActivityView>(200, "What happened", &[], shapes),
        Operation::ReadEntropy => given::<EntropyHistory>(200, "What was said of it", &[], shapes),
        Operation::QueryAudit => given::<AuditPage>(200, "Some records", &[], shapes),
        Operation::ExportAudit => {
            let body = Some((MEDIA_TYPE, shapes.written::<String>(), Vec::new()));
            let description = "The anchor, a record on each line, and the signed head; `Link` leads to the next part";
            Given { status: 200, description, headers: &["link"], body }
        }
        Operation::VerifyAudit => given::<AuditVerdict>(200, "What was found", &[], shapes),
        _ => given::<AuditHead>(200, "Where it ends", &[], shapes),
    }
}

fn page<T: JsonSchema>(shapes: &mut Shapes) -> Given {
    given::<Page<T>>(200, "A page of them, in the order of their ids", &[], shapes)
}

fn made<T: JsonSchema>(shapes: &mut Shapes) -> Given {
    given::<T>(201, "Made. The same order with the same idempotency key is answered alike for a day", &[], shapes)
}

fn one<T: JsonSchema>(shapes: &mut Shapes) -> Given {
    given::<T>(200, "As it is now", TAGGED, shapes)
}

fn given<T: JsonSchema>(
    status: u16,
    description: &'static str,
    headers: &'static [&'static str],
    shapes: &mut Shapes,
) -> Given {
    Given { status, description, headers, body: Some((JSON, shapes.written::<T>(), Vec::new())) }
}

/// The refusals of an operation, besides those of every route that takes a token.
pub fn problems(spec: &Spec) -> Vec<Problem> {
    let needed = if spec.only_reads() { TO_ADMIN_READ } else { TO_ADMIN_WRITE };
    let mut all = vec![
        Problem::InsufficientScope { needed },
        Problem::Forbidden { whom: spec.whom.as_words() },
        Problem::InvalidBody("limit must be from 1 to 200".into()),
        Problem::Unavailable { part: "the database", reason: String::new() },
    ];
    let named_in_the_body = matches!(
        spec.operation,
        Operation::Revoke | Operation::CreateKey | Operation::CreateCredential | Operation::ExplainPolicies
    );
    if spec.names_one() || named_in_the_body {
        all.push(Problem::NoSuchThing);
    }
    if spec.is_conditional() {
        all.extend([Problem::VersionNeeded, Problem::VersionPassed]);
    }
    if !spec.only_reads() {
        all.push(Problem::Conflict("that name is taken"));
    }
    if spec.verb == Verb::Make && !spec.only_reads() {
        all.push(Problem::KeyReused);
    }
    if !matches!(spec.verb, Verb::Read | Verb::Remove) {
        all.extend(super::refused::body::<Map<String, Value>>());
    }
    all
}
