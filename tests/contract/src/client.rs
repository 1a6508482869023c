//! One HTTP client for all tests: what a gateway answers, and what every answer must have.

use crate::seed::{PASSWORD, User};
use crate::{Gateway, described, run, token};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::panic::Location;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Everything a run was given or made that no log may show.
static SECRETS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Notes a secret; see [`secrets`].
pub fn note_secret(secret: &str) {
    run::keep(secret);
    SECRETS.lock().unwrap_or_else(PoisonError::into_inner).push(secret.to_owned());
}

/// Every secret noted so far.
pub fn secrets() -> Vec<String> {
    SECRETS.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Header fields, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first header field of that lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// The header field of that lower-case name, which must be there.
    #[track_caller]
    pub fn must(&self, name: &str) -> &str {
        self.header(name).unwrap_or_else(|| panic!("no {name} header: {self:?}"))
    }

    fn is_of_a_busy_database(&self) -> bool {
        self.status == 503 && self.text().contains("the database does not answer; nothing was done")
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The media type, without parameters.
    pub fn media_type(&self) -> &str {
        self.header("content-type").unwrap_or_default().split(';').next().unwrap_or_default().trim()
    }

    /// The JSON body of an answer that must have this status and type.
    #[track_caller]
    pub fn json(&self, status: u16) -> Value {
        assert_eq!((self.status, self.media_type()), (status, "application/json"), "{}", self.text());
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The problem document (RFC 9457) of an answer that must have this status.
    #[track_caller]
    pub fn problem(&self, status: u16) -> Value {
        assert_eq!((self.status, self.media_type()), (status, "application/problem+json"), "{}", self.text());
        let problem: Value = serde_json::from_slice(&self.body).expect("JSON");
        assert_eq!(problem["status"], status, "{problem}");
        assert!(problem["type"].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
        assert!(problem["title"].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
        assert!(problem["detail"].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
        assert_eq!(problem["correlation_id"].as_str(), Some(self.must("x-correlation-id")), "{problem}");
        problem
    }

    /// The one message of an event stream, or the JSON body itself.
    #[track_caller]
    pub fn message(&self) -> Value {
        if self.media_type() == "text/event-stream" {
            let text = self.text();
            let mut data = text.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim);
            let last = data.rfind(|data| !data.is_empty()).expect("a message in the stream");
            return serde_json::from_str(last).expect("JSON in the stream");
        }
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.text()))
    }
}

/// How often a request is sent again while the database is busy, and how long that is waited for.
const AGAIN: (u32, Duration) = (20, Duration::from_millis(250));

/// Sends a request and reads the whole answer. It is sent again where the gateway's database was busy: tests write to its file from
/// outside, which nobody does to a deployed one, and the answer says that nothing was done.
#[track_caller]
pub fn send(request: RequestBuilder) -> impl Future<Output = Answer> {
    let caller = Location::caller();
    async move {
        let (times, pause) = AGAIN;
        for _ in 0..times {
            let Some(copy) = request.try_clone() else { break };
            let answer = sent(copy, caller).await;
            if !answer.is_of_a_busy_database() {
                return answer;
            }
            tokio::time::sleep(pause).await;
        }
        sent(request, caller).await
    }
}

async fn sent(request: RequestBuilder, caller: &Location<'_>) -> Answer {
    let asked = request.try_clone().and_then(|request| request.build().ok());
    let body = asked.as_ref().and_then(|asked| asked.body()).and_then(|body| body.as_bytes());
    run::keep_all_in(&String::from_utf8_lossy(body.unwrap_or_default()));
    let answer = request.send().await.unwrap_or_else(|error| panic!("{caller}: {error:?}"));
    let headers = answer.headers().iter();
    let headers =
        headers.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    let (status, headers): (_, Vec<(String, String)>) = (answer.status().as_u16(), headers.collect());
    let body = answer.bytes().await.unwrap_or_else(|error| panic!("{caller}: {error:?}")).to_vec();
    for (_, value) in &headers {
        run::keep_all_in(value);
    }
    run::keep_all_in(&String::from_utf8_lossy(&body));
    let answer = Answer { status, headers, body };
    if let Some(asked) = &asked {
        described::hold(asked, &answer, caller);
    }
    answer
}

/// What a login or a refresh gave.
#[derive(Clone)]
pub struct Tokens {
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
}

impl Tokens {
    /// Reads a token answer and holds it to the login contract.
    #[track_caller]
    pub fn read(answer: &Answer) -> Self {
        let body = answer.json(200);
        assert_eq!(body["token_type"], "bearer", "{body}");
        assert_eq!(answer.must("cache-control"), "no-store");
        let text = |name: &str| body[name].as_str().unwrap_or_else(|| panic!("no {name}")).to_owned();
        let tokens = Self { access: text("access_token"), refresh: text("refresh_token") };
        note_secret(&tokens.access);
        note_secret(&tokens.refresh);
        tokens
    }

    /// The claims of the access token, unverified.
    pub fn claims(&self) -> Value {
        token::part(&self.access, 1)
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens([redacted])")
    }
}

impl Gateway {
    /// A request to a path of this gateway.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.url(path))
    }

    /// `GET path`.
    pub async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    /// `GET path` with an access token.
    pub async fn get_as(&self, access: &str, path: &str) -> Answer {
        send(self.request(Method::GET, path).bearer_auth(access)).await
    }

    /// `POST path` with a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        send(self.request(Method::POST, path).json(body)).await
    }

    /// `POST path` with a JSON body and an access token.
    pub async fn post_as(&self, access: &str, path: &str, body: &Value) -> Answer {
        send(self.request(Method::POST, path).bearer_auth(access).json(body)).await
    }

    /// Asks for a login and gives whatever comes.
    pub async fn try_login(&self, username: &str, password: &str) -> Answer {
        note_secret(password);
        self.post("/auth/login", &json!({"username": username, "password": password})).await
    }

    /// Logs a user of this run in.
    pub async fn login(&self, user: &User) -> Tokens {
        Tokens::read(&self.try_login(&user.username, PASSWORD).await)
    }

    /// Asks for a refresh and gives whatever comes.
    pub async fn try_refresh(&self, refresh: &str) -> Answer {
        note_secret(refresh);
        self.post("/auth/refresh", &json!({"refresh_token": refresh})).await
    }

    /// Asks about a token, which stands in the form as it is.
    pub async fn introspect(&self, access: &str, token: &str) -> Answer {
        let request = self.request(Method::POST, "/auth/introspect").bearer_auth(access);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        send(request.body(format!("token={token}"))).await
    }

    /// Whether the access token opens anything.
    pub async fn is_let_in(&self, access: &str) -> bool {
        match self.get_as(access, "/auth/me").await.status {
            200 => true,
            401 => false,
            other => panic!("/auth/me answered {other}"),
        }
    }

    /// The result of a call over plain REST that succeeds.
    #[track_caller]
    pub fn done(&self, access: &str, tool: &str, arguments: &Value) -> impl Future<Output = Value> {
        let caller = std::panic::Location::caller();
        async move {
            let answer = self.execute(access, tool, arguments).await.json(200);
            assert_eq!(answer["success"], true, "{caller}: {tool} {arguments}: {answer}");
            answer["result"].clone()
        }
    }

    /// Why a call over plain REST does nothing, in the tool's words.
    #[track_caller]
    pub fn failed(&self, access: &str, tool: &str, arguments: &Value) -> impl Future<Output = String> {
        let caller = std::panic::Location::caller();
        async move {
            let answer = self.execute(access, tool, arguments).await.json(200);
            assert_eq!(answer["success"], false, "{caller}: {tool} {arguments}: {answer}");
            answer["result"][0]["text"].as_str().expect("words").to_owned()
        }
    }

    /// Calls a tool through the plain face.
    pub async fn execute(&self, access: &str, tool: &str, arguments: &Value) -> Answer {
        self.post_as(access, "/mcp/execute", &json!({"tool": tool, "arguments": arguments})).await
    }

    /// The names of the tools a token may see.
    pub async fn tool_names(&self, access: &str) -> Vec<String> {
        let body = self.get_as(access, "/mcp/tools").await.json(200);
        let tools = body["tools"].as_array().expect("tools").iter();
        tools.map(|tool| tool["name"].as_str().expect("a name").to_owned()).collect()
    }
}
