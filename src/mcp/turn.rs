//! What the gateway must do for a message, and how what came of it is rendered.

use super::era::Era;
use super::headers::RequestHeaders;
use super::message::RequestId;
use super::method::Method;
use super::post::{Message, Request};
use super::refusal::{Fault, Refusal};
use super::reply::{Addressee, Reply};
use super::wire::{CallToolResult, Tool};
use serde_json::{Map, Value};

/// The next step for a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Turn {
    /// Nothing is needed: this is the reply.
    Reply(Reply),
    /// The caller's tools are needed.
    ListTools(ListTools),
    /// A tool must be run.
    CallTool(CallTool),
}

/// A `tools/list` that waits for the tools.
#[derive(Clone, Debug, PartialEq)]
pub struct ListTools {
    to: Addressee,
}

/// A `tools/call` that waits for its result.
#[derive(Clone, Debug, PartialEq)]
pub struct CallTool {
    to: Addressee,
    /// The tool's name, as the caller gave it.
    pub name: String,
    /// The arguments, not yet validated.
    pub arguments: Map<String, Value>,
}

impl Message {
    /// What must be done for this message.
    pub fn turn(self) -> Turn {
        match self {
            Self::Notification | Self::Response => Turn::Reply(Reply::ACCEPTED),
            Self::Request(request) => request.turn(),
        }
    }
}

impl Request {
    fn turn(self) -> Turn {
        let Self { id, era, method, params } = self;
        let to = Addressee { id, era };
        match Method::read(era, &method, params) {
            Ok(Method::Initialize { negotiated }) => Turn::Reply(to.initialize(negotiated)),
            Ok(Method::Ping) => Turn::Reply(to.pong()),
            Ok(Method::Discover) => Turn::Reply(to.discover()),
            Ok(Method::ToolsList) => Turn::ListTools(ListTools { to }),
            Ok(Method::ToolsCall { name, arguments }) => Turn::CallTool(CallTool { to, name, arguments }),
            Err(fault) => Turn::Reply(to.refuse(fault)),
        }
    }
}

impl ListTools {
    /// The caller's tools, in a stable order, become the reply. A legacy client sees output schemas of objects only.
    pub fn render(&self, tools: Vec<Tool>) -> Reply {
        self.to.tools(tools)
    }

    /// The list cannot be had.
    pub fn refuse(&self, fault: Fault) -> Reply {
        self.to.refuse(fault)
    }

    /// The request's id.
    pub const fn id(&self) -> &RequestId {
        &self.to.id
    }
}

impl CallTool {
    /// Checks the `Mcp-Param-*` headers of a modern call against the tool's input schema. Comes after the tool is found
    /// and before its arguments are validated.
    pub fn check_headers(&self, headers: &RequestHeaders, tool: &Tool) -> Result<(), Fault> {
        match self.to.era {
            Era::Modern => headers.check_params(&tool.input_schema, &self.arguments),
            Era::Legacy(_) => Ok(()),
        }
    }

    /// What the call gave becomes the reply: a tool that failed, refused its arguments or could not be reached is a
    /// result with `is_error`, never a protocol error.
    pub fn render(&self, result: CallToolResult) -> Reply {
        self.to.called(result)
    }

    /// The caller has no tool of this name.
    pub fn unknown_tool(&self) -> Reply {
        self.to.refuse(Fault::unknown_tool(&self.name))
    }

    /// The call was not made.
    pub fn refuse(&self, fault: Fault) -> Reply {
        self.to.refuse(fault)
    }

    /// The request's id.
    pub const fn id(&self) -> &RequestId {
        &self.to.id
    }
}

impl Addressee {
    fn refuse(&self, fault: Fault) -> Reply {
        Refusal { id: Some(self.id.clone()), fault }.reply_in(self.era)
    }
}
