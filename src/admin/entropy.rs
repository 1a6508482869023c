//! What was said of randomness over time, as administrators read it.

use crate::entropy::history::{History, LabelSince};
use crate::time::Timestamp;
use serde::Serialize;

/// Which label outputs carried since when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct EntropyHistory {
    /// When this was read, in milliseconds since 1970.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "u64"))]
    pub now: Timestamp,
    /// The last 500 changes, the oldest first; none before the hub gave its first seed, and while no
    /// provider is configured: all that is made then is `classical`.
    pub labels: Vec<LabelSince>,
}

impl EntropyHistory {
    /// The view of what the hub remembers.
    pub fn new(history: History, now: Timestamp) -> Self {
        Self { now, labels: history.into_changes() }
    }
}
