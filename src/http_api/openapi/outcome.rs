//! Responses → an output schema.

use super::parameter::is_json;
use super::reference::{Library, Node};
use super::schema::{Mode, Translator};
use super::shape::{Shaped, shape};
use serde_json::{Map, Value};

/// The output schema of an operation: that of its answers of success, if they are all the same object as JSON. Otherwise,
/// and where it cannot be checked, there is none: the answer is shown as a text.
pub(super) fn read(operation: Node<'_>, library: &Library) -> Option<Shaped> {
    let responses = operation.get("responses")?;
    let success = responses.members().filter(|(status, _)| status.starts_with('2'));
    let mut schemas = Vec::new();
    for (_, response) in success {
        let response = library.follow(response).ok()?;
        let content = response.get("content")?;
        let mut media_types = content.members();
        let (_, holder) = media_types.next().filter(|(name, _)| is_json(name))?;
        if media_types.any(|(name, _)| !is_json(name)) {
            return None;
        }
        schemas.push(library.follow(holder).ok()?.get("schema")?);
    }
    let first = *schemas.first()?;
    let same = |other: &Node<'_>| other.document == first.document && other.value == first.value;
    schemas.iter().all(same).then(|| object(first, library))?
}

fn object(node: Node<'_>, library: &Library) -> Option<Shaped> {
    if !is_object(node, library, 8) {
        return None;
    }
    let mut translator = Translator::new(library, Mode::Output);
    let Value::Object(keywords) = translator.root(node).ok()? else { return None };
    // In front, where a reader looks for it.
    let mut schema = Map::new();
    schema.insert("type".to_owned(), "object".into());
    schema.extend(keywords.into_iter().filter(|(name, _)| name != "type"));
    shape(schema, translator.definitions().ok()?).ok()
}

/// Whether a schema is for objects only: it says so, or a part of it that always holds does.
fn is_object(node: Node<'_>, library: &Library, levels_left: usize) -> bool {
    let Ok(node) = library.follow(node) else { return false };
    if node.is("nullable") || levels_left == 0 {
        return false;
    }
    match node.value.get("type") {
        Some(Value::String(kind)) => kind == "object",
        Some(_) => false,
        None => {
            let parts: Vec<Node<'_>> = node.entries("allOf").collect();
            let by_parts = parts.iter().any(|part| is_object(*part, library, levels_left - 1));
            by_parts || (node.get("properties").is_some() && node.get("oneOf").is_none() && node.get("anyOf").is_none())
        }
    }
}
