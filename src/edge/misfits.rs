//! Answers that do not fit the output schema that is pinned of their tool: what becomes of them is agreed on for each upstream, and they
//! are told in any case.

use super::tools::keeps_its_schema;
use super::{clock, context};
use crate::audit::damper::Damper;
use crate::drift::change::visible;
use crate::drift::definition::Kind;
use crate::drift::reaction::{Misfit, Reaction};
use crate::drift::verdict::Verdict;
use crate::id::TenantId;
use crate::mcp::wire::Tool;
use crate::observe::{DRIFT_OF_AN_ANSWER, Event};
use crate::upstream::{Speaks, Upstream};
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::rc::Rc;

/// Longest name that is told, in characters.
const MAX_NAME: usize = 128;

thread_local! {
    static DAMPER: RefCell<Damper> = RefCell::default();
}

/// Whether a result may go on: it fits, or what does not fit is given as it came. An HTTP API's answers are judged as they come.
pub fn goes_on(tenant: &TenantId, upstream: &Upstream, tool: &Rc<Tool>, result: &Map<String, Value>) -> bool {
    let fits = matches!(upstream.speaks, Speaks::Http(_)) || keeps_its_schema(tool, result);
    fits || happened(tenant, upstream, &tool.name) == Misfit::Report
}

/// An answer does not fit: it is told, of one tool once a minute, with how often it happened since. What becomes of it.
pub fn happened(tenant: &TenantId, upstream: &Upstream, tool: &str) -> Misfit {
    let kind = format!("{tenant} {} {tool}", upstream.id);
    if let Some(left_out) = DAMPER.with_borrow_mut(|damper| damper.admit(kind, clock::now())) {
        let event = Event::Drifted {
            tenant: tenant.clone(),
            upstream: upstream.name.clone(),
            kind: Kind::Tool.as_str(),
            name: visible(tool, MAX_NAME),
            happening: DRIFT_OF_AN_ANSWER,
            verdict: Verdict::Breaking.as_str(),
            version: None,
            times: left_out.saturating_add(1),
        };
        context::log(&event, None);
    }
    Reaction::read(upstream.agreed.reaction.as_deref()).answers
}
