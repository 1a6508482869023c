//! What a caller may see and call. One function of [`crate::policy`] answers for both.

use super::clock;
use super::tenant::Rules;
use crate::catalogue::eyes::Seen;
use crate::catalogue::listing;
use crate::policy::facts::{Hints, Kind, Subject, Thing};
use crate::policy::judge::{Ask, Basis, Judgement};
use serde_json::{Map, Value};
use std::rc::Rc;

/// The rules of a tenant, as far as they are about one caller.
pub struct Rights {
    rules: Rc<Rules>,
    subject: Subject,
}

/// Whether a call goes on.
pub enum Permission {
    /// It does, by that policy where one had to say so.
    Granted(Option<String>),
    /// Once somebody has approved exactly this call, which that policy wants.
    OnApproval(String),
    /// It does not.
    Refused,
    /// It does not, and the caller is told that there is no such thing.
    Hidden,
}

impl Rights {
    /// The rights of a caller.
    pub fn new(rules: Rc<Rules>, subject: Subject) -> Self {
        Self { rules, subject }
    }

    /// What the tenant decided.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Whether the caller sees an item.
    pub fn sees(&self, seen: &Seen<'_>) -> bool {
        (self.look())(seen)
    }

    /// The same for many items: the rules that are about others are left out once, and conditions are not asked again.
    pub fn look(&self) -> impl Fn(&Seen<'_>) -> bool {
        let applicable = self.rules.policies.about(&self.subject, clock::now());
        move |seen| !matches!(applicable.judge(&thing(seen), Ask::See), Judgement::Hidden { .. })
    }

    /// Whether the caller may call an item with these arguments.
    pub fn permit(&self, seen: &Seen<'_>, arguments: &Map<String, Value>) -> Permission {
        match self.rules.policies.judge(&self.subject, &thing(seen), Ask::Call(arguments), clock::now()) {
            Judgement::Allowed { by: Basis::Rule(rule) } => Permission::Granted(Some(rule.to_string())),
            Judgement::Allowed { .. } => Permission::Granted(None),
            Judgement::NeedsApproval { by: Basis::Rule(rule) } => Permission::OnApproval(rule.to_string()),
            Judgement::NeedsApproval { .. } | Judgement::Refused { .. } => Permission::Refused,
            Judgement::Hidden { .. } => Permission::Hidden,
        }
    }
}

fn thing<'a>(seen: &Seen<'a>) -> Thing<'a> {
    let kind = match seen.kind {
        listing::Kind::Tool => Kind::Tool,
        listing::Kind::Prompt => Kind::Prompt,
        _ => Kind::Resource,
    };
    Thing { kind, name: seen.name, upstream: seen.upstream, hints: Hints::of(seen.annotations) }
}
