//! One request of a client, answered by one upstream, whatever era either of them speaks.
//!
//! | client | upstream | when the upstream needs input |
//! |---|---|---|
//! | modern | modern | the client is told so; the upstream's state comes back sealed |
//! | modern | legacy | the upstream's open call is held in an object until the client brings it (see [`super::mcp_held_object`]) |
//! | legacy | modern | the client is asked on its stream, and the upstream is asked again with the answers |
//! | legacy | legacy | the client is asked on its stream, and its answer is passed on |

use super::attending::Hearer;
use super::calls::{self, Used, note};
use super::errand;
use super::guarding::Guard;
use super::locate::At;
use super::mcp_serve::Scene;
use super::mcp_work::Client;
use super::permit::Permitted;
use super::tenant::Shown;
use super::tools::ToolError;
use super::upstreams::{self, Party};
use super::{audit, clock, misfits, random};
use crate::api::problem::Problem;
use crate::catalogue::endpoint::PrefixMode;
use crate::catalogue::view::{Part, View};
use crate::entropy::purpose::Purpose;
use crate::mcp::capability::ClientCapabilities;
use crate::mcp::era::Era;
use crate::mcp::log_level::LogLevel;
use crate::mcp::method::Call;
use crate::mcp::params::{InputRetry, RequestMeta};
use crate::mcp::question::Question;
use crate::mcp::refusal::{Fault, ParamsProblem, URL_ELICITATION_REQUIRED};
use crate::mcp::reply::{Addressee, Reply};
use crate::mcp::ticket::{self, Resume};
use crate::mcp::wire::{CallToolResult, RpcError, Tool};
use crate::upstream::ask::{Answer, Ask, Notification};
use crate::upstream::{ProtocolBreach, Upstream};
use serde_json::{Map, Value};
use std::rc::Rc;

/// How often an upstream may ask a legacy client again within one call.
const MOST_ROUNDS: usize = 16;

/// A request and the upstream that answers it.
pub struct Errand {
    /// Where it is served, and for whom.
    pub scene: Scene,
    /// What came with it.
    pub meta: RequestMeta,
    /// The request, as the client made it.
    pub call: Call,
    /// What the endpoint shows.
    pub shown: Rc<Shown>,
    /// Which of its upstreams, and what is asked of it under its own names.
    pub at: At<Ask>,
    /// The called tool.
    pub tool: Option<Rc<Tool>>,
    /// What lets a tool's call go on, until it is over.
    pub permitted: Option<Permitted>,
    /// Its guardrails, which have seen what is asked.
    pub guard: Guard,
}

/// Asks the upstream, as often as it needs input, and renders what it answered.
pub async fn run(errand: Errand, client: Client) -> Result<Reply, Problem> {
    let Errand { scene, meta, call, shown, at, tool, permitted, guard } = errand;
    let Some(upstream) = shown.upstreams.get(at.index) else { return Ok(client.to().refuse(Fault::Internal)) };
    let (index, told) = (at.index, guard.clone());
    let relay =
        Relay { scene: &scene, meta: &meta, call: &call, shown: &shown, index, upstream, tool, permitted, guard };
    let started = clock::now();
    let answered = relay.recorded(at.own, &client).await?;
    let used = relay.used();
    Ok(match answered {
        Ok((reply, outcome)) => {
            note(&scene.context, used, started, outcome, None, told.found());
            reply
        }
        Err(error) => {
            note(&scene.context, used, started, calls::error_outcome(&error), Some(&error), told.found());
            failed(&call, &client.to(), &error)
        }
    })
}

/// A call that could not be made: for a tool a failed call, in words the model can act on, and an error otherwise.
pub fn failed(call: &Call, to: &Addressee, error: &ToolError) -> Reply {
    match (call, error) {
        (Call::Tool { .. }, ToolError::BadArguments(violations)) => {
            let places = violations.iter().map(|violation| format!("{:?}: {}", violation.pointer, violation.problem));
            to.called(CallToolResult::failed(format!("{error}. {}", places.collect::<Vec<_>>().join("; "))))
        }
        (Call::Tool { .. }, _) => to.called(CallToolResult::failed(format!("The call failed: {error}."))),
        _ => to.refuse(Fault::Upstream(Box::new(RpcError {
            code: crate::mcp::refusal::INTERNAL_ERROR,
            message: error.to_string(),
            data: None,
        }))),
    }
}

struct Relay<'a> {
    scene: &'a Scene,
    meta: &'a RequestMeta,
    call: &'a Call,
    shown: &'a Rc<Shown>,
    index: usize,
    upstream: &'a Upstream,
    tool: Option<Rc<Tool>>,
    permitted: Option<Permitted>,
    guard: Guard,
}

/// How an upstream is asked for a call that its client makes again.
enum Again {
    /// As for the first time: it had not been asked yet.
    FromTheStart,
    /// With its own state, if it gave one, and with what the client brings.
    With(Option<String>),
}

/// A reply, and what the log calls it.
type Answered = (Reply, &'static str);

impl Relay<'_> {
    /// What the log calls the request: a tool by its shown name, anything else by its upstream and its method.
    fn used(&self) -> Used {
        let (method, upstream) = (self.call.method(), self.upstream.name.clone());
        let name = match self.call {
            Call::Tool { name, .. } => name.clone(),
            _ => format!("{upstream}: {method}"),
        };
        Used { method, name, upstream: Some(upstream) }
    }

    fn party(&self) -> Party {
        self.scene.party()
    }

    /// Asks the upstream, on record where the request does more than look.
    async fn recorded(&self, ask: Ask, client: &Client) -> Result<Result<Answered, ToolError>, Problem> {
        let (context, principal) = (&self.scene.context, &self.scene.principal);
        let (upstream, tool) = (self.upstream.name.as_str(), self.tool.as_ref());
        let record = audit::relayed_call(context, principal, (self.call, &ask.params), upstream, tool);
        let asked = Box::pin(self.asked(ask, client));
        match record {
            Some(record) => {
                let rule = self.permitted.as_ref().and_then(|permitted| permitted.rule.clone());
                let record = record.allowed_by(rule).guarded(self.guard.in_arguments().members());
                Box::pin(audit::recorded(context, principal, record, asked, |answered| self.ended(answered))).await
            }
            None => Ok(asked.await),
        }
    }

    async fn asked(&self, mut ask: Ask, client: &Client) -> Result<Answered, ToolError> {
        let party = self.party();
        let legacy_upstream = upstreams::is_legacy(&party, self.upstream);
        self.equip(&mut ask, client, legacy_upstream);
        if let Some(retry) = self.call.retry() {
            match self.resumed(retry) {
                // The upstream is asked for the first time: what the client brings is not for it.
                Ok(Again::FromTheStart) => {}
                Ok(Again::With(_)) if legacy_upstream => visited(retry)?,
                Ok(Again::With(state)) => self.resume(&mut ask, retry, state)?,
                Err(fault) => return Ok((client.to().refuse(fault), "bad_arguments")),
            }
        }
        let hearer = ask.attended.then(|| self.hearer(client, ask.declares.clone()));
        for _ in 0..MOST_ROUNDS {
            let answer = errand::ask(&party, self.upstream, ask.clone(), hearer.as_ref()).await?;
            let (requests, state) = match answer {
                Answer::InputRequired { requests, state } => (requests, state),
                Answer::Error(error) if error.code == URL_ELICITATION_REQUIRED => {
                    return self.wants_visit(&ask.declares, client, error);
                }
                other => return self.rendered(other, client),
            };
            let questions = Question::read_all(&ask.declares, &requests).ok_or_else(|| self.breach())?;
            if client.to().era == Era::Modern {
                return Ok((self.wants_input(client, requests, state), "needs_input"));
            }
            if self.scene.session.is_none() {
                return Err(ToolError::NeedsInput);
            }
            match answers(client, questions).await {
                Ok(mut responses) => {
                    self.guard.arguments(&mut responses)?;
                    give(&mut ask, responses, state);
                }
                Err(error) => return Ok((client.to().refuse(Fault::Upstream(Box::new(error))), "input_refused")),
            }
        }
        Err(ToolError::NeedsInput)
    }

    /// What the request carries besides its parameters.
    fn equip(&self, ask: &mut Ask, client: &Client, legacy_upstream: bool) {
        let (meta, modern) = (self.meta, client.to().era == Era::Modern);
        let session = self.scene.session.as_ref();
        ask.meta.clone_from(&meta.relayed);
        ask.progress = meta.progress.is_some();
        ask.log_level = match session {
            // A modern upstream says nothing unless it is asked to, which a legacy client cannot know.
            Some(session) if !legacy_upstream => Some(session.log_level.unwrap_or(LogLevel::Info)),
            Some(session) => session.log_level,
            None => meta.log_level,
        };
        ask.declares = match session {
            Some(session) => session.client.clone(),
            // Only an object can hold the call of a legacy upstream open until its client comes back.
            None if modern && (!legacy_upstream || self.scene.held.is_some()) => meta.client.clone(),
            None => ClientCapabilities::default(),
        };
        ask.attended = session.is_some() || self.scene.held.is_some() || ask.progress || ask.log_level.is_some();
    }

    fn hearer(&self, client: &Client, takes: ClientCapabilities) -> Hearer {
        let (shown, index) = (Rc::clone(self.shown), self.index);
        let parts = at_hand(&self.party(), self.shown);
        let (ears, guard) = (client.clone(), self.guard.clone());
        let notices = move |mut notice: Notification| {
            if !guard.notice(&mut notice) {
                return;
            }
            View::new(&shown.endpoint, &parts).reveal_told(index, &notice.method, &mut notice.params);
            ears.notify(&notice.method, notice.params);
        };
        Hearer { notices: Box::new(notices), answers: Some((client.clone(), takes)) }
    }

    /// The upstream's own state in what a retry brings, if it gave one.
    fn resumed(&self, retry: &InputRetry) -> Result<Again, Fault> {
        let Some(sealed) = &retry.state else { return Ok(Again::With(None)) };
        let Scene { context, place, .. } = self.scene;
        match ticket::open_state(&context.settings.root, place, sealed, self.call, clock::now())? {
            Resume::Upstream { upstream, state } if upstream == self.upstream.id => Ok(Again::With(state)),
            Resume::Approved => Ok(Again::FromTheStart),
            _ => Err(Fault::Params(ParamsProblem::RequestState)),
        }
    }

    /// A legacy upstream wants the user to visit pages first: a legacy client is told so in its own revision's way, and a
    /// modern one is asked, because there is no such error in its.
    fn wants_visit(
        &self,
        declares: &ClientCapabilities,
        client: &Client,
        error: RpcError,
    ) -> Result<Answered, ToolError> {
        let requests = Question::visits(error.data.as_ref()).ok_or_else(|| self.breach())?;
        if Question::read_all(declares, &requests).is_none() {
            return Err(ToolError::NeedsInput);
        }
        let reply = match client.to().era {
            Era::Modern => self.wants_input(client, requests, None),
            Era::Legacy(_) => client.to().upstream_error(self.call, error),
        };
        Ok((reply, "needs_input"))
    }

    fn wants_input(&self, client: &Client, requests: Map<String, Value>, state: Option<String>) -> Reply {
        let Scene { context, place, .. } = self.scene;
        let resume = Resume::Upstream { upstream: self.upstream.id.clone(), state };
        let nonce = random::bytes(Purpose::McpSealed);
        match ticket::seal_state(&context.settings.root, place, resume, self.call, clock::now(), nonce) {
            Ok(state) => client.to().input_required(requests, state),
            Err(fault) => client.to().refuse(fault),
        }
    }

    fn rendered(&self, answer: Answer, client: &Client) -> Result<Answered, ToolError> {
        let to = client.to();
        Ok(match answer {
            Answer::Result(mut result) => {
                if self
                    .tool
                    .as_ref()
                    .is_some_and(|tool| !misfits::goes_on(self.scene.principal.tenant(), self.upstream, tool, &result))
                {
                    return Err(self.breach_of(ProtocolBreach::OutputSchema));
                }
                self.guard.result(&mut result)?;
                let failed = result.get("isError") == Some(&Value::Bool(true));
                self.reveal(&mut result);
                if let Call::Task { id, .. } = self.call
                    && result.contains_key("taskId")
                {
                    result.insert("taskId".to_owned(), id.as_str().into());
                }
                (to.relayed(self.call, result), if failed { "tool_failed" } else { "ok" })
            }
            Answer::Error(mut error) => {
                self.guard.error(&mut error)?;
                (to.upstream_error(self.call, error), "upstream_refused")
            }
            Answer::Task(mut task) => {
                self.guard.result(&mut task)?;
                let own_id = task.get("taskId").and_then(Value::as_str).ok_or_else(|| self.breach())?;
                let Scene { context, place, .. } = self.scene;
                let nonce = random::bytes(Purpose::McpSealed);
                match ticket::seal_task(&context.settings.root, place, &self.upstream.id, own_id, nonce) {
                    Ok(sealed) => {
                        task.insert("taskId".to_owned(), sealed.into());
                        (to.task(task), "task")
                    }
                    Err(fault) => (to.refuse(fault), "unavailable"),
                }
            }
            Answer::InputRequired { .. } => return Err(ToolError::NeedsInput),
        })
    }

    fn reveal(&self, result: &mut Map<String, Value>) {
        if self.shown.endpoint.mode == PrefixMode::Never {
            return;
        }
        let parts = at_hand(&self.party(), self.shown);
        View::new(&self.shown.endpoint, &parts).reveal(self.index, result);
    }

    /// Takes up a request where its retry says. Responses without a state are passed on: the upstream may have given none.
    fn resume(&self, ask: &mut Ask, retry: &InputRetry, state: Option<String>) -> Result<(), ToolError> {
        if let Some(responses) = &retry.responses {
            let mut responses = responses.clone();
            self.guard.arguments(&mut responses)?;
            give(ask, responses, state);
        } else if let Some(state) = state {
            ask.params.insert("requestState".to_owned(), state.into());
        }
        Ok(())
    }

    /// How the request ended, for its record.
    fn ended(&self, answered: &Result<Answered, ToolError>) -> audit::Ended {
        let found = self.guard.in_results();
        match answered {
            Ok((_, outcome)) => (outcome, None, found),
            Err(error) => (calls::error_outcome(error), Some(error.to_string()), found),
        }
    }

    fn breach(&self) -> ToolError {
        self.breach_of(ProtocolBreach::Result)
    }

    fn breach_of(&self, breach: ProtocolBreach) -> ToolError {
        ToolError::Upstream(self.upstream.failure(breach.into()))
    }
}

/// The parts as they are at hand: enough to name things.
fn at_hand(party: &Party, shown: &Shown) -> Vec<Part> {
    shown.named().map(|(upstream, prefix)| upstreams::at_hand(party, upstream, prefix).0).collect()
}

/// Asks a legacy client all questions at once, and waits for all its answers.
async fn answers(client: &Client, questions: Vec<(String, Question)>) -> Result<Map<String, Value>, RpcError> {
    let asked = questions.into_iter().map(|(key, question)| async move {
        let outcome = client.ask(question.clone()).await;
        question.input_response(outcome).map(|response| (key, response))
    });
    futures::future::join_all(asked).await.into_iter().collect()
}

/// A legacy upstream is not answered: it is called again when the user has agreed to visit its pages.
fn visited(retry: &InputRetry) -> Result<(), ToolError> {
    let mut answers = retry.responses.iter().flat_map(Map::values);
    let declined = |answer: &Value| matches!(answer.get("action").and_then(Value::as_str), Some("decline" | "cancel"));
    if retry.state.is_some() && answers.any(declined) { Err(ToolError::Declined) } else { Ok(()) }
}

/// Gives the upstream what it asked for, and its state back.
fn give(ask: &mut Ask, responses: Map<String, Value>, state: Option<String>) {
    ask.params.insert("inputResponses".to_owned(), Value::Object(responses));
    match state {
        Some(state) => ask.params.insert("requestState".to_owned(), state.into()),
        None => ask.params.shift_remove("requestState"),
    };
}
