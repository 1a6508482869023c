//! The SQLite database inside each `Metrics` object, and what of the gateway's database is measured.

use serde::Deserialize;

/// Tables, made when an object first runs. `series` and `measured` are JSON, as they are sent.
pub const SCHEMA: [&str; 3] = [
    "CREATE TABLE IF NOT EXISTS series (series TEXT PRIMARY KEY, measured TEXT NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS isolates (isolate TEXT PRIMARY KEY, number INTEGER NOT NULL, seen INTEGER NOT NULL) \
     STRICT, WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS activity (minute INTEGER NOT NULL, tenant TEXT NOT NULL, upstream TEXT NOT NULL, \
     counts TEXT NOT NULL, PRIMARY KEY (minute, tenant, upstream)) STRICT, WITHOUT ROWID",
];

/// Every series.
pub const ALL_SERIES: &str = "SELECT series, measured FROM series";
/// Stores series. `?1` JSON array of arrays: the text of a series, and the text of what it holds.
pub const WRITE_SERIES: &str = "\
    INSERT INTO series (series, measured) \
    SELECT value ->> 0, value ->> 1 FROM json_each(?1) WHERE true \
    ON CONFLICT (series) DO UPDATE SET measured = excluded.measured";
/// Isolates that were seen lately. `?1` a moment in milliseconds.
pub const ISOLATES: &str = "SELECT isolate, number, seen FROM isolates WHERE seen > ?1";
/// Notes the last flush of an isolate. `?1` isolate, `?2` number, `?3` now in milliseconds.
pub const NOTE_ISOLATE: &str = "\
    INSERT INTO isolates (isolate, number, seen) VALUES (?1, ?2, ?3) \
    ON CONFLICT (isolate) DO UPDATE SET number = excluded.number, seen = excluded.seen";
/// Forgets isolates. `?1` a moment in milliseconds: those that were not seen since.
pub const FORGET_ISOLATES: &str = "DELETE FROM isolates WHERE seen <= ?1";
/// What is stored of places. `?1` JSON array of arrays: minute, tenant, upstream.
pub const PLACES: &str = "\
    SELECT activity.minute AS minute, activity.tenant AS tenant, activity.upstream AS upstream, \
           activity.counts AS counts \
    FROM json_each(?1) AS asked JOIN activity ON activity.minute = asked.value ->> 0 \
         AND activity.tenant = asked.value ->> 1 AND activity.upstream = asked.value ->> 2";
/// Stores places. `?1` JSON array of arrays: minute, tenant, upstream, the text of what happened.
pub const WRITE_PLACES: &str = "\
    INSERT INTO activity (minute, tenant, upstream, counts) \
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?1) WHERE true \
    ON CONFLICT (minute, tenant, upstream) DO UPDATE SET counts = excluded.counts";
/// What happened, the latest first. `?1` the first minute, `?2` tenant or `NULL` for all, `?3` how many places at most.
pub const ACTIVITY: &str = "\
    SELECT minute, tenant, upstream, counts FROM activity \
    WHERE minute >= ?1 AND (?2 IS NULL OR tenant = ?2) ORDER BY minute DESC LIMIT ?3";
/// What happened in each hour, over all tenants: what the gateway itself answered (`own`), and calls of tools elsewhere. `?1` the first
/// minute, `?2` the name of the upstream that stands for the gateway's own tools.
pub const HOURS: &str = "\
    SELECT minute / 60 AS hour, upstream IN ('', ?2) AS own, \
           SUM(counts ->> 'ok' + counts ->> 'refused' + counts ->> 'limited') AS answered, SUM(counts ->> 'failed') AS failed \
    FROM activity WHERE minute >= ?1 GROUP BY 1, 2";
/// How long it all took: how many fell into each bucket of [`Times`](crate::metric::Times). `?1` the first minute.
pub const DURATIONS: &str = "\
    SELECT buckets.key AS bucket, SUM(buckets.value) AS count \
    FROM activity, json_each(activity.counts, '$.times.buckets') AS buckets WHERE minute >= ?1 GROUP BY 1";
/// Forgets places. `?1` a minute: what was before it.
pub const FORGET_PLACES: &str = "DELETE FROM activity WHERE minute < ?1";

/// How many things that upstreams offer are not as approved, over all tenants. It is asked of the gateway's database.
pub const PINS_THAT_WAIT: &str = "\
    SELECT standing, COUNT(*) AS pins FROM pins WHERE standing <> 'approved' GROUP BY standing";

/// A row of [`ALL_SERIES`].
#[derive(Clone, Debug, Deserialize)]
pub struct SeriesRow {
    /// The series, JSON.
    pub series: String,
    /// What it holds, JSON.
    pub measured: String,
}

/// A row of [`ISOLATES`].
#[derive(Clone, Debug, Deserialize)]
pub struct IsolateRow {
    /// Its id.
    pub isolate: String,
    /// The number of its last flush.
    pub number: u64,
    /// When that came, in milliseconds.
    pub seen: u64,
}

/// A row of [`PLACES`] or [`ACTIVITY`].
#[derive(Clone, Debug, Deserialize)]
pub struct PlaceRow {
    /// Minutes since 1970.
    pub minute: u64,
    /// The tenant's id.
    pub tenant: String,
    /// The upstream's name.
    pub upstream: String,
    /// What happened, JSON.
    pub counts: String,
}

/// A row of [`HOURS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct HourRow {
    /// Hours since 1970.
    pub hour: u64,
    /// 1 for what the gateway itself answered, 0 for calls of tools elsewhere.
    pub own: u8,
    /// How much was answered well, refused, or met a limit.
    pub answered: u64,
    /// How much could not be done.
    pub failed: u64,
}

/// A row of [`DURATIONS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct DurationRow {
    /// Which bucket, from 0.
    pub bucket: usize,
    /// How many fell into it.
    pub count: u64,
}

/// A row of [`PINS_THAT_WAIT`].
#[derive(Clone, Debug, Deserialize)]
pub struct PinsRow {
    /// How they stand.
    pub standing: String,
    /// How many.
    pub pins: u64,
}
