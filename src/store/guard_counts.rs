//! How often detectors of guardrails found something, in D1.

use serde::Deserialize;

/// Adds what was found. `?1` JSON object of counts by detector.
pub const ADD: &str = "\
    INSERT INTO guard_counts (detector, found) SELECT counted.key, counted.value FROM json_each(?1) AS counted WHERE true \
    ON CONFLICT (detector) DO UPDATE SET found = found + excluded.found";

/// All of it.
pub const FOUND: &str = "SELECT detector, found FROM guard_counts ORDER BY detector";

/// A row of [`FOUND`].
#[derive(Clone, Debug, Deserialize)]
pub struct FoundRow {
    /// The detector, or `deny`.
    pub detector: String,
    /// How often.
    pub found: u64,
}
