//! Header fields, parts of paths and query parameters that requests carry, by name, with the form of their values.
//!
//! `Accept`, `Authorization` and `Content-Type` are none of them: the specification has readers ignore them there.

use super::CORRELATION;
use super::document::{Named, Parameter};
use super::served::Shapes;
use crate::account::kind::UserKind;
use crate::account::role::Role;
use crate::admin::approval::ApprovalState;
use crate::admin::audit::LARGEST;
use crate::admin::pin::PinStanding;
use crate::audit::query::Order;
use crate::drift::definition::Kind;
use crate::drift::version::Fingerprint;
use crate::id::{UpstreamId, UserId};
use schemars::{Schema, json_schema};
use serde_json::Value;

/// An identifier of any kind.
const IDENTIFIER: &str = "^[A-Za-z0-9_-]{1,64}$";

/// What a value looks like.
#[derive(Clone, Copy)]
enum Form {
    /// A text of any form, or of one that is the client's own affair.
    Text,
    /// A text that matches.
    Like(&'static str),
    /// One text alone.
    Only(&'static str),
    /// A whole number, from and to.
    Whole(u64, u64),
    /// What a type says.
    Of(fn(&mut Shapes) -> Schema),
}

impl Form {
    fn schema(self, shapes: &mut Shapes) -> Schema {
        match self {
            Self::Text => json_schema!({"type": "string"}),
            Self::Like(pattern) => json_schema!({"type": "string", "pattern": pattern}),
            Self::Only(text) => json_schema!({"type": "string", "enum": [text]}),
            Self::Whole(least, most) => json_schema!({"type": "integer", "minimum": least, "maximum": most}),
            Self::Of(schema) => schema(shapes),
        }
    }

    /// A value as it stands in the document: a number is none in quotes.
    fn value(self, text: &str) -> Value {
        let number = matches!(self, Self::Whole(..)).then(|| text.parse::<u64>().ok()).flatten();
        number.map_or_else(|| text.into(), Value::from)
    }
}

/// Where a parameter stands, its name among the components, what it says, its form, and a value.
type Known = (&'static str, &'static str, &'static str, Form, &'static str);

/// Every parameter that an operation may name.
pub fn all(shapes: &mut Shapes) -> Named<Parameter> {
    let parameter = |(place, name, description, form, example): Known| {
        let parameter = Parameter {
            name: written(name),
            place,
            description,
            required: place == "path" || REQUIRED.contains(&name),
            schema: form.schema(shapes),
            example: form.value(example),
        };
        (name.to_owned(), parameter)
    };
    Named(FIELDS.into_iter().chain(OF_LISTS).chain(OF_OAUTH).map(parameter).collect())
}

const REQUIRED: [&str; 6] = ["response_type", "client_id", "code_challenge", "If-Match", "old", "new"];

/// The name in the request: two parameters may have the same, and one document has each component once.
fn written(name: &'static str) -> &'static str {
    match name {
        "approval_state" => "state",
        "user_kind" | "pin_kind" => "kind",
        "audit_cursor" => "cursor",
        "pin_upstream" => "upstream",
        _ => name,
    }
}

const FIELDS: [Known; 10] = [
    (
        "header",
        CORRELATION,
        "An identifier of the caller's own: 1 to 64 characters of `A-Z a-z 0-9 - _`. Another is not taken, and a new one made",
        Form::Text,
        "order-4711",
    ),
    (
        "header",
        "MCP-Protocol-Version",
        "The revision. Required in 2026-07-28, where it repeats `params._meta`; without it a request speaks 2025-03-26",
        Form::Text,
        "2026-07-28",
    ),
    ("header", "Mcp-Method", "Repeats the body's `method`. Required in 2026-07-28", Form::Text, "tools/call"),
    (
        "header",
        "Mcp-Name",
        "Repeats the body's `name`, `uri` or `taskId`. Required in 2026-07-28 where the body has one",
        Form::Text,
        "server_time",
    ),
    (
        "header",
        "Mcp-Session-Id",
        "The session that an `initialize` opened, where it did",
        Form::Text,
        "nO8kQx2mD1aVb3c4e5f6g7h8i9j0kA1B2C3D4E5F6Gc",
    ),
    (
        "header",
        "Last-Event-ID",
        "The newest event that reached the client: its stream goes on after it",
        Form::Text,
        "0-1",
    ),
    (
        "header",
        "Idempotency-Key",
        "Makes the order once, however often it is sent: 1 to 128 visible ASCII characters",
        Form::Like("^[!-~]{1,128}$"),
        "a7Q2-make-a-key",
    ),
    (
        "header",
        "If-Match",
        "The `ETag` that was read, of what is to be changed (RFC 9110 section 13.1.1)",
        Form::Text,
        "\"v1\"",
    ),
    ("path", "server", "The virtual server's name", Form::Text, "files"),
    ("path", "id", "What it is about", Form::Like(IDENTIFIER), "nO8kQx2mD1aVb3c4e5f6g7"),
];

const OF_LISTS: [Known; 25] = [
    ("query", "approval_state", "Those that stand there only", Form::Of(Shapes::read::<ApprovalState>), "asked"),
    ("query", "from", "Taken then or later, seconds since 1970", Form::Whole(0, LARGEST), "1795363200"),
    ("query", "to", "Taken before, seconds since 1970", Form::Whole(0, LARGEST), "1795366800"),
    ("query", "tool", "With the tool of this shown name", Form::Text, "server_time"),
    ("query", "outcome", "With this outcome; `unknown` for calls without a result", Form::Text, "ok"),
    (
        "query",
        "correlation",
        "Within the request of this correlation id",
        Form::Like(IDENTIFIER),
        "WlpaWlpaWlpaWlpaWlpaWg",
    ),
    ("query", "target", "Done to this: a kind, a slash and an id", Form::Text, "session/nO8kQx2mD1aVb3c4e5f6g7"),
    ("query", "contains", "With this text in it, anywhere: 1 to 200 characters", Form::Text, "k-1"),
    ("query", "order", "Which come first", Form::Of(Shapes::read::<Order>), "oldest_first"),
    ("query", "minutes", "How many minutes, the one that runs included", Form::Whole(1, 1440), "60"),
    ("query", "after", "After the record of this number", Form::Whole(0, LARGEST), "10000"),
    ("query", "cursor", "Where the page starts: `next` of the page before", Form::Text, "nO8kQx2mD1aVb3c4e5f6g7"),
    ("query", "limit", "How many at most; 50 when nothing is said", Form::Whole(1, 200), "50"),
    ("query", "kind", "Records whose kind begins so, such as `auth.`", Form::Text, "auth."),
    ("query", "user_kind", "Those of this kind only", Form::Of(Shapes::read::<UserKind>), "service"),
    ("query", "audit_cursor", "Where the page starts: `next` of the page before", Form::Text, "10000"),
    ("query", "pin_kind", "Those of this kind only", Form::Of(Shapes::read::<Kind>), "tool"),
    ("query", "pin_upstream", "Those of this upstream, by its id or name", Form::Text, "files"),
    (
        "query",
        "standing",
        "Those that stand so only; `waiting` is all that wait for a person",
        Form::Of(Shapes::read::<PinStanding>),
        "waiting",
    ),
    (
        "query",
        "old",
        "The fingerprint of one version",
        Form::Of(Shapes::read::<Fingerprint>),
        "7d865e959b2466918c9863afca942d0fb89d7c9ac0c99bafc3749504ded97730",
    ),
    (
        "query",
        "new",
        "That of the other",
        Form::Of(Shapes::read::<Fingerprint>),
        "0d6e4079e36703ebd37c00722f5891d28b0e2811dc114b129215123adcce3605",
    ),
    ("query", "role", "Those of a role only", Form::Of(Shapes::read::<Role>), "agent"),
    ("query", "user", "Whose", Form::Of(Shapes::read::<UserId>), "nO8kQx2mD1aVb3c4e5f6g7"),
    ("query", "upstream", "Of the upstream of this id", Form::Of(Shapes::read::<UpstreamId>), "nO8kQx2mD1aVb3c4e5f6g7"),
    ("query", "code", "What the provider gives a token for, at most 4096 bytes", Form::Text, "abc"),
];

/// Of an authorization request, and of an answer to one.
const OF_OAUTH: [Known; 10] = [
    ("query", "response_type", "What is wanted", Form::Only("code"), "code"),
    ("query", "client_id", "The client: an id it was given, or the address of its description", Form::Text, "dyn_4711"),
    (
        "query",
        "redirect_uri",
        "Where the answer goes: one of the client's own; not needed where it has one alone",
        Form::Text,
        "http://127.0.0.1:51234/callback",
    ),
    (
        "query",
        "code_challenge",
        "The SHA-256 of the verifier, base64url (RFC 7636)",
        Form::Like("^[A-Za-z0-9_-]{43}$"),
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    ),
    ("query", "code_challenge_method", "How it was made of the verifier", Form::Only("S256"), "S256"),
    ("query", "scope", "What is wanted; without it all there is", Form::Text, "tools:call tools:read"),
    ("query", "resource", "What it is wanted for (RFC 8707)", Form::Text, "https://gateway.example.com/mcp"),
    ("query", "state", "Comes back as it is, at most 2048 bytes", Form::Text, "xyz"),
    ("query", "iss", "Who answers (RFC 9207)", Form::Text, "https://login.example.com"),
    ("query", "error", "Why there is no code", Form::Text, "access_denied"),
];
