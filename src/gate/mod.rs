//! The gate: what a principal may still do. One object per principal decides, and isolates carry small leases away.

pub mod bucket;
pub mod decision;
pub mod ending;
pub mod lease;
pub mod level;
pub mod message;
pub mod quota;
pub mod session;
pub mod single;
pub mod slots;
pub mod throttle;

use crate::time::Lifetime;

/// A gate that nobody has asked anything for this long forgets everything: longer than any session lives and any quota
/// counts.
pub const UNUSED: Lifetime = Lifetime::from_seconds(400 * 24 * 60 * 60);
/// When less than this is left of it, who asks something has it begin anew.
pub const RENEWED: Lifetime = Lifetime::from_seconds(200 * 24 * 60 * 60);

#[cfg(all(test, not(target_arch = "wasm32")))]
mod level_simulation;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod simulation;
