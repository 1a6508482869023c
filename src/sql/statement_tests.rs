use super::{Command, Query, Refused};
use crate::sql::options::{Change, DatabaseOptions};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Texts that are no query, or one that must not be run: none is ever admitted as a query.
const HOSTILE: [&str; 86] = [
    "",
    ";",
    "--",
    "/* SELECT 1 */",
    "DROP TABLE notes",
    "DELETE FROM notes",
    "INSERT INTO notes VALUES (9, 'x')",
    "UPDATE notes SET text = 'x'",
    "REPLACE INTO notes VALUES (1, 'x')",
    "CREATE TABLE x (a)",
    "ALTER TABLE notes RENAME TO x",
    "ATTACH 'x.db' AS x",
    "DETACH main",
    "PRAGMA writable_schema = 1",
    "PRAGMA table_info(notes)",
    "VACUUM INTO 'x'",
    "REINDEX",
    "ANALYZE",
    "BEGIN",
    "COMMIT",
    "SAVEPOINT a",
    "EXPLAIN SELECT 1",
    "EXPLAIN QUERY PLAN DELETE FROM notes",
    // More than one, in every disguise.
    "SELECT 1; DROP TABLE notes",
    "SELECT 1;DROP TABLE notes;--",
    "SELECT 1; SELECT 2",
    "SELECT 1 /* ; */ ; /* */ DELETE FROM notes",
    "SELECT 1;;DELETE FROM notes",
    "SELECT ';' ; DELETE FROM notes",
    "SELECT 'it''s' ; DELETE FROM notes",
    "SELECT \"a;b\" ; DELETE FROM notes",
    "SELECT [a;b] ; DELETE FROM notes",
    "SELECT `a;b` ; DELETE FROM notes",
    "SELECT 1 --'\n; DELETE FROM notes --'",
    "SELECT /*'*/ 1; DELETE FROM notes --'",
    "SELECT x'00'; DELETE FROM notes --'",
    "SELECT 0Xe--'\n; DELETE FROM notes --'",
    // Out of the place where it is put.
    "SELECT 1) ; DELETE FROM notes --",
    "SELECT 1) UNION SELECT (2",
    "SELECT 1) AS a; DELETE FROM notes; SELECT * FROM (SELECT 1",
    "SELECT 1)",
    "SELECT (1",
    "(SELECT 1))((SELECT 2)",
    "SELECT ')' ) --",
    ") SELECT (",
    // A WITH in front of something that writes.
    "WITH x AS (SELECT 1) DELETE FROM notes",
    "WITH x AS (SELECT 1) INSERT INTO notes SELECT * FROM x",
    "WITH x AS (SELECT 1) UPDATE notes SET text = ''",
    "WITH x AS (SELECT 1) REPLACE INTO notes SELECT 1, ''",
    "WITH x AS (DELETE FROM notes RETURNING *) SELECT * FROM x",
    "WITH x AS (INSERT INTO notes VALUES (8, 'x') RETURNING id) SELECT * FROM x",
    "WITH/**/x/**/AS/**/(SELECT 1)/**/DELETE/**/FROM/**/notes",
    "SELECT * FROM (DELETE FROM notes RETURNING *)",
    "SELECT 1 RETURNING 1",
    "dElEtE FROM notes",
    "/* SELECT */ DELETE FROM notes",
    "-- SELECT\nDELETE FROM notes",
    // What the database and the platform keep.
    "SELECT * FROM sqlite_master",
    "SELECT * FROM SQLITE_SCHEMA",
    "SELECT * FROM \"sqlite_master\"",
    "SELECT * FROM 'sqlite_master'",
    "SELECT * FROM [sqlite_schema]",
    "SELECT * FROM `sqlite_temp_master`",
    "SELECT * FROM main.sqlite_sequence",
    "SELECT * FROM sqlite_dbpage",
    "SELECT * FROM _cf_KV",
    "SELECT * FROM \"_CF_METADATA\"",
    "SELECT * FROM d1_migrations",
    "SELECT * FROM pragma_table_info('notes')",
    "SELECT * FROM \"pragma_database_list\"",
    "SELECT * FROM pragma_writable_schema",
    "SELECT * FROM dbstat",
    "SELECT load_extension('x')",
    "SELECT \"load_extension\"('x')",
    "SELECT fts3_tokenizer('simple')",
    "SELECT readfile('/etc/passwd')",
    "SELECT writefile('x', 'y')",
    // What SQLite reads otherwise than it looks.
    "SELECT 1\u{0} ; DELETE FROM notes",
    "SELECT '\u{0}",
    "\u{feff}SELECT 1",
    "SELECT\u{a0}1",
    "SELECT 1 \u{200b}",
    "ЅELECT 1",
    "SELECT 'a",
    "SELECT /* 1",
    "SELECT :a",
];

/// Queries of every form: each is admitted.
const GOOD: [(&str, usize); 30] = [
    ("SELECT * FROM notes", 0),
    ("select id, text from notes where id = ?", 1),
    ("SELECT ?1, ?2, ?1", 2),
    ("SELECT ?, ?3, ?", 4),
    ("SELECT 1;", 0),
    ("SELECT 1 ; ; ", 0),
    ("SELECT 1 -- to the end", 0),
    ("/* before */ SELECT 1 /* after */", 0),
    ("VALUES (1, 'a'), (2, 'b')", 0),
    ("WITH x AS (SELECT 1 AS a) SELECT * FROM x", 0),
    ("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT i FROM n", 0),
    ("SELECT replace(text, 'a', 'b') FROM notes", 0),
    ("SELECT count(*) FROM notes GROUP BY text HAVING count(*) > 1", 0),
    ("SELECT n.id, m.id FROM notes n JOIN notes m ON n.id = m.id", 0),
    ("SELECT * FROM notes WHERE text LIKE '%; DROP TABLE notes; --%'", 0),
    ("SELECT 'DELETE', \"delete\", 'it''s', x'00ff'", 0),
    ("SELECT CASE WHEN id = 1 THEN 'a' ELSE 'b' END FROM notes", 0),
    ("SELECT id FROM notes ORDER BY id DESC LIMIT 1 OFFSET 0", 0),
    ("SELECT json_extract('{\"a\":1}', '$.a'), '{\"a\":1}' -> 'a', '{\"a\":1}' ->> '$.a'", 0),
    ("SELECT * FROM notes WHERE id IN (SELECT max(id) FROM notes)", 0),
    ("SELECT row_number() OVER (ORDER BY id) FROM notes", 0),
    ("SELECT CAST(id AS TEXT) || ' ' || text FROM notes", 0),
    ("SELECT * FROM json_each('[1,2]')", 0),
    ("SELECT 1 UNION SELECT 2 EXCEPT SELECT 2", 0),
    ("SELECT - -1, ~1, 1 <> 2, 1 != 2, 5 % 2, 1 << 2, 1.5e3, 0x1F", 0),
    ("SELECT \"update\" FROM (SELECT 1 AS \"update\")", 0),
    ("SELECT 'Größe' AS größe", 0),
    ("SELECT date('now') > '2000-01-01'", 0),
    ("SELECT * FROM notes WHERE id BETWEEN 1 AND 2 AND text IS NOT NULL", 0),
    ("SELECT exists(SELECT 1 FROM notes)", 0),
];

fn options(statements: Option<Vec<Change>>) -> DatabaseOptions {
    DatabaseOptions { binding: "DATA_A".into(), writes: true, statements, max_rows: None }
}

#[test]
fn what_is_no_query_or_reaches_beyond_the_tenants_rows_is_refused() {
    for text in HOSTILE {
        let admitted = Query::admit(text, 0);
        assert!(admitted.is_err(), "{text}: {admitted:?}");
    }
    let long = format!("SELECT '{}'", "x".repeat(super::MOST_BYTES));
    assert_eq!(Query::admit(&long, 0), Err(Refused::Length));
}

#[test]
fn queries_of_every_form_are_admitted() {
    for (text, values) in GOOD {
        assert!(Query::admit(text, values).is_ok(), "{text}: {:?}", Query::admit(text, values));
        assert!(Query::admit(text, values + 1).is_err(), "{text} with a value too many");
    }
}

#[test]
fn a_comment_at_the_end_does_not_swallow_what_is_put_behind() {
    let query = Query::admit("SELECT/**/1 -- )", 0).unwrap();
    assert_eq!(query.limited(3), "SELECT * FROM (SELECT 1) LIMIT 3");
}

#[test]
fn rows_are_changed_by_what_is_allowed_and_by_nothing_hidden_in_it() {
    let admit = |text: &str, some: &[Change]| Command::admit(text, 0, &options(Some(some.to_vec())));
    for (text, needs) in [
        ("INSERT INTO notes VALUES (9, 'x')", &[Change::Insert][..]),
        ("insert into notes select 9, replace('a', 'a', 'b')", &[Change::Insert]),
        ("INSERT INTO notes VALUES (1, 'x') ON CONFLICT DO NOTHING", &[Change::Insert]),
        (
            "INSERT INTO notes VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET text = 'y'",
            &[Change::Insert, Change::Update],
        ),
        ("INSERT OR REPLACE INTO notes VALUES (1, 'x')", &[Change::Insert, Change::Replace]),
        ("UPDATE notes SET text = 'x' WHERE id = 1;", &[Change::Update]),
        ("UPDATE OR REPLACE notes SET id = 1", &[Change::Update, Change::Replace]),
        ("DELETE FROM notes WHERE id = 1 -- one", &[Change::Delete]),
        ("REPLACE INTO notes VALUES (1, 'x')", &[Change::Replace]),
    ] {
        assert!(admit(text, needs).is_ok(), "{text}: {:?}", admit(text, needs));
        for change in needs {
            let others: Vec<Change> = Change::ALL.into_iter().filter(|other| other != change).collect();
            assert!(admit(text, &others).is_err(), "{text} without {change:?}");
        }
    }
    for text in [
        "SELECT 1",
        "DROP TABLE notes",
        "CREATE TABLE x (a)",
        "PRAGMA user_version = 1",
        "WITH x AS (SELECT 1) DELETE FROM notes",
        "DELETE FROM notes; DROP TABLE notes",
        "DELETE FROM notes WHERE 1) --",
        "DELETE FROM notes RETURNING *",
        "INSERT INTO sqlite_sequence VALUES ('a', 1)",
        "UPDATE \"sqlite_schema\" SET sql = ''",
        "DELETE FROM d1_migrations",
        "DELETE FROM _cf_KV",
        "INSERT INTO notes SELECT 1, load_extension('x')",
        "INSERT INTO notes SELECT 1, text FROM pragma_table_info('notes')",
        "UPDATE notes SET text = (DELETE FROM notes)",
        "VACUUM",
        "",
    ] {
        assert!(admit(text, &Change::ALL).is_err(), "{text}");
    }
    let none = DatabaseOptions { writes: false, ..options(None) };
    assert!(Command::admit("INSERT INTO notes VALUES (9, 'x')", 0, &none).is_err());
}

/// The same on SQLite itself.
#[cfg(not(target_arch = "wasm32"))]
mod on_sqlite {
    use super::{GOOD, HOSTILE, Query};
    use proptest::prelude::{Strategy, prop, proptest};
    use proptest::{prop_assert, prop_oneof};
    use rusqlite::fallible_iterator::FallibleIterator;
    use rusqlite::{Batch, Connection};

    fn database() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT); INSERT INTO notes VALUES (1, 'a'), (2, 'b'); \
                 CREATE VIEW seen AS SELECT text FROM notes;",
            )
            .unwrap();
        connection
    }

    /// All that stands in the database, its schema included.
    fn all(connection: &Connection) -> Vec<String> {
        let text = "SELECT coalesce(sql, '') FROM sqlite_schema UNION ALL SELECT id || text FROM notes";
        connection.prepare(text).unwrap().query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    /// Runs a text where it is put, values left out. How many rows there were, if SQLite takes it.
    fn run(connection: &Connection, text: &str) -> Option<usize> {
        let mut statement = connection.prepare(text).ok()?;
        assert!(statement.readonly(), "{text}");
        let mut rows = statement.raw_query();
        let mut count = 0;
        while rows.next().ok()?.is_some() {
            count += 1;
        }
        Some(count)
    }

    #[test]
    fn where_a_query_is_put_nothing_writes_whether_it_was_looked_at_or_not() {
        let connection = database();
        let before = all(&connection);
        for text in HOSTILE.into_iter().chain(GOOD.map(|(text, _)| text)) {
            // As if nothing had been refused before: the first statement is all that the platform runs.
            let put = format!("SELECT * FROM ({text}) LIMIT 3");
            if !text.contains('\0') {
                run(&connection, &put);
            }
            assert_eq!(all(&connection), before, "{text}");
        }
    }

    #[test]
    fn what_is_admitted_is_one_statement_that_sqlite_takes() {
        let connection = database();
        for (text, values) in GOOD {
            let query = Query::admit(text, values).unwrap();
            assert!(run(&connection, &query.limited(3)).is_some_and(|rows| rows <= 3), "{text}");
        }
        assert_eq!(run(&connection, &Query::admit("SELECT * FROM notes", 0).unwrap().limited(1)), Some(1));
        let ordered = Query::admit("SELECT id FROM notes ORDER BY id DESC", 0).unwrap().limited(1);
        assert_eq!(connection.query_row(&ordered, [], |row| row.get::<_, i64>(0)), Ok(2), "an order stays");
    }

    /// Pieces that statements are made of, and what gets in between.
    fn piece() -> impl Strategy<Value = String> {
        let words = prop_oneof![
            "(SELECT|VALUES|WITH|DELETE|INSERT INTO|UPDATE|FROM|notes|id|text|AS|x|REPLACE|SET|WHERE|DROP TABLE|RETURNING)",
            "[();,*=.'\"`\\[\\]?-]",
            "(--|/\\*|\\*/|\n|''|0X|1e|x'|\\$|\u{e9}|\u{a0})",
            "[a-z0-9]{1,3}",
        ];
        (words, prop_oneof![" ", ""]).prop_map(|(word, blank)| word + &blank)
    }

    proptest! {
        #[test]
        fn whatever_is_admitted_is_one_statement_and_only_reads(
            begin in prop_oneof!["SELECT ", "WITH x AS (SELECT 1) ", "VALUES (1)", "SELECT * FROM notes "],
            pieces in prop::collection::vec(piece(), 0..12),
        ) {
            let text = begin + &pieces.concat();
            let admitted = (0..3).find_map(|values| Query::admit(&text, values).ok());
            if let Some(query) = admitted {
                let (connection, put) = (database(), query.limited(3));
                prop_assert!((0..3).any(|values| Query::admit(&put, values).is_ok()), "{text}: not in its place");
                let before = all(&connection);
                let mut statements = Batch::new(&connection, &put);
                if let Ok(Some(statement)) = FallibleIterator::next(&mut statements) {
                    prop_assert!(statement.readonly(), "{text}");
                    prop_assert!(matches!(FallibleIterator::next(&mut statements), Ok(None)), "{text}: two statements");
                }
                run(&connection, &put);
                prop_assert!(all(&connection) == before, "{text}");
            }
        }
    }
}
