//! Examples of bodies. Replies are made by the product's own types and code; requests are texts that a test has the
//! product read.

use crate::account::role::Role;
use crate::api::body::{ExecuteResponse, MeResponse, TokenResponse, ToolList, ToolSummary};
use crate::api::health::{Liveness, PartState, health, readiness};
use crate::api::introspection::{ActiveToken, Introspection};
use crate::entropy::provenance::{Label, Provenance, Report};
use crate::entropy::provider::Mode;
use crate::entropy::stamp::Stamp;
use crate::entropy::status::{Outputs, Status};
use crate::id::{CorrelationId, SessionId, TokenId, encode_random};
use crate::mcp::capability::ServerCapabilities;
use crate::mcp::headers::RequestHeaders;
use crate::mcp::method::Method;
use crate::mcp::post::{self, Post};
use crate::mcp::reply::{INSTRUCTIONS, Reply};
use crate::mcp::turn::{Asked, Turn};
use crate::mcp::wire::Tool;
use crate::oauth::metadata::{AuthorizationServer, OpenIdConfiguration, PROTECTED_RESOURCE, ProtectedResource};
use crate::oauth::registration::{Description, Drawn, Registered};
use crate::scope::Scope;
use crate::secret::SecretText;
use crate::time::Timestamp;
use crate::token::jwks::KeyRing;
use crate::tool::builtin::{BuiltIn, server_time};
use serde::Serialize;
use serde_json::Value;

/// The origin in the examples.
pub const ORIGIN: &str = "https://gateway.example.com";
/// A body of `POST /auth/login`.
pub const LOGIN: &str = r#"{"username":"demo","password":"demo123"}"#;
/// A body of `POST /auth/refresh`. The token is none: a real one is longer.
pub const REFRESH: &str = r#"{"refresh_token":"the refresh token of the last answer"}"#;
/// A body of `POST /mcp/execute`.
pub const EXECUTE: &str = r#"{"tool":"server_time","arguments":{}}"#;
/// A body of `POST /auth/introspect`.
pub const INTROSPECT: &str = "token=the+access+token+asked+about&token_type_hint=access_token";
/// Forms of `POST /oauth/token`, by grant. The code and the token are none: real ones are longer.
pub const TOKEN_FORMS: [(&str, &str); 3] = [
    (
        "authorization_code",
        "grant_type=authorization_code&code=mgc_...&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk&client_id=dyn_4711",
    ),
    ("refresh_token", "grant_type=refresh_token&refresh_token=mgr_...&client_id=dyn_4711"),
    ("client_credentials", "grant_type=client_credentials&scope=tools%3Aread&client_id=robot&client_secret=the+secret"),
];
/// A form of `POST /oauth/revoke`.
pub const REVOKE: &str = "token=mgr_...&token_type_hint=refresh_token&client_id=dyn_4711";
/// A body of `POST /oauth/register`.
pub const REGISTER: &str = r#"{"client_name":"Example app","redirect_uris":["http://127.0.0.1/callback"],"grant_types":["authorization_code","refresh_token"],"token_endpoint_auth_method":"none"}"#;
/// A handshake of the revisions before 2026-07-28.
pub const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"example","version":"1.0.0"}}}"#;
/// A request of 2026-07-28, with its `MCP-Protocol-Version` and `Mcp-Method` headers.
pub const DISCOVER: &str = r#"{"jsonrpc":"2.0","id":1,"method":"server/discover","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}"#;
/// A call of 2026-07-28, with the header `Mcp-Name: server_time` too.
pub const CALL: &str = r#"{"jsonrpc":"2.0","id":"call-1","method":"tools/call","params":{"name":"server_time","arguments":{},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}"#;

/// When the examples were made.
const MOMENT: Timestamp = Timestamp::from_millis(1_795_363_200_007);

/// A text as a value; `null` when it is not JSON, which a test refuses.
pub fn text(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_default()
}

/// A form as a value: its parameters by name.
pub fn form(text: &str) -> Value {
    url::form_urlencoded::parse(text.as_bytes()).map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

/// A value of the product; `null` when it cannot be rendered, which a test refuses.
pub fn value(body: &impl Serialize) -> Value {
    serde_json::to_value(body).unwrap_or_default()
}

/// `POST /auth/login` and `POST /auth/refresh`.
pub fn tokens() -> Value {
    value(&TokenResponse {
        access_token: "the access token, a JWT".to_owned(),
        refresh_token: Some("the next refresh token".to_owned()),
        token_type: "bearer",
        expires_in: 600,
        scope: Scope::full().to_string(),
        issued_token_type: None,
    })
}

/// `POST /oauth/register`.
pub fn registered() -> Value {
    let drawn = Drawn { id: encode_random(&[7; 16]), secret: SecretText::new("") };
    let client = Description::read(text(REGISTER)).and_then(|described| described.register(&drawn, &[]));
    client.map_or(Value::Null, |(client, secret)| value(&Registered::tell(&client, secret.as_ref(), MOMENT)))
}

/// `GET /auth/me`.
pub fn me() -> Value {
    value(&MeResponse {
        sub: "demo-user".to_owned(),
        username: "demo".to_owned(),
        tenant: "demo".to_owned(),
        role: Role::Developer,
        scope: Scope::full().to_string(),
        session: Some(SessionId::from_bytes(&[7; 16]).to_string()),
        key: None,
        expires_at: Some(1_795_363_800),
        entropy: Some(stamp()),
    })
}

/// `POST /auth/introspect`, of a good token.
pub fn active() -> Value {
    value(&Introspection::Active(Box::new(ActiveToken {
        active: true,
        scope: Scope::full().to_string(),
        client_id: "password-login".to_owned(),
        username: "demo".to_owned(),
        token_type: "Bearer",
        exp: 1_795_363_800,
        iat: 1_795_363_200,
        sub: "demo-user".to_owned(),
        aud: "https://gateway.example.com/mcp".to_owned(),
        iss: "https://gateway.example.com".to_owned(),
        jti: TokenId::from_bytes(&[9; 32]).to_string(),
        tenant: "demo".to_owned(),
        entropy: Some(stamp()),
    })))
}

fn stamp() -> Stamp {
    Stamp { label: Label::QuantumSeeded, providers: vec!["anu".to_owned()], age_seconds: Some(42), epoch: Some(1731) }
}

/// `GET /mcp/tools`.
pub fn tools() -> Value {
    let summary = |tool: Tool| ToolSummary {
        name: tool.name,
        description: tool.description.unwrap_or_default(),
        parameters: tool.input_schema,
    };
    value(&ToolList {
        tools: BuiltIn::ServerTime.definition().map(summary).into_iter().collect(),
        degraded: Vec::new(),
    })
}

/// `POST /mcp/execute`.
pub fn executed() -> Value {
    let result = server_time::run(MOMENT).structured_content.unwrap_or_default();
    value(&ExecuteResponse { success: true, result })
}

/// `GET /health`, without a configured provider.
pub fn healthy() -> Value {
    value(&health(Report::unasked(&[])))
}

/// `GET /entropy/status`, before any provider answered.
pub fn entropy_status() -> Value {
    value(&Status {
        mode: Mode::Prefer,
        provenance: Provenance::classical(),
        seed_age_seconds: None,
        epoch: 1,
        quantum_seeds: 0,
        local_seeds: 1,
        fallbacks: 0,
        outputs: Outputs::default(),
        providers: Vec::new(),
    })
}

/// `GET /health/live`.
pub fn alive() -> Value {
    value(&Liveness { status: "alive" })
}

/// `GET /health/ready`.
pub fn ready(kv: PartState) -> Value {
    value(&readiness([("d1", PartState::Ok), ("durable_objects", PartState::Ok), ("kv", kv)]))
}

/// `GET /.well-known/jwks.json`: the key of RFC 8037 appendix A.
pub fn keys() -> Value {
    const SEED: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
    let ring = KeyRing::read(&|name| (name == "SIGNING_KEY").then(|| SEED.to_owned()));
    ring.map_or(Value::Null, |ring| value(&ring.published()))
}

/// `GET /.well-known/oauth-protected-resource`, and with the path of the resource behind it.
pub fn protected_resource() -> Value {
    ProtectedResource::at(ORIGIN, PROTECTED_RESOURCE).map_or(Value::Null, |described| value(&described))
}

/// `GET /.well-known/oauth-authorization-server`.
pub fn authorization_server() -> Value {
    value(&AuthorizationServer::of(ORIGIN, false))
}

/// `GET /.well-known/openid-configuration`.
pub fn openid_configuration() -> Value {
    value(&OpenIdConfiguration::of(ORIGIN, false))
}

/// A correlation id.
pub fn correlation() -> CorrelationId {
    CorrelationId::from_bytes(&[0x5a; 16])
}

/// The gateway's answer to a request that needs no tool.
pub fn answer(request: &str) -> Value {
    let modern = request.contains("2026-07-28");
    let method = text(request).get("method").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut headers = vec![
        ("content-type", "application/json".to_owned()),
        ("accept", "application/json, text/event-stream".to_owned()),
    ];
    if modern {
        headers.push(("mcp-protocol-version", "2026-07-28".to_owned()));
        headers.push(("mcp-method", method));
        headers.push(("mcp-name", "server_time".to_owned()));
    }
    match post::parse(&RequestHeaders::collect(headers), request.as_bytes()) {
        Ok(Post::Single(message)) => match message.turn() {
            Turn::Reply(reply) => body(reply.body),
            Turn::Serve(asked) => body(serve(&asked).body),
            Turn::Notice(_) | Turn::Answer(_) => Value::Null,
        },
        Ok(Post::Batch(_)) => Value::Null,
        Err(refusal) => body(refusal.reply().body),
    }
}

/// A gateway without upstreams.
fn serve(asked: &Asked) -> Reply {
    let offered = ServerCapabilities::own();
    match &asked.method {
        Method::Initialize { negotiated, .. } => asked.to.initialize(*negotiated, offered, INSTRUCTIONS),
        Method::Discover => asked.to.discover(offered, INSTRUCTIONS),
        Method::List(_) => asked.to.tools(Vec::new(), &[]),
        _ => asked.to.called(server_time::run(MOMENT)),
    }
}

/// A body's bytes as a value.
pub fn body(bytes: Option<Vec<u8>>) -> Value {
    bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}
