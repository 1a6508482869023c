//! Where the API is: `servers`, against the document's own address.

use super::reference::Node;
use super::refusal::{InvalidOpenApi, Refusal};
use crate::outbound::{OutboundUrl, Reach, RefusedUrl};
use url::Url;

/// The address that a server object says, with the defaults of its variables.
fn address(server: Node<'_>, source: &Url) -> Option<Url> {
    let mut text = server.text("url")?.to_owned();
    for (name, variable) in server.get("variables").into_iter().flat_map(Node::members) {
        let placeholder = format!("{{{name}}}");
        if text.contains(&placeholder) {
            text = text.replace(&placeholder, variable.text("default")?);
        }
    }
    // What is left is no variable of the document.
    if text.contains(['{', '}']) { None } else { source.join(&text).ok() }
}

fn judged(server: Node<'_>, source: &Url, reach: Reach) -> Result<OutboundUrl, RefusedUrl> {
    let mut url = address(server, source).ok_or(RefusedUrl::Malformed)?;
    url.set_query(None);
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    OutboundUrl::judge(url, reach)
}

/// The base of the API: the first server that may be asked. A document without servers is about its own origin (OpenAPI
/// 3.1.1 section 4.8.1, `servers`).
pub(super) fn base(root: Node<'_>, source: &OutboundUrl, reach: Reach) -> Result<OutboundUrl, InvalidOpenApi> {
    let mut refused = None;
    for server in root.entries("servers") {
        match judged(server, source.url(), reach) {
            Ok(url) => return Ok(url),
            Err(reason) => refused = refused.or(Some(reason)),
        }
    }
    if let Some(reason) = refused {
        return Err(InvalidOpenApi::Base(reason));
    }
    let mut url = source.url().clone();
    url.set_query(None);
    url.set_path("/");
    OutboundUrl::judge(url, reach).map_err(InvalidOpenApi::Base)
}

/// What the path of an operation begins with, below the base: where it or its path item has servers of its own, one of
/// them must be below the base.
pub(super) fn beginning(own: &[Node<'_>], base: &OutboundUrl, source: &Url, reach: Reach) -> Result<String, Refusal> {
    let Some(holder) = own.iter().find(|node| node.entries("servers").next().is_some()) else {
        return Ok(String::new());
    };
    let prefix = base.url().path().trim_end_matches('/');
    let below = |server| {
        let url = judged(server, source, reach).ok().filter(|url| url.origin() == base.origin())?;
        let rest = url.url().path().trim_end_matches('/').strip_prefix(prefix)?;
        (rest.is_empty() || rest.starts_with('/')).then(|| rest.to_owned())
    };
    holder.entries("servers").find_map(below).ok_or(Refusal::Server)
}

#[cfg(test)]
mod tests {
    use super::{base, beginning};
    use crate::http_api::openapi::reference::Node;
    use crate::http_api::openapi::refusal::{InvalidOpenApi, Refusal};
    use crate::outbound::{OutboundUrl, Reach, RefusedUrl};
    use serde_json::{Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn url(text: &str) -> OutboundUrl {
        OutboundUrl::parse(text, Reach::Public).unwrap()
    }

    #[expect(clippy::needless_pass_by_value, reason = "a literal at every call")]
    fn of(servers: Value) -> Result<String, InvalidOpenApi> {
        let document = json!({"servers": servers});
        let source = url("https://docs.shop.com/api/v1/openapi.json?x=1");
        base(Node { document: 0, value: &document }, &source, Reach::Public).map(|url| url.url().to_string())
    }

    #[test]
    fn a_server_is_read_against_the_documents_address() {
        for (servers, expected) in [
            (json!([{"url": "https://api.shop.com/v2/"}]), "https://api.shop.com/v2"),
            (json!([{"url": "/v2"}]), "https://docs.shop.com/v2"),
            (json!([{"url": "../v2"}]), "https://docs.shop.com/api/v2"),
            (json!([{"url": "."}]), "https://docs.shop.com/api/v1"),
            (json!([]), "https://docs.shop.com/"),
            (json!([{"url": "http://a.com"}, {"url": "https://b.com"}]), "https://b.com/"),
        ] {
            assert_eq!(of(servers).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn variables_of_a_server_are_their_defaults() {
        let variables = json!({"region": {"default": "eu"}, "v": {"default": "3", "enum": ["3", "4"]}});
        let servers = json!([{"url": "https://{region}.shop.com/v{v}", "variables": variables}]);
        assert_eq!(of(servers).as_deref(), Ok("https://eu.shop.com/v3"));
        let unknown = json!([{"url": "https://{region}.shop.com"}]);
        assert_eq!(of(unknown), Err(InvalidOpenApi::Base(RefusedUrl::Malformed)));
        let evil = json!([{"url": "https://{x}/", "variables": {"x": {"default": "169.254.169.254"}}}]);
        assert_eq!(of(evil), Err(InvalidOpenApi::Base(RefusedUrl::Host)));
    }

    #[test]
    fn a_server_of_an_operation_is_below_the_base_or_refused() {
        let base = url("https://api.shop.com/v2");
        let source = url("https://docs.shop.com/openapi.json");
        let of = |servers: Value| {
            let own = json!({"servers": servers});
            beginning(&[Node { document: 0, value: &own }], &base, source.url(), Reach::Public)
        };
        assert_eq!(of(json!([])).as_deref(), Ok(""));
        assert_eq!(of(json!([{"url": "https://api.shop.com/v2/"}])).as_deref(), Ok(""));
        assert_eq!(of(json!([{"url": "https://api.shop.com/v2/files"}])).as_deref(), Ok("/files"));
        for other in
            ["https://api.shop.com/v21", "https://api.shop.com", "https://evil.com/v2", "http://api.shop.com/v2"]
        {
            assert_eq!(of(json!([{"url": other}])), Err(Refusal::Server), "{other}");
        }
    }
}
