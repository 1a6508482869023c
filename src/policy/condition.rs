//! Conditions in the Common Expression Language (CEL, github.com/google/cel-spec), as a rule's `when` has them.
//!
//! | name | what it is |
//! |---|---|
//! | `arguments` | the call's arguments, by member: `arguments.amount`, `arguments["user-id"]`, `has(arguments.x)`, `"x" in arguments` |
//! | `subject.user` `.role` `.key` `.client` `.groups` `.service` | who asks; `key` and `client` are `null` where there is none |
//! | `tool.kind` `.name` `.upstream` `.read_only` `.destructive` `.idempotent` `.open_world` | what is asked about; `upstream` is `null` for the gateway's own |
//! | `now.millis` `.hour` `.minute` `.weekday` `.date` | UTC; `weekday` is 0 on Sundays, `date` is a text such as `2026-11-27` |
//! | `network` | where the request came from, or `null` |
//!
//! A condition is checked when it is written: a name, a member or a function that there is not is refused then. An evaluation
//! is bounded: the expression is small, comprehensions do not nest, there are no regular expressions, and every value taken
//! out of the arguments is paid for out of a purse.

use super::facts::Facts;
use super::value::{Arguments, Purse, convert_text, convert_texts};
use crate::catalogue::naming::Prefix;
use crate::id::ApiKeyId;
use cel::common::types::{CelBool, CelInt, CelString};
use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;
use cel::parser::{Expression, PrattParser};
use cel::{Context, Env, ExecutionError};
use serde::Serialize;
use std::sync::{Arc, OnceLock};

mod check;

/// Longest condition, in bytes.
pub const MAX_BYTES: usize = 1024;
/// Deepest expression.
pub const MAX_DEPTH: u32 = 32;
/// Most parts of an expression.
pub const MAX_NODES: u32 = 256;
/// Most steps of one evaluation: parts of the expression times values of the arguments.
pub const MAX_STEPS: u32 = 100_000;

const MILLIS_OF_A_DAY: u64 = 86_400_000;

/// Why a text is no condition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCondition {
    /// Longer than allowed.
    #[error("a condition has at most {MAX_BYTES} bytes")]
    TooLong,
    /// Not an expression of the language.
    #[error("line {line}, column {column}: {reason}")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What the parser says, cut to 128 characters.
        reason: String,
    },
    /// Nested deeper than allowed.
    #[error("the expression is nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// More parts than allowed.
    #[error("the expression has more than {MAX_NODES} parts")]
    TooLarge,
    /// A name that means nothing.
    #[error("there is no {0:?}: the names are arguments, subject, tool, now and network")]
    UnknownName(String),
    /// A member that there is not.
    #[error("{of} has no {member:?}")]
    UnknownMember {
        /// Of what.
        of: &'static str,
        /// The member.
        member: String,
    },
    /// A function that there is not.
    #[error("there is no function {0:?}")]
    UnknownFunction(String),
    /// `subject`, `tool`, `now` or `arguments` without a member.
    #[error("{0} stands for nothing by itself: name a member of it")]
    WithoutMember(&'static str),
    /// `has` of something that is always there.
    #[error("{0} has all its members always: compare with null")]
    AlwaysThere(&'static str),
    /// A comprehension within another.
    #[error("all, exists, exists_one, map and filter do not stand within each other")]
    Nested,
    /// A part of the language that is not offered.
    #[error("messages are not offered")]
    NotOffered,
}

/// Why an evaluation came to nothing. It carries no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// A member that is not there.
    #[error("a member is missing")]
    Missing,
    /// Values of types that do not go together.
    #[error("the types do not go together")]
    Types,
    /// Something else than true or false came out.
    #[error("neither true nor false")]
    NotBoolean,
    /// The arguments are too much to look through.
    #[error("too much to look through")]
    TooMuch,
    /// Division by zero, an overflow, an index outside, a text that is no number.
    #[error("impossible")]
    Impossible,
}

/// What came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// It depends on arguments, which are not known.
    Unknown,
    /// Nothing.
    Failed(Failure),
}

/// A condition, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    expression: Expression,
    mentions_arguments: bool,
    mentions_tool: bool,
    /// How many values of the arguments one evaluation may look at.
    purse: u32,
}

impl Condition {
    /// Reads and checks an expression.
    pub fn parse(text: &str) -> Result<Self, InvalidCondition> {
        if text.len() > MAX_BYTES {
            return Err(InvalidCondition::TooLong);
        }
        let parser = PrattParser::new().max_recursion_depth(64).error_recovery_limit(1);
        let expression = parser.parse(text).map_err(|errors| syntax(&errors))?;
        let found = check::check(&expression)?;
        let purse = MAX_STEPS / found.nodes.max(1);
        let (mentions_arguments, mentions_tool) = (found.mentions_arguments, found.mentions_tool);
        Ok(Self { expression, mentions_arguments, mentions_tool, purse })
    }

    /// Whether it is about the arguments of a call, so that it may come out either way before they are known.
    pub const fn mentions_arguments(&self) -> bool {
        self.mentions_arguments
    }

    /// Whether it is about the thing, so that it may come out otherwise for another.
    pub const fn mentions_tool(&self) -> bool {
        self.mentions_tool
    }

    /// What comes out with these facts. Without arguments it is [`Outcome::True`] or [`Outcome::False`] only where it is so
    /// with any: `&&` and `||` are decided by one side alone.
    pub fn evaluate(&self, facts: &Facts<'_>) -> Outcome {
        let known = Known { facts, purse: Purse::new(self.purse) };
        let mut context = Context::with_env(environment());
        context.set_variable_resolver(&known);
        let result = cel::Value::resolve_val(&self.expression, &context);
        let truth = result.map(|value| value.downcast_ref::<CelBool>().map(|truth| *truth.inner()));
        match truth {
            _ if known.purse.is_empty() => Outcome::Failed(Failure::TooMuch),
            Ok(Some(true)) => Outcome::True,
            Ok(Some(false)) => Outcome::False,
            Ok(None) => Outcome::Failed(Failure::NotBoolean),
            Err(_) if self.mentions_arguments && facts.arguments.is_none() => Outcome::Unknown,
            Err(error) => Outcome::Failed(failure(&error)),
        }
    }
}

fn syntax(errors: &cel::ParseErrors) -> InvalidCondition {
    let place = |at: isize| usize::try_from(at).unwrap_or_default();
    let first = errors.errors.first();
    let (line, column) = first.map_or((0, 0), |error| (place(error.pos.0), place(error.pos.1)));
    let reason = first.map_or("not an expression", |error| error.msg.as_str());
    InvalidCondition::Syntax { line, column, reason: reason.chars().take(128).collect() }
}

fn failure(error: &ExecutionError) -> Failure {
    match error {
        ExecutionError::NoSuchKey(_) | ExecutionError::UndeclaredReference(_) => Failure::Missing,
        ExecutionError::NoSuchOverload(_)
        | ExecutionError::UnexpectedType { .. }
        | ExecutionError::ValuesNotComparable(..)
        | ExecutionError::UnsupportedBinaryOperator(..) => Failure::Types,
        _ => Failure::Impossible,
    }
}

/// The functions of the language, made once: they are the same for everybody.
fn environment() -> Arc<Env> {
    static ENVIRONMENT: OnceLock<Arc<Env>> = OnceLock::new();
    let made = ENVIRONMENT.get_or_init(|| Arc::new(Env::default().with_optional_support(false).with_stdlib()));
    Arc::clone(made)
}

/// What the names of a condition mean.
struct Known<'a> {
    facts: &'a Facts<'a>,
    purse: Purse,
}

impl VariableResolver for Known<'_> {
    /// Asked for `a.b.c` as a whole first, then for what it begins with.
    fn resolve<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        let value = match name.split_once('.') {
            Some(("subject", member)) => self.subject(member),
            Some(("tool", member)) => self.tool(member),
            Some(("now", member)) => self.now(member),
            Some(("arguments", path)) => self.arguments()?.at(path),
            None if name == "network" => Some(convert_text(self.facts.subject.network.as_deref())),
            None if name == "arguments" => self.arguments().map(|all| Box::new(all) as Box<dyn Val + 'b>),
            _ => None,
        };
        value.map(CowVal::Owned)
    }
}

impl Known<'_> {
    fn arguments(&self) -> Option<Arguments<'_>> {
        self.facts.arguments.map(|members| Arguments { members, purse: &self.purse })
    }

    fn subject<'b>(&'b self, member: &str) -> Option<Box<dyn Val + 'b>> {
        let subject = self.facts.subject;
        Some(match member {
            "user" => convert_text(Some(subject.user.as_str())),
            "role" => convert_text(Some(subject.role.as_str())),
            "key" => convert_text(subject.key.as_ref().map(ApiKeyId::as_str)),
            "client" => convert_text(subject.client.as_deref()),
            "groups" => convert_texts(&subject.groups),
            "service" => Box::new(CelBool::from(subject.service)),
            _ => return None,
        })
    }

    fn tool<'b>(&'b self, member: &str) -> Option<Box<dyn Val + 'b>> {
        let (thing, hints) = (self.facts.thing, self.facts.thing.hints);
        let truth = |value: bool| -> Box<dyn Val + 'b> { Box::new(CelBool::from(value)) };
        Some(match member {
            "kind" => convert_text(Some(thing.kind.as_str())),
            "name" => convert_text(Some(thing.name)),
            "upstream" => convert_text(thing.upstream.map(Prefix::as_str)),
            "read_only" => truth(hints.read_only),
            "destructive" => truth(hints.destructive),
            "idempotent" => truth(hints.idempotent),
            "open_world" => truth(hints.open_world),
            _ => return None,
        })
    }

    fn now<'b>(&'b self, member: &str) -> Option<Box<dyn Val + 'b>> {
        let now = self.facts.now;
        let number = match member {
            "millis" => now.millis(),
            "hour" => now.seconds() / 3600 % 24,
            "minute" => now.seconds() / 60 % 60,
            // 1970-01-01 was a Thursday.
            "weekday" => (now.millis() / MILLIS_OF_A_DAY + 4) % 7,
            "date" => {
                let (year, month, day) = now.date();
                return Some(Box::new(CelString::from(format!("{year:04}-{month:02}-{day:02}"))));
            }
            _ => return None,
        };
        Some(Box::new(CelInt::from(i64::try_from(number).unwrap_or(i64::MAX))))
    }
}

#[cfg(test)]
mod tests;
