//! One record for many refusals of the same kind: whoever has no right to anything must not be able to fill a trail.
//!
//! The first refusal of a kind is written. Those that follow within [`QUIET`] are counted, and the next one that is written says
//! how many they were. The log has a line for each.

use crate::time::{Lifetime, Timestamp};
use lru::LruCache;
use std::num::NonZeroUsize;

/// How long after a record the same is only counted.
pub const QUIET: Lifetime = Lifetime::from_seconds(60);
/// Most kinds that are remembered.
const MAX_KINDS: NonZeroUsize = NonZeroUsize::new(512).unwrap();

/// What one isolate has written lately.
#[derive(Debug)]
pub struct Damper(LruCache<String, Seen>);

#[derive(Debug)]
struct Seen {
    written: Timestamp,
    left_out: u32,
}

impl Default for Damper {
    fn default() -> Self {
        Self(LruCache::new(MAX_KINDS))
    }
}

impl Damper {
    /// Whether to write this one: how many like it were left out before it; `None` to leave it out too.
    pub fn admit(&mut self, kind: String, now: Timestamp) -> Option<u32> {
        if let Some(seen) = self.0.get_mut(&kind)
            && now.since(seen.written) < QUIET
        {
            seen.left_out = seen.left_out.saturating_add(1);
            return None;
        }
        let before = self.0.put(kind, Seen { written: now, left_out: 0 });
        Some(before.map_or(0, |seen| seen.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::Damper;
    use crate::time::Timestamp;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn the_first_is_written_and_the_next_says_how_many_were_not() {
        let mut damper = Damper::default();
        let mut admit = |kind: &str, second| damper.admit(kind.to_owned(), Timestamp::from_seconds(second));
        assert_eq!((admit("a", 0), admit("a", 1), admit("a", 59)), (Some(0), None, None));
        assert_eq!(admit("b", 59), Some(0), "another kind is another matter");
        assert_eq!((admit("a", 60), admit("a", 120)), (Some(2), Some(0)));
    }
}
