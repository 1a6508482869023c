//! Any document as a rule, and any text as its condition: nothing panics, a rule that is taken is taken again, and what it
//! admits a call for, it lists.
//!
//! The input: one byte for what it is, then the document, or the condition.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mcp_secure_gateway::account::role::Role;
use mcp_secure_gateway::id::{RuleId, UserId};
use mcp_secure_gateway::policy::facts::{Narrowing, Subject, Thing};
use mcp_secure_gateway::policy::judge::{Ask, DefaultEffect, Policies};
use mcp_secure_gateway::policy::rule::Rule;
use mcp_secure_gateway::time::Timestamp;
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::from_seconds(1_795_000_000);
const EFFECTS: [&str; 3] = ["allow", "deny", "approve"];

fn subject() -> Subject {
    Subject {
        user: UserId::parse("u").expect("an id"),
        role: Role::Agent,
        service: false,
        groups: vec!["ops".into()],
        key: None,
        client: None,
        network: None,
        narrowing: Narrowing::default(),
    }
}

fn rule(which: u8, body: &[u8]) -> Option<Rule> {
    if which & 1 == 0 {
        return Rule::parse(body).ok();
    }
    let effect = EFFECTS[usize::from(which >> 1) % EFFECTS.len()];
    Rule::read(&json!({"name": "R", "effect": effect, "when": std::str::from_utf8(body).ok()?})).ok()
}

fuzz_target!(|input: &[u8]| {
    let [which, body @ ..] = input else { return };
    let Some(rule) = rule(*which, body) else { return };
    let Value::Object(arguments) = json!({"amount": 5, "l": [1, 2, 3], "text": "abc", "o": {"x": null}}) else { return };
    let (subject, thing) = (subject(), Thing::prompt("a", None));
    for default in [DefaultEffect::Allow, DefaultEffect::Deny] {
        let policies = Policies::new([(RuleId::parse("r").expect("an id"), rule.clone())], default);
        let seen = policies.judge(&subject, &thing, Ask::See, NOW);
        let called = policies.judge(&subject, &thing, Ask::Call(&arguments), NOW);
        assert!(seen.admits() || !called.admits(), "called unseen");
        assert_eq!(policies.explain(&subject, &thing, Ask::Call(&arguments), NOW).judgement, called);
    }
});
