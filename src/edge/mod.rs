//! The Workers runtime: the only room that names it. Gathers facts, asks the pure rooms, commits, replies.

mod account;
mod admin;
mod admission;
mod analytics;
mod approval;
mod assertion;
mod attending;
mod audit;
mod audit_trail_object;
mod auth;
mod authorize;
mod browser;
mod calls;
mod chosen;
mod clients;
mod clock;
mod code;
mod connections;
mod context;
mod data;
mod database;
mod discovery;
mod docs;
mod entropy_hub_object;
mod errand;
mod exchange;
mod external;
mod factor;
mod files;
mod finish;
mod gate;
mod gate_object;
mod grant_store;
mod grants;
mod guarding;
mod health;
mod http_call;
mod incoming;
mod issue;
mod join;
mod limits;
mod line;
mod links;
mod locate;
mod long_answers;
mod mcp;
mod mcp_call;
mod mcp_desk;
mod mcp_face;
mod mcp_held_object;
mod mcp_listen;
mod mcp_object;
mod mcp_serve;
mod mcp_session;
mod mcp_session_object;
mod mcp_stream;
mod mcp_work;
mod messages;
mod metrics;
mod metrics_object;
mod misfits;
mod objects;
mod oidc;
mod once;
mod openapi_source;
mod operator;
mod outbound;
mod own;
mod people;
mod permit;
mod pinning;
mod random;
mod refresh;
mod relay;
mod remembered;
mod reply;
mod reused;
mod reviewing;
mod revoked;
mod rights;
mod schedule;
mod setup;
mod shield;
mod showing;
mod signature;
mod spans;
mod standing;
mod status;
mod stream;
mod tenant;
mod timer;
mod tongues;
mod tools;
mod trails;
mod upstreams;
mod waiting;

use crate::api::body::{ExecuteRequest, LoginRequest, RefreshRequest, parse};
use crate::api::challenge::Realm;
use crate::api::cors::{Grant, Whose};
use crate::api::introspection::IntrospectionRequest;
use crate::api::problem::Problem;
use crate::api::reply::Reply;
use crate::api::route::{self, Browsers, Endpoint, Miss, Place, Route};
use crate::id::CorrelationId;
use crate::observe::{self, Event};
use crate::trace::work::Work;
use admission::{Presented, Principal, authenticate};
use context::{Background, Context};
use finish::{Trace, finish};
use incoming::{header, source};
use mcp::Served;
use serde::de::DeserializeOwned;
use std::rc::Rc;
use worker::web_sys::Request;
use worker::{Env, Response, Result, event};

#[event(start)]
fn start() {
    console_error_panic_hook::set_once();
}

#[event(fetch)]
async fn fetch(request: Request, env: Env, background: worker::Context) -> Result<Response> {
    let correlation = context::correlation(&request);
    let settings = match context::settings(&env) {
        Ok(settings) => settings,
        Err(problems) => return refuse_to_serve(&Problem::Misconfigured(problems), &request, &correlation),
    };
    let context = Rc::new(Context::new(env, Background::Request(background), settings, correlation));
    let mut trace = Trace { method: request.method(), ..Trace::default() };
    let place = spans::Place::begin(&context.settings, &request);
    let served = async {
        let outcome = serve(&context, request, &mut trace).await;
        random::refresh_when_due(&context);
        finish(&context, trace, outcome).await
    };
    spans::at(Some(place), served).await
}

#[event(scheduled)]
async fn scheduled(_: worker::ScheduledEvent, env: Env, _: worker::ScheduleContext) {
    schedule::run(env).await;
}

impl From<Reply> for Served {
    fn from(reply: Reply) -> Self {
        Self::Reply(reply)
    }
}

/// 1. host and origin; 2. the route; 3. the endpoint.
async fn serve(context: &Rc<Context>, request: Request, trace: &mut Trace) -> std::result::Result<Served, Problem> {
    let path = incoming::path(&request);
    let place = route::at(&path);
    trace.refusals = place.refusals();
    trace.grant = check_origin(context, &request, &place)?;
    let route = match place.resolve(&trace.method) {
        Ok(route) => route,
        Err(Miss::NotFound) => return Err(Problem::NotFound),
        Err(Miss::MethodNotAllowed { allow }) => return Err(Problem::MethodNotAllowed { allow }),
        Err(Miss::Options { allow }) => return Ok(options(&request, &trace.grant, allow).into()),
    };
    trace.route = Some(route.path);
    if matches!(route.endpoint, Endpoint::Docs | Endpoint::OpenApi | Endpoint::PageFiles | Endpoint::Console) {
        return docs::serve(&context.env, route.endpoint, &path, &context.correlation).await.map(Served::Response);
    }
    if matches!(route.endpoint, Endpoint::Mcp | Endpoint::McpStream | Endpoint::McpEnd) {
        trace.server = route::server(&path).map(str::to_owned);
        return protocol(context, route.endpoint, request, trace).await;
    }
    dispatch(context, route, request, trace).await.map(Served::Reply)
}

/// Every route on one screen, but those of the protocol.
async fn dispatch(
    context: &Context,
    route: Route,
    request: Request,
    trace: &mut Trace,
) -> std::result::Result<Reply, Problem> {
    let authorization = header(&request, "authorization");
    let authorization = authorization.as_deref();
    match route.endpoint {
        Endpoint::Admin(operation) => Box::pin(admin::serve(context, operation, &request, trace)).await,
        Endpoint::Login => auth::login(context, &source(&request), json::<LoginRequest>(&request).await?).await,
        Endpoint::Refresh => auth::refresh(context, &json::<RefreshRequest>(&request).await?).await,
        Endpoint::Logout => auth::logout(context, authorization).await,
        Endpoint::Me => {
            let principal = caller(context, &request, trace).await?;
            Ok(rated(&principal, auth::me(&principal)))
        }
        Endpoint::Introspect => {
            let principal = caller(context, &request, trace).await?;
            let question = form(&request).await?;
            Ok(rated(&principal, auth::introspect(context, &principal, &question).await?))
        }
        Endpoint::ListTools => {
            let principal = caller(context, &request, trace).await?;
            Ok(rated(&principal, calls::list_tools(context, &principal).await?))
        }
        Endpoint::ExecuteTool => {
            let principal = caller(context, &request, trace).await?;
            let order = json::<ExecuteRequest>(&request).await?;
            let key = header(&request, "idempotency-key");
            Ok(rated(&principal, calls::execute(context, &principal, order, key.as_deref()).await?))
        }
        Endpoint::Health => Ok(health::status(context).await),
        Endpoint::Live => Ok(health::live()),
        Endpoint::Ready => Ok(health::ready(context).await),
        Endpoint::Status => Ok(status::show(context).await),
        Endpoint::EntropyStatus => operator::entropy_status(context, authorization).await,
        Endpoint::Metrics => operator::metrics(context, authorization).await,
        Endpoint::Jwks => {
            Ok(Reply::json(200, &context.settings.keys.published()).with("cache-control", "public, max-age=300"))
        }
        Endpoint::GatewayMetadata
        | Endpoint::ResourceMetadata
        | Endpoint::IssuerMetadata
        | Endpoint::OpenIdMetadata => discovery::serve(&context.settings, route.endpoint, &incoming::path(&request)),
        Endpoint::Authorize => authorize::authorize(context, &request).await,
        Endpoint::SignIn => authorize::sign_in(context, &request).await,
        Endpoint::LeaveToProvider => external::leave(context, &request).await,
        Endpoint::ComeBack => external::come_back(context, &request).await,
        Endpoint::Consent => authorize::consent(context, &request).await,
        Endpoint::SwitchAccount => authorize::switch_account(context, &request).await,
        Endpoint::Token => grants::token(context, &request).await,
        Endpoint::RevokeToken => grants::revoke(context, &request).await,
        Endpoint::Register => grants::register(context, &request).await,
        Endpoint::Account => account::show(context, &request).await,
        Endpoint::EndSession => account::end(context, &request).await,
        Endpoint::SignOut => account::sign_out(context, &request).await,
        Endpoint::SignedOut => Ok(account::signed_out(&request)),
        endpoint => of_people(context, endpoint, &request).await,
    }
}

/// The pages of people and of how they sign in.
async fn of_people(context: &Context, endpoint: Endpoint, request: &Request) -> std::result::Result<Reply, Problem> {
    match endpoint {
        Endpoint::SignInCode => code::sign_in(context, request).await,
        Endpoint::Setup => setup::show(context, request),
        Endpoint::SetUp => setup::set_up(context, request).await,
        Endpoint::Join => join::show(context, request),
        Endpoint::UseCode => join::use_code(context, request).await,
        Endpoint::People => people::show(context, request).await,
        Endpoint::ChangePeople => people::change(context, request).await,
        Endpoint::Drift => reviewing::show(context, request).await,
        Endpoint::DecideDrift => reviewing::decide(context, request).await,
        Endpoint::Approvals => waiting::show(context, request).await,
        Endpoint::DecideApproval => waiting::decide(context, request).await,
        Endpoint::Connections => connections::show(context, request).await,
        Endpoint::ChangeConnection => connections::change(context, request).await,
        Endpoint::Connected => connections::come_back(context, request).await,
        Endpoint::Password => own::show_password(context, request).await,
        Endpoint::ChangePassword => own::change_password(context, request).await,
        Endpoint::SecondFactor => own::show_second_factor(context, request).await,
        Endpoint::ChangeSecondFactor => own::change_second_factor(context, request).await,
        other => Err(Problem::Internal(format!("{other:?} was dispatched as a plain reply"))),
    }
}

/// The protocol's endpoints. Whoever is limited is told in the protocol's own form, with the id of the request.
async fn protocol(
    context: &Rc<Context>,
    endpoint: Endpoint,
    request: Request,
    trace: &mut Trace,
) -> std::result::Result<Served, Problem> {
    let caller = caller(context, &request, trace).await;
    let body = if endpoint == Endpoint::Mcp { incoming::body(&request).await } else { Ok(Vec::new()) };
    let (principal, body) = match (caller, body) {
        (Ok(principal), Ok(body)) => (principal, body),
        (Ok(principal), Err(Problem::Json(_))) => return Ok(rated(&principal, mcp::too_large()).into()),
        (Err(problem @ Problem::RateLimited { .. }), Ok(body)) => {
            let reply = mcp::limited(&mcp::routing_headers(&request), &body, &problem);
            trace.told_in_band = reply.is_some().then(|| problem.clone());
            return reply.map(Served::from).ok_or(problem);
        }
        (Err(problem), _) | (Ok(_), Err(problem)) => return Err(problem),
    };
    let place = principal.place(trace.server.as_deref());
    let scene = mcp_serve::Scene {
        context: Rc::clone(context),
        principal: principal.clone(),
        place,
        session: None,
        session_name: None,
        held: None,
    };
    let answered = match endpoint {
        Endpoint::McpStream => mcp_session::stream(&scene, &request).await,
        Endpoint::McpEnd => mcp_session::end(&scene, &request).await,
        _ => mcp::post(scene, mcp::Posted::new(request, body)).await,
    };
    Ok(match answered? {
        Served::Reply(reply) => rated(&principal, reply).into(),
        streamed @ Served::Response(_) => streamed,
    })
}

async fn caller(context: &Context, request: &Request, trace: &mut Trace) -> std::result::Result<Principal, Problem> {
    let server = trace.server.as_deref();
    let source = source(request);
    let authorization = header(request, "authorization");
    let presented = Presented { authorization: authorization.as_deref(), server, source: &source };
    let admitted = spans::open(Work::Admission).over(authenticate(context, &presented)).await;
    let known = match &admitted {
        Ok(principal) => Some(principal.who()),
        Err(problem) if is_of_good_credential(problem) => {
            admission::accompany(context, &presented).await.ok().map(|known| known.who())
        }
        Err(_) => None,
    };
    if let Some(who) = &known {
        context.ledger.concerns(who);
    }
    trace.who = known;
    admitted
}

/// Whether the token or key of a refused caller is one of this gateway, read a moment ago: it is known who comes too often, or
/// with something that was revoked.
fn is_of_good_credential(problem: &Problem) -> bool {
    match problem {
        Problem::RateLimited { .. } => true,
        Problem::InvalidToken(reason) => reason == "revoked",
        _ => false,
    }
}

/// Tells the caller what is left of its rate.
fn rated(principal: &Principal, reply: Reply) -> Reply {
    reply.with_rate(principal.rate, principal.remaining, principal.rate.window())
}

async fn json<T: DeserializeOwned>(request: &Request) -> std::result::Result<T, Problem> {
    let content_type = header(request, "content-type");
    let bytes = incoming::body(request).await?;
    parse(content_type.as_deref(), &bytes)
}

async fn form(request: &Request) -> std::result::Result<IntrospectionRequest, Problem> {
    let content_type = header(request, "content-type");
    let bytes = incoming::body(request).await?;
    IntrospectionRequest::parse(content_type.as_deref(), &bytes)
}

/// `Host` must be this gateway's (DNS rebinding), and a browser must come from a page that may call this path.
fn check_origin(context: &Context, request: &Request, place: &Place<'_>) -> std::result::Result<Grant, Problem> {
    let settings = &context.settings;
    if !settings.serves_host(&header(request, "host").unwrap_or_default()) {
        return Err(Problem::HostNotAllowed);
    }
    let origin = header(request, "origin");
    let browsers = place.browsers();
    let own_form = |origin: &str| {
        browsers == Browsers::Own
            && origin == "null"
            && header(request, "sec-fetch-site").as_deref() == Some("same-origin")
    };
    let whose = |origin: &str| match settings.serves_origin(origin) {
        true => Whose::Own,
        false if settings.lists_origin(origin) => Whose::Listed,
        // A page that lets no address go out with its forms has no other origin, and the browser still knows whose it is.
        false if own_form(origin) => Whose::Own,
        false => Whose::Foreign,
    };
    Grant::decide(browsers, origin.as_deref().map(|origin| (origin, whose(origin))))
}

/// The answer to `OPTIONS`, a browser's question before its request included: it carries no credentials, and needs none.
fn options(request: &Request, grant: &Grant, allow: String) -> Reply {
    let asked = header(request, "access-control-request-headers");
    let preflight = header(request, "access-control-request-method").map(|_| grant.preflight(&allow, asked.as_deref()));
    let mut reply = Reply::empty(204).with("allow", allow);
    reply.headers.extend(preflight.unwrap_or_default());
    reply
}

/// Without sound settings nothing is served, health included.
fn refuse_to_serve(problem: &Problem, request: &Request, correlation: &CorrelationId) -> Result<Response> {
    let event = Event::Request(observe::Request {
        method: request.method().chars().take(16).collect(),
        route: None,
        status: problem.status(),
        duration_ms: crate::time::Lifetime::from_millis(0),
        who: None,
        calls: Vec::new(),
        problem: Some(problem.name()),
        limit: None,
        reason: Some(problem.to_string()),
    });
    context::log(&event, Some(correlation));
    reply::render(problem.reply(correlation, Realm::of("unconfigured")), correlation)
}
