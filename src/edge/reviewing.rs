//! The page of what upstreams offer and nobody has approved: administrators decide it, auditors see it.

use super::account::{self, approves, signed_in, visited};
use super::browser::{self, Browser, Person};
use super::context::Context;
use super::messages::PLACE;
use super::waiting::role_of;
use super::{clock, database, tenant};
use crate::account::role::Role;
use crate::admin::pin::{PinView, lines};
use crate::api::problem::Problem;
use crate::api::reply::Reply;
use crate::drift::change::visible;
use crate::drift::compare::{compare, first_sight};
use crate::drift::neighbours::Neighbours;
use crate::drift::settle::Happening;
use crate::drift::version::{Fingerprint, Version};
use crate::oauth::ticket::{Account, Form};
use crate::page::{DriftLine, DriftPage};
use crate::store::arrays::arrays;
use crate::store::pins::{
    APPROVE, COUNT_CHANGES, NOTE_DECISION, PINS_PAGE, PinViewRow, REFUSE, SeenRow, StoredVersion, VERSIONS,
};
use crate::time::Timestamp;
use std::collections::BTreeMap;
use worker::wasm_bindgen::JsValue;
use worker::web_sys::Request;

/// Most things that are shown.
const MOST: u32 = 50;
/// Longest name, and longest definition of something new, that is shown, in characters.
const MAX_NAME: usize = 256;
const MAX_WHOLE: usize = 4_000;

/// `GET /account/drift`.
pub async fn show(context: &Context, request: &Request) -> Result<Reply, Problem> {
    visited(context, request, async |browser, person| {
        let role = reader(context, &person).await?;
        page(context, &browser, &person, role, None).await
    })
    .await
}

/// `POST /account/drift`. The statement asks again whether who decides may, and whether that version still waits.
pub async fn decide(context: &Context, request: &Request) -> Result<Reply, Problem> {
    let form = browser::posted(request).await?;
    let person = signed_in(context, request, form.find("csrf")).await?;
    let role = reader(context, &person).await?;
    let approve = approves(&form)?;
    let (pin, version) = (form.find("pin").unwrap_or_default(), form.find("fingerprint").unwrap_or_default());
    let seen = [SeenRow { id: pin, fingerprint: version }];
    let who = (person.tenant.as_str(), person.user.as_str());
    let decided = decided(context, who, &seen, approve).await? > 0;
    tenant::forget(&person.tenant);
    if decided {
        let what = if approve { Happening::Approved } else { Happening::Refused };
        account::decided(context, &person, "decide_pin", format!("pin/{pin}/{}/{version}", what.as_str()));
    }
    let notice = match (decided, approve) {
        (true, true) => "Approved: it is shown and called again within five seconds.",
        (true, false) => "Refused: it stays away until its upstream offers something else.",
        (false, _) => {
            "It was decided already, its upstream offers something else by now, or it is not for you to decide."
        }
    };
    page(context, &Browser::of(request), &person, role, Some(notice)).await
}

/// Stores decisions of a user of a tenant with their history, in one transaction. How many were made.
pub async fn decided(
    context: &Context,
    (tenant, user): (&str, &str),
    seen: &[SeenRow<'_>],
    approve: bool,
) -> Result<usize, Problem> {
    let (statement, what) = if approve { (APPROVE, Happening::Approved) } else { (REFUSE, Happening::Refused) };
    let seen = serde_json::to_string(seen).map_err(|error| Problem::Internal(error.to_string()))?;
    let now = database::moment(clock::now());
    let values: [JsValue; 5] = [tenant.into(), seen.as_str().into(), now, user.into(), what.as_str().into()];
    let (decision, of_pins) = (values.get(..4).unwrap_or_default(), values.get(..2).unwrap_or_default());
    let steps = [(statement, decision), (NOTE_DECISION, values.as_slice()), (COUNT_CHANGES, of_pins)];
    let done = database::batch(&context.env, &steps).await?;
    database::changes(done.first())
}

/// The role of somebody who may see what waits.
async fn reader(context: &Context, person: &Person) -> Result<Role, Problem> {
    Some(role_of(context, person).await?).filter(|role| role.reads_all()).ok_or(Problem::NotFound)
}

async fn page(
    context: &Context,
    browser: &Browser,
    person: &Person,
    role: Role,
    notice: Option<&str>,
) -> Result<Reply, Problem> {
    let tenant = person.tenant.as_str();
    let (no, first): (JsValue, JsValue) = (JsValue::NULL, "".into());
    let values = [tenant.into(), first, (MOST + 1).into(), no.clone(), no.clone(), no, 1.into()];
    let rows: Vec<PinViewRow> = database::all(&context.env, PINS_PAGE, &values).await?;
    let more = rows.len() > MOST as usize;
    let mut pins: Vec<PinView> = rows.into_iter().map(PinView::from).take(MOST as usize).collect();
    pins.sort_by_key(|pin| std::cmp::Reverse(pin.verdict));
    let versions = versions(context, tenant, &pins).await?;
    let words = |pin: &PinView| {
        let since = Timestamp::from_seconds(pin.changed_at).to_words();
        (visible(&pin.name, MAX_NAME), since, diff(pin, &versions))
    };
    let told: Vec<(String, String, String)> = pins.iter().map(words).collect();
    let waiting: Vec<DriftLine<'_>> = pins
        .iter()
        .zip(&told)
        .map(|(pin, (name, since, diff))| DriftLine {
            id: pin.id.as_str(),
            fingerprint: pin.proposed.as_ref().map_or("", Fingerprint::as_str),
            upstream: &pin.upstream,
            kind: pin.kind.as_str(),
            name,
            verdict: pin.verdict.as_str(),
            changed: pin.approved.is_some(),
            since,
            diff,
        })
        .collect();
    let csrf = browser.seal(context, Form::Account, &Account {})?;
    let decidable = role.manages();
    let page =
        DriftPage { tenant, action: PLACE, back: "/account", csrf: &csrf, waiting: &waiting, more, decidable, notice };
    Ok(browser.page(200, page.render(), &[]))
}

async fn versions(
    context: &Context,
    tenant: &str,
    pins: &[PinView],
) -> Result<BTreeMap<Fingerprint, Version>, Problem> {
    let mut versions = BTreeMap::new();
    for ids in arrays(pins.iter().map(|pin| pin.id.as_str())) {
        let rows: Vec<StoredVersion> =
            database::all(&context.env, VERSIONS, &[tenant.into(), ids.as_str().into()]).await?;
        versions.extend(rows.iter().filter_map(StoredVersion::read));
    }
    Ok(versions)
}

/// What waits compared with what is approved; of something that is new, all of it.
fn diff(pin: &PinView, versions: &BTreeMap<Fingerprint, Version>) -> String {
    let version = |fingerprint: &Option<Fingerprint>| versions.get(fingerprint.as_ref()?);
    let nobody = Neighbours::default();
    match (version(&pin.approved), version(&pin.proposed)) {
        (Some(approved), Some(proposed)) => lines(&compare(approved, proposed, &nobody)).join("\n"),
        (None, Some(proposed)) => {
            let members = serde_json::Value::Object(proposed.definition().members.clone());
            let whole = visible(&members.to_string(), MAX_WHOLE);
            format!("{}\n{whole}", lines(&first_sight(proposed, &nobody)).join("\n"))
        }
        (_, None) => "What is stored of it cannot be read.".to_owned(),
    }
}
