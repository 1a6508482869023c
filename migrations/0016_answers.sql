-- Long answers in parts, for a few minutes, for who got them.
CREATE TABLE answers (
    id         TEXT NOT NULL,
    page       INTEGER NOT NULL, -- from 1
    pages      INTEGER NOT NULL, -- how many there are
    tenant_id  TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    sealed     TEXT NOT NULL, -- see docs/STORAGE.md
    expires_at INTEGER NOT NULL, -- milliseconds since 1970
    PRIMARY KEY (id, page)
) STRICT;

CREATE INDEX answers_by_user ON answers (user_id, expires_at);
CREATE INDEX answers_by_age ON answers (expires_at);
