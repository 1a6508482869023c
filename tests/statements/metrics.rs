//! The statements of a metrics object's own database, and of what the gateway's database is asked for metrics.

use super::of_servers::two_tenants_with_servers;
use super::{NOW, count, read, run};
use mcp_secure_gateway::id::TenantId;
use mcp_secure_gateway::metric::activity::{BUILT_IN, Counts, Place};
use mcp_secure_gateway::metric::{BOUNDS, Family, Label, Measured, Series};
use mcp_secure_gateway::store::metrics::{self, DurationRow, HourRow, IsolateRow, PinsRow, PlaceRow, SeriesRow};
use mcp_secure_gateway::time::Lifetime;
use rusqlite::{Connection, params};
use serde_json::json;

/// An object's database, whose tables were made twice.
fn object() -> Connection {
    let database = Connection::open_in_memory().unwrap();
    for table in metrics::SCHEMA.iter().chain(&metrics::SCHEMA) {
        database.execute(table, []).unwrap();
    }
    database
}

fn text(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

#[test]
fn a_series_is_stored_once_and_read_as_it_was() {
    let database = object();
    let hostile: Label = "a \"quoted\" \\ back\u{2028}slash".into();
    let series = Series(Family::ToolCalls, vec!["acme".into(), "files".into(), hostile, "ok".into()]);
    for calls in [1, 7] {
        let rows =
            [(text(&series), text(&Measured::Count(calls))), (text(&Series(Family::Leases, Vec::new())), "3".into())];
        run(&database, metrics::WRITE_SERIES, params![text(&rows)]).unwrap();
    }
    let rows: Vec<SeriesRow> = read(&database, metrics::ALL_SERIES, []);
    assert_eq!(rows.len(), 2);
    let found = rows.iter().find(|row| serde_json::from_str::<Series>(&row.series).unwrap() == series).unwrap();
    assert_eq!(serde_json::from_str::<Measured>(&found.measured).unwrap(), Measured::Count(7));
}

#[test]
fn the_last_flush_of_an_isolate_is_known_until_it_is_forgotten() {
    let database = object();
    for (isolate, number, seen) in [("a", 1, NOW), ("b", 4, NOW + 5), ("a", 2, NOW + 9)] {
        run(&database, metrics::NOTE_ISOLATE, params![isolate, number, seen]).unwrap();
    }
    let known = || -> Vec<(String, u64)> {
        let mut rows: Vec<IsolateRow> = read(&database, metrics::ISOLATES, [NOW]);
        rows.sort_by(|one, other| one.isolate.cmp(&other.isolate));
        rows.into_iter().map(|row| (row.isolate, row.number)).collect()
    };
    assert_eq!(known(), [("a".to_owned(), 2), ("b".to_owned(), 4)]);
    assert_eq!(run(&database, metrics::FORGET_ISOLATES, [NOW + 5]), Ok(1));
    assert_eq!(known(), [("a".to_owned(), 2)]);
    assert_eq!(count(&database, "isolates"), 1);
}

#[test]
fn minutes_are_added_to_told_to_their_tenant_and_forgotten() {
    let database = object();
    let counts = |ok| text(&Counts { ok, ..Counts::default() });
    let rows = json!([[7, "acme", "files", counts(1)], [8, "acme", "files", counts(2)], [8, "zeta", "", counts(3)]]);
    run(&database, metrics::WRITE_PLACES, params![rows.to_string()]).unwrap();
    run(&database, metrics::WRITE_PLACES, params![json!([[8, "acme", "files", counts(9)]]).to_string()]).unwrap();
    let asked = json!([[8, "acme", "files"], [9, "acme", "files"], [8, "acme", ""]]);
    let known: Vec<PlaceRow> = read(&database, metrics::PLACES, params![asked.to_string()]);
    let [PlaceRow { minute: 8, counts: stored, .. }] = &known[..] else { panic!("{known:?}") };
    assert_eq!(serde_json::from_str::<Counts>(stored).unwrap().ok, 9);
    let told = |from: i64, tenant: Option<&str>, most: i64| -> Vec<Place> {
        let rows: Vec<PlaceRow> = read(&database, metrics::ACTIVITY, params![from, tenant, most]);
        let tenant = |row: &PlaceRow| TenantId::parse(&row.tenant).unwrap();
        rows.into_iter().map(|row| Place { minute: row.minute, tenant: tenant(&row), upstream: row.upstream }).collect()
    };
    assert_eq!(told(0, Some("acme"), 9).iter().map(|place| place.minute).collect::<Vec<_>>(), [8, 7]);
    assert_eq!((told(8, Some("acme"), 9).len(), told(0, None, 9).len(), told(0, None, 1).len()), (1, 3, 1));
    assert_eq!(run(&database, metrics::FORGET_PLACES, [8]), Ok(1));
    assert_eq!(told(0, None, 9).len(), 2);
}

#[test]
fn hours_are_told_of_everybody_together_and_what_the_gateway_answers_apart() {
    let database = object();
    let counts = |ok, failed, millis| {
        let mut counts = Counts { ok, refused: 1, failed, limited: 1, ..Counts::default() };
        counts.times.add(Lifetime::from_millis(millis));
        text(&counts)
    };
    let rows = json!([
        [59, "acme", "files", counts(1, 1, 1)],
        [60, "acme", "", counts(2, 0, 1)],
        [61, "zeta", BUILT_IN, counts(3, 0, 30)],
        [119, "zeta", "files", counts(4, 5, 999_999)],
        [120, "acme", "files", counts(6, 0, 1)]
    ]);
    run(&database, metrics::WRITE_PLACES, params![rows.to_string()]).unwrap();
    let hours = |from: i64| -> Vec<(u64, u8, u64, u64)> {
        let rows: Vec<HourRow> = read(&database, metrics::HOURS, params![from, BUILT_IN]);
        rows.into_iter().map(|row| (row.hour, row.own, row.answered, row.failed)).collect()
    };
    assert_eq!(hours(60), [(1, 0, 6, 5), (1, 1, 9, 0), (2, 0, 8, 0)]);
    assert_eq!(hours(0)[0], (0, 0, 3, 1));
    let rows: Vec<DurationRow> = read(&database, metrics::DURATIONS, [60]);
    let took: Vec<_> = rows.into_iter().map(|row| (row.bucket, row.count)).filter(|(_, count)| *count > 0).collect();
    assert_eq!(took, [(0, 2), (3, 1), (BOUNDS.len(), 1)]);
}

#[test]
fn things_that_are_not_as_approved_are_counted_by_how_they_stand() {
    let database = two_tenants_with_servers();
    let pin = "INSERT INTO pins (id, tenant_id, upstream_id, kind, name, standing, approved, proposed, verdict, changed_at, version) \
               VALUES (?1, 'acme', 'acme-files', 'tool', ?1, ?2, 'one', ?3, 'breaking', ?4, 1)";
    for (name, standing, proposed) in [
        ("a", "approved", None),
        ("b", "quarantined", Some("two")),
        ("c", "quarantined", Some("two")),
        ("d", "refused", Some("two")),
    ] {
        assert_eq!(run(&database, pin, params![name, standing, proposed, NOW]), Ok(1));
    }
    let mut rows: Vec<PinsRow> = read(&database, metrics::PINS_THAT_WAIT, []);
    rows.sort_by(|one, other| one.standing.cmp(&other.standing));
    let rows: Vec<_> = rows.into_iter().map(|row| (row.standing, row.pins)).collect();
    assert_eq!(rows, [("quarantined".to_owned(), 2), ("refused".to_owned(), 1)]);
    let plan: String = database
        .query_row(&format!("EXPLAIN QUERY PLAN {}", metrics::PINS_THAT_WAIT), [], |row| row.get("detail"))
        .unwrap();
    assert!(plan.contains("pins_by_standing"), "{plan}");
}
