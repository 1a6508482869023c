//! What is pinned of upstreams, in D1. Several isolates may settle the same offer at the same moment: each row says from which
//! version of the pin it was decided, and only the first that comes changes it.

use crate::admin::pin::{HistoryView, PinView, VersionView};
use crate::drift::definition::Kind;
use crate::drift::pin::{Pin, Standing};
use crate::drift::settle::{Happening, Step};
use crate::drift::verdict::Verdict;
use crate::drift::version::{Fingerprint, Version};
use crate::id::{PinId, TenantId, UpstreamId};
use serde::{Deserialize, Serialize};

/// What is pinned of an upstream. `?1` tenant, `?2` upstream.
pub const PINS: &str = "\
    SELECT id, kind, name, standing, approved, proposed, absent, version \
    FROM pins WHERE tenant_id = ?1 AND upstream_id = ?2";

/// The versions that count of some pins. `?1` tenant, `?2` JSON array of their ids.
pub const VERSIONS: &str = "\
    SELECT kept.fingerprint, kept.definition FROM pins JOIN pin_versions AS kept \
        ON kept.pin_id = pins.id AND kept.fingerprint IN (pins.approved, pins.proposed) \
    WHERE pins.tenant_id = ?1 AND pins.id IN (SELECT value FROM json_each(?2))";

/// The approved tools of the tenant's other upstreams. `?1` tenant, `?2` upstream.
pub const NEIGHBOURS: &str = "\
    SELECT name, approved FROM pins WHERE tenant_id = ?1 AND upstream_id <> ?2 AND kind = 'tool' AND approved IS NOT NULL AND absent = 0 \
    ORDER BY name LIMIT 20000";

/// Stores how pins stand, each that is still in the version that was decided from. `?1` tenant, `?2` upstream, `?3` JSON array
/// of [`StepRow`]s, `?4` now, `?5` the upstream's version where its description is stored with it, or `NULL`: what an older description
/// says changes nothing.
pub const SETTLE: &str = "\
    INSERT INTO pins (id, tenant_id, upstream_id, kind, name, standing, approved, proposed, verdict, absent, changed_at, version) \
    SELECT step.value ->> 'id', ?1, ?2, step.value ->> 'kind', step.value ->> 'name', step.value ->> 'standing', \
           step.value ->> 'approved', step.value ->> 'proposed', step.value ->> 'verdict', step.value ->> 'absent', ?4, \
           step.value ->> 'version' \
    FROM json_each(?3) AS step \
    WHERE EXISTS (SELECT 1 FROM upstreams WHERE tenant_id = ?1 AND id = ?2 AND (?5 IS NULL OR version = ?5)) \
    ON CONFLICT (id) DO UPDATE SET standing = excluded.standing, approved = excluded.approved, proposed = excluded.proposed, \
        verdict = excluded.verdict, absent = excluded.absent, changed_at = excluded.changed_at, version = excluded.version \
    WHERE pins.tenant_id = ?1 AND pins.upstream_id = ?2 AND pins.version = excluded.version - 1";

/// Keeps versions that were not known. `?1` tenant, `?2` upstream, `?3` JSON array of [`VersionRow`]s, `?4` now.
pub const KEEP: &str = "\
    INSERT INTO pin_versions (pin_id, fingerprint, definition, seen_at) \
    SELECT pins.id, kept.value ->> 'fingerprint', kept.value ->> 'definition', ?4 \
    FROM json_each(?3) AS kept JOIN pins ON pins.id = kept.value ->> 'id' AND pins.tenant_id = ?1 AND pins.upstream_id = ?2 \
    WHERE true ON CONFLICT (pin_id, fingerprint) DO NOTHING";

/// Notes what happened, once for each version of a pin. `?1` tenant, `?2` upstream, `?3` JSON array of [`StepRow`]s, `?4` now.
pub const NOTE: &str = "\
    INSERT INTO pin_history (pin_id, version, happening, fingerprint, verdict, comparison, at) \
    SELECT pins.id, pins.version, step.value ->> 'happening', coalesce(pins.proposed, pins.approved), pins.verdict, \
           step.value ->> 'comparison', ?4 \
    FROM json_each(?3) AS step JOIN pins ON pins.id = step.value ->> 'id' AND pins.version = step.value ->> 'version' \
        AND pins.tenant_id = ?1 AND pins.upstream_id = ?2 \
    WHERE true ON CONFLICT (pin_id, version) DO NOTHING";

/// Makes room, of an upstream that changes what it offers all the time: of each thing the hundred newest versions stay, and those that
/// count. `?1` tenant, `?2` upstream.
pub const FORGET_VERSIONS: &str = "\
    DELETE FROM pin_versions WHERE rowid IN (SELECT place.id FROM (\
        SELECT kept.rowid AS id, kept.fingerprint, pins.approved, pins.proposed, \
               row_number() OVER (PARTITION BY kept.pin_id ORDER BY kept.seen_at DESC, kept.rowid DESC) AS number \
        FROM pin_versions AS kept JOIN pins ON pins.id = kept.pin_id \
        WHERE pins.tenant_id = ?1 AND pins.upstream_id = ?2) AS place \
    WHERE number > 100 AND fingerprint IS NOT approved AND fingerprint IS NOT proposed)";

/// The same of what happened: the last thousand of each thing stay. `?1` tenant, `?2` upstream.
pub const FORGET_HISTORY: &str = "\
    DELETE FROM pin_history WHERE rowid IN (SELECT noted.rowid FROM pin_history AS noted JOIN pins ON pins.id = noted.pin_id \
        WHERE pins.tenant_id = ?1 AND pins.upstream_id = ?2 AND noted.version <= pins.version - 1000)";

/// Has every isolate look at the upstream's pins again. `?1` tenant, `?2` upstream.
pub const COUNT_CHANGE: &str = "UPDATE upstreams SET pins = pins + 1 WHERE tenant_id = ?1 AND id = ?2";

/// How often an upstream's pins were changed. `?1` tenant, `?2` upstream.
pub const CHANGES: &str = "SELECT pins FROM upstreams WHERE tenant_id = ?1 AND id = ?2";

/// An upstream was asked. `?1` tenant, `?2` upstream, `?3` now.
pub const SCANNED: &str = "UPDATE upstreams SET scanned_at = ?3 WHERE tenant_id = ?1 AND id = ?2";

/// Pins of a tenant after one. `?1` tenant, `?2` the id before them, `?3` the most, `?4` upstream or `NULL`, `?5` standing or `NULL`,
/// `?6` kind or `NULL`, `?7` 1 for those that wait for a person only.
pub const PINS_PAGE: &str = "\
    SELECT pins.id, upstream_id, upstreams.name AS upstream, pins.kind, pins.name, standing, approved, proposed, verdict, absent, \
           changed_at, pins.version \
    FROM pins JOIN upstreams ON upstreams.id = upstream_id \
    WHERE pins.tenant_id = ?1 AND pins.id > ?2 AND (?4 IS NULL OR upstream_id = ?4 OR upstreams.name = ?4) \
      AND (?5 IS NULL OR standing = ?5) AND (?6 IS NULL OR pins.kind = ?6) \
      AND (?7 = 0 OR standing IN ('held', 'quarantined')) \
    ORDER BY pins.id LIMIT ?3";

/// One pin of a tenant. `?1` tenant, `?2` id.
pub const PIN: &str = "\
    SELECT pins.id, upstream_id, upstreams.name AS upstream, pins.kind, pins.name, standing, approved, proposed, verdict, absent, \
           changed_at, pins.version \
    FROM pins JOIN upstreams ON upstreams.id = upstream_id WHERE pins.tenant_id = ?1 AND pins.id = ?2";

/// Versions of a pin that are known, the newest first. `?1` tenant, `?2` pin.
pub const VERSIONS_OF: &str = "\
    SELECT fingerprint, definition, seen_at FROM pin_versions \
    WHERE pin_id = (SELECT id FROM pins WHERE tenant_id = ?1 AND id = ?2) ORDER BY seen_at DESC, fingerprint LIMIT 100";

/// What happened to a pin, the latest first. `?1` tenant, `?2` pin.
pub const HISTORY: &str = "\
    SELECT happening, fingerprint, verdict, comparison, made_by, at FROM pin_history \
    WHERE pin_id = (SELECT id FROM pins WHERE tenant_id = ?1 AND id = ?2) ORDER BY version DESC LIMIT 200";

/// Approves known versions, where `?4` looks after the tenant: those that wait, or others than the approved ones. `?1` tenant,
/// `?2` JSON array of [`SeenRow`]s, `?3` now, `?4` who.
pub const APPROVE: &str = "\
    UPDATE pins SET standing = 'approved', approved = seen.fingerprint, proposed = NULL, changed_at = ?3, version = pins.version + 1 \
    FROM (SELECT value ->> 'id' AS id, value ->> 'fingerprint' AS fingerprint FROM json_each(?2)) AS seen \
    WHERE pins.id = seen.id AND pins.tenant_id = ?1 AND (pins.standing <> 'approved' OR pins.approved <> seen.fingerprint) \
      AND EXISTS (SELECT 1 FROM pin_versions WHERE pin_id = pins.id AND fingerprint = seen.fingerprint) \
      AND EXISTS (SELECT 1 FROM users WHERE tenant_id = ?1 AND id = ?4 AND role IN ('owner', 'admin') AND disabled_at IS NULL)";

/// Refuses versions that wait, likewise.
pub const REFUSE: &str = "\
    UPDATE pins SET standing = 'refused', changed_at = ?3, version = pins.version + 1 \
    FROM (SELECT value ->> 'id' AS id, value ->> 'fingerprint' AS fingerprint FROM json_each(?2)) AS seen \
    WHERE pins.id = seen.id AND pins.tenant_id = ?1 AND pins.standing IN ('held', 'quarantined') \
      AND pins.proposed = seen.fingerprint \
      AND EXISTS (SELECT 1 FROM users WHERE tenant_id = ?1 AND id = ?4 AND role IN ('owner', 'admin') AND disabled_at IS NULL)";

/// Notes what a person decided, right after it. `?1` tenant, `?2` JSON array of [`SeenRow`]s, `?3` now, `?4` who, `?5` what happened.
pub const NOTE_DECISION: &str = "\
    INSERT INTO pin_history (pin_id, version, happening, fingerprint, verdict, made_by, at) \
    SELECT pins.id, pins.version, ?5, seen.value ->> 'fingerprint', pins.verdict, ?4, ?3 \
    FROM json_each(?2) AS seen JOIN pins ON pins.id = seen.value ->> 'id' AND pins.tenant_id = ?1 AND pins.changed_at = ?3 \
        AND pins.standing = ?5 AND coalesce(pins.proposed, pins.approved) = seen.value ->> 'fingerprint' \
    WHERE true ON CONFLICT (pin_id, version) DO NOTHING";

/// Has every isolate look again at the upstreams of these pins. `?1` tenant, `?2` JSON array of [`SeenRow`]s.
pub const COUNT_CHANGES: &str = "\
    UPDATE upstreams SET pins = pins + 1 WHERE tenant_id = ?1 AND id IN \
        (SELECT upstream_id FROM pins WHERE tenant_id = ?1 AND id IN (SELECT value ->> 'id' FROM json_each(?2)))";

/// What a tenant agreed on for an upstream. `?1` tenant, `?2` upstream.
pub const REACTION: &str = "SELECT reaction, version FROM upstreams WHERE tenant_id = ?1 AND id = ?2";

/// Agrees on something else, in the version that was read. `?1` tenant, `?2` upstream, `?3` JSON, `?4` version, `?5` now.
pub const SET_REACTION: &str = "\
    UPDATE upstreams SET reaction = ?3, pins = pins + 1, version = version + 1, updated_at = ?5 \
    WHERE tenant_id = ?1 AND id = ?2 AND version = ?4";

/// Upstreams that have not been asked for a while, the longest first. `?1` asked before, `?2` the most.
pub const TO_SCAN: &str = "\
    SELECT upstreams.id, upstreams.tenant_id FROM upstreams JOIN tenants ON tenants.id = upstreams.tenant_id \
    WHERE (upstreams.kind = 'mcp' OR upstreams.source IS NOT NULL) AND upstreams.disabled_at IS NULL AND tenants.disabled_at IS NULL AND scanned_at < ?1 \
    ORDER BY scanned_at, upstreams.id LIMIT ?2";

/// A row of [`PINS`].
#[derive(Clone, Debug, Deserialize)]
pub struct PinRow {
    id: PinId,
    kind: Kind,
    name: String,
    standing: Standing,
    approved: Option<Fingerprint>,
    proposed: Option<Fingerprint>,
    absent: u8,
    version: u32,
}

impl From<PinRow> for Pin {
    fn from(row: PinRow) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            name: row.name,
            standing: row.standing,
            approved: row.approved,
            proposed: row.proposed,
            absent: row.absent != 0,
            version: row.version,
        }
    }
}

/// A row of [`VERSIONS`].
#[derive(Clone, Debug, Deserialize)]
pub struct StoredVersion {
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// Canonical JSON.
    pub definition: String,
}

impl StoredVersion {
    /// The version, where it can be read.
    pub fn read(&self) -> Option<(Fingerprint, Version)> {
        Version::read(&self.definition, &self.fingerprint).ok().map(|version| (self.fingerprint.clone(), version))
    }
}

/// A row of [`NEIGHBOURS`].
#[derive(Clone, Debug, Deserialize)]
pub struct NeighbourRow {
    /// What its upstream calls it.
    pub name: String,
    /// The version that is approved.
    pub approved: Fingerprint,
}

/// A row of [`CHANGES`].
#[derive(Clone, Debug, Deserialize)]
pub struct ChangesRow {
    /// How often the upstream's pins were changed.
    pub pins: u32,
}

/// A row of [`REACTION`].
#[derive(Clone, Debug, Deserialize)]
pub struct ReactionRow {
    /// JSON.
    pub reaction: Option<String>,
    /// The upstream's version.
    pub version: u32,
}

/// A row of [`PIN`] or [`PINS_PAGE`].
#[derive(Clone, Debug, Deserialize)]
pub struct PinViewRow {
    id: PinId,
    upstream_id: UpstreamId,
    upstream: String,
    kind: Kind,
    name: String,
    standing: Standing,
    approved: Option<Fingerprint>,
    proposed: Option<Fingerprint>,
    verdict: Verdict,
    absent: u8,
    changed_at: u64,
    version: u32,
}

impl From<PinViewRow> for PinView {
    fn from(row: PinViewRow) -> Self {
        Self {
            id: row.id,
            upstream_id: row.upstream_id,
            upstream: row.upstream,
            kind: row.kind,
            name: row.name,
            standing: row.standing,
            approved: row.approved,
            proposed: row.proposed,
            verdict: row.verdict,
            absent: row.absent != 0,
            changed_at: row.changed_at / 1000,
            version: row.version,
        }
    }
}

/// A row of [`VERSIONS_OF`].
#[derive(Clone, Debug, Deserialize)]
pub struct VersionOfRow {
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    definition: String,
    seen_at: u64,
}

impl VersionOfRow {
    /// The version, where it can be read.
    pub fn read(&self) -> Option<Version> {
        Version::read(&self.definition, &self.fingerprint).ok()
    }
}

impl From<VersionOfRow> for VersionView {
    fn from(row: VersionOfRow) -> Self {
        let definition = row.read().map(|version| version.definition().members.clone());
        Self { fingerprint: row.fingerprint, seen_at: row.seen_at / 1000, definition }
    }
}

/// A row of [`HISTORY`].
#[derive(Clone, Debug, Deserialize)]
pub struct HistoryRow {
    happening: Happening,
    fingerprint: Option<Fingerprint>,
    verdict: Verdict,
    comparison: Option<String>,
    made_by: Option<String>,
    at: u64,
}

impl From<HistoryRow> for HistoryView {
    fn from(row: HistoryRow) -> Self {
        Self {
            happening: row.happening,
            at: row.at / 1000,
            fingerprint: row.fingerprint,
            verdict: row.verdict,
            by: row.made_by,
            comparison: row.comparison.and_then(|text| serde_json::from_str(&text).ok()),
        }
    }
}

/// A row of [`TO_SCAN`].
#[derive(Clone, Debug, Deserialize)]
pub struct ToScanRow {
    /// The upstream.
    pub id: UpstreamId,
    /// Its tenant.
    pub tenant_id: TenantId,
}

/// A step, as [`SETTLE`] and [`NOTE`] take it.
#[derive(Clone, Debug, Serialize)]
pub struct StepRow<'a> {
    id: &'a PinId,
    kind: &'static str,
    name: &'a str,
    standing: &'static str,
    approved: Option<&'a Fingerprint>,
    proposed: Option<&'a Fingerprint>,
    verdict: &'static str,
    absent: u8,
    version: u32,
    happening: &'static str,
    comparison: Option<String>,
}

impl<'a> From<&'a Step> for StepRow<'a> {
    fn from(step: &'a Step) -> Self {
        let pin = &step.pin;
        Self {
            id: &pin.id,
            kind: pin.kind.as_str(),
            name: &pin.name,
            standing: pin.standing.as_str(),
            approved: pin.approved.as_ref(),
            proposed: pin.proposed.as_ref(),
            verdict: step.verdict().as_str(),
            absent: u8::from(pin.absent),
            version: pin.version,
            happening: step.happening.as_str(),
            comparison: step.comparison.as_ref().and_then(|comparison| serde_json::to_string(comparison).ok()),
        }
    }
}

/// A version to be kept, as [`KEEP`] takes it.
#[derive(Clone, Debug, Serialize)]
pub struct VersionRow<'a> {
    id: &'a PinId,
    fingerprint: &'a Fingerprint,
    definition: String,
}

impl<'a> VersionRow<'a> {
    /// The version that a step found.
    pub fn of(step: &'a Step) -> Option<Self> {
        let version = step.version.as_ref()?;
        Some(Self { id: &step.pin.id, fingerprint: version.fingerprint(), definition: version.stored() })
    }
}

/// A version that a person looked at.
#[derive(Clone, Debug, Serialize)]
pub struct SeenRow<'a> {
    /// The pin.
    pub id: &'a str,
    /// The version.
    pub fingerprint: &'a str,
}
