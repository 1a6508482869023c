//! What is done on a schedule, when nobody asks: 1. upstreams that were not asked for a while are asked, and held to what was
//! approved; 2. messages that are due are sent; 3. old ones are forgotten.

use super::context::{self, Background, Context};
use super::{Problem, clock, database, messages, metrics, tenant, upstreams};
use crate::id::{CorrelationId, UserId};
use crate::metric::Family;
use crate::observe::Event;
use crate::store::pins::{SCANNED, TO_SCAN, ToScanRow};
use futures::stream::{self, StreamExt};
use std::rc::Rc;
use worker::Env;

/// How many are asked at the same time.
const AT_ONCE: usize = 4;
/// As whom upstreams are asked: a session of theirs is shared with no user.
const NOBODY: &str = "schedule";

/// One run. What fails is said in the log, and comes again with the next.
pub async fn run(env: Env) {
    // Every request says what is wrong with the settings.
    let Ok(settings) = context::settings(&env) else { return };
    let correlation = CorrelationId::from_bytes(&context::unique());
    let context = Context::new(env, Background::Object, Rc::clone(&settings), correlation);
    let scanned = scan(&context).await;
    metrics::count(Family::ScheduleRuns, [if scanned.is_ok() { "ok" } else { "failed" }.into()], 1);
    if let Err(problem) = scanned {
        context.log(&Event::ScheduleFailed { reason: format!("{problem:?}") });
    }
    messages::send_due(&context.env, &settings, None).await;
    // There is another run for what could not be forgotten.
    let _ = messages::forget_old(&context.env).await;
    metrics::send(&context.env).await;
}

async fn scan(context: &Context) -> Result<(), Problem> {
    let limits = context.settings.upstreams;
    let values = [database::moment(clock::now().minus(limits.scan_after)), limits.scans.into()];
    let due: Vec<ToScanRow> = database::all(&context.env, TO_SCAN, &values).await?;
    let scanned = stream::iter(due).map(|row| async move { one(context, &row).await });
    let outcomes: Vec<Result<(), Problem>> = scanned.buffer_unordered(AT_ONCE).collect().await;
    outcomes.into_iter().collect()
}

/// Asks one upstream. One that cannot be asked now has had its turn too, whatever stands in the way.
async fn one(context: &Context, row: &ToScanRow) -> Result<(), Problem> {
    let scanned = hold(context, row).await;
    let values = [row.tenant_id.as_str().into(), row.id.as_str().into(), database::moment(clock::now())];
    database::run(&context.env, SCANNED, &values).await?;
    scanned
}

async fn hold(context: &Context, row: &ToScanRow) -> Result<(), Problem> {
    let user = UserId::parse(NOBODY).map_err(|error| Problem::Internal(error.to_string()))?;
    let party = tenant::party_of(context, row.tenant_id.clone(), user);
    if let Some(upstream) = tenant::upstream(context, &row.tenant_id, &row.id).await?
        && let Err(failure) = upstreams::scan(&party, &upstream).await
    {
        let (tenant, upstream) = (row.tenant_id.clone(), upstream.name.clone());
        context.log(&Event::UpstreamDegraded { tenant, upstream, reason: failure.to_string() });
    }
    Ok(())
}
