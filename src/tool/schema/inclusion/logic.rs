//! Schemas that are put together.

use super::case::{Atom, Case, Kinds};
use super::prover::{Prover, Ref};
use crate::tool::schema::Rule;

impl<'s> Prover<'s> {
    /// Whether a rule holds for every instance of a case, without a look at the cases it falls into.
    pub fn implies_at_once(&mut self, case: &Case, atom: Atom, rule: &'s Rule) -> bool {
        let at = atom.at;
        match rule {
            Rule::Types(kinds) => case.kinds.within(Kinds::of(kinds)),
            // A case that is a short list of values does not come here.
            Rule::OneOfValues { .. } => false,
            Rule::Reference(node) => self.fits(case, at.other(*node)),
            Rule::AllOf(nodes) => nodes.iter().all(|node| self.fits(case, at.other(*node))),
            Rule::AnyOf(nodes) => self.likely(case, at, nodes).into_iter().any(|node| self.fits(case, node)),
            Rule::OneOf(nodes) => self.likely(case, at, nodes).into_iter().any(|node| {
                let alone = self.fits(case, node);
                let mut others = nodes.iter().map(|other| at.other(*other)).filter(|other| *other != node);
                alone && others.all(|other| self.excludes(case, other))
            }),
            Rule::Not(node) => self.excludes(case, at.other(*node)),
            Rule::If { test, then, otherwise } => {
                let test = at.other(*test);
                self.implies_then(case, test, then.map(|node| at.other(node)))
                    && self.implies_else(case, test, otherwise.map(|node| at.other(node)))
            }
            Rule::Bound(..) | Rule::MultipleOf(_) => self.implies_number(case, rule),
            Rule::MinLength(_) | Rule::MaxLength(_) | Rule::Pattern(..) => self.implies_text(case, rule),
            Rule::Items { .. }
            | Rule::Contains { .. }
            | Rule::MinItems(_)
            | Rule::MaxItems(_)
            | Rule::UniqueItems
            | Rule::UnevaluatedItems(_) => self.implies_array(case, atom, rule),
            Rule::Properties(_)
            | Rule::PropertyNames(_)
            | Rule::MinProperties(_)
            | Rule::MaxProperties(_)
            | Rule::Required(_)
            | Rule::DependentRequired(_)
            | Rule::DependentSchemas(_)
            | Rule::UnevaluatedProperties(_) => self.implies_object(case, atom, rule),
        }
    }

    /// Branches, those first that say what is known already: the others are tried in vain most often, and that is dear.
    fn likely(&mut self, case: &Case, at: Ref, nodes: &[usize]) -> Vec<Ref> {
        let mut branches: Vec<Ref> = nodes.iter().map(|node| at.other(*node)).collect();
        branches.sort_by_key(|branch| !case.all.iter().any(|own| self.is_same(*own, *branch)));
        branches
    }

    fn implies_then(&mut self, case: &Case, test: Ref, then: Option<Ref>) -> bool {
        let Some(then) = then else { return true };
        let mut holds = case.clone();
        self.add(&mut holds, test);
        self.fits(&holds, then)
    }

    fn implies_else(&mut self, case: &Case, test: Ref, otherwise: Option<Ref>) -> bool {
        let Some(otherwise) = otherwise else { return true };
        let mut fails = case.clone();
        self.exclude(&mut fails, test);
        self.fits(&fails, otherwise)
    }

    /// Whether no instance of a case fits a subschema.
    pub fn excludes(&mut self, case: &Case, node: Ref) -> bool {
        if case.none.iter().any(|own| self.is_same(*own, node)) {
            return true;
        }
        let mut both = case.clone();
        self.add(&mut both, node);
        self.is_empty(&both)
    }
}
