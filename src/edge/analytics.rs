//! Rows for Workers Analytics Engine, where a dataset is bound as `ANALYTICS`. The platform takes them after the reply and may leave
//! some out: nobody waits for them, and nothing is decided by them.

use crate::id::TenantId;
use crate::observe::Event;
use std::cell::Cell;
use worker::{AnalyticsEngineDataPointBuilder, AnalyticsEngineDataset, Env};

const BINDING: &str = "ANALYTICS";

thread_local! {
    /// Whether there is no dataset, which is found out once.
    static UNBOUND: Cell<bool> = const { Cell::new(false) };
}

/// Writes what an event means. `tenant` is whose it is, where the event does not say so itself.
pub fn write(env: &Env, event: &Event, tenant: Option<&TenantId>) {
    if UNBOUND.get() || !matches!(event, Event::Request(_) | Event::Call(_)) {
        return;
    }
    let Ok(dataset) = env.analytics_engine(BINDING) else {
        UNBOUND.set(true);
        return;
    };
    for point in event.points(tenant.map(TenantId::as_str)) {
        write_one(&dataset, &point);
    }
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of a request are exact")]
fn write_one(dataset: &AnalyticsEngineDataset, point: &crate::observe::Point) {
    let row = AnalyticsEngineDataPointBuilder::new()
        .indexes([point.index.as_str()])
        .blobs(point.texts.iter().map(String::as_str))
        .add_double(point.took_ms as f64)
        .build();
    // What the platform does not take is not told anybody: the metrics have it all the same.
    let _ = dataset.write_data_point(&row);
}
