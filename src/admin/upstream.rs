//! Upstreams, as administrators see and change them.

use crate::admin::import::Source;
use crate::admin::order::InvalidOrder;
use crate::admin::tenant::said;
use crate::file;
use crate::file::options::FileOptions;
use crate::id::UpstreamId;
use crate::sql::options::DatabaseOptions;
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
    /// Nothing: files in the gateway's bucket, as `files` says.
    Files,
    /// SQL: a database that the gateway's operator gave to the tenant, as `database` says.
    Database,
}

impl UpstreamKind {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mcp => "mcp",
            Self::Http => "http",
            Self::Files => "files",
            Self::Database => "database",
        }
    }
}

/// An upstream.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct UpstreamView {
    /// Its id.
    pub id: UpstreamId,
    /// Its name, which stands before the names of what it offers.
    pub name: String,
    /// What it speaks.
    pub kind: UpstreamKind,
    /// Its address; of the kinds `files` and `database`, `r2://` or `d1://` and the binding.
    pub url: String,
    /// What it offers, for the kind `http`; not in a list.
    pub api: Option<Map<String, Value>>,
    /// Where its OpenAPI document is fetched again, for the kind `http`; not there where it is described by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// How its files are used, for the kind `files`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<FileOptions>,
    /// Which database it is and how it is used, for the kind `database`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<DatabaseOptions>,
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
    /// Its address: `https`, and public. For the kind `http`, the base of `api`; not for the kinds `files` and `database`.
    pub url: Option<String>,
    /// What it speaks; `mcp` when nothing is said.
    #[serde(default)]
    pub kind: UpstreamKind,
    /// What it offers, for the kind `http`.
    pub api: Option<Map<String, Value>>,
    /// How its files are used, for the kind `files`.
    pub files: Option<FileOptions>,
    /// Which database it is and how it is used, for the kind `database`.
    pub database: Option<DatabaseOptions>,
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
    /// What it offers, for the kind `http`. Its document is not fetched again then.
    #[serde(default, deserialize_with = "said")]
    pub api: Option<Option<Map<String, Value>>>,
    /// How its files are used, for the kind `files`.
    pub files: Option<FileOptions>,
    /// How its database is used, for the kind `database`.
    pub database: Option<DatabaseOptions>,
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

/// What an upstream of that kind offers, as it is stored: a JSON object for `http`, and nothing for the others, of which it is known.
pub fn api_of(kind: UpstreamKind, api: Option<&Map<String, Value>>) -> Result<Option<String>, InvalidOrder> {
    let wrong = |problem: &'static str| Err(InvalidOrder::Member { member: "api", problem });
    match (kind, api) {
        (UpstreamKind::Mcp | UpstreamKind::Files | UpstreamKind::Database, None) => Ok(None),
        (UpstreamKind::Mcp | UpstreamKind::Files | UpstreamKind::Database, Some(_)) => {
            wrong("is for upstreams of the kind http")
        }
        (UpstreamKind::Http, None) => wrong("says what an upstream of the kind http offers"),
        (UpstreamKind::Http, Some(api)) => {
            let text = Value::Object(api.clone()).to_string();
            if text.len() > LONGEST_API { wrong("is longer than 512 KiB") } else { Ok(Some(text)) }
        }
    }
}

/// A part of the platform behind the gateway, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredStore {
    /// Where it is: not an address that anybody is asked at.
    pub url: String,
    /// How it is used, as JSON.
    pub options: String,
}

/// How an upstream of the kinds `files` and `database` is stored; nothing for the others.
pub fn store_of(
    kind: UpstreamKind,
    files: Option<&FileOptions>,
    database: Option<&DatabaseOptions>,
) -> Result<Option<StoredStore>, InvalidOrder> {
    let wrong = |member: &'static str, problem: &'static str| Err(InvalidOrder::Member { member, problem });
    match (kind, files, database) {
        (UpstreamKind::Mcp | UpstreamKind::Http | UpstreamKind::Database, Some(_), _) => {
            wrong("files", "is for upstreams of the kind files")
        }
        (UpstreamKind::Mcp | UpstreamKind::Http | UpstreamKind::Files, _, Some(_)) => {
            wrong("database", "is for upstreams of the kind database")
        }
        (UpstreamKind::Mcp | UpstreamKind::Http, None, None) => Ok(None),
        (UpstreamKind::Files, files, None) => {
            let files = files.cloned().unwrap_or_default();
            files.check().map_err(|invalid| InvalidOrder::Shape(format!("files: {invalid}")))?;
            Ok(Some(StoredStore { url: format!("r2://{}", file::BINDING), options: written(&files) }))
        }
        (UpstreamKind::Database, None, None) => wrong("database", "says which database it is"),
        (UpstreamKind::Database, None, Some(database)) => {
            database.check().map_err(|invalid| InvalidOrder::Shape(format!("database: {invalid}")))?;
            Ok(Some(StoredStore { url: format!("d1://{}", database.binding), options: written(database) }))
        }
    }
}

fn written(options: &impl Serialize) -> String {
    // Texts, numbers and flags always serialize.
    serde_json::to_value(options).unwrap_or_default().to_string()
}

#[cfg(test)]
mod tests {
    use super::{UpstreamKind, api_of, store_of};
    use serde_json::Map;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn only_an_upstream_that_cannot_say_what_it_offers_is_described() {
        let api: Map<_, _> = [("tools".to_owned(), serde_json::json!([]))].into_iter().collect();
        assert_eq!(api_of(UpstreamKind::Mcp, None), Ok(None));
        assert_eq!(api_of(UpstreamKind::Http, Some(&api)), Ok(Some("{\"tools\":[]}".into())));
        assert!(api_of(UpstreamKind::Mcp, Some(&api)).is_err() && api_of(UpstreamKind::Http, None).is_err());
        for kind in [UpstreamKind::Files, UpstreamKind::Database] {
            assert!(api_of(kind, None) == Ok(None) && api_of(kind, Some(&api)).is_err());
        }
    }

    #[test]
    fn a_store_is_at_its_binding_and_takes_what_is_its_own_kinds() {
        let files: crate::file::options::FileOptions = serde_json::from_str(r#"{"read_only": true}"#).unwrap();
        let database = serde_json::from_str(r#"{"binding": "DATA_CRM"}"#).unwrap();
        let of = |kind, files, database| store_of(kind, files, database).map(|store| store.map(|store| store.url));
        assert_eq!(of(UpstreamKind::Files, Some(&files), None), Ok(Some("r2://FILES".into())));
        assert_eq!(of(UpstreamKind::Files, None, None), Ok(Some("r2://FILES".into())));
        assert_eq!(of(UpstreamKind::Database, None, Some(&database)), Ok(Some("d1://DATA_CRM".into())));
        assert_eq!((of(UpstreamKind::Mcp, None, None), of(UpstreamKind::Http, None, None)), (Ok(None), Ok(None)));
        assert!(of(UpstreamKind::Database, None, None).is_err());
        for kind in [UpstreamKind::Mcp, UpstreamKind::Http, UpstreamKind::Database] {
            assert!(of(kind, Some(&files), None).is_err());
        }
        for kind in [UpstreamKind::Mcp, UpstreamKind::Http, UpstreamKind::Files] {
            assert!(of(kind, None, Some(&database)).is_err());
        }
        let own = serde_json::from_str(r#"{"binding": "DB"}"#).unwrap();
        assert!(of(UpstreamKind::Database, None, Some(&own)).is_err());
        let large = serde_json::from_str(r#"{"max_bytes": 99999999}"#).unwrap();
        assert!(of(UpstreamKind::Files, Some(&large), None).is_err());
    }
}
