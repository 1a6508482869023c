//! Rules about the members of arrays and objects.

use super::{Member, Place, Run, Seen, Verdict};
use crate::tool::schema::{Properties, Rule, equal};
use serde_json::{Map, Value};
use std::collections::HashSet;

impl Run<'_> {
    pub(super) fn array_rule<'v>(
        &mut self,
        rule: &Rule,
        items: &'v [Value],
        at: &Place<'_>,
        report: bool,
    ) -> Verdict<'v> {
        let count = items.len() as u64;
        match rule {
            Rule::MinItems(min) => {
                self.require(count >= *min, at, report, || format!("must have at least {min} items"))
            }
            Rule::MaxItems(max) => self.require(count <= *max, at, report, || format!("must have at most {max} items")),
            Rule::UniqueItems => {
                let mut known = HashSet::new();
                let fits = items.iter().all(|item| {
                    let item = equal::canonical(item);
                    self.pay(item.len()) && known.insert(item)
                });
                self.require(fits, at, report, || "must not have the same item twice".to_owned())
            }
            Rule::Items { prefix, rest } => self.items(prefix, *rest, items, (at, report)),
            Rule::Contains { node, min, max } => self.contains(*node, (*min, *max), items, (at, report)),
            _ => Verdict::of(true),
        }
    }

    fn items<'v>(
        &mut self,
        prefix: &[usize],
        rest: Option<usize>,
        items: &'v [Value],
        (at, report): (&Place<'_>, bool),
    ) -> Verdict<'v> {
        let mut verdict = Verdict::of(true);
        for (index, item) in items.iter().enumerate() {
            let Some(node) = prefix.get(index).copied().or(rest) else { break };
            let place = Place { above: Some(at), member: Member::Index(index) };
            verdict.fits &= self.node(node, item, &place, report).fits;
            verdict.seen.indexes.extend(self.schema.follows_evaluation.then_some(index));
        }
        verdict
    }

    fn contains<'v>(
        &mut self,
        node: usize,
        (min, max): (u64, Option<u64>),
        items: &'v [Value],
        (at, report): (&Place<'_>, bool),
    ) -> Verdict<'v> {
        let mut verdict = Verdict::of(true);
        let mut found = 0;
        for (index, item) in items.iter().enumerate() {
            let place = Place { above: Some(at), member: Member::Index(index) };
            if self.node(node, item, &place, false).fits {
                found += 1;
                verdict.seen.indexes.insert(index);
            }
        }
        let fits = found >= min && max.is_none_or(|max| found <= max);
        verdict.and(self.require(fits, at, report, || "has too few or too many items of the required form".to_owned()));
        verdict
    }

    pub(super) fn object_rule<'v>(
        &mut self,
        rule: &Rule,
        members: &'v Map<String, Value>,
        at: &Place<'_>,
        report: bool,
    ) -> Verdict<'v> {
        let count = members.len() as u64;
        match rule {
            Rule::MinProperties(min) => {
                self.require(count >= *min, at, report, || format!("must have at least {min} members"))
            }
            Rule::MaxProperties(max) => {
                self.require(count <= *max, at, report, || format!("must have at most {max} members"))
            }
            Rule::Required(names) => self.required(names, members, at, report),
            Rule::DependentRequired(pairs) => {
                let mut verdict = Verdict::of(true);
                for (_, names) in pairs.iter().filter(|(name, _)| members.contains_key(name)) {
                    verdict.and(self.required(names, members, at, report));
                }
                verdict
            }
            Rule::Properties(properties) => self.properties(properties, members, at, report),
            Rule::PropertyNames(node) => self.property_names(*node, members, at, report),
            _ => Verdict::of(true),
        }
    }

    fn required<'v>(
        &mut self,
        names: &[String],
        members: &Map<String, Value>,
        at: &Place<'_>,
        report: bool,
    ) -> Verdict<'v> {
        let mut verdict = Verdict::of(true);
        for name in names.iter().filter(|name| !members.contains_key(name.as_str())) {
            verdict.fits = false;
            let shown: String = name.chars().take(64).collect();
            self.refuse(at, report, || format!("must have the member {shown:?}"));
        }
        verdict
    }

    fn property_names<'v>(
        &mut self,
        node: usize,
        members: &Map<String, Value>,
        at: &Place<'_>,
        report: bool,
    ) -> Verdict<'v> {
        let mut verdict = Verdict::of(true);
        for name in members.keys() {
            let place = Place { above: Some(at), member: Member::Name(name) };
            verdict.fits &= self.node(node, &Value::String(name.clone()), &place, report).fits;
        }
        verdict
    }

    fn properties<'v>(
        &mut self,
        properties: &Properties,
        members: &'v Map<String, Value>,
        at: &Place<'_>,
        report: bool,
    ) -> Verdict<'v> {
        let mut verdict = Verdict::of(true);
        for (name, member) in members {
            let place = Place { above: Some(at), member: Member::Name(name) };
            let nodes = properties.applying(name, &mut self.purse, &mut self.exhausted);
            if !nodes.is_empty() && self.schema.follows_evaluation {
                verdict.seen.names.insert(name);
            }
            for node in nodes {
                verdict.fits &= self.node(node, member, &place, report).fits;
            }
        }
        verdict
    }

    pub(super) fn unevaluated_items<'v>(
        &mut self,
        node: usize,
        value: &'v Value,
        (at, report): (&Place<'_>, bool),
        seen: &Seen<'v>,
    ) -> Verdict<'v> {
        let mut verdict = Verdict::of(true);
        let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
        for (index, item) in items.iter().enumerate().filter(|(index, _)| !seen.indexes.contains(index)) {
            let place = Place { above: Some(at), member: Member::Index(index) };
            verdict.fits &= self.node(node, item, &place, report).fits;
            verdict.seen.indexes.insert(index);
        }
        verdict
    }

    pub(super) fn unevaluated_names<'v>(
        &mut self,
        node: usize,
        value: &'v Value,
        (at, report): (&Place<'_>, bool),
        seen: &Seen<'v>,
    ) -> Verdict<'v> {
        let mut verdict = Verdict::of(true);
        let members = value.as_object().into_iter().flatten();
        for (name, member) in members.filter(|(name, _)| !seen.names.contains(name.as_str())) {
            let place = Place { above: Some(at), member: Member::Name(name) };
            verdict.fits &= self.node(node, member, &place, report).fits;
            verdict.seen.names.insert(name);
        }
        verdict
    }
}
