//! The SQLite database inside each `Gate` object.
//!
//! Values are JSON of the types in [`crate::gate`]: the object reads them whole and writes them whole, and no statement
//! looks inside.

/// Tables, made when an object first runs. `parts` holds the bucket, quotas and slots, the throttle,
/// and when everything was ended last.
pub const SCHEMA: [&str; 4] = [
    "CREATE TABLE IF NOT EXISTS parts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
    "CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, value TEXT NOT NULL, expires_at INTEGER NOT NULL) STRICT",
    "CREATE TABLE IF NOT EXISTS revoked_tokens (id TEXT PRIMARY KEY, expires_at INTEGER NOT NULL) STRICT",
    "CREATE TABLE IF NOT EXISTS singles (id TEXT PRIMARY KEY, value TEXT NOT NULL, expires_at INTEGER NOT NULL) STRICT",
];

/// Name of the bucket in `parts`.
pub const BUCKET: &str = "bucket";
/// Name of what was used of quotas, in `parts`.
pub const QUOTAS: &str = "quotas";
/// Name of the slots of running calls, in `parts`.
pub const SLOTS: &str = "slots";
/// Name of the throttle in `parts`.
pub const THROTTLE: &str = "throttle";
/// Name of when everything was ended last, in `parts`.
pub const ENDED_ALL: &str = "ended_all";

/// `?1` name.
pub const READ_PART: &str = "SELECT value FROM parts WHERE name = ?1";
/// `?1` name, `?2` value.
pub const WRITE_PART: &str =
    "INSERT INTO parts (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
/// `?1` session.
pub const READ_SESSION: &str = "SELECT value FROM sessions WHERE id = ?1";
/// `?1` session, `?2` value, `?3` end of the session in milliseconds.
pub const WRITE_SESSION: &str = "\
    INSERT INTO sessions (id, value, expires_at) VALUES (?1, ?2, ?3) \
    ON CONFLICT (id) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at";
/// `?1` token.
pub const READ_REVOKED_TOKEN: &str = "SELECT id AS value FROM revoked_tokens WHERE id = ?1";
/// `?1` token, `?2` when it would have expired, in milliseconds.
pub const WRITE_REVOKED_TOKEN: &str =
    "INSERT INTO revoked_tokens (id, expires_at) VALUES (?1, ?2) ON CONFLICT (id) DO NOTHING";
/// Every session.
pub const READ_SESSIONS: &str = "SELECT value FROM sessions";
/// `?1` id.
pub const READ_SINGLE: &str = "SELECT value FROM singles WHERE id = ?1";
/// Every single thing.
pub const READ_SINGLES: &str = "SELECT id, value FROM singles";
/// `?1` id, `?2` value, `?3` when it may be forgotten, in milliseconds.
pub const WRITE_SINGLE: &str = "\
    INSERT INTO singles (id, value, expires_at) VALUES (?1, ?2, ?3) \
    ON CONFLICT (id) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at";
/// `?1` id.
pub const DELETE_SINGLE: &str = "DELETE FROM singles WHERE id = ?1";
/// `?1` now. A margin of an hour keeps an entry longer than any clock is wrong.
pub const DELETE_ENDED_SINGLES: &str = "DELETE FROM singles WHERE expires_at < ?1 - 3600000";
/// `?1` now.
pub const DELETE_ENDED_SESSIONS: &str = "DELETE FROM sessions WHERE expires_at < ?1";
/// `?1` now. A margin of an hour keeps an entry longer than any clock is wrong.
pub const DELETE_ENDED_TOKENS: &str = "DELETE FROM revoked_tokens WHERE expires_at < ?1 - 3600000";
