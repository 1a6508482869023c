//! Several isolates, one gate, random traffic: the two promises of the rate limit, in pairs.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that stops is a test that failed")]

use super::bucket::{Bucket, Policy};
use super::decision::{Facts, Write, decide};
use super::lease::{Leases, Step};
use super::message::{GateReply, GateRequest};
use super::session::{Issued, Session};
use crate::id::{SessionId, TokenId};
use crate::scope::Scope;
use crate::time::{Lifetime, Timestamp};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};

const LIFE: Lifetime = Lifetime::from_seconds(1);

struct World {
    policy: Policy,
    now: Timestamp,
    bucket: Option<Bucket>,
    session: Session,
    isolates: Vec<Leases>,
    token: TokenId,
    admitted: Vec<Timestamp>,
    hops: usize,
}

impl World {
    fn new(policy: Policy, isolates: usize) -> Self {
        let token = TokenId::from_bytes(&[1; 32]);
        let far = Timestamp::from_seconds(10_000_000);
        let first = Issued { refresh_hash: "h".into(), token: token.clone(), token_expires_at: far };
        Self {
            policy,
            now: Timestamp::from_seconds(1_000_000),
            bucket: None,
            session: Session::open(SessionId::from_bytes(&[1; 16]), "c".into(), Scope::full(), far, first),
            isolates: (0..isolates).map(|_| Leases::default()).collect(),
            token,
            admitted: Vec::new(),
            hops: 0,
        }
    }

    fn wait(&mut self, millis: u64) {
        self.now = self.now.plus(Lifetime::from_millis(millis));
    }

    /// One call at one isolate; gives the time to wait when it is limited. `lost` drops the gate's answer on its way.
    fn call(&mut self, isolate: usize, lost: bool) -> Result<(), Lifetime> {
        let (now, count) = (self.now, self.isolates.len());
        let here = self.isolates.get_mut(isolate % count).expect("an isolate");
        let asked = match here.take(&self.token, now) {
            Step::Admit { .. } => {
                self.admitted.push(now);
                return Ok(());
            }
            Step::Ask(asked) => asked,
        };
        self.hops += 1;
        let request = GateRequest::Admit {
            token: self.token.clone(),
            session: Some(self.session.id.clone()),
            asked,
            policy: self.policy,
            lease_life: LIFE,
        };
        let facts = Facts { bucket: self.bucket.clone(), session: Some(self.session.clone()), ..Facts::default() };
        let (reply, writes) = decide(request, facts, now);
        for write in writes {
            match write {
                Write::Bucket(bucket) => self.bucket = Some(bucket),
                Write::Session(session) => self.session = session,
                _ => {}
            }
        }
        match reply {
            GateReply::Admitted(_) if lost => Err(Lifetime::from_millis(0)),
            GateReply::Admitted(admission) => {
                here.keep(&self.token, now, LIFE, &admission);
                self.admitted.push(now);
                Ok(())
            }
            GateReply::Limited { retry_after } => {
                here.take_held(&self.token, now).ok_or(retry_after)?;
                self.admitted.push(now);
                Ok(())
            }
            other => panic!("{other:?}"),
        }
    }

    /// Makes every call an isolate holds; its next question to the gate is lost on the way.
    fn use_up(&mut self, isolate: usize) {
        let (now, here) = (self.now, self.isolates.get_mut(isolate).expect("an isolate"));
        while matches!(here.take(&self.token, now), Step::Admit { .. }) || here.take_held(&self.token, now).is_some() {
            self.admitted.push(now);
        }
    }

    /// Every window of the history holds at most burst + rate × its length.
    fn assert_never_over_admitted(&self) {
        for (first, start) in self.admitted.iter().enumerate() {
            for (last, end) in self.admitted.iter().enumerate().skip(first) {
                let span = end.since(*start).millis();
                let allowed = u64::from(self.policy.burst) * 60_000 + u64::from(self.policy.per_minute) * span;
                let made = (last - first + 1) as u64 * 60_000;
                assert!(made <= allowed, "{} calls within {span} ms", last - first + 1);
            }
        }
    }
}

/// Traffic comes in bunches, within a lease, after its use, after its end, and after long silence.
fn pause() -> impl Strategy<Value = u64> {
    prop_oneof![3 => Just(0), 2 => 1_u64..1000, 1 => Just(999), 1 => 1000_u64..3000, 1 => Just(2000), 1 => Just(20_000)]
}

proptest! {
    #[test]
    fn never_over_admits(
        burst in prop_oneof![10_u32..40, 40_u32..200],
        per_minute in prop_oneof![1_u32..600, 1_u32..3000],
        isolates in 1_usize..3,
        steps in vec((any::<usize>(), pause(), any::<bool>(), prop_oneof![1_usize..5, 1_usize..40]), 1..120),
    ) {
        let mut world = World::new(Policy { burst, per_minute }, isolates);
        for (isolate, pause, lost, calls) in steps {
            world.wait(pause);
            for _ in 0..calls {
                let _ = world.call(isolate, lost && calls % 7 == 0);
            }
        }
        world.assert_never_over_admitted();
    }

    /// The worst case for leases: a full bucket, a large lease used at its very end, and everybody else just after.
    #[test]
    fn a_lease_that_is_used_late_gives_nothing_extra(
        burst in 10_u32..80,
        per_minute in 60_u32..900,
        warm_up in 4_usize..40,
        late in 900_u64..1000,
        later in 500_u64..1500,
    ) {
        let mut world = World::new(Policy { burst, per_minute }, 2);
        let calls = |world: &mut World, isolate, count| (0..count).for_each(|_| { let _ = world.call(isolate, false); });
        calls(&mut world, 0, warm_up);
        world.wait(3_600_000);
        calls(&mut world, 0, 1);
        world.wait(late);
        world.use_up(0);
        world.wait(later);
        calls(&mut world, 1, 80);
        world.assert_never_over_admitted();
    }

    #[test]
    fn never_starves(
        burst in 1_u32..40,
        per_minute in 1_u32..3000,
        isolates in 1_usize..5,
        steps in vec((any::<usize>(), 0_u64..2000), 1..60),
    ) {
        let mut world = World::new(Policy { burst, per_minute }, isolates);
        for (isolate, pause) in steps {
            world.wait(pause);
            // Whoever waits as told, and at most until all leases have ended, is admitted.
            if let Err(retry_after) = world.call(isolate, false) {
                world.wait(retry_after.millis());
                if world.call(isolate, false).is_err() {
                    world.wait((2 * LIFE.millis()).max(retry_after.millis()));
                    assert!(world.call(isolate, false).is_ok());
                }
            }
        }
    }

    #[test]
    fn a_client_within_its_rate_is_never_limited_on_one_isolate(
        burst in 20_u32..400, per_minute in 60_u32..3000, calls in 1_usize..400,
    ) {
        let mut world = World::new(Policy { burst, per_minute }, 1);
        for _ in 0..calls {
            assert!(world.call(0, false).is_ok());
            world.wait(60_000_u64.div_ceil(u64::from(per_minute)));
        }
    }
}

#[test]
fn a_busy_client_needs_few_hops() {
    let mut world = World::new(Policy { burst: 10_000, per_minute: 600_000 }, 1);
    for _ in 0..2000 {
        world.call(0, false).unwrap();
        world.wait(1);
    }
    assert!(world.hops < 60, "{} hops for 2000 calls", world.hops);
}
