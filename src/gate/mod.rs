//! The gate: what a principal may still do. Token bucket, leases, revocations, refresh rotation.
