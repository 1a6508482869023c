//! The methods served, with their parameters read.
//!
//! Members of `params` that a method does not define are ignored and go nowhere.

use super::capability::{ClientCapabilities, ServerCapabilities, TASKS};
use super::era::{Era, LegacyRevision};
use super::log_level::LogLevel;
use super::params::{self, InputRetry, Reference};
use super::refusal::Fault;
use super::subscription::Filter;
use serde_json::{Map, Value};

/// A list a client may ask for. Every list is one page: what an endpoint offers is bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ListKind {
    /// `tools/list`.
    Tools,
    /// `prompts/list`.
    Prompts,
    /// `resources/list`.
    Resources,
    /// `resources/templates/list`.
    ResourceTemplates,
}

impl ListKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Tools, Self::Prompts, Self::Resources, Self::ResourceTemplates];

    /// The method that asks for it.
    pub const fn method(self) -> &'static str {
        match self {
            Self::Tools => "tools/list",
            Self::Prompts => "prompts/list",
            Self::Resources => "resources/list",
            Self::ResourceTemplates => "resources/templates/list",
        }
    }

    /// The member of the result that holds the list.
    pub const fn member(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Prompts => "prompts",
            Self::Resources => "resources",
            Self::ResourceTemplates => "resourceTemplates",
        }
    }
}

/// A request that one upstream answers. The three that may need input from the client come with what a retry brings.
#[derive(Clone, Debug, PartialEq)]
pub enum Call {
    /// `tools/call`.
    Tool {
        /// The tool's name, as the caller gave it.
        name: String,
        /// Its arguments, unread; an absent member is `{}`.
        arguments: Map<String, Value>,
        /// What a retry brings.
        retry: InputRetry,
    },
    /// `prompts/get`.
    Prompt {
        /// The prompt's name, as the caller gave it.
        name: String,
        /// Its arguments, all texts; `None` when the member is absent.
        arguments: Option<Map<String, Value>>,
        /// What a retry brings.
        retry: InputRetry,
    },
    /// `resources/read`.
    Resource {
        /// Its URI, as the caller gave it.
        uri: String,
        /// What a retry brings.
        retry: InputRetry,
    },
    /// `completion/complete`.
    Complete {
        /// What is completed.
        reference: Reference,
        /// `argument`, with a name and a value.
        argument: Map<String, Value>,
        /// `context`, if there is one.
        context: Option<Map<String, Value>>,
    },
    /// `tasks/get`, `tasks/update` or `tasks/cancel`.
    Task {
        /// What is to be done.
        action: TaskAction,
        /// The task, by the id this gateway gave it.
        id: String,
    },
}

/// What a client does with a task.
#[derive(Clone, Debug, PartialEq)]
pub enum TaskAction {
    /// Ask how it stands.
    Get,
    /// Give it input.
    Update {
        /// `inputResponses`.
        responses: Map<String, Value>,
    },
    /// End it.
    Cancel,
}

/// The methods that come with one capability: an endpoint has all of them or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Those every endpoint has.
    Base,
    /// Tools.
    Tools,
    /// Prompts.
    Prompts,
    /// Resources and their templates.
    Resources,
    /// Legacy: subscriptions to resources.
    Subscriptions,
    /// Completion.
    Completions,
    /// Legacy: the level of log messages.
    Logging,
    /// Modern: streams of changes.
    Changes,
    /// Modern: tasks.
    Tasks,
}

/// A method with its parameters.
#[derive(Clone, Debug, PartialEq)]
pub enum Method {
    /// The legacy handshake.
    Initialize {
        /// The revision the answer names.
        negotiated: LegacyRevision,
        /// What the client can do.
        client: ClientCapabilities,
    },
    /// Modern: what this server is and can do.
    Discover,
    /// Legacy: is anybody there.
    Ping,
    /// What the caller may use.
    List(ListKind),
    /// What one upstream, or the gateway itself, must answer.
    Call(Call),
    /// Legacy: say when this resource changes.
    Subscribe {
        /// Its URI, as the caller gave it.
        uri: String,
        /// False to stop.
        wanted: bool,
    },
    /// Legacy: log messages from this level on.
    SetLevel(LogLevel),
    /// Modern: a stream of changes.
    Listen(Filter),
    /// A method whose parameters are wrong. Whether it exists at all is another question, and comes first.
    Malformed {
        /// Its family.
        family: Family,
        /// What is wrong.
        fault: Fault,
    },
}

impl Method {
    /// Reads a request's method and parameters. A method of the other era is not found, nor is one nobody serves.
    pub fn read(era: Era, method: &str, params: Map<String, Value>) -> Result<Self, Fault> {
        let family = Family::of(era, method).ok_or(Fault::MethodNotFound)?;
        Ok(Self::read_params(method, params).unwrap_or_else(|fault| Self::Malformed { family, fault }))
    }

    fn read_params(method: &str, params: Map<String, Value>) -> Result<Self, Fault> {
        if let Some(kind) = ListKind::ALL.into_iter().find(|kind| kind.method() == method) {
            return params::list(&params).map(|()| Self::List(kind));
        }
        match method {
            "tools/call" => params::tool(params).map(Self::Call),
            "prompts/get" => params::prompt(params).map(Self::Call),
            "resources/read" => params::resource(params).map(Self::Call),
            "completion/complete" => params::complete(params).map(Self::Call),
            "server/discover" => Ok(Self::Discover),
            "subscriptions/listen" => Filter::read(&params).map(Self::Listen),
            "tasks/get" | "tasks/update" | "tasks/cancel" => params::task(method, params).map(Self::Call),
            "initialize" => params::initialize(&params),
            "ping" => Ok(Self::Ping),
            "resources/subscribe" | "resources/unsubscribe" => {
                let wanted = method == "resources/subscribe";
                params::uri(&params).map(|uri| Self::Subscribe { uri, wanted })
            }
            "logging/setLevel" => params::level(&params).map(Self::SetLevel),
            _ => Err(Fault::MethodNotFound),
        }
    }

    /// The methods this one comes with.
    pub const fn family(&self) -> Family {
        match self {
            Self::Initialize { .. } | Self::Discover | Self::Ping => Family::Base,
            Self::List(ListKind::Tools) | Self::Call(Call::Tool { .. }) => Family::Tools,
            Self::List(ListKind::Prompts) | Self::Call(Call::Prompt { .. }) => Family::Prompts,
            Self::List(ListKind::Resources | ListKind::ResourceTemplates) | Self::Call(Call::Resource { .. }) => {
                Family::Resources
            }
            Self::Call(Call::Complete { .. }) => Family::Completions,
            Self::Call(Call::Task { .. }) => Family::Tasks,
            Self::Subscribe { .. } => Family::Subscriptions,
            Self::SetLevel(_) => Family::Logging,
            Self::Listen(_) => Family::Changes,
            Self::Malformed { family, .. } => *family,
        }
    }
}

impl Family {
    /// The family of a method in an era; `None` when the era has no such method.
    fn of(era: Era, method: &str) -> Option<Self> {
        let modern = era == Era::Modern;
        match method {
            "tools/list" | "tools/call" => Some(Self::Tools),
            "prompts/list" | "prompts/get" => Some(Self::Prompts),
            "resources/list" | "resources/templates/list" | "resources/read" => Some(Self::Resources),
            "completion/complete" => Some(Self::Completions),
            "server/discover" if modern => Some(Self::Base),
            "subscriptions/listen" if modern => Some(Self::Changes),
            "tasks/get" | "tasks/update" | "tasks/cancel" if modern => Some(Self::Tasks),
            "initialize" | "ping" if !modern => Some(Self::Base),
            "resources/subscribe" | "resources/unsubscribe" if !modern => Some(Self::Subscriptions),
            "logging/setLevel" if !modern => Some(Self::Logging),
            _ => None,
        }
    }

    /// Whether an endpoint with these capabilities has it.
    pub fn is_offered(self, by: &ServerCapabilities) -> bool {
        match self {
            Self::Base => true,
            Self::Tools => by.tools.is_some(),
            Self::Prompts => by.prompts.is_some(),
            Self::Resources => by.resources.is_some(),
            Self::Subscriptions => by.resources.is_some_and(|resources| resources.subscribe),
            Self::Completions => by.completions.is_some(),
            Self::Logging => by.logging.is_some(),
            Self::Changes => by.announces() || by.extensions.contains_key(TASKS),
            Self::Tasks => by.extensions.contains_key(TASKS),
        }
    }
}

impl Call {
    /// The method's name.
    pub const fn method(&self) -> &'static str {
        match self {
            Self::Tool { .. } => "tools/call",
            Self::Prompt { .. } => "prompts/get",
            Self::Resource { .. } => "resources/read",
            Self::Complete { .. } => "completion/complete",
            Self::Task { action: TaskAction::Get, .. } => "tasks/get",
            Self::Task { action: TaskAction::Update { .. }, .. } => "tasks/update",
            Self::Task { action: TaskAction::Cancel, .. } => "tasks/cancel",
        }
    }

    /// What a retry brought, of the methods that can be retried with input.
    pub const fn retry(&self) -> Option<&InputRetry> {
        match self {
            Self::Tool { retry, .. } | Self::Prompt { retry, .. } | Self::Resource { retry, .. } => Some(retry),
            Self::Complete { .. } | Self::Task { .. } => None,
        }
    }
}
