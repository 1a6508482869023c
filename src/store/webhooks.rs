//! Webhooks and the messages to them, in D1.

use crate::admin::webhook::{MessageView, WebhookView};
use crate::id::TenantId;
use serde::Deserialize;

/// How long a message is kept after it was made, in milliseconds: thirty days.
pub const KEPT_MILLIS: u64 = 30 * 86_400_000;

/// A webhook, of fifty at most. `?1` tenant, `?2` id, `?3` url, `?4` sealed secret, `?5` who, `?6` now.
pub const MAKE: &str = "\
    INSERT INTO webhooks (id, tenant_id, url, sealed, made_by, created_at) \
    SELECT ?2, ?1, ?3, ?4, ?5, ?6 WHERE (SELECT COUNT(*) FROM webhooks WHERE tenant_id = ?1) < 50";

/// A tenant's webhooks after one. `?1` tenant, `?2` the id before them, `?3` the most.
pub const WEBHOOKS: &str = "\
    SELECT id, url, made_by, created_at FROM webhooks WHERE tenant_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3";

/// One webhook. `?1` tenant, `?2` id.
pub const WEBHOOK: &str = "SELECT id, url, made_by, created_at FROM webhooks WHERE tenant_id = ?1 AND id = ?2";

/// The latest messages to a webhook. `?1` tenant, `?2` webhook.
pub const MESSAGES: &str = "\
    SELECT id, created_at, attempts, due_at, sent_at, failure FROM messages \
    WHERE tenant_id = ?1 AND webhook_id = ?2 ORDER BY created_at DESC, id LIMIT 50";

/// Deletes a webhook with its messages. `?1` tenant, `?2` id.
pub const DELETE: &str = "DELETE FROM webhooks WHERE tenant_id = ?1 AND id = ?2";

/// Lays a message down for every webhook of a tenant, where the statement before it changed something and fewer than a thousand wait to be
/// sent to it; one that is there already is no other. `?1` tenant, `?2` what names the message,
/// `?3` body, `?4` now.
pub const LAY_DOWN: &str = "\
    INSERT INTO messages (id, webhook_id, tenant_id, body, created_at, due_at) \
    SELECT 'msg_' || ?2 || '.' || id, id, tenant_id, ?3, ?4, ?4 FROM webhooks WHERE tenant_id = ?1 AND changes() > 0 \
      AND (SELECT COUNT(*) FROM messages WHERE webhook_id = webhooks.id AND due_at IS NOT NULL) < 1000 \
    ON CONFLICT (id) DO NOTHING";

/// The same for one webhook. `?5` webhook.
pub const LAY_DOWN_FOR: &str = "\
    INSERT INTO messages (id, webhook_id, tenant_id, body, created_at, due_at) \
    SELECT 'msg_' || ?2 || '.' || id, id, tenant_id, ?3, ?4, ?4 FROM webhooks WHERE tenant_id = ?1 AND id = ?5 \
    ON CONFLICT (id) DO NOTHING";

/// Messages that are due, the oldest first. `?1` now, `?2` the most, `?3` tenant or `NULL` for any.
pub const DUE: &str = "\
    SELECT messages.id, messages.tenant_id, webhook_id, webhooks.url, webhooks.sealed, body, attempts, due_at \
    FROM messages JOIN webhooks ON webhooks.id = webhook_id \
    WHERE due_at <= ?1 AND (?3 IS NULL OR messages.tenant_id = ?3) ORDER BY due_at LIMIT ?2";

/// Takes a message to be sent, unless another isolate has it. `?1` id, `?2` when it was due, `?3` when it is due again should this attempt
/// be lost.
pub const TAKE: &str = "UPDATE messages SET attempts = attempts + 1, due_at = ?3 WHERE id = ?1 AND due_at = ?2";

/// A message was taken by its receiver. `?1` id, `?2` now.
pub const SENT: &str = "UPDATE messages SET sent_at = ?2, due_at = NULL, failure = NULL WHERE id = ?1";

/// A message was not taken. `?1` id, `?2` why, `?3` when it is due again or `NULL`.
pub const FAILED: &str = "UPDATE messages SET failure = ?2, due_at = ?3 WHERE id = ?1 AND sent_at IS NULL";

/// Makes room: a hundred that are older. `?1` made before.
pub const DELETE_OLD: &str = "\
    DELETE FROM messages WHERE id IN (SELECT id FROM messages WHERE created_at < ?1 LIMIT 100)";

/// Secrets that are sealed with another key than the current one. `?1` tenant, `?2` what a text of the current key begins with,
/// `?3` the most.
pub const OLDER_SECRETS: &str = "\
    SELECT id, sealed FROM webhooks WHERE tenant_id = ?1 AND substr(sealed, 1, length(?2)) <> ?2 ORDER BY id LIMIT ?3";

/// Seals such a secret anew, unless it was changed meanwhile. `?1` tenant, `?2` webhook, `?3` what was read, `?4` the same sealed anew.
pub const RESEAL: &str = "UPDATE webhooks SET sealed = ?4 WHERE tenant_id = ?1 AND id = ?2 AND sealed = ?3";

/// A row of [`WEBHOOKS`] or [`WEBHOOK`].
#[derive(Clone, Debug, Deserialize)]
pub struct WebhookRow {
    id: String,
    url: String,
    made_by: String,
    created_at: u64,
}

impl From<WebhookRow> for WebhookView {
    fn from(row: WebhookRow) -> Self {
        let created_at = row.created_at / 1000;
        Self { id: row.id, url: row.url, made_by: row.made_by, created_at, messages: Vec::new() }
    }
}

/// A row of [`MESSAGES`].
#[derive(Clone, Debug, Deserialize)]
pub struct MessageRow {
    id: String,
    created_at: u64,
    attempts: u32,
    due_at: Option<u64>,
    sent_at: Option<u64>,
    failure: Option<String>,
}

impl From<MessageRow> for MessageView {
    fn from(row: MessageRow) -> Self {
        let seconds = |millis: Option<u64>| millis.map(|millis| millis / 1000);
        Self {
            id: row.id,
            created_at: row.created_at / 1000,
            attempts: row.attempts,
            due_at: seconds(row.due_at),
            sent_at: seconds(row.sent_at),
            failure: row.failure,
        }
    }
}

/// A row of [`DUE`].
#[derive(Clone, Debug, Deserialize)]
pub struct DueRow {
    /// The message.
    pub id: String,
    /// Whose.
    pub tenant_id: TenantId,
    /// The webhook.
    pub webhook_id: String,
    /// Its address.
    pub url: String,
    /// Its sealed secret, see [`secret_place`].
    pub sealed: String,
    /// JSON.
    pub body: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was due, milliseconds since 1970.
    pub due_at: u64,
}

/// A row of [`OLDER_SECRETS`].
#[derive(Clone, Debug, Deserialize)]
pub struct OlderSecretRow {
    /// The webhook.
    pub id: String,
    /// Its sealed secret.
    pub sealed: String,
}

/// Where a webhook's secret is bound to: it opens for no other tenant or webhook.
pub fn secret_place(tenant: &TenantId, webhook: &str) -> String {
    format!("webhook/{tenant}/{webhook}")
}
