//! Calls of HTTP APIs: the description that is stored for an upstream, what it offers, and one request for one call.
//!
//! Only tools are called whose stored definition is what is approved of them, with the request that it is.

use super::showing::{self, equipped};
use super::upstreams::Party;
use super::{clock, database, long_answers, misfits, outbound, spans, tongues, tools};
use crate::credential::held::Withheld;
use crate::drift::reaction::Misfit;
use crate::http_api::answer::{self, MAX_TEXT_BYTES};
use crate::http_api::check::Api;
use crate::http_api::credential::Credentials;
use crate::http_api::request::CallLimits;
use crate::id::{TenantId, UpstreamId};
use crate::mcp::capability::{ListCapability, ServerCapabilities};
use crate::mcp::wire::{CallToolResult, text_block};
use crate::store::upstreams::{API, ApiRow};
use crate::time::Timestamp;
use crate::upstream::ask::{Answer, Ask, AskMethod};
use crate::upstream::survey::{Introduction, Survey};
use crate::upstream::{Description, ProtocolBreach, Upstream, UpstreamFailure, UpstreamProblem};
use lru::LruCache;
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::num::NonZeroUsize;
use std::rc::Rc;

/// Descriptions this isolate remembers.
const MAX_APIS: NonZeroUsize = NonZeroUsize::new(64).unwrap();
/// Longest answer, in bytes after decompression.
const MAX_ANSWER_BYTES: usize = 5 * 1024 * 1024;

/// An upstream's description, in one version.
type Key = (TenantId, UpstreamId, u32);

thread_local! {
    static APIS: RefCell<LruCache<Key, Rc<Api>>> = RefCell::new(LruCache::new(MAX_APIS));
}

/// What an API offers: the tools of its description. Nobody is asked for it.
pub async fn survey(party: &Party, upstream: &Upstream, description: Description) -> Result<Survey, UpstreamFailure> {
    let api = api(party, upstream, description).await?;
    let offered = ServerCapabilities { tools: Some(ListCapability::default()), ..ServerCapabilities::default() };
    let introduction = Introduction { offered, ..Introduction::default() };
    let tools = api.tools().iter().map(|tool| tool.definition.clone()).collect();
    let base = api.base().url().as_str();
    let requests = api.tools().iter().map(|tool| (tool.definition.name.clone(), tool.request(base))).collect();
    Ok(Survey { introduction, tools, requests, ..Survey::default() })
}

/// Calls a tool: exactly one request. A status from 500 on, and 429, are failures of the upstream; any other answer is the
/// tool's result.
pub async fn ask(
    party: &Party,
    upstream: &Upstream,
    description: Description,
    ask: &Ask,
    end: Timestamp,
) -> Result<Answer, UpstreamFailure> {
    let api = api(party, upstream, description).await?;
    let failed = |problem: UpstreamProblem| upstream.failure(problem);
    let named = ask.params.get("name").and_then(Value::as_str).filter(|_| ask.method == AskMethod::CallTool);
    let tool = named.and_then(|name| api.tool(name)).ok_or_else(|| failed(ProtocolBreach::Result.into()))?;
    let nothing = Map::new();
    let arguments = ask.params.get("arguments").and_then(Value::as_object).unwrap_or(&nothing);
    let credentials = credentials(party, upstream, &api).await?;
    let limits = CallLimits { deadline: end.since(clock::now()), max_answer_bytes: MAX_ANSWER_BYTES };
    let mut request = match api.request(tool, arguments, &credentials, limits) {
        Ok(request) => request,
        Err(problem) => {
            return tongues::answer(&CallToolResult::failed(format!("Nothing was sent: {problem}."))).map_err(failed);
        }
    };
    request.headers.extend(spans::fields());
    let answer = outbound::send_patiently(&request, party.limits.patience).await;
    let answer = answer.map_err(|failure| failed(failure.into()))?;
    if answer.status == 401 {
        showing::distrust(&upstream.credential);
    }
    if answer.status >= 500 || answer.status == 429 {
        return Err(failed(UpstreamProblem::of_status(&answer)));
    }
    let output = ask.tool.as_ref().and_then(tools::output_schema);
    let mut shown = answer::show(tool, output.as_deref(), &answer, MAX_TEXT_BYTES);
    if let Some(misfit) = shown.misfit.take()
        && misfits::happened(&party.tenant, upstream, &tool.definition.name) == Misfit::Report
    {
        shown.result = *misfit;
    }
    let rest = shown.rest.take().filter(|_| ask.reads_on);
    let Some(rest) = rest else { return tongues::answer(&shown.result).map_err(failed) };
    let how = long_answers::keep(party, &rest).await;
    shown.result.content.extend(how.map(text_block));
    let mut answer = tongues::answer(&shown.result).map_err(failed)?;
    if let Answer::Result(members) = &mut answer {
        // What leads on is good for a while only: it is not given again out of memory.
        members.insert("ttlMs".to_owned(), 0.into());
    }
    Ok(answer)
}

/// What goes with a request to the API: what the upstream's credential comes to at its base.
async fn credentials(party: &Party, upstream: &Upstream, api: &Api) -> Result<Credentials, UpstreamFailure> {
    // The description says where requests go, and only an administrator says where the upstream is.
    if api.base().origin() != upstream.url.origin() {
        return Err(upstream.failure(UpstreamProblem::Misconfigured));
    }
    let equipped = equipped(party, upstream).await?;
    let applied = equipped.credential.applied(api.base()).map_err(|why| upstream.failure(why.into()))?;
    let applied = applied.cloned().unwrap_or_default();
    Ok(Credentials { headers: applied.headers, query: applied.query, cookies: Vec::new() })
}

/// The stored description, read once for each version.
async fn api(party: &Party, upstream: &Upstream, description: Description) -> Result<Rc<Api>, UpstreamFailure> {
    let key = (party.tenant.clone(), upstream.id.clone(), description.version);
    if let Some(known) = APIS.with_borrow_mut(|apis| apis.get(&key).cloned()) {
        return Ok(known);
    }
    let misconfigured = || upstream.failure(UpstreamProblem::Misconfigured);
    let values = [party.tenant.as_str().into(), upstream.id.as_str().into(), description.version.into()];
    let row: Option<ApiRow> =
        database::first(&party.env, API, &values).await.map_err(|_| upstream.failure(Withheld::GatewayAway.into()))?;
    let text = row.and_then(|row| row.api).ok_or_else(misconfigured)?;
    let api = Api::restore(text.as_bytes(), party.settings.profile.reach()).map_err(|_| misconfigured())?;
    let api = Rc::new(api);
    APIS.with_borrow_mut(|apis| apis.put(key, Rc::clone(&api)));
    Ok(api)
}
