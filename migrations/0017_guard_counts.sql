-- How often detectors of guardrails found something, over all tenants: for the operator's metrics.
CREATE TABLE guard_counts (
    detector TEXT PRIMARY KEY,
    found    INTEGER NOT NULL
) STRICT;
