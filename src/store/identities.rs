//! People of another OpenID provider, as users in D1.
//!
//! The first sign-in runs [`INSERT_USER`] and [`INSERT_IDENTITY`] in one batch, and then [`USER_BY_IDENTITY`] says who it
//! is, whichever of two first sign-ins at once was first.

use crate::id::UserId;
use serde::Deserialize;

/// The user of an identity within a tenant, with the earlier of its own and its tenant's disabling. `?1` issuer, `?2`
/// subject, `?3` tenant.
pub const USER_BY_IDENTITY: &str = "\
    SELECT users.id, COALESCE(users.disabled_at, tenants.disabled_at) AS disabled_at \
    FROM identities \
    JOIN users ON users.id = identities.user_id AND users.tenant_id = identities.tenant_id \
    JOIN tenants ON tenants.id = identities.tenant_id \
    WHERE identities.issuer = ?1 AND identities.subject = ?2 AND identities.tenant_id = ?3";

/// A user for an identity that has none, in a tenant that is there and enabled; under the second name where the first is
/// somebody's. `?1` id, `?2` tenant, `?3` and `?4` names, `?5` hash that no password matches, `?6` now, `?7` issuer, `?8` subject.
pub const INSERT_USER: &str = "\
    INSERT INTO users (id, tenant_id, username, password_hash, demo, created_at) \
    SELECT ?1, tenants.id, CASE WHEN EXISTS (SELECT 1 FROM users WHERE username = ?3) THEN ?4 ELSE ?3 END, ?5, 0, ?6 \
    FROM tenants WHERE tenants.id = ?2 AND tenants.disabled_at IS NULL \
      AND NOT EXISTS (SELECT 1 FROM identities WHERE issuer = ?7 AND subject = ?8)";

/// The identity of the user that [`INSERT_USER`] made, if it made one. `?1` issuer, `?2` subject, `?3` tenant, `?4` user, `?5` now.
pub const INSERT_IDENTITY: &str = "\
    INSERT INTO identities (issuer, subject, tenant_id, user_id, created_at) \
    SELECT ?1, ?2, users.tenant_id, users.id, ?5 FROM users WHERE users.tenant_id = ?3 AND users.id = ?4 \
    ON CONFLICT DO NOTHING";

/// The groups the provider says a user is in, where they are others than before. `?1` tenant, `?2` user, `?3` groups as JSON.
pub const SET_GROUPS: &str = "\
    UPDATE users SET groups = ?3, version = version + 1 WHERE tenant_id = ?1 AND id = ?2 AND groups <> ?3";

/// A row of [`USER_BY_IDENTITY`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct IdentityRow {
    id: UserId,
    disabled_at: Option<u64>,
}

impl IdentityRow {
    /// The user, unless it or its tenant is disabled: who signs in elsewhere stays out all the same.
    pub fn admitted(self) -> Option<UserId> {
        self.disabled_at.is_none().then_some(self.id)
    }
}
