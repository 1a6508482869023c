//! What is recorded of a piece of work.

use super::id::{SpanId, TraceId};
use crate::time::Timestamp;
use std::borrow::Cow;

/// Which side of a question it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Neither.
    Internal,
    /// It answers.
    Server,
    /// It asks.
    Client,
}

/// A value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A text.
    Text(Cow<'static, str>),
    /// A whole number.
    Whole(i64),
}

/// Attributes, by the names of OpenTelemetry's semantic conventions where they have one.
pub type Attributes = Vec<(&'static str, Value)>;

/// A piece of work of one trace, from its beginning to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its id.
    pub id: SpanId,
    /// The span it was done in.
    pub parent: Option<SpanId>,
    /// What it is, in few different words.
    pub name: Cow<'static, str>,
    /// Which side of a question it is.
    pub kind: Kind,
    /// When it began.
    pub start: Timestamp,
    /// When it ended.
    pub end: Timestamp,
    /// What else is known.
    pub attributes: Attributes,
    /// The kind of error it ended with.
    pub error: Option<Cow<'static, str>>,
}

/// A span with what all spans of its trace share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// The trace.
    pub trace: TraceId,
    /// Whether the last bytes of the trace's id are random.
    pub random: bool,
    /// Whether the span's parent is another program's.
    pub remote: bool,
    /// The span.
    pub span: Span,
}

impl From<&'static str> for Value {
    fn from(text: &'static str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<u16> for Value {
    fn from(number: u16) -> Self {
        Self::Whole(number.into())
    }
}
