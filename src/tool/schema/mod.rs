//! Arguments against a tool's JSON Schema (draft 2020-12; 2019-09, draft-07 and draft-06 where they agree with it).
//!
//! Three rules hold whatever a schema says: nothing is ever fetched, so a reference that leaves the document is refused
//! when the schema is compiled; the work of one check is bounded, whoever wrote the schema and the arguments; and a schema
//! that cannot be checked exactly is refused, never checked approximately. `format` and the `content*` keywords are
//! annotations, as the 2020-12 dialect has it (JSON Schema Validation, sections 7.2.1 and 8).
//! Why the validator is our own: `docs/decisions/0001-json-schema-validator.md`.

mod check;
mod compile;
mod equal;
pub mod inclusion;
mod pattern;

pub use equal::whole as whole_number;
pub use pattern::PatternError;

use serde_json::{Map, Number, Value};
use std::collections::HashMap;

/// Longest schema, in bytes of compact JSON.
pub const MAX_SCHEMA_BYTES: usize = 64 * 1024;
/// Deepest nesting of a schema document.
pub const MAX_SCHEMA_DEPTH: usize = 64;
/// Most violations one check reports.
pub const MAX_VIOLATIONS: usize = 16;
/// Steps one check may take: a keyword, a member or one move of a pattern costs one.
const PURSE: u32 = 2_000_000;
/// Deepest chain of subschemas in one check, references included.
const MAX_CHECK_DEPTH: usize = 200;

/// Why a schema cannot be used. `at` is a JSON pointer into the schema, cut to 128 characters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// More bytes than [`MAX_SCHEMA_BYTES`].
    #[error("the schema is longer than {MAX_SCHEMA_BYTES} bytes")]
    TooLarge,
    /// More nesting than [`MAX_SCHEMA_DEPTH`].
    #[error("the schema is nested deeper than {MAX_SCHEMA_DEPTH} levels")]
    TooDeep,
    /// `$schema` names a dialect that is not supported.
    #[error("the schema's dialect is not supported")]
    UnknownDialect,
    /// A keyword has a value it may not have.
    #[error("the schema's {at:?} is not what that keyword takes")]
    Malformed {
        /// Where.
        at: String,
    },
    /// A keyword that is not supported here.
    #[error("the schema's {at:?} is not supported")]
    Unsupported {
        /// Where.
        at: String,
    },
    /// A reference to another document, which is never fetched.
    #[error("the schema's {at:?} refers outside the schema")]
    RemoteReference {
        /// Where.
        at: String,
    },
    /// A reference to something the document does not have.
    #[error("the schema's {at:?} refers to nothing")]
    DanglingReference {
        /// Where.
        at: String,
    },
    /// A pattern that cannot be used.
    #[error("the schema's {at:?} {reason}")]
    Pattern {
        /// Where.
        at: String,
        /// Why.
        reason: PatternError,
    },
}

/// One thing wrong with the arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// JSON pointer (RFC 6901) of the offending value, empty for the arguments themselves; cut to 256 characters.
    pub pointer: String,
    /// What is wrong, as the end of a sentence that starts with the pointer. It quotes the schema, never the value.
    pub problem: String,
}

/// A compiled schema.
#[derive(Debug, Clone)]
pub struct Schema {
    nodes: Vec<Node>,
    root: usize,
    follows_evaluation: bool,
}

/// One subschema.
#[derive(Debug, Clone)]
enum Node {
    Always,
    Never,
    /// Every rule must hold; in the order they must run, so `unevaluated…` stands last.
    Rules(Vec<Rule>),
}

#[derive(Debug, Clone)]
enum Rule {
    Reference(usize),
    Types(Vec<Kind>),
    OneOfValues { canonical: Vec<String>, shown: String },
    Bound(Bound, Number),
    MultipleOf(Number),
    MinLength(u64),
    MaxLength(u64),
    Pattern(Box<pattern::Pattern>, String),
    Items { prefix: Vec<usize>, rest: Option<usize> },
    Contains { node: usize, min: u64, max: Option<u64> },
    MinItems(u64),
    MaxItems(u64),
    UniqueItems,
    Properties(Box<Properties>),
    PropertyNames(usize),
    MinProperties(u64),
    MaxProperties(u64),
    Required(Vec<String>),
    DependentRequired(Vec<(String, Vec<String>)>),
    DependentSchemas(Vec<(String, usize)>),
    AllOf(Vec<usize>),
    AnyOf(Vec<usize>),
    OneOf(Vec<usize>),
    Not(usize),
    If { test: usize, then: Option<usize>, otherwise: Option<usize> },
    UnevaluatedItems(usize),
    UnevaluatedProperties(usize),
}

#[derive(Debug, Clone, Default)]
struct Properties {
    named: HashMap<String, usize>,
    matching: Vec<(pattern::Pattern, usize)>,
    additional: Option<usize>,
}

impl Properties {
    /// The subschemas that `properties` and its relatives apply to a member. Where finding them out costs more than is left, none,
    /// and what is left is `exhausted`.
    fn applying(&self, name: &str, purse: &mut Purse, exhausted: &mut bool) -> Vec<usize> {
        let nodes = self.found(name, purse);
        *exhausted |= nodes.is_none();
        nodes.unwrap_or_default()
    }

    fn found(&self, name: &str, purse: &mut Purse) -> Option<Vec<usize>> {
        let mut nodes: Vec<usize> = self.named.get(name).copied().into_iter().collect();
        for (pattern, node) in &self.matching {
            if pattern.matches(name, purse)? {
                nodes.push(*node);
            }
        }
        if nodes.is_empty() {
            nodes.extend(self.additional);
        }
        Some(nodes)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    Minimum,
    Maximum,
    ExclusiveMinimum,
    ExclusiveMaximum,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Null,
    Boolean,
    Integer,
    Number,
    String,
    Array,
    Object,
}

/// What a check may still spend.
#[derive(Debug)]
struct Purse {
    left: u32,
}

impl Purse {
    fn new(steps: u32) -> Self {
        Self { left: steps }
    }

    /// Takes the price of a step; `false`, for good, once it cannot be paid.
    fn pay(&mut self, steps: usize) -> bool {
        let price = u32::try_from(steps).unwrap_or(u32::MAX);
        let left = self.left.checked_sub(price);
        self.left = left.unwrap_or(0);
        left.is_some()
    }
}

impl Schema {
    /// Compiles a schema whose root is an object, as a tool's `inputSchema` and `outputSchema` are.
    pub fn compile(schema: &Map<String, Value>) -> Result<Self, SchemaError> {
        Self::compile_value(&Value::Object(schema.clone()))
    }

    /// Compiles any schema, `true` and `false` included.
    pub fn compile_value(schema: &Value) -> Result<Self, SchemaError> {
        compile::compile(schema)
    }

    /// Checks a value; at most [`MAX_VIOLATIONS`] violations come back. A check that would cost more than allowed fails.
    pub fn validate(&self, value: &Value) -> Result<(), Vec<Violation>> {
        check::check(self, value, Purse::new(PURSE))
    }
}

#[cfg(test)]
mod tests;
