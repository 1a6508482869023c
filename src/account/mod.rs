//! Accounts: tenants, users, passwords.
