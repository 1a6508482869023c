//! Tool servers that send their user to a page: `/old` speaks 2025-11-25, `/new` speaks 2026-07-28.
//!
//! `consent` asks for it in the way of the revision and says what it was answered; `locked` works only after the page was
//! visited, and refuses the call until then: with the error of 2025-11-25, which `/new` gives too although it may not.

use super::server::Awaited;
use super::{Reply, Request, Server};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The page.
pub const PAGE: &str = "https://pages.example.com/consent?for=somebody";
/// What the server of 2025 calls a visit.
pub const VISIT: &str = "visit-1";
const SESSION: &str = "pages-session";
/// The id of the question of 2025.
const QUESTION: &str = "question-1";
/// What the server of 2026 wants to see again.
const STATE: &str = "consent was asked for";

/// See above.
#[derive(Clone, Debug)]
pub struct Pages {
    /// The server, with every request it got.
    pub server: Server,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    visited: AtomicBool,
    /// What was answered to the question of 2025.
    answer: Mutex<Option<Value>>,
}

impl Pages {
    /// Starts it.
    pub fn start() -> Self {
        let state = Arc::<State>::default();
        let known = state.clone();
        let server = Server::start(move |request| match request.path.as_str() {
            "/new" => modern(request, &known),
            _ => legacy(request, &known),
        });
        Self { server, state }
    }

    /// The user visits the page, and does there what has to be done.
    pub fn visit(&self) {
        self.state.visited.store(true, Ordering::SeqCst);
    }

    /// What it was asked at one place, by method, since the beginning.
    pub fn calls(&self, place: &str) -> Vec<Value> {
        let asked = self.server.asked().into_iter().filter(|request| request.path == format!("/{place}"));
        asked.map(|request| request.json()).filter(|body| body["method"] == "tools/call").collect()
    }
}

fn modern(request: &Request, state: &State) -> Reply {
    let body = request.json();
    let params = &body["params"];
    match (body["method"].as_str().unwrap_or_default(), params["name"].as_str().unwrap_or_default()) {
        ("server/discover", _) => {
            let rest = json!({"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}, "ttlMs": 0, "cacheScope": "public"});
            complete(&body, &rest)
        }
        ("tools/list", _) => complete(&body, &json!({"tools": tools(), "ttlMs": 0, "cacheScope": "public"})),
        ("tools/call", "consent") if params["inputResponses"]["consent"].is_object() => {
            let same = params["requestState"] == STATE;
            complete(&body, &text(&format!("{} {same}", params["inputResponses"]["consent"])))
        }
        ("tools/call", "consent") => {
            let asked = json!({"method": "elicitation/create", "params": page()});
            let asked =
                json!({"resultType": "input_required", "inputRequests": {"consent": asked}, "requestState": STATE});
            result(&body, &asked)
        }
        ("tools/call", _) => locked(&body, state, complete),
        _ => Reply::json(404, &json!({"jsonrpc": "2.0", "id": body["id"], "error": {"code": -32601, "message": "no"}})),
    }
}

fn legacy(request: &Request, state: &Arc<State>) -> Reply {
    let body = request.json();
    let method = body["method"].as_str().unwrap_or_default();
    if method == "initialize" {
        let server = json!({"name": "pages", "version": "1.0.0"});
        let agreed = json!({"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": server});
        return result(&body, &agreed).with("Mcp-Session-Id", SESSION);
    }
    if request.method != "POST" {
        return Reply::empty(405);
    }
    if request.header("mcp-session-id") != Some(SESSION) {
        return Reply::empty(400);
    }
    if body["id"] == QUESTION {
        *state.answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(body.clone());
    }
    match (method, body["params"]["name"].as_str().unwrap_or_default()) {
        ("tools/list", _) => result(&body, &json!({"tools": tools()})),
        ("tools/call", "consent") => consent(&body, state.clone()),
        ("tools/call", _) => locked(&body, state, result),
        _ => Reply::empty(202),
    }
}

/// Asks on the stream of the call, says that the visit is over when the user agreed, and ends with the answer.
fn consent(body: &Value, state: Arc<State>) -> Reply {
    let mut params = page();
    params["elicitationId"] = VISIT.into();
    let question = json!({"jsonrpc": "2.0", "id": QUESTION, "method": "elicitation/create", "params": params});
    let id = body["id"].clone();
    state.answer.lock().unwrap_or_else(PoisonError::into_inner).take();
    let rest = move || {
        let answer = state.answer.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        let done = json!({"jsonrpc": "2.0", "method": "notifications/elicitation/complete", "params": {"elicitationId": VISIT}});
        let told = answer.get("result").unwrap_or(&answer["error"]["code"]);
        let result = json!({"jsonrpc": "2.0", "id": id, "result": text(&told.to_string())});
        let agreed = answer["result"]["action"] == "accept";
        Some(if agreed { format!("{}{}", event(&done), event(&result)) } else { event(&result) })
    };
    Reply::Asking(event(&question), Awaited::new(rest))
}

fn locked(body: &Value, state: &State, done: fn(&Value, &Value) -> Reply) -> Reply {
    if state.visited.load(Ordering::SeqCst) {
        return done(body, &text("open"));
    }
    let mut page = page();
    page["elicitationId"] = VISIT.into();
    let error = json!({"code": -32042, "message": "Visit the page first", "data": {"elicitations": [page]}});
    Reply::json(200, &json!({"jsonrpc": "2.0", "id": body["id"], "error": error}))
}

fn page() -> Value {
    json!({"mode": "url", "message": "Please agree on the page", "url": PAGE})
}

fn tools() -> Value {
    let tool = |name: &str| json!({"name": name, "description": "Sends to a page.", "inputSchema": {"type": "object"}});
    json!([tool("consent"), tool("locked")])
}

fn text(text: &str) -> Value {
    json!({"content": [{"type": "text", "text": text}]})
}

fn event(message: &Value) -> String {
    format!("data: {message}\n\n")
}

fn complete(body: &Value, content: &Value) -> Reply {
    let mut content = content.clone();
    content["resultType"] = "complete".into();
    result(body, &content)
}

fn result(body: &Value, content: &Value) -> Reply {
    Reply::json(200, &json!({"jsonrpc": "2.0", "id": body["id"], "result": content}))
}
