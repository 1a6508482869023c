//! Asking a trail for some of its records.
//!
//! A question costs a bounded number of rows, however rare what it asks for is: each looks at [`SPAN`] records at most, and says
//! where the next one goes on. A page may be empty and yet not the last.

use super::chain::Record;
use crate::id::{CorrelationId, UserId};
use crate::json::canonical;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Most records that one question looks at.
pub const SPAN: u64 = 10_000;
/// What a query calls the outcome of a call without a result: it is under way, or whoever made it died.
pub const UNKNOWN: &str = "unknown";

/// Most records of one page: 1 to 200.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Limit(u32);

/// Why a number is no limit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a page has 1 to 200 records")]
pub struct InvalidLimit;

impl Limit {
    /// The number.
    pub const fn count(self) -> u32 {
        self.0
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl TryFrom<u32> for Limit {
    type Error = InvalidLimit;
    fn try_from(count: u32) -> Result<Self, InvalidLimit> {
        if (1..=200).contains(&count) { Ok(Self(count)) } else { Err(InvalidLimit) }
    }
}

impl From<Limit> for u32 {
    fn from(limit: Limit) -> Self {
        limit.0
    }
}

/// Which records come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum Order {
    /// The newest.
    #[default]
    NewestFirst,
    /// The oldest.
    OldestFirst,
}

/// What is asked for: records to which all of it applies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// Taken then or later.
    #[serde(default)]
    pub from: Option<Timestamp>,
    /// Taken before.
    #[serde(default)]
    pub to: Option<Timestamp>,
    /// Of a kind that begins so.
    #[serde(default)]
    pub kind: Option<String>,
    /// Done by this user.
    #[serde(default)]
    pub user: Option<UserId>,
    /// With the tool of this shown name.
    #[serde(default)]
    pub tool: Option<String>,
    /// With this outcome; [`UNKNOWN`] for calls without a result.
    #[serde(default)]
    pub outcome: Option<String>,
    /// Within this request.
    #[serde(default)]
    pub correlation: Option<CorrelationId>,
    /// Done to this: a kind, a slash and an id.
    #[serde(default)]
    pub target: Option<String>,
    /// With this text in it, anywhere; large and small letters of ASCII are the same.
    #[serde(default)]
    pub contains: Option<String>,
    /// Which come first.
    #[serde(default)]
    pub order: Order,
    /// Where the page before says that this one begins.
    #[serde(default)]
    pub cursor: Option<u64>,
    /// Most records of the page.
    #[serde(default)]
    pub limit: Limit,
}

/// Numbers of records, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first.
    pub low: u64,
    /// The last.
    pub high: u64,
}

impl Query {
    /// What a record contains, as it stands in the canonical text of one.
    pub fn written(&self) -> Option<String> {
        let text = canonical::text(&self.contains.as_deref()?.into());
        text.strip_prefix('"')?.strip_suffix('"').map(str::to_owned)
    }

    /// The records to look at, of those that there are within the asked time; `None` when there are none left.
    pub fn span(&self, there: Span) -> Option<Span> {
        let span = match self.order {
            Order::NewestFirst => {
                let high = self.cursor.unwrap_or(there.high).min(there.high);
                Span { low: high.saturating_sub(SPAN - 1).max(there.low), high }
            }
            Order::OldestFirst => {
                let low = self.cursor.unwrap_or(there.low).max(there.low);
                Span { low, high: low.saturating_add(SPAN - 1).min(there.high) }
            }
        };
        (span.low <= span.high).then_some(span)
    }

    /// Where the next page begins, when `found` are the numbers of this one out of `looked_at`.
    pub fn next(&self, there: Span, looked_at: Span, found: &[u64]) -> Option<u64> {
        let is_full = u32::try_from(found.len()).unwrap_or(u32::MAX) >= self.limit.count();
        let last = found.last().copied().filter(|_| is_full);
        let next = match self.order {
            Order::NewestFirst => last.unwrap_or(looked_at.low).checked_sub(1)?,
            Order::OldestFirst => last.unwrap_or(looked_at.high).checked_add(1)?,
        };
        (there.low <= next && next <= there.high).then_some(next)
    }
}

/// A page of records.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// The records, in the order that was asked for.
    pub entries: Vec<Entry>,
    /// Where the next page begins; none after the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

/// A record as it was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number.
    pub seq: u64,
    /// Whether it is a call without a result.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub outcome_unknown: bool,
    /// The record; none when what is stored is no record any more, of which a verification says more.
    pub record: Option<Box<Record>>,
}

#[cfg(test)]
mod tests {
    use super::{Limit, Order, Query, SPAN, Span};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn what_is_looked_for_is_written_as_in_a_record() {
        let contains = Some("a \"b\"\n".to_owned());
        assert_eq!(Query { contains, ..Query::default() }.written().as_deref(), Some(r#"a \"b\"\n"#));
        assert_eq!(Query::default().written(), None);
    }

    #[test]
    fn a_page_has_one_to_two_hundred_records() {
        for bad in [0, 201] {
            assert!(Limit::try_from(bad).is_err());
        }
        assert!(serde_json::from_str::<Query>(r#"{"limit":200,"order":"oldest_first"}"#).is_ok());
        for bad in [r#"{"limit":0}"#, r#"{"limits":1}"#, r#"{"user":"a b"}"#] {
            assert!(serde_json::from_str::<Query>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_question_looks_at_no_more_than_its_span() {
        let there = Span { low: 1, high: 3 * SPAN };
        let newest = Query::default();
        assert_eq!(newest.span(there), Some(Span { low: 2 * SPAN + 1, high: 3 * SPAN }));
        let oldest = Query { order: Order::OldestFirst, ..Query::default() };
        assert_eq!(oldest.span(there), Some(Span { low: 1, high: SPAN }));
        assert_eq!(Query { cursor: Some(0), ..Query::default() }.span(there), None);
    }

    #[cfg(not(target_arch = "wasm32"))]
    proptest::proptest! {
        #[test]
        fn pages_show_every_record_that_fits_exactly_once(
            low in 1_u64..50,
            (count, every) in proptest::prop_oneof![(0_u64..300, 1_u64..20), (0_u64..40_000, 500_u64..5_000)],
            limit in 1_u32..=200,
            oldest: bool,
        ) {
            let there = Span { low, high: low + count };
            let order = if oldest { Order::OldestFirst } else { Order::NewestFirst };
            let mut query = Query { order, limit: Limit(limit), ..Query::default() };
            let mut shown = Vec::new();
            while let Some(span) = query.span(there) {
                let mut fitting: Vec<u64> = (span.low..=span.high).filter(|seq| seq % every == 0).collect();
                if !oldest {
                    fitting.reverse();
                }
                fitting.truncate(usize::try_from(limit).unwrap());
                shown.extend_from_slice(&fitting);
                match query.next(there, span, &fitting) {
                    Some(next) => query.cursor = Some(next),
                    None => break,
                }
            }
            let mut all: Vec<u64> = (there.low..=there.high).filter(|seq| seq % every == 0).collect();
            if !oldest {
                all.reverse();
            }
            proptest::prop_assert_eq!(shown, all);
        }
    }
}
