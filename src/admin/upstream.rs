//! Upstreams, as administrators see and change them.

use crate::admin::order::InvalidOrder;
use crate::admin::tenant::said;
use crate::id::UpstreamId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Longest URL, in bytes.
pub const LONGEST_URL: usize = 2048;
/// Longest description of what an upstream offers, in bytes of JSON.
pub const LONGEST_API: usize = 512 * 1024;

/// What an upstream speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum UpstreamKind {
    /// The Model Context Protocol.
    #[default]
    Mcp,
    /// HTTP, as `api` says.
    Http,
}

impl UpstreamKind {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mcp => "mcp",
            Self::Http => "http",
        }
    }
}

/// An upstream.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct UpstreamView {
    /// Its id.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "String"))]
    pub id: UpstreamId,
    /// Its name, which stands before the names of what it offers.
    pub name: String,
    /// What it speaks.
    pub kind: UpstreamKind,
    /// Its address.
    pub url: String,
    /// What it offers, for the kind `http`; not in a list.
    pub api: Option<Map<String, Value>>,
    /// When it was disabled, seconds since 1970.
    pub disabled_at: Option<u64>,
    /// When it was made, seconds since 1970.
    pub created_at: u64,
    /// When it was last changed, seconds since 1970.
    pub updated_at: u64,
    /// Counts its changes; the number in its `ETag`.
    pub version: u32,
}

/// An upstream to be made.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct NewUpstream {
    /// Its name, which stands before the names of what it offers; unique in the tenant.
    pub name: String,
    /// Its address: `https`, and public. For the kind `http`, the base of `api`.
    pub url: String,
    /// What it speaks; `mcp` when nothing is said.
    #[serde(default)]
    pub kind: UpstreamKind,
    /// What it offers, for the kind `http`.
    pub api: Option<Map<String, Value>>,
}

/// What changes of an upstream. What is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct UpstreamChange {
    /// A new name.
    pub name: Option<String>,
    /// A new address. Credentials that are bound to another origin are not shown to it.
    pub url: Option<String>,
    /// What it offers, for the kind `http`.
    #[serde(default, deserialize_with = "said")]
    pub api: Option<Option<Map<String, Value>>>,
    /// True shows it to nobody, false shows it again.
    pub disabled: Option<bool>,
}

/// What an upstream says of itself just now.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct UpstreamTrial {
    /// Whether it answered as it should.
    pub works: bool,
    /// What went wrong, where something did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Whether it speaks a revision with sessions.
    pub legacy: bool,
    /// Its tools, by its own names.
    pub tools: Vec<String>,
    /// Its prompts, by its own names.
    pub prompts: Vec<String>,
    /// How many resources and resource templates it has.
    pub resources: usize,
    /// Entries of its lists that cannot be used, with the reason.
    pub unusable: Vec<String>,
}

/// What an upstream of that kind offers, as it is stored: a JSON object for `http`, and nothing for `mcp`, which says it itself.
pub fn api_of(kind: UpstreamKind, api: Option<&Map<String, Value>>) -> Result<Option<String>, InvalidOrder> {
    let wrong = |problem: &'static str| Err(InvalidOrder::Member { member: "api", problem });
    match (kind, api) {
        (UpstreamKind::Mcp, None) => Ok(None),
        (UpstreamKind::Mcp, Some(_)) => wrong("is for upstreams of the kind http"),
        (UpstreamKind::Http, None) => wrong("says what an upstream of the kind http offers"),
        (UpstreamKind::Http, Some(api)) => {
            let text = Value::Object(api.clone()).to_string();
            if text.len() > LONGEST_API { wrong("is longer than 512 KiB") } else { Ok(Some(text)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{UpstreamKind, api_of};
    use serde_json::Map;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn only_an_upstream_that_cannot_say_what_it_offers_is_described() {
        let api: Map<_, _> = [("tools".to_owned(), serde_json::json!([]))].into_iter().collect();
        assert_eq!(api_of(UpstreamKind::Mcp, None), Ok(None));
        assert_eq!(api_of(UpstreamKind::Http, Some(&api)), Ok(Some("{\"tools\":[]}".into())));
        assert!(api_of(UpstreamKind::Mcp, Some(&api)).is_err() && api_of(UpstreamKind::Http, None).is_err());
    }
}
