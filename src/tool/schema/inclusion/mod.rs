//! Whether every instance of one schema is an instance of another.
//!
//! The answer is shown or not shown, never guessed: what is shown holds for every value, and what cannot be shown within the
//! purse is not shown. Subschemas are compared as the validator compiled them, so dialects and references are those of the
//! validator. Schemas that refer to themselves are compared by induction over the instance: a question that comes again
//! further down in the instance may be taken as answered.
//!
//! | file | what it holds |
//! |---|---|
//! | `case` | what is known of an instance: the subschemas that it fits and does not fit |
//! | `prover` | the question, with its purse, and what was shown already |
//! | `plain` | types, numbers and texts |
//! | `arrays` `objects` | members |
//! | `logic` | schemas that are put together |
//! | `empty` | what no instance fits |
//! | `circle` | schemas that never go down in the instance |
//! | `same` | subschemas that say the same, whatever they say |

mod arrays;
mod case;
mod circle;
mod empty;
mod logic;
mod objects;
mod plain;
mod prover;
mod same;

use super::{Schema, SchemaError, compile};
use prover::{Prover, Ref};
use serde_json::Value;
use std::collections::HashMap;

/// Which of the two schemas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The one before.
    Old,
    /// The one after.
    New,
}

/// For whom a schema is, which decides what its silence about members means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reading {
    /// Every value counts, as JSON Schema has it.
    Strict,
    /// Arguments that are sent. A schema that names members and is silent about others tolerates those, and promises nothing
    /// about them: when the other schema names one of them, that is no narrowing. A named member that vanishes is one, though
    /// it may still be tolerated.
    Arguments,
    /// Answers that are read. Every value counts, and the old schema's named members must not vanish.
    Answers,
}

/// Whether an inclusion was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// It holds.
    Yes,
    /// It does not hold, or it could not be shown.
    No,
    /// It cost more than is allowed.
    TooMuch,
}

/// Two schemas that are compared.
#[derive(Debug)]
pub struct Pair {
    old: (Schema, HashMap<String, usize>),
    new: (Schema, HashMap<String, usize>),
}

impl Pair {
    /// Compiles both; the side that cannot be, with why.
    pub fn compile(old: &Value, new: &Value) -> Result<Self, (Side, SchemaError)> {
        let old = compile::compile_with_places(old).map_err(|error| (Side::Old, error))?;
        let new = compile::compile_with_places(new).map_err(|error| (Side::New, error))?;
        Ok(Self { old, new })
    }

    /// Begins to compare. What was shown once is remembered, and all questions share one purse.
    pub fn relate(&self) -> Relation<'_> {
        Relation { pair: self, prover: Prover::new(&self.old.0, &self.new.0) }
    }
}

/// Questions about two schemas.
#[derive(Debug)]
pub struct Relation<'p> {
    pair: &'p Pair,
    prover: Prover<'p>,
}

impl Relation<'_> {
    /// Whether every instance of the subschema at pointer `at` of `side` is one of the subschema at `there` of the other side.
    pub fn includes(&mut self, side: Side, at: &str, there: &str, reading: Reading) -> Shown {
        let (from, to) = match side {
            Side::Old => (Side::Old, Side::New),
            Side::New => (Side::New, Side::Old),
        };
        let place = |side: Side, at: &str| {
            let places = if side == Side::Old { &self.pair.old.1 } else { &self.pair.new.1 };
            places.get(at).map(|node| Ref { side, node: *node })
        };
        let (Some(from), Some(to)) = (place(from, at), place(to, there)) else { return Shown::No };
        self.prover.ask(from, to, reading)
    }
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod properties;
#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod sample;
#[cfg(test)]
mod tests;
