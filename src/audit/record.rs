//! One record: who did what, with what, and how it ended.
//!
//! A record holds ids, names, digests and words of the gateway itself. Never in it: passwords, tokens, codes, what somebody
//! typed as a name, an upstream's words, and arguments in the clear unless their tenant wants them, redacted.

use crate::account::role::Role;
use crate::id::{CorrelationId, RecordId, SessionId, UserId, encode_random};
use crate::json::canonical;
use crate::time::{Lifetime, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use std::borrow::Cow;
use std::fmt;

/// Longest text of a reason or a target, in characters; the rest is cut.
const MAX_WORDS: usize = 512;
/// Characters of a tool's version: 96 bits of its definition's digest.
const VERSION_LENGTH: usize = 16;

/// A SHA-256 digest in base64url: 43 characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(String);

/// Why a text is no digest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a digest has 43 characters of A-Z, a-z, 0-9, '-', '_'")]
pub struct InvalidDigest;

impl Digest {
    /// The digest of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(encode_random(&Sha256::digest(bytes)))
    }

    /// The digest of arguments: of their canonical form (RFC 8785), so that neither order nor space counts.
    pub fn of_arguments(arguments: &Map<String, Value>) -> Self {
        Self::of(canonical::object(arguments).as_bytes())
    }

    /// The text form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Digest {
    type Error = InvalidDigest;
    fn try_from(text: String) -> Result<Self, InvalidDigest> {
        let is_digest = text.len() == 43 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if is_digest { Ok(Self(text)) } else { Err(InvalidDigest) }
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({})", self.0)
    }
}

/// What kind of deed: words with points between them, the general one first, such as `tool.call`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Kind(Cow<'static, str>);

impl Kind {
    /// A tool was called. Its result is a record of its own.
    pub const TOOL_CALL: Self = Self::named("tool.call");
    /// What a call of a tool came to.
    pub const TOOL_RESULT: Self = Self::named("tool.result");
    /// A tool was not called, because it or its arguments were refused.
    pub const TOOL_REFUSED: Self = Self::named("tool.refused");
    /// A prompt of an upstream was asked for.
    pub const PROMPT_GET: Self = Self::named("prompt.get");
    /// What asking for a prompt came to.
    pub const PROMPT_RESULT: Self = Self::named("prompt.result");
    /// A resource of an upstream was read.
    pub const RESOURCE_READ: Self = Self::named("resource.read");
    /// What reading a resource came to.
    pub const RESOURCE_RESULT: Self = Self::named("resource.result");
    /// A task of an upstream was given input.
    pub const TASK_UPDATE: Self = Self::named("task.update");
    /// A task of an upstream was cancelled.
    pub const TASK_CANCEL: Self = Self::named("task.cancel");
    /// What telling a task something came to.
    pub const TASK_RESULT: Self = Self::named("task.result");

    /// The kind of that name.
    pub const fn named(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The kind of the record that says what a deed of this kind came to; `None` for a deed that is over when it is written.
    pub fn result(&self) -> Option<Self> {
        match self.as_str() {
            "tool.call" => Some(Self::TOOL_RESULT),
            "prompt.get" => Some(Self::PROMPT_RESULT),
            "resource.read" => Some(Self::RESOURCE_RESULT),
            "task.update" | "task.cancel" => Some(Self::TASK_RESULT),
            _ => None,
        }
    }
}

/// Who did it, as far as is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The user, of the tenant whose trail it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// What showed that it is that user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<Credential>,
    /// The user's role, where it was read for the decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// The OAuth client that acted for the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The session it acted in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
}

/// What somebody showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// What it is.
    pub kind: CredentialKind,
    /// What names it and opens nothing, where it has such a thing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// Kinds of credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialKind {
    /// An access token, by its `jti`.
    AccessToken,
    /// A refresh token, by its session.
    RefreshToken,
    /// A browser that is signed in, by its sign-in.
    Browser,
    /// A username and a password.
    Password,
    /// A one-time code for an account.
    OneTimeCode,
    /// An authorization code, an assertion or a client's own secret.
    Grant,
    /// An API key.
    ApiKey,
    /// The operator's own token.
    Operator,
    /// None: the gateway itself decided, as was agreed on beforehand.
    Gateway,
}

/// The tool that was used, or the prompt or resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolUsed {
    /// The name it is shown under; of a resource, its URI without what may hold a secret.
    pub name: String,
    /// The upstream it belongs to, by name; none for one of the gateway's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<String>,
    /// Which definition of it: see [`version`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

impl ToolUsed {
    /// What has no version: a prompt by its name, or a task by a digest of its id, which is sealed.
    pub fn named(name: &str, upstream: &str) -> Self {
        Self { name: cut(name), upstream: Some(upstream.to_owned()), version: None }
    }

    /// A resource by its URI, without user information, query and fragment.
    pub fn resource(uri: &str, upstream: &str) -> Self {
        let plain = uri.split(['?', '#']).next().unwrap_or_default();
        let name = match plain.split_once("://") {
            Some((scheme, rest)) => {
                let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
                format!("{scheme}://{host}{path}")
            }
            None => plain.to_owned(),
        };
        Self::named(&name, upstream)
    }
}

/// The version of a definition: the beginning of the digest of its canonical form. Another text, another version.
pub fn version(definition: &impl Serialize) -> Option<String> {
    let digest = Digest::of(canonical::of(definition)?.as_bytes());
    digest.as_str().get(..VERSION_LENGTH).map(str::to_owned)
}

/// What was decided before it was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Allowed or denied.
    pub effect: Effect,
    /// The rule that decided, by its id; none where no rule had to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
}

/// What a decision comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// It may be done.
    Allow,
    /// It may not.
    Deny,
}

/// When and within which request something is written, and under which id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Its random id.
    pub id: RecordId,
    /// When it happened, by the clock of whoever writes it.
    pub at: Timestamp,
    /// The request it belongs to.
    pub correlation: Option<CorrelationId>,
}

/// What a caller writes. Written again under the same id, it changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// Its random id.
    pub id: RecordId,
    /// When it happened, by the clock of whoever writes it.
    pub at: Timestamp,
    /// What was done.
    pub kind: Kind,
    /// The request it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<CorrelationId>,
    /// Who did it.
    #[serde(default)]
    pub actor: Actor,
    /// What it was done to: a kind, a slash and an id, such as `session/…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The tool that was used, or the prompt or resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<ToolUsed>,
    /// The digest of the arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Digest>,
    /// The arguments, redacted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Map<String, Value>>,
    /// What was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// How it ended, in one word; none for what has a result of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Why, in the gateway's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How long it took, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<Lifetime>,
    /// The record of the call that this is the result of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<RecordId>,
    /// What the tenant's guardrails found: how often, by the names of what is looked for. Of a call, in its arguments; of what
    /// it came to, in its result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guarded: Option<Map<String, Value>>,
    /// How many more of this kind were not written since the last one that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_out: Option<u32>,
}

impl Draft {
    /// The same, with the rule that allowed it, where one did.
    #[must_use]
    pub fn allowed_by(self, rule: Option<String>) -> Self {
        Self { decision: Some(Decision { effect: Effect::Allow, rule }), ..self }
    }

    /// A draft that says no more than what was done and who did it.
    pub fn new(stamp: Stamp, kind: Kind, actor: Actor) -> Self {
        Self {
            id: stamp.id,
            at: stamp.at,
            kind,
            correlation: stamp.correlation,
            actor,
            target: None,
            tool: None,
            arguments: None,
            body: None,
            decision: None,
            outcome: None,
            reason: None,
            duration_ms: None,
            call: None,
            guarded: None,
            left_out: None,
        }
    }

    /// With what it was done to: a kind and an id.
    #[must_use]
    pub fn on(self, kind: &str, id: &str) -> Self {
        Self { target: Some(cut(&format!("{kind}/{id}"))), ..self }
    }

    /// With how it ended.
    #[must_use]
    pub fn ended(self, outcome: &str) -> Self {
        Self { outcome: Some(outcome.to_owned()), ..self }
    }

    /// With why it ended so.
    #[must_use]
    pub fn because(self, reason: Option<&str>) -> Self {
        Self { reason: reason.map(cut), ..self }
    }

    /// With what the tenant's guardrails found.
    #[must_use]
    pub fn guarded(self, found: Map<String, Value>) -> Self {
        Self { guarded: Some(found).filter(|found| !found.is_empty()), ..self }
    }

    /// The draft of what this call came to; `None` where this is no call.
    pub fn result(&self, stamp: Stamp) -> Option<Self> {
        let (kind, actor) = (self.kind.result()?, self.actor.clone());
        let (tool, target, call) = (self.tool.clone(), self.target.clone(), Some(self.id.clone()));
        Some(Self { target, tool, call, ..Self::new(stamp, kind, actor) })
    }

    /// What a trail tells records apart by: the record's id. A result goes by the id of its call, and a call has one at most.
    pub fn key(&self) -> String {
        match &self.call {
            Some(call) => format!("{call}/result"),
            None => self.id.to_string(),
        }
    }

    /// Whether this is a call whose result is a record of its own.
    pub fn is_call(&self) -> bool {
        self.kind.result().is_some()
    }
}

/// A text that is not longer than what a record holds.
fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_WORDS) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
#[path = "record_tests.rs"]
pub(super) mod tests;
