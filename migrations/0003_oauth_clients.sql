-- Clients that may ask for tokens: registered by an operator for a tenant, or by themselves. Clients that are described by a document at their id are not stored.
CREATE TABLE oauth_clients (
    id            TEXT PRIMARY KEY,
    tenant_id     TEXT REFERENCES tenants (id) ON DELETE CASCADE, -- NULL: it registered itself and serves every tenant
    account_id    TEXT REFERENCES users (id) ON DELETE CASCADE, -- whom its own tokens stand for
    name          TEXT NOT NULL,
    redirect_uris TEXT NOT NULL, -- JSON array of texts
    auth_method   TEXT NOT NULL CHECK (auth_method IN ('none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt')),
    secret_hash   TEXT, -- SHA-256, base64url
    jwks          TEXT, -- JSON Web Key Set
    grant_types   TEXT NOT NULL, -- names, separated by spaces
    created_at    INTEGER NOT NULL, -- milliseconds since 1970
    expires_at    INTEGER, -- NULL: never
    disabled_at   INTEGER
) STRICT;

CREATE INDEX oauth_clients_by_tenant ON oauth_clients (tenant_id);
CREATE INDEX oauth_clients_by_end ON oauth_clients (expires_at);
