//! What upstreams are shown, in D1: credentials, and the OAuth tokens that were got with them.

use crate::admin::credential::{ConnectionView, CredentialView};
use crate::id::{TenantId, UpstreamId, UserId};
use crate::time::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::fmt::Write;

/// The credentials that are everybody's, of a tenant's enabled upstreams. `?1` tenant.
pub const EVERYBODYS: &str = "\
    SELECT credentials.id, credentials.upstream_id, credentials.user_id, credentials.kind, credentials.origin, \
           credentials.sealed, credentials.version \
    FROM credentials JOIN upstreams ON upstreams.id = credentials.upstream_id AND upstreams.tenant_id = credentials.tenant_id \
    WHERE credentials.tenant_id = ?1 AND credentials.user_id IS NULL AND upstreams.disabled_at IS NULL \
    ORDER BY credentials.upstream_id LIMIT 100";

/// The credentials of one user. `?1` tenant, `?2` user.
pub const OWN: &str = "\
    SELECT id, upstream_id, user_id, kind, origin, sealed, version \
    FROM credentials WHERE tenant_id = ?1 AND user_id = ?2 ORDER BY upstream_id LIMIT 500";

/// The credential that is everybody's of one upstream. `?1` tenant, `?2` upstream.
pub const EVERYBODYS_OF: &str = "\
    SELECT id, upstream_id, user_id, kind, origin, sealed, version \
    FROM credentials WHERE tenant_id = ?1 AND upstream_id = ?2 AND user_id IS NULL";

/// Credentials of a tenant after one. `?1` tenant, `?2` the id before them, `?3` the most, `?4` whose or `NULL`, `?5` of which
/// upstream or `NULL`.
pub const CREDENTIALS: &str = "\
    SELECT id, upstream_id, user_id, kind, origin, shown, made_by, created_at, updated_at, version \
    FROM credentials \
    WHERE tenant_id = ?1 AND id > ?2 AND (?4 IS NULL OR user_id = ?4) AND (?5 IS NULL OR upstream_id = ?5) \
    ORDER BY id LIMIT ?3";

/// One credential of a tenant. `?1` tenant, `?2` id, `?3` whose or `NULL`.
pub const CREDENTIAL: &str = "\
    SELECT id, upstream_id, user_id, kind, origin, shown, made_by, created_at, updated_at, version \
    FROM credentials WHERE tenant_id = ?1 AND id = ?2 AND (?3 IS NULL OR user_id = ?3)";

/// A credential of an upstream of the tenant, for a user of it who is no owner unless who makes it is one, where there is none
/// yet. `?1` tenant, `?2` id, `?3` upstream, `?4` user or `NULL`, `?5` kind, `?6` origin, `?7` sealed, `?8` shown, `?9` who makes it,
/// `?10` now.
pub const MAKE: &str = "\
    INSERT INTO credentials (id, tenant_id, upstream_id, user_id, kind, origin, sealed, shown, made_by, created_at, updated_at) \
    SELECT ?2, ?1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10 \
    WHERE EXISTS (SELECT 1 FROM upstreams WHERE tenant_id = ?1 AND id = ?3) \
      AND EXISTS (SELECT 1 FROM users AS actor LEFT JOIN users AS subject \
                    ON subject.tenant_id = actor.tenant_id AND subject.id = ?4 AND subject.disabled_at IS NULL \
                  WHERE actor.tenant_id = ?1 AND actor.id = ?9 AND actor.disabled_at IS NULL \
                    AND (actor.id = ?4 \
                         OR (actor.role = 'owner' AND (?4 IS NULL OR subject.id IS NOT NULL)) \
                         OR (actor.role = 'admin' AND (?4 IS NULL OR subject.role <> 'owner')))) \
      AND NOT EXISTS (SELECT 1 FROM credentials WHERE upstream_id = ?3 AND user_id IS ?4)";

/// A credential that the operator makes, for everybody of a tenant. `?1` id, `?2` tenant, `?3` upstream, `?4` kind, `?5` origin,
/// `?6` sealed, `?7` shown, `?8` now.
pub const INSERT_OPERATORS: &str = "\
    INSERT INTO credentials (id, tenant_id, upstream_id, kind, origin, sealed, shown, created_at, updated_at) \
    SELECT ?1, tenant_id, id, ?4, ?5, ?6, ?7, ?8, ?8 FROM upstreams WHERE tenant_id = ?2 AND id = ?3";

/// Replaces what a credential is, while it is in the version that was read. `?1` tenant, `?2` id, `?3` version, `?4` kind,
/// `?5` origin, `?6` sealed, `?7` shown, `?8` now.
pub const REPLACE: &str = "\
    UPDATE credentials SET kind = ?4, origin = ?5, sealed = ?6, shown = ?7, updated_at = ?8, version = version + 1 \
    WHERE tenant_id = ?1 AND id = ?2 AND version = ?3";

/// Forgets the tokens that were got with a credential, once it is in that version. `?1` tenant, `?2` credential, `?3` version.
pub const FORGET_TOKENS: &str = "\
    DELETE FROM connections WHERE tenant_id = ?1 AND credential_id = ?2 \
      AND EXISTS (SELECT 1 FROM credentials WHERE tenant_id = ?1 AND id = ?2 AND version = ?3)";

/// Deletes a credential with its tokens. `?1` tenant, `?2` id.
pub const DELETE: &str = "DELETE FROM credentials WHERE tenant_id = ?1 AND id = ?2";

/// Tokens. `?1` tenant, `?2` credential, `?3` holder.
pub const TOKENS: &str = "\
    SELECT sealed, version, connected_at FROM connections WHERE tenant_id = ?1 AND credential_id = ?2 AND holder = ?3";

/// Keeps tokens that begin something: a connection, or those that client credentials brought. The credential must be in the
/// version it was used in, and the user enabled. `?1` tenant, `?2` credential, `?3` its version, `?4` user or `NULL`, `?5` sealed,
/// `?6` now.
pub const BEGIN_TOKENS: &str = "\
    INSERT INTO connections (credential_id, holder, tenant_id, user_id, sealed, connected_at, updated_at) \
    SELECT credentials.id, coalesce(?4, ''), ?1, ?4, ?5, ?6, ?6 FROM credentials \
    WHERE credentials.tenant_id = ?1 AND credentials.id = ?2 AND credentials.version = ?3 \
      AND (?4 IS NULL OR EXISTS (SELECT 1 FROM users WHERE tenant_id = ?1 AND id = ?4 AND disabled_at IS NULL)) \
    ON CONFLICT (credential_id, holder) DO UPDATE \
      SET sealed = excluded.sealed, connected_at = excluded.connected_at, updated_at = excluded.updated_at, \
          version = version + 1, renewing_until = NULL";

/// Takes the renewing of tokens of that version, unless another isolate is at it. `?1` tenant, `?2` credential, `?3` holder,
/// `?4` version, `?5` now, `?6` until when.
pub const CLAIM_TOKENS: &str = "\
    UPDATE connections SET renewing_until = ?6 \
    WHERE tenant_id = ?1 AND credential_id = ?2 AND holder = ?3 AND version = ?4 \
      AND (renewing_until IS NULL OR renewing_until <= ?5)";

/// Keeps tokens in place of those of that version. `?1` tenant, `?2` credential, `?3` holder, `?4` version, `?5` sealed, `?6` now.
pub const RENEW_TOKENS: &str = "\
    UPDATE connections SET sealed = ?5, updated_at = ?6, version = version + 1, renewing_until = NULL \
    WHERE tenant_id = ?1 AND credential_id = ?2 AND holder = ?3 AND version = ?4";

/// Ends a connection of that version. `?1` tenant, `?2` credential, `?3` holder, `?4` version or `NULL` for any.
pub const END_TOKENS: &str = "\
    DELETE FROM connections \
    WHERE tenant_id = ?1 AND credential_id = ?2 AND holder = ?3 AND (?4 IS NULL OR version = ?4)";

/// What a user may connect and has connected, by the names of upstreams. `?1` tenant, `?2` user.
pub const CONNECTIONS: &str = "\
    SELECT credentials.id, credentials.shown, upstreams.name, connections.connected_at \
    FROM credentials \
    JOIN upstreams ON upstreams.id = credentials.upstream_id AND upstreams.tenant_id = credentials.tenant_id \
    LEFT JOIN connections ON connections.credential_id = credentials.id AND connections.holder = ?2 \
    WHERE credentials.tenant_id = ?1 AND credentials.kind = 'connection' AND upstreams.disabled_at IS NULL \
    ORDER BY upstreams.name LIMIT 100";

/// A credential through which users connect, of an enabled upstream. `?1` tenant, `?2` id.
pub const THROUGH: &str = "\
    SELECT credentials.id, credentials.upstream_id, credentials.user_id, credentials.kind, credentials.origin, \
           credentials.sealed, credentials.version \
    FROM credentials JOIN upstreams ON upstreams.id = credentials.upstream_id AND upstreams.tenant_id = credentials.tenant_id \
    WHERE credentials.tenant_id = ?1 AND credentials.id = ?2 AND credentials.kind = 'connection' \
      AND upstreams.disabled_at IS NULL";

/// Credentials that are sealed with another key than the current one. `?1` tenant, `?2` what a text of the current key begins
/// with, `?3` the most.
pub const OLDER: &str = "\
    SELECT id, upstream_id, user_id, kind, origin, sealed, version \
    FROM credentials WHERE tenant_id = ?1 AND substr(sealed, 1, length(?2)) <> ?2 ORDER BY id LIMIT ?3";

/// Seals a credential anew, unless it was changed meanwhile. `?1` tenant, `?2` id, `?3` what was read, `?4` the same sealed anew.
pub const RESEAL: &str = "UPDATE credentials SET sealed = ?4 WHERE tenant_id = ?1 AND id = ?2 AND sealed = ?3";

/// Tokens that are sealed with another key than the current one. `?1` tenant, `?2` what a text of the current key begins with,
/// `?3` the most.
pub const OLDER_TOKENS: &str = "\
    SELECT connections.credential_id, connections.user_id, credentials.upstream_id, credentials.origin, connections.sealed \
    FROM connections JOIN credentials ON credentials.id = connections.credential_id \
    WHERE connections.tenant_id = ?1 AND substr(connections.sealed, 1, length(?2)) <> ?2 \
    ORDER BY connections.credential_id, connections.holder LIMIT ?3";

/// Seals tokens anew, unless they were renewed meanwhile. `?1` tenant, `?2` credential, `?3` holder, `?4` what was read, `?5` the same
/// sealed anew.
pub const RESEAL_TOKENS: &str = "\
    UPDATE connections SET sealed = ?5 WHERE tenant_id = ?1 AND credential_id = ?2 AND holder = ?3 AND sealed = ?4";

/// A row of [`EVERYBODYS`], [`EVERYBODYS_OF`], [`OWN`], [`THROUGH`] or [`OLDER`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct CredentialRow {
    /// Its id.
    pub id: String,
    /// The upstream.
    pub upstream_id: UpstreamId,
    /// For whose calls; none for everybody's.
    pub user_id: Option<UserId>,
    /// The name of its kind.
    pub kind: String,
    /// The only origin it is shown to.
    pub origin: String,
    /// What it is, sealed for [`CredentialRow::place`].
    pub sealed: String,
    /// Counts its changes.
    pub version: u32,
}

/// A row of [`TOKENS`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct TokensRow {
    /// The tokens, sealed for [`tokens_place`].
    pub sealed: String,
    /// Counts renewals.
    pub version: u32,
    /// When it began.
    pub connected_at: u64,
}

/// A row of [`OLDER_TOKENS`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct OlderTokensRow {
    /// The credential.
    pub credential_id: String,
    /// The holder, where it is a user.
    pub user_id: Option<UserId>,
    /// The upstream.
    pub upstream_id: UpstreamId,
    /// The origin.
    pub origin: String,
    /// The tokens, sealed for [`tokens_place`].
    pub sealed: String,
}

/// A row of [`CONNECTIONS`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ConnectionRow {
    /// The credential through which it is connected.
    pub id: String,
    /// What may be shown of it: JSON.
    pub shown: String,
    /// The upstream's name.
    pub name: String,
    /// When it was connected; none when it is not.
    pub connected_at: Option<u64>,
}

/// A row of [`CREDENTIAL`] or [`CREDENTIALS`].
#[derive(Clone, Debug, Deserialize)]
pub struct CredentialViewRow {
    id: String,
    upstream_id: UpstreamId,
    user_id: Option<UserId>,
    kind: String,
    origin: String,
    shown: String,
    made_by: Option<String>,
    created_at: u64,
    updated_at: u64,
    version: u32,
}

impl From<CredentialViewRow> for CredentialView {
    fn from(row: CredentialViewRow) -> Self {
        Self {
            id: row.id,
            upstream: row.upstream_id,
            user: row.user_id,
            kind: row.kind,
            origin: row.origin,
            shown: serde_json::from_str(&row.shown).unwrap_or_default(),
            made_by: row.made_by,
            created_at: row.created_at / 1000,
            updated_at: row.updated_at / 1000,
            version: row.version,
        }
    }
}

impl From<ConnectionRow> for ConnectionView {
    fn from(row: ConnectionRow) -> Self {
        let shown: Map<String, Value> = serde_json::from_str(&row.shown).unwrap_or_default();
        let page = shown.get("authorization_endpoint").and_then(Value::as_str).unwrap_or_default();
        let connected_at = row.connected_at.map(|millis| millis / 1000);
        Self { credential: row.id, upstream: row.name, page: page.to_owned(), connected_at }
    }
}

impl CredentialRow {
    /// Where it is sealed for.
    pub fn place(&self, tenant: &TenantId) -> String {
        credential_place((tenant, self.user_id.as_ref()), &self.upstream_id, &self.kind, &self.origin)
    }
}

impl TokensRow {
    /// When it began.
    pub const fn connected_at(&self) -> Timestamp {
        Timestamp::from_millis(self.connected_at)
    }
}

/// Where a credential is bound to: it opens for no other tenant, owner, upstream, kind or origin. Ids hold neither `/` nor `:`.
pub fn credential_place(
    (tenant, user): (&TenantId, Option<&UserId>),
    upstream: &UpstreamId,
    kind: &str,
    origin: &str,
) -> String {
    let mut place = format!("credential/{tenant}/");
    owner(&mut place, user);
    let _ = write!(place, "/{upstream}/{kind}/{origin}");
    place
}

/// Where tokens are bound to: they open for no other tenant, holder, credential, upstream or origin.
pub fn tokens_place(
    (tenant, holder): (&TenantId, Option<&UserId>),
    credential: &str,
    upstream: &UpstreamId,
    origin: &str,
) -> String {
    let mut place = format!("tokens/{tenant}/");
    owner(&mut place, holder);
    let _ = write!(place, "/{credential}/{upstream}/{origin}");
    place
}

fn owner(place: &mut String, user: Option<&UserId>) {
    match user {
        Some(user) => {
            let _ = write!(place, "user:{user}");
        }
        None => place.push_str("everybody"),
    }
}
