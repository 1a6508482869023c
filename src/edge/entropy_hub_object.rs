//! The entropy hub: one Durable Object that asks the providers, so that no isolate and no request does.
//!
//! | route | answer |
//! |---|---|
//! | `POST /seed` | a child seed (see [`crate::entropy::child`]); the body tells what the isolate has counted |
//! | `POST /direct` | a child seed for which providers are asked now, where any is at hand |
//! | `GET /report` | the report for `/health` |
//! | `GET /history` | which label outputs carried since when |
//! | `GET /status` | everything, for `/entropy/status` and the metrics |
//!
//! Nothing is ever stored but the time of the next alarm and the history of labels: keys and provider bytes live in memory and
//! die with the object.
//! The decisions are those of [`crate::entropy::hub`]; this file sends, waits and logs.

use super::context::log;
use super::{clock, outbound, random};
use crate::config::Profile;
use crate::entropy::generator::Salt;
use crate::entropy::history::History;
use crate::entropy::hub::{Ended, Fetch, Hub};
use crate::entropy::provider::Providers;
use crate::entropy::status::Outputs;
use crate::observe::Event;
use crate::time::Timestamp;
use crate::token::read_key;
use futures::channel::oneshot;
use futures::future::join_all;
use std::cell::{Cell, RefCell};
use worker::{DurableObject, Env, Method, Request, Response, Result, State, durable_object, wasm_bindgen};

/// The name of the history in the object's storage.
const HISTORY: &str = "labels";

/// The single writer of entropy state, made at its first use.
#[durable_object]
pub struct EntropyHub {
    state: State,
    env: Env,
    hub: RefCell<Option<Hub>>,
    alarm_at: Cell<Option<Timestamp>>,
    /// As it is stored, once it was read.
    history: RefCell<Option<History>>,
    /// While a round is under way: who waits for its end.
    waiting: RefCell<Option<Vec<oneshot::Sender<()>>>>,
}

/// Ends a round for everybody who waits for it, also when the round itself is dropped.
struct RoundUnderWay<'a>(&'a RefCell<Option<Vec<oneshot::Sender<()>>>>);

impl Drop for RoundUnderWay<'_> {
    fn drop(&mut self) {
        for waiting in self.0.take().unwrap_or_default() {
            // Whoever waited may be gone.
            let _ = waiting.send(());
        }
    }
}

impl DurableObject for EntropyHub {
    fn new(state: State, env: Env) -> Self {
        Self {
            state,
            env,
            hub: RefCell::new(None),
            alarm_at: Cell::new(None),
            history: RefCell::new(None),
            waiting: RefCell::new(None),
        }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        match (request.method(), request.path().as_str()) {
            (Method::Post, "/seed") => {
                let told = request.json().await.unwrap_or_default();
                // The caller waits in the background, and its seed is worth more after the answers.
                self.round().await?;
                self.seed(false, &told).await
            }
            (Method::Post, "/direct") => {
                let told = request.json().await.unwrap_or_default();
                let absorbed = self.fetch_now().await?;
                self.seed(absorbed, &told).await
            }
            (Method::Get, "/report") => {
                let report = self.with_hub(|hub| hub.report(clock::now()))?;
                self.schedule().await;
                Response::from_json(&report)
            }
            (Method::Get, "/history") => {
                self.read_history().await?;
                Response::from_json(&*self.history.borrow())
            }
            (Method::Get, "/status") => {
                let status = self.with_hub(|hub| hub.status(clock::now()))?;
                self.schedule().await;
                Response::from_json(&status)
            }
            _ => Response::error("not found", 404),
        }
    }

    async fn alarm(&self) -> Result<Response> {
        self.alarm_at.set(None);
        self.round().await?;
        self.schedule().await;
        self.note_label().await;
        Response::empty()
    }
}

impl EntropyHub {
    async fn seed(&self, direct: bool, told: &Outputs) -> Result<Response> {
        if self.with_hub(|hub| hub.wants_seed(clock::now()))? {
            let local = random::local_seed();
            self.with_hub(|hub| hub.reseed(&local, clock::now()))?;
        }
        let (local, extra) = (random::local_seed(), random::extra());
        let child = self.with_hub(|hub| hub.child_seed(&local, &extra, direct, told, clock::now()))?;
        self.schedule().await;
        self.note_label().await;
        let body = child.render().map_err(|invalid| worker::Error::RustError(invalid.to_string()))?;
        Response::from_bytes(body)
    }

    /// One round: send to everybody who is due at once, absorb what came. While one is under way, its end is awaited instead.
    async fn round(&self) -> Result<()> {
        let under_way = self.waiting.borrow_mut().as_mut().map(|waiting| {
            let (end, ended) = oneshot::channel();
            waiting.push(end);
            ended
        });
        if let Some(ended) = under_way {
            // An error would say that the round was dropped: it is over as well.
            let _ = ended.await;
            return Ok(());
        }
        self.waiting.replace(Some(Vec::new()));
        let _end = RoundUnderWay(&self.waiting);
        let mut nonce = [0; 16];
        random::draw(&mut nonce);
        let fetches = self.with_hub(|hub| hub.due(nonce, clock::now()))?;
        self.absorb(fetches).await.map(drop)
    }

    /// Asks those providers now that can be asked; whether enough came to speak of bytes for one value.
    async fn fetch_now(&self) -> Result<bool> {
        let mut nonce = [0; 16];
        random::draw(&mut nonce);
        let fetches = self.with_hub(|hub| hub.due_now(nonce, clock::now()))?;
        if fetches.is_empty() {
            return Ok(false);
        }
        Ok(self.absorb(fetches).await? >= crate::entropy::generator::SEED_BYTES)
    }

    /// Sends all at once and absorbs what came. The hub is not borrowed while anything is awaited.
    async fn absorb(&self, fetches: Vec<Fetch>) -> Result<usize> {
        let ends: Result<Vec<Ended>> =
            join_all(fetches.into_iter().map(|fetch| self.complete(fetch))).await.into_iter().collect();
        let (ends, local) = (ends?, random::local_seed());
        let round = self.with_hub(|hub| hub.absorb(ends, &local, clock::now()))?;
        for change in &round.changes {
            log(&Event::from(change), None);
        }
        Ok(round.absorbed)
    }

    /// Sends a fetch, and what it wants next, until it ends.
    async fn complete(&self, mut fetch: Fetch) -> Result<Ended> {
        loop {
            let outcome = outbound::send(&fetch.request).await;
            match self.with_hub(|hub| hub.next(fetch.answered(outcome), clock::now()))? {
                Ok(next) => fetch = next,
                Err(ended) => return Ok(*ended),
            }
        }
    }

    async fn read_history(&self) -> Result<()> {
        if self.history.borrow().is_none() {
            let stored = self.state.storage().get::<String>(HISTORY).await?;
            // What another version of this program stored, and this one cannot read, is begun anew.
            let read = stored.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
            self.history.borrow_mut().get_or_insert(read);
        }
        Ok(())
    }

    /// Stores the label when it is another than before. It is noted when something was made of it: a hub that has just begun
    /// anew, and asked nobody yet, has nothing to say.
    async fn note_label(&self) {
        // Nobody goes without a seed because of it: what could not be stored is, with the next change.
        let _ = self.store_label().await;
    }

    async fn store_label(&self) -> Result<()> {
        self.read_history().await?;
        let now = clock::now();
        let label = self.with_hub(|hub| hub.provenance(now).label)?;
        let changed = {
            let mut history = self.history.borrow_mut();
            let history = history.get_or_insert_default();
            history.note(label, now).then(|| serde_json::to_string(history)).transpose()?
        };
        match changed {
            Some(text) => self.state.storage().put(HISTORY, text).await,
            None => Ok(()),
        }
    }

    /// Sets the alarm of the next round unless it is set. Without one the next request for a seed starts the round.
    async fn schedule(&self) {
        let now = clock::now();
        let next = self.with_hub(|hub| hub.next_round(now)).ok().flatten();
        let Some(next) = next.filter(|_| self.alarm_at.get().is_none_or(|at| at <= now)) else {
            return;
        };
        let offset = std::time::Duration::from_millis(next.since(now).millis());
        if self.state.storage().set_alarm(offset).await.is_ok() {
            self.alarm_at.set(Some(next));
        }
    }

    fn with_hub<T>(&self, act: impl FnOnce(&mut Hub) -> T) -> Result<T> {
        if self.hub.borrow().is_none() {
            let hub = self.start()?;
            self.hub.replace(Some(hub));
        }
        self.hub.borrow_mut().as_mut().map(act).ok_or_else(|| worker::Error::RustError("no hub".to_owned()))
    }

    fn start(&self) -> Result<Hub> {
        let lookup = |name: &str| self.env.var(name).ok().map(|value| value.to_string());
        let refused = |name: &str| worker::Error::RustError(format!("the setting {name} is not usable"));
        let profile = Profile::read(&lookup).map_err(|problem| refused(&problem.name))?;
        let root = read_key(&lookup, "ENCRYPTION_KEY").map_err(|problem| refused(&problem.name))?;
        let providers = Providers::read(&lookup, profile)
            .map_err(|problems| refused(problems.first().map_or("", |problem| problem.name.as_str())))?;
        let (local, keys) = (random::local_seed(), random::extra());
        Ok(Hub::new(providers, Salt::derive(root.expose()), &local, *keys, clock::now()))
    }
}
