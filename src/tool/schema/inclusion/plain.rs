//! Types, numbers and texts.

use super::case::{Case, Kinds};
use super::prover::Prover;
use crate::tool::schema::{Bound, Rule, equal};
use serde_json::Number;
use std::cmp::Ordering;

/// Patterns that every text fits.
const ANYTHING: [&str; 6] = ["", "^", "$", ".*", "^.*", ".*$"];

impl Prover<'_> {
    /// Whether a rule about numbers holds for every instance of a case.
    pub fn implies_number(&self, case: &Case, rule: &Rule) -> bool {
        if case.kinds.and(Kinds::WHOLE.or(Kinds::FRACTION)).is_none() {
            return true;
        }
        let whole_only = case.kinds.and(Kinds::FRACTION).is_none();
        let mut ours = self.rules(case).map(|(_, rule)| rule);
        match rule {
            Rule::Bound(bound, limit) => ours.any(|rule| match rule {
                Rule::Bound(own, own_limit) => bounds_within((*own, own_limit), (*bound, limit), whole_only),
                _ => false,
            }),
            Rule::MultipleOf(factor) if whole_only && equal::whole(factor) == Some(1) => true,
            Rule::MultipleOf(factor) => ours.any(|rule| match rule {
                Rule::MultipleOf(own) => is_factor(own, factor),
                _ => false,
            }),
            _ => false,
        }
    }

    /// Whether a rule about texts holds for every instance of a case.
    pub fn implies_text(&self, case: &Case, rule: &Rule) -> bool {
        if case.kinds.and(Kinds::STRING).is_none() {
            return true;
        }
        let mut ours = self.rules(case).map(|(_, rule)| rule);
        match rule {
            Rule::MinLength(min) => *min == 0 || ours.any(|rule| matches!(rule, Rule::MinLength(own) if own >= min)),
            Rule::MaxLength(max) => ours.any(|rule| matches!(rule, Rule::MaxLength(own) if own <= max)),
            Rule::Pattern(pattern, _) => {
                let text = pattern.text();
                ANYTHING.contains(&text) || ours.any(|rule| matches!(rule, Rule::Pattern(own, _) if own.text() == text))
            }
            _ => false,
        }
    }

    /// Whether the bounds of numbers, of lengths or of patterns leave nothing of one kind.
    pub fn bounds_contradict(&self, case: &Case, kind: Kinds) -> bool {
        let rules: Vec<&Rule> = self.rules(case).map(|(_, rule)| rule).collect();
        let most = |find: &dyn Fn(&Rule) -> Option<u64>| rules.iter().filter_map(|rule| find(rule)).max();
        let least = |find: &dyn Fn(&Rule) -> Option<u64>| rules.iter().filter_map(|rule| find(rule)).min();
        match kind {
            Kinds::STRING => {
                let min = most(&|rule| if let Rule::MinLength(min) = rule { Some(*min) } else { None });
                let max = least(&|rule| if let Rule::MaxLength(max) = rule { Some(*max) } else { None });
                min.zip(max).is_some_and(|(min, max)| min > max)
            }
            Kinds::WHOLE | Kinds::FRACTION => rules.iter().any(|low| rules.iter().any(|high| exclude(low, high))),
            _ => false,
        }
    }
}

/// Whether one rule is a lower bound, the other an upper one, and nothing lies between them.
fn exclude(low: &Rule, high: &Rule) -> bool {
    let (Rule::Bound(low, least), Rule::Bound(high, most)) = (low, high) else { return false };
    let sharp = match (low, high) {
        (Bound::Minimum, Bound::Maximum) => false,
        (Bound::Minimum | Bound::ExclusiveMinimum, Bound::Maximum | Bound::ExclusiveMaximum) => true,
        _ => return false,
    };
    match equal::compare(least, most) {
        Some(Ordering::Greater) => true,
        Some(Ordering::Equal) => sharp,
        _ => false,
    }
}

/// Whether what lies within one bound lies within another.
fn bounds_within((own, own_limit): (Bound, &Number), (bound, limit): (Bound, &Number), whole_only: bool) -> bool {
    let Some(order) = equal::compare(own_limit, limit) else { return false };
    match (own, bound) {
        (Bound::Minimum | Bound::ExclusiveMinimum, Bound::Minimum)
        | (Bound::ExclusiveMinimum, Bound::ExclusiveMinimum)
            if order != Ordering::Less =>
        {
            true
        }
        (Bound::Minimum, Bound::ExclusiveMinimum) if order == Ordering::Greater => true,
        (Bound::Maximum | Bound::ExclusiveMaximum, Bound::Maximum)
        | (Bound::ExclusiveMaximum, Bound::ExclusiveMaximum)
            if order != Ordering::Greater =>
        {
            true
        }
        (Bound::Maximum, Bound::ExclusiveMaximum) if order == Ordering::Less => true,
        // Of whole numbers, more than 0 is at least 1.
        (Bound::ExclusiveMinimum, Bound::Minimum) => whole_only && differ_by_one(limit, own_limit),
        (Bound::ExclusiveMaximum, Bound::Maximum) => whole_only && differ_by_one(own_limit, limit),
        _ => false,
    }
}

fn differ_by_one(greater: &Number, smaller: &Number) -> bool {
    let whole = equal::whole(greater).zip(equal::whole(smaller));
    whole.is_some_and(|(greater, smaller)| greater.checked_sub(smaller) == Some(1))
}

/// Whether every multiple of one number is a multiple of the other: exactly, so only for equal or whole numbers.
fn is_factor(own: &Number, factor: &Number) -> bool {
    match (equal::whole(own), equal::whole(factor)) {
        (Some(own), Some(factor)) => own.checked_rem(factor) == Some(0),
        _ => own == factor,
    }
}
