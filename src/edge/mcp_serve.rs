//! Serving one request of the protocol, in or outside a session: what is gathered, what is decided, what is run.

use super::admission::Principal;
use super::calls;
use super::context::Context;
use super::mcp::{Posted, Served, in_band};
use super::mcp_session;
use super::mcp_work::{Audience, Client, Work};
use super::tenant;
use super::tools::ToolError;
use crate::api::problem::Problem;
use crate::mcp::capability::ServerCapabilities;
use crate::mcp::headers::repeats_arguments;
use crate::mcp::method::{Call, Family, ListKind, Method};
use crate::mcp::notice::Notices;
use crate::mcp::refusal::Fault;
use crate::mcp::reply::{INSTRUCTIONS, Reply};
use crate::mcp::session::Session;
use crate::mcp::ticket::Place;
use crate::mcp::turn::Asked;
use crate::mcp::wire::CallToolResult;
use std::rc::Rc;

/// Where a request is served, and for whom.
#[derive(Clone)]
pub struct Scene {
    /// The request's surroundings.
    pub context: Rc<Context>,
    /// The caller, who has paid for it.
    pub principal: Principal,
    /// The caller and the endpoint.
    pub place: Place,
    /// The session it came in, as it stood then.
    pub session: Option<Session>,
}

/// What must be done for a request.
pub enum Prepared {
    /// Nothing: this is the reply.
    Reply(Reply),
    /// This work.
    Work(Work),
    /// It must be served in an object.
    Elsewhere(Elsewhere),
}

/// A request that must be served in an object.
pub struct Elsewhere {
    scene: Scene,
}

impl Elsewhere {
    /// Has it served there.
    pub async fn go(self, posted: &Posted) -> Result<Served, Problem> {
        mcp_session::open(&self.scene, posted).await
    }
}

/// Gathers what a request needs and decides what must be done.
///
/// 1. an endpoint has its method (404 otherwise; a call of a tool asks nobody for that); 2. its parameters are right; 3. what
///    it names is there.
pub async fn prepare(scene: Scene, posted: &Rc<Posted>, asked: Asked) -> Result<Prepared, Problem> {
    let is_call_of_a_tool = matches!(asked.method, Method::Call(Call::Tool { .. }));
    let offered = if is_call_of_a_tool { None } else { Some(offered(&scene).await?) };
    let to = asked.to.clone();
    let family: Family = asked.method.family();
    let Some(offered) = offered else { return tool(scene, posted, asked).await };
    if !family.is_offered(&offered) {
        return Ok(Prepared::Reply(to.refuse(Fault::MethodNotFound)));
    }
    let reply = match asked.method {
        Method::Initialize { client, .. }
            if scene.session.is_none() && (client.answers() || offered.needs_session()) =>
        {
            return Ok(Prepared::Elsewhere(Elsewhere { scene }));
        }
        Method::Initialize { negotiated, .. } => to.initialize(negotiated, offered, INSTRUCTIONS),
        Method::Discover => to.discover(offered, INSTRUCTIONS),
        Method::List(ListKind::Tools) => match calls::catalogue(&scene.context, &scene.principal).await {
            Ok(catalogue) => to.tools(catalogue.definitions().cloned().collect()),
            Err(problem) => to.refuse(in_band(problem)?),
        },
        Method::Subscribe { .. } | Method::SetLevel(_) => to.refuse(Fault::NoSession),
        Method::Malformed { fault, .. } => to.refuse(fault),
        Method::Ping => to.done(),
        Method::List(_) | Method::Call(_) | Method::Listen(_) => to.refuse(Fault::MethodNotFound),
    };
    Ok(Prepared::Reply(reply))
}

/// What the endpoint offers this caller.
async fn offered(_scene: &Scene) -> Result<ServerCapabilities, Problem> {
    Ok(ServerCapabilities::own())
}

/// 1. the tool, by its exact name; 2. the headers that repeat its arguments; 3. its schema; 4. the tool itself.
async fn tool(scene: Scene, posted: &Rc<Posted>, asked: Asked) -> Result<Prepared, Problem> {
    let notices = Notices::new(asked.to.era, asked.meta.progress.clone(), asked.meta.log_level);
    let audience = Audience { to: asked.to.clone(), notices };
    let posted = Rc::clone(posted);
    Ok(Prepared::Work(Work::new(audience, |client| run(scene, posted, asked, client))))
}

async fn run(scene: Scene, posted: Rc<Posted>, asked: Asked, client: Client) -> Result<Reply, Problem> {
    let Scene { context, principal, .. } = &scene;
    let to = client.to();
    let Method::Call(Call::Tool { name, arguments, .. }) = &asked.method else {
        return Ok(to.refuse(Fault::MethodNotFound));
    };
    let upstreams = match calls::upstreams_for(context, principal, name).await {
        Ok(upstreams) => upstreams,
        Err(problem) => return in_band(problem).map(|fault| to.refuse(fault)),
    };
    let around = tenant::surroundings(context, principal, &upstreams);
    let found = match calls::find(context, &around, name).await {
        Ok(found) => found,
        Err(ToolError::Unknown) => return Ok(to.refuse(Fault::unknown_tool(name))),
        Err(error) => return Ok(to.called(failed(&error))),
    };
    if repeats_arguments(&found.definition().input_schema)
        && let Err(fault) = asked.check_headers(&posted.all_headers(), found.definition())
    {
        return Ok(to.refuse(fault));
    }
    let outcome = calls::run(context, &around, found, arguments.clone()).await;
    Ok(to.called(outcome.unwrap_or_else(|error| failed(&error))))
}

/// A call that could not be made is a failed call, in words the model can act on.
fn failed(error: &ToolError) -> CallToolResult {
    match error {
        ToolError::BadArguments(violations) => {
            let places = violations.iter().map(|violation| format!("{:?}: {}", violation.pointer, violation.problem));
            CallToolResult::failed(format!("{error}. {}", places.collect::<Vec<_>>().join("; ")))
        }
        _ => CallToolResult::failed(format!("The call failed: {error}.")),
    }
}
