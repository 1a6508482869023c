//! The gateway's own tools, and the schemas of everybody's: arguments and results are held to them.

use super::admission::Principal;
use super::context::Context;
use super::tenant::Shown;
use super::{admin, clock, long_answers, outbound, random};
use crate::admin::operation::Spec;
use crate::admin::tools::{self as admin_tools, definitions};
use crate::api::problem::Limit;
use crate::entropy::purpose::Purpose;
use crate::guard::Refusal;
use crate::mcp::wire::{CallToolResult, Tool};
use crate::scope::ADMIN_READ;
use crate::time::Lifetime;
use crate::tool::builtin::quantum_random::Order;
use crate::tool::builtin::weather::{Query, WeatherFailure, WeatherSettings};
use crate::tool::builtin::{BuiltIn, read_more, server_time};
use crate::tool::result;
use crate::tool::schema::{Schema, Violation};
use crate::upstream::{Speaks, UpstreamFailure};
use lru::LruCache;
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::num::NonZeroUsize;
use std::rc::Rc;

/// Compiled schemas this isolate keeps.
const MAX_SCHEMAS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(255);

/// Which of a definition's schemas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Side {
    Input,
    Output,
}

/// Compiled schemas, each with the definition it belongs to.
type Schemas = LruCache<(*const Tool, Side), (Rc<Tool>, Rc<Schema>)>;

thread_local! {
    static SCHEMAS: RefCell<Schemas> = RefCell::new(LruCache::new(MAX_SCHEMAS));
    /// Made when they are first asked for: most isolates never see an administrator.
    static BUILT_IN: Vec<(BuiltIn, Rc<Tool>)> =
        BuiltIn::definitions().map(|(tool, definition)| (tool, Rc::new(definition))).collect();
    static ADMIN: Vec<(&'static Spec, Rc<Tool>)> =
        definitions().into_iter().map(|(spec, definition)| (spec, Rc::new(definition))).collect();
}

/// One of the gateway's own tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Own {
    /// One that everybody has.
    BuiltIn(BuiltIn),
    /// One by which an administrator's agent runs the gateway.
    Admin(&'static Spec),
}

impl Own {
    /// The tool with exactly this name, if this caller's credential and role reach it.
    pub fn named(name: &str, principal: &Principal) -> Option<Self> {
        let admin = || admin_tools::named(name).filter(|spec| admin::reaches(principal, spec)).map(Self::Admin);
        BuiltIn::named(name).map(Self::BuiltIn).or_else(admin)
    }

    /// Whether an endpoint shows it.
    pub fn is_at(self, shown: &Shown) -> bool {
        let used = |tool| is_of_use(tool, shown);
        shown.endpoint.own_tools && !matches!(self, Self::BuiltIn(tool) if !used(tool))
    }
}

/// Why a call gave no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ToolError {
    /// No tool of exactly that name.
    #[error("there is no tool of that name")]
    Unknown,
    /// A policy does not allow this call.
    #[error("a policy of your team does not allow this call")]
    Forbidden,
    /// A policy wants a person to approve exactly this call first.
    #[error(
        "this call waits for an administrator's approval ({id}): call again with the same arguments once it is given"
    )]
    NeedsApproval {
        /// What waits.
        id: String,
    },
    /// A limit allows no further call now.
    #[error("{limit}; retry after {} s", retry_after.seconds_ceil().max(1))]
    Limited {
        /// Which.
        limit: Limit,
        /// When to come back.
        retry_after: Lifetime,
    },
    /// A part of the gateway does not answer, so that it is not known whether the call may be made.
    #[error("{part} does not answer; nothing was done; retry after 5 s")]
    Away {
        /// Which part.
        part: &'static str,
    },
    /// The arguments do not fit the tool's input schema.
    #[error("the arguments do not fit the tool's input schema")]
    BadArguments(Vec<Violation>),
    /// A guardrail refuses the arguments.
    #[error("a guardrail of your team refuses the arguments ({0}); nothing was sent")]
    Guarded(Refusal),
    /// A guardrail withholds the result.
    #[error("a guardrail of your team withholds the result ({0}); the call was made")]
    Withheld(Refusal),
    /// The tool's upstream failed.
    #[error(transparent)]
    Upstream(#[from] UpstreamFailure),
    /// The tool's upstream answered with an error of the protocol.
    #[error("the upstream {upstream:?} answered with error {code}")]
    Refused {
        /// Its name.
        upstream: String,
        /// The JSON-RPC error code.
        code: i64,
    },
    /// The tool's upstream wants something that this way of calling cannot give.
    #[error("the tool needs input from the user, which this client cannot give")]
    NeedsInput,
    /// The user was asked, and does not want to.
    #[error("the user declined what the tool asks for")]
    Declined,
    /// The tool cannot be run as it is defined.
    #[error("the tool is not available: {0}")]
    Unavailable(&'static str),
}

impl ToolError {
    /// The name of the limit that the call met, if it met one.
    pub const fn limit(&self) -> Option<&'static str> {
        if let Self::Limited { limit, .. } = self { Some(limit.name()) } else { None }
    }
}

/// The definitions of the gateway's own tools, as far as this caller's credential and role reach, and an endpoint has a use for
/// them.
pub fn own_definitions(principal: &Principal, shown: &Shown) -> Vec<Tool> {
    let used = |tools: &Vec<(BuiltIn, Rc<Tool>)>| -> Vec<Tool> {
        let used = tools.iter().filter(|(tool, _)| is_of_use(*tool, shown));
        used.map(|(_, definition)| Tool::clone(definition)).collect()
    };
    let mut all = BUILT_IN.with(used);
    if principal.scope().allows(ADMIN_READ) {
        let reached = |tools: &Vec<(&'static Spec, Rc<Tool>)>| -> Vec<Tool> {
            let reached = tools.iter().filter(|(spec, _)| admin::reaches(principal, spec));
            reached.map(|(_, definition)| Tool::clone(definition)).collect()
        };
        all.extend(ADMIN.with(reached));
    }
    all
}

/// Whether an endpoint has a use for a tool: only an HTTP API's answers are cut.
pub fn is_of_use(tool: BuiltIn, shown: &Shown) -> bool {
    tool != BuiltIn::ReadMore || shown.upstreams.iter().any(|upstream| matches!(upstream.speaks, Speaks::Http(_)))
}

/// The definitions of all of them, whoever reaches them.
pub fn every_own_definition() -> Vec<Rc<Tool>> {
    let built_in: Vec<Rc<Tool>> = BUILT_IN.with(|tools| tools.iter().map(|(_, tool)| Rc::clone(tool)).collect());
    ADMIN.with(|tools| built_in.into_iter().chain(tools.iter().map(|(_, tool)| Rc::clone(tool))).collect())
}

/// The definition of one of them.
pub fn own_definition(tool: Own) -> Result<Rc<Tool>, ToolError> {
    let found = match tool {
        Own::BuiltIn(tool) => BUILT_IN.with(|tools| find(tools, &tool)),
        Own::Admin(spec) => ADMIN.with(|tools| find(tools, &spec)),
    };
    found.ok_or(ToolError::Unavailable("it has no definition"))
}

fn find<K: PartialEq>(tools: &[(K, Rc<Tool>)], tool: &K) -> Option<Rc<Tool>> {
    tools.iter().find(|(known, _)| known == tool).map(|(_, definition)| Rc::clone(definition))
}

/// Runs one of the gateway's own tools with validated arguments. A tool that ran and failed is a result with `is_error`.
pub async fn run(
    context: &Context,
    principal: &Principal,
    tool: Own,
    arguments: &Map<String, Value>,
) -> CallToolResult {
    match tool {
        Own::BuiltIn(BuiltIn::ServerTime) => server_time::run(clock::now()),
        Own::BuiltIn(BuiltIn::QuantumRandom) => quantum_random(&context.env, arguments).await,
        Own::BuiltIn(BuiltIn::ReadMore) => match read_more::Order::read(arguments) {
            Some(order) => long_answers::read(context, principal, &order).await,
            None => read_more::Order::missed(),
        },
        Own::BuiltIn(BuiltIn::GetWeather) => weather(&context.settings.weather, arguments).await,
        // Kept apart: its state is large, and nobody else's calls should carry it.
        Own::Admin(spec) => match Box::pin(admin::run(context, principal, spec, arguments.clone())).await {
            Ok(told) => result::structured(&told),
            Err(problem) => result::failed(&problem.detail()),
        },
    }
}

/// Checks a call's arguments against the tool's schema.
pub fn validated(definition: &Rc<Tool>, arguments: Map<String, Value>) -> Result<Map<String, Value>, ToolError> {
    let schema =
        compiled(definition, Side::Input).ok_or(ToolError::Unavailable("its input schema cannot be checked"))?;
    let arguments = Value::Object(arguments);
    schema.validate(&arguments).map_err(ToolError::BadArguments)?;
    match arguments {
        Value::Object(arguments) => Ok(arguments),
        _ => Ok(Map::new()),
    }
}

/// Whether a result fits the schema the upstream itself gave for it (MCP `server/tools`, "Output Schema"). Only structured
/// content of a call that succeeded has one.
pub fn keeps_its_schema(definition: &Rc<Tool>, result: &Map<String, Value>) -> bool {
    let failed = result.get("isError") == Some(&Value::Bool(true));
    match (&definition.output_schema, result.get("structuredContent")) {
        (Some(_), Some(content)) if !failed => {
            compiled(definition, Side::Output).is_some_and(|schema| schema.validate(content).is_ok())
        }
        _ => true,
    }
}

async fn quantum_random(env: &worker::Env, arguments: &Map<String, Value>) -> CallToolResult {
    let order = match Order::read(arguments) {
        Ok(order) => order,
        Err(bad) => return result::failed(&format!("No random values: {bad}.")),
    };
    let direct = if order.direct { Some(random::fetch_for_one(env).await) } else { None };
    let provenance = direct.unwrap_or_else(|| random::provenance(clock::now()));
    order.fill(&mut |out| random::fill(out, Purpose::Tool), &provenance)
}

async fn weather(settings: &WeatherSettings, arguments: &Map<String, Value>) -> CallToolResult {
    let Some(query) = Query::read(arguments) else {
        return result::failed("Weather is not available: the arguments could not be read.");
    };
    ask_weather(settings, &query).await.unwrap_or_else(WeatherFailure::into_result)
}

async fn ask_weather(settings: &WeatherSettings, query: &Query) -> Result<CallToolResult, WeatherFailure> {
    let place = Query::read_place(outbound::send(&query.place_request(settings)).await)?;
    let answer = outbound::send(&query.weather_request(settings, &place)).await;
    Query::read_weather(place, answer)
}

/// The compiled output schema of a definition, if it has one.
pub fn output_schema(definition: &Rc<Tool>) -> Option<Rc<Schema>> {
    compiled(definition, Side::Output)
}

/// The compiled form of a definition's schema, from this isolate's memory or made now; `None` when it cannot be compiled.
///
/// It is found by where the definition lies in memory. The entry keeps the definition alive, so no other can lie there.
fn compiled(definition: &Rc<Tool>, side: Side) -> Option<Rc<Schema>> {
    let key = (Rc::as_ptr(definition), side);
    let kept = SCHEMAS.with_borrow_mut(|schemas| schemas.get(&key).map(|(_, schema)| Rc::clone(schema)));
    if kept.is_some() {
        return kept;
    }
    let source = match side {
        Side::Input => Some(&definition.input_schema),
        Side::Output => definition.output_schema.as_ref(),
    };
    let schema = Rc::new(Schema::compile(source?).ok()?);
    SCHEMAS.with_borrow_mut(|schemas| schemas.put(key, (Rc::clone(definition), Rc::clone(&schema))));
    Some(schema)
}
