//! Serving one request of the protocol, in or outside a session: what is gathered, what is decided, what is run.

use super::admission::Principal;
use super::context::Context;
use super::mcp::{Posted, Served, in_band};
use super::mcp_face::{self, Faced};
use super::mcp_work::Work;
use super::tenant;
use super::tenant::Shown;
use super::upstreams::Party;
use super::{locate, mcp_call, mcp_listen, mcp_session, tools};
use crate::api::problem::Problem;
use crate::catalogue::eyes::Eyes;
use crate::catalogue::view::View;
use crate::mcp::method::{Call, ListKind, Method};
use crate::mcp::refusal::Fault;
use crate::mcp::reply::{Addressee, Degraded, INSTRUCTIONS, Reply};
use crate::mcp::session::Session;
use crate::mcp::ticket::Place;
use crate::mcp::turn::Asked;
use crate::scope::TO_LIST;
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
    /// The name of that session's object.
    pub session_name: Option<String>,
    /// The object that holds its call open while its client gathers input.
    pub held: Option<String>,
}

impl Scene {
    /// On whose behalf upstreams are asked.
    pub fn party(&self) -> Party {
        Party { session: self.session_name.clone(), ..tenant::party(&self.context, &self.principal) }
    }
}

/// What must be done for a request.
pub enum Prepared {
    /// Nothing: this is the reply.
    Reply(Reply),
    /// This work, whose client may hear of it before it ends.
    Work(Work),
    /// It must be served in an object.
    Elsewhere(Box<Elsewhere>),
    /// Legacy: the session subscribes to a resource that is there, or no longer.
    Watch {
        /// The resource, as the client names it.
        uri: String,
        /// False to stop.
        wanted: bool,
    },
}

/// A request that must be served in an object.
pub struct Elsewhere {
    scene: Scene,
    object: Object,
}

/// The object that serves a request.
pub enum Object {
    /// A new session's.
    Session,
    /// One that holds a call, a new one unless it is named.
    Held(Option<String>),
}

impl Elsewhere {
    /// Of this request, in that object.
    pub fn new(scene: Scene, object: Object) -> Box<Self> {
        Box::new(Self { scene, object })
    }

    /// Has it served there.
    pub async fn go(self, posted: &Posted) -> Result<Served, Problem> {
        match self.object {
            Object::Session => mcp_session::open(&self.scene, posted).await,
            Object::Held(object) => mcp_session::hold(&self.scene, object, posted).await,
        }
    }
}

/// Gathers what a request needs and decides what must be done.
///
/// 1. the endpoint is there (404); 2. it has the method (a call of a tool asks nobody for that); 3. the token may do it (403);
///    4. the parameters are right; 5. what they name is there.
pub async fn prepare(scene: Scene, posted: &Rc<Posted>, asked: Asked) -> Result<Prepared, Problem> {
    if let Method::Call(Call::Tool { .. }) = &asked.method {
        return match Box::pin(mcp_face::face(&scene, asked)).await? {
            Faced::Asked(asked) => mcp_call::call(scene, posted, *asked).await,
            Faced::Reply(reply) => Ok(Prepared::Reply(reply)),
        };
    }
    let Scene { context, principal, place, .. } = &scene;
    let shown = tenant::shown(context, principal, place.server.as_deref()).await?;
    let party = scene.party();
    let at_hand = match &asked.method {
        Method::List(_) | Method::Initialize { .. } | Method::Discover => {
            locate::parts(context, principal, &party, &shown).await
        }
        _ => locate::parts_at_hand(&party, &shown).await,
    };
    let rights = Rc::clone(principal.rights());
    let sees = rights.look();
    let view = View::new(&shown.endpoint, &at_hand).seen_by(Eyes::of(&sees));
    let (offered, mut to) = (view.offered(), asked.to.clone());
    to.server = view.server_info().cloned();
    if !asked.method.family().is_offered(&offered) {
        return Ok(Prepared::Reply(to.refuse(Fault::MethodNotFound)));
    }
    let tells = matches!(asked.method, Method::List(_) | Method::Subscribe { .. } | Method::Listen(_));
    if let (true, Err(problem)) = (tells, principal.demand(TO_LIST)) {
        return Ok(Prepared::Reply(to.refuse(in_band(problem)?)));
    }
    let instructions = view.instructions().unwrap_or(INSTRUCTIONS);
    let reply = match asked.method {
        Method::Initialize { ref client, .. }
            if scene.session.is_none() && (client.answers() || offered.needs_session() || offered.announces()) =>
        {
            return Ok(Prepared::Elsewhere(Elsewhere::new(scene, Object::Session)));
        }
        Method::Initialize { negotiated, .. } => to.initialize(negotiated, offered, instructions),
        Method::Discover => to.discover(offered, instructions),
        Method::List(kind) => listed(&to, kind, (&view, principal, &shown), &locate::degraded(&shown, &at_hand)),
        Method::Subscribe { ref uri, wanted } => {
            return Ok(match (&scene.session, exists(&view, uri)) {
                (None, _) => Prepared::Reply(to.refuse(Fault::NoSession)),
                (Some(_), true) => Prepared::Watch { uri: uri.clone(), wanted },
                (Some(_), false) => Prepared::Reply(to.refuse(Fault::UnknownResource { uri: uri.clone() })),
            });
        }
        Method::SetLevel(_) => to.refuse(Fault::NoSession),
        Method::Malformed { fault, .. } => to.refuse(fault),
        Method::Ping => to.done(),
        Method::Listen(filter) => {
            return Ok(Prepared::Work(mcp_listen::work(scene, to, filter.kept_by(&offered), shown)));
        }
        Method::Call(_) => return mcp_call::call(scene, posted, asked).await,
    };
    Ok(Prepared::Reply(reply))
}

fn listed(
    to: &Addressee,
    kind: ListKind,
    (view, principal, shown): (&View<'_>, &Principal, &Shown),
    degraded: &[Degraded],
) -> Reply {
    match kind {
        ListKind::Tools => {
            to.tools(view.listed_tools(&tools::own_definitions(principal, shown), mcp_face::definitions()), degraded)
        }
        ListKind::Prompts => to.list(kind, &view.prompts(), degraded),
        ListKind::Resources => to.list(kind, &view.resources(), degraded),
        ListKind::ResourceTemplates => to.list(kind, &view.templates(), degraded),
    }
}

fn exists(view: &View<'_>, uri: &str) -> bool {
    matches!(view.find_resource(uri), crate::catalogue::view::Lookup::Found { .. })
}
