-- Calls that wait for a person, and what was revoked.
CREATE TABLE approvals (
    id          TEXT PRIMARY KEY, -- digest of tenant, caller, tool, arguments and policy
    tenant_id   TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    user_id     TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE, -- who wants to call
    credential  TEXT NOT NULL, -- the token's or key's session
    tool        TEXT NOT NULL, -- the shown name
    arguments   TEXT NOT NULL, -- redacted JSON, for the person who decides
    digest      TEXT NOT NULL, -- SHA-256 of the exact arguments
    policy_id   TEXT NOT NULL,
    policy_version INTEGER NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('asked', 'approved', 'refused', 'used')),
    decided_by  TEXT,
    created_at  INTEGER NOT NULL, -- milliseconds since 1970
    decided_at  INTEGER,
    expires_at  INTEGER NOT NULL
) STRICT;

CREATE INDEX approvals_by_tenant ON approvals (tenant_id, id);
CREATE INDEX approvals_by_end ON approvals (expires_at);

CREATE TABLE revocations (
    id         TEXT PRIMARY KEY,
    tenant_id  TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    kind       TEXT NOT NULL CHECK (kind IN ('token', 'session', 'user', 'key', 'client', 'tenant', 'before')),
    subject    TEXT NOT NULL, -- what was revoked: an id
    user_id    TEXT, -- whose it was
    cause      TEXT NOT NULL,
    made_by    TEXT, -- a user's id; NULL: the gateway itself
    created_at INTEGER NOT NULL,
    until      INTEGER NOT NULL -- when it would have ended by itself
) STRICT;

CREATE INDEX revocations_by_tenant ON revocations (tenant_id, id);
CREATE INDEX revocations_by_end ON revocations (until);
