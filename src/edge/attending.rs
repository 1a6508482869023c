//! Attending to an upstream that works on a request: what it says reaches whoever hears it, and its questions are answered.

use super::line::Line;
use super::mcp_work::{Client, ClientAnswer};
use super::timer::within;
use super::{clock, outbound};
use crate::mcp::capability::ClientCapabilities;
use crate::mcp::message::RequestId;
use crate::mcp::question::Question;
use crate::outbound::{OutboundFailure, OutboundRequest, Patience};
use crate::time::Lifetime;
use crate::upstream::ask::{Notification, ServerRequest};
use crate::upstream::exchange::{Exchange, Heard, Progress};
use futures::FutureExt;
use futures::channel::oneshot;
use futures::future::{Either, LocalBoxFuture, select};
use futures::pin_mut;
use futures::stream::{FuturesUnordered, StreamExt};

/// Longest time one request may take whose client hears what it says, questions to it not counted.
const LONGEST: Lifetime = Lifetime::from_seconds(300);
/// Longest time a client gets for an answer to a question.
pub const LONGEST_QUESTION: Lifetime = Lifetime::from_seconds(600);

/// Whom an upstream's words reach while it works on a request.
pub struct Hearer {
    /// Hears its notifications.
    pub notices: Box<dyn Fn(Notification)>,
    /// The client that answers its questions, and what that takes.
    pub answers: Option<(Client, ClientCapabilities)>,
}

/// Sends a request and listens to its answer. Any word counts as a sign of life, until [`LONGEST`].
pub async fn attend(
    exchange: &mut Exchange<'_>,
    request: &OutboundRequest,
    hearer: &Hearer,
    patience: Patience,
) -> Progress {
    match Line::open(request, patience.first).await {
        Err(failure) => exchange.on_answer(Err(failure)),
        Ok(line) if line.is_stream() => listen(exchange, line, patience.idle, hearer).await,
        Ok(line) => exchange.on_answer(line.whole(request, patience.idle).await),
    }
}

async fn listen(exchange: &mut Exchange<'_>, mut line: Line, patience: Lifetime, hearer: &Hearer) -> Progress {
    let mut waiting = Waiting::default();
    let mut end = clock::now().plus(LONGEST);
    loop {
        let now = clock::now();
        let patience = match waiting.questions {
            _ if exchange.is_endless() => None,
            0 => Some(patience.min(end.since(now))),
            _ => Some(LONGEST_QUESTION),
        };
        let piece = match waiting.or_next(&mut line, patience).await {
            Either::Left(piece) => piece,
            Either::Right(Next::Answered(id, answer)) => {
                // The time a person took is not the upstream's.
                end = clock::now().plus(LONGEST);
                waiting.send(exchange.reply(&id, &answer));
                continue;
            }
            Either::Right(Next::Sent) => continue,
        };
        let heard = match piece {
            Ok(Some(bytes)) => exchange.on_piece(&bytes),
            Ok(None) => return exchange.on_stream_end(None),
            Err(failure) => return exchange.on_stream_end(Some(failure)),
        };
        for said in heard {
            match said {
                Heard::Notice(notice) => (hearer.notices)(notice),
                Heard::Question(question) => waiting.question(exchange, hearer, question),
                Heard::Send(request) => waiting.send(request),
                Heard::Done(outcome) => return Progress::Done(outcome),
                Heard::Failed(failure) => return Progress::Failed(failure),
            }
        }
    }
}

/// What goes on beside the reading of a stream: questions that the client has not answered, and messages on their way.
#[derive(Default)]
struct Waiting {
    going: FuturesUnordered<LocalBoxFuture<'static, Next>>,
    questions: usize,
}

enum Next {
    Answered(RequestId, ClientAnswer),
    Sent,
}

impl Waiting {
    /// The next bytes of the line, or the next thing that ended beside it.
    async fn or_next(
        &mut self,
        line: &mut Line,
        patience: Option<Lifetime>,
    ) -> Either<Result<Option<Vec<u8>>, OutboundFailure>, Next> {
        let piece = line.next(patience);
        if self.going.is_empty() {
            return Either::Left(piece.await);
        }
        pin_mut!(piece);
        let next = match select(piece, self.going.next()).await {
            Either::Left((piece, _)) => return Either::Left(piece),
            Either::Right((next, _)) => next.unwrap_or(Next::Sent),
        };
        self.questions -= usize::from(matches!(next, Next::Answered(..)));
        Either::Right(next)
    }

    fn send(&mut self, request: OutboundRequest) {
        self.going.push(async move { outbound::send(&request).await.map_or(Next::Sent, |_| Next::Sent) }.boxed_local());
    }

    fn question(&mut self, exchange: &Exchange<'_>, hearer: &Hearer, asked: ServerRequest) {
        let nobody = (None, ClientCapabilities::default());
        let (client, takes) = match &hearer.answers {
            Some((client, takes)) => (Some(client), takes),
            None => (nobody.0, &nobody.1),
        };
        let question = match Question::admit(takes, asked.method, asked.params) {
            Ok(question) => question,
            Err(refusal) => return self.send(exchange.reply(&asked.id, &Err(refusal))),
        };
        let (answer, answered) = oneshot::channel();
        if let Some(client) = client {
            client.put(question, answer);
        }
        self.questions += 1;
        let id = asked.id;
        let said = async move {
            let answer = within(Some(LONGEST_QUESTION), answered).await;
            let answer = answer.and_then(Result::ok).unwrap_or_else(|| Err(Client::silence()));
            Next::Answered(id, answer)
        };
        self.going.push(said.boxed_local());
    }
}
