//! What an administrator decides of a database.

use super::is_binding;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Rows of an answer where nothing is said.
const USUAL_ROWS: u32 = 200;
/// Most rows of an answer.
pub const MOST_ROWS: u32 = 1_000;

/// A kind of statement that changes rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum Change {
    /// `INSERT`
    Insert,
    /// `UPDATE`
    Update,
    /// `DELETE`
    Delete,
    /// `REPLACE`, and what replaces rows that are in the way
    Replace,
}

impl Change {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Insert, Self::Update, Self::Delete, Self::Replace];

    /// The word that begins it.
    pub const fn as_word(self) -> &'static str {
        match self {
            Self::Insert => "INSERT",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
            Self::Replace => "REPLACE",
        }
    }
}

/// Which database an upstream is, and how it is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct DatabaseOptions {
    /// The database: the name of a binding that begins with `DATA_` and that the gateway's operator gave to the tenant.
    pub binding: String,
    /// Whether rows may be changed: without it there is no tool that does.
    #[serde(default)]
    pub writes: bool,
    /// Which statements change rows, with `writes`; all of them when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statements: Option<Vec<Change>>,
    /// Most rows of an answer: 1 to 1000, 200 when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_rows: Option<u32>,
}

/// What is wrong with the options.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDatabaseOptions {
    /// No name of a binding.
    #[error("binding begins with DATA_ and goes on in 1 to 40 capitals, digits and '_'")]
    Binding,
    /// Statements without writing, or none.
    #[error("statements are for writes, and there is one at least")]
    Statements,
    /// A number of rows out of bounds.
    #[error("max_rows is from 1 to {MOST_ROWS}")]
    Rows,
}

impl DatabaseOptions {
    /// Reads them as they are stored.
    pub fn stored(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().and_then(|value: Value| serde_json::from_value(value).ok())
    }

    /// Checks them.
    pub fn check(&self) -> Result<(), InvalidDatabaseOptions> {
        if !is_binding(&self.binding) {
            return Err(InvalidDatabaseOptions::Binding);
        }
        if self.statements.as_ref().is_some_and(|some| some.is_empty() || !self.writes) {
            return Err(InvalidDatabaseOptions::Statements);
        }
        if self.max_rows.is_some_and(|most| !(1..=MOST_ROWS).contains(&most)) {
            return Err(InvalidDatabaseOptions::Rows);
        }
        Ok(())
    }

    /// Most rows of an answer.
    pub fn most_rows(&self) -> u32 {
        self.max_rows.unwrap_or(USUAL_ROWS).clamp(1, MOST_ROWS)
    }

    /// Whether rows may be changed so.
    pub fn allows(&self, change: Change) -> bool {
        self.writes && self.statements.as_ref().is_none_or(|some| some.contains(&change))
    }
}

#[cfg(test)]
mod tests {
    use super::{Change, DatabaseOptions};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn read(text: &str) -> Result<DatabaseOptions, String> {
        let options: DatabaseOptions = serde_json::from_str(text).map_err(|error| error.to_string())?;
        options.check().map(|()| options).map_err(|error| error.to_string())
    }

    #[test]
    fn rows_are_changed_where_that_is_said_and_only_so() {
        let allowed = |text: &str| -> Vec<Change> {
            let options = read(text).unwrap();
            Change::ALL.into_iter().filter(|change| options.allows(*change)).collect()
        };
        assert_eq!(allowed(r#"{"binding": "DATA_A"}"#), []);
        assert_eq!(allowed(r#"{"binding": "DATA_A", "writes": true}"#), Change::ALL);
        let some = allowed(r#"{"binding": "DATA_A", "writes": true, "statements": ["insert", "delete"]}"#);
        assert_eq!(some, [Change::Insert, Change::Delete]);
    }

    #[test]
    fn what_is_out_of_bounds_or_unknown_is_refused() {
        for bad in [
            "{}",
            r#"{"binding": "DB"}"#,
            r#"{"binding": "DATA_A", "statements": ["insert"]}"#,
            r#"{"binding": "DATA_A", "writes": true, "statements": []}"#,
            r#"{"binding": "DATA_A", "writes": true, "statements": ["drop"]}"#,
            r#"{"binding": "DATA_A", "max_rows": 0}"#,
            r#"{"binding": "DATA_A", "max_rows": 1001}"#,
            r#"{"binding": "DATA_A", "tables": ["a"]}"#,
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert_eq!(read(r#"{"binding": "DATA_A", "max_rows": 7}"#).unwrap().most_rows(), 7);
    }
}
