//! The isolate's side of the leases: while a call is left, a request needs no hop to the gate.

use crate::gate::message::{Admission, Asked, ClosedLease};
use crate::id::TokenId;
use crate::time::{Lifetime, Timestamp};
use lru::LruCache;
use std::num::NonZeroUsize;

/// Tokens with a lease per isolate; the least recently used is forgotten first, which only costs a hop.
const MAX_TOKENS: NonZeroUsize = NonZeroUsize::new(4096).unwrap();
/// Most calls an isolate asks for in advance. When a lease is used up, every request in flight asks for itself, so a lease
/// must be large beside the number of requests in flight.
const MAX_WISH: u32 = 1024;

/// The leases of one isolate, one per access token. A lease is bound to the token that was checked when it was granted, so
/// a token that this isolate has not seen within the lease's life is always checked at the gate.
#[derive(Debug)]
pub struct Leases {
    by_token: LruCache<TokenId, Held>,
}

/// What the isolate holds for one token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Held {
    /// The lease to close at the next question, and the calls left in it.
    lease: Option<(u64, u32)>,
    usable_until: Option<Timestamp>,
    remaining_at_gate: u32,
    /// Calls made since the last question; the measure of what to ask for next.
    made: u32,
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

impl Default for Leases {
    fn default() -> Self {
        Self { by_token: LruCache::new(MAX_TOKENS) }
    }
}

impl Leases {
    /// Takes one call for this token, or says what to ask the gate.
    pub fn take(&mut self, token: &TokenId, now: Timestamp) -> Step {
        let held = self.by_token.get_or_insert_mut(token.clone(), Held::default);
        if let (Some((id, calls @ 1..)), Some(until)) = (held.lease, held.usable_until)
            && now < until
        {
            held.lease = Some((id, calls - 1));
            held.made = held.made.saturating_add(1);
            return Step::Admit { remaining: held.remaining_at_gate.saturating_add(calls - 1) };
        }
        // The lease leaves this isolate before the question is sent: its calls can be credited only once.
        let close = held.lease.take().map(|(lease, unused)| ClosedLease { lease, unused });
        let unused = close.as_ref().map_or(0, |closed| closed.unused);
        let wish = if unused == 0 { held.made.saturating_mul(2) } else { held.made };
        held.made = 0;
        Step::Ask(Asked { close, wish: wish.min(MAX_WISH) })
    }

    /// Keeps what the gate granted. `asked_at` is when the question was sent, so the lease ends here before it ends there.
    pub fn keep(&mut self, token: &TokenId, asked_at: Timestamp, life: Lifetime, admission: &Admission) {
        let held = self.by_token.get_or_insert_mut(token.clone(), Held::default);
        held.made = held.made.saturating_add(1);
        held.remaining_at_gate = admission.remaining;
        // Requests may ask at once; the larger lease stays, and the other one's calls are lost, never doubled.
        if let Some(granted) =
            admission.lease.filter(|granted| held.lease.is_none_or(|(_, calls)| calls < granted.calls))
        {
            held.lease = Some((granted.id, granted.calls));
            held.usable_until = Some(asked_at.plus(life));
        }
    }

    /// Forgets a token, for example because the gate refused it.
    pub fn forget(&mut self, token: &TokenId) {
        self.by_token.pop(token);
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
    fn of_two_leases_that_come_at_once_the_larger_stays() {
        let (mut leases, now) = (Leases::default(), Timestamp::from_seconds(1));
        leases.keep(&token(1), now, LIFE, &grant(1, 9, now));
        leases.keep(&token(1), now, LIFE, &grant(2, 4, now));
        leases.keep(&token(1), now, LIFE, &grant(3, 0, now));
        let made = (0..20).take_while(|_| matches!(leases.take(&token(1), now), Step::Admit { .. })).count();
        assert_eq!(made, 9);
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
    fn a_life_of_zero_asks_every_time() {
        let (mut leases, now) = (Leases::default(), Timestamp::from_seconds(1));
        leases.keep(&token(1), now, Lifetime::from_millis(0), &grant(1, 4, now));
        assert!(matches!(leases.take(&token(1), now), Step::Ask(_)));
    }
}
