//! What no instance fits.

use super::case::{Case, Kinds};
use super::prover::Prover;

impl Prover<'_> {
    /// Whether what is known of an instance contradicts itself.
    pub fn is_contradiction(&mut self, case: &Case) -> bool {
        if let Some(values) = self.values(case) {
            return values.is_empty();
        }
        if self.exhausted {
            return false;
        }
        // What costs least comes first.
        let kinds = Kinds::EACH.into_iter().filter(|kind| kind.within(case.kinds));
        let kinds: Vec<Kinds> = kinds.collect();
        if kinds.iter().all(|kind| self.leaves_nothing_of(case, *kind)) {
            return true;
        }
        // It fits something that it does not fit. What else it does not fit is left aside: it would be asked again for each.
        let bare = Case { none: Vec::new(), ..case.clone() };
        if case.none.iter().any(|none| self.fits_plainly(&bare, *none)) {
            return true;
        }
        match self.branches(case) {
            Some(branches) => branches.iter().all(|branch| self.is_empty(branch)),
            None => false,
        }
    }

    fn leaves_nothing_of(&mut self, case: &Case, kind: Kinds) -> bool {
        match kind {
            Kinds::NULL | Kinds::BOOLEAN => self.values(&case.only(kind)).is_some_and(|values| values.is_empty()),
            Kinds::ARRAY => self.counts_of_items_contradict(case),
            Kinds::OBJECT => {
                self.counts_of_members_contradict(case) || {
                    let required: Vec<&str> = self.required(case).into_iter().collect();
                    required.into_iter().any(|name| {
                        let member = self.member(case, name);
                        let member = self.case(&member, false);
                        self.below(|prover| prover.is_empty(&member))
                    })
                }
            }
            kind => self.bounds_contradict(case, kind),
        }
    }
}
