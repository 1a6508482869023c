//! What an expression may say: known names, known functions, and no more than can be evaluated in bounded time.

use super::{InvalidCondition, MAX_DEPTH, MAX_NODES};
use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, SelectExpr, operators};
use cel::parser::Expression;

const ARGUMENTS: &str = "arguments";
const NETWORK: &str = "network";
const TOOL: &str = "tool";

/// The names that have members, and which.
const MEMBERS: [(&str, &[&str]); 3] = [
    ("subject", &["user", "role", "key", "client", "groups", "service"]),
    (TOOL, &["kind", "name", "upstream", "read_only", "destructive", "idempotent", "open_world"]),
    ("now", &["millis", "hour", "minute", "weekday", "date"]),
];

/// The operators, and what the comprehensions are made of.
const OPERATORS: [&str; 20] = [
    operators::CONDITIONAL,
    operators::LOGICAL_AND,
    operators::LOGICAL_OR,
    operators::LOGICAL_NOT,
    operators::SUBSTRACT,
    operators::ADD,
    operators::MULTIPLY,
    operators::DIVIDE,
    operators::MODULO,
    operators::EQUALS,
    operators::NOT_EQUALS,
    operators::GREATER_EQUALS,
    operators::LESS_EQUALS,
    operators::GREATER,
    operators::LESS,
    operators::NEGATE,
    operators::INDEX,
    operators::IN,
    operators::NOT_STRICTLY_FALSE,
    "size",
];
const FUNCTIONS: [&str; 4] = ["int", "uint", "double", "string"];
const METHODS: [&str; 4] = ["size", "contains", "startsWith", "endsWith"];

/// What was found out on the way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// How many parts it has.
    pub nodes: u32,
    /// Whether it is about the arguments.
    pub mentions_arguments: bool,
    /// Whether it is about the thing.
    pub mentions_tool: bool,
}

/// Checks an expression.
pub(super) fn check(expression: &Expression) -> Result<Found, InvalidCondition> {
    let mut walk = Walk::default();
    walk.expression(expression)?;
    Ok(walk.found)
}

#[derive(Default)]
struct Walk {
    found: Found,
    depth: u32,
    /// The variables of the comprehension that is being read.
    bound: Vec<String>,
}

impl Walk {
    fn expression(&mut self, expression: &Expression) -> Result<(), InvalidCondition> {
        self.depth += 1;
        self.found.nodes += 1;
        if self.depth > MAX_DEPTH {
            return Err(InvalidCondition::TooDeep);
        }
        if self.found.nodes > MAX_NODES {
            return Err(InvalidCondition::TooLarge);
        }
        self.part(&expression.expr)?;
        self.depth -= 1;
        Ok(())
    }

    fn part(&mut self, part: &Expr) -> Result<(), InvalidCondition> {
        match part {
            Expr::Literal(_) => Ok(()),
            Expr::Ident(name) => self.name(name),
            Expr::Select(select) => self.select(select),
            Expr::Call(call) => self.call(call),
            Expr::List(list) => list.elements.iter().try_for_each(|element| self.expression(element)),
            Expr::Map(map) => map.entries.iter().try_for_each(|entry| match &entry.expr {
                EntryExpr::MapEntry(entry) => {
                    self.expression(&entry.key)?;
                    self.expression(&entry.value)
                }
                EntryExpr::StructField(_) => Err(InvalidCondition::NotOffered),
            }),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
            Expr::Struct(_) | Expr::Unspecified => Err(InvalidCondition::NotOffered),
        }
    }

    fn name(&mut self, name: &str) -> Result<(), InvalidCondition> {
        if name == NETWORK || self.bound.iter().any(|bound| bound == name) {
            return Ok(());
        }
        match global(name) {
            Some((name, _)) => Err(InvalidCondition::WithoutMember(name)),
            None => Err(InvalidCondition::UnknownName(name.chars().take(64).collect())),
        }
    }

    fn select(&mut self, select: &SelectExpr) -> Result<(), InvalidCondition> {
        let Expr::Ident(name) = &select.operand.expr else { return self.expression(&select.operand) };
        match global(name) {
            Some((ARGUMENTS, _)) => {
                self.found.mentions_arguments = true;
                Ok(())
            }
            Some((of, _)) if select.test => Err(InvalidCondition::AlwaysThere(of)),
            Some((of, members)) if members.contains(&select.field.as_str()) => {
                self.found.mentions_tool |= of == TOOL;
                Ok(())
            }
            Some((of, _)) => {
                Err(InvalidCondition::UnknownMember { of, member: select.field.chars().take(64).collect() })
            }
            None => self.expression(&select.operand),
        }
    }

    fn call(&mut self, call: &CallExpr) -> Result<(), InvalidCondition> {
        let name = call.func_name.as_str();
        let known = match &call.target {
            Some(_) => METHODS.contains(&name),
            None => OPERATORS.contains(&name) || FUNCTIONS.contains(&name),
        };
        if !known {
            return Err(InvalidCondition::UnknownFunction(name.chars().take(64).collect()));
        }
        if let Some(target) = &call.target {
            self.expression(target)?;
        }
        // The two operators that take the arguments as a whole, and on which side.
        let whole = match name {
            operators::INDEX => Some(0),
            operators::IN => Some(1),
            _ => None,
        };
        call.args.iter().enumerate().try_for_each(|(at, argument)| match &argument.expr {
            Expr::Ident(name) if name == ARGUMENTS && whole == Some(at) => {
                self.found.mentions_arguments = true;
                Ok(())
            }
            _ => self.expression(argument),
        })
    }

    fn comprehension(&mut self, comprehension: &ComprehensionExpr) -> Result<(), InvalidCondition> {
        self.expression(&comprehension.iter_range)?;
        self.expression(&comprehension.accu_init)?;
        if !self.bound.is_empty() {
            return Err(InvalidCondition::Nested);
        }
        let variables = [Some(&comprehension.iter_var), comprehension.iter_var2.as_ref()];
        for name in variables.into_iter().flatten() {
            if name == NETWORK || global(name).is_some() {
                return Err(InvalidCondition::UnknownName(name.chars().take(64).collect()));
            }
            self.bound.push(name.clone());
        }
        self.bound.push(comprehension.accu_var.clone());
        for part in [&comprehension.loop_cond, &comprehension.loop_step, &comprehension.result] {
            self.expression(part)?;
        }
        self.bound.clear();
        Ok(())
    }
}

/// The name that means something everywhere, and its members; those of the arguments are not known.
fn global(name: &str) -> Option<(&'static str, &'static [&'static str])> {
    if name == ARGUMENTS {
        return Some((ARGUMENTS, &[]));
    }
    MEMBERS.into_iter().find(|(global, _)| *global == name)
}
