//! A tenant with a user of every role, and the orders of its administrators.

use crate::client::{Answer, Tokens, note_secret, send};
use crate::seed::{self, PASSWORD, Tools, User};
use crate::{Gateway, OPERATOR, World};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Everything that a login may ask for.
pub const ALL: &str = "admin:read admin:write tools:read tools:call";
/// How long a row is believed, and what that may take on a busy machine.
pub const SEEN: Duration = Duration::from_millis(6_500);

/// A tenant that no other test uses. Nobody's rate is limited but by the test's own plans.
#[derive(Debug)]
pub struct Team {
    base: User,
    tokens: Mutex<BTreeMap<String, String>>,
}

/// An API key that was made.
#[derive(Clone)]
pub struct Key {
    /// Its id.
    pub id: String,
    /// The key itself.
    pub secret: String,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({})", self.id)
    }
}

fn gateway() -> &'static Gateway {
    &World::shared().gateway
}

impl Default for Team {
    fn default() -> Self {
        Self::new()
    }
}

impl Team {
    /// A fresh one.
    pub fn new() -> Self {
        Self { base: gateway().user(Tools::Team), tokens: Mutex::default() }
    }

    /// A fresh one without tool servers, which has the database [`seed::DATABASE`].
    pub fn with_a_database() -> Self {
        Self { base: gateway().user(Tools::Stores), tokens: Mutex::default() }
    }

    /// The tenant's id.
    pub fn tenant(&self) -> &str {
        &self.base.tenant
    }

    /// A member by name; see [`seed::MEMBERS`].
    pub fn member(&self, name: &str) -> User {
        seed::member(&self.base, name)
    }

    /// The id of a member.
    pub fn id(&self, name: &str) -> String {
        self.member(name).id
    }

    /// An access token of a member for everything, from one login.
    pub async fn token(&self, name: &str) -> String {
        let known = self.tokens.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        if let Some(known) = known {
            return known;
        }
        let made = login(&self.member(name), PASSWORD, ALL).await.access;
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), made.clone());
        made
    }

    /// An order of a member.
    pub async fn order(&self, name: &str, method: Method, path: &str, body: Option<&Value>) -> Answer {
        order(&self.token(name).await, method, path, body).await
    }

    /// What a member makes: the answer to a good order.
    #[track_caller]
    pub fn make(&self, name: &str, path: &str, body: &Value) -> impl Future<Output = Value> {
        let caller = std::panic::Location::caller();
        async move {
            let answer = self.order(name, Method::POST, path, Some(body)).await;
            assert_eq!(answer.status, 201, "{caller}: {} {body}", answer.text());
            answer.json(201)
        }
    }

    /// Puts an upstream behind the gateway, and waits until an agent can use this tool of it. The agent's token, and what was made.
    pub async fn served(&self, order: &Value, tool: &str, arguments: &Value) -> (String, Value) {
        let made = self.make("owner", "/admin/upstreams", order).await;
        let (access, name) = (self.token("agent").await, format!("{}__{tool}", text(order, "name")));
        let seen = || async { gateway().execute(&access, &name, arguments).await.status == 200 };
        within(SEEN, "there", seen).await;
        (access, made)
    }

    /// An API key that a member makes.
    #[track_caller]
    pub fn key(&self, name: &str, body: &Value) -> impl Future<Output = Key> {
        let made = self.make(name, "/admin/keys", body);
        async move { Key::read(&made.await) }
    }

    /// A service account that the owner makes: its id.
    pub async fn service(&self, name: &str, groups: &[&str]) -> String {
        let body = json!({"username": format!("{}-{name}", self.base.username), "groups": groups});
        text(&self.make("owner", "/admin/users", &body).await, "id")
    }

    /// A policy that the owner makes: its id.
    pub async fn policy(&self, rule: &Value) -> String {
        text(&self.make("owner", "/admin/policies", rule).await, "id")
    }

    /// A plan that the owner makes: its id.
    pub async fn plan(&self, name: &str, limits: &Value) -> String {
        text(&self.make("owner", "/admin/plans", &json!({"name": name, "limits": limits})).await, "id")
    }

    /// Changes the tenant's settings as its owner, whatever their version.
    pub async fn set(&self, change: &Value) {
        let path = format!("/admin/tenants/{}", self.tenant());
        self.order("owner", Method::PATCH, &path, Some(change)).await.json(200);
    }
}

impl Key {
    /// Reads the answer in which a key is shown.
    #[track_caller]
    pub fn read(made: &Value) -> Self {
        let key = Self { id: text(&made["key"], "id"), secret: text(made, "secret") };
        assert!(key.secret.starts_with("mgk_"), "no key");
        note_secret(&key.secret);
        key
    }
}

/// A member that must be a text.
#[track_caller]
pub fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}

/// A login for a scope.
pub async fn login(user: &User, password: &str, scope: &str) -> Tokens {
    note_secret(password);
    let body = json!({"username": user.username, "password": password, "scope": scope});
    Tokens::read(&gateway().post("/auth/login", &body).await)
}

/// An order with a credential, or with none when it is empty. What is changed is changed whatever its version.
pub fn ordered(credential: &str, method: Method, path: &str, body: Option<&Value>) -> RequestBuilder {
    let conditional = method == Method::PATCH || method == Method::PUT;
    let mut request = gateway().request(method, path);
    if !credential.is_empty() {
        request = request.bearer_auth(credential);
    }
    if conditional {
        request = request.header("if-match", "*");
    }
    match body {
        Some(body) => request.json(body),
        None => request,
    }
}

/// Sends [`ordered`].
pub async fn order(credential: &str, method: Method, path: &str, body: Option<&Value>) -> Answer {
    send(ordered(credential, method, path, body)).await
}

/// An order of the operator.
pub async fn operate(method: Method, path: &str, body: Option<&Value>) -> Answer {
    order(OPERATOR, method, path, body).await
}

/// Asserts a problem of a status and a kind.
#[track_caller]
pub fn refused(answer: &Answer, status: u16, kind: &str) -> Value {
    let problem = answer.problem(status);
    assert_eq!(problem["type"], format!("urn:mcp-secure-gateway:problem:{kind}"), "{problem}");
    problem
}

/// Asks until it is so, for as long as a changed row may go unseen.
#[track_caller]
pub fn within<F: Future<Output = bool>>(bound: Duration, what: &str, ask: impl Fn() -> F) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        let start = Instant::now();
        while !ask().await {
            assert!(start.elapsed() < bound, "{caller}: not {what} after {:?}", start.elapsed());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}
