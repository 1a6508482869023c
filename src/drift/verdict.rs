//! How much a change means.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What a change means for those who rely on a definition. Ordered: the greater the worse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum Verdict {
    /// Nothing changed.
    #[default]
    Identical,
    /// Only what is said about it changed: the same calls are made and the same answers come back.
    Cosmetic,
    /// It can do more, and whoever relies on it notices nothing.
    Additive,
    /// Whoever relies on it may fail, or it cannot be shown that nobody does.
    Breaking,
    /// It has the form of an attack on the model that reads it.
    Suspicious,
}

impl Verdict {
    /// The word for it, as it is written in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Identical => "identical",
            Self::Cosmetic => "cosmetic",
            Self::Additive => "additive",
            Self::Breaking => "breaking",
            Self::Suspicious => "suspicious",
        }
    }

    /// Whether a person has to look at it, whatever was agreed on beforehand.
    pub const fn needs_a_person(self) -> bool {
        matches!(self, Self::Breaking | Self::Suspicious)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
