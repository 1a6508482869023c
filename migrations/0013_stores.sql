-- Files and databases as upstreams: two more kinds, how each is used, and what is left of the files of upstreams that are gone.
-- A column's CHECK cannot be changed and a table that others refer to cannot be made anew without losing their rows, so the column is.
ALTER TABLE upstreams RENAME COLUMN kind TO kind_before;
ALTER TABLE upstreams ADD COLUMN kind TEXT NOT NULL DEFAULT 'mcp' CHECK (kind IN ('mcp', 'http', 'files', 'database')); -- what it speaks
UPDATE upstreams SET kind = kind_before;
ALTER TABLE upstreams DROP COLUMN kind_before;
ALTER TABLE upstreams ADD COLUMN options TEXT; -- JSON: how an upstream of the kinds files and database is used

CREATE TABLE file_leftovers (
    prefix  TEXT PRIMARY KEY, -- what the names of its objects begin with
    gone_at INTEGER NOT NULL -- when its upstream was deleted, milliseconds since 1970
) STRICT;

CREATE INDEX file_leftovers_by_age ON file_leftovers (gone_at);
