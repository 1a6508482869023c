//! What one request carries through the edge.

use super::audit::{self, Ledger};
use super::incoming::header;
use super::{analytics, clock, metrics, random, spans};
use crate::api::problem::Problem;
use crate::config::ConfigProblem;
use crate::id::{CorrelationId, TenantId};
use crate::observe::{Call, Event, Level};
use crate::settings::Settings;
use crate::time::Timestamp;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use worker::Env;
use worker::web_sys::Request;

/// One request's surroundings.
pub struct Context {
    /// The platform's bindings.
    pub env: Env,
    /// Runs what nobody waits for.
    pub background: Rc<Background>,
    /// The operator's decisions.
    pub settings: Rc<Settings>,
    /// Ties together everything this request does.
    pub correlation: CorrelationId,
    /// When the request came.
    pub started: Timestamp,
    /// What this request has to write to audit trails.
    pub ledger: Ledger,
    calls: RefCell<Vec<Call>>,
    told: Cell<bool>,
}

/// Where work goes that nobody waits for.
pub enum Background {
    /// On after the reply of a request.
    Request(worker::Context),
    /// On in a Durable Object, which stays while it has work.
    Object,
}

impl Background {
    /// Runs this to its end, in the trace of whoever wants it.
    pub fn wait_until(&self, work: impl Future<Output = ()> + 'static) {
        let work = spans::at(spans::here(), work);
        match self {
            Self::Request(context) => context.wait_until(work),
            Self::Object => worker::wasm_bindgen_futures::spawn_local(work),
        }
    }
}

impl Context {
    /// The surroundings of a request that comes now.
    pub fn new(env: Env, background: Background, settings: Rc<Settings>, correlation: CorrelationId) -> Self {
        let (calls, told) = (RefCell::default(), Cell::new(false));
        let background = Rc::new(background);
        let (started, ledger) = (clock::now(), Ledger::default());
        Self { env, background, settings, correlation, started, ledger, calls, told }
    }

    /// Notes a call: in the line of its request, or in one of its own where that was written already or somewhere else.
    pub fn note(&self, call: Call) {
        if self.told.get() || matches!(*self.background, Background::Object) {
            self.log(&Event::Call(call));
        } else {
            self.calls.borrow_mut().push(call);
        }
    }

    /// The calls that were noted, for the line of the request. Later ones get lines of their own.
    pub fn take_calls(&self) -> Vec<Call> {
        self.told.set(true);
        self.calls.take()
    }

    /// Writes one event to the log, and to the audit trail when it belongs there.
    pub fn log(&self, event: &Event) {
        audit::observe(self, event);
        let tenant = self.ledger.tenant();
        write(event, Some(&self.correlation), tenant.as_ref());
        analytics::write(&self.env, event, tenant.as_ref());
        if matches!(*self.background, Background::Object) {
            metrics::send_soon(&self.env, &self.background);
        }
    }
}

thread_local! {
    static SETTINGS: RefCell<Option<Rc<Settings>>> = const { RefCell::new(None) };
    static UNIQUE: RefCell<Vec<[u8; 16]>> = const { RefCell::new(Vec::new()) };
}

/// The settings, read once per isolate: a new version of the Worker gets new isolates. Wrong settings are read again at
/// the next request, which costs nothing that matters.
pub fn settings(env: &Env) -> Result<Rc<Settings>, Vec<ConfigProblem>> {
    if let Some(settings) = SETTINGS.with_borrow(Clone::clone) {
        return Ok(settings);
    }
    let settings = Rc::new(Settings::read(&|name| variable(env, name))?);
    random::use_salt(&settings.entropy_salt);
    SETTINGS.replace(Some(Rc::clone(&settings)));
    Ok(settings)
}

/// A variable or secret of the Worker.
pub fn variable(env: &Env, name: &str) -> Option<String> {
    env.var(name).ok().map(|value| value.to_string())
}

/// The caller's correlation id when it is an identifier, else a new one.
pub fn correlation(request: &Request) -> CorrelationId {
    let sent = header(request, "x-correlation-id");
    sent.and_then(|text| CorrelationId::parse(&text).ok()).unwrap_or_else(new_correlation)
}

fn new_correlation() -> CorrelationId {
    CorrelationId::from_bytes(&unique())
}

/// Bytes for an id that is unique and not secret, of a request or a record: they are drawn by the hundred from the
/// platform's generator alone.
pub fn unique() -> [u8; 16] {
    let known = UNIQUE.with_borrow_mut(Vec::pop);
    known.unwrap_or_else(|| {
        let mut drawn = [0; 16 * 100];
        random::draw(&mut drawn);
        let (ids, _) = drawn.as_chunks::<16>();
        UNIQUE.with_borrow_mut(|kept| kept.extend_from_slice(ids));
        UNIQUE.with_borrow_mut(Vec::pop).unwrap_or_default()
    })
}

/// Writes one event to the log. Outside a request there is no correlation id.
pub fn log(event: &Event, correlation: Option<&CorrelationId>) {
    write(event, correlation, None);
}

fn write(event: &Event, correlation: Option<&CorrelationId>, tenant: Option<&TenantId>) {
    metrics::observe(event, tenant);
    let line = event.render(clock::now(), correlation, spans::trace());
    match event.level() {
        Level::Info => worker::console_log!("{line}"),
        Level::Warn => worker::console_warn!("{line}"),
        Level::Error => worker::console_error!("{line}"),
    }
}

/// The problem of a part of the platform that failed.
pub fn unavailable(part: &'static str) -> impl Fn(worker::Error) -> Problem {
    move |error| Problem::Unavailable { part, reason: error.to_string() }
}
