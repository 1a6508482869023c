//! Changes of accounts and ends of sessions, by their names.

use crate::audit::record::{Credential, CredentialKind};
use serde::Serialize;

/// Why a session was revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum RevocationCause {
    /// Its owner logged out.
    Logout,
    /// An old refresh token was used again.
    RefreshTokenReuse,
    /// The code it was opened with was used again.
    CodeReplay,
    /// Its owner ended it on the account page.
    Owner,
    /// The client gave it back.
    Client,
    /// Its owner's password was changed or reset.
    Password,
    /// Its owner was disabled.
    Disabled,
    /// An administrator revoked it.
    Administrator,
    /// Its owner was deleted.
    Deleted,
    /// Its tenant was suspended or deleted.
    Tenant,
}

/// What was done with an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum AccountChange {
    /// The first administrator was made, with the bootstrap token.
    FirstAdmin,
    /// Somebody joined with an invitation.
    Joined,
    /// A code was made that sets a new password.
    ResetOffered,
    /// A new password was set with such a code, and a second factor went with the old one.
    PasswordReset,
    /// Its owner set a new password.
    PasswordChanged,
    /// Its owner turned the second factor on.
    SecondFactorOn,
    /// Its owner turned the second factor off.
    SecondFactorOff,
    /// It was disabled.
    Disabled,
    /// It was enabled again.
    Enabled,
    /// The provider it signed in at said other groups than before.
    GroupsSet,
    /// Its owner connected an account at an upstream.
    Connected,
    /// Its owner ended such a connection.
    Disconnected,
}

impl AccountChange {
    /// Its name in the log and in a record.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FirstAdmin => "first_admin",
            Self::Joined => "joined",
            Self::ResetOffered => "reset_offered",
            Self::PasswordReset => "password_reset",
            Self::PasswordChanged => "password_changed",
            Self::SecondFactorOn => "second_factor_on",
            Self::SecondFactorOff => "second_factor_off",
            Self::Disabled => "disabled",
            Self::Enabled => "enabled",
            Self::GroupsSet => "groups_set",
            Self::Connected => "connected",
            Self::Disconnected => "disconnected",
        }
    }

    /// What is shown for such a change.
    pub(super) const fn credential(self) -> Credential {
        let kind = match self {
            Self::FirstAdmin => CredentialKind::Operator,
            Self::Joined | Self::PasswordReset => CredentialKind::OneTimeCode,
            Self::ResetOffered
            | Self::PasswordChanged
            | Self::SecondFactorOn
            | Self::SecondFactorOff
            | Self::Disabled
            | Self::Enabled
            | Self::GroupsSet
            | Self::Connected
            | Self::Disconnected => CredentialKind::Browser,
        };
        Credential { kind, id: None }
    }
}

impl RevocationCause {
    /// Its name in the log and in a record.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Logout => "logout",
            Self::RefreshTokenReuse => "refresh_token_reuse",
            Self::CodeReplay => "code_replay",
            Self::Owner => "owner",
            Self::Client => "client",
            Self::Password => "password",
            Self::Disabled => "disabled",
            Self::Administrator => "administrator",
            Self::Deleted => "deleted",
            Self::Tenant => "tenant",
        }
    }

    /// Whether the session's owner did it.
    pub(super) const fn by_owner(self) -> bool {
        matches!(self, Self::Logout | Self::Owner)
    }
}
