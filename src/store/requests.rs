//! Orders of administrators, and calls of tools, that must not be carried out twice, in D1.

use crate::id::{TenantId, UserId};
use serde::Deserialize;

/// How long an order is remembered, in milliseconds: a day.
pub const REMEMBERED_MILLIS: u64 = 86_400_000;

/// What was answered to an order. `?1` tenant, `?2` user, `?3` idempotency key, `?4` the earliest moment that counts.
pub const ANSWERED: &str = "\
    SELECT digest, reply FROM admin_requests \
    WHERE tenant_id = ?1 AND user_id = ?2 AND key = ?3 AND created_at >= ?4";

/// Forgets an order of that key that is too old to count. `?1` tenant, `?2` user, `?3` key, `?4` the earliest moment that counts.
pub const FORGET_OLD: &str = "\
    DELETE FROM admin_requests \
    WHERE (tenant_id = ?1 AND user_id = ?2 AND key = ?3 AND created_at < ?4) \
       OR rowid IN (SELECT rowid FROM admin_requests WHERE created_at < ?4 LIMIT 100)";

/// Remembers an order with its answer, where the statement before it changed something; fails where the key is taken, so that
/// of two of one key at once the second undoes itself. `?1` tenant, `?2` user, `?3` key, `?4` digest, `?5` sealed reply, `?6` now.
pub const REMEMBER: &str = "\
    INSERT INTO admin_requests (tenant_id, user_id, key, digest, reply, created_at) \
    SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE changes() > 0";

/// Takes an idempotency key for a call that is about to be made; changes nothing where it is taken. `?1` tenant, `?2` user,
/// `?3` key, `?4` digest, `?5` now.
pub const RESERVE: &str = "\
    INSERT INTO admin_requests (tenant_id, user_id, key, digest, reply, created_at) \
    VALUES (?1, ?2, ?3, ?4, '', ?5) ON CONFLICT DO NOTHING";

/// Remembers what came of a call whose key was taken. `?1` tenant, `?2` user, `?3` key, `?4` digest, `?5` sealed reply.
pub const SETTLE: &str = "\
    UPDATE admin_requests SET reply = ?5 \
    WHERE tenant_id = ?1 AND user_id = ?2 AND key = ?3 AND digest = ?4 AND reply = ''";

/// Gives a key back whose call was not made. `?1` tenant, `?2` user, `?3` key, `?4` digest.
pub const RELEASE: &str = "\
    DELETE FROM admin_requests WHERE tenant_id = ?1 AND user_id = ?2 AND key = ?3 AND digest = ?4 AND reply = ''";

/// Whose orders the operator's are.
pub const OPERATOR: (&str, &str) = ("", "operator");

/// A row of [`ANSWERED`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct AnsweredRow {
    /// SHA-256 of what was asked.
    pub digest: String,
    /// The sealed answer; empty while the call is under way.
    pub reply: String,
}

/// Where a sealed answer belongs.
pub fn reply_place(tenant: Option<&TenantId>, user: Option<&UserId>, key: &str) -> String {
    let (nobody, operator) = OPERATOR;
    let (tenant, user) = (tenant.map_or(nobody, TenantId::as_str), user.map_or(operator, UserId::as_str));
    format!("admin-request/{tenant}/{user}/{key}")
}
