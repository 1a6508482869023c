//! Charging a call to the plans that limit it, after it was allowed and before it is made.
//!
//! Each level is asked in turn, the narrowest first. Where one has no call left, or does not answer, what the levels before
//! it took is given back. While this isolate holds a lease of a level there is no hop; a level that limits how many calls
//! run at the same time is asked each time.

use super::context::{Background, Context};
use super::{clock, gate, random};
use crate::api::problem::{Limit, Problem};
use crate::gate::lease::{Leases, Step};
use crate::gate::message::{Admission, Asked, GateReply, GateRequest};
use crate::id::{SlotId, TenantId};
use crate::plan::Reached;
use crate::store::counter::{self, Counter, Plans};
use crate::time::{Lifetime, Timestamp};
use std::cell::RefCell;
use std::rc::Rc;
use worker::Env;

thread_local! {
    /// By the name of the gate.
    static LEASES: RefCell<Leases<String>> = RefCell::new(Leases::default());
}

/// Who a call is charged to.
#[derive(Clone, Copy, Debug)]
pub struct Payer<'a> {
    /// The tenant.
    pub tenant: &'a TenantId,
    /// The name of the caller's own gate.
    pub gate: &'a str,
    /// The id of its credential, where an API key has a plan of its own.
    pub key: &'a str,
}

/// A call that was charged. Where it is not dropped, as with an isolate that ends, the slots it holds end by themselves
/// after [`SLOT_LIFE`](crate::gate::slots::SLOT_LIFE).
#[must_use = "the call's slots are free for others as soon as it is dropped"]
pub struct Charged {
    env: Env,
    background: Rc<Background>,
    slots: Vec<(String, SlotId)>,
}

/// What one level took for a call.
struct Taken {
    counter: Counter,
    source: Source,
}

enum Source {
    /// Out of this lease.
    Lease(u64),
    /// The gate counted it for this moment, and gave it this slot where it has slots.
    Gate(SlotId, Timestamp),
}

/// Charges one call of a tool to every level that limits it. `tool` is the name that the endpoint of everything shows it
/// under, whatever endpoint it was called at: a virtual server is no second set of counters.
pub async fn charge(context: &Context, payer: Payer<'_>, plans: Plans<'_>, tool: &str) -> Result<Charged, Problem> {
    let mut taken = Vec::new();
    for counter in counter::counters(payer.tenant, (payer.gate, payer.key), plans, tool) {
        match take(context, counter, tool).await {
            Ok(one) => taken.push(one),
            Err(problem) => {
                for one in taken {
                    one.undo(context);
                }
                return Err(problem);
            }
        }
    }
    let slots = taken.into_iter().filter_map(Taken::slot).collect();
    Ok(Charged { env: context.env.clone(), background: Rc::clone(&context.background), slots })
}

/// The call is over, however it ended: its slots are free for others. Nobody waits for it; `background` keeps it going
/// after the reply.
impl Drop for Charged {
    fn drop(&mut self) {
        if self.slots.is_empty() {
            return;
        }
        let (env, slots) = (self.env.clone(), std::mem::take(&mut self.slots));
        self.background.wait_until(async move {
            for (gate, slot) in slots {
                release(&env, &gate, slot, None).await;
            }
        });
    }
}

impl Taken {
    /// The slot it holds, with its gate.
    fn slot(self) -> Option<(String, SlotId)> {
        match self.source {
            Source::Gate(slot, _) if self.counter.limits.concurrent.is_some() => Some((self.counter.gate, slot)),
            _ => None,
        }
    }

    /// The call is not made.
    fn undo(self, context: &Context) {
        let Counter { gate, limits, .. } = self.counter;
        match self.source {
            Source::Lease(lease) => LEASES.with_borrow_mut(|leases| leases.put_back(&gate, lease)),
            Source::Gate(slot, counted_at) if limits.has_quota() || limits.concurrent.is_some() => {
                release_later(context, gate, slot, Some(counted_at));
            }
            // What a bucket gave comes back by itself.
            Source::Gate(..) => {}
        }
    }
}

/// Takes one call of one level.
async fn take(context: &Context, counter: Counter, tool: &str) -> Result<Taken, Problem> {
    let needs_slot = counter.limits.concurrent.is_some();
    let asked_at = clock::now();
    let asked = match if needs_slot { Err(Asked::default()) } else { step(&counter.gate, asked_at) } {
        Ok(lease) => return Ok(Taken { counter, source: Source::Lease(lease) }),
        Err(asked) => asked,
    };
    let (slot, lease_life) = (new_slot(), context.settings.lease_life);
    let question = GateRequest::Take { limits: counter.limits, asked, slot: slot.clone(), lease_life };
    match gate::ask(&context.env, &counter.gate, &question).await {
        Ok(GateReply::Taken { admission, counted_at }) => {
            if !needs_slot {
                keep(&counter.gate, asked_at, lease_life, &admission);
            }
            Ok(Taken { counter, source: Source::Gate(slot, counted_at) })
        }
        Ok(GateReply::Exhausted { reached, retry_after }) => {
            let held = if needs_slot { None } else { held(&counter.gate) };
            match held {
                Some(lease) => Ok(Taken { counter, source: Source::Lease(lease) }),
                None => Err(refusal(&counter, tool, reached, retry_after)),
            }
        }
        Ok(other) => Err(gate::unexpected(&other)),
        Err(problem) => {
            // The slot may have been taken, and only the answer lost. Whether the call was counted is not known.
            if needs_slot {
                release_later(context, counter.gate, slot, None);
            }
            Err(problem)
        }
    }
}

/// A call out of the lease this isolate holds, or what to ask the gate.
fn step(gate: &String, now: Timestamp) -> Result<u64, Asked> {
    LEASES.with_borrow_mut(|leases| match leases.take(gate, now) {
        Step::Admit { .. } => leases.current(gate).ok_or_else(Asked::default),
        Step::Ask(asked) => Err(asked),
    })
}

/// A call out of a lease that is still good, where the gate had none for its renewal.
fn held(gate: &String) -> Option<u64> {
    LEASES.with_borrow_mut(|leases| {
        leases.take_held(gate, clock::now())?;
        leases.current(gate)
    })
}

fn keep(gate: &String, asked_at: Timestamp, life: Lifetime, admission: &Admission) {
    LEASES.with_borrow_mut(|leases| leases.keep(gate, asked_at, life, admission));
}

fn refusal(counter: &Counter, tool: &str, reached: Reached, retry_after: Lifetime) -> Problem {
    let tool = counter.of_tool.then(|| tool.to_owned());
    Problem::RateLimited { limit: Limit::Plan { whose: counter.whose, tool, reached }, retry_after }
}

fn release_later(context: &Context, gate: String, slot: SlotId, unmade: Option<Timestamp>) {
    let env = context.env.clone();
    context.background.wait_until(async move { release(&env, &gate, slot, unmade).await });
}

/// An answer that is lost changes nothing: a slot ends by itself, and a call that does not come back stays counted.
async fn release(env: &Env, name: &str, slot: SlotId, unmade: Option<Timestamp>) {
    let _ = gate::ask(env, name, &GateRequest::Release { slot, unmade }).await;
}

/// Slots are told apart by their ids, and the ids are no secret.
fn new_slot() -> SlotId {
    let mut bytes = [0; 16];
    random::draw(&mut bytes);
    SlotId::from_bytes(&bytes)
}
