//! Every route of the gateway, once: the router, `Allow`, and the OpenAPI document all read this table.

/// What a route does. The edge matches it exhaustively.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// Log in with a username and a password.
    Login,
    /// Use a refresh token.
    Refresh,
    /// End the session of the presented access token.
    Logout,
    /// Say whose token this is.
    Me,
    /// List the tools, in plain REST.
    ListTools,
    /// Call a tool, in plain REST.
    ExecuteTool,
    /// The Model Context Protocol.
    Mcp,
    /// What runs and how well.
    Health,
    /// Alive.
    Live,
    /// Able to serve.
    Ready,
    /// What the operator sees of entropy.
    EntropyStatus,
    /// Metrics for Prometheus.
    Metrics,
    /// Public keys.
    Jwks,
    /// The OpenAPI document.
    OpenApi,
    /// The interactive reference: a page and its files.
    Docs,
}

/// A method the gateway serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `GET`; `HEAD` is served by the same route.
    Get,
    /// `POST`
    Post,
}

/// One line of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The exact path; a path that ends in `/` stands for everything below it.
    pub path: &'static str,
    /// What it does.
    pub endpoint: Endpoint,
    /// One line for the reader of the API description.
    pub summary: &'static str,
}

/// Why no route was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Miss {
    /// No route has that path.
    NotFound,
    /// The path has other methods.
    MethodNotAllowed {
        /// The value of `Allow`.
        allow: String,
    },
    /// `OPTIONS` was asked: answer with `Allow` and nothing else.
    Options {
        /// The value of `Allow`.
        allow: String,
    },
}

const fn get(path: &'static str, endpoint: Endpoint, summary: &'static str) -> Route {
    Route { method: Method::Get, path, endpoint, summary }
}

const fn post(path: &'static str, endpoint: Endpoint, summary: &'static str) -> Route {
    Route { method: Method::Post, path, endpoint, summary }
}

/// The table.
pub const ROUTES: [Route; 16] = [
    post("/auth/login", Endpoint::Login, "Log in and get an access token and a refresh token"),
    post("/auth/refresh", Endpoint::Refresh, "Exchange a refresh token for a new pair"),
    post("/auth/logout", Endpoint::Logout, "End the session: revoke its access and refresh tokens"),
    get("/auth/me", Endpoint::Me, "Who the access token stands for"),
    get("/mcp/tools", Endpoint::ListTools, "List the tools this caller may use"),
    post("/mcp/execute", Endpoint::ExecuteTool, "Call a tool"),
    post("/mcp", Endpoint::Mcp, "The Model Context Protocol, streamable HTTP"),
    get("/health", Endpoint::Health, "What runs and how well"),
    get("/health/live", Endpoint::Live, "Whether the Worker answers; asks nothing else"),
    get("/health/ready", Endpoint::Ready, "Whether D1, KV and the Durable Objects answer"),
    get("/entropy/status", Endpoint::EntropyStatus, "What the entropy hub knows, for the operator"),
    get("/metrics", Endpoint::Metrics, "Metrics in the Prometheus text format, for the operator"),
    get("/.well-known/jwks.json", Endpoint::Jwks, "Public keys of the access tokens"),
    get("/openapi.json", Endpoint::OpenApi, "This description"),
    get("/docs", Endpoint::Docs, "Interactive API reference"),
    get("/docs/", Endpoint::Docs, "Files of the interactive API reference"),
];

/// Finds the route of a request. `method` is the request's own text, compared exactly (RFC 9110 section 9.1).
pub fn resolve(method: &str, path: &str) -> Result<Route, Miss> {
    let here: Vec<Route> = ROUTES.into_iter().filter(|route| covers(route.path, path)).collect();
    if here.is_empty() {
        return Err(Miss::NotFound);
    }
    let wanted = match method {
        "GET" | "HEAD" => Some(Method::Get),
        "POST" => Some(Method::Post),
        _ => None,
    };
    match here.iter().find(|route| Some(route.method) == wanted) {
        Some(route) => Ok(*route),
        None if method == "OPTIONS" => Err(Miss::Options { allow: allow(&here) }),
        None => Err(Miss::MethodNotAllowed { allow: allow(&here) }),
    }
}

fn covers(route: &str, path: &str) -> bool {
    route == path || (route.ends_with('/') && path.starts_with(route))
}

fn allow(routes: &[Route]) -> String {
    let names = routes.iter().map(|route| match route.method {
        Method::Get => "GET, HEAD",
        Method::Post => "POST",
    });
    names.chain(["OPTIONS"]).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::{Endpoint, Miss, ROUTES, resolve};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn every_route_of_the_table_is_found() {
        for route in ROUTES {
            let method = if route.method == super::Method::Get { "GET" } else { "POST" };
            assert_eq!(resolve(method, route.path), Ok(route));
        }
        assert_eq!(resolve("GET", "/docs/init.js").unwrap().endpoint, Endpoint::Docs);
        assert_eq!(resolve("HEAD", "/health").unwrap().endpoint, Endpoint::Health);
    }

    #[test]
    fn a_wrong_method_is_told_the_right_ones() {
        assert_eq!(resolve("GET", "/mcp"), Err(Miss::MethodNotAllowed { allow: "POST, OPTIONS".into() }));
        assert_eq!(resolve("post", "/mcp"), Err(Miss::MethodNotAllowed { allow: "POST, OPTIONS".into() }));
        assert_eq!(resolve("TRACE", "/health"), Err(Miss::MethodNotAllowed { allow: "GET, HEAD, OPTIONS".into() }));
        assert_eq!(resolve("OPTIONS", "/health"), Err(Miss::Options { allow: "GET, HEAD, OPTIONS".into() }));
    }

    #[test]
    fn a_path_is_compared_exactly() {
        for path in ["/", "", "/MCP", "/mcp/", "/health/", "/auth/login/", "/docsx", "//mcp", "/mcp%2f"] {
            assert_eq!(resolve("POST", path), Err(Miss::NotFound), "{path}");
        }
    }
}
