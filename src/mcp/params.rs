//! The parameters of each method, read strictly: what is used has its type and a bound, everything else is left behind.

use super::capability::ClientCapabilities;
use super::era::{LegacyRevision, META_CAPABILITIES, META_LOG_LEVEL};
use super::log_level::LogLevel;
use super::message::RequestId;
use super::method::{Call, Method, TaskAction};
use super::refusal::{Fault, ParamsProblem};
use serde_json::{Map, Value};

/// Longest URI, in bytes.
pub const LONGEST_URI: usize = 8192;
/// Longest id of a task, in bytes: an upstream's own, wrapped.
pub const LONGEST_TASK: usize = 4096;
/// What the names of the protocol's own `_meta` members begin with. They concern one hop.
pub const RESERVED: &str = "io.modelcontextprotocol/";

/// What a client sends with a request besides its parameters (`_meta`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RequestMeta {
    /// Progress of the request is wanted, under this token.
    pub progress: Option<RequestId>,
    /// Modern: log messages of the request are wanted, from this level on.
    pub log_level: Option<LogLevel>,
    /// Modern: what the client can do.
    pub client: ClientCapabilities,
    /// Members that concern the request and not the hop, trace context among them: they go along to the upstream.
    pub relayed: Map<String, Value>,
}

/// What a retry of a request brings (`basic/patterns/mrtr`): the input an earlier answer asked for, and its state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InputRetry {
    /// `inputResponses`: an object of objects.
    pub responses: Option<Map<String, Value>>,
    /// `requestState`, as it was sent; nothing is believed of it until it is opened.
    pub state: Option<String>,
}

/// What a completion refers to.
#[derive(Clone, Debug, PartialEq)]
pub enum Reference {
    /// A prompt, by its name.
    Prompt(String),
    /// A resource template, by its URI template.
    Resource(String),
}

impl RequestMeta {
    /// Takes `_meta` out of a request's parameters. The reserved members are read in a modern request only, which was
    /// already found to have those it needs.
    pub fn take(params: &mut Map<String, Value>, modern: bool) -> Result<Self, Fault> {
        let mut meta = match params.shift_remove("_meta") {
            None => return Ok(Self::default()),
            Some(Value::Object(meta)) => meta,
            Some(_) => return Err(problem(ParamsProblem::NotAnObject("_meta"))),
        };
        let progress = match meta.shift_remove("progressToken") {
            None => None,
            Some(token) => Some(RequestId::read(&token).ok_or(problem(ParamsProblem::NotAToken("progressToken")))?),
        };
        let (mut log_level, mut client) = (None, ClientCapabilities::default());
        if modern {
            log_level = match meta.get(META_LOG_LEVEL) {
                None => None,
                Some(name) => Some(named_level(name).ok_or(problem(ParamsProblem::NotALogLevel(META_LOG_LEVEL)))?),
            };
            if let Some(capabilities) = meta.get(META_CAPABILITIES).and_then(Value::as_object) {
                client = ClientCapabilities::read(capabilities)?;
            }
        }
        meta.retain(|name, _| !name.starts_with(RESERVED));
        Ok(Self { progress, log_level, client, relayed: meta })
    }
}

/// `initialize`.
pub(super) fn initialize(params: &Map<String, Value>) -> Result<Method, Fault> {
    let capabilities = object(params, "capabilities")?.ok_or(problem(ParamsProblem::NotAnObject("capabilities")))?;
    object(params, "clientInfo")?.ok_or(problem(ParamsProblem::NotAnObject("clientInfo")))?;
    let wanted = text(params, "protocolVersion")?;
    let client = ClientCapabilities::read(capabilities)?;
    Ok(Method::Initialize { negotiated: LegacyRevision::negotiate(wanted), client })
}

/// A list. The first page is the only one, and an empty cursor asks for it too.
pub(super) fn list(params: &Map<String, Value>) -> Result<(), Fault> {
    match params.get("cursor") {
        None => Ok(()),
        Some(Value::String(cursor)) if cursor.is_empty() => Ok(()),
        Some(Value::String(_)) => Err(problem(ParamsProblem::UnknownCursor)),
        Some(_) => Err(problem(ParamsProblem::NotText("cursor"))),
    }
}

/// `tools/call`.
pub(super) fn tool(mut params: Map<String, Value>) -> Result<Call, Fault> {
    let name = take_text(&mut params, "name")?;
    let arguments = take_object(&mut params, "arguments")?.unwrap_or_default();
    Ok(Call::Tool { name, arguments, retry: retry(&mut params)? })
}

/// `prompts/get`. Arguments of a prompt are texts.
pub(super) fn prompt(mut params: Map<String, Value>) -> Result<Call, Fault> {
    let name = take_text(&mut params, "name")?;
    let arguments = take_object(&mut params, "arguments")?;
    if arguments.iter().flat_map(Map::values).any(|value| !value.is_string()) {
        return Err(problem(ParamsProblem::NotTexts("arguments")));
    }
    Ok(Call::Prompt { name, arguments, retry: retry(&mut params)? })
}

/// `resources/read`.
pub(super) fn resource(mut params: Map<String, Value>) -> Result<Call, Fault> {
    let uri = uri(&params)?;
    Ok(Call::Resource { uri, retry: retry(&mut params)? })
}

/// The member `uri`: a scheme, a colon, and no characters a URI cannot have (RFC 3986 section 3).
pub(super) fn uri(params: &Map<String, Value>) -> Result<String, Fault> {
    let uri = text(params, "uri")?;
    let malformed = || problem(ParamsProblem::NotAUri("uri"));
    let (scheme, _) = uri.split_once(':').ok_or_else(malformed)?;
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let is_uri = is_scheme && uri.len() <= LONGEST_URI && !uri.chars().any(|c| c.is_control() || c.is_whitespace());
    if is_uri { Ok(uri.to_owned()) } else { Err(malformed()) }
}

/// `completion/complete`.
pub(super) fn complete(mut params: Map<String, Value>) -> Result<Call, Fault> {
    let mut target = take_object(&mut params, "ref")?.ok_or(problem(ParamsProblem::NotAnObject("ref")))?;
    let reference = match target.get("type").and_then(Value::as_str) {
        Some("ref/prompt") => Reference::Prompt(take_text(&mut target, "name")?),
        Some("ref/resource") => Reference::Resource(take_text(&mut target, "uri")?),
        _ => return Err(problem(ParamsProblem::UnknownReference)),
    };
    let given = object(&params, "argument")?.ok_or(problem(ParamsProblem::NotAnObject("argument")))?;
    let mut argument = Map::new();
    for member in ["name", "value"] {
        argument.insert(member.to_owned(), text(given, member)?.into());
    }
    let context = match object(&params, "context")?.map(|context| object(context, "arguments")).transpose()?.flatten() {
        None => None,
        Some(arguments) if arguments.values().all(Value::is_string) => {
            Some(std::iter::once(("arguments".to_owned(), Value::Object(arguments.clone()))).collect())
        }
        Some(_) => return Err(problem(ParamsProblem::NotTexts("context.arguments"))),
    };
    Ok(Call::Complete { reference, argument, context })
}

/// `tasks/get`, `tasks/update`, `tasks/cancel`.
pub(super) fn task(method: &str, mut params: Map<String, Value>) -> Result<Call, Fault> {
    let id = take_text(&mut params, "taskId")?;
    if id.len() > LONGEST_TASK {
        return Err(Fault::UnknownTask);
    }
    let action = match method {
        "tasks/get" => TaskAction::Get,
        "tasks/cancel" => TaskAction::Cancel,
        _ => {
            let missing = problem(ParamsProblem::NotResponses("inputResponses"));
            TaskAction::Update { responses: responses(&mut params)?.ok_or(missing)? }
        }
    };
    Ok(Call::Task { action, id })
}

/// `logging/setLevel`.
pub(super) fn level(params: &Map<String, Value>) -> Result<LogLevel, Fault> {
    params.get("level").and_then(named_level).ok_or(problem(ParamsProblem::NotALogLevel("level")))
}

fn retry(params: &mut Map<String, Value>) -> Result<InputRetry, Fault> {
    let state = match params.shift_remove("requestState") {
        None => None,
        Some(Value::String(state)) => Some(state),
        Some(_) => return Err(problem(ParamsProblem::NotText("requestState"))),
    };
    Ok(InputRetry { responses: responses(params)?, state })
}

fn responses(params: &mut Map<String, Value>) -> Result<Option<Map<String, Value>>, Fault> {
    let responses = take_object(params, "inputResponses")?;
    if responses.iter().flat_map(Map::values).any(|response| !response.is_object()) {
        return Err(problem(ParamsProblem::NotResponses("inputResponses")));
    }
    Ok(responses)
}

fn named_level(name: &Value) -> Option<LogLevel> {
    name.as_str().and_then(LogLevel::named)
}

pub(super) const fn problem(problem: ParamsProblem) -> Fault {
    Fault::Params(problem)
}

fn text<'a>(members: &'a Map<String, Value>, name: &'static str) -> Result<&'a str, Fault> {
    members.get(name).and_then(Value::as_str).ok_or(problem(ParamsProblem::NotText(name)))
}

fn object<'a>(members: &'a Map<String, Value>, name: &'static str) -> Result<Option<&'a Map<String, Value>>, Fault> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::Object(object)) => Ok(Some(object)),
        Some(_) => Err(problem(ParamsProblem::NotAnObject(name))),
    }
}

fn take_text(members: &mut Map<String, Value>, name: &'static str) -> Result<String, Fault> {
    match members.shift_remove(name) {
        Some(Value::String(text)) => Ok(text),
        _ => Err(problem(ParamsProblem::NotText(name))),
    }
}

fn take_object(members: &mut Map<String, Value>, name: &'static str) -> Result<Option<Map<String, Value>>, Fault> {
    match members.shift_remove(name) {
        None => Ok(None),
        Some(Value::Object(object)) => Ok(Some(object)),
        Some(_) => Err(problem(ParamsProblem::NotAnObject(name))),
    }
}
