//! Statements of `store::clients`.

use super::{NOW, read, run, two_tenants};
use mcp_secure_gateway::oauth::client::{Client, Known};
use mcp_secure_gateway::store::clients::{self, ClientRow};
use rusqlite::{Connection, params};

const YEAR: i64 = 31_536_000_000;

fn find(database: &Connection, id: &str, now: i64) -> Option<Client> {
    let rows: Vec<ClientRow> = read(database, clients::CLIENT_BY_ID, params![id, now]);
    rows.into_iter().next().map(|row| row.into_client(&[]).unwrap())
}

fn register(database: &Connection, id: &str, end: i64, most: u32) -> Result<usize, String> {
    let hash: Option<&str> = None;
    let values =
        params![id, "App", "[\"https://app.example/\"]", "none", hash, hash, "authorization_code", NOW, end, most];
    run(database, clients::INSERT_SELF_REGISTERED, values)
}

#[test]
fn a_client_that_registered_itself_is_there_until_its_time_is_up() {
    let database = two_tenants();
    assert_eq!(register(&database, "dyn_a", NOW + YEAR, 2), Ok(1));
    assert_eq!(find(&database, "dyn_a", NOW).unwrap().known, Known::Itself);
    assert!(find(&database, "dyn_a", NOW + YEAR).is_none() && find(&database, "dyn_b", NOW).is_none());
    assert!(register(&database, "dyn_a", NOW, 2).is_err(), "an id is used once");
}

#[test]
fn there_are_never_more_than_allowed_and_the_expired_make_room() {
    let database = two_tenants();
    assert_eq!((register(&database, "a", NOW + 1, 2), register(&database, "b", NOW + YEAR, 2)), (Ok(1), Ok(1)));
    assert_eq!(register(&database, "c", NOW + YEAR, 2), Ok(0));
    assert_eq!(run(&database, clients::DELETE_EXPIRED, [NOW + 1]), Ok(1));
    assert_eq!(register(&database, "c", NOW + YEAR, 2), Ok(1));
}

#[test]
fn a_client_that_is_used_stays_longer_and_is_not_written_each_time() {
    let database = two_tenants();
    register(&database, "a", NOW + 1000, 9).unwrap();
    assert_eq!(run(&database, clients::EXTEND, params!["a", NOW + 2000]), Ok(0));
    assert_eq!(run(&database, clients::EXTEND, params!["a", NOW + YEAR]), Ok(1));
    assert!(find(&database, "a", NOW + 5000).is_some());
}

#[test]
fn a_client_of_a_tenant_goes_with_its_tenant() {
    let database = two_tenants();
    let insert = |id: &str, account: Option<&str>| {
        let none: Option<&str> = None;
        let values =
            params![id, "acme", account, "Ops", "[]", "client_secret_basic", "hash", none, "client_credentials", NOW];
        run(&database, clients::INSERT_OF_TENANT, values)
    };
    assert_eq!((insert("ops", Some("ada")), insert("plain", None)), (Ok(1), Ok(1)));
    assert!(
        insert("stranger", Some("bob")).is_err_and(|told| told.contains("NOT NULL")),
        "an account of another tenant"
    );
    let Known::Operator { tenant, account } = find(&database, "ops", NOW + YEAR).unwrap().known else { panic!() };
    assert_eq!((tenant.as_str(), account.unwrap().as_str()), ("acme", "u-1"));
    assert_eq!(run(&database, clients::EXTEND, params!["ops", NOW + YEAR]), Ok(0), "it does not expire");
    run(&database, "UPDATE tenants SET disabled_at = 1 WHERE id = 'acme'", []).unwrap();
    assert!(find(&database, "ops", NOW).is_none());
    run(&database, "DELETE FROM tenants WHERE id = 'acme'", []).unwrap();
    assert_eq!(run(&database, "DELETE FROM oauth_clients", []), Ok(0));
}
