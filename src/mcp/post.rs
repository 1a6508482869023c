//! A whole POST: one message, or a batch.

use super::era::{Era, LegacyRevision};
use super::headers::RequestHeaders;
use super::message::{Answer, Envelope, Notification, RequestId};
use super::refusal::{BatchProblem, Fault, Refusal};
use crate::json::{self, REQUEST_CAPS};
use serde_json::{Map, Value};

/// Most messages in a batch.
pub const LONGEST_BATCH: usize = 16;

/// What a client posted.
#[derive(Clone, Debug, PartialEq)]
pub enum Post {
    /// One message.
    Single(Message),
    /// An array of messages: 2025-03-26 only, at most [`LONGEST_BATCH`], no `initialize`, no two requests with one id,
    /// no answers among requests. The edge answers each in order and joins the replies.
    Batch(Vec<Message>),
}

/// A message whose shape and revision are known.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// A request, to be answered with its id.
    Request(Request),
    /// A notification. Outside a session it means nothing: a client cannot cancel a call by naming its id.
    Notification(Notification),
    /// An answer to a request of the server, in the legacy revisions only. Outside a session there was none.
    Answer(Answer),
}

/// A request whose method is not yet read.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Its id.
    pub id: RequestId,
    /// The revision it speaks.
    pub era: Era,
    /// The method as the client wrote it.
    pub method: String,
    /// The parameters; an absent member is `{}`.
    pub params: Map<String, Value>,
}

/// Reads a POST outside any session: [`parse_in`] with [`LegacyRevision::ASSUMED`].
pub fn parse(headers: &RequestHeaders, body: &[u8]) -> Result<Post, Refusal> {
    parse_in(LegacyRevision::ASSUMED, headers, body)
}

/// Reads a POST from its headers and its body, which is parsed strictly within [`REQUEST_CAPS`]. A message that names no
/// revision speaks the `assumed` one: that of its session.
///
/// 1. the media types (415, 406); 2. the body is JSON (413, 400); 3. each message has its shape; 4. its revision is
///    settled and its headers agree ([`Era`] tells the order); 5. an array is a batch this revision allows.
pub fn parse_in(assumed: LegacyRevision, headers: &RequestHeaders, body: &[u8]) -> Result<Post, Refusal> {
    headers.check_media_types().map_err(Refusal::anonymous)?;
    let document = json::parse(body, REQUEST_CAPS).map_err(|error| Refusal::anonymous(error.into()))?;
    match document {
        Value::Array(items) => read_batch(headers, assumed, items).map(Post::Batch),
        item => read_message(headers, assumed, item).map(Post::Single),
    }
}

fn read_message(headers: &RequestHeaders, assumed: LegacyRevision, item: Value) -> Result<Message, Refusal> {
    match Envelope::read(item)? {
        Envelope::Request { id, method, params } => match Era::of_request(headers, assumed, &method, &params) {
            Ok(era) => Ok(Message::Request(Request { id, era, method, params })),
            Err(fault) => Err(Refusal { id: Some(id), fault }),
        },
        Envelope::Notification(notification) => match Era::of_header(headers, assumed) {
            Ok(_) => Ok(Message::Notification(notification)),
            Err(fault) => Err(Refusal::anonymous(fault)),
        },
        Envelope::Answer(answer) => match Era::of_header(headers, assumed) {
            Ok(Era::Legacy(_)) => Ok(Message::Answer(answer)),
            Ok(Era::Modern) => Err(Refusal::anonymous(Fault::UnexpectedAnswer)),
            Err(fault) => Err(Refusal::anonymous(fault)),
        },
    }
}

/// A batch is taken or refused as a whole.
fn read_batch(headers: &RequestHeaders, assumed: LegacyRevision, items: Vec<Value>) -> Result<Vec<Message>, Refusal> {
    let refuse = |problem| Err(Refusal::anonymous(Fault::Batch(problem)));
    if Era::of_header(headers, assumed).map_err(Refusal::anonymous)? != Era::Legacy(LegacyRevision::V2025_03_26) {
        return refuse(BatchProblem::NotInThisRevision);
    }
    match items.len() {
        0 => return refuse(BatchProblem::Empty),
        1..=LONGEST_BATCH => {}
        _ => return refuse(BatchProblem::TooLong { most: LONGEST_BATCH }),
    }
    let mut messages = Vec::with_capacity(items.len());
    let mut ids = std::collections::HashSet::new();
    for item in items {
        // No single id stands for a batch, so its refusal has none.
        let message = read_message(headers, assumed, item).map_err(|refusal| Refusal::anonymous(refusal.fault))?;
        match &message {
            Message::Request(request) if request.method == "initialize" => return refuse(BatchProblem::Initialize),
            Message::Request(request) if !ids.insert(request.id.clone()) => return refuse(BatchProblem::RepeatedId),
            _ => messages.push(message),
        }
    }
    let answers = messages.iter().filter(|message| matches!(message, Message::Answer(_))).count();
    if answers != 0 && answers != messages.len() {
        return refuse(BatchProblem::Mixed);
    }
    Ok(messages)
}
