//! Storage: every SQL statement, typed rows, every key.
