//! People of another OpenID provider: how they sign in there, and what the provider's signed tokens are worth here.
//!
//! | file | what it holds |
//! |---|---|
//! | [`provider`] | the one provider an operator trusts: its settings |
//! | [`discovery`] | what the provider says of itself |
//! | [`sign_in`] | the way there and back: the authorization request and its answer |
//! | [`exchange`] | a code for an ID token |
//! | [`jwt`] [`key`] | signed tokens as they are read · the provider's public keys |
//! | [`id_token`] [`id_jag`] | who signed in · whom a client may act for without a browser |
//! | [`person`] | the user a provider's person becomes here |
//! | [`memory`] | how long what was fetched is believed |
//!
//! Signatures are checked by the runtime's own cryptography: there is no RSA here (RUSTSEC-2023-0071).

pub mod discovery;
pub mod exchange;
pub mod id_jag;
pub mod id_token;
pub mod jwt;
pub mod key;
pub mod memory;
pub mod person;
pub mod provider;
pub mod sign_in;

#[cfg(test)]
pub(crate) mod sample;

use crate::json::{self, Caps};
use crate::outbound::{OutboundAnswer, OutboundFailure};
use crate::time::Lifetime;
use serde::de::DeserializeOwned;

/// How long the provider may take for one answer.
const DEADLINE: Lifetime = Lifetime::from_seconds(5);
/// Longest answer of the provider, in bytes.
const MAX_ANSWER: usize = 64 * 1024;

/// Why nothing came of asking the provider: for the log. No variant carries a value the provider sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProviderProblem {
    /// There is no answer.
    #[error("the provider could not be asked: {0}")]
    Unavailable(#[from] OutboundFailure),
    /// It failed a moment ago and is left alone.
    #[error("the provider failed a moment ago")]
    Resting,
    /// It refused.
    #[error("the provider answered with status {0}")]
    Status(u16),
    /// Its answer is not the document it should be.
    #[error("the provider's answer is not readable")]
    Unreadable,
    /// Its description is of another issuer.
    #[error("the provider's description is of another issuer")]
    OtherIssuer,
    /// An address in its description may not be asked.
    #[error("an address in the provider's description is refused")]
    Address,
    /// It lacks what every sign-in needs: codes, and proof keys with S256.
    #[error("the provider does not support the authorization code flow with S256")]
    Unsuitable,
    /// It supports none of the ways this gateway can present itself.
    #[error("the provider and this gateway have no way of client authentication in common")]
    NoCommonMethod,
    /// Its set has no key that could be used.
    #[error("the provider has no usable key")]
    NoKeys,
}

/// Reads a JSON object out of an answer with status 200.
fn read_json<T: DeserializeOwned>(answer: &OutboundAnswer) -> Result<T, ProviderProblem> {
    if answer.status != 200 {
        return Err(ProviderProblem::Status(answer.status));
    }
    if !answer.media_type().is_some_and(|kind| kind == "application/json" || kind.ends_with("+json")) {
        return Err(ProviderProblem::Unreadable);
    }
    let value = json::parse_object(&answer.body, Caps { max_bytes: MAX_ANSWER, max_depth: 8 })
        .map_err(|_| ProviderProblem::Unreadable)?;
    serde_json::from_value(value).map_err(|_| ProviderProblem::Unreadable)
}
