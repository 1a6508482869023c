//! JSON-RPC 2.0 messages and their ids, as the protocol narrows them: an id is text or a whole number and never null,
//! `params` is an object.

use super::headers::whole;
use super::refusal::{Fault, Refusal, Shape};
use super::wire::RpcError;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Longest text id that is accepted, in characters.
pub const LONGEST_ID: usize = 256;

/// The id of a request, echoed with the type it came in. A number written `1.0` is the integer 1.
///
/// Text has at most [`LONGEST_ID`] characters and a number fits 64 signed bits; anything else is not an id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged, try_from = "Value")]
pub enum RequestId {
    /// A text.
    Text(String),
    /// A whole number.
    Number(i64),
}

impl RequestId {
    /// Reads an id, or a token with an id's form.
    pub fn read(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) if text.chars().count() <= LONGEST_ID => Some(Self::Text(text.clone())),
            Value::Number(number) => i64::try_from(whole(number)?).ok().map(Self::Number),
            _ => None,
        }
    }
}

/// Neither a text nor a whole number, or too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id is a text or a whole number")]
pub struct InvalidRequestId;

impl TryFrom<Value> for RequestId {
    type Error = InvalidRequestId;
    fn try_from(value: Value) -> Result<Self, InvalidRequestId> {
        Self::read(&value).ok_or(InvalidRequestId)
    }
}

/// A notification of a client.
#[derive(Clone, Debug, PartialEq)]
pub struct Notification {
    /// The method as the client wrote it.
    pub method: String,
    /// The parameters; an absent member is `{}`.
    pub params: Map<String, Value>,
}

/// A client's answer to a request of the server.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The id of the request it answers. Only an error may have none.
    pub id: Option<RequestId>,
    /// The result, or the error.
    pub outcome: Result<Map<String, Value>, RpcError>,
}

/// One JSON-RPC message whose shape is right; nothing is known yet about its method or its revision.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Envelope {
    Request { id: RequestId, method: String, params: Map<String, Value> },
    Notification(Notification),
    Answer(Answer),
}

impl Envelope {
    /// Reads one message. A refusal carries the id whenever there is a readable one.
    ///
    /// Members that JSON-RPC does not define are ignored, except that a message is never both a call and an answer, and that
    /// no member is a defined one in another case: a reader that does not mind case would read another message.
    pub(super) fn read(value: Value) -> Result<Self, Refusal> {
        let Value::Object(mut members) = value else {
            return Err(Refusal::anonymous(Fault::NotAMessage(Shape::NotAnObject)));
        };
        let id = IdMember::read(members.remove("id"));
        Self::shape(&mut members, &id).map_err(|shape| Refusal { id: id.usable(), fault: Fault::NotAMessage(shape) })
    }

    fn shape(members: &mut Map<String, Value>, id: &IdMember) -> Result<Self, Shape> {
        if members.keys().any(|name| is_other_spelling(name)) {
            return Err(Shape::OtherSpelling);
        }
        if members.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
            return Err(Shape::NotVersion2);
        }
        let (result, error) = (members.remove("result"), members.remove("error"));
        let Some(method) = members.remove("method") else {
            return answer(result, error, id).map(Self::Answer);
        };
        if result.is_some() || error.is_some() {
            return Err(Shape::CallAndAnswer);
        }
        let Value::String(method) = method else { return Err(Shape::MethodNotText) };
        let params = match members.remove("params") {
            None => Map::new(),
            Some(Value::Object(params)) => params,
            Some(_) => return Err(Shape::ParamsNotAnObject),
        };
        match id {
            IdMember::Usable(id) => Ok(Self::Request { id: id.clone(), method, params }),
            IdMember::Absent => Ok(Self::Notification(Notification { method, params })),
            IdMember::Null | IdMember::Unusable => Err(Shape::BadId),
        }
    }
}

/// Whether a name differs from a member of JSON-RPC in the case of its letters alone.
fn is_other_spelling(name: &str) -> bool {
    const MEMBERS: [&str; 6] = ["jsonrpc", "id", "method", "params", "result", "error"];
    MEMBERS.iter().any(|member| name.eq_ignore_ascii_case(member) && name != *member)
}

/// An answer has exactly one of `result` and `error`, both objects; only an error may lack an id.
fn answer(result: Option<Value>, error: Option<Value>, id: &IdMember) -> Result<Answer, Shape> {
    let outcome = match (result, error) {
        (None, None) => return Err(Shape::NeitherCallNorAnswer),
        (Some(_), Some(_)) => return Err(Shape::ResultAndError),
        (Some(Value::Object(result)), None) => Ok(result),
        (Some(_), None) => return Err(Shape::ResultNotAnObject),
        (None, Some(error)) => Err(RpcError::read(error).ok_or(Shape::MalformedError)?),
    };
    let id = match id {
        IdMember::Usable(id) => Some(id.clone()),
        IdMember::Absent | IdMember::Null if outcome.is_err() => None,
        _ => return Err(Shape::BadId),
    };
    Ok(Answer { id, outcome })
}

/// The `id` member of a message.
enum IdMember {
    Absent,
    Null,
    Unusable,
    Usable(RequestId),
}

impl IdMember {
    fn read(value: Option<Value>) -> Self {
        match value {
            None => Self::Absent,
            Some(Value::Null) => Self::Null,
            Some(value) => RequestId::read(&value).map_or(Self::Unusable, Self::Usable),
        }
    }

    fn usable(self) -> Option<RequestId> {
        match self {
            Self::Usable(id) => Some(id),
            Self::Absent | Self::Null | Self::Unusable => None,
        }
    }
}
