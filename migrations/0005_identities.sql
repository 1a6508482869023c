-- People whom another OpenID provider vouches for: which user each of them is here. The subject alone says who it is, and only within its issuer.
CREATE TABLE identities (
    issuer     TEXT NOT NULL,
    subject    TEXT NOT NULL,
    tenant_id  TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL, -- milliseconds since 1970
    PRIMARY KEY (issuer, subject)
) STRICT;

CREATE INDEX identities_by_user ON identities (user_id);
CREATE INDEX identities_by_tenant ON identities (tenant_id);
