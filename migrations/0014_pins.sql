-- What upstreams offer, as it was approved: each thing, its versions, what happened to it, and who is told.
ALTER TABLE upstreams ADD COLUMN reaction TEXT; -- JSON: what happens to changes; NULL for the usual
ALTER TABLE upstreams ADD COLUMN pins INTEGER NOT NULL DEFAULT 0; -- counts changes of its pins
ALTER TABLE upstreams ADD COLUMN scanned_at INTEGER NOT NULL DEFAULT 0; -- milliseconds since 1970

CREATE TABLE pins (
    id           TEXT PRIMARY KEY,
    tenant_id    TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    upstream_id  TEXT NOT NULL REFERENCES upstreams (id) ON DELETE CASCADE,
    kind         TEXT NOT NULL CHECK (kind IN ('server', 'tool', 'prompt', 'resource', 'template', 'operation')),
    name         TEXT NOT NULL, -- what the upstream calls it
    standing     TEXT NOT NULL CHECK (standing IN ('held', 'approved', 'quarantined', 'refused')),
    approved     TEXT, -- the fingerprint of the approved version
    proposed     TEXT, -- that of the version that waits, or was refused
    verdict      TEXT NOT NULL, -- of the last change
    absent       INTEGER NOT NULL DEFAULT 0 CHECK (absent IN (0, 1)), -- whether the upstream did not offer it when last asked
    changed_at   INTEGER NOT NULL, -- milliseconds since 1970
    version      INTEGER NOT NULL, -- counts changes
    UNIQUE (upstream_id, kind, name),
    CHECK ((standing = 'approved') = (proposed IS NULL)),
    CHECK (standing IN ('held', 'refused') OR approved IS NOT NULL)
) STRICT;

CREATE INDEX pins_by_tenant ON pins (tenant_id, id);
CREATE INDEX pins_that_wait ON pins (tenant_id, id) WHERE standing <> 'approved';

CREATE TABLE pin_versions (
    pin_id      TEXT NOT NULL REFERENCES pins (id) ON DELETE CASCADE,
    fingerprint TEXT NOT NULL,
    definition  TEXT NOT NULL, -- canonical JSON
    seen_at     INTEGER NOT NULL, -- when it was first seen, milliseconds since 1970
    PRIMARY KEY (pin_id, fingerprint)
) STRICT;

CREATE TABLE pin_history (
    pin_id      TEXT NOT NULL REFERENCES pins (id) ON DELETE CASCADE,
    version     INTEGER NOT NULL, -- the pin's after it
    happening   TEXT NOT NULL,
    fingerprint TEXT, -- of the version it was about
    verdict     TEXT NOT NULL,
    comparison  TEXT, -- JSON: what changed
    made_by     TEXT, -- a user's id; NULL for what was agreed on beforehand
    at          INTEGER NOT NULL, -- milliseconds since 1970
    PRIMARY KEY (pin_id, version)
) STRICT;

CREATE TABLE webhooks (
    id         TEXT PRIMARY KEY,
    tenant_id  TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    url        TEXT NOT NULL,
    sealed     TEXT NOT NULL, -- the secret that signs, see docs/STORAGE.md
    made_by    TEXT NOT NULL, -- a user's id
    created_at INTEGER NOT NULL -- milliseconds since 1970
) STRICT;

CREATE INDEX webhooks_by_tenant ON webhooks (tenant_id, id);

CREATE TABLE messages (
    id         TEXT PRIMARY KEY,
    webhook_id TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    tenant_id  TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    body       TEXT NOT NULL, -- JSON
    created_at INTEGER NOT NULL, -- milliseconds since 1970
    attempts   INTEGER NOT NULL DEFAULT 0,
    due_at     INTEGER, -- when it is to be tried next, milliseconds since 1970; NULL when it is over
    sent_at    INTEGER, -- when it was taken
    failure    TEXT -- of the last attempt
) STRICT;

CREATE INDEX messages_due ON messages (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX messages_by_webhook ON messages (webhook_id, created_at);
