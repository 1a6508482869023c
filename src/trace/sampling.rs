//! Which traces are recorded.

use super::id::TraceId;

/// Random bits of a trace's id.
const BITS: u32 = 56;

/// A share of all traces, told by their ids alone: every program that is told the same share chooses the same ones
/// (OpenTelemetry, `TraceIdRatioBased`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio {
    /// The smallest randomness that is recorded.
    threshold: u64,
}

impl Ratio {
    /// All of them.
    pub const ALL: Self = Self { threshold: 0 };

    /// A share from 0 to 1.
    pub fn parse(text: &str) -> Option<Self> {
        let share: f64 = text.trim().parse().ok()?;
        let is_share = (0.0..=1.0).contains(&share) && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        is_share.then(|| Self { threshold: threshold(share) })
    }

    /// Whether a trace with this id is recorded.
    pub const fn takes(self, trace: TraceId) -> bool {
        trace.randomness() >= self.threshold
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share of 2^56, which is exact in a float, rounded to a whole number between 0 and 2^56"
)]
fn threshold(share: f64) -> u64 {
    ((1.0 - share) * (1_u64 << BITS) as f64).round() as u64
}

#[cfg(test)]
mod tests {
    use super::{Ratio, TraceId};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn trace(randomness: u64) -> TraceId {
        TraceId::parse(&format!("{:032x}", (7_u128 << 64) | u128::from(randomness))).unwrap()
    }

    #[test]
    fn the_share_is_that_of_the_ids() {
        let quarter = Ratio::parse("0.25").unwrap();
        let taken = (0..10_000_u64).filter(|i| quarter.takes(trace(i * ((1 << 56) / 10_000)))).count();
        assert!((2_499..=2_501).contains(&taken), "{taken}");
    }

    #[test]
    fn everything_and_nothing_are_shares() {
        let (most, least) = (trace((1 << 56) - 1), trace(1));
        assert!(Ratio::parse("1").unwrap().takes(least) && Ratio::parse("1.0").unwrap() == Ratio::ALL);
        assert!(!Ratio::parse("0").unwrap().takes(most));
    }

    #[test]
    fn what_is_taken_at_one_share_is_taken_at_every_larger_one() {
        let (small, large) = (Ratio::parse("0.1").unwrap(), Ratio::parse("0.5").unwrap());
        assert!((0..1000_u64).map(|i| trace(i << 46)).all(|id| !small.takes(id) || large.takes(id)));
    }

    #[test]
    fn what_is_no_share_is_refused() {
        for bad in ["", "-0.1", "1.1", "nan", "inf", "1e-3", "10%", ".", "+1"] {
            assert_eq!(Ratio::parse(bad), None, "{bad}");
        }
    }
}
