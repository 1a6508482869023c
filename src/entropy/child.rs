//! The seed one generator hands to another, as it travels from the hub to an isolate.

use super::generator::SEED_BYTES;
use super::provenance::{Origins, Report};
use crate::json::{self, Caps};
use crate::secret::SecretBytes;
use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

const CAPS: Caps = Caps { max_bytes: 64 * 1024, max_depth: 8 };

/// A seed for another generator, with what may be said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildSeed {
    /// 64 bytes; to be absorbed, never used as they are.
    pub seed: SecretBytes,
    /// Whose bytes the parent had absorbed, and when.
    pub origins: Origins,
    /// The parent's report when the seed was made.
    pub report: Report,
    /// Whether provider bytes were fetched for this very seed.
    pub direct: bool,
}

/// The bytes are not a child seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a child seed")]
pub struct InvalidChildSeed;

#[derive(Serialize, Deserialize)]
struct Wire {
    seed: String,
    origins: Origins,
    report: Report,
    direct: bool,
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.seed.zeroize();
    }
}

impl ChildSeed {
    /// The JSON form, the seed in base64url without padding.
    pub fn render(&self) -> Result<Vec<u8>, InvalidChildSeed> {
        let seed = Base64UrlUnpadded::encode_string(self.seed.expose());
        let wire = Wire { seed, origins: self.origins.clone(), report: self.report.clone(), direct: self.direct };
        serde_json::to_vec(&wire).map_err(|_| InvalidChildSeed)
    }

    /// Reads the JSON form; a seed of any other length is refused.
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidChildSeed> {
        let value = json::parse(bytes, CAPS).map_err(|_| InvalidChildSeed)?;
        let wire: Wire = serde_json::from_value(value).map_err(|_| InvalidChildSeed)?;
        let seed = Base64UrlUnpadded::decode_vec(&wire.seed).map(SecretBytes::new).map_err(|_| InvalidChildSeed)?;
        if seed.expose().len() != SEED_BYTES {
            return Err(InvalidChildSeed);
        }
        Ok(Self { seed, origins: wire.origins.clone(), report: wire.report.clone(), direct: wire.direct })
    }
}

#[cfg(test)]
mod tests {
    use super::ChildSeed;
    use crate::entropy::provenance::{Origins, Report};
    use crate::entropy::provider::ProviderId;
    use crate::secret::SecretBytes;
    use crate::time::Timestamp;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn child(length: usize) -> ChildSeed {
        let anu = ProviderId::parse("anu").unwrap();
        let mut origins = Origins::default();
        origins.note(anu, Timestamp::from_seconds(7), 3);
        ChildSeed { seed: SecretBytes::new(vec![9; length]), origins, report: Report::unasked(&[anu]), direct: false }
    }

    #[test]
    fn a_child_seed_survives_the_journey() {
        assert_eq!(ChildSeed::parse(&child(64).render().unwrap()).unwrap(), child(64));
    }

    #[test]
    fn a_seed_of_another_length_and_any_truncation_is_refused() {
        assert!(ChildSeed::parse(&child(63).render().unwrap()).is_err());
        assert!(ChildSeed::parse(&child(65).render().unwrap()).is_err());
        let whole = child(64).render().unwrap();
        assert!((0..whole.len()).all(|cut| ChildSeed::parse(&whole[..cut]).is_err()));
    }

    #[test]
    fn a_child_seed_does_not_print_its_bytes() {
        assert!(format!("{:?}", child(64)).contains("seed: [redacted]"));
    }
}
