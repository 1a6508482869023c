//! Entropy: provider replies become bytes, bytes are mixed with local randomness, and every output carries an honest label.
//!
//! | file | what it holds |
//! |---|---|
//! | [`provider`] | one small file per provider: settings, request, strict parser |
//! | [`mix`] | the generator: what was received is absorbed, local randomness is XORed into every output |
//! | [`provenance`] | what may be said about an output, and what `/health` says about a provider |
//! | [`child`] | the seed one generator hands to another, as it travels |
//! | [`hub`] | who is asked when, and what becomes of the answers |
//! | [`isolate`] | the generator each isolate keeps, and when it wants a new seed |
//!
//! The rule of the room: secrecy rests on the local generator alone. Quantum-derived bytes travelled, their provider and
//! everyone on the way may have seen them, and no test tells them from a known sequence. They are mixed in and never counted on.

pub mod child;
pub mod hub;
pub mod isolate;
pub mod mix;
pub mod provenance;
pub mod provider;
