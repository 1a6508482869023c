//! Metrics: what is counted, where it is added up, and how it is told.
//!
//! An isolate gathers in a [`Tally`] and an [`Activity`], and sends both every few seconds as one [`message::Flush`] to a `Metrics`
//! object, whose [`book::Book`] adds each flush once. Names follow the OpenTelemetry conventions for HTTP and MCP where there is
//! one, written as Prometheus writes them.

pub mod activity;
pub mod book;
pub mod entropy;
pub mod exposition;
mod family;
pub mod hours;
pub mod message;
pub mod outbox;
mod series;
pub mod state;
mod times;

pub use activity::Activity;
pub use family::Family;
pub use series::{Label, Measured, Series, Tally};
pub use times::{BOUNDS, Times};
