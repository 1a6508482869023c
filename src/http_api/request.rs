//! A call as a request.
//!
//! 1. Every argument has a place, and every placeholder of the path a value.
//! 2. A value is written by itself: percent-encoded in a path, a query and a cookie, and refused where a header cannot
//!    carry it. No URL is ever put together as a text and read again.
//! 3. What an argument is called never is what a credential or a fixed part is called.
//! 4. The URL that comes out has the origin and the path of the API's base, to the letter; else there is no request.

use super::api::{HttpTool, Parameter, Place};
use super::check::Api;
use super::credential::Credentials;
use super::encode::{RefusedSegment, check_segment, encoded, push_literal};
use super::style::{Pairs, header_text, plain, push_pairs, push_path, render};
use super::template::{Piece, pieces};
use super::{body, style};
use crate::outbound::{HeaderValue, OutboundRequest, OutboundUrl};
use crate::time::Lifetime;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Longest URL, in bytes.
pub const MAX_URL_BYTES: usize = 16 * 1024;
/// Longest header fields made of arguments together, in bytes.
pub const MAX_HEADER_BYTES: usize = 16 * 1024;
/// Longest body, in bytes.
pub const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;
/// What is accepted where the tool does not say: JSON if there is any.
const ACCEPT: &str = "application/json, */*;q=0.5";
/// Who asks: some APIs refuse a request that does not say it (RFC 9110 section 10.1.5).
const USER_AGENT: &str = concat!("mcp-secure-gateway/", env!("CARGO_PKG_VERSION"));

/// Limits on one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallLimits {
    /// When to give up.
    pub deadline: Lifetime,
    /// Longest answer, in bytes.
    pub max_answer_bytes: usize,
}

/// Why there is no request. No variant carries a value; names of arguments are cut to 64 characters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestProblem {
    /// An argument of the path is not there.
    #[error("the argument {argument:?} is missing")]
    Missing {
        /// Which.
        argument: String,
    },
    /// An argument that goes nowhere.
    #[error("there is no argument {argument:?}")]
    Unknown {
        /// Which.
        argument: String,
    },
    /// A value that may not stand in a path.
    #[error("the argument {argument:?} {reason}")]
    Segment {
        /// Which.
        argument: String,
        /// Why.
        reason: RefusedSegment,
    },
    /// A value that a header field cannot carry.
    #[error("the argument {argument:?} must have visible ASCII characters, spaces and tabs only")]
    Header {
        /// Which.
        argument: String,
    },
    /// A value of another type than can be sent.
    #[error("the argument {argument:?} is of the wrong type")]
    Type {
        /// Which.
        argument: String,
    },
    /// A part of an argument that is called as a credential or a fixed part of the request.
    #[error("an argument has a part with a reserved name")]
    Reserved,
    /// Too long a URL.
    #[error("the arguments make an address of more than {MAX_URL_BYTES} bytes")]
    UrlTooLong,
    /// Too much in header fields.
    #[error("the arguments make header fields of more than {MAX_HEADER_BYTES} bytes")]
    HeadersTooLong,
    /// Too long a body.
    #[error("the arguments make a body of more than {MAX_BODY_BYTES} bytes")]
    BodyTooLong,
    /// What came out is not below the API's base. No arguments are known to do this.
    #[error("the arguments lead outside the API")]
    Outside,
}

type Field = (Cow<'static, str>, HeaderValue);

impl Api {
    /// The request that a call of a tool of this API is.
    ///
    /// `arguments` fit the tool's input schema; what the schema does not say is looked at here.
    pub fn request(
        &self,
        tool: &HttpTool,
        arguments: &Map<String, Value>,
        credentials: &Credentials,
        limits: CallLimits,
    ) -> Result<OutboundRequest, RequestProblem> {
        every_argument_has_a_place(tool, arguments)?;
        let call = Call { tool, arguments, credentials };
        let url = self.place(&call.path(self.prefix())?, &call.query()?)?;
        let mut headers = call.headers()?;
        let body = tool.body.as_ref().map(|body| body::write(body, arguments)).transpose()?.flatten();
        let body = match body {
            Some((_, bytes)) if bytes.len() > MAX_BODY_BYTES => return Err(RequestProblem::BodyTooLong),
            Some((content_type, bytes)) => {
                let value = HeaderValue::parse(content_type).map_err(|_| RequestProblem::Outside)?;
                headers.push(("content-type".into(), value));
                Some(bytes)
            }
            None => None,
        };
        Ok(OutboundRequest {
            method: tool.method,
            url,
            headers,
            body,
            wanted: &["retry-after"],
            deadline: limits.deadline,
            max_answer_bytes: limits.max_answer_bytes,
        })
    }

    /// The URL of a path and a query, if it is exactly that and below the base.
    fn place(&self, path: &str, query: &str) -> Result<OutboundUrl, RequestProblem> {
        if self.base().origin().len() + path.len() + query.len() + 1 > MAX_URL_BYTES {
            return Err(RequestProblem::UrlTooLong);
        }
        let query = Some(query).filter(|query| !query.is_empty());
        let mut url = self.base().url().clone();
        url.set_path(path);
        url.set_query(query);
        let exact = url.path() == path && url.query() == query && url.fragment().is_none();
        let below = path.strip_prefix(self.prefix()).is_some_and(|rest| rest.starts_with('/'));
        let url = self.base().with_path_and_query(&url);
        let pinned = url.origin() == self.base().origin() && url.url().path() == path;
        if exact && below && pinned { Ok(url) } else { Err(RequestProblem::Outside) }
    }
}

fn every_argument_has_a_place(tool: &HttpTool, arguments: &Map<String, Value>) -> Result<(), RequestProblem> {
    match arguments.keys().find(|name| !tool.takes(name)) {
        Some(name) => Err(RequestProblem::Unknown { argument: name.chars().take(64).collect() }),
        None => Ok(()),
    }
}

impl HttpTool {
    /// Whether an argument goes anywhere.
    pub fn takes(&self, argument: &str) -> bool {
        let in_body = self.body.as_ref().is_some_and(|body| {
            body.argument.as_deref() == Some(argument) || body.members.iter().any(|member| member.argument == argument)
        });
        in_body || self.parameters.iter().any(|parameter| parameter.argument == argument)
    }

    /// The parameters of a place, in their order.
    pub fn parameters_in(&self, place: Place) -> impl Iterator<Item = &Parameter> {
        self.parameters.iter().filter(move |parameter| parameter.place == place)
    }
}

struct Call<'a> {
    tool: &'a HttpTool,
    arguments: &'a Map<String, Value>,
    credentials: &'a Credentials,
}

impl Call<'_> {
    /// What is given for the parameters of a place.
    fn given(&self, place: Place) -> impl Iterator<Item = (&Parameter, &Value)> {
        let there = |parameter: &'_ &Parameter| self.arguments.get(&parameter.argument).is_some_and(|v| !v.is_null());
        let parameters = self.tool.parameters_in(place).filter(there);
        parameters.filter_map(|parameter| Some((parameter, self.arguments.get(&parameter.argument)?)))
    }

    fn path(&self, prefix: &str) -> Result<String, RequestProblem> {
        let mut path = prefix.to_owned();
        for piece in pieces(&self.tool.path).map_err(|_| RequestProblem::Outside)? {
            match piece {
                Piece::Literal(text) => push_literal(text, &mut path),
                Piece::Parameter(name) => self.push_parameter(name, &mut path)?,
            }
            if path.len() > MAX_URL_BYTES {
                return Err(RequestProblem::UrlTooLong);
            }
        }
        let below = path.get(prefix.len() + 1..).unwrap_or_default();
        let climbs =
            |segment: &str| matches!(check_segment(segment), Err(RefusedSegment::Climbs | RefusedSegment::Character));
        if below.split('/').any(climbs) { Err(RequestProblem::Outside) } else { Ok(path) }
    }

    fn push_parameter(&self, name: &str, path: &mut String) -> Result<(), RequestProblem> {
        let mut parameters = self.tool.parameters_in(Place::Path);
        let parameter = parameters.find(|parameter| parameter.wire_name() == name).ok_or(RequestProblem::Outside)?;
        let argument = || parameter.argument.clone();
        let value = match self.arguments.get(&parameter.argument) {
            None | Some(Value::Null) => return Err(RequestProblem::Missing { argument: argument() }),
            // Before it is encoded, which makes it three times as long.
            Some(value) if plain(value).len() > MAX_URL_BYTES => return Err(RequestProblem::UrlTooLong),
            Some(value) => value,
        };
        push_path(name, value, parameter.style(), parameter.explode(), path)
            .map_err(|reason| RequestProblem::Segment { argument: argument(), reason })
    }

    fn query(&self) -> Result<String, RequestProblem> {
        let mut pairs = Pairs::new();
        for (parameter, value) in self.given(Place::Query) {
            if plain(value).len() > MAX_URL_BYTES {
                return Err(RequestProblem::UrlTooLong);
            }
            push_pairs(parameter.wire_name(), value, parameter.style(), parameter.explode(), &mut pairs);
        }
        let mut own = Pairs::new();
        let fixed = self.tool.fixed.iter().filter(|fixed| fixed.place == Place::Query);
        own.extend(fixed.map(|fixed| (encoded(&fixed.name), encoded(&fixed.value))));
        let secret = self.credentials.query.iter();
        own.extend(secret.map(|(name, secret)| (encoded(name), encoded(secret.expose()))));
        // An exploded object names its parameters itself.
        if pairs.iter().any(|(name, _)| own.iter().any(|(reserved, _)| is_same_name(name, reserved))) {
            return Err(RequestProblem::Reserved);
        }
        pairs.append(&mut own);
        Ok(style::render(&pairs))
    }

    fn headers(&self) -> Result<Vec<Field>, RequestProblem> {
        let mut headers: Vec<Field> = Vec::new();
        let fixed = self.tool.fixed.iter().filter(|fixed| fixed.place == Place::Header);
        for fixed in fixed {
            let value = HeaderValue::parse(fixed.value.as_str()).map_err(|_| RequestProblem::Reserved)?;
            headers.push((fixed.name.to_ascii_lowercase().into(), value));
        }
        headers.extend(self.credentials.headers.iter().cloned());
        let mut length = 0;
        for (parameter, value) in self.given(Place::Header) {
            let name = parameter.wire_name().to_ascii_lowercase();
            if headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(&name)) {
                return Err(RequestProblem::Reserved);
            }
            let Some(text) = header_text(value, parameter.style(), parameter.explode()) else { continue };
            length += text.len() + name.len();
            let unfit = |_| RequestProblem::Header { argument: parameter.argument.clone() };
            headers.push((name.into(), HeaderValue::parse(text).map_err(unfit)?));
        }
        for (name, usual) in [("accept", ACCEPT), ("user-agent", USER_AGENT)] {
            if !headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name)) {
                headers.push((name.into(), HeaderValue::fixed(usual)));
            }
        }
        if let Some(cookies) = self.cookies()? {
            length += cookies.expose().len();
            headers.push(("cookie".into(), cookies));
        }
        if length > MAX_HEADER_BYTES { Err(RequestProblem::HeadersTooLong) } else { Ok(headers) }
    }

    fn cookies(&self) -> Result<Option<HeaderValue>, RequestProblem> {
        let mut pairs = Pairs::new();
        for (parameter, value) in self.given(Place::Cookie) {
            push_pairs(parameter.wire_name(), value, parameter.style(), parameter.explode(), &mut pairs);
        }
        let secrets: Vec<&str> = self.credentials.cookies.iter().map(HeaderValue::expose).collect();
        let names = secrets.iter().filter_map(|cookie| Some(cookie.split_once('=')?.0));
        if names.into_iter().any(|own| pairs.iter().any(|(name, _)| is_same_name(name, &encoded(own)))) {
            return Err(RequestProblem::Reserved);
        }
        let cookies = pairs.iter().map(|pair| Cow::Owned(render(std::slice::from_ref(pair))));
        let cookies: Vec<Cow<'_, str>> = cookies.chain(secrets.into_iter().map(Cow::Borrowed)).collect();
        if cookies.is_empty() {
            return Ok(None);
        }
        HeaderValue::parse(cookies.join("; ")).map(Some).map_err(|_| RequestProblem::Reserved)
    }
}

/// Whether some server may take two encoded names for one: without regard to case, and to what stands in brackets.
fn is_same_name(name: &str, reserved: &str) -> bool {
    let first = |text: &str| text.split("%5B").next().unwrap_or_default().to_ascii_lowercase();
    first(name) == first(reserved)
}
