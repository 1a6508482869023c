//! What is pinned of upstreams: how each thing stands, what changed, and what a person decides about it.

use super::super::database::{self, maybe, moment};
use super::super::{clock, reviewing, tenant, upstreams as listings};
use super::tenants::NoFilter;
use super::{Desk, Outcome, changeable, upstreams};
use crate::admin::order::{Order, Page};
use crate::admin::pin::{
    Approved, HistoryView, MOST_APPROVED, ManyApproved, PinComparison, PinDecision, PinDetail, PinFilter, PinStanding,
    PinView, ReactionView, Scanned, VersionPair, VersionView, lines,
};
use crate::api::problem::Problem;
use crate::drift::compare::{compare, first_sight};
use crate::drift::definition::Kind;
use crate::drift::neighbours::Neighbours;
use crate::drift::pin::Standing;
use crate::drift::reaction::Reaction;
use crate::drift::settle::Happening;
use crate::drift::version::{Fingerprint, Version};
use crate::store::pins::{
    HISTORY, HistoryRow, PIN, PINS_PAGE, PinViewRow, REACTION, ReactionRow, SCANNED, SET_REACTION, SeenRow,
    VERSIONS_OF, VersionOfRow,
};

/// Asks an upstream now, with what it is shown for who asks, and holds it to what was approved.
pub async fn scan(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    order.read::<NoFilter>()?;
    let view = upstreams::find(desk, order.id()).await?;
    // What is asked is the upstream as it stands now.
    tenant::forget(desk.tenant()?);
    // As everybody's calls see it: with what is agreed on for it.
    let shown = tenant::shown(desk.context, desk.principal()?, None).await?;
    let party = tenant::party(desk.context, desk.principal()?);
    let scanned = match shown.upstreams.iter().find(|upstream| upstream.id == view.id) {
        Some(upstream) => match listings::scan(&party, upstream).await {
            Ok(steps) => Scanned::of(&steps),
            Err(failure) => Scanned::failed(failure.to_string()),
        },
        None => Scanned::failed("it is disabled, or cannot be used as it is configured".into()),
    };
    let values = [desk.tenant()?.as_str().into(), view.id.as_str().into(), moment(clock::now())];
    database::run(&desk.context.env, SCANNED, &values).await?;
    tenant::forget(desk.tenant()?);
    desk.done(desk.tenant()?, Some(view.id.as_str()));
    Outcome::given(&scanned, None)
}

/// What happens to changes of what an upstream offers.
pub async fn read_reaction(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    order.read::<NoFilter>()?;
    let (reaction, version) = reaction(desk, order.id()).await?;
    Outcome::given(&ReactionView { reaction, version }, Some(version))
}

/// Says what happens to them, from the next time the upstream is asked on.
pub async fn replace_reaction(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    let wanted: Reaction = order.read()?;
    let (_, version) = reaction(desk, order.id()).await?;
    let version = changeable(order, version)?;
    let text = super::rendered(&wanted)?.to_string();
    let values =
        [desk.tenant()?.as_str().into(), order.id().into(), text.as_str().into(), version.into(), moment(clock::now())];
    if database::run(&desk.context.env, SET_REACTION, &values).await? == 0 {
        return Err(Problem::VersionPassed);
    }
    tenant::forget(desk.tenant()?);
    desk.done(desk.tenant()?, Some(order.id()));
    Outcome::given(&ReactionView { reaction: wanted, version: version + 1 }, Some(version + 1))
}

async fn reaction(desk: &Desk<'_>, id: &str) -> Result<(Reaction, u32), Problem> {
    let values = [desk.tenant()?.as_str().into(), id.into()];
    let row: Option<ReactionRow> = database::first(&desk.context.env, REACTION, &values).await?;
    let row = row.ok_or(Problem::NoSuchThing)?;
    Ok((Reaction::read(row.reaction.as_deref()), row.version))
}

/// What upstreams offer.
pub async fn list(desk: &Desk<'_>, mut order: Order) -> Result<Outcome, Problem> {
    let slice = order.slice()?;
    let filter: PinFilter = order.read()?;
    let standing = filter.standing.and_then(PinStanding::exactly);
    let waiting = u32::from(filter.standing == Some(PinStanding::Waiting));
    let values = [
        desk.tenant()?.as_str().into(),
        slice.after.as_str().into(),
        (slice.limit + 1).into(),
        maybe(filter.upstream.as_deref()),
        maybe(standing.map(Standing::as_str)),
        maybe(filter.kind.map(Kind::as_str)),
        waiting.into(),
    ];
    let rows: Vec<PinViewRow> = database::all(&desk.context.env, PINS_PAGE, &values).await?;
    let found = rows.into_iter().map(PinView::from).collect();
    Outcome::given(&Page::of(found, slice.limit, |pin: &PinView| pin.id.as_str()), None)
}

/// One thing with what changed, its versions and its history.
pub async fn read(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    order.read::<NoFilter>()?;
    let values = [desk.tenant()?.as_str().into(), order.id().into()];
    let statements = [PIN, VERSIONS_OF, HISTORY].map(|statement| (statement, values.as_slice()));
    let read = database::batch(&desk.context.env, &statements).await?;
    let pin: Option<PinViewRow> = database::returned(read.first())?;
    let pin = pin.map(PinView::from).ok_or(Problem::NoSuchThing)?;
    let versions: Vec<VersionOfRow> = database::rows(read.get(1))?;
    let history: Vec<HistoryRow> = database::rows(read.get(2))?;
    let diff = diff(&pin, &versions);
    let versions = versions.into_iter().map(VersionView::from).collect();
    let history = history.into_iter().map(HistoryView::from).collect();
    Outcome::given(&PinDetail { pin, diff, versions, history }, None)
}

/// What waits of a thing, or was refused, compared with what is approved.
fn diff(pin: &PinView, versions: &[VersionOfRow]) -> Vec<String> {
    let version = |fingerprint: Option<&Fingerprint>| {
        versions.iter().find(|row| Some(&row.fingerprint) == fingerprint).and_then(VersionOfRow::read)
    };
    let nobody = Neighbours::default();
    match (version(pin.approved.as_ref()), version(pin.proposed.as_ref())) {
        (Some(approved), Some(proposed)) => lines(&compare(&approved, &proposed, &nobody)),
        (None, Some(proposed)) => lines(&first_sight(&proposed, &nobody)),
        (_, None) => Vec::new(),
    }
}

/// What is between two versions of a thing.
pub async fn compare_versions(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    let pair: VersionPair = order.read()?;
    let values = [desk.tenant()?.as_str().into(), order.id().into()];
    let rows: Vec<VersionOfRow> = database::all(&desk.context.env, VERSIONS_OF, &values).await?;
    let version = |wanted: &Fingerprint| -> Result<Version, Problem> {
        let row = rows.iter().find(|row| row.fingerprint == *wanted).ok_or(Problem::NoSuchThing)?;
        row.read().ok_or(Problem::Conflict("what is stored of that version cannot be read"))
    };
    let comparison = compare(&version(&pair.old)?, &version(&pair.new)?, &Neighbours::default());
    let (verdict, diff) = (comparison.verdict, lines(&comparison));
    Outcome::given(&PinComparison { verdict, diff, comparison }, None)
}

/// Approves or refuses a version. In force everywhere within five seconds.
pub async fn decide(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    let PinDecision { fingerprint, approve } = order.read()?;
    let pin = find(desk, order.id()).await?;
    let seen = [SeenRow { id: pin.id.as_str(), fingerprint: fingerprint.as_str() }];
    if decided(desk, &seen, approve).await? == 0 {
        let told = "it is decided already, or its upstream offers something else by now: read it again";
        return Err(Problem::Conflict(told));
    }
    let what = if approve { Happening::Approved } else { Happening::Refused };
    desk.done(desk.tenant()?, Some(&format!("pin/{}/{}/{fingerprint}", pin.id, what.as_str())));
    Outcome::given(&find(desk, order.id()).await?, None)
}

/// Approves versions of many things.
pub async fn approve_many(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    let ManyApproved { pins } = order.read()?;
    if pins.len() > MOST_APPROVED {
        return Err(Problem::InvalidBody("pins has 500 entries at most".into()));
    }
    let seen = pins.iter().map(|seen| SeenRow { id: seen.id.as_str(), fingerprint: seen.fingerprint.as_str() });
    let seen: Vec<SeenRow<'_>> = seen.collect();
    let approved = decided(desk, &seen, true).await?;
    desk.done(desk.tenant()?, Some(&format!("pins/approved/{approved}")));
    Outcome::given(&Approved { approved }, None)
}

/// Stores decisions. How many were made.
async fn decided(desk: &Desk<'_>, seen: &[SeenRow<'_>], approve: bool) -> Result<usize, Problem> {
    let (tenant, user) = (desk.tenant()?, desk.user()?);
    let decided = reviewing::decided(desk.context, (tenant.as_str(), user.as_str()), seen, approve).await?;
    tenant::forget(tenant);
    Ok(decided)
}

async fn find(desk: &Desk<'_>, id: &str) -> Result<PinView, Problem> {
    let values = [desk.tenant()?.as_str().into(), id.into()];
    let row: Option<PinViewRow> = database::first(&desk.context.env, PIN, &values).await?;
    row.map(PinView::from).ok_or(Problem::NoSuchThing)
}
