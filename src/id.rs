//! Identifiers as distinct types, so that a tenant can never be passed where a user is meant.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an identifier has 1 to 64 characters of A-Z, a-z, 0-9, '-', '_'")]
pub struct InvalidId;

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// 1 to 64 characters of `A-Z a-z 0-9 - _`; safe in a URL path, a key and a log line.
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        #[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
        #[cfg_attr(not(target_arch = "wasm32"), schemars(extend("pattern" = "^[A-Za-z0-9_-]{1,64}$")))]
        pub struct $name(String);

        impl $name {
            /// Parses the text form; anything outside the alphabet or the length is refused.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                is_identifier(text).then(|| Self(text.to_owned())).ok_or(InvalidId)
            }

            /// The identifier of 16 or 32 random or digest bytes: their base64url form.
            pub fn from_bytes<const N: usize>(bytes: &[u8; N]) -> Self {
                const { assert!(N == 16 || N == 32) };
                Self(encode_random(bytes))
            }

            /// The text form.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                if is_identifier(&text) { Ok(Self(text)) } else { Err(InvalidId) }
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    };
}

identifier! {
    /// A tenant: the team that owns users, upstreams and everything else.
    TenantId
}
identifier! {
    /// A user of a tenant: the `sub` of an access token.
    UserId
}
identifier! {
    /// A login session: the family of refresh tokens and access tokens that one login started.
    SessionId
}
identifier! {
    /// The `jti` of an access token.
    TokenId
}
identifier! {
    /// The public part of an API key.
    ApiKeyId
}
identifier! {
    /// The `kid` of a signing key.
    KeyId
}
identifier! {
    /// An upstream tool server of a tenant.
    UpstreamId
}
identifier! {
    /// A thing that an upstream offers, and what is pinned of it.
    PinId
}
identifier! {
    /// A virtual server of a tenant.
    ServerId
}
identifier! {
    /// A call's place among those that a limit lets run at the same time.
    SlotId
}
identifier! {
    /// A rule of a tenant's policies.
    RuleId
}
identifier! {
    /// The identifier that ties together everything one request did: log lines, errors, the reply's `X-Correlation-ID`.
    CorrelationId
}
identifier! {
    /// A record of the audit trail, chosen at random by whoever writes it.
    RecordId
}

fn is_identifier(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// The text form of random bytes: base64url without padding, so 32 bytes give 43 characters.
pub fn encode_random(bytes: &[u8]) -> String {
    use base64ct::Encoding;
    base64ct::Base64UrlUnpadded::encode_string(bytes)
}

#[cfg(test)]
mod tests {
    use super::{CorrelationId, TenantId, encode_random};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn an_identifier_never_carries_a_separator_or_a_control_character() {
        for bad in ["", "a b", "a/b", "a\nb", "a:b", "é", &"x".repeat(65)] {
            assert!(TenantId::parse(bad).is_err(), "{bad:?}");
        }
        assert!(CorrelationId::parse("Az09-_").is_ok());
    }

    #[test]
    fn an_identifier_is_checked_when_it_is_deserialized() {
        assert!(serde_json::from_str::<TenantId>("\"acme\"").is_ok());
        assert!(serde_json::from_str::<TenantId>("\"a/b\"").is_err());
    }

    #[test]
    fn random_bytes_become_an_identifier() {
        let text = encode_random(&[0xff; 32]);
        assert_eq!(text.len(), 43);
        assert!(CorrelationId::parse(&text).is_ok());
    }
}
