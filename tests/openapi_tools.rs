//! Specifications of public APIs become tools: how many operations do, and why the others do not, is written down here.
//!
//! The documents are npm packages that this project pins and does not ship: `cargo xtask setup` installs them.
#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that stops is a test that failed")]

#[path = "openapi_tools/sample.rs"]
mod sample;

use mcp_secure_gateway::catalogue::naming::{Prefix, expose_tool};
use mcp_secure_gateway::http_api::api::HttpTool;
use mcp_secure_gateway::http_api::check::Api;
use mcp_secure_gateway::http_api::credential::Credentials;
use mcp_secure_gateway::http_api::openapi::{Choice, Conversion, Converted, Settings, Step};
use mcp_secure_gateway::http_api::request::{CallLimits, RequestProblem};
use mcp_secure_gateway::outbound::{OutboundRequest, OutboundUrl, Reach};
use mcp_secure_gateway::time::Lifetime;
use mcp_secure_gateway::tool::schema::Schema;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Where the documents are taken to be from.
const SOURCE: &str = "https://docs.api-of-somebody.com/reference/openapi.json";
/// Where an API is taken to be whose document says nothing that may be asked.
const BASE: &str = "https://api.api-of-somebody.com/v1";

/// A document, and what becomes of it.
struct Expected {
    /// The file below `node_modules`.
    file: &'static str,
    /// Where the API is: what the document says, else [`BASE`].
    base: Option<&'static str>,
    tools: usize,
    /// How many of the tools have an output schema.
    outputs: usize,
    /// How many operations are refused, by the name of the reason.
    refused: &'static [(&'static str, usize)],
    /// How many tools have a schema that was made shorter.
    shortened: usize,
}

fn url(text: &str) -> OutboundUrl {
    OutboundUrl::parse(text, Reach::Public).unwrap()
}

fn read(file: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("node_modules").join(file);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}. `cargo xtask setup` installs it.", path.display()))
}

fn convert(file: &str, base: Option<&str>) -> Converted {
    let settings = Settings::new(base.map(url), Reach::Public, Some(&Prefix::parse("somebody").unwrap()));
    let begun = Conversion::begin(url(SOURCE), &read(file), Choice::default(), settings);
    match begun.unwrap_or_else(|error| panic!("{file}: {error}")).step() {
        Step::Done(converted) => *converted,
        Step::Want(url) => panic!("{file} wants {url:?}"),
    }
}

fn check(expected: &Expected) {
    let base = expected.base.map_or(Some(BASE), |_| None);
    let converted = convert(expected.file, base);
    let api = &converted.api;
    let mut refused: BTreeMap<&str, usize> = BTreeMap::new();
    for operation in &converted.refused {
        *refused.entry(operation.reason.name()).or_default() += 1;
    }
    let outputs = api.tools().iter().filter(|tool| tool.definition.output_schema.is_some()).count();
    let bytes: usize = api.tools().iter().map(|tool| serde_json::to_string(&tool.definition).unwrap().len()).sum();
    let (tools, shortened) = (api.tools().len(), converted.shortened.len());
    println!("| {} | {tools} | {outputs} | {shortened} | {} | {refused:?} |", expected.file, bytes / tools);
    for operation in &converted.refused {
        println!("    {} {}: {}", operation.method, operation.path, operation.reason);
    }
    let counted: Vec<_> = refused.into_iter().collect();
    assert_eq!(
        (tools, outputs, shortened),
        (expected.tools, expected.outputs, expected.shortened),
        "{}",
        expected.file
    );
    assert_eq!(counted, expected.refused, "{}", expected.file);
    assert_eq!(api.base().url().as_str().trim_end_matches('/'), expected.base.unwrap_or(BASE));
    let prefix = Prefix::parse("somebody").unwrap();
    for tool in api.tools() {
        assert!(expose_tool(&prefix, &tool.definition.name).is_some(), "{}", tool.definition.name);
        check_schemas(tool);
        check_requests(api, tool);
    }
    // What is stored is what was made.
    let stored = serde_json::to_vec(api.document()).unwrap();
    assert_eq!(&Api::parse(&stored, Reach::Public).unwrap(), api);
}

/// Both schemas are JSON Schema 2020-12, and the gateway's validator judges samples as another one does.
fn check_schemas(tool: &HttpTool) {
    for schema in [Some(&tool.definition.input_schema), tool.definition.output_schema.as_ref()].into_iter().flatten() {
        let value = Value::Object(schema.clone());
        jsonschema::draft202012::meta::validate(&value)
            .unwrap_or_else(|error| panic!("{}: {error}", tool.definition.name));
        let theirs =
            jsonschema::draft202012::new(&value).unwrap_or_else(|error| panic!("{}: {error}", tool.definition.name));
        let ours = Schema::compile(schema).unwrap();
        for full in [false, true] {
            let sample = sample::of(&value, full);
            assert_eq!(ours.validate(&sample).is_ok(), theirs.is_valid(&sample), "{}: {sample}", tool.definition.name);
        }
    }
}

/// Arguments that fit make a request below the base; hostile ones do that or none.
fn check_requests(api: &Api, tool: &HttpTool) {
    let schema = Value::Object(tool.definition.input_schema.clone());
    for full in [false, true] {
        let arguments = sample::of(&schema, full);
        let request = request(api, tool, arguments.as_object().unwrap());
        let request = request.unwrap_or_else(|error| panic!("{}: {error}: {arguments}", tool.definition.name));
        assert_eq!(request.method, tool.method);
        assert_below(api, &request);
        for text in
            ["../../x", "%2e%2e/x", "..%2f..%2fx", "//evil.com", "\\\\evil.com", "a?b#c", "a\r\nHost: evil.com", "\0"]
        {
            let hostile = sample::with_texts(&arguments, text);
            if let Ok(request) = self::request(api, tool, hostile.as_object().unwrap()) {
                assert_below(api, &request);
            }
        }
    }
}

fn request(api: &Api, tool: &HttpTool, arguments: &Map<String, Value>) -> Result<OutboundRequest, RequestProblem> {
    let limits = CallLimits { deadline: Lifetime::from_seconds(10), max_answer_bytes: 1024 };
    api.request(tool, arguments, &Credentials::default(), limits)
}

fn assert_below(api: &Api, request: &OutboundRequest) {
    let base = api.base().url().as_str().trim_end_matches('/');
    let asked = request.url.url();
    assert!(asked.as_str().starts_with(&format!("{base}/")), "{asked}");
    assert!(!asked.path_segments().unwrap().any(|segment| matches!(segment, "." | "..")), "{asked}");
}

#[test]
fn petstore_of_3_0_becomes_tools() {
    check(&Expected {
        file: "@readme/oas-examples/3.0/json/petstore.json",
        base: None,
        tools: 19,
        outputs: 1,
        refused: &[("multipart", 1)],
        shortened: 0,
    });
}

#[test]
fn star_trek_becomes_tools() {
    check(&Expected {
        file: "@readme/oas-examples/3.0/json/star-trek.json",
        base: None,
        tools: 120,
        outputs: 120,
        refused: &[],
        shortened: 0,
    });
}

#[test]
fn readme_of_3_1_becomes_tools() {
    check(&Expected {
        file: "@readme/oas-examples/3.1/json/readme.json",
        base: Some("https://api.readme.com/v2"),
        tools: 50,
        outputs: 37,
        refused: &[("multipart", 4)],
        shortened: 0,
    });
}

#[test]
fn train_travel_of_3_1_in_yaml_becomes_tools() {
    check(&Expected {
        file: "@readme/oas-examples/3.1/yaml/train-travel.yaml",
        base: None,
        tools: 7,
        outputs: 1,
        refused: &[],
        shortened: 0,
    });
}

#[test]
fn uspto_with_variables_in_its_server_becomes_tools() {
    check(&Expected {
        file: "@readme/oas-examples/3.0/yaml/uspto.yaml",
        base: Some("https://developer.uspto.gov/ds-api"),
        tools: 3,
        outputs: 1,
        refused: &[],
        shortened: 0,
    });
}

#[test]
fn figma_becomes_tools() {
    check(&Expected {
        file: "@figma/rest-api-spec/openapi/openapi.yaml",
        base: Some("https://api.figma.com"),
        tools: 54,
        outputs: 53,
        refused: &[],
        shortened: 2,
    });
}

#[test]
fn blockfrost_with_operations_on_another_origin_becomes_tools() {
    check(&Expected {
        file: "@blockfrost/openapi/openapi.yaml",
        base: Some("https://cardano-mainnet.blockfrost.io/api/v0"),
        tools: 121,
        outputs: 41,
        refused: &[("media_type", 2), ("server", 6)],
        shortened: 0,
    });
}

#[test]
fn dialogporten_with_a_byte_order_mark_becomes_tools() {
    check(&Expected {
        file: "@digdir/dialogporten-schema/swagger.verified.json",
        base: None,
        tools: 44,
        outputs: 20,
        refused: &[],
        shortened: 0,
    });
}

#[test]
fn rclone_becomes_tools() {
    check(&Expected {
        file: "rclone-openapi/openapi.json",
        base: None,
        tools: 100,
        outputs: 0,
        refused: &[("multipart", 1)],
        shortened: 0,
    });
}

#[test]
fn shipengine_becomes_tools() {
    check(&Expected {
        file: "shipengine-openapi/openapi.yaml",
        base: Some("https://api.shipengine.com"),
        tools: 76,
        outputs: 51,
        refused: &[],
        shortened: 0,
    });
}
