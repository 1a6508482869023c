//! Numbers out of bytes, each as likely as any other.

use zeroize::Zeroizing;

/// Fills a slice with fresh random bytes.
pub type Draw<'a> = &'a mut dyn FnMut(&mut [u8]);

const NUMBER_BYTES: usize = 8;
/// Bytes drawn at once: an output of the generator costs more than its bytes.
const BLOCK_BYTES: usize = 32 * NUMBER_BYTES;

/// Uniform numbers below a bound.
pub struct Numbers<'a> {
    draw: Draw<'a>,
    block: Zeroizing<[u8; BLOCK_BYTES]>,
    used: usize,
}

impl<'a> Numbers<'a> {
    /// Numbers out of the bytes that `draw` gives.
    pub fn from(draw: Draw<'a>) -> Self {
        Self { draw, block: Zeroizing::new([0; BLOCK_BYTES]), used: BLOCK_BYTES }
    }

    /// A number from 0 to `bound` - 1; 0 when `bound` is 0.
    ///
    /// 2^64 is no multiple of most bounds: numbers from the last, incomplete multiple on are thrown away, because their
    /// remainders would come more often than others.
    pub fn below(&mut self, bound: u64) -> u64 {
        let bound = bound.max(1);
        // 2^64 modulo the bound: so many numbers at the end do not make up a whole multiple.
        let incomplete = (u64::MAX % bound + 1) % bound;
        loop {
            let number = self.next();
            if number <= u64::MAX - incomplete {
                return number % bound;
            }
        }
    }

    /// The items in an order that is as likely as any other (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..items.len()).rev() {
            let other = usize::try_from(self.below(end as u64 + 1)).unwrap_or_default();
            items.swap(end, other);
        }
    }

    fn next(&mut self) -> u64 {
        if self.used == BLOCK_BYTES {
            (self.draw)(self.block.as_mut_slice());
            self.used = 0;
        }
        let bytes = self.block.get(self.used..self.used + NUMBER_BYTES).and_then(|bytes| bytes.try_into().ok());
        self.used += NUMBER_BYTES;
        u64::from_be_bytes(bytes.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::Numbers;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    /// Gives these numbers, again and again.
    fn numbers(list: &[u64]) -> impl FnMut(&mut [u8]) {
        let bytes: Vec<u8> = list.iter().flat_map(|number| number.to_be_bytes()).collect();
        move |out| out.iter_mut().zip(bytes.iter().cycle()).for_each(|(byte, given)| *byte = *given)
    }

    fn first_below(bound: u64, list: &[u64]) -> u64 {
        Numbers::from(&mut numbers(list)).below(bound)
    }

    #[test]
    fn a_number_of_the_incomplete_multiple_is_thrown_away() {
        // 2^64 is a multiple of 6 and 4 more.
        assert_eq!(first_below(6, &[u64::MAX - 4, 1]), (u64::MAX - 4) % 6);
        for thrown_away in [u64::MAX - 3, u64::MAX] {
            assert_eq!(first_below(6, &[thrown_away, 7]), 1);
        }
        let third = 3 << 62;
        assert_eq!([first_below(third, &[third - 1, 5]), first_below(third, &[third, 5])], [third - 1, 5]);
    }

    #[test]
    fn a_power_of_two_needs_to_throw_nothing_away() {
        assert_eq!([first_below(1 << 63, &[u64::MAX]), first_below(1, &[u64::MAX])], [(1 << 63) - 1, 0]);
        assert_eq!(first_below(0, &[9]), 0);
    }

    #[test]
    fn every_remainder_has_equally_many_numbers() {
        // The numbers that are kept are the largest whole multiple of the bound within 2^64.
        for bound in [1, 2, 3, 6, 7, 10, 255, 256, 1000, (1 << 53) + 1, u64::MAX] {
            let all = 1_u128 << 64;
            let last = u64::try_from(all - all % u128::from(bound) - 1).unwrap();
            assert_eq!(first_below(bound, &[last, 0]), bound - 1, "{bound}: the last of a whole multiple is kept");
            if let Some(after) = last.checked_add(1) {
                assert_eq!(first_below(bound, &[after, 0]), 0, "{bound}: the next one is not");
            }
        }
    }

    #[test]
    fn a_shuffle_swaps_from_the_end_as_the_numbers_say() {
        let mut items = ["a", "b", "c", "d"];
        Numbers::from(&mut numbers(&[0, 2, 0])).shuffle(&mut items);
        // d with the first, c with itself, b with the first.
        assert_eq!(items, ["b", "d", "c", "a"]);
        let mut none: [u8; 0] = [];
        Numbers::from(&mut numbers(&[0])).shuffle(&mut none);
    }
}
