//! The status page, for anybody. It is gathered anew when what this isolate knows is ten seconds old, so that looking often costs little.

use super::context::Context;
use super::{clock, health, metrics, tenant};
use crate::api::health::PartState;
use crate::api::reply::Reply;
use crate::metric::activity::{KEPT, minute};
use crate::page::{Bounds, PartLine, StatusPage, content_security_policy};
use crate::settings::Settings;
use crate::time::{Lifetime, Timestamp};
use futures::join;
use std::cell::RefCell;

/// How long a page is shown again, one on which something does not answer too: that is when most people look.
const SHOWN_AGAIN: Lifetime = Lifetime::from_seconds(10);

thread_local! {
    static LAST: RefCell<Option<(Timestamp, String)>> = const { RefCell::new(None) };
}

/// `GET /status`.
pub async fn show(context: &Context) -> Reply {
    let now = clock::now();
    let known = LAST.with_borrow(|last| last.clone().filter(|(since, _)| now.since(*since) < SHOWN_AGAIN));
    let html = match known {
        Some((_, html)) => html,
        None => gathered(context, now).await,
    };
    Reply::page(200, html, &content_security_policy(&[]))
}

async fn gathered(context: &Context, now: Timestamp) -> String {
    let (parts, randomness, measured) = join!(
        health::parts(&context.env),
        health::report(context),
        metrics::hours(&context.env, minute(now.minus(KEPT)))
    );
    let [database, objects, revocations] = parts;
    let line = |name, part: health::Asked| PartLine { name, works: part.state == PartState::Ok, took: part.took };
    let parts = [
        line("Database", database),
        line("Limits, sessions and the audit trail", objects),
        line("Published revocations", revocations),
    ];
    let page = StatusPage {
        as_of: now,
        version: crate::VERSION,
        parts: &parts,
        randomness: &randomness,
        measured: measured.as_ref().ok(),
        bounds: bounds(&context.settings),
    };
    let html = page.render();
    LAST.set(Some((now, html.clone())));
    html
}

const fn bounds(settings: &Settings) -> Bounds {
    Bounds {
        revocation: settings.lease_life,
        decision: tenant::BELIEVED,
        access_token: settings.access_life,
        call: settings.upstreams.deadline,
        scan: settings.upstreams.scan_after,
    }
}
