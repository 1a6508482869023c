//! Running an errand to an upstream: sending what the exchange wants, and passing on what the upstream says meanwhile.

use super::attending::{Hearer, attend};
use super::context::Background;
use super::shield::{self, Pass, Whom};
use super::showing::{self, equipped};
use super::timer::{self, Timer};
use super::upstreams::Party;
use super::{clock, links, metrics, outbound, random, reused, spans, tongues};
use crate::entropy::purpose::Purpose;
use crate::mcp::capability::ClientCapabilities;
use crate::observe::count_upstream;
use crate::outbound::OutboundFailure;
use crate::time::{Lifetime, Timestamp};
use crate::trace::work::{Asked, Work};
use crate::upstream::ask::{Answer, Ask, AskMethod, Repeat};
use crate::upstream::exchange::{Cancellation, Errand, Exchange, Outcome, Progress};
use crate::upstream::link::Link;
use crate::upstream::resilience::Health;
use crate::upstream::reuse::Keys;
use crate::upstream::survey::Survey;
use crate::upstream::{ProtocolBreach, Speaks, Upstream, UpstreamFailure, UpstreamProblem};
use serde_json::{Map, Value};
use std::time::Duration;

/// Longest time the lists of one upstream may take: whoever lists an endpoint waits for all of its upstreams.
const LONGEST_SURVEY: Lifetime = Lifetime::from_seconds(10);

/// Finds out all that an upstream says of itself. Also, whether it speaks an older revision.
pub async fn survey(party: &Party, upstream: &Upstream) -> Result<(Survey, bool), UpstreamFailure> {
    spans::open(whom(upstream, "survey", None)).over(survey_in_span(party, upstream)).await
}

async fn survey_in_span(party: &Party, upstream: &Upstream) -> Result<(Survey, bool), UpstreamFailure> {
    let longest = party.limits.deadline.min(LONGEST_SURVEY);
    let end = clock::now().plus(longest);
    if upstream.speaks != Speaks::Mcp {
        return tongues::survey(party, upstream, end).await.map(|survey| (survey, false));
    }
    let job = Job { party, upstream, hearer: None, end };
    match Box::pin(job.over_a_link(Errand::Survey, &ClientCapabilities::default(), true)).await? {
        (Outcome::Surveyed(survey), legacy) => Ok((*survey, legacy)),
        (Outcome::Answered(_) | Outcome::Linked, _) => Err(upstream.failure(ProtocolBreach::Result.into())),
    }
}

/// Asks one thing: exactly one request when the link is known, and one more where that is safe and may help; none where a good
/// answer is known. Dropping it cancels the request at the upstream.
pub async fn ask(
    party: &Party,
    upstream: &Upstream,
    ask: Ask,
    hearer: Option<&Hearer>,
) -> Result<Answer, UpstreamFailure> {
    let end = clock::now().plus(party.limits.deadline);
    match Keys::of(&party.tenant, &party.user, upstream, &ask) {
        Some(keys) => Box::pin(reused::ask(party, upstream, keys, ask, end)).await,
        None => ask_until(party, upstream, ask, hearer, end).await,
    }
}

/// The same, whatever is known, and until then.
pub async fn ask_until(
    party: &Party,
    upstream: &Upstream,
    ask: Ask,
    hearer: Option<&Hearer>,
    end: Timestamp,
) -> Result<Answer, UpstreamFailure> {
    let target = ask.params.get("name").and_then(Value::as_str).filter(|_| ask.method.named_by() == Some("name"));
    let span = spans::open(whom(upstream, ask.method.name(), target));
    span.over(ask_in_span(party, upstream, ask, hearer, end)).await
}

async fn ask_in_span(
    party: &Party,
    upstream: &Upstream,
    mut ask: Ask,
    hearer: Option<&Hearer>,
    end: Timestamp,
) -> Result<Answer, UpstreamFailure> {
    if let Some(carried) = spans::passed_on() {
        carried.put(&mut ask.meta);
    }
    let (declares, repeatable) = (ask.declares.clone(), ask.repeat != Repeat::Never && hearer.is_none());
    if upstream.speaks != Speaks::Mcp {
        let job = Job { party, upstream, hearer: None, end };
        return Box::pin(job.carefully(repeatable, async || tongues::ask(party, upstream, &ask, end).await)).await;
    }
    let endless = ask.method == AskMethod::Listen;
    let (job, errand) = (Job { party, upstream, hearer, end }, Errand::Ask(Box::new(ask)));
    let outcome = if endless {
        // It is listened to for hours, and takes no room from those who want an answer.
        job.once(errand, &declares).await.0
    } else {
        job.over_a_link(errand, &declares, repeatable).await
    };
    match outcome? {
        (Outcome::Answered(answer), _) => Ok(answer),
        (Outcome::Surveyed(_) | Outcome::Linked, _) => Err(upstream.failure(ProtocolBreach::Result.into())),
    }
}

/// Opens a link to an upstream for a client that declares this, for somebody who listens.
pub async fn link(party: &Party, upstream: &Upstream, declares: ClientCapabilities) -> Result<Link, UpstreamFailure> {
    let errand = Errand::Link(Box::new(declares));
    let equipped = equipped(party, upstream).await?;
    let mut exchange = Exchange::new(&equipped, None, errand, links::ids(), party.limits.deadline);
    drive(&Job::new(party, upstream, None), &mut exchange).await?;
    exchange.into_link().ok_or_else(|| upstream.failure(ProtocolBreach::Revision.into()))
}

/// Asks one thing over a link of one's own.
pub async fn ask_over(party: &Party, upstream: &Upstream, link: Link, ask: Ask) -> Result<(), UpstreamFailure> {
    let errand = Errand::Ask(Box::new(ask));
    let equipped = equipped(party, upstream).await?;
    let mut exchange = Exchange::new(&equipped, Some(link), errand, links::ids(), party.limits.deadline);
    drive(&Job::new(party, upstream, None), &mut exchange).await.map(drop)
}

/// What an upstream is asked, for a span.
fn whom<'a>(upstream: &'a Upstream, method: &'static str, target: Option<&'a str>) -> Work<'a> {
    Work::Upstream(Asked { upstream: &upstream.name, address: &upstream.url, method, target })
}

/// Something to be done at an upstream, until a moment.
struct Job<'a> {
    party: &'a Party,
    upstream: &'a Upstream,
    hearer: Option<&'a Hearer>,
    end: Timestamp,
}

/// What came of an errand, and whether the upstream speaks an older revision.
type Done = Result<(Outcome, bool), UpstreamFailure>;

impl<'a> Job<'a> {
    fn new(party: &'a Party, upstream: &'a Upstream, hearer: Option<&'a Hearer>) -> Self {
        Self { party, upstream, hearer, end: clock::now().plus(party.limits.deadline) }
    }

    fn whom(&self) -> Whom<'a> {
        let (id, name, url) = (&self.upstream.id, self.upstream.name.as_str(), &self.upstream.url);
        Whom { tenant: &self.party.tenant, id, name, url }
    }

    /// Runs an errand of the protocol, as [`Job::carefully`] does it.
    async fn over_a_link(&self, errand: Errand, declares: &ClientCapabilities, repeatable: bool) -> Done {
        let mut kept = Some(errand);
        let attempt = async || match kept.take() {
            Some(errand) => {
                let (done, errand) = self.once(errand, declares).await;
                kept = Some(errand);
                done
            }
            None => Err(self.upstream.failure(ProtocolBreach::Result.into())),
        };
        self.carefully(repeatable, attempt).await
    }

    /// Does something where its upstream is not left alone, and once more where that is safe and may help.
    async fn carefully<T>(
        &self,
        repeatable: bool,
        mut attempt: impl AsyncFnMut() -> Result<T, UpstreamFailure>,
    ) -> Result<T, UpstreamFailure> {
        let pass = self.enter().await?;
        let done = self.tried(pass, &mut attempt).await;
        let failure = done.as_ref().err().map(|failure| &failure.problem);
        let Some(pause) = failure.filter(|_| repeatable).and_then(|problem| self.pause_before_again(problem)) else {
            return done;
        };
        Box::pin(async {
            Timer::from(Duration::from_millis(pause.millis())).await;
            // An upstream that was left alone meanwhile failed as it did.
            let Ok(pass) = self.enter().await else { return done };
            self.tried(pass, &mut attempt).await
        })
        .await
    }

    /// Tries once, and says how that went and how long it took.
    async fn tried<T>(
        &self,
        pass: Pass,
        attempt: &mut impl AsyncFnMut() -> Result<T, UpstreamFailure>,
    ) -> Result<T, UpstreamFailure> {
        let started = clock::now();
        let done = attempt().await;
        let (whom, took) = (self.whom(), clock::now().since(started));
        let failure = done.as_ref().err().map(|failure| &failure.problem);
        let error = failure.map(UpstreamProblem::name);
        metrics::gather(|gathered| count_upstream(gathered, (whom.tenant, whom.name), error, took));
        pass.tell(whom, failure);
        done
    }

    fn pause_before_again(&self, problem: &UpstreamProblem) -> Option<Lifetime> {
        let [jitter] = random::bytes(Purpose::Jitter);
        problem.pause_before_again(self.end.since(clock::now()), jitter)
    }

    /// Waits to be let through. Who comes first after a pause asks for something harmless before.
    async fn enter(&self) -> Result<Pass, UpstreamFailure> {
        let pass = shield::enter(self.party, self.whom()).await.map_err(|problem| self.upstream.failure(problem))?;
        // Of what does not speak the protocol nothing harmless is known: it has one real call.
        if !pass.is_probe() || self.upstream.speaks != Speaks::Mcp {
            return Ok(pass);
        }
        Box::pin(async {
            let probed = self.probe().await;
            pass.tell(self.whom(), probed.as_ref().err().map(|failure| &failure.problem));
            // Whoever refuses a harmless question answers.
            if let Err(failure) = probed
                && failure.problem.health() != Health::Well
            {
                return Err(failure);
            }
            shield::enter(self.party, self.whom()).await.map_err(|problem| self.upstream.failure(problem))
        })
        .await
    }

    /// Asks for something that changes nothing: `ping` over a session of an older revision, else what the upstream is.
    async fn probe(&self) -> Result<(), UpstreamFailure> {
        let Self { party, upstream, .. } = self;
        let soon = clock::now().plus(party.limits.patience.first).min(self.end);
        let job = Job { hearer: None, end: soon, ..*self };
        let nothing = ClientCapabilities::default();
        let known = links::known(party, upstream, &nothing);
        let errand = match &known {
            // Whatever it answers, it answers.
            Some(link) if link.is_legacy() => Errand::Ask(Box::new(Ask::plain(AskMethod::Ping, Map::new()))),
            _ => Errand::Link(Box::new(nothing.clone())),
        };
        let link = known.filter(Link::is_legacy);
        let equipped = equipped(party, upstream).await?;
        let mut exchange = Exchange::new(&equipped, link.clone(), errand, links::ids(), party.limits.deadline);
        let outcome = drive(&job, &mut exchange).await;
        links::keep(party, upstream, &nothing, link.as_ref(), exchange.into_link());
        outcome.map(drop)
    }

    /// Runs an errand once, over the link that is known. The errand comes back, to be tried again.
    async fn once(&self, errand: Errand, declares: &ClientCapabilities) -> (Done, Errand) {
        let Self { party, upstream, .. } = self;
        let equipped = match equipped(party, upstream).await {
            Ok(equipped) => equipped,
            Err(failure) => return (Err(failure), errand),
        };
        let link = links::known(party, upstream, declares);
        let mut exchange = Exchange::new(&equipped, link.clone(), errand, links::ids(), party.limits.deadline);
        let outcome = drive(self, &mut exchange).await;
        let legacy = exchange.link().is_some_and(Link::is_legacy);
        let (kept, errand) = exchange.into_parts();
        links::keep(party, upstream, declares, link.as_ref(), kept);
        (outcome.map(|outcome| (outcome, legacy)), errand)
    }
}

/// Sends what the exchange wants until it ends. All requests that nobody listens to share one deadline. A request that is
/// given up, here or by whoever drops this, is cancelled at the upstream.
async fn drive(job: &Job<'_>, exchange: &mut Exchange<'_>) -> Result<Outcome, UpstreamFailure> {
    let outcome = carry(job, exchange).await;
    // An access token that the upstream does not take is not shown again.
    if outcome.as_ref().is_err_and(|failure| failure.problem == UpstreamProblem::Status(401)) {
        showing::distrust(&job.upstream.credential);
    }
    outcome
}

async fn carry(job: &Job<'_>, exchange: &mut Exchange<'_>) -> Result<Outcome, UpstreamFailure> {
    let &Job { party, hearer, end, .. } = job;
    let patience = party.limits.patience;
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
        request.headers.extend(spans::fields());
        progress = match hearer {
            Some(hearer) if exchange.relays() => {
                cancel.request = exchange.cancellation();
                let left = end.since(clock::now());
                // A stream that is taken up again may have gone on for longer.
                request.deadline = if left.millis() > 0 { left } else { request.deadline };
                attend(exchange, &request, hearer, patience).await
            }
            _ => {
                request.deadline = end.since(clock::now());
                let in_time = request.deadline.millis() > 0;
                cancel.request = exchange.cancellation().filter(|_| in_time);
                if in_time {
                    exchange.on_answer(outbound::send_patiently(&request, patience).await)
                } else {
                    exchange.on_answer(Err(OutboundFailure::Timeout))
                }
            }
        };
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
