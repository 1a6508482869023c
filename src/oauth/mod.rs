//! OAuth 2.1: what the authorization server reads, decides and answers.
//!
//! | file | what it holds |
//! |---|---|
//! | [`client`] | clients, and whether what one presents is its own |
//! | [`registration`] | how clients describe themselves |
//! | [`redirect`] | redirect URIs: which may be registered, and when one is another |
//! | [`authorize`] | the authorization request and the redirect that answers it |
//! | [`ticket`] | what a page's form carries, sealed for one browser |
//! | [`token_request`] | what is asked of the token endpoint |
//! | [`credentials`] [`assertion`] [`key`] | how a client presents itself there |
//! | [`delegation`] | a token for a server behind this gateway in place of one for the gateway |
//! | [`pkce`] [`resource`] | proof keys · what a token may be for |
//! | [`metadata`] | what this gateway says of itself to whoever wants a token |
//! | [`parameters`] [`error`] | queries and forms · what a client is told |
//!
//! What must happen once only (a code, a ticket, a refresh token) is decided in [`crate::gate`].

pub mod assertion;
pub mod authorize;
pub mod client;
pub mod console;
pub mod credentials;
pub mod delegation;
pub mod error;
pub mod key;
pub mod metadata;
pub mod parameters;
pub mod pkce;
pub mod redirect;
pub mod registration;
pub mod resource;
pub mod ticket;
pub mod token_request;
