-- What a tenant has looked for in the arguments and results of calls, and what happens then.
ALTER TABLE tenants ADD COLUMN guardrails TEXT; -- JSON, see docs/GUARDRAILS.md; NULL for nothing
