//! The isolate's side of the leases: while a call is left, a request needs no hop to the gate.

use crate::gate::message::{Admission, Asked, ClosedLease};
use crate::id::TokenId;
use crate::time::{Lifetime, Timestamp};
use lru::LruCache;
use std::hash::Hash;
use std::num::NonZeroUsize;

/// Counters with a lease per isolate; the least recently used is forgotten first, which only costs a hop.
const MAX_COUNTERS: NonZeroUsize = NonZeroUsize::new(4096).unwrap();
/// Most calls an isolate asks for in advance.
const MAX_WISH: u32 = 1024;
/// A lease of at least this many calls is renewed before it ends, by one request while the others go on using it: else
/// every request in flight at its end would ask the gate for itself.
const RENEWED_EARLY: u32 = 16;
/// How long an answer with a lease is waited for before another one is asked for.
const PATIENCE: Lifetime = Lifetime::from_seconds(1);
/// Most leases of one counter beside the one in use, and most that wait to be closed; beyond it the oldest counts as used.
const MAX_BESIDE: usize = 16;

/// The leases of one isolate, one per counter: an access token, or the gate of a tenant or a tool by its name. A lease is
/// bound to the token that was checked when it was granted, so a token that this isolate has not seen within the lease's
/// life is always checked at the gate.
#[derive(Debug)]
pub struct Leases<K: Hash + Eq = TokenId> {
    by_counter: LruCache<K, Held>,
}

/// What the isolate holds for one counter.
#[derive(Debug, Default)]
struct Held {
    lease: Option<HeldLease>,
    /// Leases that came at the same time; each is used when those before it are.
    beside: Vec<HeldLease>,
    /// Leases that were replaced or used up, each to be closed at one of the next questions.
    replaced: Vec<ClosedLease>,
    remaining_at_gate: u32,
    /// Calls made since the last question; the measure of what to ask for next.
    made: u32,
    /// When a lease was asked for that has not come yet. Meanwhile requests ask for one call each: in a burst, leases beside
    /// each other would hold calls that others are refused.
    wished_at: Option<Timestamp>,
}

#[derive(Debug)]
struct HeldLease {
    id: u64,
    granted: u32,
    /// Calls left in it.
    calls: u32,
    renew_from: Timestamp,
    usable_until: Timestamp,
    /// Whether a request is on its way to get the next one.
    renewing: bool,
}

/// What to do with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Admitted out of the lease.
    Admit {
        /// Calls left, as far as this isolate knows.
        remaining: u32,
    },
    /// Ask the gate.
    Ask(Asked),
}

impl<K: Hash + Eq> Default for Leases<K> {
    fn default() -> Self {
        Self { by_counter: LruCache::new(MAX_COUNTERS) }
    }
}

impl<K: Hash + Eq + Clone> Leases<K> {
    /// Takes one call of this counter, or says what to ask the gate.
    pub fn take(&mut self, counter: &K, now: Timestamp) -> Step {
        let held = self.by_counter.get_or_insert_mut(counter.clone(), Held::default);
        held.turn(now);
        match &mut held.lease {
            Some(lease) if lease.is_usable(now) && lease.is_due(now) => {
                lease.renewing = true;
                Step::Ask(held.question(None, now))
            }
            Some(lease) if lease.is_usable(now) => held.admit().unwrap_or_else(|| Step::Ask(held.question(None, now))),
            _ => {
                // The lease leaves this isolate before the question is sent: its calls can be credited only once.
                let ended = held.lease.take();
                Step::Ask(held.question(ended, now))
            }
        }
    }

    /// Takes one call out of a lease that is still good, when the gate had none for a request that asked for renewal.
    pub fn take_held(&mut self, counter: &K, now: Timestamp) -> Option<u32> {
        let held = self.by_counter.get_mut(counter)?;
        held.wished_at = None;
        held.turn(now);
        match (held.lease.as_ref()?.is_usable(now).then(|| held.admit()))?? {
            Step::Admit { remaining } => Some(remaining),
            Step::Ask(_) => None,
        }
    }

    /// The lease that a call was taken out of just now, to [put it back](Self::put_back).
    pub fn current(&self, counter: &K) -> Option<u64> {
        Some(self.by_counter.peek(counter)?.lease.as_ref()?.id)
    }

    /// Puts back a call that was not made, while the lease it was taken out of is held; else it counts as made.
    pub fn put_back(&mut self, counter: &K, lease: u64) {
        let Some(held) = self.by_counter.peek_mut(counter) else { return };
        let mut all = held.lease.iter_mut().chain(&mut held.beside);
        if let Some(same) = all.find(|held| held.id == lease && held.calls < held.granted) {
            same.calls += 1;
            held.made = held.made.saturating_sub(1);
        }
    }

    /// Keeps what the gate granted. `asked_at` is when the question was sent, so the lease ends here before it ends there.
    pub fn keep(&mut self, counter: &K, asked_at: Timestamp, life: Lifetime, admission: &Admission) {
        let held = self.by_counter.get_or_insert_mut(counter.clone(), Held::default);
        held.made = held.made.saturating_add(1);
        held.remaining_at_gate = admission.remaining;
        let Some(granted) = admission.lease else { return };
        held.wished_at = None;
        let next = HeldLease {
            id: granted.id,
            granted: granted.calls,
            calls: granted.calls,
            renew_from: asked_at.plus(Lifetime::from_millis(life.millis() / 4 * 3)),
            usable_until: asked_at.plus(life),
            renewing: false,
        };
        // Requests may ask at once, and each may be granted a lease: all are used, the larger ones first.
        match &held.lease {
            Some(lease) if !lease.renewing && lease.calls >= granted.calls => held.put_beside(next),
            Some(lease) if !lease.renewing => {
                if let Some(smaller) = held.lease.replace(next) {
                    held.put_beside(smaller);
                }
            }
            _ => {
                if let Some(renewed) = held.lease.replace(next) {
                    held.put_back(renewed.close());
                }
            }
        }
    }

    /// Forgets a counter, for example because the gate refused its token.
    pub fn forget(&mut self, counter: &K) {
        self.by_counter.pop(counter);
    }
}

impl Held {
    /// Has the next lease used where the one in use is at its end.
    fn turn(&mut self, now: Timestamp) {
        while self.lease.as_ref().is_none_or(|lease| !lease.is_usable(now)) {
            let Some(next) = self.beside.pop() else { return };
            if let Some(ended) = self.lease.replace(next) {
                self.put_back(ended.close());
            }
        }
    }

    fn put_beside(&mut self, lease: HeldLease) {
        self.beside.push(lease);
        self.beside.sort_by_key(|lease| lease.calls);
        if self.beside.len() > MAX_BESIDE {
            let smallest = self.beside.remove(0);
            self.put_back(smallest.close());
        }
    }

    fn put_back(&mut self, lease: ClosedLease) {
        self.replaced.push(lease);
        if self.replaced.len() > MAX_BESIDE {
            self.replaced.remove(0);
        }
    }

    fn admit(&mut self) -> Option<Step> {
        let lease = self.lease.as_mut()?;
        lease.calls = lease.calls.checked_sub(1)?;
        self.made = self.made.saturating_add(1);
        Some(Step::Admit { remaining: self.remaining_at_gate.saturating_add(lease.calls) })
    }

    fn question(&mut self, ended: Option<HeldLease>, now: Timestamp) -> Asked {
        let unused = ended.as_ref().map_or(0, |lease| lease.calls);
        let wish = if unused == 0 { self.made.saturating_mul(2) } else { self.made };
        let close = ended.map(HeldLease::close).or_else(|| self.replaced.pop());
        if wish == 0 || self.wished_at.is_some_and(|at| now.since(at) < PATIENCE) {
            return Asked { close, wish: 0 };
        }
        (self.made, self.wished_at) = (0, Some(now));
        Asked { close, wish: wish.min(MAX_WISH) }
    }
}

impl HeldLease {
    fn is_usable(&self, now: Timestamp) -> bool {
        self.calls > 0 && now < self.usable_until
    }

    fn is_due(&self, now: Timestamp) -> bool {
        let nearly_over = now >= self.renew_from || self.calls <= self.granted / 4;
        self.granted >= RENEWED_EARLY && !self.renewing && nearly_over
    }

    const fn close(self) -> ClosedLease {
        ClosedLease { lease: self.id, unused: self.calls }
    }
}

#[cfg(test)]
mod tests {
    use super::{Leases, Step};
    use crate::gate::bucket::Lease;
    use crate::gate::message::{Admission, Asked};
    use crate::id::TokenId;
    use crate::time::{Lifetime, Timestamp};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const LIFE: Lifetime = Lifetime::from_seconds(1);

    fn token(byte: u8) -> TokenId {
        TokenId::from_bytes(&[byte; 16])
    }

    fn grant(id: u64, calls: u32, now: Timestamp) -> Admission {
        let lease = (calls > 0).then(|| Lease { id, calls, expires_at: now.plus(LIFE) });
        Admission { lease, remaining: 5 }
    }

    #[test]
    fn a_lone_call_asks_for_nothing_in_advance_and_a_busy_client_for_more() {
        let (mut leases, now) = (Leases::default(), Timestamp::from_seconds(1));
        assert_eq!(leases.take(&token(1), now), Step::Ask(Asked { close: None, wish: 0 }));
        leases.keep(&token(1), now, LIFE, &grant(1, 0, now));
        assert_eq!(leases.take(&token(1), now), Step::Ask(Asked { close: None, wish: 2 }));
        leases.keep(&token(1), now, LIFE, &grant(2, 2, now));
        assert_eq!(leases.take(&token(1), now), Step::Admit { remaining: 6 });
        assert_eq!(leases.take(&token(1), now), Step::Admit { remaining: 5 });
        let Step::Ask(asked) = leases.take(&token(1), now) else { panic!("the lease is used up") };
        assert_eq!((asked.wish, asked.close.unwrap().unused), (6, 0));
    }

    #[test]
    fn a_lease_ends_with_its_life_and_its_rest_is_given_back() {
        let (mut leases, now) = (Leases::default(), Timestamp::from_seconds(1));
        leases.keep(&token(1), now, LIFE, &grant(7, 4, now));
        assert!(matches!(leases.take(&token(1), now.plus(Lifetime::from_millis(999))), Step::Admit { .. }));
        let Step::Ask(asked) = leases.take(&token(1), now.plus(LIFE)) else { panic!("the lease has ended") };
        let closed = asked.close.unwrap();
        assert_eq!((closed.lease, closed.unused), (7, 3));
        assert_eq!(leases.take(&token(1), now.plus(LIFE)), Step::Ask(Asked { close: None, wish: 0 }), "closed once");
    }

    #[test]
    fn of_leases_that_come_at_once_each_is_used_and_closed_once() {
        let (mut leases, now) = (Leases::default(), Timestamp::from_seconds(1));
        leases.keep(&token(1), now, LIFE, &grant(1, 9, now));
        leases.keep(&token(1), now, LIFE, &grant(2, 4, now));
        leases.keep(&token(1), now, LIFE, &grant(3, 0, now));
        leases.keep(&token(1), now, LIFE, &grant(4, 12, now));
        let made = (0..40).take_while(|_| matches!(leases.take(&token(1), now), Step::Admit { .. })).count();
        assert_eq!(made, 12 + 9 + 4);
        let closed = (0..5).map_while(|_| match leases.take(&token(1), now) {
            Step::Ask(asked) => asked.close.map(|closed| (closed.lease, closed.unused)),
            Step::Admit { .. } => None,
        });
        // The last one in use was closed by the question that found nothing left.
        assert_eq!(closed.collect::<Vec<_>>(), [(1, 0), (4, 0)]);
    }

    #[test]
    fn a_lease_of_one_token_serves_no_other() {
        let (mut leases, now) = (Leases::default(), Timestamp::from_seconds(1));
        leases.keep(&token(1), now, LIFE, &grant(1, 4, now));
        assert!(matches!(leases.take(&token(2), now), Step::Ask(_)));
        leases.forget(&token(1));
        assert!(matches!(leases.take(&token(1), now), Step::Ask(_)));
    }

    #[test]
    fn one_request_renews_a_large_lease_while_the_others_use_it() {
        let (mut leases, now) = (Leases::default(), Timestamp::from_seconds(1));
        leases.keep(&token(1), now, LIFE, &grant(1, 100, now));
        let late = now.plus(Lifetime::from_millis(750));
        assert!(matches!(leases.take(&token(1), now.plus(Lifetime::from_millis(749))), Step::Admit { .. }));
        assert_eq!(
            leases.take(&token(1), late),
            Step::Ask(Asked { close: None, wish: 4 }),
            "two made, twice as many wanted"
        );
        for _ in 0..99 {
            assert!(matches!(leases.take(&token(1), late), Step::Admit { .. }));
        }
        assert!(matches!(leases.take(&token(1), late), Step::Ask(_)), "used up before the answer came");
    }

    #[test]
    fn the_rest_of_a_renewed_lease_is_given_back_once() {
        let (mut leases, now) = (Leases::default(), Timestamp::from_seconds(1));
        leases.keep(&token(1), now, LIFE, &grant(1, 40, now));
        let asks = (0..40).find(|_| matches!(leases.take(&token(1), now), Step::Ask(_))).unwrap();
        assert_eq!(asks, 30, "a quarter is left for the others");
        assert_eq!(leases.take_held(&token(1), now), Some(5 + 9), "the gate had none for the renewal");
        leases.keep(&token(1), now, LIFE, &grant(2, 20, now));
        let Step::Ask(asked) = leases.take(&token(1), now.plus(LIFE)) else { panic!("the lease has ended") };
        let closed = asked.close.unwrap();
        assert_eq!((closed.lease, closed.unused), (2, 20));
        let Step::Ask(asked) = leases.take(&token(1), now.plus(LIFE)) else { panic!("there is none") };
        let closed = asked.close.unwrap();
        assert_eq!((closed.lease, closed.unused), (1, 9));
        let Step::Ask(asked) = leases.take(&token(1), now.plus(LIFE)) else { panic!("there is none") };
        assert_eq!(asked.close, None);
        assert_eq!(leases.take_held(&token(1), now.plus(LIFE)), None);
    }

    #[test]
    fn a_call_that_was_not_made_goes_back_into_its_own_lease() {
        let (mut leases, now) = (Leases::<String>::default(), Timestamp::from_seconds(1));
        let gate = "tenant/acme".to_owned();
        leases.keep(&gate, now, LIFE, &grant(7, 1, now));
        leases.put_back(&gate, 7);
        assert_eq!(leases.take(&gate, now), Step::Admit { remaining: 5 });
        assert_eq!(leases.current(&gate), Some(7));
        leases.put_back(&gate, 6);
        assert!(matches!(leases.take(&gate, now), Step::Ask(_)), "another lease's call");
        leases.keep(&gate, now, LIFE, &grant(8, 1, now));
        assert_eq!(leases.take(&gate, now), Step::Admit { remaining: 5 });
        leases.put_back(&gate, 8);
        let Step::Ask(asked) = leases.take(&gate, now.plus(LIFE)) else { panic!("the lease has ended") };
        assert_eq!(asked.close.unwrap().unused, 1);
    }

    #[test]
    fn of_requests_that_ask_at_once_one_asks_for_a_lease() {
        let (mut leases, now) = (Leases::default(), Timestamp::from_seconds(1));
        leases.keep(&token(1), now, LIFE, &grant(1, 0, now));
        let mut wishes = || match leases.take(&token(1), now) {
            Step::Ask(asked) => asked.wish,
            Step::Admit { .. } => panic!("there is no lease"),
        };
        assert_eq!([wishes(), wishes(), wishes()], [2, 0, 0]);
        leases.keep(&token(1), now, LIFE, &grant(2, 0, now));
        assert_eq!(leases.take(&token(1), now.plus(LIFE)), Step::Ask(Asked { close: None, wish: 2 }), "it was lost");
    }

    #[test]
    fn a_life_of_zero_asks_every_time() {
        let (mut leases, now) = (Leases::default(), Timestamp::from_seconds(1));
        leases.keep(&token(1), now, Lifetime::from_millis(0), &grant(1, 4, now));
        assert!(matches!(leases.take(&token(1), now), Step::Ask(_)));
    }
}
