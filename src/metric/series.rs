//! Series, and adding to them.

use super::exposition::{Exposition, Kind};
use super::family::Family;
use super::times::Times;
use crate::time::Lifetime;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The value of a label. An empty one is no label.
pub type Label = Cow<'static, str>;

/// One series: a family, and the values of its labels in their order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Series(pub Family, pub Vec<Label>);

/// What a series holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Measured {
    /// How often.
    Count(u64),
    /// How often, and how long it took.
    Times(Times),
}

/// Series that are added to, so many of each family at most.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    series: BTreeMap<Series, Measured>,
    families: BTreeMap<Family, usize>,
}

impl Tally {
    /// Most series of one family: what comes beyond is counted as overflow. Tenants, upstreams and tools are as many as an operator
    /// lets there be, and each is a series in every scrape.
    pub const MOST: usize = 2000;

    /// Counts something `times` times.
    pub fn count(&mut self, family: Family, labels: impl Into<Vec<Label>>, times: u64) {
        self.merge(Series(family, labels.into()), &Measured::Count(times));
    }

    /// Counts something that took so long.
    pub fn time(&mut self, family: Family, labels: impl Into<Vec<Label>>, took: Lifetime) {
        let mut times = Times::default();
        times.add(took);
        self.merge(Series(family, labels.into()), &Measured::Times(times));
    }

    /// Adds to a series. Which one that was: the overflow's where there is no room for it.
    pub fn merge(&mut self, series: Series, more: &Measured) -> Series {
        if let Some(measured) = self.series.get_mut(&series) {
            measured.add(more);
            return series;
        }
        let family = series.0;
        let kept = self.families.entry(family).or_default();
        if *kept >= Self::MOST && family != Family::Overflow {
            let overflow = Series(Family::Overflow, vec![family.described().name.into()]);
            return self.merge(overflow, &Measured::Count(more.count()));
        }
        *kept += 1;
        self.series.insert(series.clone(), more.clone());
        series
    }

    /// Every series.
    pub fn iter(&self) -> impl Iterator<Item = (&Series, &Measured)> {
        self.series.iter()
    }

    /// What a series holds.
    pub fn measured(&self, series: &Series) -> Option<&Measured> {
        self.series.get(series)
    }

    /// How many series there are.
    pub fn len(&self) -> usize {
        self.series.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.series.is_empty()
    }

    /// Adds every family to the metrics.
    pub fn tell(&self, metrics: &mut Exposition) {
        for family in Family::ALL {
            let about = family.described();
            let mut told = metrics.family(about.name, about.kind, about.help);
            let first = Series(family, Vec::new());
            for (Series(_, values), measured) in self.series.range(first..).take_while(|(series, _)| series.0 == family)
            {
                let labels = about.labels.iter().zip(values).filter(|(_, value)| !value.is_empty());
                let labels: Vec<(&str, &str)> = labels.map(|(name, value)| (*name, value.as_ref())).collect();
                told = match (measured, about.kind) {
                    (Measured::Times(times), Kind::Histogram) => told.times(&labels, times),
                    (measured, _) => told.sample(&labels, measured.count()),
                };
            }
            told.end();
        }
    }
}

impl FromIterator<(Series, Measured)> for Tally {
    fn from_iter<I: IntoIterator<Item = (Series, Measured)>>(all: I) -> Self {
        let mut tally = Self::default();
        for (series, measured) in all {
            tally.merge(series, &measured);
        }
        tally
    }
}

impl IntoIterator for Tally {
    type Item = (Series, Measured);
    type IntoIter = std::collections::btree_map::IntoIter<Series, Measured>;

    fn into_iter(self) -> Self::IntoIter {
        self.series.into_iter()
    }
}

impl Measured {
    /// How often.
    pub fn count(&self) -> u64 {
        match self {
            Self::Count(count) => *count,
            Self::Times(times) => times.count(),
        }
    }

    fn add(&mut self, more: &Self) {
        match (self, more) {
            (Self::Times(times), Self::Times(more)) => times.add_all(more),
            (Self::Count(count), more) => *count = count.saturating_add(more.count()),
            // A family has one kind; a count among its times is of another version of this program, and is left out.
            (Self::Times(_), Self::Count(_)) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Family, Label, Measured, Series, Tally};
    use crate::metric::exposition::{Exposition, Kind};
    use crate::time::Lifetime;
    use std::collections::BTreeSet;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn every_family_has_a_name_of_its_own_after_its_kind() {
        let names: BTreeSet<&str> = Family::ALL.iter().map(|family| family.described().name).collect();
        assert_eq!(names.len(), Family::ALL.len());
        for family in Family::ALL {
            let about = family.described();
            let end = if about.kind == Kind::Counter { "_total" } else { "_seconds" };
            assert!(about.name.ends_with(end) && about.help.ends_with('.'), "{about:?}");
        }
    }

    #[test]
    fn a_series_is_told_with_its_labels_and_without_empty_ones() {
        let mut tally = Tally::default();
        tally.count(Family::LeasedCalls, [], 3);
        let call = |error| ["tools/call".into(), "acme".into(), "files".into(), Label::Borrowed(error)];
        tally.time(Family::Operations, call(""), Lifetime::from_millis(30));
        tally.time(Family::Operations, call("timeout"), Lifetime::from_seconds(400));
        let mut metrics = Exposition::default();
        tally.tell(&mut metrics);
        let text = metrics.render();
        let of = r#"mcp_method_name="tools/call",tenant="acme",upstream="files""#;
        for line in [
            "# TYPE mcp_server_operation_duration_seconds histogram",
            &format!(r#"mcp_server_operation_duration_seconds_bucket{{{of},le="0.025"}} 0"#),
            &format!(r#"mcp_server_operation_duration_seconds_bucket{{{of},le="0.05"}} 1"#),
            &format!(r#"mcp_server_operation_duration_seconds_bucket{{{of},le="+Inf"}} 1"#),
            &format!("mcp_server_operation_duration_seconds_sum{{{of}}} 0.03"),
            &format!(r#"mcp_server_operation_duration_seconds_count{{{of},error_type="timeout"}} 1"#),
            &format!(r#"mcp_server_operation_duration_seconds_bucket{{{of},error_type="timeout",le="300"}} 0"#),
            "mcp_gateway_leased_calls_total 3",
        ] {
            assert!(text.lines().any(|told| told == line), "{line}\n{text}");
        }
    }

    #[test]
    fn a_family_has_so_many_series_and_no_more_and_nothing_is_lost_in_silence() {
        let mut tally = Tally::default();
        for tool in 0..Tally::MOST + 5 {
            let labels = ["acme".into(), "files".into(), Label::Owned(format!("tool-{tool}")), "ok".into()];
            tally.count(Family::ToolCalls, labels, 2);
        }
        let overflow = Series(Family::Overflow, vec!["mcp_gateway_tool_calls_total".into()]);
        assert_eq!(tally.measured(&overflow), Some(&Measured::Count(10)));
        assert_eq!(tally.len(), Tally::MOST + 1);
        tally.count(Family::ToolCalls, ["acme".into(), "files".into(), "tool-0".into(), "ok".into()], 1);
        assert_eq!(tally.measured(&overflow), Some(&Measured::Count(10)), "a series that is there is added to");
        tally.count(Family::LeasedCalls, [], 1);
        assert_eq!(tally.len(), Tally::MOST + 2, "another family has room of its own");
    }

    #[test]
    fn what_is_added_up_survives_its_json() {
        let mut tally = Tally::default();
        tally.count(Family::Problems, ["not-found".into(), "404".into()], 1);
        tally.time(Family::Requests, ["GET".into(), "/health".into(), "200".into()], Lifetime::from_millis(1));
        let all: Vec<(Series, Measured)> = tally.clone().into_iter().collect();
        let text = serde_json::to_string(&all).unwrap();
        let read: Vec<(Series, Measured)> = serde_json::from_str(&text).unwrap();
        assert_eq!(read.into_iter().collect::<Tally>(), tally);
    }
}
