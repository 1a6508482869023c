//! Questions: what a server asks its client while it serves a request of the client. A legacy server sends a request on an
//! open stream, a modern one answers with what it needs; the gateway turns one into the other.

use super::capability::ClientCapabilities;
use super::message::RequestId;
use super::refusal::{INVALID_PARAMS, METHOD_NOT_FOUND};
use super::wire::RpcError;
use serde::Serialize;
use serde_json::{Map, Value};

/// Most questions one answer of an upstream may bring.
pub const MOST_QUESTIONS: usize = 16;
/// Most times one request may be answered with questions.
pub const MOST_ROUNDS: usize = 16;

/// One question: `sampling/createMessage`, `elicitation/create` or `roots/list`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Question {
    method: String,
    #[serde(skip_serializing_if = "Map::is_empty")]
    params: Map<String, Value>,
}

impl Question {
    /// A question this client takes; the error for the server that asked when it does not. Tokens of the hop stay behind.
    pub fn admit(
        client: &ClientCapabilities,
        method: String,
        mut params: Map<String, Value>,
    ) -> Result<Self, RpcError> {
        let refuse = |code, message: &str| Err(RpcError { code, message: message.to_owned(), data: None });
        if !matches!(method.as_str(), "sampling/createMessage" | "elicitation/create" | "roots/list") {
            return refuse(METHOD_NOT_FOUND, "Method not found");
        }
        if !client.takes(&method, &params) {
            return refuse(INVALID_PARAMS, "The client does not support this");
        }
        if let Some(Value::Object(meta)) = params.get_mut("_meta") {
            meta.shift_remove("progressToken");
            if meta.is_empty() {
                params.shift_remove("_meta");
            }
        }
        Ok(Self { method, params })
    }

    /// The questions of a modern upstream's `inputRequests`, by their keys; `None` when one is malformed, there are too
    /// many, or the client does not take one of them.
    pub fn read_all(client: &ClientCapabilities, requests: &Map<String, Value>) -> Option<Vec<(String, Self)>> {
        if requests.len() > MOST_QUESTIONS {
            return None;
        }
        let read = |(key, request): (&String, &Value)| {
            let method = request.get("method")?.as_str()?.to_owned();
            let params = match request.get("params") {
                None => Map::new(),
                Some(params) => params.as_object()?.clone(),
            };
            Some((key.clone(), Self::admit(client, method, params).ok()?))
        };
        requests.iter().map(read).collect()
    }

    /// As a request of the server on a legacy client's stream.
    pub fn message(&self, id: &RequestId) -> Vec<u8> {
        #[derive(Serialize)]
        struct Message<'a> {
            jsonrpc: &'static str,
            id: &'a RequestId,
            #[serde(flatten)]
            question: &'a Question,
        }
        // Texts and maps with text keys always serialize.
        serde_json::to_vec(&Message { jsonrpc: "2.0", id, question: self }).unwrap_or_default()
    }

    /// As a value of a modern client's `inputRequests`.
    pub fn input_request(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// A legacy client's answer as a modern upstream's `inputResponses` has it. There an answer is a result: a client that
    /// failed to ask its user has not got an answer from it, and for any other failure there is no form, so the call ends.
    pub fn input_response(&self, outcome: Result<Map<String, Value>, RpcError>) -> Result<Value, RpcError> {
        match outcome {
            Ok(result) => Ok(Value::Object(result)),
            Err(_) if self.method == "elicitation/create" => {
                Ok(Value::Object(std::iter::once(("action".to_owned(), Value::from("cancel"))).collect()))
            }
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST_QUESTIONS, Question};
    use crate::mcp::capability::ClientCapabilities;
    use crate::mcp::message::RequestId;
    use crate::mcp::wire::RpcError;
    use serde_json::{Map, Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn map(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    fn client() -> ClientCapabilities {
        ClientCapabilities::read(&map(&json!({"elicitation": {}, "roots": {}}))).unwrap()
    }

    fn ask(method: &str, params: &Value) -> Result<Question, RpcError> {
        Question::admit(&client(), method.to_owned(), map(params))
    }

    #[test]
    fn a_question_reaches_both_eras_of_client() {
        let question = ask("elicitation/create", &json!({"message": "m", "_meta": {"progressToken": 1}})).unwrap();
        let sent: Value = serde_json::from_slice(&question.message(&RequestId::Number(4))).unwrap();
        assert_eq!(
            sent,
            json!({"jsonrpc": "2.0", "id": 4, "method": "elicitation/create", "params": {"message": "m"}})
        );
        assert_eq!(question.input_request(), json!({"method": "elicitation/create", "params": {"message": "m"}}));
        let kept = ask("roots/list", &json!({"_meta": {"progressToken": 1, "trace": "t"}})).unwrap();
        assert_eq!(kept.input_request(), json!({"method": "roots/list", "params": {"_meta": {"trace": "t"}}}));
    }

    #[test]
    fn what_the_client_does_not_take_is_refused_to_the_server_that_asked() {
        assert_eq!(ask("sampling/createMessage", &json!({})).unwrap_err().code, -32602);
        assert_eq!(ask("elicitation/create", &json!({"mode": "url"})).unwrap_err().code, -32602);
        for other in ["tools/call", "ping", "Roots/list", ""] {
            assert_eq!(ask(other, &json!({})).unwrap_err().code, -32601, "{other}");
        }
    }

    #[test]
    fn input_requests_are_read_whole_or_not_at_all() {
        let read = |requests: &Value| Question::read_all(&client(), &map(requests)).map(|questions| questions.len());
        let fine = json!({"method": "roots/list"});
        assert_eq!(read(&json!({"a": fine, "b": {"method": "elicitation/create", "params": {}}})), Some(2));
        assert_eq!(read(&json!({})), Some(0));
        for bad in [
            json!(1),
            json!({}),
            json!({"method": 1}),
            json!({"method": "roots/list", "params": []}),
            json!({"method": "ping"}),
        ] {
            assert_eq!(read(&json!({"a": fine, "b": bad})), None);
        }
        let many: Map<_, _> = (0..=MOST_QUESTIONS).map(|key| (key.to_string(), fine.clone())).collect();
        assert_eq!(read(&Value::Object(many)), None);
    }

    #[test]
    fn an_unanswered_elicitation_is_cancelled_and_any_other_failure_ends_the_call() {
        let error = || RpcError { code: -1, message: "no".into(), data: None };
        let elicitation = ask("elicitation/create", &json!({})).unwrap();
        assert_eq!(elicitation.input_response(Err(error())), Ok(json!({"action": "cancel"})));
        let roots = ask("roots/list", &json!({})).unwrap();
        assert_eq!(roots.input_response(Err(error())), Err(error()));
        assert_eq!(roots.input_response(Ok(map(&json!({"roots": []})))), Ok(json!({"roots": []})));
    }
}
