//! A tool server whose tools change while it runs.

use super::{Reply, Request, Server};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A server of revision 2026-07-28 that lists what it is told to, and answers every call with the arguments: as structured content too
/// where the tool has an output schema, whatever that says.
#[derive(Clone, Debug)]
pub struct Shifting {
    /// The server, with every request it got.
    pub server: Server,
    tools: Arc<Mutex<Value>>,
    late: Arc<Mutex<Option<Duration>>>,
}

impl Shifting {
    /// A server with these tools.
    pub fn start(tools: Value) -> Self {
        let tools = Arc::new(Mutex::new(tools));
        let late: Arc<Mutex<Option<Duration>>> = Arc::default();
        let (listed, delay) = (tools.clone(), late.clone());
        let server = Server::start(move |request| {
            let tools = listed.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let reply = answer(request, &tools);
            if request.json()["method"] != "tools/list" {
                return reply;
            }
            match delay.lock().unwrap_or_else(PoisonError::into_inner).take() {
                Some(delay) => Reply::Late(delay, Box::new(reply)),
                None => reply,
            }
        });
        Self { server, tools, late }
    }

    /// Answers the next listing after this time, with what it lists when it is asked.
    pub fn be_late(&self, delay: Duration) {
        *self.late.lock().unwrap_or_else(PoisonError::into_inner) = Some(delay);
    }

    /// How often it was asked for its tools.
    pub fn listings(&self) -> usize {
        self.server.asked().iter().filter(|request| request.json()["method"] == "tools/list").count()
    }

    /// Lists these from now on.
    pub fn shift(&self, tools: Value) {
        *self.tools.lock().unwrap_or_else(PoisonError::into_inner) = tools;
    }

    /// The calls that reached it.
    pub fn calls(&self) -> usize {
        self.server.asked().iter().filter(|request| request.json()["method"] == "tools/call").count()
    }
}

/// A tool of this name, with this description and these required members of text.
pub fn tool(name: &str, description: &str, required: &[&str]) -> Value {
    let properties: serde_json::Map<_, _> =
        required.iter().map(|name| ((*name).to_owned(), json!({"type": "string"}))).collect();
    let schema = json!({"type": "object", "properties": properties, "required": required});
    json!({"name": name, "description": description, "inputSchema": schema})
}

fn answer(request: &Request, tools: &Value) -> Reply {
    let body = request.json();
    let about = json!({"io.modelcontextprotocol/serverInfo": {"name": "shifting", "version": "1.0.0"}});
    let result = |mut result: Value| {
        result["resultType"] = "complete".into();
        result["_meta"] = about.clone();
        Reply::json(200, &json!({"jsonrpc": "2.0", "id": body["id"], "result": result}))
    };
    match body["method"].as_str().unwrap_or_default() {
        "server/discover" => result(json!({"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}},
            "ttlMs": 0, "cacheScope": "public"})),
        "tools/list" => result(json!({"tools": tools, "ttlMs": 0, "cacheScope": "public"})),
        "tools/call" => {
            let (called, arguments) = (&body["params"]["name"], &body["params"]["arguments"]);
            let mut told = json!({"content": [{"type": "text", "text": arguments.to_string()}]});
            let promises = |tool: &Value| tool["name"] == *called && tool["outputSchema"].is_object();
            if tools.as_array().is_some_and(|tools| tools.iter().any(promises)) {
                told["structuredContent"] = arguments.clone();
            }
            result(told)
        }
        _ => {
            let error = json!({"code": -32601, "message": "Method not found"});
            Reply::json(404, &json!({"jsonrpc": "2.0", "id": body["id"], "error": error}))
        }
    }
}
