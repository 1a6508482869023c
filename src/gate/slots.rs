//! Calls that run at the same time: each has a slot while it runs.
//!
//! Promise: never more slots are taken than the limit. A slot is free again when it is released, and at the latest
//! [`SLOT_LIFE`] after it was taken, because the isolate that runs the call may be gone.

use crate::id::SlotId;
use crate::plan::Reached;
use crate::time::{Lifetime, Timestamp};
use serde::{Deserialize, Serialize};

/// How long a slot is held that nobody releases. A call that runs longer goes on and counts no more.
pub const SLOT_LIFE: Lifetime = Lifetime::from_seconds(120);
/// What a caller is told to wait for a slot: nobody knows when a running call ends.
const RETRY: Lifetime = Lifetime::from_seconds(1);

/// The slots that are taken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Slots(Vec<Slot>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Slot {
    id: SlotId,
    until: Timestamp,
}

impl Slots {
    /// Slots that are free, at least one; else when to ask again.
    pub fn available(&mut self, limit: u32, now: Timestamp) -> Result<u32, (Reached, Lifetime)> {
        self.0.retain(|slot| now < slot.until);
        let taken = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        match limit.saturating_sub(taken) {
            0 => Err((Reached::Concurrent(limit), RETRY)),
            free => Ok(free),
        }
    }

    /// Takes a slot that is [available](Self::available).
    pub fn take(&mut self, id: SlotId, now: Timestamp) {
        self.0.push(Slot { id, until: now.plus(SLOT_LIFE) });
    }

    /// Frees a slot. An unknown one, or one that has ended, changes nothing.
    pub fn release(&mut self, id: &SlotId) {
        self.0.retain(|slot| slot.id != *id);
    }
}

#[cfg(test)]
mod tests {
    use super::{SLOT_LIFE, Slots};
    use crate::id::SlotId;
    use crate::plan::Reached;
    use crate::time::{Lifetime, Timestamp};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const NOW: Timestamp = Timestamp::from_seconds(100);

    fn id(byte: u8) -> SlotId {
        SlotId::from_bytes(&[byte; 16])
    }

    fn take(slots: &mut Slots, byte: u8, now: Timestamp) -> bool {
        slots.available(3, now).map(|_| slots.take(id(byte), now)).is_ok()
    }

    #[test]
    fn never_more_slots_are_taken_than_the_limit() {
        let mut slots = Slots::default();
        assert_eq!((0..200).filter(|byte| take(&mut slots, *byte, NOW)).count(), 3);
        assert_eq!(slots.available(3, NOW), Err((Reached::Concurrent(3), Lifetime::from_seconds(1))));
        assert_eq!(slots.available(5, NOW), Ok(2));
    }

    #[test]
    fn a_released_slot_is_free_at_once_and_only_once() {
        let mut slots = Slots::default();
        (0..3).for_each(|byte| assert!(take(&mut slots, byte, NOW)));
        slots.release(&id(1));
        slots.release(&id(1));
        slots.release(&id(9));
        assert!(take(&mut slots, 4, NOW) && !take(&mut slots, 5, NOW));
    }

    #[test]
    fn a_slot_that_nobody_releases_ends() {
        let mut slots = Slots::default();
        (0..3).for_each(|byte| assert!(take(&mut slots, byte, NOW)));
        let end = NOW.plus(SLOT_LIFE);
        assert!(!take(&mut slots, 4, end.minus(Lifetime::from_millis(1))) && take(&mut slots, 4, end));
    }
}
