use super::{Alarm, Health, Test, Verdict, cut_off};
use crate::time::{Lifetime, Timestamp};
use sha2::{Digest, Sha256};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const NOW: Timestamp = Timestamp::from_seconds(1_795_000_000);

fn health() -> Health {
    Health::new([7; 32])
}

/// Bytes no test can tell from random ones.
fn noise(seed: u32, length: usize) -> Vec<u8> {
    (0_u32..)
        .flat_map(|block| Sha256::digest([seed.to_be_bytes(), block.to_be_bytes()].concat()))
        .take(length)
        .collect()
}

fn verdict(block: &[u8]) -> Result<Verdict, Alarm> {
    health().examine(block, NOW)
}

fn permanent(test: Test) -> Result<Verdict, Alarm> {
    Err(Alarm { test, permanent: true })
}

fn passing(test: Test) -> Result<Verdict, Alarm> {
    Err(Alarm { test, permanent: false })
}

/// The reference values were computed exactly, for a union bound over 256 values at 2^-40.
#[test]
fn the_cut_offs_of_the_maximum_count_are_the_exact_ones() {
    let expected = [(256, 17), (512, 22), (1024, 29), (4096, 57), (8192, 86)];
    assert_eq!(expected.map(|(bytes, _)| (bytes, cut_off(bytes, 1.0 / 256.0, 48.0))), expected);
    assert_eq!(cut_off(4, 0.5, 48.0), 5, "four coins never land so oddly");
    assert_eq!(cut_off(100, 0.5, 1.0), 51, "P(X >= 51) is 46 %, P(X >= 50) is 54 %");
}

#[test]
fn noise_passes() {
    let mut health = health();
    for round in 0..200 {
        assert_eq!(health.examine(&noise(round, 1024), NOW), Ok(Verdict::Usable), "{round}");
    }
}

/// Ten captured answers of the ANU service, 81,920 bytes.
#[test]
fn real_quantum_bytes_pass() {
    let mut health = health();
    for block in include_bytes!("../../../tests/data/anu/bytes.bin").chunks(8192) {
        assert_eq!(health.examine(block, NOW), Ok(Verdict::Usable));
    }
}

#[test]
fn what_is_broken_is_found() {
    assert_eq!(verdict(&[0; 1024]), permanent(Test::RepetitionCount));
    assert_eq!(verdict(&[0xa7; 1024]), permanent(Test::RepetitionCount));
    let counter: Vec<u8> = (0..=255).cycle().take(1024).collect();
    assert_eq!(verdict(&counter), permanent(Test::PrintableRun), "a counter passes through all printable bytes");
    let short_counter: Vec<u8> = (128..=255).cycle().take(1024).collect();
    assert_eq!(verdict(&short_counter), permanent(Test::Replay), "it repeats after 128 bytes");
    let hex: Vec<u8> = noise(1, 512).iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect();
    assert_eq!(verdict(&hex), permanent(Test::PrintableRun));
    let stuck_bit: Vec<u8> = noise(2, 1024).iter().map(|byte| byte | 0x10).collect();
    assert_eq!(verdict(&stuck_bit), passing(Test::BitBalance));
    let mut often = noise(3, 1024);
    for place in (0..1024).step_by(32) {
        often[place] = 0x80;
    }
    assert_eq!(verdict(&often), passing(Test::MaximumCount));
}

#[test]
fn the_cut_offs_of_sp_800_90b_are_met_exactly() {
    let with_run = |length: usize| {
        let mut block = noise(4, 1024);
        let byte = !block[99] ^ block[100 + length];
        block[100..100 + length].fill(byte);
        block[100 + length] = !byte;
        block[99] = !byte;
        verdict(&block)
    };
    assert_eq!(with_run(5), Ok(Verdict::Usable));
    assert_eq!(with_run(6), passing(Test::RepetitionCount));
    assert_eq!(with_run(10), passing(Test::RepetitionCount));
    assert_eq!(with_run(11), permanent(Test::RepetitionCount));
    let with_equals = |count: usize| {
        // A window whose other bytes never equal its first.
        let mut block: Vec<u8> = noise(5, 4096).into_iter().filter(|byte| *byte != 0xee).take(512).collect();
        (0..count).for_each(|place| block[place * 11] = 0xee);
        health().continuous(&block)
    };
    assert_eq!(with_equals(30), None);
    assert_eq!(with_equals(31), Some(Alarm { test: Test::AdaptiveProportion, permanent: false }));
    assert_eq!(with_equals(44), Some(Alarm { test: Test::AdaptiveProportion, permanent: true }));
}

#[test]
fn a_window_and_a_run_reach_across_small_blocks() {
    let mut health = health();
    for block in [[1, 2, 9, 9, 9], [9, 9, 3, 4, 5]] {
        let _ = health.continuous(&block);
    }
    assert_eq!(health.continuous(&[5, 5, 5, 5]), None);
    assert_eq!(health.continuous(&[5]).map(|alarm| alarm.test), Some(Test::RepetitionCount));
}

#[test]
fn nothing_is_used_before_1024_samples_have_passed() {
    let mut health = health();
    assert_eq!(health.examine(&noise(1, 512), NOW), Ok(Verdict::StartingUp));
    assert_eq!(health.examine(&noise(2, 511), NOW), Ok(Verdict::StartingUp));
    assert_eq!(health.examine(&noise(3, 1), NOW), Ok(Verdict::Usable));
    let mut stuck = noise(4, 512);
    stuck[..6].fill(3);
    assert_eq!(health.examine(&stuck, NOW), passing(Test::RepetitionCount));
    assert_eq!(health.examine(&noise(5, 512), NOW), Ok(Verdict::StartingUp), "an alarm starts it again");
}

#[test]
fn a_chunk_that_came_before_is_a_replay_for_good() {
    let mut health = health();
    let block = noise(1, 1024);
    assert_eq!(health.examine(&block, NOW), Ok(Verdict::Usable));
    let mut later = noise(2, 1024);
    later[64..96].copy_from_slice(&block[320..352]);
    assert_eq!(health.examine(&later, NOW), permanent(Test::Replay));
    assert!(health.chunks.len() <= 8192);
}

#[test]
fn only_the_last_8192_chunks_are_remembered() {
    let mut health = health();
    for round in 0..300 {
        let _ = health.examine(&noise(round, 1024), NOW);
    }
    assert_eq!((health.chunks.len(), health.known_chunks.len()), (8192, 8192));
    assert_eq!(health.examine(&noise(0, 1024), NOW), Ok(Verdict::Usable));
}

#[test]
fn the_third_alarm_within_a_day_is_for_good() {
    let alarm = |health: &mut Health, seed, hours: u64| {
        let mut block = noise(seed, 1024);
        block[..6].fill(3);
        health.examine(&block, NOW.plus(Lifetime::from_seconds(hours * 3600))).unwrap_err().permanent
    };
    let mut often = health();
    assert_eq!([(1, 0), (2, 11), (3, 23)].map(|(seed, hours)| alarm(&mut often, seed, hours)), [false, false, true]);
    often.forgive();
    assert!(!alarm(&mut often, 4, 23));
    let mut seldom = health();
    assert_eq!([(1, 0), (2, 11), (3, 24)].map(|(seed, hours)| alarm(&mut seldom, seed, hours)), [false, false, false]);
}

#[test]
fn it_prints_nothing_of_what_it_saw() {
    assert_eq!(format!("{:?}", health()), "Health(passed 0, alarms 0)");
}
