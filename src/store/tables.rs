//! What a tenant's own database says of itself. It is asked there, and not of the gateway's database.

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
