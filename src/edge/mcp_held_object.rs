//! The `McpHeld` Durable Object: one call of a client without sessions to an upstream with them. The upstream asks on the
//! stream of its answer, which stays open here; the client gets the question as a result, gathers the input, and comes back
//! with a request of its own.
//!
//! Nothing is stored. A call that nobody comes back to is cancelled after the life of its state; so is one whose object the
//! platform moves meanwhile, and its client is told that its state is not valid.

use super::incoming::{self, header};
use super::mcp::{Posted, Served, http, refuse};
use super::mcp_face::{self, Faced};
use super::mcp_object::{respond, scene, surroundings, traced};
use super::mcp_serve::{Prepared, Scene, prepare};
use super::mcp_session::HELD;
use super::mcp_stream;
use super::mcp_work::{ClientAnswer, Step, Work, settled, soon};
use super::spans;
use super::timer::{Timer, within};
use super::{clock, random};
use crate::api::problem::Problem;
use crate::entropy::purpose::Purpose;
use crate::mcp::method::{Call, Method};
use crate::mcp::notice::Notices;
use crate::mcp::post::{self, Post};
use crate::mcp::question::{MOST_QUESTIONS, Question};
use crate::mcp::refusal::{Fault, ParamsProblem};
use crate::mcp::reply::{Addressee, Reply};
use crate::mcp::sse;
use crate::mcp::ticket::{self, Resume, STATE_LIFE};
use crate::mcp::turn::{Asked, Turn};
use crate::time::Lifetime;
use futures::channel::oneshot;
use futures::stream::{self, StreamExt};
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;
use worker::wasm_bindgen_futures::spawn_local;
use worker::{DurableObject, Env, Request, Response, Result, State, durable_object, wasm_bindgen};

/// How long to wait for another question after one.
const MORE_QUESTIONS: Lifetime = Lifetime::from_millis(50);

/// See above.
#[durable_object]
pub struct McpHeld {
    env: Env,
    call: Rc<RefCell<Option<HeldCall>>>,
}

/// A call that waits for its client.
struct HeldCall {
    work: Work,
    questions: BTreeMap<String, (Question, oneshot::Sender<ClientAnswer>)>,
    asked: u32,
    /// What came while questions were gathered.
    later: Option<Step>,
    scene: Scene,
    call: Call,
    object: String,
}

/// What becomes of a call next.
enum Next {
    Tell(Vec<u8>),
    Quiet,
    End(std::result::Result<Reply, Problem>),
    Ask,
}

impl DurableObject for McpHeld {
    fn new(_: State, env: Env) -> Self {
        Self { env, call: Rc::default() }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        let request = Clone::clone(request.inner());
        let context = match surroundings(&self.env, &request) {
            Ok(context) => context,
            Err(response) => return response,
        };
        let object = header(&request, HELD).unwrap_or_default();
        let path = incoming::path(&request);
        let place = spans::Place::begin(&context.settings, &request);
        let serve = async {
            let served = match scene(&context, &request, Some(object.clone())).await {
                Ok(scene) => self.serve(scene, object, request).await,
                Err(problem) => Err(problem),
            };
            respond(&context, &path, served)
        };
        Box::pin(traced(&context, place, "mcp_held", serve)).await
    }
}

impl McpHeld {
    async fn serve(
        &self,
        scene: Scene,
        object: String,
        request: worker::web_sys::Request,
    ) -> std::result::Result<Served, Problem> {
        let body = incoming::body(&request).await?;
        let posted = Posted::new(request, body);
        let message = match post::parse(&posted.headers, &posted.body) {
            Ok(Post::Single(message)) => message,
            Ok(Post::Batch(_)) => return Ok(Served::Reply(refuse(Fault::Internal))),
            Err(refusal) => return Ok(Served::Reply(http(refusal.reply()))),
        };
        let asked = match message.turn() {
            Turn::Serve(asked) => *asked,
            Turn::Reply(reply) => return Ok(Served::Reply(http(reply))),
            Turn::Notice(_) | Turn::Answer(_) => return Ok(Served::Reply(http(Reply::ACCEPTED))),
        };
        let (context, principal, to) = (Rc::clone(&scene.context), scene.principal.clone(), asked.to.clone());
        let call = match self.begin(scene, object, &posted, asked).await? {
            Ok(call) => call,
            Err(reply) => return Ok(Served::Reply(http(reply))),
        };
        self.answer(call, &context, &principal, to).await
    }

    /// The call that this request takes up, or a new one.
    async fn begin(
        &self,
        scene: Scene,
        object: String,
        posted: &Rc<Posted>,
        asked: Asked,
    ) -> std::result::Result<std::result::Result<HeldCall, Reply>, Problem> {
        // A call that another tool's arguments carry is held as itself.
        let asked = match mcp_face::face(&scene, asked).await? {
            Faced::Asked(asked) => *asked,
            Faced::Reply(reply) => return Ok(Err(reply)),
        };
        let Method::Call(call) = &asked.method else { return Ok(Err(asked.to.refuse(Fault::MethodNotFound))) };
        if call.retry().is_some_and(|retry| retry.state.is_some()) {
            match self.take_up(&scene, &object, &asked) {
                Ok(Some(held)) => return Ok(Ok(held)),
                // What it was asked for before held no call open.
                Ok(None) => {}
                Err(fault) => return Ok(Err(asked.to.refuse(fault))),
            }
        }
        let (kept, call) = (scene.clone(), call.clone());
        Ok(match prepare(scene, posted, asked).await? {
            Prepared::Work(work) => {
                Ok(HeldCall { work, questions: BTreeMap::new(), asked: 0, later: None, scene: kept, call, object })
            }
            Prepared::Reply(reply) => Err(reply),
            Prepared::Elsewhere(_) | Prepared::Watch { .. } => return Err(Problem::Internal("held twice".into())),
        })
    }

    /// Takes up the held call for a request that brings its state, and gives the upstream the answers it brings; `None` for
    /// a state of no held call.
    fn take_up(&self, scene: &Scene, object: &str, asked: &Asked) -> std::result::Result<Option<HeldCall>, Fault> {
        let gone = || Fault::Params(ParamsProblem::RequestState);
        let Method::Call(call) = &asked.method else { return Err(gone()) };
        let state = call.retry().and_then(|retry| retry.state.as_deref()).ok_or_else(gone)?;
        match ticket::open_state(&scene.context.settings.root, &scene.place, state, call, clock::now())? {
            Resume::Held { object: named } if named == object => {}
            Resume::Held { .. } => return Err(gone()),
            Resume::Upstream { .. } | Resume::Approved => return Ok(None),
        }
        let mut held = self.call.borrow_mut().take().ok_or_else(gone)?;
        let audience = held.work.audience();
        let notices = Notices::new(asked.to.era, asked.meta.progress.clone(), asked.meta.log_level);
        audience.replace(super::mcp_work::Audience { to: asked.to.clone(), notices });
        let responses = call.retry().and_then(|retry| retry.responses.as_ref());
        for (key, response) in responses.into_iter().flatten() {
            if let (Some((_, asker)), Value::Object(response)) = (held.questions.remove(key), response) {
                let _ = asker.send(Ok(response.clone()));
            }
        }
        Ok(Some(held))
    }

    /// Answers with one message when the call ends or asks soon, and with a stream otherwise.
    async fn answer(
        &self,
        mut held: HeldCall,
        context: &Rc<super::context::Context>,
        principal: &super::admission::Principal,
        to: Addressee,
    ) -> std::result::Result<Served, Problem> {
        // A client that did not bring every answer is asked again.
        if !held.questions.is_empty() {
            return Ok(Served::Reply(http(self.hold(held, &to))));
        }
        let first = match held.next().await {
            Next::End(reply) => return reply.map(|reply| Served::Reply(http(reply))),
            Next::Ask => return Ok(Served::Reply(http(self.hold(held, &to)))),
            Next::Tell(message) => sse::event(None, &message),
            Next::Quiet => sse::COMMENT.to_vec(),
        };
        let kept = Rc::clone(&self.call);
        let rest = stream::unfold(Some(held), move |held| {
            let (to, kept) = (to.clone(), Rc::clone(&kept));
            async move {
                let mut held = held?;
                Some(match held.next().await {
                    Next::Tell(message) => (sse::event(None, &message), Some(held)),
                    Next::Quiet => (sse::COMMENT.to_vec(), Some(held)),
                    Next::End(reply) => (sse::event(None, &settled(reply, &to).body.unwrap_or_default()), None),
                    Next::Ask => (sse::event(None, &hold(&kept, held, &to).body.unwrap_or_default()), None),
                })
            }
        });
        let events = stream::once(std::future::ready(first)).chain(rest);
        mcp_stream::response(context, principal, events).map(Served::Response)
    }

    fn hold(&self, held: HeldCall, to: &Addressee) -> Reply {
        hold(&self.call, held, to)
    }
}

impl HeldCall {
    async fn next(&mut self) -> Next {
        let step = match self.later.take() {
            Some(step) => Some(step),
            None => soon(&mut self.work).await,
        };
        match step {
            Some(Step::Done(reply)) => Next::End(reply),
            Some(Step::Notice(message)) => Next::Tell(message),
            Some(Step::Question(question, asker)) => {
                self.put(question, asker);
                self.gather().await;
                Next::Ask
            }
            None => Next::Quiet,
        }
    }

    fn put(&mut self, question: Question, asker: oneshot::Sender<ClientAnswer>) {
        if self.questions.len() < MOST_QUESTIONS {
            self.asked += 1;
            self.questions.insert(format!("input_{}", self.asked), (question, asker));
        }
    }

    /// Waits a moment for more questions: an upstream that asks several at once sends them one after the other.
    async fn gather(&mut self) {
        while self.later.is_none() {
            match within(Some(MORE_QUESTIONS), self.work.next()).await {
                Some(Some(Step::Question(question, asker))) => self.put(question, asker),
                Some(later) => self.later = later,
                None => return,
            }
        }
    }
}

/// Keeps a call until its client comes back; what the client is told.
fn hold(kept: &Rc<RefCell<Option<HeldCall>>>, held: HeldCall, to: &Addressee) -> Reply {
    let requests: Map<String, Value> =
        held.questions.iter().map(|(key, (question, _))| (key.clone(), question.input_request())).collect();
    let Scene { context, place, .. } = &held.scene;
    let resume = Resume::Held { object: held.object.clone() };
    let nonce = random::bytes(Purpose::McpSealed);
    let state = ticket::seal_state(&context.settings.root, place, resume, &held.call, clock::now(), nonce);
    match state {
        Ok(state) => {
            let asked = held.asked;
            kept.replace(Some(held));
            spawn_local(forget(Rc::clone(kept), asked));
            to.input_required(requests, state)
        }
        Err(fault) => to.refuse(fault),
    }
}

/// Cancels a call whose client did not come back.
async fn forget(kept: Rc<RefCell<Option<HeldCall>>>, asked: u32) {
    Timer::from(Duration::from_millis(STATE_LIFE.millis())).await;
    let unanswered = kept.borrow().as_ref().is_some_and(|held| held.asked == asked);
    if unanswered {
        kept.take();
    }
}
