//! Tenants and users in D1.

use crate::account::role::Role;
use crate::account::{User, Username};
use crate::id::{TenantId, UserId};
use crate::time::Timestamp;
use serde::Deserialize;

/// The user of that login name, with the earlier of its own and its tenant's disabling. `?1` username.
pub const USER_BY_USERNAME: &str = "\
    SELECT users.id, users.tenant_id, users.username, users.password_hash, users.demo, users.role, users.second_factor, \
           COALESCE(users.disabled_at, tenants.disabled_at) AS disabled_at \
    FROM users JOIN tenants ON tenants.id = users.tenant_id \
    WHERE users.username = ?1";

/// The same user by its id. `?1` tenant, `?2` user.
pub const USER_BY_ID: &str = "\
    SELECT users.id, users.tenant_id, users.username, users.password_hash, users.demo, users.role, users.second_factor, \
           COALESCE(users.disabled_at, tenants.disabled_at) AS disabled_at \
    FROM users JOIN tenants ON tenants.id = users.tenant_id \
    WHERE users.tenant_id = ?1 AND users.id = ?2";

/// The login name of a user of a tenant. `?1` tenant, `?2` user.
pub const USERNAME_BY_ID: &str = "SELECT username FROM users WHERE tenant_id = ?1 AND id = ?2";

/// Whether a user and its tenant are enabled: one row when they are. `?1` tenant, `?2` user.
pub const ENABLED_USER: &str = "\
    SELECT users.username FROM users JOIN tenants ON tenants.id = users.tenant_id \
    WHERE users.tenant_id = ?1 AND users.id = ?2 AND users.disabled_at IS NULL AND tenants.disabled_at IS NULL";

/// A tenant, unless it is there already. `?1` id, `?2` name, `?3` now in milliseconds.
pub const INSERT_TENANT: &str = "INSERT INTO tenants (id, name, created_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";

/// A user; fails when the name is taken. `?1` id, `?2` tenant, `?3` username, `?4` hash, `?5` demo (0 or 1), `?6` now.
pub const INSERT_USER: &str = "\
    INSERT INTO users (id, tenant_id, username, password_hash, demo, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

/// The cheapest question that proves the tables are there.
pub const PROBE: &str = "SELECT 1 AS alive FROM tenants LIMIT 1";

/// A row of [`USER_BY_USERNAME`] or [`USER_BY_ID`].
#[derive(Clone, Debug, Deserialize)]
pub struct UserRow {
    id: UserId,
    tenant_id: TenantId,
    username: String,
    password_hash: String,
    demo: u8,
    role: Role,
    second_factor: Option<String>,
    disabled_at: Option<u64>,
}

/// A row of [`USERNAME_BY_ID`] or [`ENABLED_USER`].
#[derive(Clone, Debug, Deserialize)]
pub struct UsernameRow {
    /// The login name.
    pub username: String,
}

impl UserRow {
    /// The user, or `None` when the stored name is not a login name any more.
    pub fn into_user(self) -> Option<User> {
        Some(User {
            id: self.id,
            tenant: self.tenant_id,
            username: Username::parse(&self.username).ok()?,
            password_hash: self.password_hash,
            demo: self.demo != 0,
            role: self.role,
            second_factor: self.second_factor,
            disabled_at: self.disabled_at.map(Timestamp::from_millis),
        })
    }
}
