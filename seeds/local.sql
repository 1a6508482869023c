-- The demo account of a developer's machine: demo / demo123. The gateway admits it in the local profile only.
INSERT INTO tenants (id, name, created_at) VALUES ('demo', 'Demo', 0) ON CONFLICT DO NOTHING;
INSERT INTO users (id, tenant_id, username, password_hash, demo, created_at)
VALUES ('demo', 'demo', 'demo', '$argon2id$v=19$m=19456,t=2,p=1$bG9jYWwtZGVtby1zYWx0IQ$iEhqUmOAteXJAS1fVid9UWblpdhdFqzLoDpsT+Ot06o', 1, 0)
ON CONFLICT DO NOTHING;
