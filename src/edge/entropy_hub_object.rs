//! The entropy hub: one Durable Object that asks the providers, so that no isolate and no request does.
//!
//! | route | answer |
//! |---|---|
//! | `POST /seed` | a child seed (see [`crate::entropy::child`]) |
//! | `GET /report` | the report for `/health` |
//!
//! Nothing is ever stored but the time of the next alarm: keys and provider bytes live in memory and die with the object.
//! The decisions are those of [`crate::entropy::hub`]; this file sends, waits and logs.

use super::context::log;
use super::{clock, outbound, random};
use crate::config::Profile;
use crate::entropy::hub::Hub;
use crate::entropy::provider::Providers;
use crate::observe::Event;
use crate::time::Timestamp;
use futures::future::join_all;
use std::cell::{Cell, RefCell};
use worker::{DurableObject, Env, Method, Request, Response, Result, State, durable_object, wasm_bindgen};

/// The single writer of entropy state, made at its first use.
#[durable_object]
pub struct EntropyHub {
    state: State,
    env: Env,
    hub: RefCell<Option<Hub>>,
    alarm_at: Cell<Option<Timestamp>>,
}

impl DurableObject for EntropyHub {
    fn new(state: State, env: Env) -> Self {
        Self { state, env, hub: RefCell::new(None), alarm_at: Cell::new(None) }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        match (request.method(), request.path().as_str()) {
            (Method::Post, "/seed") => self.seed().await,
            (Method::Get, "/report") => self.report().await,
            _ => Response::error("not found", 404),
        }
    }

    async fn alarm(&self) -> Result<Response> {
        self.alarm_at.set(None);
        self.round().await?;
        self.schedule().await;
        Response::empty()
    }
}

impl EntropyHub {
    /// Asks whoever is due first: the caller waits in the background, and its seed is worth more after the answers.
    async fn seed(&self) -> Result<Response> {
        self.round().await?;
        let local = random::local_seed();
        let child = self.with_hub(|hub| hub.child_seed(&local, clock::now()))?;
        self.schedule().await;
        let body = child.render().map_err(|invalid| worker::Error::RustError(invalid.to_string()))?;
        Response::from_bytes(body)
    }

    /// Never waits for a provider. A hub that just started gets its first round soon after, so that asking twice tells more.
    async fn report(&self) -> Result<Response> {
        let report = self.with_hub(|hub| hub.report(clock::now()))?;
        self.schedule().await;
        Response::from_json(&report)
    }

    /// One round: send to everybody who is due at once, absorb what came. The hub is not borrowed while anything is awaited,
    /// and a second round meanwhile finds nobody due.
    async fn round(&self) -> Result<()> {
        let mut nonce = [0; 16];
        random::draw(&mut nonce);
        let fetches = self.with_hub(|hub| hub.due(nonce, clock::now()))?;
        let sent = fetches.into_iter().map(|fetch| async {
            let outcome = outbound::send(&fetch.request).await;
            fetch.answered(outcome)
        });
        let answers = join_all(sent).await;
        let local = random::local_seed();
        for change in self.with_hub(|hub| hub.absorb(answers, &local, clock::now()))? {
            log(&Event::from(&change), None);
        }
        Ok(())
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
            let hub = Hub::new(self.providers()?, &random::local_seed(), clock::now());
            self.hub.replace(Some(hub));
        }
        self.hub.borrow_mut().as_mut().map(act).ok_or_else(|| worker::Error::RustError("no hub".to_owned()))
    }

    fn providers(&self) -> Result<Providers> {
        let lookup = |name: &str| self.env.var(name).ok().map(|value| value.to_string());
        let refused = |name: &str| worker::Error::RustError(format!("the setting {name} is not usable"));
        let profile = Profile::read(&lookup).map_err(|problem| refused(&problem.name))?;
        Providers::read(&lookup, profile)
            .map_err(|problems| refused(problems.first().map_or("", |problem| problem.name.as_str())))
    }
}
