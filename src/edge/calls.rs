//! Tools as a caller meets them over REST, and what REST and the protocol share: finding a tool, and noting a call for the
//! log.

use super::admission::Principal;
use super::context::Context;
use super::guarding::Guard;
use super::locate::{self, At, Lost};
use super::tenant::{self, Shown};
use super::tools::{self, Own, ToolError};
use super::{audit, clock, errand, misfits, permit, remembered};
use crate::api::body::{ExecuteRequest, ExecuteResponse, ToolList, ToolSummary};
use crate::api::problem::{ArgumentError, Problem};
use crate::api::reply::Reply;
use crate::catalogue::eyes::{Eyes, Seen};
use crate::catalogue::listing::Kind;
use crate::catalogue::naming::Prefix;
use crate::catalogue::view::{Freshness, Part, View, everywhere};
use crate::guard::{About, Counts};
use crate::id::TenantId;
use crate::mcp::refusal::URL_ELICITATION_REQUIRED;
use crate::mcp::wire::{CallToolResult, Tool};
use crate::observe::{Call, TOOL_CALL};
use crate::scope::{TO_CALL, TO_LIST};
use crate::time::Timestamp;
use crate::tool::builtin::BuiltIn;
use crate::upstream::ask::{Answer, Ask};
use crate::upstream::{ProtocolBreach, Upstream, param};
use serde_json::{Map, Value};
use std::rc::Rc;

/// A tool that was found, with its own definition.
pub enum Found {
    /// The gateway's own.
    Own(Own, Rc<Tool>),
    /// An upstream's.
    Upstream(Rc<Shown>, At<Rc<Tool>>),
}

impl Found {
    /// What the endpoint of everything shows it as: what policies and plans call it, whatever endpoint it is called at.
    pub fn everywhere(&self) -> String {
        match self.upstream() {
            Some(upstream) => everywhere::<Tool>(upstream, &self.definition().name),
            None => self.definition().name.clone(),
        }
    }

    /// The tool as somebody sees it, by that name.
    pub fn seen<'a>(&'a self, name: &'a str) -> Seen<'a> {
        let annotations = self.definition().annotations.as_ref();
        Seen { kind: Kind::Tool, name, upstream: self.upstream(), annotations }
    }

    /// The name of its upstream.
    fn upstream(&self) -> Option<&Prefix> {
        match self {
            Self::Own(..) => None,
            Self::Upstream(shown, at) => shown.prefixes.get(at.index),
        }
    }

    /// A call of it under that name, for the log.
    pub fn used(&self, name: &str) -> Used {
        let upstream = self.upstream().map(|upstream| upstream.as_str().to_owned());
        Used { method: TOOL_CALL, name: name.to_owned(), upstream }
    }

    /// The guardrails of a call of it. What administrators give and are given is not guarded: a key that is shown once, and to
    /// its maker alone, would be lost. What `read_more` gives is of some tool, which is not known any more.
    pub fn guard(&self, principal: &Principal) -> Guard {
        match self {
            Self::Own(Own::Admin(_), _) => Guard::NONE,
            Self::Own(Own::BuiltIn(BuiltIn::ReadMore), _) => Guard::of(principal, || About::Unknown),
            _ => Guard::of(principal, || About::Tool(self.everywhere())),
        }
    }

    /// Its definition, under its own name.
    pub const fn definition(&self) -> &Rc<Tool> {
        match self {
            Self::Own(_, definition) => definition,
            Self::Upstream(_, at) => &at.own,
        }
    }
}

/// Finds a tool by the exact name it is shown under. One of the gateway's own costs no database read at the endpoint of
/// everything; whether the caller sees it is judged once, together with the call ([`refused`] for one that is never judged).
pub async fn find(
    context: &Context,
    principal: &Principal,
    server: Option<&str>,
    name: &str,
) -> Result<Result<Found, ToolError>, Problem> {
    principal.demand(TO_CALL)?;
    let shown = tenant::shown(context, principal, server).await?;
    if let Some(own) = Own::named(name, principal).filter(|own| own.is_at(&shown)) {
        return Ok(tools::own_definition(own).map(|definition| Found::Own(own, definition)));
    }
    let party = tenant::party(context, principal);
    let started = clock::now();
    let found = locate::locate::<Tool, _>(&party, &shown, principal.rights(), name, |view| view.find_tool(name)).await;
    Ok(match found {
        Ok(at) => Ok(Found::Upstream(shown, at)),
        // The name a caller made up is not noted.
        Err(Lost::Unknown) => Err(ToolError::Unknown),
        Err(Lost::Failed(failure)) => {
            let error = ToolError::Upstream(failure.clone());
            let (name, upstream) = (format!("{}: …", failure.upstream), Some(failure.upstream.clone()));
            let used = Used { method: TOOL_CALL, name, upstream };
            note(context, used, started, error_outcome(&error), Some(&error), Counts::default());
            Err(error)
        }
    })
}

/// Why a call goes no further, as far as somebody may know who may not see the tool.
pub fn refused(principal: &Principal, found: &Found, error: ToolError) -> ToolError {
    if principal.rights().sees(&found.seen(&found.everywhere())) { error } else { ToolError::Unknown }
}

/// The request that calls an upstream's tool with validated arguments.
pub fn ask(definition: &Rc<Tool>, arguments: Map<String, Value>) -> Ask {
    let annotated = param::annotations(&definition.input_schema).unwrap_or_default();
    let headers = param::headers(&annotated, &arguments);
    let mut params = Map::new();
    params.insert("name".to_owned(), definition.name.as_str().into());
    params.insert("arguments".to_owned(), Value::Object(arguments));
    Ask { headers, ..Ask::tool(params, definition) }
}

/// `GET /mcp/tools`.
pub async fn list_tools(context: &Context, principal: &Principal) -> Result<Reply, Problem> {
    principal.demand(TO_LIST)?;
    let shown = tenant::shown(context, principal, None).await?;
    let parts = locate::parts(context, principal, &tenant::party(context, principal), &shown).await;
    let sees = principal.rights().look();
    let view = View::new(&shown.endpoint, &parts).seen_by(Eyes::of(&sees));
    let tools = view.tools(&tools::own_definitions(principal, &shown));
    let tools = tools.into_iter().map(|tool| ToolSummary {
        name: tool.name,
        description: tool.description.unwrap_or_default(),
        parameters: tool.input_schema,
    });
    let is_degraded = |part: &Part| !matches!(part.freshness, Freshness::Fresh);
    let parts = parts.iter().zip(&shown.upstreams).filter(|(part, _)| is_degraded(part));
    let degraded = parts.map(|(_, upstream)| upstream.name.clone()).collect();
    Ok(Reply::private_json(200, &ToolList { tools: tools.collect(), degraded }))
}

/// `POST /mcp/execute`. With an idempotency key the call is made once, and what came of it is answered for a day.
pub async fn execute(
    context: &Context,
    principal: &Principal,
    request: ExecuteRequest,
    key: Option<&str>,
) -> Result<Reply, Problem> {
    let found = find(context, principal, None, &request.tool).await?.map_err(problem)?;
    match key {
        None => executed(context, principal, request, found).await?.map_err(problem).map(|done| told(&done)),
        Some(key) => Box::pin(remembered::execute_once(context, principal, request, found, key)).await,
    }
}

/// The reply to a call that gave a result.
pub fn told(done: &ExecuteResponse) -> Reply {
    Reply::private_json(200, done)
}

/// Makes a call, and notes it for the log.
pub async fn executed(
    context: &Context,
    principal: &Principal,
    request: ExecuteRequest,
    found: Found,
) -> Result<Result<ExecuteResponse, ToolError>, Problem> {
    let started = clock::now();
    let guard = found.guard(principal);
    let used = found.used(&request.tool);
    let called = call(context, principal, (&request.tool, found), request.arguments, &guard).await?;
    if let Err(ToolError::Unknown) = called {
        return Err(Problem::UnknownTool);
    }
    note(context, used, started, outcome(&called), called.as_ref().err(), guard.found());
    Ok(called.map(|result| {
        let success = !result.is_error;
        ExecuteResponse { success, result: result.structured_content.unwrap_or(Value::Array(result.content)) }
    }))
}

/// Calls a tool that is shown under a name, when that is permitted, and on record.
async fn call(
    context: &Context,
    principal: &Principal,
    (name, found): (&str, Found),
    arguments: Map<String, Value>,
    guard: &Guard,
) -> Result<Result<CallToolResult, ToolError>, Problem> {
    let sound = tools::validated(found.definition(), arguments);
    let arguments = match sound.and_then(|arguments| guard.tool_arguments(found.definition(), arguments)) {
        Ok(arguments) => arguments,
        Err(error) => return Ok(Err(refused(principal, &found, error))),
    };
    let everywhere = found.everywhere();
    let permitted = match permit::permit_tool(context, principal, &found.seen(&everywhere), &arguments).await {
        Ok(permitted) => permitted,
        Err(error) => return Ok(Err(error)),
    };
    let upstream = found.upstream().map(Prefix::as_str);
    let record = audit::tool_call(context, principal, (name, upstream, found.definition()), &arguments);
    let record = record.allowed_by(permitted.rule.clone()).guarded(guard.in_arguments().members());
    let run = Box::pin(made(context, principal, found, arguments, permitted.approved, guard));
    Box::pin(audit::recorded(context, principal, record, run, |called| ended(called, guard))).await
}

async fn made(
    context: &Context,
    principal: &Principal,
    found: Found,
    arguments: Map<String, Value>,
    approved: bool,
    guard: &Guard,
) -> Result<CallToolResult, ToolError> {
    let (shown, at) = match found {
        Found::Own(tool, _) => {
            let mut result = tools::run(context, principal, tool, &arguments).await;
            return guard.own_result(&mut result).map(|()| result);
        }
        Found::Upstream(shown, at) => (shown, at),
    };
    let upstream = shown.upstreams.get(at.index).ok_or(ToolError::Unknown)?;
    let party = tenant::party(context, principal);
    let mut ask = ask(&at.own, arguments);
    ask.reads_on = shown.endpoint.own_tools;
    if approved {
        ask.answer_once();
    }
    match errand::ask(&party, upstream, ask, None).await? {
        Answer::Result(result) => called((&party.tenant, upstream), &at.own, result, guard),
        Answer::Error(error) if error.code == URL_ELICITATION_REQUIRED => Err(ToolError::NeedsInput),
        Answer::Error(error) => Err(ToolError::Refused { upstream: upstream.name.clone(), code: error.code }),
        Answer::InputRequired { .. } | Answer::Task(_) => Err(ToolError::NeedsInput),
    }
}

fn called(
    (tenant, upstream): (&TenantId, &Upstream),
    definition: &Rc<Tool>,
    mut result: Map<String, Value>,
    guard: &Guard,
) -> Result<CallToolResult, ToolError> {
    let breach = |breach: ProtocolBreach| ToolError::Upstream(upstream.failure(breach.into()));
    if !misfits::goes_on(tenant, upstream, definition, &result) {
        return Err(breach(ProtocolBreach::OutputSchema));
    }
    guard.result(&mut result)?;
    serde_json::from_value(Value::Object(result)).map_err(|_| breach(ProtocolBreach::Result))
}

/// What a failed call is answered with.
pub fn problem(error: ToolError) -> Problem {
    match error {
        ToolError::Unknown => Problem::UnknownTool,
        ToolError::BadArguments(violations) => Problem::InvalidArguments(
            violations
                .into_iter()
                .map(|violation| ArgumentError { pointer: violation.pointer, problem: violation.problem })
                .collect(),
        ),
        ToolError::Forbidden => Problem::CallForbidden,
        ToolError::Guarded(_) | ToolError::Withheld(_) => Problem::Guarded { detail: error.to_string() },
        ToolError::NeedsApproval { id } => Problem::ApprovalNeeded { id },
        ToolError::Limited { limit, retry_after } => Problem::RateLimited { limit, retry_after },
        ToolError::Away { part } => Problem::Unavailable { part, reason: "while a call was charged".into() },
        ToolError::Upstream(failure) => failure.into(),
        ToolError::Unavailable(_) | ToolError::Refused { .. } | ToolError::NeedsInput | ToolError::Declined => {
            Problem::UpstreamFailed { detail: error.to_string(), timeout: false }
        }
    }
}

/// What the log calls the end of a call.
pub const fn outcome(outcome: &Result<CallToolResult, ToolError>) -> &'static str {
    match outcome {
        Ok(result) if result.is_error => "tool_failed",
        Ok(_) => "ok",
        Err(error) => error_outcome(error),
    }
}

/// How a call ended, for its record.
pub fn ended(called: &Result<CallToolResult, ToolError>, guard: &Guard) -> audit::Ended {
    (outcome(called), called.as_ref().err().map(ToString::to_string), guard.in_results())
}

/// What the log calls a call that gave no result.
pub const fn error_outcome(error: &ToolError) -> &'static str {
    match error {
        ToolError::Unknown => "unknown_tool",
        ToolError::Forbidden => "forbidden",
        ToolError::NeedsApproval { .. } => "needs_approval",
        ToolError::Limited { .. } => "limited",
        ToolError::BadArguments(_) => "bad_arguments",
        ToolError::Guarded(_) => "guarded",
        ToolError::Withheld(_) => "withheld",
        ToolError::Upstream(_) => "upstream_failed",
        ToolError::Refused { .. } => "upstream_refused",
        ToolError::NeedsInput => "needs_input",
        ToolError::Declined => "input_refused",
        ToolError::Unavailable(_) | ToolError::Away { .. } => "unavailable",
    }
}

/// What was called, for the log.
pub struct Used {
    /// The method of the protocol that it is a call of.
    pub method: &'static str,
    /// What it is called there.
    pub name: String,
    /// The upstream whose it is; none for the gateway's own.
    pub upstream: Option<String>,
}

impl Used {
    /// A tool of the gateway's own.
    pub fn own(name: &str) -> Self {
        Self { method: TOOL_CALL, name: name.to_owned(), upstream: None }
    }
}

/// Notes a call for the log, with what guardrails found in it.
pub fn note(
    context: &Context,
    Used { method, name, upstream }: Used,
    started: Timestamp,
    outcome: &'static str,
    error: Option<&ToolError>,
    guarded: Counts,
) {
    let duration_ms = clock::now().since(started);
    let reason = error.map(ToString::to_string);
    let limit = error.and_then(ToolError::limit);
    context.note(Call { method, tool: name, upstream, outcome, limit, reason, duration_ms, guarded });
}
