//! What a token says about its own randomness: in its `ent` claim, in the log, and on `GET /auth/me`.
//!
//! Never a random byte, nor a hash of any: a hash of bytes that somebody else knows would confirm them.

use super::provenance::{Label, Provenance};
use serde::{Deserialize, Serialize};

/// The provenance of a value at the moment it was made, without the words: they follow from the label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Stamp {
    /// The label.
    pub label: Label,
    /// The providers whose bytes counted for the label, by name: a token outlives no setting, but may outlive a release.
    pub providers: Vec<String>,
    /// How old the newest of those bytes were, in seconds; absent when classical.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_seconds: Option<u64>,
    /// How often the hub's generator had been seeded when those bytes were in it; absent when classical.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<u64>,
}

impl From<&Provenance> for Stamp {
    fn from(provenance: &Provenance) -> Self {
        Self {
            label: provenance.label,
            providers: provenance.providers.iter().map(|provider| provider.as_str().to_owned()).collect(),
            age_seconds: provenance.age_seconds,
            epoch: provenance.epoch,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Stamp;
    use crate::entropy::provenance::{Origins, Provenance};
    use crate::entropy::provider::ProviderId;
    use crate::time::Timestamp;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_stamp_is_label_providers_age_and_epoch() {
        let mut origins = Origins::default();
        origins.note(ProviderId::parse("anu").unwrap(), Timestamp::from_seconds(7), 3);
        let stamp = Stamp::from(&origins.provenance(Timestamp::from_seconds(49)));
        let text = r#"{"label":"quantum-seeded","providers":["anu"],"age_seconds":42,"epoch":3}"#;
        assert_eq!(serde_json::to_string(&stamp).unwrap(), text);
        assert_eq!(serde_json::from_str::<Stamp>(text).unwrap(), stamp);
    }

    #[test]
    fn a_classical_stamp_names_nobody() {
        let stamp = Stamp::from(&Provenance::classical());
        assert_eq!(serde_json::to_string(&stamp).unwrap(), r#"{"label":"classical","providers":[]}"#);
    }
}
