//! What guardrails can look for.

use super::scan::{Scanner, contact, money, network, secret};
use serde::{Deserialize, Serialize};

/// A kind of value that is known by its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum Detector {
    /// An address of electronic mail, in ASCII.
    Email,
    /// A telephone number with `+` and its country code (E.164), blanks and signs between its digits allowed.
    Phone,
    /// A payment card's number of 13 to 19 digits, by its network's beginning and the Luhn check.
    CreditCard,
    /// An international bank account number, by its country's length and the check modulo 97.
    Iban,
    /// A US social security number, `ddd-dd-dddd`, in ranges that are given out.
    UsSsn,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address of three groups or more.
    Ipv6,
    /// A key or token with a well-known beginning.
    ApiKey,
    /// A JSON Web Token.
    Jwt,
    /// A private key in PEM.
    PrivateKey,
    /// `Bearer` and a token.
    BearerToken,
}

impl Detector {
    /// Every one.
    pub const ALL: [Self; 11] = [
        Self::Email,
        Self::Phone,
        Self::CreditCard,
        Self::Iban,
        Self::UsSsn,
        Self::Ipv4,
        Self::Ipv6,
        Self::ApiKey,
        Self::Jwt,
        Self::PrivateKey,
        Self::BearerToken,
    ];

    /// Its name in documents, markers, errors and counts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::CreditCard => "credit_card",
            Self::Iban => "iban",
            Self::UsSsn => "us_ssn",
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
            Self::ApiKey => "api_key",
            Self::Jwt => "jwt",
            Self::PrivateKey => "private_key",
            Self::BearerToken => "bearer_token",
        }
    }

    /// What stands in the place of a value it found.
    pub fn marker(self) -> String {
        format!("[redacted: {}]", self.name())
    }

    pub(super) const fn scanner(self) -> Scanner {
        match self {
            Self::Email => contact::email,
            Self::Phone => contact::phone,
            Self::CreditCard => money::credit_card,
            Self::Iban => money::iban,
            Self::UsSsn => contact::us_ssn,
            Self::Ipv4 => network::ipv4,
            Self::Ipv6 => network::ipv6,
            Self::ApiKey => secret::api_key,
            Self::Jwt => secret::jwt,
            Self::PrivateKey => secret::private_key,
            Self::BearerToken => secret::bearer_token,
        }
    }
}
