use super::{BrokenReference, Library, MAX_DOCUMENTS, Node};
use crate::outbound::{OutboundUrl, Reach};
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn library(document: Value) -> Library {
    Library::new(OutboundUrl::parse("https://docs.shop.com/api/openapi.json", Reach::Public).unwrap(), document)
}

fn resolved(library: &Library, reference: &str) -> Result<Value, BrokenReference> {
    library.resolve(library.root(), reference).map(|node| node.value.clone())
}

#[test]
fn a_pointer_is_followed_with_its_escapes() {
    let library = library(json!({"paths": {"/a~b/{c}": 1}, "é": 2, "a b": [3, 4]}));
    assert_eq!(resolved(&library, "#/paths/~1a~0b~1{c}"), Ok(json!(1)));
    assert_eq!(resolved(&library, "#/paths/~1a~0b~1%7Bc%7D"), Ok(json!(1)));
    assert_eq!(resolved(&library, "#/%C3%A9"), Ok(json!(2)));
    assert_eq!(resolved(&library, "#/a%20b/1"), Ok(json!(4)));
    assert_eq!(resolved(&library, "#/a b/0"), Ok(json!(3)));
    for nowhere in ["#/no", "#no", "#/a b/2", "#/a%2", "#/%zz", "#/%ff"] {
        assert_eq!(resolved(&library, nowhere), Err(BrokenReference::Dangling), "{nowhere}");
    }
}

#[test]
fn a_chain_is_followed_to_its_end_and_a_circle_has_none() {
    let library = library(
        json!({"a": {"$ref": "#/b"}, "b": {"$ref": "#/c"}, "c": 5, "x": {"$ref": "#/y"}, "y": {"$ref": "#/x"}}),
    );
    let at = |name: &str| library.follow(library.root().get(name).unwrap()).map(|node| node.value.clone());
    assert_eq!(at("a"), Ok(json!(5)));
    assert_eq!(at("x"), Err(BrokenReference::Endless));
}

#[test]
fn only_documents_of_the_same_origin_are_wanted() {
    let library = library(json!({}));
    for foreign in [
        "https://evil.com/a.json",
        "//evil.com/a.json",
        "http://docs.shop.com/a.json",
        "https://docs.shop.com:8443/a.json",
        "https://x@docs.shop.com/a.json",
        "file:///etc/passwd",
        "data:application/json,{}",
    ] {
        assert_eq!(resolved(&library, foreign), Err(BrokenReference::Foreign), "{foreign}");
    }
    assert!(library.wanted().is_none());
    assert_eq!(resolved(&library, "../common.yaml#/a"), Err(BrokenReference::Unavailable));
    assert_eq!(library.wanted().unwrap().url().as_str(), "https://docs.shop.com/common.yaml");
}

#[test]
fn a_document_that_came_is_read_against_its_own_address() {
    let mut library = library(json!({}));
    assert!(resolved(&library, "parts/a.json#/x").is_err());
    let url = library.wanted().unwrap();
    library.supply(&url, Some(json!({"x": {"$ref": "b.json#/y"}, "own": {"$ref": "#/x"}})));
    assert!(library.wanted().is_none());
    let node = library.resolve(library.root(), "parts/a.json#/own").unwrap();
    assert_eq!(node.document, 1);
    assert_eq!(library.follow(node).map(|node| node.value.clone()), Err(BrokenReference::Unavailable));
    let url = library.wanted().unwrap();
    assert_eq!(url.url().as_str(), "https://docs.shop.com/api/parts/b.json");
    library.supply(&url, None);
    let node = library.resolve(library.root(), "parts/a.json#/own").unwrap();
    assert_eq!(library.follow(node).map(|node: Node<'_>| node.document), Err(BrokenReference::Unavailable));
    assert!(library.wanted().is_none(), "it is not asked for again");
}

#[test]
fn the_first_document_is_not_asked_for_again() {
    let library = library(json!({"a": 1}));
    assert_eq!(resolved(&library, "openapi.json#/a"), Ok(json!(1)));
    assert_eq!(resolved(&library, "https://docs.shop.com/api/openapi.json#/a"), Ok(json!(1)));
}

#[test]
fn there_are_only_so_many_documents() {
    let library = library(json!({}));
    for number in 1..MAX_DOCUMENTS {
        assert_eq!(resolved(&library, &format!("{number}.json")), Err(BrokenReference::Unavailable));
    }
    assert_eq!(resolved(&library, "more.json"), Err(BrokenReference::TooMany));
}
