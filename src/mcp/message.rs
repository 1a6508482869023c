//! JSON-RPC 2.0 messages and their ids, as the protocol narrows them: an id is text or a whole number and never null,
//! `params` is an object.

use super::headers::whole;
use super::refusal::{Fault, Refusal, Shape};
use serde::Serialize;
use serde_json::{Map, Value};

/// Longest text id that is accepted, in characters.
pub const LONGEST_ID: usize = 256;

/// The id of a request, echoed with the type it came in. A number written `1.0` is the integer 1.
///
/// Text has at most [`LONGEST_ID`] characters and a number fits 64 signed bits; anything else is not an id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum RequestId {
    /// A text.
    Text(String),
    /// A whole number.
    Number(i64),
}

impl RequestId {
    fn read(value: Value) -> Option<Self> {
        match value {
            Value::String(text) if text.chars().count() <= LONGEST_ID => Some(Self::Text(text)),
            Value::Number(number) => i64::try_from(whole(&number)?).ok().map(Self::Number),
            _ => None,
        }
    }
}

/// One JSON-RPC message whose shape is right; nothing is known yet about its method or its revision.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Envelope {
    Request { id: RequestId, method: String, params: Map<String, Value> },
    Notification,
    Response,
}

impl Envelope {
    /// Reads one message. A refusal carries the id whenever there is a readable one.
    ///
    /// Members that JSON-RPC does not define are ignored, except that a message is never both a call and an answer.
    pub(super) fn read(value: Value) -> Result<Self, Refusal> {
        let Value::Object(mut members) = value else {
            return Err(Refusal::anonymous(Fault::NotAMessage(Shape::NotAnObject)));
        };
        let id = IdMember::read(members.remove("id"));
        Self::shape(&mut members, &id).map_err(|shape| Refusal { id: id.usable(), fault: Fault::NotAMessage(shape) })
    }

    fn shape(members: &mut Map<String, Value>, id: &IdMember) -> Result<Self, Shape> {
        if members.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
            return Err(Shape::NotVersion2);
        }
        let (result, error) = (members.contains_key("result"), members.get("error"));
        let Some(method) = members.get("method") else {
            return Self::answer(result, error, id);
        };
        if result || error.is_some() {
            return Err(Shape::CallAndAnswer);
        }
        let method = method.as_str().ok_or(Shape::MethodNotText)?.to_owned();
        let params = match members.remove("params") {
            None => Map::new(),
            Some(Value::Object(params)) => params,
            Some(_) => return Err(Shape::ParamsNotAnObject),
        };
        match id {
            IdMember::Usable(id) => Ok(Self::Request { id: id.clone(), method, params }),
            IdMember::Absent => Ok(Self::Notification),
            IdMember::Null | IdMember::Unusable => Err(Shape::BadId),
        }
    }

    /// An answer has exactly one of `result` and `error`; only an error may lack an id.
    fn answer(result: bool, error: Option<&Value>, id: &IdMember) -> Result<Self, Shape> {
        match (result, error, id) {
            (false, None, _) => Err(Shape::NeitherCallNorAnswer),
            (true, Some(_), _) => Err(Shape::ResultAndError),
            (false, Some(error), _) if !error.is_object() => Err(Shape::ErrorNotAnObject),
            (_, _, IdMember::Usable(_)) | (false, Some(_), IdMember::Absent | IdMember::Null) => Ok(Self::Response),
            _ => Err(Shape::BadId),
        }
    }
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
            Some(value) => RequestId::read(value).map_or(Self::Unusable, Self::Usable),
        }
    }

    fn usable(self) -> Option<RequestId> {
        match self {
            Self::Usable(id) => Some(id),
            Self::Absent | Self::Null | Self::Unusable => None,
        }
    }
}
