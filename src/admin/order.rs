//! What an operation is asked to do: the same whether it came by REST or as a tool's arguments.

use crate::admin::operation::Spec;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Most things of one page of a list.
pub const MAX_PAGE: u32 = 200;
/// How many things a page has when nothing is said.
pub const USUAL_PAGE: u32 = 50;
/// Longest idempotency key, in characters.
const LONGEST_KEY: usize = 128;

/// An order.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// What it is about, where its route names one thing.
    pub id: Option<String>,
    /// The state it may be changed in.
    pub expected: Expected,
    /// What tells a repeated order from a new one.
    pub idempotency_key: Option<String>,
    /// The rest: a body's members, or a query's.
    pub members: Map<String, Value>,
}

/// Which state something must be in to be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Nothing was said.
    Unsaid,
    /// Whatever it is, as long as it is there (`If-Match: *`).
    Any,
    /// This version.
    Version(u32),
    /// A state it is never in: a tag that is none of the gateway's.
    Never,
}

/// Why an order cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOrder {
    /// A member that must be there is not.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A member is not what it must be.
    #[error("{member} {problem}")]
    Member {
        /// Which.
        member: &'static str,
        /// What is wrong, as the end of a sentence.
        problem: &'static str,
    },
    /// The body or the query does not say what the operation takes.
    #[error("{0}")]
    Shape(String),
}

/// Checks an idempotency key, if there is one: 1 to 128 visible ASCII characters.
pub fn check_key(key: Option<&str>) -> Result<(), InvalidOrder> {
    let fits = |key: &str| (1..=LONGEST_KEY).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
    match key {
        Some(key) if !fits(key) => {
            let problem = "has 1 to 128 visible ASCII characters";
            Err(InvalidOrder::Member { member: "the idempotency key", problem })
        }
        _ => Ok(()),
    }
}

/// Which part of a list is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    /// The last thing of the page before; empty for the first page.
    pub after: String,
    /// How many at most.
    pub limit: u32,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Page<T> {
    /// The things.
    pub items: Vec<T>,
    /// What to give as `cursor` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl Order {
    /// The order of a tool's arguments: `id`, `version` and `idempotency_key` beside the rest.
    pub fn of_arguments(spec: &Spec, mut arguments: Map<String, Value>) -> Result<Self, InvalidOrder> {
        let mut text = |member: &'static str| match arguments.remove(member) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(InvalidOrder::Member { member, problem: "must be a text" }),
        };
        let id = if spec.names_one() { text("id")? } else { None };
        let idempotency_key = text("idempotency_key")?;
        let expected = match arguments.remove("version").filter(|_| spec.is_conditional()) {
            None => Expected::Unsaid,
            Some(version) => version
                .as_u64()
                .and_then(|version| u32::try_from(version).ok())
                .map(Expected::Version)
                .ok_or(InvalidOrder::Member { member: "version", problem: "must be a whole number" })?,
        };
        Self { id, expected, idempotency_key, members: arguments }.checked()
    }

    /// The same order, once its own parts are sound.
    pub fn checked(self) -> Result<Self, InvalidOrder> {
        check_key(self.idempotency_key.as_deref())?;
        Ok(self)
    }

    /// The rest, as what the operation takes; unknown members are refused.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, InvalidOrder> {
        serde_json::from_value(Value::Object(self.members.clone())).map_err(|error| InvalidOrder::Shape(shown(&error)))
    }

    /// What it is about. A text that is no id names nothing.
    pub fn id(&self) -> &str {
        self.id.as_deref().unwrap_or_default()
    }

    /// Which part of a list is wanted, and what is left to filter by.
    pub fn slice(&mut self) -> Result<Slice, InvalidOrder> {
        let after = match self.members.remove("cursor") {
            None => String::new(),
            Some(Value::String(after)) if after.len() <= 512 => after,
            Some(_) => return Err(InvalidOrder::Member { member: "cursor", problem: "is none that a page gave" }),
        };
        let limit = match self.members.remove("limit") {
            None => Some(USUAL_PAGE),
            Some(Value::String(text)) => text.parse().ok(),
            Some(value) => value.as_u64().and_then(|limit| u32::try_from(limit).ok()),
        };
        let limit = limit.filter(|limit| (1..=MAX_PAGE).contains(limit));
        let limit = limit.ok_or(InvalidOrder::Member { member: "limit", problem: "must be from 1 to 200" })?;
        Ok(Slice { after, limit })
    }
}

impl Expected {
    /// What an `If-Match` header says (RFC 9110 section 13.1.1): one strong tag of ours, or `*`. Whatever else it names, it
    /// is not what is there.
    pub fn of_header(header: Option<&str>) -> Self {
        let Some(text) = header.map(str::trim) else { return Self::Unsaid };
        if text == "*" {
            return Self::Any;
        }
        let inner = text.strip_prefix("\"v").and_then(|rest| rest.strip_suffix('"'));
        let digits = inner.filter(|inner| !inner.is_empty() && inner.bytes().all(|b| b.is_ascii_digit()));
        digits.and_then(|digits| digits.parse().ok()).map_or(Self::Never, Self::Version)
    }

    /// The entity tag of a version.
    pub fn tag(version: u32) -> String {
        format!("\"v{version}\"")
    }
}

impl<T> Page<T> {
    /// A page of rows that were asked for with one more than its limit; `name` says what the next page starts after.
    pub fn of(mut rows: Vec<T>, limit: u32, name: impl Fn(&T) -> &str) -> Self {
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > most;
        rows.truncate(most);
        let next = rows.last().filter(|_| more).map(|last| name(last).to_owned());
        Self { items: rows, next }
    }
}

/// serde's message without a value of the order, which may be a secret by mistake.
fn shown(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if text.starts_with("invalid type") {
        let expected = text.rsplit_once("expected ").map_or("another type", |(_, expected)| expected);
        return format!("a member has the wrong type: expected {expected}");
    }
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::{Expected, InvalidOrder, Order, Page, Slice};
    use crate::admin::operation::Operation;
    use serde::Deserialize;
    use serde_json::{Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn order(operation: Operation, arguments: Value) -> Result<Order, InvalidOrder> {
        let Value::Object(arguments) = arguments else { panic!("an object") };
        Order::of_arguments(operation.spec().unwrap(), arguments)
    }

    #[test]
    fn a_tools_arguments_say_what_a_route_and_its_headers_say() {
        let read = order(Operation::UpdateKey, json!({"id": "k-1", "version": 3, "name": "x"})).unwrap();
        assert_eq!((read.id(), read.expected), ("k-1", Expected::Version(3)));
        assert_eq!(Value::Object(read.members), json!({"name": "x"}));
        let made = order(Operation::CreateKey, json!({"id": "k-1", "idempotency_key": "a-1"})).unwrap();
        assert_eq!((made.id(), made.idempotency_key.as_deref()), ("", Some("a-1")));
        assert_eq!(Value::Object(made.members), json!({"id": "k-1"}), "which nothing of that operation takes");
        for bad in [json!({"id": 1}), json!({"version": "3"}), json!({"version": -1}), json!({"idempotency_key": ""})] {
            assert!(order(Operation::UpdateKey, bad.clone()).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_if_match_header_names_a_version_or_nothing_that_is_there() {
        assert_eq!(Expected::of_header(None), Expected::Unsaid);
        assert_eq!(Expected::of_header(Some(" * ")), Expected::Any);
        assert_eq!(Expected::of_header(Some(&Expected::tag(12))), Expected::Version(12));
        for other in ["", "v1", "W/\"v1\"", "\"1\"", "\"v1\", \"v2\"", "\"v\"", "\"v+1\"", "\"v99999999999\""] {
            assert_eq!(Expected::of_header(Some(other)), Expected::Never, "{other}");
        }
    }

    #[test]
    fn a_page_says_where_the_next_one_starts_only_when_there_is_one() {
        let page = |names: &[&str], limit| {
            let rows = names.iter().map(|name| (*name).to_owned()).collect();
            let page = Page::of(rows, limit, |name: &String| name);
            (page.items.len(), page.next)
        };
        assert_eq!(page(&["a", "b", "c"], 2), (2, Some("b".into())));
        assert_eq!((page(&["a", "b"], 2), page(&[], 2)), ((2, None), (0, None)));
    }

    #[test]
    fn a_slice_is_bounded() {
        let slice = |query: Value| order(Operation::ListKeys, query).unwrap().slice();
        assert_eq!(slice(json!({})), Ok(Slice { after: String::new(), limit: 50 }));
        assert_eq!(slice(json!({"cursor": "k", "limit": "7"})), Ok(Slice { after: "k".into(), limit: 7 }));
        for bad in [json!({"limit": 0}), json!({"limit": 201}), json!({"limit": "x"}), json!({"cursor": 1})] {
            assert!(slice(bad.clone()).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_an_operation_does_not_take_is_refused_without_quoting_values() {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Takes {
            #[expect(dead_code, reason = "only its shape is of interest")]
            name: Option<String>,
        }
        let told =
            |members: Value| order(Operation::CreateKey, members).unwrap().read::<Takes>().unwrap_err().to_string();
        assert!(told(json!({"role": "owner"})).contains("unknown field `role`"));
        assert!(!told(json!({"name": 123_456})).contains("123456"));
    }
}
