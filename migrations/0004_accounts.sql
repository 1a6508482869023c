-- Who looks after a tenant's people, who needs a second factor, and the codes that people join or come back with.
ALTER TABLE users ADD COLUMN role TEXT NOT NULL DEFAULT 'member' CHECK (role IN ('admin', 'member'));
ALTER TABLE users ADD COLUMN second_factor TEXT; -- sealed secret of a program for one-time passwords; NULL: the password is all

CREATE INDEX users_by_role ON users (role);

CREATE TABLE account_codes (
    hash       TEXT PRIMARY KEY, -- SHA-256 of the code, base64url
    tenant_id  TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    purpose    TEXT NOT NULL CHECK (purpose IN ('invitation', 'reset')),
    role       TEXT CHECK (role IN ('admin', 'member')), -- what an invited user will be
    user_id    TEXT REFERENCES users (id) ON DELETE CASCADE, -- whose password a reset sets
    made_by    TEXT REFERENCES users (id) ON DELETE CASCADE, -- NULL: the operator
    created_at INTEGER NOT NULL, -- milliseconds since 1970
    expires_at INTEGER NOT NULL,
    used_at    INTEGER,
    use_id     TEXT, -- names the one use: the new user's id, or random
    CHECK ((purpose = 'invitation') = (role IS NOT NULL) AND (purpose = 'reset') = (user_id IS NOT NULL)
        AND (purpose = 'reset' OR made_by IS NOT NULL))
) STRICT;

CREATE INDEX account_codes_by_tenant ON account_codes (tenant_id);
CREATE INDEX account_codes_by_user ON account_codes (user_id);
CREATE INDEX account_codes_by_end ON account_codes (expires_at);
