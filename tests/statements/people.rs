//! Statements of `store::people`, and what a login reads of a user besides.

use super::{HASH, NOW, count, read, rows, run, two_tenants};
use mcp_secure_gateway::account::User;
use mcp_secure_gateway::account::role::Role;
use mcp_secure_gateway::store::accounts::{self, UserRow};
use mcp_secure_gateway::store::people::{self, AnyRow, PersonRow};
use mcp_secure_gateway::time::Timestamp;
use rusqlite::{Connection, params};

/// The two tenants, with an administrator in the first.
pub fn with_admin() -> Connection {
    let database = two_tenants();
    assert_eq!(run(&database, people::INSERT_FIRST_ADMIN, params!["a-1", "acme", "root", HASH, NOW]), Ok(1));
    database
}

pub fn disable(database: &Connection, user: &str) {
    database.execute("UPDATE users SET disabled_at = 5 WHERE id = ?1", [user]).unwrap();
}

fn user(database: &Connection, tenant: &str, id: &str) -> User {
    let found: Vec<UserRow> = read(database, accounts::USER_BY_ID, params![tenant, id]);
    found.into_iter().next().unwrap().into_user().unwrap()
}

fn any_admin(database: &Connection) -> u8 {
    read::<AnyRow>(database, people::ANY_ADMIN, []).remove(0).found
}

#[test]
fn the_first_administrator_is_made_once_whoever_asks_and_wherever() {
    let database = two_tenants();
    assert_eq!(any_admin(&database), 0);
    let tenant = |id: &str, name: &str| run(&database, people::INSERT_FIRST_TENANT, params![id, id, NOW, name]);
    let admin = |id: &str, tenant: &str, name: &str| {
        run(&database, people::INSERT_FIRST_ADMIN, params![id, tenant, name, HASH, NOW])
    };
    assert_eq!((tenant("new", "ada"), count(&database, "tenants")), (Ok(0), 2), "no tenant for a name that is taken");
    assert_eq!(admin("a-1", "acme", "ada"), Ok(0));
    assert_eq!((tenant("new", "root"), tenant("acme", "root")), (Ok(1), Ok(0)));
    assert_eq!((admin("a-1", "new", "root"), admin("a-2", "acme", "toor")), (Ok(1), Ok(0)));
    assert_eq!((tenant("late", "toor"), any_admin(&database)), (Ok(0), 1));
    disable(&database, "a-1");
    assert_eq!((admin("a-2", "acme", "toor"), any_admin(&database)), (Ok(0), 1), "a disabled one counts too");
    assert_eq!(
        (user(&database, "new", "a-1").role, user(&database, "acme", "u-1").role),
        (Role::Owner, Role::Developer)
    );
}

#[test]
fn an_administrator_of_the_operators_choice_is_one_of_the_tenant() {
    let database = two_tenants();
    let make = |tenant: &str, user: &str| run(&database, people::MAKE_ADMIN, params![tenant, user]);
    assert_eq!((make("zeta", "u-1"), make("acme", "u-1")), (Ok(0), Ok(1)));
    assert_eq!(user(&database, "acme", "u-1").role, Role::Admin);
}

#[test]
fn a_role_is_one_of_five() {
    let database = two_tenants();
    for role in Role::ALL {
        assert_eq!(run(&database, "UPDATE users SET role = ?1 WHERE id = 'u-1'", [role.as_str()]), Ok(1));
    }
    let told = run(&database, "UPDATE users SET role = 'member' WHERE id = 'u-1'", []).unwrap_err();
    assert!(told.contains("CHECK constraint failed"), "{told}");
}

#[test]
fn the_people_of_a_tenant_are_its_own() {
    let database = with_admin();
    run(&database, people::SET_SECOND_FACTOR, params!["acme", "u-1", "sealed"]).unwrap();
    disable(&database, "u-1");
    let listed: Vec<PersonRow> = read(&database, people::PEOPLE, params!["acme", people::MAX_LISTED]);
    let told: Vec<_> = listed
        .iter()
        .map(|row| (row.id.as_str(), row.username.as_str(), row.role, row.disabled_at, row.second_factor))
        .collect();
    assert_eq!(told, [("u-1", "ada", Role::Developer, Some(5), 1), ("a-1", "root", Role::Owner, None, 0)]);
    assert_eq!(rows(&database, people::PEOPLE, params!["acme", 1]).len(), 1);
    assert_eq!(rows(&database, people::PEOPLE, params!["zeta", 9]).len(), 1);
}

#[test]
fn only_an_administrator_of_the_tenant_disables_and_enables_and_never_itself() {
    let database = with_admin();
    let disable =
        |tenant: &str, whom: &str, who: &str| run(&database, people::DISABLE_USER, params![tenant, whom, who, NOW]);
    let enable = |tenant: &str, whom: &str, who: &str| run(&database, people::ENABLE_USER, params![tenant, whom, who]);
    for (tenant, whom, who) in [
        ("acme", "a-1", "a-1"),
        ("acme", "a-1", "u-1"),
        ("zeta", "u-2", "a-1"),
        ("acme", "u-2", "a-1"),
        ("zeta", "u-1", "a-1"),
    ] {
        assert_eq!(disable(tenant, whom, who), Ok(0), "{tenant} {whom} {who}");
    }
    assert_eq!((disable("acme", "u-1", "a-1"), disable("acme", "u-1", "a-1")), (Ok(1), Ok(0)));
    assert_eq!(user(&database, "acme", "u-1").disabled_at.map(Timestamp::millis), Some(NOW.unsigned_abs()));
    for (tenant, whom, who) in [("acme", "u-1", "u-1"), ("zeta", "u-1", "a-1"), ("acme", "u-1", "u-2")] {
        assert_eq!(enable(tenant, whom, who), Ok(0), "{tenant} {whom} {who}");
    }
    assert_eq!((enable("acme", "u-1", "a-1"), enable("acme", "u-1", "a-1")), (Ok(1), Ok(0)));
}

#[test]
fn an_administrator_does_not_reach_an_owner() {
    let database = with_admin();
    database.execute("UPDATE users SET role = 'admin' WHERE id = 'u-1'", []).unwrap();
    assert_eq!(run(&database, people::DISABLE_USER, params!["acme", "a-1", "u-1", NOW]), Ok(0));
    assert_eq!(run(&database, people::DISABLE_USER, params!["acme", "u-1", "a-1", NOW]), Ok(1));
    disable(&database, "a-1");
    database.execute("UPDATE users SET disabled_at = NULL WHERE id = 'u-1'", []).unwrap();
    assert_eq!(run(&database, people::ENABLE_USER, params!["acme", "a-1", "u-1"]), Ok(0));
}

#[test]
fn of_two_administrators_who_disable_each_other_one_is_left() {
    let database = with_admin();
    database.execute("UPDATE users SET role = 'owner' WHERE id = 'u-1'", []).unwrap();
    assert_eq!(run(&database, people::DISABLE_USER, params!["acme", "u-1", "a-1", NOW]), Ok(1));
    assert_eq!(run(&database, people::DISABLE_USER, params!["acme", "a-1", "u-1", NOW]), Ok(0));
    assert_eq!(run(&database, people::ENABLE_USER, params!["acme", "u-1", "u-1"]), Ok(0));
}

#[test]
fn a_password_is_changed_where_the_old_one_is_still_the_one_that_was_checked() {
    let database = two_tenants();
    let set = |tenant: &str, user: &str, new: &str, old: &str| {
        run(&database, people::SET_PASSWORD, params![tenant, user, new, old])
    };
    assert_eq!((set("zeta", "u-1", "new", HASH), set("acme", "u-1", "new", "other")), (Ok(0), Ok(0)));
    assert_eq!((set("acme", "u-1", "new", HASH), set("acme", "u-1", "newer", HASH)), (Ok(1), Ok(0)));
    assert_eq!(user(&database, "acme", "u-1").password_hash, "new");
    assert_eq!(user(&database, "zeta", "u-2").password_hash, HASH);
    disable(&database, "u-1");
    assert_eq!(set("acme", "u-1", "newer", "new"), Ok(0));
}

#[test]
fn a_second_factor_is_set_where_there_is_none_and_cleared_where_it_is_the_one_that_was_checked() {
    let database = two_tenants();
    let set = |tenant: &str, sealed: &str| run(&database, people::SET_SECOND_FACTOR, params![tenant, "u-1", sealed]);
    let clear =
        |tenant: &str, sealed: &str| run(&database, people::CLEAR_SECOND_FACTOR, params![tenant, "u-1", sealed]);
    assert_eq!((set("zeta", "one"), set("acme", "one"), set("acme", "two")), (Ok(0), Ok(1), Ok(0)));
    assert_eq!(user(&database, "acme", "u-1").second_factor.as_deref(), Some("one"));
    let by_name: Vec<UserRow> = read(&database, accounts::USER_BY_USERNAME, params!["ada"]);
    assert_eq!(by_name.into_iter().next().unwrap().into_user().unwrap().second_factor.as_deref(), Some("one"));
    assert_eq!((clear("acme", "two"), clear("zeta", "one"), clear("acme", "one")), (Ok(0), Ok(0), Ok(1)));
    disable(&database, "u-1");
    assert_eq!(set("acme", "one"), Ok(0));
}

#[test]
fn a_user_is_found_by_its_id_in_its_own_tenant_only() {
    let database = two_tenants();
    assert_eq!(user(&database, "acme", "u-1").username.as_str(), "ada");
    for (tenant, id) in [("zeta", "u-1"), ("acme", "u-2"), ("acme", "")] {
        assert!(rows(&database, accounts::USER_BY_ID, params![tenant, id]).is_empty(), "{tenant} {id}");
    }
    database.execute("UPDATE tenants SET disabled_at = 7 WHERE id = 'acme'", []).unwrap();
    assert_eq!(user(&database, "acme", "u-1").disabled_at.map(Timestamp::millis), Some(7));
}
