//! A tool server of revision 2026-07-28 that does everything wrong that can be done wrong over HTTP, a path for each fault, and
//! one that can be switched off.

use super::{Reply, Request, Server};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// Text that stands in every answer that is not good; nobody must see it.
pub const INSIDE: &str = "password=hunter2 at /srv/faulty/inside.rs:17";
/// How long a hanging server hangs, longer than any deadline.
const LONG: Duration = Duration::from_secs(90);

/// A way to fail when a tool is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Takes the request and says nothing.
    Hang,
    /// Sends the head of an answer and nothing more.
    Stall,
    /// Sends the head of an event stream and nothing more.
    StallStream,
    /// Sends one byte a second, of a body that says how long it is.
    Drip,
    /// Sends one byte a second, of a body without a length.
    Trickle,
    /// Sends a body without end.
    Endless,
    /// Sends two hundred kilobytes of gzip that are two hundred megabytes.
    Bomb,
    /// Closes the connection in the midst of the body.
    Cut,
    /// Says that the body is shorter than it is.
    Short,
    /// A status of 500 with what is inside.
    Crash,
    /// A status of 503 that is to be waited for until the next millennium.
    Absurd,
    /// No JSON.
    Garble,
    /// The answer to another request.
    Swap,
    /// A result and an error.
    Both,
    /// Notifications without end.
    Chatter,
    /// An event without end.
    LongEvent,
    /// Four megabytes of header fields.
    Headers,
    /// Wants to send the gateway to a private address.
    ToPrivate,
    /// Wants to send the gateway to this machine.
    ToLoopback,
}

impl Fault {
    /// Every fault, each with the path of its server.
    pub const ALL: [(Self, &'static str); 19] = [
        (Self::Hang, "hang"),
        (Self::Stall, "stall"),
        (Self::StallStream, "stallstream"),
        (Self::Drip, "drip"),
        (Self::Trickle, "trickle"),
        (Self::Endless, "endless"),
        (Self::Bomb, "bomb"),
        (Self::Cut, "cut"),
        (Self::Short, "short"),
        (Self::Crash, "crash"),
        (Self::Absurd, "absurd"),
        (Self::Garble, "garble"),
        (Self::Swap, "swap"),
        (Self::Both, "both"),
        (Self::Chatter, "chatter"),
        (Self::LongEvent, "longevent"),
        (Self::Headers, "headers"),
        (Self::ToPrivate, "toprivate"),
        (Self::ToLoopback, "toloopback"),
    ];
}

/// A server with a path for each fault. Its tool is called `go`.
pub fn faults() -> Server {
    let bomb = Arc::new(bomb());
    Server::start(move |request| {
        let name = request.path.trim_start_matches('/');
        let Some((fault, _)) = Fault::ALL.into_iter().find(|(_, path)| *path == name) else { return Reply::empty(404) };
        listed(request, &[("go", false)]).unwrap_or_else(|| apply(fault, &request.json()["id"], &bomb))
    })
}

/// A server that fails whenever it is told to, and counts its calls. Its tools are `go`, `peek`, which only reads, `shared`,
/// whose answer says that it is public, `slow`, which takes a second, and `flaky`, of which every other call breaks off; all
/// but `go` only read.
#[derive(Clone, Debug)]
pub struct Frail {
    /// The server, with every request it got.
    pub server: Server,
    ill: Arc<AtomicBool>,
}

impl Frail {
    /// Starts it, in good health.
    pub fn start() -> Self {
        let ill = Arc::<AtomicBool>::default();
        let (is_ill, count) = (ill.clone(), AtomicUsize::new(0));
        let server = Server::start(move |request| {
            if is_ill.load(Ordering::SeqCst) {
                return Reply::text(500, "text/plain", INSIDE);
            }
            let tools = [("go", false), ("peek", true), ("shared", true), ("slow", true), ("flaky", true)];
            listed(request, &tools).unwrap_or_else(|| counted(request, count.fetch_add(1, Ordering::SeqCst)))
        });
        Self { server, ill }
    }

    /// Makes every request fail, or none.
    pub fn is_ill(&self, ill: bool) {
        self.ill.store(ill, Ordering::SeqCst);
    }

    /// The JSON-RPC methods it was asked for, in order.
    pub fn methods(&self) -> Vec<String> {
        let text = |request: &Request| request.json()["method"].as_str().unwrap_or_default().to_owned();
        self.server.asked().iter().map(text).collect()
    }

    /// How often a tool was called with this mark.
    pub fn calls(&self, tool: &str, mark: &str) -> usize {
        let called = |request: &Request| {
            let params = &request.json()["params"];
            params["name"] == tool && params["arguments"]["mark"] == mark
        };
        self.server.asked().iter().filter(|request| called(request)).count()
    }
}

/// A call, answered with how many calls there were before it.
fn counted(request: &Request, before: usize) -> Reply {
    let body = request.json();
    let failed = body["params"]["arguments"]["fail"] == true;
    let mut result = json!({
        "resultType": "complete", "content": [{"type": "text", "text": before.to_string()}],
        "structuredContent": {"before": before}, "isError": failed
    });
    match body["params"]["name"].as_str().unwrap_or_default() {
        "shared" => result["cacheScope"] = "public".into(),
        "slow" => return Reply::Late(Duration::from_secs(1), Box::new(answer(&body["id"], &result))),
        "flaky" if before.is_multiple_of(2) => return Reply::Cut,
        _ => {}
    }
    answer(&body["id"], &result)
}

/// The answer to everything but a call.
fn listed(request: &Request, tools: &[(&str, bool)]) -> Option<Reply> {
    let body = request.json();
    let id = &body["id"];
    let hints = json!({"ttlMs": 0, "cacheScope": "private", "resultType": "complete"});
    let merged = |mut result: Value| {
        for (name, value) in hints.as_object().expect("an object") {
            result[name] = value.clone();
        }
        answer(id, &result)
    };
    let tool = |(name, reads): &(&str, bool)| {
        json!({
            "name": name, "description": "Does something.", "inputSchema": {"type": "object"},
            "annotations": {"readOnlyHint": reads}
        })
    };
    match body["method"].as_str().unwrap_or_default() {
        "server/discover" => Some(merged(json!({"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}}))),
        "tools/list" => Some(merged(json!({"tools": tools.iter().map(tool).collect::<Vec<_>>()}))),
        "tools/call" => None,
        _ => Some(Reply::empty(404)),
    }
}

fn answer(id: &Value, result: &Value) -> Reply {
    Reply::json(200, &json!({"jsonrpc": "2.0", "id": id, "result": result}))
}

fn apply(fault: Fault, id: &Value, bomb: &[u8]) -> Reply {
    let good = json!({"resultType": "complete", "content": [{"type": "text", "text": INSIDE}]});
    let head = |fields: &str| format!("HTTP/1.1 200 Answer\r\n{fields}\r\n\r\n").into_bytes();
    let json_head = |fields: &str| head(&format!("Content-Type: application/json\r\n{fields}"));
    let raw = |first: Vec<u8>, then: &[u8], pause: Duration, times: usize| Reply::Raw {
        first,
        then: then.to_vec(),
        pause,
        times,
    };
    let now = Duration::ZERO;
    let second = Duration::from_secs(1);
    let stream = "Content-Type: text/event-stream\r\nConnection: close";
    match fault {
        Fault::Hang => Reply::Late(LONG, Box::new(answer(id, &good))),
        Fault::Stall => raw(json_head("Content-Length: 400"), b" ", LONG, 1),
        Fault::StallStream => raw(head(stream), b": late\n\n", LONG, 1),
        Fault::Drip => raw(json_head("Content-Length: 4000"), b" ", second, 90),
        Fault::Trickle => raw(json_head("Connection: close"), b" ", second, 90),
        Fault::Endless => raw(json_head("Connection: close"), &vec![b' '; 65_536], now, 100_000),
        Fault::Bomb => {
            let fields = format!("Content-Encoding: gzip\r\nContent-Length: {}", bomb.len());
            raw([json_head(&fields), bomb.to_vec()].concat(), b"", now, 0)
        }
        Fault::Cut => Reply::Cut,
        Fault::Short => {
            let body = json!({"jsonrpc": "2.0", "id": id, "result": good}).to_string();
            raw([json_head("Content-Length: 40"), body.into_bytes()].concat(), b"", now, 0)
        }
        Fault::Crash => Reply::text(500, "text/plain", INSIDE),
        Fault::Absurd => Reply::text(503, "text/plain", INSIDE).with("Retry-After", "31557600000"),
        Fault::Garble => Reply::text(200, "application/json", format!("{{{INSIDE}")),
        Fault::Swap => answer(&json!("not-your-id"), &good),
        Fault::Both => {
            let error = json!({"code": -32603, "message": INSIDE});
            Reply::json(200, &json!({"jsonrpc": "2.0", "id": id, "result": good, "error": error}))
        }
        Fault::Chatter => {
            let notice = json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": INSIDE}});
            raw(head(stream), format!("data: {notice}\n\n").repeat(100).as_bytes(), now, 100_000)
        }
        Fault::LongEvent => raw([head(stream), b"data: ".to_vec()].concat(), &vec![b'x'; 65_536], now, 100_000),
        Fault::Headers => {
            let fields: Vec<String> = (0..4_000).map(|at| format!("X-{at}: {}", "h".repeat(1_000))).collect();
            let body = json!({"jsonrpc": "2.0", "id": id, "error": {"code": -32603, "message": INSIDE}}).to_string();
            let fields = format!("Connection: close\r\n{}", fields.join("\r\n"));
            raw([json_head(&fields), body.into_bytes()].concat(), b"", now, 0)
        }
        Fault::ToPrivate => Reply::empty(302).with("Location", "http://10.0.0.1/latest/meta-data"),
        Fault::ToLoopback => Reply::empty(307).with("Location", "/elsewhere"),
    }
}

/// Two hundred megabytes of blanks, as gzip.
fn bomb() -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let megabyte = vec![b' '; 1024 * 1024];
    for _ in 0..200 {
        encoder.write_all(&megabyte).expect("memory");
    }
    encoder.finish().expect("memory")
}

#[cfg(test)]
mod tests {
    use super::bomb;

    #[test]
    fn a_bomb_is_small_until_it_is_opened() {
        assert!(bomb().len() < 512 * 1024);
    }
}
