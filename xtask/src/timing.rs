//! `cargo xtask timing`: whether the time that the refusal of an API key takes says how much of it was right.
//!
//! Two classes of wrong secrets, one wrong in its first letter and one in its last, are refused in random order; Welch's
//! t-test says whether their times differ, as dudect does it (Reparaz, Balasch, Verbauwhede: "Dude, is my code constant
//! time?", 2017): up to 4.5 nothing is found. A comparison that stops at the first difference is measured beside it: a
//! machine on which that goes unnoticed proves nothing.

use crate::arguments::Arguments;
use crate::failure::Failure;
use crate::project::Project;
use crate::step;
use mcp_secure_gateway::account::api_key::{ApiKey, KeyRefusal};
use mcp_secure_gateway::id::{ApiKeyId, encode_random};
use mcp_secure_gateway::scope::Scope;
use mcp_secure_gateway::time::Timestamp;
use std::hint::black_box;
use std::time::Instant;

/// Refusals that one time is taken of.
const BATCH: u32 = 64;
/// From this on the times differ.
const FOUND: f64 = 4.5;
/// The slowest tenth is the machine's doing.
const KEPT: f64 = 0.9;

/// `cargo xtask timing [--samples N]`
pub fn run(_: &Project, mut arguments: Arguments) -> Result<(), Failure> {
    let samples: u32 = arguments.number("--samples", 200_000)?;
    arguments.finish()?;
    let (key, right) = key()?;
    let wrong = [changed(&right, 0), changed(&right, right.len() - 1)];
    step::starts(
        "timing",
        &format!("{samples} times {BATCH} refusals of a key that is wrong in its first or its last letter"),
    );
    let refused = measure(samples, &wrong, |presented| {
        key.admit(presented, "192.0.2.1", Timestamp::from_seconds(0)) == Err(KeyRefusal::WrongSecret)
    })?;
    let stopping = measure(samples, &wrong, |presented| {
        key.secret_hash.bytes().zip(presented.bytes()).all(|(own, other)| black_box(own) == black_box(other))
    })?;
    println!("  |t| of a refusal {refused:.1}, of a comparison that stops at the first difference {stopping:.1}");
    if stopping <= FOUND {
        return Err(Failure::Unmet(
            "this machine is too restless: not even the comparison that stops was found".into(),
        ));
    }
    if refused > FOUND {
        return Err(Failure::Unmet("the time of a refusal says where the secret is wrong".into()));
    }
    Ok(())
}

fn key() -> Result<(ApiKey, String), Failure> {
    let mut random = [0; 48];
    getrandom::fill(&mut random).map_err(|error| Failure::Unmet(error.to_string()))?;
    let (id, secret) = random.split_at(16);
    let unmet = |error: &dyn std::fmt::Display| Failure::Unmet(error.to_string());
    let secret_hash = encode_random(secret);
    let key = ApiKey {
        id: ApiKeyId::parse(&encode_random(id)).map_err(|error| unmet(&error))?,
        secret_hash: secret_hash.clone(),
        scope: Scope::parse("tools:call").map_err(|error| unmet(&error))?,
        tools: None,
        upstreams: None,
        networks: None,
        plan: None,
        expires_at: None,
        revoked_at: None,
    };
    Ok((key, secret_hash))
}

fn changed(text: &str, at: usize) -> String {
    let other = |letter| if letter == 'A' { 'B' } else { 'A' };
    text.chars().enumerate().map(|(place, letter)| if place == at { other(letter) } else { letter }).collect()
}

/// The absolute t of the times that two texts take, in random order.
#[expect(clippy::disallowed_methods, reason = "it measures time")]
fn measure(samples: u32, texts: &[String; 2], refuse: impl Fn(&str) -> bool) -> Result<f64, Failure> {
    let mut classes = vec![0; samples as usize];
    getrandom::fill(&mut classes).map_err(|error| Failure::Unmet(error.to_string()))?;
    let [first, last] = texts;
    let mut times = [Vec::new(), Vec::new()];
    for class in classes {
        let is_last = class & 1 == 1;
        let text = if is_last { last } else { first };
        let start = Instant::now();
        for _ in 0..BATCH {
            black_box(refuse(black_box(text)));
        }
        let time = start.elapsed().as_secs_f64() * 1e9;
        let [of_first, of_last] = &mut times;
        if is_last { of_last.push(time) } else { of_first.push(time) }
    }
    let mut all: Vec<f64> = times.concat();
    all.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index"
    )]
    let cut = all.get((all.len() as f64 * KEPT) as usize).copied().unwrap_or(f64::MAX);
    let [first, last] =
        times.map(|of_class| spread(&of_class.into_iter().filter(|time| *time <= cut).collect::<Vec<_>>()));
    Ok(((first.0 - last.0) / (first.1 + last.1).sqrt()).abs())
}

/// Mean, and variance of the mean.
#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 times")]
fn spread(times: &[f64]) -> (f64, f64) {
    let count = times.len() as f64;
    let mean = times.iter().sum::<f64>() / count;
    let squares: f64 = times.iter().map(|time| (time - mean).powi(2)).sum();
    (mean, squares / (count - 1.0) / count)
}

#[cfg(test)]
mod tests {
    use super::{changed, spread};

    #[test]
    fn a_changed_text_differs_in_one_letter() {
        assert_eq!((changed("ABA", 0), changed("ABA", 2)), ("BBA".to_owned(), "ABB".to_owned()));
    }

    #[test]
    fn the_spread_is_that_of_the_mean() {
        let (mean, variance) = spread(&[1.0, 2.0, 3.0, 4.0]);
        assert!((mean - 2.5).abs() < 1e-9 && (variance - 5.0 / 12.0).abs() < 1e-9);
    }
}
