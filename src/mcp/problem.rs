//! What exactly is wrong with a message, its batch, its headers or its parameters.

/// What keeps a JSON value from being a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Shape {
    /// Neither object nor array.
    #[error("a message is an object")]
    NotAnObject,
    /// A member of JSON-RPC in another case.
    #[error("a member of JSON-RPC is written in another case")]
    OtherSpelling,
    /// `jsonrpc` is not `"2.0"`.
    #[error("jsonrpc must be \"2.0\"")]
    NotVersion2,
    /// `method` is not text.
    #[error("method must be a string")]
    MethodNotText,
    /// `params` is there and not an object.
    #[error("params must be an object")]
    ParamsNotAnObject,
    /// `id` is null, a fraction, too large or too long.
    #[error("id must be a string of at most 256 characters or an integer of 64 bits")]
    BadId,
    /// `method` stands beside `result` or `error`.
    #[error("a message with a method has no result and no error")]
    CallAndAnswer,
    /// Both `result` and `error`.
    #[error("an answer has either a result or an error")]
    ResultAndError,
    /// `result` is not an object.
    #[error("result must be an object")]
    ResultNotAnObject,
    /// `error` is not an object with a whole number and a text.
    #[error("error must be an object with a code and a message")]
    MalformedError,
    /// None of `method`, `result` and `error`.
    #[error("a message has a method, a result or an error")]
    NeitherCallNorAnswer,
}

/// What is wrong with an array of messages. Batches exist in 2025-03-26 alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchProblem {
    /// The request names another revision.
    #[error("batches exist in protocol version 2025-03-26 only")]
    NotInThisRevision,
    /// Nothing in it.
    #[error("it is empty")]
    Empty,
    /// More messages than allowed.
    #[error("it has more than {most} messages")]
    TooLong {
        /// The limit.
        most: usize,
    },
    /// Calls and answers in one array.
    #[error("it mixes answers with requests or notifications")]
    Mixed,
    /// The handshake inside.
    #[error("initialize must stand alone")]
    Initialize,
    /// Two requests with one id.
    #[error("two requests have the same id")]
    RepeatedId,
}

/// What is wrong with a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderProblem {
    /// It must be there.
    #[error("is missing")]
    Missing,
    /// It must not stand twice.
    #[error("is repeated")]
    Repeated,
    /// It says something else than the body.
    #[error("does not match the body")]
    Differs,
    /// Its value cannot be decoded.
    #[error("has an unreadable value")]
    Unreadable,
    /// The body has no value for it.
    #[error("stands for an argument that is absent or null")]
    Unexpected,
}

/// What is wrong with a method's parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParamsProblem {
    /// A member must be text.
    #[error("{0} must be a string")]
    NotText(&'static str),
    /// A member must be an object.
    #[error("{0} must be an object")]
    NotAnObject(&'static str),
    /// The values of an object must be text.
    #[error("the values of {0} must be strings")]
    NotTexts(&'static str),
    /// A member must be true or false.
    #[error("{0} must be a boolean")]
    NotABoolean(&'static str),
    /// A member must be a list of texts, with as many as are allowed.
    #[error("{0} must be an array of at most 256 short strings")]
    NotAShortList(&'static str),
    /// A member must be text or a whole number.
    #[error("{0} must be a string or an integer")]
    NotAToken(&'static str),
    /// A member must be a URI.
    #[error("{0} must be a URI")]
    NotAUri(&'static str),
    /// A member must name a level.
    #[error("{0} must be a log level")]
    NotALogLevel(&'static str),
    /// A member must hold the answers to what was asked.
    #[error("{0} must be an object of objects")]
    NotResponses(&'static str),
    /// A completion must refer to a prompt or to a resource.
    #[error("ref.type must be ref/prompt or ref/resource")]
    UnknownReference,
    /// A cursor this server never gave.
    #[error("unknown cursor")]
    UnknownCursor,
    /// A state that was changed, has expired, or belongs to another request or another caller: they look the same.
    #[error("requestState was not given for this request, or has expired")]
    RequestState,
}
