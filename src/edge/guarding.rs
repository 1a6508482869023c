//! A tenant's guardrails at one call: its arguments before they go to an upstream, and whatever comes back before anybody
//! sees it.
//!
//! Arguments are looked at once they fit the tool's schema, and before policies, approvals, the headers that repeat them and
//! the record: all of these see what is really sent. A result is looked at once it fits the schema its upstream gave, each
//! time it is given: what is kept to be given again is as the upstream said it.

use super::admission::Principal;
use super::tenant::Rules;
use super::tools::{self, ToolError};
use crate::guard::{About, Counts, Guardrails, Rail, Refusal, Swept};
use crate::mcp::wire::{CallToolResult, RpcError, Tool};
use crate::upstream::ask::Notification;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

/// The guardrails of a call, where its tenant has any that are for it.
#[derive(Clone)]
pub struct Guard(Option<Rc<Standing>>);

struct Standing {
    rails: Rc<Guardrails>,
    about: About,
    found: RefCell<Found>,
}

#[derive(Default)]
struct Found {
    arguments: Counts,
    results: Counts,
}

impl Guard {
    /// Those of no call.
    pub const NONE: Self = Self(None);

    /// Those of a caller's tenant, for a call of this.
    pub fn of(principal: &Principal, about: impl FnOnce() -> About) -> Self {
        Self::by(principal.rights().rules(), about)
    }

    fn by(rules: &Rules, about: impl FnOnce() -> About) -> Self {
        let standing = |rails| Rc::new(Standing { rails, about: about(), found: RefCell::default() });
        Self(rules.guardrails.clone().map(standing))
    }

    /// What a tool is called with, when it may be. What is redacted must fit the tool's schema once more.
    pub fn tool_arguments(
        &self,
        definition: &Rc<Tool>,
        mut arguments: Map<String, Value>,
    ) -> Result<Map<String, Value>, ToolError> {
        if !self.arguments(&mut arguments)? {
            return Ok(arguments);
        }
        tools::validated(definition, arguments).map_err(|_| ToolError::Guarded(Refusal::Unfit))
    }

    /// Redacts arguments, or refuses them. Whether something was redacted.
    pub fn arguments(&self, arguments: &mut Map<String, Value>) -> Result<bool, ToolError> {
        self.sent(&mut |rail| rail.sweep_data(arguments))
    }

    /// What would be sent of these. What refuses them is told when they are to be sent, and is on record then.
    pub fn preview<'a>(&self, arguments: &'a Map<String, Value>) -> Cow<'a, Map<String, Value>> {
        if self.0.is_none() {
            return Cow::Borrowed(arguments);
        }
        let mut sent = arguments.clone();
        let _ = self.arguments(&mut sent);
        Cow::Owned(sent)
    }

    /// Refuses an address that is read. It is never redacted: another address is another resource.
    pub fn address(&self, uri: &str) -> Result<(), ToolError> {
        self.sent(&mut |rail| rail.sweep_text(&mut uri.to_owned())).map(drop)
    }

    /// Redacts a result of an upstream's, in the protocol's form, or withholds it.
    pub fn result(&self, result: &mut Map<String, Value>) -> Result<(), ToolError> {
        self.received(&mut |rail| rail.sweep_message(result))
    }

    /// The same for a result of a tool of the gateway's own.
    pub fn own_result(&self, result: &mut CallToolResult) -> Result<(), ToolError> {
        let mut members = Map::new();
        members.insert("content".to_owned(), Value::Array(std::mem::take(&mut result.content)));
        members.extend(result.structured_content.take().map(|content| ("structuredContent".to_owned(), content)));
        let guarded = self.result(&mut members);
        result.structured_content = members.shift_remove("structuredContent");
        if let Some(Value::Array(content)) = members.shift_remove("content") {
            result.content = content;
        }
        guarded
    }

    /// The same for an error of an upstream's.
    pub fn error(&self, error: &mut RpcError) -> Result<(), ToolError> {
        self.received(&mut |rail| rail.sweep_text(&mut error.message))?;
        match &mut error.data {
            Some(data) => self.received(&mut |rail| rail.sweep_value(data)),
            None => Ok(()),
        }
    }

    /// Redacts what an upstream says before its answer. Whether it may be told.
    pub fn notice(&self, notice: &mut Notification) -> bool {
        // What a message of the log is about is data; of any other notification that name would be none.
        let data =
            notice.params.get_mut("data").map_or(Ok(()), |data| self.received(&mut |rail| rail.sweep_value(data)));
        data.and_then(|()| self.result(&mut notice.params)).is_ok()
    }

    fn sent(&self, sweep: &mut dyn FnMut(&Rail) -> Swept) -> Result<bool, ToolError> {
        let Some(standing) = &self.0 else { return Ok(false) };
        let Some(rail) = standing.rails.arguments.as_ref().filter(|rail| rail.is_for(&standing.about)) else {
            return Ok(false);
        };
        let swept = sweep(rail);
        standing.found.borrow_mut().arguments.add_all(&swept.found);
        swept.refusal.map_or(Ok(swept.is_changed), |refusal| Err(ToolError::Guarded(refusal)))
    }

    fn received(&self, sweep: &mut dyn FnMut(&Rail) -> Swept) -> Result<(), ToolError> {
        let Some(standing) = &self.0 else { return Ok(()) };
        let Some(rail) = standing.rails.results.as_ref().filter(|rail| rail.is_for(&standing.about)) else {
            return Ok(());
        };
        let swept = sweep(rail);
        standing.found.borrow_mut().results.add_all(&swept.found);
        swept.refusal.map_or(Ok(()), |refusal| Err(ToolError::Withheld(refusal)))
    }

    /// What was found in the arguments.
    pub fn in_arguments(&self) -> Counts {
        self.0.as_ref().map(|standing| standing.found.borrow().arguments.clone()).unwrap_or_default()
    }

    /// What was found in what came back.
    pub fn in_results(&self) -> Counts {
        self.0.as_ref().map(|standing| standing.found.borrow().results.clone()).unwrap_or_default()
    }

    /// What was found in all of it.
    pub fn found(&self) -> Counts {
        let mut all = self.in_arguments();
        all.add_all(&self.in_results());
        all
    }
}
