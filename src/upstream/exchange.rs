//! One survey or one request, as a machine: it says what to send, is told what came back, and says what is next.
//!
//! Which era an upstream speaks is found by asking it for `server/discover`. Only a refusal that a server of the older era
//! would give (a 4xx that is not about authentication or limits, and no error of the newer era) leads to `initialize`;
//! a timeout, a 5xx or a 401 says nothing about the era. A request is sent once: it is sent again only when the upstream
//! answered that it does not know the session (404, 2025-11-25 `basic/transports`, "Session Management"; or what servers
//! in use answer instead, see [`Exchange::on_answer`]), because then it was not processed.

use super::answer::{self, Response};
use super::ask::{Answer, Ask};
use super::link::{LEGACY, LegacyLink, Link, MODERN};
use super::request::Message;
use super::survey::{Introduction, Survey};
use super::{ProtocolBreach, Upstream, UpstreamFailure, UpstreamProblem};
use crate::mcp::capability::{ClientCapabilities, ServerCapabilities};
use crate::mcp::log_level::LogLevel;
use crate::mcp::refusal::{HEADER_MISMATCH, METHOD_NOT_FOUND, UNSUPPORTED_VERSION};
use crate::outbound::{HeaderValue, OutboundAnswer, OutboundFailure, OutboundRequest};
use crate::time::Lifetime;
use lists::Lists;
pub use lists::{MAX_ENTRIES, MAX_PAGES};
use meaning::{is_complete, understood};
use serde_json::{Map, Value};
use std::rc::Rc;

mod cancellation;
mod hearing;
mod lists;
mod meaning;

pub use cancellation::Cancellation;
pub use hearing::Heard;

/// What servers answer with 400 to a session they do not know, where the specification has 404: the transport of the
/// TypeScript SDK and the servers built on it say "no valid session" with the first, "session not found" with the second.
const SESSION_UNKNOWN: [i64; 2] = [-32_000, -32_001];
/// Longest instructions that are kept, in bytes.
const LONGEST_INSTRUCTIONS: usize = 16 * 1024;

/// What the exchange is for.
#[derive(Clone, Debug, PartialEq)]
pub enum Errand {
    /// Find out all that the upstream says of itself.
    Survey,
    /// Agree on a revision, and open a session where there are sessions, for a client that can do this.
    Link(Box<ClientCapabilities>),
    /// Ask one thing for a client.
    Ask(Box<Ask>),
}

/// What the machine wants.
#[derive(Debug)]
pub enum Progress {
    /// Send this, then tell [`Exchange::on_answer`], or, where [`Exchange::relays`], what the stream says.
    Send(OutboundRequest),
    /// Wait so long, then as [`Progress::Send`].
    Resume(Lifetime, OutboundRequest),
    /// The errand is done.
    Done(Outcome),
    /// The errand failed.
    Failed(UpstreamFailure),
}

/// What an errand brought.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// All that the upstream says of itself.
    Surveyed(Box<Survey>),
    /// The link stands, see [`Exchange::into_link`].
    Linked,
    /// The answer.
    Answered(Answer),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Discovering,
    Initializing,
    Acknowledging,
    Levelling(LogLevel),
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
    answered: bool,
    next_id: u64,
    deadline: Lifetime,
    lists: Lists,
    hearing: hearing::Hearing,
}

impl<'u> Exchange<'u> {
    /// An errand over a known link, or over none yet. Its requests carry ids from `first_id` on, which must be new to the
    /// link's session; an exchange never uses more than 128.
    pub fn new(upstream: &'u Upstream, link: Option<Link>, errand: Errand, first_id: u64, deadline: Lifetime) -> Self {
        Self {
            upstream,
            errand,
            link,
            stage: Stage::Discovering,
            reconnected: false,
            answered: false,
            next_id: first_id,
            deadline,
            lists: Lists::default(),
            hearing: hearing::Hearing::default(),
        }
    }

    /// The first step.
    pub fn begin(&mut self) -> Progress {
        if let Err(why) = self.upstream.credential.applied(&self.upstream.url) {
            return self.fail(why.into());
        }
        match (&self.link, &self.errand) {
            (None, _) | (Some(Link::Modern), Errand::Survey) => self.send(),
            (Some(_), _) => self.linked(),
        }
    }

    /// The link as it is now: to be kept for the next errand, or forgotten when there is none.
    pub fn into_link(self) -> Option<Link> {
        self.link
    }

    /// The link as it is now, and the errand, which may be tried again.
    pub fn into_parts(self) -> (Option<Link>, Errand) {
        (self.link, self.errand)
    }

    /// The link as it is now.
    pub const fn link(&self) -> Option<&Link> {
        self.link.as_ref()
    }

    /// The step after a whole answer.
    ///
    /// A session is lost when a request that names it is answered with 404, or with 400 and a JSON-RPC error -32000 or
    /// -32001. It is opened again once in an exchange, and the request is sent again.
    pub fn on_answer(&mut self, answer: Result<OutboundAnswer, OutboundFailure>) -> Progress {
        let answer = match answer {
            Ok(answer) => answer,
            Err(failure) => return self.fail(failure.into()),
        };
        self.answered = true;
        let next = match self.stage {
            Stage::Discovering => self.discovered(&answer),
            Stage::Initializing => self.initialized(&answer),
            Stage::Acknowledging => self.acknowledged(&answer),
            // A server that cannot change its level sends what it sends.
            Stage::Levelling(_) => Ok(self.go(Stage::Working)),
            Stage::Working => self.worked(&answer),
        };
        next.unwrap_or_else(|problem| self.fail(problem))
    }

    fn fail(&self, problem: UpstreamProblem) -> Progress {
        Progress::Failed(self.upstream.failure(problem))
    }

    fn send(&mut self) -> Progress {
        let id = self.next_id;
        self.next_id += 1;
        self.answered = false;
        let nothing = ClientCapabilities::default();
        let message = match (self.stage, &self.errand) {
            (Stage::Discovering, _) => Message::Discover,
            (Stage::Initializing, Errand::Link(declares)) => Message::Initialize { declares },
            (Stage::Initializing, Errand::Survey) => Message::Initialize { declares: &nothing },
            (Stage::Initializing, Errand::Ask(ask)) => Message::Initialize { declares: &ask.declares },
            (Stage::Acknowledging, _) => Message::Initialized,
            (Stage::Levelling(level), _) => Message::SetLevel(level),
            (Stage::Working, Errand::Ask(ask)) => Message::Ask(ask),
            (Stage::Working, Errand::Link(_)) => return Progress::Done(Outcome::Linked),
            (Stage::Working, Errand::Survey) => {
                let Some((kind, cursor)) = self.lists.next() else {
                    let survey = std::mem::take(&mut self.lists).into_survey();
                    return Progress::Done(Outcome::Surveyed(Box::new(survey)));
                };
                Message::List { kind, cursor }
            }
        };
        Progress::Send(message.request(self.upstream, self.link.as_ref(), id, self.deadline))
    }

    fn go(&mut self, stage: Stage) -> Progress {
        self.stage = stage;
        self.send()
    }

    /// The link stands: on to what the errand is for.
    fn linked(&mut self) -> Progress {
        if let (Some(Link::Legacy(link)), Errand::Survey) = (&self.link, &self.errand) {
            self.lists = Lists::begin(Introduction::clone(&link.introduction));
        }
        let wanted = match &self.errand {
            Errand::Survey | Errand::Link(_) => None,
            Errand::Ask(ask) => ask.log_level,
        };
        match (&mut self.link, wanted) {
            (Some(Link::Legacy(link)), Some(level))
                if link.level != wanted && link.introduction.offered.logging.is_some() =>
            {
                link.level = wanted;
                self.go(Stage::Levelling(level))
            }
            _ => self.go(Stage::Working),
        }
    }

    /// The id of the request that was sent last.
    const fn sent_id(&self) -> u64 {
        self.next_id - 1
    }

    fn discovered(&mut self, answer: &OutboundAnswer) -> Result<Progress, UpstreamProblem> {
        let response = answer::read(answer, self.sent_id());
        let revisions = match (answer.status, &response) {
            // A server of the newer era must name its versions: this one answers whatever it is asked.
            (200, Ok(Response::Result(result))) if !result.contains_key("supportedVersions") => {
                return Ok(self.go(Stage::Initializing));
            }
            (200, Ok(Response::Result(result))) => answer::texts(result.get("supportedVersions")),
            (200 | 400..=499, Ok(error @ Response::Error { code: UNSUPPORTED_VERSION, .. })) => error.supported(),
            (200, Ok(Response::Error { code: METHOD_NOT_FOUND, .. })) => return Ok(self.go(Stage::Initializing)),
            (200, _) => {
                response?.into_result()?;
                return Err(ProtocolBreach::Result.into());
            }
            (status, _) if is_old_refusal(status) => {
                return match response {
                    Ok(Response::Error { code: code @ -32_099..=-32_020, message, .. }) => {
                        Err(UpstreamProblem::Rpc { code, message })
                    }
                    _ => Ok(self.go(Stage::Initializing)),
                };
            }
            _ => return Err(UpstreamProblem::of_status(answer)),
        };
        if revisions.iter().any(|revision| revision == MODERN) {
            return match &response {
                Ok(Response::Result(result)) => {
                    self.lists = Lists::begin(introduction(result, result.get("_meta")));
                    self.link = Some(Link::Modern);
                    Ok(self.linked())
                }
                // It refused the revision that it says it serves: asked again, it may have changed its mind.
                _ if !self.reconnected => {
                    self.reconnected = true;
                    Ok(self.go(Stage::Discovering))
                }
                _ => Err(ProtocolBreach::Revision.into()),
            };
        }
        if revisions.iter().any(|revision| LEGACY.contains(&revision.as_str())) {
            return Ok(self.go(Stage::Initializing));
        }
        Err(ProtocolBreach::Revision.into())
    }

    fn initialized(&mut self, answer: &OutboundAnswer) -> Result<Progress, UpstreamProblem> {
        if answer.status != 200 {
            return Err(UpstreamProblem::of_status(answer));
        }
        let result = answer::read(answer, self.sent_id())?.into_result()?;
        let chosen = result.get("protocolVersion").and_then(Value::as_str).ok_or(ProtocolBreach::Result)?;
        let revision = LEGACY.into_iter().find(|known| *known == chosen).ok_or(ProtocolBreach::Revision)?;
        let session = answer.header("mcp-session-id").map(session).transpose()?;
        let introduction = Rc::new(introduction(&result, Some(&Value::Null)));
        self.link = Some(Link::Legacy(LegacyLink { session, revision, introduction, level: None }));
        Ok(self.go(Stage::Acknowledging))
    }

    fn acknowledged(&mut self, answer: &OutboundAnswer) -> Result<Progress, UpstreamProblem> {
        if !(200..300).contains(&answer.status) {
            self.link = None;
            return Err(UpstreamProblem::of_status(answer));
        }
        Ok(self.linked())
    }

    fn worked(&mut self, answer: &OutboundAnswer) -> Result<Progress, UpstreamProblem> {
        if !self.reconnected && self.session_is_lost(answer) {
            self.reconnected = true;
            self.link = None;
            return Ok(self.go(Stage::Initializing));
        }
        let response = if answer.status == 200 { answer::read(answer, self.sent_id())? } else { self.refused(answer)? };
        match &self.errand {
            Errand::Survey => self.listed(response),
            Errand::Link(_) => Ok(Progress::Done(Outcome::Linked)),
            Errand::Ask(ask) => {
                let answer = understood(ask, self.link.as_ref(), response)?;
                Ok(Progress::Done(Outcome::Answered(answer)))
            }
        }
    }

    /// Whether the answer says that the request was not processed because its session is not known.
    fn session_is_lost(&self, answer: &OutboundAnswer) -> bool {
        if !matches!(&self.link, Some(Link::Legacy(LegacyLink { session: Some(_), .. }))) {
            return false;
        }
        let refusal = || answer::read(answer, self.sent_id());
        match answer.status {
            404 => true,
            400 => matches!(refusal(), Ok(Response::Error { code, .. }) if SESSION_UNKNOWN.contains(&code)),
            _ => false,
        }
    }

    /// A status other than 200 on a known link. A refusal may mean that the upstream is no longer what it was, so the next
    /// errand finds out its era again, unless it is an error in the protocol's own form about what was asked.
    fn refused(&mut self, answer: &OutboundAnswer) -> Result<Response, UpstreamProblem> {
        if !is_old_refusal(answer.status) {
            return Err(UpstreamProblem::of_status(answer));
        }
        match answer::read(answer, self.sent_id()) {
            Ok(Response::Error { code: code @ (UNSUPPORTED_VERSION | HEADER_MISMATCH), message, .. }) => {
                self.link = None;
                Err(UpstreamProblem::Rpc { code, message })
            }
            Ok(error @ Response::Error { .. }) if self.link == Some(Link::Modern) => Ok(error),
            Ok(Response::Error { code, message, .. }) => {
                self.link = None;
                Err(UpstreamProblem::Rpc { code, message })
            }
            _ => {
                self.link = None;
                Err(UpstreamProblem::Status(answer.status))
            }
        }
    }

    fn listed(&mut self, response: Response) -> Result<Progress, UpstreamProblem> {
        match response {
            // It said that it has the list, and does not.
            Response::Error { code: METHOD_NOT_FOUND, .. } => self.lists.skip(),
            response => {
                let result = response.into_result()?;
                if !is_complete(&result) {
                    return Err(ProtocolBreach::Incomplete.into());
                }
                self.lists.take(&result)?;
            }
        }
        Ok(self.send())
    }
}

/// What a server said of itself. The newest revision has `serverInfo` in `_meta`, the others beside the capabilities.
fn introduction(result: &Map<String, Value>, meta: Option<&Value>) -> Introduction {
    const META_SERVER: &str = "io.modelcontextprotocol/serverInfo";
    let server = meta.and_then(|meta| meta.get(META_SERVER)).or_else(|| result.get("serverInfo"));
    let instructions = result.get("instructions").and_then(Value::as_str);
    Introduction {
        offered: result
            .get("capabilities")
            .and_then(Value::as_object)
            .map(ServerCapabilities::read)
            .unwrap_or_default(),
        server: server.and_then(Value::as_object).cloned(),
        instructions: instructions.filter(|text| text.len() <= LONGEST_INSTRUCTIONS).map(str::to_owned),
    }
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
