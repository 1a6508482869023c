//! Databases of tenants as upstreams: what is asked, what is changed, and by whom.

use crate::gateway;
use gateway_contract::caller::Caller;
use gateway_contract::seed::DATABASE;
use gateway_contract::team::{SEEN, Team, refused, text, within};
use reqwest::Method;
use serde_json::{Value, json};

/// Makes a table of a test's own in the database that several tenants share here: its name.
fn table(team: &Team) -> String {
    let name = format!("orders_{}", team.tenant().replace('-', "_"));
    let rows = (1..=300).map(|id| format!("({id}, 'order {id}', {id}.5)")).collect::<Vec<_>>().join(", ");
    gateway().sql_on(
        DATABASE,
        &format!(
            "CREATE TABLE {name} (id INTEGER PRIMARY KEY, what TEXT NOT NULL, price REAL, raw BLOB); \
             INSERT INTO {name} (id, what, price) VALUES {rows};"
        ),
    );
    name
}

async fn database(team: &Team, name: &str, options: Value) -> (String, Value) {
    let order = json!({"name": name, "kind": "database", "database": options});
    team.served(&order, "query", &json!({"sql": "SELECT 1"})).await
}

#[tokio::test]
async fn a_query_is_answered_with_bound_values_and_within_its_rows() {
    let team = Team::with_a_database();
    let table = table(&team);
    let (access, made) = database(&team, "crm", json!({"binding": DATABASE})).await;
    assert_eq!((&made["kind"], &made["url"]), (&json!("database"), &json!("d1://DATA_DEMO")), "{made}");
    let ask = |sql: String, params: Value| json!({"sql": sql, "params": params});
    let sql = format!("SELECT id, what, price AS id FROM {table} WHERE id = ?1 OR what = ?2 ORDER BY id DESC -- two");
    let rows = gateway().done(&access, "crm__query", &ask(sql, json!([7, "order 9"]))).await;
    assert_eq!(rows["columns"].as_array().map(Vec::len), Some(3), "{rows}");
    assert_eq!(rows["rows"], json!([[9, "order 9", 9.5], [7, "order 7", 7.5]]), "{rows}");
    assert_eq!(rows["truncated"], false);
    let hostile = format!("x'; DROP TABLE {table}; --");
    let rows = gateway()
        .done(&access, "crm__query", &ask(format!("SELECT ?1 AS a, count(*) AS n FROM {table}"), json!([hostile])))
        .await;
    assert_eq!(rows["rows"], json!([[hostile, 300]]), "{rows}");
    let all = gateway().done(&access, "crm__query", &json!({"sql": format!("SELECT id FROM {table};")})).await;
    assert_eq!((all["rows"].as_array().map(Vec::len), &all["truncated"]), (Some(200), &json!(true)));
    let few =
        gateway().done(&access, "crm__query", &json!({"sql": format!("SELECT id FROM {table}"), "max_rows": 3})).await;
    assert_eq!((&few["rows"], &few["truncated"]), (&json!([[1], [2], [3]]), &json!(true)));
    let odd = gateway()
        .done(&access, "crm__query", &json!({"sql": "SELECT x'00ff' AS b, NULL AS n, 1.5 AS f WHERE 1 = 1"}))
        .await;
    assert_eq!(odd["rows"], json!([[{"base64": "AP8="}, null, 1.5]]), "{odd}");
    let long = gateway()
        .done(&access, "crm__query", &json!({"sql": format!("SELECT hex(zeroblob(20000)) AS a FROM {table}")}))
        .await;
    assert_eq!(long["truncated"], true);
    assert!(long.to_string().len() < 300_000 && long["rows"].as_array().is_some_and(|rows| rows.len() < 10));
    let empty =
        gateway().done(&access, "crm__query", &json!({"sql": format!("SELECT id, what FROM {table} WHERE 0")})).await;
    assert_eq!((&empty["rows"], &empty["truncated"]), (&json!([]), &json!(false)), "{empty}");
    let wrong = gateway().failed(&access, "crm__query", &json!({"sql": "SELECT a FROM nowhere"})).await;
    assert!(wrong.contains("no such table: nowhere") && !wrong.contains("D1_"), "{wrong}");
    let records = team.order("auditor", Method::GET, "/admin/audit?tool=crm__query&kind=tool.call", None).await;
    assert!(records.json(200)["items"].as_array().is_some_and(|items| items.len() > 5), "{}", records.text());
}

#[tokio::test]
async fn a_statement_that_writes_or_looks_elsewhere_is_no_query() {
    let team = Team::with_a_database();
    let table = table(&team);
    let (access, _) = database(&team, "crm", json!({"binding": DATABASE})).await;
    for text in [
        "DELETE FROM {t}",
        "DROP TABLE {t}",
        "SELECT 1; DROP TABLE {t}",
        "SELECT 1) ; DROP TABLE {t}; --",
        "SELECT 1 --'\n; DROP TABLE {t} --'",
        "WITH x AS (SELECT 1) DELETE FROM {t}",
        "WITH x AS (DELETE FROM {t} RETURNING *) SELECT * FROM x",
        "INSERT INTO {t} (id, what) VALUES (999, 'x')",
        "UPDATE {t} SET what = ''",
        "PRAGMA table_info({t})",
        "SELECT * FROM pragma_table_info('{t}')",
        "SELECT * FROM sqlite_master",
        "SELECT * FROM \"sqlite_schema\"",
        "SELECT * FROM 'sqlite_master'",
        "SELECT * FROM _cf_KV",
        "SELECT * FROM d1_migrations",
        "SELECT load_extension('x')",
        "ATTACH 'x' AS y",
        "EXPLAIN SELECT 1",
        "SELECT :a",
        "SELECT ?",
        "",
    ] {
        let sql = text.replace("{t}", &table);
        let answer = gateway().execute(&access, "crm__query", &json!({"sql": sql})).await;
        let is_refused = answer.status == 422 || answer.json(200)["success"] == false;
        assert!(is_refused, "{sql}: {}", answer.text());
    }
    // There is no tool that writes where nothing is said of writing.
    refused(
        &gateway().execute(&access, "crm__execute", &json!({"sql": format!("DELETE FROM {table}")})).await,
        404,
        "unknown-tool",
    );
    let rows = gateway()
        .done(&access, "crm__query", &json!({"sql": format!("SELECT count(*), min(what) FROM {table}")}))
        .await;
    assert_eq!(rows["rows"], json!([[300, "order 1"]]), "{rows}");
}

#[tokio::test]
async fn rows_are_changed_where_the_upstream_and_the_policies_allow_it() {
    let team = Team::with_a_database();
    let table = table(&team);
    let options = json!({"binding": DATABASE, "writes": true, "statements": ["insert", "update"]});
    let (access, _) = database(&team, "crm", options).await;
    let insert = json!({"sql": format!("INSERT INTO {table} (id, what) VALUES (?, ?)"), "params": [1001, "it's"]});
    assert_eq!(gateway().done(&access, "crm__execute", &insert.clone()).await["changes"], 1);
    assert!(gateway().failed(&access, "crm__execute", &insert).await.contains("UNIQUE constraint failed"));
    let update = json!({"sql": format!("UPDATE {table} SET price = ? WHERE id > ?"), "params": [null, 299]});
    assert_eq!(gateway().done(&access, "crm__execute", &update).await["changes"], 2);
    for text in [
        "DELETE FROM {t}",
        "REPLACE INTO {t} (id, what) VALUES (1, 'x')",
        "INSERT OR REPLACE INTO {t} (id, what) VALUES (1, 'x')",
        "UPDATE {t} SET what = 'x'; DELETE FROM {t}",
        "ALTER TABLE {t} ADD COLUMN x",
        "UPDATE sqlite_schema SET sql = ''",
        "SELECT 1",
    ] {
        gateway().failed(&access, "crm__execute", &json!({"sql": text.replace("{t}", &table)})).await;
    }
    let left = gateway()
        .done(&access, "crm__query", &json!({"sql": format!("SELECT count(*), min(what) FROM {table}")}))
        .await;
    assert_eq!(left["rows"], json!([[301, "it's"]]), "{left}");
    team.policy(&json!({"name": "look only", "effect": "deny", "what": {"upstreams": ["crm"], "read_only": false}}))
        .await;
    let order = json!({"sql": format!("UPDATE {table} SET what = 'x'")});
    let denied = || async { gateway().execute(&access, "crm__execute", &order.clone()).await.status == 404 };
    within(SEEN, "denied", denied).await;
    gateway().done(&access, "crm__query", &json!({"sql": "SELECT 1"})).await;
}

#[tokio::test]
async fn a_database_that_is_not_given_to_a_tenant_is_as_one_that_is_not_there() {
    let (ours, strangers) = (Team::with_a_database(), Team::new());
    let order = |binding: &str| json!({"name": "crm", "kind": "database", "database": {"binding": binding}});
    let mut told = Vec::new();
    for (team, binding) in [(&strangers, DATABASE), (&strangers, "DATA_NONE"), (&ours, "DATA_NONE")] {
        let answer = team.order("owner", Method::POST, "/admin/upstreams", Some(&order(binding))).await;
        told.push(refused(&answer, 400, "invalid-body")["detail"].clone());
    }
    assert!(told.iter().all(|detail| *detail == told[0]), "{told:?}");
    for own in ["DB", "FILES", "REVOCATIONS", "data_demo", "DATA_", ""] {
        let answer = ours.order("owner", Method::POST, "/admin/upstreams", Some(&order(own))).await;
        assert!(refused(&answer, 400, "invalid-body").to_string().contains("DATA_"), "{own}");
    }
    // A row that was made by other means gives nothing either.
    let tenant = strangers.tenant();
    gateway().sql(&format!(
        "INSERT INTO upstreams (id, tenant_id, name, kind, url, options, created_at) VALUES \
         ('db-{tenant}', '{tenant}', 'crm', 'database', 'd1://{DATABASE}', '{{\"binding\":\"{DATABASE}\",\"writes\":true}}', 1);"
    ));
    let access = strangers.token("agent").await;
    let there = || async { gateway().execute(&access, "crm__query", &json!({"sql": "SELECT 1"})).await.status == 502 };
    within(SEEN, "refused", there).await;
    let tried =
        strangers.order("owner", Method::POST, &format!("/admin/upstreams/db-{tenant}/test"), None).await.json(200);
    assert_eq!((&tried["works"], &tried["tools"]), (&json!(false), &json!([])), "{tried}");
}

#[tokio::test]
async fn tables_are_described_by_a_tool_and_as_resources() {
    let team = Team::with_a_database();
    let table = table(&team);
    let (access, made) = database(&team, "crm", json!({"binding": DATABASE})).await;
    let told = gateway().done(&access, "crm__describe_tables", &json!({"table": table})).await;
    let key = json!({"name": "id", "type": "INTEGER", "required": false, "key": true});
    assert_eq!(told["tables"][0]["columns"][0], key, "{told}");
    assert_eq!(told["tables"][0]["columns"].as_array().map(Vec::len), Some(4));
    let all = gateway().done(&access, "crm__describe_tables", &json!({})).await.to_string();
    assert!(all.contains(&table) && !all.contains("_cf_") && !all.contains("sqlite_"), "{all}");
    assert!(
        gateway()
            .failed(&access, "crm__describe_tables", &json!({"table": "sqlite_master"}))
            .await
            .contains("no table")
    );
    let caller = Caller::modern(gateway(), &access, "");
    let listed = caller.result("resources/list", json!({})).await.to_string();
    let uri = format!("mcp+crm+table:///{table}");
    assert!(listed.contains(&uri), "{listed}");
    let read = caller.result("resources/read", json!({"uri": uri})).await;
    let inside = read["contents"][0]["text"].as_str().expect("a text");
    assert!(inside.contains("\"name\":\"price\"") && read["contents"][0]["mimeType"] == "application/json", "{read}");
    let missing = caller.send("resources/read", json!({"uri": "mcp+crm+table:///sqlite_master"})).await.rest().await;
    assert!(missing.last().expect("an answer").to_string().contains("not found"), "{missing:?}");
    let path = format!("/admin/upstreams/{}", text(&made, "id"));
    let tried = team.order("owner", Method::POST, &format!("{path}/test"), None).await.json(200);
    assert_eq!(tried["tools"], json!(["query", "describe_tables"]), "{tried}");
}
