//! A client of either era, written message by message.

use crate::Gateway;
use crate::client::{Answer, send};
use crate::events::Events;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicI64, Ordering};

/// How a client places its requests.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Era {
    Modern,
    /// 2025-11-25, outside or within a session.
    Legacy(Option<String>),
}

/// A client of one endpoint of the gateway.
#[derive(Debug)]
pub struct Caller {
    gateway: &'static Gateway,
    access: String,
    path: String,
    era: Era,
    capabilities: Value,
    next_id: AtomicI64,
}

impl Caller {
    /// A client of revision 2026-07-28 at `/mcp`, or at a virtual server.
    pub fn modern(gateway: &'static Gateway, access: &str, server: &str) -> Self {
        Self::new(gateway, access, server, Era::Modern, json!({}))
    }

    /// A client of revision 2025-11-25 that has made its handshake, in the session that it was given, if it was.
    pub async fn legacy(gateway: &'static Gateway, access: &str, server: &str, capabilities: Value) -> Self {
        let mut caller = Self::new(gateway, access, server, Era::Legacy(None), capabilities.clone());
        let answer = caller.post(&caller.initialize(), &[]).await;
        let session = answer.header("mcp-session-id").map(str::to_owned);
        assert_eq!(answer.status(), 200, "{:?}", answer.rest().await);
        caller.era = Era::Legacy(session);
        let ready = caller.post(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}), &[]).await;
        assert_eq!(ready.status(), 202);
        caller
    }

    fn new(gateway: &'static Gateway, access: &str, server: &str, era: Era, capabilities: Value) -> Self {
        let path = if server.is_empty() { "/mcp".to_owned() } else { format!("/mcp/{server}") };
        Self { gateway, access: access.to_owned(), path, era, capabilities, next_id: AtomicI64::new(1) }
    }

    /// The same client, with these capabilities.
    #[must_use]
    pub fn that_can(mut self, capabilities: Value) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// The same client at another endpoint.
    #[must_use]
    pub fn at(&self, server: &str) -> Self {
        Self::new(self.gateway, &self.access, server, self.era.clone(), self.capabilities.clone())
    }

    /// The same requests, made by whoever has this token.
    #[must_use]
    pub fn by(&self, access: &str) -> Self {
        Self { access: access.to_owned(), path: self.path.clone(), ..self.at("") }
    }

    /// The same client, which says that this is its session.
    #[must_use]
    pub fn within(&self, session: &str) -> Self {
        Self { era: Era::Legacy(Some(session.to_owned())), path: self.path.clone(), ..self.at("") }
    }

    /// The same client, which says nothing of a session.
    #[must_use]
    pub fn outside_sessions(&self) -> Self {
        Self { era: Era::Legacy(None), path: self.path.clone(), ..self.at("") }
    }

    /// The id of its session.
    pub fn session(&self) -> Option<&str> {
        match &self.era {
            Era::Legacy(session) => session.as_deref(),
            Era::Modern => None,
        }
    }

    /// The `initialize` it would send.
    pub fn initialize(&self) -> Value {
        json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"protocolVersion": "2025-11-25",
            "capabilities": self.capabilities, "clientInfo": {"name": "contract", "version": "1.0.0"}}})
    }

    /// A request to its endpoint with what places it there.
    pub fn request(&self, method: Method) -> RequestBuilder {
        let mut request = self.gateway.request(method, &self.path).bearer_auth(&self.access);
        request = match &self.era {
            Era::Modern => request.header("mcp-protocol-version", "2026-07-28"),
            Era::Legacy(_) => request.header("mcp-protocol-version", "2025-11-25"),
        };
        match self.session() {
            Some(session) => request.header("mcp-session-id", session),
            None => request,
        }
    }

    /// Posts a message.
    pub async fn post(&self, body: &Value, headers: &[(&str, &str)]) -> Events {
        let mut request = self.request(Method::POST).header("accept", "application/json, text/event-stream");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Events::new(request.json(body).send().await.expect("an answer"))
    }

    /// Makes a request with an id of its own.
    pub async fn send(&self, method: &str, params: Value) -> Events {
        self.send_as(&json!(self.next_id.fetch_add(1, Ordering::SeqCst)), method, params).await
    }

    /// Makes a request with this id.
    pub async fn send_as(&self, id: &Value, method: &str, mut params: Value) -> Events {
        if self.era != Era::Modern {
            let body = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
            return self.post(&body, &[]).await;
        }
        params["_meta"]["io.modelcontextprotocol/protocolVersion"] = "2026-07-28".into();
        params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = self.capabilities.clone();
        params["_meta"]["io.modelcontextprotocol/clientInfo"] = json!({"name": "contract", "version": "1.0.0"});
        let member = match method {
            "resources/read" => "uri",
            "tasks/get" | "tasks/update" | "tasks/cancel" => "taskId",
            _ => "name",
        };
        let named = params[member].as_str().map(str::to_owned);
        let mut headers = vec![("mcp-method", method)];
        headers.extend(named.as_deref().map(|name| ("mcp-name", name)));
        let body = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        self.post(&body, &headers).await
    }

    /// The response to a request; one that came too early is made again when the gateway says so.
    pub async fn ask(&self, method: &str, params: Value) -> Value {
        loop {
            let messages = self.send(method, params.clone()).await.rest().await;
            let message = messages.into_iter().last().unwrap_or_else(|| panic!("{method} was not answered"));
            if message["error"]["code"] != 429 {
                return message;
            }
            let wait = message["error"]["data"]["retryAfterMs"].as_u64().expect("when to come again");
            tokio::time::sleep(std::time::Duration::from_millis(wait)).await;
        }
    }

    /// The result of a request that must have one.
    pub async fn result(&self, method: &str, params: Value) -> Value {
        let message = self.ask(method, params.clone()).await;
        assert!(message["result"].is_object(), "{method} {params}: {message}");
        message["result"].clone()
    }

    /// The code of the error of a request that must fail.
    pub async fn error(&self, method: &str, params: Value) -> Value {
        let message = self.ask(method, params.clone()).await;
        assert!(message["error"]["code"].is_i64(), "{method} {params}: {message}");
        message["error"]["code"].clone()
    }

    /// The result of a call of a tool.
    pub async fn call(&self, tool: &str, arguments: Value) -> Value {
        self.result("tools/call", json!({"name": tool, "arguments": arguments})).await
    }

    /// What the items of a list are called, by this member.
    pub async fn names(&self, method: &str, member: &str) -> Vec<String> {
        let result = self.result(method, json!({})).await;
        let list =
            ["tools", "prompts", "resources", "resourceTemplates"].into_iter().find_map(|it| result[it].as_array());
        let items = list.unwrap_or_else(|| panic!("no list: {result}")).iter();
        items.map(|item| item[member].as_str().unwrap_or_else(|| panic!("no {member}: {item}")).to_owned()).collect()
    }

    /// Sends a notification.
    pub async fn notify(&self, method: &str, params: Value) {
        let answer = self.post(&json!({"jsonrpc": "2.0", "method": method, "params": params}), &[]).await;
        assert_eq!(answer.status(), 202);
    }

    /// Answers a question of the server.
    pub async fn answer(&self, question: &Value, result: Value) {
        let answer = self.post(&json!({"jsonrpc": "2.0", "id": question["id"], "result": result}), &[]).await;
        assert_eq!(answer.status(), 202);
    }

    /// Opens a stream of its session.
    pub async fn listen(&self) -> Events {
        let request = self.request(Method::GET).header("accept", "text/event-stream");
        Events::new(request.send().await.expect("an answer"))
    }

    /// Ends its session.
    pub async fn end(&self) -> Answer {
        send(self.request(Method::DELETE)).await
    }
}
