//! What happened minute by minute, for each tenant and upstream: since when something is as it is.

use super::times::Times;
use crate::id::TenantId;
use crate::time::{Lifetime, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long the minutes are kept.
pub const KEPT: Lifetime = Lifetime::from_seconds(24 * 3600);
/// The name of the upstream that stands for the gateway's own tools.
pub const BUILT_IN: &str = "builtin";

const MINUTE: u64 = 60_000;

/// A minute of one tenant at one upstream.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// Minutes since 1970.
    pub minute: u64,
    /// The tenant.
    pub tenant: TenantId,
    /// The upstream's name, or [`BUILT_IN`]; empty for requests that called no tool.
    pub upstream: String,
}

/// How something ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Well.
    Ok,
    /// It was not let through.
    Refused,
    /// It could not be done, or its tool said that it failed.
    Failed,
    /// It met a limit.
    Limited,
}

/// What happened at a place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// How much ended well.
    pub ok: u64,
    /// How much was not let through.
    pub refused: u64,
    /// How much could not be done.
    pub failed: u64,
    /// How much met a limit.
    pub limited: u64,
    /// How long it all took.
    pub times: Times,
}

/// What happened at some places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Activity(BTreeMap<Place, Counts>);

/// The minute of a moment.
pub const fn minute(moment: Timestamp) -> u64 {
    moment.millis() / MINUTE
}

/// The moment a minute begins.
pub const fn begin(minute: u64) -> Timestamp {
    Timestamp::from_millis(minute.saturating_mul(MINUTE))
}

impl Activity {
    /// Most places that are gathered at a time: what comes beyond shows in the metrics alone.
    pub const MOST: usize = 2000;

    /// Counts something that ended now.
    pub fn add(&mut self, place: Place, ending: Ending, took: Lifetime) {
        if self.0.len() >= Self::MOST && !self.0.contains_key(&place) {
            return;
        }
        let counts = self.0.entry(place).or_default();
        let counter = match ending {
            Ending::Ok => &mut counts.ok,
            Ending::Refused => &mut counts.refused,
            Ending::Failed => &mut counts.failed,
            Ending::Limited => &mut counts.limited,
        };
        *counter = counter.saturating_add(1);
        counts.times.add(took);
    }

    /// Adds what others counted.
    pub fn merge(&mut self, others: impl IntoIterator<Item = (Place, Counts)>) {
        for (place, counts) in others {
            self.0.entry(place).or_default().add_all(&counts);
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl IntoIterator for Activity {
    type Item = (Place, Counts);
    type IntoIter = std::collections::btree_map::IntoIter<Place, Counts>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl Counts {
    /// All of it.
    pub const fn all(&self) -> u64 {
        self.ok.saturating_add(self.refused).saturating_add(self.failed).saturating_add(self.limited)
    }

    fn add_all(&mut self, others: &Self) {
        self.ok = self.ok.saturating_add(others.ok);
        self.refused = self.refused.saturating_add(others.refused);
        self.failed = self.failed.saturating_add(others.failed);
        self.limited = self.limited.saturating_add(others.limited);
        self.times.add_all(&others.times);
    }
}

#[cfg(test)]
mod tests {
    use super::{Activity, Counts, Ending, Place, begin, minute};
    use crate::id::TenantId;
    use crate::time::{Lifetime, Timestamp};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn place(minute: u64) -> Place {
        Place { minute, tenant: TenantId::parse("acme").unwrap(), upstream: "files".into() }
    }

    fn of(endings: &[(u64, Ending)]) -> Activity {
        let mut activity = Activity::default();
        for (at, ending) in endings {
            activity.add(place(*at), *ending, Lifetime::from_millis(7));
        }
        activity
    }

    #[test]
    fn each_minute_is_counted_by_how_things_ended() {
        let activity = of(&[(1, Ending::Ok), (1, Ending::Failed), (1, Ending::Failed), (2, Ending::Limited)]);
        let counted: Vec<(u64, Counts)> = activity.into_iter().map(|(place, counts)| (place.minute, counts)).collect();
        let [(1, first), (2, second)] = &counted[..] else { panic!("{counted:?}") };
        assert_eq!((first.ok, first.failed, first.all(), first.times.count()), (1, 2, 3, 3));
        assert_eq!((second.limited, second.refused, second.all()), (1, 0, 1));
    }

    #[test]
    fn adding_what_others_counted_is_counting_it() {
        let mut one = of(&[(1, Ending::Ok), (2, Ending::Refused)]);
        one.merge(of(&[(2, Ending::Ok), (3, Ending::Ok)]));
        assert_eq!(one, of(&[(1, Ending::Ok), (2, Ending::Refused), (2, Ending::Ok), (3, Ending::Ok)]));
    }

    #[test]
    fn a_gathering_is_bounded_and_goes_on_where_it_began() {
        let mut activity = Activity::default();
        for at in 0..Activity::MOST as u64 + 9 {
            activity.add(place(at), Ending::Ok, Lifetime::from_millis(1));
        }
        activity.add(place(0), Ending::Ok, Lifetime::from_millis(1));
        let all: Vec<_> = activity.into_iter().collect();
        assert_eq!((all.len(), all[0].1.ok), (Activity::MOST, 2));
    }

    #[test]
    fn a_minute_begins_at_its_first_millisecond() {
        let moment = Timestamp::from_millis(1_234_567_890_123);
        assert!(begin(minute(moment)) <= moment && moment < begin(minute(moment) + 1));
        assert_eq!(minute(begin(77)), 77);
    }
}
