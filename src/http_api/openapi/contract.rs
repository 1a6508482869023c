//! Operations of a document as definitions, for whoever compares two documents.
//!
//! Unlike a conversion nothing is left out: a schema that cannot be translated stands for all components of the document, so
//! that it changes with any of them, and cannot be shown to be compatible then. Documents that this one refers to are not
//! looked at.

use super::reference::{Library, Node};
use super::schema::{Mode, Translator};
use crate::drift::definition::{Definition, Kind};
use crate::json::canonical;
use crate::outbound::{OutboundUrl, Reach};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// Most operations of a document.
pub const MAX_OPERATIONS: usize = 10_000;
/// References are read against this; it is never asked.
const SOURCE: &str = "https://document.example.com/openapi.json";
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
const PLACES: [&str; 4] = ["path", "query", "header", "cookie"];

/// Why the operations of a document cannot be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidContract {
    /// It is not OpenAPI 3.0 or 3.1.
    #[error("the document is not OpenAPI 3.0 or 3.1")]
    Version,
    /// It has no paths.
    #[error("the document has no paths")]
    NoPaths,
    /// It has more than [`MAX_OPERATIONS`].
    #[error("the document has more than {MAX_OPERATIONS} operations")]
    TooMany,
}

/// The definitions of a document: one for each operation, and one for what it says of itself and where it is served.
pub fn definitions(document: &Value) -> Result<Vec<Definition>, InvalidContract> {
    let source = OutboundUrl::parse(SOURCE, Reach::Public).map_err(|_| InvalidContract::Version)?;
    let library = Library::new(source, document.clone());
    let root = library.root();
    let known = |version: &str| version.starts_with("3.0.") || version.starts_with("3.1.");
    if !root.text("openapi").is_some_and(known) {
        return Err(InvalidContract::Version);
    }
    let paths = root.get("paths").filter(|paths| paths.value.is_object()).ok_or(InvalidContract::NoPaths)?;
    let components = root.get("components").map(|components| canonical::text(components.value)).unwrap_or_default();
    let components = hex(&Sha256::digest(components));
    let reader = Reader { library: &library, components };
    let mut all = vec![reader.server()];
    for (path, item) in paths.members().filter(|(path, _)| !path.starts_with("x-")) {
        let item = library.follow(item).unwrap_or(item);
        for method in METHODS {
            let Some(operation) = item.get(method) else { continue };
            if all.len() > MAX_OPERATIONS {
                return Err(InvalidContract::TooMany);
            }
            let name = format!("{} {path}", method.to_ascii_uppercase());
            all.push(Definition::new(Kind::Operation, name, reader.operation(operation, item)));
        }
    }
    Ok(all)
}

struct Reader<'l> {
    library: &'l Library,
    /// What tells the components of the document from others.
    components: String,
}

fn hex(digest: &[u8]) -> String {
    digest.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn object(members: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

impl<'l> Reader<'l> {
    fn server(&self) -> Definition {
        let root = self.library.root();
        let mut info = Map::new();
        for name in ["title", "version", "description"] {
            let value = root.get("info").and_then(|info| info.get(name));
            info.extend(value.map(|value| (name.to_owned(), value.value.clone())));
        }
        let mut definition = Definition::of_server(Some(info), None, None);
        let urls: Vec<Value> =
            root.entries("servers").filter_map(|server| server.get("url")).map(|url| url.value.clone()).collect();
        if !urls.is_empty() {
            definition.members.insert("servers".to_owned(), Value::Array(urls));
        }
        definition
    }

    fn operation(&self, operation: Node<'l>, item: Node<'l>) -> Map<String, Value> {
        let mut members = Map::new();
        for name in ["operationId", "summary", "description", "tags", "deprecated"] {
            members.extend(operation.get(name).map(|value| (name.to_owned(), value.value.clone())));
        }
        members.insert("inputSchema".to_owned(), self.input(operation, item));
        members.insert("responses".to_owned(), self.responses(operation));
        let security = self.security(operation);
        if !security.is_empty() {
            members.insert("security".to_owned(), Value::Array(security));
        }
        members
    }

    /// What a call takes: an object with a member for each place that parameters stand in, and one for the body.
    fn input(&self, operation: Node<'l>, item: Node<'l>) -> Value {
        let mut translator = Translator::new(self.library, Mode::Input);
        let (mut properties, mut needed) = (Map::new(), Vec::new());
        for place in PLACES {
            let (mut own, mut required) = (Map::new(), Vec::new());
            for (name, parameter) in self.parameters(operation, item, place) {
                if place == "path" || parameter.is("required") {
                    required.push(Value::from(name));
                }
                own.insert(name.to_owned(), self.parameter(&mut translator, parameter));
            }
            if !required.is_empty() {
                needed.push(Value::from(place));
            }
            if !own.is_empty() {
                let own =
                    [("type", "object".into()), ("properties", Value::Object(own)), ("required", required.into())];
                properties.insert(place.to_owned(), object(own));
            }
        }
        if let Some(body) = operation.get("requestBody").map(|body| self.library.follow(body).unwrap_or(body)) {
            if body.is("required") {
                needed.push("body".into());
            }
            let types = body.get("content").into_iter().flat_map(Node::members);
            let types = types.map(|(media_type, holder)| (media_type.to_owned(), self.held(&mut translator, holder)));
            let body = [("type", "object".into()), ("properties", Value::Object(types.collect()))];
            properties.insert("body".to_owned(), object(body));
        }
        let schema =
            [("type", "object".into()), ("properties", Value::Object(properties)), ("required", needed.into())];
        self.with_definitions(object(schema), translator)
    }

    /// The parameters in a place: those of the operation, and those of its path that it does not have itself. Names of headers
    /// have no case.
    fn parameters(&self, operation: Node<'l>, item: Node<'l>, place: &str) -> Vec<(&'l str, Node<'l>)> {
        let mut all: Vec<(&'l str, Node<'l>)> = Vec::new();
        for node in item.entries("parameters").chain(operation.entries("parameters")) {
            let node = self.library.follow(node).unwrap_or(node);
            let (Some(name), true) = (node.text("name"), node.text("in") == Some(place)) else { continue };
            all.retain(|(known, _)| !known.eq_ignore_ascii_case(name) || (place != "header" && *known != name));
            all.push((name, node));
        }
        all
    }

    /// The schema of a parameter, with how it is written where that is not the usual way.
    fn parameter(&self, translator: &mut Translator<'l>, parameter: Node<'l>) -> Value {
        let json = parameter.get("content").and_then(|content| content.members().next()).map(|(_, holder)| holder);
        let mut schema = self.held(translator, json.unwrap_or(parameter));
        if schema == Value::Bool(true) {
            schema = object([]);
        }
        if let Value::Object(keywords) = &mut schema {
            for note in ["description", "deprecated"] {
                keywords.extend(parameter.get(note).map(|value| (note.to_owned(), value.value.clone())));
            }
            // A value that is written in another way is another value to the server.
            let written = ["style", "explode"].map(|name| parameter.get(name).map(|value| value.value.to_string()));
            if let [style @ Some(_), explode] | [style, explode @ Some(_)] = written {
                let written = format!("{} {}", style.unwrap_or_default(), explode.unwrap_or_default());
                keywords.insert("format".to_owned(), Value::String(written));
            }
        }
        schema
    }

    /// The schema that a parameter or a media type has.
    fn held(&self, translator: &mut Translator<'l>, holder: Node<'l>) -> Value {
        match holder.get("schema") {
            None => Value::Bool(true),
            Some(schema) => translator.schema(schema).unwrap_or_else(|_| self.untranslated(Map::new())),
        }
    }

    fn responses(&self, operation: Node<'l>) -> Value {
        let mut all = Map::new();
        for (status, response) in operation.get("responses").into_iter().flat_map(Node::members) {
            let response = self.library.follow(response).unwrap_or(response);
            let mut members = Map::new();
            members.extend(response.get("description").map(|text| ("description".to_owned(), text.value.clone())));
            let mut content = Map::new();
            for (media_type, holder) in response.get("content").into_iter().flat_map(Node::members) {
                let mut translator = Translator::new(self.library, Mode::Output);
                let schema = self.held(&mut translator, holder);
                content.insert(media_type.to_owned(), self.with_definitions(schema, translator));
            }
            members.insert("content".to_owned(), Value::Object(content));
            all.insert(status.to_owned(), Value::Object(members));
        }
        Value::Object(all)
    }

    /// The lists of credentials of which one is enough, each scheme with its definition.
    fn security(&self, operation: Node<'l>) -> Vec<Value> {
        let root = self.library.root();
        let holder = if operation.get("security").is_some() { operation } else { root };
        let schemes = root.get("components").and_then(|components| components.get("securitySchemes"));
        let lists = holder.entries("security").map(|list| {
            let needs = list.members().map(|(name, scopes)| {
                let scheme = schemes
                    .and_then(|schemes| schemes.get(name))
                    .map(|scheme| self.library.follow(scheme).unwrap_or(scheme));
                let kept = scheme
                    .into_iter()
                    .flat_map(Node::members)
                    .filter(|(word, _)| ["type", "in", "name", "scheme"].contains(word));
                let scheme = kept.map(|(word, value)| (word.to_owned(), value.value.clone())).collect();
                (name.to_owned(), object([("scheme", Value::Object(scheme)), ("scopes", scopes.value.clone())]))
            });
            Value::Object(needs.collect())
        });
        lists.collect()
    }

    /// A schema that cannot be checked, and is another one whenever a component of the document is.
    fn untranslated(&self, mut keywords: Map<String, Value>) -> Value {
        keywords.insert("$ref".to_owned(), Value::from("#/$defs/untranslated"));
        keywords.insert("x-components".to_owned(), Value::from(self.components.clone()));
        Value::Object(keywords)
    }

    /// A schema with everything it refers to.
    fn with_definitions(&self, schema: Value, translator: Translator<'_>) -> Value {
        match (schema, translator.definitions()) {
            (Value::Object(keywords), Err(_)) => self.untranslated(keywords),
            (Value::Object(mut keywords), Ok(definitions)) if !definitions.is_empty() => {
                keywords.insert("$defs".to_owned(), Value::Object(definitions));
                Value::Object(keywords)
            }
            (schema, _) => schema,
        }
    }
}
