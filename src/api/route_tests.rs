use super::{Browsers, Endpoint, Miss, ROUTES, Route, at, server};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn resolve(method: &str, path: &str) -> Result<Route, Miss> {
    at(path).resolve(method)
}

fn browsers(path: &str) -> Browsers {
    at(path).browsers()
}

#[test]
fn every_route_of_the_table_is_found() {
    for route in ROUTES {
        assert_eq!(resolve(route.method.as_str(), route.path), Ok(route));
    }
    assert_eq!(resolve("GET", "/docs/init.js").unwrap().endpoint, Endpoint::Docs);
    assert_eq!(resolve("HEAD", "/health").unwrap().endpoint, Endpoint::Health);
}

#[test]
fn a_wrong_method_is_told_the_right_ones() {
    let all = || Err(Miss::MethodNotAllowed { allow: "POST, GET, DELETE, OPTIONS".into() });
    assert_eq!((resolve("HEAD", "/mcp"), resolve("post", "/mcp"), resolve("PUT", "/mcp/a")), (all(), all(), all()));
    assert_eq!(resolve("GET", "/auth/login"), Err(Miss::MethodNotAllowed { allow: "POST, OPTIONS".into() }));
    assert_eq!(resolve("TRACE", "/health"), Err(Miss::MethodNotAllowed { allow: "GET, HEAD, OPTIONS".into() }));
    assert_eq!(resolve("OPTIONS", "/health"), Err(Miss::Options { allow: "GET, HEAD, OPTIONS".into() }));
}

#[test]
fn a_path_is_compared_exactly() {
    for path in
        ["/", "", "/MCP", "/mcp/", "/mcp/a/", "/mcp/a/b", "/health/", "/auth/login/", "/docsx", "//mcp", "/mcp%2f"]
    {
        assert_eq!(resolve("POST", path), Err(Miss::NotFound), "{path}");
    }
}

#[test]
fn whichever_pages_may_call_a_path_may_call_it_by_every_method() {
    for route in ROUTES {
        assert_eq!(browsers(route.path), route.endpoint.browsers(), "{}", route.path);
    }
    let told = |paths: [&str; 4]| paths.map(browsers);
    assert_eq!(told(["/mcp", "/mcp/any", "/auth/login", "/nowhere"]), [Browsers::Allowed; 4]);
    assert_eq!(
        told(["/openapi.json", "/.well-known/jwks.json", "/.well-known/nothing", "/.well-known/openid-configuration"]),
        [Browsers::Anyone; 4]
    );
    assert_eq!(told(["/docs", "/docs/init.js", "/health", "/metrics"]), [Browsers::Own; 4]);
}

#[test]
fn a_virtual_server_has_a_path_of_its_own_and_takes_no_other() {
    let route = resolve("POST", "/mcp/files").unwrap();
    assert_eq!((route.path, route.endpoint), ("/mcp/{server}", Endpoint::Mcp));
    assert_eq!(
        (server("/mcp/files"), server("/mcp"), server("/mcp/"), server("/mcp/a/b")),
        (Some("files"), None, None, None)
    );
    assert_eq!(resolve("GET", "/mcp/tools").unwrap().endpoint, Endpoint::ListTools);
    assert_eq!(resolve("POST", "/mcp/tools"), Err(Miss::MethodNotAllowed { allow: "GET, HEAD, OPTIONS".into() }));
    assert_eq!(resolve("DELETE", "/mcp/execute"), Err(Miss::MethodNotAllowed { allow: "POST, OPTIONS".into() }));
}

#[test]
fn an_administrators_path_names_one_thing() {
    let route = resolve("POST", "/admin/keys/k-1/rotate").unwrap();
    assert_eq!((route.path, super::id("/admin/keys/k-1/rotate")), ("/admin/keys/{id}/rotate", Some("k-1")));
    assert_eq!(resolve("POST", "/admin/policies/explain").unwrap().path, "/admin/policies/explain");
    assert_eq!((super::id("/admin/keys"), super::id("/mcp/files/x")), (None, None));
    for path in ["/admin/keys/", "/admin/keys//rotate", "/admin/keys/a/b", "/admin", "/admin/keys/a/rotate/"] {
        assert_eq!(resolve("POST", path), Err(Miss::NotFound), "{path}");
    }
}
