//! The gate: what a principal may still do. One object per principal decides, and isolates carry small leases away.

pub mod bucket;
pub mod decision;
pub mod ending;
pub mod lease;
pub mod message;
pub mod session;
pub mod single;
pub mod throttle;

#[cfg(all(test, not(target_arch = "wasm32")))]
mod simulation;
