//! Whether a user is a person or a program.

use serde::{Deserialize, Serialize};

/// What kind of user one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum UserKind {
    /// Has a password, or comes from another OpenID provider.
    Person,
    /// A service account, which has keys alone.
    Service,
}

impl UserKind {
    /// Its name, in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Service => "service",
        }
    }
}
