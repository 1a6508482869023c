//! Whatever a test asks a gateway for, the answer is one that the API's description knows: for that route and method a status
//! and, where it has a body, a media type of it.

use crate::client::Answer;
use crate::workspace;
use reqwest::{Method, Request};
use serde_json::Value;
use std::collections::BTreeMap;
use std::panic::Location;
use std::sync::OnceLock;

/// The media types of each status that a method of a route is answered with.
type Statuses = BTreeMap<u16, Vec<String>>;

/// A route: the parts of its path, where one in braces is any, and what its methods are answered with.
struct Described {
    parts: Vec<String>,
    methods: BTreeMap<String, Statuses>,
}

fn described() -> &'static [Described] {
    static DESCRIBED: OnceLock<Vec<Described>> = OnceLock::new();
    DESCRIBED.get_or_init(|| {
        let text = std::fs::read_to_string(workspace().join("src/api/openapi.json")).expect("the description");
        let document: Value = serde_json::from_str(&text).expect("JSON");
        let route = |(path, methods): (&String, &Value)| {
            let of_method = |(method, operation): (&String, &Value)| (method.to_uppercase(), statuses(operation));
            let methods = methods.as_object().expect("methods").iter().map(of_method).collect();
            Described { parts: path.split('/').map(str::to_owned).collect(), methods }
        };
        document["paths"].as_object().expect("paths").iter().map(route).collect()
    })
}

fn statuses(operation: &Value) -> Statuses {
    let one = |(status, answer): (&String, &Value)| {
        let types = answer["content"].as_object().into_iter().flat_map(|content| content.keys().cloned()).collect();
        Some((status.parse().ok()?, types))
    };
    operation["responses"].as_object().into_iter().flatten().filter_map(one).collect()
}

/// The route of a path: the one that names most of its parts.
fn route(path: &str) -> Option<&'static Described> {
    let parts: Vec<&str> = path.split('/').collect();
    let fits = |route: &&Described| {
        let mut pairs = route.parts.iter().zip(&parts);
        route.parts.len() == parts.len() && pairs.all(|(known, part)| known.starts_with('{') || known == part)
    };
    described().iter().filter(fits).max_by_key(|route| route.parts.iter().filter(|part| !part.starts_with('{')).count())
}

/// Fails the test that got another answer. Answers of others than gateways have no correlation id, and are not looked at.
pub fn hold(asked: &Request, answer: &Answer, caller: &Location<'_>) {
    let (method, path) = (asked.method(), asked.url().path());
    let Some(route) = route(path).filter(|_| answer.header("x-correlation-id").is_some()) else { return };
    let looked_up = if *method == Method::HEAD { "GET" } else { method.as_str() };
    let status = answer.status;
    let Some(statuses) = route.methods.get(looked_up) else {
        let expected = if *method == Method::OPTIONS { 204 } else { 405 };
        assert_eq!(status, expected, "{caller}: {method} {path} is not described");
        return;
    };
    let Some(types) = statuses.get(&status) else {
        panic!("{caller}: {method} {path} is answered {status}, which is not described: {}", answer.text());
    };
    let given = answer.media_type();
    let fits = given.is_empty() || types.iter().any(|known| known == given);
    assert!(fits, "{caller}: {method} {path} is answered {status} with {given}, and described with {types:?}");
}
