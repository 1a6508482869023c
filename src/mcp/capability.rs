//! What the two sides of a conversation say they can do.
//!
//! A client's capabilities are kept as it wrote them, so that an upstream sees the same; only those the gateway can carry
//! are kept at all. A server's capabilities are a sum: of what every upstream behind an endpoint offers, and the gateway
//! itself.

use super::refusal::{Fault, ParamsProblem};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The extension for calls that go on after their answer (`io.modelcontextprotocol/tasks`, modern era only).
pub const TASKS: &str = "io.modelcontextprotocol/tasks";
/// The extension for interfaces that tools bring along (MCP Apps).
pub const APPS: &str = "io.modelcontextprotocol/ui";

/// What a client can do for a server: the capabilities that reach an upstream, each with its settings as the client gave
/// them. Serialized, it is the protocol's `ClientCapabilities`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientCapabilities {
    /// Run a model (`sampling/createMessage`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampling: Option<Map<String, Value>>,
    /// Ask the user (`elicitation/create`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elicitation: Option<Map<String, Value>>,
    /// Name the folders it works in (`roots/list`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roots: Option<Map<String, Value>>,
    /// Extensions: [`TASKS`] and [`APPS`], no others.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub extensions: Map<String, Value>,
}

impl ClientCapabilities {
    /// Reads a `ClientCapabilities` object. Capabilities the gateway cannot carry are left out; one it knows that is not
    /// an object is refused.
    pub fn read(members: &Map<String, Value>) -> Result<Self, Fault> {
        let known = |name: &'static str| match members.get(name) {
            None => Ok(None),
            Some(Value::Object(settings)) => Ok(Some(settings.clone())),
            Some(_) => Err(Fault::Params(ParamsProblem::NotAnObject(name))),
        };
        let mut extensions = known("extensions")?.unwrap_or_default();
        extensions.retain(|name, settings| [TASKS, APPS].contains(&name.as_str()) && settings.is_object());
        Ok(Self {
            sampling: known("sampling")?,
            elicitation: known("elicitation")?,
            roots: known("roots")?,
            extensions,
        })
    }

    /// Whether a server may ask this client anything at all.
    pub const fn answers(&self) -> bool {
        self.sampling.is_some() || self.elicitation.is_some() || self.roots.is_some()
    }

    /// Whether a server may make this request. An elicitation has a mode: a client that names none takes forms only
    /// (2025-11-25 and 2026-07-28, `client/elicitation`).
    pub fn takes(&self, method: &str, params: &Map<String, Value>) -> bool {
        match method {
            "sampling/createMessage" => self.sampling.is_some(),
            "roots/list" => self.roots.is_some(),
            "elicitation/create" => self.elicitation.as_ref().is_some_and(|modes| match params.get("mode") {
                None => modes.is_empty() || modes.contains_key("form"),
                Some(Value::String(mode)) if mode == "form" => modes.is_empty() || modes.contains_key("form"),
                Some(Value::String(mode)) => mode == "url" && modes.contains_key("url"),
                Some(_) => false,
            }),
            _ => false,
        }
    }

    /// Whether a call may be answered with a task.
    pub fn takes_tasks(&self) -> bool {
        self.extensions.contains_key(TASKS)
    }
}

/// A list that may say when it changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListCapability {
    /// Whether changes of the list are announced.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub list_changed: bool,
}

/// Resources, which may also say when one of them changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourcesCapability {
    /// Whether changes of single resources are announced.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub subscribe: bool,
    /// Whether changes of the list are announced.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub list_changed: bool,
}

/// A capability without settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Plain {}

/// What a server offers. Serialized, it is the protocol's `ServerCapabilities`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ServerCapabilities {
    /// Tools.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tools: Option<ListCapability>,
    /// Prompts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompts: Option<ListCapability>,
    /// Resources.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<ResourcesCapability>,
    /// Completion of arguments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completions: Option<Plain>,
    /// Log messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logging: Option<Plain>,
    /// Extensions: [`TASKS`] and [`APPS`], no others.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub extensions: Map<String, Value>,
}

impl ServerCapabilities {
    /// What the gateway itself offers: tools, whose list changes only with a new version of it.
    pub fn own() -> Self {
        Self { tools: Some(ListCapability::default()), ..Self::default() }
    }

    /// Reads what an upstream said. A capability with a wrong form is one it does not have; unknown ones are left out.
    pub fn read(members: &Map<String, Value>) -> Self {
        let settings = |name: &str| members.get(name).and_then(Value::as_object);
        let flag = |settings: &Map<String, Value>, name: &str| settings.get(name) == Some(&Value::Bool(true));
        let list = |settings: &Map<String, Value>| ListCapability { list_changed: flag(settings, "listChanged") };
        let mut extensions = settings("extensions").cloned().unwrap_or_default();
        extensions.retain(|name, settings| [TASKS, APPS].contains(&name.as_str()) && settings.is_object());
        Self {
            tools: settings("tools").map(list),
            prompts: settings("prompts").map(list),
            resources: settings("resources").map(|settings| ResourcesCapability {
                subscribe: flag(settings, "subscribe"),
                list_changed: flag(settings, "listChanged"),
            }),
            completions: settings("completions").map(|_| Plain {}),
            logging: settings("logging").map(|_| Plain {}),
            extensions,
        }
    }

    /// Adds what another server offers behind the same endpoint.
    pub fn add(&mut self, other: &Self) {
        let list = |mine: &mut Option<ListCapability>, other: Option<ListCapability>| {
            if let Some(other) = other {
                mine.get_or_insert_default().list_changed |= other.list_changed;
            }
        };
        list(&mut self.tools, other.tools);
        list(&mut self.prompts, other.prompts);
        if let Some(other) = other.resources {
            let mine = self.resources.get_or_insert_default();
            mine.subscribe |= other.subscribe;
            mine.list_changed |= other.list_changed;
        }
        self.completions = self.completions.or(other.completions);
        self.logging = self.logging.or(other.logging);
        for (name, settings) in &other.extensions {
            self.extensions.entry(name).or_insert_with(|| settings.clone());
        }
    }

    /// What a legacy client is told. Tasks are an extension of the modern era.
    #[must_use]
    pub fn in_legacy(mut self) -> Self {
        self.extensions.shift_remove(TASKS);
        self
    }

    /// Whether a legacy client needs a session to use all of it: log levels and subscriptions are kept between requests.
    pub fn needs_session(&self) -> bool {
        self.logging.is_some() || self.resources.is_some_and(|resources| resources.subscribe)
    }

    /// Whether anything is announced that belongs to no request.
    pub fn announces(&self) -> bool {
        let list = |list: Option<ListCapability>| list.is_some_and(|list| list.list_changed);
        let resources = self.resources.is_some_and(|resources| resources.subscribe || resources.list_changed);
        list(self.tools) || list(self.prompts) || resources
    }
}

#[cfg(test)]
mod tests {
    use super::{ClientCapabilities, ServerCapabilities};
    use serde_json::{Map, Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn map(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    fn client(value: &Value) -> ClientCapabilities {
        ClientCapabilities::read(&map(value)).unwrap()
    }

    #[test]
    fn a_clients_settings_are_kept_and_what_cannot_be_carried_is_not() {
        let said = json!({"sampling": {"tools": {}}, "elicitation": {"url": {}}, "roots": {"listChanged": true},
            "extensions": {"io.modelcontextprotocol/ui": {"mimeTypes": ["a"]}, "com.example/x": {}},
            "experimental": {"y": {}}, "z": {}});
        let kept = serde_json::to_value(client(&said)).unwrap();
        assert_eq!(
            kept,
            json!({"sampling": {"tools": {}}, "elicitation": {"url": {}}, "roots": {"listChanged": true},
                "extensions": {"io.modelcontextprotocol/ui": {"mimeTypes": ["a"]}}})
        );
        assert_eq!(serde_json::to_value(client(&json!({}))).unwrap(), json!({}));
        for name in ["sampling", "elicitation", "roots", "extensions"] {
            assert!(ClientCapabilities::read(&map(&json!({name: true}))).is_err(), "{name}");
        }
    }

    #[test]
    fn a_server_may_ask_only_what_the_client_takes() {
        let asks = |said: Value, method: &str, params: Value| client(&said).takes(method, &map(&params));
        assert!(asks(json!({"sampling": {}}), "sampling/createMessage", json!({})));
        assert!(!asks(json!({"sampling": {}}), "roots/list", json!({})));
        assert!(asks(json!({"roots": {}}), "roots/list", json!({})));
        for (said, form, url) in [
            (json!({}), true, false),
            (json!({"form": {}}), true, false),
            (json!({"url": {}}), false, true),
            (json!({"form": {}, "url": {}}), true, true),
        ] {
            let asks = |params| asks(json!({"elicitation": said}), "elicitation/create", params);
            assert_eq!(
                (asks(json!({})), asks(json!({"mode": "form"})), asks(json!({"mode": "url"}))),
                (form, form, url)
            );
            assert!(!asks(json!({"mode": 1})) && !asks(json!({"mode": "new"})));
        }
        assert!(!asks(json!({"sampling": {}, "roots": {}}), "tools/call", json!({})));
        assert!(!client(&json!({"extensions": {}})).answers() && client(&json!({"roots": {}})).answers());
    }

    #[test]
    fn an_endpoint_offers_what_any_server_behind_it_offers() {
        let mut sum = ServerCapabilities::own();
        assert_eq!(serde_json::to_value(&sum).unwrap(), json!({"tools": {}}));
        assert!(!sum.needs_session() && !sum.announces());
        sum.add(&ServerCapabilities::read(&map(
            &json!({"prompts": {}, "resources": {"listChanged": true}, "logging": 1}),
        )));
        sum.add(&ServerCapabilities::read(&map(&json!({"tools": {"listChanged": true}, "resources": {"subscribe": true},
            "completions": {}, "logging": {}, "tasks": {}, "extensions": {"io.modelcontextprotocol/tasks": {}, "x/y": {}}}))));
        assert_eq!(
            serde_json::to_value(&sum).unwrap(),
            json!({"tools": {"listChanged": true}, "prompts": {}, "resources": {"subscribe": true, "listChanged": true},
                "completions": {}, "logging": {}, "extensions": {"io.modelcontextprotocol/tasks": {}}})
        );
        assert!(sum.needs_session() && sum.announces());
        assert!(serde_json::to_value(sum.in_legacy()).unwrap().get("extensions").is_none());
    }
}
