use super::{LEAST_TO_LEASE, MAX_LEASES, Quotas};
use crate::gate::bucket::Lease;
use crate::plan::{Limits, Reached};
use crate::time::{Lifetime, Timestamp};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const LIFE: Lifetime = Lifetime::from_seconds(1);
/// 25 Nov 2026, 10:28 UTC.
const NOON: Timestamp = Timestamp::from_seconds(1_795_602_480);

const fn daily(quota: u32) -> Limits {
    Limits { daily: Some(quota), monthly: None, rate: None, concurrent: None }
}

const fn both(daily: u32, monthly: u32) -> Limits {
    Limits { daily: Some(daily), monthly: Some(monthly), rate: None, concurrent: None }
}

/// Calls one after the other until they are refused, at most 1000.
fn use_up(quotas: &mut Quotas, limits: &Limits, now: Timestamp) -> u32 {
    let taken = (0..1000).take_while(|_| quotas.available(limits, now).map(|_| quotas.take()).is_ok());
    u32::try_from(taken.count()).unwrap()
}

fn lease(quotas: &mut Quotas, limits: &Limits, now: Timestamp) -> Lease {
    quotas.available(limits, now).unwrap();
    let lease =
        Lease { id: quotas.next_lease(), calls: quotas.leasable(limits, LIFE), expires_at: now.plus(LIFE).plus(LIFE) };
    quotas.hand_out(lease);
    lease
}

const fn before(moment: Timestamp) -> Timestamp {
    moment.minus(Lifetime::from_millis(1))
}

#[test]
fn a_day_admits_exactly_its_quota_and_says_to_come_back_at_midnight() {
    let mut quotas = Quotas::unused(NOON);
    assert_eq!(use_up(&mut quotas, &daily(7), NOON), 7);
    let midnight = NOON.next_day();
    assert_eq!(quotas.available(&daily(7), NOON), Err((Reached::Daily(7), midnight.since(NOON))));
    assert_eq!(use_up(&mut quotas, &daily(7), before(midnight)), 0);
    assert_eq!(use_up(&mut quotas, &daily(7), midnight), 7);
}

#[test]
fn a_month_admits_exactly_its_quota_over_all_its_days() {
    let limits = both(5, 8);
    let mut quotas = Quotas::unused(NOON);
    let tomorrow = NOON.next_day();
    assert_eq!((use_up(&mut quotas, &limits, NOON), use_up(&mut quotas, &limits, tomorrow)), (5, 3));
    let wait = NOON.next_month().since(tomorrow);
    assert_eq!(quotas.available(&limits, tomorrow), Err((Reached::Monthly(8), wait)));
    assert_eq!(use_up(&mut quotas, &limits, before(NOON.next_month())), 0);
    assert_eq!(use_up(&mut quotas, &limits, NOON.next_month()), 5);
}

#[test]
fn leased_calls_count_as_used_until_they_come_back() {
    let limits = daily(200);
    let mut quotas = Quotas::unused(NOON);
    let leased = lease(&mut quotas, &limits, NOON);
    assert_eq!(leased.calls, 100);
    assert_eq!(use_up(&mut quotas, &limits, NOON), 100);
    assert_eq!(quotas.available(&limits, NOON), Err((Reached::Daily(200), Lifetime::from_seconds(2))));
    let late = NOON.plus(Lifetime::from_seconds(3600));
    assert_eq!(quotas.available(&limits, late), Err((Reached::Daily(200), NOON.next_day().since(late))));
    quotas.close(late, leased.id, 101);
    assert_eq!(use_up(&mut quotas, &limits, late), 0, "more than was leased is refused");
    let leased = lease(&mut quotas, &limits, NOON.next_day());
    let late = NOON.next_day().plus(Lifetime::from_seconds(3600));
    quotas.close(late, leased.id, 40);
    quotas.close(late, leased.id, 40);
    assert_eq!(use_up(&mut quotas, &limits, late), 140, "once, and however late");
}

#[test]
fn a_call_of_yesterday_gives_nothing_to_today_and_back_to_its_month() {
    let limits = both(100, 150);
    let (mut quotas, evening) = (Quotas::unused(NOON), before(NOON.next_day()).minus(LIFE));
    let leased = lease(&mut quotas, &limits, evening);
    assert_eq!(use_up(&mut quotas, &limits, evening), 50);
    let morning = NOON.next_day();
    quotas.close(morning, leased.id, 50);
    assert_eq!(use_up(&mut quotas, &limits, morning), 100, "150 of the month, 50 of them yesterday's");
    assert_eq!(quotas.available(&limits, morning).unwrap_err().0, Reached::Monthly(150));
    quotas.give_back(morning, evening);
    assert_eq!(quotas.available(&limits, morning).unwrap_err().0, Reached::Daily(100));
    quotas.give_back(morning, morning);
    assert_eq!(use_up(&mut quotas, &limits, morning), 1);
}

#[test]
fn no_lease_can_be_used_on_another_day() {
    let limits = daily(1000);
    let mut quotas = Quotas::unused(NOON);
    let midnight = NOON.next_day();
    for (now, leases) in [(midnight.minus(LIFE), true), (midnight.minus(Lifetime::from_millis(999)), false)] {
        quotas.available(&limits, now).unwrap();
        assert_eq!(quotas.leasable(&limits, LIFE) > 0, leases);
    }
}

#[test]
fn the_last_calls_are_not_leased() {
    let limits = daily(LEAST_TO_LEASE);
    let mut quotas = Quotas::unused(NOON);
    assert_eq!(quotas.leasable(&limits, LIFE), LEAST_TO_LEASE / 2);
    quotas.take();
    assert_eq!(quotas.leasable(&limits, LIFE), 0);
}

#[test]
fn leases_that_nobody_closes_are_bounded_and_stay_used() {
    let limits = daily(1_000_000_000);
    let mut quotas = Quotas::unused(NOON);
    let first = quotas.next_lease();
    for id in first..first + 300 {
        quotas.hand_out(Lease { id, calls: 10, expires_at: NOON });
    }
    assert_eq!(quotas.leases.len(), MAX_LEASES);
    quotas.close(NOON, first, 10);
    assert_eq!(quotas.left(&limits), 1_000_000_000 - 3000);
}

#[test]
fn a_clock_that_steps_back_opens_no_past_day_again() {
    let (mut quotas, midnight) = (Quotas::unused(NOON), NOON.next_day());
    assert_eq!(use_up(&mut quotas, &daily(3), midnight), 3);
    assert_eq!(use_up(&mut quotas, &daily(3), before(midnight)), 0);
    assert_eq!(use_up(&mut quotas, &daily(3), midnight), 0);
}

#[test]
fn a_quota_that_shrinks_below_what_was_used_admits_nothing() {
    let mut quotas = Quotas::unused(NOON);
    use_up(&mut quotas, &daily(9), NOON);
    assert_eq!(use_up(&mut quotas, &daily(5), NOON), 0);
    assert_eq!(use_up(&mut quotas, &daily(11), NOON), 2);
}
