//! What is known of an instance.

use super::prover::{Prover, Ref};
use crate::tool::schema::{Kind, Node, Rule};
use std::collections::BTreeSet;

/// Kinds of values. Whole numbers and others are two kinds, so that `integer` is a part of `number`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Kinds(pub u8);

impl Kinds {
    pub const NULL: Self = Self(1);
    pub const BOOLEAN: Self = Self(2);
    pub const WHOLE: Self = Self(4);
    pub const FRACTION: Self = Self(8);
    pub const STRING: Self = Self(16);
    pub const ARRAY: Self = Self(32);
    pub const OBJECT: Self = Self(64);
    pub const ALL: Self = Self(127);
    pub const EACH: [Self; 7] =
        [Self::NULL, Self::BOOLEAN, Self::WHOLE, Self::FRACTION, Self::STRING, Self::ARRAY, Self::OBJECT];

    pub fn of(kinds: &[Kind]) -> Self {
        kinds.iter().fold(Self(0), |all, kind| all.or(Self::of_one(*kind)))
    }

    const fn of_one(kind: Kind) -> Self {
        match kind {
            Kind::Null => Self::NULL,
            Kind::Boolean => Self::BOOLEAN,
            Kind::Integer => Self::WHOLE,
            Kind::Number => Self::WHOLE.or(Self::FRACTION),
            Kind::String => Self::STRING,
            Kind::Array => Self::ARRAY,
            Kind::Object => Self::OBJECT,
        }
    }

    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Whether all of these are among the others.
    pub const fn within(self, others: Self) -> bool {
        self.0 & !others.0 == 0
    }

    pub const fn count(self) -> u32 {
        self.0.count_ones()
    }
}

/// One rule of one subschema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Atom {
    pub at: Ref,
    pub rule: usize,
}

/// What the subschemas at one place of an instance say about an object's members, whichever branch of them holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Names {
    pub named: BTreeSet<String>,
    /// Patterns of names, as they are written.
    pub patterns: BTreeSet<String>,
    /// Whether something is said of members that are not named, other than that there are none.
    pub explicit: bool,
    /// Whether what is said of them is more than that they may be there.
    pub mapped: bool,
}

/// What is known of an instance: it fits all of some subschemas and none of others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Case {
    /// The subschemas it fits, sorted; those that they are put together of by `$ref` and `allOf` too.
    pub all: Vec<Ref>,
    /// The subschemas it does not fit, sorted; those under `not` too.
    pub none: Vec<Ref>,
    /// Rules that are no longer looked at, sorted: one of their branches is in `all`.
    pub spent: Vec<Atom>,
    /// What it can be.
    pub kinds: Kinds,
    /// Which names are promised, by number; only of use where the reading is of arguments.
    pub names: usize,
}

impl Case {
    pub fn is_never(&self) -> bool {
        self.kinds.is_none()
    }

    /// The same, narrowed to some kinds.
    pub fn only(&self, kinds: Kinds) -> Self {
        Self { kinds: self.kinds.and(kinds), ..self.clone() }
    }
}

impl<'s> Prover<'s> {
    /// What is known of an instance of all of these subschemas.
    pub fn case(&mut self, refs: &[Ref], at_root: bool) -> Case {
        let names = self.names_of(refs, at_root);
        let names = self.number(names);
        let mut case = Case { all: Vec::new(), none: Vec::new(), spent: Vec::new(), kinds: Kinds::ALL, names };
        for one in refs {
            self.add(&mut case, *one);
        }
        case
    }

    /// Adds a subschema that the instance fits.
    pub fn add(&mut self, case: &mut Case, one: Ref) {
        let Err(place) = case.all.binary_search(&one) else { return };
        case.all.insert(place, one);
        self.pay(1);
        match self.node(one) {
            Node::Always => {}
            Node::Never => case.kinds = Kinds(0),
            Node::Rules(rules) => {
                for rule in rules {
                    match rule {
                        Rule::Types(kinds) => case.kinds = case.kinds.and(Kinds::of(kinds)),
                        Rule::Reference(node) => self.add(case, one.other(*node)),
                        Rule::Not(node) => self.exclude(case, one.other(*node)),
                        Rule::AllOf(nodes) => nodes.iter().for_each(|node| self.add(case, one.other(*node))),
                        _ => {}
                    }
                }
            }
        }
    }

    /// Adds a subschema that the instance does not fit.
    pub fn exclude(&mut self, case: &mut Case, one: Ref) {
        match self.node(one) {
            Node::Never => return,
            Node::Always => case.kinds = Kinds(0),
            Node::Rules(rules) => {
                if let [Rule::Types(kinds)] = rules.as_slice() {
                    // `integer` takes 1.0 but not 1.5, so kinds are excluded exactly.
                    case.kinds = case.kinds.without(Kinds::of(kinds));
                }
            }
        }
        if let Err(place) = case.none.binary_search(&one) {
            case.none.insert(place, one);
        }
    }

    /// The rules that hold for the instance.
    pub fn rules(&self, case: &Case) -> impl Iterator<Item = (Atom, &'s Rule)> + use<'s> {
        let mut found = Vec::new();
        for at in &case.all {
            let Node::Rules(rules) = self.node(*at) else { continue };
            for (rule, content) in rules.iter().enumerate() {
                let atom = Atom { at: *at, rule };
                if case.spent.binary_search(&atom).is_err() {
                    found.push((atom, content));
                }
            }
        }
        found.into_iter()
    }

    /// What subschemas at one place say about names. The root of arguments describes them even where it names none: it is
    /// what a call may say.
    pub fn names_of(&mut self, refs: &[Ref], at_root: bool) -> Names {
        self.names_without(refs, at_root, None)
    }

    /// What the rules of a subschema other than its own `unevaluatedProperties` look at.
    pub fn names_beside(&mut self, holder: Ref) -> Names {
        self.names_without(&[holder], true, Some(holder))
    }

    fn names_without(&mut self, refs: &[Ref], at_root: bool, skipped: Option<Ref>) -> Names {
        let (mut names, mut seen, mut open) = (Names::default(), BTreeSet::new(), refs.to_vec());
        let mut described = at_root;
        while let Some(one) = open.pop() {
            if !seen.insert(one) || !self.pay(1) {
                continue;
            }
            let Node::Rules(rules) = self.node(one) else { continue };
            for rule in rules {
                let children: Vec<usize> = match rule {
                    Rule::Reference(node) => vec![*node],
                    Rule::AllOf(nodes) | Rule::AnyOf(nodes) | Rule::OneOf(nodes) => nodes.clone(),
                    Rule::If { test, then, otherwise } => {
                        std::iter::once(*test).chain(*then).chain(*otherwise).collect()
                    }
                    Rule::DependentSchemas(pairs) => pairs.iter().map(|(_, node)| *node).collect(),
                    Rule::Properties(properties) => {
                        described = true;
                        let there = |node: &usize| !matches!(self.node(one.other(*node)), Node::Never);
                        let own = properties.named.iter().filter(|(_, node)| there(node));
                        names.named.extend(own.map(|(name, _)| name.clone()));
                        names.patterns.extend(properties.matching.iter().map(|(text, _)| text.text().to_owned()));
                        self.note_others(&mut names, one, properties.additional);
                        continue;
                    }
                    Rule::UnevaluatedProperties(node) if skipped != Some(one) => {
                        described = true;
                        self.note_others(&mut names, one, Some(*node));
                        continue;
                    }
                    _ => continue,
                };
                open.extend(children.into_iter().map(|node| one.other(node)));
            }
        }
        names.explicit |= !described;
        names
    }

    fn note_others(&self, names: &mut Names, at: Ref, others: Option<usize>) {
        match others.map(|node| self.node(at.other(node))) {
            None | Some(Node::Never) => {}
            Some(Node::Always) => names.explicit = true,
            Some(Node::Rules(rules)) => {
                names.explicit = true;
                names.mapped |= !rules.is_empty();
            }
        }
    }
}
