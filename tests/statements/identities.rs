//! Statements of `store::identities`.

use super::{NOW, count, read, rows, run, two_tenants};
use mcp_secure_gateway::account::password;
use mcp_secure_gateway::store::identities::{self, IdentityRow};
use rusqlite::{Connection, params};
use serde_json::json;

const ISSUER: &str = "https://login.example.com";

/// The batch of a first sign-in; how many users and identities it made.
fn sign_in(database: &Connection, subject: &str, tenant: &str, user: &str, names: [&str; 2]) -> (usize, usize) {
    let hash = password::DUMMY_HASH;
    let values = params![user, tenant, names[0], names[1], hash, NOW, ISSUER, subject];
    let made = run(database, identities::INSERT_USER, values).unwrap();
    let values = params![ISSUER, subject, tenant, user, NOW];
    (made, run(database, identities::INSERT_IDENTITY, values).unwrap())
}

fn find(database: &Connection, issuer: &str, subject: &str, tenant: &str) -> Vec<Option<String>> {
    let found: Vec<IdentityRow> = read(database, identities::USER_BY_IDENTITY, params![issuer, subject, tenant]);
    found.into_iter().map(|row| row.admitted().map(String::from)).collect()
}

#[test]
fn a_first_sign_in_makes_a_user_and_the_next_one_finds_it() {
    let database = two_tenants();
    assert!(find(&database, ISSUER, "s-1", "acme").is_empty());
    assert_eq!(sign_in(&database, "s-1", "acme", "u-9", ["grace", "grace-9"]), (1, 1));
    assert_eq!(find(&database, ISSUER, "s-1", "acme"), [Some("u-9".to_owned())]);
    let user = rows(&database, "SELECT tenant_id, username, demo, disabled_at FROM users WHERE id = 'u-9'", []);
    assert_eq!(user, [json!({"tenant_id": "acme", "username": "grace", "demo": 0, "disabled_at": null})]);
    for (issuer, subject, tenant) in [
        ("https://login.example.com/", "s-1", "acme"),
        (ISSUER, "S-1", "acme"),
        (ISSUER, "s-1", "zeta"),
        (ISSUER, "%", "acme"),
    ] {
        assert!(find(&database, issuer, subject, tenant).is_empty(), "{issuer} {subject} {tenant}");
    }
}

#[test]
fn of_two_first_sign_ins_at_once_one_makes_the_user() {
    let database = two_tenants();
    assert_eq!(sign_in(&database, "s-1", "acme", "u-8", ["grace", "grace-8"]), (1, 1));
    assert_eq!(sign_in(&database, "s-1", "acme", "u-9", ["grace", "grace-9"]), (0, 0));
    assert_eq!((find(&database, ISSUER, "s-1", "acme"), count(&database, "users")), (vec![Some("u-8".to_owned())], 3));
}

#[test]
fn groups_are_written_when_they_changed_and_of_one_user_only() {
    let database = two_tenants();
    sign_in(&database, "s-1", "acme", "u-9", ["grace", "grace-9"]);
    let set =
        |tenant: &str, groups: &str| run(&database, identities::SET_GROUPS, params![tenant, "u-9", groups]).unwrap();
    let now = || rows(&database, "SELECT groups, version FROM users WHERE id = 'u-9'", []);
    assert_eq!((set("acme", r#"["ops"]"#), now()), (1, vec![json!({"groups": r#"["ops"]"#, "version": 2})]));
    assert_eq!((set("acme", r#"["ops"]"#), set("zeta", "[]")), (0, 0), "the same again, and another tenant");
    assert_eq!((set("acme", "[]"), now()), (1, vec![json!({"groups": "[]", "version": 3})]));
    assert_eq!(count(&database, "users WHERE groups <> '[]'"), 0, "nobody else's");
}

#[test]
fn nobody_takes_over_the_name_of_a_user_who_is_there() {
    let database = two_tenants();
    assert_eq!(sign_in(&database, "s-1", "acme", "u-9", ["zoe", "zoe-9"]), (1, 1));
    let zoe = rows(&database, "SELECT id FROM users WHERE username = 'zoe'", []);
    let new = rows(&database, "SELECT username FROM users WHERE id = 'u-9'", []);
    assert_eq!((zoe, new), (vec![json!({"id": "u-2"})], vec![json!({"username": "zoe-9"})]));
    let both = params!["u-7", "acme", "zoe", "ada", "hash", NOW, ISSUER, "s-2"];
    assert!(
        run(&database, identities::INSERT_USER, both).unwrap_err().contains("UNIQUE constraint failed: users.username")
    );
}

#[test]
fn a_tenant_that_is_not_there_or_disabled_gets_no_users() {
    let database = two_tenants();
    database.execute("UPDATE tenants SET disabled_at = 5 WHERE id = 'zeta'", []).unwrap();
    for tenant in ["zeta", "nobody", ""] {
        assert_eq!(sign_in(&database, "s-1", tenant, "u-9", ["grace", "grace-9"]), (0, 0), "{tenant}");
    }
    assert_eq!((count(&database, "users"), count(&database, "identities")), (2, 0));
}

#[test]
fn an_identity_of_another_tenant_makes_no_user_here() {
    let database = two_tenants();
    sign_in(&database, "s-1", "zeta", "u-8", ["grace", "grace-8"]);
    assert_eq!(sign_in(&database, "s-1", "acme", "u-9", ["grace", "grace-9"]), (0, 0));
    assert!(find(&database, ISSUER, "s-1", "acme").is_empty());
}

#[test]
fn a_disabled_user_and_one_of_a_disabled_tenant_stay_out() {
    for disable in
        ["UPDATE users SET disabled_at = 5 WHERE id = 'u-9'", "UPDATE tenants SET disabled_at = 7 WHERE id = 'acme'"]
    {
        let database = two_tenants();
        sign_in(&database, "s-1", "acme", "u-9", ["grace", "grace-9"]);
        database.execute(disable, []).unwrap();
        assert_eq!(find(&database, ISSUER, "s-1", "acme"), [None], "{disable}");
        assert_eq!(
            sign_in(&database, "s-1", "acme", "u-10", ["grace", "grace-10"]),
            (0, 0),
            "nor comes back as another"
        );
    }
}

#[test]
fn an_identity_goes_with_its_user() {
    let database = two_tenants();
    sign_in(&database, "s-1", "acme", "u-9", ["grace", "grace-9"]);
    database.execute("DELETE FROM users WHERE id = 'u-9'", []).unwrap();
    assert_eq!(count(&database, "identities"), 0);
}
