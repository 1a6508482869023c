//! The `AuditTrail` Durable Object: one tenant's trail, or the operator's, and its only writer.
//!
//! Input gates let one event in at a time and no call is awaited between reading and writing, so the chain cannot fork; the
//! platform holds back an answer until what was written before it is stored.

use super::{clock, objects};
use crate::audit::Trail;
use crate::audit::append::{MAX_DRAFTS, Tail, append};
use crate::audit::chain::{Link, Record, Verifier};
use crate::audit::message::{
    EXPORT_PAGE, Exported, MAX_FAULTS, Question, TrailReply, TrailRequest, VERIFY_PAGE, Verified,
};
use crate::audit::query::{Entry, Order, Page, Query, Span};
use crate::audit::record::{Digest, Draft};
use crate::audit::retention::{ALARM, Days, EVERY, SOON, STEP};
use crate::store::audit as statements;
use crate::store::audit::{BoundsRow, KnownRow, RecordRow, SeqRow};
use crate::time::{Lifetime, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::cell::{Cell, RefCell};
use std::time::Duration;
use worker::{
    DurableObject, Env, Request, Response, Result, SqlStorage, SqlStorageValue, State, durable_object, wasm_bindgen,
};

/// One trail.
#[durable_object]
pub struct AuditTrail {
    state: State,
    sql: SqlStorage,
    /// Whether this instance has seen to its tables.
    has_tables: Cell<bool>,
    /// Where the chain ends, as long as this instance knows.
    tail: RefCell<Option<Tail>>,
    /// When this instance looked last whether records are old enough to go.
    looked: Cell<Timestamp>,
}

impl DurableObject for AuditTrail {
    fn new(state: State, _env: Env) -> Self {
        let sql = state.storage().sql();
        let (has_tables, tail, looked) = (Cell::default(), RefCell::default(), Cell::new(Timestamp::from_millis(0)));
        Self { state, sql, has_tables, tail, looked }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        let Question { trail, request } = objects::question(&request).await?;
        self.make_tables()?;
        let reply = match request {
            TrailRequest::Keep { days } => self.keep(days).await?,
            TrailRequest::Forget => self.forget().await?,
            other => self.answer(&trail, other)?,
        };
        Response::from_json(&reply)
    }

    async fn alarm(&self) -> Result<Response> {
        self.make_tables()?;
        if self.days()?.is_some() {
            let more = self.let_go(clock::now())?;
            self.wake_in(if more { SOON } else { ALARM }).await?;
        }
        Response::empty()
    }
}

#[derive(Deserialize)]
struct Value {
    value: String,
}

impl AuditTrail {
    fn answer(&self, trail: &Trail, request: TrailRequest) -> Result<TrailReply> {
        Ok(match request {
            TrailRequest::Append { drafts } => {
                self.append(trail, drafts)?;
                TrailReply::Done
            }
            TrailRequest::Query(query) => TrailReply::Page(self.query(&query)?),
            TrailRequest::Export { after } => TrailReply::Exported(self.export(trail, after)?),
            TrailRequest::Verify { after } => TrailReply::Verified(self.verify(trail, after)?),
            TrailRequest::Head => TrailReply::Head(self.tail(trail)?.link),
            // These two wait for the platform, and are answered where that is done.
            TrailRequest::Keep { .. } | TrailRequest::Forget => TrailReply::Done,
        })
    }

    fn append(&self, trail: &Trail, drafts: Vec<Draft>) -> Result<()> {
        if drafts.len() > MAX_DRAFTS {
            return Err(worker::Error::from("too many drafts"));
        }
        let now = clock::now();
        let keys: Vec<String> = drafts.iter().map(Draft::key).collect();
        let known: Vec<KnownRow> =
            self.sql.exec(statements::KNOWN, vec![serde_json::to_string(&keys)?.into()])?.to_array()?;
        let known = known.into_iter().map(|row| row.id).collect();
        // Until all is written, nothing is known: an error leaves the rows to say where the chain ends.
        let end = self.tail.take().map_or_else(|| self.tail(trail), Ok)?;
        let records = append(end.clone(), known, drafts, now);
        records.iter().try_for_each(|(record, text)| self.write(record, text))?;
        let last = records.last().map(|(record, _)| Tail { link: record.link(), recorded: record.recorded });
        self.tail.replace(Some(last.unwrap_or(end)));
        if now.since(self.looked.get()) >= EVERY {
            self.looked.set(now);
            self.let_go(now)?;
        }
        Ok(())
    }

    fn write(&self, record: &Record, text: &str) -> Result<()> {
        let bindings = vec![
            whole(record.seq)?,
            record.draft.key().into(),
            whole(record.recorded.millis())?,
            i32::from(record.draft.is_call()).into(),
            text.into(),
        ];
        self.sql.exec(statements::INSERT_RECORD, bindings).map(drop)
    }

    /// Where the chain ends. A last record that cannot be read any more is followed by what stands there, so that the fault
    /// shows and the trail goes on.
    fn tail(&self, trail: &Trail) -> Result<Tail> {
        let Some(row) = self.first::<RecordRow>(statements::LAST, vec![])? else {
            return Ok(Tail { link: self.anchor(trail)?, recorded: Timestamp::from_millis(0) });
        };
        Ok(Tail { link: link(&row), recorded: Timestamp::from_millis(row.recorded) })
    }

    /// What the first record that is left follows.
    fn anchor(&self, trail: &Trail) -> Result<Link> {
        Ok(self.part(statements::ANCHOR)?.unwrap_or_else(|| Link::start(trail)))
    }

    fn query(&self, query: &Query) -> Result<Page> {
        let Some(there) = self.bounds(query)? else { return Ok(Page::default()) };
        let Some(span) = query.span(there) else { return Ok(Page::default()) };
        let statement = match query.order {
            Order::NewestFirst => statements::NEWEST,
            Order::OldestFirst => statements::OLDEST,
        };
        let text = |text: Option<&str>| SqlStorageValue::from(text.map(str::to_owned));
        let bindings = vec![
            whole(span.low)?,
            whole(span.high)?,
            text(query.kind.as_deref()),
            text(query.user.as_ref().map(crate::id::UserId::as_str)),
            text(query.tool.as_deref()),
            text(query.outcome.as_deref()),
            text(query.correlation.as_ref().map(crate::id::CorrelationId::as_str)),
            text(query.target.as_deref()),
            text(query.written().as_deref()),
            whole(query.limit.count().into())?,
        ];
        let rows: Vec<RecordRow> = self.sql.exec(statement, bindings)?.to_array()?;
        let found: Vec<u64> = rows.iter().map(|row| row.seq).collect();
        let entry = |row: RecordRow| Entry {
            seq: row.seq,
            outcome_unknown: row.unknown == 1,
            record: Record::parse(&row.record).map(Box::new),
        };
        Ok(Page { entries: rows.into_iter().map(entry).collect(), next: query.next(there, span, &found) })
    }

    /// The records within the asked time.
    fn bounds(&self, query: &Query) -> Result<Option<Span>> {
        let bounds = self.first::<BoundsRow>(statements::BOUNDS, vec![])?;
        let Some((low, high)) = bounds.and_then(|bounds| Some((bounds.low?, bounds.high?))) else { return Ok(None) };
        let low = match query.from.map(|from| self.first_since(from)).transpose()? {
            Some(first) => first,
            None => Some(low),
        };
        let high = match query.to.map(|to| self.first_since(to)).transpose()?.flatten() {
            Some(first) => first.saturating_sub(1),
            None => high,
        };
        Ok(low.map(|low| Span { low, high }))
    }

    fn first_since(&self, moment: Timestamp) -> Result<Option<u64>> {
        let row = self.first::<SeqRow>(statements::FIRST_SINCE, vec![whole(moment.millis())?])?;
        Ok(row.map(|row| row.seq))
    }

    fn after(&self, seq: u64, count: u32) -> Result<Vec<RecordRow>> {
        self.sql.exec(statements::AFTER, vec![whole(seq)?, whole(count.into())?])?.to_array()
    }

    fn export(&self, trail: &Trail, after: u64) -> Result<Exported> {
        let rows = self.after(after, EXPORT_PAGE)?;
        let last = self.tail(trail)?.link;
        let next = rows.last().map(|row| row.seq).filter(|seq| *seq < last.seq);
        Ok(Exported {
            anchor: self.anchor(trail)?,
            records: rows.into_iter().map(|row| row.record).collect(),
            next,
            last,
        })
    }

    fn verify(&self, trail: &Trail, after: Option<Link>) -> Result<Verified> {
        let anchor = self.anchor(trail)?;
        // What retention dropped since the last question is not asked for any more.
        let from = after.filter(|after| after.seq >= anchor.seq).unwrap_or(anchor);
        let rows = self.after(from.seq, VERIFY_PAGE)?;
        let mut verifier = Verifier::new(from);
        let mut faults: Vec<_> = rows.iter().filter_map(|row| verifier.feed(&row.record).err()).collect();
        faults.truncate(MAX_FAULTS);
        let reached = rows.last().map_or(verifier.last().seq, |row| row.seq);
        let last = match verifier.last().clone() {
            last if last.seq == reached => last,
            // The last one could not be read: the next question goes on behind it.
            _ => rows.last().map_or_else(|| verifier.last().clone(), link),
        };
        let done = reached >= self.tail(trail)?.link.seq;
        Ok(Verified { records: u64::try_from(rows.len()).unwrap_or_default(), faults, last, done })
    }

    async fn keep(&self, days: Option<Days>) -> Result<TrailReply> {
        if let Some(days) = days {
            self.write_part(statements::KEEP, &days)?;
            self.wake_in(SOON).await?;
        } else {
            self.sql.exec(statements::DELETE_PART, vec![statements::KEEP.into()])?;
            self.state.storage().delete_alarm().await?;
        }
        Ok(TrailReply::Done)
    }

    async fn forget(&self) -> Result<TrailReply> {
        self.has_tables.set(false);
        self.tail.take();
        self.state.storage().delete_alarm().await?;
        self.state.storage().delete_all().await?;
        Ok(TrailReply::Done)
    }

    fn days(&self) -> Result<Option<Days>> {
        self.part(statements::KEEP)
    }

    /// Lets go of records that are old enough, a step at a time. Whether there may be more.
    fn let_go(&self, now: Timestamp) -> Result<bool> {
        let Some(days) = self.days()? else { return Ok(false) };
        let bindings = vec![whole(days.cutoff(now).millis())?, whole(STEP.into())?];
        let Some(row) = self.first::<RecordRow>(statements::LAST_BEFORE, bindings)? else { return Ok(false) };
        let before = self.part::<Link>(statements::ANCHOR)?.map_or(0, |anchor| anchor.seq);
        self.write_part(statements::ANCHOR, &link(&row))?;
        self.sql.exec(statements::DROP, vec![whole(row.seq)?])?;
        Ok(row.seq.saturating_sub(before) >= u64::from(STEP))
    }

    async fn wake_in(&self, span: Lifetime) -> Result<()> {
        self.state.storage().set_alarm(Duration::from_millis(span.millis())).await
    }

    fn make_tables(&self) -> Result<()> {
        if !self.has_tables.get() {
            for table in statements::SCHEMA {
                self.sql.exec(table, None)?;
            }
            self.has_tables.set(true);
        }
        Ok(())
    }

    fn first<T: DeserializeOwned>(&self, statement: &str, bindings: Vec<SqlStorageValue>) -> Result<Option<T>> {
        let rows: Vec<T> = self.sql.exec(statement, bindings)?.to_array()?;
        Ok(rows.into_iter().next())
    }

    fn part<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        let row = self.first::<Value>(statements::READ_PART, vec![name.into()])?;
        row.map(|row| serde_json::from_str(&row.value).map_err(Into::into)).transpose()
    }

    fn write_part(&self, name: &str, part: &impl Serialize) -> Result<()> {
        let bindings = vec![name.into(), serde_json::to_string(part)?.into()];
        self.sql.exec(statements::WRITE_PART, bindings).map(drop)
    }
}

/// The place of a record as it is stored; of one that cannot be read, the digest of what stands there.
fn link(row: &RecordRow) -> Link {
    match Record::parse(&row.record) {
        Some(record) => record.link(),
        None => Link { seq: row.seq, hash: Digest::of(row.record.as_bytes()) },
    }
}

fn whole(number: u64) -> Result<SqlStorageValue> {
    let number = i64::try_from(number).map_err(|_| worker::Error::from("a number out of range"))?;
    SqlStorageValue::try_from_i64(number)
}
