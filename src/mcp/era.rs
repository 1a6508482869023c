//! Which revision of the protocol a message speaks, and the order in which a bad one is refused.
//!
//! The body decides: a request whose `params._meta` claims a version is modern, even an `initialize`; one without the
//! claim is legacy, unless the header names a modern revision, which makes it a modern request with its claim missing.

use super::headers::{PROTOCOL_VERSION, Presence, RequestHeaders};
use super::refusal::{Fault, HeaderProblem};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The `_meta` member that makes a request modern: the revision it speaks.
pub const META_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
/// The `_meta` member with the client's capabilities, which every modern request must carry.
pub const META_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
/// The `_meta` member with the client's name and version: optional, never used for a decision.
pub const META_CLIENT: &str = "io.modelcontextprotocol/clientInfo";
/// The `_meta` member with the level from which on a modern request wants log messages.
pub const META_LOG_LEVEL: &str = "io.modelcontextprotocol/logLevel";

/// A revision with the `initialize` handshake. In order of age.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LegacyRevision {
    /// 2024-11-05, over the transport of the later ones.
    #[serde(rename = "2024-11-05")]
    V2024_11_05,
    /// 2025-03-26: the only one with batches; assumed of a request that names no version.
    #[serde(rename = "2025-03-26")]
    V2025_03_26,
    /// 2025-06-18.
    #[serde(rename = "2025-06-18")]
    V2025_06_18,
    /// 2025-11-25: what the handshake offers to a client whose version is not served.
    #[serde(rename = "2025-11-25")]
    V2025_11_25,
}

/// The revision a message speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Era {
    /// One with a handshake.
    Legacy(LegacyRevision),
    /// 2026-07-28: every request stands alone.
    Modern,
}

impl Era {
    /// Every revision served, newest first.
    pub const SERVED: [Self; 5] = [
        Self::Modern,
        Self::Legacy(LegacyRevision::V2025_11_25),
        Self::Legacy(LegacyRevision::V2025_06_18),
        Self::Legacy(LegacyRevision::V2025_03_26),
        Self::Legacy(LegacyRevision::V2024_11_05),
    ];

    /// The revision's name on the wire, its date.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Modern => "2026-07-28",
            Self::Legacy(revision) => revision.name(),
        }
    }

    /// The served revision with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::SERVED.into_iter().find(|era| era.name() == name)
    }

    /// The revision of a request, refused in this order: required `_meta` members missing or malformed, a header that is
    /// missing, repeated or says something else than the body, a version that is not served.
    pub(super) fn of_request(
        headers: &RequestHeaders,
        assumed: LegacyRevision,
        method: &str,
        params: &Map<String, Value>,
    ) -> Result<Self, Fault> {
        match meta(params).and_then(|meta| meta.get(META_VERSION)) {
            Some(claim) => Self::of_claim(claim, headers, method, params),
            None => Self::of_unclaimed(headers, assumed, method, params),
        }
    }

    fn of_claim(
        claim: &Value,
        headers: &RequestHeaders,
        method: &str,
        params: &Map<String, Value>,
    ) -> Result<Self, Fault> {
        let claim = match (claim.as_str(), malformed_meta(params)) {
            (Some(claim), members) if members.is_empty() => claim,
            (_, members) => return Err(Fault::MissingMeta { members }),
        };
        match headers.version()? {
            None => return Err(Fault::header(PROTOCOL_VERSION, HeaderProblem::Missing)),
            Some(header) if header != claim => return Err(Fault::header(PROTOCOL_VERSION, HeaderProblem::Differs)),
            Some(_) => {}
        }
        headers.check_route(method, params, Presence::Required)?;
        // A legacy revision is served, but not in this form.
        Self::named(claim).filter(|era| *era == Self::Modern).ok_or_else(|| Fault::unsupported(claim))
    }

    fn of_unclaimed(
        headers: &RequestHeaders,
        assumed: LegacyRevision,
        method: &str,
        params: &Map<String, Value>,
    ) -> Result<Self, Fault> {
        let era = Self::of_header(headers, assumed)?;
        let era = match era {
            // The handshake is legacy whatever the header says: some clients already name the revision they hope for.
            Self::Modern if method == "initialize" => Self::Legacy(LegacyRevision::LATEST),
            Self::Modern => return Err(Fault::MissingMeta { members: malformed_meta(params) }),
            Self::Legacy(_) => era,
        };
        headers.check_route(method, params, Presence::Optional)?;
        Ok(era)
    }

    /// The revision the header names, or the one assumed of a message without the header.
    pub(super) fn of_header(headers: &RequestHeaders, assumed: LegacyRevision) -> Result<Self, Fault> {
        match headers.version()? {
            None => Ok(Self::Legacy(assumed)),
            Some(name) => Self::named(name).ok_or_else(|| Fault::unsupported(name)),
        }
    }
}

impl LegacyRevision {
    /// The newest revision with a handshake.
    pub const LATEST: Self = Self::V2025_11_25;
    /// What a message without the header speaks, outside any session.
    pub const ASSUMED: Self = Self::V2025_03_26;

    /// The revision's name on the wire, its date.
    pub const fn name(self) -> &'static str {
        match self {
            Self::V2024_11_05 => "2024-11-05",
            Self::V2025_03_26 => "2025-03-26",
            Self::V2025_06_18 => "2025-06-18",
            Self::V2025_11_25 => "2025-11-25",
        }
    }

    /// What the handshake answers to a client that asks for `wanted`: the same when it is served, else the newest. A
    /// client that asks for a modern revision is offered the newest legacy one, because it is shaking hands.
    pub fn negotiate(wanted: &str) -> Self {
        match Era::named(wanted) {
            Some(Era::Legacy(revision)) => revision,
            Some(Era::Modern) | None => Self::LATEST,
        }
    }
}

fn meta(params: &Map<String, Value>) -> Option<&Map<String, Value>> {
    params.get("_meta").and_then(Value::as_object)
}

/// The names of the `_meta` members a modern request lacks or has with a wrong type.
fn malformed_meta(params: &Map<String, Value>) -> Vec<&'static str> {
    let member = |name| meta(params).and_then(|meta| meta.get(name));
    let mut names = Vec::new();
    if !member(META_VERSION).is_some_and(Value::is_string) {
        names.push(META_VERSION);
    }
    if !member(META_CAPABILITIES).is_some_and(Value::is_object) {
        names.push(META_CAPABILITIES);
    }
    if member(META_CLIENT).is_some_and(|client| !client.is_object()) {
        names.push(META_CLIENT);
    }
    names
}
