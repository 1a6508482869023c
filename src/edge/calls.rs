//! One tool call, the same for REST and for the protocol: found, checked, run, logged.

use super::admission::Principal;
use super::context::Context;
use super::tools::{self, Found, Surroundings, ToolError};
use super::{clock, tenant};
use crate::api::body::{ExecuteRequest, ExecuteResponse, ToolList, ToolSummary};
use crate::api::problem::{ArgumentError, Problem};
use crate::api::reply::Reply;
use crate::mcp::wire::CallToolResult;
use crate::observe::{Call, Event};
use crate::scope::{TOOLS_CALL, TOOLS_READ};
use crate::time::Timestamp;
use crate::tool::catalogue::{Catalogue, Freshness, Part};
use crate::tool::definition::{SEPARATOR, split};
use crate::upstream::{Upstream, UpstreamProblem};
use serde_json::{Map, Value};
use std::rc::Rc;

/// Everything the caller may see.
pub async fn catalogue(context: &Context, principal: &Principal) -> Result<Catalogue, Problem> {
    principal.demand(TOOLS_READ)?;
    let upstreams = tenant::upstreams(context, principal).await?;
    let catalogue = tools::list(&tenant::surroundings(context, principal, &upstreams)).await;
    for part in catalogue.parts() {
        if let Freshness::Stale(reason) | Freshness::Absent(reason) = &part.freshness {
            let (tenant, upstream) = (principal.claims().tenant.clone(), part.upstream.clone());
            context.log(&Event::UpstreamDegraded { tenant, upstream, reason: reason.clone() });
        }
    }
    Ok(catalogue)
}

/// The upstreams a call of this tool needs: none for a built-in tool, which therefore costs no database read.
pub async fn upstreams_for(context: &Context, principal: &Principal, tool: &str) -> Result<Rc<Vec<Upstream>>, Problem> {
    principal.demand(TOOLS_CALL)?;
    match split(tool) {
        Some(_) => tenant::upstreams(context, principal).await,
        None => Ok(Rc::default()),
    }
}

/// Finds a tool. An upstream that cannot be asked is noted for the log; the name a caller made up is not.
pub async fn find<'a>(context: &Context, around: &Surroundings<'a>, name: &str) -> Result<Found<'a>, ToolError> {
    let started = clock::now();
    let found = tools::find(around, name).await;
    if let Err(error @ ToolError::Upstream(failure)) = &found {
        note(context, format!("{}{SEPARATOR}…", failure.upstream), started, Err(error));
    }
    found
}

/// Checks the arguments, runs the tool, and notes how it went for the log.
pub async fn run(
    context: &Context,
    around: &Surroundings<'_>,
    found: Found<'_>,
    arguments: Map<String, Value>,
) -> Result<CallToolResult, ToolError> {
    let (started, tool) = (clock::now(), found.definition().name.clone());
    let outcome = tools::run(around, found, arguments).await;
    note(context, tool, started, outcome.as_ref());
    outcome
}

/// `GET /mcp/tools`.
pub async fn list_tools(context: &Context, principal: &Principal) -> Result<Reply, Problem> {
    let catalogue = catalogue(context, principal).await?;
    let tools = catalogue.definitions().map(|tool| ToolSummary {
        name: tool.name.clone(),
        description: tool.description.clone().unwrap_or_default(),
        parameters: tool.input_schema.clone(),
    });
    let degraded = catalogue.parts().iter().filter(|part| is_degraded(part)).map(|part| part.upstream.clone());
    Ok(Reply::private_json(200, &ToolList { tools: tools.collect(), degraded: degraded.collect() }))
}

/// `POST /mcp/execute`.
pub async fn execute(context: &Context, principal: &Principal, request: ExecuteRequest) -> Result<Reply, Problem> {
    let upstreams = upstreams_for(context, principal, &request.tool).await?;
    let around = tenant::surroundings(context, principal, &upstreams);
    let found = find(context, &around, &request.tool).await.map_err(problem)?;
    let result = run(context, &around, found, request.arguments).await.map_err(problem)?;
    let success = !result.is_error;
    let result = result.structured_content.unwrap_or(Value::Array(result.content));
    Ok(Reply::private_json(200, &ExecuteResponse { success, result }))
}

fn is_degraded(part: &Part) -> bool {
    !matches!(part.freshness, Freshness::Fresh)
}

fn problem(error: ToolError) -> Problem {
    match error {
        ToolError::Unknown => Problem::UnknownTool,
        ToolError::BadArguments(violations) => Problem::InvalidArguments(
            violations
                .into_iter()
                .map(|violation| ArgumentError { pointer: violation.pointer, problem: violation.problem })
                .collect(),
        ),
        ToolError::Upstream(failure) => Problem::UpstreamFailed {
            timeout: matches!(failure.problem, UpstreamProblem::Timeout),
            detail: failure.to_string(),
        },
        ToolError::Unavailable(_) => Problem::UpstreamFailed { detail: error.to_string(), timeout: false },
    }
}

fn note(context: &Context, tool: String, started: Timestamp, outcome: Result<&CallToolResult, &ToolError>) {
    let label = match outcome {
        Ok(result) if result.is_error => "tool_failed",
        Ok(_) => "ok",
        Err(ToolError::Unknown) => "unknown_tool",
        Err(ToolError::BadArguments(_)) => "bad_arguments",
        Err(ToolError::Upstream(_)) => "upstream_failed",
        Err(ToolError::Unavailable(_)) => "unavailable",
    };
    let reason = outcome.err().map(ToString::to_string);
    let duration_ms = clock::now().since(started);
    context.calls.borrow_mut().push(Call { tool, outcome: label, reason, duration_ms });
}
