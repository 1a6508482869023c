//! Several isolates and the gate of one level, random traffic, lost answers and restarts: no limit is ever exceeded, and
//! whoever waits as told is admitted.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that stops is a test that failed")]

use super::decision::{Facts, Write, decide};
use super::lease::{Leases, Step};
use super::message::{Asked, GateReply, GateRequest};
use super::slots::SLOT_LIFE;
use crate::id::SlotId;
use crate::plan::{Limits, Rate};
use crate::time::{Lifetime, Timestamp};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use std::collections::BTreeMap;

const LIFE: Lifetime = Lifetime::from_seconds(1);
/// 30 Nov 2026, 23:59:50 UTC: a day and a month are about to end.
const START: Timestamp = Timestamp::from_seconds(1_796_083_190);

/// A call that was charged: what it takes to undo it.
struct Charged {
    slot: SlotId,
    isolate: usize,
    from: From,
}

enum From {
    Lease(u64),
    Gate(Timestamp),
}

struct World {
    limits: Limits,
    now: Timestamp,
    facts: Facts,
    isolates: Vec<Leases<String>>,
    made: Vec<Timestamp>,
    running: Vec<(SlotId, Timestamp)>,
    slots: u32,
}

/// What befalls a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It is made and ends at once.
    Ends,
    /// It is made and goes on; its slot may be released later, or never.
    GoesOn,
    /// Another level refuses it.
    Refused,
    /// The gate's answer is lost.
    Lost,
}

fn name() -> String {
    "tenant/acme".to_owned()
}

impl World {
    fn new(limits: Limits, isolates: usize) -> Self {
        let isolates = (0..isolates).map(|_| Leases::default()).collect();
        let (facts, made, running) = (Facts::default(), Vec::new(), Vec::new());
        Self { limits, now: START, facts, isolates, made, running, slots: 0 }
    }

    fn wait(&mut self, millis: u64) {
        self.now = self.now.plus(Lifetime::from_millis(millis));
    }

    fn ask(&mut self, question: GateRequest) -> GateReply {
        let (reply, writes) = decide(question, self.facts.clone(), self.now);
        for write in writes {
            match write {
                Write::Bucket(bucket) => self.facts.bucket = Some(bucket),
                Write::Quotas(quotas) => self.facts.quotas = Some(quotas),
                Write::Slots(slots) => self.facts.slots = Some(slots),
                other => panic!("{other:?}"),
            }
        }
        reply
    }

    /// The gate's object starts again: it knows what it has stored and nothing else.
    fn restart(&mut self) {
        fn stored<T: serde::Serialize + serde::de::DeserializeOwned>(part: Option<&T>) -> Option<T> {
            part.map(|part| serde_json::from_str(&serde_json::to_string(part).unwrap()).unwrap())
        }
        let Facts { bucket, quotas, slots, .. } = &self.facts;
        let (bucket, quotas, slots) = (stored(bucket.as_ref()), stored(quotas.as_ref()), stored(slots.as_ref()));
        self.facts = Facts { bucket, quotas, slots, ..Facts::default() };
    }

    fn charge(&mut self, isolate: usize, lost: bool) -> Result<Charged, Lifetime> {
        self.slots += 1;
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&self.slots.to_be_bytes());
        let slot = SlotId::from_bytes(&bytes);
        let isolate = isolate % self.isolates.len();
        let (now, limits) = (self.now, self.limits);
        let here = self.isolates.get_mut(isolate).expect("an isolate");
        let asked = match limits.concurrent {
            Some(_) => Asked::default(),
            None => match here.take(&name(), now) {
                Step::Admit { .. } => {
                    let from = From::Lease(here.current(&name()).expect("a lease"));
                    return Ok(Charged { slot, isolate, from });
                }
                Step::Ask(asked) => asked,
            },
        };
        let reply = self.ask(GateRequest::Take { limits, asked, slot: slot.clone(), lease_life: LIFE });
        let here = self.isolates.get_mut(isolate).expect("an isolate");
        match reply {
            GateReply::Taken { .. } if lost => Err(Lifetime::from_millis(0)),
            GateReply::Taken { admission, counted_at } => {
                if limits.concurrent.is_none() {
                    here.keep(&name(), now, LIFE, &admission);
                }
                Ok(Charged { slot, isolate, from: From::Gate(counted_at) })
            }
            GateReply::Exhausted { retry_after, .. } => {
                here.take_held(&name(), now).ok_or(retry_after)?;
                let from = From::Lease(here.current(&name()).expect("a lease"));
                Ok(Charged { slot, isolate, from })
            }
            other => panic!("{other:?}"),
        }
    }

    fn call(&mut self, isolate: usize, fate: Fate) -> Result<(), Lifetime> {
        let charged = self.charge(isolate, fate == Fate::Lost)?;
        if fate == Fate::Refused {
            let unmade = match charged.from {
                From::Lease(lease) => {
                    let here = self.isolates.get_mut(charged.isolate).expect("an isolate");
                    here.put_back(&name(), lease);
                    return Ok(());
                }
                From::Gate(counted_at) => Some(counted_at),
            };
            self.ask(GateRequest::Release { slot: charged.slot, unmade });
            return Ok(());
        }
        self.made.push(self.now);
        if self.limits.concurrent.is_some() {
            self.running.push((charged.slot, self.now));
            self.assert_never_too_many_at_once();
            if fate == Fate::Ends {
                self.end();
            }
        }
        Ok(())
    }

    /// The newest running call ends.
    fn end(&mut self) {
        if let Some((slot, _)) = self.running.pop() {
            self.ask(GateRequest::Release { slot, unmade: None });
        }
    }

    fn assert_never_too_many_at_once(&self) {
        let live = self.running.iter().filter(|(_, since)| self.now < since.plus(SLOT_LIFE)).count();
        assert!(live <= self.limits.concurrent.unwrap() as usize, "{live} at once");
    }

    fn assert_never_over_admitted(&self) {
        let (mut of_day, mut of_month) = (BTreeMap::<_, u32>::new(), BTreeMap::<_, u32>::new());
        for moment in &self.made {
            *of_day.entry(moment.day()).or_default() += 1;
            *of_month.entry(moment.month()).or_default() += 1;
        }
        assert!(of_day.values().all(|made| *made <= self.limits.daily.unwrap_or(u32::MAX)), "{of_day:?}");
        assert!(of_month.values().all(|made| *made <= self.limits.monthly.unwrap_or(u32::MAX)), "{of_month:?}");
        let Some(rate) = self.limits.rate else { return };
        for (first, start) in self.made.iter().enumerate() {
            for (last, end) in self.made.iter().enumerate().skip(first) {
                let span = end.since(*start).millis();
                let allowed = u64::from(rate.burst) * 60_000 + u64::from(rate.per_minute) * span;
                assert!((last - first + 1) as u64 * 60_000 <= allowed, "{} in {span} ms", last - first + 1);
            }
        }
    }
}

/// Within a lease, after its use, after its end, after a slot's end, into the next day, and many days on.
fn pause() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => Just(0),
        3 => 1_u64..1000,
        2 => 1000_u64..3000,
        1 => Just(999),
        1 => 119_000_u64..122_000,
        1 => 80_000_000_u64..90_000_000,
        1 => Just(20 * 86_400_000),
    ]
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![4 => Just(Fate::Ends), 3 => Just(Fate::GoesOn), 1 => Just(Fate::Refused), 1 => Just(Fate::Lost)]
}

fn limits() -> impl Strategy<Value = Limits> {
    let rate = (1_u32..200, 1_u32..3000).prop_map(|(burst, per_minute)| Rate { burst, per_minute });
    let quota = || option::of(prop_oneof![1_u32..80, 80_u32..600]);
    let concurrent = prop_oneof![3 => Just(None), 1 => (1_u32..6).prop_map(Some)];
    (option::of(rate), concurrent, quota(), quota())
        .prop_map(|(rate, concurrent, daily, monthly)| Limits { rate, concurrent, daily, monthly })
        .prop_filter("something is limited", |limits| !limits.is_empty())
}

proptest! {
    #[test]
    fn no_limit_is_ever_exceeded(
        limits in limits(),
        isolates in 1_usize..4,
        steps in vec((any::<usize>(), pause(), fate(), prop_oneof![1_usize..5, 1_usize..60], 0..8), 1..60),
    ) {
        let mut world = World::new(limits, isolates);
        for (isolate, pause, fate, calls, event) in steps {
            world.wait(pause);
            match event {
                0 => world.restart(),
                1 => world.isolates[isolate % isolates] = Leases::default(),
                2 => world.end(),
                _ => {}
            }
            for _ in 0..calls {
                let _ = world.call(isolate, fate);
            }
        }
        world.assert_never_over_admitted();
    }

    /// Traffic that comes second by second over midnight of the last day of a month.
    #[test]
    fn no_call_is_made_on_another_day_than_it_counts_for(
        daily in 100_u32..400,
        monthly in option::of(100_u32..500),
        isolates in 1_usize..4,
        steps in vec((any::<usize>(), 0_u64..700, 1_usize..40), 20..60),
    ) {
        let mut world = World::new(Limits { daily: Some(daily), monthly, rate: None, concurrent: None }, isolates);
        for (isolate, pause, calls) in steps {
            world.wait(pause);
            for _ in 0..calls {
                let _ = world.call(isolate, Fate::Ends);
            }
        }
        world.assert_never_over_admitted();
    }

    /// Whoever waits as told is admitted: at once, or when the leases that were out have ended, or at midnight.
    #[test]
    fn nobody_starves(
        limits in limits(),
        isolates in 1_usize..4,
        steps in vec((any::<usize>(), pause(), 1_usize..40), 1..40),
    ) {
        let mut world = World::new(limits, isolates);
        for (isolate, pause, calls) in steps {
            world.wait(pause);
            for _ in 0..calls {
                let mut waits = 0;
                while let Err(retry_after) = world.call(isolate, Fate::Ends) {
                    world.wait(retry_after.millis());
                    waits += 1;
                    assert!(waits < 5, "{retry_after:?}");
                }
            }
        }
        world.assert_never_over_admitted();
    }

    /// As many calls are admitted as the quota says, and not one fewer, while every isolate is asked now and then: what one
    /// of them holds comes back with its next question.
    #[test]
    fn a_quota_is_used_to_its_last_call(daily in 1_u32..600, isolates in 1_usize..4, pause in 0_u64..40) {
        let limits = Limits { daily: Some(daily), rate: None, concurrent: None, monthly: None };
        let mut world = World::new(limits, isolates);
        world.wait(10_000);
        let (mut turn, mut refused) = (0, 0);
        while world.made.len() < daily as usize {
            turn += 1;
            world.wait(pause);
            refused = match world.call(turn, Fate::Ends) {
                Ok(()) => 0,
                Err(_) => refused + 1,
            };
            world.wait(if refused > 0 { 2000 } else { 0 });
            assert!(refused <= 2 * isolates, "{} of {daily}", world.made.len());
        }
        assert!(world.call(0, Fate::Ends).is_err());
        world.assert_never_over_admitted();
    }

    #[test]
    fn a_busy_client_of_a_quota_needs_few_hops(isolates in 1_usize..4) {
        let limits = Limits { daily: Some(100_000), rate: None, concurrent: None, monthly: None };
        let mut world = World::new(limits, isolates);
        let mut hops = 0;
        for turn in 0..2000 {
            let before = world.facts.quotas.clone();
            world.call(turn, Fate::Ends).unwrap();
            hops += usize::from(before != world.facts.quotas);
            world.wait(1);
        }
        assert!(hops < 60 * isolates, "{hops} hops for 2000 calls");
    }
}
