//! Tools: naming, the catalogue, validation of arguments, built-in tools.
