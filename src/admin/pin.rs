//! What is pinned of upstreams, as administrators see and decide it.

use crate::drift::change::{Comparison, visible};
use crate::drift::definition::Kind;
use crate::drift::diff;
use crate::drift::pin::Standing;
use crate::drift::reaction::Reaction;
use crate::drift::settle::{Happening, Step};
use crate::drift::verdict::Verdict;
use crate::drift::version::Fingerprint;
use crate::id::{PinId, UpstreamId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Most versions that one order approves.
pub const MOST_APPROVED: usize = 500;
/// Most things that one message tells of.
const MOST_TOLD: usize = 20;
/// Most lines that it has on one of them.
const MOST_LINES: usize = 60;
/// Longest name in it, in characters.
const MAX_NAME_TOLD: usize = 256;

/// What happens to changes of what an upstream offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct ReactionView {
    /// What was agreed on.
    #[serde(flatten)]
    pub reaction: Reaction,
    /// The upstream's version; the number in the `ETag`.
    pub version: u32,
}

/// A thing that an upstream offers.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct PinView {
    /// Its id.
    pub id: PinId,
    /// Its upstream.
    pub upstream_id: UpstreamId,
    /// The upstream's name.
    pub upstream: String,
    /// What it is.
    pub kind: Kind,
    /// What its upstream calls it.
    pub name: String,
    /// How it stands.
    pub standing: Standing,
    /// The fingerprint of the approved version.
    pub approved: Option<Fingerprint>,
    /// That of the version that waits, or was refused.
    pub proposed: Option<Fingerprint>,
    /// What the last change means.
    pub verdict: Verdict,
    /// Whether its upstream did not offer it when it was last asked.
    pub absent: bool,
    /// When it was last changed, seconds since 1970.
    pub changed_at: u64,
    /// Counts its changes.
    pub version: u32,
}

/// A thing with its versions and what happened to it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct PinDetail {
    /// The thing.
    #[serde(flatten)]
    pub pin: PinView,
    /// What waits, compared with what is approved: one line for each change, to be read by a person.
    pub diff: Vec<String>,
    /// Every version that was seen, the newest first, at most 100.
    pub versions: Vec<VersionView>,
    /// What happened to it, the latest first, at most 200.
    pub history: Vec<HistoryView>,
}

/// A version of a thing.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct VersionView {
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// When it was first seen, seconds since 1970.
    pub seen_at: u64,
    /// What is pinned of it; `null` where what is stored cannot be read.
    pub definition: Option<Map<String, Value>>,
}

/// Something that happened to a thing.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct HistoryView {
    /// What happened.
    pub happening: Happening,
    /// When, seconds since 1970.
    pub at: u64,
    /// The version it was about.
    pub fingerprint: Option<Fingerprint>,
    /// What it means.
    pub verdict: Verdict,
    /// Who did it; nobody for what was agreed on beforehand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What changed, as it was compared then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comparison: Option<Value>,
}

/// Which things are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct PinFilter {
    /// Those of this upstream only, by id or name.
    pub upstream: Option<String>,
    /// Those that stand so only; `waiting` is all that wait for a person.
    pub standing: Option<PinStanding>,
    /// Those of this kind only.
    pub kind: Option<Kind>,
}

/// How things stand that are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum PinStanding {
    /// They wait for a person: held or quarantined.
    Waiting,
    /// They were never approved.
    Held,
    /// They are approved.
    Approved,
    /// They changed.
    Quarantined,
    /// A person refused what was proposed.
    Refused,
}

impl PinStanding {
    /// The one standing that is meant; none for all that wait.
    pub const fn exactly(self) -> Option<Standing> {
        match self {
            Self::Waiting => None,
            Self::Held => Some(Standing::Held),
            Self::Approved => Some(Standing::Approved),
            Self::Quarantined => Some(Standing::Quarantined),
            Self::Refused => Some(Standing::Refused),
        }
    }
}

/// What a person decided about a version of a thing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct PinDecision {
    /// The version that was looked at: the one that waits, or, to go back to it, one that was seen before.
    pub fingerprint: Fingerprint,
    /// True for yes.
    pub approve: bool,
}

/// Versions that a person looked at and approves.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct ManyApproved {
    /// Each thing with its version, at most 500.
    pub pins: Vec<SeenVersion>,
}

/// A version of a thing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct SeenVersion {
    /// The thing.
    pub id: PinId,
    /// The version.
    pub fingerprint: Fingerprint,
}

/// How many were approved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Approved {
    /// How many; those are not counted that are approved already, are not there or were never seen so.
    pub approved: usize,
}

/// Two versions of a thing to be compared.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct VersionPair {
    /// The fingerprint of the one.
    pub old: Fingerprint,
    /// That of the other.
    pub new: Fingerprint,
}

/// What is between two versions.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct PinComparison {
    /// What the change from one to the other means.
    pub verdict: Verdict,
    /// One line for each change, to be read by a person.
    pub diff: Vec<String>,
    /// The changes.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Value"))]
    pub comparison: Comparison,
}

/// What asking an upstream came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Scanned {
    /// Whether it answered as it should.
    pub works: bool,
    /// What went wrong, where something did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// How many things were new, changed, gone or back.
    pub happened: usize,
    /// Those that somebody should look at, at most 20.
    pub news: Vec<News>,
}

/// A thing that somebody should look at.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct News {
    /// The thing.
    pub pin: PinId,
    /// What it is.
    pub kind: Kind,
    /// What its upstream calls it, with every character visible.
    pub name: String,
    /// What happened.
    pub happening: Happening,
    /// What it means.
    pub verdict: Verdict,
    /// The version that waits.
    pub proposed: Option<Fingerprint>,
    /// One line for each change, to be read by a person.
    pub diff: Vec<String>,
}

/// What a message about an upstream says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DriftMessage {
    /// The tenant.
    pub tenant: String,
    /// The upstream's id.
    pub upstream_id: UpstreamId,
    /// The upstream's name.
    pub upstream: String,
    /// Where an administrator decides.
    pub page: String,
    /// What happened, the worst first, at most 20.
    pub news: Vec<News>,
    /// How many more happened.
    pub more: usize,
}

impl Scanned {
    /// What steps came to.
    pub fn of(steps: &[Step]) -> Self {
        Self { works: true, problem: None, happened: steps.len(), news: news(steps).0 }
    }

    /// A failure.
    pub fn failed(problem: String) -> Self {
        Self { problem: Some(problem), ..Self::default() }
    }
}

/// What somebody should look at, the worst first, and how many more there are.
pub fn news(steps: &[Step]) -> (Vec<News>, usize) {
    let mut news: Vec<&Step> = steps.iter().filter(|step| step.is_news()).collect();
    news.sort_by_key(|step| std::cmp::Reverse(step.verdict()));
    let told = news.iter().take(MOST_TOLD).map(|step| News {
        pin: step.pin.id.clone(),
        kind: step.pin.kind,
        name: visible(&step.pin.name, MAX_NAME_TOLD),
        happening: step.happening,
        verdict: step.verdict(),
        proposed: step.pin.proposed.clone(),
        diff: step.comparison.as_ref().map(some_lines).unwrap_or_default(),
    });
    (told.collect(), news.len().saturating_sub(MOST_TOLD))
}

/// A comparison as a person reads it.
pub fn lines(comparison: &Comparison) -> Vec<String> {
    diff::lines('~', comparison)
}

/// As much of it as a message has room for.
fn some_lines(comparison: &Comparison) -> Vec<String> {
    let mut all = lines(comparison);
    if all.len() > MOST_LINES {
        all.truncate(MOST_LINES);
        all.push("    …".to_owned());
    }
    all
}
