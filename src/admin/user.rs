//! Users, as administrators see and change them.

use crate::account::kind::UserKind;
use crate::account::role::Role;
use crate::admin::tenant::said;
use crate::id::UserId;
use serde::{Deserialize, Serialize};

/// A person or a service account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct UserView {
    /// Its id.
    pub id: UserId,
    /// Its login name, unique in the gateway.
    pub username: String,
    /// Whether it is a person.
    pub kind: UserKind,
    /// What it may do for its tenant.
    pub role: Role,
    /// The groups that policies may mean.
    pub groups: Vec<String>,
    /// The plan of its own.
    pub plan: Option<String>,
    /// Whether it has a second factor.
    pub second_factor: bool,
    /// When it was disabled, seconds since 1970.
    pub disabled_at: Option<u64>,
    /// When it was made, seconds since 1970.
    pub created_at: u64,
    /// Counts its changes; the number in its `ETag`.
    pub version: u32,
}

/// A service account to be made. People join by invitation.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct NewUser {
    /// Its name: 1 to 64 characters of `a-z 0-9 . _ @ + -`, unique in the gateway.
    pub username: String,
    /// Its role; `agent` when nothing is said.
    pub role: Option<Role>,
    /// Its groups: at most 200 names of 1 to 64 characters.
    #[serde(default)]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(length(max = 200), inner(length(min = 1, max = 64))))]
    pub groups: Vec<String>,
    /// The plan of its own.
    pub plan: Option<String>,
}

/// What changes of a user. What is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct UserChange {
    /// Its role.
    pub role: Option<Role>,
    /// Its groups, all of them: at most 200 names of 1 to 64 characters.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(length(max = 200), inner(length(min = 1, max = 64))))]
    pub groups: Option<Vec<String>>,
    /// The plan of its own; `null` for the tenant's usual one.
    #[serde(default, deserialize_with = "said")]
    pub plan: Option<Option<String>>,
    /// True ends everything it has open and lets it in no more.
    pub disabled: Option<bool>,
}

/// Which users are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct UserFilter {
    /// People or service accounts only.
    pub kind: Option<UserKind>,
    /// Those of a role only.
    pub role: Option<Role>,
}

/// Whom an invitation is for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Invitation {
    /// The role of who joins.
    pub role: Role,
}

/// A one-time code that was made.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct MadeCode {
    /// The code, shown this once.
    pub code: String,
    /// Where it is typed.
    pub place: String,
    /// Until when it is good, seconds since 1970.
    pub expires_at: u64,
}

impl std::fmt::Debug for MadeCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MadeCode").field("place", &self.place).finish_non_exhaustive()
    }
}
