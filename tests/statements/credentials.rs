//! Statements of `store::{upstreams, credentials}`: upstreams as administrators change them, and what they are shown.

use super::of_servers::two_tenants_with_servers;
use super::{NOW, count, read, rows, run, two_tenants};
use mcp_secure_gateway::admin::credential::{ConnectionView, CredentialView};
use mcp_secure_gateway::admin::upstream::UpstreamView;
use mcp_secure_gateway::id::{TenantId, UpstreamId, UserId};
use mcp_secure_gateway::store::credentials::{
    self, ConnectionRow, CredentialRow, CredentialViewRow, OlderTokensRow, TokensRow, credential_place, tokens_place,
};
use mcp_secure_gateway::store::people::{self, OlderFactorRow};
use mcp_secure_gateway::store::upstreams::{self, ApiRow, OlderCredentialRow, UpstreamRow, UpstreamViewRow};
use mcp_secure_gateway::store::{accounts, users};
use rusqlite::{Connection, params};

const NONE: Option<&str> = None;
const ORIGIN: &str = "https://a.example.com";

/// `acme` with the owner `u-1`, the administrator `u-3` and the developer `u-4`, and the upstreams `files` and `calendar`.
fn team() -> Connection {
    let database = two_tenants_with_servers();
    database.execute("UPDATE users SET role = 'owner' WHERE id = 'u-1'", []).unwrap();
    for (id, role) in [("u-3", "admin"), ("u-4", "developer")] {
        run(&database, accounts::INSERT_USER, params![id, "acme", id, "hash", 0, NOW]).unwrap();
        database.execute("UPDATE users SET role = ?2 WHERE id = ?1", [id, role]).unwrap();
    }
    database
}

fn make(database: &Connection, id: &str, upstream: &str, user: Option<&str>, by: &str) -> Result<usize, String> {
    let kind = if id.starts_with("oauth") { "connection" } else { "bearer" };
    let values = params!["acme", id, upstream, user, kind, ORIGIN, "v1.sealed", "{\"name\":\"x\"}", by, NOW];
    run(database, credentials::MAKE, values)
}

fn view(database: &Connection, tenant: &str, id: &str, user: Option<&str>) -> Option<CredentialView> {
    let values = params![tenant, id, user];
    read::<CredentialViewRow>(database, credentials::CREDENTIAL, values).pop().map(CredentialView::from)
}

fn upstream(database: &Connection, tenant: &str, id: &str) -> Option<UpstreamView> {
    read::<UpstreamViewRow>(database, upstreams::UPSTREAM, params![tenant, id]).pop().map(UpstreamView::from)
}

#[test]
fn an_upstream_is_made_changed_in_the_version_that_was_read_and_deleted_with_what_it_is_shown() {
    let database = team();
    let make_upstream = |tenant: &str, id: &str, name: &str| {
        let values = params![tenant, id, name, "http", "https://b.example.com/", "{\"tools\":[]}", NONE, NOW];
        run(&database, upstreams::MAKE_UPSTREAM, values)
    };
    assert_eq!((make_upstream("acme", "up-1", "shop"), make_upstream("acme", "up-2", "shop")), (Ok(1), Ok(0)));
    let made = upstream(&database, "acme", "up-1").unwrap();
    assert_eq!((made.version, made.kind.as_str(), made.disabled_at), (1, "http", None));
    assert!(made.api.unwrap().contains_key("tools") && upstream(&database, "zeta", "up-1").is_none());
    let update = |version: u32, name: &str| {
        let values = params!["acme", "up-1", version, name, "https://c.example.com/", NONE, NOW, NOW + 5000, NONE];
        run(&database, upstreams::UPDATE_UPSTREAM, values)
    };
    assert_eq!((update(2, "shop"), update(1, "files"), update(1, "store")), (Ok(0), Ok(0), Ok(1)));
    let changed = upstream(&database, "acme", "up-1").unwrap();
    assert_eq!((changed.version, changed.name.as_str(), changed.url.as_str()), (2, "store", "https://c.example.com/"));
    assert!(changed.disabled_at.is_some() && changed.api.is_none() && changed.updated_at > changed.created_at);
    assert_eq!(make(&database, "c-1", "up-1", None, "u-1"), Ok(1));
    assert_eq!(run(&database, upstreams::DELETE_UPSTREAM, params!["zeta", "up-1"]), Ok(0));
    assert_eq!(run(&database, upstreams::DELETE_UPSTREAM, params!["acme", "up-1"]), Ok(1));
    assert_eq!(count(&database, "credentials"), 0);
}

#[test]
fn a_tenant_has_fifty_enabled_upstreams_at_most_and_sees_its_own_page_by_page() {
    let database = team();
    for index in 2..60 {
        let (id, name) = (format!("up-{index:02}"), format!("n{index}"));
        let values = params!["acme", id, name, "mcp", "https://b.example.com/", NONE, NONE, NOW];
        assert_eq!(run(&database, upstreams::MAKE_UPSTREAM, values), Ok(usize::from(index < 50)), "{index}");
    }
    let set = |version: u32, disabled: Option<i64>| {
        let values = params!["acme", "up-02", version, "n2", "https://b.example.com/", NONE, disabled, NOW, NONE];
        run(&database, upstreams::UPDATE_UPSTREAM, values)
    };
    assert_eq!(set(1, Some(NOW)), Ok(1));
    let another = params!["acme", "up-99", "n99", "mcp", "https://b.example.com/", NONE, NONE, NOW];
    assert_eq!((run(&database, upstreams::MAKE_UPSTREAM, another), set(2, None)), (Ok(1), Ok(0)));
    let ids = |tenant: &str, after: &str| -> Vec<String> {
        let rows: Vec<UpstreamViewRow> = read(&database, upstreams::UPSTREAMS, params![tenant, after, 3]);
        rows.into_iter().map(|row| UpstreamView::from(row).id.to_string()).collect()
    };
    assert_eq!(ids("acme", ""), ["acme-calendar", "acme-files", "up-02"]);
    assert_eq!(
        (ids("acme", "up-48"), ids("zeta", "zeta-calendar")),
        (vec!["up-49".into(), "up-99".into()], vec!["zeta-files".into()])
    );
}

#[test]
fn an_upstream_is_named_by_its_id_or_else_by_its_name_within_its_tenant() {
    let database = team();
    let confusing = params!["acme", "up-9", "acme-files", "mcp", "https://b.example.com/", NONE, NONE, NOW];
    run(&database, upstreams::MAKE_UPSTREAM, confusing).unwrap();
    let named = |tenant: &str, name: &str| {
        let rows: Vec<UpstreamViewRow> = read(&database, upstreams::UPSTREAM_NAMED, params![tenant, name]);
        rows.into_iter().map(|row| UpstreamView::from(row).id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(
        (named("acme", "files"), named("acme", "acme-files")),
        (vec!["acme-files".into()], vec!["acme-files".into()])
    );
    assert!(named("acme", "zeta-files").is_empty() && named("acme", "").is_empty());
}

#[test]
fn what_an_api_offers_is_read_in_the_version_that_is_known_and_by_its_tenant() {
    let database = two_tenants();
    let made = params!["acme", "up-1", "pets", "http", "https://pets.example.com/", "{\"tools\":[]}", NONE, NOW];
    run(&database, upstreams::MAKE_UPSTREAM, made).unwrap();
    let offered = |tenant: &str, version: u32| {
        let rows: Vec<ApiRow> = read(&database, upstreams::API, params![tenant, "up-1", version]);
        rows.into_iter().map(|row| row.api).collect::<Vec<_>>()
    };
    assert_eq!(offered("acme", 1), [Some("{\"tools\":[]}".to_owned())]);
    assert!(offered("acme", 2).is_empty() && offered("zeta", 1).is_empty());
    run(&database, "UPDATE upstreams SET disabled_at = 1 WHERE id = 'up-1'", []).unwrap();
    assert!(offered("acme", 1).is_empty(), "one that is disabled");
}

#[test]
fn a_token_that_came_with_an_upstream_goes_when_its_address_changes() {
    let database = team();
    database.execute("UPDATE upstreams SET credential = 'v1.old' WHERE id = 'acme-files'", []).unwrap();
    let older = |prefix: &str| {
        let rows: Vec<OlderCredentialRow> = read(&database, upstreams::OLDER_CREDENTIALS, params!["acme", prefix, 9]);
        rows.into_iter().map(|row| (row.id.to_string(), row.url, row.credential)).collect::<Vec<_>>()
    };
    assert_eq!(older("v2.k."), [("acme-files".into(), "https://a.example.com/".into(), "v1.old".into())]);
    let reseal =
        |read: &str| run(&database, upstreams::RESEAL_CREDENTIAL, params!["acme", "acme-files", read, "v2.k.new"]);
    assert_eq!((reseal("v1.other"), reseal("v1.old"), older("v2.k.").len()), (Ok(0), Ok(1), 0));
    let update = |version: u32, url: &str| {
        let values = params!["acme", "acme-files", version, "files", url, NONE, None::<i64>, NOW, NONE];
        run(&database, upstreams::UPDATE_UPSTREAM, values).unwrap();
        let rows: Vec<UpstreamRow> = read(&database, upstreams::ENABLED_UPSTREAMS, params!["acme"]);
        rows.into_iter().find(|row| row.name == "files").unwrap().credential
    };
    assert_eq!(update(1, "https://a.example.com/"), Some("v2.k.new".into()));
    assert_eq!(update(2, "https://a.example.com/other"), None);
    database.execute("UPDATE upstreams SET credential = 'v1.old'", []).unwrap();
    assert_eq!(run(&database, upstreams::CLEAR_CREDENTIAL, params!["acme", "acme-files"]), Ok(1));
    assert_eq!(older("v2.k.").len(), 1, "the other one's");
}

#[test]
fn an_upstream_has_one_credential_for_everybody_and_one_for_each_user() {
    let database = team();
    assert_eq!(
        (make(&database, "c-1", "acme-files", None, "u-1"), make(&database, "c-2", "acme-files", None, "u-1")),
        (Ok(1), Ok(0))
    );
    assert_eq!(make(&database, "c-3", "acme-files", Some("u-4"), "u-4"), Ok(1));
    assert_eq!(make(&database, "c-4", "acme-files", Some("u-4"), "u-1"), Ok(0));
    assert_eq!(make(&database, "c-5", "acme-files", Some("u-3"), "u-1"), Ok(1));
    let everybodys: Vec<CredentialRow> = read(&database, credentials::EVERYBODYS, params!["acme"]);
    assert_eq!(everybodys.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["c-1"]);
    let of: Vec<CredentialRow> = read(&database, credentials::EVERYBODYS_OF, params!["acme", "acme-files"]);
    assert_eq!(of, everybodys);
    for (tenant, user, expected) in [("acme", "u-4", vec!["c-3"]), ("acme", "u-1", vec![]), ("zeta", "u-4", vec![])] {
        let own: Vec<CredentialRow> = read(&database, credentials::OWN, params![tenant, user]);
        assert_eq!(own.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), expected, "{tenant} {user}");
    }
    let personal: Vec<UpstreamRow> = read(&database, upstreams::ENABLED_UPSTREAMS, params!["acme"]);
    assert_eq!(personal.iter().map(|row| row.personal).collect::<Vec<_>>(), [0, 1]);
    database.execute("UPDATE upstreams SET disabled_at = 1 WHERE id = 'acme-files'", []).unwrap();
    assert!(rows(&database, credentials::EVERYBODYS, params!["acme"]).is_empty());
}

#[test]
fn nobody_makes_a_credential_for_somebody_out_of_its_reach_or_for_another_tenants_upstream() {
    let database = team();
    for (id, upstream, user, by) in [
        ("c-1", "acme-files", Some("u-1"), "u-3"), // an administrator for an owner
        ("c-2", "acme-files", None, "u-4"),        // a developer for everybody
        ("c-3", "acme-files", Some("u-3"), "u-4"), // a developer for another
        ("c-4", "acme-files", Some("u-2"), "u-1"), // for a user of another tenant
        ("c-5", "zeta-files", None, "u-1"),        // another tenant's upstream
        ("c-6", "acme-files", None, "u-2"),        // by a user of another tenant
        ("c-7", "acme-files", Some("none"), "u-1"),
    ] {
        assert_eq!(make(&database, id, upstream, user, by), Ok(0), "{id}");
    }
    database.execute("UPDATE users SET disabled_at = 1 WHERE id = 'u-4'", []).unwrap();
    assert_eq!(make(&database, "c-8", "acme-files", Some("u-4"), "u-4"), Ok(0));
    assert_eq!(make(&database, "c-9", "acme-files", Some("u-4"), "u-1"), Ok(0));
    let operators = |tenant: &str, upstream: &str| {
        let values = params!["c-0", tenant, upstream, "bearer", ORIGIN, "sealed", "{}", NOW];
        run(&database, credentials::INSERT_OPERATORS, values)
    };
    assert_eq!((operators("acme", "zeta-files"), operators("acme", "acme-files")), (Ok(0), Ok(1)));
    assert_eq!(view(&database, "acme", "c-0", None).unwrap().made_by, None);
    assert!(operators("acme", "acme-files").is_err());
}

#[test]
fn a_credential_is_seen_within_its_tenant_and_replaced_in_the_version_that_was_read() {
    let database = team();
    make(&database, "c-1", "acme-files", None, "u-1").unwrap();
    make(&database, "c-2", "acme-calendar", Some("u-4"), "u-4").unwrap();
    assert!(view(&database, "zeta", "c-1", None).is_none() && view(&database, "acme", "c-1", Some("u-4")).is_none());
    let own = view(&database, "acme", "c-2", Some("u-4")).unwrap();
    assert_eq!(
        (own.user.unwrap().as_str(), own.kind.as_str(), own.shown["name"].as_str()),
        ("u-4", "bearer", Some("x"))
    );
    let listed = |user: Option<&str>, upstream: Option<&str>| {
        let values = params!["acme", "", 9, user, upstream];
        read::<CredentialViewRow>(&database, credentials::CREDENTIALS, values).len()
    };
    assert_eq!((listed(None, None), listed(Some("u-4"), None), listed(None, Some("acme-files"))), (2, 1, 1));
    let replace = |version: u32| {
        let values = params!["acme", "c-1", version, "basic", "https://b.example.com", "new", "{}", NOW + 1];
        run(&database, credentials::REPLACE, values)
    };
    assert_eq!((replace(2), replace(1), replace(1)), (Ok(0), Ok(1), Ok(0)));
    let replaced = view(&database, "acme", "c-1", None).unwrap();
    assert_eq!(
        (replaced.version, replaced.kind.as_str(), replaced.origin.as_str()),
        (2, "basic", "https://b.example.com")
    );
    assert_eq!(run(&database, credentials::DELETE, params!["zeta", "c-1"]), Ok(0));
    assert_eq!(run(&database, credentials::DELETE, params!["acme", "c-1"]), Ok(1));
}

fn begin(database: &Connection, credential: &str, version: u32, user: Option<&str>) -> Result<usize, String> {
    let values = params!["acme", credential, version, user, "v1.tokens", NOW];
    run(database, credentials::BEGIN_TOKENS, values)
}

fn tokens(database: &Connection, tenant: &str, credential: &str, holder: &str) -> Option<TokensRow> {
    read::<TokensRow>(database, credentials::TOKENS, params![tenant, credential, holder]).pop()
}

#[test]
fn tokens_are_kept_for_each_holder_and_renewed_once_in_each_version() {
    let database = team();
    make(&database, "oauth-1", "acme-files", None, "u-1").unwrap();
    assert_eq!(
        (begin(&database, "oauth-1", 2, Some("u-4")), begin(&database, "oauth-1", 1, Some("u-2"))),
        (Ok(0), Ok(0))
    );
    assert_eq!((begin(&database, "oauth-1", 1, Some("u-4")), begin(&database, "oauth-1", 1, None)), (Ok(1), Ok(1)));
    assert_eq!(tokens(&database, "acme", "oauth-1", "u-4").unwrap().version, 1);
    assert!(
        tokens(&database, "zeta", "oauth-1", "u-4").is_none() && tokens(&database, "acme", "oauth-1", "u-1").is_none()
    );
    let claim = |version: u32, now: i64| {
        let values = params!["acme", "oauth-1", "u-4", version, now, now + 15_000];
        run(&database, credentials::CLAIM_TOKENS, values)
    };
    assert_eq!((claim(2, NOW), claim(1, NOW), claim(1, NOW + 14_999)), (Ok(0), Ok(1), Ok(0)));
    assert_eq!(claim(1, NOW + 15_000), Ok(1), "who took it and ended keeps nobody");
    let renew = |version: u32| {
        let values = params!["acme", "oauth-1", "u-4", version, "v2.k.renewed", NOW + 1];
        run(&database, credentials::RENEW_TOKENS, values)
    };
    assert_eq!((renew(2), renew(1), renew(1)), (Ok(0), Ok(1), Ok(0)));
    let renewed = tokens(&database, "acme", "oauth-1", "u-4").unwrap();
    assert_eq!((renewed.version, renewed.sealed.as_str(), claim(2, NOW)), (2, "v2.k.renewed", Ok(1)));
    assert_eq!(begin(&database, "oauth-1", 1, Some("u-4")), Ok(1), "who connects again has newer tokens");
    assert_eq!(tokens(&database, "acme", "oauth-1", "u-4").unwrap().version, 3);
    let end =
        |version: Option<u32>| run(&database, credentials::END_TOKENS, params!["acme", "oauth-1", "u-4", version]);
    assert_eq!((end(Some(2)), end(Some(3)), end(None)), (Ok(0), Ok(1), Ok(0)));
}

#[test]
fn a_replaced_credential_forgets_the_tokens_it_brought_and_a_deleted_user_takes_all_along() {
    let database = team();
    make(&database, "oauth-1", "acme-files", None, "u-1").unwrap();
    make(&database, "c-2", "acme-files", Some("u-4"), "u-4").unwrap();
    begin(&database, "oauth-1", 1, Some("u-4")).unwrap();
    begin(&database, "oauth-1", 1, Some("u-3")).unwrap();
    let connections = |user: &str| -> Vec<ConnectionView> {
        let rows: Vec<ConnectionRow> = read(&database, credentials::CONNECTIONS, params!["acme", user]);
        rows.into_iter().map(ConnectionView::from).collect()
    };
    let (connected, other) = (connections("u-4").remove(0), connections("u-1").remove(0));
    assert_eq!(
        (connected.upstream.as_str(), connected.connected_at.is_some(), other.connected_at),
        ("files", true, None)
    );
    let through =
        |tenant: &str, id: &str| read::<CredentialRow>(&database, credentials::THROUGH, params![tenant, id]).len();
    assert_eq!((through("acme", "oauth-1"), through("acme", "c-2"), through("zeta", "oauth-1")), (1, 0, 0));
    assert_eq!(run(&database, users::DELETE, params!["acme", "u-4", "u-1"]), Ok(1));
    assert_eq!((count(&database, "credentials"), count(&database, "connections")), (1, 1));
    let forget = |version: u32| run(&database, credentials::FORGET_TOKENS, params!["acme", "oauth-1", version]);
    assert_eq!((forget(2), forget(1)), (Ok(0), Ok(1)));
    begin(&database, "oauth-1", 1, Some("u-3")).unwrap();
    database.execute("DELETE FROM tenants WHERE id = 'acme'", []).unwrap();
    assert_eq!((count(&database, "credentials"), count(&database, "connections")), (0, 0));
}

#[test]
fn what_an_older_key_sealed_is_found_and_sealed_anew_unless_it_changed_meanwhile() {
    let database = team();
    make(&database, "oauth-1", "acme-files", None, "u-1").unwrap();
    begin(&database, "oauth-1", 1, Some("u-4")).unwrap();
    run(&database, people::SET_SECOND_FACTOR, params!["acme", "u-4", "v1.factor"]).unwrap();
    let values = params!["acme", "v2.k.", 9];
    let found: Vec<CredentialRow> = read(&database, credentials::OLDER, values);
    assert_eq!(found.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["oauth-1"]);
    let found: Vec<OlderTokensRow> = read(&database, credentials::OLDER_TOKENS, values);
    assert_eq!((found[0].credential_id.as_str(), found[0].user_id.as_ref().unwrap().as_str()), ("oauth-1", "u-4"));
    let found: Vec<OlderFactorRow> = read(&database, people::OLDER_SECOND_FACTORS, values);
    assert_eq!((found[0].id.as_str(), found[0].second_factor.as_str()), ("u-4", "v1.factor"));
    let reseal = |read: &str| {
        let credential = run(&database, credentials::RESEAL, params!["acme", "oauth-1", read, "v2.k.a"]);
        let tokens = params!["acme", "oauth-1", "u-4", read, "v2.k.b"];
        let factor = params!["acme", "u-4", read, "v2.k.c"];
        let tokens = run(&database, credentials::RESEAL_TOKENS, tokens);
        [credential, tokens, run(&database, people::RESEAL_SECOND_FACTOR, factor)].map(Result::unwrap)
    };
    assert_eq!((reseal("v1.sealed"), reseal("v1.tokens"), reseal("v1.factor")), ([1, 0, 0], [0, 1, 0], [0, 0, 1]));
    for statement in [credentials::OLDER, credentials::OLDER_TOKENS, people::OLDER_SECOND_FACTORS] {
        assert!(rows(&database, statement, values).is_empty(), "{statement}");
        assert!(rows(&database, statement, params!["zeta", "v2.other.", 9]).is_empty(), "{statement}");
    }
}

#[test]
fn no_two_owners_and_no_two_upstreams_have_one_place() {
    let (tenant, upstream) = (TenantId::parse("acme").unwrap(), UpstreamId::parse("u").unwrap());
    let user = UserId::parse("everybody").unwrap();
    let everybodys = credential_place((&tenant, None), &upstream, "bearer", ORIGIN);
    assert_ne!(everybodys, credential_place((&tenant, Some(&user)), &upstream, "bearer", ORIGIN));
    assert_ne!(everybodys, credential_place((&tenant, None), &upstream, "header", ORIGIN));
    assert_ne!(everybodys, credential_place((&tenant, None), &upstream, "bearer", "https://b.example.com"));
    let tokens = tokens_place((&tenant, None), "c-1", &upstream, ORIGIN);
    assert_ne!(tokens, tokens_place((&tenant, Some(&user)), "c-1", &upstream, ORIGIN));
    assert_ne!(tokens, tokens_place((&tenant, None), "c-2", &upstream, ORIGIN));
}
