//! Statements of `store::{tenants, users, api_keys, rules, requests}`: what administrators and the operator do.

use super::of_people::{disable, with_admin};
use super::{HASH, NOW, count, read, rows, run, two_tenants};
use mcp_secure_gateway::account::api_key::KeyRefusal;
use mcp_secure_gateway::account::role::Role;
use mcp_secure_gateway::admin::approval::{ApprovalState, ApprovalView};
use mcp_secure_gateway::admin::key::KeyView;
use mcp_secure_gateway::admin::revocation::RevocationView;
use mcp_secure_gateway::admin::rule::{PlanView, PolicyView};
use mcp_secure_gateway::admin::tenant::Tenant;
use mcp_secure_gateway::admin::user::UserView;
use mcp_secure_gateway::id::{ApiKeyId, TenantId, UserId};
use mcp_secure_gateway::store::api_keys::{self, KeyRow, KeyViewRow, StandingRow, standing_name};
use mcp_secure_gateway::store::approvals::{self, ApprovalRow};
use mcp_secure_gateway::store::requests::{self, AnsweredRow};
use mcp_secure_gateway::store::revocations::{self, RevocationRow, RevokedKeyRow};
use mcp_secure_gateway::store::rules::{self, LimitsRow, PlanRow, PolicyRow, RuleRow};
use mcp_secure_gateway::store::tenants::{self, PrincipalRow, TenantRow};
use mcp_secure_gateway::store::{codes, users};
use mcp_secure_gateway::time::Timestamp;
use rusqlite::{Connection, params};
use serde_json::json;

const NONE: Option<&str> = None;
const GUARDRAILS: &str = r#"{"results":{"detectors":{"email":"redact"}}}"#;

fn tenant(database: &Connection, id: &str) -> Tenant {
    read::<TenantRow>(database, tenants::TENANT, [id]).remove(0).into()
}

fn user(database: &Connection, tenant: &str, id: &str) -> Option<UserView> {
    read::<users::UserRow>(database, users::USER, params![tenant, id]).pop().map(UserView::from)
}

fn plan(database: &Connection, tenant: &str, id: &str) {
    let values = params![tenant, id, id, "{\"daily\":9}", NOW];
    assert_eq!(run(database, rules::INSERT_PLAN, values), Ok(1));
}

fn key(database: &Connection, tenant: &str, id: &str, user: &str, by: &str) -> Result<usize, String> {
    let values = params![
        tenant,
        id,
        user,
        "builder",
        "hash",
        "tools:read",
        "[\"a*\"]",
        NONE,
        "[\"192.0.2.0/24\"]",
        NONE,
        by,
        NOW,
        NONE
    ];
    run(database, api_keys::INSERT_KEY, values)
}

fn view(database: &Connection, tenant: &str, id: &str, user: Option<&str>) -> Option<KeyView> {
    read::<KeyViewRow>(database, api_keys::KEY, params![tenant, id, user]).pop().map(KeyView::from)
}

#[test]
fn a_tenant_is_made_changed_in_the_version_that_was_read_and_deleted_with_all_it_owns() {
    let database = with_admin();
    plan(&database, "acme", "p-1");
    plan(&database, "zeta", "p-2");
    let insert = |id: &str| run(&database, tenants::INSERT, params![id, "Name", NOW]);
    assert_eq!((insert("acme"), insert("nova")), (Ok(0), Ok(1)));
    let invited = run(&database, codes::INSERT_OPERATORS_INVITATION, params!["h", "nova", "owner", NOW, NOW + 9]);
    let nobodys = run(&database, codes::INSERT_OPERATORS_INVITATION, params!["i", "none", "owner", NOW, NOW + 9]);
    assert_eq!((invited, nobodys), (Ok(1), Ok(0)));
    let update = |version: u32, plan: Option<&str>| {
        let values = params!["acme", version, "Acme", "deny", plan, NONE, "after", 1, 30, None::<i64>, GUARDRAILS];
        run(&database, tenants::UPDATE, values)
    };
    assert_eq!((update(2, None), update(1, Some("p-2")), update(1, Some("p-1"))), (Ok(0), Ok(0), Ok(1)));
    let changed = tenant(&database, "acme");
    assert_eq!((changed.version, changed.plan.as_deref(), changed.audit_days), (2, Some("p-1"), 30));
    assert!(changed.audit_bodies && changed.suspended_at.is_none());
    assert_eq!(changed.guardrails.map(|document| json!(document).to_string()).as_deref(), Some(GUARDRAILS));
    assert_eq!(tenant(&database, "zeta").guardrails, None, "off until somebody says otherwise");
    let stored = read::<TenantRow>(&database, tenants::TENANT, ["acme"]).remove(0);
    assert_eq!(stored.guardrails(), Some(GUARDRAILS));
    let listed =
        |only: Option<&str>, after: &str| read::<TenantRow>(&database, tenants::TENANTS, params![after, 9, only]).len();
    assert_eq!((listed(None, ""), listed(None, "acme"), listed(Some("zeta"), "")), (3, 2, 1));
    let principals = read::<PrincipalRow>(&database, tenants::PRINCIPALS, params!["acme", "a-1", 9]);
    assert_eq!(principals.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["u-1"]);
    key(&database, "acme", "k-1", "u-1", "u-1").unwrap();
    let remembered = params!["acme", "a-1", "key", "digest", "reply", NOW];
    let statement = "INSERT INTO admin_requests (tenant_id, user_id, key, digest, reply, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    assert_eq!(run(&database, statement, remembered), Ok(1));
    assert_eq!(run(&database, tenants::FORGET_REQUESTS, ["acme"]), Ok(1));
    assert_eq!(run(&database, tenants::DELETE, ["acme"]), Ok(1));
    for table in ["users", "plans", "api_keys", "account_codes"] {
        let statement = format!("SELECT 1 AS one FROM {table} WHERE tenant_id = 'acme'");
        assert!(rows(&database, &statement, []).is_empty(), "{table}");
    }
    assert_eq!((count(&database, "users"), count(&database, "plans")), (1, 1));
}

#[test]
fn only_who_may_give_a_role_makes_a_service_account_with_it() {
    let database = with_admin();
    plan(&database, "zeta", "p-2");
    let add = |id: &str, name: &str, role: &str, plan: Option<&str>, by: &str| {
        let values = params!["acme", id, name, role, "[\"ci\"]", plan, NOW, by, HASH];
        run(&database, users::INSERT_SERVICE, values)
    };
    assert_eq!(add("s-1", "bot", "agent", None, "u-1"), Ok(0), "a developer");
    assert_eq!(add("s-1", "bot", "agent", None, "u-2"), Ok(0), "another tenant's");
    assert_eq!(
        (add("s-1", "ada", "agent", None, "a-1"), add("s-1", "bot", "agent", Some("p-2"), "a-1")),
        (Ok(0), Ok(0))
    );
    assert_eq!(add("s-1", "bot", "agent", None, "a-1"), Ok(1));
    let account = user(&database, "acme", "s-1").unwrap();
    assert_eq!((account.role, account.groups, account.kind.as_str()), (Role::Agent, vec!["ci".to_owned()], "service"));
    assert!(user(&database, "zeta", "s-1").is_none());
    database.execute("UPDATE users SET role = 'admin' WHERE id = 'u-1'", []).unwrap();
    assert_eq!((add("s-2", "b", "owner", None, "u-1"), add("s-2", "b", "admin", None, "u-1")), (Ok(0), Ok(1)));
    let list = |kind: Option<&str>, role: Option<&str>, only: Option<&str>| {
        read::<users::UserRow>(&database, users::USERS, params!["acme", "", 9, kind, role, only]).len()
    };
    assert_eq!((list(None, None, None), list(Some("service"), None, None), list(None, Some("owner"), None)), (4, 2, 1));
    assert_eq!((list(None, None, Some("s-1")), list(None, None, Some("u-2"))), (1, 0));
}

#[test]
fn a_user_is_changed_and_deleted_by_another_who_reaches_it() {
    let database = with_admin();
    let update = |id: &str, version: u32, role: &str, by: &str| {
        let values = params!["acme", id, version, role, "[]", NONE, None::<i64>, by];
        run(&database, users::UPDATE, values)
    };
    assert_eq!(update("a-1", 1, "owner", "a-1"), Ok(0), "nobody changes itself");
    assert_eq!((update("u-1", 2, "admin", "a-1"), update("u-2", 1, "admin", "a-1")), (Ok(0), Ok(0)));
    assert_eq!(update("u-1", 1, "admin", "a-1"), Ok(1));
    assert_eq!(user(&database, "acme", "u-1").unwrap().version, 2);
    for (id, version, role) in [("a-1", 1, "developer"), ("a-1", 1, "owner")] {
        assert_eq!(update(id, version, role, "u-1"), Ok(0), "an administrator does not reach an owner");
    }
    let delete = |id: &str, by: &str| run(&database, users::DELETE, params!["acme", id, by]);
    assert_eq!((delete("a-1", "u-1"), delete("u-2", "a-1"), delete("a-1", "a-1")), (Ok(0), Ok(0), Ok(0)));
    key(&database, "acme", "k-1", "u-1", "u-1").unwrap();
    disable(&database, "a-1");
    assert_eq!(delete("u-1", "a-1"), Ok(0), "who is disabled deletes nobody");
    database.execute("UPDATE users SET disabled_at = NULL WHERE id = 'a-1'", []).unwrap();
    assert_eq!((delete("u-1", "a-1"), count(&database, "api_keys")), (Ok(1), 0));
}

#[test]
fn a_key_is_made_by_its_owner_or_by_who_reaches_the_owner() {
    let database = with_admin();
    assert_eq!(key(&database, "acme", "k-1", "u-1", "u-1"), Ok(1));
    assert_eq!(key(&database, "acme", "k-2", "a-1", "u-1"), Ok(0));
    assert_eq!(
        (key(&database, "acme", "k-2", "u-2", "a-1"), key(&database, "zeta", "k-2", "u-1", "u-2")),
        (Ok(0), Ok(0))
    );
    assert_eq!(key(&database, "acme", "k-2", "u-1", "a-1"), Ok(1));
    let found = view(&database, "acme", "k-1", None).unwrap();
    assert_eq!((found.user.as_str(), found.tools, found.upstreams), ("u-1", Some(vec!["a*".to_owned()]), None));
    assert!(view(&database, "zeta", "k-1", None).is_none() && view(&database, "acme", "k-1", Some("a-1")).is_none());
    let list = |user: Option<&str>| read::<KeyViewRow>(&database, api_keys::KEYS, params!["acme", "", 9, user]).len();
    assert_eq!((list(None), list(Some("a-1")), list(Some("u-1"))), (2, 0, 2));
    disable(&database, "u-1");
    assert_eq!(key(&database, "acme", "k-3", "u-1", "a-1"), Ok(0), "a disabled owner");
    for number in 3..=100 {
        database.execute("UPDATE users SET disabled_at = NULL", []).unwrap();
        assert_eq!(key(&database, "acme", &format!("k-{number}"), "u-1", "u-1"), Ok(1));
    }
    assert_eq!(key(&database, "acme", "k-101", "u-1", "u-1"), Ok(0), "a hundred are enough");
}

#[test]
fn a_key_is_changed_rotated_and_revoked_and_its_standing_says_so() {
    let database = with_admin();
    key(&database, "acme", "k-1", "u-1", "u-1").unwrap();
    key(&database, "acme", "k-2", "u-1", "u-1").unwrap();
    let standing = |tenant: &str, user: &str, id: &str| {
        read::<KeyRow>(&database, api_keys::STANDING_OF_KEY, params![tenant, user, id]).pop()
    };
    assert!(standing("zeta", "u-1", "k-1").is_none() && standing("acme", "a-1", "k-1").is_none());
    let found = standing("acme", "u-1", "k-1").unwrap();
    assert_eq!((found.owner().role, found.owner().disabled_at), (Role::Developer, None));
    let good = found.into_key().unwrap();
    let now = Timestamp::from_millis(NOW.unsigned_abs());
    assert_eq!(good.admit("hash", "192.0.2.1", now), Ok(()));
    let update = |version: u32| {
        let values = params!["acme", "k-1", version, "other", "tools:read", NONE, NONE, NONE, NONE, NOW + 9];
        run(&database, api_keys::UPDATE_KEY, values)
    };
    assert_eq!((update(2), update(1)), (Ok(0), Ok(1)));
    assert_eq!(run(&database, api_keys::NOTE_USE, params!["acme", "k-1", NOW]), Ok(1));
    assert_eq!(run(&database, api_keys::NOTE_USE, params!["acme", "k-1", NOW + 59_999]), Ok(0));
    let replaced = |end: i64, next: &str| run(&database, api_keys::END_REPLACED, params!["acme", "k-1", end, next]);
    assert_eq!((replaced(NOW + 5, "none"), replaced(NOW + 10, "k-2"), replaced(NOW + 5, "k-2")), (Ok(0), Ok(0), Ok(1)));
    let later = Timestamp::from_millis(NOW.unsigned_abs() + 5);
    assert_eq!(
        standing("acme", "u-1", "k-1").unwrap().into_key().unwrap().admit("hash", "192.0.2.1", later),
        Err(KeyRefusal::Expired)
    );
    let revoke = |tenant: &str| run(&database, api_keys::REVOKE_KEY, params![tenant, "k-2", NOW]);
    assert_eq!((revoke("zeta"), revoke("acme"), revoke("acme")), (Ok(0), Ok(1), Ok(0)));
    assert_eq!(
        standing("acme", "u-1", "k-2").unwrap().into_key().unwrap().admit("hash", "192.0.2.1", now),
        Err(KeyRefusal::Revoked)
    );
    disable(&database, "u-1");
    assert!(standing("acme", "u-1", "k-2").unwrap().owner().disabled_at.is_some());
    let of_user: Vec<StandingRow> = read(&database, api_keys::STANDING_OF_USER, params!["acme", "u-1"]);
    assert_eq!((of_user[0].username.as_str(), of_user[0].disabled_at), ("ada", Some(5)));
    let (tenant, user) = (TenantId::parse("a").unwrap(), UserId::parse("u").unwrap());
    let (own, keyed) = (standing_name(&tenant, &user, None), ApiKeyId::parse("k").unwrap());
    assert_ne!(own, standing_name(&tenant, &user, Some(&keyed)));
}

#[test]
fn policies_are_a_tenants_own_and_have_names_of_their_own() {
    let database = with_admin();
    let insert = |tenant: &str, id: &str, name: &str| {
        run(&database, rules::INSERT_POLICY, params![tenant, id, name, "{\"name\":\"x\"}", "a-1", NOW])
    };
    assert_eq!(
        (insert("acme", "r-1", "x"), insert("acme", "r-2", "x"), insert("zeta", "r-3", "x")),
        (Ok(1), Ok(0), Ok(1))
    );
    assert_eq!(insert("acme", "r-2", "y"), Ok(1));
    let replace = |tenant: &str, version: u32, name: &str| {
        run(&database, rules::REPLACE_POLICY, params![tenant, "r-1", version, name, "{\"name\":\"z\"}", NOW + 1])
    };
    assert_eq!((replace("zeta", 1, "z"), replace("acme", 2, "z"), replace("acme", 1, "y")), (Ok(0), Ok(0), Ok(0)));
    assert_eq!(replace("acme", 1, "z"), Ok(1));
    let one =
        |tenant: &str| read::<PolicyRow>(&database, rules::POLICY, params![tenant, "r-1"]).pop().map(PolicyView::from);
    assert_eq!(one("acme").map(|policy| (policy.version, policy.rule["name"].clone())), Some((2, json!("z"))));
    assert!(one("zeta").is_none());
    let all: Vec<RuleRow> = read(&database, rules::ALL_POLICIES, ["acme"]);
    assert_eq!((all.len(), all[0].id.as_str(), all[0].version), (2, "r-1", 2));
    assert_eq!(read::<PolicyRow>(&database, rules::POLICIES, params!["acme", "r-1", 9]).len(), 1);
    let delete = |tenant: &str| run(&database, rules::DELETE_POLICY, params![tenant, "r-1"]);
    assert_eq!((delete("zeta"), delete("acme")), (Ok(0), Ok(1)));
}

#[test]
fn a_plan_that_is_in_use_stays() {
    let database = with_admin();
    plan(&database, "acme", "p-1");
    assert_eq!(
        run(&database, rules::INSERT_PLAN, params!["acme", "p-9", "p-1", "{}", NOW]),
        Ok(0),
        "the name is taken"
    );
    let replace = |version: u32| {
        run(&database, rules::REPLACE_PLAN, params!["acme", "p-1", version, "small", "{\"daily\":8}", NOW + 1])
    };
    assert_eq!((replace(2), replace(1)), (Ok(0), Ok(1)));
    let one: PlanView = read::<PlanRow>(&database, rules::PLAN, params!["acme", "p-1"]).remove(0).into();
    assert_eq!((one.name.as_str(), one.limits["daily"].clone(), one.version), ("small", json!(8), 2));
    assert!(read::<PlanRow>(&database, rules::PLAN, params!["zeta", "p-1"]).is_empty());
    let all: Vec<LimitsRow> = read(&database, rules::ALL_PLANS, ["acme"]);
    assert_eq!((all.len(), all[0].plan.as_str()), (1, "{\"daily\":8}"));
    assert_eq!(read::<PlanRow>(&database, rules::PLANS, params!["acme", "", 9]).len(), 1);
    let delete = || run(&database, rules::DELETE_PLAN, params!["acme", "p-1"]);
    for (use_it, stop) in [
        ("UPDATE users SET plan_id = 'p-1' WHERE id = 'u-1'", "UPDATE users SET plan_id = NULL"),
        ("UPDATE tenants SET plan_id = 'p-1' WHERE id = 'acme'", "UPDATE tenants SET plan_id = NULL"),
        ("UPDATE tenants SET user_plan_id = 'p-1' WHERE id = 'acme'", "UPDATE tenants SET user_plan_id = NULL"),
    ] {
        database.execute(use_it, []).unwrap();
        assert_eq!(delete(), Ok(0), "{use_it}");
        database.execute(stop, []).unwrap();
    }
    assert_eq!(delete(), Ok(1));
}

#[test]
fn an_order_is_remembered_with_what_it_made_and_only_then() {
    let database = two_tenants();
    let remember = |key: &str, digest: &str, at: i64| {
        run(&database, requests::REMEMBER, params!["acme", "u-1", key, digest, "reply", at])
    };
    let changed = |rows: &str| database.execute(rows, []).unwrap();
    changed("UPDATE users SET version = 2 WHERE id = 'none'");
    assert_eq!(remember("a", "d", NOW), Ok(0), "nothing was made");
    changed("UPDATE users SET version = 2 WHERE id = 'u-1'");
    assert_eq!(remember("a", "d", NOW), Ok(1));
    changed("UPDATE users SET version = 3 WHERE id = 'u-1'");
    assert!(remember("a", "e", NOW).unwrap_err().contains("UNIQUE"), "the second of two at once undoes itself");
    let answered = |user: &str, earliest: i64| {
        read::<AnsweredRow>(&database, requests::ANSWERED, params!["acme", user, "a", earliest]).pop()
    };
    assert_eq!(answered("u-1", NOW).map(|row| (row.digest, row.reply)), Some(("d".into(), "reply".into())));
    assert!(answered("u-1", NOW + 1).is_none() && answered("u-2", NOW).is_none());
    let forget = |earliest: i64| run(&database, requests::FORGET_OLD, params!["acme", "u-1", "a", earliest]);
    assert_eq!((forget(NOW), forget(NOW + 1)), (Ok(0), Ok(1)));
    assert_ne!(
        requests::reply_place(None, None, "a"),
        requests::reply_place(Some(&TenantId::parse("t").unwrap()), None, "a")
    );
}

#[test]
fn a_call_takes_its_key_before_it_is_made_and_gives_it_back_only_while_it_has_no_end() {
    let database = two_tenants();
    let reserve = |user: &str, digest: &str| run(&database, requests::RESERVE, params!["acme", user, "a", digest, NOW]);
    let settle = |digest: &str| run(&database, requests::SETTLE, params!["acme", "u-1", "a", digest, "reply"]);
    let release = |digest: &str| run(&database, requests::RELEASE, params!["acme", "u-1", "a", digest]);
    let reply = || {
        let values = params!["acme", "u-1", "a", NOW];
        read::<AnsweredRow>(&database, requests::ANSWERED, values).pop().map(|row| row.reply)
    };
    assert_eq!((reserve("u-1", "d"), reserve("u-1", "d"), reserve("u-1", "e")), (Ok(1), Ok(0), Ok(0)));
    assert_eq!(reserve("u-2", "d"), Ok(1), "another's key is another");
    assert_eq!((reply(), release("e"), settle("e")), (Some(String::new()), Ok(0), Ok(0)));
    assert_eq!((release("d"), reply(), reserve("u-1", "d")), (Ok(1), None, Ok(1)));
    assert_eq!((settle("d"), settle("d"), release("d")), (Ok(1), Ok(0), Ok(0)));
    assert_eq!(reply().as_deref(), Some("reply"));
}

#[test]
fn what_was_revoked_is_listed_as_long_as_it_would_have_been_good() {
    let database = two_tenants();
    let insert = |id: &str, tenant: &str, until: i64| {
        let values = params![id, tenant, "session", "s-1", "u-1", "why", NONE, NOW, until];
        run(&database, revocations::INSERT, values)
    };
    assert_eq!(
        (insert("r-1", "acme", NOW + 9), insert("r-2", "acme", NOW + 1), insert("r-3", "none", NOW)),
        (Ok(1), Ok(1), Ok(0))
    );
    let list = |tenant: &str, now: i64| {
        let rows: Vec<RevocationRow> = read(&database, revocations::REVOCATIONS, params![tenant, "", 9, now]);
        rows.into_iter().map(|row| RevocationView::from(row).id).collect::<Vec<_>>()
    };
    assert_eq!(
        (list("acme", NOW), list("acme", NOW + 1), list("zeta", NOW)),
        (vec!["r-1".into(), "r-2".into()], vec!["r-1".to_owned()], vec![])
    );
    assert_eq!(run(&database, revocations::DELETE_ENDED, [NOW + 1]), Ok(1));
    for (tenant, id, user) in [("acme", "k-1", "u-1"), ("zeta", "k-2", "u-2")] {
        key(&database, tenant, id, user, user).unwrap();
    }
    let revoke = |user: Option<&str>, before: i64| {
        let rows: Vec<RevokedKeyRow> = read(&database, revocations::REVOKE_KEYS, params!["acme", user, before, NOW]);
        rows.into_iter().map(|row| (row.id.to_string(), row.user_id.to_string())).collect::<Vec<_>>()
    };
    assert_eq!((revoke(None, NOW), revoke(Some("u-2"), NOW + 1)), (vec![], vec![]));
    assert_eq!(revoke(Some("u-1"), NOW + 1), [("k-1".into(), "u-1".into())]);
    assert!(revoke(None, NOW + 1).is_empty(), "once");
}

#[test]
fn an_approved_call_is_made_once_by_who_asked_and_in_time() {
    let database = with_admin();
    let ask = |now: i64| {
        let values =
            params!["x", "acme", "u-1", "client/c", "tool", "{\"a\":1}", "digest", "r-1", 2, now, now + 900_000];
        run(&database, approvals::ASK, values)
    };
    let one = |tenant: &str| {
        read::<ApprovalRow>(&database, approvals::APPROVAL, params![tenant, "x"]).pop().map(ApprovalView::from)
    };
    let decide = |state: &str, by: &str, now: i64| {
        run(&database, approvals::DECIDE, params!["acme", "x", state, by, now, now + 900_000])
    };
    let go =
        |user: &str, caller: &str, now: i64| run(&database, approvals::USE, params!["x", "acme", user, caller, now]);
    assert_eq!((ask(NOW), ask(NOW + 1)), (Ok(1), Ok(0)), "asked for once");
    assert!(one("zeta").is_none() && one("acme").unwrap().state == ApprovalState::Asked);
    assert_eq!(go("u-1", "client/c", NOW), Ok(0), "not yet");
    assert_eq!(
        (decide("approved", "u-1", NOW), decide("approved", "u-2", NOW)),
        (Ok(0), Ok(0)),
        "its own, a stranger's"
    );
    assert_eq!(decide("approved", "a-1", NOW + 900_000), Ok(0), "too late");
    assert_eq!((decide("approved", "a-1", NOW + 5), decide("refused", "a-1", NOW + 6)), (Ok(1), Ok(0)));
    assert_eq!((go("a-1", "client/c", NOW + 6), go("u-1", "client/d", NOW + 6)), (Ok(0), Ok(0)));
    assert_eq!(go("u-1", "client/c", NOW + 900_005), Ok(0), "its time is up");
    assert_eq!((go("u-1", "client/c", NOW + 6), go("u-1", "client/c", NOW + 6)), (Ok(1), Ok(0)));
    assert_eq!(
        (ask(NOW + 7), decide("refused", "a-1", NOW + 8), ask(NOW + 9)),
        (Ok(1), Ok(1), Ok(0)),
        "a refusal stands"
    );
    assert_eq!(go("u-1", "client/c", NOW + 9), Ok(0));
    assert_eq!(ask(NOW + 900_008), Ok(1), "until its time is up");
    let list = |state: Option<&str>, user: Option<&str>| {
        read::<ApprovalRow>(&database, approvals::APPROVALS, params!["acme", "", 9, state, user]).len()
    };
    assert_eq!((list(None, None), list(Some("used"), None), list(Some("asked"), Some("a-1"))), (1, 0, 0));
    assert_eq!(run(&database, approvals::DELETE_ENDED, [NOW + 900_008 + 900_000 + 86_400_000]), Ok(1));
}
