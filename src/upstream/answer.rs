//! What an upstream says: JSON-RPC messages, whole or out of an event stream, or a named failure.

use super::ask::{Notification, ServerRequest};
use super::stream::{EventReader, LONGEST_NOTICE, MOST_MESSAGES};
use super::{ProtocolBreach, UntrustedText, UpstreamProblem};
use crate::json::{self, ANSWER_CAPS};
use crate::mcp::message::RequestId;
use crate::mcp::refusal::{
    INVALID_PARAMS, METHOD_NOT_FOUND, MISSING_CAPABILITY, RESOURCE_NOT_FOUND, URL_ELICITATION_REQUIRED,
};
use crate::mcp::wire::RpcError;
use crate::outbound::OutboundAnswer;
use serde_json::{Map, Value};

/// Longest `data` of an error that is kept, in bytes.
const LONGEST_DATA: usize = 16 * 1024;

/// A JSON-RPC response, as yet without meaning.
#[derive(Debug, Clone, PartialEq)]
pub enum Response {
    /// The method's result.
    Result(Map<String, Value>),
    /// An error of the upstream.
    Error {
        /// JSON-RPC error code.
        code: i64,
        /// The message, cut and cleaned.
        message: UntrustedText,
        /// `data`, if it is not too long.
        data: Option<Value>,
    },
}

/// One message of an upstream.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// The response to the request with the id that was sent.
    Response(Response),
    /// A notification.
    Notification(Notification),
    /// A request of its own.
    Request(ServerRequest),
}

impl Response {
    /// The result; an error becomes a failure.
    pub fn into_result(self) -> Result<Map<String, Value>, UpstreamProblem> {
        match self {
            Self::Result(result) => Ok(result),
            Self::Error { code, message, .. } => Err(UpstreamProblem::Rpc { code, message }),
        }
    }

    /// The revisions that an error says are served.
    pub(super) fn supported(&self) -> Vec<String> {
        match self {
            Self::Error { data: Some(data), .. } => texts(data.get("supported")),
            _ => Vec::new(),
        }
    }
}

/// The texts of a list, a few at most.
pub(super) fn texts(list: Option<&Value>) -> Vec<String> {
    let texts = list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    texts.take(16).map(str::to_owned).collect()
}

/// An error as a client may be told it, in the newest revision's form. The code is kept. The words and the data are kept
/// where the protocol gives the code a meaning for the client; all others may speak of the upstream's inside.
pub(super) fn told(code: i64, message: &UntrustedText, data: Option<Value>) -> RpcError {
    match code {
        RESOURCE_NOT_FOUND => RpcError { code: INVALID_PARAMS, message: message.as_str().to_owned(), data },
        INVALID_PARAMS | METHOD_NOT_FOUND | MISSING_CAPABILITY | URL_ELICITATION_REQUIRED => {
            RpcError { code, message: message.as_str().to_owned(), data }
        }
        _ => RpcError { code, message: "The upstream answered with an error".to_owned(), data: None },
    }
}

/// Reads the body of an answer, whatever its status: JSON or an event stream, in which notifications are skipped.
///
/// The response must carry `id` with its type; an error that could not know the id may leave it out or null. A request
/// from the server is refused: whoever reads a whole answer cannot answer it.
pub fn read(answer: &OutboundAnswer, id: u64) -> Result<Response, UpstreamProblem> {
    match answer.media_type().as_deref() {
        Some("application/json") => match message(&answer.body, id)? {
            Message::Response(response) => Ok(response),
            Message::Notification(_) => Err(ProtocolBreach::NotAResponse.into()),
            Message::Request(_) => Err(ProtocolBreach::ServerRequest.into()),
        },
        Some("text/event-stream") => read_stream(&answer.body, id),
        _ => Err(ProtocolBreach::MediaType.into()),
    }
}

fn read_stream(body: &[u8], id: u64) -> Result<Response, UpstreamProblem> {
    let mut reader = EventReader::default();
    let mut read = 0;
    // Piece by piece, so that what follows the response is never parsed.
    for piece in body.chunks(16 * 1024) {
        for event in reader.push(piece) {
            read += 1;
            if read > MOST_MESSAGES {
                return Err(ProtocolBreach::EndlessStream.into());
            }
            match message(&event, id)? {
                Message::Response(response) => return Ok(response),
                _ if event.len() > LONGEST_NOTICE => return Err(UpstreamProblem::TooLarge),
                Message::Request(_) => return Err(ProtocolBreach::ServerRequest.into()),
                Message::Notification(_) => {}
            }
        }
    }
    Err(ProtocolBreach::WrongId.into())
}

/// Reads one message. A response must carry `id`.
pub fn message(bytes: &[u8], id: u64) -> Result<Message, ProtocolBreach> {
    let Ok(Value::Object(mut members)) = json::parse(bytes, ANSWER_CAPS) else {
        let is_json = json::parse(bytes, ANSWER_CAPS).is_ok();
        return Err(if is_json { ProtocolBreach::NotAResponse } else { ProtocolBreach::Malformed });
    };
    if members.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return Err(ProtocolBreach::NotAResponse);
    }
    if let Some(method) = members.shift_remove("method") {
        return call(method, members);
    }
    let own_id = members.get("id").and_then(Value::as_u64) == Some(id);
    match (members.shift_remove("result"), members.shift_remove("error")) {
        (Some(Value::Object(result)), None) if own_id => Ok(Message::Response(Response::Result(result))),
        (Some(Value::Object(_)), None) => Err(ProtocolBreach::WrongId),
        (None, Some(Value::Object(error))) => {
            if !own_id && !matches!(members.get("id"), None | Some(Value::Null)) {
                return Err(ProtocolBreach::WrongId);
            }
            read_error(error).map(Message::Response).ok_or(ProtocolBreach::NotAResponse)
        }
        _ => Err(ProtocolBreach::NotAResponse),
    }
}

fn call(method: Value, mut members: Map<String, Value>) -> Result<Message, ProtocolBreach> {
    let Value::String(method) = method else { return Err(ProtocolBreach::NotAResponse) };
    let params = match members.shift_remove("params") {
        None => Map::new(),
        Some(Value::Object(params)) => params,
        Some(_) => return Err(ProtocolBreach::NotAResponse),
    };
    match members.get("id") {
        None => Ok(Message::Notification(Notification { method, params })),
        Some(id) => {
            let id = RequestId::read(id).ok_or(ProtocolBreach::NotAResponse)?;
            Ok(Message::Request(ServerRequest { id, method, params }))
        }
    }
}

fn read_error(mut error: Map<String, Value>) -> Option<Response> {
    let code = error.get("code")?.as_i64()?;
    let message = UntrustedText::new(error.get("message").and_then(Value::as_str).unwrap_or_default());
    let data = error.shift_remove("data").filter(|data| data.to_string().len() <= LONGEST_DATA);
    Some(Response::Error { code, message, data })
}

#[cfg(test)]
mod tests {
    use super::{Response, read};
    use crate::outbound::OutboundAnswer;
    use crate::upstream::{ProtocolBreach, UntrustedText, UpstreamProblem};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn answer(media_type: &str, body: &[u8]) -> OutboundAnswer {
        let headers = vec![("content-type".to_owned(), media_type.to_owned())];
        OutboundAnswer { status: 200, headers, body: body.to_vec() }
    }

    fn json(body: &str) -> Result<Response, UpstreamProblem> {
        read(&answer("application/json; charset=utf-8", body.as_bytes()), 7)
    }

    #[test]
    fn a_result_with_the_id_that_was_sent_is_read() {
        let result = json(r#"{"jsonrpc":"2.0","id":7,"result":{"a":1}}"#).unwrap();
        assert!(matches!(result, Response::Result(members) if members.contains_key("a")));
    }

    #[test]
    fn anything_else_is_a_breach_with_its_name() {
        for (body, breach) in [
            (r#"{"jsonrpc":"2.0","id":8,"result":{}}"#, ProtocolBreach::WrongId),
            (r#"{"jsonrpc":"2.0","id":"7","result":{}}"#, ProtocolBreach::WrongId),
            (r#"{"jsonrpc":"2.0","id":8,"error":{"code":1,"message":"x"}}"#, ProtocolBreach::WrongId),
            (r#"{"jsonrpc":"2.0","result":{}}"#, ProtocolBreach::WrongId),
            (r#"{"jsonrpc":"2.0","id":7,"result":{},"error":{"code":1,"message":"x"}}"#, ProtocolBreach::NotAResponse),
            (r#"{"jsonrpc":"2.0","id":7,"result":[]}"#, ProtocolBreach::NotAResponse),
            (r#"{"jsonrpc":"2.0","id":7}"#, ProtocolBreach::NotAResponse),
            (r#"{"jsonrpc":"1.0","id":7,"result":{}}"#, ProtocolBreach::NotAResponse),
            (r#"[{"jsonrpc":"2.0","id":7,"result":{}}]"#, ProtocolBreach::NotAResponse),
            (r#"{"jsonrpc":"2.0","id":7,"method":"roots/list"}"#, ProtocolBreach::ServerRequest),
            (r#"{"jsonrpc":"2.0","method":"notifications/x"}"#, ProtocolBreach::NotAResponse),
            (r#"{"jsonrpc":"2.0","id":7,"id":7,"result":{}}"#, ProtocolBreach::Malformed),
            ("", ProtocolBreach::Malformed),
        ] {
            assert_eq!(json(body), Err(breach.into()), "{body}");
        }
        assert_eq!(read(&answer("text/html", b"{}"), 7), Err(ProtocolBreach::MediaType.into()));
    }

    #[test]
    fn an_error_keeps_its_code_and_a_cleaned_message() {
        let body = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32022,"message":"a\u001b[31m\nb","data":{"supported":["2025-11-25"]}}}"#;
        let message = UntrustedText::new("a [31m b");
        let data = Some(serde_json::json!({"supported": ["2025-11-25"]}));
        let error = json(body).unwrap();
        assert_eq!(error.supported(), ["2025-11-25"]);
        assert_eq!(error, Response::Error { code: -32022, message, data });
    }

    #[test]
    fn a_stream_is_read_up_to_its_response() {
        let body = ": hello\n\nid: 1\ndata:\n\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\"}\n\n\
                    data: {\"jsonrpc\":\"2.0\",\ndata: \"id\":7,\"result\":{}}\n\ndata: garbage\n\n";
        assert!(read(&answer("text/event-stream", body.as_bytes()), 7).is_ok());
        let asks = "data: {\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"sampling/createMessage\"}\n\n";
        assert_eq!(read(&answer("text/event-stream", asks.as_bytes()), 7), Err(ProtocolBreach::ServerRequest.into()));
        assert_eq!(read(&answer("text/event-stream", b"data: "), 7), Err(ProtocolBreach::WrongId.into()));
    }

    #[cfg(not(target_arch = "wasm32"))]
    proptest::proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(body in proptest::collection::vec(proptest::num::u8::ANY, 0..200), stream: bool) {
            let media_type = if stream { "text/event-stream" } else { "application/json" };
            let _ = read(&answer(media_type, &body), 7);
        }

        #[test]
        fn nearly_right_answers_never_panic(body in "(data: ?)?\\{(\"(jsonrpc|id|result|error|method)\":(\"2.0\"|7|null|\\{\\}|[0-9]),?){0,4}\\}(\n\n)?") {
            let _ = json(&body);
            let _ = read(&answer("text/event-stream", body.as_bytes()), 7);
        }
    }
}
