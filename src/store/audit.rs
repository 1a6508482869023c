//! The SQLite database inside each `AuditTrail` object.
//!
//! A record is kept as its canonical text, which is what is hashed and exported; what is asked for is looked up in that text,
//! so that nothing beside it could say something else. `open` is 1 for a call whose result is not there yet.

use serde::Deserialize;

/// Tables, made when an object first runs. `parts` holds the anchor and how long records are kept.
pub const SCHEMA: [&str; 3] = [
    "CREATE TABLE IF NOT EXISTS parts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
    "CREATE TABLE IF NOT EXISTS records (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, recorded INTEGER NOT NULL, \
     open INTEGER NOT NULL CHECK (open IN (0, 1)), record TEXT NOT NULL) STRICT",
    "CREATE INDEX IF NOT EXISTS records_recorded ON records (recorded)",
];

/// Name of the anchor in `parts`.
pub const ANCHOR: &str = "anchor";
/// Name of how many days records are kept, in `parts`.
pub const KEEP: &str = "keep";

/// `?1` name.
pub const READ_PART: &str = "SELECT value FROM parts WHERE name = ?1";
/// `?1` name, `?2` value.
pub const WRITE_PART: &str =
    "INSERT INTO parts (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
/// `?1` name.
pub const DELETE_PART: &str = "DELETE FROM parts WHERE name = ?1";
/// `?1` number, `?2` id, `?3` when it was taken in milliseconds, `?4` open, `?5` record.
pub const INSERT_RECORD: &str = "INSERT INTO records (seq, id, recorded, open, record) VALUES (?1, ?2, ?3, ?4, ?5)";
/// `?1` the id of a call whose result is there.
pub const CLOSE_CALL: &str = "UPDATE records SET open = 0 WHERE id = ?1 AND open = 1";
/// `?1` id.
pub const KNOWN: &str = "SELECT seq FROM records WHERE id = ?1";
/// The last record.
pub const LAST: &str = "SELECT seq, recorded, open, record FROM records ORDER BY seq DESC LIMIT 1";
/// The first number and the last.
pub const BOUNDS: &str = "SELECT (SELECT MIN(seq) FROM records) AS low, (SELECT MAX(seq) FROM records) AS high";
/// `?1` a moment in milliseconds: the first record that was taken then or later.
pub const FIRST_SINCE: &str = "SELECT seq FROM records WHERE recorded >= ?1 ORDER BY recorded, seq LIMIT 1";
/// `?1` a number, `?2` how many: the records after it.
pub const AFTER: &str = "SELECT seq, recorded, open, record FROM records WHERE seq > ?1 ORDER BY seq LIMIT ?2";
/// `?1` a moment in milliseconds, `?2` how many to look at from the front: the last of them that was taken before it.
pub const LAST_BEFORE: &str = "\
    SELECT seq, recorded, open, record FROM records WHERE seq = (\
    SELECT MAX(seq) FROM (SELECT seq, recorded FROM records ORDER BY seq LIMIT ?2) WHERE recorded < ?1)";
/// `?1` the last number to drop.
pub const DROP: &str = "DELETE FROM records WHERE seq <= ?1";

/// `?1` `?2` first and last number, `?3` beginning of the kind, `?4` user, `?5` tool, `?6` outcome, `?7` correlation id,
/// `?8` target, each `NULL` for any, and `?9` how many at most. The newest first.
pub const NEWEST: &str = "\
    SELECT seq, recorded, open, record FROM records WHERE seq BETWEEN ?1 AND ?2 \
    AND (?3 IS NULL OR substr(json_extract(record, '$.kind'), 1, length(?3)) = ?3) \
    AND (?4 IS NULL OR json_extract(record, '$.actor.user') = ?4) \
    AND (?5 IS NULL OR json_extract(record, '$.tool.name') = ?5) \
    AND (?6 IS NULL OR json_extract(record, '$.outcome') = ?6 OR (?6 = 'unknown' AND open = 1)) \
    AND (?7 IS NULL OR json_extract(record, '$.correlation') = ?7) \
    AND (?8 IS NULL OR json_extract(record, '$.target') = ?8) ORDER BY seq DESC LIMIT ?9";
/// The same, the oldest first.
pub const OLDEST: &str = "\
    SELECT seq, recorded, open, record FROM records WHERE seq BETWEEN ?1 AND ?2 \
    AND (?3 IS NULL OR substr(json_extract(record, '$.kind'), 1, length(?3)) = ?3) \
    AND (?4 IS NULL OR json_extract(record, '$.actor.user') = ?4) \
    AND (?5 IS NULL OR json_extract(record, '$.tool.name') = ?5) \
    AND (?6 IS NULL OR json_extract(record, '$.outcome') = ?6 OR (?6 = 'unknown' AND open = 1)) \
    AND (?7 IS NULL OR json_extract(record, '$.correlation') = ?7) \
    AND (?8 IS NULL OR json_extract(record, '$.target') = ?8) ORDER BY seq ASC LIMIT ?9";

/// A record as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RecordRow {
    /// Its number.
    pub seq: u64,
    /// When it was taken, in milliseconds since 1970.
    pub recorded: u64,
    /// 1 for a call without a result.
    pub open: u8,
    /// Its canonical text.
    pub record: String,
}

/// The number of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct SeqRow {
    /// The number.
    pub seq: u64,
}

/// The first number and the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct BoundsRow {
    /// The first; none when there are no records.
    pub low: Option<u64>,
    /// The last.
    pub high: Option<u64>,
}
