//! The `McpSession` Durable Object: one session of a client that needs one. It exists because such a client answers
//! questions of servers, and its answers come as requests of their own, at any isolate.
//!
//! What the client agreed on, wants to hear of and is subscribed to is stored; streams and requests under way live in memory
//! ([`super::mcp_desk`]). Requests come from isolates that have checked the session's id and taken a call; the object
//! verifies the token itself.

use super::admission;
use super::clock;
use super::context::{self, Context};
use super::incoming::{self, header};
use super::mcp::{self, Posted, SESSION, Served, http, refuse};
use super::mcp_desk::{Connection, Desk};
use super::mcp_listen::{self, SessionClient};
use super::mcp_object::{respond, scene, surroundings, traced};
use super::mcp_serve::{Prepared, Scene, prepare};
use super::mcp_stream;
use super::mcp_work::{Step, Work, soon};
use super::spans;
use super::timer::Timer;
use crate::api::problem::Problem;
use crate::api::reply::Reply as HttpReply;
use crate::mcp::message::{Notification, RequestId};
use crate::mcp::method::Method;
use crate::mcp::notice;
use crate::mcp::outbox::{EventId, Outbox};
use crate::mcp::post::{self, Message, Post};
use crate::mcp::refusal::{Fault, ParamsProblem};
use crate::mcp::reply::{Addressee, Reply};
use crate::mcp::session::{IDLE, Session};
use crate::mcp::sse;
use crate::mcp::turn::{Asked, Turn};
use crate::time::Lifetime;
use futures::channel::oneshot;
use futures::future::{Either, select};
use futures::pin_mut;
use futures::stream::{self, StreamExt};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use worker::wasm_bindgen_futures::spawn_local;
use worker::{DurableObject, Env, Request, Response, Result, State, durable_object, wasm_bindgen};

/// Where the session is stored.
const STORED: &str = "session";
/// How long a client whose stream broke off waits before it comes back.
const COME_BACK: Lifetime = Lifetime::from_seconds(1);
/// How long nobody may read what is listened to.
const UNHEARD: Duration = Duration::from_secs(30);
/// The part of the gateway this is, in a problem document.
const PART: &str = "the session";

/// See above.
#[durable_object]
pub struct McpSession {
    state: State,
    env: Env,
    session: RefCell<Option<Session>>,
    desk: Rc<Desk>,
    /// Whoever listens to the upstreams stops when this is dropped.
    listening: RefCell<Option<oneshot::Sender<()>>>,
}

impl DurableObject for McpSession {
    fn new(state: State, env: Env) -> Self {
        Self { state, env, session: RefCell::new(None), desk: Rc::default(), listening: RefCell::new(None) }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        let request = Clone::clone(request.inner());
        let context = match surroundings(&self.env, &request) {
            Ok(context) => context,
            Err(response) => return response,
        };
        let path = incoming::path(&request);
        let place = spans::Place::begin(&context.settings, &request);
        let serve = async { respond(&context, &path, self.serve(&context, request).await) };
        Box::pin(traced(&context, place, "mcp_session", serve)).await
    }

    async fn alarm(&self) -> Result<Response> {
        if let Some(session) = self.known().await? {
            let now = clock::now();
            if session.is_over(now) {
                self.close().await?;
            } else {
                self.state.storage().set_alarm(left(&session)).await?;
            }
        }
        Response::empty()
    }
}

/// How long a session still lives without a request.
fn left(session: &Session) -> Duration {
    Duration::from_millis(session.used_at.plus(IDLE).since(clock::now()).millis())
}

impl McpSession {
    async fn serve(
        &self,
        context: &Rc<Context>,
        request: worker::web_sys::Request,
    ) -> std::result::Result<Served, Problem> {
        let failed = context::unavailable(PART);
        let mut scene = scene(context, &request, None).await?;
        scene.session = self.known().await.map_err(&failed)?;
        let Some(session) = scene.session.clone() else {
            return if request.method() == "POST" { self.open(scene, request).await } else { Ok(unknown()) };
        };
        match request.method().as_str() {
            "POST" => {
                self.touch().await.map_err(&failed)?;
                let body = incoming::body(&request).await?;
                self.posted(scene, session, Posted::new(request, body)).await
            }
            "GET" => self.stream(&scene, &session, &request),
            _ => {
                self.close().await.map_err(&failed)?;
                Ok(Served::Reply(HttpReply::empty(204)))
            }
        }
    }

    /// A handshake opens the session; anything else names one that is not there.
    async fn open(&self, scene: Scene, request: worker::web_sys::Request) -> std::result::Result<Served, Problem> {
        let id = header(&request, SESSION).unwrap_or_default();
        let body = incoming::body(&request).await?;
        let posted = Posted::new(request, body);
        let Ok(Post::Single(message)) = post::parse(&posted.headers, &posted.body) else { return Ok(unknown()) };
        let Turn::Serve(asked) = message.turn() else { return Ok(unknown()) };
        let Method::Initialize { negotiated, client } = &asked.method else { return Ok(unknown()) };
        let session = Session::open(*negotiated, client.clone(), clock::now());
        self.store(&session).await.map_err(context::unavailable(PART))?;
        self.state.storage().set_alarm(left(&session)).await.map_err(context::unavailable(PART))?;
        let scene = Scene { session: Some(session), ..scene };
        match prepare(scene, &posted, *asked).await? {
            Prepared::Reply(reply) => Ok(Served::Reply(http(reply).with("mcp-session-id", id))),
            Prepared::Work(_) | Prepared::Elsewhere(_) | Prepared::Watch { .. } => Ok(unknown()),
        }
    }

    async fn posted(&self, scene: Scene, session: Session, posted: Rc<Posted>) -> std::result::Result<Served, Problem> {
        match post::parse_in(session.revision, &posted.headers, &posted.body) {
            Err(refusal) => Ok(Served::Reply(http(refusal.reply()))),
            Ok(Post::Single(message)) => match self.here(message).await? {
                Ok(asked) => self.asked(scene, &session, &posted, asked).await,
                Err(reply) => Ok(Served::Reply(http(reply))),
            },
            Ok(Post::Batch(messages)) => self.batch(&scene, &posted, messages).await,
        }
    }

    /// The request of a message. Any other message is dealt with here.
    async fn here(&self, message: Message) -> std::result::Result<std::result::Result<Asked, Reply>, Problem> {
        let failed = context::unavailable(PART);
        let asked = match message.turn() {
            Turn::Serve(asked) => *asked,
            Turn::Reply(reply) => return Ok(Err(reply)),
            Turn::Notice(notification) => {
                self.noticed(&notification);
                return Ok(Err(Reply::ACCEPTED));
            }
            Turn::Answer(answer) => {
                self.desk.answered(answer);
                return Ok(Err(Reply::ACCEPTED));
            }
        };
        match &asked.method {
            Method::SetLevel(level) => {
                self.change(|session| session.log_level = Some(*level)).await.map_err(failed)?;
                Ok(Err(asked.to.done()))
            }
            _ => Ok(Ok(asked)),
        }
    }

    fn noticed(&self, notification: &Notification) {
        if notification.method == "notifications/cancelled"
            && let Some(id) = notification.params.get("requestId").and_then(RequestId::read)
        {
            self.desk.cancel(&id);
        }
    }

    async fn batch(
        &self,
        scene: &Scene,
        posted: &Rc<Posted>,
        messages: Vec<Message>,
    ) -> std::result::Result<Served, Problem> {
        let mut replies = Vec::with_capacity(messages.len());
        for (index, message) in messages.into_iter().enumerate() {
            if index > 0
                && let Err(problem) = scene.principal.another(&scene.context).await
            {
                if let Message::Request(request) = message {
                    replies.push(request.addressee().refuse(mcp::fault(&problem)));
                }
                continue;
            }
            replies.push(match self.here(message).await? {
                Ok(asked) => mcp::whole(scene.clone(), posted, asked).await?,
                Err(reply) => reply,
            });
        }
        Ok(Served::Reply(http(Reply::batch(replies))))
    }

    async fn asked(
        &self,
        scene: Scene,
        session: &Session,
        posted: &Rc<Posted>,
        asked: Asked,
    ) -> std::result::Result<Served, Problem> {
        let (context, principal, to) = (Rc::clone(&scene.context), scene.principal.clone(), asked.to.clone());
        let kept = scene.clone();
        match prepare(scene, posted, asked).await? {
            Prepared::Reply(reply) => Ok(Served::Reply(http(reply))),
            Prepared::Elsewhere(_) => Ok(Served::Reply(http(to.refuse(Fault::Internal)))),
            Prepared::Work(work) => self.work(&context, &principal, session, to, work).await,
            Prepared::Watch { uri, wanted } => self.watch(kept, to, &uri, wanted).await,
        }
    }

    /// Subscribes to a resource, or no longer. Whoever listens for the session begins again with what is wanted now.
    async fn watch(
        &self,
        scene: Scene,
        to: Addressee,
        uri: &str,
        wanted: bool,
    ) -> std::result::Result<Served, Problem> {
        let mut room = true;
        self.change(|session| room = session.watch(uri, wanted)).await.map_err(context::unavailable(PART))?;
        if !room {
            return Ok(Served::Reply(http(to.refuse(Fault::Params(ParamsProblem::NotAShortList("uri"))))));
        }
        let session = self.session.borrow().clone();
        if let Some(session) = session.filter(|_| self.desk.is_heard()) {
            self.listen(Scene { session: Some(session.clone()), ..scene }, &session);
        }
        Ok(Served::Reply(http(to.done())))
    }

    /// Listens to the upstreams for the session, as long as its client reads a stream that belongs to no request.
    fn listen(&self, scene: Scene, session: &Session) {
        let (stop, stopped) = oneshot::channel::<()>();
        // Whoever listened before stops.
        self.listening.replace(Some(stop));
        let (filter, desk) = (session.filter(), Rc::clone(&self.desk));
        let listening = async move {
            let heard = Rc::clone(&desk);
            let asked = Rc::clone(&desk);
            let client = SessionClient {
                told: Rc::new(move |method, params| desk.announce(&notice::message(method, &params))),
                asked: Rc::new(move |question, answer| asked.ask_own(&question, answer)),
            };
            let listening = mcp_listen::for_session(&scene, filter, client);
            let deaf = async {
                while heard.is_heard() {
                    Timer::from(UNHEARD).await;
                }
            };
            pin_mut!(listening, deaf);
            select(select(listening, deaf), stopped).await;
        };
        spawn_local(spans::at(spans::here(), listening));
    }

    /// Like [`super::mcp_work::answer`], but the stream can be resumed, and the work goes on without its client.
    async fn work(
        &self,
        context: &Rc<Context>,
        principal: &admission::Principal,
        session: &Session,
        to: Addressee,
        mut work: Work,
    ) -> std::result::Result<Served, Problem> {
        let mut cancelled = self.desk.begin(&to.id);
        let first = {
            let step = soon(&mut work);
            pin_mut!(step);
            match select(step, &mut cancelled).await {
                Either::Left((first, _)) => first,
                // Nothing is said of a request that its client cancelled.
                Either::Right(_) => return Ok(Served::Reply(http(Reply::ACCEPTED))),
            }
        };
        if let Some(Step::Done(reply)) = first {
            self.desk.ended(&to.id);
            return reply.map(|reply| Served::Reply(http(reply)));
        }
        let (stream, line) = self.desk.open();
        let run = Rc::clone(&self.desk).run(stream, to, first, work, cancelled);
        spawn_local(spans::at(spans::here(), run));
        let begins = beginning(session, Outbox::beginning(stream));
        mcp_stream::response(context, principal, stream::iter(begins).chain(line)).map(Served::Response)
    }

    /// `GET`: the session's own stream, or one that broke off. One that is gone is an empty stream, because an error would
    /// have the client try again and again.
    fn stream(
        &self,
        scene: &Scene,
        session: &Session,
        request: &worker::web_sys::Request,
    ) -> std::result::Result<Served, Problem> {
        let respond = |begins: Option<Vec<u8>>, connection: Option<Connection>| {
            let (missed, line) = connection.map(|Connection { missed, line }| (missed.events, line)).unzip();
            let line = stream::iter(line).flatten();
            let events = stream::iter(begins).chain(stream::iter(missed.unwrap_or_default())).chain(line);
            mcp_stream::response(&scene.context, &scene.principal, events).map(Served::Response)
        };
        if let Some(last) = header(request, "last-event-id") {
            return respond(None, EventId::parse(&last).and_then(|last| self.desk.resume(last)));
        }
        let (stream, connection) = self.desk.open_own();
        self.listen(scene.clone(), session);
        respond(beginning(session, Outbox::beginning(stream)), Some(connection))
    }

    /// The session, unless it is over.
    async fn known(&self) -> Result<Option<Session>> {
        if self.session.borrow().is_none() {
            let stored: Option<String> = self.state.storage().get(STORED).await?;
            let session = stored.and_then(|text| serde_json::from_str(&text).ok());
            self.session.replace(session);
        }
        let session = self.session.borrow().clone();
        Ok(session.filter(|session| !session.is_over(clock::now())))
    }

    async fn store(&self, session: &Session) -> Result<()> {
        self.session.replace(Some(session.clone()));
        self.state.storage().put(STORED, serde_json::to_string(session)?).await
    }

    async fn change(&self, change: impl FnOnce(&mut Session)) -> Result<()> {
        let Some(mut session) = self.known().await? else { return Ok(()) };
        change(&mut session);
        self.store(&session).await
    }

    async fn touch(&self) -> Result<()> {
        let Some(mut session) = self.known().await? else { return Ok(()) };
        if session.touch(clock::now()) { self.store(&session).await } else { Ok(()) }
    }

    async fn close(&self) -> Result<()> {
        self.session.replace(None);
        self.listening.replace(None);
        self.desk.clear();
        self.state.storage().delete_alarm().await?;
        self.state.storage().delete_all().await
    }
}

/// The event a resumable stream begins with, where the client's revision has it.
fn beginning(session: &Session, id: EventId) -> Option<Vec<u8>> {
    session.primes().then(|| sse::priming(&id.to_string(), COME_BACK))
}

fn unknown() -> Served {
    Served::Reply(refuse(Fault::UnknownSession))
}
