use super::{Breaker, Rule, Ticket, Verdict, grown, shifted};
use crate::time::{Lifetime, Timestamp};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const RULE: Rule = Rule {
    in_a_row: 3,
    window: Lifetime::from_seconds(30),
    least: 10,
    percent: 50,
    pause: Lifetime::from_seconds(5),
    longest: Lifetime::from_seconds(60),
    patience: Lifetime::from_seconds(40),
};
/// No shift at all, but for rounding.
const MIDDLE: u8 = 128;

fn at(millis: u64) -> Timestamp {
    Timestamp::from_seconds(1_795_000_000).plus(Lifetime::from_millis(millis))
}

fn go(breaker: &mut Breaker, now: u64) -> Ticket {
    match breaker.admit(&RULE, at(now)) {
        Verdict::Go(ticket) => ticket,
        other => panic!("{other:?} at {now}"),
    }
}

fn probe(breaker: &mut Breaker, now: u64) -> Ticket {
    match breaker.admit(&RULE, at(now)) {
        Verdict::Probe(ticket) => ticket,
        other => panic!("{other:?} at {now}"),
    }
}

fn refused(breaker: &mut Breaker, now: u64) -> u64 {
    match breaker.admit(&RULE, at(now)) {
        Verdict::Refused { retry_after } => retry_after.millis(),
        other => panic!("{other:?} at {now}"),
    }
}

/// Opened at 0 by failures in a row; how long for.
fn opened(wanted: Option<Lifetime>) -> (Breaker, u64) {
    let mut breaker = Breaker::new(at(0));
    for _ in 0..2 {
        let ticket = go(&mut breaker, 0);
        assert_eq!(breaker.failed(ticket, &RULE, wanted, MIDDLE, at(0)), None);
    }
    let ticket = go(&mut breaker, 0);
    let pause = breaker.failed(ticket, &RULE, wanted, MIDDLE, at(0)).expect("the third one opens it");
    (breaker, pause.millis())
}

#[test]
fn failures_in_a_row_open_it_and_a_success_between_them_does_not() {
    let mut breaker = Breaker::new(at(0));
    for round in 0..9 {
        let ticket = go(&mut breaker, round);
        if round % 3 == 2 {
            breaker.succeeded(ticket, &RULE, at(round));
        } else {
            assert_eq!(breaker.failed(ticket, &RULE, None, MIDDLE, at(round)), None);
        }
    }
    let (mut breaker, pause) = opened(None);
    assert_eq!((refused(&mut breaker, 0), pause), (pause, 5003));
}

#[test]
fn a_share_of_failures_opens_it_within_one_window_only() {
    let run = |step: u64| {
        let (mut breaker, mut opened) = (Breaker::new(at(0)), false);
        for round in 0..12 {
            let now = round * step;
            let Verdict::Go(ticket) = breaker.admit(&RULE, at(now)) else { break };
            if round % 3 == 0 {
                breaker.succeeded(ticket, &RULE, at(now));
            } else {
                opened = breaker.failed(ticket, &RULE, None, MIDDLE, at(now)).is_some();
            }
        }
        opened
    };
    assert!(run(1_000), "two of three fail");
    assert!(!run(10_000), "no window has ten outcomes");
}

#[test]
fn one_probe_is_let_through_after_the_pause_and_closes_it() {
    let (mut breaker, pause) = opened(None);
    assert_eq!(refused(&mut breaker, pause - 1), 1);
    let ticket = probe(&mut breaker, pause);
    assert_eq!(refused(&mut breaker, pause), 1_000, "one probe at a time");
    breaker.succeeded(ticket, &RULE, at(pause + 5));
    assert!(breaker.is_closed());
    let ticket = go(&mut breaker, pause + 5);
    assert_eq!(breaker.failed(ticket, &RULE, None, MIDDLE, at(pause + 5)), None, "it counts from the start again");
}

#[test]
fn a_probe_that_fails_opens_it_for_twice_as_long_up_to_the_longest() {
    let (mut breaker, first) = opened(None);
    let (mut now, mut pauses) = (first, vec![first]);
    for _ in 0..5 {
        let ticket = probe(&mut breaker, now);
        let pause = breaker.failed(ticket, &RULE, None, MIDDLE, at(now)).unwrap().millis();
        pauses.push(pause);
        now += pause;
    }
    let seconds: Vec<u64> = pauses.iter().map(|pause| pause / 1000).collect();
    assert_eq!(seconds, [5, 10, 20, 40, 60, 60]);
}

#[test]
fn a_lost_probe_and_one_that_was_given_up_make_room_for_another() {
    let (mut breaker, pause) = opened(None);
    let lost = probe(&mut breaker, pause);
    refused(&mut breaker, pause + 39_999);
    let given_up = probe(&mut breaker, pause + 40_000);
    breaker.succeeded(lost, &RULE, at(pause + 40_001));
    assert!(!breaker.is_closed(), "what is told too late counts no longer");
    breaker.abandoned(given_up, at(pause + 40_002));
    let ticket = probe(&mut breaker, pause + 40_002);
    breaker.succeeded(ticket, &RULE, at(pause + 40_003));
    assert!(breaker.is_closed());
}

#[test]
fn what_was_let_through_before_it_opened_changes_nothing_after() {
    let mut breaker = Breaker::new(at(0));
    let early = go(&mut breaker, 0);
    for _ in 0..3 {
        let ticket = go(&mut breaker, 0);
        breaker.failed(ticket, &RULE, None, MIDDLE, at(0));
    }
    breaker.succeeded(early, &RULE, at(1));
    assert_eq!(breaker.failed(early, &RULE, None, MIDDLE, at(1)), None);
    breaker.abandoned(early, at(1));
    assert_eq!(refused(&mut breaker, 1), 5_002);
}

#[test]
fn a_pause_that_is_wanted_is_kept_within_the_longest() {
    let wanted = |seconds| opened(Some(Lifetime::from_seconds(seconds))).1 / 1000;
    assert_eq!([0, 3, 7, 60, 61, u64::MAX / 1000].map(wanted), [5, 5, 7, 60, 60, 60]);
}

#[test]
fn a_pause_is_shifted_by_a_fifth_at_most_and_never_overflows() {
    let second = Lifetime::from_seconds(1);
    assert_eq!((shifted(second, 0).millis(), shifted(second, 255).millis()), (800, 1200));
    let longest = Lifetime::from_seconds(900);
    assert_eq!(grown(Lifetime::from_millis(u64::MAX), longest, u32::MAX, 0).millis(), 720_000);
}

/// What happens to a breaker, at random.
#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use super::{Breaker, Lifetime, RULE, Ticket, Timestamp, Verdict, at};
    use proptest::prelude::{Just, Strategy, prop_assert, prop_oneof, proptest};

    #[derive(Clone, Copy, Debug)]
    enum Step {
        Ask,
        Succeed(usize),
        Fail(usize, u8),
        GiveUp(usize),
        Wait(u64),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            4 => Just(Step::Ask),
            2 => (0_usize..4).prop_map(Step::Succeed),
            4 => (0_usize..4, proptest::num::u8::ANY).prop_map(|(which, jitter)| Step::Fail(which, jitter)),
            1 => (0_usize..4).prop_map(Step::GiveUp),
            2 => (0_u64..20_000).prop_map(Step::Wait),
        ];
        proptest::collection::vec(step, 0..120)
    }

    fn take(out: &mut Vec<(Ticket, bool)>, which: usize) -> Option<(Ticket, bool)> {
        (!out.is_empty()).then(|| out.remove(which % out.len()))
    }

    /// Runs the steps. `see` hears every verdict with its time, how long ago it last opened and whether a probe is out.
    fn run(steps: &[Step], mut see: impl FnMut(Verdict, u64, Option<(u64, u64)>, bool)) -> (Breaker, u64, usize) {
        let (mut breaker, mut now, mut out) = (Breaker::new(at(0)), 0, Vec::new());
        let (mut opened, mut row, mut most) = (None, 0, 0);
        let moment = |now: u64| -> Timestamp { at(now) };
        for step in steps {
            match *step {
                Step::Ask => {
                    let is_probing = out.iter().any(|(_, is_probe)| *is_probe);
                    let verdict = breaker.admit(&RULE, moment(now));
                    see(verdict, now, opened.filter(|_| !breaker.is_closed()), is_probing);
                    match verdict {
                        Verdict::Go(ticket) => out.push((ticket, false)),
                        Verdict::Probe(ticket) => out.push((ticket, true)),
                        Verdict::Refused { .. } => {}
                    }
                }
                Step::Succeed(which) => {
                    if let Some((ticket, _)) = take(&mut out, which) {
                        breaker.succeeded(ticket, &RULE, moment(now));
                        row = 0;
                    }
                }
                Step::Fail(which, jitter) => {
                    if let Some((ticket, _)) = take(&mut out, which) {
                        row += 1;
                        most = most.max(row);
                        if let Some(pause) = breaker.failed(ticket, &RULE, None, jitter, moment(now)) {
                            opened = Some((now, pause.millis()));
                        }
                    }
                }
                Step::GiveUp(which) => {
                    if let Some((ticket, is_probe)) = take(&mut out, which) {
                        breaker.abandoned(ticket, moment(now));
                        if is_probe {
                            opened = None;
                        }
                    }
                }
                Step::Wait(millis) => now += millis,
            }
        }
        (breaker, now, most)
    }

    proptest! {
        #[test]
        fn while_it_is_open_nothing_is_let_through_before_the_pause_is_over(steps in steps()) {
            let mut broken = None;
            run(&steps, |verdict, now, opened, _| {
                if let (Some((since, pause)), Verdict::Go(_) | Verdict::Probe(_)) = (opened, verdict)
                    && now < since + pause
                {
                    broken = Some((verdict, now, since, pause));
                }
            });
            prop_assert!(broken.is_none(), "{broken:?}");
        }

        #[test]
        fn whatever_happened_a_probe_is_let_through_in_the_end_and_closes_it(steps in steps()) {
            let (mut breaker, now, _) = run(&steps, |_, _, _, _| {});
            let later = at(now).plus(Lifetime::from_seconds(72 + 40));
            match breaker.admit(&RULE, later) {
                Verdict::Go(_) => {}
                Verdict::Probe(ticket) => {
                    breaker.succeeded(ticket, &RULE, later);
                    prop_assert!(breaker.is_closed());
                }
                Verdict::Refused { .. } => prop_assert!(false, "{breaker:?}"),
            }
        }

        #[test]
        fn there_is_one_probe_at_a_time_until_it_is_lost(steps in steps()) {
            let mut last_probe: Option<u64> = None;
            let mut broken = false;
            run(&steps, |verdict, now, _, is_probing| {
                if let Verdict::Probe(_) = verdict {
                    broken |= is_probing && last_probe.is_some_and(|at| now < at + RULE.patience.millis());
                    last_probe = Some(now);
                }
            });
            prop_assert!(!broken);
        }

        #[test]
        fn every_refusal_says_when_to_come_back(steps in steps()) {
            let mut right = true;
            run(&steps, |verdict, _, _, _| {
                if let Verdict::Refused { retry_after } = verdict {
                    right &= (1..=72_000).contains(&retry_after.millis());
                }
            });
            prop_assert!(right);
        }

        #[test]
        fn it_opens_after_so_many_failures_and_never_after_fewer(failures in 0_u32..10) {
            let mut breaker = Breaker::new(at(0));
            let mut told = 0;
            for _ in 0..failures {
                if let Verdict::Go(ticket) = breaker.admit(&RULE, at(0)) {
                    breaker.failed(ticket, &RULE, None, 0, at(0));
                    told += 1;
                }
            }
            prop_assert!(told <= RULE.in_a_row);
            assert_eq!(breaker.is_closed(), failures < RULE.in_a_row);
        }
    }
}
