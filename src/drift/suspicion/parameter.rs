//! Parameters that ask for what is none of their business. A model fills in a parameter because it is there, so a new one is
//! how a definition asks for more than it did.

use super::Suspicion;
use super::secret::asks_for_more;
use crate::drift::change::Change;
use crate::drift::definition::Definition;
use crate::drift::reason::Reason;
use serde_json::{Map, Value};

/// Names of parameters that take what a conversation holds, or secrets. `_` and `-` do not count.
const NAMES: [&str; 37] = [
    "context",
    "sidenote",
    "sidenotes",
    "systemprompt",
    "systemmessage",
    "prompthistory",
    "conversation",
    "conversationhistory",
    "conversationcontext",
    "conversationsummary",
    "chathistory",
    "chatcontext",
    "chatlog",
    "messagehistory",
    "fullcontext",
    "usercontext",
    "agentcontext",
    "modelcontext",
    "llmcontext",
    "sessioncontext",
    "transcript",
    "thoughts",
    "chainofthought",
    "reasoning",
    "scratchpad",
    "memory",
    "memories",
    "previousmessages",
    "userprompt",
    "originalprompt",
    "environmentvariables",
    "envvars",
    "sshkey",
    "privatekey",
    "sessiontoken",
    "sessioncookie",
    "cookies",
];

/// Names that are often harmless; what their description says decides.
const DOUBTFUL: [&str; 14] = [
    "notes",
    "note",
    "metadata",
    "extra",
    "debug",
    "info",
    "comment",
    "feedback",
    "summary",
    "details",
    "additionalinfo",
    "background",
    "history",
    "annotation",
];

/// What the description of a doubtful parameter must not speak of.
const TOPICS: [&str; 14] = [
    "conversation",
    "chat",
    "previous message",
    "system prompt",
    "other tool",
    "what the user",
    "user's request",
    "user said",
    "credential",
    "password",
    "secret",
    "environment",
    "file content",
    "contents of",
];

/// New parameters of a tool, prompt or operation that ask for what is none of their business. At first sight none is new.
pub(super) fn suspect(before: Option<&Definition>, now: &Definition) -> Vec<Change> {
    let Some(before) = before else { return Vec::new() };
    let mut found = Vec::new();
    if let Some(schema) = now.members.get("inputSchema") {
        let old = before.members.get("inputSchema");
        walk(old, schema, "/inputSchema", 8, &mut found);
    }
    for (name, argument) in arguments(now) {
        if !arguments(before).any(|(known, _)| known == name) && is_sensitive(name, argument) {
            found.push(Change::new("/arguments", None, Some(argument), Reason::Suspicion(Suspicion::Parameter)));
        }
    }
    found
}

/// The arguments of a prompt.
fn arguments(definition: &Definition) -> impl Iterator<Item = (&str, &Value)> {
    let list = definition.members.get("arguments").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(|argument| Some((argument.get("name")?.as_str()?, argument)))
}

fn properties(schema: Option<&Value>) -> Option<&Map<String, Value>> {
    schema?.get("properties")?.as_object()
}

fn walk(old: Option<&Value>, new: &Value, at: &str, depth: usize, found: &mut Vec<Change>) {
    if depth == 0 {
        return;
    }
    let known = properties(old);
    for (name, schema) in properties(Some(new)).into_iter().flatten() {
        let at = format!("{at}/properties/{}", name.replace('~', "~0").replace('/', "~1"));
        let before = known.and_then(|known| known.get(name));
        if before.is_none() && is_sensitive(name, schema) {
            found.push(Change::new(&at, None, Some(schema), Reason::Suspicion(Suspicion::Parameter)));
        }
        walk(before, schema, &at, depth - 1, found);
    }
    if let Some(items) = new.get("items") {
        walk(old.and_then(|old| old.get("items")), items, &format!("{at}/items"), depth - 1, found);
    }
}

fn is_sensitive(name: &str, schema: &Value) -> bool {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let description = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    if asks_for_more(description) {
        return true;
    }
    // A number or a switch takes no text.
    let kind = schema.get("type").and_then(Value::as_str);
    if matches!(kind, Some("boolean" | "integer" | "number")) || schema.get("enum").is_some() {
        return false;
    }
    let lower = description.to_lowercase();
    let told = DOUBTFUL.contains(&plain.as_str()) && TOPICS.iter().any(|topic| lower.contains(topic));
    NAMES.contains(&plain.as_str()) || told
}
