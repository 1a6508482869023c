//! Credentials towards upstreams, as administrators and their owners see and change them.

use crate::credential::secret::Secret;
use crate::id::{UpstreamId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A credential; never what is secret of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct CredentialView {
    /// Its id.
    pub id: String,
    /// The id of the upstream it is shown to.
    pub upstream: UpstreamId,
    /// For whose calls; `null` for everybody's.
    pub user: Option<UserId>,
    /// `bearer`, `header`, `query`, `basic`, `client_credentials` or `connection`.
    pub kind: String,
    /// The only origin it is shown to.
    pub origin: String,
    /// Names, ids and addresses of it.
    pub shown: Map<String, Value>,
    /// Who made it; `null` for the operator.
    pub made_by: Option<String>,
    /// When it was made, seconds since 1970.
    pub created_at: u64,
    /// When it was last replaced, seconds since 1970.
    pub updated_at: u64,
    /// Counts its changes; the number in its `ETag`.
    pub version: u32,
}

/// A credential to be made. It is bound to the origin that the upstream's address has now.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct NewCredential {
    /// The upstream, by its id or its name.
    pub upstream: String,
    /// For whose calls. When nothing is said: everybody's, or a developer's own.
    pub user: Option<UserId>,
    /// What it is.
    pub secret: Secret,
}

/// What a credential becomes. It is bound to the origin that the upstream's address has now.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Replacement {
    /// What it is from now on.
    pub secret: Secret,
}

/// Which credentials are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct CredentialFilter {
    /// Those of this user only.
    pub user: Option<UserId>,
    /// Those of this upstream only, by its id.
    pub upstream: Option<UpstreamId>,
}

/// An account of a user's at an upstream, or that it may connect one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionView {
    /// The credential through which it is connected.
    pub credential: String,
    /// The upstream's name.
    pub upstream: String,
    /// Where a person is sent to connect it.
    pub page: String,
    /// When it was connected, seconds since 1970; none when it is not.
    pub connected_at: Option<u64>,
}

/// What came of sealing anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Resealed {
    /// How many texts were sealed with the current key now.
    pub resealed: u32,
    /// How many open with none of the keys there are.
    pub unreadable: u32,
    /// Whether there is more: order it again.
    pub more: bool,
}
