//! The memory of a session's object: the streams to its client, the questions the client has not answered, and the requests
//! it may still cancel. It dies with the object; what must live longer is stored (see [`super::mcp_session_object`]).

use super::clock;
use super::mcp_work::{ClientAnswer, Step, settled};
use crate::mcp::message::{Answer, RequestId};
use crate::mcp::outbox::{EventId, Missed, Outbox, StreamId};
use crate::mcp::question::Question;
use crate::mcp::reply::Addressee;
use futures::channel::{mpsc, oneshot};
use futures::future::{Either, select};
use futures::stream::{Stream, StreamExt};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

/// Most questions to the client that wait for an answer.
const MOST_WAITING: usize = 256;

/// See above.
#[derive(Default)]
pub struct Desk {
    outbox: RefCell<Outbox>,
    /// Where the events of a stream go while its client is connected to it.
    lines: RefCell<HashMap<StreamId, mpsc::UnboundedSender<Vec<u8>>>>,
    questions: RefCell<HashMap<RequestId, oneshot::Sender<ClientAnswer>>>,
    asked: Cell<i64>,
    running: RefCell<HashMap<RequestId, oneshot::Sender<()>>>,
    /// The streams that belong to no request, the newest last.
    own: RefCell<Vec<StreamId>>,
}

/// The end of a connection to a stream: first what was missed, then what comes.
pub struct Connection {
    /// What the client has not seen.
    pub missed: Missed,
    /// What comes. It ends with the stream.
    pub line: mpsc::UnboundedReceiver<Vec<u8>>,
}

impl Desk {
    /// Opens a stream for a request, and connects its client to it.
    pub fn open(&self) -> (StreamId, mpsc::UnboundedReceiver<Vec<u8>>) {
        let stream = self.outbox.borrow_mut().open(clock::now());
        (stream, self.connect(stream))
    }

    /// Connects the client to a stream that belongs to no request: what was never sent comes first.
    pub fn open_own(&self) -> (StreamId, Connection) {
        let unsent = self.own.borrow().iter().rev().find_map(|own| self.outbox.borrow_mut().unsent(*own));
        let missed = unsent.unwrap_or(Missed { events: Vec::new(), ended: false });
        let (stream, line) = self.open();
        self.own.borrow_mut().push(stream);
        (stream, Connection { missed, line })
    }

    /// Connects the client to a stream again; `None` when the stream is gone.
    pub fn resume(&self, last: EventId) -> Option<Connection> {
        let missed = self.outbox.borrow_mut().after(last)?;
        let line = self.connect(last.stream);
        if missed.ended {
            self.lines.borrow_mut().remove(&last.stream);
        }
        Some(Connection { missed, line })
    }

    fn connect(&self, stream: StreamId) -> mpsc::UnboundedReceiver<Vec<u8>> {
        let (sender, line) = mpsc::unbounded();
        self.lines.borrow_mut().insert(stream, sender);
        line
    }

    fn is_connected(&self, stream: StreamId) -> bool {
        self.lines.borrow().get(&stream).is_some_and(|line| !line.is_closed())
    }

    /// Sends a message on a stream, or keeps it until the client comes back.
    pub fn say(&self, stream: StreamId, message: &[u8]) {
        let connected = self.is_connected(stream);
        let event = self.outbox.borrow_mut().push(stream, message, connected);
        if let (Some(event), Some(line)) = (event, self.lines.borrow().get(&stream)) {
            // A client that has just gone gets it when it comes back.
            let _ = line.unbounded_send(event);
        }
    }

    /// Sends a message that belongs to no request: on the newest of those streams that somebody reads. It is kept when
    /// nobody does, and lost when nobody ever did.
    pub fn announce(&self, message: &[u8]) {
        let connected = self.own.borrow().iter().rev().find(|own| self.is_connected(**own)).copied();
        if let Some(stream) = connected.or_else(|| self.own.borrow().last().copied()) {
            self.say(stream, message);
        }
    }

    /// Whether the client reads a stream that belongs to no request.
    pub fn is_heard(&self) -> bool {
        self.own.borrow().iter().any(|own| self.is_connected(*own))
    }

    /// Asks the client on a stream.
    pub fn ask(&self, stream: StreamId, question: &Question, answer: oneshot::Sender<ClientAnswer>) {
        if let Some(message) = self.number(question, answer) {
            self.say(stream, &message);
        }
    }

    /// Too many open questions: the one who asks is told that there is no answer.
    fn number(&self, question: &Question, answer: oneshot::Sender<ClientAnswer>) -> Option<Vec<u8>> {
        let mut questions = self.questions.borrow_mut();
        questions.retain(|_, waiting| !waiting.is_canceled());
        if questions.len() >= MOST_WAITING {
            return None;
        }
        let id = RequestId::Number(self.asked.get());
        self.asked.set(self.asked.get() + 1);
        let message = question.message(&id);
        questions.insert(id, answer);
        Some(message)
    }

    /// Takes the client's answer to a question. An answer to none is dropped.
    pub fn answered(&self, answer: Answer) {
        let asker = answer.id.and_then(|id| self.questions.borrow_mut().remove(&id));
        if let Some(asker) = asker {
            let _ = asker.send(answer.outcome);
        }
    }

    /// Notes that a request runs; what comes back says when its client cancels it.
    pub fn begin(&self, id: &RequestId) -> oneshot::Receiver<()> {
        let (cancel, cancelled) = oneshot::channel();
        self.running.borrow_mut().insert(id.clone(), cancel);
        cancelled
    }

    /// Notes that a request has ended.
    pub fn ended(&self, id: &RequestId) {
        self.running.borrow_mut().remove(id);
    }

    /// Cancels a request; one that does not run is not there to be cancelled.
    pub fn cancel(&self, id: &RequestId) {
        if let Some(cancel) = self.running.borrow_mut().remove(id) {
            let _ = cancel.send(());
        }
    }

    /// Lets go of everything: streams end, requests are cancelled, questions have no answer.
    pub fn clear(&self) {
        self.running.borrow_mut().clear();
        self.questions.borrow_mut().clear();
        self.lines.borrow_mut().clear();
        self.own.borrow_mut().clear();
        self.outbox.take();
    }

    /// Does a request's remaining work and tells its client on this stream. The client that loses the connection does not
    /// cancel it; one that says so does, and then nothing more is sent.
    pub async fn run(
        self: Rc<Self>,
        stream: StreamId,
        to: Addressee,
        first: Option<Step>,
        mut steps: impl Stream<Item = Step> + Unpin,
        mut cancelled: oneshot::Receiver<()>,
    ) {
        let mut next = first;
        loop {
            let step = match next.take() {
                Some(step) => step,
                None => match select(steps.next(), &mut cancelled).await {
                    Either::Left((Some(step), _)) => step,
                    Either::Left((None, _)) | Either::Right(_) => break,
                },
            };
            match step {
                Step::Notice(message) => self.say(stream, &message),
                Step::Question(question, answer) => self.ask(stream, &question, answer),
                Step::Done(reply) => {
                    self.say(stream, &settled(reply, &to).body.unwrap_or_default());
                    break;
                }
            }
        }
        self.ended(&to.id);
        self.outbox.borrow_mut().end(stream, clock::now());
        self.lines.borrow_mut().remove(&stream);
    }
}
