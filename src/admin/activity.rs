//! What happened minute by minute, as administrators read it.

use super::audit::number;
use super::order::InvalidOrder;
use crate::id::TenantId;
use crate::metric::Activity;
use crate::metric::activity::{Counts, Place, begin, minute};
use crate::time::{Lifetime, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many minutes are told when nothing is said.
const USUAL: u64 = 60;
/// How many at most: they are kept for a day.
const MOST: u64 = 1440;

/// How far back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct ActivityFilter {
    /// How many minutes, the one that runs included: 1 to 1440, 60 when nothing is said.
    #[serde(default, deserialize_with = "number")]
    pub minutes: Option<u64>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct ActivityView {
    /// When this was read, in milliseconds since 1970.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "u64"))]
    pub now: Timestamp,
    /// How long each point is.
    pub step_seconds: u64,
    /// For each tenant and upstream.
    pub series: Vec<ActivitySeries>,
}

/// What happened at one upstream of one tenant.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct ActivitySeries {
    /// The tenant.
    pub tenant: TenantId,
    /// The upstream's name, `builtin` for the gateway's own tools; none for requests that called no tool.
    pub upstream: Option<String>,
    /// The minutes in which something happened, in their order.
    pub points: Vec<ActivityPoint>,
}

/// A minute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct ActivityPoint {
    /// When it began, in milliseconds since 1970.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "u64"))]
    pub at: Timestamp,
    /// Calls, or requests that called no tool.
    pub calls: u64,
    /// Those that ended well.
    pub ok: u64,
    /// Those that were not let through.
    pub refused: u64,
    /// Those that could not be made, or whose tool said that it failed.
    pub failed: u64,
    /// Those that met a limit.
    pub limited: u64,
    /// What half of them took at most, in milliseconds, to the precision of the metrics' buckets.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "u64"))]
    pub p50_ms: Lifetime,
    /// What 95 of 100 took at most.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "u64"))]
    pub p95_ms: Lifetime,
}

impl ActivityFilter {
    /// The first minute that is wanted, counted from 1970.
    pub fn from(&self, now: Timestamp) -> Result<u64, InvalidOrder> {
        match self.minutes.unwrap_or(USUAL) {
            minutes @ 1..=MOST => Ok(minute(now).saturating_sub(minutes - 1)),
            _ => Err(InvalidOrder::Member { member: "minutes", problem: "must be 1 to 1440" }),
        }
    }
}

impl ActivityView {
    /// The view of what several objects counted.
    pub fn new(counted: Vec<(Place, Counts)>, now: Timestamp) -> Self {
        let mut together = Activity::default();
        together.merge(counted);
        let mut series: BTreeMap<(TenantId, String), Vec<ActivityPoint>> = BTreeMap::new();
        for (place, counts) in together {
            series.entry((place.tenant, place.upstream)).or_default().push(point(place.minute, &counts));
        }
        let told = |((tenant, upstream), points)| {
            let upstream = Some(upstream).filter(|name: &String| !name.is_empty());
            ActivitySeries { tenant, upstream, points }
        };
        Self { now, step_seconds: 60, series: series.into_iter().map(told).collect() }
    }
}

fn point(minute: u64, counts: &Counts) -> ActivityPoint {
    let slow = |percent| counts.times.percentile(percent).unwrap_or_default();
    ActivityPoint {
        at: begin(minute),
        calls: counts.all(),
        ok: counts.ok,
        refused: counts.refused,
        failed: counts.failed,
        limited: counts.limited,
        p50_ms: slow(50),
        p95_ms: slow(95),
    }
}

#[cfg(test)]
mod tests {
    use super::{ActivityFilter, ActivityView};
    use crate::id::TenantId;
    use crate::metric::activity::{Activity, Ending, Place, begin};
    use crate::time::{Lifetime, Timestamp};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn counted(minute: u64, upstream: &str, ending: Ending) -> Activity {
        let place = Place { minute, tenant: TenantId::parse("acme").unwrap(), upstream: upstream.into() };
        let mut activity = Activity::default();
        activity.add(place, ending, Lifetime::from_millis(40));
        activity
    }

    #[test]
    fn what_several_objects_counted_is_one_series_for_each_upstream_in_the_order_of_time() {
        let all = [
            (8, "files", Ending::Failed),
            (7, "files", Ending::Ok),
            (8, "files", Ending::Ok),
            (7, "", Ending::Limited),
        ];
        let all = all.into_iter().flat_map(|(minute, upstream, ending)| counted(minute, upstream, ending)).collect();
        let view = ActivityView::new(all, Timestamp::from_seconds(500));
        let [requests, files] = &view.series[..] else { panic!("{view:?}") };
        assert_eq!((requests.upstream.as_deref(), requests.points[0].limited), (None, 1));
        let told: Vec<_> = files.points.iter().map(|point| (point.at, point.calls, point.ok, point.failed)).collect();
        assert_eq!((files.upstream.as_deref(), told), (Some("files"), vec![(begin(7), 1, 1, 0), (begin(8), 2, 1, 1)]));
        assert!(files.points[1].p95_ms.millis() <= 50 && files.points[1].p50_ms.millis() > 25);
    }

    #[test]
    fn the_minutes_that_are_wanted_are_within_what_is_kept() {
        let now = begin(100);
        let from = |minutes| ActivityFilter { minutes }.from(now).ok();
        assert_eq!([from(Some(1)), from(None), from(Some(1440))], [Some(100), Some(41), Some(0)]);
        assert_eq!([from(Some(0)), from(Some(1441))], [None, None]);
    }
}
