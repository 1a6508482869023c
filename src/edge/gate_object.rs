//! The `Gate` Durable Object: reads the facts, lets [`crate::gate::decision::decide`] decide, commits, answers.
//!
//! One object per principal, one per tenant and per tool whose calls are limited, and one per account and per source address
//! for logins. Input gates let one event in at a
//! time, and no call is awaited between reading and writing, so a decision never works on stale facts.
//!
//! A gate that nobody asks any more empties itself: an instance that is woken by its alarm was asked nothing since the alarm
//! was set, which the first question to an instance does anew when half the time is up.

use super::{clock, objects};
use crate::gate::decision::{Facts, Write, decide};
use crate::gate::message::{GateReply, GateRequest};
use crate::gate::single::Single;
use crate::gate::{RENEWED, UNUSED};
use crate::store::gate as statements;
use crate::time::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::Duration;
use worker::{
    DurableObject, Env, Request, Response, Result, SqlStorage, SqlStorageValue, State, durable_object, wasm_bindgen,
};

/// What a principal may still do, in one place that cannot race.
#[durable_object]
pub struct Gate {
    state: State,
    sql: SqlStorage,
    /// Whether this instance has seen to its tables.
    has_tables: Cell<bool>,
}

impl DurableObject for Gate {
    fn new(state: State, _env: Env) -> Self {
        let sql = state.storage().sql();
        Self { state, sql, has_tables: Cell::new(false) }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        let question: GateRequest = objects::question(&request).await?;
        if question == GateRequest::Forget {
            self.forget().await?;
            return Response::from_json(&GateReply::Done);
        }
        let is_new = !self.has_tables.get();
        let reply = self.answer(question)?;
        if is_new {
            self.put_off_the_end().await?;
        }
        Response::from_json(&reply)
    }

    async fn alarm(&self) -> Result<Response> {
        if self.has_tables.get() {
            self.put_off_the_end().await?;
        } else {
            self.forget().await?;
        }
        Response::empty()
    }
}

#[derive(Deserialize)]
struct Value {
    value: String,
}

#[derive(Deserialize)]
struct Row {
    #[serde(default)]
    id: String,
    value: String,
}

impl Gate {
    async fn put_off_the_end(&self) -> Result<()> {
        let soon = i64::try_from(clock::now().plus(RENEWED).millis()).unwrap_or(i64::MAX);
        let storage = self.state.storage();
        if storage.get_alarm().await?.is_none_or(|end| end < soon) {
            storage.set_alarm(Duration::from_millis(UNUSED.millis())).await?;
        }
        Ok(())
    }

    async fn forget(&self) -> Result<()> {
        self.has_tables.set(false);
        self.state.storage().delete_alarm().await?;
        self.state.storage().delete_all().await
    }

    fn answer(&self, question: GateRequest) -> Result<GateReply> {
        let now = clock::now();
        self.make_tables()?;
        let facts = self.facts(&question)?;
        if question.opens() {
            self.forget_ended(now)?;
        }
        let (reply, writes) = decide(question, facts, now);
        writes.iter().try_for_each(|write| self.commit(write))?;
        Ok(reply)
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

    fn facts(&self, question: &GateRequest) -> Result<Facts> {
        let singles = self.singles(question)?;
        let opened = singles.values().find_map(|single| match single {
            Single::Code(code) => code.opened.as_ref(),
            _ => None,
        });
        let session = match question.session().or(opened) {
            Some(id) => self.read(statements::READ_SESSION, id.as_str())?,
            None => None,
        };
        let sessions = if question.is_about_everything() { self.rows(statements::READ_SESSIONS)? } else { Vec::new() };
        let ended_all = self.part_if(question.is_sign_in(), statements::ENDED_ALL)?;
        let token_revoked = match question.token() {
            Some(id) => self.value(statements::READ_REVOKED_TOKEN, id.as_str())?.is_some(),
            None => false,
        };
        Ok(Facts {
            bucket: self.read(statements::READ_PART, statements::BUCKET)?,
            quotas: self.part_if(question.is_about_limits(), statements::QUOTAS)?,
            slots: self.part_if(question.is_about_limits(), statements::SLOTS)?,
            throttle: self.read(statements::READ_PART, statements::THROTTLE)?,
            ended_all,
            session,
            token_revoked,
            singles,
            sessions: sessions
                .iter()
                .map(|row| serde_json::from_str(&row.value))
                .collect::<std::result::Result<_, _>>()?,
        })
    }

    fn singles(&self, question: &GateRequest) -> Result<BTreeMap<String, Single>> {
        let mut singles = BTreeMap::new();
        if question.is_about_everything() {
            for row in self.rows(statements::READ_SINGLES)? {
                singles.insert(row.id, serde_json::from_str(&row.value)?);
            }
        }
        for id in question.singles() {
            if let Some(single) = self.read(statements::READ_SINGLE, id)? {
                singles.insert(id.to_owned(), single);
            }
        }
        Ok(singles)
    }

    fn rows(&self, statement: &str) -> Result<Vec<Row>> {
        self.sql.exec(statement, None)?.to_array()
    }

    fn commit(&self, write: &Write) -> Result<()> {
        match write {
            Write::Bucket(bucket) => self.write_part(statements::BUCKET, bucket),
            Write::Quotas(quotas) => self.write_part(statements::QUOTAS, quotas),
            Write::Slots(slots) => self.write_part(statements::SLOTS, slots),
            Write::Throttle(throttle) => self.write_part(statements::THROTTLE, throttle),
            Write::EndedAll(moment) => self.write_part(statements::ENDED_ALL, moment),
            Write::Session(session) => {
                let bindings = vec![
                    session.id.as_str().into(),
                    serde_json::to_string(session)?.into(),
                    milliseconds(session.expires_at)?,
                ];
                self.sql.exec(statements::WRITE_SESSION, bindings).map(drop)
            }
            Write::RevokeToken(token, until) => {
                let bindings = vec![token.as_str().into(), milliseconds(*until)?];
                self.sql.exec(statements::WRITE_REVOKED_TOKEN, bindings).map(drop)
            }
            Write::Single(id, single) => {
                let bindings =
                    vec![id.as_str().into(), serde_json::to_string(single)?.into(), milliseconds(single.expires_at())?];
                self.sql.exec(statements::WRITE_SINGLE, bindings).map(drop)
            }
            Write::Forget(id) => self.sql.exec(statements::DELETE_SINGLE, vec![id.as_str().into()]).map(drop),
        }
    }

    fn write_part(&self, name: &str, part: &impl Serialize) -> Result<()> {
        let bindings = vec![name.into(), serde_json::to_string(part)?.into()];
        self.sql.exec(statements::WRITE_PART, bindings).map(drop)
    }

    fn forget_ended(&self, now: Timestamp) -> Result<()> {
        let statements =
            [statements::DELETE_ENDED_SESSIONS, statements::DELETE_ENDED_TOKENS, statements::DELETE_ENDED_SINGLES];
        for statement in statements {
            self.sql.exec(statement, vec![milliseconds(now)?])?;
        }
        Ok(())
    }

    /// A part that only some questions need.
    fn part_if<T: DeserializeOwned>(&self, needed: bool, name: &str) -> Result<Option<T>> {
        if needed { self.read(statements::READ_PART, name) } else { Ok(None) }
    }

    fn read<T: DeserializeOwned>(&self, statement: &str, key: &str) -> Result<Option<T>> {
        self.value(statement, key)?.map(|text| serde_json::from_str(&text).map_err(Into::into)).transpose()
    }

    fn value(&self, statement: &str, key: &str) -> Result<Option<String>> {
        let rows: Vec<Value> = self.sql.exec(statement, vec![key.into()])?.to_array()?;
        Ok(rows.into_iter().next().map(|row| row.value))
    }
}

fn milliseconds(moment: Timestamp) -> Result<SqlStorageValue> {
    let millis = i64::try_from(moment.millis()).map_err(|_| worker::Error::from("a moment out of range"))?;
    SqlStorageValue::try_from_i64(millis)
}
