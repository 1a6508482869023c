//! Questions: what a server asks its client while it serves a request of the client. A legacy server sends a request on an
//! open stream, a modern one answers with what it needs; the gateway turns one into the other.

use super::capability::ClientCapabilities;
use super::message::RequestId;
use super::refusal::{INVALID_PARAMS, METHOD_NOT_FOUND};
use super::wire::RpcError;
use serde::Serialize;
use serde_json::{Map, Value};
use std::borrow::Cow;
use url::Url;

/// Most questions one answer of an upstream may bring.
pub const MOST_QUESTIONS: usize = 16;
/// The parameter that names the visit of a page, up to 2025-11-25.
const PAGE_ID: &str = "elicitationId";
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
    /// The question of a server that wants a page visited, as a modern answer's `inputRequests` (`client/elicitation`, URL mode).
    pub fn page(message: &str, url: &str) -> Map<String, Value> {
        let mut params = Map::new();
        for (name, value) in [("mode", "url"), ("message", message), ("url", url)] {
            params.insert(name.to_owned(), value.into());
        }
        let question = Self { method: "elicitation/create".to_owned(), params };
        let mut requests = Map::new();
        requests.insert("approval".to_owned(), serde_json::to_value(question).unwrap_or_default());
        requests
    }

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
        if sends_to_page(&params) && !names_page(&params) {
            return refuse(INVALID_PARAMS, "The url is not one of a page");
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

    /// The pages that a legacy server's error says the user must visit first, as `inputRequests` that ask for it (2025-11-25,
    /// `client/elicitation`, "URL Elicitation Required Error"); `None` when it names none that can be read.
    pub fn visits(data: Option<&Value>) -> Option<Map<String, Value>> {
        let pages = data?.get("elicitations")?.as_array()?;
        let request = |(index, page): (usize, &Value)| {
            let question = Self { method: "elicitation/create".to_owned(), params: page.as_object()?.clone() };
            Some((format!("page_{}", index + 1), question.input_request()))
        };
        pages.iter().enumerate().map(request).collect::<Option<Map<_, _>>>().filter(|pages| !pages.is_empty())
    }

    /// As a request of the server on a legacy client's stream. There a page has an id that the server can say is done; a
    /// modern server gives none, and never says so.
    pub fn message(&self, id: &RequestId) -> Vec<u8> {
        #[derive(Serialize)]
        struct Message<'a> {
            jsonrpc: &'static str,
            id: &'a RequestId,
            #[serde(flatten)]
            question: &'a Question,
        }
        let mut question = Cow::Borrowed(self);
        if sends_to_page(&self.params) && !self.params.contains_key(PAGE_ID) {
            let name = match id {
                RequestId::Number(number) => format!("page-{number}"),
                RequestId::Text(text) => format!("page-{text}"),
            };
            question.to_mut().params.insert(PAGE_ID.to_owned(), name.into());
        }
        // Texts and maps with text keys always serialize.
        serde_json::to_vec(&Message { jsonrpc: "2.0", id, question: &question }).unwrap_or_default()
    }

    /// As a value of a modern client's `inputRequests`, where a page has no id.
    pub fn input_request(&self) -> Value {
        let mut question = Cow::Borrowed(self);
        if sends_to_page(&self.params) {
            question.to_mut().params.shift_remove(PAGE_ID);
        }
        serde_json::to_value(&question).unwrap_or_default()
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

/// Whether the parameters of an elicitation send the user to a page.
fn sends_to_page(params: &Map<String, Value>) -> bool {
    params.get("mode").and_then(Value::as_str) == Some("url")
}

/// Whether they name one that a browser fetches: any other scheme would be run or opened by the user's machine.
fn names_page(params: &Map<String, Value>) -> bool {
    let url = params.get("url").and_then(Value::as_str).and_then(|text| Url::parse(text).ok());
    url.is_some_and(|url| matches!(url.scheme(), "https" | "http"))
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
        assert_eq!(
            ask("elicitation/create", &json!({"mode": "url", "url": "https://a.example"})).unwrap_err().code,
            -32602
        );
        for other in ["tools/call", "ping", "Roots/list", ""] {
            assert_eq!(ask(other, &json!({})).unwrap_err().code, -32601, "{other}");
        }
    }

    /// A question that sends the user to this page.
    fn page(url: &Value, id: Option<&str>) -> Result<Question, RpcError> {
        let client = ClientCapabilities::read(&map(&json!({"elicitation": {"url": {}}}))).unwrap();
        let mut params = json!({"mode": "url", "message": "m", "url": url});
        if let Some(id) = id {
            params["elicitationId"] = id.into();
        }
        Question::admit(&client, "elicitation/create".to_owned(), map(&params))
    }

    #[test]
    fn a_page_has_an_id_in_the_older_era_and_none_in_the_newer() {
        let url = json!("https://a.example/x?y=1");
        for (given, told) in [(Some("e-1"), "e-1"), (None, "page-4")] {
            let question = page(&url, given).unwrap();
            let sent: Value = serde_json::from_slice(&question.message(&RequestId::Number(4))).unwrap();
            assert_eq!(sent["params"], json!({"mode": "url", "message": "m", "url": url, "elicitationId": told}));
            assert_eq!(question.input_request()["params"], json!({"mode": "url", "message": "m", "url": url}));
        }
    }

    #[test]
    fn a_page_is_one_that_a_browser_fetches() {
        for url in ["http://127.0.0.1:9/x", "https://a.example"] {
            assert!(page(&url.into(), None).is_ok(), "{url}");
        }
        for url in
            [json!("javascript:alert(1)"), json!("file:///etc/passwd"), json!("/x"), json!(""), json!(7), Value::Null]
        {
            assert_eq!(page(&url, None).unwrap_err().code, -32602, "{url}");
        }
    }

    #[test]
    fn an_error_that_names_pages_becomes_questions_of_the_newer_era() {
        let named = json!({"mode": "url", "message": "m", "url": "https://a.example", "elicitationId": "e"});
        let visits = Question::visits(Some(&json!({"elicitations": [named, named]}))).unwrap();
        assert_eq!(visits.keys().collect::<Vec<_>>(), ["page_1", "page_2"]);
        let asked = json!({"method": "elicitation/create", "params": {"mode": "url", "message": "m", "url": "https://a.example"}});
        assert_eq!(visits["page_1"], asked);
        for bad in [json!({}), json!({"elicitations": []}), json!({"elicitations": [1]}), json!({"elicitations": {}})] {
            assert_eq!(Question::visits(Some(&bad)), None, "{bad}");
        }
        assert_eq!(Question::visits(None), None);
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
