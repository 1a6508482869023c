//! API keys, as administrators and their owners see and change them.

use crate::account::api_key::{MAX_ENTRIES, Networks};
use crate::admin::tenant::said;
use crate::id::{ApiKeyId, UserId};
use serde::{Deserialize, Serialize};

/// Longest time that a replaced key goes on, in seconds: 30 days.
pub const LONGEST_OVERLAP: u64 = 30 * 86_400;
/// The same when nothing is said: an hour.
pub const USUAL_OVERLAP: u64 = 3_600;
/// Longest pattern or name of a list, in bytes.
const LONGEST_ENTRY: usize = 256;

/// What is known of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct KeyView {
    /// Its public id.
    pub id: ApiKeyId,
    /// Whose it is.
    pub user: UserId,
    /// What its owner calls it.
    pub name: String,
    /// What it may be used for.
    pub scope: String,
    /// Patterns of the tools it may use; `null` for everything its owner may.
    pub tools: Option<Vec<String>>,
    /// Names of the upstreams it may use; `null` for all.
    pub upstreams: Option<Vec<String>>,
    /// Networks it may be used from; `null` for anywhere.
    pub networks: Option<Vec<String>>,
    /// The plan of its own.
    pub plan: Option<String>,
    /// Who made it.
    pub made_by: String,
    /// When it was made, seconds since 1970.
    pub created_at: u64,
    /// When it ends by itself, seconds since 1970.
    pub expires_at: Option<u64>,
    /// When it was revoked, seconds since 1970.
    pub revoked_at: Option<u64>,
    /// When it was last used, seconds since 1970, a minute or so behind.
    pub last_used_at: Option<u64>,
    /// Counts its changes; the number in its `ETag`.
    pub version: u32,
}

/// A key that was made.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct MadeKey {
    /// The key itself, for `Authorization: Bearer`; shown this once.
    pub secret: String,
    /// What is known of it.
    pub key: KeyView,
}

/// A key to be made.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct NewKey {
    /// What it is called: 1 to 64 characters.
    pub name: String,
    /// Whose it is; who asks, when nothing is said.
    pub user: Option<UserId>,
    /// What it may be used for; `tools:call tools:read` when nothing is said. Never more than the credential that asks.
    pub scope: Option<String>,
    /// Patterns of shown names of tools.
    pub tools: Option<Vec<String>>,
    /// Names of upstreams.
    pub upstreams: Option<Vec<String>>,
    /// Networks in CIDR notation.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<Vec<String>>", length(min = 1, max = 64)))]
    pub networks: Option<Networks>,
    /// A plan of its own.
    pub plan: Option<String>,
    /// When it ends by itself, seconds since 1970.
    pub expires_at: Option<u64>,
}

/// What changes of a key. What is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct KeyChange {
    /// What it is called.
    pub name: Option<String>,
    /// What it may be used for.
    pub scope: Option<String>,
    /// Patterns of shown names of tools; `null` for everything its owner may.
    #[serde(default, deserialize_with = "said")]
    pub tools: Option<Option<Vec<String>>>,
    /// Names of upstreams; `null` for all.
    #[serde(default, deserialize_with = "said")]
    pub upstreams: Option<Option<Vec<String>>>,
    /// Networks in CIDR notation; `null` for anywhere.
    #[serde(default, deserialize_with = "said")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<Vec<String>>", length(min = 1, max = 64)))]
    pub networks: Option<Option<Networks>>,
    /// A plan of its own; `null` for its owner's.
    #[serde(default, deserialize_with = "said")]
    pub plan: Option<Option<String>>,
    /// When it ends by itself, seconds since 1970; `null` for never.
    #[serde(default, deserialize_with = "said")]
    pub expires_at: Option<Option<u64>>,
}

/// How a key is replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Rotation {
    /// How long the old key still goes on, in seconds: 0 to 30 days; an hour when nothing is said.
    pub overlap: Option<u64>,
}

/// Which keys are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct KeyFilter {
    /// Those of one user only.
    pub user: Option<UserId>,
}

/// Whether a list of patterns or names can be a key's: 1 to [`MAX_ENTRIES`] texts, none empty, long or with blanks.
pub fn is_list(entries: &[String]) -> bool {
    let fits = |entry: &String| {
        (1..=LONGEST_ENTRY).contains(&entry.len()) && !entry.chars().any(|c| c.is_control() || c.is_whitespace())
    };
    (1..=MAX_ENTRIES).contains(&entries.len()) && entries.iter().all(fits)
}
