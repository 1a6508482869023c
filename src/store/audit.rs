//! The SQLite database inside each `AuditTrail` object.
//!
//! A record is kept as its canonical text, which is what is hashed and exported; what is asked for is looked up in that text,
//! so that nothing beside it could say something else. `id` is what a trail tells records apart by (`Draft::key`), so that a
//! call's result is found without being marked at the call: each row that is written costs as much as a thousand that are read.
//! `open` is 1 for a call; trails of before set it to 0 where the result was there.

use serde::Deserialize;

/// Tables, made when an object first runs. `parts` holds the anchor and how long records are kept.
pub const SCHEMA: [&str; 3] = [
    "CREATE TABLE IF NOT EXISTS parts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
    "CREATE TABLE IF NOT EXISTS records (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, recorded INTEGER NOT NULL, \
     open INTEGER NOT NULL CHECK (open IN (0, 1)), record TEXT NOT NULL) STRICT",
    // Trails had an index of times: a row more to write for each record, for what is seldom asked.
    "DROP INDEX IF EXISTS records_recorded",
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
/// `?1` number, `?2` key, `?3` when it was taken in milliseconds, `?4` 1 for a call, `?5` record.
pub const INSERT_RECORD: &str = "INSERT INTO records (seq, id, recorded, open, record) VALUES (?1, ?2, ?3, ?4, ?5)";
/// `?1` JSON array of keys: those that are there.
pub const KNOWN: &str = "SELECT id FROM records WHERE id IN (SELECT value FROM json_each(?1))";
/// The last record.
pub const LAST: &str = "SELECT seq, recorded, record FROM records ORDER BY seq DESC LIMIT 1";
/// The first number and the last.
pub const BOUNDS: &str = "SELECT (SELECT MIN(seq) FROM records) AS low, (SELECT MAX(seq) FROM records) AS high";
/// `?1` a moment in milliseconds: the first record that was taken then or later. None was taken before the one before it, so
/// each look leaves half of what is between `low` and `high`, with records missing in between or not.
pub const FIRST_SINCE: &str = "\
    WITH RECURSIVE halves (low, high) AS (\
    SELECT MIN(seq), MAX(seq) + 1 FROM records \
    UNION ALL \
    SELECT iif(records.recorded < ?1, records.seq + 1, low), iif(records.recorded < ?1, high, (low + high) / 2) \
    FROM halves JOIN records ON records.seq = (SELECT MIN(seq) FROM records WHERE seq >= (low + high) / 2) \
    WHERE low < high) \
    SELECT seq FROM records WHERE seq >= (SELECT low FROM halves WHERE low = high) ORDER BY seq LIMIT 1";
/// `?1` a number, `?2` how many: the records after it.
pub const AFTER: &str = "SELECT seq, recorded, record FROM records WHERE seq > ?1 ORDER BY seq LIMIT ?2";
/// `?1` a moment in milliseconds, `?2` how many to look at from the front: the last of them that was taken before it.
pub const LAST_BEFORE: &str = "\
    SELECT seq, recorded, record FROM records WHERE seq = (\
    SELECT MAX(seq) FROM (SELECT seq, recorded FROM records ORDER BY seq LIMIT ?2) WHERE recorded < ?1)";
/// `?1` the last number to drop.
pub const DROP: &str = "DELETE FROM records WHERE seq <= ?1";

/// `?1` `?2` first and last number, `?3` beginning of the kind, `?4` user, `?5` tool, `?6` outcome, `?7` correlation id,
/// `?8` target, `?9` a text in it, each `NULL` for any, and `?10` how many at most. The newest first.
pub const NEWEST: &str = "\
    SELECT seq, recorded, record, \
    open AND NOT EXISTS (SELECT 1 FROM records AS result WHERE result.id = records.id || '/result') AS unknown \
    FROM records WHERE seq BETWEEN ?1 AND ?2 \
    AND (?3 IS NULL OR substr(json_extract(record, '$.kind'), 1, length(?3)) = ?3) \
    AND (?4 IS NULL OR json_extract(record, '$.actor.user') = ?4) \
    AND (?5 IS NULL OR json_extract(record, '$.tool.name') = ?5) \
    AND (?6 IS NULL OR json_extract(record, '$.outcome') = ?6 OR (?6 = 'unknown' AND unknown)) \
    AND (?7 IS NULL OR json_extract(record, '$.correlation') = ?7) \
    AND (?8 IS NULL OR json_extract(record, '$.target') = ?8) \
    AND (?9 IS NULL OR instr(lower(record), lower(?9)) > 0) ORDER BY seq DESC LIMIT ?10";
/// The same, the oldest first.
pub const OLDEST: &str = "\
    SELECT seq, recorded, record, \
    open AND NOT EXISTS (SELECT 1 FROM records AS result WHERE result.id = records.id || '/result') AS unknown \
    FROM records WHERE seq BETWEEN ?1 AND ?2 \
    AND (?3 IS NULL OR substr(json_extract(record, '$.kind'), 1, length(?3)) = ?3) \
    AND (?4 IS NULL OR json_extract(record, '$.actor.user') = ?4) \
    AND (?5 IS NULL OR json_extract(record, '$.tool.name') = ?5) \
    AND (?6 IS NULL OR json_extract(record, '$.outcome') = ?6 OR (?6 = 'unknown' AND unknown)) \
    AND (?7 IS NULL OR json_extract(record, '$.correlation') = ?7) \
    AND (?8 IS NULL OR json_extract(record, '$.target') = ?8) \
    AND (?9 IS NULL OR instr(lower(record), lower(?9)) > 0) ORDER BY seq ASC LIMIT ?10";

/// A row of [`KNOWN`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct KnownRow {
    /// The key of a record.
    pub id: String,
}

/// A record as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RecordRow {
    /// Its number.
    pub seq: u64,
    /// When it was taken, in milliseconds since 1970.
    pub recorded: u64,
    /// 1 for a call without a result, where that is asked for.
    #[serde(default)]
    pub unknown: u8,
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
