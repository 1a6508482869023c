//! The Rust SDK as a client, in each of its modes.
#![expect(deprecated, reason = "what newer revisions have deprecated is what older ones are tested with")]

use crate::{gateway, logged_in};
use gateway_contract::seed::Tools;
use rmcp::model::{
    CallToolRequestParams, ClientConfig, CreateMessageRequestParams, CreateMessageResult, ElicitRequestParams,
    ElicitResult, GetPromptRequestParams, ListRootsResult, LoggingLevel, LoggingMessageNotificationParam,
    ProgressNotificationParam, ProtocolVersion, ReadResourceRequestParams, RequestMetaObject,
};
use rmcp::service::{NotificationContext, RequestContext};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ClientHandler, ClientLifecycleMode, ClientServiceExt, ErrorData, RoleClient};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A host that answers whatever it is asked, and counts what it is told.
#[derive(Clone, Default)]
struct Host {
    questions: Arc<AtomicUsize>,
    progress: Arc<AtomicUsize>,
    logs: Arc<AtomicUsize>,
}

/// A value of the protocol, written as it stands on the wire.
macro_rules! typed {
    ($($json:tt)+) => { serde_json::from_value(json!($($json)+)).expect("a value of the protocol") };
}

/// A value of the protocol as it stands on the wire.
macro_rules! text {
    ($value:expr) => {
        serde_json::to_value(&$value).expect("JSON").to_string()
    };
}

impl ClientHandler for Host {
    fn get_info(&self) -> ClientConfig {
        typed!({
            "protocolVersion": "2025-11-25",
            "capabilities": {"elicitation": {}, "sampling": {}, "roots": {}},
            "clientInfo": {"name": "contract", "version": "1.0.0"},
        })
    }

    async fn create_message(
        &self,
        _: CreateMessageRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<CreateMessageResult, ErrorData> {
        self.questions.fetch_add(1, Ordering::SeqCst);
        let content = json!({"type": "text", "text": "Good day"});
        Ok(typed!({"role": "assistant", "content": content, "model": "none", "stopReason": "endTurn"}))
    }

    async fn list_roots(&self, _: RequestContext<RoleClient>) -> Result<ListRootsResult, ErrorData> {
        self.questions.fetch_add(1, Ordering::SeqCst);
        Ok(typed!({"roots": [{"uri": "file:///work"}]}))
    }

    async fn create_elicitation(
        &self,
        request: ElicitRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        self.questions.fetch_add(1, Ordering::SeqCst);
        let request = serde_json::to_value(request).expect("JSON");
        let fields = request["requestedSchema"]["properties"].as_object().expect("a form").keys();
        let content: Map<String, Value> = fields.map(|name| (name.clone(), json!("Ada"))).collect();
        Ok(typed!({"action": "accept", "content": content}))
    }

    async fn on_progress(&self, _: ProgressNotificationParam, _: NotificationContext<RoleClient>) {
        self.progress.fetch_add(1, Ordering::SeqCst);
    }

    async fn on_logging_message(&self, _: LoggingMessageNotificationParam, _: NotificationContext<RoleClient>) {
        self.logs.fetch_add(1, Ordering::SeqCst);
    }
}

/// The three modes.
fn modes() -> [ClientLifecycleMode; 3] {
    let preferred_versions = vec![ProtocolVersion::V_2026_07_28];
    [
        ClientLifecycleMode::Initialize,
        ClientLifecycleMode::Discover { preferred_versions: preferred_versions.clone() },
        ClientLifecycleMode::Auto { preferred_versions, legacy_version: None },
    ]
}

fn transport(access: &str, path: &str) -> StreamableHttpClientTransport<reqwest::Client> {
    let config = StreamableHttpClientTransportConfig::with_uri(gateway().url(path)).auth_header(access.to_owned());
    StreamableHttpClientTransport::from_config(config)
}

fn call(name: &'static str) -> CallToolRequestParams {
    CallToolRequestParams::new(name).with_arguments(Map::new())
}

/// Connects to everything a tenant has, lists, calls, and disconnects.
#[tokio::test]
async fn the_rust_sdk_works_in_each_of_its_modes() {
    let (_, tokens) = logged_in(Tools::Everything).await;
    for mode in modes() {
        let transport = transport(&tokens.access, "/mcp");
        let client = ClientConfig::default().serve_with_lifecycle(transport, mode).await.expect("a connection");
        let tools = client.list_all_tools().await.expect("a list");
        let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_ref()).collect();
        assert!(names.contains(&"server_time") && names.contains(&"everything__echo"), "{names:?}");
        let arguments = json!({"message": "from the SDK"}).as_object().cloned().unwrap_or_default();
        let echo = CallToolRequestParams::new("everything__echo").with_arguments(arguments);
        let result = client.call_tool(echo).await.expect("a result");
        assert!(text!(result).contains("Echo: from the SDK"), "{}", text!(result));
        assert!(client.call_tool(call("no_such_tool")).await.is_err());
        client.cancel().await.expect("a clean end");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rust_sdk_answers_questions_of_a_server_of_2025() {
    for mode in modes() {
        converse("/mcp/old", mode).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rust_sdk_answers_questions_of_a_server_of_2026() {
    for mode in modes() {
        converse("/mcp/new", mode).await;
    }
}

async fn converse(path: &str, mode: ClientLifecycleMode) {
    let (_, tokens) = logged_in(Tools::Fixtures).await;
    let (host, case) = (Host::default(), format!("{path} {mode:?}"));
    let client = host.clone().serve_with_lifecycle(transport(&tokens.access, path), mode).await.expect("a connection");
    let tools = client.list_all_tools().await.expect("tools");
    assert!(tools.iter().any(|tool| tool.name == "test_simple_text"), "{case}");
    assert_eq!(client.list_all_prompts().await.expect("prompts").len(), 5, "{case}");
    assert_eq!(client.list_all_resources().await.expect("resources").len(), 3, "{case}");
    assert_eq!(client.list_all_resource_templates().await.expect("templates").len(), 1, "{case}");
    let prompt = client.get_prompt(GetPromptRequestParams::new("test_simple_prompt")).await.expect("a prompt");
    assert!(text!(prompt).contains("This is a simple prompt for testing."), "{case}");
    let read = client.read_resource(ReadResourceRequestParams::new("test://static-text")).await.expect("contents");
    assert!(text!(read).contains("This is the content of the static text resource."), "{case}");

    let result = client.call_tool(call("test_tool_with_progress")).await.expect("a result");
    assert!(text!(result).contains("Progress test completed"), "{case}");
    assert_eq!(host.progress.load(Ordering::SeqCst), 3, "{case}: steps of progress");
    let mut logging = call("test_tool_with_logging");
    let mut meta = RequestMetaObject::default();
    meta.set_log_level(LoggingLevel::Info);
    logging.meta = Some(meta);
    client.call_tool(logging).await.expect("a result");
    assert_eq!(host.logs.load(Ordering::SeqCst), 3, "{case}: log messages");

    let result = client.call_tool(call("test_input_required_result_multiple_inputs")).await.expect("a result");
    assert!(text!(result).contains("Good day for Ada, roots: file:///work"), "{case}: {}", text!(result));
    assert_eq!(host.questions.load(Ordering::SeqCst), 3, "{case}: questions");
    let result = client.call_tool(call("test_input_required_result_multi_round")).await.expect("a result");
    assert!(text!(result).contains("Ada likes Ada"), "{case}: {}", text!(result));
    client.cancel().await.expect("a clean end");
}
