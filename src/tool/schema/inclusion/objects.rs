//! Members of objects.

use super::case::{Atom, Case, Kinds};
use super::prover::{Prover, Ref};
use crate::tool::schema::{Node, Properties, Rule};
use std::collections::BTreeSet;

impl<'s> Prover<'s> {
    /// Whether a rule about objects holds for every instance of a case.
    pub fn implies_object(&mut self, case: &Case, atom: Atom, rule: &'s Rule) -> bool {
        if case.kinds.and(Kinds::OBJECT).is_none() {
            return true;
        }
        match rule {
            Rule::MinProperties(min) => *min <= self.least_members(case),
            Rule::MaxProperties(max) => self.most_members(case).is_some_and(|most| most <= *max),
            Rule::Required(names) => {
                let ours = self.required(case);
                names.iter().all(|name| ours.contains(name.as_str()))
            }
            Rule::DependentRequired(pairs) => {
                pairs.iter().all(|(name, names)| self.implies_required(case, name, names))
            }
            Rule::DependentSchemas(pairs) => {
                pairs.iter().all(|(name, node)| self.implies_with(case, name, atom.at.other(*node)))
            }
            Rule::Properties(properties) => self.implies_properties(case, atom.at, properties),
            Rule::PropertyNames(node) => self.implies_names(case, atom.at.other(*node)),
            Rule::UnevaluatedProperties(node) => self.implies_unevaluated(case, atom.at, atom.at.other(*node)),
            _ => false,
        }
    }

    /// The members that every instance has.
    pub fn required(&self, case: &Case) -> BTreeSet<&'s str> {
        let mut names: BTreeSet<&'s str> = BTreeSet::new();
        let rules: Vec<_> = self.rules(case).map(|(_, rule)| rule).collect();
        for rule in &rules {
            if let Rule::Required(required) = rule {
                names.extend(required.iter().map(String::as_str));
            }
        }
        loop {
            let before = names.len();
            for rule in &rules {
                let Rule::DependentRequired(pairs) = rule else { continue };
                for (name, others) in pairs {
                    if names.contains(name.as_str()) {
                        names.extend(others.iter().map(String::as_str));
                    }
                }
            }
            if names.len() == before {
                return names;
            }
        }
    }

    fn least_members(&self, case: &Case) -> u64 {
        let least = self.rules(case).filter_map(|(_, rule)| match rule {
            Rule::MinProperties(min) => Some(*min),
            _ => None,
        });
        let required = u64::try_from(self.required(case).len()).unwrap_or(0);
        least.max().unwrap_or(0).max(required)
    }

    fn most_members(&self, case: &Case) -> Option<u64> {
        let most = self.rules(case).filter_map(|(atom, rule)| match rule {
            Rule::MaxProperties(max) => Some(*max),
            Rule::Properties(properties) if self.is_closed(atom.at, properties) => {
                u64::try_from(properties.named.len()).ok()
            }
            _ => None,
        });
        most.min()
    }

    /// Whether the bounds on how many members there are leave nothing.
    pub fn counts_of_members_contradict(&self, case: &Case) -> bool {
        self.most_members(case).is_some_and(|most| most < self.least_members(case))
    }

    fn is_closed(&self, at: Ref, properties: &Properties) -> bool {
        let others = properties.additional.map(|node| self.node(at.other(node)));
        properties.matching.is_empty() && matches!(others, Some(Node::Never))
    }

    /// The names that the rules of a case have for members, those included that only a branch of them has.
    fn known_names(&mut self, case: &Case) -> BTreeSet<String> {
        let mut names: BTreeSet<String> = self.required(case).into_iter().map(str::to_owned).collect();
        for (atom, rule) in self.rules(case) {
            match rule {
                Rule::Properties(properties) => names.extend(properties.named.keys().cloned()),
                Rule::UnevaluatedProperties(_) => names.extend(self.names_beside(atom.at).named),
                _ => {}
            }
        }
        names
    }

    /// What is known of a member.
    pub fn member(&mut self, case: &Case, name: &str) -> Vec<Ref> {
        let mut known = Vec::new();
        for (atom, rule) in self.rules(case) {
            match rule {
                Rule::Properties(properties) => {
                    known.extend(
                        properties
                            .applying(name, &mut self.purse, &mut self.exhausted)
                            .into_iter()
                            .map(|node| atom.at.other(node)),
                    );
                }
                Rule::UnevaluatedProperties(node) => {
                    let names = self.names_beside(atom.at);
                    if !names.explicit && !self.describes(&names, name) {
                        known.push(atom.at.other(*node));
                    }
                }
                _ => {}
            }
        }
        known
    }

    fn implies_properties(&mut self, case: &Case, at: Ref, properties: &'s Properties) -> bool {
        let names = self.names(case);
        let tolerant = self.reading == super::Reading::Arguments && !names.explicit;
        let known = self.known_names(case);
        let ours = known.iter().map(String::as_str);
        let all: BTreeSet<&str> = ours.chain(properties.named.keys().map(String::as_str)).collect();
        for name in all {
            // It is the other side's own new member, and was only tolerated here.
            if tolerant && properties.named.contains_key(name) && !self.describes(&names, name) {
                continue;
            }
            let theirs = properties.applying(name, &mut self.purse, &mut self.exhausted);
            if theirs.is_empty() {
                continue;
            }
            let member = self.member(case, name);
            let fits = |prover: &mut Self, node: usize| prover.enters(&member, at.other(node), false);
            if !theirs.into_iter().all(|node| self.below(|prover| fits(prover, node))) {
                return false;
            }
        }
        self.implies_others(case, at, properties, tolerant)
    }

    /// Members that neither side names.
    fn implies_others(&mut self, case: &Case, at: Ref, properties: &'s Properties, tolerant: bool) -> bool {
        let theirs: Vec<(&str, usize)> =
            properties.matching.iter().map(|(pattern, node)| (pattern.text(), *node)).collect();
        let unknown = self.unknown_member(case);
        let ours = self.patterned_members(case);
        let is_ours = |text: &str| ours.iter().any(|(own, _)| *own == text);
        for (pattern, refs) in &ours {
            let same = theirs.iter().any(|(text, _)| text == pattern);
            let apply = theirs.iter().map(|(_, node)| *node).chain(properties.additional.filter(|_| !same));
            for node in apply {
                if !self.below(|prover| prover.enters(refs, at.other(node), false)) {
                    return false;
                }
            }
        }
        // A member that no pattern matches is matched by none of the same patterns there.
        let by_pattern = theirs.iter().filter(|(text, _)| !tolerant && !is_ours(text)).map(|(_, node)| *node);
        let apply: Vec<usize> = by_pattern.chain(properties.additional).collect();
        apply.into_iter().all(|node| self.below(|prover| prover.enters(&unknown, at.other(node), false)))
    }

    /// What is known of a member that no rule names and no pattern matches.
    fn unknown_member(&mut self, case: &Case) -> Vec<Ref> {
        let mut known = Vec::new();
        for (atom, rule) in self.rules(case) {
            match rule {
                Rule::Properties(properties) => known.extend(properties.additional.map(|node| atom.at.other(node))),
                Rule::UnevaluatedProperties(node) => {
                    let names = self.names_beside(atom.at);
                    if names.patterns.is_empty() && !names.explicit {
                        known.push(atom.at.other(*node));
                    }
                }
                _ => {}
            }
        }
        known
    }

    /// The patterns that rules have for names, with what is known of a member that one of them matches.
    fn patterned_members(&self, case: &Case) -> Vec<(&'s str, Vec<Ref>)> {
        let mut found = Vec::new();
        let rules: Vec<_> = self.rules(case).collect();
        for (atom, rule) in &rules {
            let Rule::Properties(properties) = rule else { continue };
            for (pattern, node) in &properties.matching {
                let mut refs = vec![atom.at.other(*node)];
                for (other, rule) in rules.iter().filter(|(other, _)| other != atom) {
                    // One with patterns of its own may or may not match.
                    if let Rule::Properties(more) = rule
                        && more.matching.is_empty()
                        && more.named.is_empty()
                    {
                        refs.extend(more.additional.map(|node| other.at.other(node)));
                    }
                }
                found.push((pattern.text(), refs));
            }
        }
        found
    }

    /// Whether an instance that has this member has these too.
    fn implies_required(&mut self, case: &Case, name: &str, names: &[String]) -> bool {
        if self.cannot_have(case, name) {
            return true;
        }
        let mut ours = self.required(case);
        for (_, rule) in self.rules(case) {
            let Rule::DependentRequired(pairs) = rule else { continue };
            for (_, others) in pairs.iter().filter(|(own, _)| own == name) {
                ours.extend(others.iter().map(String::as_str));
            }
        }
        names.iter().all(|other| other == name || ours.contains(other.as_str()))
    }

    fn implies_with(&mut self, case: &Case, name: &str, node: Ref) -> bool {
        if self.cannot_have(case, name) || self.fits(case, node) {
            return true;
        }
        let mut with = case.clone();
        for (atom, rule) in self.rules(case) {
            let Rule::DependentSchemas(pairs) = rule else { continue };
            for (_, own) in pairs.iter().filter(|(own, _)| own == name) {
                self.add(&mut with, atom.at.other(*own));
            }
        }
        with != *case && self.fits(&with, node)
    }

    /// Whether no instance has this member: there is no value for it, or it was only tolerated.
    fn cannot_have(&mut self, case: &Case, name: &str) -> bool {
        let names = self.names(case);
        if self.reading == super::Reading::Arguments && !names.explicit && !self.describes(&names, name) {
            return true;
        }
        let member = self.member(case, name);
        member.iter().any(|one| matches!(self.node(*one), Node::Never))
    }

    /// Whether every name that a member can have fits a schema.
    fn implies_names(&mut self, case: &Case, node: Ref) -> bool {
        let closed: Vec<&'s Properties> = self
            .rules(case)
            .filter_map(|(atom, rule)| match rule {
                Rule::Properties(properties) if self.is_closed(atom.at, properties) => Some(&**properties),
                _ => None,
            })
            .collect();
        if let Some(properties) = closed.first() {
            let mut names = properties.named.keys();
            return names.all(|name| self.takes(node, &serde_json::Value::String(name.clone())) == Some(true));
        }
        let ours: Vec<Ref> = self
            .rules(case)
            .filter_map(|(atom, rule)| match rule {
                Rule::PropertyNames(own) => Some(atom.at.other(*own)),
                _ => None,
            })
            .collect();
        let mut text = self.case(&ours, false);
        text.kinds = text.kinds.and(Kinds::STRING);
        self.strictly(|prover| prover.below(|prover| prover.fits(&text, node)))
    }

    /// Whether every member that the other rules of a subschema do not look at fits what it says of those.
    fn implies_unevaluated(&mut self, case: &Case, holder: Ref, node: Ref) -> bool {
        if matches!(self.node(node), Node::Always) {
            return true;
        }
        // Only what its own `properties` look at is looked at for certain.
        let Node::Rules(rules) = self.node(holder) else { return false };
        let evaluated = |name: &str| {
            rules.iter().any(|rule| match rule {
                Rule::Properties(properties) => properties.named.contains_key(name) || properties.additional.is_some(),
                _ => false,
            })
        };
        let known = self.known_names(case);
        for name in known.into_iter().filter(|name| !evaluated(name)) {
            let member = self.member(case, &name);
            if !self.below(|prover| prover.enters(&member, node, false)) {
                return false;
            }
        }
        let mut refs = vec![self.unknown_member(case)];
        refs.extend(self.patterned_members(case).into_iter().map(|(_, refs)| refs));
        refs.into_iter().all(|refs| self.below(|prover| prover.enters(&refs, node, false)))
    }
}
