//! Running an errand to an upstream: sending what the exchange wants, and passing on what the upstream says meanwhile.

use super::context::Background;
use super::line::Line;
use super::mcp_work::{Client, ClientAnswer};
use super::showing::{self, equipped};
use super::timer::{self, Timer, within};
use super::upstreams::Party;
use super::{clock, links, outbound};
use crate::mcp::capability::ClientCapabilities;
use crate::mcp::message::RequestId;
use crate::mcp::question::Question;
use crate::outbound::{OutboundFailure, OutboundRequest};
use crate::time::Lifetime;
use crate::upstream::ask::{Answer, Ask, Notification, ServerRequest};
use crate::upstream::exchange::{Cancellation, Errand, Exchange, Heard, Outcome, Progress};
use crate::upstream::link::Link;
use crate::upstream::survey::Survey;
use crate::upstream::{ProtocolBreach, Upstream, UpstreamFailure, UpstreamProblem};
use futures::channel::oneshot;
use futures::future::{Either, LocalBoxFuture, select};
use futures::stream::{FuturesUnordered, StreamExt};
use futures::{FutureExt, pin_mut};
use std::time::Duration;

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

/// Finds out all that an upstream says of itself. Also, whether it speaks an older revision.
pub async fn survey(party: &Party, upstream: &Upstream) -> Result<(Survey, bool), UpstreamFailure> {
    let nothing = ClientCapabilities::default();
    let equipped = equipped(party, upstream).await?;
    let link = links::known(party, upstream, &nothing);
    let mut exchange = Exchange::new(&equipped, link.clone(), Errand::Survey, links::ids(), party.limits.deadline);
    let outcome = drive(party, upstream, &mut exchange, None).await;
    let legacy = exchange.link().is_some_and(Link::is_legacy);
    links::keep(party, upstream, &nothing, link.as_ref(), exchange.into_link());
    match outcome? {
        Outcome::Surveyed(survey) => Ok((*survey, legacy)),
        Outcome::Answered(_) | Outcome::Linked => Err(upstream.failure(ProtocolBreach::Result.into())),
    }
}

/// Asks one thing: exactly one request when the link is known. Dropping it cancels the request at the upstream.
pub async fn ask(
    party: &Party,
    upstream: &Upstream,
    ask: Ask,
    hearer: Option<&Hearer>,
) -> Result<Answer, UpstreamFailure> {
    let declares = ask.declares.clone();
    let equipped = equipped(party, upstream).await?;
    let link = links::known(party, upstream, &declares);
    let errand = Errand::Ask(Box::new(ask));
    let mut exchange = Exchange::new(&equipped, link.clone(), errand, links::ids(), party.limits.deadline);
    let outcome = drive(party, upstream, &mut exchange, hearer).await;
    links::keep(party, upstream, &declares, link.as_ref(), exchange.into_link());
    match outcome? {
        Outcome::Answered(answer) => Ok(answer),
        Outcome::Surveyed(_) | Outcome::Linked => Err(upstream.failure(ProtocolBreach::Result.into())),
    }
}

/// Opens a link to an upstream for a client that declares this, for somebody who listens.
pub async fn link(party: &Party, upstream: &Upstream, declares: ClientCapabilities) -> Result<Link, UpstreamFailure> {
    let errand = Errand::Link(Box::new(declares));
    let equipped = equipped(party, upstream).await?;
    let mut exchange = Exchange::new(&equipped, None, errand, links::ids(), party.limits.deadline);
    drive(party, upstream, &mut exchange, None).await?;
    exchange.into_link().ok_or_else(|| upstream.failure(ProtocolBreach::Revision.into()))
}

/// Asks one thing over a link of one's own.
pub async fn ask_over(party: &Party, upstream: &Upstream, link: Link, ask: Ask) -> Result<(), UpstreamFailure> {
    let errand = Errand::Ask(Box::new(ask));
    let equipped = equipped(party, upstream).await?;
    let mut exchange = Exchange::new(&equipped, Some(link), errand, links::ids(), party.limits.deadline);
    drive(party, upstream, &mut exchange, None).await.map(drop)
}

/// Sends what the exchange wants until it ends. An access token that the upstream does not take is not shown again.
async fn drive(
    party: &Party,
    upstream: &Upstream,
    exchange: &mut Exchange<'_>,
    hearer: Option<&Hearer>,
) -> Result<Outcome, UpstreamFailure> {
    let outcome = carry(party, exchange, hearer).await;
    if outcome.as_ref().is_err_and(|failure| failure.problem == UpstreamProblem::Status(401)) {
        showing::distrust(&upstream.credential);
    }
    outcome
}

/// Sends what the exchange wants until it ends. All requests that nobody listens to share one deadline. A request that is
/// given up, here or by whoever drops this, is cancelled at the upstream.
async fn carry(
    party: &Party,
    exchange: &mut Exchange<'_>,
    hearer: Option<&Hearer>,
) -> Result<Outcome, UpstreamFailure> {
    let end = clock::now().plus(party.limits.deadline);
    let mut cancel = Cancel { background: &party.background, request: None };
    let mut progress = exchange.begin();
    loop {
        let mut request = match progress {
            Progress::Send(request) => request,
            Progress::Resume(wait, request) => {
                Timer::from(Duration::from_millis(wait.millis())).await;
                request
            }
            Progress::Done(outcome) => {
                cancel.request = None;
                return Ok(outcome);
            }
            Progress::Failed(failure) => {
                cancel.request = cancel.request.take().filter(|_| !exchange.is_answered());
                return Err(failure);
            }
        };
        progress = match hearer {
            Some(hearer) if exchange.relays() => {
                cancel.request = exchange.cancellation();
                attend(exchange, &request, hearer).await
            }
            _ => {
                request.deadline = end.since(clock::now());
                let in_time = request.deadline.millis() > 0;
                cancel.request = exchange.cancellation().filter(|_| in_time);
                let answer = if in_time { outbound::send(&request).await } else { Err(OutboundFailure::Timeout) };
                exchange.on_answer(answer)
            }
        };
    }
}

/// Sends a request and listens to its answer. Any word counts as a sign of life, until [`LONGEST`].
async fn attend(exchange: &mut Exchange<'_>, request: &OutboundRequest, hearer: &Hearer) -> Progress {
    match Line::open(request).await {
        Err(failure) => exchange.on_answer(Err(failure)),
        Ok(line) if line.is_stream() => listen(exchange, line, request.deadline, hearer).await,
        Ok(line) => exchange.on_answer(line.whole(request).await),
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

/// Tells a legacy upstream, when it is dropped, that nobody waits for an answer. A modern one sees the connection closed.
struct Cancel<'a> {
    background: &'a Background,
    request: Option<Cancellation<'a>>,
}

impl Drop for Cancel<'_> {
    fn drop(&mut self) {
        if let Some(cancellation) = self.request.take().filter(|_| timer::in_request()) {
            let request = cancellation.request();
            self.background.wait_until(async move {
                // Whether it hears of it changes nothing here.
                let _ = outbound::send(&request).await;
            });
        }
    }
}
