//! The accounts of a run: every test takes users nobody else uses, each in a tenant of its own unless it asks otherwise.

use argon2::password_hash::{PasswordHasher, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The password of every user of a run.
pub const PASSWORD: &str = "correct horse battery staple";

/// Which tool servers a user's tenant has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tools {
    /// None: the gateway's own tools only.
    Own,
    /// The reference server `everything`, named `everything`.
    Everything,
    /// The recorder of revision 2026-07-28, named `modern`.
    Modern,
    /// The recorder of revision 2025-11-25, named `legacy`.
    Legacy,
    /// One that nobody listens at, named `gone`, and the modern recorder, named `modern`.
    Gone,
    /// The fixtures of either era, named `old` and `new`, and the servers of [`servers`].
    Fixtures,
    /// A user's own places at the recorder of sessions, named `old` and `new`.
    Recorded,
    /// One that nobody listens at, named `gone`, and the fixture of the older era, named `old`.
    Broken,
    /// Those of [`Tools::Fixtures`] and the modern recorder, named `modern`, for a tenant with a user of every role; see
    /// [`Team`](crate::team::Team).
    Team,
    /// None, for a tenant with a user of every role to which the operator gave the database [`DATABASE`].
    Stores,
}

/// The binding of the database that the tenants of [`Tools::Stores`] have.
pub const DATABASE: &str = "DATA_DEMO";

const POOLS: [(Tools, usize); 10] = [
    (Tools::Own, 260),
    (Tools::Everything, 30),
    (Tools::Modern, 40),
    (Tools::Legacy, 12),
    (Tools::Gone, 6),
    (Tools::Fixtures, 60),
    (Tools::Recorded, 24),
    (Tools::Broken, 6),
    (Tools::Team, 180),
    (Tools::Stores, 12),
];

/// A user of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// What the user logs in with.
    pub username: String,
    /// The `sub` of the user's tokens.
    pub id: String,
    /// The user's tenant.
    pub tenant: String,
}

/// Addresses of the tool servers.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// Of [`Tools::Everything`].
    pub everything: String,
    /// Of [`Tools::Modern`].
    pub modern: String,
    /// Of [`Tools::Legacy`].
    pub legacy: String,
    /// Of [`Tools::Gone`].
    pub gone: String,
    /// Of the older era in [`Tools::Fixtures`].
    pub old: String,
    /// Of the newer era in [`Tools::Fixtures`].
    pub new: String,
    /// The folder of every place in [`Tools::Recorded`].
    pub recorded: String,
}

/// The users that are still free.
#[derive(Debug, Default)]
pub struct Accounts {
    taken: [AtomicUsize; POOLS.len()],
}

impl Accounts {
    /// A user nobody has taken before, in a tenant nobody else is in.
    pub fn take(&self, tools: Tools) -> User {
        let pool = POOLS.iter().position(|(pool, _)| *pool == tools).expect("every kind has a pool");
        let index = self.taken[pool].fetch_add(1, Ordering::SeqCst);
        assert!(index < POOLS[pool].1, "no user of {tools:?} is left: enlarge its pool");
        user(pool, index)
    }
}

/// The user and the disabled user beside it: same tenant, same password.
pub fn disabled_colleague(user: &User) -> User {
    User { username: format!("{}-off", user.username), id: format!("{}-off", user.id), tenant: user.tenant.clone() }
}

/// The user in the same tenant who may log in too, with the same password.
pub fn colleague(user: &User) -> User {
    User { username: format!("{}-mate", user.username), id: format!("{}-mate", user.id), tenant: user.tenant.clone() }
}

/// The user of that name in a tenant of [`Tools::Team`]: `owner`, `admin`, `developer`, `other` (a developer too), `auditor`
/// or `agent`.
pub fn member(user: &User, name: &str) -> User {
    User {
        username: format!("{}-{name}", user.username),
        id: format!("{}-{name}", user.id),
        tenant: user.tenant.clone(),
    }
}

/// Everybody of a tenant of [`Tools::Team`], with the role.
pub const MEMBERS: [(&str, &str); 6] = [
    ("owner", "owner"),
    ("admin", "admin"),
    ("developer", "developer"),
    ("other", "developer"),
    ("auditor", "auditor"),
    ("agent", "agent"),
];

/// The rows of a team, and a plan that keeps the gateway's own rate out of its tests.
fn team(sql: &mut String, user: &User, hash: &str) {
    let tenant = &user.tenant;
    for (name, role) in MEMBERS {
        let User { username, id, .. } = member(user, name);
        let _ = writeln!(
            sql,
            "INSERT INTO users (id, tenant_id, username, password_hash, created_at, role) VALUES \
             ('{id}', '{tenant}', '{username}', '{hash}', 1, '{role}');"
        );
    }
    let _ = writeln!(
        sql,
        "INSERT INTO plans (id, tenant_id, name, plan, created_at, updated_at) VALUES \
         ('fast-{tenant}', '{tenant}', 'fast', '{{\"rate\":{{\"burst\":1000000,\"per_minute\":60000000}}}}', 1, 1); \
         UPDATE tenants SET user_plan_id = 'fast-{tenant}' WHERE id = '{tenant}';"
    );
}

/// Which databases are whose: the value of the gateway's variable.
pub fn databases() -> String {
    let of = |(pool, (tools, count)): (usize, &(Tools, usize))| {
        let tenants = (0..*count).map(move |index| user(pool, index).tenant);
        tenants
            .filter(|_| *tools == Tools::Stores)
            .map(|tenant| format!("\"{tenant}\":[\"{DATABASE}\"]"))
            .collect::<Vec<_>>()
    };
    format!("{{{}}}", POOLS.iter().enumerate().flat_map(of).collect::<Vec<_>>().join(","))
}

fn user(pool: usize, index: usize) -> User {
    User {
        username: format!("user-{pool}-{index}"),
        id: format!("usr-{pool}-{index}"),
        tenant: format!("ten-{pool}-{index}"),
    }
}

/// The SQL that makes every account and names the tool servers.
pub fn sql(addresses: &Addresses) -> String {
    let hash = hash();
    let mut sql = String::new();
    for (pool, (tools, count)) in POOLS.iter().enumerate() {
        for user in (0..*count).map(|index| user(pool, index)) {
            let User { username, id, tenant } = &user;
            let _ = writeln!(sql, "INSERT INTO tenants (id, name, created_at) VALUES ('{tenant}', '{tenant}', 1);");
            let (off, mate) = (disabled_colleague(&user), colleague(&user));
            let _ = writeln!(
                sql,
                "INSERT INTO users (id, tenant_id, username, password_hash, created_at, disabled_at) VALUES \
                 ('{id}', '{tenant}', '{username}', '{hash}', 1, NULL), \
                 ('{}', '{tenant}', '{}', '{hash}', 1, NULL), \
                 ('{}', '{tenant}', '{}', '{hash}', 1, 2);",
                mate.id, mate.username, off.id, off.username
            );
            if matches!(tools, Tools::Team | Tools::Stores) {
                team(&mut sql, &user, &hash);
            }
            for (name, url) in upstreams(*tools, tenant, addresses) {
                let _ = writeln!(
                    sql,
                    "INSERT INTO upstreams (id, tenant_id, name, url, created_at) VALUES \
                     ('ups-{pool}-{name}-{id}', '{tenant}', '{name}', '{url}', 1);"
                );
            }
            for (name, prefix, members) in servers(*tools) {
                let server = format!("srv-{pool}-{name}-{id}");
                let _ = writeln!(
                    sql,
                    "INSERT INTO servers (id, tenant_id, name, prefix, created_at) VALUES \
                     ('{server}', '{tenant}', '{name}', '{prefix}', 1);"
                );
                for (position, (upstream, chosen)) in members.iter().enumerate() {
                    let chosen = chosen.map_or("NULL".to_owned(), |chosen| format!("'{chosen}'"));
                    let _ = writeln!(
                        sql,
                        "INSERT INTO server_upstreams (server_id, upstream_id, position, chosen) VALUES \
                         ('{server}', 'ups-{pool}-{upstream}-{id}', {position}, {chosen});"
                    );
                }
            }
        }
    }
    sql
}

fn upstreams(tools: Tools, tenant: &str, addresses: &Addresses) -> Vec<(&'static str, String)> {
    let Addresses { everything, modern, legacy, gone, old, new, recorded } = addresses.clone();
    match tools {
        Tools::Own | Tools::Stores => Vec::new(),
        Tools::Everything => vec![("everything", everything)],
        Tools::Modern => vec![("modern", modern)],
        Tools::Legacy => vec![("legacy", legacy)],
        Tools::Gone => vec![("gone", gone), ("modern", modern)],
        Tools::Fixtures => vec![("old", old), ("new", new)],
        Tools::Recorded => {
            vec![("old", format!("{recorded}/{tenant}/old")), ("new", format!("{recorded}/{tenant}/new"))]
        }
        Tools::Broken => vec![("gone", gone), ("old", old)],
        Tools::Team => vec![("old", old), ("new", new), ("modern", modern)],
    }
}

/// A virtual server: its name, its prefix, and its upstreams, each with its choice.
type Server = (&'static str, &'static str, &'static [(&'static str, Option<&'static str>)]);

/// The virtual servers of a tenant with these tool servers.
pub const fn servers(tools: Tools) -> &'static [Server] {
    match tools {
        Tools::Everything => &[("plain", "never", &[("everything", None)])],
        Tools::Fixtures | Tools::Team => &[
            ("old", "never", &[("old", None)]),
            ("new", "never", &[("new", None)]),
            ("always", "always", &[("old", None), ("new", None)]),
            ("first", "never", &[("old", Some(SOME)), ("new", Some(OTHERS))]),
            ("conflict", "conflict", &[("old", Some(SOME)), ("new", Some(OTHERS))]),
            ("some", "never", &[("old", Some(SOME))]),
        ],
        Tools::Recorded => &[("old", "never", &[("old", None)]), ("new", "never", &[("new", None)])],
        Tools::Own | Tools::Modern | Tools::Legacy | Tools::Gone | Tools::Broken | Tools::Stores => &[],
    }
}

/// What is chosen of the fixture of the older era, and of the other: two tools of each, one of them of both.
const SOME: &str = r#"["test_simple_text", "test_image*", "test_simple_prompt", "test://static-text"]"#;
const OTHERS: &str = r#"["test_simple_text", "test_audio*", "test_prompt_with_image", "test://static-binary"]"#;

fn hash() -> String {
    let salt = SaltString::encode_b64(b"contract-tests-salt").expect("a salt");
    let cost = Params::new(19 * 1024, 2, 1, None).expect("the gateway's own cost");
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, cost);
    argon.hash_password(PASSWORD.as_bytes(), &salt).expect("a hash").to_string()
}
