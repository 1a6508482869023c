//! Tools: naming, the catalogue, validation of arguments, built-in tools.

pub mod schema;
