//! Users in D1, for administrators. Every change asks again whether who acts may make it.

use crate::account::kind::UserKind;
use crate::account::role::Role;
use crate::admin::user::UserView;
use crate::id::UserId;
use serde::Deserialize;

/// Most users of one tenant.
pub const MAX_USERS: u32 = 10_000;
/// Users of a tenant after one. `?1` tenant, `?2` the id before them, `?3` the most, `?4` kind or `NULL`, `?5` role or `NULL`,
/// `?6` the only one to be seen or `NULL`.
pub const USERS: &str = "\
    SELECT id, username, kind, role, groups, plan_id, second_factor IS NOT NULL AS second_factor, disabled_at, \
           created_at, version \
    FROM users \
    WHERE tenant_id = ?1 AND id > ?2 AND (?4 IS NULL OR kind = ?4) AND (?5 IS NULL OR role = ?5) \
      AND (?6 IS NULL OR id = ?6) \
    ORDER BY id LIMIT ?3";

/// One user of a tenant. `?1` tenant, `?2` user.
pub const USER: &str = "\
    SELECT id, username, kind, role, groups, plan_id, second_factor IS NOT NULL AS second_factor, disabled_at, \
           created_at, version \
    FROM users WHERE tenant_id = ?1 AND id = ?2";

/// A service account, where its name is free, who makes it may give its role, and there are not too many users. `?1` tenant,
/// `?2` id, `?3` name, `?4` role, `?5` groups, `?6` plan, `?7` now, `?8` who makes it,
/// `?9` a hash that no password matches.
pub const INSERT_SERVICE: &str = "\
    INSERT INTO users (id, tenant_id, username, password_hash, demo, created_at, role, kind, groups, plan_id) \
    SELECT ?2, ?1, ?3, ?9, 0, ?7, ?4, 'service', ?5, ?6 \
    WHERE NOT EXISTS (SELECT 1 FROM users WHERE username = ?3) \
      AND (SELECT COUNT(*) FROM users WHERE tenant_id = ?1) < 10000 \
      AND (?6 IS NULL OR EXISTS (SELECT 1 FROM plans WHERE tenant_id = ?1 AND id = ?6)) \
      AND EXISTS (SELECT 1 FROM users AS actor WHERE actor.tenant_id = ?1 AND actor.id = ?8 AND actor.disabled_at IS NULL \
                  AND (actor.role = 'owner' OR (actor.role = 'admin' AND ?4 <> 'owner')))";

/// Changes another user that is still in the version that was read, where `?8` may change it and give its new role. `?1`
/// tenant, `?2` user, `?3` version, `?4` role, `?5` groups, `?6` plan, `?7` when it was disabled, `?8` who changes it.
pub const UPDATE: &str = "\
    UPDATE users SET role = ?4, groups = ?5, plan_id = ?6, disabled_at = ?7, version = version + 1 \
    WHERE tenant_id = ?1 AND id = ?2 AND version = ?3 AND id <> ?8 \
      AND (?6 IS NULL OR EXISTS (SELECT 1 FROM plans WHERE tenant_id = ?1 AND id = ?6)) \
      AND EXISTS (SELECT 1 FROM users AS actor WHERE actor.tenant_id = ?1 AND actor.id = ?8 AND actor.disabled_at IS NULL \
                  AND (actor.role = 'owner' OR (actor.role = 'admin' AND users.role <> 'owner' AND ?4 <> 'owner')))";

/// Deletes another user, where `?3` may change it. `?1` tenant, `?2` user, `?3` who deletes it.
pub const DELETE: &str = "\
    DELETE FROM users WHERE tenant_id = ?1 AND id = ?2 AND id <> ?3 \
      AND EXISTS (SELECT 1 FROM users AS actor WHERE actor.tenant_id = ?1 AND actor.id = ?3 AND actor.disabled_at IS NULL \
                  AND (actor.role = 'owner' OR (actor.role = 'admin' AND users.role <> 'owner')))";

/// A row of [`USER`] or [`USERS`].
#[derive(Clone, Debug, Deserialize)]
pub struct UserRow {
    id: UserId,
    username: String,
    kind: UserKind,
    role: Role,
    groups: String,
    plan_id: Option<String>,
    second_factor: u8,
    disabled_at: Option<u64>,
    created_at: u64,
    version: u32,
}

impl From<UserRow> for UserView {
    fn from(row: UserRow) -> Self {
        Self {
            id: row.id,
            username: row.username,
            kind: row.kind,
            role: row.role,
            groups: serde_json::from_str(&row.groups).unwrap_or_default(),
            plan: row.plan_id,
            second_factor: row.second_factor != 0,
            disabled_at: row.disabled_at.map(|millis| millis / 1000),
            created_at: row.created_at / 1000,
            version: row.version,
        }
    }
}
