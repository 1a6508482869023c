//! Every route of the gateway, once: the router, `Allow`, and the OpenAPI document all read this table.

use crate::admin::operation::{OPERATIONS, Spec, Verb};
pub use crate::api::endpoint::{Browsers, Endpoint};
use crate::api::refusal::Form;

/// A method the gateway serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `GET`; `HEAD` is served by the same route.
    Get,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `PATCH`
    Patch,
    /// `DELETE`
    Delete,
}

impl Method {
    /// Its name (RFC 9110 section 9.3, RFC 5789).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// One line of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The exact path; a path that ends in `/` stands for everything below it, and `{name}` for one segment.
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

const fn delete(path: &'static str, endpoint: Endpoint, summary: &'static str) -> Route {
    Route { method: Method::Delete, path, endpoint, summary }
}

/// What stands for the name of a virtual server in a path.
pub const SERVER: &str = "{server}";

/// How many routes there are.
const COUNT: usize = OWN.len() + OPERATIONS.len();

/// Every route.
pub static ROUTES: [Route; COUNT] = with_operations();

/// The table, followed by the operations of administrators.
#[expect(clippy::indexing_slicing, reason = "a place that is not there does not compile")]
const fn with_operations() -> [Route; COUNT] {
    let mut all = [OWN[0]; COUNT];
    let mut at = 0;
    while at < COUNT {
        all[at] = if at < OWN.len() { OWN[at] } else { of_operation(&OPERATIONS[at - OWN.len()]) };
        at += 1;
    }
    all
}

const fn of_operation(spec: &Spec) -> Route {
    let method = match spec.verb {
        Verb::Read => Method::Get,
        Verb::Make => Method::Post,
        Verb::Replace => Method::Put,
        Verb::Change => Method::Patch,
        Verb::Remove => Method::Delete,
    };
    Route { method, path: spec.path, endpoint: Endpoint::Admin(spec.operation), summary: spec.summary }
}

/// The table.
const OWN: [Route; 62] = [
    post("/auth/login", Endpoint::Login, "Log in and get an access token and a refresh token"),
    post("/auth/refresh", Endpoint::Refresh, "Exchange a refresh token for a new pair"),
    post("/auth/logout", Endpoint::Logout, "End the session: revoke its access and refresh tokens"),
    get("/auth/me", Endpoint::Me, "Who the access token stands for"),
    post("/auth/introspect", Endpoint::Introspect, "Whether an access token of the tenant is good, and what it says"),
    get("/mcp/tools", Endpoint::ListTools, "List the tools this caller may use"),
    post("/mcp/execute", Endpoint::ExecuteTool, "Call a tool"),
    post("/mcp", Endpoint::Mcp, "The Model Context Protocol, streamable HTTP"),
    get("/mcp", Endpoint::McpStream, "Messages to a client of the protocol before 2026-07-28"),
    delete("/mcp", Endpoint::McpEnd, "End a session of the protocol before 2026-07-28"),
    post("/mcp/{server}", Endpoint::Mcp, "The same for one virtual server"),
    get("/mcp/{server}", Endpoint::McpStream, "The same for one virtual server"),
    delete("/mcp/{server}", Endpoint::McpEnd, "The same for one virtual server"),
    get("/health", Endpoint::Health, "What runs and how well"),
    get("/health/live", Endpoint::Live, "Whether the Worker answers; asks nothing else"),
    get("/health/ready", Endpoint::Ready, "Whether D1, KV and the Durable Objects answer"),
    get("/status", Endpoint::Status, "A page of what the gateway promises and how it does, for everybody"),
    get("/entropy/status", Endpoint::EntropyStatus, "What the entropy hub knows, for the operator"),
    get("/metrics", Endpoint::Metrics, "Metrics in the Prometheus text format, for the operator"),
    get("/.well-known/jwks.json", Endpoint::Jwks, "Public keys of the access tokens"),
    get(
        "/.well-known/oauth-protected-resource",
        Endpoint::GatewayMetadata,
        "What this gateway is as a protected resource (RFC 9728)",
    ),
    get(
        "/.well-known/oauth-protected-resource/mcp",
        Endpoint::ResourceMetadata,
        "What the endpoint of the protocol is as a protected resource (RFC 9728)",
    ),
    get(
        "/.well-known/oauth-protected-resource/mcp/{server}",
        Endpoint::ResourceMetadata,
        "The same for one virtual server",
    ),
    get(
        "/.well-known/oauth-authorization-server",
        Endpoint::IssuerMetadata,
        "What this gateway is as an authorization server (RFC 8414)",
    ),
    get(
        "/.well-known/openid-configuration",
        Endpoint::OpenIdMetadata,
        "The same, for clients that know OpenID Connect Discovery only",
    ),
    get("/oauth/authorize", Endpoint::Authorize, "Ask a person to let a client act for them (RFC 6749 section 4.1.1)"),
    post("/oauth/login", Endpoint::SignIn, "Sign a browser in"),
    post("/oauth/code", Endpoint::SignInCode, "The code of a second factor, after the password"),
    post("/oauth/external", Endpoint::LeaveToProvider, "Sign in at the operator's OpenID provider"),
    get("/oauth/callback", Endpoint::ComeBack, "Back from that provider (OpenID Connect Core 1.0 section 3.1.2.5)"),
    post("/oauth/consent", Endpoint::Consent, "Allow or deny a client"),
    post("/oauth/switch", Endpoint::SwitchAccount, "Sign a browser out and ask again"),
    post("/oauth/token", Endpoint::Token, "Get tokens (RFC 6749 section 3.2)"),
    post("/oauth/revoke", Endpoint::RevokeToken, "Give a token back (RFC 7009)"),
    post("/oauth/register", Endpoint::Register, "Register a client (RFC 7591)"),
    get("/account", Endpoint::Account, "What has access to the account of this browser"),
    post("/account/end", Endpoint::EndSession, "End a session or a sign-in of the account"),
    post("/account/sign-out", Endpoint::SignOut, "Sign this browser out"),
    get("/account/signed-out", Endpoint::SignedOut, "What a browser sees that signed out"),
    get("/account/people", Endpoint::People, "The people of an administrator's tenant"),
    post("/account/people", Endpoint::ChangePeople, "Invite, help, disable or enable somebody"),
    get("/account/approvals", Endpoint::Approvals, "Calls that wait for a person's approval"),
    post("/account/approvals", Endpoint::DecideApproval, "Approve or refuse a call that waits"),
    get("/account/drift", Endpoint::Drift, "What upstreams offer and nobody has approved"),
    post("/account/drift", Endpoint::DecideDrift, "Approve or refuse a version of what an upstream offers"),
    get("/account/connections", Endpoint::Connections, "Accounts of a person at upstreams"),
    post("/account/connections", Endpoint::ChangeConnection, "Connect an account at an upstream, or end that"),
    get("/connect/callback", Endpoint::Connected, "Back from a provider at which an account is connected"),
    get("/account/password", Endpoint::Password, "A page to change the own password"),
    post("/account/password", Endpoint::ChangePassword, "Change the own password"),
    get("/account/second-factor", Endpoint::SecondFactor, "A page to turn the own second factor on or off"),
    post("/account/second-factor", Endpoint::ChangeSecondFactor, "Turn the own second factor on or off"),
    get("/join", Endpoint::Join, "A page that takes a one-time code"),
    post("/join", Endpoint::UseCode, "Use a one-time code, to join a tenant or to set a new password"),
    get("/setup", Endpoint::Setup, "A page that makes the first administrator"),
    post("/setup", Endpoint::SetUp, "Make the first administrator, with the operator's token"),
    get("/pages/", Endpoint::PageFiles, "Style and pictures of the pages"),
    get("/openapi.json", Endpoint::OpenApi, "This description"),
    get("/docs", Endpoint::Docs, "Interactive API reference"),
    get("/docs/", Endpoint::Docs, "Files of the interactive API reference"),
    get("/console", Endpoint::Console, "The console, for who runs a team"),
    get("/console/", Endpoint::Console, "Files of the console, and where its sign-in comes back to"),
];

/// What the table has for one path. It is looked up once for each request.
#[derive(Clone, Debug)]
pub struct Place<'a> {
    path: &'a str,
    routes: Vec<&'static Route>,
}

/// The routes of a path. A path of its own comes before one with a placeholder: no virtual server can be called `tools` or
/// `execute`.
pub fn at(path: &str) -> Place<'_> {
    let found = |covers: fn(&str, &str) -> bool| -> Vec<&'static Route> {
        ROUTES.iter().filter(|route| covers(route.path, path)).collect()
    };
    let routes = match found(|route, path| route == path) {
        exact if exact.is_empty() => found(covers),
        exact => exact,
    };
    Place { path, routes }
}

impl Place<'_> {
    /// The route of a request. `method` is the request's own text, compared exactly (RFC 9110 section 9.1).
    pub fn resolve(&self, method: &str) -> Result<Route, Miss> {
        if self.routes.is_empty() {
            return Err(Miss::NotFound);
        }
        match self.routes.iter().find(|route| route.serves(method)) {
            Some(route) => Ok(**route),
            None if method == "OPTIONS" => Err(Miss::Options { allow: self.allow() }),
            None => Err(Miss::MethodNotAllowed { allow: self.allow() }),
        }
    }

    /// How refusals look, whatever the method: the routes of a path agree.
    pub fn refusals(&self) -> Form {
        self.routes.first().map(|route| route.endpoint.refusals()).unwrap_or_default()
    }

    /// Which pages may call it, whatever the method. One without a route says as much to whoever could call another.
    pub fn browsers(&self) -> Browsers {
        match self.routes.first() {
            Some(route) => route.endpoint.browsers(),
            None if self.path.starts_with("/.well-known/") => Browsers::Anyone,
            None => Browsers::Allowed,
        }
    }

    fn allow(&self) -> String {
        let names = self.routes.iter().map(|route| match route.method {
            Method::Get if route.serves("HEAD") => "GET, HEAD",
            other => other.as_str(),
        });
        names.chain(["OPTIONS"]).collect::<Vec<_>>().join(", ")
    }
}

/// The id that an administrator's path names: its third segment, exactly as it stands there.
pub fn id(path: &str) -> Option<&str> {
    path.strip_prefix("/admin/")?.split('/').nth(1)
}

/// The name of the virtual server in a path, exactly as it stands there.
pub fn server(path: &str) -> Option<&str> {
    path.strip_prefix("/mcp/").filter(|name| is_segment(name))
}

impl Route {
    /// A stream has no end, so there is no `HEAD` of it.
    fn serves(&self, method: &str) -> bool {
        let head = self.method == Method::Get && self.endpoint != Endpoint::McpStream;
        method == self.method.as_str() || (method == "HEAD" && head)
    }
}

fn covers(route: &str, path: &str) -> bool {
    if route.ends_with('/') {
        return path.starts_with(route);
    }
    let (mut wanted, mut given) = (route.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return route.contains('{'),
            (Some(wanted), Some(given)) if wanted == given || (wanted.starts_with('{') && is_segment(given)) => {}
            _ => return false,
        }
    }
}

fn is_segment(text: &str) -> bool {
    !text.is_empty() && !text.contains('/')
}

#[cfg(test)]
#[path = "route_tests.rs"]
mod tests;
