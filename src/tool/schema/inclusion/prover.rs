//! The question, with its purse, and what was shown already.

use super::case::{Atom, Case, Kinds, Names};
use super::circle::goes_in_circles;
use super::{Reading, Shown, Side};
use crate::tool::schema::{Node, Purse, Rule, Schema, check};
use serde_json::Value;
use std::collections::HashMap;

/// Steps that all questions about two schemas may take together.
const STEPS: u32 = 400_000;
/// Deepest chain of questions within questions.
const MAX_DEPTH: usize = 120;
/// Most branches of a rule that are looked at one by one.
const MAX_BRANCHES: usize = 64;

/// A subschema of one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Ref {
    pub side: Side,
    pub node: usize,
}

impl Ref {
    /// Another subschema of the same side.
    pub const fn other(self, node: usize) -> Self {
        Self { side: self.side, node }
    }
}

/// What is to be shown of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Aim {
    /// That its instances fit a subschema.
    Fits(Ref),
    /// The same, without a look at whether there are any.
    FitsPlainly(Ref),
    /// That there are none.
    Nothing,
}

type Goal = (Case, Aim, Reading);

/// Shows inclusions.
#[derive(Debug)]
pub(super) struct Prover<'s> {
    old: &'s Schema,
    new: &'s Schema,
    pub purse: Purse,
    pub exhausted: bool,
    pub reading: Reading,
    depth: usize,
    /// How far down in the instance the question stands.
    pub descents: usize,
    /// Questions that are being answered, and how far down they were asked.
    open: HashMap<Goal, usize>,
    known: HashMap<Goal, bool>,
    /// How often an open question was taken as answered.
    assumed: usize,
    names: Vec<Names>,
    numbers: HashMap<Names, usize>,
    /// Subschemas of both sides that say the same, or not.
    pub alike: HashMap<(Ref, Ref), bool>,
}

impl<'s> Prover<'s> {
    pub fn new(old: &'s Schema, new: &'s Schema) -> Self {
        Self {
            old,
            new,
            purse: Purse::new(STEPS),
            exhausted: false,
            reading: Reading::Strict,
            depth: 0,
            descents: 0,
            open: HashMap::new(),
            known: HashMap::new(),
            assumed: 0,
            names: Vec::new(),
            numbers: HashMap::new(),
            alike: HashMap::new(),
        }
    }

    /// Whether every instance of one subschema is one of the other.
    pub fn ask(&mut self, from: Ref, to: Ref, reading: Reading) -> Shown {
        self.reading = reading;
        let endless = goes_in_circles(self.old) || goes_in_circles(self.new);
        let shown = if endless { self.is_same(from, to) } else { self.enters(&[from], to, true) };
        match shown {
            _ if self.exhausted => Shown::TooMuch,
            true => Shown::Yes,
            false => Shown::No,
        }
    }

    pub fn pay(&mut self, steps: usize) -> bool {
        if !self.purse.pay(steps) {
            self.exhausted = true;
        }
        !self.exhausted
    }

    pub const fn schema(&self, side: Side) -> &'s Schema {
        match side {
            Side::Old => self.old,
            Side::New => self.new,
        }
    }

    pub fn node(&self, at: Ref) -> &'s Node {
        const NEVER: &Node = &Node::Never;
        self.schema(at.side).nodes.get(at.node).unwrap_or(NEVER)
    }

    pub fn number(&mut self, names: Names) -> usize {
        if let Some(number) = self.numbers.get(&names) {
            return *number;
        }
        self.names.push(names.clone());
        let number = self.names.len() - 1;
        self.numbers.insert(names, number);
        number
    }

    pub fn names(&self, case: &Case) -> Names {
        self.names.get(case.names).cloned().unwrap_or_default()
    }

    /// Does something while every value counts.
    pub fn strictly<T>(&mut self, act: impl FnOnce(&mut Self) -> T) -> T {
        let reading = std::mem::replace(&mut self.reading, Reading::Strict);
        let outcome = act(self);
        self.reading = reading;
        outcome
    }

    /// Does something one level further down in the instance.
    pub fn below<T>(&mut self, act: impl FnOnce(&mut Self) -> T) -> T {
        self.descents += 1;
        let outcome = act(self);
        self.descents -= 1;
        outcome
    }

    /// The question at a new place of the instance: whether what fits all of `from` fits `to`.
    pub fn enters(&mut self, from: &[Ref], to: Ref, at_root: bool) -> bool {
        if matches!(self.node(to), Node::Always) || from.iter().any(|one| self.is_same(*one, to)) {
            return true;
        }
        let case = self.case(from, at_root);
        let kept = match self.reading {
            Reading::Strict => true,
            _ if case.is_never() => true,
            reading => {
                let (ours, theirs) = (self.names(&case), self.names_of(&[to], at_root));
                match reading {
                    Reading::Arguments => self.none_vanishes(&ours, &theirs),
                    _ => self.none_vanishes(&theirs, &ours),
                }
            }
        };
        kept && self.fits(&case, to)
    }

    /// Whether every member that one side names is one that the other describes.
    fn none_vanishes(&mut self, named: &Names, described: &Names) -> bool {
        let gone = |name: &&String| !described.mapped && !described.named.contains(*name);
        let gone: Vec<&String> = named.named.iter().filter(gone).collect();
        gone.is_empty()
            || (!described.patterns.is_empty() && gone.into_iter().all(|name| self.is_patterned(described, name)))
    }

    fn is_patterned(&mut self, names: &Names, name: &str) -> bool {
        names.patterns.iter().any(|text| {
            let pattern = crate::tool::schema::pattern::Pattern::compile(text);
            pattern.is_ok_and(|pattern| pattern.matches(name, &mut self.purse) == Some(true))
        })
    }

    /// Whether names describe a member.
    pub fn describes(&mut self, names: &Names, name: &str) -> bool {
        names.named.contains(name) || self.is_patterned(names, name)
    }

    /// Whether every instance of a case fits a subschema.
    pub fn fits(&mut self, case: &Case, to: Ref) -> bool {
        if case.is_never() || case.all.contains(&to) || case.all.iter().any(|one| self.is_same(*one, to)) {
            return true;
        }
        self.goal(case, Aim::Fits(to))
    }

    /// Whether every instance of a case fits a subschema, without a look at whether there are any.
    pub fn fits_plainly(&mut self, case: &Case, to: Ref) -> bool {
        case.all.iter().any(|one| self.is_same(*one, to)) || self.goal(case, Aim::FitsPlainly(to))
    }

    /// Whether there is no instance of a case.
    pub fn is_empty(&mut self, case: &Case) -> bool {
        case.is_never() || self.strictly(|prover| prover.goal(case, Aim::Nothing))
    }

    fn goal(&mut self, case: &Case, aim: Aim) -> bool {
        if self.exhausted || self.depth >= MAX_DEPTH || !self.pay(1 + case.all.len()) {
            return false;
        }
        let goal = (case.clone(), aim, self.reading);
        if let Some(known) = self.known.get(&goal) {
            return *known;
        }
        if let Some(level) = self.open.get(&goal) {
            // Only of a smaller part of the instance may be taken for granted what is being shown of the whole.
            let smaller = self.descents > *level;
            self.assumed += usize::from(smaller);
            return smaller;
        }
        let assumed = self.assumed;
        self.open.insert(goal.clone(), self.descents);
        self.depth += 1;
        let shown = match aim {
            Aim::Fits(to) => self.is_shown(case, to) || self.is_empty(case),
            Aim::FitsPlainly(to) => self.is_shown(case, to),
            Aim::Nothing => self.is_contradiction(case),
        };
        self.depth -= 1;
        self.open.remove(&goal);
        // What was shown with the help of an open question is shown only together with that.
        if !self.exhausted && (!shown || self.assumed == assumed) {
            self.known.insert(goal, shown);
        }
        shown && !self.exhausted
    }

    fn is_shown(&mut self, case: &Case, to: Ref) -> bool {
        match self.node(to) {
            Node::Always => true,
            Node::Never => false,
            Node::Rules(rules) => {
                let values = self.values(case);
                if let Some(values) = values {
                    return values.iter().all(|value| self.takes(to, value) == Some(true));
                }
                rules.iter().enumerate().all(|(rule, content)| self.implies(case, Atom { at: to, rule }, content))
            }
        }
    }

    /// Whether a rule holds for every instance of a case: at once, or in each of the cases it falls into.
    fn implies(&mut self, case: &Case, atom: Atom, rule: &'s Rule) -> bool {
        if case.is_never() || self.implies_at_once(case, atom, rule) {
            return true;
        }
        if self.exhausted || self.depth >= MAX_DEPTH || !self.pay(1) {
            return false;
        }
        self.depth += 1;
        let shown = self.implies_by_cases(case, atom, rule);
        self.depth -= 1;
        shown
    }

    fn implies_by_cases(&mut self, case: &Case, atom: Atom, rule: &'s Rule) -> bool {
        if let Some(branches) = self.branches(case) {
            return branches.iter().all(|branch| self.implies_in(branch, atom, rule));
        }
        let splits = matches!(rule, Rule::AnyOf(_) | Rule::OneOf(_) | Rule::Not(_) | Rule::If { .. });
        if !splits || case.kinds.count() < 2 {
            return false;
        }
        let parts = Kinds::EACH.map(|kind| case.only(kind));
        parts.iter().all(|part| self.implies_in(part, atom, rule))
    }

    fn implies_in(&mut self, case: &Case, atom: Atom, rule: &'s Rule) -> bool {
        if let Some(values) = self.values(case) {
            return values.iter().all(|value| self.takes(atom.at, value) == Some(true));
        }
        self.implies(case, atom, rule) || self.is_empty(case)
    }

    /// The cases that an instance falls into by the first rule that has branches; `None` when none has.
    pub fn branches(&mut self, case: &Case) -> Option<Vec<Case>> {
        let rules = self.rules(case);
        for (atom, rule) in rules {
            let (nodes, exclusive) = match rule {
                Rule::AnyOf(nodes) if nodes.len() <= MAX_BRANCHES => (nodes, false),
                Rule::OneOf(nodes) if nodes.len() <= MAX_BRANCHES => (nodes, true),
                Rule::If { test, then, otherwise } => {
                    return Some(self.branches_of_if(case, atom, *test, (*then, *otherwise)));
                }
                _ => continue,
            };
            let mut branches = Vec::new();
            for node in nodes {
                let mut branch = spend(case, atom);
                self.add(&mut branch, atom.at.other(*node));
                for other in nodes.iter().filter(|other| exclusive && *other != node) {
                    self.exclude(&mut branch, atom.at.other(*other));
                }
                branches.push(branch);
            }
            return Some(branches);
        }
        None
    }

    fn branches_of_if(
        &mut self,
        case: &Case,
        atom: Atom,
        test: usize,
        (then, otherwise): (Option<usize>, Option<usize>),
    ) -> Vec<Case> {
        let (mut holds, mut fails) = (spend(case, atom), spend(case, atom));
        self.add(&mut holds, atom.at.other(test));
        self.exclude(&mut fails, atom.at.other(test));
        for (branch, node) in [(&mut holds, then), (&mut fails, otherwise)] {
            if let Some(node) = node {
                self.add(branch, atom.at.other(node));
            }
        }
        vec![holds, fails]
    }

    /// Whether a value fits a subschema; `None` when that costs too much.
    pub fn takes(&mut self, at: Ref, value: &Value) -> Option<bool> {
        let fits = check::fits(self.schema(at.side), at.node, value, &mut self.purse);
        self.exhausted |= fits.is_none();
        fits
    }

    /// All instances of a case, where they are a short list.
    pub fn values(&mut self, case: &Case) -> Option<Vec<Value>> {
        let plain = Kinds::NULL.or(Kinds::BOOLEAN);
        let candidates: Vec<Value> = if case.kinds.within(plain) {
            vec![Value::Null, Value::Bool(false), Value::Bool(true)]
        } else {
            let lists = self.rules(case).filter_map(|(_, rule)| match rule {
                Rule::OneOfValues { canonical, .. } => Some(canonical),
                _ => None,
            });
            let shortest = lists.min_by_key(|list| list.len())?;
            shortest.iter().map(|text| serde_json::from_str(text).ok()).collect::<Option<_>>()?
        };
        let mut values = Vec::new();
        for value in candidates {
            let kind = kind(&value);
            if kind.within(case.kinds) && self.is_in(case, &value)? {
                values.push(value);
            }
        }
        Some(values)
    }

    fn is_in(&mut self, case: &Case, value: &Value) -> Option<bool> {
        for at in &case.all {
            if !self.takes(*at, value)? {
                return Some(false);
            }
        }
        for at in &case.none {
            if self.takes(*at, value)? {
                return Some(false);
            }
        }
        Some(true)
    }
}

/// A case in which a rule is no longer looked at.
pub(super) fn spend(case: &Case, atom: Atom) -> Case {
    let mut spent = case.clone();
    if let Err(place) = spent.spent.binary_search(&atom) {
        spent.spent.insert(place, atom);
    }
    spent
}

fn kind(value: &Value) -> Kinds {
    match value {
        Value::Null => Kinds::NULL,
        Value::Bool(_) => Kinds::BOOLEAN,
        Value::Number(number) if crate::tool::schema::equal::is_integer(number) => Kinds::WHOLE,
        Value::Number(_) => Kinds::FRACTION,
        Value::String(_) => Kinds::STRING,
        Value::Array(_) => Kinds::ARRAY,
        Value::Object(_) => Kinds::OBJECT,
    }
}
