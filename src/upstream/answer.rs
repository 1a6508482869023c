//! What an upstream answered: exactly one JSON-RPC response with the id that was sent, or a named failure.

use super::stream::EventReader;
use super::{ProtocolBreach, UntrustedText, UpstreamProblem};
use crate::json::{self, ANSWER_CAPS};
use crate::outbound::OutboundAnswer;
use serde_json::{Map, Value};

/// Most messages read from one event stream before its response.
const MAX_MESSAGES: usize = 10_000;

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
        /// `data.supported`, where the error names the revisions it has.
        supported: Vec<String>,
    },
}

impl Response {
    /// The result; an error becomes a failure.
    pub fn into_result(self) -> Result<Map<String, Value>, UpstreamProblem> {
        match self {
            Self::Result(result) => Ok(result),
            Self::Error { code, message, .. } => Err(UpstreamProblem::Rpc { code, message }),
        }
    }
}

/// Reads the body of an answer, whatever its status: JSON or an event stream, in which notifications are skipped.
///
/// The response must carry `id` with its type; an error that could not know the id may leave it out or null. A request
/// from the server is refused: this client declares no capability that would allow one.
pub fn read(answer: &OutboundAnswer, id: u64) -> Result<Response, UpstreamProblem> {
    match answer.media_type().as_deref() {
        Some("application/json") => {
            let message = json::parse(&answer.body, ANSWER_CAPS).map_err(|_| ProtocolBreach::Malformed)?;
            match message_kind(message, id)? {
                Kind::Response(response) => Ok(response),
                Kind::Notification => Err(ProtocolBreach::NotAResponse.into()),
            }
        }
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
            if read > MAX_MESSAGES {
                return Err(ProtocolBreach::WrongId.into());
            }
            let message = json::parse(&event, ANSWER_CAPS).map_err(|_| ProtocolBreach::Malformed)?;
            if let Kind::Response(response) = message_kind(message, id)? {
                return Ok(response);
            }
        }
    }
    Err(ProtocolBreach::WrongId.into())
}

enum Kind {
    Response(Response),
    Notification,
}

fn message_kind(message: Value, id: u64) -> Result<Kind, ProtocolBreach> {
    let Value::Object(mut message) = message else {
        return Err(ProtocolBreach::NotAResponse);
    };
    if message.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return Err(ProtocolBreach::NotAResponse);
    }
    if message.contains_key("method") {
        let asks = message.contains_key("id");
        return if asks { Err(ProtocolBreach::ServerRequest) } else { Ok(Kind::Notification) };
    }
    let own_id = message.get("id").and_then(Value::as_u64) == Some(id);
    match (message.remove("result"), message.remove("error")) {
        (Some(Value::Object(result)), None) if own_id => Ok(Kind::Response(Response::Result(result))),
        (Some(Value::Object(_)), None) => Err(ProtocolBreach::WrongId),
        (None, Some(Value::Object(error))) => {
            if !own_id && !matches!(message.get("id"), None | Some(Value::Null)) {
                return Err(ProtocolBreach::WrongId);
            }
            read_error(&error).map(Kind::Response).ok_or(ProtocolBreach::NotAResponse)
        }
        _ => Err(ProtocolBreach::NotAResponse),
    }
}

fn read_error(error: &Map<String, Value>) -> Option<Response> {
    let code = error.get("code")?.as_i64()?;
    let message = UntrustedText::new(error.get("message").and_then(Value::as_str).unwrap_or_default());
    let supported = error.get("data").and_then(|data| data.get("supported")).and_then(Value::as_array);
    let supported = supported.into_iter().flatten().filter_map(Value::as_str).take(16).map(str::to_owned).collect();
    Some(Response::Error { code, message, supported })
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
        let supported = vec!["2025-11-25".to_owned()];
        assert_eq!(json(body), Ok(Response::Error { code: -32022, message, supported }));
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
