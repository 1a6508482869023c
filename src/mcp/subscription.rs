//! Subscriptions: what changes a client wants to hear of, and how they are told (2026-07-28, `basic/patterns/subscriptions`).

use super::capability::{ServerCapabilities, TASKS};
use super::message::RequestId;
use super::params::{LONGEST_TASK, LONGEST_URI, problem};
use super::refusal::{Fault, ParamsProblem};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Most resources, and most tasks, of one subscription.
pub const MOST_WATCHED: usize = 256;
/// The `_meta` member that names the subscription a notification belongs to: the id of its request.
const META_SUBSCRIPTION: &str = "io.modelcontextprotocol/subscriptionId";

/// The changes a client wants to hear of. Serialized, it is the protocol's `SubscriptionFilter`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Filter {
    /// Of the list of tools.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub tools_list_changed: bool,
    /// Of the list of prompts.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub prompts_list_changed: bool,
    /// Of the list of resources.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub resources_list_changed: bool,
    /// Of these resources, by URI.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub resource_subscriptions: BTreeSet<String>,
    /// Of these tasks, by id.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub task_ids: BTreeSet<String>,
}

impl Filter {
    /// Every change of a list: what a legacy client hears without asking.
    pub fn lists() -> Self {
        Self { tools_list_changed: true, prompts_list_changed: true, resources_list_changed: true, ..Self::default() }
    }

    /// Reads the parameters of `subscriptions/listen`. Kinds this server does not know are left out, as the
    /// acknowledgement then says.
    pub(super) fn read(params: &Map<String, Value>) -> Result<Self, Fault> {
        let wanted = params.get("notifications").and_then(Value::as_object);
        let wanted = wanted.ok_or(problem(ParamsProblem::NotAnObject("notifications")))?;
        let flag = |name: &'static str| match wanted.get(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(problem(ParamsProblem::NotABoolean(name))),
        };
        Ok(Self {
            tools_list_changed: flag("toolsListChanged")?,
            prompts_list_changed: flag("promptsListChanged")?,
            resources_list_changed: flag("resourcesListChanged")?,
            resource_subscriptions: texts(wanted, "resourceSubscriptions", LONGEST_URI)?,
            task_ids: texts(wanted, "taskIds", LONGEST_TASK)?,
        })
    }

    /// The part of it that an endpoint with these capabilities can keep.
    #[must_use]
    pub fn kept_by(mut self, offered: &ServerCapabilities) -> Self {
        self.tools_list_changed &= offered.tools.is_some_and(|tools| tools.list_changed);
        self.prompts_list_changed &= offered.prompts.is_some_and(|prompts| prompts.list_changed);
        self.resources_list_changed &= offered.resources.is_some_and(|resources| resources.list_changed);
        if !offered.resources.is_some_and(|resources| resources.subscribe) {
            self.resource_subscriptions.clear();
        }
        if !offered.extensions.contains_key(TASKS) {
            self.task_ids.clear();
        }
        self
    }

    /// Whether nothing is wanted.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether this notification was asked for.
    pub fn wants(&self, method: &str, params: &Map<String, Value>) -> bool {
        let names = |set: &BTreeSet<String>, member: &str| {
            params.get(member).and_then(Value::as_str).is_some_and(|name| set.contains(name))
        };
        match method {
            "notifications/tools/list_changed" => self.tools_list_changed,
            "notifications/prompts/list_changed" => self.prompts_list_changed,
            "notifications/resources/list_changed" => self.resources_list_changed,
            "notifications/resources/updated" => names(&self.resource_subscriptions, "uri"),
            "notifications/tasks" => names(&self.task_ids, "taskId"),
            _ => false,
        }
    }
}

fn texts(wanted: &Map<String, Value>, name: &'static str, longest: usize) -> Result<BTreeSet<String>, Fault> {
    let items = match wanted.get(name) {
        None => return Ok(BTreeSet::new()),
        Some(Value::Array(items)) if items.len() <= MOST_WATCHED => items,
        Some(_) => return Err(problem(ParamsProblem::NotAShortList(name))),
    };
    let text = |item: &Value| item.as_str().filter(|text| text.len() <= longest).map(str::to_owned);
    items.iter().map(text).collect::<Option<_>>().ok_or(problem(ParamsProblem::NotAShortList(name)))
}

/// A subscription under way: writes the messages of its stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Subscription {
    id: RequestId,
    filter: Filter,
}

impl Subscription {
    /// The subscription of the request with this id, to the part of its filter that is kept.
    pub const fn new(id: RequestId, filter: Filter) -> Self {
        Self { id, filter }
    }

    /// What it is told of.
    pub const fn filter(&self) -> &Filter {
        &self.filter
    }

    /// The first message of its stream: what it will be told of.
    pub fn acknowledgement(&self) -> Vec<u8> {
        let filter = serde_json::to_value(&self.filter).unwrap_or_default();
        let params = std::iter::once(("notifications".to_owned(), filter)).collect();
        self.tell("notifications/subscriptions/acknowledged", params)
    }

    /// A notification of its stream; `None` when it was not asked for.
    pub fn relay(&self, method: &str, params: Map<String, Value>) -> Option<Vec<u8>> {
        self.filter.wants(method, &params).then(|| self.tell(method, params))
    }

    /// The last message of a stream that the gateway ends.
    pub fn end(&self) -> Vec<u8> {
        let mut result = Map::new();
        result.insert("resultType".to_owned(), "complete".into());
        result.insert("_meta".to_owned(), Value::Object(self.mark(Map::new())));
        super::reply::result_message(&self.id, &result)
    }

    fn tell(&self, method: &str, mut params: Map<String, Value>) -> Vec<u8> {
        let meta = match params.shift_remove("_meta") {
            Some(Value::Object(meta)) => meta,
            _ => Map::new(),
        };
        params.insert("_meta".to_owned(), Value::Object(self.mark(meta)));
        super::notice::message(method, &params)
    }

    fn mark(&self, mut meta: Map<String, Value>) -> Map<String, Value> {
        meta.insert(META_SUBSCRIPTION.to_owned(), serde_json::to_value(&self.id).unwrap_or_default());
        meta
    }
}
