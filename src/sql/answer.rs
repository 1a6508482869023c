//! Rows within bounds, and tables.

use base64ct::{Base64, Encoding};
use serde::Serialize;
use serde_json::{Map, Value};

/// Most bytes of the rows of an answer, as JSON.
pub const MOST_BYTES: usize = 256 * 1024;
/// Longest text of one value, in bytes.
pub const MOST_VALUE_BYTES: usize = 32 * 1024;
/// Most columns of all tables together that are described.
pub const MOST_COLUMNS: u32 = 2_000;

/// What `query` answers.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Rows {
    /// The names of the columns, in their order.
    pub columns: Vec<String>,
    /// Each row's values, in the order of the columns.
    pub rows: Vec<Vec<Value>>,
    /// Whether there is more: further rows, or more of a value.
    pub truncated: bool,
}

/// What `execute` answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// How many rows were changed.
    pub changes: u64,
}

/// A table or view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// `table` or `view`.
    pub kind: String,
    /// Its columns, in their order.
    pub columns: Vec<Column>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its declared type.
    pub r#type: String,
    /// Whether it must have a value.
    pub required: bool,
    /// Whether it is part of the primary key.
    pub key: bool,
}

/// What `describe_tables` answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tables {
    /// The tables, in the order of their names.
    pub tables: Vec<Table>,
    /// Whether there is more.
    pub truncated: bool,
}

impl Rows {
    /// Rows as the database gives them: first the names of the columns, then every row. `None` where they are something else.
    pub fn of(raw: Value, most: u32) -> Option<Self> {
        let Value::Array(raw) = raw else { return None };
        let mut raw = raw.into_iter();
        let columns = match raw.next() {
            Some(names) => serde_json::from_value(names).ok()?,
            None => Vec::new(),
        };
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let (mut told, mut bytes) = (Self { columns, ..Self::default() }, 0);
        for row in raw {
            let Value::Array(values) = row else { return None };
            let mut cut = false;
            let values: Vec<Value> = values.into_iter().map(|value| shown(value, &mut cut)).collect();
            bytes += values.iter().map(|value| value.to_string().len() + 1).sum::<usize>();
            if told.rows.len() >= most || bytes > MOST_BYTES {
                told.truncated = true;
                break;
            }
            told.truncated |= cut;
            told.rows.push(values);
        }
        Some(told)
    }
}

impl Tables {
    /// Tables of rows that are columns, in the order of the tables' names: name and kind of the table, name and type of the column,
    /// whether it must have a value, and its place in the key.
    pub fn of(rows: Rows) -> Self {
        let mut told = Self { tables: Vec::new(), truncated: rows.truncated };
        for row in rows.rows {
            let text = |at: usize| row.get(at).and_then(Value::as_str).unwrap_or_default().to_owned();
            let flag = |at: usize| row.get(at).and_then(Value::as_u64).is_some_and(|number| number > 0);
            let column = Column { name: text(2), r#type: text(3), required: flag(4), key: flag(5) };
            let (name, kind) = (text(0), text(1));
            match told.tables.last_mut() {
                Some(last) if last.name == name => last.columns.push(column),
                _ => told.tables.push(Table { name, kind, columns: vec![column] }),
            }
        }
        told
    }

    /// The table of that name, as SQLite compares names.
    pub fn named(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name.eq_ignore_ascii_case(name))
    }
}

/// A value as it is shown: a text is cut between characters, and bytes come as base64.
fn shown(value: Value, cut: &mut bool) -> Value {
    match value {
        Value::String(text) => Value::String(shortened(text, cut)),
        Value::Array(bytes) => {
            let bytes: Vec<u8> =
                bytes.iter().filter_map(Value::as_u64).filter_map(|byte| u8::try_from(byte).ok()).collect();
            *cut |= bytes.len() > MOST_VALUE_BYTES;
            let some = bytes.get(..MOST_VALUE_BYTES).unwrap_or(&bytes);
            let text = Value::String(Base64::encode_string(some));
            Value::Object(Map::from_iter([("base64".to_owned(), text)]))
        }
        other => other,
    }
}

fn shortened(mut text: String, cut: &mut bool) -> String {
    if text.len() > MOST_VALUE_BYTES {
        *cut = true;
        text.truncate(text.floor_char_boundary(MOST_VALUE_BYTES));
    }
    text
}

/// What the database says of a statement, as it is told: the words about the statement, without the platform's own around them, and
/// without a place, which is counted in what the statement was put into. `None` where it is about something else.
pub fn complaint(message: &str) -> Option<String> {
    let rest = message.split_once("D1_ERROR: ").map(|(_, rest)| rest)?;
    let (words, code) = rest.split_once(": SQLITE_")?;
    let about = ["ERROR", "CONSTRAINT", "MISMATCH", "RANGE", "AUTH", "TOOBIG"];
    about.iter().any(|begin| code.starts_with(begin)).then(|| {
        let clean = |c: char| if c.is_control() { ' ' } else { c };
        let words = words.rsplit_once(" at offset ").map_or(words, |(words, _)| words);
        words.chars().take(300).map(clean).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::{Column, MOST_BYTES, MOST_COLUMNS, MOST_VALUE_BYTES, Rows, Tables, complaint};
    use serde_json::{Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn rows_are_as_many_as_are_wanted_and_more_are_said_to_be_there() {
        let raw = json!([["id", "id"], [1, null], [2, "b"], [3, 0.5]]);
        let told = Rows::of(raw.clone(), 2).unwrap();
        assert_eq!((told.columns.len(), told.rows.len(), told.truncated), (2, 2, true));
        let all = Rows::of(raw, 3).unwrap();
        assert_eq!((all.rows.len(), all.truncated), (3, false));
        assert_eq!(Rows::of(json!([]), 3), Some(Rows::default()));
        for odd in [json!({}), json!([1]), json!([["a"], 1])] {
            assert_eq!(Rows::of(odd, 1), None);
        }
    }

    #[test]
    fn an_answer_is_cut_between_rows_and_a_value_between_characters() {
        let long = "ü".repeat(MOST_VALUE_BYTES);
        let rows: Vec<Value> = std::iter::once(json!(["a"])).chain((0..100).map(|_| json!([long]))).collect();
        let told = Rows::of(Value::Array(rows), 1_000).unwrap();
        assert!(told.truncated && !told.rows.is_empty());
        assert!(serde_json::to_string(&told.rows).unwrap().len() <= MOST_BYTES + 1024);
        assert_eq!(told.rows[0][0].as_str().unwrap().len(), MOST_VALUE_BYTES);
        let odd = format!("a{long}");
        let told = Rows::of(json!([["a"], [odd]]), 5).unwrap();
        assert_eq!((told.rows[0][0].as_str().unwrap().len(), told.truncated), (MOST_VALUE_BYTES - 1, true));
    }

    #[test]
    fn bytes_are_shown_as_base64() {
        assert_eq!(Rows::of(json!([["b"], [[0, 255]]]), 5).unwrap().rows, [[json!({"base64": "AP8="})]]);
    }

    #[test]
    fn columns_become_tables_within_a_bound() {
        let of = |table: &str, name: &str| json!([table, "table", name, "TEXT", 1, 0]);
        let raw = json!([["name", "kind"], of("a", "x"), of("a", "y"), of("b", "x")]);
        let told = Tables::of(Rows::of(raw.clone(), MOST_COLUMNS).unwrap());
        assert_eq!((told.tables.len(), told.named("A").unwrap().columns.len(), told.truncated), (2, 2, false));
        let column = Column { name: "x".into(), r#type: "TEXT".into(), required: true, key: false };
        assert_eq!((told.named("b").unwrap().columns.as_slice(), told.named("c")), ([column].as_slice(), None));
        assert!(Tables::of(Rows::of(raw, 2).unwrap()).truncated);
    }

    #[test]
    fn what_the_database_says_of_a_statement_is_told_and_nothing_else() {
        let told = complaint("Error: D1_ERROR: no such column: x at offset 7: SQLITE_ERROR");
        assert_eq!(told.as_deref(), Some("no such column: x"));
        assert_eq!(
            complaint(
                "D1_ERROR: UNIQUE constraint failed: a.id: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_PRIMARYKEY)"
            ),
            Some("UNIQUE constraint failed: a.id".into())
        );
        for other in ["D1_ERROR: storage is away: SQLITE_IOERR", "Network connection lost.", "D1_ERROR: x", ""] {
            assert_eq!(complaint(other), None, "{other}");
        }
    }
}
