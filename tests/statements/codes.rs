//! Statements of `store::codes`.

use super::of_people::{disable, with_admin};
use super::{HASH, NOW, count, read, rows, run};
use mcp_secure_gateway::account::role::Role;
use mcp_secure_gateway::store::codes::{self, CodeRow, InvitedRow, ResetRow};
use rusqlite::{Connection, params};
use serde_json::json;

const DAY: i64 = 86_400_000;

fn invite(database: &Connection, hash: &str, tenant: &str, role: &str, by: &str) -> Result<usize, String> {
    run(database, codes::INSERT_INVITATION, params![hash, tenant, role, by, NOW, NOW + DAY, 3])
}

fn reset(database: &Connection, hash: &str, tenant: &str, whose: &str, by: &str) -> Result<usize, String> {
    run(database, codes::INSERT_RESET, params![hash, tenant, whose, by, NOW, NOW + DAY, 3])
}

fn good(database: &Connection, hash: &str, now: i64) -> Option<CodeRow> {
    read(database, codes::GOOD_CODE, params![hash, now]).pop()
}

/// Uses an invitation as one batch does: who was made, if anybody was.
fn join(database: &Connection, hash: &str, now: i64, id: &str, name: &str) -> Option<InvitedRow> {
    let used: Vec<InvitedRow> = read(database, codes::USE_INVITATION, params![hash, now, id, name]);
    let made = run(database, codes::INSERT_INVITED, params![hash, id, name, HASH, now]);
    assert_eq!(made, Ok(used.len()), "the user and the use of the code go together");
    used.into_iter().next()
}

fn set_by_reset(database: &Connection, hash: &str, now: i64, use_id: &str, password: &str) -> Option<ResetRow> {
    let used: Vec<ResetRow> = read(database, codes::USE_RESET, params![hash, now, use_id]);
    let set = run(database, codes::SET_RESET_PASSWORD, params![hash, use_id, password]);
    assert_eq!(set, Ok(used.len()), "the password and the use of the code go together");
    used.into_iter().next()
}

#[test]
fn an_invitation_makes_one_user_of_its_tenant_and_role() {
    let database = with_admin();
    assert_eq!(invite(&database, "h", "acme", "admin", "a-1"), Ok(1));
    let code = good(&database, "h", NOW).unwrap();
    assert_eq!((code.tenant_id.as_str(), code.role, code.user_id), ("acme", Some(Role::Admin), None));
    let joined = join(&database, "h", NOW, "u-9", "grace").unwrap();
    assert_eq!(
        (joined.tenant_id.as_str(), joined.role, joined.made_by.unwrap().as_str()),
        ("acme", Role::Admin, "a-1")
    );
    let made = rows(&database, "SELECT tenant_id, role, demo FROM users WHERE id = 'u-9'", []);
    assert_eq!(made, [json!({"tenant_id": "acme", "role": "admin", "demo": 0})]);
    assert!(join(&database, "h", NOW, "u-10", "eve").is_none() && good(&database, "h", NOW).is_none(), "used once");
    assert_eq!(count(&database, "users"), 4);
}

#[test]
fn the_operator_makes_a_reset_code_for_whoever_is_left() {
    let database = with_admin();
    let offer = |hash: &str, tenant: &str, name: &str| {
        run(&database, codes::INSERT_OPERATORS_RESET, params![hash, tenant, name, NOW, NOW + DAY])
    };
    assert_eq!(offer("h", "acme", "root"), Ok(1));
    assert!(offer("i", "zeta", "root").is_err_and(|told| told.contains("NOT NULL")), "another tenant's");
    assert!(offer("j", "acme", "nobody").is_err_and(|told| told.contains("NOT NULL")));
    disable(&database, "a-1");
    assert_eq!(good(&database, "h", NOW).unwrap().username.as_deref(), Some("root"));
    assert!(good(&database, "h", NOW + DAY).is_none());
    let used = set_by_reset(&database, "h", NOW, "use", "new hash").unwrap();
    assert_eq!((used.user_id.as_str(), used.made_by), ("a-1", None));
    assert!(set_by_reset(&database, "h", NOW, "again", "newer").is_none(), "used once");
}

#[test]
fn a_name_that_is_taken_leaves_the_invitation_as_it_was() {
    let database = with_admin();
    invite(&database, "h", "acme", "developer", "a-1").unwrap();
    assert!(join(&database, "h", NOW, "u-9", "zoe").is_none(), "zoe is another tenant's");
    assert!(good(&database, "h", NOW).is_some());
    assert!(join(&database, "h", NOW, "u-9", "grace").is_some());
}

#[test]
fn only_an_administrator_of_the_tenant_makes_codes_and_not_for_itself() {
    let database = with_admin();
    for (tenant, by) in [("acme", "u-1"), ("zeta", "a-1"), ("acme", "u-2"), ("acme", "nobody")] {
        assert_eq!(invite(&database, "h", tenant, "developer", by), Ok(0), "{tenant} {by}");
    }
    for (tenant, whose, by) in [
        ("acme", "u-1", "u-1"),
        ("acme", "a-1", "a-1"),
        ("acme", "a-1", "u-1"),
        ("acme", "u-2", "a-1"),
        ("zeta", "u-2", "a-1"),
        ("acme", "nobody", "a-1"),
    ] {
        assert_eq!(reset(&database, "h", tenant, whose, by), Ok(0), "{tenant} {whose} {by}");
    }
    disable(&database, "a-1");
    assert_eq!(
        (invite(&database, "h", "acme", "developer", "a-1"), reset(&database, "h", "acme", "u-1", "a-1")),
        (Ok(0), Ok(0))
    );
    assert_eq!(count(&database, "account_codes"), 0);
}

#[test]
fn a_code_dies_with_its_time_its_tenant_and_the_rights_of_who_made_it() {
    for (change, now) in [
        ("SELECT 1", NOW + DAY),
        ("UPDATE tenants SET disabled_at = 5 WHERE id = 'acme'", NOW),
        ("UPDATE users SET disabled_at = 5 WHERE id = 'a-1'", NOW),
        ("UPDATE users SET role = 'developer' WHERE id = 'a-1'", NOW),
    ] {
        let database = with_admin();
        invite(&database, "i", "acme", "developer", "a-1").unwrap();
        reset(&database, "r", "acme", "u-1", "a-1").unwrap();
        assert!(good(&database, "i", NOW).is_some() && good(&database, "r", NOW + DAY - 1).is_some());
        database.execute_batch(change).unwrap();
        assert!(good(&database, "i", now).is_none() && good(&database, "r", now).is_none(), "{change}");
        assert!(join(&database, "i", now, "u-9", "grace").is_none(), "{change}");
        assert!(set_by_reset(&database, "r", now, "x", "new").is_none(), "{change}");
    }
}

#[test]
fn a_reset_sets_one_password_once_and_takes_the_second_factor_away() {
    let database = with_admin();
    database.execute("UPDATE users SET second_factor = 'sealed'", []).unwrap();
    assert_eq!(reset(&database, "h", "acme", "u-1", "a-1"), Ok(1));
    let code = good(&database, "h", NOW).unwrap();
    assert_eq!((code.role, code.username.as_deref()), (None, Some("ada")));
    let used = set_by_reset(&database, "h", NOW, "x", "new").unwrap();
    assert_eq!(
        (used.tenant_id.as_str(), used.user_id.as_str(), used.made_by.unwrap().as_str()),
        ("acme", "u-1", "a-1")
    );
    let stored = "SELECT id FROM users WHERE password_hash = 'new' AND second_factor IS NULL";
    assert_eq!(rows(&database, stored, []), [json!({"id": "u-1"})]);
    assert!(set_by_reset(&database, "h", NOW, "y", "newer").is_none());
    assert_eq!(rows(&database, "SELECT id FROM users WHERE second_factor IS NOT NULL", []).len(), 2);
}

#[test]
fn a_code_of_one_purpose_serves_no_other() {
    let database = with_admin();
    invite(&database, "i", "acme", "developer", "a-1").unwrap();
    reset(&database, "r", "acme", "u-1", "a-1").unwrap();
    assert!(join(&database, "r", NOW, "u-9", "grace").is_none());
    assert!(set_by_reset(&database, "i", NOW, "x", "new").is_none());
    assert!(good(&database, "i", NOW).is_some() && good(&database, "r", NOW).is_some());
}

#[test]
fn a_newer_reset_takes_the_older_ones_away_and_nothing_else() {
    let database = with_admin();
    invite(&database, "i", "acme", "developer", "a-1").unwrap();
    reset(&database, "r", "acme", "u-1", "a-1").unwrap();
    assert_eq!(run(&database, codes::DELETE_OPEN_RESETS, params!["zeta", "u-1"]), Ok(0));
    assert_eq!(run(&database, codes::DELETE_OPEN_RESETS, params!["acme", "u-1"]), Ok(1));
    assert!(good(&database, "r", NOW).is_none() && good(&database, "i", NOW).is_some());
}

#[test]
fn there_are_never_more_open_codes_than_allowed_and_the_expired_make_room() {
    let database = with_admin();
    for hash in ["1", "2", "3"] {
        assert_eq!(invite(&database, hash, "acme", "developer", "a-1"), Ok(1));
    }
    assert_eq!(
        (invite(&database, "4", "acme", "developer", "a-1"), reset(&database, "4", "acme", "u-1", "a-1")),
        (Ok(0), Ok(0))
    );
    assert!(join(&database, "1", NOW, "u-9", "grace").is_some());
    assert_eq!(invite(&database, "4", "acme", "developer", "a-1"), Ok(1), "a used one makes room");
    assert_eq!(run(&database, codes::DELETE_EXPIRED, [NOW + DAY - 1]), Ok(0));
    assert_eq!(run(&database, codes::DELETE_EXPIRED, [NOW + DAY]), Ok(4));
}

#[test]
fn a_code_says_what_it_is_for_and_no_more() {
    let database = with_admin();
    let insert = |purpose: &str, role: Option<&str>, user: Option<&str>| {
        let statement = "INSERT INTO account_codes (hash, tenant_id, purpose, role, user_id, made_by, created_at, expires_at) \
                         VALUES ('h', 'acme', ?1, ?2, ?3, 'a-1', 1, 2)";
        run(&database, statement, params![purpose, role, user]).map_err(|told| told.contains("CHECK constraint failed"))
    };
    for (purpose, role, user) in [
        ("invitation", None, None),
        ("invitation", Some("admin"), Some("u-1")),
        ("invitation", Some("member"), None),
        ("reset", None, None),
        ("reset", Some("admin"), Some("u-1")),
        ("other", Some("admin"), None),
    ] {
        assert_eq!(insert(purpose, role, user), Err(true), "{purpose} {role:?} {user:?}");
    }
}
