-- What a virtual server's list of tools shows: every tool, or a search for them.
ALTER TABLE servers ADD COLUMN face TEXT NOT NULL DEFAULT 'all' CHECK (face IN ('all', 'search'));
ALTER TABLE servers ADD COLUMN pinned TEXT; -- a JSON array of patterns of shown names: tools that are listed beside the search; NULL for none
