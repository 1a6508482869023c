//! The generator: two lanes of HMAC_DRBG, seeded from local randomness and whatever providers gave, and XORed with fresh local
//! randomness on the way out.
//!
//! For an output `local ⊕ D(state)`, where `D(state)` does not depend on `local`:
//! whoever knows the state, having chosen every provider byte there ever was, still faces `local`, which is uniform; whoever
//! predicts the local generator still faces `D(state)`, which holds every provider's bytes. The output is as strong as the
//! stronger of the two, and never weaker than local randomness.

use super::drbg::Drbg;
use super::purpose::{Lane, Purpose};
use crate::time::{Lifetime, Timestamp};
use hkdf::HkdfExtract;
use hmac::{Hmac, Mac};
use sha2::Sha512;
use std::fmt;
use zeroize::{Zeroize, Zeroizing};

/// Length of a seed, and of the local randomness drawn for one: more than the 384 bits SP 800-90C asks for at 256-bit strength.
pub const SEED_BYTES: usize = 64;
/// Fresh local random bytes that go into the state with every output.
pub const EXTRA_BYTES: usize = 32;

/// The generator wants local randomness after this long at the latest,
const LONGEST_WITHOUT_RESEED: Lifetime = Lifetime::from_seconds(300);
/// or after so many bytes of one lane (2^17 bits, SP 800-90C section 5.2.3),
const BYTES_PER_SEED: usize = 1 << 14;
/// or after so many outputs.
const OUTPUTS_PER_SEED: u32 = 1 << 16;

/// Fresh local random bytes for a seed. Drawn after the last answer came, so no answer can depend on them.
pub type LocalSeed = Zeroizing<[u8; SEED_BYTES]>;

/// A long-term secret that goes into every seed: should the local generator fail, a seed is still not what anybody else can
/// compute (the idea of RFC 8937).
#[derive(Clone)]
pub struct Salt(Zeroizing<[u8; SEED_BYTES]>);

/// Bytes that came from somewhere, with the name of where.
#[derive(Clone, Copy)]
pub struct Contribution<'a> {
    /// Who gave them.
    pub source: &'a str,
    /// The bytes; any length.
    pub bytes: &'a [u8],
}

/// Absorbs seeds and gives masked outputs.
pub struct Generator {
    salt: Salt,
    public: LaneState,
    private: LaneState,
    epoch: u64,
    outputs: u32,
    seeded_at: Timestamp,
}

#[derive(Debug)]
struct LaneState {
    drbg: Drbg,
    /// Bytes given since the last seed.
    given: usize,
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt([redacted])")
    }
}

impl fmt::Debug for Generator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Generator(epoch {}, outputs {})", self.epoch, self.outputs)
    }
}

impl Salt {
    /// Derives the salt from the gateway's root secret.
    pub fn derive(root: &[u8]) -> Self {
        let mut salt = Zeroizing::new([0; SEED_BYTES]);
        // HMAC takes a key of any length.
        if let Ok(mut mac) = <Hmac<Sha512> as Mac>::new_from_slice(root) {
            mac.update(b"mcp-secure-gateway/entropy/salt/v1");
            salt.copy_from_slice(&mac.finalize().into_bytes());
        }
        Self(salt)
    }
}

impl Generator {
    /// A generator that knows local randomness only.
    pub fn start(salt: Salt, local: &LocalSeed, now: Timestamp) -> Self {
        let lane = || LaneState { drbg: Drbg::new(&[]), given: 0 };
        let mut generator = Self { salt, public: lane(), private: lane(), epoch: 0, outputs: 0, seeded_at: now };
        generator.absorb(&[], local, now);
        generator
    }

    /// Reseeds both lanes out of HKDF with SHA-512 (RFC 5869) over the contributions, the local randomness, an output of the
    /// old state, a counter and the time. Each input is preceded by its length, so no two lists of inputs read the same.
    /// With no contributions this is a local reseed.
    pub fn absorb(&mut self, contributions: &[Contribution<'_>], local: &LocalSeed, now: Timestamp) {
        let mut old = Zeroizing::new([0; SEED_BYTES]);
        self.private.drbg.generate(old.as_mut_slice(), b"next seed");
        let mut extract = HkdfExtract::<Sha512>::new(Some(self.salt.0.as_slice()));
        let mut input = |bytes: &[u8]| {
            extract.input_ikm(&length_prefix(bytes));
            extract.input_ikm(bytes);
        };
        input(b"mcpgw/seed/v1");
        for contribution in contributions {
            input(contribution.source.as_bytes());
            input(contribution.bytes);
        }
        input(local.as_slice());
        input(old.as_slice());
        input(&self.epoch.to_be_bytes());
        input(&now.millis().to_be_bytes());
        let (mut extracted, expand) = extract.finalize();
        extracted.as_mut_slice().zeroize();
        for (lane, info) in [(&mut self.public, "lane/public/v1"), (&mut self.private, "lane/private/v1")] {
            let mut seed = Zeroizing::new([0; SEED_BYTES]);
            // 64 bytes are one block of the expansion, of 255 allowed.
            let _ = expand.expand(info.as_bytes(), seed.as_mut_slice());
            lane.drbg.reseed(seed.as_slice());
            lane.given = 0;
        }
        self.epoch = self.epoch.saturating_add(1);
        (self.outputs, self.seeded_at) = (0, now);
    }

    /// Whether it is time for [`Generator::absorb`] again, with or without contributions.
    pub fn wants_seed(&self, now: Timestamp) -> bool {
        now.since(self.seeded_at) >= LONGEST_WITHOUT_RESEED
            || self.outputs >= OUTPUTS_PER_SEED
            || self.public.given.max(self.private.given) >= BYTES_PER_SEED
    }

    /// Turns local random bytes into an output. `out` holds fresh local random bytes on entry and is XORed with the output of
    /// the purpose's lane, which takes `extra`, further fresh local bytes, and the purpose as additional input. Any length.
    pub fn fill(&mut self, out: &mut [u8], extra: &[u8; EXTRA_BYTES], purpose: Purpose) {
        let lane = match purpose.lane() {
            Lane::Public => &mut self.public,
            Lane::Private => &mut self.private,
        };
        let additional = Zeroizing::new([extra.as_slice(), purpose.as_str().as_bytes()].concat());
        let mut mask = Zeroizing::new(vec![0; out.len()]);
        lane.drbg.generate(&mut mask, &additional);
        for (byte, mask) in out.iter_mut().zip(mask.iter()) {
            *byte ^= mask;
        }
        lane.given = lane.given.saturating_add(out.len());
        self.outputs = self.outputs.saturating_add(1);
    }

    /// How often it was seeded, the start included.
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }
}

fn length_prefix(bytes: &[u8]) -> [u8; 4] {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes()
}

#[cfg(test)]
pub(super) mod tests {
    use super::{Contribution, Generator, LocalSeed, Salt};
    use crate::entropy::purpose::Purpose;
    use crate::time::{Lifetime, Timestamp};
    use hkdf::Hkdf;
    use sha2::Sha512;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;
    use zeroize::Zeroizing;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_000_000);

    pub(in crate::entropy) fn salt() -> Salt {
        Salt::derive(b"root")
    }

    fn local(byte: u8) -> LocalSeed {
        Zeroizing::new([byte; 64])
    }

    fn fed(bytes: &[u8], local_byte: u8) -> Generator {
        let mut generator = Generator::start(salt(), &local(1), NOW);
        generator.absorb(&[Contribution { source: "anu", bytes }], &local(local_byte), NOW);
        generator
    }

    fn mask(generator: &mut Generator, purpose: Purpose, length: usize) -> Vec<u8> {
        let mut out = vec![0; length];
        generator.fill(&mut out, &[0; 32], purpose);
        out
    }

    fn state(mut generator: Generator) -> Vec<u8> {
        mask(&mut generator, Purpose::TokenId, 32)
    }

    #[test]
    fn a_seed_is_hkdf_over_length_prefixed_inputs() {
        let mut before = Generator::start(salt(), &local(1), NOW);
        let mut old = [0; 64];
        before.private.drbg.generate(&mut old, b"next seed");
        let mut ikm = Vec::new();
        let epoch = 1_u64.to_be_bytes();
        let time = NOW.millis().to_be_bytes();
        for part in [&b"mcpgw/seed/v1"[..], b"anu", b"quantum", &[2; 64], &old, &epoch, &time] {
            ikm.extend(u32::try_from(part.len()).unwrap().to_be_bytes());
            ikm.extend(part);
        }
        let hkdf = Hkdf::<Sha512>::new(Some(salt().0.as_slice()), &ikm);
        let mut seed = [0; 64];
        hkdf.expand(b"lane/public/v1", &mut seed).unwrap();
        before.public.drbg.reseed(&seed);
        assert_eq!(state(before), state(fed(b"quantum", 2)));
    }

    #[test]
    fn the_lanes_are_apart() {
        let (mut used, mut unused) = (fed(b"x", 2), fed(b"x", 2));
        mask(&mut used, Purpose::TokenId, 4096);
        let private = |generator: &mut Generator| mask(generator, Purpose::RefreshToken, 32);
        assert_eq!(private(&mut used), private(&mut unused), "the public lane does not move the private one");
        assert_ne!(mask(&mut fed(b"x", 2), Purpose::TokenId, 32), private(&mut fed(b"x", 2)));
    }

    #[test]
    fn equal_states_and_different_local_bytes_give_different_outputs() {
        let output = |local: u8, extra: u8| {
            let mut out = [local; 32];
            fed(b"x", 2).fill(&mut out, &[extra; 32], Purpose::TokenId);
            out
        };
        assert!(output(3, 0) != output(4, 0) && output(3, 0) != output(3, 1));
    }

    #[test]
    fn the_inputs_of_a_seed_cannot_be_shifted_into_each_other() {
        let absorb = |contributions: &[Contribution<'_>]| {
            let mut generator = Generator::start(salt(), &local(1), NOW);
            generator.absorb(contributions, &local(2), NOW);
            state(generator)
        };
        let one = absorb(&[Contribution { source: "a", bytes: b"bc" }]);
        let two = absorb(&[Contribution { source: "ab", bytes: b"c" }]);
        let none = absorb(&[]);
        let parts = absorb(&[Contribution { source: "a", bytes: b"b" }, Contribution { source: "c", bytes: b"" }]);
        assert!(one != two && two != none && parts != one && parts != two);
    }

    #[test]
    fn every_input_of_a_seed_matters() {
        let base = state(fed(b"x", 2));
        assert_ne!(base, state(fed(b"y", 2)));
        assert_ne!(base, state(fed(b"x", 3)));
        let fed_with = |salt, first, at| {
            let mut generator = Generator::start(salt, &local(first), NOW);
            generator.absorb(&[Contribution { source: "anu", bytes: b"x" }], &local(2), at);
            state(generator)
        };
        assert_eq!(base, fed_with(salt(), 1, NOW));
        assert_ne!(base, fed_with(salt(), 1, Timestamp::from_seconds(9)));
        assert_ne!(base, fed_with(salt(), 9, NOW));
        assert_ne!(base, fed_with(Salt::derive(b"another"), 1, NOW));
    }

    #[test]
    fn every_purpose_has_outputs_of_its_own() {
        let outputs: std::collections::HashSet<_> =
            Purpose::ALL.map(|purpose| mask(&mut fed(b"x", 2), purpose, 32)).into();
        assert_eq!(outputs.len(), Purpose::ALL.len());
        let names: std::collections::HashSet<_> = Purpose::ALL.map(Purpose::as_str).into();
        assert_eq!(names.len(), Purpose::ALL.len());
    }

    #[test]
    fn the_state_moves_on_after_every_output() {
        let mut generator = fed(b"x", 2);
        let one = mask(&mut generator, Purpose::TokenId, 32);
        assert_ne!(one, mask(&mut generator, Purpose::TokenId, 32));
        assert_eq!((generator.outputs, generator.epoch()), (2, 2));
        generator.absorb(&[], &local(5), NOW);
        assert_eq!((generator.outputs, generator.epoch()), (0, 3));
    }

    #[test]
    fn a_seed_is_wanted_after_300_s_or_131072_bits_of_a_lane_or_65536_outputs() {
        let mut generator = fed(b"x", 2);
        assert!(!generator.wants_seed(NOW.plus(Lifetime::from_millis(299_999))));
        assert!(generator.wants_seed(NOW.plus(Lifetime::from_seconds(300))));
        mask(&mut generator, Purpose::TokenId, 10_000);
        mask(&mut generator, Purpose::RefreshToken, 10_000);
        assert!(!generator.wants_seed(NOW), "each lane counts for itself");
        mask(&mut generator, Purpose::RefreshToken, 6384);
        assert!(generator.wants_seed(NOW));
        generator.absorb(&[], &local(5), NOW);
        assert!(!generator.wants_seed(NOW));
        (0..65_536).for_each(|_| generator.fill(&mut [], &[0; 32], Purpose::TokenId));
        assert!(generator.wants_seed(NOW));
    }

    #[test]
    fn a_generator_does_not_print_its_state() {
        assert_eq!(format!("{:?}", fed(b"x", 2)), "Generator(epoch 2, outputs 0)");
        assert_eq!(format!("{:?}", salt()), "Salt([redacted])");
    }

    #[cfg(not(target_arch = "wasm32"))]
    mod properties {
        use super::{Contribution, Purpose, fed, local, mask, state};
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
            /// The mask does not depend on the local bytes it covers: so a known state leaves exactly the local randomness.
            #[test]
            fn the_output_is_the_local_bytes_under_a_mask_that_ignores_them(
                bytes in provider_bytes(),
                ours in proptest::collection::vec(any::<u8>(), 0..200),
            ) {
                let mut out = ours.clone();
                fed(&bytes, 2).fill(&mut out, &[0; 32], Purpose::TokenId);
                let mask = mask(&mut fed(&bytes, 2), Purpose::TokenId, ours.len());
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
                        prop_assert_eq!(seen.insert(mask(&mut generator, Purpose::TokenId, 32)), true);
                    }
                    generator.absorb(&[Contribution { source: "anu", bytes: &bytes }], &local(round), super::NOW);
                }
            }

            #[test]
            fn a_provider_that_knows_all_but_the_local_seed_does_not_choose_the_state(
                bytes in provider_bytes(), a in any::<u8>(), b in any::<u8>(),
            ) {
                proptest::prop_assume!(a != b);
                prop_assert_ne!(state(fed(&bytes, a)), state(fed(&bytes, b)));
            }
        }
    }
}
