//! Every migration and every SQL statement, on real SQLite, with foreign keys enforced as D1 enforces them.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed step of the test fails the test")]

use mcp_secure_gateway::account::Username;
use mcp_secure_gateway::store::accounts::{UserRow, UsernameRow};
use mcp_secure_gateway::store::upstreams::UpstreamRow;
use mcp_secure_gateway::store::{accounts, gate, upstreams};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Params, params};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

#[path = "statements/administration.rs"]
mod of_administration;
#[path = "statements/answers.rs"]
mod of_answers;
#[path = "statements/audit.rs"]
mod of_audit;
#[path = "statements/clients.rs"]
mod of_clients;
#[path = "statements/codes.rs"]
mod of_codes;
#[path = "statements/credentials.rs"]
mod of_credentials;
#[path = "statements/identities.rs"]
mod of_identities;
#[path = "statements/lost_replies.rs"]
mod of_lost_replies;
#[path = "statements/metrics.rs"]
mod of_metrics;
#[path = "statements/people.rs"]
mod of_people;
#[path = "statements/pins.rs"]
mod of_pins;
#[path = "statements/servers.rs"]
mod of_servers;
#[path = "statements/stores.rs"]
mod of_stores;
#[path = "statements/webhooks.rs"]
mod of_webhooks;

use of_servers::{join, two_tenants_with_servers};

/// The largest whole number that D1's JavaScript numbers hold exactly.
const LARGEST: i64 = 9_007_199_254_740_991;
const NOW: i64 = 1_795_363_200_007;
const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2Fs$aGFzaA";

fn root(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)
}

/// The files of a folder with an ending, in the order of their names, with their texts.
fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(root(folder)).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries
        .filter(|path| path.extension().is_some_and(|found| found == ending))
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(&path).unwrap()))
        .collect();
    files.sort();
    files
}

/// A D1 database after every migration.
fn database() -> Connection {
    let database = Connection::open_in_memory().unwrap();
    database.pragma_update(None, "foreign_keys", true).unwrap();
    for (name, text) in files("migrations", "sql") {
        database.execute_batch(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    database
}

/// Two tenants with one user each.
fn two_tenants() -> Connection {
    let database = database();
    for (tenant, user, username) in [("acme", "u-1", "ada"), ("zeta", "u-2", "zoe")] {
        assert_eq!(run(&database, accounts::INSERT_TENANT, params![tenant, tenant, NOW]), Ok(1));
        assert_eq!(run(&database, accounts::INSERT_USER, params![user, tenant, username, HASH, 0, NOW]), Ok(1));
    }
    database
}

/// Runs a statement that changes rows; how many, or SQLite's words.
fn run(database: &Connection, statement: &str, values: impl Params) -> Result<usize, String> {
    database.execute(statement, values).map_err(|error| error.to_string())
}

/// The rows of a statement, as the platform hands them over: objects of numbers, texts and nulls.
fn rows(database: &Connection, statement: &str, values: impl Params) -> Vec<Value> {
    let mut prepared = database.prepare(statement).unwrap();
    let names: Vec<String> = prepared.column_names().map(str::to_owned).collect();
    let mut rows = prepared.query(values).unwrap();
    let mut all = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        let mut object = Map::new();
        for (index, name) in names.iter().enumerate() {
            object.insert(name.clone(), as_json(row.get_ref(index).unwrap()));
        }
        all.push(Value::Object(object));
    }
    all
}

fn as_json(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => {
            assert!(number.abs() <= LARGEST, "{number}");
            number.into()
        }
        ValueRef::Text(text) => std::str::from_utf8(text).unwrap().into(),
        other => panic!("{other:?}"),
    }
}

fn read<T: DeserializeOwned>(database: &Connection, statement: &str, values: impl Params) -> Vec<T> {
    rows(database, statement, values).into_iter().map(|row| serde_json::from_value(row).unwrap()).collect()
}

fn count(database: &Connection, table: &str) -> i64 {
    database.query_row(&format!("SELECT COUNT(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

#[test]
fn every_migration_says_first_why_it_exists() {
    let migrations = files("migrations", "sql");
    assert!(!migrations.is_empty());
    for (index, (name, text)) in migrations.iter().enumerate() {
        assert!(name.starts_with(&format!("{:04}_", index + 1)), "{name}: numbered without a gap");
        let first = text.lines().next().unwrap();
        assert!(first.starts_with("-- ") && first.len() > 20, "{name}: {first}");
    }
}

#[test]
fn no_migration_has_a_number_that_the_platform_cannot_hold() {
    for (name, text) in files("migrations", "sql") {
        let numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty());
        for digits in numbers {
            assert!(digits.parse::<i64>().is_ok_and(|number| number <= LARGEST), "{name}: {digits}");
        }
    }
}

#[test]
fn every_table_is_strict() {
    let (gate, trail) = (gate_database(), of_audit::trail());
    for database in [&database(), &gate, &trail] {
        let statement = "SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table' \
                         AND name NOT LIKE 'sqlite_%'";
        let tables = rows(database, statement, []);
        assert!(tables.len() >= 2, "{tables:?}");
        assert!(tables.iter().all(|table| table["strict"] == 1), "{tables:?}");
    }
    let wrong = run(&database(), accounts::INSERT_TENANT, params!["acme", "Acme", "yesterday"]);
    assert!(wrong.unwrap_err().contains("cannot store TEXT value in INTEGER column"));
}

/// A statement without a test here may be wrong without anybody noticing.
#[test]
fn every_statement_of_the_store_is_run_here() {
    let mut tests = include_str!("statements.rs").to_owned();
    tests.extend(files("tests/statements", "rs").into_iter().map(|(_, text)| text));
    let mut seen = 0;
    for (file, text) in files("src/store", "rs") {
        for item in text.split("pub const ").skip(1) {
            let (declared, rest) = item.split_once('=').unwrap();
            let name = declared.split(':').next().unwrap().trim();
            let value = rest.split(";\n").next().unwrap();
            let sql = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "CREATE "].iter().any(|verb| value.contains(verb));
            if sql && declared.contains("&str") {
                seen += 1;
                assert!(tests.contains(&format!("{file}::{name}")), "{file}::{name} is run by no test");
            }
        }
    }
    assert!(seen >= 20, "{seen}");
}

#[test]
fn a_tenant_is_inserted_once_and_then_left_alone() {
    let database = two_tenants();
    assert_eq!(run(&database, accounts::INSERT_TENANT, params!["acme", "Another", 1]), Ok(0));
    let kept = rows(&database, "SELECT name, created_at, disabled_at FROM tenants WHERE id = 'acme'", []);
    assert_eq!(kept, [json!({"name": "acme", "created_at": NOW, "disabled_at": null})]);
}

#[test]
fn a_username_is_unique_over_all_tenants_and_an_id_too() {
    let database = two_tenants();
    let insert = |id, tenant, username, demo| {
        run(&database, accounts::INSERT_USER, params![id, tenant, username, HASH, demo, NOW])
    };
    assert!(insert("u-3", "zeta", "ada", 0).unwrap_err().contains("UNIQUE constraint failed: users.username"));
    assert!(insert("u-1", "acme", "eve", 0).unwrap_err().contains("UNIQUE constraint failed: users.id"));
    assert!(insert("u-3", "nobody", "eve", 0).unwrap_err().contains("FOREIGN KEY constraint failed"));
    assert!(insert("u-3", "acme", "eve", 2).unwrap_err().contains("CHECK constraint failed"));
    assert_eq!(count(&database, "users"), 2);
}

#[test]
fn a_user_is_found_by_name_with_everything_a_login_needs() {
    let database = two_tenants();
    let demo = params!["u-3", "acme", "demo", HASH, 1, NOW];
    run(&database, accounts::INSERT_USER, demo).unwrap();
    let find = |name: &str| {
        let found = read::<UserRow>(&database, accounts::USER_BY_USERNAME, params![name]);
        found.into_iter().map(|row| row.into_user().unwrap()).collect::<Vec<_>>()
    };
    let ada = find("ada");
    assert_eq!(ada.len(), 1);
    assert_eq!((ada[0].id.as_str(), ada[0].tenant.as_str(), ada[0].password_hash.as_str()), ("u-1", "acme", HASH));
    assert_eq!((&ada[0].username, ada[0].demo, ada[0].disabled_at), (&Username::parse("ada").unwrap(), false, None));
    assert!(find("demo")[0].demo);
    for unknown in ["ADA", "", "ada ", "a%", "' OR 1=1 --"] {
        assert!(find(unknown).is_empty(), "{unknown}");
    }
}

#[test]
fn a_stored_name_that_is_no_login_name_is_no_user() {
    let database = two_tenants();
    run(&database, accounts::INSERT_USER, params!["u-3", "acme", "no name", HASH, 0, NOW]).unwrap();
    let found = read::<UserRow>(&database, accounts::USER_BY_USERNAME, params!["no name"]);
    assert!(found.into_iter().next().unwrap().into_user().is_none());
}

#[test]
fn a_disabled_user_and_a_disabled_tenant_are_both_seen() {
    for (disable, at) in [
        ("UPDATE users SET disabled_at = 5 WHERE id = 'u-1'", 5),
        ("UPDATE tenants SET disabled_at = 7 WHERE id = 'acme'", 7),
    ] {
        let database = two_tenants();
        let enabled = |tenant, user| {
            read::<UsernameRow>(&database, accounts::ENABLED_USER, params![tenant, user])
                .into_iter()
                .map(|row| row.username)
                .collect::<Vec<_>>()
        };
        assert_eq!(enabled("acme", "u-1"), ["ada"]);
        database.execute(disable, []).unwrap();
        assert!(enabled("acme", "u-1").is_empty(), "{disable}");
        assert_eq!(enabled("zeta", "u-2"), ["zoe"], "the other tenant goes on");
        let user = read::<UserRow>(&database, accounts::USER_BY_USERNAME, params!["ada"]).remove(0).into_user();
        assert_eq!(user.unwrap().disabled_at.unwrap().millis(), at);
    }
}

#[test]
fn a_user_is_named_to_its_own_tenant_only() {
    let database = two_tenants();
    for statement in [accounts::USERNAME_BY_ID, accounts::ENABLED_USER] {
        let names = |tenant, user| read::<UsernameRow>(&database, statement, params![tenant, user]);
        assert_eq!(names("acme", "u-1").remove(0).username, "ada");
        for (tenant, user) in [("zeta", "u-1"), ("acme", "u-2"), ("", "u-1"), ("acme", ""), ("acme", "%")] {
            assert!(names(tenant, user).is_empty(), "{tenant} {user}");
        }
    }
}

#[test]
fn the_probe_works_on_empty_tables_and_fails_without_them() {
    assert!(rows(&database(), accounts::PROBE, []).is_empty());
    assert_eq!(rows(&two_tenants(), accounts::PROBE, []), [json!({"alive": 1})]);
    assert!(Connection::open_in_memory().unwrap().prepare(accounts::PROBE).is_err());
}

#[test]
fn an_upstream_is_listed_to_its_own_tenant_while_it_is_enabled() {
    let database = two_tenants();
    let none: Option<&str> = None;
    for (id, tenant, name, credential) in [
        ("up-2", "acme", "files", Some("sealed")),
        ("up-1", "acme", "calendar", none),
        ("up-3", "zeta", "files", none),
        ("up-4", "acme", "gone", none),
    ] {
        let values = params![id, tenant, name, "https://tools.example.com/mcp", credential, NOW];
        assert_eq!(run(&database, upstreams::INSERT_UPSTREAM, values), Ok(1));
    }
    database.execute("UPDATE upstreams SET disabled_at = 5 WHERE id = 'up-4'", []).unwrap();
    let listed = |tenant: &str| read::<UpstreamRow>(&database, upstreams::ENABLED_UPSTREAMS, params![tenant]);
    let acme = listed("acme");
    assert_eq!(acme.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["calendar", "files"]);
    assert_eq!((acme[0].credential.as_deref(), acme[1].credential.as_deref()), (None, Some("sealed")));
    assert_eq!((acme[1].id.as_str(), acme[1].url.as_str()), ("up-2", "https://tools.example.com/mcp"));
    assert_eq!(listed("zeta").len(), 1);
    assert!(listed("nobody").is_empty() && listed("%").is_empty());
}

#[test]
fn an_enabled_upstream_is_found_by_its_address_to_the_letter_within_its_tenant() {
    let database = two_tenants();
    let url = "https://tools.example.com/mcp";
    let values = params!["up-1", "acme", "files", url, None::<&str>, NOW];
    run(&database, upstreams::INSERT_UPSTREAM, values).unwrap();
    let found = |tenant: &str, url: &str| rows(&database, upstreams::ENABLED_AT, params![tenant, url]).len();
    assert_eq!(found("acme", url), 1);
    for (tenant, url) in [("zeta", url), ("acme", "https://tools.example.com/mcp/"), ("acme", "%"), ("", url)] {
        assert_eq!(found(tenant, url), 0, "{tenant} {url}");
    }
    database.execute("UPDATE upstreams SET disabled_at = 5", []).unwrap();
    assert_eq!(found("acme", url), 0);
}

#[test]
fn an_upstreams_name_is_unique_within_its_tenant() {
    let database = two_tenants();
    let none: Option<&str> = None;
    let insert = |id, tenant| {
        let values = params![id, tenant, "files", "https://tools.example.com/mcp", none, NOW];
        run(&database, upstreams::INSERT_UPSTREAM, values)
    };
    assert_eq!((insert("up-1", "acme"), insert("up-2", "zeta")), (Ok(1), Ok(1)));
    assert!(insert("up-3", "acme").unwrap_err().contains("UNIQUE constraint failed: upstreams.tenant_id"));
    assert!(insert("up-1", "zeta").is_err());
    assert!(insert("up-4", "nobody").unwrap_err().contains("FOREIGN KEY constraint failed"));
}

#[test]
fn no_more_than_fifty_upstreams_are_listed() {
    let database = two_tenants();
    let none: Option<&str> = None;
    for index in 0..60 {
        let values =
            params![format!("up-{index}"), "acme", format!("t{index:02}"), "https://a.example.com/", none, NOW];
        run(&database, upstreams::INSERT_UPSTREAM, values).unwrap();
    }
    assert_eq!(rows(&database, upstreams::ENABLED_UPSTREAMS, params!["acme"]).len(), 50);
}

#[test]
fn everything_of_a_tenant_goes_with_it_and_nothing_else() {
    let database = two_tenants_with_servers();
    for tenant in ["acme", "zeta"] {
        join(&database, tenant, "files", 0, None).unwrap();
    }
    database.execute("DELETE FROM tenants WHERE id = 'acme'", []).unwrap();
    assert_eq!((count(&database, "users"), count(&database, "upstreams")), (1, 2));
    assert_eq!((count(&database, "servers"), count(&database, "server_upstreams")), (1, 1));
    database.execute("DELETE FROM upstreams WHERE id = 'zeta-files'", []).unwrap();
    assert_eq!((count(&database, "servers"), count(&database, "server_upstreams")), (1, 0));
    assert_eq!(rows(&database, "SELECT tenant_id FROM users", []), [json!({"tenant_id": "zeta"})]);
}

/// The database of a gate, made twice: every object runs the schema again.
fn gate_database() -> Connection {
    let database = Connection::open_in_memory().unwrap();
    for table in gate::SCHEMA.iter().chain(&gate::SCHEMA) {
        database.execute(table, []).unwrap();
    }
    database
}

#[test]
fn a_part_is_written_over_by_its_name() {
    let database = gate_database();
    let part = |name: &str| rows(&database, gate::READ_PART, params![name]);
    assert!(part(gate::BUCKET).is_empty());
    for value in ["1", "2"] {
        assert_eq!(run(&database, gate::WRITE_PART, params![gate::BUCKET, value]), Ok(1));
    }
    for (name, value) in [(gate::THROTTLE, "3"), (gate::QUOTAS, "4"), (gate::SLOTS, "5")] {
        run(&database, gate::WRITE_PART, params![name, value]).unwrap();
        assert_eq!(part(name), [json!({"value": value})]);
    }
    assert_eq!(part(gate::BUCKET), [json!({"value": "2"})]);
    assert_eq!(count(&database, "parts"), 4);
}

#[test]
fn a_session_is_written_over_with_its_end_and_forgotten_after_it() {
    let database = gate_database();
    let session = |id: &str| rows(&database, gate::READ_SESSION, params![id]);
    for (id, value, end) in
        [("s-1", "old", NOW - 1), ("s-1", "new", NOW + 1), ("s-2", "at", NOW), ("s-3", "past", NOW - 1)]
    {
        assert_eq!(run(&database, gate::WRITE_SESSION, params![id, value, end]), Ok(1));
    }
    assert_eq!(session("s-1"), [json!({"value": "new"})]);
    assert_eq!(run(&database, gate::DELETE_ENDED_SESSIONS, params![NOW]), Ok(1), "only the one that has ended");
    assert!(session("s-3").is_empty() && session("s-4").is_empty());
    assert_eq!((session("s-1").len(), session("s-2").len()), (1, 1), "the new end counts, not the old one");
}

#[test]
fn a_revoked_token_stays_for_an_hour_after_its_end() {
    const HOUR: i64 = 3_600_000;
    let database = gate_database();
    let revoked = |id: &str| rows(&database, gate::READ_REVOKED_TOKEN, params![id]);
    for (id, end) in [("t-1", NOW - HOUR - 1), ("t-2", NOW - HOUR), ("t-3", NOW + HOUR)] {
        assert_eq!(run(&database, gate::WRITE_REVOKED_TOKEN, params![id, end]), Ok(1));
    }
    assert_eq!(run(&database, gate::WRITE_REVOKED_TOKEN, params!["t-3", 0]), Ok(0), "the first end stands");
    assert_eq!(run(&database, gate::DELETE_ENDED_TOKENS, params![NOW]), Ok(1));
    assert!(revoked("t-1").is_empty() && revoked("unknown").is_empty());
    assert_eq!((revoked("t-2"), revoked("t-3")), (vec![json!({"value": "t-2"})], vec![json!({"value": "t-3"})]));
}

#[test]
fn single_things_are_kept_replaced_listed_and_forgotten() {
    let database = gate_database();
    let written = |id: &str, value: &str, end: i64| run(&database, gate::WRITE_SINGLE, params![id, value, end]);
    assert_eq!((written("a", "1", NOW), written("a", "2", NOW), written("b", "3", NOW)), (Ok(1), Ok(1), Ok(1)));
    assert_eq!(rows(&database, gate::READ_SINGLE, ["a"]), [json!({"value": "2"})]);
    assert_eq!(rows(&database, gate::READ_SINGLES, []).len(), 2);
    assert_eq!(run(&database, gate::DELETE_SINGLE, ["b"]), Ok(1));
    assert_eq!(run(&database, gate::DELETE_ENDED_SINGLES, [NOW + 3_600_000]), Ok(0));
    assert_eq!(run(&database, gate::DELETE_ENDED_SINGLES, [NOW + 3_600_001]), Ok(1));
    run(&database, gate::WRITE_SESSION, params!["s", "{}", NOW]).unwrap();
    assert_eq!(rows(&database, gate::READ_SESSIONS, []), [json!({"value": "{}"})]);
}
