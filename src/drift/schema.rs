//! What the change of a JSON Schema means for those who send arguments, and for those who read answers.
//!
//! Every difference is listed where it stands, and judged there by itself, so that a person sees which one matters. What
//! decides is whether every instance of one schema as a whole is shown to be an instance of the other.

use super::change::Change;
use super::reason::Reason;
use super::verdict::Verdict;
use crate::json::canonical;
use crate::tool::schema::inclusion::{Pair, Reading, Relation, Shown, Side};
use difference::{Difference, Finding, differences};
use serde_json::{Map, Value};

mod difference;

/// Which way a schema is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Callers send what fits it.
    Arguments,
    /// Callers are sent what fits it.
    Answers,
}

impl Use {
    const fn reading(self) -> Reading {
        match self {
            Self::Arguments => Reading::Arguments,
            Self::Answers => Reading::Answers,
        }
    }

    /// The side of which every instance must be one of the other.
    const fn promised(self) -> Side {
        match self {
            Self::Arguments => Side::Old,
            Self::Answers => Side::New,
        }
    }

    /// The reason for what does no harm, and for what may.
    const fn reasons(self) -> (Reason, Reason) {
        match self {
            Self::Arguments => (Reason::Widened, Reason::Narrowed),
            Self::Answers => (Reason::AnswerWithin, Reason::AnswerBeyond),
        }
    }
}

/// What changed from one schema to another; `at` is the pointer of the schema, for the changes.
pub fn compare_schemas(old: &Value, new: &Value, at: &str, usage: Use) -> Vec<Change> {
    if canonical::text(old) == canonical::text(new) {
        return Vec::new();
    }
    let (found, whole) = differences(old, new, usage);
    let pair = match Pair::compile(old, new) {
        Ok(pair) => pair,
        Err((side, _)) => {
            let (before, after) = if side == Side::Old { (Some(old), None) } else { (None, Some(new)) };
            let mut changes = vec![Change::new(at, before, after, Reason::Uncheckable)];
            changes.extend(found.iter().filter_map(|one| one.noted(at)));
            return changes;
        }
    };
    let mut relation = pair.relate();
    let overall = judge(&mut relation, ("", ""), usage);
    let mut changes: Vec<Change> = Vec::new();
    for one in &found {
        let reason = match one.finding {
            Finding::Noted(reason) => reason,
            Finding::Judged(reason) => settled(reason, overall, usage),
            Finding::Alone { ref old, ref new } => settled(alone(old, new, usage), overall, usage),
            Finding::Within => {
                settled(reason(judge(&mut relation, (&one.old_place, &one.new_place), usage), usage), overall, usage)
            }
        };
        changes.push(one.change(at, reason));
    }
    if !whole {
        // Among those that are not listed may be one that decides.
        changes.push(Change::new(at, None, None, Reason::TooMuch));
    }
    let breaking = changes.iter().any(|change| change.verdict == Verdict::Breaking);
    match overall {
        Err(doubt) if !breaking => changes.push(Change::new(at, None, None, doubt)),
        // Something made it another schema that means the same, such as another dialect.
        Ok(_) if changes.is_empty() => changes.push(Change::new(at, None, None, reason(overall, usage))),
        _ => {}
    }
    changes
}

/// Whether two subschemas are shown to be the same (`Ok(true)`), compatible (`Ok(false)`), or neither, and why not.
fn judge(relation: &mut Relation<'_>, (old, new): (&str, &str), usage: Use) -> Result<bool, Reason> {
    let (promised, reading) = (usage.promised(), usage.reading());
    let (ours, theirs) = if promised == Side::Old { (old, new) } else { (new, old) };
    match relation.includes(promised, ours, theirs, reading) {
        Shown::Yes => {}
        Shown::No => return Err(Reason::NotShown),
        Shown::TooMuch => return Err(Reason::TooMuch),
    }
    let other = if promised == Side::Old { Side::New } else { Side::Old };
    Ok(relation.includes(other, theirs, ours, reading) == Shown::Yes)
}

fn reason(outcome: Result<bool, Reason>, usage: Use) -> Reason {
    let (harmless, harmful) = usage.reasons();
    match outcome {
        Ok(true) => Reason::SameMeaning,
        Ok(false) => harmless,
        Err(Reason::TooMuch) => Reason::TooMuch,
        Err(_) => harmful,
    }
}

/// What one keyword means that stands by itself.
fn alone(old: &Value, new: &Value, usage: Use) -> Reason {
    match Pair::compile(old, new) {
        Ok(pair) => reason(judge(&mut pair.relate(), ("", ""), usage), usage),
        Err(_) => Reason::NotShown,
    }
}

/// A reason with what is known of the whole: a part cannot do harm where the whole does none.
fn settled(reason: Reason, overall: Result<bool, Reason>, usage: Use) -> Reason {
    match overall {
        Ok(true) if reason.verdict() > Verdict::Cosmetic => Reason::SameMeaning,
        Ok(false) if reason.verdict() > Verdict::Additive => usage.reasons().0,
        _ => reason,
    }
}

/// A schema that may be missing, as one that says nothing of an object.
pub fn or_any_object(schema: Option<&Value>) -> Value {
    let any = || Value::Object(Map::from_iter([("type".to_owned(), Value::from("object"))]));
    schema.cloned().unwrap_or_else(any)
}

impl Difference<'_> {
    fn change(&self, at: &str, reason: Reason) -> Change {
        Change::new(&format!("{at}{}", self.at), self.before, self.after, reason)
    }

    fn noted(&self, at: &str) -> Option<Change> {
        match self.finding {
            Finding::Noted(reason) => Some(self.change(at, reason)),
            _ => None,
        }
    }
}

#[cfg(test)]
#[path = "schema_tests.rs"]
mod tests;
