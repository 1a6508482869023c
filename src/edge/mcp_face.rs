//! The face `search` of an endpoint: a search answers from the words of what the endpoint shows, and a call that another
//! tool's arguments carry becomes that call, before anything is asked about it.
//!
//! The words are kept per endpoint as long as it shows the same listings; who sees what is asked anew for every search.

use super::calls::{self, Used};
use super::mcp::in_band;
use super::mcp_serve::Scene;
use super::relay;
use super::tenant::{self, Shown};
use super::tools::{self, Own, ToolError};
use super::{clock, locate};
use crate::api::problem::Problem;
use crate::catalogue::endpoint::Endpoint;
use crate::catalogue::eyes::Eyes;
use crate::catalogue::face::ShownTool;
use crate::catalogue::listing::Listing;
use crate::catalogue::view::{Part, View};
use crate::guard::Counts;
use crate::id::TenantId;
use crate::mcp::method::{Call, Method};
use crate::mcp::refusal::Fault;
use crate::mcp::reply::Reply;
use crate::mcp::turn::Asked;
use crate::mcp::wire::Tool;
use crate::observe::Event;
use crate::scope::TO_LIST;
use crate::search::face::{FaceTool, Order, carried};
use crate::search::index::Index;
use crate::search::page::Page;
use crate::tool::result;
use lru::LruCache;
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::num::NonZeroUsize;
use std::rc::Rc;

/// Endpoints whose words this isolate keeps.
const MAX_CATALOGUES: NonZeroUsize = NonZeroUsize::MIN.saturating_add(7);

/// What a request at an endpoint comes to.
pub enum Faced {
    /// It is to be served: as it came, or the call that it carried.
    Asked(Box<Asked>),
    /// It is answered.
    Reply(Reply),
}

/// The words of an endpoint, and what they were taken from.
struct Catalogue {
    endpoint: Endpoint,
    /// Each part's listing. It is kept here, so that its address is no other's.
    listings: Vec<Option<Rc<Listing>>>,
    index: Index,
    /// The tools, in the order of the index.
    tools: Vec<ShownTool>,
}

thread_local! {
    static FACE: Vec<(FaceTool, Rc<Tool>)> =
        FaceTool::ALL.into_iter().filter_map(|tool| Some((tool, Rc::new(tool.definition()?)))).collect();
    static CATALOGUES: RefCell<LruCache<(TenantId, String), Rc<Catalogue>>> = RefCell::new(LruCache::new(MAX_CATALOGUES));
}

/// The definitions of the face's tools, in their order.
pub fn definitions() -> Vec<Tool> {
    FACE.with(|tools| tools.iter().map(|(_, tool)| Tool::clone(tool)).collect())
}

/// What a request comes to: 1. any that names no tool of the face, and any at an endpoint without it, is served as it came;
/// 2. the arguments fit the tool's schema; 3. a search is answered; 4. a carried call is served, or answered where it is a
///    search itself.
pub async fn face(scene: &Scene, asked: Asked) -> Result<Faced, Problem> {
    let Method::Call(Call::Tool { name, arguments, .. }) = &asked.method else {
        return Ok(Faced::Asked(Box::new(asked)));
    };
    let (Some(tool), Some(server)) = (FaceTool::named(name), scene.place.server.as_deref()) else {
        return Ok(Faced::Asked(Box::new(asked)));
    };
    // A call is carried once.
    if asked.carried && tool == FaceTool::Call {
        return Ok(Faced::Asked(Box::new(asked)));
    }
    let shown = tenant::shown(&scene.context, &scene.principal, Some(server)).await?;
    if !shown.endpoint.face.is_search() {
        return Ok(Faced::Asked(Box::new(asked)));
    }
    let arguments = match fitting(tool, arguments.clone()) {
        Ok(arguments) => arguments,
        Err(error) => return Ok(Faced::Reply(failed(scene, &asked, &error))),
    };
    match tool {
        FaceTool::Search => search(scene, &shown, server, &asked, &arguments).await.map(Faced::Reply),
        FaceTool::Call => match carried(arguments) {
            Some((name, arguments)) => {
                let search = FaceTool::named(&name) == Some(FaceTool::Search);
                let asked = asked.carrying(name, arguments);
                if search { Box::pin(face(scene, asked)).await } else { Ok(Faced::Asked(Box::new(asked))) }
            }
            None => Ok(Faced::Reply(asked.to.refuse(Fault::Internal))),
        },
    }
}

fn fitting(tool: FaceTool, arguments: Map<String, Value>) -> Result<Map<String, Value>, ToolError> {
    let definition = FACE.with(|tools| {
        let found = tools.iter().find(|(known, _)| *known == tool);
        found.map(|(_, definition)| Rc::clone(definition))
    });
    tools::validated(&definition.ok_or(ToolError::Unavailable("it has no definition"))?, arguments)
}

fn failed(scene: &Scene, asked: &Asked, error: &ToolError) -> Reply {
    let Method::Call(call @ Call::Tool { name, .. }) = &asked.method else { return asked.to.refuse(Fault::Internal) };
    let outcome = calls::error_outcome(error);
    calls::note(&scene.context, Used::own(name), clock::now(), outcome, Some(error), Counts::default());
    relay::failed(call, &asked.to, error)
}

/// Answers a search: it tells what a list does, and so wants what a list wants.
async fn search(
    scene: &Scene,
    shown: &Shown,
    server: &str,
    asked: &Asked,
    arguments: &Map<String, Value>,
) -> Result<Reply, Problem> {
    let (context, principal, started) = (&scene.context, &scene.principal, clock::now());
    if let Err(problem) = principal.demand(TO_LIST) {
        return Ok(asked.to.refuse(in_band(problem)?));
    }
    let party = scene.party();
    let at_hand = locate::parts_at_hand(&party, shown).await;
    let sees = principal.rights().look();
    let view = View::new(&shown.endpoint, &at_hand);
    let catalogue = catalogue(scene, server, &view);
    let view = view.seen_by(Eyes::of(&sees));
    let mut to = asked.to.clone();
    to.server = view.server_info().cloned();
    let result = match Order::read(arguments) {
        Ok(order) => {
            let degraded = locate::degraded(shown, &at_hand).into_iter().map(|degraded| degraded.upstream).collect();
            let may_see = |place: usize| {
                let tool = catalogue.tools.get(place);
                tool.is_some_and(|tool| view.sees_tool(tool) && (tool.part.is_some() || reaches(scene, &tool.shown)))
            };
            let places = catalogue.index.find(&order.query, &may_see);
            let found: Vec<(&str, &Tool)> = places
                .into_iter()
                .filter_map(|place| catalogue.tools.get(place))
                .map(|tool| (tool.shown.as_str(), &*tool.tool))
                .collect();
            result::structured(&Page::of(&order, &found, degraded))
        }
        Err(problem) => result::failed(&format!("The call failed: {problem}.")),
    };
    calls::note(
        context,
        Used::own(FaceTool::Search.name()),
        started,
        if result.is_error { "bad_arguments" } else { "ok" },
        None,
        Counts::default(),
    );
    Ok(to.called(result))
}

/// Whether the caller's credential and role reach a tool of the gateway's own.
fn reaches(scene: &Scene, name: &str) -> bool {
    Own::named(name, &scene.principal).is_some()
}

/// The words of what the endpoint shows to anybody, from this isolate's memory while its listings are the same.
fn catalogue(scene: &Scene, server: &str, view: &View<'_>) -> Rc<Catalogue> {
    let key = (scene.principal.tenant().clone(), server.to_owned());
    let kept = CATALOGUES.with_borrow_mut(|catalogues| catalogues.get(&key).map(Rc::clone));
    if let Some(kept) = kept.filter(|kept| kept.is_of(view)) {
        return kept;
    }
    for left_out in view.left_out() {
        let reason = format!("its tool {} is not shown at /mcp/{server}: {}", left_out.own, left_out.reason);
        let (tenant, upstream) = (scene.principal.tenant().clone(), left_out.upstream);
        scene.context.log(&Event::UpstreamDegraded { tenant, upstream, reason });
    }
    let tools = view.shown_tools(tools::every_own_definition());
    let index = Index::build(tools.iter().map(|tool| (tool.shown.as_str(), &*tool.tool)));
    let listings = view.parts().iter().map(|part| part.listing.clone()).collect();
    let made = Rc::new(Catalogue { endpoint: view.endpoint().clone(), listings, index, tools });
    CATALOGUES.with_borrow_mut(|catalogues| catalogues.put(key, Rc::clone(&made)));
    made
}

impl Catalogue {
    fn is_of(&self, view: &View<'_>) -> bool {
        let same = |(kept, part): (&Option<Rc<Listing>>, &Part)| match (kept, &part.listing) {
            (Some(kept), Some(listing)) => Rc::ptr_eq(kept, listing),
            (None, None) => true,
            _ => false,
        };
        self.endpoint == *view.endpoint()
            && self.listings.len() == view.parts().len()
            && self.listings.iter().zip(view.parts()).all(same)
    }
}
