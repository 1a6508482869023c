//! What an upstream says on a stream before its answer, and how a stream that broke off is taken up again.

use super::{Errand, Exchange, Outcome, Progress, Stage, understood};
use crate::mcp::message::RequestId;
use crate::mcp::wire::RpcError;
use crate::outbound::{HeaderValue, OutboundFailure, OutboundRequest};
use crate::time::Lifetime;
use crate::upstream::answer::{self, Message};
use crate::upstream::ask::{AskMethod, Notification, ServerRequest};
use crate::upstream::link::{LegacyLink, Link};
use crate::upstream::stream::{EventReader, LONGEST_NOTICE, MOST_MESSAGES};
use crate::upstream::{ProtocolBreach, UpstreamFailure, UpstreamProblem, request};
use serde_json::{Map, Value};

/// How often one stream is taken up again.
const MOST_RESUMED: u8 = 32;
/// How long to wait before that where the upstream does not say.
const COME_BACK: Lifetime = Lifetime::from_seconds(1);
/// Longest wait an upstream gets.
const LONGEST_WAIT: Lifetime = Lifetime::from_seconds(10);

/// The stream of an answer.
#[derive(Debug, Default)]
pub(super) struct Hearing {
    reader: EventReader,
    last_id: Option<HeaderValue>,
    resumed: u8,
    heard: usize,
}

/// One thing a stream said.
#[derive(Debug)]
pub enum Heard {
    /// The upstream tells something.
    Notice(Notification),
    /// A legacy upstream asks its client; [`Exchange::reply`] makes the answer.
    Question(ServerRequest),
    /// Send this; nothing that comes back matters.
    Send(OutboundRequest),
    /// The errand is done.
    Done(Outcome),
    /// The errand failed.
    Failed(UpstreamFailure),
}

impl Exchange<'_> {
    /// Whether the answer to what was sent last is to be read piece by piece when it is an event stream with status 200:
    /// somebody hears what it says.
    pub fn relays(&self) -> bool {
        self.stage == Stage::Working && matches!(&self.errand, Errand::Ask(ask) if ask.attended)
    }

    /// Whether the stream has no end of its own.
    pub fn is_endless(&self) -> bool {
        matches!(&self.errand, Errand::Ask(ask) if ask.method == AskMethod::Listen)
    }

    /// The next bytes of a stream; what they say, in order. After an end nothing more is read.
    pub fn on_piece(&mut self, bytes: &[u8]) -> Vec<Heard> {
        let mut heard = Vec::new();
        let events = self.hearing.reader.push(bytes);
        self.hearing.heard = if self.is_endless() { 0 } else { self.hearing.heard + events.len() };
        for event in events {
            match self.hear(&event) {
                Ok(None) => {}
                Ok(Some(said)) => heard.push(said),
                Err(problem) => heard.push(Heard::Failed(self.upstream.failure(problem))),
            }
            if matches!(heard.last(), Some(Heard::Done(_) | Heard::Failed(_))) {
                return heard;
            }
        }
        if self.hearing.reader.is_overlong() {
            heard.push(Heard::Failed(self.upstream.failure(UpstreamProblem::TooLarge)));
        } else if self.hearing.heard > MOST_MESSAGES {
            heard.push(Heard::Failed(self.upstream.failure(ProtocolBreach::EndlessStream.into())));
        }
        heard
    }

    /// The stream ended before its answer. One of a legacy session that numbers its events is taken up again where it broke
    /// off; that asks for nothing twice.
    pub fn on_stream_end(&mut self, failure: Option<OutboundFailure>) -> Progress {
        let hearing = std::mem::take(&mut self.hearing);
        let last_id = hearing.reader.last_id().cloned().or(hearing.last_id);
        match (&self.link, last_id) {
            (Some(link @ Link::Legacy(LegacyLink { session: Some(_), .. })), Some(last_id))
                if hearing.resumed < MOST_RESUMED && failure != Some(OutboundFailure::Timeout) =>
            {
                let wait = hearing.reader.retry().unwrap_or(COME_BACK).min(LONGEST_WAIT);
                let request = request::stream(self.upstream, link, Some(last_id.clone()), self.deadline);
                let (resumed, heard) = (hearing.resumed + 1, hearing.heard);
                self.hearing = Hearing { last_id: Some(last_id), resumed, heard, ..Hearing::default() };
                Progress::Resume(wait, request)
            }
            _ => self.fail(failure.map_or(ProtocolBreach::WrongId.into(), UpstreamProblem::from)),
        }
    }

    /// The message that answers a question.
    pub fn reply(&self, id: &RequestId, outcome: &Result<Map<String, Value>, RpcError>) -> OutboundRequest {
        let message = request::Message::Answer { id, outcome };
        message.request(self.upstream, self.link.as_ref(), 0, self.deadline)
    }

    fn hear(&mut self, event: &[u8]) -> Result<Option<Heard>, UpstreamProblem> {
        let Errand::Ask(ask) = &self.errand else { return Err(ProtocolBreach::NotAResponse.into()) };
        match answer::message(event, self.sent_id())? {
            Message::Response(response) => {
                self.answered = true;
                let answer = understood(ask, self.link.as_ref(), response)?;
                Ok(Some(Heard::Done(Outcome::Answered(answer))))
            }
            _ if event.len() > LONGEST_NOTICE => Err(UpstreamProblem::TooLarge),
            Message::Notification(notification) => {
                Ok(self.concerns(&notification).then_some(Heard::Notice(notification)))
            }
            Message::Request(_) if self.link == Some(Link::Modern) => Err(ProtocolBreach::ServerRequest.into()),
            Message::Request(question) if question.method == "ping" => {
                Ok(Some(Heard::Send(self.reply(&question.id, &Ok(Map::new())))))
            }
            Message::Request(question) => Ok(Some(Heard::Question(question))),
        }
    }

    /// Progress of anything else is none of this request's.
    fn concerns(&self, notification: &Notification) -> bool {
        notification.method != "notifications/progress"
            || notification.params.get("progressToken").and_then(Value::as_u64) == Some(self.sent_id())
    }
}
