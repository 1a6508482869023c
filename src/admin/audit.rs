//! The audit trail, as auditors ask for it.

use crate::admin::order::InvalidOrder;
use crate::audit::query::{Limit, Order, Query};
use crate::id::{CorrelationId, UserId};
use crate::time::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// Which records are wanted: those to which all of it applies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct AuditFilter {
    /// Taken then or later, seconds since 1970.
    #[serde(default, deserialize_with = "number")]
    pub from: Option<u64>,
    /// Taken before, seconds since 1970.
    #[serde(default, deserialize_with = "number")]
    pub to: Option<u64>,
    /// Of a kind that begins so, such as `tool.call` or `auth.`.
    pub kind: Option<String>,
    /// Done by this user.
    pub user: Option<UserId>,
    /// With the tool of this shown name.
    pub tool: Option<String>,
    /// With this outcome; `unknown` for calls without a result.
    pub outcome: Option<String>,
    /// Within the request of this correlation id.
    pub correlation: Option<CorrelationId>,
    /// Done to this: a kind, a slash and an id.
    pub target: Option<String>,
    /// With this text in it, anywhere: 1 to 200 characters. Large and small letters of ASCII are the same.
    pub contains: Option<String>,
    /// Which come first; the newest when nothing is said.
    pub order: Option<Order>,
    /// `next` of the page before.
    #[serde(default, deserialize_with = "number")]
    pub cursor: Option<u64>,
    /// How many at most: 1 to 200, 50 when nothing is said.
    #[serde(default, deserialize_with = "number")]
    pub limit: Option<u64>,
}

/// Where a part of the trail begins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct AuditPart {
    /// After the record of this number; from the first that is kept when nothing is said.
    #[serde(default, deserialize_with = "number")]
    pub after: Option<u64>,
}

/// What was found of a trail.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct AuditVerdict {
    /// Whether nothing is wrong with what was looked at.
    pub intact: bool,
    /// Records that were looked at.
    pub records: u64,
    /// What is wrong.
    pub faults: Vec<Value>,
    /// Whether that was all of the trail.
    pub complete: bool,
    /// Where it ends, signed.
    pub head: String,
}

/// Where a trail ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct AuditHead {
    /// A compact JWS, signed with a key of `/.well-known/jwks.json`.
    pub head: String,
}

/// Some records.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct AuditPage {
    /// The records.
    pub items: Vec<Map<String, Value>>,
    /// What to give as `cursor` for the next page; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

impl AuditFilter {
    /// The question to the trail.
    pub fn query(self) -> Result<Query, InvalidOrder> {
        let wrong = |member: &'static str, problem: &'static str| InvalidOrder::Member { member, problem };
        let limit = self.limit.map(|limit| u32::try_from(limit).ok().and_then(|limit| Limit::try_from(limit).ok()));
        let limit = limit.unwrap_or(Some(Limit::default())).ok_or(wrong("limit", "must be from 1 to 200"))?;
        let contains = self.contains;
        if contains.as_ref().is_some_and(|text| !(1..=MOST_CONTAINED).contains(&text.chars().count())) {
            return Err(wrong("contains", "must have 1 to 200 characters"));
        }
        Ok(Query {
            from: self.from.map(Timestamp::from_seconds),
            to: self.to.map(Timestamp::from_seconds),
            kind: self.kind,
            user: self.user,
            tool: self.tool,
            outcome: self.outcome,
            correlation: self.correlation,
            target: self.target,
            contains,
            order: self.order.unwrap_or_default(),
            cursor: self.cursor,
            limit,
        })
    }
}

/// Most characters of a text that is looked for.
const MOST_CONTAINED: usize = 200;
/// The largest moment or number of a record that is asked for: its thousandfold is still a whole number everywhere.
pub const LARGEST: u64 = 9_007_199_254_740;

/// A whole number, which a query writes as text.
pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let read = match Option::<Value>::deserialize(deserializer)? {
        None => return Ok(None),
        Some(Value::String(text)) => text.parse().ok(),
        Some(value) => value.as_u64(),
    };
    let read = read.filter(|number| *number <= LARGEST);
    read.map(Some).ok_or_else(|| serde::de::Error::custom("a number must be whole, not negative and not huge"))
}

#[cfg(test)]
mod tests {
    use super::AuditFilter;
    use serde_json::{Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_query_and_a_tools_arguments_ask_alike() {
        let read = |value: Value| serde_json::from_value::<AuditFilter>(value).map_err(drop)?.query().map_err(drop);
        let texts = read(json!({"from": "5", "limit": "7", "order": "oldest_first", "cursor": "9"})).unwrap();
        let numbers = read(json!({"from": 5, "limit": 7, "order": "oldest_first", "cursor": 9})).unwrap();
        assert_eq!(texts, numbers);
        assert_eq!((texts.limit.count(), texts.from.unwrap().seconds()), (7, 5));
        for bad in [
            json!({"from": "x"}),
            json!({"from": u64::MAX}),
            json!({"from": -1}),
            json!({"limit": 0}),
            json!({"order": "x"}),
            json!({"who": "x"}),
            json!({"contains": ""}),
            json!({"contains": "é".repeat(201)}),
        ] {
            assert!(read(bad.clone()).is_err(), "{bad}");
        }
    }
}
