//! Documents that say what a server offers, as definitions that can be compared: OpenAPI documents, and lists of tools.

use super::openapi::contract::{self as operations, InvalidContract};
use super::openapi::document::{self, InvalidDocument};
use crate::drift::definition::Definition;
use crate::drift::offer::Offer;
use crate::drift::version::Version;
use crate::mcp::wire::{Prompt, Resource, ResourceTemplate, Tool};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Members of a list of definitions, or of a snapshot of all of them, as the protocol calls them.
const LISTS: [&str; 7] =
    ["tools", "prompts", "resources", "resourceTemplates", "serverInfo", "capabilities", "instructions"];

/// Why a document is no contract.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// It cannot be read.
    #[error(transparent)]
    Document(#[from] InvalidDocument),
    /// An OpenAPI document that cannot be compared.
    #[error(transparent)]
    OpenApi(#[from] InvalidContract),
    /// Neither an OpenAPI document nor a list of definitions.
    #[error("it is no OpenAPI document and no list of tools")]
    Unknown,
    /// An entry of a list that is no definition.
    #[error("entry {index} of {list} is no definition")]
    Entry {
        /// The list.
        list: &'static str,
        /// Which entry, from 0.
        index: usize,
    },
}

/// Reads a document, JSON or YAML: an OpenAPI document (3.0 or 3.1); a list of tools; an object with lists as the protocol
/// gives them (`tools`, `prompts`, `resources`, `resourceTemplates`) and what a server says of itself; or a JSON-RPC answer
/// whose `result` is one of those.
pub fn read(bytes: &[u8]) -> Result<Offer, Unread> {
    let value = document::read(bytes)?;
    offer(&value)
}

/// Takes such a document apart that was read already.
pub fn offer(value: &Value) -> Result<Offer, Unread> {
    let definitions = match value {
        Value::Array(_) => entries(Some(value), "tools", Definition::of_tool)?,
        Value::Object(members) if members.contains_key("openapi") => operations::definitions(value)?,
        Value::Object(members) => match members.get("result") {
            Some(result @ Value::Object(_)) if members.contains_key("jsonrpc") => return offer(result),
            _ => snapshot(members)?,
        },
        _ => return Err(Unread::Unknown),
    };
    Ok(Offer::new(definitions.into_iter().map(Version::of)))
}

fn snapshot(members: &Map<String, Value>) -> Result<Vec<Definition>, Unread> {
    if !LISTS.iter().any(|list| members.contains_key(*list)) {
        return Err(Unread::Unknown);
    }
    let mut all = entries::<Tool>(members.get("tools"), "tools", Definition::of_tool)?;
    all.extend(entries::<Prompt>(members.get("prompts"), "prompts", Definition::of_prompt)?);
    all.extend(entries::<Resource>(members.get("resources"), "resources", Definition::of_resource)?);
    let templates = members.get("resourceTemplates");
    all.extend(entries::<ResourceTemplate>(templates, "resourceTemplates", Definition::of_template)?);
    let [info, capabilities, instructions] =
        ["serverInfo", "capabilities", "instructions"].map(|name| members.get(name).cloned());
    if info.is_some() || capabilities.is_some() || instructions.is_some() {
        let info = info.and_then(|info| info.as_object().cloned());
        all.push(Definition::of_server(info, capabilities, instructions));
    }
    Ok(all)
}

fn entries<T: DeserializeOwned>(
    list: Option<&Value>,
    name: &'static str,
    define: fn(&T) -> Definition,
) -> Result<Vec<Definition>, Unread> {
    let Some(list) = list else { return Ok(Vec::new()) };
    let entries = list.as_array().ok_or(Unread::Unknown)?;
    let read = entries.iter().enumerate().map(|(index, entry)| {
        let refused = || Unread::Entry { list: name, index };
        // A struct would also be read from a list.
        let entry = if entry.is_object() { entry.clone() } else { return Err(refused()) };
        serde_json::from_value::<T>(entry).map(|item| define(&item)).map_err(|_| refused())
    });
    read.collect()
}

#[cfg(test)]
#[path = "contract_tests.rs"]
mod tests;
