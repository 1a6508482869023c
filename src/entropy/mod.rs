//! Entropy: provider replies become bytes, bytes are mixed with local randomness, and every output carries an honest label.
//!
//! | file | what it holds |
//! |---|---|
//! | [`provider`] | one small file per provider: settings, request, strict parser |
//! | [`health`] | the tests a provider's bytes pass before they are used (SP 800-90B) |
//! | [`breaker`] | when a provider is asked, and when it is left alone |
//! | [`drbg`] | HMAC_DRBG (SP 800-90A) |
//! | [`generator`] | two lanes: what was received is absorbed, local randomness is XORed into every output |
//! | [`purpose`] | what random bytes are for, and the lane they come from |
//! | [`provenance`] | what may be said about an output, and what `/health` says about a provider |
//! | [`stamp`] | the same, as a token says it of itself |
//! | [`status`] | what an operator sees of all this |
//! | [`child`] | the seed one generator hands to another, as it travels |
//! | [`hub`] | who is asked when, and what becomes of the answers |
//! | [`history`] | which label was given since when |
//! | [`isolate`] | the generator each isolate keeps, and when it wants a new seed |
//!
//! The rule of the room: secrecy rests on the local generator alone. Quantum-derived bytes travelled, their provider and
//! everyone on the way may have seen them, and no test tells them from a known sequence. They are mixed in and never counted on.

pub mod breaker;
pub mod child;
pub mod drbg;
pub mod generator;
pub mod health;
pub mod history;
pub mod hub;
pub mod isolate;
pub mod provenance;
pub mod provider;
pub mod purpose;
pub mod stamp;
pub mod status;
