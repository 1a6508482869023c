//! What was read from elsewhere a moment ago, and is believed for a while.
//!
//! Nobody may wait for another request's reading on this platform, so when something much asked for gets too old, every
//! request that wants it would read it anew. One request therefore renews it before that, while the others go on with what is
//! known.

use crate::time::{Lifetime, Timestamp};
use lru::LruCache;
use std::hash::Hash;
use std::num::NonZeroUsize;

/// A bounded memory; the least recently used is forgotten first.
#[derive(Debug)]
pub struct Recent<K: Hash + Eq, V> {
    known: LruCache<K, Known<V>>,
    believed: Lifetime,
}

#[derive(Debug)]
struct Known<V> {
    value: V,
    read_at: Timestamp,
    renewing: bool,
}

impl<K: Hash + Eq, V: Clone> Recent<K, V> {
    /// A memory of so many values, each believed for so long.
    pub fn new(most: NonZeroUsize, believed: Lifetime) -> Self {
        Self { known: LruCache::new(most), believed }
    }

    /// What is known; none when whoever asks is to read it: it is not known, too old, or due and nobody is renewing it.
    pub fn recall(&mut self, key: &K, now: Timestamp) -> Option<V> {
        let known = self.known.get_mut(key)?;
        let age = now.since(known.read_at);
        let due = age.millis() >= self.believed.millis() / 5 * 4;
        if age >= self.believed || (due && !known.renewing) {
            known.renewing = true;
            return None;
        }
        Some(known.value.clone())
    }

    /// Keeps what was read. `asked_at` is when it was asked for: it may have changed since.
    pub fn keep(&mut self, key: K, asked_at: Timestamp, value: V) {
        self.known.put(key, Known { value, read_at: asked_at, renewing: false });
    }

    /// Forgets something that was changed here.
    pub fn forget(&mut self, key: &K) {
        self.known.pop(key);
    }
}

#[cfg(test)]
mod tests {
    use super::Recent;
    use crate::time::{Lifetime, Timestamp};
    use std::num::NonZeroUsize;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_seconds(100).plus(Lifetime::from_millis(millis))
    }

    fn recent() -> Recent<&'static str, u8> {
        let mut recent = Recent::new(NonZeroUsize::MIN, Lifetime::from_seconds(5));
        assert_eq!(recent.recall(&"a", at(0)), None);
        recent.keep("a", at(0), 1);
        recent
    }

    #[test]
    fn one_renews_what_is_due_while_the_others_go_on_with_what_is_known() {
        let mut recent = recent();
        assert_eq!(recent.recall(&"a", at(3_999)), Some(1));
        assert_eq!((recent.recall(&"a", at(4_000)), recent.recall(&"a", at(4_000))), (None, Some(1)));
        recent.keep("a", at(4_000), 2);
        assert_eq!((recent.recall(&"a", at(7_999)), recent.recall(&"a", at(8_000))), (Some(2), None));
    }

    #[test]
    fn nothing_is_believed_longer_than_it_may_be_whoever_is_renewing_it() {
        let mut recent = recent();
        assert_eq!(recent.recall(&"a", at(4_000)), None);
        assert_eq!((recent.recall(&"a", at(4_999)), recent.recall(&"a", at(5_000))), (Some(1), None));
        assert_eq!(recent.recall(&"a", at(5_000)), None, "a renewal that failed renews nothing");
    }

    #[test]
    fn what_is_forgotten_or_makes_room_is_read_again() {
        let mut recent = recent();
        recent.forget(&"a");
        assert_eq!(recent.recall(&"a", at(1)), None);
        recent.keep("a", at(1), 1);
        recent.keep("b", at(1), 2);
        assert_eq!((recent.recall(&"a", at(2)), recent.recall(&"b", at(2))), (None, Some(2)));
    }
}
