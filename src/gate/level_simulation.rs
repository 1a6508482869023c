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

/// A question on its way to the gate.
struct Question {
    slot: SlotId,
    isolate: usize,
    asked: Asked,
    asked_at: Timestamp,
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

    /// A call out of the lease that an isolate holds, or the question it sends.
    fn begin(&mut self, isolate: usize) -> Result<Charged, Question> {
        self.slots += 1;
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&self.slots.to_be_bytes());
        let slot = SlotId::from_bytes(&bytes);
        let isolate = isolate % self.isolates.len();
        let (asked_at, needs_slot) = (self.now, self.limits.concurrent.is_some());
        let here = self.isolates.get_mut(isolate).expect("an isolate");
        let step = if needs_slot { Step::Ask(Asked::default()) } else { here.take(&name(), asked_at) };
        match step {
            Step::Admit { .. } => {
                let from = From::Lease(here.current(&name()).expect("a lease"));
                Ok(Charged { slot, isolate, from })
            }
            Step::Ask(asked) => Err(Question { slot, isolate, asked, asked_at }),
        }
    }

    /// What the gate answers to a question.
    fn answer(&mut self, question: &Question) -> GateReply {
        let Question { slot, asked, .. } = question;
        let (limits, asked, slot) = (self.limits, asked.clone(), slot.clone());
        self.ask(GateRequest::Take { limits, asked, slot, lease_life: LIFE })
    }

    /// What an isolate makes of the answer.
    fn finish(&mut self, question: Question, reply: &GateReply) -> Result<Charged, Lifetime> {
        let Question { slot, isolate, asked_at, .. } = question;
        let here = self.isolates.get_mut(isolate).expect("an isolate");
        match reply {
            GateReply::Taken { admission, counted_at } => {
                if self.limits.concurrent.is_none() {
                    here.keep(&name(), asked_at, LIFE, admission);
                }
                Ok(Charged { slot, isolate, from: From::Gate(*counted_at) })
            }
            GateReply::Exhausted { retry_after, .. } => {
                here.take_held(&name(), self.now).ok_or(*retry_after)?;
                let from = From::Lease(here.current(&name()).expect("a lease"));
                Ok(Charged { slot, isolate, from })
            }
            other => panic!("{other:?}"),
        }
    }

    fn charge(&mut self, isolate: usize, lost: bool) -> Result<Charged, Lifetime> {
        self.begin(isolate).or_else(|question| {
            let reply = self.answer(&question);
            let is_lost = lost && matches!(reply, GateReply::Taken { .. });
            if is_lost { Err(Lifetime::from_millis(0)) } else { self.finish(question, &reply) }
        })
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

    /// Calls in parallel: questions and answers pass one another on the way. A call counts from the moment it was granted.
    #[test]
    fn calls_that_pass_one_another_exceed_no_limit(
        limits in limits(),
        isolates in 1_usize..4,
        steps in vec((any::<usize>(), prop_oneof![6 => Just(0), 3 => 1_u64..400, 1 => 1000_u64..4000], 0..4), 200..600),
    ) {
        let mut world = World::new(limits, isolates);
        let (mut asked, mut answered) = (Vec::new(), Vec::new());
        for (choice, pause, event) in steps {
            world.wait(pause);
            match event {
                0 | 1 => match world.begin(choice) {
                    Ok(_) => world.made.push(world.now),
                    Err(question) => asked.push(question),
                },
                2 if !asked.is_empty() => {
                    let question = asked.swap_remove(choice % asked.len());
                    let reply = world.answer(&question);
                    if matches!(reply, GateReply::Taken { .. }) {
                        world.made.push(world.now);
                        world.running.push((question.slot.clone(), world.now));
                    }
                    answered.push((question, reply));
                }
                _ if !answered.is_empty() => {
                    let (question, reply) = answered.swap_remove(choice % answered.len());
                    if let Ok(Charged { from: From::Lease(_), .. }) = world.finish(question, &reply) {
                        world.made.push(world.now);
                    }
                }
                _ => {}
            }
            if limits.concurrent.is_some() {
                world.assert_never_too_many_at_once();
            }
        }
        world.assert_never_over_admitted();
    }

    /// Of 200 calls at once, over several isolates and in any order, as many are made as a quota and a bucket hold.
    #[test]
    fn of_200_parallel_calls_as_many_are_admitted_as_there_are(
        quota in 1_u32..250, isolates in 1_usize..6, order in any::<usize>(), by_rate in any::<bool>(),
    ) {
        let rate = Some(Rate { burst: quota, per_minute: 1 }).filter(|_| by_rate);
        let daily = Some(quota).filter(|_| !by_rate);
        let mut world = World::new(Limits { rate, daily, monthly: None, concurrent: None }, isolates);
        let mut questions: Vec<_> = (0..200).filter_map(|isolate| world.begin(isolate).err()).collect();
        assert_eq!(questions.len(), 200, "nobody holds a lease yet");
        let mut answers = Vec::new();
        while !questions.is_empty() {
            let question = questions.swap_remove(order % questions.len());
            let reply = world.answer(&question);
            answers.push((question, reply));
        }
        let admitted = answers.into_iter().filter_map(|(question, reply)| world.finish(question, &reply).ok());
        assert_eq!(admitted.count(), (quota as usize).min(200));
    }

    /// The worst case for leases of a quota: a large one is out at midnight, and everybody comes just after.
    #[test]
    fn no_call_is_made_on_another_day_than_it_counts_for(
        daily in 100_u32..400,
        monthly in option::of(100_u32..500),
        warm_up in 10_usize..90,
        before in 0_u64..1500,
        after in 0_u64..1500,
    ) {
        let mut world = World::new(Limits { daily: Some(daily), monthly, rate: None, concurrent: None }, 2);
        let calls = |world: &mut World, isolate, count| (0..count).for_each(|_| { let _ = world.call(isolate, Fate::Ends); });
        world.wait(10_000 - before);
        calls(&mut world, 0, warm_up);
        world.wait(after);
        calls(&mut world, 0, 100);
        calls(&mut world, 1, 500);
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
