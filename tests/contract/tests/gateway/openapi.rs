//! The API description is true: every route it names answers, no other does, and bodies are what it says.

use crate::gateway;
use gateway_contract::browser::{Browser, Screen};
use gateway_contract::client::{Answer, send};
use gateway_contract::seed::{PASSWORD, Tools};
use gateway_contract::team::{Team, within};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

async fn document() -> Value {
    let document = gateway().get("/openapi.json").await.json(200);
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.")), "no OpenAPI 3");
    document
}

/// Every method and path the document names.
fn routes(document: &Value) -> Vec<(Method, String)> {
    let paths = document["paths"].as_object().expect("paths");
    let methods = |item: &Value| -> Vec<Method> {
        let names = item.as_object().expect("a path item").keys();
        let names = names.filter(|name| ["get", "post", "put", "delete", "patch"].contains(&name.as_str()));
        names.map(|name| name.to_uppercase().parse().expect("a method")).collect()
    };
    paths.iter().flat_map(|(path, item)| methods(item).into_iter().map(|method| (method, path.clone()))).collect()
}

#[tokio::test]
async fn every_documented_route_answers() {
    let document = document().await;
    let routes = routes(&document);
    for wanted in
        ["/auth/login", "/auth/refresh", "/auth/logout", "/auth/me", "/mcp", "/mcp/tools", "/mcp/execute", "/health"]
    {
        assert!(routes.iter().any(|(_, path)| path == wanted), "{wanted} is not documented");
    }
    for (method, path) in routes {
        let path = path.replace("{server}", "any");
        let answer = send(gateway().request(method.clone(), &path)).await;
        if ["/setup", "/oauth/external", "/oauth/callback"].contains(&path.as_str()) {
            // This gateway was given neither a token for the one nor a provider for the others.
            assert_eq!((answer.status, answer.media_type()), (404, "text/html"), "{method}");
            continue;
        }
        assert!(!matches!(answer.status, 404 | 405 | 500..), "{method} {path}: {}", answer.status);
    }
}

#[tokio::test]
async fn no_other_route_answers() {
    let document = document().await;
    let documented = routes(&document);
    let guesses = [
        "/",
        "/auth",
        "/auth/register",
        "/auth/users",
        "/auth/token",
        "/auth/revoke",
        "/admin",
        "/metrics",
        "/debug",
        "/status",
        "/mcp/",
        "/mcp/any/sse",
        "/sse",
        "/message",
        "/health/deep",
        "/ready",
        "/live",
        "/keys",
        "/jwks.json",
        "/.well-known/openid-configuration",
        "/openapi.yaml",
        "/swagger",
        "/console",
        "/index.html",
        "/favicon.ico",
        "/test",
        "/reset",
    ];
    for path in guesses {
        for method in [Method::GET, Method::POST] {
            if documented.iter().any(|(known, documented)| (known, documented.as_str()) == (&method, path)) {
                continue;
            }
            let answer = send(gateway().request(method.clone(), path)).await;
            assert!(matches!(answer.status, 404 | 405), "{method} {path}: {}", answer.status);
        }
    }
    for (method, path) in &documented {
        let other = if method == Method::GET { Method::POST } else { Method::GET };
        if path.contains('{') || documented.iter().any(|(known, documented)| (known, documented) == (&other, path)) {
            continue;
        }
        let answer = send(gateway().request(other.clone(), path)).await;
        assert_eq!(answer.status, 405, "{other} {path}");
    }
}

/// Checks a body against the schema its status and media type have in the document.
#[track_caller]
fn fits(document: &Value, method: &str, path: &str, answer: &Answer) {
    let status = answer.status.to_string();
    let what = format!("{method} {path} {status}");
    let operation = &document["paths"][path][method];
    let responses = &operation["responses"];
    let mut response = responses
        .get(&status)
        .or_else(|| responses.get("default"))
        .unwrap_or_else(|| panic!("{what} is not documented"));
    if let Some(pointer) = response["$ref"].as_str() {
        response =
            document.pointer(pointer.trim_start_matches('#')).unwrap_or_else(|| panic!("{pointer} leads nowhere"));
    }
    if answer.body.is_empty() {
        return;
    }
    let content =
        response["content"].as_object().unwrap_or_else(|| panic!("{what} has a body the document does not have"));
    let kind = content.iter().find(|(kind, _)| kind.split(';').next() == Some(answer.media_type()));
    let (_, media) = kind.unwrap_or_else(|| panic!("{what}: {} is not documented", answer.media_type()));
    // The whole document stands beside the schema, so that its references are found.
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "allOf": [media["schema"]], "components": document["components"]
    });
    let validator = jsonschema::draft202012::options().build(&schema).unwrap_or_else(|error| panic!("{what}: {error}"));
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_else(|error| panic!("{what}: {error}"));
    let told: Vec<String> =
        validator.iter_errors(&body).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(told.is_empty(), "{what}: {told:#?}\n{body}");
    let empty = media["schema"].as_object().is_none_or(serde_json::Map::is_empty);
    assert!(!empty, "{what} has no schema");
}

#[tokio::test]
async fn bodies_of_every_outcome_fit_the_document() {
    let document = document().await;
    let gateway = gateway();
    let user = gateway.user(Tools::Modern);
    let login = gateway.try_login(&user.username, PASSWORD).await;
    let tokens = gateway_contract::client::Tokens::read(&login);
    let access = tokens.access.as_str();
    fits(&document, "post", "/auth/login", &login);
    fits(&document, "post", "/auth/login", &gateway.try_login(&user.username, "wrong horse").await);
    fits(&document, "post", "/auth/login", &gateway.post("/auth/login", &json!({})).await);
    let form = gateway.request(Method::POST, "/auth/login").header("content-type", "text/plain").body("x");
    fits(&document, "post", "/auth/login", &send(form).await);
    let long = json!({"username": "x".repeat(1_100_000), "password": "x"});
    fits(&document, "post", "/auth/login", &gateway.post("/auth/login", &long).await);
    fits(&document, "post", "/auth/refresh", &gateway.try_refresh("mgr_x").await);
    fits(&document, "get", "/auth/me", &gateway.get_as(access, "/auth/me").await);
    fits(&document, "get", "/auth/me", &gateway.get("/auth/me").await);
    for token in [access, "garbage", "a&token=b"] {
        fits(&document, "post", "/auth/introspect", &gateway.introspect(access, token).await);
    }
    fits(&document, "post", "/auth/introspect", &gateway.post_as(access, "/auth/introspect", &json!({})).await);
    fits(&document, "post", "/auth/introspect", &gateway.post("/auth/introspect", &json!({})).await);
    fits(&document, "get", "/mcp/tools", &gateway.get_as(access, "/mcp/tools").await);
    fits(&document, "get", "/mcp/tools", &gateway.get("/mcp/tools").await);
    for (tool, arguments) in [
        ("server_time", json!({})),
        ("modern__repeat", json!({"text": "a"})),
        ("modern__fail", json!({})),
        ("no_such_tool", json!({})),
        ("modern__repeat", json!({"text": 7})),
        ("modern__crash", json!({})),
    ] {
        fits(&document, "post", "/mcp/execute", &gateway.execute(access, tool, &arguments).await);
    }
    fits(&document, "post", "/mcp/execute", &gateway.post_as(access, "/mcp/execute", &json!([])).await);
    fits(&document, "post", "/mcp/execute", &gateway.post("/mcp/execute", &json!({"tool": "server_time"})).await);
    for path in ["/health", "/health/live", "/health/ready", "/.well-known/jwks.json"] {
        fits(&document, "get", path, &gateway.get(path).await);
    }
    fits(&document, "post", "/auth/refresh", &gateway.try_refresh(&tokens.refresh).await);
    let again = gateway.login(&user).await;
    fits(&document, "post", "/auth/logout", &gateway.post_as(&again.access, "/auth/logout", &json!({})).await);
    fits(&document, "post", "/auth/logout", &gateway.post("/auth/logout", &json!({})).await);
}

/// An operation's parameters, with those it shares with others read where they stand.
fn parameters<'a>(document: &'a Value, operation: &'a Value) -> Vec<&'a Value> {
    let all = operation["parameters"].as_array().into_iter().flatten();
    all.map(|one| match one["$ref"].as_str() {
        Some(pointer) => document.pointer(pointer.trim_start_matches('#')).expect("a shared parameter"),
        None => one,
    })
    .collect()
}

/// The members of an object as a form.
fn encoded(form: &Value) -> String {
    let members = form.as_object().expect("an object").iter();
    let pairs = members.map(|(name, value)| (name, value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
    let url = reqwest::Url::parse_with_params("http://form", pairs).expect("a URL");
    url.query().unwrap_or_default().to_owned()
}

/// What a reader of the page sends who changes nothing: every parameter and every body as the document shows it.
fn as_shown(document: &Value, method: &Method, path: &str, access: &str) -> Vec<reqwest::RequestBuilder> {
    let operation = &document["paths"][path][method.as_str().to_ascii_lowercase()];
    let mut shown = path.to_owned();
    let (mut query, mut headers) = (Vec::new(), Vec::new());
    for parameter in parameters(document, operation) {
        let name = parameter["name"].as_str().expect("a name");
        let example = match &parameter["example"] {
            Value::String(text) => text.clone(),
            Value::Null => panic!("{method} {path}: {name} has no example"),
            other => other.to_string(),
        };
        match parameter["in"].as_str() {
            Some("path") => shown = shown.replace(&format!("{{{name}}}"), &example),
            Some("query") => query.push((name.to_owned(), example)),
            Some("header") if parameter["required"] == true => headers.push((name.to_owned(), example)),
            _ => {}
        }
    }
    let request = |path: &str| {
        let url = reqwest::Url::parse_with_params(&gateway().url(path), &query).expect("a URL");
        let path = format!("{path}?{}", url.query().unwrap_or_default());
        let request = gateway().request(method.clone(), &path).bearer_auth(access);
        headers.iter().fold(request, |request, (name, value)| request.header(name, value))
    };
    let bodies = operation["requestBody"]["content"].as_object().into_iter().flatten();
    let bodies: Vec<_> = bodies
        .flat_map(|(kind, media)| {
            let examples = media["examples"].as_object().into_iter().flat_map(|examples| examples.values());
            examples.map(|example| example["value"].clone()).map(move |value| (kind.clone(), value))
        })
        .collect();
    if bodies.is_empty() {
        return vec![request(&shown)];
    }
    let body = |(kind, value): (String, Value)| match kind.as_str() {
        "application/x-www-form-urlencoded" => {
            request(&shown).header("content-type", kind.as_str()).body(encoded(&value))
        }
        kind => request(&shown).header("content-type", kind).body(value.to_string()),
    };
    bodies.into_iter().map(body).collect()
}

#[tokio::test]
async fn every_example_is_taken_or_refused_as_the_document_says() {
    let document = document().await;
    let (mut sent, mut wrong) = (0, Vec::new());
    let mut routes = routes(&document);
    // A stream has no end.
    routes.retain(|(method, path)| !(path.starts_with("/mcp") && method == Method::GET && path != "/mcp/tools"));
    // What ends the session comes last.
    routes.sort_by_key(|(_, path)| path == "/auth/logout");
    let access = Team::new().token("owner").await;
    for (method, path) in routes {
        for request in as_shown(&document, &method, &path, &access) {
            let answer = send(request).await;
            sent += 1;
            let told = || format!("{method} {path}: {} {}", answer.status, answer.text());
            // Of what an example names only the form is looked at: there is no such document.
            let form = answer.status == 400 && !answer.text().contains("could not be fetched");
            let method = method.as_str().to_ascii_lowercase();
            let documented = &document["paths"][&path][&method]["responses"][answer.status.to_string()];
            if answer.status >= 500
                || answer.status == 415
                || documented.is_null()
                || form && path.starts_with("/admin/")
            {
                wrong.push(told());
            } else if answer.media_type().ends_with("json") && answer.media_type() != "application/x-ndjson" {
                fits(&document, &method, &path, &answer);
            }
        }
    }
    assert!(sent > 100 && wrong.is_empty(), "{sent} sent: {wrong:#?}");
}

/// What a page loads: the values of `src` and `href`.
fn links(html: &str) -> Vec<String> {
    ["src=\"", "href=\"", "src='", "href='"]
        .iter()
        .flat_map(|start| {
            html.split(start).skip(1).map(|rest| rest.split(['"', '\'']).next().unwrap_or_default().to_owned())
        })
        .collect()
}

#[tokio::test]
async fn the_page_is_served_whole_by_the_gateway_itself() {
    let page = gateway().get("/docs").await;
    assert_eq!((page.status, page.media_type()), (200, "text/html"), "{}", page.text());
    let policy = page.must("content-security-policy");
    let script = policy.split(';').map(str::trim).find(|rule| rule.starts_with("script-src")).unwrap_or(policy);
    assert!(!script.contains("unsafe-") && !script.contains('*') && !policy.contains("http"), "{policy}");
    let html = page.text();
    assert!(!html.contains("<script>"), "an inline script");
    let links = links(&html);
    assert!(!links.is_empty(), "{html}");
    for link in links.iter().filter(|link| !link.starts_with('#')) {
        assert!(!link.contains("//") && !link.starts_with("data:text"), "{link} is another host's");
        let path = if link.starts_with('/') {
            link.clone()
        } else {
            format!("/docs/{}", link.trim_start_matches("./").trim_start_matches("docs/"))
        };
        let file = gateway().get(&path).await;
        assert_eq!(file.status, 200, "{path}");
        let wanted = match path.rsplit('.').next() {
            Some("js") => "javascript",
            Some("css") => "css",
            _ => "",
        };
        assert!(file.must("content-type").contains(wanted), "{path}: {:?}", file.header("content-type"));
    }
}

#[tokio::test]
async fn a_reader_of_the_page_shows_a_token_and_calls_a_route() {
    let Some(browser) = Browser::shared() else { return };
    let user = gateway().user(Tools::Own);
    let token = gateway().login(&user).await.access;
    let page = browser.open(Screen::DESKTOP).await;
    page.goto(&gateway().url("/docs#/account/whoAmI")).await;
    // It reads the whole description first, which takes a busy machine its time.
    within(Duration::from_secs(90), "drawn", || async { page.count("button.authorize").await > 0 }).await;
    page.click("button.authorize").await;
    page.fill(".modal-ux input", &token).await;
    page.click(".modal-ux button.authorize").await;
    page.click(".modal-ux .btn-done").await;
    let route = "#operations-account-whoAmI";
    page.click(&format!("{route} .execute")).await;
    let answered = page.text(&format!("{route} .live-responses-table tbody .response-col_description")).await;
    assert!(answered.contains(&user.username), "{answered}");
    let status = page.text(&format!("{route} .live-responses-table tbody .response-col_status")).await;
    assert_eq!(status.trim(), "200");
    assert_eq!(page.complaints().await, Vec::<String>::new());
}
