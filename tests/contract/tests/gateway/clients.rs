//! Clients that others wrote.

use crate::{gateway, logged_in};
use gateway_contract::program;
use gateway_contract::seed::Tools;
use rmcp::model::{CallToolRequestParams, ClientConfig, ProtocolVersion};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ClientLifecycleMode, ClientServiceExt};
use serde_json::json;

/// Connects with the Rust SDK, lists, calls, and disconnects.
async fn rust_sdk(mode: ClientLifecycleMode) {
    let (_, tokens) = logged_in(Tools::Everything).await;
    let config = StreamableHttpClientTransportConfig::with_uri(gateway().url("/mcp")).auth_header(tokens.access);
    let transport = StreamableHttpClientTransport::from_config(config);
    let client = ClientConfig::default().serve_with_lifecycle(transport, mode).await.expect("a connection");
    let tools = client.list_all_tools().await.expect("a list");
    let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_ref()).collect();
    assert!(names.contains(&"server_time") && names.contains(&"everything__echo"), "{names:?}");
    let arguments = json!({"message": "from the SDK"}).as_object().cloned().unwrap_or_default();
    let call = CallToolRequestParams::new("everything__echo").with_arguments(arguments);
    let result = client.call_tool(call).await.expect("a result");
    let text = serde_json::to_value(&result).expect("JSON").to_string();
    assert!(text.contains("Echo: from the SDK"), "{text}");
    assert!(client.call_tool(CallToolRequestParams::new("no_such_tool")).await.is_err());
    client.cancel().await.expect("a clean end");
}

#[tokio::test]
async fn the_rust_sdk_works_with_the_handshake() {
    rust_sdk(ClientLifecycleMode::Initialize).await;
}

#[tokio::test]
async fn the_rust_sdk_works_without_a_handshake() {
    rust_sdk(ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] }).await;
}

#[tokio::test]
async fn the_rust_sdk_works_when_it_finds_out_by_itself() {
    let preferred_versions = vec![ProtocolVersion::V_2026_07_28];
    rust_sdk(ClientLifecycleMode::Auto { preferred_versions, legacy_version: None }).await;
}

/// Runs the Inspector without its window: whether it succeeded, and what it printed.
fn inspector(access: &str, arguments: &[&str]) -> (bool, String) {
    let mut command = program("mcp-inspector");
    let header = format!("Authorization: Bearer {access}");
    command.args(["--cli", &gateway().url("/mcp"), "--transport", "http", "--header", &header]).args(arguments);
    let output = command.output().expect("the Inspector");
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

#[tokio::test]
async fn the_inspector_lists_and_calls() {
    let (_, tokens) = logged_in(Tools::Everything).await;
    let (listed, text) = inspector(&tokens.access, &["--method", "tools/list"]);
    assert!(listed && text.contains("\"everything__echo\"") && text.contains("\"get_weather\""), "{text}");
    let call =
        ["--method", "tools/call", "--tool-name", "everything__echo", "--tool-arg", "message=from the Inspector"];
    let (called, text) = inspector(&tokens.access, &call);
    assert!(called && text.contains("Echo: from the Inspector"), "{text}");
    let (called, text) = inspector("not.a.token", &["--method", "tools/list"]);
    assert!(!called && !text.contains("\"get_weather\""), "{text}");
}
