//! The people of a tenant in D1: its first administrator, its list, and what is changed of one user.

use crate::account::role::Role;
use crate::id::UserId;
use serde::Deserialize;

/// Most people that are listed.
pub const MAX_LISTED: u32 = 500;

/// The tenant of the first administrator, unless there is one already, or the name is taken. `?1` tenant, `?2` its name,
/// `?3` now, `?4` the administrator's name.
pub const INSERT_FIRST_TENANT: &str = "\
    INSERT INTO tenants (id, name, created_at) SELECT ?1, ?2, ?3 \
    WHERE NOT EXISTS (SELECT 1 FROM users WHERE role IN ('owner', 'admin') OR username = ?4) ON CONFLICT DO NOTHING";

/// The first administrator, its tenant's owner, while there is none in the whole database and the name is free. `?1` id, `?2` tenant,
/// `?3` name, `?4` password hash, `?5` now.
pub const INSERT_FIRST_ADMIN: &str = "\
    INSERT INTO users (id, tenant_id, username, password_hash, demo, created_at, role) \
    SELECT ?1, ?2, ?3, ?4, 0, ?5, 'owner' \
    WHERE NOT EXISTS (SELECT 1 FROM users WHERE role IN ('owner', 'admin') OR username = ?3)";

/// Makes a user of a tenant its administrator, as the operator wants it; an owner stays one. `?1` tenant, `?2` user.
pub const MAKE_ADMIN: &str = "UPDATE users SET role = 'admin' WHERE tenant_id = ?1 AND id = ?2 AND role <> 'owner'";

/// Whether there is an administrator, disabled or not.
pub const ANY_ADMIN: &str = "SELECT EXISTS (SELECT 1 FROM users WHERE role IN ('owner', 'admin')) AS found";

/// The people of a tenant, its service accounts left out. `?1` tenant, `?2` the most.
pub const PEOPLE: &str = "\
    SELECT id, username, role, disabled_at, second_factor IS NOT NULL AS second_factor FROM users \
    WHERE tenant_id = ?1 AND kind = 'person' ORDER BY username LIMIT ?2";

/// Disables another user of the tenant, whom `?3` may change: the last one who can act never shuts itself out.
/// `?1` tenant, `?2` whom, `?3` who, `?4` now.
pub const DISABLE_USER: &str = "\
    UPDATE users SET disabled_at = ?4 \
    WHERE tenant_id = ?1 AND id = ?2 AND id <> ?3 AND disabled_at IS NULL \
      AND EXISTS (SELECT 1 FROM users AS actor WHERE actor.tenant_id = ?1 AND actor.id = ?3 \
                  AND (actor.role = 'owner' OR (actor.role = 'admin' AND users.role <> 'owner')) AND actor.disabled_at IS NULL)";

/// Enables a user of the tenant again, whom `?3` may change. `?1` tenant, `?2` whom, `?3` who.
pub const ENABLE_USER: &str = "\
    UPDATE users SET disabled_at = NULL \
    WHERE tenant_id = ?1 AND id = ?2 AND disabled_at IS NOT NULL \
      AND EXISTS (SELECT 1 FROM users AS actor WHERE actor.tenant_id = ?1 AND actor.id = ?3 \
                  AND (actor.role = 'owner' OR (actor.role = 'admin' AND users.role <> 'owner')) AND actor.disabled_at IS NULL)";

/// A new password, where the old one is still the one that was checked. `?1` tenant, `?2` user, `?3` new hash, `?4` old.
pub const SET_PASSWORD: &str = "\
    UPDATE users SET password_hash = ?3 WHERE tenant_id = ?1 AND id = ?2 AND password_hash = ?4 AND disabled_at IS NULL";

/// A second factor, where there is none. `?1` tenant, `?2` user, `?3` the sealed secret.
pub const SET_SECOND_FACTOR: &str = "\
    UPDATE users SET second_factor = ?3 \
    WHERE tenant_id = ?1 AND id = ?2 AND second_factor IS NULL AND disabled_at IS NULL";

/// No second factor, where it is still the one whose code was checked. `?1` tenant, `?2` user, `?3` the sealed secret.
pub const CLEAR_SECOND_FACTOR: &str = "\
    UPDATE users SET second_factor = NULL WHERE tenant_id = ?1 AND id = ?2 AND second_factor = ?3";

/// A row of [`ANY_ADMIN`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct AnyRow {
    /// 1 when there is one.
    pub found: u8,
}

/// A row of [`PEOPLE`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PersonRow {
    /// The user's id.
    pub id: UserId,
    /// The login name.
    pub username: String,
    /// The role.
    pub role: Role,
    /// When it was disabled.
    pub disabled_at: Option<u64>,
    /// 1 when it has a second factor.
    pub second_factor: u8,
}

/// Second factors that are sealed with another key than the current one. `?1` tenant, `?2` what a text of the current key begins
/// with, `?3` the most.
pub const OLDER_SECOND_FACTORS: &str = "\
    SELECT id, second_factor FROM users \
    WHERE tenant_id = ?1 AND second_factor IS NOT NULL AND substr(second_factor, 1, length(?2)) <> ?2 ORDER BY id LIMIT ?3";

/// Seals a second factor anew, unless it was changed meanwhile. `?1` tenant, `?2` user, `?3` what was read, `?4` the same sealed
/// anew.
pub const RESEAL_SECOND_FACTOR: &str = "\
    UPDATE users SET second_factor = ?4 WHERE tenant_id = ?1 AND id = ?2 AND second_factor = ?3";

/// A row of [`OLDER_SECOND_FACTORS`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct OlderFactorRow {
    /// Whose it is.
    pub id: UserId,
    /// The sealed secret.
    pub second_factor: String,
}
