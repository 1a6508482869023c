//! The API description: current, whole, and true to what the product reads and writes.
#![cfg(not(target_arch = "wasm32"))]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step of the test fails the test"
)]

use mcp_secure_gateway::api::body::{ExecuteRequest, LoginRequest, RefreshRequest, parse};
use mcp_secure_gateway::api::introspection::{FORM, IntrospectionRequest};
use mcp_secure_gateway::api::openapi::{examples, render};
use mcp_secure_gateway::api::route::ROUTES;
use mcp_secure_gateway::mcp::era::Era;
use mcp_secure_gateway::oauth::credentials::Claimed;
use mcp_secure_gateway::oauth::parameters::Parameters;
use mcp_secure_gateway::oauth::token_request::TokenRequest;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::path::Path;

const FILE: &str = "src/api/openapi.json";

fn document() -> Value {
    serde_json::from_str(&render()).expect("the document is JSON")
}

/// Every operation with its method and path.
fn operations(document: &Value) -> Vec<(String, &Map<String, Value>)> {
    let mut all = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            all.push((format!("{} {path}", method.to_uppercase()), operation.as_object().unwrap()));
        }
    }
    all
}

/// Calls `see` with every object of a document and its JSON Pointer.
fn walk<'a>(value: &'a Value, place: &str, see: &mut impl FnMut(&str, &'a Map<String, Value>)) {
    match value {
        Value::Object(members) => {
            see(place, members);
            for (name, member) in members {
                walk(member, &format!("{place}/{}", name.replace('~', "~0").replace('/', "~1")), see);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, &format!("{place}/{index}"), see);
            }
        }
        _ => {}
    }
}

/// A validator of a schema that may refer to the document's components.
fn validator(document: &Value, schema: &Value) -> jsonschema::Validator {
    let schemas = &document["components"]["schemas"];
    let whole = json!({ "allOf": [schema], "components": { "schemas": schemas } });
    jsonschema::draft202012::new(&whole).unwrap_or_else(|error| panic!("{schema}: {error}"))
}

#[test]
fn the_committed_file_is_current() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let rendered = render();
    if std::env::var_os("UPDATE_OPENAPI").is_some_and(|value| value == "1") {
        std::fs::write(&file, &rendered).expect("the file can be written");
    }
    let committed = std::fs::read_to_string(&file).expect("the file is there");
    assert!(
        committed == rendered,
        "{FILE} is not what the code says. Run `UPDATE_OPENAPI=1 cargo test -p mcp-secure-gateway --test openapi` and commit it."
    );
}

#[test]
fn every_route_is_described_and_nothing_else() {
    let document = document();
    let described: BTreeSet<_> = operations(&document).into_iter().map(|(name, _)| name).collect();
    let routes = ROUTES.iter().filter(|route| !route.path.ends_with('/'));
    let served: BTreeSet<_> = routes.map(|route| format!("{} {}", route.method.as_str(), route.path)).collect();
    assert_eq!(described, served);
    for route in ROUTES.iter().filter(|route| !route.path.ends_with('/')) {
        let method = route.method.as_str().to_lowercase();
        assert_eq!(document["paths"][route.path][method.as_str()]["summary"], route.summary);
    }
}

#[test]
fn names_of_operations_are_unique_and_their_tags_are_explained() {
    let document = document();
    let operations = operations(&document);
    let names: BTreeSet<_> =
        operations.iter().map(|(_, operation)| operation["operationId"].as_str().unwrap()).collect();
    assert_eq!(names.len(), operations.len());
    let explained: BTreeSet<_> =
        document["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    let used: BTreeSet<_> = operations.iter().map(|(_, operation)| operation["tags"][0].as_str().unwrap()).collect();
    assert_eq!(explained, used);
}

#[test]
fn every_reference_leads_somewhere_and_every_component_is_used() {
    let document = document();
    let mut used = BTreeSet::new();
    walk(&document, "", &mut |place, members| {
        if let Some(target) = members.get("$ref") {
            let target = target.as_str().unwrap().strip_prefix('#').unwrap();
            assert!(document.pointer(target).is_some(), "{place}: {target}");
            used.insert(target.to_owned());
        }
    });
    for kind in ["schemas", "parameters", "headers"] {
        for name in document["components"][kind].as_object().unwrap().keys() {
            assert!(used.contains(&format!("/components/{kind}/{name}")), "{kind}/{name} is used nowhere");
        }
    }
}

#[test]
fn every_schema_compiles() {
    let document = document();
    for schema in document["components"]["schemas"].as_object().unwrap().values() {
        jsonschema::draft202012::meta::validate(schema).unwrap();
        validator(&document, schema);
    }
    walk(&document["paths"], "", &mut |_, members| {
        if let Some(schema) = members.get("schema") {
            validator(&document, schema);
        }
    });
}

#[test]
fn every_example_fits_its_schema() {
    let document = document();
    let mut seen = 0;
    walk(&document, "", &mut |place, members| {
        let Some(schema) = members.get("schema") else { return };
        let validator = validator(&document, schema);
        let named = members.get("examples").and_then(Value::as_object).into_iter().flatten();
        let values = named.map(|(_, example)| &example["value"]).chain(members.get("example"));
        for value in values {
            assert!(!value.is_null(), "{place}");
            let errors: Vec<_> = validator.iter_errors(value).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{place}: {errors:?}");
            seen += 1;
        }
    });
    assert!(seen > 60, "{seen}");
}

#[test]
fn a_shape_refuses_what_the_product_refuses() {
    let document = document();
    let fits = |name: &str, value: &Value| {
        let shape = json!({ "$ref": format!("#/components/schemas/{name}") });
        validator(&document, &shape).is_valid(value)
    };
    for (body, good) in [
        (json!({"username": "ada", "password": "x"}), true),
        (json!({"username": "ada"}), false),
        (json!({"username": "ada", "password": 1}), false),
        (json!({"username": "ada", "password": "x", "role": "admin"}), false),
    ] {
        assert_eq!(fits("LoginRequest", &body), good, "{body}");
        let bytes = serde_json::to_vec(&body).unwrap();
        assert_eq!(parse::<LoginRequest>(Some("application/json"), &bytes).is_ok(), good, "{body}");
    }
    assert!(fits("ExecuteRequest", &json!({"tool": "t"})) && !fits("ExecuteRequest", &json!({"arguments": {}})));
    for (body, good) in [(json!({"active": false}), true), (json!({"active": true}), false), (json!({}), false)] {
        assert_eq!(fits("Introspection", &body), good, "{body}");
    }
    assert!(!fits("McpPost", &json!([])) && !fits("McpPost", &json!({"jsonrpc": "1.0", "id": 1, "method": "ping"})));
    assert!(!fits(
        "TokenResponse",
        &json!({"access_token": "a", "refresh_token": "r", "token_type": "mac", "expires_in": 1, "scope": ""})
    ));
}

#[test]
fn the_product_reads_the_examples_of_requests() {
    let json = Some("application/json");
    parse::<LoginRequest>(json, examples::LOGIN.as_bytes()).unwrap();
    parse::<RefreshRequest>(json, examples::REFRESH.as_bytes()).unwrap();
    parse::<ExecuteRequest>(json, examples::EXECUTE.as_bytes()).unwrap();
    IntrospectionRequest::parse(Some(FORM), examples::INTROSPECT.as_bytes()).unwrap();
    for (name, text) in examples::TOKEN_FORMS {
        let form = Parameters::parse(text.as_bytes()).unwrap();
        let request = TokenRequest::parse(&form, "https://gateway.example.com/mcp").unwrap();
        assert_eq!(serde_json::to_value(request.grant()).unwrap(), name);
        Claimed::read(None, &form).unwrap();
    }
    assert!(Parameters::parse(examples::REVOKE.as_bytes()).unwrap().find("token").is_some());
    assert!(examples::registered()["client_id"].is_string());
    for request in [examples::INITIALIZE, examples::DISCOVER, examples::CALL] {
        assert!(examples::answer(request)["result"].is_object(), "{request}");
    }
}

#[test]
fn an_example_has_the_status_it_stands_under_and_its_headers_are_described() {
    let document = document();
    for (name, operation) in operations(&document) {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let headers = response["headers"].as_object().unwrap();
            assert!(headers.contains_key("X-Correlation-ID"), "{name} {status}");
            let must = match status.as_str() {
                "429" => Some("Retry-After"),
                "401" if operation.contains_key("security") => Some("WWW-Authenticate"),
                _ => None,
            };
            assert!(must.is_none_or(|header| headers.contains_key(header)), "{name} {status}");
            let problems = response["content"]["application/problem+json"]["examples"].as_object();
            for (_, example) in problems.into_iter().flatten() {
                assert_eq!(example["value"]["status"].to_string(), *status, "{name}");
            }
        }
    }
    let rate = &document["paths"]["/auth/me"]["get"]["responses"]["429"]["headers"];
    assert!(rate["RateLimit"].is_object() && rate["RateLimit-Policy"].is_object());
    assert!(document["components"]["responses"]["MethodNotAllowed"]["headers"]["Allow"].is_object());
}

#[test]
fn what_needs_a_token_says_so() {
    let document = document();
    for (name, operation) in operations(&document) {
        let unauthorized = operation["responses"]["401"]["content"]["application/problem+json"]["examples"]
            .as_object()
            .is_some_and(|examples| examples.contains_key("missing-credentials"));
        assert_eq!(operation.contains_key("security"), unauthorized, "{name}");
    }
}

#[test]
fn the_statuses_of_the_two_faces_are_those_of_the_contract() {
    let document = document();
    let statuses = |path: &str, method: &str| -> Vec<String> {
        document["paths"][path][method]["responses"].as_object().unwrap().keys().cloned().collect()
    };
    let execute = ["200", "400", "401", "403", "404", "409", "413", "415", "421", "422", "429", "502", "503", "504"];
    assert_eq!(statuses("/mcp/execute", "post"), execute);
    let mcp = ["200", "202", "400", "401", "403", "404", "406", "413", "415", "421", "429", "503"];
    assert_eq!(statuses("/mcp", "post"), mcp);
    let introspect = ["200", "400", "401", "403", "413", "415", "421", "429", "503"];
    assert_eq!(statuses("/auth/introspect", "post"), introspect);
    let token = ["200", "400", "401", "413", "415", "421", "429", "503"];
    assert_eq!(statuses("/oauth/token", "post"), token);
    assert_eq!(statuses("/oauth/authorize", "get"), ["200", "303", "400", "403", "421", "429", "503"]);
    assert_eq!(statuses("/auth/logout", "post"), ["204", "401", "403", "421", "503"]);
    assert_eq!(statuses("/health/live", "get"), ["200", "403", "421", "503"]);
    let described = document["paths"]["/mcp"]["post"]["description"].as_str().unwrap();
    assert!(Era::SERVED.into_iter().all(|era| described.contains(era.name())));
    assert_eq!(document["info"]["version"], mcp_secure_gateway::VERSION);
}
