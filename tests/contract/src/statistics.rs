//! What random bytes look like: the tests of FIPS 140-2 section 4.9.1 with the limits of its change notice 2, chi-square,
//! entropy and serial correlation. They find a generator that broke, and no more than that.

/// Bytes of one block of [`fips_140_2`]: 20,000 bits.
pub const BLOCK: usize = 2500;
/// Limits of the runs of 1, 2, 3, 4, 5 and at least 6 equal bits, for ones and for zeros alike.
const RUNS: [(u32, u32); 6] = [(2315, 2685), (1114, 1386), (527, 723), (240, 384), (103, 209), (103, 209)];
const LONG_RUN: usize = 26;

/// The tests that a block fails.
pub fn fips_140_2(block: &[u8]) -> Vec<&'static str> {
    assert_eq!(block.len(), BLOCK);
    let bits: Vec<bool> = block.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1)).collect();
    let ones = bits.iter().filter(|bit| **bit).count();
    let mut nibbles = [0_f64; 16];
    for byte in block {
        nibbles[usize::from(byte >> 4)] += 1.0;
        nibbles[usize::from(byte & 15)] += 1.0;
    }
    let poker = 16.0 / 5000.0 * nibbles.iter().map(|count| count * count).sum::<f64>() - 5000.0;
    let mut runs = [[0_u32; 6]; 2];
    let mut longest = 0;
    for run in bits.chunk_by(|one, next| one == next) {
        runs[usize::from(run[0])][run.len().min(6) - 1] += 1;
        longest = longest.max(run.len());
    }
    let within = |runs: &[u32; 6]| runs.iter().zip(RUNS).all(|(count, (least, most))| (least..=most).contains(count));
    let tests = [
        ("monobit", 9725 < ones && ones < 10275),
        ("poker", 2.16 < poker && poker < 46.17),
        ("runs", runs.iter().all(within)),
        ("long run", longest < LONG_RUN),
        ("continuous run", block.chunks_exact(4).zip(block.chunks_exact(4).skip(1)).all(|(one, next)| one != next)),
    ];
    tests.into_iter().filter(|(_, passed)| !passed).map(|(name, _)| name).collect()
}

#[expect(clippy::cast_precision_loss, reason = "a sample has far fewer than 2^52 bytes")]
fn number(count: usize) -> f64 {
    count as f64
}

fn counts(bytes: &[u8]) -> [f64; 256] {
    bytes.iter().fold([0.0; 256], |mut counts, byte| {
        counts[usize::from(*byte)] += 1.0;
        counts
    })
}

/// Pearson's statistic over the 256 values: 255 degrees of freedom.
pub fn chi_square(bytes: &[u8]) -> f64 {
    let expected = number(bytes.len()) / 256.0;
    counts(bytes).iter().map(|count| (count - expected).powi(2) / expected).sum()
}

/// Shannon's, of the values' frequencies, in bits a byte.
pub fn entropy(bytes: &[u8]) -> f64 {
    let shares = counts(bytes).map(|count| count / number(bytes.len()));
    -shares.iter().filter(|share| **share > 0.0).map(|share| share * share.log2()).sum::<f64>()
}

/// How far a byte tells the next one: 0 not at all, 1 entirely. Of bytes that are all alike, 1.
pub fn serial_correlation(bytes: &[u8]) -> f64 {
    let values = || bytes.iter().map(|byte| f64::from(*byte));
    let mean = values().sum::<f64>() / number(bytes.len());
    let variance: f64 = values().map(|value| (value - mean).powi(2)).sum();
    let together: f64 = values().zip(values().skip(1)).map(|(one, next)| (one - mean) * (next - mean)).sum();
    if variance > 0.0 { together / variance } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, chi_square, entropy, fips_140_2, serial_correlation};
    use sha2::{Digest, Sha256};

    fn noise(length: usize) -> Vec<u8> {
        (0_u32..).flat_map(|block| Sha256::digest(block.to_be_bytes())).take(length).collect()
    }

    #[test]
    fn noise_passes_and_what_is_broken_fails_the_test_made_for_it() {
        let good = noise(BLOCK);
        assert_eq!(fips_140_2(&good), [""; 0]);
        let failures = |change: &dyn Fn(usize, u8) -> u8| {
            fips_140_2(&good.iter().enumerate().map(|(at, byte)| change(at, *byte)).collect::<Vec<_>>())
        };
        assert_eq!(failures(&|_, _| 0), ["monobit", "poker", "runs", "long run", "continuous run"]);
        assert!(failures(&|at, byte| if at % 16 == 0 { byte | 0xf0 } else { byte }).contains(&"monobit"));
        assert!(failures(&|at, byte| if at % 8 == 0 { 0x5a } else { byte }).contains(&"poker"));
        assert!(failures(&|at, byte| if at % 4 == 0 { 0x55 } else { byte }).contains(&"runs"));
        assert_eq!(failures(&|at, byte| if (100..104).contains(&at) { 0xff } else { byte }), ["long run"]);
        assert_eq!(failures(&|at, _| good[if (8..12).contains(&at) { at - 4 } else { at }]), ["continuous run"]);
    }

    #[test]
    fn the_measures_are_what_they_say() {
        let good = noise(1 << 20);
        assert!((150.0..370.0).contains(&chi_square(&good)) && entropy(&good) > 7.999);
        assert!(serial_correlation(&good).abs() < 0.005);
        let counter: Vec<u8> = (0..=255).cycle().take(1 << 16).collect();
        assert!(chi_square(&counter) < 1e-9 && serial_correlation(&counter) > 0.9);
        assert!(entropy(&[7; 100]).abs() < 1e-9 && (entropy(&[1, 2, 3, 4]) - 2.0).abs() < 1e-9);
        assert!((chi_square(&[7; 256]) - 255.0 * 256.0).abs() < 1e-6);
        assert!((serial_correlation(&[7; 9]) - 1.0).abs() < 1e-9);
    }
}
