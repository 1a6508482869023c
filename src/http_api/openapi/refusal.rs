//! Why there is no tool, or no API at all. Nothing here repeats more of a document than a name, cut.

use super::conversion::MAX_PATHS;
use super::document::InvalidDocument;
use super::reference::BrokenReference;
use crate::http_api::check::ToolFault;
use crate::http_api::template::InvalidTemplate;
use crate::outbound::RefusedUrl;
use crate::policy::glob::InvalidGlob;
use crate::tool::schema::{MAX_SCHEMA_BYTES, SchemaError};

/// An operation that is no tool.
#[derive(Debug, Clone, PartialEq)]
pub struct Refused {
    /// Its `operationId`, cut to 128 characters; empty where it has none.
    pub operation: String,
    /// Its method, in capitals.
    pub method: String,
    /// Its path, cut to 256 characters.
    pub path: String,
    /// Why.
    pub reason: Refusal,
}

/// Why an operation is no tool.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// A method that is never sent, such as `TRACE`.
    #[error("its method is never sent")]
    Method,
    /// Something else than the specification says, at this member.
    #[error("its {0:?} is not what the specification says")]
    Malformed(&'static str),
    /// Its path cannot be a template.
    #[error(transparent)]
    Path(#[from] InvalidTemplate),
    /// A placeholder of the path that no parameter is for.
    #[error("its path has {{{0}}}, and it has no such parameter")]
    Placeholder(String),
    /// A reference that leads nowhere.
    #[error(transparent)]
    Reference(#[from] BrokenReference),
    /// A parameter that cannot be sent.
    #[error("its parameter {0:?} cannot be sent: {1}")]
    Parameter(String, &'static str),
    /// A body in media types that are not written here; the first of them.
    #[error("its body has the type {0:?}")]
    MediaType(String),
    /// A body in parts, which is for files.
    #[error("its body is multipart")]
    Multipart,
    /// A required body with a method that has none.
    #[error("its method has no body, and it needs one")]
    NoBody,
    /// A schema that cannot be checked.
    #[error("its arguments cannot be checked: {0}")]
    Schema(SchemaError),
    /// A keyword of a schema that is not understood, and may not be ignored.
    #[error("its schema has the keyword {0:?}")]
    Keyword(&'static str),
    /// Too large a schema, even without descriptions.
    #[error("its schema is longer than {MAX_SCHEMA_BYTES} bytes even without descriptions")]
    TooLarge,
    /// It needs a credential of a kind that is not known here.
    #[error("it needs a credential of another kind than apiKey, basic, bearer, oauth2 and openIdConnect")]
    Security,
    /// It is at another place than the API.
    #[error("it is not below the API's base")]
    Server,
    /// There are more tools than an upstream may have.
    #[error("the API has more tools than are taken")]
    TooMany,
    /// The tool that came out may not be used.
    #[error("{0}")]
    Tool(ToolFault),
}

impl Refusal {
    /// A short name of the reason, which stays the same.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::Malformed(_) => "malformed",
            Self::Path(_) => "path",
            Self::Placeholder(_) => "placeholder",
            Self::Reference(_) => "reference",
            Self::Parameter(..) => "parameter",
            Self::MediaType(_) => "media_type",
            Self::Multipart => "multipart",
            Self::NoBody => "no_body",
            Self::Schema(_) => "schema",
            Self::Keyword(_) => "keyword",
            Self::TooLarge => "too_large",
            Self::Security => "security",
            Self::Server => "server",
            Self::TooMany => "too_many",
            Self::Tool(_) => "tool",
        }
    }
}

/// Why a document gives no API.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOpenApi {
    /// It cannot be read.
    #[error(transparent)]
    Document(#[from] InvalidDocument),
    /// It is not OpenAPI 3.0 or 3.1.
    #[error("the document is not OpenAPI 3.0 or 3.1")]
    Version,
    /// More paths than [`MAX_PATHS`].
    #[error("the document has more than {MAX_PATHS} paths")]
    TooManyPaths,
    /// It has no paths.
    #[error("the document has no paths")]
    NoPaths,
    /// No server of it may be asked; the reason of the first.
    #[error("no server of the document can be used: {0}")]
    Base(RefusedUrl),
    /// A pattern of the choice is none.
    #[error(transparent)]
    Choice(#[from] InvalidGlob),
}
