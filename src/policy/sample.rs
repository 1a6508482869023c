//! Subjects, things and rules for tests.

use super::facts::{Kind, Narrowing, Subject, Thing};
use super::judge::{DefaultEffect, Policies};
use super::rule::Rule;
use crate::account::role::Role;
use crate::id::{RuleId, UserId};
use crate::time::Timestamp;
use serde_json::{Map, Value};

/// Friday, 27 November 2026, 09:30 UTC.
pub const NOW: Timestamp = Timestamp::from_seconds(1_795_771_800);

/// An agent in the group `ops`.
pub fn subject() -> Subject {
    Subject {
        user: UserId::parse("u-1").unwrap(),
        role: Role::Agent,
        service: true,
        groups: vec!["ops".into()],
        key: None,
        client: None,
        network: Some("203.0.113.7".into()),
        narrowing: Narrowing::default(),
    }
}

/// A tool of no upstream that says nothing of itself.
pub fn tool(name: &str) -> Thing<'_> {
    Thing { kind: Kind::Tool, ..Thing::prompt(name, None) }
}

/// An object.
pub fn object(value: Value) -> Map<String, Value> {
    let Value::Object(members) = value else { panic!("no object") };
    members
}

/// Policies of these rules.
pub fn policies(rules: &[(&str, Value)], default: DefaultEffect) -> Policies {
    let rule = |(id, document): &(&str, Value)| (RuleId::parse(id).unwrap(), Rule::read(document).unwrap());
    Policies::new(rules.iter().map(rule), default)
}
