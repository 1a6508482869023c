//! The arguments of the tools: read into what is to be asked, or refused in words that a model can act on.

use super::options::DatabaseOptions;
use super::statement::{self, Command, Query};
use serde_json::{Map, Number, Value};

/// Largest whole number that the database's interface carries without loss.
const MOST_EXACT: u64 = 1 << 53;

/// What is to be asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// `query`: the statement, its values, and most rows.
    Query(Query, Vec<Bound>, u32),
    /// `execute`: the statement and its values.
    Execute(Command, Vec<Bound>),
    /// `describe_tables`: one table, or all of them.
    Describe(Option<String>),
}

/// A value that is bound to a parameter, and never part of a statement's text.
#[derive(Clone, Debug, PartialEq)]
pub enum Bound {
    /// `NULL`
    Null,
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
}

/// Why an order is not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No tool of that name, as where nothing may be written.
    #[error("there is no such tool")]
    Tool,
    /// An argument that is missing, or of another type.
    #[error("{0} is missing or not what it must be")]
    Argument(&'static str),
    /// A statement that is not run.
    #[error(transparent)]
    Statement(#[from] statement::Refused),
    /// A value that cannot be bound.
    #[error("a value is a text, a number, true, false or null; a whole number beyond 2^53 is given as a text")]
    Value,
    /// There is no such table.
    #[error("there is no table {0:?}")]
    Table(String),
    /// What the database says of the statement.
    #[error("the database refuses the statement: {0}")]
    Database(String),
}

impl Order {
    /// Reads the arguments of a tool. Where nothing may be written there is no tool that does.
    pub fn read(tool: &str, arguments: &Map<String, Value>, options: &DatabaseOptions) -> Result<Self, Refused> {
        match tool {
            "query" => {
                let (values, most) = (bound(arguments)?, options.most_rows());
                let wanted = arguments.get("max_rows").and_then(Value::as_u64);
                let wanted = wanted.map_or(most, |wanted| u32::try_from(wanted).unwrap_or(most));
                Ok(Self::Query(Query::admit(text(arguments)?, values.len())?, values, wanted.clamp(1, most)))
            }
            "execute" if options.writes => {
                let values = bound(arguments)?;
                Ok(Self::Execute(Command::admit(text(arguments)?, values.len(), options)?, values))
            }
            "describe_tables" => {
                let table = arguments.get("table").and_then(Value::as_str);
                Ok(Self::Describe(table.map(str::to_owned)))
            }
            _ => Err(Refused::Tool),
        }
    }
}

fn text(arguments: &Map<String, Value>) -> Result<&str, Refused> {
    arguments.get("sql").and_then(Value::as_str).ok_or(Refused::Argument("sql"))
}

fn bound(arguments: &Map<String, Value>) -> Result<Vec<Bound>, Refused> {
    let values = match arguments.get("params") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(values)) => values,
        Some(_) => return Err(Refused::Argument("params")),
    };
    let one = |value: &Value| match value {
        Value::Null => Ok(Bound::Null),
        Value::Bool(value) => Ok(Bound::Number(f64::from(u8::from(*value)))),
        Value::Number(number) => exact(number).map(Bound::Number),
        // The database would end it there.
        Value::String(text) if text.contains('\0') => Err(Refused::Value),
        Value::String(text) => Ok(Bound::Text(text.clone())),
        Value::Array(_) | Value::Object(_) => Err(Refused::Value),
    };
    values.iter().map(one).collect()
}

fn exact(number: &Number) -> Result<f64, Refused> {
    let magnitude = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
    let fits = magnitude.is_none_or(|magnitude| magnitude <= MOST_EXACT);
    number.as_f64().filter(|value| fits && value.is_finite()).ok_or(Refused::Value)
}

#[cfg(test)]
mod tests {
    use super::{Bound, Order, Refused};
    use crate::sql::options::DatabaseOptions;
    use serde_json::{Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn read(tool: &str, arguments: &Value, writes: bool) -> Result<Order, Refused> {
        let options = DatabaseOptions { binding: "DATA_A".into(), writes, statements: None, max_rows: Some(50) };
        Order::read(tool, arguments.as_object().unwrap(), &options)
    }

    #[test]
    fn there_is_no_tool_that_writes_where_nothing_may_be_written() {
        let order = json!({"sql": "DELETE FROM a"});
        assert_eq!(read("execute", &order, false), Err(Refused::Tool));
        assert!(matches!(read("execute", &order, true), Ok(Order::Execute(..))));
        assert!(matches!(read("query", &order, true), Err(Refused::Statement(_))));
        assert_eq!(read("drop_table", &json!({}), true), Err(Refused::Tool));
        assert_eq!(read("describe_tables", &json!({}), false), Ok(Order::Describe(None)));
    }

    #[test]
    fn values_are_bound_as_they_are_or_refused() {
        let values = |params: Value| match read("query", &json!({"sql": "SELECT ?1", "params": params}), false) {
            Ok(Order::Query(_, values, 50)) => Ok(values),
            Ok(other) => panic!("{other:?}"),
            Err(refused) => Err(refused),
        };
        for (value, bound) in [
            (json!(null), Bound::Null),
            (json!(true), Bound::Number(1.0)),
            (json!(-7), Bound::Number(-7.0)),
            (json!(0.5), Bound::Number(0.5)),
            (json!(9_007_199_254_740_992_u64), Bound::Number(9_007_199_254_740_992.0)),
            (json!("'; DROP TABLE a --"), Bound::Text("'; DROP TABLE a --".into())),
        ] {
            assert_eq!(values(json!([value.clone()])), Ok(vec![bound]), "{value}");
        }
        for value in [json!([]), json!({}), json!("a\0b"), json!(9_007_199_254_740_993_u64), json!(i64::MIN)] {
            assert_eq!(values(json!([value.clone()])), Err(Refused::Value), "{value}");
        }
    }

    #[test]
    fn rows_are_as_many_as_are_wanted_and_allowed() {
        for (wanted, rows) in [(json!(null), 50), (json!(7), 7), (json!(0), 1), (json!(1000), 50)] {
            match read("query", &json!({"sql": "SELECT 1", "max_rows": wanted}), false) {
                Ok(Order::Query(_, _, most)) => assert_eq!(most, rows),
                other => panic!("{other:?}"),
            }
        }
    }
}
