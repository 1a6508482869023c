//! HTTP APIs as tools: by their OpenAPI document, and by hand.

use crate::gateway;
use gateway_contract::caller::Caller;
use gateway_contract::client::{Answer, note_secret};
use gateway_contract::fake::server::{Reply, Request, Server};
use gateway_contract::team::{SEEN, Team, refused, text, within};
use reqwest::Method;
use serde_json::{Value, json};

const KEY: &str = "canary-pets-key-77aa";
const INSIDE: &str = "canary-stack-trace-of-the-api";

const DOCUMENT: &str = r#"
openapi: 3.1.0
info: {title: Pets, version: "1"}
servers: [{url: /v1}]
security: [{key: []}]
components:
  securitySchemes:
    key: {type: apiKey, in: header, name: X-Pets-Key}
paths:
  /pets/{petId}:
    parameters:
      - {name: petId, in: path, required: true, schema: {type: string}}
    get:
      operationId: showPet
      summary: Show one pet
      responses:
        "200": {description: A pet, content: {application/json: {schema: {$ref: "schemas.json#/Pet"}}}}
  /pets:
    get:
      operationId: listPets
      parameters:
        - {name: tags, in: query, schema: {type: array, items: {type: string}}}
      responses: {"200": {description: Pets}}
    post:
      operationId: addPet
      requestBody: {required: true, content: {application/json: {schema: {$ref: "schemas.json#/Pet"}}}}
      responses: {"201": {description: Made}}
    trace: {responses: {}}
  /broken:
    get: {operationId: break, responses: {"200": {description: Never}}}
"#;

fn api() -> Server {
    Server::start(|request| match (request.method.as_str(), request.path.as_str()) {
        (_, "/openapi.yaml") => Reply::text(200, "application/yaml", DOCUMENT),
        (_, "/schemas.json") => {
            let id = json!({"type": "string"});
            Reply::json(
                200,
                &json!({"Pet": {"type": "object", "required": ["id"], "properties": {"id": id, "name": {"type": "string"}}}}),
            )
        }
        (_, path) if !path.starts_with("/v1/") => Reply::empty(404),
        _ if request.header("x-pets-key") != Some(KEY) => Reply::json(401, &json!({"hint": INSIDE})),
        (_, "/v1/broken") => Reply::text(500, "text/plain", format!("{INSIDE} {KEY}")),
        ("GET", "/v1/pets") => Reply::json(200, &json!([{"id": "1"}, {"id": "2"}])),
        ("POST", "/v1/pets") => Reply::json(201, &request.json()),
        (_, path) => Reply::json(200, &json!({"id": path.trim_start_matches("/v1/pets/"), "name": "Rex"})),
    })
}

async fn imported(team: &Team, name: &str, api: &Server) -> Value {
    team.make("owner", "/admin/upstreams/import", &json!({"name": name, "url": api.url("/openapi.yaml")})).await
}

async fn with_key(team: &Team, name: &str) {
    note_secret(KEY);
    let secret = json!({"header": {"name": "X-Pets-Key", "value": KEY}});
    team.make("owner", "/admin/credentials", &json!({"upstream": name, "secret": secret})).await;
}

async fn call(access: &str, tool: &str, arguments: &Value) -> Answer {
    gateway().execute(access, tool, arguments).await
}

/// Calls until the tool is there and succeeds, for as long as new rows may go unseen.
async fn served(access: &str, tool: &str, arguments: &Value) {
    let succeeds = || async {
        let answer = call(access, tool, arguments).await;
        answer.status == 200 && answer.json(200)["success"] == true
    };
    within(SEEN, "served", succeeds).await;
}

fn requests(api: &Server) -> Vec<Request> {
    api.asked().into_iter().filter(|request| request.path.starts_with("/v1")).collect()
}

#[tokio::test]
async fn an_operator_pastes_a_document_and_a_key_and_an_agent_uses_the_api() {
    let (team, api) = (Team::new(), api());
    let made = imported(&team, "pets", &api).await;
    assert_eq!(made["tools"], json!(["showPet", "listPets", "addPet", "break"]), "{made}");
    assert_eq!((&made["refused"][0]["method"], &made["refused_count"]), (&json!("TRACE"), &json!(1)), "{made}");
    let wanted = json!([{"scheme": "key", "kind": "apiKey", "in": "header", "name": "X-Pets-Key"}]);
    assert_eq!((&made["credentials"], &made["upstream"]["kind"]), (&wanted, &json!("http")), "{made}");
    with_key(&team, "pets").await;
    let access = team.token("agent").await;
    served(&access, "pets__showPet", &json!({"petId": "7"})).await;
    let shown = call(&access, "pets__showPet", &json!({"petId": "a b/ü"})).await.json(200);
    assert_eq!(shown["result"], json!({"id": "a b/ü", "name": "Rex"}), "{shown}");
    let added = call(&access, "pets__addPet", &json!({"id": "9", "name": "Ada"})).await.json(200);
    assert!(added["result"].to_string().contains("Ada"), "{added}");
    call(&access, "pets__listPets", &json!({"tags": ["x&y", "z"]})).await.json(200);
    let last = requests(&api).pop().expect("a request");
    assert_eq!(last.query, [("tags".to_owned(), "x&y".to_owned()), ("tags".to_owned(), "z".to_owned())]);
    assert!(last.header("authorization").is_none(), "what the agent showed goes no further");
    let parents: Vec<&str> =
        last.headers.iter().filter(|(name, _)| name == "traceparent").map(|(_, value)| value.as_str()).collect();
    assert!(matches!(parents[..], [parent] if parent.starts_with("00-") && parent.len() == 55), "{parents:?}");
    for revision in ["modern", "legacy"] {
        let caller = match revision {
            "modern" => Caller::modern(gateway(), &access, ""),
            _ => Caller::legacy(gateway(), &access, "", json!({})).await,
        };
        let result = caller.result("tools/call", json!({"name": "pets__showPet", "arguments": {"petId": "7"}})).await;
        assert_eq!(result["structuredContent"], json!({"id": "7", "name": "Rex"}), "{revision}: {result}");
    }
    refused(&call(&access, "pets__showPet", &json!({})).await, 422, "invalid-arguments");
    let records = team.order("auditor", Method::GET, "/admin/audit?tool=pets__addPet&kind=tool.call", None).await;
    assert_eq!(records.json(200)["items"].as_array().map(Vec::len), Some(1), "{}", records.text());
    team.policy(&json!({"name": "look only", "effect": "deny", "what": {"upstreams": ["pets"], "read_only": false}}))
        .await;
    let hidden = || async { call(&access, "pets__addPet", &json!({"id": "9"})).await.status == 404 };
    within(SEEN, "denied", hidden).await;
    call(&access, "pets__showPet", &json!({"petId": "7"})).await.json(200);
}

#[tokio::test]
async fn nothing_that_an_agent_writes_leads_out_of_the_api_or_into_its_headers() {
    let (team, api) = (Team::new(), api());
    imported(&team, "pets", &api).await;
    with_key(&team, "pets").await;
    let access = team.token("agent").await;
    served(&access, "pets__showPet", &json!({"petId": "7"})).await;
    for hostile in [
        "..",
        ".",
        "../admin",
        "..%2fadmin",
        "%2e%2e/admin",
        "a/../../admin",
        "a\\..\\admin",
        "?x=1",
        "#x",
        "7?key=1",
        "a\r\nX-Injected: 1",
        "a\u{0}b",
        "//evil.example/",
        "http://evil.example/",
        "@evil.example",
        ";a=b",
        "%",
        "%00",
        "\u{202e}x",
        &"x".repeat(100_000),
        " ",
    ] {
        let before = requests(&api).len();
        let answer = call(&access, "pets__showPet", &json!({"petId": hostile})).await;
        let shown: String = hostile.chars().take(40).collect();
        let told: Value = answer.json(200);
        for request in requests(&api).split_off(before) {
            assert_eq!(request.path, format!("/v1/pets/{hostile}"), "{shown:?}: one segment, to the letter");
            assert!(request.query.is_empty() && request.header("x-injected").is_none(), "{shown:?}: {request:?}");
        }
        if requests(&api).len() == before {
            assert_eq!(told["success"], false, "{shown:?}: {told}");
            assert!(told["result"].to_string().contains("Nothing was sent"), "{shown:?}: {told}");
        }
    }
}

#[tokio::test]
async fn an_api_that_fails_or_refuses_is_told_of_in_the_gateways_own_words() {
    let (team, api) = (Team::new(), api());
    imported(&team, "pets", &api).await;
    let access = team.token("agent").await;
    let seen = || async { call(&access, "pets__listPets", &json!({})).await.status == 200 };
    within(SEEN, "there", seen).await;
    let keyless = call(&access, "pets__listPets", &json!({})).await;
    assert_eq!(keyless.json(200)["success"], false, "{}", keyless.text());
    assert!(keyless.text().contains("401") && !keyless.text().contains(INSIDE), "{}", keyless.text());
    with_key(&team, "pets").await;
    served(&access, "pets__listPets", &json!({})).await;
    let broken = call(&access, "pets__break", &json!({})).await;
    refused(&broken, 502, "upstream-failed");
    assert!(broken.text().contains("pets") && !broken.text().contains(INSIDE), "{}", broken.text());
    assert!(!gateway().lines().iter().any(|line| line.contains(INSIDE) || line.contains(KEY)), "it is in the log");
}

#[tokio::test]
async fn a_tool_is_written_by_hand_where_there_is_no_document() {
    let (team, api) = (Team::new(), api());
    let tool = json!({
        "definition": {"name": "find", "description": "Find a pet.", "inputSchema": {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}},
        "method": "GET", "path": "/pets/{id}", "parameters": [{"argument": "id", "in": "path"}], "answer": {"pointer": "/name"},
    });
    let order = |tool: &Value| json!({"name": "byhand", "kind": "http", "url": api.url("/v1"), "api": {"base": api.url("/v1"), "tools": [tool]}});
    for (pointer, wrong) in [
        ("/path", json!("/pets/{id}/{other}")),
        ("/path", json!("/../pets/{id}")),
        ("/method", json!("TRACE")),
        ("/parameters/0/in", json!("body")),
        ("/definition/inputSchema/type", json!("string")),
    ] {
        let mut tool = tool.clone();
        *tool.pointer_mut(pointer).expect("a member") = wrong.clone();
        let answer = team.order("owner", Method::POST, "/admin/upstreams", Some(&order(&tool))).await;
        refused(&answer, 400, "invalid-body");
    }
    let mut elsewhere = order(&tool);
    elsewhere["url"] = json!(api.url("/v2"));
    refused(&team.order("owner", Method::POST, "/admin/upstreams", Some(&elsewhere)).await, 400, "invalid-body");
    let made = team.make("owner", "/admin/upstreams", &order(&tool)).await;
    with_key(&team, "byhand").await;
    let access = team.token("agent").await;
    served(&access, "byhand__find", &json!({"id": "7"})).await;
    let found = call(&access, "byhand__find", &json!({"id": "7"})).await.json(200);
    assert!(found["result"].to_string().contains("Rex") && !found["result"].to_string().contains("id\\\""), "{found}");
    let listed = team.order("owner", Method::GET, "/admin/upstreams", None).await.json(200);
    let listed = listed["items"].as_array().expect("items").iter().find(|item| item["name"] == "byhand").cloned();
    assert_eq!(listed.expect("it is listed")["api"], Value::Null);
    let path = format!("/admin/upstreams/{}", text(&made, "id"));
    let read = team.order("owner", Method::GET, &path, None).await.json(200);
    assert_eq!(read["api"]["tools"][0]["path"], "/pets/{id}", "{read}");
    let tried = team.order("owner", Method::POST, &format!("{path}/test"), None).await.json(200);
    assert_eq!((&tried["works"], &tried["tools"]), (&json!(true), &json!(["find"])), "{tried}");
}

#[tokio::test]
async fn what_is_no_document_or_is_where_nobody_may_ask_becomes_nothing() {
    let (team, api) = (Team::new(), api());
    for (wrong, words) in [
        (json!({"name": "p", "url": api.url("/nothing")}), "404"),
        (json!({"name": "p", "url": api.url("/schemas.json")}), "OpenAPI"),
        (json!({"name": "p", "url": "http://10.0.0.1/openapi.json"}), "url"),
        (json!({"name": "p", "url": "https://localhost/openapi.json"}), "url"),
        (json!({"name": "p", "url": "file:///etc/passwd"}), "url"),
        (json!({"name": "p"}), "document"),
        (json!({"name": "p", "document": "a: [", "base": api.url("/v1")}), ""),
        (json!({"name": "p", "document": {"openapi": "3.1.0", "paths": {}}, "base": "http://192.168.1.1/"}), "base"),
        (json!({"name": "p__q", "document": {"openapi": "3.1.0", "paths": {}}, "base": api.url("/v1")}), "name"),
    ] {
        let answer = team.order("owner", Method::POST, "/admin/upstreams/import", Some(&wrong)).await;
        let told = refused(&answer, 400, "invalid-body").to_string();
        assert!(told.contains(words), "{wrong}: {told}");
    }
    let listed = team.order("owner", Method::GET, "/admin/upstreams", None).await.json(200);
    assert!(!listed.to_string().contains("\"p\""), "{listed}");
    let document = json!({"openapi": "3.1.0", "info": {"title": "P", "version": "1"}, "paths": {"/pets": {"get": {"operationId": "listPets", "responses": {}}}}});
    let brought = json!({"name": "brought", "document": document, "base": api.url("/v1")});
    let made = team.make("owner", "/admin/upstreams/import", &brought).await;
    assert_eq!(made["tools"], json!(["listPets"]), "{made}");
    let again = team.order("owner", Method::POST, "/admin/upstreams/import", Some(&brought)).await;
    refused(&again, 409, "conflict");
}

const ADDRESS: &str = "ada@example.org";

#[tokio::test]
async fn a_long_answer_is_read_on_page_by_page_by_who_got_it_and_by_nobody_else() {
    let line = |at: usize| format!("{at:05} é and what stands there\n");
    let long = (0..6_000).map(line).collect::<String>() + ADDRESS;
    let answered = long.clone();
    let api = Server::start(move |request| match request.path.as_str() {
        "/openapi.json" => Reply::json(
            200,
            &json!({"openapi": "3.1.0", "info": {"title": "Logs", "version": "1"}, "servers": [{"url": "/v1"}],
                "paths": {"/log": {"get": {"operationId": "readLog", "responses": {"200": {"description": "The log"}}}}}}),
        ),
        _ => Reply::text(200, "text/plain", answered.clone()),
    });
    let team = Team::new();
    let body = json!({"name": "logs", "url": api.url("/openapi.json")});
    team.make("owner", "/admin/upstreams/import", &body).await;
    let access = team.token("agent").await;
    assert!(!gateway().tool_names(&logged_in_elsewhere().await).await.contains(&"read_more".to_owned()));
    served(&access, "logs__readLog", &json!({})).await;
    assert!(gateway().tool_names(&access).await.contains(&"read_more".to_owned()));
    let caller = Caller::modern(gateway(), &access, "");
    let first = caller.result("tools/call", json!({"name": "logs__readLog", "arguments": {}})).await;
    let mut read = text(&first["content"][0], "text");
    let mut next = text(first["content"].as_array().expect("content").last().expect("a marker"), "text");
    let (mut pages, mut last) = (1, Value::Null);
    while let (Some(from), Some(to)) = (next.find('{'), next.rfind('}')) {
        let arguments: Value = serde_json::from_str(&next[from..=to]).expect("what to call with");
        let onwards = json!({"name": "read_more", "arguments": arguments});
        let page = caller.result("tools/call", onwards).await;
        read.push_str(&text(&page["structuredContent"], "text"));
        next = page["structuredContent"]["next"].as_str().unwrap_or_default().to_owned();
        pages += 1;
        let stranger = call(&team.token("developer").await, "read_more", &arguments).await.json(200);
        assert_eq!(stranger["success"], false, "an answer is for who got it: {stranger}");
        last = arguments;
    }
    assert!(pages > 2 && read == long, "{pages} pages, {} of {} bytes", read.len(), long.len());
    // What is looked for in the answers of that tool is looked for in what is left of them, too.
    let rails = json!({"guardrails": {"results": {"detectors": {"email": "redact"}, "tools": ["logs__*"]}}});
    team.set(&rails).await;
    let redacted = || async {
        let text = call(&access, "read_more", &last).await.text();
        text.contains("[redacted: email]") && !text.contains(ADDRESS)
    };
    within(SEEN, "redacted", redacted).await;
    let missed = call(&access, "read_more", &json!({"handle": "made-up", "page": 2})).await.json(200);
    assert_eq!(missed["success"], false, "{missed}");
    assert_eq!(requests(&api).len(), 2, "reading on asks nobody");
}

/// Somebody whose endpoint has no HTTP API.
async fn logged_in_elsewhere() -> String {
    Team::new().token("agent").await
}
