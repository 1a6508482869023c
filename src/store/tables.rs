//! What a tenant's own database says of itself. It is asked there, and not of the gateway's database.

use crate::sql::answer::Column;
use serde::Deserialize;

/// Every column of every table and view, in the order of their names, without what the database and the platform keep. `?1` the
/// most.
pub const TABLES: &str = "\
    WITH own AS MATERIALIZED ( \
        SELECT name, type FROM sqlite_schema \
        WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\' \
          AND lower(name) <> 'd1_migrations') \
    SELECT own.name AS name, own.type AS kind, shape.name AS column_name, shape.type AS column_type, \
           shape.\"notnull\" AS required, shape.pk AS key_part \
    FROM own JOIN pragma_table_info(own.name) AS shape ORDER BY own.name, shape.cid LIMIT ?1";

/// A row of [`TABLES`].
#[derive(Clone, Debug, Deserialize)]
pub struct ColumnRow {
    name: String,
    kind: String,
    column_name: String,
    column_type: String,
    required: u8,
    key_part: u32,
}

impl From<ColumnRow> for (String, String, Column) {
    fn from(row: ColumnRow) -> Self {
        let (required, key) = (row.required != 0, row.key_part != 0);
        (row.name, row.kind, Column { name: row.column_name, r#type: row.column_type, required, key })
    }
}
