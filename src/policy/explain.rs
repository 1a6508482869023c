//! The decision with every rule's part in it, for trying a policy out. It is the walk of [`super::judge`], without stopping.

use super::facts::{Subject, Thing};
use super::judge::{Ask, Asked, Finding, Judgement, Memory, Policies, Tally};
use super::rule::Effect;
use crate::id::RuleId;
use crate::time::Timestamp;
use serde::Serialize;

/// A decision and where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation<'p> {
    /// The decision: exactly that of [`Policies::judge`].
    #[serde(flatten)]
    pub judgement: Judgement<'p>,
    /// Every rule, in the order in which they win.
    pub rules: Vec<Part<'p>>,
}

/// One rule's part.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Part<'p> {
    /// The rule.
    pub id: &'p RuleId,
    /// Its name.
    pub name: &'p str,
    /// What it does where it holds.
    pub effect: Effect,
    /// Whether it holds, or why not.
    pub finding: Finding,
}

impl Policies {
    /// Judges as [`Policies::judge`] does, and says what every rule came to.
    pub fn explain<'p>(
        &'p self,
        subject: &'p Subject,
        thing: &Thing<'_>,
        ask: Ask<'_>,
        now: Timestamp,
    ) -> Explanation<'p> {
        let mut tally = Tally::default();
        let asked = Asked { subject, thing, ask, now };
        let mut rules = Vec::with_capacity(self.entries.len());
        for entry in &self.entries {
            let about = entry.rule.who.holds(subject);
            let finding = if about { asked.weigh(&entry.rule, &Memory::default()) } else { Finding::OtherSubject };
            tally.note(entry, finding);
            rules.push(Part { id: &entry.id, name: &entry.rule.name, effect: entry.rule.effect, finding });
        }
        Explanation { judgement: self.about(subject, now).settle(&tally, &asked), rules }
    }
}

#[cfg(test)]
mod tests {
    use crate::policy::judge::{Ask, DefaultEffect};
    use crate::policy::sample;
    use serde_json::json;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn an_explanation_says_what_every_rule_came_to() {
        let policies = sample::policies(
            &[
                ("a", json!({"name": "A", "effect": "allow", "who": {"roles": ["owner"]}})),
                ("b", json!({"name": "B", "effect": "allow", "what": {"tools": ["db__*"]}})),
                ("c", json!({"name": "C", "effect": "deny", "when": "arguments.amount > 5"})),
                ("d", json!({"name": "D", "effect": "deny", "when": "arguments.amount.x"})),
                ("e", json!({"name": "E", "effect": "allow", "actions": ["call"]})),
                ("f", json!({"name": "F", "effect": "deny", "actions": ["see"], "when": "now.hour == 25"})),
            ],
            DefaultEffect::Deny,
        );
        let (subject, arguments) = (sample::subject(), sample::object(json!({"amount": 5})));
        let explained = policies.explain(&subject, &sample::tool("gh__pay"), Ask::Call(&arguments), sample::NOW);
        let said = serde_json::to_value(&explained).unwrap();
        assert_eq!(
            said,
            json!({
                "decision": "refused", "by": {"rule": "d"},
                "rules": [
                    {"id": "c", "name": "C", "effect": "deny", "finding": "condition_false"},
                    {"id": "d", "name": "D", "effect": "deny", "finding": {"condition_failed": "types"}},
                    {"id": "f", "name": "F", "effect": "deny", "finding": "condition_false"},
                    {"id": "a", "name": "A", "effect": "allow", "finding": "other_subject"},
                    {"id": "b", "name": "B", "effect": "allow", "finding": "other_thing"},
                    {"id": "e", "name": "E", "effect": "allow", "finding": "holds"},
                ],
            })
        );
    }
}
