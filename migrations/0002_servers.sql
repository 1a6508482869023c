-- Virtual servers: endpoints of a tenant that show some of its upstreams, under names of their choice.
CREATE TABLE servers (
    id          TEXT PRIMARY KEY,
    tenant_id   TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    name        TEXT NOT NULL,
    prefix      TEXT NOT NULL CHECK (prefix IN ('always', 'conflict', 'never')), -- when an upstream's name stands before its items' names
    own_tools   INTEGER NOT NULL DEFAULT 0 CHECK (own_tools IN (0, 1)), -- 1: the gateway's own tools are shown too
    created_at  INTEGER NOT NULL, -- milliseconds since 1970
    disabled_at INTEGER,
    UNIQUE (tenant_id, name)
) STRICT;

CREATE TABLE server_upstreams (
    server_id   TEXT NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    upstream_id TEXT NOT NULL REFERENCES upstreams (id) ON DELETE CASCADE,
    position    INTEGER NOT NULL, -- of two items with one name, the earlier upstream's may be the one that is shown
    chosen      TEXT, -- a JSON array of patterns, NULL for everything
    PRIMARY KEY (server_id, upstream_id)
) STRICT;

CREATE INDEX server_upstreams_by_upstream ON server_upstreams (upstream_id);
