//! One-time codes in D1: invitations and resets. Each is used by one statement that finds it unused and marks it.
//!
//! A code is good while it is unused and in time, its tenant is enabled, and who made it still looks after it:
//! nobody comes back by a code made before being shut out. The operator makes codes too, whoever is left in a tenant.

use crate::account::role::Role;
use crate::id::{TenantId, UserId};
use serde::Deserialize;

/// An invitation, where `?4` looks after the tenant, and may make whom it invites, and not too many codes are open. `?1` hash, `?2` tenant, `?3` role,
/// `?4` who makes it, `?5` now, `?6` its end, `?7` the most that may be open.
pub const INSERT_INVITATION: &str = "\
    INSERT INTO account_codes (hash, tenant_id, purpose, role, made_by, created_at, expires_at) \
    SELECT ?1, ?2, 'invitation', ?3, ?4, ?5, ?6 \
    WHERE EXISTS (SELECT 1 FROM users WHERE tenant_id = ?2 AND id = ?4 AND disabled_at IS NULL \
                  AND (role = 'owner' OR (role = 'admin' AND ?3 <> 'owner'))) \
      AND (SELECT COUNT(*) FROM account_codes WHERE tenant_id = ?2 AND used_at IS NULL AND expires_at > ?5) < ?7";

/// A reset code for another person of the tenant, whom `?4` may change. `?1` hash, `?2` tenant, `?3` whose,
/// `?4` who makes it, `?5` now, `?6` its end, `?7` the most that may be open.
pub const INSERT_RESET: &str = "\
    INSERT INTO account_codes (hash, tenant_id, purpose, user_id, made_by, created_at, expires_at) \
    SELECT ?1, ?2, 'reset', ?3, ?4, ?5, ?6 \
    WHERE ?3 <> ?4 \
      AND EXISTS (SELECT 1 FROM users AS subject JOIN users AS actor ON actor.tenant_id = subject.tenant_id \
                  WHERE subject.tenant_id = ?2 AND subject.id = ?3 AND subject.kind = 'person' \
                    AND actor.id = ?4 AND actor.disabled_at IS NULL \
                    AND (actor.role = 'owner' OR (actor.role = 'admin' AND subject.role <> 'owner'))) \
      AND (SELECT COUNT(*) FROM account_codes WHERE tenant_id = ?2 AND used_at IS NULL AND expires_at > ?5) < ?7";

/// A reset code of the operator's; fails where the tenant has no such user. `?1` hash, `?2` tenant, `?3` login name,
/// `?4` now, `?5` its end.
pub const INSERT_OPERATORS_RESET: &str = "\
    INSERT INTO account_codes (hash, tenant_id, purpose, user_id, created_at, expires_at) \
    VALUES (?1, (SELECT tenant_id FROM users WHERE tenant_id = ?2 AND username = ?3), 'reset', \
            (SELECT id FROM users WHERE tenant_id = ?2 AND username = ?3), ?4, ?5)";

/// An invitation of the operator's, into a tenant that is there. `?1` hash, `?2` tenant, `?3` role, `?4` now, `?5` its end.
pub const INSERT_OPERATORS_INVITATION: &str = "\
    INSERT INTO account_codes (hash, tenant_id, purpose, role, created_at, expires_at) \
    SELECT ?1, id, 'invitation', ?3, ?4, ?5 FROM tenants WHERE id = ?2";

/// A newer reset code, or a new password, takes the older codes away. `?1` tenant, `?2` user.
pub const DELETE_OPEN_RESETS: &str = "\
    DELETE FROM account_codes WHERE tenant_id = ?1 AND user_id = ?2 AND purpose = 'reset' AND used_at IS NULL";

/// Makes room: a hundred codes whose time is up. `?1` now.
pub const DELETE_EXPIRED: &str = "\
    DELETE FROM account_codes WHERE hash IN (SELECT hash FROM account_codes WHERE expires_at <= ?1 LIMIT 100)";

/// What a good code is for. `?1` hash, `?2` now.
pub const GOOD_CODE: &str = "\
    SELECT account_codes.tenant_id, account_codes.role, account_codes.user_id, users.username \
    FROM account_codes \
    JOIN tenants ON tenants.id = account_codes.tenant_id AND tenants.disabled_at IS NULL \
    LEFT JOIN users AS maker ON maker.id = account_codes.made_by AND maker.tenant_id = account_codes.tenant_id \
        AND maker.role IN ('owner', 'admin') AND maker.disabled_at IS NULL \
    LEFT JOIN users ON users.id = account_codes.user_id AND users.tenant_id = account_codes.tenant_id \
    WHERE account_codes.hash = ?1 AND account_codes.used_at IS NULL AND account_codes.expires_at > ?2 \
      AND (account_codes.made_by IS NULL OR maker.id IS NOT NULL)";

/// Uses a good invitation, unless the name is taken; one row when it was. `?1` hash, `?2` now, `?3` the new user's id,
/// `?4` the name it chose.
pub const USE_INVITATION: &str = "\
    UPDATE account_codes SET used_at = ?2, use_id = ?3 \
    WHERE hash = ?1 AND purpose = 'invitation' AND used_at IS NULL AND expires_at > ?2 \
      AND EXISTS (SELECT 1 FROM tenants WHERE id = account_codes.tenant_id AND disabled_at IS NULL) \
      AND (made_by IS NULL \
           OR EXISTS (SELECT 1 FROM users WHERE id = account_codes.made_by AND tenant_id = account_codes.tenant_id \
                      AND role IN ('owner', 'admin') AND disabled_at IS NULL)) \
      AND NOT EXISTS (SELECT 1 FROM users WHERE username = ?4) \
    RETURNING tenant_id, role, made_by";

/// The user of an invitation that was used for it; belongs in one batch with [`USE_INVITATION`]. `?1` hash, `?2` the
/// user's id, `?3` name, `?4` password hash, `?5` now.
pub const INSERT_INVITED: &str = "\
    INSERT INTO users (id, tenant_id, username, password_hash, demo, created_at, role) \
    SELECT use_id, tenant_id, ?3, ?4, 0, ?5, role FROM account_codes \
    WHERE hash = ?1 AND use_id = ?2 AND purpose = 'invitation'";

/// Uses a good reset code; one row when it was. `?1` hash, `?2` now, `?3` a random id of this use.
pub const USE_RESET: &str = "\
    UPDATE account_codes SET used_at = ?2, use_id = ?3 \
    WHERE hash = ?1 AND purpose = 'reset' AND used_at IS NULL AND expires_at > ?2 \
      AND EXISTS (SELECT 1 FROM tenants WHERE id = account_codes.tenant_id AND disabled_at IS NULL) \
      AND (made_by IS NULL \
           OR EXISTS (SELECT 1 FROM users WHERE id = account_codes.made_by AND tenant_id = account_codes.tenant_id \
                      AND role IN ('owner', 'admin') AND disabled_at IS NULL)) \
    RETURNING tenant_id, user_id, made_by";

/// The new password of a reset that was used for it, without a second factor; belongs in one batch with [`USE_RESET`].
/// `?1` hash, `?2` the id of this use, `?3` password hash.
pub const SET_RESET_PASSWORD: &str = "\
    UPDATE users SET password_hash = ?3, second_factor = NULL \
    WHERE id = (SELECT user_id FROM account_codes WHERE hash = ?1 AND use_id = ?2 AND purpose = 'reset')";

/// A row of [`GOOD_CODE`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct CodeRow {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The role of whom an invitation is for.
    pub role: Option<Role>,
    /// Whose password a reset code sets.
    pub user_id: Option<UserId>,
    /// That user's login name.
    pub username: Option<String>,
}

/// A row of [`USE_INVITATION`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct InvitedRow {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The new user's role.
    pub role: Role,
    /// Who invited it; none when the operator did.
    pub made_by: Option<UserId>,
}

/// A row of [`USE_RESET`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ResetRow {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Whose password was set.
    pub user_id: UserId,
    /// Who made the code; none when the operator did.
    pub made_by: Option<UserId>,
}
