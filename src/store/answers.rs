//! Long answers in parts, in D1.

use crate::id::{TenantId, UserId};
use serde::{Deserialize, Serialize};

/// Keeps the parts of an answer. `?1` tenant, `?2` user, `?3` id, `?4` how many parts, `?5` JSON array of [`PartRow`]s, `?6` until when.
pub const KEEP: &str = "\
    INSERT INTO answers (id, page, pages, tenant_id, user_id, sealed, expires_at) \
    SELECT ?3, part.value ->> 'page', ?4, ?1, ?2, part.value ->> 'sealed', ?6 FROM json_each(?5) AS part";

/// A part. `?1` tenant, `?2` user, `?3` id, `?4` page, `?5` now.
pub const PART: &str = "\
    SELECT page, pages, sealed FROM answers \
    WHERE tenant_id = ?1 AND user_id = ?2 AND id = ?3 AND page = ?4 AND expires_at > ?5";

/// Makes room: a hundred parts that ended, and of a user all but the twenty newest answers. `?1` user, `?2` now.
pub const MAKE_ROOM: &str = "\
    DELETE FROM answers WHERE rowid IN (SELECT rowid FROM answers WHERE expires_at <= ?2 LIMIT 100) \
       OR id IN (SELECT id FROM answers WHERE user_id = ?1 GROUP BY id ORDER BY max(expires_at) DESC LIMIT 100 OFFSET 20)";

/// A part to be kept, as [`KEEP`] takes it.
#[derive(Clone, Debug, Serialize)]
pub struct PartRow {
    /// Which, from 1.
    pub page: u32,
    /// Its sealed text, see [`part_place`].
    pub sealed: String,
}

/// A row of [`PART`].
#[derive(Clone, Debug, Deserialize)]
pub struct KeptRow {
    /// Which, from 1.
    pub page: u32,
    /// How many there are.
    pub pages: u32,
    /// Its sealed text.
    pub sealed: String,
}

/// Where a part is bound to: it opens for nobody else, and as no other part.
pub fn part_place(tenant: &TenantId, user: &UserId, id: &str, page: u32) -> String {
    format!("answer/{tenant}/{user}/{id}/{page}")
}
