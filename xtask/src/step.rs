//! What a command shows while it works.

use crate::failure::Failure;
use std::time::Duration;

/// Says that a part of the preparation holds already.
pub fn holds(what: &str) {
    println!("  ok   {what}");
}

/// Says that a part of the preparation starts now, and how.
pub fn starts(what: &str, how: &str) {
    println!("  do   {what}: {how}");
}

/// Says something a person should know and can go on without.
pub fn note(what: &str) {
    println!("  note {what}");
}

/// Asks `ready` every `pause` until it says yes, `times` times at most; false when it never did.
pub fn wait_until(
    times: u32,
    pause: Duration,
    mut ready: impl FnMut() -> Result<bool, Failure>,
) -> Result<bool, Failure> {
    for _ in 0..times {
        if ready()? {
            return Ok(true);
        }
        std::thread::sleep(pause);
    }
    Ok(false)
}
