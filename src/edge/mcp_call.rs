//! Serving one call of the protocol: what it names, whether it may be made, and who makes it.

use super::calls::{self, Found, Used};
use super::guarding::Guard;
use super::locate::{self, At, Lost};
use super::mcp::{Posted, in_band};
use super::mcp_serve::{Elsewhere, Object, Prepared, Scene};
use super::mcp_work::{Audience, Client, Work};
use super::permit::Permitted;
use super::tenant::{self, Shown};
use super::tools::{self, Own, ToolError};
use super::upstreams::Party;
use super::{audit, clock, permit, random, relay, upstreams, waiting};
use crate::api::problem::Problem;
use crate::catalogue::eyes::Seen;
use crate::catalogue::listing::Kind;
use crate::catalogue::view::everywhere;
use crate::entropy::purpose::Purpose;
use crate::guard::{About, Counts};
use crate::mcp::era::Era;
use crate::mcp::headers::repeats_arguments;
use crate::mcp::method::{Call, Method};
use crate::mcp::notice::Notices;
use crate::mcp::params::Reference;
use crate::mcp::question::Question;
use crate::mcp::refusal::Fault;
use crate::mcp::reply::{Addressee, Reply};
use crate::mcp::ticket::{self, Resume};
use crate::mcp::turn::Asked;
use crate::mcp::wire::{CallToolResult, Prompt, Resource, ResourceTemplate, Tool};
use crate::scope::TO_CALL;
use crate::time::Timestamp;
use crate::upstream::ask::Ask;
use serde_json::{Map, Value};
use std::rc::Rc;

/// A call: 1. one that goes on elsewhere; 2. what it names; 3. for a tool, the headers that repeat its arguments, and its
/// schema; 4. the tool itself, or its upstream.
pub async fn call(scene: Scene, posted: &Rc<Posted>, asked: Asked) -> Result<Prepared, Problem> {
    let to = asked.to.clone();
    let Method::Call(call) = &asked.method else { return Ok(Prepared::Reply(to.refuse(Fault::MethodNotFound))) };
    if let Err(problem) = scene.principal.demand(TO_CALL) {
        return Ok(Prepared::Reply(to.refuse(in_band(problem)?)));
    }
    if matches!(call, Call::Task { .. }) && !asked.meta.client.takes_tasks() {
        return Ok(Prepared::Reply(to.refuse(Fault::needs_tasks())));
    }
    match held(&scene, call) {
        Ok(None) => {}
        Ok(Some(object)) => {
            return Ok(Prepared::Elsewhere(Elsewhere::new(scene, Object::Held(Some(object)))));
        }
        Err(fault) => return Ok(Prepared::Reply(to.refuse(fault))),
    }
    match call {
        Call::Tool { name, arguments, .. } => {
            let found = calls::find(&scene.context, &scene.principal, scene.place.server.as_deref(), name).await;
            match found {
                Ok(Ok(found)) => tool(scene, posted, &asked, found, arguments.clone()).await,
                Ok(Err(ToolError::Unknown)) => Ok(Prepared::Reply(to.refuse(Fault::unknown_tool(name)))),
                Ok(Err(error)) => Ok(Prepared::Reply(not_permitted(&scene, &asked, call, &error))),
                Err(problem) => Ok(Prepared::Reply(to.refuse(in_band(problem)?))),
            }
        }
        other => Box::pin(elsewhere(scene, asked.clone(), other)).await,
    }
}

/// A call of anything but a tool: 1. what it names; 2. what is sent for it, guarded; 3. whether that may be.
async fn elsewhere(scene: Scene, asked: Asked, call: &Call) -> Result<Prepared, Problem> {
    let shown = tenant::shown(&scene.context, &scene.principal, scene.place.server.as_deref()).await?;
    let party = scene.party();
    let At { index, own } = match named(&scene, &party, &shown, call).await {
        Ok(at) => at,
        Err(Lost::Unknown) => return Ok(Prepared::Reply(asked.to.refuse(unknown(call)))),
        Err(Lost::Failed(failure)) => {
            return Ok(Prepared::Reply(not_permitted(&scene, &asked, call, &ToolError::Upstream(failure))));
        }
    };
    // It is guarded and permitted where it is served.
    if is_to_be_held(&scene, &party, &asked, (&shown, index)) {
        return Ok(Prepared::Elsewhere(Elsewhere::new(scene, Object::Held(None))));
    }
    let (guard, mut ask) = (guard(&scene, call), Ask::of(call, &own));
    let permitted = match guarded(&guard, call, &mut ask) {
        Ok(()) => permitted(&scene, &shown, call, (index, &own), &ask).await,
        Err(error) => Err(error),
    };
    match permitted {
        Ok(true) => ask.answer_once(),
        Ok(false) => {}
        Err(error) => {
            let (method, outcome) = (call.method(), calls::error_outcome(&error));
            let upstream = shown.upstreams.get(index).map(|upstream| upstream.name.clone());
            let used = Used { method, name: format!("{method}: {own}"), upstream };
            calls::note(&scene.context, used, clock::now(), outcome, Some(&error), guard.found());
            return Ok(Prepared::Reply(not_permitted(&scene, &asked, call, &error)));
        }
    }
    relayed(scene, &party, asked, shown, (At { index, own: ask }, guard), None).await
}

/// The guardrails of a call of anything but a tool.
fn guard(scene: &Scene, call: &Call) -> Guard {
    let about = if matches!(call, Call::Task { .. }) { About::Unknown } else { About::Other };
    Guard::of(&scene.principal, || about)
}

/// Guards what such a call gives: names stay what they are.
fn guarded(guard: &Guard, call: &Call, ask: &mut Ask) -> Result<(), ToolError> {
    if let Call::Resource { uri, .. } = call {
        guard.address(uri)?;
    }
    for given in ["arguments", "argument", "context", "inputResponses"] {
        if let Some(Value::Object(given)) = ask.params.get_mut(given) {
            guard.arguments(given)?;
        }
    }
    Ok(())
}

/// Whether this goes on with a call that was charged before.
fn resumes(scene: &Scene, call: &Call) -> bool {
    let state = call.retry().and_then(|retry| retry.state.as_deref());
    let open = |state| ticket::open_state(&scene.context.settings.root, &scene.place, state, call, clock::now());
    state.is_some_and(|state| matches!(open(state), Ok(Resume::Upstream { .. } | Resume::Held { .. })))
}

/// The object that holds this call, if its retry says so.
fn held(scene: &Scene, call: &Call) -> Result<Option<String>, Fault> {
    let state = call.retry().and_then(|retry| retry.state.as_deref());
    let Some(state) = state.filter(|_| scene.held.is_none()) else { return Ok(None) };
    match ticket::open_state(&scene.context.settings.root, &scene.place, state, call, clock::now())? {
        Resume::Held { object } => Ok(Some(object)),
        Resume::Upstream { .. } | Resume::Approved => Ok(None),
    }
}

async fn tool(
    scene: Scene,
    posted: &Rc<Posted>,
    asked: &Asked,
    found: Found,
    arguments: Map<String, Value>,
) -> Result<Prepared, Problem> {
    let (to, definition) = (asked.to.clone(), Rc::clone(found.definition()));
    if repeats_arguments(&definition.input_schema)
        && let Err(fault) = asked.check_headers(&posted.all_headers(), &definition)
    {
        return Ok(Prepared::Reply(to.refuse(fault)));
    }
    let Method::Call(call @ Call::Tool { name: shown_name, .. }) = &asked.method else {
        return Ok(Prepared::Reply(to.refuse(Fault::Internal)));
    };
    let started = clock::now();
    let not_made = |used: Used, error: &ToolError, found: Counts| {
        Ok(Prepared::Reply(not_made(&scene, asked, call, (used, started), (error, found))))
    };
    let arguments = match tools::validated(&definition, arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            let used = found.used(shown_name);
            return not_made(used, &calls::refused(&scene.principal, &found, error), Counts::default());
        }
    };
    let name = found.everywhere();
    // It is guarded, permitted and charged where it is served.
    if let Found::Upstream(shown, at) = &found
        && is_to_be_held(&scene, &scene.party(), asked, (shown, at.index))
    {
        return Ok(Prepared::Elsewhere(Elsewhere::new(scene, Object::Held(None))));
    }
    let guard = found.guard(&scene.principal);
    let arguments = match guard.tool_arguments(&definition, arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            return not_made(found.used(&name), &calls::refused(&scene.principal, &found, error), guard.found());
        }
    };
    let seen = found.seen(&name);
    let permitted = if resumes(&scene, call) {
        permit::still_allows(&scene.principal, &seen, &arguments).map(|()| None)
    } else {
        permit::permit_tool(&scene.context, &scene.principal, &seen, &arguments).await.map(Some)
    };
    let permitted = match permitted {
        Ok(permitted) => permitted,
        Err(error) => return not_made(found.used(&name), &error, guard.found()),
    };
    match found {
        Found::Own(own, _) => own_tool(&scene, &to, (own, name, &definition), (&arguments, permitted), &guard).await,
        Found::Upstream(shown, at) => {
            let mut ask = calls::ask(&definition, arguments);
            ask.reads_on = shown.endpoint.own_tools;
            // A request that goes on may have been approved.
            if permitted.as_ref().is_none_or(|permitted| permitted.approved) {
                ask.answer_once();
            }
            let party = scene.party();
            let at = At { index: at.index, own: ask };
            relayed(scene, &party, asked.clone(), shown, (at, guard), Some((definition, permitted))).await
        }
    }
}

/// A tool's call that is not made, and noted. Of a tool that the caller may not see nothing is
/// noted, as of one that is not there.
fn not_made(
    scene: &Scene,
    asked: &Asked,
    call: &Call,
    (used, started): (Used, Timestamp),
    (error, found): (&ToolError, Counts),
) -> Reply {
    if matches!(error, ToolError::Unknown) {
        return asked.to.refuse(unknown(call));
    }
    calls::note(&scene.context, used, started, calls::error_outcome(error), Some(error), found);
    not_permitted(scene, asked, call, error)
}

/// A call that may not go on. One that waits for a person is asked about where the client shows pages: on one an administrator
/// decides, on the other the person connects an account. Any other client is told in words.
fn not_permitted(scene: &Scene, asked: &Asked, call: &Call, error: &ToolError) -> Reply {
    let (to, settings) = (&asked.to, &scene.context.settings);
    let words = || relay::failed(call, to, error);
    let page = match error {
        ToolError::NeedsApproval { .. } => Some(format!("{}{}", settings.issuer, waiting::PLACE)),
        ToolError::Upstream(failure) => failure.problem.page().map(str::to_owned),
        _ => None,
    };
    let Some(page) = page.filter(|_| to.era == Era::Modern) else { return words() };
    let requests = Question::page(&error.to_string(), &page);
    if Question::read_all(&asked.meta.client, &requests).is_none() {
        return words();
    }
    let nonce = random::bytes(Purpose::McpSealed);
    match ticket::seal_state(&settings.root, &scene.place, Resume::Approved, call, clock::now(), nonce) {
        Ok(state) => to.input_required(requests, state),
        Err(_) => words(),
    }
}

async fn own_tool(
    Scene { context, principal, .. }: &Scene,
    to: &Addressee,
    (tool, name, definition): (Own, String, &Rc<Tool>),
    (arguments, permitted): (&Map<String, Value>, Option<Permitted>),
    guard: &Guard,
) -> Result<Prepared, Problem> {
    let started = clock::now();
    let record = audit::tool_call(context, principal, (&name, None, definition), arguments);
    let record = record.allowed_by(permitted.as_ref().and_then(|permitted| permitted.rule.clone()));
    let record = record.guarded(guard.in_arguments().members());
    let run = Box::pin(async {
        let mut result = tools::run(context, principal, tool, arguments).await;
        guard.own_result(&mut result).map(|()| result)
    });
    let result =
        Box::pin(audit::recorded(context, principal, record, run, |called| calls::ended(called, guard))).await?;
    let used = Used::own(&name);
    calls::note(context, used, started, calls::outcome(&result), result.as_ref().err(), guard.found());
    Ok(Prepared::Reply(match result {
        Ok(result) => to.called(result),
        Err(error) => to.called(CallToolResult::failed(format!("The call failed: {error}."))),
    }))
}

/// Whether the policies allow a prompt to be got, or a resource to be read. Who sees a prompt or a template may have its
/// arguments completed; a task belongs to a call that was allowed.
///
/// A request that goes on counts as approved: it may have been.
async fn permitted(
    scene: &Scene,
    shown: &Shown,
    call: &Call,
    (index, own): (usize, &str),
    ask: &Ask,
) -> Result<bool, ToolError> {
    let Some(upstream) = shown.prefixes.get(index) else { return Err(ToolError::Unknown) };
    let nothing = Map::new();
    let (kind, name, arguments) = match call {
        Call::Prompt { .. } => {
            let arguments = ask.params.get("arguments").and_then(Value::as_object);
            (Kind::Prompt, everywhere::<Prompt>(upstream, own), arguments.unwrap_or(&nothing))
        }
        Call::Resource { .. } => (Kind::Resource, everywhere::<Resource>(upstream, own), &nothing),
        Call::Complete { .. } | Call::Tool { .. } | Call::Task { .. } => return Ok(false),
    };
    let seen = Seen { kind, name: &name, upstream: Some(upstream), annotations: None };
    if resumes(scene, call) {
        return permit::still_allows(&scene.principal, &seen, arguments).map(|()| true);
    }
    permit::permit(&scene.context, &scene.principal, &seen, arguments).await
}

/// What a call other than a tool's names: which upstream, and what that calls it.
async fn named(scene: &Scene, party: &Party, shown: &Rc<Shown>, call: &Call) -> Result<At<String>, Lost> {
    let (context, rights) = (&scene.context, scene.principal.rights());
    match call {
        Call::Prompt { name, .. } | Call::Complete { reference: Reference::Prompt(name), .. } => {
            let at = locate::locate::<Prompt, _>(party, shown, rights, name, |view| view.find_prompt(name)).await?;
            Ok(At { index: at.index, own: at.own.name.clone() })
        }
        Call::Resource { uri, .. } => {
            locate::locate::<Resource, _>(party, shown, rights, uri, |view| view.find_resource(uri)).await
        }
        Call::Complete { reference: Reference::Resource(uri), .. } => {
            let at = locate::locate::<ResourceTemplate, _>(party, shown, rights, uri, |view| view.find_template(uri))
                .await?;
            Ok(At { index: at.index, own: at.own.uri_template.clone() })
        }
        Call::Task { id, .. } => {
            let (upstream, own) =
                ticket::open_task(&context.settings.root, &scene.place, id).map_err(|_| Lost::Unknown)?;
            let index = shown.upstreams.iter().position(|known| known.id == upstream).ok_or(Lost::Unknown)?;
            Ok(At { index, own })
        }
        Call::Tool { .. } => Err(Lost::Unknown),
    }
}

fn unknown(call: &Call) -> Fault {
    match call {
        Call::Tool { name, .. } => Fault::unknown_tool(name),
        Call::Prompt { name, .. } | Call::Complete { reference: Reference::Prompt(name), .. } => {
            Fault::unknown_prompt(name)
        }
        Call::Resource { uri, .. } | Call::Complete { reference: Reference::Resource(uri), .. } => {
            Fault::UnknownResource { uri: uri.clone() }
        }
        Call::Task { .. } => Fault::UnknownTask,
    }
}

/// Whether a call is one for an object that can hold it open: a legacy upstream may ask back, and a modern client outside a
/// session answers with another request.
fn is_to_be_held(scene: &Scene, party: &Party, asked: &Asked, (shown, index): (&Shown, usize)) -> bool {
    let Method::Call(call) = &asked.method else { return false };
    let alone = scene.session.is_none() && scene.held.is_none();
    let asks_back = asked.to.era == Era::Modern && alone && call.retry().is_some() && asked.meta.client.answers();
    asks_back && shown.upstreams.get(index).is_some_and(|known| upstreams::is_legacy(party, known))
}

/// A call that its upstream answers. One whose client hears nothing before the answer is answered at once.
async fn relayed(
    scene: Scene,
    party: &Party,
    asked: Asked,
    shown: Rc<Shown>,
    (at, guard): (At<Ask>, Guard),
    tool: Option<(Rc<Tool>, Option<Permitted>)>,
) -> Result<Prepared, Problem> {
    let Asked { mut to, meta, method, .. } = asked;
    to.server = locate::server_info(party, &shown);
    let Method::Call(call) = method else { return Ok(Prepared::Reply(to.refuse(Fault::Internal))) };
    let alone = scene.session.is_none() && scene.held.is_none();
    let log_level = match &scene.session {
        Some(session) => session.log_level,
        None => meta.log_level,
    };
    let hears = !alone || meta.progress.is_some() || meta.log_level.is_some();
    let audience = Audience { notices: Notices::new(to.era, meta.progress.clone(), log_level), to };
    let (tool, permitted) = tool.unzip();
    let errand = relay::Errand { scene, meta, call, shown, at, tool, permitted: permitted.flatten(), guard };
    if hears {
        return Ok(Prepared::Work(Work::new(audience, |client| relay::run(errand, client))));
    }
    relay::run(errand, Client::alone(audience)).await.map(Prepared::Reply)
}
