//! Names of Durable Objects and keys in KV. Ids cannot hold a `/` or a `:`, so no two names can meet.

use crate::account::Username;
use crate::audit::Trail;
use crate::id::{SessionId, TenantId, TokenId, UserId, encode_random};
use crate::time::{Lifetime, Timestamp};
use sha2::{Digest, Sha256};
use std::net::Ipv6Addr;

/// Shortest life of a KV entry that the platform accepts.
pub const MIN_KV_LIFETIME: Lifetime = Lifetime::from_seconds(60);

/// One of the objects that add up metrics.
pub fn metrics(object: u8) -> String {
    format!("metrics/{object}")
}

/// The gate of a user.
pub fn principal_gate(tenant: &TenantId, user: &UserId) -> String {
    format!("principal/{tenant}/{user}")
}

/// The gate of a whole tenant, which counts the calls of everybody in it.
pub fn tenant_gate(tenant: &TenantId) -> String {
    format!("tenant/{tenant}")
}

/// The gate of one tool within a level, which has the gate of this name: a user's, a key's or a tenant's. The tool's name is
/// hashed: it is an upstream's word.
pub fn tool_gate(level: &str, tool: &str) -> String {
    format!("tool/{}/{level}", encode_random(&Sha256::digest(tool)))
}

/// The gate of an API key that has a plan of its own. What else is known of a key is known to its owner's gate.
pub fn key_gate(tenant: &TenantId, key: &str) -> String {
    format!("key/{tenant}/{key}")
}

/// The gate that slows down logins on one account. The name is hashed: it is typed by strangers and may be a mistyped secret.
pub fn account_gate(username: &Username) -> String {
    format!("account/{}", encode_random(&Sha256::digest(username.as_str())))
}

/// The gate of a source address, for logins.
pub fn source_gate(address: &str) -> String {
    of_network("source", address)
}

/// The gate of a source address, for clients that register themselves or must be looked up elsewhere.
pub fn registration_gate(address: &str) -> String {
    of_network("registration", address)
}

/// The gate of an OAuth client, which knows the assertions it used. Its id may be a URL.
pub fn client_gate(id: &str) -> String {
    format!("client/{}", encode_random(&Sha256::digest(id)))
}

/// One household or host has a whole /64 of IPv6 addresses, so the rest of one says nothing.
fn of_network(kind: &str, address: &str) -> String {
    let network = match address.parse::<Ipv6Addr>() {
        Ok(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).to_string(),
        Err(_) => address.to_owned(),
    };
    format!("{kind}/{}", encode_random(&Sha256::digest(network)))
}

/// The gate where the way back from another OpenID provider is used once, before it is known who comes. There are 64 of
/// them, chosen by the first letter of the random `id`, so that none is busy and none is left behind.
pub fn sign_in_gate(id: &str) -> String {
    format!("sign-in/{}", id.chars().next().unwrap_or('-'))
}

/// The object of a legacy client's session of the protocol. `random` is the session's own part of its name.
pub fn mcp_session(tenant: &TenantId, user: &UserId, random: &str) -> String {
    format!("session/{tenant}/{user}/{random}")
}

/// The object that holds one call open while its client gathers input. `random` is the call's own part of its name.
pub fn mcp_held(tenant: &TenantId, user: &UserId, random: &str) -> String {
    format!("held/{tenant}/{user}/{random}")
}

/// The object of an audit trail. No tenant's trail has the name of the operator's.
pub fn audit_trail(trail: &Trail) -> String {
    trail.to_string()
}

/// The published entry of a revoked session.
pub fn revoked_session(tenant: &TenantId, session: &SessionId) -> String {
    format!("revoked:session:{tenant}:{session}")
}

/// The published entry of a single revoked access token.
pub fn revoked_token(tenant: &TenantId, token: &TokenId) -> String {
    format!("revoked:token:{tenant}:{token}")
}

/// How long a revocation stays published: until what it names would have expired, and at least as long as KV demands.
pub fn revocation_lifetime(until: Timestamp, now: Timestamp) -> Lifetime {
    until.since(now).max(MIN_KV_LIFETIME)
}

#[cfg(test)]
mod tests {
    use super::{
        account_gate, client_gate, mcp_held, mcp_session, principal_gate, registration_gate, revocation_lifetime,
        revoked_session, sign_in_gate, source_gate, tenant_gate, tool_gate,
    };
    use crate::account::Username;
    use crate::id::{SessionId, TenantId, UserId};
    use crate::time::{Lifetime, Timestamp};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn names_carry_the_tenant() {
        let (tenant, user) = (TenantId::parse("acme").unwrap(), UserId::parse("u-1").unwrap());
        assert_eq!(principal_gate(&tenant, &user), "principal/acme/u-1");
        assert_eq!(tenant_gate(&tenant), "tenant/acme");
        assert!(tool_gate("tenant/acme", "a/../b").ends_with("/tenant/acme"));
        assert!(!tool_gate("tenant/acme", "a/../b").contains(".."));
        assert_eq!(mcp_session(&tenant, &user, "r"), "session/acme/u-1/r");
        assert_eq!(mcp_held(&tenant, &user, "r"), "held/acme/u-1/r");
        assert_eq!(revoked_session(&tenant, &SessionId::parse("s").unwrap()), "revoked:session:acme:s");
    }

    #[test]
    fn ways_back_share_gates_by_their_first_letter() {
        assert_eq!(
            (sign_in_gate("abc"), sign_in_gate("a_-"), sign_in_gate("")),
            ("sign-in/a".into(), "sign-in/a".into(), "sign-in/-".into())
        );
    }

    #[test]
    fn a_username_does_not_stand_in_a_name() {
        assert!(!account_gate(&Username::parse("ada").unwrap()).contains("ada"));
    }

    #[test]
    fn addresses_of_one_network_share_a_gate() {
        assert_eq!(source_gate("2001:db8:1:2::1"), source_gate("2001:db8:1:2:3:4:5:6"));
        assert_ne!(source_gate("2001:db8:1:2::1"), source_gate("2001:db8:1:3::1"));
        assert_ne!(source_gate("192.0.2.1"), source_gate("192.0.2.2"));
        assert_ne!(source_gate("192.0.2.1"), registration_gate("192.0.2.1"));
        assert!(client_gate("https://app.example/client.json").starts_with("client/"));
    }

    #[test]
    fn a_revocation_is_published_for_at_least_a_minute() {
        let now = Timestamp::from_seconds(100);
        assert_eq!(revocation_lifetime(now, now), Lifetime::from_seconds(60));
        assert_eq!(revocation_lifetime(Timestamp::from_seconds(700), now), Lifetime::from_seconds(600));
    }
}
