//! Holding an upstream to what was approved of it: whatever it says goes through here before anybody is shown it.
//!
//! In steady state nothing is read and nothing is written: what is pinned is remembered for as long as it is not changed, and
//! what the upstream offers has the fingerprints that are pinned.

use super::upstreams::Party;
use super::{Problem, audit, clock, database, messages};
use crate::credential::held::Withheld;
use crate::drift::change::visible;
use crate::drift::definition::Kind;
use crate::drift::neighbours::Neighbours;
use crate::drift::offer::Offer;
use crate::drift::pin::{Pin, Pins, Unsettled};
use crate::drift::reaction::{Author, Reaction};
use crate::drift::serve::{self, Served};
use crate::drift::settle::{Facts, Step, settle};
use crate::drift::told::{Told, told};
use crate::drift::version::{Fingerprint, Version};
use crate::id::{TenantId, UpstreamId};
use crate::observe::Event;
use crate::store::arrays::arrays;
use crate::store::pins::{
    CHANGES, COUNT_CHANGE, ChangesRow, FORGET_HISTORY, FORGET_VERSIONS, KEEP, NEIGHBOURS, NOTE, NeighbourRow, PINS,
    PinRow, SETTLE, StepRow, StoredVersion, VERSIONS, VersionRow,
};
use crate::upstream::survey::Survey;
use crate::upstream::{Description, Speaks, Upstream, UpstreamFailure};
use lru::LruCache;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::rc::Rc;
use worker::wasm_bindgen::JsValue;

/// Upstreams whose pins this isolate remembers.
const MAX_UPSTREAMS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(255);

/// Longest name that is told, in characters.
const MAX_NAME: usize = 128;

/// How often it is decided anew where somebody else decides at the same time.
const ATTEMPTS: usize = 3;

type Versions = BTreeMap<Fingerprint, Version>;
/// The pins of an upstream, and how often they had been changed.
type Known = (u32, Rc<Pins>);

thread_local! {
    static PINS_KNOWN: RefCell<LruCache<(TenantId, UpstreamId), Known>> = RefCell::new(LruCache::new(MAX_UPSTREAMS));
}

/// What came of holding an upstream to its pins.
pub struct Held {
    /// What may be shown.
    pub served: Served,
    /// How often its pins had been changed by then.
    pub changes: u32,
    /// What happened, and was stored.
    pub steps: Vec<Step>,
}

/// What may be shown of what an upstream said. Where something is new, changed, gone or back, that is decided, stored and told
/// first. Files and databases offer what the gateway itself says of them, so nothing is pinned of it.
pub async fn hold(party: &Party, upstream: &Upstream, survey: Survey) -> Result<Held, UpstreamFailure> {
    if matches!(upstream.speaks, Speaks::Files(_) | Speaks::Database(_)) {
        let served = Served { survey, ..Served::default() };
        return Ok(Held { served, changes: upstream.agreed.changes, steps: Vec::new() });
    }
    let away = |_| upstream.failure(Withheld::GatewayAway.into());
    let reaction = Reaction::read(upstream.agreed.reaction.as_deref());
    let offer = Offer::of_survey(&survey);
    // A user's own credential may open less than everybody's: what it does not open is not gone.
    let whole = upstream.credential.identity.holder.is_none();
    let ((changes, pins), steps) = settled(party, upstream, (&offer, whole), reaction).await.map_err(away)?;
    let wanted: Vec<&Pin> = serve::wanted(&pins, reaction).collect();
    let versions = versions(party, &wanted).await.map_err(away)?;
    Ok(Held { served: serve::serve(survey, &pins, &versions, reaction), changes, steps })
}

/// The pins after everything of an offer is decided and stored, and what happened. Where somebody else decided meanwhile, it is
/// decided anew from what is stored then.
async fn settled(
    party: &Party,
    upstream: &Upstream,
    (offer, whole): (&Offer, bool),
    reaction: Reaction,
) -> Result<(Known, Vec<Step>), Problem> {
    for _ in 0..ATTEMPTS {
        let (changes, pins) = pins(party, upstream).await?;
        let unsettled = pins.unsettled(offer, whole);
        if unsettled.is_empty() {
            return Ok(((changes, pins), Vec::new()));
        }
        let steps = decide(party, upstream, (&pins, &unsettled), offer, reaction).await?;
        if steps.is_empty() {
            return Ok(((changes, pins), steps));
        }
        let (stored, changes) = commit(party, upstream, &steps).await?;
        if stored == steps.len() {
            let pins = Rc::new(Pins::clone(&pins).with(steps.iter().map(|step| step.pin.clone())));
            remember(party, upstream, (changes, Rc::clone(&pins)));
            tell(party, upstream, &steps).await;
            return Ok(((changes, pins), steps));
        }
        PINS_KNOWN.with_borrow_mut(|known| known.pop(&(party.tenant.clone(), upstream.id.clone())));
    }
    if described(upstream).is_some() {
        // Its description was replaced meanwhile. What of this one is not approved is not shown, and nothing is decided by it.
        return pins(party, upstream).await.map(|known| (known, Vec::new()));
    }
    Err(Problem::Unavailable { part: "what is pinned of the upstream", reason: "others change it all the time".into() })
}

/// The pins as far as they are known, and how often they had been changed: not less often than the request's upstream says.
async fn pins(party: &Party, upstream: &Upstream) -> Result<Known, Problem> {
    let key = (party.tenant.clone(), upstream.id.clone());
    let known = PINS_KNOWN.with_borrow_mut(|known| known.get(&key).cloned());
    if let Some(known) = known.filter(|(changes, _)| *changes >= upstream.agreed.changes) {
        return Ok(known);
    }
    let values = values(party, upstream);
    let read = database::batch(&party.env, &[(CHANGES, &values), (PINS, &values)]).await?;
    let changes: Option<ChangesRow> = database::returned(read.first())?;
    let rows: Vec<PinRow> = database::rows(read.get(1))?;
    let known = (changes.map_or(0, |row| row.pins), Rc::new(Pins::new(rows.into_iter().map(Pin::from))));
    remember(party, upstream, known.clone());
    Ok(known)
}

fn remember(party: &Party, upstream: &Upstream, known: Known) {
    PINS_KNOWN.with_borrow_mut(|all| all.put((party.tenant.clone(), upstream.id.clone()), known));
}

fn values(party: &Party, upstream: &Upstream) -> [JsValue; 2] {
    [party.tenant.as_str().into(), upstream.id.as_str().into()]
}

/// The stored versions of some pins, as far as they can be read.
async fn versions(party: &Party, pins: &[&Pin]) -> Result<Versions, Problem> {
    let mut versions = Versions::new();
    for ids in arrays(pins.iter().map(|pin| pin.id.as_str())) {
        let values = [party.tenant.as_str().into(), ids.as_str().into()];
        let rows: Vec<StoredVersion> = database::all(&party.env, VERSIONS, &values).await?;
        versions.extend(rows.iter().filter_map(StoredVersion::read));
    }
    Ok(versions)
}

/// The stored description of an HTTP API.
const fn described(upstream: &Upstream) -> Option<Description> {
    match upstream.speaks {
        Speaks::Http(description) => Some(description),
        Speaks::Mcp | Speaks::Files(_) | Speaks::Database(_) => None,
    }
}

async fn decide(
    party: &Party,
    upstream: &Upstream,
    (pins, unsettled): (&Pins, &Unsettled<'_>),
    offer: &Offer,
    reaction: Reaction,
) -> Result<Vec<Step>, Problem> {
    let changed = unsettled.offered.iter().filter_map(|now| pins.get(now.kind(), now.name()));
    let has_new = unsettled.offered.iter().any(|now| pins.get(now.kind(), now.name()).is_none());
    // Something new may be something old under another name.
    let gone = unsettled.gone.iter().copied().filter(|_| has_new);
    let compared: Vec<&Pin> = changed.chain(gone).collect();
    let versions = versions(party, &compared).await?;
    let rows: Vec<NeighbourRow> = database::all(&party.env, NEIGHBOURS, &values(party, upstream)).await?;
    // Two upstreams that run one server offer the same tools, and who puts a server behind the gateway knows its neighbours.
    let is_neighbour = |row: &NeighbourRow| match offer.get(Kind::Tool, &row.name) {
        Some(version) => !pins.is_empty() && *version.fingerprint() != row.approved,
        None => true,
    };
    let own = offer.iter().filter(|version| version.kind() == Kind::Tool).map(Version::name);
    let neighbours = Neighbours::new(rows.into_iter().filter(is_neighbour).map(|row| row.name), own);
    let author = match described(upstream) {
        Some(Description { sourced: false, .. }) => Author::Administrator,
        Some(_) | None => Author::Upstream,
    };
    let facts = Facts { upstream: &upstream.id, pins, versions: &versions, neighbours: &neighbours, reaction, author };
    Ok(settle(&facts, unsettled))
}

/// Stores what was decided, in one transaction. How many steps were stored, which is all of them unless somebody else was first,
/// and how often the pins have been changed then.
async fn commit(party: &Party, upstream: &Upstream, steps: &[Step]) -> Result<(usize, u32), Problem> {
    let [tenant, id] = values(party, upstream);
    let now = database::moment(clock::now());
    let of_rows = |statement, rows: Vec<String>| -> Vec<(&'static str, Vec<JsValue>)> {
        let values = |rows: String| vec![tenant.clone(), id.clone(), rows.into(), now.clone()];
        rows.into_iter().map(|rows| (statement, values(rows))).collect()
    };
    let settled = || arrays(steps.iter().map(StepRow::from));
    let mut statements = of_rows(SETTLE, settled());
    let version = described(upstream).map_or(JsValue::NULL, |description| description.version.into());
    for (_, values) in &mut statements {
        values.push(version.clone());
    }
    let settling = statements.len();
    // Right after: it tells of nothing that was not stored.
    statements.extend(messages::about(party, upstream, steps)?);
    statements.extend(of_rows(KEEP, arrays(steps.iter().filter_map(VersionRow::of))));
    statements.extend(of_rows(NOTE, settled()));
    for statement in [FORGET_VERSIONS, FORGET_HISTORY, COUNT_CHANGE] {
        statements.push((statement, vec![tenant.clone(), id.clone()]));
    }
    statements.push((CHANGES, vec![tenant, id]));
    let statements: Vec<_> = statements.iter().map(|(statement, values)| (*statement, values.as_slice())).collect();
    let done = database::batch(&party.env, &statements).await?;
    let mut stored = 0;
    for settled in done.iter().take(settling) {
        stored += database::changes(Some(settled))?;
    }
    let changes: Option<ChangesRow> = database::returned(done.last())?;
    Ok((stored, changes.map_or(0, |row| row.pins)))
}

/// Says in the log and on record what happened and what was decided, and has the messages sent.
async fn tell(party: &Party, upstream: &Upstream, steps: &[Step]) {
    let event = |Told { step, times }: Told<'_>| Event::Drifted {
        tenant: party.tenant.clone(),
        upstream: upstream.name.clone(),
        kind: step.pin.kind.as_str(),
        name: visible(&step.pin.name, MAX_NAME),
        happening: step.happening.as_str(),
        verdict: step.verdict().as_str(),
        version: step.version.as_ref().map(|version| version.fingerprint().to_string()),
        times,
    };
    let events: Vec<Event> = told(steps).into_iter().map(event).collect();
    audit::of_the_gateway(&party.env, &events).await;
    if steps.iter().any(Step::is_news) {
        messages::send_later(party);
    }
}
