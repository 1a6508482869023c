//! HMAC_DRBG with SHA-256 (NIST SP 800-90A Rev. 1, section 10.1.2), at 256 bits of security strength.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

const BLOCK: usize = 32;
/// SHA-256 works on blocks of 64 bytes, and HMAC pads its key to one.
const PADDED_KEY: usize = 64;
/// Most bytes of one generate call: 2^19 bits (SP 800-90A, table 2). A longer output takes several calls.
const MAX_REQUEST: usize = 1 << 16;

/// A deterministic generator. Its state moves on with every output, so no earlier output can be computed from what is in
/// memory now. Wiped when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Drbg {
    key: [u8; BLOCK],
    value: [u8; BLOCK],
}

impl fmt::Debug for Drbg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Drbg([redacted])")
    }
}

impl Drbg {
    /// Instantiates from entropy input, nonce and personalization string, already joined (section 10.1.2.3).
    pub fn new(seed_material: &[u8]) -> Self {
        let mut drbg = Self { key: [0; BLOCK], value: [1; BLOCK] };
        drbg.update(seed_material);
        drbg
    }

    /// Mixes further entropy into the state (section 10.1.2.4).
    pub fn reseed(&mut self, seed_material: &[u8]) {
        self.update(seed_material);
    }

    /// Fills `out`, bound to `additional` input, which may be empty (section 10.1.2.5).
    pub fn generate(&mut self, out: &mut [u8], additional: &[u8]) {
        for request in out.chunks_mut(MAX_REQUEST) {
            if !additional.is_empty() {
                self.update(additional);
            }
            for block in request.chunks_mut(BLOCK) {
                self.value = *mac(&self.key, &[&self.value]);
                for (byte, value) in block.iter_mut().zip(&self.value) {
                    *byte = *value;
                }
            }
            self.update(additional);
        }
    }

    /// HMAC_DRBG_Update (section 10.1.2.2).
    fn update(&mut self, provided: &[u8]) {
        for round in if provided.is_empty() { &[0][..] } else { &[0, 1] } {
            self.key = *mac(&self.key, &[&self.value, &[*round], provided]);
            self.value = *mac(&self.key, &[&self.value]);
        }
    }
}

fn mac(key: &[u8; BLOCK], parts: &[&[u8]]) -> Zeroizing<[u8; BLOCK]> {
    // Padding the key here, as HMAC would, leaves no error to handle.
    let mut padded = Zeroizing::new([0_u8; PADDED_KEY]);
    for (byte, value) in padded.iter_mut().zip(key) {
        *byte = *value;
    }
    let mut mac = <Hmac<Sha256> as hmac::digest::KeyInit>::new((&*padded).into());
    for part in parts {
        mac.update(part);
    }
    let mut block = Zeroizing::new([0; BLOCK]);
    block.copy_from_slice(&mac.finalize().into_bytes());
    block
}

#[cfg(test)]
mod tests {
    use super::Drbg;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    }

    /// NIST CAVP, HMAC_DRBG, SHA-256, no prediction resistance, no personalization, no additional input, count 0.
    #[test]
    fn the_cavp_vector_passes() {
        let seed = "ca851911349384bffe89de1cbdc46e6831e44d34a4fb935ee285dd14b71a7488659ba96c601dc69fc902940805ec0ca8";
        let mut drbg = Drbg::new(&bytes(seed));
        let mut out = [0; 128];
        drbg.generate(&mut out, b"");
        drbg.generate(&mut out, b"");
        let expected = "e528e9abf2dece54d47c7e75e5fe302149f817ea9fb4bee6f4199697d04d5b89d54fbb978a15b5c443c9ec21036d2460\
                        b6f73ebad0dc2aba6e624abf07745bc107694bb7547bb0995f70de25d6b29e2d3011bb19d27676c07162c8b5ccde0668\
                        961df86803482cb37ed6d5c0bb8d50cf1f50d476aa0458bdaba806f48be9dcb8";
        assert_eq!(out.to_vec(), bytes(expected));
    }

    /// Computed by an independent implementation in another language.
    #[test]
    fn additional_input_and_a_reseed_are_mixed_in() {
        let mut drbg = Drbg::new(&(0..48).collect::<Vec<u8>>());
        drbg.generate(&mut [0; 64], b"additional");
        drbg.reseed(b"reseedx");
        let mut out = [0; 33];
        drbg.generate(&mut out, b"");
        assert_eq!(out.to_vec(), bytes("fdf120386d620fc8f3a0d1f67dcbeec6334db30c8fc822cf35f847bfd86c2a6d6c"));
    }

    #[test]
    fn a_long_output_takes_several_requests_and_repeats_nothing() {
        let mut drbg = Drbg::new(b"seed");
        let mut out = vec![0; (1 << 16) + 64];
        drbg.generate(&mut out, b"");
        assert_ne!(out[..64], out[1 << 16..]);
    }

    #[test]
    fn it_does_not_print_its_state() {
        assert_eq!(format!("{:?}", Drbg::new(b"seed")), "Drbg([redacted])");
    }
}
