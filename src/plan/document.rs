//! The document of a plan, as strict JSON.

use super::{Limits, Rate, ToolPattern};
use crate::json::{self, Caps, JsonError};
use serde::de::{DeserializeOwned, Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Most calls that a limit lets run at the same time.
pub const MAX_CONCURRENT: u32 = 500;
/// Most entries for tools in one plan.
pub const MAX_TOOLS: usize = 32;
/// Most calls of a quota.
const MAX_QUOTA: u32 = 1_000_000_000;
/// Limits on the document: 16 KiB, 4 levels.
const CAPS: Caps = Caps { max_bytes: 16 * 1024, max_depth: 4 };

/// What a tenant or a principal may do. A member that is absent or `null` limits nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Plan {
    /// How fast calls may come.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// Calls that may run at the same time, 1 to 500.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(range(min = 1, max = 500)))]
    #[serde(deserialize_with = "within_if_any::<MAX_CONCURRENT, _>", skip_serializing_if = "Option::is_none")]
    pub concurrent: Option<u32>,
    /// Calls of a day in UTC, 1 to 1,000,000,000.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(range(min = 1, max = 1_000_000_000)))]
    #[serde(deserialize_with = "within_if_any::<MAX_QUOTA, _>", skip_serializing_if = "Option::is_none")]
    pub daily: Option<u32>,
    /// Calls of a calendar month in UTC, 1 to 1,000,000,000.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(range(min = 1, max = 1_000_000_000)))]
    #[serde(deserialize_with = "within_if_any::<MAX_QUOTA, _>", skip_serializing_if = "Option::is_none")]
    pub monthly: Option<u32>,
    /// Limits of single tools, at most 32. The first entry that fits a tool's shown name is the one that counts.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(length(max = 32)))]
    #[serde(deserialize_with = "tools", skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<ToolLimits>,
}

/// Limits of tools. Each tool that fits has counters of its own: the limits are not shared among them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ToolLimits {
    /// Which tools: a shown name, or a pattern of shown names with `*`.
    pub tools: ToolPattern,
    /// How fast calls may come.
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// Calls that may run at the same time, 1 to 500.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(range(min = 1, max = 500)))]
    #[serde(default, deserialize_with = "within_if_any::<MAX_CONCURRENT, _>", skip_serializing_if = "Option::is_none")]
    pub concurrent: Option<u32>,
    /// Calls of a day in UTC, 1 to 1,000,000,000.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(range(min = 1, max = 1_000_000_000)))]
    #[serde(default, deserialize_with = "within_if_any::<MAX_QUOTA, _>", skip_serializing_if = "Option::is_none")]
    pub daily: Option<u32>,
    /// Calls of a calendar month in UTC, 1 to 1,000,000,000.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(range(min = 1, max = 1_000_000_000)))]
    #[serde(default, deserialize_with = "within_if_any::<MAX_QUOTA, _>", skip_serializing_if = "Option::is_none")]
    pub monthly: Option<u32>,
}

/// Why a text is no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanProblem {
    /// It is not one strict JSON object.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// It is JSON and not a plan: what is wrong, in words.
    #[error("not a plan: {0}")]
    Document(String),
}

impl Plan {
    /// Reads a plan. Unknown members and numbers out of range are refused.
    pub fn parse(text: &[u8]) -> Result<Self, PlanProblem> {
        let value = json::parse_object(text, CAPS)?;
        Self::deserialize(value).map_err(|error| PlanProblem::Document(error.to_string()))
    }

    /// The limits of everything together.
    pub const fn limits(&self) -> Limits {
        Limits { rate: self.rate, concurrent: self.concurrent, daily: self.daily, monthly: self.monthly }
    }

    /// The limits of the tool of this shown name alone.
    pub fn limits_of(&self, shown: &str) -> Limits {
        let entry = self.tools.iter().find(|entry| entry.tools.fits(shown));
        entry.map(ToolLimits::limits).unwrap_or_default()
    }
}

impl ToolLimits {
    const fn limits(&self) -> Limits {
        Limits { rate: self.rate, concurrent: self.concurrent, daily: self.daily, monthly: self.monthly }
    }
}

/// A number from 1 to `MAX`.
pub(super) fn within<'de, const MAX: u32, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    in_range::<MAX, D::Error>(u32::deserialize(deserializer)?)
}

fn within_if_any<'de, const MAX: u32, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    Option::<u32>::deserialize(deserializer)?.map(in_range::<MAX, D::Error>).transpose()
}

fn in_range<const MAX: u32, E: serde::de::Error>(number: u32) -> Result<u32, E> {
    let fits = (1..=MAX).contains(&number);
    if fits { Ok(number) } else { Err(E::custom(format_args!("{number} is not within 1 to {MAX}"))) }
}

/// An object alone: types derived with serde also take an array of their members.
fn object<'de, T: DeserializeOwned, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Option::<Map<String, Value>>::deserialize(deserializer)?.map(of_members::<T, D::Error>).transpose()
}

fn tools<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<ToolLimits>, D::Error> {
    let entries = Option::<Vec<Map<String, Value>>>::deserialize(deserializer)?.unwrap_or_default();
    if entries.len() > MAX_TOOLS {
        return Err(D::Error::custom(format_args!("tools has more than {MAX_TOOLS} entries")));
    }
    entries.into_iter().map(of_members::<ToolLimits, D::Error>).collect()
}

fn of_members<T: DeserializeOwned, E: serde::de::Error>(members: Map<String, Value>) -> Result<T, E> {
    T::deserialize(Value::Object(members)).map_err(E::custom)
}

#[cfg(test)]
mod tests {
    use super::{Plan, PlanProblem};
    use crate::plan::{Limits, Rate};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn parse(text: &str) -> Result<Plan, PlanProblem> {
        Plan::parse(text.as_bytes())
    }

    #[test]
    fn a_plan_is_read_and_written_the_same() {
        let text = r#"{"rate":{"burst":20,"per_minute":600},"concurrent":5,"daily":1000,"monthly":20000,"tools":[{"tools":"files__*","daily":10},{"tools":"server_time","concurrent":1}]}"#;
        let plan = parse(text).unwrap();
        assert_eq!(serde_json::to_string(&plan).unwrap(), text);
        let rate = Some(Rate { burst: 20, per_minute: 600 });
        let limits = Limits { rate, concurrent: Some(5), daily: Some(1000), monthly: Some(20_000) };
        assert_eq!(plan.limits(), limits);
        assert_eq!(plan.limits_of("server_time"), Limits { concurrent: Some(1), ..Limits::default() });
    }

    #[test]
    fn a_plan_that_says_nothing_limits_nothing() {
        for text in ["{}", r#"{"rate":null,"daily":null,"tools":null}"#] {
            let plan = parse(text).unwrap();
            assert!(plan.limits().is_empty() && plan.limits_of("a").is_empty(), "{text}");
        }
    }

    #[test]
    fn the_first_entry_that_fits_a_tool_counts() {
        let plan = parse(r#"{"tools":[{"tools":"a__get*"},{"tools":"a__*","daily":2},{"tools":"*","daily":3}]}"#);
        let plan = plan.unwrap();
        let daily = |tool| plan.limits_of(tool).daily;
        assert_eq!([daily("a__get_one"), daily("a__put"), daily("b__put")], [None, Some(2), Some(3)]);
    }

    #[test]
    fn what_is_no_plan_is_refused_with_what_is_wrong() {
        let many = format!(r#"{{"tools":[{}]}}"#, vec![r#"{"tools":"a"}"#; 33].join(","));
        for (text, words) in [
            ("[]", "not an object"),
            (r#"{"daily":1,"daily":2}"#, "twice"),
            (r#"{"weekly":1}"#, "unknown field `weekly`"),
            (r#"{"daily":0}"#, "0 is not within 1 to 1000000000"),
            (r#"{"concurrent":501}"#, "501 is not within 1 to 500"),
            (r#"{"daily":1.5}"#, "invalid type"),
            (r#"{"rate":{"burst":1}}"#, "missing field `per_minute`"),
            (r#"{"rate":{"burst":0,"per_minute":1}}"#, "0 is not within"),
            (r#"{"rate":[1,1]}"#, "invalid type"),
            (r#"{"tools":[["a"]]}"#, "invalid type"),
            (r#"{"tools":[{"daily":1}]}"#, "missing field `tools`"),
            (r#"{"tools":[{"tools":"a b"}]}"#, "without blanks"),
            (r#"{"tools":[{"tools":"a","tool":"b"}]}"#, "unknown field `tool`"),
            (many.as_str(), "more than 32 entries"),
        ] {
            let problem = parse(text).unwrap_err().to_string();
            assert!(problem.contains(words), "{text}: {problem}");
        }
    }

    #[cfg(not(target_arch = "wasm32"))]
    proptest::proptest! {
        #[test]
        fn any_bytes_are_a_plan_or_refused(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = Plan::parse(&bytes);
        }
    }
}
