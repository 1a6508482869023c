//! What is asked of an upstream for a client, and what it says: notifications, questions of its own, and one answer.

use crate::mcp::capability::ClientCapabilities;
use crate::mcp::log_level::LogLevel;
use crate::mcp::message::RequestId;
use crate::mcp::wire::RpcError;
use crate::outbound::HeaderValue;
use serde_json::{Map, Value};
use std::borrow::Cow;

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
            Self::Complete | Self::Subscribe | Self::Unsubscribe | Self::Listen => None,
        }
    }

    /// Whether an answer may want input first (2026-07-28, `basic/patterns/mrtr`).
    pub const fn may_need_input(self) -> bool {
        matches!(self, Self::CallTool | Self::GetPrompt | Self::ReadResource)
    }
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
}

impl Ask {
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
