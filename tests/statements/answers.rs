//! Statements of `store::answers`: long answers in parts.

use super::{NOW, count, read, run, two_tenants};
use mcp_secure_gateway::id::{TenantId, UserId};
use mcp_secure_gateway::store::answers::{self, KeptRow, PartRow, part_place};
use rusqlite::{Connection, params};

fn keep(database: &Connection, tenant: &str, user: &str, id: &str, until: i64) -> Result<usize, String> {
    let part = |page: u32| PartRow { page, sealed: format!("v2.k.{id}-{page}") };
    let parts = serde_json::to_string(&[part(1), part(2)]).unwrap();
    run(database, answers::KEEP, params![tenant, user, id, 2, parts, until])
}

fn part(database: &Connection, tenant: &str, user: &str, id: &str, page: u32, now: i64) -> Option<KeptRow> {
    read::<KeptRow>(database, answers::PART, params![tenant, user, id, page, now]).pop()
}

#[test]
fn a_part_of_an_answer_is_for_who_got_it_and_for_a_while() {
    let database = two_tenants();
    assert_eq!(keep(&database, "acme", "u-1", "a", NOW + 1000), Ok(2));
    let kept = part(&database, "acme", "u-1", "a", 2, NOW).unwrap();
    assert_eq!((kept.page, kept.pages, kept.sealed.as_str()), (2, 2, "v2.k.a-2"));
    for (tenant, user, id, page, now) in [
        ("zeta", "u-1", "a", 2, NOW),
        ("acme", "u-2", "a", 2, NOW),
        ("acme", "u-1", "b", 2, NOW),
        ("acme", "u-1", "a", 3, NOW),
        ("acme", "u-1", "a", 2, NOW + 1000),
    ] {
        assert!(part(&database, tenant, user, id, page, now).is_none(), "{tenant} {user} {id} {page} {now}");
    }
    database.execute("DELETE FROM users WHERE id = 'u-1'", []).unwrap();
    assert_eq!(count(&database, "answers"), 0);
}

#[test]
fn what_ended_goes_and_of_a_user_all_but_the_newest_answers() {
    let database = two_tenants();
    keep(&database, "acme", "u-1", "old", NOW).unwrap();
    for at in 0..25 {
        keep(&database, "acme", "u-1", &format!("a-{at:02}"), NOW + 100 + at).unwrap();
    }
    keep(&database, "zeta", "u-2", "other", NOW + 1).unwrap();
    run(&database, answers::MAKE_ROOM, params!["u-1", NOW]).unwrap();
    let there = |user: &str, tenant: &str, id: &str| part(&database, tenant, user, id, 1, NOW - 1).is_some();
    assert!(!there("u-1", "acme", "old") && !there("u-1", "acme", "a-04") && there("u-1", "acme", "a-05"));
    assert!(there("u-2", "zeta", "other") && count(&database, "answers") == 42);
}

#[test]
fn no_two_parts_have_one_place() {
    let (tenant, user) = (TenantId::parse("acme").unwrap(), UserId::parse("u-1").unwrap());
    let other = UserId::parse("u-2").unwrap();
    let places = [
        part_place(&tenant, &user, "a", 1),
        part_place(&tenant, &user, "a", 2),
        part_place(&tenant, &user, "b", 1),
        part_place(&tenant, &other, "a", 1),
    ];
    assert_eq!(places.iter().collect::<std::collections::BTreeSet<_>>().len(), places.len());
}
