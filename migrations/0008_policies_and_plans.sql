-- Who may see and call what, how much of it, and the requests of administrators that must not be done twice.
CREATE TABLE policies (
    id         TEXT PRIMARY KEY,
    tenant_id  TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    rule       TEXT NOT NULL, -- JSON, see docs/ADMINISTRATION.md
    made_by    TEXT NOT NULL, -- a user's id
    created_at INTEGER NOT NULL, -- milliseconds since 1970
    updated_at INTEGER NOT NULL,
    version    INTEGER NOT NULL DEFAULT 1, -- counts changes, for conditional updates
    UNIQUE (tenant_id, name)
) STRICT;

CREATE TABLE plans (
    id         TEXT PRIMARY KEY,
    tenant_id  TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    plan       TEXT NOT NULL, -- JSON, see docs/ADMINISTRATION.md
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version    INTEGER NOT NULL DEFAULT 1,
    UNIQUE (tenant_id, name)
) STRICT;

CREATE TABLE admin_requests (
    tenant_id  TEXT NOT NULL, -- '' for the operator's
    user_id    TEXT NOT NULL,
    key        TEXT NOT NULL, -- the caller's idempotency key
    digest     TEXT NOT NULL, -- SHA-256 of what was asked, base64url
    reply      TEXT NOT NULL, -- sealed, because it may show a secret
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, user_id, key)
) STRICT;

CREATE INDEX admin_requests_by_time ON admin_requests (created_at);
