-- Where the OpenAPI document of an HTTP API is fetched again, and how it is converted: JSON; NULL for a description given by hand.
ALTER TABLE upstreams ADD COLUMN source TEXT;
