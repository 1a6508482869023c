//! Traces: where a request stands among those of other programs (W3C Trace Context), what of it is recorded, and how that
//! is written for whoever collects it (OpenTelemetry Protocol).
//!
//! Nothing of a request's content is in scope here: a span says what kind of thing was done, where, for how long and how it
//! ended. It has no arguments, no results, no tokens and no query strings.

pub mod batch;
pub mod context;
pub mod id;
pub mod otlp;
pub mod recorder;
pub mod sampling;
pub mod settings;
pub mod span;
pub mod state;
pub mod work;
