-- How long answers of an upstream to what only reads may be given again, in seconds. 0: never.
ALTER TABLE upstreams ADD COLUMN cache_seconds INTEGER NOT NULL DEFAULT 0 CHECK (cache_seconds BETWEEN 0 AND 3600);
