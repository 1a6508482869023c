//! Why a provider gave no bytes.

use crate::entropy::health::Test;
use crate::outbound::OutboundFailure;
use crate::time::Lifetime;

/// Why a fetch gave no bytes. No variant carries anything the provider wrote, and none carries a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProviderFailure {
    /// Asked too often, or the quota is used up.
    #[error("rate limited")]
    RateLimited {
        /// How long to wait, when the provider said so or is known for it.
        retry_after: Option<Lifetime>,
    },
    /// The key is missing, wrong or expired.
    #[error("the key was refused")]
    Unauthorized,
    /// Any other status than 200.
    #[error("answered with status {status}")]
    Status {
        /// The HTTP status.
        status: u16,
    },
    /// A well-formed answer that says it failed.
    #[error("said that it failed")]
    Refused,
    /// Not the documented form.
    #[error("the answer is not of the documented form")]
    Malformed,
    /// Success, and no bytes.
    #[error("the answer holds no bytes")]
    Empty,
    /// Fewer or more bytes, or elements, than asked for.
    #[error("{expected} were asked for, {found} came")]
    WrongLength {
        /// What was asked for.
        expected: usize,
        /// What came.
        found: usize,
    },
    /// A number that is not a byte.
    #[error("a value is out of range")]
    OutOfRange,
    /// The encrypted block does not open with our secret and our nonce.
    #[error("the encrypted block is not authentic")]
    NotAuthentic,
    /// A stored answer: others may have had the same bytes.
    #[error("the answer came out of a cache")]
    Cached,
    /// The bytes failed a health test.
    #[error("the bytes failed the {} test{}", test.as_str(), if *permanent { ", for good" } else { "" })]
    Unhealthy {
        /// Which test.
        test: Test,
        /// Whether the provider is left alone for long.
        permanent: bool,
    },
    /// The deadline passed.
    #[error("no complete answer within the deadline")]
    Timeout,
    /// No connection, or it broke.
    #[error("the connection failed")]
    Unreachable,
    /// More bytes than any answer has.
    #[error("the answer is too long")]
    TooLarge,
    /// The answer was a redirect, which is never followed.
    #[error("answered with a redirect")]
    Redirected,
}

impl ProviderFailure {
    /// One word for counters.
    pub const fn outcome(self) -> &'static str {
        match self {
            Self::RateLimited { .. } => "rate_limited",
            Self::Unauthorized => "unauthorized",
            Self::Status { .. } => "status",
            Self::Refused => "refused",
            Self::Malformed | Self::OutOfRange => "malformed",
            Self::Empty => "empty",
            Self::WrongLength { .. } => "wrong_length",
            Self::NotAuthentic => "not_authentic",
            Self::Cached => "cached",
            Self::Unhealthy { .. } => "unhealthy",
            Self::Timeout => "timeout",
            Self::Unreachable => "unreachable",
            Self::TooLarge => "too_large",
            Self::Redirected => "redirected",
        }
    }
}

impl From<OutboundFailure> for ProviderFailure {
    fn from(failure: OutboundFailure) -> Self {
        match failure {
            OutboundFailure::Timeout => Self::Timeout,
            OutboundFailure::Unreachable => Self::Unreachable,
            OutboundFailure::TooLarge => Self::TooLarge,
            OutboundFailure::Redirected => Self::Redirected,
        }
    }
}
