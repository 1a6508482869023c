//! The stand-ins are what they say: a real client is content with them, and they notice a client that is not.

use gateway_contract::fake::entropy::{self, Fault};
use gateway_contract::fake::mcp::Upstream;
use gateway_contract::fake::weather;
use rmcp::model::{CallToolRequestParams, ClientConfig, ProtocolVersion};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::{ClientLifecycleMode, ClientServiceExt};
use serde_json::{Value, json};
use std::time::Duration;

async fn content_with(upstream: &Upstream, mode: ClientLifecycleMode) {
    let transport = StreamableHttpClientTransport::from_uri(upstream.server.url("/mcp"));
    let client = ClientConfig::default().serve_with_lifecycle(transport, mode).await.expect("a connection");
    assert_eq!(client.list_all_tools().await.expect("a list").len(), 11);
    let arguments = json!({"text": "ab", "times": 2}).as_object().cloned().unwrap_or_default();
    let result =
        client.call_tool(CallToolRequestParams::new("repeat").with_arguments(arguments)).await.expect("a result");
    assert_eq!(result.structured_content, Some(json!({"text": "abab"})));
    client.cancel().await.expect("a clean end");
    assert_eq!(upstream.complaints(), [""; 0]);
}

#[tokio::test]
async fn the_rust_sdk_is_content_with_the_recorder_of_2026() {
    let preferred_versions = vec![ProtocolVersion::V_2026_07_28];
    content_with(&Upstream::modern(), ClientLifecycleMode::Discover { preferred_versions }).await;
}

#[tokio::test]
async fn the_rust_sdk_is_content_with_the_recorder_of_2025() {
    content_with(&Upstream::legacy(), ClientLifecycleMode::Initialize).await;
}

#[tokio::test]
async fn a_recorder_keeps_what_it_got_and_what_was_wrong_with_it() {
    let upstream = Upstream::modern();
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}});
    let request = reqwest::Client::new().post(upstream.server.url("/mcp")).bearer_auth("canary").json(&body);
    let answer = request.header("accept", "application/json, text/event-stream").send().await.expect("an answer");
    assert_eq!(answer.status(), 400);
    assert_eq!(upstream.complaints(), ["a request without its protocol version"]);
    assert_eq!(upstream.calls("tools/list")[0].header("authorization"), Some("Bearer canary"));
}

async fn ask(url: String) -> (u16, Value) {
    let answer = reqwest::get(url).await.expect("an answer");
    let status = answer.status().as_u16();
    let text = answer.text().await.expect("a body");
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

#[tokio::test]
async fn the_weather_service_finds_places_and_refuses_what_it_does_not_know() {
    let weather = weather::start();
    let (status, found) = ask(weather.url("/v1/search?name=Z%C3%BCrich&count=1")).await;
    assert_eq!((status, &found["results"][0]["name"]), (200, &json!("Zürich")));
    assert!(ask(weather.url("/v1/search?name=Atlantis")).await.1.get("results").is_none());
    let forecast = |query: &str| weather.url(&format!("/v1/forecast?latitude=52.5&longitude=13.4&{query}"));
    assert_eq!(ask(forecast("current=temperature_2m")).await.1["current"]["temperature_2m"], weather::BERLIN_CELSIUS);
    let (status, refused) = ask(forecast("current=nonsense")).await;
    assert_eq!((status, &refused["error"]), (400, &json!(true)));
}

#[tokio::test]
async fn the_providers_answer_in_their_own_forms() {
    let anu = entropy::anu();
    assert_eq!(ask(anu.url("/?length=1&type=uint8")).await, (403, json!({"message": "Forbidden"})));
    let legacy = entropy::anu_legacy();
    let (_, first) = ask(legacy.url("/API/jsonI.php?length=4&type=uint8")).await;
    assert_eq!((&first["length"], first["data"].as_array().map(Vec::len)), (&json!(4), Some(4)));
    let (status, second) = ask(legacy.url("/API/jsonI.php?length=4&type=uint8")).await;
    assert!(status == 500 && second.to_string().contains("limited to 1 requests per minute"), "{second}");
    let quantis = entropy::quantis();
    let raw = reqwest::get(quantis.url("/api/2.0/streambytes?size=33")).await.expect("an answer");
    assert_eq!(raw.bytes().await.expect("a body").len(), 33);
    let (_, hexadecimal) = ask(quantis.url("/api/2.0/hexbytes?quantity=3&dataLength=2")).await;
    assert!(hexadecimal.as_array().is_some_and(|blocks| blocks.len() == 3), "{hexadecimal}");
    let origin = entropy::quantum_origin();
    assert_eq!(ask(origin.url("/api/v1/randomness")).await.0, 401);
    let (_, lfd) = ask(entropy::lfd().url("/qrng_api/qrng?length=2&format=HEX")).await;
    assert_eq!((lfd["qrn"].as_str().map(str::len), &lfd["length"]), (Some(4), &json!(2)));
    let (_, ints) = ask(entropy::qrandom_io().url("/api/random/ints?n=5&min=0&max=255")).await;
    assert_eq!(ints["numbers"].as_array().map(Vec::len), Some(5));
    let qbck = entropy::qbck();
    let (_, blocks) = ask(qbck.url(&format!("/{}/qbck/block/hex?size=2&length=3", entropy::OTHER_KEY))).await;
    assert_eq!(blocks["data"]["result"][1].as_str().map(str::len), Some(6));
    let (status, refusal) = ask(qbck.url("/wrong/qbck/block/hex?size=2&length=3")).await;
    assert_eq!((status, &refusal["status"]), (200, &json!(404)));
    assert_eq!(ask(entropy::qrypt().url("/api/v1/quantum-entropy?size=1")).await.0, 401);
    assert_eq!(ask(entropy::qrng_open_api().url("/v1/capabilities")).await.0, 401);
}

async fn post(url: String, authorization: &str, body: Value) -> (u16, Value) {
    let request = reqwest::Client::new().post(url).header("authorization", authorization);
    let answer = request.header("x-id-api-key", entropy::OTHER_KEY).json(&body).send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

#[tokio::test]
async fn providers_that_are_posted_to_answer_in_their_own_forms() {
    let outshift = entropy::outshift();
    let body = json!({"encoding": "raw", "format": "all", "bits_per_block": 8, "number_of_blocks": 3});
    let (_, numbers) = post(outshift.url("/api/v1/random_numbers"), "", body).await;
    assert!(numbers["random_numbers"][2]["hexadecimal"].is_string(), "{numbers}");
    let qci = entropy::qci();
    let (_, token) = post(qci.url("/auth/v1/access-tokens"), "", json!({"refresh_token": entropy::OTHER_KEY})).await;
    assert!(token["expires_in"].as_u64().is_some_and(|moment| moment > 1_700_000_000), "{token}");
    let bearer = format!("Bearer {}", token["access_token"].as_str().expect("a token"));
    let ask = json!({"n_samples": 4, "n_bits": 8});
    let (_, numbers) = post(qci.url("/qrng/random_numbers"), &bearer, ask.clone()).await;
    assert_eq!(numbers.as_array().map(Vec::len), Some(4));
    assert_eq!(post(qci.url("/qrng/random_numbers"), "Bearer other", ask).await.0, 401);
    let open = entropy::qrng_open_api();
    let bearer = format!("Bearer {}", entropy::OTHER_KEY);
    let (_, blocks) = post(open.url("/v1/entropy"), &bearer, json!({"block_size": 3, "block_count": 2})).await;
    assert_eq!(blocks["entropy"][1].as_str().map(str::len), Some(4));
    assert_eq!(post(open.url("/v1/entropy"), &bearer, json!({"block_size": 257})).await.0, 422);
}

#[tokio::test]
async fn a_provider_misbehaves_on_command_and_heals() {
    let lfd = entropy::lfd();
    let url = lfd.url("/qrng_api/qrng?length=64&format=HEX");
    lfd.misbehave(Fault::Zeros);
    assert_eq!(ask(url.clone()).await.1["qrn"], "00".repeat(64));
    lfd.misbehave(Fault::Unauthorized);
    assert_eq!(ask(url.clone()).await.0, 401);
    lfd.misbehave(Fault::Hang);
    let patience = Duration::from_millis(300);
    assert!(tokio::time::timeout(patience, ask(url.clone())).await.is_err());
    lfd.heal();
    assert_eq!(ask(url).await.0, 200);
}
