//! What keeps one bad upstream from hurting the rest: a breaker that leaves it alone while it fails, and a bound on how much of
//! it is under way.
//!
//! It is known in this isolate alone, for each tenant, upstream and address: every isolate learns by itself, and forgets when it
//! ends. Nothing is asked of anybody to know it: a call pays for one look into a map.

use super::context;
use super::metrics;
use super::timer::Timer;
use super::upstreams::Party;
use super::{clock, random};
use crate::breaker::{Breaker, Ticket, Verdict};
use crate::entropy::purpose::Purpose;
use crate::id::{TenantId, UpstreamId};
use crate::metric::Family;
use crate::metric::message::Resting;
use crate::observe::Event;
use crate::outbound::OutboundUrl;
use crate::time::Lifetime;
use crate::upstream::resilience::{Health, Room};
use crate::upstream::{UpstreamLimits, UpstreamProblem};
use lru::LruCache;
use std::cell::RefCell;
use std::num::NonZeroUsize;
use std::rc::Rc;
use std::time::Duration;

const MAX_UPSTREAMS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1023);
/// How often, and how many times, a request looks whether another one has ended. Nobody may wake another request here.
const LOOK: Duration = Duration::from_millis(25);
const LOOKS: u32 = 40;

/// An upstream of whatever kind, as the shield knows it.
#[derive(Clone, Copy)]
pub struct Whom<'a> {
    /// Whose it is.
    pub tenant: &'a TenantId,
    /// Its id.
    pub id: &'a UpstreamId,
    /// Its name, for the log.
    pub name: &'a str,
    /// Its address: what was learned under another one is forgotten.
    pub url: &'a OutboundUrl,
}

struct State {
    name: String,
    breaker: Breaker,
    room: Room,
}

type Known = LruCache<(TenantId, UpstreamId), (OutboundUrl, Rc<RefCell<State>>)>;

thread_local! {
    static KNOWN: RefCell<Known> = RefCell::new(LruCache::new(MAX_UPSTREAMS));
}

/// What lets one request through. Dropping it makes room for the next; [`Pass::tell`] says what came of it.
pub struct Pass {
    state: Rc<RefCell<State>>,
    ticket: Ticket,
    limits: UpstreamLimits,
    probe: bool,
    told: bool,
}

/// Lets a request through, at once unless too many are under way; then it waits a second at most, with as many others as may be
/// under way.
pub async fn enter(party: &Party, whom: Whom<'_>) -> Result<Pass, UpstreamProblem> {
    let state = known(whom);
    let limits = party.limits;
    let seated = state.borrow_mut().room.take(limits.concurrency);
    if !seated {
        Box::pin(queue(&state, limits.concurrency)).await?;
    }
    let mut inside = state.borrow_mut();
    let (ticket, probe) = match inside.breaker.admit(&limits.breaker, clock::now()) {
        Verdict::Go(ticket) => (ticket, false),
        Verdict::Probe(ticket) => {
            turned(whom, "half_open");
            (ticket, true)
        }
        Verdict::Refused { retry_after } => {
            inside.room.leave();
            return Err(UpstreamProblem::Resting { retry_after });
        }
    };
    drop(inside);
    Ok(Pass { state, ticket, limits, probe, told: false })
}

impl Pass {
    /// Whether it is for something harmless, to see whether the upstream answers again. Where nothing harmless is known it is
    /// for one request like any other.
    pub const fn is_probe(&self) -> bool {
        self.probe
    }

    /// How the request ended. Where that opens the breaker, the log says so.
    pub fn tell(mut self, whom: Whom<'_>, problem: Option<&UpstreamProblem>) {
        let Health::Ill = problem.map_or(Health::Well, UpstreamProblem::health) else {
            if problem.is_none_or(|problem| problem.health() == Health::Well) {
                self.told = true;
                let mut state = self.state.borrow_mut();
                let was_closed = state.breaker.is_closed();
                state.breaker.succeeded(self.ticket, &self.limits.breaker, clock::now());
                if !was_closed && state.breaker.is_closed() {
                    turned(whom, "closed");
                }
            }
            return;
        };
        self.told = true;
        let [jitter] = random::bytes(Purpose::Jitter);
        let wanted = problem.and_then(UpstreamProblem::retry_after);
        let (rule, now) = (&self.limits.breaker, clock::now());
        let opened = self.state.borrow_mut().breaker.failed(self.ticket, rule, wanted, jitter, now);
        if let (Some(pause), Some(problem)) = (opened, problem) {
            turned(whom, "open");
            context::log(&left_alone(whom, pause, problem), None);
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut state = self.state.borrow_mut();
        state.room.leave();
        if !self.told {
            state.breaker.abandoned(self.ticket, clock::now());
        }
    }
}

fn turned(whom: Whom<'_>, to: &'static str) {
    let (tenant, upstream) = (whom.tenant.as_str().to_owned(), whom.name.to_owned());
    metrics::count(Family::BreakerChanges, [tenant.into(), upstream.into(), to.into()], 1);
}

/// The upstreams that this isolate leaves alone now.
pub fn resting() -> Vec<Resting> {
    KNOWN.with_borrow(|known| {
        let all = known.iter().filter_map(|((tenant, _), (_, state))| {
            let state = state.borrow();
            let until = state.breaker.open_until()?;
            Some(Resting { tenant: tenant.clone(), upstream: state.name.clone(), until })
        });
        all.collect()
    })
}

fn left_alone(whom: Whom<'_>, pause: Lifetime, problem: &UpstreamProblem) -> Event {
    let reason = format!("it is left alone for {} s: it {problem}", pause.seconds_ceil());
    Event::UpstreamDegraded { tenant: whom.tenant.clone(), upstream: whom.name.to_owned(), reason }
}

fn known(whom: Whom<'_>) -> Rc<RefCell<State>> {
    KNOWN.with_borrow_mut(|known| {
        let new = || {
            let (name, breaker) = (whom.name.to_owned(), Breaker::new(clock::now()));
            let state = State { name, breaker, room: Room::default() };
            (whom.url.clone(), Rc::new(RefCell::new(state)))
        };
        let kept = known.get_or_insert_mut((whom.tenant.clone(), whom.id.clone()), new);
        if kept.0 != *whom.url {
            *kept = new();
        }
        Rc::clone(&kept.1)
    })
}

async fn queue(state: &Rc<RefCell<State>>, most: u32) -> Result<(), UpstreamProblem> {
    if !state.borrow_mut().room.wait(most) {
        return Err(UpstreamProblem::Crowded);
    }
    let _waiting = Waiting(Rc::clone(state));
    for _ in 0..LOOKS {
        Timer::from(LOOK).await;
        if state.borrow_mut().room.take(most) {
            return Ok(());
        }
    }
    Err(UpstreamProblem::Crowded)
}

/// One that waits; counted until it is dropped.
struct Waiting(Rc<RefCell<State>>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.borrow_mut().room.wait_no_more();
    }
}
