use super::{Unread, offer, read};
use crate::drift::definition::Kind;
use crate::drift::neighbours::Neighbours;
use crate::drift::offer::compare_offers;
use crate::drift::verdict::Verdict;
use crate::drift::version::Version;
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn document() -> Value {
    json!({
        "openapi": "3.0.3",
        "info": {"title": "Pets", "version": "1"},
        "servers": [{"url": "https://pets.example.com/v1"}],
        "security": [{"key": []}],
        "paths": {"/pets/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}],
            "get": {
                "operationId": "getPet",
                "parameters": [{"$ref": "#/components/parameters/Fields"}],
                "responses": {"200": {"description": "A pet", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}}},
            },
            "put": {
                "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}},
                "responses": {"204": {"description": "Done"}},
                "security": [],
            },
        }},
        "components": {
            "parameters": {"Fields": {"name": "fields", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}}},
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
            "schemas": {"Pet": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string", "nullable": true},
                    "age": {"type": "integer", "minimum": 0, "exclusiveMinimum": true},
                    "id": {"type": "string", "readOnly": true},
                    "parent": {"$ref": "#/components/schemas/Pet"},
                },
            }},
        },
    })
}

/// What a change of the document comes to.
fn verdict(change: impl Fn(&mut Value)) -> Verdict {
    let mut changed = document();
    change(&mut changed);
    compare_offers(&offer(&document()).unwrap(), &offer(&changed).unwrap(), &Neighbours::default()).verdict
}

#[test]
fn every_operation_of_a_document_is_a_definition() {
    let offer = offer(&document()).unwrap();
    let names: Vec<&str> = offer.iter().map(Version::name).collect();
    assert_eq!(names, ["server", "GET /pets/{id}", "PUT /pets/{id}"]);
    let get = offer.get(Kind::Operation, "GET /pets/{id}").unwrap().definition();
    assert_eq!(get.members["inputSchema"]["properties"]["path"]["required"], json!(["id"]));
    assert_eq!(get.members["security"][0]["key"]["scheme"]["name"], "X-Key");
}

#[test]
fn each_change_of_a_document_has_its_verdict() {
    let pet = "/components/schemas/Pet/properties";
    let set =
        |at: &'static str, value: Value| move |document: &mut Value| *document.pointer_mut(at).unwrap() = value.clone();
    for (expected, got) in [
        (Verdict::Identical, verdict(|_| {})),
        (Verdict::Cosmetic, verdict(set("/info/version", json!("2")))),
        (Verdict::Cosmetic, verdict(set("/info/title", json!("All pets")))),
        (Verdict::Breaking, verdict(set("/servers/0/url", json!("https://other.example.com")))),
        (Verdict::Breaking, verdict(set("/components/securitySchemes/key/name", json!("X-Token")))),
        (Verdict::Breaking, verdict(set("/components/parameters/Fields/name", json!("only")))),
        (Verdict::Breaking, verdict(set("/components/parameters/Fields/schema", json!({"type": "string"})))),
        // A member of both what is sent and what is answered can change in neither direction.
        (Verdict::Breaking, verdict(set("/components/schemas/Pet/properties/age/minimum", json!(5)))),
        (Verdict::Breaking, verdict(set("/components/schemas/Pet/properties/age/minimum", json!(-5)))),
        (Verdict::Breaking, verdict(set("/components/schemas/Pet/required", json!(["name", "age"])))),
        (Verdict::Breaking, verdict(set("/security", json!([])))),
        (
            Verdict::Additive,
            verdict(|document| {
                document.pointer_mut(pet).unwrap()["color"] = json!({"type": "string"});
            }),
        ),
        // Members that are only read are none of who sends.
        (
            Verdict::Additive,
            verdict(|document| {
                document["components"]["schemas"]["Pet"]["required"] = json!(["name", "id"]);
            }),
        ),
        (
            Verdict::Breaking,
            verdict(|document| {
                document["paths"]["/pets/{id}"].as_object_mut().unwrap().shift_remove("put");
            }),
        ),
        (
            Verdict::Additive,
            verdict(|document| {
                document["paths"]["/pets"] = json!({"get": {"responses": {"200": {"description": "All"}}}});
            }),
        ),
    ] {
        assert_eq!(got, expected);
    }
}

#[test]
fn a_reference_to_another_document_can_only_stay_as_it_is() {
    let refer = |document: &mut Value, target: &str| {
        document["components"]["schemas"]["Pet"]["properties"]["owner"] = json!({"$ref": target});
    };
    let [mut old, mut new] = [document(), document()];
    refer(&mut old, "owner.json");
    refer(&mut new, "owner.json");
    let same = compare_offers(&offer(&old).unwrap(), &offer(&new).unwrap(), &Neighbours::default());
    assert_eq!(same.verdict, Verdict::Identical);
    new["components"]["schemas"]["Pet"]["properties"]["age"] = json!({"type": "number"});
    let changed = compare_offers(&offer(&old).unwrap(), &offer(&new).unwrap(), &Neighbours::default());
    assert_eq!(changed.verdict, Verdict::Breaking);
}

#[test]
fn lists_of_tools_are_read_in_every_form_they_come_in() {
    let tools = json!([{"name": "a", "inputSchema": {"type": "object"}}]);
    let snapshot = json!({
        "tools": tools, "prompts": [{"name": "p"}], "resources": [{"uri": "a:b", "name": "r"}],
        "resourceTemplates": [{"uriTemplate": "a:{b}", "name": "t"}], "serverInfo": {"name": "s", "version": "1"},
    });
    for (value, count) in [
        (tools.clone(), 1),
        (json!({"tools": tools}), 1),
        (json!({"jsonrpc": "2.0", "id": 1, "result": {"tools": tools}}), 1),
        (snapshot, 5),
    ] {
        assert_eq!(offer(&value).unwrap().len(), count, "{value}");
    }
    assert_eq!(read(b"tools:\n  - name: a\n    inputSchema: {type: object}\n").unwrap().len(), 1);
}

#[test]
fn what_is_no_contract_is_refused() {
    for text in [
        "",
        "1",
        "{}",
        "[1]",
        "{\"tools\":{}}",
        "{\"swagger\":\"2.0\"}",
        "{\"openapi\":\"3.2.0\",\"paths\":{}}",
        "{\"openapi\":\"3.1.0\"}",
    ] {
        assert!(read(text.as_bytes()).is_err(), "{text}");
    }
    let refused = offer(&json!({"tools": [{"name": "a", "inputSchema": {}}, {"name": 1}]}));
    assert_eq!(refused, Err(Unread::Entry { list: "tools", index: 1 }));
}
