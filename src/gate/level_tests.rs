use super::{Level, Taken, Wanted};
use crate::gate::message::{Asked, ClosedLease};
use crate::id::SlotId;
use crate::plan::{Limits, Rate, Reached};
use crate::time::{Lifetime, Timestamp};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// 25 Nov 2026, 10:28 UTC.
const NOW: Timestamp = Timestamp::from_seconds(1_795_602_480);
const RATE: Rate = Rate { burst: 20, per_minute: 600 };
const NONE: Limits = Limits { rate: None, concurrent: None, daily: None, monthly: None };

fn wanted(limits: Limits, slot: u8, wish: u32, close: Option<ClosedLease>) -> Wanted {
    let slot = SlotId::from_bytes(&[slot; 16]);
    Wanted { limits, asked: Asked { close, wish }, slot, lease_life: Lifetime::from_seconds(1) }
}

fn take(level: &mut Level, limits: Limits, wish: u32) -> Result<Taken, Reached> {
    level.take(&wanted(limits, 0, wish, None), NOW).map_err(|(reached, _)| reached)
}

#[test]
fn of_200_calls_each_limit_admits_what_it_allows() {
    for (limits, allowed, reached) in [
        (Limits { rate: Some(RATE), ..NONE }, 20, Reached::Rate(RATE)),
        (Limits { rate: Some(RATE), daily: Some(7), ..NONE }, 7, Reached::Daily(7)),
        (Limits { rate: Some(RATE), monthly: Some(9), daily: Some(30), ..NONE }, 9, Reached::Monthly(9)),
        (Limits { rate: Some(RATE), concurrent: Some(4), ..NONE }, 4, Reached::Concurrent(4)),
    ] {
        let mut level = Level::default();
        let answers: Vec<_> = (0..200).map(|_| take(&mut level, limits, 0)).collect();
        let admitted: Vec<_> = answers.iter().filter_map(|answer| answer.ok()).collect();
        assert_eq!(admitted.len(), allowed, "{limits:?}");
        assert_eq!(admitted.last().unwrap().remaining, 0);
        assert_eq!(answers.last().unwrap(), &Err(reached));
    }
}

#[test]
fn a_call_that_one_limit_refuses_is_charged_to_no_other() {
    let quota = Limits { rate: Some(RATE), daily: Some(1), ..NONE };
    let mut level = Level::default();
    take(&mut level, quota, 0).unwrap();
    for _ in 0..50 {
        assert_eq!(take(&mut level, quota, 9), Err(Reached::Daily(1)));
    }
    assert_eq!(take(&mut level, Limits { rate: Some(RATE), ..NONE }, 0).unwrap().remaining, 18);
    let slots = Limits { concurrent: Some(1), daily: Some(10), ..NONE };
    take(&mut level, slots, 0).unwrap();
    for _ in 0..50 {
        assert_eq!(take(&mut level, slots, 0), Err(Reached::Concurrent(1)));
    }
    assert_eq!(take(&mut level, Limits { daily: Some(10), ..NONE }, 0).unwrap().remaining, 7);
}

#[test]
fn of_several_limits_the_one_that_lasts_longest_is_told() {
    let limits = Limits { rate: Some(Rate { burst: 1, per_minute: 1 }), concurrent: Some(1), daily: Some(1), ..NONE };
    let mut level = Level::default();
    take(&mut level, limits, 0).unwrap();
    let refused = level.take(&wanted(limits, 1, 0, None), NOW);
    assert_eq!(refused, Err((Reached::Daily(1), NOW.next_day().since(NOW))));
    let refused = level.take(&wanted(Limits { daily: None, ..limits }, 1, 0, None), NOW);
    assert!(matches!(refused, Err((Reached::Rate(_), wait)) if wait == Lifetime::from_seconds(60)));
}

#[test]
fn a_lease_is_bounded_by_every_limit_and_comes_back_to_every_one() {
    let limits = Limits { rate: Some(Rate { burst: 1000, per_minute: 1 }), daily: Some(101), ..NONE };
    let mut level = Level::default();
    let lease = take(&mut level, limits, 400).unwrap().lease.unwrap();
    assert_eq!(lease.calls, 50, "half of what is left of the quota");
    let close = Some(ClosedLease { lease: lease.id, unused: 30 });
    let taken = level.take(&wanted(limits, 1, 0, close), NOW).unwrap();
    assert_eq!(taken.remaining, 101 - 1 - 20 - 1);
    assert_eq!(take(&mut level, Limits { daily: None, ..limits }, 0).unwrap().remaining, 1000 - 1 - 20 - 1 - 1);
}

#[test]
fn a_lease_that_comes_back_counts_even_where_the_call_is_refused() {
    let limits = Limits { daily: Some(129), ..NONE };
    let mut level = Level::default();
    let lease = take(&mut level, limits, 400).unwrap().lease.unwrap();
    while take(&mut level, limits, 0).is_ok() {}
    let small = Limits { daily: Some(1), ..NONE };
    let close = Some(ClosedLease { lease: lease.id, unused: 64 });
    assert!(level.take(&wanted(small, 1, 0, close), NOW).is_err());
    assert_eq!((0..200).filter(|_| take(&mut level, limits, 0).is_ok()).count(), 64);
}

#[test]
fn one_id_never_names_two_leases_whatever_limits_come_and_go() {
    let rate = Limits { rate: Some(Rate { burst: 10_000, per_minute: 1 }), ..NONE };
    let quota = Limits { daily: Some(10_000), ..NONE };
    let both = Limits { rate: rate.rate, ..quota };
    let mut level = Level::default();
    let ids = [rate, rate, quota, both, quota, quota, rate, both];
    let ids = ids.map(|limits| take(&mut level, limits, 2).unwrap().lease.unwrap().id);
    assert!(ids.is_sorted_by(|one, next| one < next), "{ids:?}");
}

#[test]
fn where_every_call_needs_a_slot_none_is_leased() {
    let limits = Limits { rate: Some(RATE), concurrent: Some(5), ..NONE };
    let mut level = Level::default();
    let taken = take(&mut level, limits, 9).unwrap();
    assert_eq!((taken.lease, taken.remaining), (None, 4));
}

#[test]
fn a_call_that_was_not_made_leaves_slot_and_quota_as_they_were() {
    let limits = Limits { concurrent: Some(1), daily: Some(1), ..NONE };
    let mut level = Level::default();
    let made = level.take(&wanted(limits, 1, 0, None), NOW).unwrap();
    level.release(&SlotId::from_bytes(&[1; 16]), Some(made.counted_at), NOW);
    level.take(&wanted(limits, 2, 0, None), NOW).unwrap();
    level.release(&SlotId::from_bytes(&[2; 16]), None, NOW);
    assert_eq!(take(&mut level, limits, 0), Err(Reached::Daily(1)), "a call that was made stays counted");
}
