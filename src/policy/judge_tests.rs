//! Tests of decisions.

use super::{Ask, Basis, DefaultEffect, Judgement, Policies};
use crate::account::role::Role;
use crate::id::RuleId;
use crate::policy::facts::{Narrowing, Subject, Thing};
use crate::policy::sample;
use serde_json::{Map, Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// What seeing and calling `gh__pay` with an amount of 5 come to.
fn both(policies: &Policies, subject: &Subject) -> (String, String) {
    let arguments = sample::object(json!({"amount": 5}));
    let told = |ask| told(policies.judge(subject, &sample::tool("gh__pay"), ask, sample::NOW));
    (told(Ask::See), told(Ask::Call(&arguments)))
}

fn told(judgement: Judgement<'_>) -> String {
    let (word, by) = match judgement {
        Judgement::Hidden { by } => ("hidden", by),
        Judgement::Refused { by } => ("refused", by),
        Judgement::NeedsApproval { by } => ("approval", by),
        Judgement::Allowed { by } => ("allowed", by),
    };
    let by = match by {
        Basis::Rule(id) => id.as_str(),
        Basis::Default => "default",
        Basis::BuiltIn => "built-in",
        Basis::Key => "key",
    };
    format!("{word} {by}")
}

#[track_caller]
fn comes_to(rules: &[(&str, Value)], default: DefaultEffect, see: &str, call: &str) {
    let (seen, called) = both(&sample::policies(rules, default), &sample::subject());
    assert_eq!((seen.as_str(), called.as_str()), (see, call), "{rules:?}");
}

fn effect(effect: &str) -> Value {
    json!({"name": "R", "effect": effect})
}

fn when(effect: &str, when: &str) -> Value {
    json!({"name": "R", "effect": effect, "when": when})
}

fn of(effect: &str, action: &str) -> Value {
    json!({"name": "R", "effect": effect, "actions": [action]})
}

use DefaultEffect::{Allow, Deny};

#[test]
fn where_no_rule_says_anything_the_default_holds() {
    comes_to(&[], Allow, "allowed default", "allowed default");
    comes_to(&[], Deny, "hidden default", "hidden default");
    let other = json!({"name": "R", "effect": "deny", "what": {"tools": ["db__*"]}});
    comes_to(&[("r", other)], Allow, "allowed default", "allowed default");
}

#[test]
fn a_deny_beats_an_approve_and_an_approve_beats_an_allow() {
    comes_to(&[("a", effect("allow"))], Deny, "allowed a", "allowed a");
    comes_to(&[("a", effect("allow")), ("b", effect("approve"))], Deny, "allowed b", "approval b");
    let all = [("a", effect("allow")), ("b", effect("approve")), ("c", effect("deny"))];
    comes_to(&all, Allow, "hidden c", "hidden c");
    comes_to(&[("b", effect("allow")), ("a", effect("allow"))], Deny, "allowed a", "allowed a");
}

#[test]
fn a_condition_on_arguments_decides_the_call_and_not_the_list() {
    comes_to(&[("a", when("deny", "arguments.amount > 3"))], Allow, "allowed default", "refused a");
    comes_to(&[("a", when("deny", "arguments.amount > 9"))], Allow, "allowed default", "allowed default");
    comes_to(&[("a", when("allow", "arguments.amount > 3"))], Deny, "allowed a", "allowed a");
    comes_to(&[("a", when("allow", "arguments.amount > 9"))], Deny, "allowed a", "refused default");
    comes_to(&[("a", when("approve", "arguments.amount > 9"))], Deny, "allowed a", "refused default");
    let never = "subject.role == 'owner' && arguments.amount > 3";
    comes_to(&[("a", when("allow", never))], Deny, "hidden default", "hidden default");
    let ever = "subject.role == 'agent' || arguments.amount > 9";
    comes_to(&[("a", when("deny", ever))], Allow, "hidden a", "hidden a");
}

#[test]
fn a_condition_that_cannot_be_evaluated_is_taken_for_the_safe_side() {
    comes_to(&[("a", when("deny", "arguments.x > 3"))], Allow, "allowed default", "refused a");
    comes_to(&[("a", when("allow", "arguments.x > 3"))], Deny, "allowed a", "refused default");
    comes_to(&[("a", when("approve", "arguments.x > 3"))], Allow, "allowed a", "approval a");
    comes_to(&[("a", when("approve", "arguments.x > 3"))], Deny, "allowed a", "refused default");
    let both = [("a", when("approve", "subject.user > 3")), ("b", effect("allow"))];
    comes_to(&both, Deny, "allowed b", "approval a");
    comes_to(&[("a", when("approve", "subject.user > 3"))], Deny, "hidden default", "hidden default");
    comes_to(&[("a", when("deny", "subject.user > 3"))], Allow, "hidden a", "hidden a");
}

#[test]
fn who_may_call_sees_and_who_may_not_see_does_not_call() {
    comes_to(&[("a", of("allow", "call"))], Deny, "allowed a", "allowed a");
    comes_to(&[("a", of("allow", "see"))], Deny, "allowed a", "refused default");
    comes_to(&[("a", of("deny", "see"))], Allow, "hidden a", "hidden a");
    comes_to(&[("a", of("deny", "call"))], Allow, "allowed default", "refused a");
    comes_to(&[("a", of("deny", "see")), ("b", of("allow", "call"))], Deny, "hidden a", "hidden a");
}

#[test]
fn an_auditor_sees_and_never_calls() {
    let auditor = Subject { role: Role::Auditor, ..sample::subject() };
    let is = |rules: &[(&str, Value)], default| both(&sample::policies(rules, default), &auditor);
    let sees = ("allowed built-in".to_owned(), "refused built-in".to_owned());
    assert_eq!(is(&[], Allow), sees);
    assert_eq!(is(&[], Deny), sees);
    assert_eq!(is(&[("a", effect("allow"))], Deny).1, "refused built-in");
    assert_eq!(is(&[("a", effect("approve"))], Deny).1, "refused built-in");
    assert_eq!(is(&[("a", effect("deny"))], Allow), ("hidden a".to_owned(), "hidden a".to_owned()));
}

#[test]
fn nothing_outside_a_keys_narrowing_is_seen() {
    let narrowed =
        |tools: &[&str]| Subject { narrowing: Narrowing::parse(Some(tools), None).unwrap(), ..sample::subject() };
    let policies = sample::policies(&[("a", effect("allow"))], Allow);
    assert_eq!(both(&policies, &narrowed(&["gh__*"])), ("allowed a".to_owned(), "allowed a".to_owned()));
    assert_eq!(both(&policies, &narrowed(&["db__*"])), ("hidden key".to_owned(), "hidden key".to_owned()));
}

#[test]
fn prompts_and_resources_are_judged_as_tools_are() {
    let deny = json!({"name": "R", "effect": "deny", "what": {"resources": ["mcp+db+*"], "prompts": ["secret"]}});
    let policies = Policies::new([(RuleId::parse("r").unwrap(), super::Rule::read(&deny).unwrap())], Allow);
    let subject = sample::subject();
    let applicable = policies.about(&subject, sample::NOW);
    for (thing, admits) in [
        (Thing::resource("mcp+db+file:///a", None), false),
        (Thing::resource("mcp+gh+file:///a", None), true),
        (Thing::prompt("secret", None), false),
        (Thing::prompt("open", None), true),
    ] {
        for ask in [Ask::See, Ask::Call(&Map::new())] {
            assert_eq!(applicable.judge(&thing, ask).admits(), admits, "{thing:?}");
        }
    }
}
