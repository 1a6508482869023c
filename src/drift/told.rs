//! What is told of what happened: each thing by itself where they are few, and one for many that are alike.

use super::definition::Kind;
use super::settle::{Happening, Step};
use super::verdict::Verdict;
use std::collections::BTreeMap;

/// Most things that are alike and told one by one.
pub const MOST_ALIKE: usize = 20;

/// One thing that is told, for itself or for others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Told<'a> {
    /// What happened to it.
    pub step: &'a Step,
    /// How many it stands for.
    pub times: u32,
}

/// What makes two steps alike: to what, what happened, what it means, and whether it was seen first.
type Likeness = (Kind, Happening, Verdict, bool);

/// What is told of steps. Each has its own history where it is pinned.
pub fn told(steps: &[Step]) -> Vec<Told<'_>> {
    let mut alike: BTreeMap<Likeness, Vec<&Step>> = BTreeMap::new();
    for step in steps {
        let is_first = step.comparison.as_ref().is_some_and(|comparison| comparison.before.is_none());
        alike.entry((step.pin.kind, step.happening, step.verdict(), is_first)).or_default().push(step);
    }
    alike.into_values().flat_map(some).collect()
}

fn some(alike: Vec<&Step>) -> Vec<Told<'_>> {
    let count = alike.len();
    let (taken, times) = if count > MOST_ALIKE { (1, u32::try_from(count).unwrap_or(u32::MAX)) } else { (count, 1) };
    alike.into_iter().take(taken).map(|step| Told { step, times }).collect()
}

#[cfg(test)]
mod tests {
    use super::{MOST_ALIKE, told};
    use crate::drift::compare::first_sight;
    use crate::drift::definition::{Definition, Kind};
    use crate::drift::neighbours::Neighbours;
    use crate::drift::pin::{Pin, Standing};
    use crate::drift::settle::{Happening, Step};
    use crate::drift::version::Version;
    use crate::id::UpstreamId;
    use serde_json::Map;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn step(index: usize, happening: Happening) -> Step {
        let version = Version::of(Definition::new(Kind::Tool, format!("tool_{index}"), Map::new()));
        let name = version.name().to_owned();
        let id = Pin::id_of(&UpstreamId::parse("ups").unwrap(), Kind::Tool, &name);
        let (standing, approved) = (Standing::Approved, Some(version.fingerprint().clone()));
        let pin = Pin { id, kind: Kind::Tool, name, standing, approved, proposed: None, absent: false, version: 1 };
        let comparison = Some(first_sight(&version, &Neighbours::default()));
        Step { pin, happening, comparison, version: Some(version) }
    }

    #[test]
    fn few_are_told_one_by_one_and_many_that_are_alike_by_one_of_them() {
        let mut steps: Vec<Step> = (0..MOST_ALIKE).map(|index| step(index, Happening::Accepted)).collect();
        steps.push(step(500, Happening::Held));
        assert_eq!(told(&steps).len(), MOST_ALIKE + 1);
        steps.push(step(501, Happening::Accepted));
        let mut times: Vec<(Happening, u32)> =
            told(&steps).iter().map(|told| (told.step.happening, told.times)).collect();
        times.sort_unstable();
        assert_eq!(times, [(Happening::Accepted, 21), (Happening::Held, 1)]);
        assert!(told(&[]).is_empty());
    }
}
