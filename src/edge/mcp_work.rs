//! A request of the protocol under way: a future that ends in a reply, and what it tells the client meanwhile.
//!
//! Whoever drives it decides how the client hears of that: on a stream, in a session, or not at all. Dropping it cancels the
//! request, at its upstream too.

use super::admission::Principal;
use super::context::Context;
use super::mcp::{Served, fault, http};
use super::mcp_stream::{self, TICK};
use super::timer::Timer;
use crate::api::problem::Problem;
use crate::mcp::notice::Notices;
use crate::mcp::question::Question;
use crate::mcp::refusal::INTERNAL_ERROR;
use crate::mcp::reply::{Addressee, Reply};
use crate::mcp::sse;
use crate::mcp::wire::RpcError;
use futures::channel::{mpsc, oneshot};
use futures::future::{Either, LocalBoxFuture, select};
use futures::stream::{self, Stream, StreamExt};
use futures::{FutureExt, pin_mut};
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{self, Poll};

/// What a client answered to a question.
pub type ClientAnswer = Result<Map<String, Value>, RpcError>;

/// The next thing that happens to a request. [`Step::Done`] is the last.
pub enum Step {
    /// It tells its client something.
    Notice(Vec<u8>),
    /// It asks its client something, and waits for the answer here.
    Question(Question, oneshot::Sender<ClientAnswer>),
    /// It ends.
    Done(Result<Reply, Problem>),
}

/// Who hears of a request. Another request may take it up where it waits for input; then that one's client is told.
#[derive(Clone, Debug)]
pub struct Audience {
    /// Where the reply goes.
    pub to: Addressee,
    /// Which notifications it hears.
    pub notices: Notices,
}

/// A request's way to its client.
#[derive(Clone)]
pub struct Client {
    steps: mpsc::UnboundedSender<Step>,
    audience: Rc<RefCell<Audience>>,
}

/// A request under way: a stream of its steps. Nothing runs before the first one is awaited.
pub struct Work {
    future: LocalBoxFuture<'static, Result<Reply, Problem>>,
    told: mpsc::UnboundedReceiver<Step>,
    ended: Option<Result<Reply, Problem>>,
    audience: Rc<RefCell<Audience>>,
}

impl Client {
    /// The way to a client that hears nothing before the reply.
    pub fn alone(audience: Audience) -> Self {
        Self { steps: mpsc::unbounded().0, audience: Rc::new(RefCell::new(audience)) }
    }

    /// Where the reply goes as things stand.
    pub fn to(&self) -> Addressee {
        self.audience.borrow().to.clone()
    }

    /// Tells a notification, if it is one the client hears.
    pub fn notify(&self, method: &str, params: Map<String, Value>) {
        let message = self.audience.borrow_mut().notices.relay(method, params);
        if let Some(message) = message {
            self.tell(message);
        }
    }

    /// Tells a message that is the client's without question.
    pub fn tell(&self, message: Vec<u8>) {
        // Nobody listens any more when the request is being dropped.
        let _ = self.steps.unbounded_send(Step::Notice(message));
    }

    /// Asks the client, and waits for what it says. A client that cannot be asked any more has failed to answer.
    pub async fn ask(&self, question: Question) -> ClientAnswer {
        let (answer, answered) = oneshot::channel();
        self.put(question, answer);
        answered.await.unwrap_or_else(|_| Err(Self::silence()))
    }

    /// What is said of a client that did not answer.
    pub fn silence() -> RpcError {
        RpcError { code: INTERNAL_ERROR, message: "The client did not answer".into(), data: None }
    }

    /// Asks the client, and has its answer sent there.
    pub fn put(&self, question: Question, answer: oneshot::Sender<ClientAnswer>) {
        let _ = self.steps.unbounded_send(Step::Question(question, answer));
    }
}

impl Work {
    /// Work for this audience.
    pub fn new<F>(audience: Audience, work: impl FnOnce(Client) -> F) -> Self
    where
        F: Future<Output = Result<Reply, Problem>> + 'static,
    {
        let (steps, told) = mpsc::unbounded();
        let audience = Rc::new(RefCell::new(audience));
        let client = Client { steps, audience: Rc::clone(&audience) };
        Self { future: work(client).boxed_local(), told, ended: None, audience }
    }

    /// The audience, for whoever changes it.
    pub fn audience(&self) -> Rc<RefCell<Audience>> {
        Rc::clone(&self.audience)
    }

    /// Runs to the end without telling anything, for a client that takes one message only.
    pub async fn reply(mut self) -> Result<Reply, Problem> {
        loop {
            match self.next().await {
                Some(Step::Done(reply)) => return reply,
                Some(_) => {}
                None => return Err(Problem::Internal("a request ended without a reply".into())),
            }
        }
    }
}

impl Stream for Work {
    type Item = Step;

    /// What is told comes before the end.
    fn poll_next(mut self: Pin<&mut Self>, waker: &mut task::Context<'_>) -> Poll<Option<Step>> {
        loop {
            if let Poll::Ready(Some(told)) = self.told.poll_next_unpin(waker) {
                return Poll::Ready(Some(told));
            }
            if let Some(ended) = self.ended.take() {
                return Poll::Ready(Some(Step::Done(ended)));
            }
            match self.future.poll_unpin(waker) {
                Poll::Ready(ended) => self.ended = Some(ended),
                // It may have told something before it began to wait.
                Poll::Pending => return self.told.poll_next_unpin(waker),
            }
        }
    }
}

/// Answers with one message when the work ends soon, and with a stream as soon as it tells something or takes longer than
/// [`TICK`]: a status can be chosen as long as nothing was sent, and only a stream finds out that its client is gone.
pub async fn answer(
    context: &Rc<Context>,
    principal: &Principal,
    to: Addressee,
    mut steps: impl Stream<Item = Step> + Unpin + 'static,
) -> Result<Served, Problem> {
    let first = loop {
        match soon(&mut steps).await {
            Some(Step::Done(reply)) => return reply.map(|reply| Served::Reply(http(reply))),
            Some(Step::Notice(message)) => break sse::event(None, &message),
            // A client outside a session is never asked: whoever asks is told so.
            Some(Step::Question(..)) => {}
            None => break sse::COMMENT.to_vec(),
        }
    };
    let rest = stream::unfold(Some(steps), move |steps| {
        let to = to.clone();
        async move { next_event(steps?, &to).await }
    });
    let events = stream::once(std::future::ready(first)).chain(rest);
    mcp_stream::response(context, principal, events).map(Served::Response)
}

/// The next step; `None` when it takes too long.
pub async fn soon(steps: &mut (impl Stream<Item = Step> + Unpin)) -> Option<Step> {
    let (step, patience) = (steps.next(), Timer::from(TICK));
    pin_mut!(step, patience);
    match select(step, patience).await {
        Either::Left((step, _)) => step,
        Either::Right(_) => None,
    }
}

async fn next_event<S: Stream<Item = Step> + Unpin>(mut steps: S, to: &Addressee) -> Option<(Vec<u8>, Option<S>)> {
    loop {
        match steps.next().await? {
            Step::Notice(message) => return Some((sse::event(None, &message), Some(steps))),
            Step::Question(..) => {}
            Step::Done(reply) => {
                let body = settled(reply, to).body.unwrap_or_default();
                return Some((sse::event(None, &body), None));
            }
        }
    }
}

/// The reply of work whose client already reads a stream: what HTTP would have said is said inside the protocol.
pub fn settled(reply: Result<Reply, Problem>, to: &Addressee) -> Reply {
    reply.unwrap_or_else(|problem| to.refuse(fault(&problem)))
}
