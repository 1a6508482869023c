//! A value against compiled rules.

use super::compile::below;
use super::{Bound, Kind, MAX_CHECK_DEPTH, MAX_VIOLATIONS, Node, Purse, Rule, Schema, Violation, equal};
use serde_json::{Number, Value};
use std::cmp::Ordering;
use std::collections::HashSet;

mod members;

/// Checks a value against a whole schema.
pub(super) fn check(schema: &Schema, value: &Value, purse: Purse) -> Result<(), Vec<Violation>> {
    let mut run = Run { schema, purse, exhausted: false, depth: 0, violations: Vec::new() };
    let fits = run.node(schema.root, value, &Place { above: None, member: Member::Root }, true).fits;
    if run.exhausted {
        return Err(vec![Violation {
            pointer: String::new(),
            problem: "cost more to check than is allowed".to_owned(),
        }]);
    }
    if fits { Ok(()) } else { Err(run.violations) }
}

/// Whether a value fits one subschema; `None` when that costs more than the purse has. What it costs is paid.
pub(super) fn fits(schema: &Schema, node: usize, value: &Value, purse: &mut Purse) -> Option<bool> {
    let own = Purse::new(purse.left);
    let mut run = Run { schema, purse: own, exhausted: false, depth: 0, violations: Vec::new() };
    let fits = run.node(node, value, &Place { above: None, member: Member::Root }, false).fits;
    purse.left = run.purse.left;
    (!run.exhausted).then_some(fits)
}

/// Where in the value the check stands; rendered only when there is something to report.
struct Place<'p> {
    above: Option<&'p Place<'p>>,
    member: Member<'p>,
}

#[derive(Clone, Copy)]
enum Member<'p> {
    Root,
    Name(&'p str),
    Index(usize),
}

impl Place<'_> {
    fn pointer(&self) -> String {
        let above = self.above.map(Place::pointer).unwrap_or_default();
        match self.member {
            Member::Root => above,
            Member::Name(name) => below(&above, name),
            Member::Index(index) => format!("{above}/{index}"),
        }
    }
}

/// Which members of a value some rule has looked at (JSON Schema Core, section 11).
#[derive(Default)]
struct Seen<'v> {
    names: HashSet<&'v str>,
    indexes: HashSet<usize>,
}

struct Verdict<'v> {
    fits: bool,
    seen: Seen<'v>,
}

impl<'v> Verdict<'v> {
    fn of(fits: bool) -> Self {
        Self { fits, seen: Seen::default() }
    }

    /// Both must hold; what either has seen counts.
    fn and(&mut self, other: Verdict<'v>) {
        self.fits &= other.fits;
        if other.fits {
            self.seen.names.extend(other.seen.names);
            self.seen.indexes.extend(other.seen.indexes);
        }
    }
}

struct Run<'s> {
    schema: &'s Schema,
    purse: Purse,
    exhausted: bool,
    depth: usize,
    violations: Vec<Violation>,
}

impl<'s> Run<'s> {
    fn pay(&mut self, steps: usize) -> bool {
        if !self.purse.pay(steps) {
            self.exhausted = true;
        }
        !self.exhausted
    }

    fn node<'v>(&mut self, node: usize, value: &'v Value, at: &Place<'_>, report: bool) -> Verdict<'v> {
        if self.depth >= MAX_CHECK_DEPTH || !self.pay(1) {
            self.exhausted = true;
            return Verdict::of(false);
        }
        let schema = self.schema;
        match schema.nodes.get(node) {
            Some(Node::Always) => Verdict::of(true),
            None | Some(Node::Never) => self.refuse(at, report, || "is not allowed here".to_owned()),
            Some(Node::Rules(rules)) => {
                self.depth += 1;
                let verdict = self.rules(rules, value, at, report);
                self.depth -= 1;
                verdict
            }
        }
    }

    fn rules<'v>(&mut self, rules: &'s [Rule], value: &'v Value, at: &Place<'_>, report: bool) -> Verdict<'v> {
        let mut verdict = Verdict::of(true);
        for rule in rules {
            if !self.pay(price(rule, value)) {
                return Verdict::of(false);
            }
            let outcome = match rule {
                Rule::UnevaluatedItems(node) => self.unevaluated_items(*node, value, (at, report), &verdict.seen),
                Rule::UnevaluatedProperties(node) => self.unevaluated_names(*node, value, (at, report), &verdict.seen),
                rule => self.rule(rule, value, at, report),
            };
            verdict.and(outcome);
            if self.exhausted || (!verdict.fits && !report) {
                break;
            }
        }
        verdict
    }

    fn refuse<'v>(&mut self, at: &Place<'_>, report: bool, problem: impl FnOnce() -> String) -> Verdict<'v> {
        if report && self.violations.len() < MAX_VIOLATIONS {
            let pointer = at.pointer().chars().take(256).collect();
            self.violations.push(Violation { pointer, problem: problem() });
        }
        Verdict::of(false)
    }

    fn require<'v>(
        &mut self,
        fits: bool,
        at: &Place<'_>,
        report: bool,
        problem: impl FnOnce() -> String,
    ) -> Verdict<'v> {
        if fits { Verdict::of(true) } else { self.refuse(at, report, problem) }
    }

    fn rule<'v>(&mut self, rule: &'s Rule, value: &'v Value, at: &Place<'_>, report: bool) -> Verdict<'v> {
        match (rule, value) {
            (Rule::Reference(node), _) => self.node(*node, value, at, report),
            (Rule::Types(kinds), _) => {
                let fits = kinds.iter().any(|kind| is_kind(*kind, value));
                self.require(fits, at, report, || format!("must be {}", kind_names(kinds)))
            }
            (Rule::OneOfValues { canonical, shown }, _) => {
                let own = equal::canonical(value);
                let fits = self.pay(own.len()) && canonical.contains(&own);
                self.require(fits, at, report, || format!("must be one of {shown}"))
            }
            (Rule::AllOf(nodes), _) => self.all_of(nodes, value, at, report),
            (Rule::AnyOf(nodes), _) => self.any_of(nodes, value, at, report),
            (Rule::OneOf(nodes), _) => self.one_of(nodes, value, at, report),
            (Rule::Not(node), _) => {
                let fits = !self.node(*node, value, at, false).fits;
                self.require(fits, at, report, || "has a form that is not allowed".to_owned())
            }
            (Rule::If { test, then, otherwise }, _) => {
                let mut verdict = Verdict::of(true);
                let test = self.node(*test, value, at, false);
                let branch = if test.fits { then } else { otherwise };
                if test.fits {
                    verdict.and(test);
                }
                if let Some(branch) = branch {
                    verdict.and(self.node(*branch, value, at, report));
                }
                verdict
            }
            (Rule::DependentSchemas(pairs), Value::Object(members)) => {
                let there = pairs.iter().filter(|(name, _)| members.contains_key(name));
                let nodes: Vec<usize> = there.map(|(_, node)| *node).collect();
                self.all_of(&nodes, value, at, report)
            }
            (rule, Value::Number(number)) => self.number_rule(rule, number, at, report),
            (rule, Value::String(text)) => self.string_rule(rule, text, at, report),
            (rule, Value::Array(items)) => self.array_rule(rule, items, at, report),
            (rule, Value::Object(members)) => self.object_rule(rule, members, at, report),
            _ => Verdict::of(true),
        }
    }

    fn all_of<'v>(&mut self, nodes: &[usize], value: &'v Value, at: &Place<'_>, report: bool) -> Verdict<'v> {
        let mut verdict = Verdict::of(true);
        for node in nodes {
            verdict.and(self.node(*node, value, at, report));
        }
        verdict
    }

    fn any_of<'v>(&mut self, nodes: &[usize], value: &'v Value, at: &Place<'_>, report: bool) -> Verdict<'v> {
        let mut verdict = Verdict::of(true);
        let mut fits = false;
        for node in nodes {
            let branch = self.node(*node, value, at, false);
            if branch.fits {
                fits = true;
                verdict.and(branch);
                if !self.schema.follows_evaluation {
                    break;
                }
            }
        }
        if fits { verdict } else { self.refuse(at, report, || "fits none of the allowed forms".to_owned()) }
    }

    fn one_of<'v>(&mut self, nodes: &[usize], value: &'v Value, at: &Place<'_>, report: bool) -> Verdict<'v> {
        let mut found: Option<Verdict<'v>> = None;
        for node in nodes {
            let branch = self.node(*node, value, at, false);
            if branch.fits && found.replace(branch).is_some() {
                return self.refuse(at, report, || "fits more than one of forms that exclude each other".to_owned());
            }
        }
        found.unwrap_or_else(|| self.refuse(at, report, || "fits none of the allowed forms".to_owned()))
    }

    fn number_rule<'v>(&mut self, rule: &Rule, number: &Number, at: &Place<'_>, report: bool) -> Verdict<'v> {
        match rule {
            Rule::Bound(bound, limit) => {
                let fits = equal::compare(number, limit).is_some_and(|order| within(*bound, order));
                self.require(fits, at, report, || format!("must be {} {limit}", bound_name(*bound)))
            }
            Rule::MultipleOf(factor) => {
                let fits = equal::is_multiple(number, factor);
                self.require(fits, at, report, || format!("must be a multiple of {factor}"))
            }
            _ => Verdict::of(true),
        }
    }

    fn string_rule<'v>(&mut self, rule: &Rule, text: &str, at: &Place<'_>, report: bool) -> Verdict<'v> {
        let length = || u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
        match rule {
            Rule::MinLength(min) => {
                self.require(length() >= *min, at, report, || format!("must have at least {min} characters"))
            }
            Rule::MaxLength(max) => {
                self.require(length() <= *max, at, report, || format!("must have at most {max} characters"))
            }
            Rule::Pattern(pattern, shown) => {
                let Some(fits) = pattern.matches(text, &mut self.purse) else {
                    self.exhausted = true;
                    return Verdict::of(false);
                };
                self.require(fits, at, report, || format!("must match the pattern {shown}"))
            }
            _ => Verdict::of(true),
        }
    }
}

/// What a rule costs before any subschema: what it looks at one by one.
fn price(rule: &Rule, value: &Value) -> usize {
    match (rule, value) {
        (Rule::Types(kinds), _) => kinds.len(),
        (Rule::OneOfValues { canonical, .. }, _) => canonical.len(),
        (Rule::Required(names), Value::Object(_)) => names.len(),
        (Rule::DependentRequired(pairs), Value::Object(_)) => pairs.iter().map(|(_, names)| names.len() + 1).sum(),
        (Rule::DependentSchemas(pairs), Value::Object(_)) => pairs.len(),
        (Rule::Properties(_) | Rule::UnevaluatedProperties(_), Value::Object(members)) => members.len(),
        (Rule::UnevaluatedItems(_), Value::Array(items)) => items.len(),
        // Counting characters is far cheaper than a step.
        (Rule::MinLength(_) | Rule::MaxLength(_) | Rule::Pattern(..), Value::String(text)) => text.len() / 16 + 1,
        _ => 1,
    }
}

fn within(bound: Bound, order: Ordering) -> bool {
    match bound {
        Bound::Minimum => order != Ordering::Less,
        Bound::Maximum => order != Ordering::Greater,
        Bound::ExclusiveMinimum => order == Ordering::Greater,
        Bound::ExclusiveMaximum => order == Ordering::Less,
    }
}

fn bound_name(bound: Bound) -> &'static str {
    match bound {
        Bound::Minimum => "at least",
        Bound::Maximum => "at most",
        Bound::ExclusiveMinimum => "more than",
        Bound::ExclusiveMaximum => "less than",
    }
}

fn is_kind(kind: Kind, value: &Value) -> bool {
    match kind {
        Kind::Null => value.is_null(),
        Kind::Boolean => value.is_boolean(),
        Kind::Integer => value.as_number().is_some_and(equal::is_integer),
        Kind::Number => value.is_number(),
        Kind::String => value.is_string(),
        Kind::Array => value.is_array(),
        Kind::Object => value.is_object(),
    }
}

fn kind_names(kinds: &[Kind]) -> String {
    let names: Vec<&str> = kinds.iter().map(|kind| kind_name(*kind)).collect();
    names.join(" or ")
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Null => "null",
        Kind::Boolean => "true or false",
        Kind::Integer => "a whole number",
        Kind::Number => "a number",
        Kind::String => "a text",
        Kind::Array => "a list",
        Kind::Object => "an object",
    }
}
