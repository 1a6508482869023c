//! Log events: typed, one line each, nothing secret.
