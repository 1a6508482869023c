//! The decision: one function for listing and for calling.
//!
//! What a condition that cannot be evaluated does is the safe side of each effect: a deny holds, an allow does not, and an
//! approve asks for approval of what would be admitted without it, but opens nothing.
//!
//! Before a call its arguments are not known. A condition that depends on them may come out either way, so for listing an
//! allow or an approve with it counts and a deny does not. Who may call a thing sees it, and who may not see a thing may not
//! call it: an allow for `call` opens `see` too, and a deny for `see` closes `call` too.

use super::condition::{Condition, Failure, Outcome};
use super::facts::{Facts, Subject, Thing};
use super::rule::{Effect, Rule};
use crate::id::RuleId;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::cell::Cell;

/// Most rules of a tenant.
pub const MAX_RULES: usize = 500;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub enum Ask<'a> {
    /// To see it in a list.
    See,
    /// To call it, get it or read it, with these arguments.
    Call(&'a Map<String, Value>),
}

/// What holds where no rule says anything. An auditor sees everything then, and never calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum DefaultEffect {
    /// Everything is admitted.
    Allow,
    /// Nothing is.
    Deny,
}

/// What decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis<'p> {
    /// The rule; of several with the same effect, the one whose id comes first.
    Rule(&'p RuleId),
    /// The tenant's default.
    Default,
    /// What the gateway itself says of a role.
    BuiltIn,
    /// What the API key leaves.
    Key,
}

/// A decision, and what it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Judgement<'p> {
    /// As if it were not there.
    Hidden {
        /// What decided. Not for the caller, who is told that there is no such thing.
        by: Basis<'p>,
    },
    /// Seen, and not to be called so.
    Refused {
        /// What decided.
        by: Basis<'p>,
    },
    /// To be called once somebody has approved it.
    NeedsApproval {
        /// What decided.
        by: Basis<'p>,
    },
    /// Admitted.
    Allowed {
        /// What decided.
        by: Basis<'p>,
    },
}

impl Judgement<'_> {
    /// Whether a call goes on, at once or after approval; whether a thing is listed.
    pub const fn admits(self) -> bool {
        matches!(self, Self::Allowed { .. } | Self::NeedsApproval { .. })
    }
}

/// What one rule comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// It is not about what is asked for.
    OtherAction,
    /// It is not about who asks.
    OtherSubject,
    /// It is not about what is asked about.
    OtherThing,
    /// Its condition does not hold.
    ConditionFalse,
    /// Its condition depends on arguments that are not known.
    ConditionUnknown,
    /// Its condition cannot be evaluated.
    ConditionFailed(Failure),
    /// It holds.
    Holds,
}

/// A rule with its id.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub id: RuleId,
    pub rule: Rule,
}

/// The policies of a tenant.
#[derive(Clone, Debug, PartialEq)]
pub struct Policies {
    /// By effect and then by id, so that the first that holds decides.
    pub(super) entries: Vec<Entry>,
    default: DefaultEffect,
}

/// The policies as far as they are about one subject now: for judging many things.
#[derive(Clone, Debug)]
pub struct Applicable<'p> {
    policies: &'p Policies,
    entries: Vec<(&'p Entry, Memory)>,
    subject: &'p Subject,
    now: Timestamp,
}

/// What a condition came to for a listing, where that is the same for all things.
pub(super) type Memory = Cell<Option<Outcome>>;

impl Policies {
    /// These rules in whatever order, and what holds besides them. At most [`MAX_RULES`] are meant to be there; it is for who
    /// stores them to see to it.
    pub fn new(rules: impl IntoIterator<Item = (RuleId, Rule)>, default: DefaultEffect) -> Self {
        let mut entries: Vec<_> = rules.into_iter().map(|(id, rule)| Entry { id, rule }).collect();
        entries.sort_by(|left, right| (left.rule.effect, &left.id).cmp(&(right.rule.effect, &right.id)));
        Self { entries, default }
    }

    /// The rules that are about this subject, at this moment.
    pub fn about<'p>(&'p self, subject: &'p Subject, now: Timestamp) -> Applicable<'p> {
        let entries = self.entries.iter().filter(|entry| entry.rule.who.holds(subject));
        let entries = entries.map(|entry| (entry, Memory::default())).collect();
        Applicable { policies: self, entries, subject, now }
    }

    /// Whether this subject may see or call this thing now.
    pub fn judge<'p>(&'p self, subject: &'p Subject, thing: &Thing<'_>, ask: Ask<'_>, now: Timestamp) -> Judgement<'p> {
        self.about(subject, now).judge(thing, ask)
    }
}

impl<'p> Applicable<'p> {
    /// Whether the subject may see or call this thing.
    pub fn judge(&self, thing: &Thing<'_>, ask: Ask<'_>) -> Judgement<'p> {
        let mut tally = Tally::default();
        let asked = Asked { subject: self.subject, thing, ask, now: self.now };
        for (entry, memory) in &self.entries {
            tally.note(entry, asked.weigh(&entry.rule, memory));
            if tally.is_settled() {
                break;
            }
        }
        self.settle(&tally, &asked)
    }

    /// What the rules come to, together with what stands above and below them.
    pub(super) fn settle(&self, tally: &Tally<'p>, asked: &Asked<'_>) -> Judgement<'p> {
        if !self.subject.narrowing.leaves(asked.thing) {
            return Judgement::Hidden { by: Basis::Key };
        }
        match asked.ask {
            Ask::See => match tally.seen(self.default_for_seeing()) {
                Ok(by) => Judgement::Allowed { by },
                Err(by) => Judgement::Hidden { by },
            },
            Ask::Call(_) => match self.called(tally) {
                // A refusal must not tell of what is not seen.
                Judgement::Refused { by } => match self.judge(asked.thing, Ask::See) {
                    Judgement::Hidden { by } => Judgement::Hidden { by },
                    _ => Judgement::Refused { by },
                },
                admitted => admitted,
            },
        }
    }

    fn called(&self, tally: &Tally<'p>) -> Judgement<'p> {
        if !self.subject.role.calls() {
            return Judgement::Refused { by: Basis::BuiltIn };
        }
        let default = match self.policies.default {
            DefaultEffect::Allow => Ok(Basis::Default),
            DefaultEffect::Deny => Err(Basis::Default),
        };
        tally.called(default)
    }

    fn default_for_seeing(&self) -> Result<Basis<'p>, Basis<'p>> {
        match self.policies.default {
            _ if !self.subject.role.calls() => Ok(Basis::BuiltIn),
            DefaultEffect::Allow => Ok(Basis::Default),
            DefaultEffect::Deny => Err(Basis::Default),
        }
    }
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub subject: &'a Subject,
    pub thing: &'a Thing<'a>,
    pub ask: Ask<'a>,
    pub now: Timestamp,
}

impl Asked<'_> {
    /// What a rule about the subject comes to.
    pub fn weigh(&self, rule: &Rule, memory: &Memory) -> Finding {
        if !self.is_of_an_action(rule) {
            return Finding::OtherAction;
        }
        if !rule.what.holds(self.thing) {
            return Finding::OtherThing;
        }
        rule.when.as_ref().map_or(Finding::Holds, |when| self.evaluate(when, memory))
    }

    fn is_of_an_action(&self, rule: &Rule) -> bool {
        match (rule.effect, self.ask) {
            (Effect::Deny, Ask::See) => rule.sees,
            (Effect::Allow | Effect::Approve, Ask::Call(_)) => rule.calls,
            (Effect::Deny, Ask::Call(_)) | (Effect::Allow | Effect::Approve, Ask::See) => true,
        }
    }

    fn evaluate(&self, when: &Condition, memory: &Memory) -> Finding {
        let facts = |arguments| Facts { subject: self.subject, thing: self.thing, arguments, now: self.now };
        let outcome = match self.ask {
            Ask::Call(arguments) => when.evaluate(&facts(Some(arguments))),
            Ask::See if when.mentions_tool() => when.evaluate(&facts(None)),
            Ask::See => {
                let outcome = memory.get().unwrap_or_else(|| when.evaluate(&facts(None)));
                memory.set(Some(outcome));
                outcome
            }
        };
        match outcome {
            Outcome::True => Finding::Holds,
            Outcome::False => Finding::ConditionFalse,
            Outcome::Unknown => Finding::ConditionUnknown,
            Outcome::Failed(failure) => Finding::ConditionFailed(failure),
        }
    }
}

/// What the rules came to so far: the first of each kind.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally<'p> {
    denied: Option<&'p RuleId>,
    approval: Option<&'p RuleId>,
    /// An approve that cannot be evaluated: it opens nothing.
    approval_of_admitted: Option<&'p RuleId>,
    allowed: Option<&'p RuleId>,
}

impl<'p> Tally<'p> {
    /// Takes a rule into account. Unknown is what a listing cannot know: see [`self`].
    pub fn note(&mut self, entry: &'p Entry, finding: Finding) {
        let place = match (entry.rule.effect, finding) {
            (Effect::Deny, Finding::Holds | Finding::ConditionFailed(_)) => &mut self.denied,
            (Effect::Approve, Finding::Holds | Finding::ConditionUnknown) => &mut self.approval,
            (Effect::Approve, Finding::ConditionFailed(_)) => &mut self.approval_of_admitted,
            (Effect::Allow, Finding::Holds | Finding::ConditionUnknown) => &mut self.allowed,
            _ => return,
        };
        place.get_or_insert(&entry.id);
    }

    /// Whether no rule after these changes anything.
    fn is_settled(&self) -> bool {
        self.denied.or(self.approval).or(self.allowed).is_some()
    }

    /// Whether it is listed, and why.
    fn seen(&self, default: Result<Basis<'p>, Basis<'p>>) -> Result<Basis<'p>, Basis<'p>> {
        match (self.denied, self.approval.or(self.allowed)) {
            (Some(rule), _) => Err(Basis::Rule(rule)),
            (None, Some(rule)) => Ok(Basis::Rule(rule)),
            (None, None) => default,
        }
    }

    fn called(&self, default: Result<Basis<'p>, Basis<'p>>) -> Judgement<'p> {
        if let Some(rule) = self.denied {
            return Judgement::Refused { by: Basis::Rule(rule) };
        }
        if let Some(rule) = self.approval {
            return Judgement::NeedsApproval { by: Basis::Rule(rule) };
        }
        match (self.allowed.map_or(default, |rule| Ok(Basis::Rule(rule))), self.approval_of_admitted) {
            (Err(by), _) => Judgement::Refused { by },
            (Ok(_), Some(rule)) => Judgement::NeedsApproval { by: Basis::Rule(rule) },
            (Ok(by), None) => Judgement::Allowed { by },
        }
    }
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
