//! Tools as a caller meets them: listed, found by exact name, checked, run.

use super::context::Background;
use super::upstreams::{self, Lookup, Party};
use super::{clock, outbound, random};
use crate::entropy::purpose::Purpose;
use crate::mcp::wire::{CallToolResult, Tool};
use crate::tool::builtin::quantum_random::Order;
use crate::tool::builtin::weather::{Query, WeatherFailure, WeatherSettings};
use crate::tool::builtin::{BuiltIn, server_time};
use crate::tool::catalogue::Catalogue;
use crate::tool::definition::{Offered, split};
use crate::tool::result;
use crate::tool::schema::{Schema, Violation};
use crate::upstream::{ProtocolBreach, Upstream, UpstreamFailure};
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
    static BUILT_IN: RefCell<Vec<(BuiltIn, Rc<Tool>)>> = const { RefCell::new(Vec::new()) };
}

/// What listing and calling need to know.
pub struct Surroundings<'a> {
    /// Who asks, and the limits towards upstreams.
    pub party: Party,
    /// The tenant's enabled upstreams.
    pub upstreams: &'a [Upstream],
    /// Where the weather service is.
    pub weather: &'a WeatherSettings,
    /// The platform's bindings.
    pub env: &'a worker::Env,
    /// Runs what nobody waits for.
    pub background: &'a Background,
}

/// Why a call gave no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ToolError {
    /// No tool of exactly that name.
    #[error("there is no tool of that name")]
    Unknown,
    /// The arguments do not fit the tool's input schema.
    #[error("the arguments do not fit the tool's input schema")]
    BadArguments(Vec<Violation>),
    /// The tool's upstream failed.
    #[error(transparent)]
    Upstream(#[from] UpstreamFailure),
    /// The tool cannot be run as it is defined.
    #[error("the tool is not available: {0}")]
    Unavailable(&'static str),
}

/// A tool that was found.
pub struct Found<'a> {
    definition: Rc<Tool>,
    place: Place<'a>,
}

enum Place<'a> {
    Here(BuiltIn),
    At(&'a Upstream, Rc<Offered>),
}

impl Found<'_> {
    /// Its definition, under its exposed name.
    pub fn definition(&self) -> &Tool {
        &self.definition
    }
}

/// The caller's catalogue. An upstream that fails takes nothing away but its own tools.
pub async fn list(around: &Surroundings<'_>) -> Catalogue {
    Catalogue::merge(upstreams::parts(&around.party, around.upstreams).await)
}

/// The tool with exactly this name.
pub async fn find<'a>(around: &Surroundings<'a>, name: &str) -> Result<Found<'a>, ToolError> {
    let Some((prefix, _)) = split(name) else {
        let built_in = BuiltIn::named(name).ok_or(ToolError::Unknown)?;
        let definition = built_in_definition(built_in).ok_or(ToolError::Unavailable("it has no definition"))?;
        return Ok(Found { definition, place: Place::Here(built_in) });
    };
    let upstream = around.upstreams.iter().find(|upstream| upstream.name == prefix).ok_or(ToolError::Unknown)?;
    match upstreams::find(&around.party, upstream, name, around.background).await {
        Lookup::Found(offered) => {
            let definition = Rc::clone(&offered.definition);
            Ok(Found { definition, place: Place::At(upstream, offered) })
        }
        Lookup::Unknown => Err(ToolError::Unknown),
        Lookup::Failed(failure) => Err(failure.into()),
    }
}

/// Checks the arguments against the tool's schema and runs it. A tool that ran and failed is a result with `is_error`.
pub async fn run(
    around: &Surroundings<'_>,
    tool: Found<'_>,
    arguments: Map<String, Value>,
) -> Result<CallToolResult, ToolError> {
    let arguments = validated(&tool.definition, arguments)?;
    match tool.place {
        Place::Here(BuiltIn::ServerTime) => Ok(server_time::run(clock::now())),
        Place::Here(BuiltIn::QuantumRandom) => Ok(quantum_random(around.env, &arguments).await),
        Place::Here(BuiltIn::GetWeather) => Ok(weather(around.weather, &arguments).await),
        Place::At(upstream, offered) => {
            let result = upstreams::call(&around.party, upstream, &offered, arguments).await?;
            check_output(upstream, &tool.definition, result)
        }
    }
}

fn validated(definition: &Rc<Tool>, arguments: Map<String, Value>) -> Result<Map<String, Value>, ToolError> {
    let schema =
        compiled(definition, Side::Input).ok_or(ToolError::Unavailable("its input schema cannot be checked"))?;
    let arguments = Value::Object(arguments);
    schema.validate(&arguments).map_err(ToolError::BadArguments)?;
    match arguments {
        Value::Object(arguments) => Ok(arguments),
        _ => Ok(Map::new()),
    }
}

/// Structured content must fit the schema the upstream itself gave for it (MCP `server/tools`, "Output Schema").
fn check_output(
    upstream: &Upstream,
    definition: &Rc<Tool>,
    result: CallToolResult,
) -> Result<CallToolResult, ToolError> {
    let (Some(_), Some(content), false) = (&definition.output_schema, &result.structured_content, result.is_error)
    else {
        return Ok(result);
    };
    let schema =
        compiled(definition, Side::Output).ok_or(ToolError::Unavailable("its output schema cannot be checked"))?;
    match schema.validate(content) {
        Ok(()) => Ok(result),
        Err(_) => Err(upstream.failure(ProtocolBreach::OutputSchema.into()).into()),
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

fn built_in_definition(tool: BuiltIn) -> Option<Rc<Tool>> {
    BUILT_IN.with_borrow_mut(|kept| {
        if kept.is_empty() {
            kept.extend(BuiltIn::definitions().map(|(tool, definition)| (tool, Rc::new(definition))));
        }
        kept.iter().find(|(known, _)| *known == tool).map(|(_, definition)| Rc::clone(definition))
    })
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
