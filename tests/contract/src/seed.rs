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
}

const POOLS: [(Tools, usize); 5] =
    [(Tools::Own, 110), (Tools::Everything, 10), (Tools::Modern, 40), (Tools::Legacy, 12), (Tools::Gone, 6)];

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
            let off = disabled_colleague(&user);
            let _ = writeln!(
                sql,
                "INSERT INTO users (id, tenant_id, username, password_hash, created_at, disabled_at) VALUES \
                 ('{id}', '{tenant}', '{username}', '{hash}', 1, NULL), \
                 ('{}', '{tenant}', '{}', '{hash}', 1, 2);",
                off.id, off.username
            );
            for (name, url) in servers(*tools, addresses) {
                let _ = writeln!(
                    sql,
                    "INSERT INTO upstreams (id, tenant_id, name, url, created_at) VALUES \
                     ('ups-{pool}-{name}-{id}', '{tenant}', '{name}', '{url}', 1);"
                );
            }
        }
    }
    sql
}

fn servers(tools: Tools, addresses: &Addresses) -> Vec<(&'static str, &str)> {
    match tools {
        Tools::Own => Vec::new(),
        Tools::Everything => vec![("everything", &addresses.everything)],
        Tools::Modern => vec![("modern", &addresses.modern)],
        Tools::Legacy => vec![("legacy", &addresses.legacy)],
        Tools::Gone => vec![("gone", &addresses.gone), ("modern", &addresses.modern)],
    }
}

fn hash() -> String {
    let salt = SaltString::encode_b64(b"contract-tests-salt").expect("a salt");
    let cost = Params::new(19 * 1024, 2, 1, None).expect("the gateway's own cost");
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, cost);
    argon.hash_password(PASSWORD.as_bytes(), &salt).expect("a hash").to_string()
}
