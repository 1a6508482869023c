//! Tool servers that record what reached them: one speaks 2026-07-28 only, one speaks 2025-11-25 with sessions only.
//!
//! Both are strict: what a client does against its revision is refused and kept in [`Upstream::complaints`].

use super::{Reply, Request, Server};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Text of a tool that failed by itself.
pub const DISK_FULL: &str = "the disk is full";
/// Text an upstream puts into errors and broken answers; it must not reach a caller as a gateway's own words.
pub const INSIDE: &str = "at /srv/upstream/inside.js:17";

/// What `repeat` takes two seconds to say.
pub const LATER: &str = "two seconds later";

const VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
const SESSION: &str = "7d9c1f52-upstream-session";

/// A recording tool server.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// The server, with every request it got.
    pub server: Server,
    complaints: Arc<Mutex<Vec<String>>>,
}

impl Upstream {
    /// A server of revision 2026-07-28.
    pub fn modern() -> Self {
        Self::start(modern)
    }

    /// A server of revision 2025-11-25 that wants sessions and answers calls with event streams.
    pub fn legacy() -> Self {
        Self::start(legacy)
    }

    fn start(answer: fn(&Request) -> Result<Reply, String>) -> Self {
        let complaints = Arc::<Mutex<Vec<String>>>::default();
        let kept = complaints.clone();
        let server = Server::start(move |request| {
            answer(request).unwrap_or_else(|complaint| {
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(complaint.clone());
                error(400, &request.json()["id"], -32600, &complaint)
            })
        });
        Self { server, complaints }
    }

    /// What a client did against the protocol's revision.
    pub fn complaints(&self) -> Vec<String> {
        self.complaints.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The JSON-RPC methods it was asked for, in order.
    pub fn methods(&self) -> Vec<String> {
        self.server
            .asked()
            .iter()
            .map(|request| request.json()["method"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// The requests of one JSON-RPC method.
    pub fn calls(&self, method: &str) -> Vec<Request> {
        self.server.asked().into_iter().filter(|request| request.json()["method"] == method).collect()
    }
}

fn modern(request: &Request) -> Result<Reply, String> {
    let body = transport(request)?;
    let (id, method) = (&body["id"], body["method"].as_str().unwrap_or_default());
    if id.is_null() {
        return Ok(Reply::empty(202));
    }
    if method == "initialize" {
        return Ok(error(404, id, -32601, "Method not found"));
    }
    let meta = &body["params"]["_meta"];
    expect(meta[VERSION] == "2026-07-28", "a request without its protocol version")?;
    expect(meta[CAPABILITIES].is_object(), "a request without client capabilities")?;
    expect(request.header("mcp-protocol-version") == Some("2026-07-28"), "no MCP-Protocol-Version header")?;
    expect(request.header("mcp-method") == Some(method), "no matching Mcp-Method header")?;
    expect(request.header("mcp-session-id").is_none(), "a session id in a revision without sessions")?;
    let about = json!({"io.modelcontextprotocol/serverInfo": {"name": "modern-recorder", "version": "1.0.0"}});
    match method {
        "server/discover" => Ok(result(
            id,
            &json!({
                "resultType": "complete", "supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}},
                "ttlMs": 0, "cacheScope": "public", "_meta": about
            }),
        )),
        "tools/list" => Ok(result(
            id,
            &json!({
                "resultType": "complete", "tools": tools(), "ttlMs": 0, "cacheScope": "public", "_meta": about
            }),
        )),
        "tools/call" => {
            let name = body["params"]["name"].as_str().unwrap_or_default();
            expect(request.header("mcp-name") == Some(name), "no matching Mcp-Name header")?;
            Ok(call(&body, |content| {
                let mut content = content;
                content["resultType"] = "complete".into();
                content["_meta"] = about.clone();
                result(id, &content)
            }))
        }
        _ => Ok(error(404, id, -32601, "Method not found")),
    }
}

fn legacy(request: &Request) -> Result<Reply, String> {
    match request.method.as_str() {
        "DELETE" => return Ok(Reply::empty(200)),
        // A client may ask for a stream of its own; a server need not have one.
        "GET" => return Ok(Reply::empty(405).with("Allow", "POST, DELETE")),
        _ => {}
    }
    let body = transport(request)?;
    let (id, method) = (&body["id"], body["method"].as_str().unwrap_or_default());
    if method == "initialize" {
        expect(body["params"]["clientInfo"]["name"].is_string(), "initialize without clientInfo")?;
        expect(body["params"]["capabilities"].is_object(), "initialize without capabilities")?;
        expect(request.header("mcp-session-id").is_none(), "initialize within a session")?;
        return Ok(stream(&result_of(
            id,
            &json!({
                "protocolVersion": "2025-11-25", "capabilities": {"tools": {"listChanged": true}},
                "serverInfo": {"name": "legacy-recorder", "version": "1.0.0"}
            }),
        ))
        .with("Mcp-Session-Id", SESSION));
    }
    if request.header("mcp-session-id") != Some(SESSION) {
        return Ok(error(400, &Value::Null, -32000, "Bad Request: Server not initialized"));
    }
    expect(
        request.header("mcp-protocol-version") == Some("2025-11-25"),
        "no MCP-Protocol-Version header after initialize",
    )?;
    if id.is_null() {
        return Ok(Reply::empty(202));
    }
    match method {
        "ping" => Ok(result(id, &json!({}))),
        "tools/list" => Ok(stream(&result_of(id, &json!({"tools": tools()})))),
        "tools/call" => Ok(call(&body, |content| stream(&result_of(id, &content)))),
        _ => Ok(error(200, id, -32601, "Method not found")),
    }
}

fn transport(request: &Request) -> Result<Value, String> {
    expect(request.method == "POST", "not a POST")?;
    let accept = request.header("accept").unwrap_or_default();
    expect(accept.contains("application/json") && accept.contains("text/event-stream"), "an incomplete Accept")?;
    let content = request.header("content-type").unwrap_or_default();
    expect(content.starts_with("application/json"), "a body that is not application/json")?;
    let body = request.json();
    expect(body["jsonrpc"] == "2.0" && body["method"].is_string(), "not a JSON-RPC message")?;
    Ok(body)
}

fn tools() -> Value {
    let free = json!({"type": "object"});
    let tool = |name: &str, description: &str, schema: &Value| json!({"name": name, "description": description, "inputSchema": schema});
    let mut repeat = tool(
        "repeat",
        "Repeats a text.",
        &json!({
            "type": "object", "required": ["text"], "additionalProperties": false,
            "properties": {
                "text": {"type": "string", "minLength": 1, "maxLength": 1000},
                "times": {"type": "integer", "minimum": 1, "maximum": 5}
            }
        }),
    );
    repeat["outputSchema"] =
        json!({"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}});
    json!([
        repeat,
        tool("fail", "Fails by itself.", &free),
        tool("refuse", "Answers with a protocol error.", &free),
        tool("slow", "Answers after a minute.", &free),
        tool("cut", "Breaks the connection.", &free),
        tool("garble", "Answers with something else.", &free),
        tool("page", "Answers with a page for people.", &free),
        tool("move", "Answers with a redirect.", &free),
        tool("swap", "Answers another request.", &free),
        tool("crash", "Answers with status 500.", &free),
        tool("flood", "Answers with eight megabytes.", &free),
    ])
}

fn call(body: &Value, done: impl Fn(Value) -> Reply) -> Reply {
    let arguments = &body["params"]["arguments"];
    let text = |text: &str| json!({"content": [{"type": "text", "text": text}]});
    match body["params"]["name"].as_str().unwrap_or_default() {
        "repeat" => {
            let times = usize::try_from(arguments["times"].as_u64().unwrap_or(1)).unwrap_or(1);
            let repeated = arguments["text"].as_str().unwrap_or_default().repeat(times);
            let mut content = text(&json!({"text": repeated}).to_string());
            content["structuredContent"] = json!({"text": repeated});
            if arguments["text"] == LATER {
                return Reply::Late(Duration::from_secs(2), Box::new(done(content)));
            }
            done(content)
        }
        "fail" => {
            let mut content = text(DISK_FULL);
            content["isError"] = true.into();
            done(content)
        }
        "refuse" => error(200, &body["id"], -32603, INSIDE),
        "slow" => Reply::Late(Duration::from_mins(1), Box::new(done(text("late")))),
        "cut" => Reply::Cut,
        "garble" => Reply::text(200, "application/json", format!("{{{INSIDE}")),
        "page" => Reply::text(200, "text/html", format!("<html>{INSIDE}</html>")),
        "move" => Reply::empty(302).with("Location", "http://127.0.0.1:9/elsewhere"),
        "swap" => result(&json!("not-your-id"), &text("for another")),
        "crash" => Reply::text(500, "text/plain", INSIDE),
        "flood" => done(text(&"x".repeat(8 * 1024 * 1024))),
        _ => error(200, &body["id"], -32602, "Unknown tool"),
    }
}

fn result_of(id: &Value, result: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "result": result})
}

fn result(id: &Value, content: &Value) -> Reply {
    Reply::json(200, &result_of(id, content))
}

fn stream(message: &Value) -> Reply {
    let text = format!("id: 1\ndata: \n\n: still here\n\nevent: message\nid: 2\ndata: {message}\n\n");
    Reply::text(200, "text/event-stream", text)
}

fn error(status: u16, id: &Value, code: i64, message: &str) -> Reply {
    Reply::json(status, &json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}}))
}

fn expect(holds: bool, complaint: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(complaint.to_owned()) }
}
