//! Which label the hub's outputs carried since when. It outlives the hub, and nothing of it is secret.

use super::provenance::Label;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Most changes that are remembered; the oldest go first.
pub const MOST: usize = 500;

/// The changes of the label, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct History(Vec<LabelSince>);

/// A label, and since when outputs carried it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct LabelSince {
    /// When the hub noticed, in milliseconds since 1970: it looks whenever it gave a seed, and after each round.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "u64"))]
    pub at: Timestamp,
    /// The label from then on.
    pub label: Label,
}

impl History {
    /// Notes the label of now. Whether that is a change.
    pub fn note(&mut self, label: Label, at: Timestamp) -> bool {
        if self.0.last().is_some_and(|last| last.label == label) {
            return false;
        }
        self.0.drain(..(self.0.len() + 1).saturating_sub(MOST));
        self.0.push(LabelSince { at, label });
        true
    }

    /// The changes, the oldest first.
    pub fn into_changes(self) -> Vec<LabelSince> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::{History, LabelSince, MOST};
    use crate::entropy::provenance::Label;
    use crate::time::Timestamp;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn only_changes_are_noted() {
        let mut history = History::default();
        let noted = [(Label::Classical, 1), (Label::Classical, 2), (Label::QuantumSeeded, 3), (Label::Classical, 4)]
            .map(|(label, millis)| history.note(label, at(millis)));
        assert_eq!(noted, [true, false, true, true]);
        let text = serde_json::to_string(&history).unwrap();
        assert_eq!(
            text,
            r#"[{"at":1,"label":"classical"},{"at":3,"label":"quantum-seeded"},{"at":4,"label":"classical"}]"#
        );
        assert_eq!(serde_json::from_str::<History>(&text).unwrap(), history);
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let mut history = History::default();
        for number in 0..=MOST as u64 {
            let label = if number % 2 == 0 { Label::Classical } else { Label::QuantumStale };
            assert!(history.note(label, at(number)));
        }
        let changes = history.into_changes();
        assert_eq!(changes.len(), MOST);
        assert_eq!(changes.first(), Some(&LabelSince { at: at(1), label: Label::QuantumStale }));
    }
}
