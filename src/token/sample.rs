//! The token of the tests: claims that are good, the key that signs them, and what is expected of them.

use super::access::{AccessClaims, Expectation};
use super::jwks::KeyRing;
use crate::entropy::provenance::Provenance;
use crate::entropy::stamp::Stamp;
use crate::id::{SessionId, TenantId, TokenId, UserId};
use crate::scope::Scope;
use crate::time::{Lifetime, Timestamp};

/// When it was issued.
pub const NOW: u64 = 1_800_000_000;

/// The key that signs it.
pub const SEED: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";

/// The key ring with that key.
pub fn keys() -> KeyRing {
    KeyRing::read(&|name| (name == "SIGNING_KEY").then(|| SEED.to_owned())).unwrap()
}

/// What it says.
pub fn claims() -> AccessClaims {
    AccessClaims {
        iss: "https://gw.example.com".into(),
        aud: "https://gw.example.com/mcp".into(),
        sub: UserId::parse("u-1").unwrap(),
        tenant: TenantId::parse("acme").unwrap(),
        client_id: "password-login".into(),
        scope: Scope::full(),
        sid: SessionId::parse("s-1").unwrap(),
        iat: NOW,
        exp: NOW + 600,
        nbf: None,
        jti: TokenId::from_bytes(&[5; 32]),
        ent: Some(Stamp::from(&Provenance::classical())),
    }
}

/// What is expected of it at this time, in seconds.
pub fn expectation(now: u64) -> Expectation<'static> {
    Expectation {
        issuer: "https://gw.example.com",
        audience: "https://gw.example.com/mcp",
        max_lifetime: Lifetime::from_seconds(600),
        now: Timestamp::from_seconds(now),
    }
}
