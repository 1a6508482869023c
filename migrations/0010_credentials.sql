-- What upstreams are shown: credentials of a tenant and of its users, sealed, and the OAuth tokens that were got with them.
ALTER TABLE upstreams ADD COLUMN kind TEXT NOT NULL DEFAULT 'mcp' CHECK (kind IN ('mcp', 'http')); -- what it speaks
ALTER TABLE upstreams ADD COLUMN api TEXT; -- JSON: what an upstream of the kind http offers
ALTER TABLE upstreams ADD COLUMN updated_at INTEGER NOT NULL DEFAULT 0; -- milliseconds since 1970
ALTER TABLE upstreams ADD COLUMN version INTEGER NOT NULL DEFAULT 1; -- counts changes, for conditional updates
UPDATE upstreams SET updated_at = created_at;

CREATE TABLE credentials (
    id          TEXT PRIMARY KEY,
    tenant_id   TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    upstream_id TEXT NOT NULL REFERENCES upstreams (id) ON DELETE CASCADE,
    user_id     TEXT REFERENCES users (id) ON DELETE CASCADE, -- for whose calls; NULL: everybody's
    kind        TEXT NOT NULL CHECK (kind IN ('bearer', 'header', 'query', 'basic', 'client_credentials', 'connection')),
    origin      TEXT NOT NULL, -- the only one it is shown to
    sealed      TEXT NOT NULL, -- see docs/STORAGE.md
    shown       TEXT NOT NULL, -- JSON: names and addresses that may be shown
    made_by     TEXT, -- a user's id; NULL: the operator
    created_at  INTEGER NOT NULL, -- milliseconds since 1970
    updated_at  INTEGER NOT NULL,
    version     INTEGER NOT NULL DEFAULT 1, -- counts changes, for conditional updates
    CHECK (kind <> 'connection' OR user_id IS NULL)
) STRICT;

CREATE UNIQUE INDEX credentials_of_everybody ON credentials (upstream_id) WHERE user_id IS NULL;
CREATE UNIQUE INDEX credentials_of_users ON credentials (upstream_id, user_id) WHERE user_id IS NOT NULL;
CREATE INDEX credentials_by_tenant ON credentials (tenant_id, id);
CREATE INDEX credentials_by_user ON credentials (user_id);

CREATE TABLE connections (
    credential_id TEXT NOT NULL REFERENCES credentials (id) ON DELETE CASCADE,
    holder        TEXT NOT NULL, -- whose tokens: a user's id, or '' for everybody's
    tenant_id     TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    user_id       TEXT REFERENCES users (id) ON DELETE CASCADE, -- the holder, where it is a user
    sealed        TEXT NOT NULL, -- the tokens, see docs/STORAGE.md
    connected_at  INTEGER NOT NULL, -- milliseconds since 1970
    updated_at    INTEGER NOT NULL,
    version       INTEGER NOT NULL DEFAULT 1, -- counts renewals: a refresh token is replaced once
    renewing_until INTEGER, -- while one isolate fetches newer tokens, the others leave the refresh token alone
    PRIMARY KEY (credential_id, holder),
    CHECK (holder = coalesce(user_id, ''))
) STRICT;

CREATE INDEX connections_by_user ON connections (user_id);
CREATE INDEX connections_by_tenant ON connections (tenant_id);
