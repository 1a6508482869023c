//! Files and databases as upstreams, and what is left of files.

use super::{NOW, count, database, read, rows, run, two_tenants};
use mcp_secure_gateway::admin::upstream::{UpstreamKind, UpstreamView};
use mcp_secure_gateway::file::path::Area;
use mcp_secure_gateway::id::{TenantId, UpstreamId};
use mcp_secure_gateway::sql::answer::{Rows, Tables};
use mcp_secure_gateway::store::upstreams::{LeftoverRow, UpstreamRow, UpstreamViewRow};
use mcp_secure_gateway::store::{tables, tenants, upstreams};
use rusqlite::{Connection, params};
use serde_json::Value;

const NONE: Option<&str> = None;

fn make(database: &Connection, tenant: &str, id: &str, kind: &str, options: &str) -> Result<usize, String> {
    let url = if kind == "files" { "r2://FILES" } else { "d1://DATA_A" };
    let values = params![tenant, id, id, kind, url, NONE, options, NOW];
    run(database, upstreams::MAKE_UPSTREAM, values)
}

fn leftovers(database: &Connection) -> Vec<String> {
    let left: Vec<LeftoverRow> = read(database, upstreams::LEFTOVERS, params![10]);
    left.into_iter().map(|row| row.prefix).collect()
}

#[test]
fn a_store_is_kept_with_how_it_is_used_and_told_by_its_kind() {
    let database = two_tenants();
    assert_eq!(make(&database, "acme", "docs", "files", "{\"read_only\":true}"), Ok(1));
    assert_eq!(make(&database, "acme", "crm", "database", "{\"binding\":\"DATA_A\"}"), Ok(1));
    assert!(make(&database, "acme", "ftp", "ftp", "{}").unwrap_err().contains("CHECK constraint failed"));
    let listed: Vec<UpstreamViewRow> = read(&database, upstreams::UPSTREAMS, params!["acme", "", 9]);
    let listed: Vec<UpstreamView> = listed.into_iter().map(UpstreamView::from).collect();
    assert_eq!((listed[0].kind, listed[1].kind), (UpstreamKind::Database, UpstreamKind::Files));
    assert!(listed[0].files.is_none() && listed[0].database.as_ref().is_some_and(|own| own.binding == "DATA_A"));
    assert!(listed[1].files.as_ref().is_some_and(|own| own.read_only) && listed[1].database.is_none());
    let enabled: Vec<UpstreamRow> = read(&database, upstreams::ENABLED_UPSTREAMS, params!["acme"]);
    assert_eq!(enabled[1].options.as_deref(), Some("{\"read_only\":true}"));
    let change = params!["acme", "docs", 1, "docs", "r2://FILES", NONE, NONE, NOW, "{}"];
    assert_eq!(run(&database, upstreams::UPDATE_UPSTREAM, change), Ok(1));
    let changed: Vec<UpstreamViewRow> = read(&database, upstreams::UPSTREAM, params!["acme", "docs"]);
    assert!(changed.into_iter().map(UpstreamView::from).all(|view| view.files.is_some_and(|own| !own.read_only)));
}

#[test]
fn what_was_there_before_the_new_kinds_keeps_its_kind_and_all_that_refers_to_it() {
    let database = Connection::open_in_memory().unwrap();
    database.pragma_update(None, "foreign_keys", true).unwrap();
    for (name, text) in super::files("migrations", "sql") {
        if name.starts_with("0013") {
            database
                .execute_batch(
                    "INSERT INTO tenants (id, name, created_at) VALUES ('acme', 'acme', 1); \
                     INSERT INTO upstreams (id, tenant_id, name, url, kind, created_at) VALUES \
                         ('a', 'acme', 'a', 'https://a.example/', 'http', 1), ('b', 'acme', 'b', 'https://b.example/', 'mcp', 1); \
                     INSERT INTO credentials (id, tenant_id, upstream_id, kind, origin, sealed, shown, created_at, updated_at) \
                         VALUES ('c', 'acme', 'a', 'bearer', 'o', 's', '{}', 1, 1);",
                )
                .unwrap();
        }
        database.execute_batch(&text).unwrap();
    }
    let kinds = rows(&database, "SELECT kind FROM upstreams ORDER BY id", []);
    assert_eq!((kinds[0]["kind"].as_str(), kinds[1]["kind"].as_str()), (Some("http"), Some("mcp")));
    assert_eq!(count(&database, "credentials"), 1);
}

#[test]
fn files_are_remembered_when_their_upstream_or_their_tenant_goes_and_until_nothing_is_left() {
    let database = two_tenants();
    for (tenant, id, kind) in
        [("acme", "docs", "files"), ("acme", "crm", "database"), ("zeta", "z-1", "files"), ("zeta", "z-2", "files")]
    {
        make(&database, tenant, id, kind, "{\"binding\":\"DATA_A\"}").unwrap();
    }
    for (tenant, id) in [("zeta", "docs"), ("acme", "crm"), ("acme", "none")] {
        assert_eq!(run(&database, upstreams::LEAVE_FILES, params![tenant, id, NOW]), Ok(0), "{tenant} {id}");
    }
    assert_eq!(run(&database, upstreams::LEAVE_FILES, params!["acme", "docs", NOW]), Ok(1));
    let area = Area::new(&TenantId::parse("acme").unwrap(), &UpstreamId::parse("docs").unwrap());
    assert_eq!(leftovers(&database), [area.prefix()], "written as the files are");
    assert_eq!(run(&database, upstreams::LEAVE_TENANTS_FILES, params!["zeta", NOW + 1]), Ok(2));
    assert_eq!(run(&database, tenants::DELETE, ["zeta"]), Ok(1));
    assert_eq!(leftovers(&database), ["t/acme/docs/", "t/zeta/z-1/", "t/zeta/z-2/"]);
    let forget = |before: i64| run(&database, upstreams::FORGET_LEFTOVER, params!["t/acme/docs/", before]);
    assert_eq!((forget(NOW), forget(NOW + 1), forget(NOW + 1)), (Ok(0), Ok(1), Ok(0)));
}

/// The answer of the platform to a statement, as it gives it in rows.
fn raw(database: &Connection, statement: &str) -> Value {
    let mut prepared = database.prepare(statement).unwrap();
    let names: Vec<Value> = prepared.column_names().map(Value::from).collect();
    let width = names.len();
    let mut all = vec![Value::Array(names)];
    let mut found = prepared.query([2_001]).unwrap();
    while let Some(row) = found.next().unwrap() {
        all.push((0..width).map(|at| super::as_json(row.get_ref(at).unwrap())).collect());
    }
    Value::Array(all)
}

#[test]
fn a_database_tells_of_its_own_tables_and_views_and_of_nothing_else() {
    let own = database();
    own.execute_batch(
        "CREATE TABLE _cf_KV (key TEXT); CREATE TABLE d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT); \
         CREATE VIEW names AS SELECT name AS called FROM tenants;",
    )
    .unwrap();
    let told = Tables::of(Rows::of(raw(&own, tables::TABLES), 2_000).unwrap());
    let view = told.named("names").unwrap();
    assert_eq!((view.kind.as_str(), view.columns.len(), view.columns[0].name.as_str()), ("view", 1, "called"));
    let id = told.named("TENANTS").unwrap().columns.iter().find(|column| column.name == "name").unwrap();
    assert_eq!((id.r#type.as_str(), id.required, id.key), ("TEXT", true, false));
    assert!(
        told.named("_cf_KV").is_none()
            && told.named("d1_migrations").is_none()
            && told.named("sqlite_sequence").is_none()
    );
}
