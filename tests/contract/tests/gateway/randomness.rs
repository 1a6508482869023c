//! A mebibyte of the gateway's output, drawn over HTTP while providers misbehave, looks like what it should.
//!
//! The two programs come with Debian's packages `ent` and `rng-tools5`. Where one is missing, the same properties are tested
//! here all the same, and the test says that the program was not asked; `RANDOM_PROGRAMS=required` makes that a failure.

use crate::entropy::trouble;
use base64ct::{Base64, Encoding as _};
use gateway_contract::seed::Tools;
use gateway_contract::statistics::{BLOCK, chi_square, entropy, fips_140_2, serial_correlation};
use serde_json::json;
use std::io::Write as _;
use std::process::{Command, Stdio};
use tokio::sync::OnceCell;

const MEBIBYTE: usize = 1 << 20;
const CALLS: usize = 1024;
const AT_ONCE: usize = 8;
/// Of 419 blocks: a good generator fails one of 1,250.
const TOLERATED: usize = 3;

/// A mebibyte, from 1,024 calls of 1,024 bytes.
async fn draw() -> Vec<u8> {
    let gateway = &trouble().gateway;
    let access = gateway.login(&gateway.user(Tools::Own)).await.access;
    let callers: Vec<_> = (0..AT_ONCE)
        .map(|_| {
            let access = access.clone();
            tokio::spawn(async move {
                let mut drawn = Vec::new();
                for _ in 0..CALLS / AT_ONCE {
                    let order = json!({"bytes": MEBIBYTE / CALLS, "encoding": "base64"});
                    let answer = trouble().gateway.execute(&access, "quantum_random", &order).await.json(200);
                    let text = answer["result"]["value"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
                    drawn.extend(Base64::decode_vec(&text).expect("base64"));
                }
                drawn
            })
        })
        .collect();
    let mut drawn = Vec::new();
    for caller in callers {
        drawn.extend(caller.await.expect("a draw"));
    }
    assert_eq!(drawn.len(), MEBIBYTE);
    drawn
}

/// The verdict of a test over the mebibyte all tests share. Good bytes fail such a test once in some thousand runs: a second
/// mebibyte decides then.
async fn passes(test: impl Fn(&[u8]) -> Result<(), String>) {
    static SHARED: OnceCell<Vec<u8>> = OnceCell::const_new();
    if let Err(first) = test(SHARED.get_or_init(draw).await)
        && let Err(second) = test(&draw().await)
    {
        panic!("{first}; and again: {second}");
    }
}

fn hold(what: bool, told: impl Fn() -> String) -> Result<(), String> {
    if what { Ok(()) } else { Err(told()) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mebibyte_of_output_passes_the_tests_of_fips_140_2() {
    passes(|bytes| {
        let failures: Vec<_> = bytes.chunks_exact(BLOCK).map(fips_140_2).filter(|failed| !failed.is_empty()).collect();
        hold(failures.len() <= TOLERATED, || format!("{} blocks failed: {failures:?}", failures.len()))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mebibyte_of_output_has_every_value_equally_often_and_in_no_order() {
    passes(|bytes| {
        let (chi, entropy, correlation) = (chi_square(bytes), entropy(bytes), serial_correlation(bytes));
        // The 0.01st and the 99.99th percentile at 255 degrees of freedom; five deviations of the correlation.
        let good = (176.0..348.0).contains(&chi) && entropy > 7.999 && correlation.abs() < 0.005;
        hold(good, || format!("chi-square {chi}, {entropy} bits a byte, serial correlation {correlation}"))
    })
    .await;
}

/// What a program prints about the bytes; `None` where there is no such program.
fn ask(program: &str, arguments: &[&str], bytes: &[u8]) -> Option<String> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut running) = command.spawn() else {
        let required = std::env::var("RANDOM_PROGRAMS").is_ok_and(|value| value == "required");
        assert!(!required, "{program} is required, and cannot be run");
        println!("NOT ASKED: there is no {program} on this machine");
        return None;
    };
    let mut input = running.stdin.take().expect("an input");
    let bytes = bytes.to_vec();
    let writer = std::thread::spawn(move || {
        // A program that has read enough closes its end.
        let _ = input.write_all(&bytes);
    });
    let output = running.wait_with_output().expect("its output");
    writer.join().expect("a writer");
    Some([output.stdout, output.stderr].map(|part| String::from_utf8_lossy(&part).into_owned()).concat())
}

/// The number that follows `before`, when one does.
fn number_after(told: &str, before: &str) -> Option<f64> {
    let (_, rest) = told.split_once(before)?;
    let digits =
        rest.trim_start().split(|letter: char| !letter.is_ascii_digit() && letter != '.' && letter != '-').next();
    digits?.trim_end_matches('.').parse().ok()
}

fn judge_ent(told: &str) -> Result<(), String> {
    // Beyond both ends it says "less than 0.01" or "more than 99.99", which is no number there.
    let good = number_after(told, "would exceed this value").is_some_and(|percent| (0.01..=99.99).contains(&percent))
        && number_after(told, "Entropy =").is_some_and(|entropy| entropy > 7.999)
        && number_after(told, "Serial correlation coefficient is").is_some_and(|found| found.abs() < 0.005);
    hold(good, || told.to_owned())
}

fn judge_rngtest(told: &str) -> Result<(), String> {
    let (passed, failed) = (number_after(told, "FIPS 140-2 successes:"), number_after(told, "FIPS 140-2 failures:"));
    let all = passed.zip(failed).is_some_and(|(passed, failed)| (passed + failed - 419.0).abs() < 0.5);
    hold(all && failed.is_some_and(|failed| failed < 3.5), || told.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mebibyte_of_output_passes_ent() {
    passes(|bytes| ask("ent", &[], bytes).map_or(Ok(()), |told| judge_ent(&told))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mebibyte_of_output_passes_rngtest() {
    passes(|bytes| ask("rngtest", &["-c", "419"], bytes).map_or(Ok(()), |told| judge_rngtest(&told))).await;
}

#[test]
fn the_programs_are_understood_when_they_find_fault() {
    let counter: Vec<u8> = (0..=u8::MAX).cycle().take(MEBIBYTE).collect();
    if let Some(told) = ask("ent", &[], &counter) {
        assert!(judge_ent(&told).is_err(), "{told}");
    }
    if let Some(told) = ask("rngtest", &["-c", "419"], &counter) {
        assert!(judge_rngtest(&told).is_err(), "{told}");
    }
}
