//! The `Metrics` Durable Object: what some of the isolates counted, added up. Each isolate has one that it always sends to.
//!
//! Input gates let one event in at a time and nothing is awaited between reading and writing. That a flush came is noted first: where
//! a later write fails it is lost, and never added twice.

use super::{clock, objects};
use crate::id::TenantId;
use crate::metric::Activity;
use crate::metric::activity::{BUILT_IN, Counts, KEPT, Place, minute};
use crate::metric::book::{Book, FORGOTTEN};
use crate::metric::hours::Outcomes;
use crate::metric::message::{Flush, MetricsReply, MetricsRequest};
use crate::store::metrics as statements;
use crate::store::metrics::{DurationRow, HourRow, IsolateRow, PlaceRow, SeriesRow};
use crate::time::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::cell::{Cell, RefCell};
use worker::{
    DurableObject, Env, Request, Response, Result, SqlStorage, SqlStorageValue, State, durable_object, wasm_bindgen,
};

/// Most places that one answer has: the latest are told.
const MOST_PLACES: u32 = 20_000;
/// Most rows that one statement writes: a text of the database has 2 MB at most.
const ROWS: usize = 500;

/// What some of the isolates counted.
#[durable_object]
pub struct Metrics {
    sql: SqlStorage,
    /// As it is stored, as long as this instance knows.
    book: RefCell<Option<Book>>,
    /// The hour in which this instance last forgot what is old.
    tidied: Cell<u64>,
}

impl DurableObject for Metrics {
    fn new(state: State, _env: Env) -> Self {
        Self { sql: state.storage().sql(), book: RefCell::default(), tidied: Cell::default() }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        let request: MetricsRequest = objects::question(&request).await?;
        let now = clock::now();
        // Until all is written, nothing is known: an error leaves the rows to say what was counted.
        let mut book = self.book.take().map_or_else(|| self.open(now), Ok)?;
        let reply = match request {
            MetricsRequest::Add(flush) => {
                self.add(&mut book, flush, now)?;
                MetricsReply::Added
            }
            MetricsRequest::Read => MetricsReply::All { series: book.series(), resting: book.resting(now) },
            MetricsRequest::Activity { tenant, from } => {
                MetricsReply::Activity { minutes: self.activity(tenant.as_ref(), from)? }
            }
            MetricsRequest::Hours { from } => self.hours(from)?,
        };
        self.book.replace(Some(book));
        Response::from_json(&reply)
    }
}

impl Metrics {
    fn open(&self, now: Timestamp) -> Result<Book> {
        for table in statements::SCHEMA {
            self.sql.exec(table, None)?;
        }
        let series: Vec<SeriesRow> = self.rows(statements::ALL_SERIES, vec![])?;
        let isolates: Vec<IsolateRow> = self.rows(statements::ISOLATES, vec![whole(now.minus(FORGOTTEN).millis())?])?;
        // What another version of this program counted, and this one does not know, stays where it is.
        let series = series.into_iter().filter_map(|row| {
            Some((serde_json::from_str(&row.series).ok()?, serde_json::from_str(&row.measured).ok()?))
        });
        let isolates = isolates.into_iter().map(|row| (row.isolate, row.number, Timestamp::from_millis(row.seen)));
        Ok(Book::new(series, isolates))
    }

    fn add(&self, book: &mut Book, mut flush: Flush, now: Timestamp) -> Result<()> {
        let (isolate, number) = (flush.isolate.clone(), flush.number);
        let activity = std::mem::take(&mut flush.activity);
        let Some(changed) = book.add(flush, now) else { return Ok(()) };
        let noted = vec![isolate.into(), whole(number)?, whole(now.millis())?];
        self.sql.exec(statements::NOTE_ISOLATE, noted)?;
        let mut rows = Vec::with_capacity(changed.len());
        for (series, measured) in &changed {
            rows.push((serde_json::to_string(series)?, serde_json::to_string(measured)?));
        }
        self.write(statements::WRITE_SERIES, &rows)?;
        self.add_activity(&activity)?;
        self.tidy(now)
    }

    fn add_activity(&self, more: &[(Place, Counts)]) -> Result<()> {
        for some in more.chunks(ROWS) {
            let asked: Vec<_> = some.iter().map(|(place, _)| (place.minute, &place.tenant, &place.upstream)).collect();
            let known: Vec<PlaceRow> = self.rows(statements::PLACES, vec![serde_json::to_string(&asked)?.into()])?;
            let mut all = Activity::default();
            all.merge(known.into_iter().filter_map(read));
            all.merge(some.iter().cloned());
            let mut rows = Vec::with_capacity(some.len());
            for (place, counts) in all {
                rows.push((place.minute, place.tenant, place.upstream, serde_json::to_string(&counts)?));
            }
            self.write(statements::WRITE_PLACES, &rows)?;
        }
        Ok(())
    }

    /// Forgets once an hour what is old.
    fn tidy(&self, now: Timestamp) -> Result<()> {
        let hour = minute(now) / 60;
        if self.tidied.replace(hour) != hour {
            self.sql.exec(statements::FORGET_PLACES, vec![whole(minute(now.minus(KEPT)))?])?;
            self.sql.exec(statements::FORGET_ISOLATES, vec![whole(now.minus(FORGOTTEN).millis())?])?;
        }
        Ok(())
    }

    fn activity(&self, tenant: Option<&TenantId>, from: u64) -> Result<Vec<(Place, Counts)>> {
        let tenant = tenant.map(|tenant| tenant.as_str().to_owned());
        let bindings = vec![whole(from)?, SqlStorageValue::from(tenant), whole(MOST_PLACES.into())?];
        let rows: Vec<PlaceRow> = self.rows(statements::ACTIVITY, bindings)?;
        Ok(rows.into_iter().filter_map(read).collect())
    }

    fn hours(&self, from: u64) -> Result<MetricsReply> {
        let hours: Vec<HourRow> = self.rows(statements::HOURS, vec![whole(from)?, BUILT_IN.into()])?;
        let took: Vec<DurationRow> = self.rows(statements::DURATIONS, vec![whole(from)?])?;
        let outcomes = |row: HourRow| Outcomes { answered: row.answered, failed: row.failed };
        Ok(MetricsReply::Hours {
            hours: hours.into_iter().map(|row| (row.hour, row.own != 0, outcomes(row))).collect(),
            took: took.into_iter().map(|row| (row.bucket, row.count)).collect(),
        })
    }

    fn rows<T: DeserializeOwned>(&self, statement: &str, bindings: Vec<SqlStorageValue>) -> Result<Vec<T>> {
        self.sql.exec(statement, bindings)?.to_array()
    }

    fn write(&self, statement: &str, rows: &[impl Serialize]) -> Result<()> {
        for some in rows.chunks(ROWS) {
            self.sql.exec(statement, vec![serde_json::to_string(some)?.into()])?;
        }
        Ok(())
    }
}

fn read(row: PlaceRow) -> Option<(Place, Counts)> {
    let tenant = TenantId::parse(&row.tenant).ok()?;
    let place = Place { minute: row.minute, tenant, upstream: row.upstream };
    Some((place, serde_json::from_str(&row.counts).ok()?))
}

fn whole(number: u64) -> Result<SqlStorageValue> {
    let number = i64::try_from(number).map_err(|_| worker::Error::from("a number out of range"))?;
    SqlStorageValue::try_from_i64(number)
}
