//! What is asked of an upstream for a client, and what it says: notifications, questions of its own, and one answer.

use crate::mcp::capability::ClientCapabilities;
use crate::mcp::log_level::LogLevel;
use crate::mcp::message::RequestId;
use crate::mcp::method::{Call, TaskAction};
use crate::mcp::params::Reference;
use crate::mcp::wire::{RpcError, Tool};
use crate::outbound::HeaderValue;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::rc::Rc;

/// A method an upstream is asked for on behalf of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskMethod {
    /// `tools/call`
    CallTool,
    /// `prompts/get`
    GetPrompt,
    /// `resources/read`
    ReadResource,
    /// `completion/complete`
    Complete,
    /// `ping`: legacy upstreams only.
    Ping,
    /// `resources/subscribe`: legacy upstreams only.
    Subscribe,
    /// `resources/unsubscribe`: legacy upstreams only.
    Unsubscribe,
    /// `subscriptions/listen`: modern upstreams only.
    Listen,
    /// `tasks/get`: modern upstreams only.
    GetTask,
    /// `tasks/update`: modern upstreams only.
    UpdateTask,
    /// `tasks/cancel`: modern upstreams only.
    CancelTask,
}

impl AskMethod {
    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CallTool => "tools/call",
            Self::GetPrompt => "prompts/get",
            Self::ReadResource => "resources/read",
            Self::Complete => "completion/complete",
            Self::Ping => "ping",
            Self::Subscribe => "resources/subscribe",
            Self::Unsubscribe => "resources/unsubscribe",
            Self::Listen => "subscriptions/listen",
            Self::GetTask => "tasks/get",
            Self::UpdateTask => "tasks/update",
            Self::CancelTask => "tasks/cancel",
        }
    }

    /// The member of the parameters that `Mcp-Name` repeats (2026-07-28, `basic/transports`; for tasks, the extension).
    pub const fn named_by(self) -> Option<&'static str> {
        match self {
            Self::CallTool | Self::GetPrompt => Some("name"),
            Self::ReadResource => Some("uri"),
            Self::GetTask | Self::UpdateTask | Self::CancelTask => Some("taskId"),
            Self::Complete | Self::Ping | Self::Subscribe | Self::Unsubscribe | Self::Listen => None,
        }
    }

    /// What it means to send it twice. What a tool's call does is the tool's to say.
    pub const fn repeat(self) -> Repeat {
        match self {
            Self::ReadResource => Repeat::Reusable,
            Self::GetPrompt | Self::Complete | Self::Ping | Self::GetTask => Repeat::Safe,
            Self::CallTool
            | Self::Subscribe
            | Self::Unsubscribe
            | Self::Listen
            | Self::UpdateTask
            | Self::CancelTask => Repeat::Never,
        }
    }

    /// Whether an answer may want input first (2026-07-28, `basic/patterns/mrtr`).
    pub const fn may_need_input(self) -> bool {
        matches!(self, Self::CallTool | Self::GetPrompt | Self::ReadResource)
    }
}

/// What it means to send a request twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// It may change something twice.
    Never,
    /// It changes nothing, or nothing more the second time.
    Safe,
    /// It only reads: its answer may even be given again, where the upstream's row allows it (see [`super::reuse`]).
    Reusable,
}

/// One request. Names and URIs are the upstream's own.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// The method.
    pub method: AskMethod,
    /// Its parameters, without `_meta`.
    pub params: Map<String, Value>,
    /// Members of `_meta` that go along. Those that belong to the hop are added for the upstream's era.
    pub meta: Map<String, Value>,
    /// Headers that the called tool's schema wants (`Mcp-Param-*`).
    pub headers: Vec<(Cow<'static, str>, HeaderValue)>,
    /// What the client behind it can do, as far as the upstream may make use of it now.
    pub declares: ClientCapabilities,
    /// Whether progress is wanted.
    pub progress: bool,
    /// From which level on log messages are wanted; `None` for what the upstream sends by itself.
    pub log_level: Option<LogLevel>,
    /// Whether somebody hears what the upstream says before its answer.
    pub attended: bool,
    /// What it means to send it twice.
    pub repeat: Repeat,
    /// Whether its client can read on in an answer that is cut.
    pub reads_on: bool,
    /// The called tool: an answer that does not fit its output schema is not given again.
    pub tool: Option<Rc<Tool>>,
}

impl Ask {
    /// The call of a tool, which may be sent twice where the tool's own annotations say so (2026-07-28, `schema`,
    /// `ToolAnnotations`), and whose answer may be given again where they say that it only reads. An upstream that says so
    /// of a tool that writes has its own tool called twice.
    pub fn tool(params: Map<String, Value>, definition: &Rc<Tool>) -> Self {
        let annotations = definition.annotations.as_ref();
        let hint = |name: &str| annotations.and_then(|hints| hints.get(name)) == Some(&Value::Bool(true));
        let repeat = match (hint("readOnlyHint"), hint("idempotentHint")) {
            (true, _) => Repeat::Reusable,
            (false, true) => Repeat::Safe,
            (false, false) => Repeat::Never,
        };
        Self { repeat, tool: Some(Rc::clone(definition)), ..Self::plain(AskMethod::CallTool, params) }
    }

    /// Has its answer given to nobody else, and not again.
    pub fn answer_once(&mut self) {
        if self.repeat == Repeat::Reusable {
            self.repeat = Repeat::Safe;
        }
    }

    /// The request that a call other than a tool's makes of its upstream, by the upstream's own name for what is called.
    pub fn of(call: &Call, own: &str) -> Self {
        let mut params = Map::new();
        let mut set = |name: &str, value: Value| params.insert(name.to_owned(), value);
        let method = match call {
            Call::Tool { .. } => AskMethod::CallTool,
            Call::Prompt { arguments, .. } => {
                set("name", own.into());
                if let Some(arguments) = arguments {
                    set("arguments", Value::Object(arguments.clone()));
                }
                AskMethod::GetPrompt
            }
            Call::Resource { .. } => {
                set("uri", own.into());
                AskMethod::ReadResource
            }
            Call::Complete { reference, argument, context } => {
                let (kind, member) = match reference {
                    Reference::Prompt(_) => ("ref/prompt", "name"),
                    Reference::Resource(_) => ("ref/resource", "uri"),
                };
                let reference = [("type", kind), (member, own)];
                let reference = reference.into_iter().map(|(name, value)| (name.to_owned(), value.into()));
                set("ref", Value::Object(reference.collect()));
                set("argument", Value::Object(argument.clone()));
                if let Some(context) = context {
                    set("context", Value::Object(context.clone()));
                }
                AskMethod::Complete
            }
            Call::Task { action, .. } => {
                set("taskId", own.into());
                match action {
                    TaskAction::Get => AskMethod::GetTask,
                    TaskAction::Cancel => AskMethod::CancelTask,
                    TaskAction::Update { responses } => {
                        set("inputResponses", Value::Object(responses.clone()));
                        AskMethod::UpdateTask
                    }
                }
            }
        };
        Self::plain(method, params)
    }

    /// A request whose client hears nothing but the answer.
    pub fn plain(method: AskMethod, params: Map<String, Value>) -> Self {
        Self {
            method,
            params,
            meta: Map::new(),
            headers: Vec::new(),
            declares: ClientCapabilities::default(),
            progress: false,
            log_level: None,
            attended: false,
            reads_on: false,
            repeat: method.repeat(),
            tool: None,
        }
    }
}

/// A notification of an upstream.
#[derive(Clone, Debug, PartialEq)]
pub struct Notification {
    /// The method as the upstream wrote it.
    pub method: String,
    /// The parameters.
    pub params: Map<String, Value>,
}

/// A request of a legacy upstream to its client.
#[derive(Clone, Debug, PartialEq)]
pub struct ServerRequest {
    /// The id that the answer must carry.
    pub id: RequestId,
    /// The method as the upstream wrote it.
    pub method: String,
    /// The parameters.
    pub params: Map<String, Value>,
}

/// What an upstream answered. Results and errors are in the form of the newest revision, whatever the upstream speaks.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The method's result.
    Result(Map<String, Value>),
    /// An error of the upstream's own, as far as it may be told.
    Error(RpcError),
    /// More input is needed (2026-07-28, `basic/patterns/mrtr`).
    InputRequired {
        /// The questions, by the upstream's keys.
        requests: Map<String, Value>,
        /// What the upstream wants to see again.
        state: Option<String>,
    },
    /// The call goes on as a task.
    Task(Map<String, Value>),
}
