//! API keys: what a program carries that cannot log in.
//!
//! A key's text is an opaque token of this gateway ([`crate::token::opaque::Kind::ApiKey`]): it names its tenant, its owner
//! and itself, and carries 256 random bits and a tag, so that a text that is none is told from a key without any look into
//! a database. What it may do is kept in a row, which has the SHA-256 of those bits and nothing else of them (OWASP ASVS 5.0
//! section 11.4: a random value of that size needs no slow hash).

use crate::id::ApiKeyId;
use crate::scope::Scope;
use crate::time::Timestamp;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use subtle::ConstantTimeEq;

/// Most entries of a list of a key.
pub const MAX_ENTRIES: usize = 64;

/// A key as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its public id.
    pub id: ApiKeyId,
    /// SHA-256 of its secret, base64url.
    pub secret_hash: String,
    /// What it may be used for.
    pub scope: Scope,
    /// Patterns of the tools it may use; none for everything its owner may.
    pub tools: Option<Vec<String>>,
    /// Names of the upstreams it may use; none for all.
    pub upstreams: Option<Vec<String>>,
    /// Where it may be used from; none for anywhere.
    pub networks: Option<Networks>,
    /// The plan of its own.
    pub plan: Option<String>,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// Why a key is refused: for the log alone, a caller is told the same of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefusal {
    /// No such key.
    #[error("unknown API key")]
    Unknown,
    /// The key is there, and its secret is another.
    #[error("wrong secret of an API key")]
    WrongSecret,
    /// Its time is up.
    #[error("the API key has expired")]
    Expired,
    /// It was revoked.
    #[error("the API key is revoked")]
    Revoked,
    /// It is not used from there.
    #[error("the API key is not used from this network")]
    Network,
    /// Its owner or the tenant is disabled.
    #[error("disabled account")]
    Disabled,
}

/// Networks in CIDR notation (RFC 4632 section 3.1, RFC 4291 section 2.3), 1 to [`MAX_ENTRIES`]. A plain address is a network
/// of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Networks(Vec<IpNet>);

/// The list is not one of networks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNetworks {
    /// None, or too many.
    #[error("a list of networks has 1 to {MAX_ENTRIES} entries")]
    Size,
    /// One is none, by its place in the list.
    #[error("entry {0} is not a network such as 192.0.2.0/24 or 2001:db8::/32")]
    Entry(usize),
}

impl ApiKey {
    /// Whether a caller who presents a secret of that hash from there may come in now. The secret is compared in constant time,
    /// and before anything else is looked at.
    pub fn admit(&self, presented_hash: &str, source: &str, now: Timestamp) -> Result<(), KeyRefusal> {
        if !bool::from(self.secret_hash.as_bytes().ct_eq(presented_hash.as_bytes())) {
            return Err(KeyRefusal::WrongSecret);
        }
        if self.revoked_at.is_some() {
            return Err(KeyRefusal::Revoked);
        }
        if self.expires_at.is_some_and(|end| end <= now) {
            return Err(KeyRefusal::Expired);
        }
        match &self.networks {
            Some(networks) if !networks.hold(source) => Err(KeyRefusal::Network),
            _ => Ok(()),
        }
    }
}

impl Networks {
    /// Whether an address as text lies in one of them. An address of IPv4 that is written as one of IPv6 counts as what it is.
    pub fn hold(&self, address: &str) -> bool {
        let Ok(address) = address.parse::<IpAddr>() else { return false };
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

impl TryFrom<Vec<String>> for Networks {
    type Error = InvalidNetworks;
    fn try_from(texts: Vec<String>) -> Result<Self, InvalidNetworks> {
        if texts.is_empty() || texts.len() > MAX_ENTRIES {
            return Err(InvalidNetworks::Size);
        }
        let read = |text: &str| text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).ok();
        let networks = texts
            .iter()
            .enumerate()
            .map(|(at, text)| read(text).map(|network| network.trunc()).ok_or(InvalidNetworks::Entry(at)));
        networks.collect::<Result<_, _>>().map(Self)
    }
}

impl From<Networks> for Vec<String> {
    fn from(networks: Networks) -> Self {
        networks.0.iter().map(ToString::to_string).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{ApiKey, InvalidNetworks, KeyRefusal, Networks};
    use crate::id::ApiKeyId;
    use crate::scope::Scope;
    use crate::time::Timestamp;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const NOW: Timestamp = Timestamp::from_seconds(1_000);

    fn networks(texts: &[&str]) -> Result<Networks, InvalidNetworks> {
        texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>().try_into()
    }

    fn key() -> ApiKey {
        ApiKey {
            id: ApiKeyId::parse("k-1").unwrap(),
            secret_hash: "hash".into(),
            scope: Scope::full(),
            tools: None,
            upstreams: None,
            networks: None,
            plan: None,
            expires_at: None,
            revoked_at: None,
        }
    }

    #[test]
    fn a_key_is_good_with_its_secret_in_its_time_and_from_its_networks() {
        let bound = ApiKey {
            networks: Some(networks(&["192.0.2.0/24", "2001:db8::/32"]).unwrap()),
            expires_at: Some(Timestamp::from_seconds(1_001)),
            ..key()
        };
        for source in ["192.0.2.9", "2001:db8::1", "::ffff:192.0.2.9"] {
            assert_eq!(bound.admit("hash", source, NOW), Ok(()), "{source}");
        }
        for source in ["192.0.3.9", "2001:db9::1", "unknown", "", "192.0.2.9 "] {
            assert_eq!(bound.admit("hash", source, NOW), Err(KeyRefusal::Network), "{source}");
            assert_eq!(key().admit("hash", source, NOW), Ok(()), "{source}");
        }
        assert_eq!(bound.admit("hash", "192.0.2.9", Timestamp::from_seconds(1_001)), Err(KeyRefusal::Expired));
        let revoked = ApiKey { revoked_at: Some(NOW), ..key() };
        assert_eq!(revoked.admit("hash", "", NOW), Err(KeyRefusal::Revoked));
        for other in ["", "has", "hash2", "Hash"] {
            assert_eq!(revoked.admit(other, "", NOW), Err(KeyRefusal::WrongSecret), "{other}");
        }
    }

    #[test]
    fn networks_are_read_strictly_and_written_as_they_are_meant() {
        let read = networks(&["192.0.2.7/24", "192.0.2.7", "2001:DB8::/32"]).unwrap();
        assert_eq!(Vec::from(read), ["192.0.2.0/24", "192.0.2.7/32", "2001:db8::/32"]);
        for bad in ["", "192.0.2.0/33", "192.0.2", "a/8", "192.0.2.0/24 ", "*"] {
            assert_eq!(networks(&["192.0.2.1", bad]), Err(InvalidNetworks::Entry(1)), "{bad:?}");
        }
        assert_eq!((networks(&[]), networks(&["::1"; 65])), (Err(InvalidNetworks::Size), Err(InvalidNetworks::Size)));
    }
}
