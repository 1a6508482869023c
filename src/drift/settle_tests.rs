//! What comes of asking an upstream, from first sight to restoration.

use super::{Facts, Happening, Step, settle};
use crate::drift::definition::{Definition, Kind};
use crate::drift::neighbours::Neighbours;
use crate::drift::offer::Offer;
use crate::drift::pin::{MAX_PINS, Pins, Standing};
use crate::drift::reaction::{FirstSight, Reaction};
use crate::drift::version::{Fingerprint, Version};
use crate::id::UpstreamId;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// An upstream as its pins have it, which is asked again and again.
struct World {
    upstream: UpstreamId,
    pins: Pins,
    versions: BTreeMap<Fingerprint, Version>,
    reaction: Reaction,
}

impl World {
    fn new(reaction: Reaction) -> Self {
        let upstream = UpstreamId::parse("ups").unwrap();
        Self { upstream, pins: Pins::default(), versions: BTreeMap::new(), reaction }
    }

    fn asked(&mut self, offer: &Offer) -> Vec<Step> {
        let (pins, neighbours) = (self.pins.clone(), Neighbours::default());
        let facts = Facts {
            upstream: &self.upstream,
            pins: &pins,
            versions: &self.versions,
            neighbours: &neighbours,
            reaction: self.reaction,
        };
        let steps = settle(&facts, &pins.unsettled(offer, true));
        for step in &steps {
            self.versions.extend(step.version.iter().map(|version| (version.fingerprint().clone(), version.clone())));
        }
        self.pins = pins.with(steps.iter().map(|step| step.pin.clone()));
        steps
    }

    fn happened(&mut self, offer: &Offer) -> Vec<(String, Happening)> {
        self.asked(offer).into_iter().map(|step| (step.pin.name, step.happening)).collect()
    }
}

fn tool(name: &str, description: &str, required: &[&str]) -> Version {
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": required});
    let members: Map<String, Value> =
        [("description".to_owned(), json!(description)), ("inputSchema".to_owned(), schema)].into_iter().collect();
    Version::of(Definition::new(Kind::Tool, name, members))
}

fn offer(tools: &[&Version]) -> Offer {
    Offer::new(tools.iter().copied().cloned())
}

#[test]
fn a_first_sight_is_approved_once_and_the_same_offer_is_no_news() {
    let mut world = World::new(Reaction::default());
    let add = tool("add", "Adds two numbers.", &[]);
    assert_eq!(world.happened(&offer(&[&add])), [("add".into(), Happening::Accepted)]);
    let pin = world.pins.get(Kind::Tool, "add").unwrap();
    assert_eq!((pin.standing, pin.version, pin.approved.as_ref()), (Standing::Approved, 1, Some(add.fingerprint())));
    assert_eq!(world.happened(&offer(&[&add])), []);
}

#[test]
fn where_a_person_looks_first_nothing_is_approved_by_itself() {
    let mut world = World::new(Reaction { first_sight: FirstSight::Review, ..Reaction::default() });
    let add = tool("add", "Adds two numbers.", &[]);
    let steps = world.asked(&offer(&[&add]));
    assert!(
        steps.iter().all(|step| step.happening == Happening::Held && step.is_news() && step.pin.approved.is_none())
    );
    assert_eq!(world.happened(&offer(&[&add])), [], "it waits, and is told once");
    let changed = tool("add", "Adds two whole numbers.", &[]);
    assert_eq!(world.happened(&offer(&[&changed])), [("add".into(), Happening::Held)]);
}

#[test]
fn a_breaking_change_is_quarantined_until_the_old_definition_is_back() {
    let mut world = World::new(Reaction::default());
    let (old, new) = (tool("add", "Adds.", &[]), tool("add", "Adds.", &["a"]));
    world.asked(&offer(&[&old]));
    let steps = world.asked(&offer(&[&new]));
    let step = steps.first().unwrap();
    assert_eq!(
        (step.happening, step.pin.standing, step.pin.version),
        (Happening::Quarantined, Standing::Quarantined, 2)
    );
    assert_eq!(
        (step.pin.approved.as_ref(), step.pin.proposed.as_ref()),
        (Some(old.fingerprint()), Some(new.fingerprint()))
    );
    assert!(step.is_news() && step.verdict().needs_a_person() && step.version.as_ref() == Some(&new));
    assert_eq!(world.happened(&offer(&[&new])), [], "it is told once");
    assert_eq!(world.happened(&offer(&[&old])), [("add".into(), Happening::Restored)]);
    assert_eq!(world.pins.get(Kind::Tool, "add").unwrap().proposed, None);
}

#[test]
fn a_thing_that_goes_and_comes_back_is_held_to_what_was_approved() {
    let mut world = World::new(Reaction::default());
    let (old, other) = (tool("add", "Adds.", &[]), tool("other", "Something else.", &[]));
    world.asked(&offer(&[&old, &other]));
    let gone = world.asked(&offer(&[&other]));
    assert_eq!(gone.iter().map(|step| step.happening).collect::<Vec<_>>(), [Happening::Missing]);
    assert!(gone.iter().all(Step::is_news));
    assert_eq!(world.happened(&offer(&[&other])), []);
    assert_eq!(world.happened(&offer(&[&old, &other])), [("add".into(), Happening::Returned)]);
    world.asked(&offer(&[&other]));
    let changed = tool("add", "Adds.", &["a"]);
    assert_eq!(world.happened(&offer(&[&changed, &other])), [("add".into(), Happening::Quarantined)]);
}

#[test]
fn what_was_approved_and_cannot_be_read_is_quarantined() {
    let mut world = World::new(Reaction::default());
    let (old, new) = (tool("add", "Adds.", &[]), tool("add", "Adds numbers.", &[]));
    world.asked(&offer(&[&old]));
    world.versions.clear();
    assert_eq!(world.happened(&offer(&[&new])), [("add".into(), Happening::Quarantined)]);
}

#[test]
fn an_upstream_that_offers_more_than_can_be_pinned_gets_no_more_pins() {
    let mut world = World::new(Reaction::default());
    let all: Vec<Version> = (0..MAX_PINS + 10).map(|at| tool(&format!("tool_{at}"), "Does one thing.", &[])).collect();
    assert_eq!(world.asked(&offer(&all.iter().collect::<Vec<_>>())).len(), MAX_PINS);
    assert_eq!(world.asked(&offer(&all.iter().collect::<Vec<_>>())).len(), 0);
    assert_eq!(world.pins.len(), MAX_PINS);
}

#[test]
fn a_reaction_that_cannot_be_read_is_the_strictest() {
    use crate::drift::reaction::Answer;
    assert_eq!(Reaction::read(None), Reaction::default());
    let written = serde_json::to_string(&Reaction::default()).unwrap();
    assert_eq!(Reaction::read(Some(&written)), Reaction::default());
    for later in ["", "{}", "{\"first_sight\":\"guess\"}"] {
        let read = Reaction::read(Some(later));
        assert_eq!((read.first_sight, read.cosmetic, read.additive), (FirstSight::Review, Answer::Ask, Answer::Ask));
    }
}
