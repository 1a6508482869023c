//! Programs on a person's machine that open a browser to sign in, with a real browser for it.

use crate::gateway;
use gateway_contract::browser::{Browser, Page, Screen};
use gateway_contract::fake::free_port;
use gateway_contract::guard::Guarded;
use gateway_contract::oauth::Landing;
use gateway_contract::program::{Desk, Program};
use gateway_contract::seed::{PASSWORD, Tools, User};
use serde_json::{Value, json};
use std::time::Duration;

/// Goes to the page that a program shows, signs in and allows: the words of the page the browser ends at.
async fn allow(page: &Page<'_>, request: &str, user: &User, (app, port): (&str, u16)) -> String {
    assert!(request.starts_with(&gateway().url("/oauth/authorize?")), "{request}");
    assert_eq!(page.goto(request).await, 200);
    decide(page, user, app).await;
    let arrived = page.arrive(&format!("http://127.0.0.1:{port}/oauth/callback?")).await;
    assert!(Landing::at(&arrived).find("code").is_some(), "{app}");
    page.text("body").await
}

/// Signs in at the page that is shown, and allows.
async fn decide(page: &Page<'_>, user: &User, app: &str) {
    page.fill("[name=username]", &user.username).await;
    page.fill("[name=password]", PASSWORD).await;
    page.click("button[type=submit]").await;
    let shown = page.text("main").await;
    assert!(shown.contains(app) && shown.contains("any program on this computer"), "{shown}");
    page.click("[value=allow]").await;
}

/// One request over standard input and output: its result.
async fn ask(server: &mut Program, id: u64, method: &str, params: Value) -> Value {
    server.tell(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
    let answer = server.told_when(|message| message["id"] == id && message.get("method").is_none()).await;
    assert!(answer["result"].is_object(), "{method}: {answer}");
    answer["result"].clone()
}

/// Lists and calls as a client of a program that hands everything on to the gateway.
async fn works(server: &mut Program) {
    let client = json!({"name": "contract", "version": "1.0.0"});
    let hello = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client});
    let told = ask(server, 1, "initialize", hello).await;
    assert_eq!(told["protocolVersion"], "2025-11-25", "{told}");
    server.tell(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
    let tools = ask(server, 2, "tools/list", json!({})).await;
    let names = tools["tools"].as_array().expect("tools").iter().map(|tool| &tool["name"]);
    assert!(names.clone().any(|name| name == "server_time"), "{tools}");
    let result = ask(server, 3, "tools/call", json!({"name": "server_time", "arguments": {}})).await;
    assert!(result["structuredContent"].is_object() && result["isError"] != true, "{result}");
}

fn remote(desk: &Desk, port: u16) -> Program {
    let mut command = desk.command("mcp-remote");
    command.args([&gateway().url("/mcp"), &port.to_string(), "--host", "127.0.0.1", "--transport", "http-only"]);
    Program::start(command)
}

#[tokio::test]
async fn mcp_remote_signs_in_and_serves_and_does_not_ask_again() {
    let Some(browser) = Browser::shared() else { return };
    let (desk, user, page) = (Desk::new(), gateway().user(Tools::Own), browser.open(Screen::DESKTOP).await);
    let port = free_port();
    let mut first = remote(&desk, port);
    // It connects before it is asked anything.
    let told = allow(&page, &desk.shown().await, &user, ("MCP CLI Proxy", port)).await;
    works(&mut first).await;
    assert!(told.contains("Authorization successful"), "{told}");
    drop(first);
    works(&mut remote(&desk, port)).await;
    assert_eq!(desk.shown_all().len(), 1, "{:?}", desk.shown_all());
    page.close().await;
}

#[tokio::test]
async fn the_inspector_signs_in_on_the_command_line_and_does_not_ask_again() {
    let Some(browser) = Browser::shared() else { return };
    let (desk, user, page) = (Desk::new(), gateway().user(Tools::Own), browser.open(Screen::DESKTOP).await);
    let port = free_port();
    let callback = format!("http://127.0.0.1:{port}/oauth/callback");
    let inspect = |arguments: &[&str]| {
        let mut command = desk.command("mcp-inspector");
        command.args(["--cli", &gateway().url("/mcp"), "--transport", "http", "--format", "json"]);
        command.args(["--callback-url", &callback, "--connect-timeout", "60000"]).args(arguments);
        // Without a terminal it takes nobody to be there.
        command.env("MCP_AUTO_OPEN_ENABLED", "true").env("MCP_INSPECTOR_SECRET_STORE", "file");
        Program::start(command)
    };
    let first = inspect(&["--method", "tools/list"]);
    let told = allow(&page, &desk.shown().await, &user, ("MCP Inspector", port)).await;
    assert!(told.contains("OAuth complete"), "{told}");
    let listed = first.told().await;
    assert!(listed.to_string().contains("server_time"), "{listed}");
    let called = inspect(&["--method", "tools/call", "--tool-name", "server_time"]).told().await;
    assert!(called.to_string().contains("structuredContent"), "{called}");
    assert_eq!(desk.shown_all().len(), 1, "{:?}", desk.shown_all());
    page.close().await;
}

/// Starts the Inspector's window, for one server, and waits until it can be shown: its address.
async fn window(desk: &Desk) -> (Guarded, String) {
    let mut command = desk.command("mcp-inspector");
    command.args(["--web", "--server-url", &gateway().url("/mcp"), "--transport", "http"]);
    for port in ["CLIENT_PORT", "MCP_SANDBOX_PORT", "MCP_APP_ORIGIN_PORT"] {
        command.env(port, free_port().to_string());
    }
    command.env("MCP_AUTO_OPEN_ENABLED", "false").env("MCP_INSPECTOR_SECRET_STORE", "memory");
    let mut process = Guarded::start(command);
    loop {
        let lines = process.lines();
        if let Some(address) = lines.iter().find(|line| line.contains("MCP_INSPECTOR_API_TOKEN=")) {
            return (process, address.trim().to_owned());
        }
        assert!(!process.has_ended(), "the Inspector has ended:\n{}", lines.join("\n"));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn the_inspector_signs_in_in_its_window() {
    let Some(browser) = Browser::shared() else { return };
    let (desk, user, page) = (Desk::new(), gateway().user(Tools::Own), browser.open(Screen::DESKTOP).await);
    let (_process, address) = window(&desk).await;
    assert_eq!(page.goto(&address).await, 200);
    page.click("label:has([role=switch])").await;
    page.arrive(&gateway().url("/oauth/authorize?")).await;
    decide(&page, &user, "MCP Inspector").await;
    page.arrive(address.split('?').next().expect("an address")).await;
    page.click("label:has-text('Tools')").await;
    page.click("text=server_time").await;
    page.click("button:has-text('Execute Tool')").await;
    page.text(r#"text=/"unix_ms": \d{13}/ >> nth=0"#).await;
    page.close().await;
}
