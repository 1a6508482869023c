//! The differences between two schema documents, keyword by keyword.

use super::Use;
use crate::drift::reason::Reason;
use crate::json::canonical;
use serde_json::{Map, Value};

/// Most differences that are listed.
const MAX_DIFFERENCES: usize = 200;

/// How a difference is judged.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Finding {
    /// It has this reason whatever the schemas mean as a whole.
    Noted(Reason),
    /// It has this reason, unless the whole does no harm.
    Judged(Reason),
    /// Two schemas that have nothing but this difference.
    Alone { old: Value, new: Value },
    /// By the subschemas it stands in.
    Within,
}

/// One difference.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Difference<'v> {
    /// Its pointer in the new schema, or in the old one where it is only there.
    pub at: String,
    pub before: Option<&'v Value>,
    pub after: Option<&'v Value>,
    pub finding: Finding,
    /// The subschemas it stands in.
    pub old_place: String,
    pub new_place: String,
}

/// Lists the differences, and says whether those are all.
pub(super) fn differences<'v>(old: &'v Value, new: &'v Value, usage: Use) -> (Vec<Difference<'v>>, bool) {
    let mut walk = Walk { usage, found: Vec::new(), whole: true };
    walk.schemas(old, new, &(String::new(), String::new()));
    (walk.found, walk.whole)
}

struct Walk<'v> {
    usage: Use,
    found: Vec<Difference<'v>>,
    whole: bool,
}

/// Where a subschema stands in the old document and in the new one.
type Place = (String, String);

fn below(at: &str, member: &str) -> String {
    format!("{at}/{}", member.replace('~', "~0").replace('/', "~1"))
}

fn both_below((old, new): &Place, member: &str) -> Place {
    (below(old, member), below(new, member))
}

fn is_equal(one: &Value, other: &Value) -> bool {
    one == other || canonical::text(one) == canonical::text(other)
}

impl<'v> Walk<'v> {
    fn note(
        &mut self,
        at: String,
        (before, after): (Option<&'v Value>, Option<&'v Value>),
        finding: Finding,
        place: &Place,
    ) {
        self.whole = self.found.len() < MAX_DIFFERENCES;
        if self.whole {
            let (old_place, new_place) = place.clone();
            self.found.push(Difference { at, before, after, finding, old_place, new_place });
        }
    }

    fn schemas(&mut self, old: &'v Value, new: &'v Value, place: &Place) {
        let (Value::Object(ours), Value::Object(theirs)) = (old, new) else {
            if !is_equal(old, new) {
                self.note(place.1.clone(), (Some(old), Some(new)), Finding::Within, place);
            }
            return;
        };
        let gone = ours.keys().filter(|keyword| !theirs.contains_key(*keyword));
        for keyword in theirs.keys().chain(gone) {
            let values = (ours.get(keyword), theirs.get(keyword));
            if let (Some(before), Some(after)) = values
                && is_equal(before, after)
            {
                continue;
            }
            self.keyword(keyword, values, (ours, theirs), place);
        }
    }

    fn keyword(
        &mut self,
        keyword: &str,
        values: (Option<&'v Value>, Option<&'v Value>),
        around: (&'v Map<String, Value>, &'v Map<String, Value>),
        place: &Place,
    ) {
        let at = below(&place.1, keyword);
        match (keyword, values) {
            ("properties", (before, after)) => self.members(before, after, around, place),
            ("$defs" | "definitions" | "patternProperties" | "dependentSchemas", (Some(before), Some(after))) => {
                self.map(before, after, &both_below(place, keyword), place);
            }
            // A definition means something only where it is used.
            ("$defs" | "definitions", values) => {
                self.note(at, values, Finding::Judged(Reason::SameMeaning), place);
            }
            ("allOf" | "anyOf" | "oneOf" | "prefixItems", (Some(Value::Array(before)), Some(Value::Array(after)))) => {
                self.list(before, after, &both_below(place, keyword), place);
            }
            (
                "items"
                | "additionalItems"
                | "contains"
                | "additionalProperties"
                | "propertyNames"
                | "not"
                | "if"
                | "then"
                | "else"
                | "unevaluatedItems"
                | "unevaluatedProperties",
                (Some(before @ Value::Object(_)), Some(after @ Value::Object(_))),
            ) => self.schemas(before, after, &both_below(place, keyword)),
            (_, values) => {
                let finding = finding(keyword, values, around, self.usage);
                self.note(at, values, finding, place);
            }
        }
    }

    /// The members of `properties`: those of callers are parameters, those of answers fields.
    fn members(
        &mut self,
        before: Option<&'v Value>,
        after: Option<&'v Value>,
        (ours, theirs): (&'v Map<String, Value>, &'v Map<String, Value>),
        place: &Place,
    ) {
        let members = |value: Option<&'v Value>| value.and_then(Value::as_object);
        let (before, after) = (members(before), members(after));
        let properties = both_below(place, "properties");
        for (name, new) in after.into_iter().flatten() {
            let old = before.and_then(|members| members.get(name));
            let Some(old) = old else {
                let required = theirs.get("required").and_then(Value::as_array);
                let required = required.is_some_and(|names| names.iter().any(|one| one.as_str() == Some(name)));
                let reason = match self.usage {
                    Use::Arguments if required => Reason::ParameterRequired,
                    // What others may be called was said already, and this may be less.
                    Use::Arguments if ours.get("additionalProperties").is_some_and(|others| others != false) => {
                        self.note(below(&properties.1, name), (None, Some(new)), Finding::Within, place);
                        continue;
                    }
                    Use::Arguments => Reason::ParameterAdded,
                    Use::Answers if ours.get("additionalProperties").is_some() => {
                        self.note(below(&properties.1, name), (None, Some(new)), Finding::Within, place);
                        continue;
                    }
                    Use::Answers => Reason::FieldAdded,
                };
                self.note(below(&properties.1, name), (None, Some(new)), Finding::Judged(reason), place);
                continue;
            };
            if !is_equal(old, new) {
                self.schemas(old, new, &both_below(&properties, name));
            }
        }
        for (name, old) in before.into_iter().flatten() {
            if after.is_none_or(|members| !members.contains_key(name)) {
                let reason = match self.usage {
                    Use::Arguments => Reason::ParameterGone,
                    Use::Answers => Reason::FieldGone,
                };
                self.note(below(&properties.0, name), (Some(old), None), Finding::Judged(reason), place);
            }
        }
    }

    fn map(&mut self, before: &'v Value, after: &'v Value, at: &Place, place: &Place) {
        let (Value::Object(ours), Value::Object(theirs)) = (before, after) else { return };
        let definitions = at.1.ends_with("/$defs") || at.1.ends_with("/definitions");
        let finding = || if definitions { Finding::Judged(Reason::SameMeaning) } else { Finding::Within };
        for (name, new) in theirs {
            match ours.get(name) {
                Some(old) if is_equal(old, new) => {}
                Some(old) => self.schemas(old, new, &both_below(at, name)),
                None => self.note(below(&at.1, name), (None, Some(new)), finding(), place),
            }
        }
        for (name, old) in ours.iter().filter(|(name, _)| !theirs.contains_key(*name)) {
            self.note(below(&at.0, name), (Some(old), None), finding(), place);
        }
    }

    /// Branches: those that are the same somewhere else in the list are no difference by themselves.
    fn list(&mut self, before: &'v [Value], after: &'v [Value], at: &Place, place: &Place) {
        let missing = |from: &'v [Value], other: &[Value]| -> Vec<(usize, &'v Value)> {
            let there = |value: &Value| other.iter().any(|one| is_equal(one, value));
            from.iter().enumerate().filter(|(_, value)| !there(value)).collect()
        };
        let (gone, new) = (missing(before, after), missing(after, before));
        if gone.is_empty() && new.is_empty() {
            return self.note(at.1.clone(), (None, None), Finding::Within, place);
        }
        let paired = gone.len() == new.len() && before.len() == after.len();
        if paired && gone.iter().zip(&new).all(|((old, _), (new, _))| old == new) {
            for ((index, old), (_, new)) in gone.into_iter().zip(new) {
                self.schemas(old, new, &both_below(at, &index.to_string()));
            }
            return;
        }
        for (index, value) in new {
            self.note(below(&at.1, &index.to_string()), (None, Some(value)), Finding::Within, place);
        }
        for (index, value) in gone {
            self.note(below(&at.0, &index.to_string()), (Some(value), None), Finding::Within, place);
        }
    }
}

/// Keywords that mean something together with those around them.
const STRUCTURAL: [&str; 28] = [
    "$schema",
    "$ref",
    "$anchor",
    "$dynamicRef",
    "$dynamicAnchor",
    "$recursiveRef",
    "dependentRequired",
    "dependencies",
    "minContains",
    "maxContains",
    "discriminator",
    "additionalProperties",
    "unevaluatedProperties",
    "unevaluatedItems",
    "items",
    "additionalItems",
    "prefixItems",
    "contains",
    "propertyNames",
    "patternProperties",
    "dependentSchemas",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
];

/// How the difference of a keyword is judged that has no subschemas, or has them on one side only.
fn finding(
    keyword: &str,
    values: (Option<&Value>, Option<&Value>),
    (ours, theirs): (&Map<String, Value>, &Map<String, Value>),
    usage: Use,
) -> Finding {
    match keyword {
        "title" | "description" | "$comment" => Finding::Noted(Reason::Wording),
        "examples" | "example" | "deprecated" | "readOnly" | "writeOnly" | "$id" | "externalDocs" | "xml" => {
            Finding::Noted(Reason::Note)
        }
        "default" => Finding::Noted(match (usage, values) {
            (Use::Answers, _) => Reason::Note,
            (Use::Arguments, (None, Some(_))) => Reason::DefaultNoted,
            (Use::Arguments, _) => Reason::DefaultChanged,
        }),
        "format" | "contentEncoding" | "contentMediaType" => Finding::Noted(match values {
            (Some(_), Some(_)) => Reason::FormatChanged,
            _ => Reason::FormatNoted,
        }),
        "x-mcp-header" => Finding::Noted(Reason::HeaderChanged),
        "required" | "enum" | "type" if same_set(values) => Finding::Judged(Reason::Order),
        "enum" | "const" => {
            Finding::Alone { old: only(&["enum", "const"], ours), new: only(&["enum", "const"], theirs) }
        }
        "type" | "required" | "pattern" | "multipleOf" | "uniqueItems" | "minLength" | "maxLength" | "minItems"
        | "maxItems" | "minProperties" | "maxProperties" => {
            Finding::Alone { old: only(&[keyword], ours), new: only(&[keyword], theirs) }
        }
        "minimum" | "exclusiveMinimum" => bounds(["minimum", "exclusiveMinimum"], ours, theirs),
        "maximum" | "exclusiveMaximum" => bounds(["maximum", "exclusiveMaximum"], ours, theirs),
        keyword if STRUCTURAL.contains(&keyword) => Finding::Within,
        _ => Finding::Noted(Reason::UnknownMember),
    }
}

/// The two keywords of a bound, with the type where it is the same: more than 0 is at least 1 of whole numbers.
fn bounds([inclusive, exclusive]: [&str; 2], ours: &Map<String, Value>, theirs: &Map<String, Value>) -> Finding {
    let typed = theirs.get("type").is_some_and(|kind| ours.get("type") == Some(kind));
    let kind = if typed { "type" } else { inclusive };
    let words = [inclusive, exclusive, kind];
    Finding::Alone { old: only(&words, ours), new: only(&words, theirs) }
}

/// A schema of some of the keywords of another.
fn only(keywords: &[&str], from: &Map<String, Value>) -> Value {
    let kept = from.iter().filter(|(keyword, _)| keywords.contains(&keyword.as_str()));
    Value::Object(kept.map(|(keyword, value)| (keyword.clone(), value.clone())).collect())
}

/// Whether two lists have the same entries, whatever their order.
fn same_set((before, after): (Option<&Value>, Option<&Value>)) -> bool {
    let texts = |value: Option<&Value>| {
        let mut texts: Vec<String> = value?.as_array()?.iter().map(canonical::text).collect();
        texts.sort_unstable();
        texts.dedup();
        Some(texts)
    };
    texts(before).zip(texts(after)).is_some_and(|(before, after)| before == after)
}
