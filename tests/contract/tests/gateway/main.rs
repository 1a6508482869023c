//! What the gateway promises, asked over HTTP on a real local Workers runtime.
//!
//! One gateway serves most tests ([`World::shared`]); each test takes a user nobody else uses, in a tenant of its own.

mod accounts;
mod admin_hostile;
mod admin_matrix;
mod admin_once;
mod admin_reach;
mod admin_team;
mod admin_tenants;
mod api_keys;
mod approvals;
mod approvals_asked;
mod bad_input;
mod bridging;
mod browsers;
mod changes;
mod clients;
mod console;
mod console_looks;
mod console_settings;
mod console_states;
mod credentials;
mod databases;
mod departures;
mod disk;
mod drift;
mod drift_answers;
mod drift_apis;
mod drift_many;
mod drift_told;
mod enterprise;
mod enterprise_assertions;
mod enterprise_exchange;
mod enterprise_groups;
mod entropy;
mod entropy_required;
mod faults;
mod federation;
mod files;
mod giving_up;
mod guardrails;
mod headers;
mod health;
mod http_apis;
mod inspector;
mod introspection;
mod killed;
mod known_keys;
mod limits;
mod login;
mod logs;
mod mcp;
mod mcp_hostile;
mod mcp_legacy;
mod mcp_parallel;
mod mcp_refusals;
mod mcp_sessions;
mod metrics;
mod naughty;
mod oauth_clients;
mod oauth_conformance;
mod oauth_desktop;
mod oauth_documents;
mod oauth_flow;
mod oauth_programs;
mod oauth_refusals;
mod openapi;
mod pages;
mod plans;
mod policies;
mod policies_elsewhere;
mod pooling;
mod production;
mod randomness;
mod readme;
mod readme_commands;
mod records;
mod refresh;
mod resource_server;
mod rest;
mod revocation;
mod signing_in;
mod strained;
mod streams;
mod tasks;
mod tenants;
mod tokens;
mod tool_search;
mod tools;
mod traces;
mod upstreams;
mod virtual_servers;
mod wire_promises;

use gateway_contract::client::{Answer, Tokens, send};
use gateway_contract::seed::{Tools, User};
use gateway_contract::{Gateway, World};
use reqwest::Method;
use serde_json::{Value, json};

/// The shared gateway.
fn gateway() -> &'static Gateway {
    &World::shared().gateway
}

/// A user nobody else uses, logged in.
async fn logged_in(tools: Tools) -> (User, Tokens) {
    let user = gateway().user(tools);
    let tokens = gateway().login(&user).await;
    (user, tokens)
}

/// The parameters of a modern request: the given members and the `_meta` every request must have.
fn modern_params(mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "contract", "version": "1.0.0"}
    });
    params
}

/// Posts a JSON-RPC body with the given header fields and whatever a client of any revision sends.
async fn post_mcp(access: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
    let mut request = gateway().request(Method::POST, "/mcp").bearer_auth(access).json(body);
    request = request.header("accept", "application/json, text/event-stream");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(request).await
}

/// A modern request as a good client sends it.
async fn modern(access: &str, method: &str, params: Value) -> Answer {
    let mut headers = vec![("mcp-protocol-version", "2026-07-28"), ("mcp-method", method)];
    let name = params["name"].as_str().map(str::to_owned);
    headers.extend(name.as_deref().map(|name| ("mcp-name", name)));
    let body = json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": modern_params(params)});
    post_mcp(access, &headers, &body).await
}

/// A request of revision 2025-11-25 as a good client sends it.
async fn legacy(access: &str, method: &str, params: Value) -> Answer {
    let body = json!({"jsonrpc": "2.0", "id": "seven", "method": method, "params": params});
    post_mcp(access, &[("mcp-protocol-version", "2025-11-25")], &body).await
}

/// The arguments of `get_weather` for a place, under whatever name its schema has for it.
async fn weather_arguments(access: &str, place: &str) -> Value {
    json!({required_argument(access, "get_weather").await: place})
}

/// The one required argument of a tool.
async fn required_argument(access: &str, name: &str) -> String {
    let list = gateway().get_as(access, "/mcp/tools").await.json(200);
    let tools = list["tools"].as_array().expect("tools");
    let tool = tools.iter().find(|tool| tool["name"] == name).unwrap_or_else(|| panic!("no {name} in {list}"));
    tool["parameters"]["required"][0].as_str().unwrap_or_else(|| panic!("{name} requires nothing: {tool}")).to_owned()
}
