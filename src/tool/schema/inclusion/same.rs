//! Subschemas that say the same, whatever they say: rule by rule, and for the subschemas within.

use super::prover::{Prover, Ref};
use crate::tool::schema::{Node, Properties, Rule};
use std::collections::HashSet;

/// Most pairs of subschemas that are looked at for one answer.
const MAX_PAIRS: usize = 4_000;

impl Prover<'_> {
    /// Whether two subschemas say the same. A pair that is met again on the way is taken as the same: it is being looked at.
    pub fn is_same(&mut self, one: Ref, other: Ref) -> bool {
        if one == other {
            return true;
        }
        if let Some(known) = self.alike.get(&(one, other)) {
            return *known;
        }
        let (mut seen, mut open) = (HashSet::new(), vec![(one, other)]);
        let mut same = true;
        while let Some(pair) = open.pop() {
            if pair.0 == pair.1 || !seen.insert(pair) {
                continue;
            }
            if !self.pay(1) || seen.len() > MAX_PAIRS || self.alike.get(&pair) == Some(&false) {
                same = false;
                break;
            }
            let Some(parts) = self.parts(pair) else {
                same = false;
                break;
            };
            open.extend(parts);
        }
        if same {
            // All pairs that were met hold together.
            self.alike.extend(seen.into_iter().map(|pair| (pair, true)));
        }
        self.alike.insert((one, other), same);
        same
    }

    /// The pairs that must be the same for these two to be; `None` when they differ themselves.
    fn parts(&mut self, (one, other): (Ref, Ref)) -> Option<Vec<(Ref, Ref)>> {
        let (ours, theirs) = match (self.node(one), self.node(other)) {
            (Node::Always, Node::Always) | (Node::Never, Node::Never) => return Some(Vec::new()),
            (Node::Rules(ours), Node::Rules(theirs)) if ours.len() == theirs.len() => (ours, theirs),
            _ => return None,
        };
        let mut pairs = Vec::new();
        for (left, right) in ours.iter().zip(theirs) {
            let ((left_word, left_nodes), (right_word, right_nodes)) = (say(left), say(right));
            self.pay(1 + left_word.len() / 64);
            if left_word != right_word || left_nodes.len() != right_nodes.len() {
                return None;
            }
            let nodes = left_nodes.into_iter().zip(right_nodes);
            pairs.extend(nodes.map(|(left, right)| (one.other(left), other.other(right))));
        }
        Some(pairs)
    }
}

/// Whether there is a subschema, and which.
fn optional(node: Option<usize>) -> (u8, Vec<usize>) {
    (u8::from(node.is_some()), node.into_iter().collect())
}

fn say_properties(properties: &Properties) -> (String, Vec<usize>) {
    let mut own: Vec<_> = properties.named.iter().collect();
    own.sort_unstable();
    let mut matching: Vec<_> = properties.matching.iter().map(|(text, node)| (text.text(), *node)).collect();
    matching.sort_unstable();
    let (there, others) = optional(properties.additional);
    let words: Vec<_> = own.iter().map(|(name, _)| name).collect();
    let patterns: Vec<_> = matching.iter().map(|(text, _)| text).collect();
    let nodes = own.iter().map(|(_, node)| **node).chain(matching.iter().map(|(_, node)| *node));
    (format!("properties {words:?} {patterns:?} {there}"), nodes.chain(others).collect())
}

/// What a rule says without its subschemas, and those in a fixed order.
fn say(rule: &Rule) -> (String, Vec<usize>) {
    let sorted = |texts: &[String]| {
        let mut texts: Vec<&String> = texts.iter().collect();
        texts.sort_unstable();
        texts.dedup();
        format!("{texts:?}")
    };
    match rule {
        Rule::Reference(node) => ("ref".to_owned(), vec![*node]),
        Rule::Types(kinds) => (format!("types {}", super::case::Kinds::of(kinds).0), Vec::new()),
        Rule::OneOfValues { canonical, .. } => (format!("values {}", sorted(canonical)), Vec::new()),
        Rule::Bound(bound, limit) => (format!("{bound:?} {limit}"), Vec::new()),
        Rule::MultipleOf(factor) => (format!("multiple {factor}"), Vec::new()),
        Rule::MinLength(count) => (format!("min length {count}"), Vec::new()),
        Rule::MaxLength(count) => (format!("max length {count}"), Vec::new()),
        Rule::Pattern(pattern, _) => (format!("pattern {}", pattern.text()), Vec::new()),
        Rule::Items { prefix, rest } => {
            let (there, rest) = optional(*rest);
            (format!("items {} {there}", prefix.len()), prefix.iter().copied().chain(rest).collect())
        }
        Rule::Contains { node, min, max } => (format!("contains {min} {max:?}"), vec![*node]),
        Rule::MinItems(count) => (format!("min items {count}"), Vec::new()),
        Rule::MaxItems(count) => (format!("max items {count}"), Vec::new()),
        Rule::UniqueItems => ("unique".to_owned(), Vec::new()),
        Rule::Properties(properties) => say_properties(properties),
        Rule::PropertyNames(node) => ("names".to_owned(), vec![*node]),
        Rule::MinProperties(count) => (format!("min members {count}"), Vec::new()),
        Rule::MaxProperties(count) => (format!("max members {count}"), Vec::new()),
        Rule::Required(names) => (format!("required {}", sorted(names)), Vec::new()),
        Rule::DependentRequired(pairs) => {
            let mut pairs: Vec<String> =
                pairs.iter().map(|(name, names)| format!("{name:?} {}", sorted(names))).collect();
            pairs.sort_unstable();
            (format!("dependent {pairs:?}"), Vec::new())
        }
        Rule::DependentSchemas(pairs) => {
            let mut pairs: Vec<_> = pairs.iter().collect();
            pairs.sort_unstable();
            let names: Vec<_> = pairs.iter().map(|(name, _)| name).collect();
            (format!("dependent schemas {names:?}"), pairs.iter().map(|(_, node)| *node).collect())
        }
        Rule::AllOf(nodes) => ("all".to_owned(), nodes.clone()),
        Rule::AnyOf(nodes) => ("any".to_owned(), nodes.clone()),
        Rule::OneOf(nodes) => ("one".to_owned(), nodes.clone()),
        Rule::Not(node) => ("not".to_owned(), vec![*node]),
        Rule::If { test, then, otherwise } => {
            let ((then_there, then), (else_there, otherwise)) = (optional(*then), optional(*otherwise));
            let nodes = std::iter::once(*test).chain(then).chain(otherwise);
            (format!("if {then_there} {else_there}"), nodes.collect())
        }
        Rule::UnevaluatedItems(node) => ("unevaluated items".to_owned(), vec![*node]),
        Rule::UnevaluatedProperties(node) => ("unevaluated members".to_owned(), vec![*node]),
    }
}
