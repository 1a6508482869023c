//! The OpenAPI 3.1 document, made of the code: the route table, the bodies' types, and the refusals' own replies.
//!
//! Rendered on the host only; the Worker serves the rendered file beside this folder, and `tests/openapi.rs` keeps the
//! file current. Two tables, [`served`] and [`refused`], have a line for every endpoint and no catch-all.

pub mod admin;
pub mod document;
pub mod examples;
pub mod oauth;
pub mod parameters;
pub mod people;
pub mod refused;
pub mod rpc;
pub mod served;

use crate::api::challenge::Realm;
use crate::api::problem::{Problem, ProblemDocument};
use crate::api::refusal::{Form, OAuthDocument};
use crate::api::reply::Reply;
use crate::api::route::{Browsers, ROUTES, Route, SERVER};
use crate::mcp::refusal::{Fault, Refusal};
use document::{
    Components, Document, Example, Header, Info, License, Media, Named, Operation, Reference, RequestBody, Response,
    SecurityScheme, Server, Tag,
};
use rpc::RpcError;
use schemars::Schema;
use serde_json::Value;
use served::{Examples, Given, HTML, JSON, Offer, Shapes, Taken};
use std::collections::BTreeMap;

const PROBLEM: &str = "application/problem+json";
const CORRELATION: &str = "X-Correlation-ID";

const DESCRIPTION: &str = "A gateway between AI agents and their tools. Log in, send the access token as `Authorization: Bearer`, list and call tools, in plain REST or by the Model Context Protocol.\n\nEvery reply carries `X-Correlation-ID`: the caller's own when it sent an identifier, else a new one. Every refusal is a problem document (RFC 9457), except where the protocol wants a JSON-RPC error. `HEAD` is answered wherever `GET` is. Another path is answered 404, another method 405 with `Allow`, `OPTIONS` 204 with `Allow`. Bodies have at most 1 MiB and 64 levels of nesting, and no member twice in one object.";

/// The whole document.
pub fn document() -> Document {
    let mut shapes = Shapes::default();
    let paths = paths(&mut shapes);
    let responses = refused::without_route().map(|(name, problem)| {
        let mut responses = Responses::default();
        responses.refuse(&problem, Form::Problem, &mut shapes);
        (name.to_owned(), responses.0.into_values().next().unwrap_or_default())
    });
    let parameters = parameters::all(&mut shapes);
    let headers = headers(&mut shapes);
    Document {
        openapi: "3.1.1",
        info: Info {
            title: "MCP Secure Gateway",
            version: crate::VERSION,
            description: DESCRIPTION,
            license: License { identifier: "Apache-2.0", name: "Apache License 2.0" },
        },
        servers: [Server { url: "/" }],
        tags: tags(),
        paths,
        components: Components {
            schemas: shapes.definitions(),
            parameters,
            headers,
            responses: Named(responses.into()),
            security_schemes: Named(vec![("bearer".to_owned(), bearer())]),
        },
    }
}

/// The document as it is committed and served. Empty when it cannot be rendered, which a test refuses.
pub fn render() -> String {
    serde_json::to_string_pretty(&document()).map(|text| text + "\n").unwrap_or_default()
}

/// A path that ends in `/` stands for a folder of files, which is no operation.
fn paths(shapes: &mut Shapes) -> Named<Named<Operation>> {
    let mut paths: Vec<(String, Named<Operation>)> = Vec::new();
    for route in ROUTES.into_iter().filter(|route| !route.path.ends_with('/')) {
        let entry = (route.method.as_str().to_ascii_lowercase(), operation(route, shapes));
        match paths.iter_mut().find(|(path, _)| path == route.path) {
            Some((_, methods)) => methods.0.push(entry),
            None => paths.push((route.path.to_owned(), Named(vec![entry]))),
        }
    }
    Named(paths)
}

fn operation(route: Route, shapes: &mut Shapes) -> Operation {
    let of_server = route.path.ends_with(SERVER);
    let Offer { id, tag, description, scopes, parameters, takes, gives } = served::offer(route.endpoint, shapes);
    let mut responses = Responses::default();
    for given in gives {
        responses.give(given);
    }
    for (name, fault) in refused::faults(route.endpoint) {
        responses.refuse_rpc(name, fault, shapes);
    }
    let anyones = route.endpoint.browsers() == Browsers::Anyone;
    let may_be = |problem: &Problem| !anyones || *problem != Problem::OriginNotAllowed;
    for problem in refused::problems(route.endpoint).into_iter().filter(may_be) {
        responses.refuse(&problem, route.endpoint.refusals(), shapes);
    }
    if of_server {
        responses.refuse(&Problem::NotFound, Form::Problem, shapes);
    }
    let path: &[&str] = match route.path {
        path if path.contains("{id}") => &["id"],
        _ if of_server => &["server"],
        _ => &[],
    };
    let parameters = path.iter().chain([&CORRELATION]).chain(parameters);
    Operation {
        operation_id: if of_server { format!("{id}OfServer") } else { id.to_owned() },
        summary: route.summary,
        description,
        tags: [tag],
        parameters: parameters.map(|name| reference("parameters", name)).collect(),
        request_body: takes.map(|Taken { kind, schema, examples }| RequestBody {
            required: true,
            content: Named(vec![(kind.to_owned(), media(schema, examples))]),
        }),
        responses: Named(responses.0.into_iter().map(|(status, response)| (status.to_string(), response)).collect()),
        security: scopes.map(|scopes| BTreeMap::from([("bearer", scopes)])).into_iter().collect(),
    }
}

/// Responses by status: what has one status becomes one response.
#[derive(Default)]
struct Responses(BTreeMap<u16, Response>);

impl Responses {
    fn give(&mut self, given: Given) {
        let response = self.at(given.status, given.description, given.headers.iter().copied());
        if let Some((kind, schema, examples)) = given.body {
            response.content.0.push((kind.to_owned(), media(schema, examples)));
        }
    }

    fn refuse(&mut self, problem: &Problem, form: Form, shapes: &mut Shapes) {
        let Reply { status, headers, body } =
            form.render(problem, &examples::correlation(), Realm::of(examples::ORIGIN));
        let response = self.at(status, problem.title(), headers.iter().map(|(name, _)| *name));
        let example = examples::body(Some(body));
        match form {
            Form::Problem => {
                add_example(response, PROBLEM, shapes.written::<ProblemDocument>(), problem.name(), example);
            }
            Form::OAuth => add_example(response, JSON, shapes.written::<OAuthDocument>(), problem.name(), example),
            Form::Page if response.content.is_empty() => {
                response.content.0.push((HTML.to_owned(), media(shapes.written::<String>(), Vec::new())));
            }
            Form::Page => {}
        }
    }

    fn refuse_rpc(&mut self, name: &str, fault: Fault, shapes: &mut Shapes) {
        let reply = Refusal::anonymous(fault).reply();
        let headers = (reply.status == 503).then_some("retry-after");
        let response = self.at(reply.status, "The request was refused before anybody else was asked", headers);
        add_example(response, JSON, shapes.written::<RpcError>(), name, examples::body(reply.body));
    }

    fn at<'a>(&mut self, status: u16, description: &str, headers: impl IntoIterator<Item = &'a str>) -> &mut Response {
        let response = self.0.entry(status).or_default();
        if response.description.is_empty() {
            description.clone_into(&mut response.description);
        } else if !response.description.split(" · ").any(|part| part == description) {
            response.description = format!("{} · {description}", response.description);
        }
        for name in ["x-correlation-id"].into_iter().chain(headers) {
            let Some((name, ..)) = HEADERS.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name)) else {
                continue;
            };
            if response.headers.0.iter().all(|(there, _)| there != name) {
                response.headers.0.push(((*name).to_owned(), reference("headers", name)));
            }
        }
        response
    }
}

fn add_example(response: &mut Response, kind: &str, schema: Schema, name: &str, value: Value) {
    let example = (name.to_owned(), Example { value });
    match response.content.0.iter_mut().find(|(there, _)| there == kind) {
        Some((_, media)) if media.examples.0.iter().any(|(there, _)| there == name) => {}
        Some((_, media)) => media.examples.0.push(example),
        None => response.content.0.push((kind.to_owned(), Media { schema, examples: Named(vec![example]) })),
    }
}

fn media(schema: Schema, examples: Examples) -> Media {
    let named = examples.into_iter().map(|(name, value)| (name.to_owned(), Example { value }));
    Media { schema, examples: Named(named.collect()) }
}

fn reference(kind: &str, name: &str) -> Reference {
    Reference { target: format!("#/components/{kind}/{name}") }
}

/// Name, description, example; the whole of a response's header fields that callers may act on.
const HEADERS: [(&str, &str, &str); 10] = [
    ("Link", "Leads to the next part (RFC 8288)", "</admin/audit/export?after=10000>; rel=\"next\""),
    ("ETag", "The version, for `If-Match`", "\"v1\""),
    (CORRELATION, "Ties the reply to the log", "WlpaWlpaWlpaWlpaWlpaWg"),
    ("Retry-After", "Seconds to wait before trying again", "1"),
    (
        "RateLimit",
        "Calls left at once, and seconds until there are more (draft-ietf-httpapi-ratelimit-headers). Absent where the limit hit is that of logins",
        "\"calls\";r=0;t=1",
    ),
    ("RateLimit-Policy", "Calls allowed at once, and the seconds in which as many come back", "\"calls\";q=20;w=2"),
    (
        "WWW-Authenticate",
        "What was wrong with the access token (RFC 6750 section 3), where tokens come from (RFC 9728 section 5.1), and what they must be allowed. Absent where no token was asked for",
        "Bearer resource_metadata=\"https://gateway.example.com/.well-known/oauth-protected-resource/mcp\", scope=\"tools:call tools:read\"",
    ),
    ("Allow", "The methods of this path", "POST, OPTIONS"),
    (
        "Location",
        "Where the browser goes on",
        "http://127.0.0.1:51234/callback?code=mgc_...&state=xyz&iss=https%3A%2F%2Fgateway.example.com",
    ),
    (
        "Mcp-Session-Id",
        "The session an `initialize` opened: where the client takes questions, or the server keeps something for it",
        "nO8kQx2mD1aVb3c4e5f6g7h8i9j0kA1B2C3D4E5F6Gc",
    ),
];

fn headers(shapes: &mut Shapes) -> Named<Header> {
    let header = |(name, description, example): (&str, &'static str, &str)| {
        let schema = shapes.written::<String>();
        (name.to_owned(), Header { description, schema, example: example.to_owned() })
    };
    Named(HEADERS.into_iter().map(header).collect())
}

fn tags() -> Vec<Tag> {
    let tags = [
        ("account", "Log in, stay logged in, log out"),
        ("oauth", "Tokens for clients, by OAuth 2.1"),
        ("pages", "Pages for people, and their forms"),
        ("tools", "Tools in plain REST"),
        ("mcp", "Tools by the Model Context Protocol"),
        ("health", "How the gateway does"),
        (
            "admin",
            "Tenants, users, keys, upstreams, credentials, policies, plans, approvals, revocations and the audit trail",
        ),
        ("operator", "For the operator's own tools"),
        ("description", "What the gateway says of itself"),
    ];
    tags.into_iter().map(|(name, description)| Tag { name, description }).collect()
}

fn bearer() -> SecurityScheme {
    SecurityScheme {
        kind: "http",
        scheme: "bearer",
        bearer_format: "JWT",
        description: "The `access_token` of `POST /auth/login`, signed with a key of `/.well-known/jwks.json`.",
    }
}
