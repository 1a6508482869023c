//! Calls that wait for a person, as administrators see and decide them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Where an approval stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum ApprovalState {
    /// It waits.
    Asked,
    /// The call may be made once.
    Approved,
    /// It may not.
    Refused,
    /// It was made.
    Used,
}

/// A call that waits, or waited.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct ApprovalView {
    /// Its id.
    pub id: String,
    /// Who wants to call.
    pub user: String,
    /// The tool, by its shown name.
    pub tool: String,
    /// The arguments, with what looks like a secret left out.
    pub arguments: Map<String, Value>,
    /// SHA-256 of the exact arguments, which alone may be called with.
    pub digest: String,
    /// The policy that asks for it.
    pub policy: String,
    /// The policy's version then: a changed one asks again.
    pub policy_version: u32,
    /// Where it stands.
    pub state: ApprovalState,
    /// Who decided it.
    pub decided_by: Option<String>,
    /// When it was asked for, seconds since 1970.
    pub created_at: u64,
    /// When it was decided, seconds since 1970.
    pub decided_at: Option<u64>,
    /// When it ends, decided or not, seconds since 1970.
    pub expires_at: u64,
}

/// Which approvals are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct ApprovalFilter {
    /// Those that stand there only.
    pub state: Option<ApprovalState>,
}

/// What a person decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct ApprovalDecision {
    /// True for yes.
    pub approve: bool,
}

impl ApprovalState {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Approved => "approved",
            Self::Refused => "refused",
            Self::Used => "used",
        }
    }
}
