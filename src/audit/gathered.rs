//! What an isolate has to write in the background, gathered for a moment: an append costs much the same for one record as for
//! many. Whoever brings the first one writes for all.

use super::Trail;
use super::record::Draft;
use crate::time::{Lifetime, Timestamp};
use std::collections::BTreeMap;

/// How long records are gathered.
pub const GATHERING: Lifetime = Lifetime::from_millis(50);
/// How long whoever writes for all may take to begin; after that the next one writes.
const PATIENCE: Lifetime = Lifetime::from_seconds(1);

/// Records that wait, by trail.
#[derive(Debug, Default)]
pub struct Gathered(BTreeMap<Trail, Waiting>);

#[derive(Debug)]
struct Waiting {
    since: Timestamp,
    drafts: Vec<Draft>,
}

impl Gathered {
    /// Adds records of a trail. Whether whoever adds them is to write for all, [`GATHERING`] later: nobody else is going to.
    pub fn add(&mut self, trail: &Trail, drafts: Vec<Draft>, now: Timestamp) -> bool {
        let Some(waiting) = self.0.get_mut(trail) else {
            self.0.insert(trail.clone(), Waiting { since: now, drafts });
            return true;
        };
        waiting.drafts.extend(drafts);
        let is_late = now.since(waiting.since) > PATIENCE;
        if is_late {
            waiting.since = now;
        }
        is_late
    }

    /// Takes what waits for a trail, in the order it came.
    pub fn take(&mut self, trail: &Trail) -> Vec<Draft> {
        self.0.remove(trail).map(|waiting| waiting.drafts).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{GATHERING, Gathered, PATIENCE};
    use crate::audit::Trail;
    use crate::audit::record::tests::draft;
    use crate::id::TenantId;
    use crate::time::{Lifetime, Timestamp};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const NOW: Timestamp = Timestamp::from_seconds(100);

    #[test]
    fn the_first_writes_for_all_of_its_trail_and_nothing_is_written_twice() {
        let (mut gathered, acme) = (Gathered::default(), Trail::Tenant(TenantId::parse("acme").unwrap()));
        assert!(gathered.add(&acme, vec![draft(1)], NOW) && gathered.add(&Trail::Operator, vec![draft(2)], NOW));
        assert!(!gathered.add(&acme, vec![draft(3), draft(4)], NOW.plus(GATHERING)));
        let ids: Vec<_> = gathered.take(&acme).into_iter().map(|draft| draft.id).collect();
        assert_eq!(ids, [draft(1).id, draft(3).id, draft(4).id]);
        assert!(gathered.take(&acme).is_empty() && gathered.take(&Trail::Operator).len() == 1);
        assert!(gathered.add(&acme, vec![draft(5)], NOW));
    }

    #[test]
    fn where_the_first_has_died_another_one_writes() {
        let mut gathered = Gathered::default();
        assert!(gathered.add(&Trail::Operator, vec![draft(1)], NOW));
        let late = NOW.plus(PATIENCE).plus(Lifetime::from_millis(1));
        assert!(!gathered.add(&Trail::Operator, vec![draft(2)], NOW.plus(PATIENCE)));
        assert!(gathered.add(&Trail::Operator, vec![draft(3)], late));
        assert!(!gathered.add(&Trail::Operator, vec![draft(4)], late));
        assert_eq!(gathered.take(&Trail::Operator).len(), 4);
    }
}
