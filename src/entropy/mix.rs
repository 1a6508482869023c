//! Mixing: whatever was received is absorbed into a key, and every output is XORed with fresh local randomness.
//!
//! For an output `local ⊕ F(key)`, where `F(key)` does not depend on `local`:
//! whoever knows the key, having chosen every provider byte there ever was, still faces `local`, which is uniform; whoever
//! predicts the local generator still faces `F(key)`, which holds every provider's bytes. The output is as strong as the
//! stronger of the two, and never weaker than local randomness.

use crate::time::Timestamp;
use hkdf::HkdfExtract;
use hmac::{Hmac, Mac};
use sha2::Sha512;
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Length of a seed, and of the local randomness drawn for one: more than the 384 bits SP 800-90C asks for at 256-bit strength.
pub const SEED_BYTES: usize = 64;

/// Fresh local random bytes for a seed. Drawn after the last answer came, so no answer can depend on them.
pub type LocalSeed = Zeroizing<[u8; SEED_BYTES]>;

/// Bytes that came from somewhere, with the name of where.
#[derive(Clone, Copy)]
pub struct Contribution<'a> {
    /// Who gave them.
    pub source: &'a str,
    /// The bytes; any length.
    pub bytes: &'a [u8],
}

/// A generator that absorbs seeds and gives masked outputs. It ratchets: after an output its key is replaced by a
/// one-way function of itself, so no earlier output can be computed from what is in memory now. Wiped when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Generator {
    key: [u8; SEED_BYTES],
    absorbed: u64,
    outputs: u64,
}

impl fmt::Debug for Generator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Generator(absorbed {}, outputs {})", self.absorbed, self.outputs)
    }
}

impl Generator {
    /// A generator that knows local randomness only.
    pub fn start(local: &LocalSeed, now: Timestamp) -> Self {
        let mut generator = Self { key: [0; SEED_BYTES], absorbed: 0, outputs: 0 };
        generator.absorb(&[], local, now);
        generator
    }

    /// Replaces the key by HKDF-Extract with SHA-512 (RFC 5869 section 2.2) over the contributions, the local randomness,
    /// the old key, a counter and the time. Each input is preceded by its length, so no two lists of inputs read the same.
    /// With no contributions this is a local reseed.
    pub fn absorb(&mut self, contributions: &[Contribution<'_>], local: &LocalSeed, now: Timestamp) {
        let mut extract = HkdfExtract::<Sha512>::new(Some(b"mcp-secure-gateway entropy seed v1"));
        let mut input = |bytes: &[u8]| {
            extract.input_ikm(&length_prefix(bytes));
            extract.input_ikm(bytes);
        };
        for contribution in contributions {
            input(contribution.source.as_bytes());
            input(contribution.bytes);
        }
        input(local.as_slice());
        input(&self.key);
        input(&self.absorbed.to_be_bytes());
        input(&now.millis().to_be_bytes());
        let (mut extracted, _) = extract.finalize();
        self.key.copy_from_slice(&extracted);
        extracted.as_mut_slice().zeroize();
        self.absorbed = self.absorbed.saturating_add(1);
        self.outputs = 0;
    }

    /// Turns local random bytes into an output. `out` holds fresh local random bytes on entry and is XORed with a keystream
    /// bound to `purpose` and to the output's length; then the key moves on. Any length, also none.
    pub fn fill(&mut self, out: &mut [u8], purpose: &str) {
        let length = (out.len() as u64).to_be_bytes();
        for (index, block) in out.chunks_mut(SEED_BYTES).enumerate() {
            let index = (index as u64).to_be_bytes();
            let mask = keyed(&self.key, &[b"output", purpose.as_bytes(), &length, &index]);
            for (byte, mask) in block.iter_mut().zip(mask.iter()) {
                *byte ^= mask;
            }
        }
        self.key = *keyed(&self.key, &[b"next"]);
        self.outputs = self.outputs.saturating_add(1);
    }

    /// Outputs given since something was last absorbed.
    pub const fn outputs(&self) -> u64 {
        self.outputs
    }

    /// How often something was absorbed, the start included.
    pub const fn absorbed(&self) -> u64 {
        self.absorbed
    }
}

/// HMAC-SHA-512 under `key` over length-prefixed parts: one block of an expansion in counter mode (SP 800-108 section 4.1).
fn keyed(key: &[u8; SEED_BYTES], parts: &[&[u8]]) -> Zeroizing<[u8; SEED_BYTES]> {
    // HMAC pads a short key with zeros to its block, 128 bytes for SHA-512: doing it here leaves no error to handle.
    let mut padded = Zeroizing::new([0_u8; 128]);
    for (byte, value) in padded.iter_mut().zip(key) {
        *byte = *value;
    }
    let mut hmac = <Hmac<Sha512> as hmac::digest::KeyInit>::new((&*padded).into());
    for part in parts {
        hmac.update(&length_prefix(part));
        hmac.update(part);
    }
    let mut block = Zeroizing::new([0; SEED_BYTES]);
    block.copy_from_slice(&hmac.finalize().into_bytes());
    block
}

fn length_prefix(bytes: &[u8]) -> [u8; 8] {
    (bytes.len() as u64).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::{Contribution, Generator, LocalSeed, keyed};
    use crate::time::Timestamp;
    use hkdf::Hkdf;
    use hmac::{Hmac, Mac};
    use sha2::Sha512;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;
    use zeroize::Zeroizing;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_000_000);

    fn local(byte: u8) -> LocalSeed {
        Zeroizing::new([byte; 64])
    }

    fn fed(bytes: &[u8], local_byte: u8) -> Generator {
        let mut generator = Generator::start(&local(1), NOW);
        generator.absorb(&[Contribution { source: "anu", bytes }], &local(local_byte), NOW);
        generator
    }

    fn mask(generator: &mut Generator, purpose: &str, length: usize) -> Vec<u8> {
        let mut out = vec![0; length];
        generator.fill(&mut out, purpose);
        out
    }

    #[test]
    fn a_seed_is_hkdf_over_length_prefixed_inputs() {
        let mut ikm = Vec::new();
        for part in [&b"anu"[..], b"quantum", &[2; 64], &Generator::start(&local(1), NOW).key] {
            ikm.extend((part.len() as u64).to_be_bytes());
            ikm.extend(part);
        }
        for number in [1, NOW.millis()] {
            ikm.extend(8_u64.to_be_bytes());
            ikm.extend(number.to_be_bytes());
        }
        let (expected, _) = Hkdf::<Sha512>::extract(Some(b"mcp-secure-gateway entropy seed v1"), &ikm);
        assert_eq!(fed(b"quantum", 2).key[..], expected[..]);
    }

    #[test]
    fn a_block_is_hmac_sha_512_over_length_prefixed_parts() {
        let mut hmac = Hmac::<Sha512>::new_from_slice(&[7; 64]).unwrap();
        hmac.update(&[0, 0, 0, 0, 0, 0, 0, 2, b'a', b'b', 0, 0, 0, 0, 0, 0, 0, 1, b'c']);
        assert_eq!(keyed(&[7; 64], &[b"ab", b"c"])[..], hmac.finalize().into_bytes()[..]);
        assert_ne!(keyed(&[7; 64], &[b"ab", b"c"])[..], keyed(&[7; 64], &[b"a", b"bc"])[..]);
    }

    #[test]
    fn equal_keys_and_different_local_bytes_give_different_outputs() {
        let (mut one, mut two) = (fed(b"x", 2), fed(b"x", 2));
        let (mut a, mut b) = ([3; 32], [4; 32]);
        one.fill(&mut a, "jti");
        two.fill(&mut b, "jti");
        assert_ne!(a, b);
    }

    #[test]
    fn the_inputs_of_a_seed_cannot_be_shifted_into_each_other() {
        let absorb = |contributions: &[Contribution<'_>]| {
            let mut generator = Generator::start(&local(1), NOW);
            generator.absorb(contributions, &local(2), NOW);
            generator.key
        };
        let one = absorb(&[Contribution { source: "a", bytes: b"bc" }]);
        let two = absorb(&[Contribution { source: "ab", bytes: b"c" }]);
        let none = absorb(&[]);
        let parts = absorb(&[Contribution { source: "a", bytes: b"b" }, Contribution { source: "c", bytes: b"" }]);
        assert!(one != two && two != none && parts != one && parts != two);
    }

    #[test]
    fn every_input_of_a_seed_matters() {
        let base = fed(b"x", 2).key;
        assert_ne!(base, fed(b"y", 2).key);
        assert_ne!(base, fed(b"x", 3).key);
        let mut later = Generator::start(&local(1), NOW);
        later.absorb(&[Contribution { source: "anu", bytes: b"x" }], &local(2), Timestamp::from_seconds(9));
        assert_ne!(base, later.key);
        let mut older = Generator::start(&local(9), NOW);
        older.absorb(&[Contribution { source: "anu", bytes: b"x" }], &local(2), NOW);
        assert_ne!(base, older.key);
    }

    #[test]
    fn purposes_and_lengths_have_masks_of_their_own() {
        let first = |purpose, length| mask(&mut fed(b"x", 2), purpose, length);
        assert_ne!(first("jti", 32), first("code", 32));
        assert_ne!(first("jti", 32)[..16], first("jti", 16)[..]);
        let long = first("jti", 20_000);
        assert_ne!(long[..64], long[64..128]);
        assert_eq!(first("jti", 0), Vec::<u8>::new());
    }

    #[test]
    fn the_key_moves_on_after_every_output() {
        let mut generator = fed(b"x", 2);
        let before = generator.key;
        let one = mask(&mut generator, "jti", 32);
        assert_ne!(before, generator.key);
        assert_ne!(one, mask(&mut generator, "jti", 32));
        assert_eq!(generator.outputs(), 2);
        generator.absorb(&[], &local(5), NOW);
        assert_eq!((generator.outputs(), generator.absorbed()), (0, 3));
    }

    #[test]
    fn a_generator_does_not_print_its_key() {
        assert_eq!(format!("{:?}", fed(b"x", 2)), "Generator(absorbed 2, outputs 0)");
    }

    #[cfg(not(target_arch = "wasm32"))]
    mod properties {
        use super::{Contribution, fed, local, mask};
        use proptest::prelude::{Just, Strategy, any, prop_assert_eq, prop_assert_ne, prop_oneof};
        use std::collections::HashSet;

        /// What a broken or hostile provider sends.
        fn provider_bytes() -> impl Strategy<Value = Vec<u8>> {
            prop_oneof![
                Just(vec![0; 1024]),
                any::<u8>().prop_map(|stuck| vec![stuck; 1024]),
                Just((0..=255).cycle().take(1024).collect()),
                proptest::collection::vec(any::<u8>(), 0..64),
            ]
        }

        proptest::proptest! {
            /// The mask does not depend on the local bytes: so a known key leaves exactly the local randomness.
            #[test]
            fn the_output_is_the_local_bytes_under_a_mask_that_ignores_them(
                bytes in provider_bytes(),
                ours in proptest::collection::vec(any::<u8>(), 0..200),
            ) {
                let mut out = ours.clone();
                fed(&bytes, 2).fill(&mut out, "jti");
                let mask = mask(&mut fed(&bytes, 2), "jti", ours.len());
                let back: Vec<u8> = out.iter().zip(&mask).map(|(byte, mask)| byte ^ mask).collect();
                prop_assert_eq!(back, ours);
            }

            #[test]
            fn whatever_a_provider_sends_no_two_outputs_are_equal(bytes in provider_bytes()) {
                let mut generator = fed(&bytes, 2);
                let mut seen = HashSet::new();
                for round in 0..20 {
                    for _ in 0..5 {
                        // Even with local bytes that stand still.
                        prop_assert_eq!(seen.insert(mask(&mut generator, "jti", 32)), true);
                    }
                    generator.absorb(&[Contribution { source: "anu", bytes: &bytes }], &local(round), super::NOW);
                }
            }

            #[test]
            fn a_provider_that_knows_all_but_the_local_seed_does_not_choose_the_key(
                bytes in provider_bytes(), a in any::<u8>(), b in any::<u8>(),
            ) {
                proptest::prop_assume!(a != b);
                prop_assert_ne!(fed(&bytes, a).key, fed(&bytes, b).key);
            }
        }
    }
}
