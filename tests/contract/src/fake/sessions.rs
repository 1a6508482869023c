//! A recorder with any number of places: `/{tenant}/old` speaks 2025-11-25 and gives every handshake a session of its own,
//! `/{tenant}/new` speaks 2026-07-28. Each has tools, a prompt, a resource and a template, and what reached one place is
//! told apart from what reached the others.

use super::{Reply, Request, Server};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The header of a session.
const SESSION: &str = "mcp-session-id";
/// How often [`Recorder`]'s tool `wait` says that it goes on, and how far apart that is.
const STEPS: u32 = 100;
const STEP: Duration = Duration::from_millis(250);
/// How long its tools `think` and `hang` say nothing.
const SILENCE: Duration = Duration::from_mins(1);

/// See above.
#[derive(Clone, Debug)]
pub struct Recorder {
    /// The server, with every request it got.
    pub server: Server,
    /// The place of every session that is known.
    sessions: Arc<Mutex<HashMap<String, String>>>,
}

impl Recorder {
    /// Starts it.
    pub fn start() -> Self {
        let sessions = Arc::<Mutex<HashMap<String, String>>>::default();
        let (known, made) = (sessions.clone(), Mutex::new(0));
        let server = Server::start(move |request| {
            let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
            if request.path.ends_with("/new") {
                return modern(request);
            }
            if request.json()["method"] != "initialize" {
                let session = request.header(SESSION).unwrap_or_default();
                let is_known = known.get(session) == Some(&request.path);
                return if is_known { legacy(request) } else { Reply::empty(404) };
            }
            let mut made = made.lock().unwrap_or_else(PoisonError::into_inner);
            *made += 1;
            let session = format!("recorded-{made}");
            known.insert(session.clone(), request.path.clone());
            let capabilities = json!({"tools": {}, "prompts": {}, "resources": {}, "logging": {}});
            let server = json!({"name": "recorder", "version": "1.0.0"});
            let result = json!({"protocolVersion": "2025-11-25", "capabilities": capabilities, "serverInfo": server});
            answer(&request.json(), &result).with("Mcp-Session-Id", &session)
        });
        Self { server, sessions }
    }

    /// Every request that reached a place.
    pub fn asked(&self, tenant: &str, place: &str) -> Vec<Request> {
        let path = format!("/{tenant}/{place}");
        self.server.asked().into_iter().filter(|request| request.path == path).collect()
    }

    /// The messages of one method that reached a place.
    pub fn messages(&self, tenant: &str, place: &str, method: &str) -> Vec<Request> {
        self.asked(tenant, place).into_iter().filter(|request| request.json()["method"] == method).collect()
    }

    /// The messages of one method that reached a place and whose sender hung up before the whole answer.
    pub fn left(&self, tenant: &str, place: &str, method: &str) -> Vec<Request> {
        let path = format!("/{tenant}/{place}");
        let left = self.server.left().into_iter();
        left.filter(|request| request.path == path && request.json()["method"] == method).collect()
    }

    /// Forgets the sessions of a tenant's place.
    pub fn forget(&self, tenant: &str) {
        let path = format!("/{tenant}/old");
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, place| *place != path);
    }
}

fn modern(request: &Request) -> Reply {
    let body = request.json();
    match body["method"].as_str().unwrap_or_default() {
        "server/discover" => {
            let capabilities = json!({"tools": {}, "prompts": {}, "resources": {}, "logging": {}});
            answer(
                &body,
                &json!({"supportedVersions": ["2026-07-28"], "capabilities": capabilities, "ttlMs": 0, "cacheScope": "public"}),
            )
        }
        "initialize" => refused(404, &body, -32601),
        _ => common(&body),
    }
}

fn legacy(request: &Request) -> Reply {
    match request.method.as_str() {
        "DELETE" => Reply::empty(200),
        "GET" => Reply::empty(405),
        _ if request.json()["id"].is_null() => Reply::empty(202),
        _ => common(&request.json()),
    }
}

fn common(body: &Value) -> Reply {
    let params = &body["params"];
    let text = |text: &str| json!({"content": [{"type": "text", "text": text}]});
    match body["method"].as_str().unwrap_or_default() {
        "tools/list" => answer(body, &json!({"tools": tools()})),
        "prompts/list" => answer(body, &json!({"prompts": [{"name": "greeting"}]})),
        "resources/list" => answer(body, &json!({"resources": [{"uri": "note://one", "name": "one"}]})),
        "resources/templates/list" => {
            answer(body, &json!({"resourceTemplates": [{"uriTemplate": "note://{id}", "name": "any"}]}))
        }
        "logging/setLevel" => answer(body, &json!({})),
        "prompts/get" => {
            let content = json!({"type": "text", "text": "Hello"});
            answer(body, &json!({"messages": [{"role": "user", "content": content}]}))
        }
        "resources/read" => answer(body, &json!({"contents": [{"uri": params["uri"], "text": "noted"}]})),
        "tools/call" => match params["name"].as_str().unwrap_or_default() {
            "note" => answer(body, &text(params["arguments"]["text"].as_str().unwrap_or_default())),
            "break" => Reply::Cut,
            "wait" => {
                let token = &params["_meta"]["progressToken"];
                let progress = |step: u32| {
                    json!({"jsonrpc": "2.0", "method": "notifications/progress",
                    "params": {"progressToken": token, "progress": step}})
                };
                let result = json!({"jsonrpc": "2.0", "id": body["id"], "result": text("waited")});
                let steps = (0..STEPS).map(|step| (STEP, event(&progress(step))));
                Reply::Stream(steps.chain([(STEP, event(&result))]).collect())
            }
            "think" => Reply::Late(SILENCE, Box::new(answer(body, &text("thought")))),
            "hang" => Reply::Stream(vec![(Duration::ZERO, ":\n\n".to_owned()), (SILENCE, String::new())]),
            _ => refused(200, body, -32602),
        },
        _ => refused(404, body, -32601),
    }
}

fn tools() -> Value {
    let tool = |name: &str, description: &str| json!({"name": name, "description": description, "inputSchema": {"type": "object"}});
    json!([
        tool("note", "Takes a note and repeats it."),
        tool("break", "Takes a note and breaks the connection."),
        tool("wait", "Takes very long, and says that it goes on."),
        tool("think", "Says nothing for very long, and then answers."),
        tool("hang", "Begins an answer and says no more."),
    ])
}

fn event(message: &Value) -> String {
    format!("data: {message}\n\n")
}

fn answer(body: &Value, result: &Value) -> Reply {
    let mut result = result.clone();
    if body["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"].is_string() {
        result["resultType"] = "complete".into();
    }
    Reply::json(200, &json!({"jsonrpc": "2.0", "id": body["id"], "result": result}))
}

fn refused(status: u16, body: &Value, code: i64) -> Reply {
    Reply::json(status, &json!({"jsonrpc": "2.0", "id": body["id"], "error": {"code": code, "message": "no"}}))
}
