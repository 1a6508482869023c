//! Counting what guardrails found: gathered in the isolate and added every few seconds, so that no call waits for it. What an
//! isolate gathered since goes with it.

use super::context::Context;
use super::{clock, database};
use crate::api::problem::Problem;
use crate::guard::Counts;
use crate::observe::exposition::{Exposition, Kind};
use crate::store::guard_counts::{ADD, FOUND, FoundRow};
use crate::time::{Lifetime, Timestamp};
use std::cell::{Cell, RefCell};

/// How often an isolate adds what it gathered.
const PAUSE: Lifetime = Lifetime::from_seconds(5);

thread_local! {
    static GATHERED: RefCell<Counts> = RefCell::default();
    static ADDED: Cell<Option<Timestamp>> = const { Cell::new(None) };
}

/// Counts what was found in a call.
pub fn count(context: &Context, found: &Counts) {
    if found.is_empty() {
        return;
    }
    GATHERED.with_borrow_mut(|gathered| gathered.add_all(found));
    let now = clock::now();
    if ADDED.get().is_some_and(|added| now.since(added) < PAUSE) {
        return;
    }
    ADDED.set(Some(now));
    let gathered = GATHERED.take();
    let Ok(text) = serde_json::to_string(&gathered) else { return };
    let env = context.env.clone();
    context.background.wait_until(async move {
        if database::run(&env, ADD, &[text.as_str().into()]).await.is_err() {
            GATHERED.with_borrow_mut(|kept| kept.add_all(&gathered));
        }
    });
}

/// Adds the counts to the metrics.
pub async fn add(context: &Context, metrics: &mut Exposition) -> Result<(), Problem> {
    let rows: Vec<FoundRow> = database::all(&context.env, FOUND, &[]).await?;
    metrics
        .family("mcp_gateway_guard_findings_total", Kind::Counter, "What guardrails found in calls, by detector.")
        .samples(rows.iter().map(|row| (vec![("detector", row.detector.as_str())], row.found)))
        .end();
    Ok(())
}
