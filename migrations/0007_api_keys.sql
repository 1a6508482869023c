-- Keys that programs carry instead of logging in. A key is somebody's: a person's, or a service account's.
CREATE TABLE api_keys (
    id           TEXT PRIMARY KEY,
    tenant_id    TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    user_id      TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE, -- whose it is
    name         TEXT NOT NULL,
    secret_hash  TEXT NOT NULL, -- SHA-256 of 256 random bits, base64url
    scope        TEXT NOT NULL, -- names, separated by spaces
    tools        TEXT, -- JSON array of patterns of shown names, NULL for everything its owner may call
    upstreams    TEXT, -- JSON array of names, NULL for all
    networks     TEXT, -- JSON array of networks it is used from, NULL for anywhere
    plan_id      TEXT, -- NULL: its owner's
    made_by      TEXT NOT NULL, -- a user's id
    created_at   INTEGER NOT NULL, -- milliseconds since 1970
    expires_at   INTEGER, -- NULL: never
    revoked_at   INTEGER,
    last_used_at INTEGER, -- a minute or so behind
    version      INTEGER NOT NULL DEFAULT 1 -- counts changes, for conditional updates
) STRICT;

CREATE INDEX api_keys_by_tenant ON api_keys (tenant_id, id);
CREATE INDEX api_keys_by_user ON api_keys (user_id);
