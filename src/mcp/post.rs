//! A whole POST: one message, or a batch.

use super::era::{Era, LegacyRevision};
use super::headers::RequestHeaders;
use super::message::{Envelope, RequestId};
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
    /// A notification: accepted and dropped. A client cannot cancel a call by naming its id.
    Notification,
    /// An answer to a request this server never sent: accepted and dropped, in the legacy revisions only.
    Response,
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

/// Reads a POST from its headers and its body, which is parsed strictly within [`REQUEST_CAPS`].
///
/// 1. the media types (415, 406); 2. the body is JSON (413, 400); 3. each message has its shape; 4. its revision is
///    settled and its headers agree ([`Era`] tells the order); 5. an array is a batch this revision allows.
pub fn parse(headers: &RequestHeaders, body: &[u8]) -> Result<Post, Refusal> {
    headers.check_media_types().map_err(Refusal::anonymous)?;
    let document = json::parse(body, REQUEST_CAPS).map_err(|error| Refusal::anonymous(error.into()))?;
    match document {
        Value::Array(items) => read_batch(headers, items).map(Post::Batch),
        item => read_message(headers, item).map(Post::Single),
    }
}

fn read_message(headers: &RequestHeaders, item: Value) -> Result<Message, Refusal> {
    match Envelope::read(item)? {
        Envelope::Request { id, method, params } => match Era::of_request(headers, &method, &params) {
            Ok(era) => Ok(Message::Request(Request { id, era, method, params })),
            Err(fault) => Err(Refusal { id: Some(id), fault }),
        },
        Envelope::Notification => match Era::of_header(headers) {
            Ok(_) => Ok(Message::Notification),
            Err(fault) => Err(Refusal::anonymous(fault)),
        },
        Envelope::Response => match Era::of_header(headers) {
            Ok(Era::Legacy(_)) => Ok(Message::Response),
            Ok(Era::Modern) => Err(Refusal::anonymous(Fault::UnexpectedAnswer)),
            Err(fault) => Err(Refusal::anonymous(fault)),
        },
    }
}

/// A batch is taken or refused as a whole.
fn read_batch(headers: &RequestHeaders, items: Vec<Value>) -> Result<Vec<Message>, Refusal> {
    let refuse = |problem| Err(Refusal::anonymous(Fault::Batch(problem)));
    if Era::of_header(headers).map_err(Refusal::anonymous)? != Era::Legacy(LegacyRevision::V2025_03_26) {
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
        let message = read_message(headers, item).map_err(|refusal| Refusal::anonymous(refusal.fault))?;
        match &message {
            Message::Request(request) if request.method == "initialize" => return refuse(BatchProblem::Initialize),
            Message::Request(request) if !ids.insert(request.id.clone()) => return refuse(BatchProblem::RepeatedId),
            _ => messages.push(message),
        }
    }
    let answers = messages.iter().filter(|message| **message == Message::Response).count();
    if answers != 0 && answers != messages.len() {
        return refuse(BatchProblem::Mixed);
    }
    Ok(messages)
}
