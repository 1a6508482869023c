//! Revocations, as administrators see and make them.

use serde::{Deserialize, Serialize};

/// What is revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum RevocationKind {
    /// One access token of a user.
    Token,
    /// One session of a user: every token of it.
    Session,
    /// Everything that a user has open, its keys included.
    User,
    /// One API key.
    Key,
    /// What an OAuth client has of a user, or of everybody.
    Client,
    /// Everything that everybody of the tenant has open, keys included.
    Tenant,
    /// What was opened or made before a moment, of a user or of everybody.
    Before,
}

impl RevocationKind {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Session => "session",
            Self::User => "user",
            Self::Key => "key",
            Self::Client => "client",
            Self::Tenant => "tenant",
            Self::Before => "before",
        }
    }
}

/// What is to be revoked.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct NewRevocation {
    /// What kind of thing.
    pub kind: RevocationKind,
    /// Which one: the token, the session, the key or the client.
    pub id: Option<String>,
    /// Whose: needed for a token, a session and a user.
    pub user: Option<String>,
    /// The moment of `before`, seconds since 1970.
    pub moment: Option<u64>,
    /// Why, for whoever reads the list.
    pub reason: Option<String>,
}

/// What was revoked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct RevocationView {
    /// Its id.
    pub id: String,
    /// What kind of thing.
    pub kind: RevocationKind,
    /// Which one.
    pub subject: String,
    /// Whose it was.
    pub user: Option<String>,
    /// Why.
    pub cause: String,
    /// Who revoked it; none when the gateway itself did.
    pub made_by: Option<String>,
    /// When, seconds since 1970.
    pub created_at: u64,
    /// Until when it would have been good otherwise, seconds since 1970.
    pub until: u64,
}
