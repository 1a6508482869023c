//! What a `Metrics` object knows: series that are added to, each flush once.

use super::message::{Flush, Resting};
use super::series::{Measured, Series, Tally};
use crate::time::{Lifetime, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// An isolate that said nothing for so long is forgotten. A flush is not repeated for nearly as long.
pub const FORGOTTEN: Lifetime = Lifetime::from_seconds(3600);

/// A book.
#[derive(Clone, Debug, Default)]
pub struct Book {
    tally: Tally,
    isolates: BTreeMap<String, Known>,
}

#[derive(Clone, Debug)]
struct Known {
    number: u64,
    seen: Timestamp,
    resting: Vec<Resting>,
}

impl Book {
    /// A book as it was stored: its series, and of each isolate the number of its last flush and when that came.
    pub fn new(
        series: impl IntoIterator<Item = (Series, Measured)>,
        isolates: impl IntoIterator<Item = (String, u64, Timestamp)>,
    ) -> Self {
        let known = |(isolate, number, seen)| (isolate, Known { number, seen, resting: Vec::new() });
        Self { tally: series.into_iter().collect(), isolates: isolates.into_iter().map(known).collect() }
    }

    /// Adds a flush, and tells which series are to be stored anew; none where it was added before.
    pub fn add(&mut self, flush: Flush, now: Timestamp) -> Option<Vec<(Series, Measured)>> {
        if self.isolates.get(&flush.isolate).is_some_and(|known| flush.number <= known.number) {
            return None;
        }
        if !self.isolates.contains_key(&flush.isolate) {
            self.isolates.retain(|_, known| now.since(known.seen) < FORGOTTEN);
        }
        self.isolates.insert(flush.isolate, Known { number: flush.number, seen: now, resting: flush.resting });
        let changed: BTreeSet<Series> =
            flush.series.into_iter().map(|(series, more)| self.tally.merge(series, &more)).collect();
        let stored = |series: Series| self.tally.measured(&series).cloned().map(|measured| (series, measured));
        Some(changed.into_iter().filter_map(stored).collect())
    }

    /// Every series.
    pub fn series(&self) -> Vec<(Series, Measured)> {
        self.tally.iter().map(|(series, measured)| (series.clone(), measured.clone())).collect()
    }

    /// Which isolates leave which upstreams alone now.
    pub fn resting(&self, now: Timestamp) -> Vec<Resting> {
        let all = self.isolates.values().flat_map(|known| &known.resting);
        all.filter(|resting| resting.until > now).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Book, FORGOTTEN};
    use crate::id::TenantId;
    use crate::metric::message::{Flush, Resting};
    use crate::metric::{Family, Measured, Series, Tally};
    use crate::time::{Lifetime, Timestamp};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn flush(isolate: &str, number: u64, calls: u64) -> Flush {
        let mut tally = Tally::default();
        tally.count(Family::LeasedCalls, [], calls);
        let (series, activity) = (tally.into_iter().collect(), Vec::new());
        Flush { isolate: isolate.into(), number, series, activity, resting: Vec::new() }
    }

    fn counted(book: &Book) -> u64 {
        let series = book.series();
        series.iter().map(|(_, measured)| measured.count()).sum()
    }

    #[test]
    fn a_flush_that_comes_twice_is_added_once() {
        let mut book = Book::default();
        let changed = book.add(flush("a", 1, 3), NOW);
        assert_eq!(changed, Some(vec![(Series(Family::LeasedCalls, Vec::new()), Measured::Count(3))]));
        assert_eq!(book.add(flush("a", 1, 3), NOW), None);
        assert!(book.add(flush("b", 1, 4), NOW).is_some(), "another isolate counts for itself");
        assert!(book.add(flush("a", 2, 5), NOW).is_some());
        assert_eq!(book.add(flush("a", 1, 3), NOW), None, "late and out of order");
        assert_eq!(counted(&book), 12);
    }

    #[test]
    fn a_book_that_is_opened_again_goes_on() {
        let mut book = Book::default();
        book.add(flush("a", 7, 3), NOW);
        let mut again = Book::new(book.series(), [("a".to_owned(), 7, NOW)]);
        assert_eq!(again.add(flush("a", 7, 3), NOW), None);
        assert!(again.add(flush("a", 8, 1), NOW).is_some());
        assert_eq!(counted(&again), 4);
    }

    #[test]
    fn isolates_that_are_gone_are_forgotten_and_what_they_counted_stays() {
        let mut book = Book::default();
        book.add(flush("a", 1, 3), NOW);
        book.add(flush("b", 1, 1), NOW.plus(FORGOTTEN));
        assert_eq!((book.isolates.len(), counted(&book)), (1, 4));
    }

    #[test]
    fn an_upstream_rests_in_an_isolate_until_its_time_is_over_or_the_isolate_says_otherwise() {
        let mut book = Book::default();
        let (tenant, until) = (TenantId::parse("acme").unwrap(), NOW.plus(Lifetime::from_seconds(5)));
        let resting = vec![Resting { tenant, upstream: "files".into(), until }];
        book.add(Flush { resting: resting.clone(), ..flush("a", 1, 1) }, NOW);
        book.add(Flush { resting: resting.clone(), ..flush("b", 1, 1) }, NOW);
        assert_eq!(book.resting(NOW).len(), 2);
        book.add(flush("b", 2, 1), NOW);
        assert_eq!(book.resting(NOW), resting);
        assert_eq!(book.resting(until), []);
    }
}
