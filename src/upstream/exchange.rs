//! One listing or one call, as a machine: it says what to send, is told what came back, and says what is next.
//!
//! Which era an upstream speaks is found by asking it for `server/discover`. Only a refusal that a server of the older era
//! would give (a 4xx that is not about authentication or limits, and no error of the newer era) leads to `initialize`;
//! a timeout, a 5xx or a 401 says nothing about the era. A call is sent once: it is sent again only when the upstream
//! answered that it does not know the session (404, 2025-11-25 `basic/transports`, "Session Management"; or what servers
//! in use answer instead, see [`Exchange::on_answer`]), because then it was not processed.

use super::answer::{self, Response};
use super::request::{Ask, LEGACY, Link, MODERN};
use super::{
    ProtocolBreach, UntrustedText, Unusable, UnusableReason, Upstream, UpstreamFailure, UpstreamProblem, param,
};
use crate::mcp::wire::{CallToolResult, Tool};
use crate::outbound::{HeaderValue, OutboundAnswer, OutboundFailure, OutboundRequest};
use crate::time::Lifetime;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Most pages of one listing.
pub const MAX_PAGES: usize = 20;
/// Most tools of one upstream.
pub const MAX_TOOLS: usize = 500;
/// Longest cursor, in bytes.
const MAX_CURSOR_BYTES: usize = 4096;
/// JSON-RPC: unknown method.
const METHOD_NOT_FOUND: i64 = -32_601;
/// What servers answer with 400 to a session they do not know, where the specification has 404: the transport of the
/// TypeScript SDK and the servers built on it say "no valid session" with the first, "session not found" with the second.
const SESSION_UNKNOWN: [i64; 2] = [-32_000, -32_001];
/// 2026-07-28: unsupported protocol version.
const UNSUPPORTED_VERSION: i64 = -32_022;

/// What the exchange is for.
#[derive(Clone, Debug, PartialEq)]
pub enum Errand {
    /// List every tool.
    List,
    /// Call one tool.
    Call {
        /// The tool's name at the upstream.
        tool: String,
        /// Validated arguments.
        arguments: Map<String, Value>,
        /// The arguments that the tool's schema wants in headers.
        params: Vec<(Cow<'static, str>, HeaderValue)>,
    },
}

/// What the machine wants.
#[derive(Debug)]
pub enum Progress {
    /// Send this, then tell [`Exchange::on_answer`].
    Send(OutboundRequest),
    /// The errand is done.
    Done(Outcome),
    /// The errand failed.
    Failed(UpstreamFailure),
}

/// What an errand brought.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The upstream's tools, with its own names for them, and those that cannot be used.
    Listed {
        /// Usable definitions.
        tools: Vec<Tool>,
        /// The others.
        unusable: Vec<Unusable>,
    },
    /// The call's result.
    Called(CallToolResult),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Discovering,
    Initializing,
    Acknowledging,
    Working,
}

/// One errand under way.
#[derive(Debug)]
pub struct Exchange<'u> {
    upstream: &'u Upstream,
    errand: Errand,
    link: Option<Link>,
    stage: Stage,
    reconnected: bool,
    next_id: u64,
    deadline: Lifetime,
    cursor: Option<String>,
    pages: usize,
    tools: Vec<Tool>,
    unusable: Vec<Unusable>,
}

impl<'u> Exchange<'u> {
    /// An errand over a known link, or over none yet. Its requests carry ids from `first_id` on, which must be new to the
    /// link's session; an exchange never uses more than 64.
    pub fn new(upstream: &'u Upstream, link: Option<Link>, errand: Errand, first_id: u64, deadline: Lifetime) -> Self {
        let stage = if link.is_some() { Stage::Working } else { Stage::Discovering };
        Self {
            upstream,
            errand,
            link,
            stage,
            reconnected: false,
            next_id: first_id,
            deadline,
            cursor: None,
            pages: 0,
            tools: Vec::new(),
            unusable: Vec::new(),
        }
    }

    /// The first step.
    pub fn begin(&mut self) -> Progress {
        if self.upstream.credential.as_ref().is_some_and(|secret| super::request::bearer(secret.expose()).is_none()) {
            return self.fail(UpstreamProblem::Misconfigured);
        }
        self.send()
    }

    /// The link as it is now: to be kept for the next errand, or forgotten when there is none.
    pub fn into_link(self) -> Option<Link> {
        self.link
    }

    /// The step after an answer.
    ///
    /// A session is lost when a request that names it is answered with 404, or with 400 and a JSON-RPC error -32000 or
    /// -32001. It is opened again once in an exchange, and the request is sent again.
    pub fn on_answer(&mut self, answer: Result<OutboundAnswer, OutboundFailure>) -> Progress {
        let answer = match answer {
            Ok(answer) => answer,
            Err(failure) => return self.fail(failure.into()),
        };
        let next = match self.stage {
            Stage::Discovering => self.discovered(&answer),
            Stage::Initializing => self.initialized(&answer),
            Stage::Acknowledging => self.acknowledged(&answer),
            Stage::Working => self.worked(&answer),
        };
        next.unwrap_or_else(|problem| self.fail(problem))
    }

    fn fail(&self, problem: UpstreamProblem) -> Progress {
        Progress::Failed(self.upstream.failure(problem))
    }

    fn send(&mut self) -> Progress {
        self.next_id += 1;
        let ask = match (self.stage, &self.errand) {
            (Stage::Discovering, _) => Ask::Discover,
            (Stage::Initializing, _) => Ask::Initialize,
            (Stage::Acknowledging, _) => Ask::Initialized,
            (Stage::Working, Errand::List) => Ask::List { cursor: self.cursor.as_deref() },
            (Stage::Working, Errand::Call { tool, arguments, params }) => Ask::Call { tool, arguments, params },
        };
        Progress::Send(ask.request(self.upstream, self.link.as_ref(), self.next_id - 1, self.deadline))
    }

    fn go(&mut self, stage: Stage) -> Progress {
        self.stage = stage;
        self.send()
    }

    /// The id of the request that was sent last.
    fn sent_id(&self) -> u64 {
        self.next_id - 1
    }

    fn discovered(&mut self, answer: &OutboundAnswer) -> Result<Progress, UpstreamProblem> {
        let response = answer::read(answer, self.sent_id());
        let revisions = match (answer.status, response) {
            (200, Ok(Response::Result(result))) => revisions(&result),
            (200 | 400..=499, Ok(Response::Error { code: UNSUPPORTED_VERSION, supported, .. })) => supported,
            (200, Ok(Response::Error { code: METHOD_NOT_FOUND, .. })) => return Ok(self.go(Stage::Initializing)),
            (200, response) => {
                response?.into_result()?;
                return Err(ProtocolBreach::Result.into());
            }
            (status, response) if is_old_refusal(status) => {
                return match response {
                    Ok(Response::Error { code: code @ -32_099..=-32_020, message, .. }) => {
                        Err(UpstreamProblem::Rpc { code, message })
                    }
                    _ => Ok(self.go(Stage::Initializing)),
                };
            }
            (status, _) => return Err(UpstreamProblem::Status(status)),
        };
        if revisions.iter().any(|revision| revision == MODERN) {
            self.link = Some(Link::Modern);
            return Ok(self.go(Stage::Working));
        }
        if revisions.iter().any(|revision| LEGACY.contains(&revision.as_str())) {
            return Ok(self.go(Stage::Initializing));
        }
        Err(ProtocolBreach::Revision.into())
    }

    fn initialized(&mut self, answer: &OutboundAnswer) -> Result<Progress, UpstreamProblem> {
        if answer.status != 200 {
            return Err(UpstreamProblem::Status(answer.status));
        }
        let result = answer::read(answer, self.sent_id())?.into_result()?;
        let chosen = result.get("protocolVersion").and_then(Value::as_str).ok_or(ProtocolBreach::Result)?;
        let revision = LEGACY.into_iter().find(|known| *known == chosen).ok_or(ProtocolBreach::Revision)?;
        let session = answer.header("mcp-session-id").map(session).transpose()?;
        self.link = Some(Link::Legacy { session, revision });
        Ok(self.go(Stage::Acknowledging))
    }

    fn acknowledged(&mut self, answer: &OutboundAnswer) -> Result<Progress, UpstreamProblem> {
        if !(200..300).contains(&answer.status) {
            self.link = None;
            return Err(UpstreamProblem::Status(answer.status));
        }
        Ok(self.go(Stage::Working))
    }

    fn worked(&mut self, answer: &OutboundAnswer) -> Result<Progress, UpstreamProblem> {
        if !self.reconnected && self.session_is_lost(answer) {
            self.reconnected = true;
            self.link = None;
            self.restart();
            return Ok(self.go(Stage::Initializing));
        }
        if answer.status != 200 {
            return Err(self.refused(answer));
        }
        let result = answer::read(answer, self.sent_id())?.into_result()?;
        if !matches!(result.get("resultType").and_then(Value::as_str), None | Some("complete")) {
            return Err(ProtocolBreach::Incomplete.into());
        }
        match self.errand {
            Errand::List => self.listed(&result),
            Errand::Call { .. } => {
                let result = serde_json::from_value(Value::Object(result)).map_err(|_| ProtocolBreach::Result)?;
                Ok(Progress::Done(Outcome::Called(result)))
            }
        }
    }

    /// Whether the answer says that the request was not processed because its session is not known.
    fn session_is_lost(&self, answer: &OutboundAnswer) -> bool {
        if !matches!(self.link, Some(Link::Legacy { session: Some(_), .. })) {
            return false;
        }
        let refusal = || answer::read(answer, self.sent_id());
        match answer.status {
            404 => true,
            400 => matches!(refusal(), Ok(Response::Error { code, .. }) if SESSION_UNKNOWN.contains(&code)),
            _ => false,
        }
    }

    /// A listing that lost its session starts over, so that no tool is listed twice.
    fn restart(&mut self) {
        self.cursor = None;
        self.pages = 0;
        self.tools.clear();
        self.unusable.clear();
    }

    /// A status other than 200 on a known link. A refusal may mean that the upstream is no longer what it was, so the next
    /// errand finds out its era again.
    fn refused(&mut self, answer: &OutboundAnswer) -> UpstreamProblem {
        let status = answer.status;
        if is_old_refusal(status) {
            self.link = None;
        }
        match answer::read(answer, self.sent_id()) {
            Ok(Response::Error { code, message, .. }) if is_old_refusal(status) => {
                UpstreamProblem::Rpc { code, message }
            }
            _ => UpstreamProblem::Status(status),
        }
    }

    fn listed(&mut self, result: &Map<String, Value>) -> Result<Progress, UpstreamProblem> {
        let entries = result.get("tools").and_then(Value::as_array).ok_or(ProtocolBreach::Result)?;
        for entry in entries {
            self.take_tool(entry);
        }
        self.pages += 1;
        let next = match result.get("nextCursor") {
            None | Some(Value::Null) => return Ok(self.done()),
            Some(Value::String(cursor)) if cursor.len() <= MAX_CURSOR_BYTES => cursor,
            Some(_) => return Err(ProtocolBreach::Result.into()),
        };
        if self.pages >= MAX_PAGES || self.cursor.as_ref() == Some(next) {
            return Err(ProtocolBreach::EndlessList.into());
        }
        if self.tools.len() >= MAX_TOOLS {
            return Ok(self.done());
        }
        self.cursor = Some(next.clone());
        Ok(self.send())
    }

    fn done(&mut self) -> Progress {
        let (tools, unusable) = (std::mem::take(&mut self.tools), std::mem::take(&mut self.unusable));
        Progress::Done(Outcome::Listed { tools, unusable })
    }

    fn take_tool(&mut self, entry: &Value) {
        let name = entry.get("name").and_then(Value::as_str).unwrap_or_default();
        let outcome = match serde_json::from_value::<Tool>(entry.clone()) {
            // A struct would also be read from a list.
            _ if !entry.is_object() => Err(UnusableReason::Malformed),
            Err(_) => Err(UnusableReason::Malformed),
            Ok(_) if self.tools.len() >= MAX_TOOLS => Err(UnusableReason::TooMany),
            Ok(tool) if param::annotations(&tool.input_schema).is_err() => Err(UnusableReason::HeaderAnnotation),
            Ok(tool) => Ok(tool),
        };
        match outcome {
            Ok(tool) => self.tools.push(tool),
            Err(reason) if self.unusable.len() < MAX_TOOLS => {
                let tool = UntrustedText::new(name).as_str().chars().take(128).collect();
                self.unusable.push(Unusable { tool, reason });
            }
            Err(_) => {}
        }
    }
}

fn revisions(result: &Map<String, Value>) -> Vec<String> {
    let named = result.get("supportedVersions").and_then(Value::as_array);
    named.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Whether a status is what a server gives to a request it does not understand: not authentication, limits or timeouts.
fn is_old_refusal(status: u16) -> bool {
    (400..500).contains(&status) && !matches!(status, 401 | 403 | 407 | 408 | 425 | 429)
}

/// A session id: visible ASCII (2025-11-25 `basic/transports`), at most 256 characters here.
fn session(text: &str) -> Result<HeaderValue, ProtocolBreach> {
    let visible = (1..=256).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    HeaderValue::parse(text).ok().filter(|_| visible).ok_or(ProtocolBreach::SessionId)
}

#[cfg(test)]
mod tests;
