//! What each endpoint takes and gives when it serves a request.

use super::rpc::{McpPost, McpReply};
use super::{admin, examples, oauth, people};
use crate::api::body::{
    ExecuteRequest, ExecuteResponse, LoginRequest, MeResponse, RefreshRequest, TokenResponse, ToolList,
};
use crate::api::health::{Health, Liveness, PartState, Readiness};
use crate::api::introspection::{FORM, Introspection, IntrospectionRequest};
use crate::api::route::Endpoint;
use crate::entropy::status::Status;
use crate::mcp::sse;
use crate::oauth::metadata::{AuthorizationServer, OpenIdConfiguration, ProtectedResource};
use crate::scope::{TO_CALL, TO_LIST};
use crate::token::jwks::JwkSet;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value};

/// The media type of this API's bodies.
pub const JSON: &str = "application/json";
/// The media type of a page.
pub const HTML: &str = "text/html";
const PROMETHEUS: &str = "text/plain";
const RATE: &[&str] = &["ratelimit", "ratelimit-policy"];

/// Makes shapes of types and collects their definitions: bodies of requests as they are read, of replies as written.
pub struct Shapes {
    read: SchemaGenerator,
    written: SchemaGenerator,
}

impl Default for Shapes {
    fn default() -> Self {
        let settings = || {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = "/components/schemas".into();
                settings.meta_schema = None;
            })
        };
        Self {
            read: settings().for_deserialize().into_generator(),
            written: settings().for_serialize().into_generator(),
        }
    }
}

impl Shapes {
    /// What makes the shapes of types the gateway reads.
    pub const fn reader(&mut self) -> &mut SchemaGenerator {
        &mut self.read
    }

    /// The shape of a type the gateway reads.
    pub fn read<T: JsonSchema>(&mut self) -> Schema {
        self.read.subschema_for::<T>()
    }

    /// The shape of a type the gateway writes.
    pub fn written<T: JsonSchema>(&mut self) -> Schema {
        self.written.subschema_for::<T>()
    }

    /// Every definition, in the order of the names.
    pub fn definitions(mut self) -> Map<String, Value> {
        let mut all: Vec<_> = self.read.take_definitions(true).into_iter().collect();
        all.extend(self.written.take_definitions(true));
        all.sort_by(|(left, _), (right, _)| left.cmp(right));
        all.into_iter().collect()
    }
}

/// Examples by name.
pub type Examples = Vec<(&'static str, Value)>;

/// One endpoint.
pub struct Offer {
    /// The operation's unique name.
    pub id: &'static str,
    /// Its group.
    pub tag: &'static str,
    /// More than the route's summary.
    pub description: Option<&'static str>,
    /// The scopes its access token needs; `None` where no token is needed.
    pub scopes: Option<&'static [&'static str]>,
    /// The protocol's own header fields, by name.
    pub parameters: &'static [&'static str],
    /// The body it takes.
    pub takes: Option<Taken>,
    /// What it gives.
    pub gives: Vec<Given>,
}

/// The body of a request.
pub struct Taken {
    /// Its media type.
    pub kind: &'static str,
    /// Its shape.
    pub schema: Schema,
    /// Examples by name.
    pub examples: Examples,
}

/// One response that is not a refusal.
pub struct Given {
    /// The HTTP status.
    pub status: u16,
    /// What happened.
    pub description: &'static str,
    /// Header fields besides those of every reply.
    pub headers: &'static [&'static str],
    /// Media type, shape, and examples by name; `None` for a response without a body.
    pub body: Option<(&'static str, Schema, Examples)>,
}

impl Given {
    /// A JSON body with an example.
    pub fn json(description: &'static str, schema: Schema, example: Value) -> Self {
        let body = Some((JSON, schema, vec![("example", example)]));
        Self { status: 200, description, headers: &[], body }
    }

    /// No body.
    pub const fn empty(status: u16, description: &'static str) -> Self {
        Self { status, description, headers: &[], body: None }
    }

    fn rated(self) -> Self {
        Self { headers: RATE, ..self }
    }
}

impl Offer {
    /// One without a token, without a body and without parameters of its own.
    pub fn new(id: &'static str, tag: &'static str, gives: Vec<Given>) -> Self {
        Self { id, tag, description: None, scopes: None, parameters: &[], takes: None, gives }
    }

    /// With more than a summary.
    #[must_use]
    pub fn about(self, description: &'static str) -> Self {
        Self { description: Some(description), ..self }
    }

    fn with_token(self, scopes: &'static [&'static str]) -> Self {
        Self { scopes: Some(scopes), ..self }
    }

    /// With a JSON body.
    #[must_use]
    pub fn taking(self, schema: Schema, examples: Examples) -> Self {
        self.taking_a(JSON, schema, examples)
    }

    /// With a body of a media type.
    #[must_use]
    pub fn taking_a(self, kind: &'static str, schema: Schema, examples: Examples) -> Self {
        Self { takes: Some(Taken { kind, schema, examples }), ..self }
    }
}

/// The table.
pub fn offer(endpoint: Endpoint, shapes: &mut Shapes) -> Offer {
    match endpoint {
        Endpoint::Admin(operation) => admin::offer(operation, shapes),
        Endpoint::Login | Endpoint::Refresh | Endpoint::Logout | Endpoint::Me => account(endpoint, shapes),
        Endpoint::Introspect => introspect(shapes),
        Endpoint::ListTools => {
            let list = Given::json("The caller's tools", shapes.written::<ToolList>(), examples::tools()).rated();
            Offer::new("listTools", "tools", vec![list]).with_token(TO_LIST)
        }
        Endpoint::ExecuteTool => execute(shapes),
        Endpoint::Mcp => mcp(shapes),
        Endpoint::McpStream | Endpoint::McpEnd => mcp_session(endpoint, shapes),
        Endpoint::Health | Endpoint::Live | Endpoint::Ready | Endpoint::Status => health(endpoint, shapes),
        Endpoint::EntropyStatus | Endpoint::Metrics => operator(endpoint, shapes),
        Endpoint::Jwks => {
            let keys = Given::json("The keys, the signing one first", shapes.written::<JwkSet>(), examples::keys());
            Offer::new("listPublicKeys", "description", vec![keys])
        }
        Endpoint::GatewayMetadata
        | Endpoint::ResourceMetadata
        | Endpoint::IssuerMetadata
        | Endpoint::OpenIdMetadata => metadata(endpoint, shapes),
        Endpoint::Authorize
        | Endpoint::SignIn
        | Endpoint::LeaveToProvider
        | Endpoint::ComeBack
        | Endpoint::Consent
        | Endpoint::SwitchAccount
        | Endpoint::Token
        | Endpoint::RevokeToken
        | Endpoint::Register
        | Endpoint::Account
        | Endpoint::EndSession
        | Endpoint::SignOut
        | Endpoint::SignedOut => oauth::offer(endpoint, shapes),
        Endpoint::SignInCode
        | Endpoint::Setup
        | Endpoint::SetUp
        | Endpoint::Join
        | Endpoint::UseCode
        | Endpoint::People
        | Endpoint::ChangePeople
        | Endpoint::Approvals
        | Endpoint::DecideApproval
        | Endpoint::Drift
        | Endpoint::DecideDrift
        | Endpoint::Connections
        | Endpoint::ChangeConnection
        | Endpoint::Connected
        | Endpoint::Password
        | Endpoint::ChangePassword
        | Endpoint::SecondFactor
        | Endpoint::ChangeSecondFactor => people::offer(endpoint, shapes),
        Endpoint::OpenApi | Endpoint::Docs | Endpoint::PageFiles | Endpoint::Console => description(endpoint, shapes),
    }
}

fn description(endpoint: Endpoint, shapes: &mut Shapes) -> Offer {
    if endpoint == Endpoint::OpenApi {
        let body = Some((JSON, shapes.written::<Map<String, Value>>(), Vec::new()));
        let given = Given { status: 200, description: "An OpenAPI 3.1 document", headers: &[], body };
        return Offer::new("describeApi", "description", vec![given]);
    }
    let body = Some((HTML, shapes.written::<String>(), Vec::new()));
    let page = Given { status: 200, description: "A page, for people", headers: &[], body };
    let name = if endpoint == Endpoint::Console { "showConsole" } else { "showReference" };
    Offer::new(name, "description", vec![page])
}

fn mcp_session(endpoint: Endpoint, shapes: &mut Shapes) -> Offer {
    if endpoint == Endpoint::McpEnd {
        let mut offer = Offer::new("mcpEnd", "mcp", vec![Given::empty(204, "The session is over")]).with_token(&[]);
        offer.parameters = &["Mcp-Session-Id"];
        return offer;
    }
    let mut offer = Offer::new("mcpStream", "mcp", vec![events(shapes)]).about(MCP_STREAM).with_token(&[]);
    offer.parameters = &["Mcp-Session-Id", "Last-Event-ID"];
    offer
}

fn operator(endpoint: Endpoint, shapes: &mut Shapes) -> Offer {
    if endpoint == Endpoint::EntropyStatus {
        let status = Given::json("What the hub knows", shapes.written::<Status>(), examples::entropy_status());
        return Offer::new("entropyStatus", "operator", vec![status]).about(OPERATOR);
    }
    let body = Some((PROMETHEUS, shapes.written::<String>(), Vec::new()));
    let given = Given { status: 200, description: "The metrics, family by family", headers: &[], body };
    Offer::new("metrics", "operator", vec![given]).about(OPERATOR)
}

fn account(endpoint: Endpoint, shapes: &mut Shapes) -> Offer {
    let mut tokens = || Given::json("A pair of tokens", shapes.written::<TokenResponse>(), examples::tokens());
    match endpoint {
        Endpoint::Login => Offer::new("login", "account", vec![tokens()])
            .about("Every refused login looks the same. Attempts are limited per account and per address. The account of the example exists on a developer's machine only.")
            .taking(shapes.read::<LoginRequest>(), vec![("example", examples::text(examples::LOGIN))]),
        Endpoint::Refresh => Offer::new("refresh", "account", vec![tokens()])
            .about("A refresh token works once. When an old one comes back, the whole session is revoked.")
            .taking(shapes.read::<RefreshRequest>(), vec![("example", examples::text(examples::REFRESH))]),
        Endpoint::Logout => {
            Offer::new("logout", "account", vec![Given::empty(204, "The session is over")]).with_token(&[])
        }
        _ => {
            let me = Given::json("The caller", shapes.written::<MeResponse>(), examples::me()).rated();
            Offer::new("whoAmI", "account", vec![me]).with_token(&[])
        }
    }
}

fn introspect(shapes: &mut Shapes) -> Offer {
    let told = vec![("active", examples::active()), ("inactive", examples::value(&Introspection::INACTIVE))];
    let given = Given {
        status: 200,
        description: "What the token says, or that it is not active",
        headers: RATE,
        body: Some((JSON, shapes.written::<Introspection>(), told)),
    };
    Offer::new("introspect", "account", vec![given]).about(INTROSPECT).with_token(&[]).taking_a(
        FORM,
        shapes.read::<IntrospectionRequest>(),
        vec![("example", examples::form(examples::INTROSPECT))],
    )
}

fn execute(shapes: &mut Shapes) -> Offer {
    let done = Given::json(
        "The tool ran; `success` says whether it did what it was asked",
        shapes.written::<ExecuteResponse>(),
        examples::executed(),
    );
    let mut offer = Offer::new("executeTool", "tools", vec![done.rated()])
        .about("The arguments are validated against the tool's JSON Schema before the call. With an idempotency key the call is made once, and answered alike for a day; a call that was refused before it was made leaves its key free.")
        .with_token(TO_CALL)
        .taking(shapes.read::<ExecuteRequest>(), vec![("example", examples::text(examples::EXECUTE))]);
    offer.parameters = &["Idempotency-Key"];
    offer
}

fn mcp(shapes: &mut Shapes) -> Offer {
    let requests = [("discover", examples::DISCOVER), ("call", examples::CALL), ("initialize", examples::INITIALIZE)];
    let replies = requests.map(|(name, request)| (name, examples::answer(request))).to_vec();
    let served = Given {
        status: 200,
        description: "The reply, or a batch's replies. A request that only its handler could refuse (an unknown tool, wrong parameters) is refused here, with a JSON-RPC error",
        headers: &["ratelimit", "ratelimit-policy", "mcp-session-id"],
        body: Some((JSON, shapes.written::<McpReply>(), replies)),
    };
    let accepted = Given::empty(202, "Nothing but notifications or answers was posted; nothing is replied").rated();
    let mut offer = Offer::new("mcp", "mcp", vec![served, events(shapes), accepted])
        .about(MCP)
        .with_token(TO_CALL)
        .taking(shapes.read::<McpPost>(), requests.map(|(name, request)| (name, examples::text(request))).to_vec());
    offer.parameters = &["MCP-Protocol-Version", "Mcp-Method", "Mcp-Name", "Mcp-Session-Id"];
    offer
}

fn events(shapes: &mut Shapes) -> Given {
    let body = Some((sse::MEDIA_TYPE, shapes.written::<String>(), Vec::new()));
    Given { status: 200, description: "Server-sent events, each with a JSON-RPC message", headers: RATE, body }
}

fn health(endpoint: Endpoint, shapes: &mut Shapes) -> Offer {
    match endpoint {
        Endpoint::Health => {
            let health = Given::json("What runs and how well", shapes.written::<Health>(), examples::healthy());
            Offer::new("health", "health", vec![health])
        }
        Endpoint::Live => {
            let alive = Given::json("Alive", shapes.written::<Liveness>(), examples::alive());
            Offer::new("live", "health", vec![alive])
        }
        Endpoint::Status => {
            let shown = oauth::page("A page without a script. What it says is ten seconds old at most", shapes);
            Offer::new("status", "health", vec![shown])
        }
        _ => {
            let shape = shapes.written::<Readiness>();
            let yes = Given::json("Every part answered", shape.clone(), examples::ready(PartState::Ok));
            let no = Given::json("A part did not answer in time", shape, examples::ready(PartState::Timeout));
            Offer::new("ready", "health", vec![yes, Given { status: 503, headers: &["retry-after"], ..no }])
        }
    }
}

fn metadata(endpoint: Endpoint, shapes: &mut Shapes) -> Offer {
    let resource = |shapes: &mut Shapes| {
        Given::json("The resource", shapes.written::<ProtectedResource>(), examples::protected_resource())
    };
    match endpoint {
        Endpoint::GatewayMetadata => Offer::new("describeGateway", "description", vec![resource(shapes)]),
        Endpoint::ResourceMetadata => {
            Offer::new("describeResource", "description", vec![resource(shapes)]).about(RESOURCE)
        }
        Endpoint::IssuerMetadata => {
            let shape = shapes.written::<AuthorizationServer>();
            let given = Given::json("The authorization server", shape, examples::authorization_server());
            Offer::new("describeIssuer", "description", vec![given])
        }
        _ => {
            let shape = shapes.written::<OpenIdConfiguration>();
            let given = Given::json("The authorization server", shape, examples::openid_configuration());
            Offer::new("describeOpenId", "description", vec![given]).about(OPENID)
        }
    }
}

const RESOURCE: &str = "Every name that a virtual server can have is answered alike. A token for `/mcp` is good at every route; one for a virtual server at its endpoint alone.";
const OPENID: &str = "There are no ID tokens: the list of their algorithms is empty.";
const INTROSPECT: &str = "RFC 7662. Any access token of this gateway may ask about those of its tenant, which counts as a call. Whatever is not a good access token of the tenant is answered alike: made up, expired, revoked, another tenant's, a refresh token. `token_type_hint` and other parameters change nothing.";
const OPERATOR: &str = "Takes `Authorization: Bearer` with the gateway's own `METRICS_TOKEN`, not an access token. Counts are since the hub started.";
const MCP: &str = "Streamable HTTP. A reply is one JSON message, or a stream of events that ends with it: as soon as the tool reports something, or takes long. Serves the protocol's revisions 2026-07-28, 2025-11-25, 2025-06-18, 2025-03-26 and 2024-11-05; batches in 2025-03-26 only. Every request sends `Accept: application/json, text/event-stream`. A request of 2026-07-28 names its revision and the client's capabilities in `params._meta`, and repeats revision, method and tool name in the headers below. The scope needed is that of the method: `tools:read` to list and to listen, `tools:call` as well to call.";
const MCP_STREAM: &str = "What belongs to no request of the client: changed lists and resources, questions. With `Last-Event-ID` the rest of any stream of the session.";
