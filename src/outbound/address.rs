//! Which hosts are public ones.

use std::net::{Ipv4Addr, Ipv6Addr};
use url::{Host, Url};

/// Whether a URL leads to this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether a name can be a public host's: not one of the special-use names (RFC 6761, and what routers and systems use).
pub(super) fn is_public_name(name: &str) -> bool {
    const SPECIAL: [&str; 9] =
        ["localhost", "local", "internal", "localdomain", "home.arpa", "onion", "test", "invalid", "example"];
    let name = name.strip_suffix('.').unwrap_or(name);
    let special = SPECIAL
        .iter()
        .any(|suffix| name == *suffix || name.strip_suffix(suffix).is_some_and(|front| front.ends_with('.')));
    name.contains('.') && !special
}

/// Whether an IPv4 address is a public host's.
pub(super) fn is_public_v4(address: Ipv4Addr) -> bool {
    // IANA special-purpose registry, plus the multicast and reserved blocks.
    const DENIED: [([u8; 4], u32); 16] = [
        ([0, 0, 0, 0], 8),
        ([10, 0, 0, 0], 8),
        ([100, 64, 0, 0], 10),
        ([127, 0, 0, 0], 8),
        ([169, 254, 0, 0], 16),
        ([172, 16, 0, 0], 12),
        ([192, 0, 0, 0], 24),
        ([192, 0, 2, 0], 24),
        ([192, 31, 196, 0], 24),
        ([192, 52, 193, 0], 24),
        ([192, 88, 99, 0], 24),
        ([192, 168, 0, 0], 16),
        ([198, 18, 0, 0], 15),
        ([198, 51, 100, 0], 24),
        ([203, 0, 113, 0], 24),
        ([224, 0, 0, 0], 3),
    ];
    !DENIED.iter().any(|(block, bits)| address.to_bits() >> (32 - bits) == u32::from_be_bytes(*block) >> (32 - bits))
}

/// Whether an IPv6 address is a public host's: global unicast without the special-purpose blocks within it.
pub(super) fn is_public_v6(address: Ipv6Addr) -> bool {
    let bits = address.to_bits();
    let within = |block: u128, length: u32| bits >> (128 - length) == block >> (128 - length);
    within(0x2000 << 112, 3)
        && !within(0x2001 << 112, 23)
        && !within(0x2001_0db8 << 96, 32)
        && !within(0x2002 << 112, 16)
        && !within(0x3fff << 112, 20)
}
