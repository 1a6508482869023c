//! Security schemes → credentials.

use super::reference::{Library, Node};
use super::refusal::Refusal;
use crate::http_api::credential::{Slot, SlotKind, SlotPlace};
use crate::http_api::encode::is_token;
use serde_json::Value;

/// Lists of names of credentials, and the slots that they name.
pub(super) type Needs = (Vec<Vec<String>>, Vec<Slot>);

/// Which lists of credentials an operation may be called with, and the slots they name. Lists with a kind that is not known
/// are left out; when nothing is left the operation is refused.
pub(super) fn needs<'l>(operation: Node<'l>, library: &'l Library) -> Result<Needs, Refusal> {
    let root = library.root();
    let holder = if operation.get("security").is_some() { operation } else { root };
    let lists: Vec<Node<'_>> = holder.entries("security").filter(|list| list.value.is_object()).collect();
    let mut security = Vec::new();
    let mut slots: Vec<Slot> = Vec::new();
    for list in &lists {
        let read: Option<Vec<Slot>> = list.members().map(|(scheme, _)| slot(scheme, root, library)).collect();
        let Some(read) = read else { continue };
        security.push(read.iter().map(|slot| slot.scheme.clone()).collect());
        slots.extend(read);
    }
    // One that needs nothing needs no list.
    if security.iter().all(Vec::is_empty) && !security.is_empty() {
        security.clear();
    } else if security.is_empty() && !lists.is_empty() {
        return Err(Refusal::Security);
    }
    Ok((security, slots))
}

fn slot(scheme: &str, root: Node<'_>, library: &Library) -> Option<Slot> {
    let node = root.get("components")?.get("securitySchemes")?.get(scheme)?;
    let node = library.follow(node).ok()?;
    let http = node.text("scheme").unwrap_or_default().to_ascii_lowercase();
    let kind = match node.text("type")? {
        "apiKey" => SlotKind::ApiKey,
        "http" if http == "basic" => SlotKind::Basic,
        "http" if http == "bearer" => SlotKind::Bearer,
        "oauth2" => SlotKind::Oauth2,
        "openIdConnect" => SlotKind::OpenIdConnect,
        _ => return None,
    };
    let keyed = kind == SlotKind::ApiKey;
    let place = match node.get("in").map(|place| place.value) {
        _ if !keyed => None,
        Some(Value::String(place)) => Some(match place.as_str() {
            "header" => SlotPlace::Header,
            "query" => SlotPlace::Query,
            "cookie" => SlotPlace::Cookie,
            _ => return None,
        }),
        _ => return None,
    };
    let name = if keyed { Some(node.text("name").filter(|name| is_token(name))?.to_owned()) } else { None };
    (1..=128).contains(&scheme.len()).then(|| Slot { scheme: scheme.to_owned(), kind, place, name })
}
