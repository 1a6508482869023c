//! A request as it came in: its method, its path, its headers, and its body, never more of it than is allowed.
//!
//! It is the platform's own request. The runtime library's wrapper looks up all that the platform knows of a connection
//! whenever one is made, which is dear and not needed here.

use super::stream::{self, Ended};
use crate::api::problem::Problem;
use crate::json::{JsonError, REQUEST_CAPS};
use worker::Headers;
use worker::web_sys::Request;

/// The whole body, at most [`REQUEST_CAPS`] long. A declared length beyond it is refused before anything is read.
pub async fn body(request: &Request) -> Result<Vec<u8>, Problem> {
    let max_bytes = REQUEST_CAPS.max_bytes;
    let declared = header(request, "content-length").and_then(|text| text.parse::<usize>().ok());
    let read = match declared {
        Some(length) if length > max_bytes => Err(Ended::TooLarge),
        Some(_) => stream::whole(request.array_buffer()).await,
        None => stream::counted(request.body(), max_bytes, &|| {}).await,
    };
    read.map_err(|ended| match ended {
        Ended::TooLarge => Problem::Json(JsonError::TooLarge { max_bytes }),
        Ended::Broken => Problem::InvalidBody("the body ended early".into()),
    })
}

/// A header's value; several fields of one name are joined by the runtime.
pub fn header(request: &Request, name: &str) -> Option<String> {
    request.headers().get(name).ok().flatten()
}

/// Every header, with its name in lower case. Walking through them is dear.
pub fn headers(request: &Request) -> impl Iterator<Item = (String, String)> {
    Headers(request.headers()).entries()
}

/// The query of the request's URL, without its question mark; empty when there is none.
pub fn query(request: &Request) -> String {
    let url = request.url();
    let before_fragment = url.split('#').next().unwrap_or_default();
    before_fragment.split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default()
}

/// The path of the request's URL, as the platform normalized it.
pub fn path(request: &Request) -> String {
    let url = request.url();
    let after_scheme = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
    let path = after_scheme.find('/').map_or("/", |start| &after_scheme[start..]);
    path.split(['?', '#']).next().unwrap_or("/").to_owned()
}

/// The address a request came from, as the platform says it; no header of the client's own is believed.
pub fn source(request: &Request) -> String {
    header(request, "cf-connecting-ip").unwrap_or_else(|| "unknown".into())
}
