//! The statements of an audit trail's own database.

use super::{count, read, rows, run};
use mcp_secure_gateway::audit::Trail;
use mcp_secure_gateway::audit::chain::{Link, Record, verify};
use mcp_secure_gateway::audit::record::{Actor, Draft, Kind, Stamp, ToolUsed};
use mcp_secure_gateway::id::{CorrelationId, RecordId, UserId};
use mcp_secure_gateway::store::audit;
use mcp_secure_gateway::store::audit::{BoundsRow, KnownRow, RecordRow, SeqRow};
use mcp_secure_gateway::time::Timestamp;
use rusqlite::{Connection, params};
use serde_json::json;

const NOW: u64 = 1_795_363_200_000;

/// An empty trail, whose tables were made twice.
pub fn trail() -> Connection {
    let database = Connection::open_in_memory().unwrap();
    for table in audit::SCHEMA.iter().chain(&audit::SCHEMA) {
        database.execute(table, []).unwrap();
    }
    database
}

fn draft(number: u8) -> Draft {
    let stamp = Stamp {
        id: RecordId::from_bytes(&[number; 16]),
        at: Timestamp::from_millis(NOW),
        correlation: CorrelationId::parse(if number < 4 { "c-1" } else { "c-2" }).ok(),
    };
    let user = UserId::parse(if number.is_multiple_of(2) { "even" } else { "odd" }).ok();
    let kind = if number == 5 { Kind::named("auth.login") } else { Kind::TOOL_CALL };
    let draft = Draft::new(stamp, kind, Actor { user, ..Actor::default() }).on("session", "s-1");
    let tool = (number == 1).then(|| ToolUsed::named("files__read", "files"));
    Draft { tool, outcome: (number == 5).then(|| "ok".to_owned()), ..draft }
}

fn write(database: &Connection, record: &Record) -> Result<usize, String> {
    let (seq, recorded) = (i64::try_from(record.seq).unwrap(), i64::try_from(record.recorded.millis()).unwrap());
    let open = i64::from(record.draft.is_call());
    let values = params![seq, record.draft.key(), recorded, open, record.text()];
    run(database, audit::INSERT_RECORD, values)
}

/// A trail of five records, one taken every ten milliseconds; the last is a login, the others are calls.
fn five() -> (Connection, Vec<Record>) {
    let (database, mut last, mut records) = (trail(), Link::start(&Trail::Operator), Vec::new());
    for number in 1..=5 {
        let record = Record::seal(draft(number), &last, Timestamp::from_millis(NOW + 10 * u64::from(number)));
        assert_eq!(write(&database, &record), Ok(1));
        last = record.link();
        records.push(record);
    }
    (database, records)
}

fn found(database: &Connection, statement: &str, filters: [Option<&str>; 7], limit: i64) -> Vec<u64> {
    let [kind, user, tool, outcome, correlation, target, contains] = filters;
    let values = params![1, 5, kind, user, tool, outcome, correlation, target, contains, limit];
    read::<RecordRow>(database, statement, values).into_iter().map(|row| row.seq).collect()
}

#[test]
fn a_record_is_written_once_and_never_in_anothers_place() {
    let (database, records) = five();
    assert!(write(&database, &records[0]).unwrap_err().contains("UNIQUE constraint failed"));
    let moved = Record { seq: 6, ..records[0].clone() };
    assert!(write(&database, &moved).unwrap_err().contains("UNIQUE constraint failed: records.id"));
    let known = |ids: &[&str]| read::<KnownRow>(&database, audit::KNOWN, [json!(ids).to_string()]);
    let there = records[2].draft.key();
    assert_eq!(known(&["unknown", &there]), [KnownRow { id: there.clone() }]);
    assert!(known(&["unknown"]).is_empty() && known(&[]).is_empty());
}

#[test]
fn what_is_read_back_is_the_chain_as_it_was_written() {
    let (database, records) = five();
    let rows = read::<RecordRow>(&database, audit::AFTER, params![0, 100]);
    let texts: Vec<&str> = rows.iter().map(|row| row.record.as_str()).collect();
    assert_eq!(verify(Link::start(&Trail::Operator), texts, vec![records[4].link()]), []);
    assert_eq!(read::<RecordRow>(&database, audit::AFTER, params![2, 2]).len(), 2);
    assert_eq!(read::<RecordRow>(&database, audit::LAST, []), [rows[4].clone()]);
    let bounds = |database: &Connection| read::<BoundsRow>(database, audit::BOUNDS, []);
    assert_eq!(bounds(&database), [BoundsRow { low: Some(1), high: Some(5) }]);
    assert_eq!(bounds(&trail()), [BoundsRow { low: None, high: None }]);
}

#[test]
fn records_are_found_by_everything_that_can_be_asked_for() {
    let (database, _) = five();
    let by = |filters| found(&database, audit::NEWEST, filters, 100);
    let none = [None; 7];
    assert_eq!(by(none), [5, 4, 3, 2, 1]);
    for (at, value, expected) in [
        (0, "tool.", vec![4, 3, 2, 1]),
        (0, "tool.call", vec![4, 3, 2, 1]),
        (0, "auth", vec![5]),
        (0, "%", vec![]),
        (1, "even", vec![4, 2]),
        (2, "files__read", vec![1]),
        (3, "ok", vec![5]),
        (3, "unknown", vec![4, 3, 2, 1]),
        (4, "c-2", vec![5, 4]),
        (5, "session/s-1", vec![5, 4, 3, 2, 1]),
        (5, "session/s-2", vec![]),
        (6, "AUTH.LOG", vec![5]),
        (6, "files__read", vec![1]),
        (6, "%", vec![]),
    ] {
        let mut filters = none;
        filters[at] = Some(value);
        assert_eq!(by(filters), expected, "{at} {value}");
        let mut oldest = found(&database, audit::OLDEST, filters, 100);
        oldest.reverse();
        assert_eq!(oldest, expected, "{at} {value}, the oldest first");
    }
    assert_eq!(by([Some("tool"), Some("even"), None, None, Some("c-1"), None, None]), [2]);
    assert_eq!(
        (found(&database, audit::NEWEST, none, 2), found(&database, audit::OLDEST, none, 2)),
        (vec![5, 4], vec![1, 2])
    );
}

#[test]
fn a_call_is_unknown_until_its_result_is_there() {
    let (database, records) = five();
    let stamp = Stamp { id: RecordId::from_bytes(&[6; 16]), at: Timestamp::from_millis(NOW), correlation: None };
    let result = records[1].draft.result(stamp).unwrap();
    let result = Record::seal(result, &records[4].link(), Timestamp::from_millis(NOW + 60));
    assert_eq!(write(&database, &result), Ok(1));
    // One whose result a trail of before had marked at the call.
    assert_eq!(run(&database, "UPDATE records SET open = 0 WHERE seq = 3", []), Ok(1));
    assert_eq!(found(&database, audit::NEWEST, [None, None, None, Some("unknown"), None, None, None], 9), [4, 1]);
    let nothing = None::<&str>;
    let everything = params![1, 6, nothing, nothing, nothing, nothing, nothing, nothing, nothing, 9];
    let all = read::<RecordRow>(&database, audit::OLDEST, everything);
    assert_eq!(all.iter().map(|row| row.unknown).collect::<Vec<_>>(), [1, 0, 0, 1, 0, 0]);
}

#[test]
fn a_moment_leads_to_the_first_record_that_was_taken_then_or_later() {
    let (database, _) = five();
    let since = |millis: u64| read::<SeqRow>(&database, audit::FIRST_SINCE, [i64::try_from(NOW + millis).unwrap()]);
    assert_eq!(
        (since(0), since(20), since(21)),
        (vec![SeqRow { seq: 1 }], vec![SeqRow { seq: 2 }], vec![SeqRow { seq: 3 }])
    );
    assert!(since(51).is_empty());
}

#[test]
fn a_moment_is_found_in_every_part_of_a_trail_and_across_what_is_missing() {
    let since = |database: &Connection, moment: i64| {
        let found = read::<SeqRow>(database, audit::FIRST_SINCE, [moment]);
        assert!(found.len() <= 1, "{found:?}");
        found.first().map(|row| row.seq)
    };
    assert_eq!(since(&trail(), 0), None);
    for seed in 0..40_u64 {
        let database = trail();
        // Several records of one moment, moments without a record, and records that are gone.
        let there: Vec<(u64, i64)> = (1..=23_u64)
            .filter(|seq| !(seq * 7 + seed).is_multiple_of(4))
            .map(|seq| (seq, i64::try_from(seq * (seed % 5) / 3).unwrap()))
            .collect();
        for (seq, recorded) in &there {
            let values = params![i64::try_from(*seq).unwrap(), format!("r-{seq}"), recorded, 0, "{}"];
            assert_eq!(run(&database, audit::INSERT_RECORD, values), Ok(1));
        }
        for moment in -1..45 {
            let expected = there.iter().find(|(_, recorded)| *recorded >= moment).map(|(seq, _)| *seq);
            assert_eq!(since(&database, moment), expected, "{seed} {moment}");
        }
    }
}

#[test]
fn a_trail_of_before_loses_its_index_of_times() {
    let database = trail();
    database.execute("CREATE INDEX records_recorded ON records (recorded)", []).unwrap();
    for statement in audit::SCHEMA {
        database.execute(statement, []).unwrap();
    }
    let indexes = rows(&database, "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL", []);
    assert!(indexes.is_empty(), "{indexes:?}");
}

#[test]
fn old_records_go_from_the_front_a_step_at_a_time_and_the_rest_verifies_from_what_stays() {
    let (database, records) = five();
    let before = |millis: u64, step: i64| {
        let cutoff = i64::try_from(NOW + millis).unwrap();
        read::<RecordRow>(&database, audit::LAST_BEFORE, params![cutoff, step])
    };
    assert!(before(10, 100).is_empty(), "nothing is old enough");
    assert_eq!(before(40, 2)[0].seq, 2, "no more than a step");
    let last = before(40, 100).remove(0);
    assert_eq!(last.seq, 3);
    assert_eq!(run(&database, audit::DROP, [3]), Ok(3));
    assert_eq!(count(&database, "records"), 2);
    let anchor = Record::parse(&last.record).unwrap().link();
    let rest = read::<RecordRow>(&database, audit::AFTER, params![0, 100]);
    assert_eq!(verify(anchor, rest.iter().map(|row| row.record.as_str()), vec![records[4].link()]), []);
}

#[test]
fn the_anchor_and_the_days_are_written_over_and_taken_back() {
    let database = trail();
    let part = |name: &str| rows(&database, audit::READ_PART, [name]);
    for value in ["1", "2"] {
        assert_eq!(run(&database, audit::WRITE_PART, params![audit::KEEP, value]), Ok(1));
    }
    assert_eq!(run(&database, audit::WRITE_PART, params![audit::ANCHOR, "{}"]), Ok(1));
    assert_eq!(part(audit::KEEP), [json!({"value": "2"})]);
    assert_eq!(run(&database, audit::DELETE_PART, [audit::KEEP]), Ok(1));
    assert!(part(audit::KEEP).is_empty() && part(audit::ANCHOR).len() == 1);
}
