//! What must be done for a message.

use super::era::Era;
use super::headers::RequestHeaders;
use super::message::{Answer, Notification};
use super::method::{Call, Method};
use super::params::{InputRetry, RequestMeta};
use super::post::{Message, Request};
use super::refusal::Fault;
use super::reply::{Addressee, Reply};
use super::wire::Tool;
use serde_json::{Map, Value};

/// The next step for a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Turn {
    /// Nothing is needed: this is the reply.
    Reply(Reply),
    /// A request must be served.
    Serve(Box<Asked>),
    /// A notification, which has no reply. It means something within a session only.
    Notice(Notification),
    /// An answer to a request of the server, which there can be within a session only.
    Answer(Answer),
}

/// A request whose method and parameters are read.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// Where the reply goes, and what makes one.
    pub to: Addressee,
    /// What came with the request besides its parameters.
    pub meta: RequestMeta,
    /// What is asked. Never [`Method::Ping`], which is answered at once.
    pub method: Method,
    /// The call came in the arguments of another tool's: the headers of the request speak of that one.
    pub carried: bool,
}

impl Message {
    /// What must be done for this message.
    pub fn turn(self) -> Turn {
        match self {
            Self::Notification(notification) => Turn::Notice(notification),
            Self::Answer(answer) => Turn::Answer(answer),
            Self::Request(request) => request.turn(),
        }
    }
}

impl Request {
    /// Where a reply to this request goes.
    pub fn addressee(&self) -> Addressee {
        Addressee { id: self.id.clone(), era: self.era, server: None }
    }

    fn turn(self) -> Turn {
        let to = self.addressee();
        let Self { era, method, mut params, .. } = self;
        let meta = RequestMeta::take(&mut params, era == Era::Modern);
        let method = match Method::read(era, &method, params) {
            Ok(method) => method,
            Err(fault) => return Turn::Reply(to.refuse(fault)),
        };
        match meta {
            Ok(_) if method == Method::Ping => Turn::Reply(to.done()),
            Ok(meta) => Turn::Serve(Box::new(Asked { to, meta, method, carried: false })),
            Err(fault) => {
                let (meta, family) = (RequestMeta::default(), method.family());
                let method = Method::Malformed { family, fault };
                Turn::Serve(Box::new(Asked { to, meta, method, carried: false }))
            }
        }
    }
}

impl Asked {
    /// The same request for the call that its arguments carry: of another tool, with what a retry brings for that one.
    #[must_use]
    pub fn carrying(self, name: String, arguments: Map<String, Value>) -> Self {
        let retry = match self.method {
            Method::Call(Call::Tool { retry, .. }) => retry,
            _ => InputRetry::default(),
        };
        Self { method: Method::Call(Call::Tool { name, arguments, retry }), carried: true, ..self }
    }

    /// Checks the `Mcp-Param-*` headers of a modern call against the tool's input schema. Comes after the tool is found
    /// and before its arguments are validated.
    pub fn check_headers(&self, headers: &RequestHeaders, tool: &Tool) -> Result<(), Fault> {
        match (&self.method, self.to.era) {
            _ if self.carried => Ok(()),
            (Method::Call(Call::Tool { arguments, .. }), Era::Modern) => {
                headers.check_params(&tool.input_schema, arguments)
            }
            _ => Ok(()),
        }
    }
}
