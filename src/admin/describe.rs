//! The operations as tools of the protocol: their definitions, made of the table and the types. Made on the host only; the
//! Worker reads the rendered file beside this one, and a test keeps the file current.

use crate::admin::activity::ActivityFilter;
use crate::admin::approval::{ApprovalDecision, ApprovalFilter};
use crate::admin::audit::AuditFilter;
use crate::admin::credential::{CredentialFilter, NewCredential, Replacement};
use crate::admin::import::NewImport;
use crate::admin::key::{KeyChange, KeyFilter, NewKey, Rotation};
use crate::admin::operation::{OPERATIONS, Operation, Spec, Verb};
use crate::admin::pin::{ManyApproved, PinDecision, PinFilter, VersionPair};
use crate::admin::revocation::NewRevocation;
use crate::admin::rule::{NewPlan, Trial};
use crate::admin::tenant::{NewTenant, TenantChange};
use crate::admin::upstream::{NewUpstream, UpstreamChange};
use crate::admin::user::{Invitation, NewUser, UserChange, UserFilter};
use crate::admin::webhook::NewWebhook;
use crate::drift::reaction::Reaction;
use crate::policy::described::RuleShape;
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// The shape of what an operation's body takes; none where it takes no body.
pub fn body(operation: Operation, shapes: &mut SchemaGenerator) -> Option<Schema> {
    Some(match operation {
        Operation::CreateTenant => shapes.subschema_for::<NewTenant>(),
        Operation::UpdateTenant => shapes.subschema_for::<TenantChange>(),
        Operation::CreateUser => shapes.subschema_for::<NewUser>(),
        Operation::UpdateUser => shapes.subschema_for::<UserChange>(),
        Operation::InviteUser => shapes.subschema_for::<Invitation>(),
        Operation::CreateKey => shapes.subschema_for::<NewKey>(),
        Operation::UpdateKey => shapes.subschema_for::<KeyChange>(),
        Operation::RotateKey => shapes.subschema_for::<Rotation>(),
        Operation::CreatePolicy | Operation::ReplacePolicy => shapes.subschema_for::<RuleShape>(),
        Operation::ExplainPolicies => shapes.subschema_for::<Trial>(),
        Operation::Revoke => shapes.subschema_for::<NewRevocation>(),
        Operation::DecideApproval => shapes.subschema_for::<ApprovalDecision>(),
        Operation::CreatePlan | Operation::ReplacePlan => shapes.subschema_for::<NewPlan>(),
        Operation::CreateUpstream => shapes.subschema_for::<NewUpstream>(),
        Operation::ImportUpstream => shapes.subschema_for::<NewImport>(),
        Operation::UpdateUpstream => shapes.subschema_for::<UpstreamChange>(),
        Operation::ReplaceReaction => shapes.subschema_for::<Reaction>(),
        Operation::DecidePin => shapes.subschema_for::<PinDecision>(),
        Operation::ApprovePins => shapes.subschema_for::<ManyApproved>(),
        Operation::CreateWebhook => shapes.subschema_for::<NewWebhook>(),
        Operation::CreateCredential => shapes.subschema_for::<NewCredential>(),
        Operation::ReplaceCredential => shapes.subschema_for::<Replacement>(),
        _ => return None,
    })
}

fn filter(operation: Operation, shapes: &mut SchemaGenerator) -> Option<Schema> {
    match operation {
        Operation::ListUsers => Some(shapes.subschema_for::<UserFilter>()),
        Operation::ListKeys => Some(shapes.subschema_for::<KeyFilter>()),
        Operation::ListCredentials => Some(shapes.subschema_for::<CredentialFilter>()),
        Operation::ListPins => Some(shapes.subschema_for::<PinFilter>()),
        Operation::ComparePin => Some(shapes.subschema_for::<VersionPair>()),
        Operation::ListApprovals => Some(shapes.subschema_for::<ApprovalFilter>()),
        Operation::ReadActivity => Some(shapes.subschema_for::<ActivityFilter>()),
        Operation::QueryAudit => Some(shapes.subschema_for::<AuditFilter>()),
        _ => None,
    }
}

/// The definitions of the tools, rendered.
pub fn render() -> String {
    let mut shapes = SchemaSettings::draft2020_12()
        .with(|settings| {
            settings.inline_subschemas = true;
            settings.meta_schema = None;
        })
        .for_deserialize()
        .into_generator();
    let tools: Vec<Value> =
        OPERATIONS.iter().filter(|spec| spec.is_a_tool()).map(|spec| tool(spec, &mut shapes)).collect();
    serde_json::to_string_pretty(&tools).map(|text| text + "\n").unwrap_or_default()
}

fn tool(spec: &Spec, shapes: &mut SchemaGenerator) -> Value {
    json!({
        "name": spec.tool_name(),
        "description": format!("{}. {}", spec.summary, spec.whom.as_sentence()),
        "inputSchema": input(spec, shapes),
        "annotations": {
            "readOnlyHint": spec.only_reads(),
            "destructiveHint": spec.verb == Verb::Remove || spec.is_conditional(),
            "idempotentHint": !matches!(spec.verb, Verb::Make) || spec.only_reads(),
            "openWorldHint": false,
        },
    })
}

/// What a route, its headers and its body say, as one object.
fn input(spec: &Spec, shapes: &mut SchemaGenerator) -> Value {
    let told = body(spec.operation, shapes).or_else(|| filter(spec.operation, shapes)).map(Value::from);
    let told = told.unwrap_or_else(|| json!({}));
    let is_free = told.get("additionalProperties") == Some(&Value::Bool(true));
    let mut properties = Map::new();
    let mut required: Vec<Value> = Vec::new();
    if spec.names_one() {
        properties.insert("id".into(), json!({"type": "string", "description": "What it is about."}));
        required.push("id".into());
    }
    if spec.is_conditional() {
        let what = "The version that was read: nothing is changed that was changed meanwhile.";
        properties.insert("version".into(), json!({"type": "integer", "minimum": 1, "description": what}));
        required.push("version".into());
    }
    if spec.verb == Verb::Make && !spec.only_reads() {
        let what = "Makes the order once, however often it is sent with the same key.";
        let key = json!({"type": "string", "minLength": 1, "maxLength": 128, "description": what});
        properties.insert("idempotency_key".into(), key);
    }
    if spec.name.starts_with("list_") {
        let what = "`next` of the page before.";
        properties.insert("cursor".into(), json!({"type": "string", "description": what}));
        properties.insert("limit".into(), json!({"type": "integer", "minimum": 1, "maximum": 200}));
    }
    properties.extend(told.get("properties").and_then(Value::as_object).cloned().unwrap_or_default());
    required.extend(told.get("required").and_then(Value::as_array).cloned().unwrap_or_default());
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": is_free})
}

#[cfg(test)]
mod tests {
    use super::render;
    use crate::mcp::wire::Tool;
    use crate::tool::schema::Schema;

    const FILE: &str = "src/admin/tools.json";

    #[test]
    fn the_committed_file_is_current_and_its_schemas_compile() {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
        let rendered = render();
        if std::env::var_os("UPDATE_OPENAPI").is_some_and(|value| value == "1") {
            std::fs::write(&file, &rendered).unwrap();
        }
        let committed = std::fs::read_to_string(&file).unwrap();
        assert!(committed == rendered, "{FILE} is not what the code says: run this test with UPDATE_OPENAPI=1");
        let tools: Vec<Tool> = serde_json::from_str(&committed).unwrap();
        for tool in tools {
            Schema::compile(&tool.input_schema).unwrap_or_else(|error| panic!("{}: {error}", tool.name));
        }
    }
}
