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

#[cfg(all(test, not(target_arch = "wasm32")))]
mod level_simulation;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod simulation;
