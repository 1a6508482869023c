//! Items of arrays.

use super::case::{Atom, Case, Kinds};
use super::prover::{Prover, Ref};
use crate::tool::schema::{Node, Rule};

impl<'s> Prover<'s> {
    /// Whether a rule about arrays holds for every instance of a case.
    pub fn implies_array(&mut self, case: &Case, atom: Atom, rule: &'s Rule) -> bool {
        if case.kinds.and(Kinds::ARRAY).is_none() {
            return true;
        }
        match rule {
            Rule::MinItems(min) => *min <= self.least_items(case),
            Rule::MaxItems(max) => self.most_items(case).is_some_and(|own| own <= *max),
            Rule::UniqueItems => {
                let unique = self.rules(case).any(|(_, rule)| matches!(rule, Rule::UniqueItems));
                unique || self.most_items(case).is_some_and(|own| own <= 1)
            }
            Rule::Items { prefix, rest } => self.implies_items(case, atom.at, (prefix, *rest)),
            Rule::Contains { node, min, max } => self.implies_contains(case, atom.at.other(*node), (*min, *max)),
            Rule::UnevaluatedItems(node) => matches!(self.node(atom.at.other(*node)), Node::Always),
            _ => false,
        }
    }

    fn least_items(&self, case: &Case) -> u64 {
        let least = self.rules(case).map(|(_, rule)| match rule {
            Rule::MinItems(min) | Rule::Contains { min, .. } => *min,
            _ => 0,
        });
        least.max().unwrap_or(0)
    }

    fn most_items(&self, case: &Case) -> Option<u64> {
        let most = self.rules(case).filter_map(|(atom, rule)| match rule {
            Rule::MaxItems(max) => Some(*max),
            Rule::Items { prefix, rest: Some(rest) } if matches!(self.node(atom.at.other(*rest)), Node::Never) => {
                u64::try_from(prefix.len()).ok()
            }
            _ => None,
        });
        most.min()
    }

    /// Whether the bounds on how many items there are leave nothing.
    pub fn counts_of_items_contradict(&self, case: &Case) -> bool {
        self.most_items(case).is_some_and(|most| most < self.least_items(case))
    }

    /// What is known of the item at an index; of all items behind every prefix where it is `None`.
    fn item(&self, case: &Case, index: Option<usize>) -> Vec<Ref> {
        let known = self.rules(case).filter_map(|(atom, rule)| match rule {
            Rule::Items { prefix, rest } => {
                let node = index.and_then(|index| prefix.get(index).copied()).or(*rest)?;
                Some(atom.at.other(node))
            }
            _ => None,
        });
        known.collect()
    }

    fn longest_prefix(&self, case: &Case) -> usize {
        let lengths = self.rules(case).map(|(_, rule)| match rule {
            Rule::Items { prefix, .. } => prefix.len(),
            _ => 0,
        });
        lengths.max().unwrap_or(0)
    }

    fn implies_items(&mut self, case: &Case, at: Ref, (prefix, rest): (&[usize], Option<usize>)) -> bool {
        let longest = self.longest_prefix(case).max(prefix.len());
        let most = self.most_items(case);
        let reached = |index: usize| most.is_none_or(|most| u64::try_from(index).is_ok_and(|index| index < most));
        for index in (0..longest).filter(|index| reached(*index)) {
            let Some(node) = prefix.get(index).copied().or(rest) else { continue };
            let ours = self.item(case, Some(index));
            if !self.below(|prover| prover.enters(&ours, at.other(node), false)) {
                return false;
            }
        }
        let Some(rest) = rest.filter(|_| reached(longest)) else { return true };
        let ours = self.item(case, None);
        self.below(|prover| prover.enters(&ours, at.other(rest), false))
    }

    fn implies_contains(&mut self, case: &Case, node: Ref, (min, max): (u64, Option<u64>)) -> bool {
        let enough = min == 0 || self.contains_at_least(case, node, min);
        enough && max.is_none_or(|max| self.contains_at_most(case, node, max))
    }

    fn contains_at_least(&mut self, case: &Case, node: Ref, min: u64) -> bool {
        let rules: Vec<_> = self.rules(case).collect();
        let by_rule = rules.into_iter().any(|(atom, rule)| match rule {
            Rule::Contains { node: own, min: own_min, .. } if *own_min >= min => {
                self.strictly(|prover| prover.below(|prover| prover.enters(&[atom.at.other(*own)], node, false)))
            }
            _ => false,
        });
        if by_rule {
            return true;
        }
        // Every item is one.
        if self.least_items(case) < min {
            return false;
        }
        let places = (0..self.longest_prefix(case)).map(Some).chain([None]);
        places.into_iter().all(|index| {
            let ours = self.item(case, index);
            self.strictly(|prover| prover.below(|prover| prover.enters(&ours, node, false)))
        })
    }

    fn contains_at_most(&mut self, case: &Case, node: Ref, max: u64) -> bool {
        if self.most_items(case).is_some_and(|most| most <= max) {
            return true;
        }
        let rules: Vec<_> = self.rules(case).collect();
        rules.into_iter().any(|(atom, rule)| match rule {
            Rule::Contains { node: own, max: Some(own_max), .. } if *own_max <= max => {
                self.strictly(|prover| prover.below(|prover| prover.enters(&[node], atom.at.other(*own), false)))
            }
            _ => false,
        })
    }
}
