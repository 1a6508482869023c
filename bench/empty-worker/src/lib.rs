//! The least a Rust Worker can do: it answers a fixed text, or, at `/fetch`, sends the body on to one other server and
//! answers what that one answered.

#![cfg(target_arch = "wasm32")]

use worker::wasm_bindgen::JsValue;
use worker::{Context, Env, Fetch, Method, Request, RequestInit, Response, Result, event};

/// What the protocol wants of every request to a tool server.
const WANTED: [&str; 5] = ["content-type", "accept", "mcp-protocol-version", "mcp-method", "mcp-name"];

/// Answers one request. `UPSTREAM` is the address of the other server.
#[event(fetch)]
async fn fetch(mut request: Request, env: Env, _: Context) -> Result<Response> {
    let text =
        if request.path() == "/fetch" { pass_on(&mut request, &env).await? } else { r#"{"ok":true}"#.to_owned() };
    let mut response = Response::ok(text)?;
    response.headers_mut().set("content-type", "application/json")?;
    Ok(response)
}

async fn pass_on(request: &mut Request, env: &Env) -> Result<String> {
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_body(Some(JsValue::from_str(&request.text().await?)));
    for name in WANTED {
        init.headers.set(name, &request.headers().get(name)?.unwrap_or_default())?;
    }
    let upstream = Request::new_with_init(&env.var("UPSTREAM")?.to_string(), &init)?;
    Fetch::Request(upstream).send().await?.text().await
}
