//! The shape of a rule's document, for descriptions: what [`Rule::read`](super::rule::Rule::read) takes, but for what a schema
//! cannot say of patterns and conditions. On the host only.

use super::document::MAX_ENTRIES;
use super::rule::{Effect, MAX_NAME};
use crate::account::role::Role;
use crate::id::{ApiKeyId, UserId};
use schemars::JsonSchema;

/// An effect, whom and what it is about, and perhaps a condition. The entries of a list are alternatives, and all lists have to
/// hold; an empty list says nothing.
#[derive(JsonSchema)]
#[schemars(rename = "Rule", deny_unknown_fields)]
#[expect(dead_code, reason = "only its shape is used")]
pub struct RuleShape {
    /// Its name, for people: 1 to 64 characters, not blank.
    #[schemars(length(min = 1, max = MAX_NAME))]
    name: String,
    /// What it does where it holds. Deny wins over approve, and approve over allow.
    effect: Effect,
    /// What it is about; both when nothing is said.
    #[schemars(default, length(max = MAX_ENTRIES))]
    actions: Vec<Action>,
    /// Whom it is about; everybody when nothing is said.
    #[schemars(default)]
    who: WhoShape,
    /// What it is about; everything when nothing is said.
    #[schemars(default)]
    what: WhatShape,
    /// When it holds: a condition in the Common Expression Language about `arguments`, `subject`, `tool`, `now` and `network`.
    #[schemars(default, skip_serializing_if = "String::is_empty", length(min = 1))]
    when: String,
}

/// What somebody does with a thing.
#[derive(JsonSchema)]
#[schemars(rename = "RuleAction", rename_all = "lowercase")]
#[expect(dead_code, reason = "only its shape is used")]
enum Action {
    /// Has it listed.
    See,
    /// Calls, gets or reads it.
    Call,
}

/// Whom a rule is about.
#[derive(Default, JsonSchema)]
#[schemars(rename = "Who", deny_unknown_fields)]
#[expect(dead_code, reason = "only its shape is used")]
struct WhoShape {
    /// Users of these roles.
    #[schemars(default, skip_serializing_if = "Vec::is_empty", length(max = MAX_ENTRIES))]
    roles: Vec<Role>,
    /// Users of these ids.
    #[schemars(default, skip_serializing_if = "Vec::is_empty", length(max = MAX_ENTRIES))]
    users: Vec<UserId>,
    /// Who comes with these API keys, by their ids.
    #[schemars(default, skip_serializing_if = "Vec::is_empty", length(max = MAX_ENTRIES))]
    keys: Vec<ApiKeyId>,
    /// Who comes through these OAuth clients.
    #[schemars(default, skip_serializing_if = "Vec::is_empty", length(max = MAX_ENTRIES), inner(length(min = 1, max = 512)))]
    clients: Vec<String>,
    /// Users in these groups.
    #[schemars(default, skip_serializing_if = "Vec::is_empty", length(max = MAX_ENTRIES), inner(length(min = 1, max = 512)))]
    groups: Vec<String>,
}

/// What a rule is about. Of `tools`, `prompts` and `resources`, which name things of different kinds, one has to hold; one of
/// the hints makes it about tools only.
#[derive(Default, JsonSchema)]
#[schemars(rename = "What", deny_unknown_fields)]
#[expect(dead_code, reason = "only its shape is used")]
struct WhatShape {
    /// Shown names of tools, or patterns of them with `*`.
    #[schemars(default, skip_serializing_if = "Vec::is_empty", length(max = MAX_ENTRIES), inner(length(min = 1)))]
    tools: Vec<String>,
    /// Shown names of prompts, or patterns of them.
    #[schemars(default, skip_serializing_if = "Vec::is_empty", length(max = MAX_ENTRIES), inner(length(min = 1)))]
    prompts: Vec<String>,
    /// URIs of resources, or patterns of them.
    #[schemars(default, skip_serializing_if = "Vec::is_empty", length(max = MAX_ENTRIES), inner(length(min = 1)))]
    resources: Vec<String>,
    /// Names of upstreams.
    #[schemars(default, skip_serializing_if = "Vec::is_empty", length(max = MAX_ENTRIES), inner(length(min = 1, max = 32)))]
    upstreams: Vec<String>,
    /// Tools that say so of themselves: they change nothing.
    #[schemars(default, with = "bool", skip_serializing_if = "Option::is_none")]
    read_only: Option<bool>,
    /// Tools that say so of themselves: they may destroy.
    #[schemars(default, with = "bool", skip_serializing_if = "Option::is_none")]
    destructive: Option<bool>,
    /// Tools that say so of themselves: called twice is called once.
    #[schemars(default, with = "bool", skip_serializing_if = "Option::is_none")]
    idempotent: Option<bool>,
    /// Tools that say so of themselves: they reach beyond a closed world.
    #[schemars(default, with = "bool", skip_serializing_if = "Option::is_none")]
    open_world: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::RuleShape;
    use crate::policy::rule::Rule;
    use serde_json::{Value, json};

    fn shape() -> jsonschema::Validator {
        let settings = schemars::generate::SchemaSettings::draft2020_12().for_deserialize();
        let schema = Value::from(settings.into_generator().into_root_schema_for::<RuleShape>());
        jsonschema::draft202012::new(&schema).unwrap()
    }

    fn rule(more: &Value) -> Value {
        let mut rule = json!({"name": "a rule", "effect": "deny"});
        rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        rule
    }

    #[test]
    fn what_is_read_has_the_shape() {
        let shape = shape();
        for more in [
            json!({}),
            json!({"actions": ["see", "call"], "who": {}, "what": {}}),
            json!({"who": {"roles": ["agent"], "users": ["u-1"], "keys": ["k-1"], "clients": ["https://c"], "groups": ["ci"]}}),
            json!({"what": {"tools": ["pay__*"], "prompts": ["p"], "resources": ["file:///*"], "upstreams": ["pay"]}}),
            json!({"what": {"read_only": false, "destructive": true, "idempotent": true, "open_world": false}}),
            json!({"effect": "approve", "when": "arguments.amount < 100"}),
        ] {
            let rule = rule(&more);
            assert!(Rule::read(&rule).is_ok(), "{rule}");
            assert!(shape.is_valid(&rule), "{rule}");
        }
    }

    #[test]
    fn what_has_not_the_shape_is_not_read() {
        let shape = shape();
        let many: Vec<String> = (0..65).map(|at| format!("g{at}")).collect();
        for more in [
            json!({"name": ""}),
            json!({"name": "x".repeat(65)}),
            json!({"name": null}),
            json!({"effect": "maybe"}),
            json!({"actions": ["touch"]}),
            json!({"who": null}),
            json!({"who": {"role": ["agent"]}}),
            json!({"who": {"roles": ["king"]}}),
            json!({"who": {"users": ["not an id"]}}),
            json!({"who": {"groups": many}}),
            json!({"who": {"groups": [""]}}),
            json!({"what": {"read_only": "no"}}),
            json!({"what": {"upstreams": ["x".repeat(33)]}}),
            json!({"when": ""}),
            json!({"when": 1}),
            json!({"since": "ever"}),
        ] {
            let rule = rule(&more);
            assert!(!shape.is_valid(&rule), "{rule}");
            assert!(Rule::read(&rule).is_err(), "{rule}");
        }
    }
}
