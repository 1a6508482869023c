//! Guardrails: what of a call's texts is redacted on its way, and what refuses the call or withholds its result.
//!
//! A tenant says it in one document ([`document`]), for arguments and for results. Detectors ([`detector`]) look for kinds of
//! values by their form, and by a check digit where there is one. Each reads a text once, forwards, so that its work grows
//! with the text alone, whatever the text is.

mod counts;
pub mod detector;
pub mod document;
mod scan;
mod sweep;
#[cfg(test)]
mod tests;

pub use counts::Counts;
pub use detector::Detector;
pub use document::{Action, Guardrails, Rail};
pub use sweep::{About, Refusal, Swept};
