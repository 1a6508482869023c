//! Writing to audit trails.
//!
//! A request's records are appended before its reply leaves, each trail's in one append. Where that fails, a request that did
//! something is answered with 503: what is not on record has not been done as far as anybody is told.

use super::admission::Principal;
use super::context::{Background, Context};
use super::timer;
use super::trails::{append, append_together, ask};
use super::{clock, context};
use crate::admin::tenant::AuditCalls;
use crate::api::problem::Problem;
use crate::audit::damper::Damper;
use crate::audit::gathered::{GATHERING, Gathered};
use crate::audit::message::TrailRequest;
use crate::audit::record::{
    Actor, Credential, CredentialKind, Decision, Digest, Draft, Effect, Kind, Stamp, ToolUsed, version,
};
use crate::audit::redact::redacted;
use crate::audit::{AuditMode, Keeping, Trail};
use crate::guard::Counts;
use crate::id::{CorrelationId, RecordId, TenantId};
use crate::mcp::method::{Call, TaskAction};
use crate::mcp::wire::Tool;
use crate::observe::audited::{Audited, likeness};
use crate::observe::{self, Event, Who};
use futures::future::{join, try_join_all};
use lru::LruCache;
use serde_json::{Map, Value};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::rc::Rc;
use std::time::Duration;
use worker::{Delay, Env};

/// Versions of definitions this isolate remembers.
const MAX_VERSIONS: NonZeroUsize = NonZeroUsize::new(256).unwrap();

/// Versions by definition. The definition is kept, so that its address is nobody else's.
type Versions = LruCache<*const Tool, (Rc<Tool>, Option<String>)>;

thread_local! {
    static DAMPER: RefCell<Damper> = RefCell::default();
    static GATHERED: RefCell<Gathered> = RefCell::default();
    static VERSIONS: RefCell<Versions> = RefCell::new(LruCache::new(MAX_VERSIONS));
}

/// The records of one request that are not written yet.
#[derive(Default)]
pub struct Ledger {
    pending: RefCell<Vec<(Trail, Draft)>>,
    about: RefCell<Option<Who>>,
    /// The trail of a tenant that is no more.
    forgotten: RefCell<Option<Trail>>,
    settled: Cell<bool>,
}

impl Ledger {
    /// Whose account this request is about, for records of refusals: the caller's, or the one that somebody tries.
    pub fn concerns(&self, who: &Who) {
        self.about.replace(Some(who.clone()));
    }

    /// The tenant it is about, where that is known.
    pub fn tenant(&self) -> Option<TenantId> {
        self.about.borrow().as_ref().map(|who| who.tenant.clone())
    }

    /// Has a whole trail forgotten when the request is settled: its tenant is no more.
    pub fn forgets(&self, trail: Trail) {
        self.forgotten.replace(Some(trail));
    }
}

/// Takes what an event means for the trails. It is written when the request is settled; after that, and in an object, at once
/// and in the background.
pub fn observe(context: &Context, event: &Event) {
    let about = context.ledger.about.borrow().clone();
    let Audited::Written(records) = event.audited(about.as_ref(), &mut || stamp(context)) else { return };
    for (trail, draft) in records {
        let Some(draft) = damped(&trail, draft) else { continue };
        if context.ledger.settled.get() || matches!(*context.background, Background::Object) {
            Writing::of(context, trail).later(vec![draft]);
        } else {
            context.ledger.pending.borrow_mut().push((trail, draft));
        }
    }
}

/// Writes what the gateway itself decided for a tenant, and waits for it: nobody is shown what comes of it before. Where that fails,
/// the log says so.
pub async fn of_the_gateway(env: &Env, events: &[Event]) {
    let correlation = CorrelationId::from_bytes(&context::unique());
    let mut trails: BTreeMap<Trail, Vec<Draft>> = BTreeMap::new();
    for event in events {
        context::log(event, Some(&correlation));
        if let Audited::Written(records) = event.audited(None, &mut || stamp_for(&correlation)) {
            for (trail, draft) in records {
                trails.entry(trail).or_default().push(draft);
            }
        }
    }
    // Each failure is in the log, and there is nobody to tell.
    let _ = written(env, trails, &correlation).await;
}

/// Writes what the request has left to write, and waits for it.
pub async fn settle(context: &Context) -> Result<(), Problem> {
    context.ledger.settled.set(true);
    let mut trails: BTreeMap<Trail, Vec<Draft>> = BTreeMap::new();
    for (trail, draft) in context.ledger.pending.take() {
        trails.entry(trail).or_default().push(draft);
    }
    if let Some(trail) = context.ledger.forgotten.take() {
        trails.remove(&trail);
        ask(&context.env, &trail, TrailRequest::Forget).await?;
    }
    written(&context.env, trails, &context.correlation).await
}

/// Appends to each trail what is for it. What could not be is in the log.
async fn written(env: &Env, trails: BTreeMap<Trail, Vec<Draft>>, correlation: &CorrelationId) -> Result<(), Problem> {
    let writes = trails.iter().map(|(trail, drafts)| async move {
        let written = append(env, trail, drafts).await;
        if let Err(problem) = &written {
            context::log(&unwritten(trail, drafts, problem), Some(correlation));
        }
        written
    });
    try_join_all(writes).await.map(drop)
}

/// Takes a refusal in an object, whose requests have no line of their own in the log.
pub fn refused(context: &Context, problem: &Problem) {
    let event = Event::Request(observe::Request {
        method: String::new(),
        route: None,
        status: problem.status(),
        duration_ms: clock::now().since(context.started),
        who: None,
        calls: Vec::new(),
        problem: Some(problem.name()),
        limit: problem.limit(),
        reason: Some(problem.to_string()),
    });
    observe(context, &event);
}

fn damped(trail: &Trail, draft: Draft) -> Option<Draft> {
    let Some(likeness) = likeness(trail, &draft) else { return Some(draft) };
    let left_out = DAMPER.with_borrow_mut(|damper| damper.admit(likeness, draft.at))?;
    Some(Draft { left_out: (left_out > 0).then_some(left_out), ..draft })
}

fn stamp(context: &Context) -> Stamp {
    stamp_for(&context.correlation)
}

fn stamp_for(correlation: &CorrelationId) -> Stamp {
    Stamp { id: RecordId::from_bytes(&context::unique()), at: clock::now(), correlation: Some(correlation.clone()) }
}

/// What the caller's tenant decided about its trail.
fn keeping(principal: &Principal) -> Keeping {
    let rules = principal.rights().rules();
    let mode = match rules.audit_calls {
        AuditCalls::Before => AuditMode::Before,
        AuditCalls::After => AuditMode::After,
    };
    Keeping { mode, bodies: rules.audit_bodies }
}

/// The record of a tool's call with validated arguments: the name it is shown under, its upstream, its definition.
pub fn tool_call(
    context: &Context,
    principal: &Principal,
    (name, upstream, definition): (&str, Option<&str>, &Rc<Tool>),
    arguments: &Map<String, Value>,
) -> Draft {
    let (upstream, version) = (upstream.map(str::to_owned), known_version(definition));
    let tool = ToolUsed { name: name.to_owned(), upstream, version };
    call(context, principal, Kind::TOOL_CALL, tool, Some(arguments))
}

/// The record of a request that an upstream answers, with what is sent to it; none for what only looks: completions, and how a
/// task is.
pub fn relayed_call(
    context: &Context,
    principal: &Principal,
    (request, sent): (&Call, &Map<String, Value>),
    upstream: &str,
    tool: Option<&Rc<Tool>>,
) -> Option<Draft> {
    let of = |kind, used, arguments| Some(call(context, principal, kind, used, arguments));
    let (nothing, given) = (Map::new(), |member: &str| sent.get(member).and_then(Value::as_object));
    let arguments = given("arguments");
    match (request, tool) {
        (Call::Tool { name, .. }, Some(definition)) => {
            let arguments = arguments.unwrap_or(&nothing);
            Some(tool_call(context, principal, (name, Some(upstream), definition), arguments))
        }
        (Call::Tool { name, .. }, None) => of(Kind::TOOL_CALL, ToolUsed::named(name, upstream), arguments),
        (Call::Prompt { name, .. }, _) => of(Kind::PROMPT_GET, ToolUsed::named(name, upstream), arguments),
        (Call::Resource { uri, .. }, _) => of(Kind::RESOURCE_READ, ToolUsed::resource(uri, upstream), None),
        (Call::Task { action, id }, _) => {
            let used = ToolUsed::named(Digest::of(id.as_bytes()).as_str(), upstream);
            match action {
                TaskAction::Update { .. } => of(Kind::TASK_UPDATE, used, given("inputResponses")),
                TaskAction::Cancel => of(Kind::TASK_CANCEL, used, None),
                TaskAction::Get => None,
            }
        }
        (Call::Complete { .. }, _) => None,
    }
}

fn call(
    context: &Context,
    principal: &Principal,
    kind: Kind,
    tool: ToolUsed,
    arguments: Option<&Map<String, Value>>,
) -> Draft {
    let claims = principal.claims();
    let shown = if claims.is_some() { CredentialKind::AccessToken } else { CredentialKind::ApiKey };
    let actor = Actor {
        user: Some(principal.user().clone()),
        credential: Some(Credential { kind: shown, id: Some(principal.credential_id().to_string()) }),
        role: Some(principal.standing().role),
        client: claims.map(|claims| claims.client_id.clone()),
        session: claims.map(|claims| claims.sid.clone()),
    };
    Draft {
        tool: Some(tool),
        arguments: arguments.map(Digest::of_arguments),
        body: arguments.filter(|_| keeping(principal).bodies).map(redacted),
        decision: Some(Decision { effect: Effect::Allow, rule: None }),
        ..Draft::new(stamp(context), kind, actor)
    }
}

/// How a call ended: in one word, and why; and what guardrails found in its result.
pub type Ended = (&'static str, Option<String>, Counts);

/// The version of a definition, worked out once.
fn known_version(definition: &Rc<Tool>) -> Option<String> {
    let key = Rc::as_ptr(definition);
    if let Some((_, version)) = VERSIONS.with_borrow_mut(|known| known.get(&key).cloned()) {
        return version;
    }
    let version = version(definition.as_ref());
    VERSIONS.with_borrow_mut(|known| known.put(key, (Rc::clone(definition), version.clone())));
    version
}

/// Runs a call and puts it on record: the call while it runs, so that its reply waits for both, and what it came to afterwards
/// and in the background. Whoever dies meanwhile leaves a call without a result. Refused when the call could not be put on
/// record, whatever it came to. A call that is dropped was cancelled.
pub async fn recorded<T>(
    context: &Context,
    principal: &Principal,
    call: Draft,
    run: impl Future<Output = T>,
    ended: impl FnOnce(&T) -> Ended,
) -> Result<T, Problem> {
    let mode = keeping(principal).mode;
    let trail = Trail::Tenant(principal.tenant().clone());
    let writing = Writing::of(context, trail.clone());
    let mut result = Unfinished { writing, call: call.clone(), is_written: false, ended: None };
    let (written, outcome) = match mode {
        AuditMode::Before => join(append_together(&context.env, &trail, call), run).await,
        AuditMode::After => (Ok(()), run.await),
    };
    result.is_written = written.is_ok() && mode == AuditMode::Before;
    result.ended = Some(ended(&outcome));
    written.map(|()| outcome)
}

/// Writes the result of a call when it is dropped, and the call itself where that is not known to be written.
struct Unfinished {
    writing: Writing,
    call: Draft,
    is_written: bool,
    ended: Option<Ended>,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let (outcome, reason, found) = match self.ended.take() {
            Some(ended) => ended,
            // Outside of a request nothing can be sent: the call stays without a result.
            None if !timer::in_request() => return,
            None => ("cancelled", None, Counts::default()),
        };
        let stamp = stamp_for(&self.writing.correlation);
        let duration = stamp.at.since(self.call.at);
        let Some(result) = self.call.result(stamp) else { return };
        let result = result.ended(outcome).because(reason.as_deref()).guarded(found.members());
        let result = Draft { duration_ms: Some(duration), ..result };
        let call = (!self.is_written).then(|| self.call.clone());
        self.writing.later(call.into_iter().chain([result]).collect());
    }
}

/// What it takes to write without a request that waits.
struct Writing {
    background: Rc<Background>,
    env: Env,
    correlation: CorrelationId,
    trail: Trail,
}

impl Writing {
    fn of(context: &Context, trail: Trail) -> Self {
        let (background, env) = (Rc::clone(&context.background), context.env.clone());
        Self { background, env, correlation: context.correlation.clone(), trail }
    }

    /// Has these written in a moment, with what others of this isolate have for the same trail: one append for all of them.
    fn later(&self, drafts: Vec<Draft>) {
        let (env, correlation, trail) = (self.env.clone(), self.correlation.clone(), self.trail.clone());
        if !GATHERED.with_borrow_mut(|gathered| gathered.add(&trail, drafts, clock::now())) {
            return;
        }
        self.background.wait_until(async move {
            Delay::from(Duration::from_millis(GATHERING.millis())).await;
            let drafts = GATHERED.with_borrow_mut(|gathered| gathered.take(&trail));
            if let Err(problem) = append(&env, &trail, &drafts).await {
                context::log(&unwritten(&trail, &drafts, &problem), Some(&correlation));
            }
        });
    }
}

fn unwritten(trail: &Trail, drafts: &[Draft], problem: &Problem) -> Event {
    let records = drafts.iter().map(|draft| draft.id.clone()).collect();
    Event::AuditUnwritten { trail: trail.to_string(), records, reason: problem.to_string() }
}
