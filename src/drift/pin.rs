//! What is stored of each thing that an upstream offers: how it stands, and the fingerprints of the versions that count.

use super::definition::Kind;
use super::offer::Offer;
use super::version::{Fingerprint, Version};
use crate::id::{PinId, UpstreamId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Most things that are pinned of one upstream. What it offers beyond them is not shown.
pub const MAX_PINS: usize = 2_000;

/// What is hashed for an id begins with this.
const DOMAIN: &[u8] = b"mcp-secure-gateway/pin/v1";

/// How a thing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum Standing {
    /// It was never approved, and waits for a person.
    Held,
    /// It is approved.
    Approved,
    /// It changed, and waits for a person.
    Quarantined,
    /// A person refused what was proposed.
    Refused,
}

impl Standing {
    /// The word for it, as it is written in JSON and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Approved => "approved",
            Self::Quarantined => "quarantined",
            Self::Refused => "refused",
        }
    }
}

/// What is stored of one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// Its id, which follows from its upstream, its kind and its name.
    pub id: PinId,
    /// What it is.
    pub kind: Kind,
    /// What its upstream calls it.
    pub name: String,
    /// How it stands.
    pub standing: Standing,
    /// The approved version, if any ever was.
    pub approved: Option<Fingerprint>,
    /// The version that waits for a person, or that a person refused.
    pub proposed: Option<Fingerprint>,
    /// Whether its upstream did not offer it when it was last asked.
    pub absent: bool,
    /// Counts its changes.
    pub version: u32,
}

impl Pin {
    /// The id of a thing: the same for whoever comes to it, so that two who see it first make one pin.
    pub fn id_of(upstream: &UpstreamId, kind: Kind, name: &str) -> PinId {
        let mut hash = Sha256::new();
        for part in [DOMAIN, upstream.as_str().as_bytes(), kind.as_str().as_bytes(), name.as_bytes()] {
            hash.update(part);
            // No part can end where another one begins.
            hash.update([0xff]);
        }
        let mut start = [0; 16];
        start.iter_mut().zip(hash.finalize()).for_each(|(to, from)| *to = from);
        PinId::from_bytes(&start)
    }

    /// Whether what its upstream offers in its place is what is known of it: there is nothing to decide.
    pub fn knows(&self, offered: &Fingerprint) -> bool {
        let known = match self.standing {
            Standing::Approved => self.approved.as_ref(),
            Standing::Held | Standing::Quarantined | Standing::Refused => self.proposed.as_ref(),
        };
        known == Some(offered)
    }

    /// Whether it is withheld from callers: calls of it are refused, whatever is shown in its place.
    pub const fn is_withheld(&self) -> bool {
        !matches!(self.standing, Standing::Approved)
    }
}

/// What is stored of everything that an upstream offers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pins {
    pins: BTreeMap<(Kind, String), Pin>,
}

impl Pins {
    /// These pins.
    pub fn new(pins: impl IntoIterator<Item = Pin>) -> Self {
        Self { pins: pins.into_iter().map(|pin| ((pin.kind, pin.name.clone()), pin)).collect() }
    }

    /// The pin of a thing.
    pub fn get(&self, kind: Kind, name: &str) -> Option<&Pin> {
        self.pins.get(&(kind, name.to_owned()))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Pin> {
        self.pins.values()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.pins.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.pins.is_empty()
    }

    /// The same with these in the place of those of the same name.
    #[must_use]
    pub fn with(mut self, changed: impl IntoIterator<Item = Pin>) -> Self {
        self.pins.extend(changed.into_iter().map(|pin| ((pin.kind, pin.name.clone()), pin)));
        self
    }

    /// The things of which something has to be decided or noted, and whose versions that takes: those that are offered and
    /// new or changed, and, where the whole of an offer is known, those that are back and those that are offered no more. An offer to
    /// one user says nothing of what comes and goes: others may be offered more or less.
    pub fn unsettled<'a>(&'a self, offer: &'a Offer, whole: bool) -> Unsettled<'a> {
        let pin_of = |version: &Version| self.get(version.kind(), version.name());
        let settled = |pin: &Pin, version: &Version| pin.knows(version.fingerprint()) && !(whole && pin.absent);
        let unsettled = |version: &&Version| pin_of(version).is_none_or(|pin| !settled(pin, version));
        let offered: Vec<&Version> = offer.iter().filter(unsettled).collect();
        let is_gone = |pin: &&Pin| offer.get(pin.kind, &pin.name).is_none();
        let gone: Vec<&Pin> = if whole { self.iter().filter(is_gone).collect() } else { Vec::new() };
        Unsettled { offered, gone }
    }
}

/// What has to be decided or noted.
#[derive(Clone, Debug)]
pub struct Unsettled<'a> {
    /// What is offered and new, changed or back.
    pub offered: Vec<&'a Version>,
    /// What is offered no more, now or for longer.
    pub gone: Vec<&'a Pin>,
}

impl Unsettled<'_> {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.offered.is_empty() && self.gone.iter().all(|pin| pin.absent)
    }
}

#[cfg(test)]
mod tests {
    use super::{Pin, Pins, Standing};
    use crate::drift::definition::{Definition, Kind};
    use crate::drift::offer::Offer;
    use crate::drift::version::Version;
    use crate::id::UpstreamId;
    use serde_json::{Map, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn version(name: &str, description: &str) -> Version {
        let members: Map<_, _> = [("description".to_owned(), json!(description))].into_iter().collect();
        Version::of(Definition::new(Kind::Tool, name, members))
    }

    fn pin(version: &Version, standing: Standing, absent: bool) -> Pin {
        let upstream = UpstreamId::parse("ups").unwrap();
        let fingerprint = Some(version.fingerprint().clone());
        let (approved, proposed) = match standing {
            Standing::Approved => (fingerprint, None),
            _ => (None, fingerprint),
        };
        let (kind, name) = (version.kind(), version.name().to_owned());
        Pin { id: Pin::id_of(&upstream, kind, &name), kind, name, standing, approved, proposed, absent, version: 1 }
    }

    #[test]
    fn an_id_follows_from_what_it_is_of_and_from_nothing_else() {
        let (here, there) = (UpstreamId::parse("a").unwrap(), UpstreamId::parse("b").unwrap());
        let id = Pin::id_of(&here, Kind::Tool, "x");
        assert_eq!(id, Pin::id_of(&here, Kind::Tool, "x"));
        for other in [
            Pin::id_of(&there, Kind::Tool, "x"),
            Pin::id_of(&here, Kind::Prompt, "x"),
            Pin::id_of(&here, Kind::Tool, "y"),
        ] {
            assert_ne!(id, other);
        }
    }

    #[test]
    fn what_stands_as_it_stood_is_settled_and_anything_else_is_not() {
        let (old, new) = (version("a", "old"), version("a", "new"));
        for standing in [Standing::Held, Standing::Approved, Standing::Quarantined, Standing::Refused] {
            let known = pin(&old, standing, false);
            assert!(known.knows(old.fingerprint()) && !known.knows(new.fingerprint()));
            let (pins, away) = (Pins::new([known]), Pins::new([pin(&old, standing, true)]));
            let (offer, nothing) = (Offer::new([old.clone()]), Offer::default());
            assert!(pins.unsettled(&offer, true).is_empty() && !pins.unsettled(&nothing, true).is_empty());
            assert!(
                away.unsettled(&nothing, true).is_empty() && !away.unsettled(&offer, true).is_empty(),
                "it is back"
            );
            assert!(away.unsettled(&offer, false).is_empty(), "it is there for one user, and was all the time");
        }
    }

    #[test]
    fn a_part_of_an_offer_says_nothing_of_what_is_not_in_it() {
        let (kept, gone, added) = (version("kept", ""), version("gone", ""), version("added", ""));
        let pins = Pins::new([pin(&kept, Standing::Approved, false), pin(&gone, Standing::Approved, false)]);
        let offer = Offer::new([kept.clone(), added]);
        let names = |whole| {
            let unsettled = pins.unsettled(&offer, whole);
            let offered: Vec<_> = unsettled.offered.iter().map(|version| version.name().to_owned()).collect();
            (offered, unsettled.gone.iter().map(|pin| pin.name.clone()).collect::<Vec<_>>())
        };
        assert_eq!(names(true), (vec!["added".into()], vec!["gone".into()]));
        assert_eq!(names(false), (vec!["added".into()], vec![]));
        let away = Pins::new([pin(&kept, Standing::Approved, false), pin(&gone, Standing::Approved, true)]);
        let offer = Offer::new([kept]);
        assert!(away.unsettled(&offer, true).is_empty() && !pins.unsettled(&offer, true).is_empty());
    }
}
