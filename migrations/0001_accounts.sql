-- Who may log in, and which tool servers each tenant has. Every row below a tenant names it.
CREATE TABLE tenants (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    created_at  INTEGER NOT NULL, -- milliseconds since 1970
    disabled_at INTEGER
) STRICT;

CREATE TABLE users (
    id            TEXT PRIMARY KEY,
    tenant_id     TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    username      TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL, -- PHC string, argon2id
    demo          INTEGER NOT NULL DEFAULT 0 CHECK (demo IN (0, 1)), -- 1: may log in on a developer's machine only
    created_at    INTEGER NOT NULL,
    disabled_at   INTEGER
) STRICT;

CREATE INDEX users_by_tenant ON users (tenant_id);

CREATE TABLE upstreams (
    id          TEXT PRIMARY KEY,
    tenant_id   TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    name        TEXT NOT NULL, -- prefix of its tools' names
    url         TEXT NOT NULL,
    credential  TEXT, -- sealed bearer token, see docs/STORAGE.md
    created_at  INTEGER NOT NULL,
    disabled_at INTEGER,
    UNIQUE (tenant_id, name)
) STRICT;
