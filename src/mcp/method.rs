//! The methods served, with their parameters read.

use super::era::{Era, LegacyRevision};
use super::refusal::{Fault, ParamsProblem};
use serde_json::{Map, Value};

/// A method with its parameters.
#[derive(Clone, Debug, PartialEq)]
pub enum Method {
    /// The legacy handshake. Nothing of it is kept: later requests stand alone.
    Initialize {
        /// The revision the answer names.
        negotiated: LegacyRevision,
    },
    /// Modern: what this server is and can do.
    Discover,
    /// Legacy: is anybody there.
    Ping,
    /// The tools the caller may use. The list is one page, so it has no cursor.
    ToolsList,
    /// Run a tool.
    ToolsCall {
        /// The tool's name, as the caller gave it.
        name: String,
        /// Its arguments, unread; an absent member is `{}`.
        arguments: Map<String, Value>,
    },
}

impl Method {
    /// Reads a request's method and parameters. `initialize` and `ping` exist in the legacy revisions only,
    /// `server/discover` in the modern one only; anything else this server does not declare is not found.
    ///
    /// Members of `params` that the method does not define are ignored and go nowhere.
    pub fn read(era: Era, method: &str, params: Map<String, Value>) -> Result<Self, Fault> {
        match (era, method) {
            (Era::Legacy(_), "initialize") => read_initialize(&params),
            (Era::Legacy(_), "ping") => Ok(Self::Ping),
            (Era::Modern, "server/discover") => Ok(Self::Discover),
            (_, "tools/list") => read_list(&params),
            (_, "tools/call") => read_call(params),
            _ => Err(Fault::MethodNotFound),
        }
    }
}

fn read_initialize(params: &Map<String, Value>) -> Result<Method, Fault> {
    for member in ["capabilities", "clientInfo"] {
        if !params.get(member).is_some_and(Value::is_object) {
            return Err(Fault::Params(ParamsProblem::NotAnObject(member)));
        }
    }
    let wanted = params.get("protocolVersion").and_then(Value::as_str);
    let wanted = wanted.ok_or(Fault::Params(ParamsProblem::NotText("protocolVersion")))?;
    Ok(Method::Initialize { negotiated: LegacyRevision::negotiate(wanted) })
}

fn read_list(params: &Map<String, Value>) -> Result<Method, Fault> {
    check_meta(params)?;
    match params.get("cursor") {
        None => Ok(Method::ToolsList),
        Some(Value::String(cursor)) if cursor.is_empty() => Ok(Method::ToolsList),
        Some(Value::String(_)) => Err(Fault::Params(ParamsProblem::UnknownCursor)),
        Some(_) => Err(Fault::Params(ParamsProblem::NotText("cursor"))),
    }
}

fn read_call(mut params: Map<String, Value>) -> Result<Method, Fault> {
    check_meta(&params)?;
    let Some(Value::String(name)) = params.remove("name") else {
        return Err(Fault::Params(ParamsProblem::NotText("name")));
    };
    match params.remove("arguments") {
        None => Ok(Method::ToolsCall { name, arguments: Map::new() }),
        Some(Value::Object(arguments)) => Ok(Method::ToolsCall { name, arguments }),
        Some(_) => Err(Fault::Params(ParamsProblem::NotAnObject("arguments"))),
    }
}

fn check_meta(params: &Map<String, Value>) -> Result<(), Fault> {
    match params.get("_meta") {
        None | Some(Value::Object(_)) => Ok(()),
        Some(_) => Err(Fault::Params(ParamsProblem::NotAnObject("_meta"))),
    }
}
