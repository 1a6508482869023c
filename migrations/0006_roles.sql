-- Five roles instead of two, service accounts beside people, groups, and what a tenant chose for itself.
DROP INDEX users_by_role;
ALTER TABLE users RENAME COLUMN role TO earlier_role;
ALTER TABLE users ADD COLUMN role TEXT NOT NULL DEFAULT 'developer' CHECK (role IN ('owner', 'admin', 'developer', 'auditor', 'agent'));
-- Of a tenant's administrators, the first one owns it.
UPDATE users SET role = 'admin' WHERE earlier_role = 'admin';
UPDATE users SET role = 'owner' WHERE earlier_role = 'admin' AND NOT EXISTS (
    SELECT 1 FROM users AS other WHERE other.tenant_id = users.tenant_id AND other.earlier_role = 'admin'
        AND (other.created_at < users.created_at OR (other.created_at = users.created_at AND other.id < users.id)));
ALTER TABLE users DROP COLUMN earlier_role;
CREATE INDEX users_by_role ON users (role);

ALTER TABLE users ADD COLUMN kind TEXT NOT NULL DEFAULT 'person' CHECK (kind IN ('person', 'service')); -- a service account has no password: keys are its way in
ALTER TABLE users ADD COLUMN groups TEXT NOT NULL DEFAULT '[]'; -- JSON array of names that policies may mean
ALTER TABLE users ADD COLUMN plan_id TEXT; -- of the tenant's plans; NULL: the tenant's usual one
ALTER TABLE users ADD COLUMN version INTEGER NOT NULL DEFAULT 1; -- counts changes, for conditional updates

ALTER TABLE tenants ADD COLUMN default_effect TEXT NOT NULL DEFAULT 'allow' CHECK (default_effect IN ('allow', 'deny')); -- where no policy says anything
ALTER TABLE tenants ADD COLUMN plan_id TEXT; -- limits of the tenant as a whole
ALTER TABLE tenants ADD COLUMN user_plan_id TEXT; -- limits of each user that has no plan of its own
ALTER TABLE tenants ADD COLUMN audit_calls TEXT NOT NULL DEFAULT 'before' CHECK (audit_calls IN ('before', 'after')); -- whether a call's record is kept before or after its reply
ALTER TABLE tenants ADD COLUMN audit_bodies INTEGER NOT NULL DEFAULT 0 CHECK (audit_bodies IN (0, 1)); -- 1: redacted arguments are kept too
ALTER TABLE tenants ADD COLUMN audit_days INTEGER NOT NULL DEFAULT 400 CHECK (audit_days BETWEEN 1 AND 3660);
ALTER TABLE tenants ADD COLUMN version INTEGER NOT NULL DEFAULT 1;

-- The same roles for invitations. Codes live for a week at most, and nothing refers to them.
CREATE TABLE account_codes_of_five_roles (
    hash       TEXT PRIMARY KEY, -- SHA-256 of the code, base64url
    tenant_id  TEXT NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    purpose    TEXT NOT NULL CHECK (purpose IN ('invitation', 'reset')),
    role       TEXT CHECK (role IN ('owner', 'admin', 'developer', 'auditor', 'agent')), -- what an invited user will be
    user_id    TEXT REFERENCES users (id) ON DELETE CASCADE, -- whose password a reset sets
    made_by    TEXT REFERENCES users (id) ON DELETE CASCADE, -- NULL: the operator
    created_at INTEGER NOT NULL, -- milliseconds since 1970
    expires_at INTEGER NOT NULL,
    used_at    INTEGER,
    use_id     TEXT, -- names the one use: the new user's id, or random
    CHECK ((purpose = 'invitation') = (role IS NOT NULL) AND (purpose = 'reset') = (user_id IS NOT NULL))
) STRICT;
INSERT INTO account_codes_of_five_roles (hash, tenant_id, purpose, role, user_id, made_by, created_at, expires_at, used_at, use_id)
    SELECT hash, tenant_id, purpose, CASE role WHEN 'member' THEN 'developer' ELSE role END, user_id, made_by, created_at, expires_at, used_at, use_id
    FROM account_codes;
DROP TABLE account_codes;
ALTER TABLE account_codes_of_five_roles RENAME TO account_codes;
CREATE INDEX account_codes_by_tenant ON account_codes (tenant_id);
CREATE INDEX account_codes_by_user ON account_codes (user_id);
CREATE INDEX account_codes_by_end ON account_codes (expires_at);
