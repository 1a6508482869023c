//! The statements on virtual servers.

use super::{NOW, read, rows, run, two_tenants};
use mcp_secure_gateway::catalogue::endpoint::{Chosen, Endpoint, Face, PrefixMode};
use mcp_secure_gateway::store::servers::ServerRow;
use mcp_secure_gateway::store::upstreams::UpstreamRow;
use mcp_secure_gateway::store::{servers, upstreams};
use rusqlite::{Connection, params};

/// Two tenants, each with the upstreams `files` and `calendar` and the server `team`.
pub fn two_tenants_with_servers() -> Connection {
    let database = two_tenants();
    let none: Option<&str> = None;
    for tenant in ["acme", "zeta"] {
        for name in ["files", "calendar"] {
            let values = params![format!("{tenant}-{name}"), tenant, name, "https://a.example.com/", none, NOW];
            run(&database, upstreams::INSERT_UPSTREAM, values).unwrap();
        }
        let values = params![format!("{tenant}-team"), tenant, "team", "conflict", 1, NOW, "all", none];
        assert_eq!(run(&database, servers::INSERT_SERVER, values), Ok(1));
    }
    database
}

/// Puts an upstream of a tenant into its server `team`.
pub fn join(
    database: &Connection,
    tenant: &str,
    upstream: &str,
    position: i64,
    chosen: Option<&str>,
) -> Result<usize, String> {
    let values = params![format!("{tenant}-team"), tenant, upstream, position, chosen];
    run(database, servers::INSERT_SERVER_UPSTREAM, values)
}

/// What a tenant's servers show: server, upstream, whether everything.
fn shown(database: &Connection, tenant: &str) -> Vec<(String, Vec<(String, bool)>)> {
    let rows: Vec<ServerRow> = read(database, servers::ENABLED_SERVERS, params![tenant]);
    let servers = servers::endpoints(rows);
    assert!(servers.unusable.is_empty(), "{servers:?}");
    let members = |endpoint: &Endpoint| {
        endpoint.members.iter().map(|member| (member.upstream.to_string(), member.chosen.is_all())).collect()
    };
    servers
        .endpoints
        .iter()
        .map(|endpoint| (endpoint.name.clone().unwrap().as_str().to_owned(), members(endpoint)))
        .collect()
}

#[test]
fn answers_are_given_again_for_an_hour_at_most_and_not_at_all_unless_it_was_said() {
    let database = two_tenants_with_servers();
    let set = |seconds: i64| run(&database, upstreams::SET_CACHE_SECONDS, params!["acme", "files", seconds]);
    let kept = |tenant: &str| -> Vec<u32> {
        let rows: Vec<UpstreamRow> = read(&database, upstreams::ENABLED_UPSTREAMS, params![tenant]);
        rows.iter().map(|row| row.cache_seconds).collect()
    };
    assert_eq!((kept("acme"), set(3600)), (vec![0, 0], Ok(1)));
    assert_eq!((kept("acme"), kept("zeta")), (vec![0, 3600], vec![0, 0]));
    assert!(set(3601).is_err() && set(-1).is_err());
}

#[test]
fn a_server_is_listed_to_its_own_tenant_with_its_upstreams_in_order() {
    let database = two_tenants_with_servers();
    let chosen = servers::write_chosen(&["read*"]).unwrap();
    assert_eq!(
        (join(&database, "acme", "files", 0, Some(&chosen)), join(&database, "acme", "calendar", 1, None)),
        (Ok(1), Ok(1))
    );
    run(&database, servers::INSERT_SERVER, params!["s-3", "acme", "alone", "never", 0, NOW, "all", None::<&str>])
        .unwrap();
    let member = |name: &str, all| (format!("acme-{name}"), all);
    let team = ("team".to_owned(), vec![member("files", false), member("calendar", true)]);
    assert_eq!(shown(&database, "acme"), [("alone".to_owned(), vec![]), team]);
    assert_eq!(shown(&database, "zeta"), [("team".to_owned(), vec![])]);
    assert!(shown(&database, "nobody").is_empty() && shown(&database, "%").is_empty());
}

#[test]
fn a_disabled_server_is_not_listed_and_a_disabled_upstream_is_not_in_it() {
    let database = two_tenants_with_servers();
    for (position, upstream) in ["files", "calendar"].into_iter().enumerate() {
        join(&database, "acme", upstream, i64::try_from(position).unwrap(), Some("[]")).unwrap();
    }
    database.execute("UPDATE upstreams SET disabled_at = 5 WHERE id = 'acme-files'", []).unwrap();
    assert_eq!(shown(&database, "acme"), [("team".to_owned(), vec![("acme-calendar".to_owned(), false)])]);
    database.execute("UPDATE upstreams SET disabled_at = 5", []).unwrap();
    assert_eq!(shown(&database, "acme"), [("team".to_owned(), vec![])]);
    database.execute("UPDATE servers SET disabled_at = 5 WHERE id = 'acme-team'", []).unwrap();
    assert!(shown(&database, "acme").is_empty());
}

#[test]
fn a_server_has_upstreams_of_its_own_tenant_only() {
    let database = two_tenants_with_servers();
    let no_such = |outcome: Result<usize, String>| outcome.unwrap_err().contains("NOT NULL constraint failed");
    assert!(no_such(join(&database, "acme", "mail", 0, None)));
    let of_another = params!["zeta-team", "acme", "files", 0, None::<&str>];
    assert!(no_such(run(&database, servers::INSERT_SERVER_UPSTREAM, of_another)));
    let by_hand = "INSERT INTO server_upstreams VALUES ('zeta-team', 'acme-files', 0, NULL)";
    database.execute(by_hand, []).unwrap();
    assert_eq!(shown(&database, "zeta"), [("team".to_owned(), vec![])], "the statement looks again");
    assert_eq!(
        (join(&database, "acme", "files", 0, None), join(&database, "acme", "files", 1, None).is_err()),
        (Ok(1), true)
    );
}

#[test]
fn a_servers_name_is_unique_within_its_tenant_and_its_values_are_known_ones() {
    let database = two_tenants_with_servers();
    let insert = |id: &str, tenant: &str, name: &str, prefix: &str, own_tools: i64| {
        run(&database, servers::INSERT_SERVER, params![id, tenant, name, prefix, own_tools, NOW, "all", None::<&str>])
    };
    assert!(
        insert("s-1", "acme", "team", "always", 0).unwrap_err().contains("UNIQUE constraint failed: servers.tenant_id")
    );
    assert!(insert("s-1", "acme", "x", "sometimes", 0).unwrap_err().contains("CHECK constraint failed"));
    assert!(insert("s-1", "acme", "x", "always", 2).unwrap_err().contains("CHECK constraint failed"));
    assert!(insert("s-1", "nobody", "x", "always", 0).unwrap_err().contains("FOREIGN KEY constraint failed"));
    for mode in PrefixMode::ALL {
        assert_eq!(insert(mode.as_str(), "acme", mode.as_str(), mode.as_str(), 0), Ok(1));
    }
}

#[test]
fn no_more_than_500_rows_of_servers_are_listed() {
    let database = two_tenants();
    for index in 0..510 {
        let values =
            params![format!("s-{index}"), "acme", format!("t{index:03}"), "never", 0, NOW, "all", None::<&str>];
        run(&database, servers::INSERT_SERVER, values).unwrap();
    }
    assert_eq!(rows(&database, servers::ENABLED_SERVERS, params!["acme"]).len(), 500);
}

#[test]
fn a_server_shows_all_tools_or_a_search_with_what_is_pinned() {
    let database = two_tenants();
    let insert = |name: &str, face: &str, pinned: Option<&str>| {
        run(&database, servers::INSERT_SERVER, params![name, "acme", name, "never", 0, NOW, face, pinned])
    };
    let pinned = servers::write_chosen(&["read", "list*"]).unwrap();
    assert_eq!(
        (insert("a", "all", None), insert("b", "search", Some(&pinned)), insert("c", "search", None)),
        (Ok(1), Ok(1), Ok(1))
    );
    assert!(insert("d", "menu", None).unwrap_err().contains("CHECK constraint failed"));
    let before = "INSERT INTO servers (id, tenant_id, name, prefix, created_at) VALUES ('e', 'acme', 'e', 'never', 1)";
    database.execute(before, []).unwrap();
    let rows: Vec<ServerRow> = read(&database, servers::ENABLED_SERVERS, params!["acme"]);
    let faces: Vec<Face> = servers::endpoints(rows).endpoints.into_iter().map(|endpoint| endpoint.face).collect();
    let search = |pinned: &[&str]| Face::Search { pinned: Chosen::only(pinned).unwrap() };
    assert_eq!(faces, [Face::All, search(&["read", "list*"]), search(&[]), Face::All]);
}
