//! An API and its tools, as they are stored: strict JSON with stable names. `docs/TOOLS.md` shows one.

use super::credential::Slot;
use crate::mcp::wire::Tool;
use crate::outbound::Method;
use serde::de::{DeserializeOwned, Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An API as a document. [`super::check::Api`] is one that may be used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiDocument {
    /// An absolute URL without query and fragment. Every request keeps its origin, and its path as the beginning.
    pub base: String,
    /// What the API may be shown, by name. The secrets themselves are kept elsewhere.
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Vec::is_empty")]
    pub credentials: Vec<Slot>,
    /// Its tools.
    #[serde(deserialize_with = "objects")]
    pub tools: Vec<HttpTool>,
}

/// One tool: a request with places for arguments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpTool {
    /// What a model reads. Annotations that are not given follow from the method.
    #[serde(deserialize_with = "definition")]
    pub definition: Tool,
    /// The method.
    pub method: Method,
    /// The path below the base: `/` and segments, with `{name}` where a parameter of the path goes.
    pub path: String,
    /// Where arguments go, besides the body.
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<Parameter>,
    /// What is sent with every call.
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Vec::is_empty")]
    pub fixed: Vec<Fixed>,
    /// The body.
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub body: Option<Body>,
    /// What of the answer is shown.
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Projection::is_whole")]
    pub answer: Projection,
    /// Which credentials a call needs, by name: one of these lists, and all of it. None when there is no list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub security: Vec<Vec<String>>,
    /// Whether a short part of a JSON answer with a status of 400 to 499 is shown, which often says what is wrong with the
    /// arguments. Otherwise nothing of an error is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub show_errors: bool,
}

impl HttpTool {
    /// The request that a call is, with the base that it goes to: everything of the tool but what a model reads.
    pub fn request(&self, base: &str) -> Map<String, Value> {
        let mut members = match serde_json::to_value(self) {
            Ok(Value::Object(members)) => members,
            // Names, texts and flags always serialize to an object.
            _ => Map::new(),
        };
        members.shift_remove("definition");
        members.insert("base".to_owned(), Value::String(base.to_owned()));
        members
    }
}

/// Where a parameter goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// A segment of the path, or a part of one.
    Path,
    /// The query.
    Query,
    /// A header field.
    Header,
    /// A cookie.
    Cookie,
}

impl Place {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Cookie => "cookie",
        }
    }
}

/// How a value is written (OpenAPI 3.1.1 section 4.8.12.2, `style`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Style {
    /// `a,b`
    Simple,
    /// `.a,b`
    Label,
    /// `;name=a,b`
    Matrix,
    /// `name=a&name=b`
    Form,
    /// `name=a%20b`
    SpaceDelimited,
    /// `name=a%7Cb`
    PipeDelimited,
    /// `name[member]=a`
    DeepObject,
    /// The value as JSON: a parameter whose `content` is `application/json`.
    Json,
}

/// One argument in one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// The argument: a member of the input schema.
    pub argument: String,
    /// Where it goes.
    #[serde(rename = "in")]
    pub place: Place,
    /// What it is called there; as the argument where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How it is written: `form` in a query and a cookie, `simple` in a path and a header, where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub style: Option<Style>,
    /// Whether each entry of a list and each member of an object stands by itself: where it is not given, with `form`
    /// and `deepObject` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explode: Option<bool>,
}

impl Parameter {
    /// What it is called where it goes.
    pub fn wire_name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.argument)
    }

    /// How it is written.
    pub fn style(&self) -> Style {
        self.style.unwrap_or(match self.place {
            Place::Path | Place::Header => Style::Simple,
            Place::Query | Place::Cookie => Style::Form,
        })
    }

    /// Whether entries and members stand by themselves.
    pub fn explode(&self) -> bool {
        explodes(self.explode, self.style())
    }
}

/// What `explode` is where it may not be given.
pub(super) fn explodes(given: Option<bool>, style: Style) -> bool {
    given.unwrap_or(matches!(style, Style::Form | Style::DeepObject))
}

/// Something that is sent with every call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fixed {
    /// Where: the query or a header field.
    #[serde(rename = "in")]
    pub place: Place,
    /// Its name.
    pub name: String,
    /// What is sent.
    pub value: String,
}

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// JSON.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// A text as it is.
    Text,
}

/// The body of a request, of one argument or of several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// How it is written.
    pub format: Format,
    /// Its media type, where it is another than the usual one of the format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// The argument that is the whole body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub argument: Option<String>,
    /// The arguments that are members of it.
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Member>,
}

/// One argument as a member of a body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// The argument.
    pub argument: String,
    /// What it is called in the body; as the argument where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// In a form: how it is written, `form` where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub style: Option<Style>,
    /// In a form: whether entries and members stand by themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explode: Option<bool>,
}

impl Member {
    /// What it is called in the body.
    pub fn wire_name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.argument)
    }
}

/// The part of a JSON answer that is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Projection {
    /// Where it stands: a JSON Pointer (RFC 6901), empty for the whole answer.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub pointer: String,
    /// Which members of it are kept: of an object, or of each object of a list. All of them when none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
}

impl Projection {
    /// Whether everything is shown.
    pub fn is_whole(&self) -> bool {
        self.pointer.is_empty() && self.members.is_empty()
    }
}

// A struct would also be read from a list, member by member; no document of this gateway has that second spelling.

fn objects<'de, T: DeserializeOwned, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let entries = Vec::<Map<String, Value>>::deserialize(deserializer)?;
    let read = |members| T::deserialize(Value::Object(members)).map_err(D::Error::custom);
    entries.into_iter().map(read).collect()
}

fn object<'de, T: DeserializeOwned, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let members = Map::<String, Value>::deserialize(deserializer)?;
    T::deserialize(Value::Object(members)).map_err(D::Error::custom)
}

/// A definition without members that it does not have.
fn definition<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Tool, D::Error> {
    const MEMBERS: [&str; 8] =
        ["name", "title", "description", "inputSchema", "outputSchema", "annotations", "icons", "_meta"];
    let members = Map::<String, Value>::deserialize(deserializer)?;
    if let Some(name) = members.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
        let name: String = name.chars().take(64).collect();
        return Err(D::Error::custom(format_args!("unknown member {name:?} in a definition")));
    }
    Tool::deserialize(Value::Object(members)).map_err(D::Error::custom)
}

/// What a method says of a tool: `ToolAnnotations`. A method that promises nothing may destroy.
pub fn annotations(method: Method) -> Map<String, Value> {
    let hints = [
        ("readOnlyHint", method.is_safe()),
        ("destructiveHint", !method.is_safe()),
        ("idempotentHint", method.is_idempotent()),
        ("openWorldHint", true),
    ];
    hints.into_iter().map(|(name, hint)| (name.to_owned(), Value::Bool(hint))).collect()
}
