//! The gateway as a protected resource: how clients learn who gives tokens, and where a token is good.

use crate::known_keys::SIGNING;
use crate::strained::{gateway_with_known_keys, logged_in_with};
use crate::{gateway, logged_in, modern_params};
use ed25519_dalek::{Signer, SigningKey};
use gateway_contract::client::{Answer, note_secret, send};
use gateway_contract::seed::Tools;
use gateway_contract::token::{part, signed};
use gateway_contract::{Gateway, raw};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::time::Duration;

const RESOURCE: &str = "/.well-known/oauth-protected-resource";
/// Every route that takes an access token, outside virtual servers.
const PROTECTED: [(&str, &str); 8] = [
    ("GET", "/auth/me"),
    ("POST", "/auth/logout"),
    ("POST", "/auth/introspect"),
    ("GET", "/mcp/tools"),
    ("POST", "/mcp/execute"),
    ("POST", "/mcp"),
    ("GET", "/mcp"),
    ("DELETE", "/mcp"),
];

/// A request of revision 2026-07-28, without a token.
pub fn request(gateway: &Gateway, path: &str, method: &str, params: Value) -> RequestBuilder {
    let name = params["name"].as_str().or(params["uri"].as_str()).map(str::to_owned);
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": modern_params(params)});
    let request =
        gateway.request(Method::POST, path).json(&body).header("accept", "application/json, text/event-stream");
    let request = request.header("mcp-protocol-version", "2026-07-28").header("mcp-method", method);
    match name {
        Some(name) => request.header("mcp-name", name),
        None => request,
    }
}

async fn ask(gateway: &Gateway, access: &str, path: &str, method: &str, params: Value) -> Answer {
    patiently(request(gateway, path, method, params).bearer_auth(access)).await
}

/// The answer to a request that is made again while its caller has no calls left.
async fn patiently(request: RequestBuilder) -> Answer {
    loop {
        let answer = send(request.try_clone().expect("a whole body")).await;
        if answer.status != 429 {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// What a challenge must say of where tokens come from.
fn metadata(gateway: &Gateway, resource: &str) -> String {
    format!("resource_metadata=\"{}\"", gateway.url(&format!("{RESOURCE}{resource}")))
}

#[tokio::test]
async fn every_description_stands_at_its_address_and_names_the_issuer_to_the_letter() {
    let issuer = gateway().url("");
    for (path, resource) in
        [("", "/mcp"), ("/mcp", "/mcp"), ("/mcp/files", "/mcp/files"), ("/mcp/No_such-1", "/mcp/No_such-1")]
    {
        let answer = gateway().get(&format!("{RESOURCE}{path}")).await;
        let described = answer.json(200);
        assert_eq!(described["resource"], format!("{issuer}{resource}"), "{path}");
        assert_eq!(described["authorization_servers"], json!([issuer]));
        assert_eq!(described["bearer_methods_supported"], json!(["header"]));
        assert_eq!(described["scopes_supported"], json!(["tools:call", "tools:read"]));
        assert_eq!(answer.must("cache-control"), "public, max-age=300");
    }
    for path in ["/mcp/", "/mcp/a/b", "/mcp/a%2fb", "/mcp/%61", "/MCP", "/health", "/"] {
        gateway().get(&format!("{RESOURCE}{path}")).await.problem(404);
    }
    let server = gateway().get("/.well-known/oauth-authorization-server").await;
    let openid = gateway().get("/.well-known/openid-configuration").await;
    assert_eq!(server.must("cache-control"), "public, max-age=300");
    let (server, mut openid) = (server.json(200), openid.json(200));
    assert_eq!(server["issuer"], issuer);
    for (name, path) in [
        ("authorization_endpoint", "/oauth/authorize"),
        ("token_endpoint", "/oauth/token"),
        ("registration_endpoint", "/oauth/register"),
        ("revocation_endpoint", "/oauth/revoke"),
        ("introspection_endpoint", "/auth/introspect"),
        ("jwks_uri", "/.well-known/jwks.json"),
    ] {
        assert_eq!(server[name], format!("{issuer}{path}"));
    }
    assert_eq!(server["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(server["response_types_supported"], json!(["code"]));
    assert_eq!(openid["id_token_signing_alg_values_supported"], json!([]), "there are no ID tokens");
    for name in ["id_token_signing_alg_values_supported", "subject_types_supported"] {
        openid.as_object_mut().unwrap().remove(name);
    }
    assert_eq!(server, openid);
}

#[tokio::test]
async fn no_header_of_a_request_changes_what_a_gateway_calls_itself() {
    let issuer = gateway().url("");
    let spoofs: [(&str, &[u8]); 7] = [
        ("Host", b"localhost:1"),
        ("X-Forwarded-Host", b"evil.example.com"),
        ("X-Forwarded-Proto", b"https"),
        ("X-Forwarded-Port", b"443"),
        ("Forwarded", b"host=evil.example.com;proto=https"),
        ("X-Original-Host", b"evil.example.com"),
        ("X-Forwarded-Prefix", b"/evil"),
    ];
    for path in ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration", RESOURCE] {
        let (plain, spoofed) = (gateway().get(path).await, raw::request(gateway(), "GET", path, &spoofs, b""));
        assert_eq!((spoofed.status, spoofed.text()), (200, plain.text()), "{path}");
        let foreign = raw::request(gateway(), "GET", path, &[("Host", b"evil.example.com")], b"");
        foreign.problem(421);
    }
    let refused = raw::request(gateway(), "GET", "/auth/me", &spoofs, b"");
    let challenge = refused.must("www-authenticate");
    assert!(refused.status == 401 && challenge.contains(&issuer) && !challenge.contains("evil"), "{challenge}");
}

#[tokio::test]
async fn who_sends_no_token_is_told_where_to_get_one_and_of_no_error() {
    let bare = format!("Bearer {}, scope=\"tools:call tools:read\"", metadata(gateway(), "/mcp"));
    for (method, path) in PROTECTED {
        let answer = send(gateway().request(method.parse().unwrap(), path)).await;
        answer.problem(401);
        assert_eq!(answer.must("www-authenticate"), bare, "{method} {path}");
    }
    for server in ["files", "No_such-1"] {
        let bare =
            format!("Bearer {}, scope=\"tools:call tools:read\"", metadata(gateway(), &format!("/mcp/{server}")));
        for method in [Method::POST, Method::GET, Method::DELETE] {
            let answer = send(gateway().request(method.clone(), &format!("/mcp/{server}"))).await;
            answer.problem(401);
            assert_eq!(answer.must("www-authenticate"), bare, "{method} {server}");
            let followed = bare.split('"').nth(1).unwrap().strip_prefix(&gateway().url("")).unwrap();
            let described = gateway().get(followed).await.json(200);
            assert_eq!(described["resource"], gateway().url(&format!("/mcp/{server}")));
        }
    }
    let odd = send(gateway().request(Method::POST, "/mcp/a%22,x=%22b")).await;
    assert_eq!(odd.must("www-authenticate"), bare, "nothing of a path that is no name is repeated");
    let operator = gateway().get("/metrics").await;
    assert!(!operator.must("www-authenticate").contains("resource_metadata"), "no token opens the operator's routes");
}

#[tokio::test]
async fn a_bad_token_is_called_invalid_at_every_route_and_not_why() {
    let (_, tokens) = logged_in(Tools::Own).await;
    for token in ["garbage", &tokens.refresh, &format!("{}x", tokens.access)] {
        let mut told = Vec::new();
        for (method, path) in PROTECTED {
            let answer = send(gateway().request(method.parse().unwrap(), path).bearer_auth(token)).await;
            answer.problem(401);
            told.push(answer.must("www-authenticate").to_owned());
        }
        told.dedup();
        let [challenge] = told.as_slice() else { panic!("several challenges: {told:?}") };
        assert!(challenge.starts_with("Bearer error=\"invalid_token\", "), "{challenge}");
        assert!(challenge.contains(&metadata(gateway(), "/mcp")) && challenge.contains("scope=\""), "{challenge}");
    }
}

#[tokio::test]
async fn a_token_anywhere_but_in_its_header_is_no_token() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let token = &tokens.access;
    let form = |path: &str| {
        let request = gateway().request(Method::POST, path).header("content-type", "application/x-www-form-urlencoded");
        request.body(format!("access_token={token}&token={token}"))
    };
    let list = |path: &str| request(gateway(), path, "tools/list", json!({"access_token": token}));
    for sent in [
        gateway().request(Method::GET, &format!("/auth/me?access_token={token}")),
        gateway().request(Method::GET, &format!("/mcp/tools?access_token={token}")),
        gateway().request(Method::GET, "/auth/me").header("cookie", format!("access_token={token}; token={token}")),
        gateway().request(Method::GET, "/auth/me").header("x-access-token", token),
        form("/auth/introspect"),
        form("/auth/introspect?access_token=x"),
        list(&format!("/mcp?access_token={token}")),
        list("/mcp").header("cookie", format!("authorization=Bearer {token}")),
        list("/mcp/old"),
    ] {
        let answer = send(sent).await;
        answer.problem(401);
        let challenge = answer.must("www-authenticate");
        assert!(!challenge.contains("error") && challenge.contains("resource_metadata"), "{challenge}");
    }
}

/// Tokens that are truly signed, of a user of the gateway whose keys are known.
struct Mint {
    header: Value,
    claims: Value,
}

impl Mint {
    async fn new() -> Self {
        let tokens = logged_in_with(Tools::Fixtures).await;
        Self { header: part(&tokens.access, 0), claims: tokens.claims() }
    }

    /// The token with this claim changed.
    fn with(&self, claim: &str, value: &str) -> String {
        let mut claims = self.claims.clone();
        claims[claim] = value.into();
        let key = SigningKey::from_bytes(&SIGNING);
        let token = signed(&self.header, &claims, |input| key.sign(input).to_bytes().to_vec());
        note_secret(&token);
        token
    }

    /// A token for a resource of the gateway.
    fn of(&self, resource: &str) -> String {
        self.with("aud", &gateway_with_known_keys().url(resource))
    }
}

#[tokio::test]
async fn a_step_up_names_all_that_the_operation_needs_at_once() {
    let (mint, gateway) = (Mint::new().await, gateway_with_known_keys());
    let (reading, all) = ("tools:read", "tools:call tools:read");
    let listening = json!({"notifications": {"toolsListChanged": true}});
    for (path, method, params, needed) in [
        ("/mcp/old", "tools/list", json!({}), reading),
        ("/mcp/old", "prompts/list", json!({}), reading),
        ("/mcp/old", "resources/list", json!({}), reading),
        ("/mcp/old", "subscriptions/listen", listening, reading),
        ("/mcp/old", "tools/call", json!({"name": "test_simple_text", "arguments": {}}), all),
        ("/mcp/old", "tools/call", json!({"name": "no_such_tool", "arguments": {}}), all),
        ("/mcp/old", "resources/read", json!({"uri": "test://static-text"}), all),
        ("/mcp", "tools/list", json!({}), reading),
        ("/mcp", "tools/call", json!({"name": "server_time", "arguments": {}}), all),
    ] {
        let expected = format!(
            "Bearer error=\"insufficient_scope\", error_description=\"this needs the scope {needed}\", {}, scope=\"{needed}\"",
            metadata(gateway, path)
        );
        for lacking in ["", "tools:call", "tools:read", "other"] {
            if needed == lacking {
                continue;
            }
            let answer = ask(gateway, &mint.with("scope", lacking), path, method, params.clone()).await;
            answer.problem(403);
            assert_eq!(answer.must("www-authenticate"), expected, "{method} {path} with {lacking:?}");
        }
        if method != "subscriptions/listen" {
            let answer = ask(gateway, &mint.with("scope", needed), path, method, params.clone()).await;
            assert_eq!(answer.status, 200, "{method} {path} with {needed}: {}", answer.text());
        }
    }
    for lacking in ["", "tools:call", "tools:read"] {
        let call = gateway.request(Method::POST, "/mcp/execute").json(&json!({"tool": "server_time"}));
        let called = patiently(call.bearer_auth(mint.with("scope", lacking))).await;
        called.problem(403);
        assert!(called.must("www-authenticate").ends_with("scope=\"tools:call tools:read\""), "{called:?}");
        let list = gateway.request(Method::GET, "/mcp/tools").bearer_auth(mint.with("scope", lacking));
        let listed = patiently(list).await;
        assert_eq!(listed.status, if lacking == "tools:read" { 200 } else { 403 }, "{lacking}");
    }
}

#[tokio::test]
async fn a_token_is_good_where_it_is_for_and_nowhere_else() {
    let (mint, gateway) = (Mint::new().await, gateway_with_known_keys());
    let at = async |token: &str, path: &str| ask(gateway, token, path, "tools/list", json!({})).await;
    let (everything, old) = (mint.of("/mcp"), mint.of("/mcp/old"));
    for path in ["/mcp", "/mcp/old", "/mcp/new"] {
        assert_eq!(at(&everything, path).await.status, 200, "{path}");
    }
    assert_eq!(at(&old, "/mcp/old").await.status, 200);
    for path in ["/mcp", "/mcp/new", "/mcp/always", "/mcp/Old", "/mcp/no-such-server", "/mcp/ol"] {
        let answer = at(&old, path).await;
        answer.problem(401);
        let challenge = answer.must("www-authenticate");
        assert!(
            challenge.starts_with("Bearer error=\"invalid_token\"") && challenge.contains(&metadata(gateway, path)),
            "{path}: {challenge}"
        );
    }
    for (method, path) in PROTECTED {
        let answer = send(gateway.request(method.parse().unwrap(), path).bearer_auth(&old)).await;
        answer.problem(401);
        assert!(answer.must("www-authenticate").contains("invalid_token"), "{method} {path}");
    }
    // The same token goes on to be good where it is for, and its owner is not logged out.
    assert_eq!(at(&old, "/mcp/old").await.status, 200);
    for other in [
        "/mcp/",
        "/mcp//old",
        "/mcp/old/",
        "/mcp/old/x",
        "/MCP/old",
        "/mcp/%6fld",
        "/mcp?old",
        "/mcp/old?x",
        "/mcp/old#x",
        "",
        "/",
        "/old",
    ] {
        let token = mint.of(other);
        for path in ["/mcp", "/mcp/old"] {
            at(&token, path).await.problem(401);
        }
    }
    for aud in ["https://elsewhere.example.com/mcp/old", &gateway.url("/mcp/old").to_uppercase(), "old", "/mcp/old"] {
        at(&mint.with("aud", aud), "/mcp/old").await.problem(401);
    }
}

#[tokio::test]
async fn a_session_and_its_streams_take_tokens_for_their_own_server_only() {
    let (mint, gateway) = (Mint::new().await, gateway_with_known_keys());
    let (old, new) = (mint.of("/mcp/old"), mint.of("/mcp/new"));
    let open = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2025-11-25",
        "capabilities": {"elicitation": {}}, "clientInfo": {"name": "contract", "version": "1.0.0"}}});
    let to = |method: Method, token: &str| {
        let request = gateway.request(method, "/mcp/old").bearer_auth(token);
        request.header("accept", "application/json, text/event-stream").header("mcp-protocol-version", "2025-11-25")
    };
    let opened = send(to(Method::POST, &old).json(&open)).await;
    let session = opened.must("mcp-session-id").to_owned();
    let within = |method: Method, token: &str| to(method, token).header("mcp-session-id", &session);
    let list = json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list", "params": {}});
    assert_eq!(send(within(Method::POST, &old).json(&list)).await.status, 200);
    assert_eq!(send(within(Method::POST, &new).json(&list)).await.status, 401);
    for method in [Method::GET, Method::DELETE] {
        assert_eq!(send(within(method, &new)).await.status, 401);
    }
    let mut narrow = mint.claims.clone();
    (narrow["aud"], narrow["scope"]) = (gateway.url("/mcp/old").into(), "".into());
    let key = SigningKey::from_bytes(&SIGNING);
    let narrow = signed(&mint.header, &narrow, |input| key.sign(input).to_bytes().to_vec());
    let refused = send(within(Method::POST, &narrow).json(&list)).await;
    refused.problem(403);
    assert!(refused.must("www-authenticate").contains(&metadata(gateway, "/mcp/old")), "{refused:?}");
    let stream = within(Method::GET, &old).send().await.unwrap();
    assert_eq!(stream.status().as_u16(), 200);
    drop(stream);
    assert_eq!(send(within(Method::DELETE, &old)).await.status, 204);
}

#[tokio::test]
async fn a_token_of_a_server_can_be_asked_about_by_whoever_may_ask() {
    let (mint, gateway) = (Mint::new().await, gateway_with_known_keys());
    let told = gateway.introspect(&mint.of("/mcp"), &mint.of("/mcp/old")).await.json(200);
    assert_eq!((&told["active"], &told["aud"]), (&json!(true), &json!(gateway.url("/mcp/old"))));
    let other = gateway.introspect(&mint.of("/mcp"), &mint.of("/mcp/old/")).await.json(200);
    assert_eq!(other, json!({"active": false}));
}
