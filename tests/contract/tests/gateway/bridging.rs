//! Upstreams that ask back: clients of either era answer upstreams of either era.

use crate::{gateway, logged_in};
use gateway_contract::caller::Caller;
use gateway_contract::seed::{Tools, colleague};
use serde_json::{Map, Value, json};

/// Everything a server can ask of a client.
fn all() -> Value {
    json!({"elicitation": {}, "sampling": {}, "roots": {"listChanged": true}})
}

/// What a good client answers to a question.
fn good_answer(question: &Value) -> Value {
    let text = |text: &str| json!({"type": "text", "text": text});
    match question["method"].as_str().unwrap_or_default() {
        "elicitation/create" => {
            let properties = question["params"]["requestedSchema"]["properties"].as_object().expect("a form");
            let content: Map<String, Value> = properties.keys().map(|name| (name.clone(), answer_to(name))).collect();
            json!({"action": "accept", "content": content})
        }
        "sampling/createMessage" => {
            json!({"role": "assistant", "content": text("Good day"), "model": "none", "stopReason": "endTurn"})
        }
        "roots/list" => json!({"roots": [{"uri": "file:///work", "name": "work"}]}),
        other => panic!("a question of the kind {other}: {question}"),
    }
}

fn answer_to(field: &str) -> Value {
    if field == "ok" || field == "confirm" { json!(true) } else { json!("Ada") }
}

/// The text of a result.
#[track_caller]
fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text: {result}"))
}

/// Calls a tool of a client of 2026 and answers whatever it is asked, round by round: the result, and how many rounds.
async fn answered_rounds(caller: &Caller, tool: &str) -> (Value, usize) {
    let mut params = json!({"name": tool, "arguments": {}});
    for round in 0..6 {
        let result = caller.result("tools/call", params.clone()).await;
        if result["resultType"] == "complete" {
            return (result, round);
        }
        params["inputResponses"] = responses(&result);
        params["requestState"] = result["requestState"].clone();
    }
    panic!("{tool} asks and asks");
}

/// The answers to what a result asks for.
#[track_caller]
fn responses(result: &Value) -> Value {
    assert_eq!(result["resultType"], "input_required", "{result}");
    let requests = result["inputRequests"].as_object().unwrap_or_else(|| panic!("no requests: {result}"));
    requests.iter().map(|(key, question)| (key.clone(), good_answer(question))).collect::<Map<_, _>>().into()
}

/// Calls a tool of a client of 2025 and answers what is asked on its stream: the result, and how many questions there were.
async fn answered_on_stream(caller: &Caller, tool: &str) -> (Value, usize) {
    let mut stream = caller.send("tools/call", json!({"name": tool, "arguments": {}})).await;
    let mut questions = 0;
    loop {
        let message = stream.next().await.expect("an answer");
        if message.get("result").is_some() || message.get("error").is_some() {
            assert!(stream.next().await.is_none(), "nothing comes after the result");
            return (message["result"].clone(), questions);
        }
        if message.get("id").is_some() {
            questions += 1;
            caller.answer(&message, good_answer(&message)).await;
        }
    }
}

const TOOLS: [(&str, &str); 6] = [
    ("test_input_required_result_elicitation", "Hello, Ada!"),
    ("test_input_required_result_sampling", "Good day"),
    ("test_input_required_result_list_roots", "Roots: file:///work"),
    ("test_input_required_result_request_state", "state-ok: confirmed"),
    ("test_input_required_result_multiple_inputs", "Good day for Ada, roots: file:///work"),
    ("test_input_required_result_multi_round", "Ada likes Ada"),
];

#[tokio::test]
async fn a_client_of_2026_is_told_what_an_upstream_needs_and_calls_again() {
    let (_, tokens) = logged_in(Tools::Fixtures).await;
    for server in ["new", "old"] {
        let caller = Caller::modern(gateway(), &tokens.access, server).that_can(all());
        for (tool, expected) in TOOLS {
            let (result, rounds) = answered_rounds(&caller, tool).await;
            assert_eq!(text(&result), expected, "{server} {tool}");
            assert!(rounds >= 1, "{server} {tool} asked nothing");
            tokio::time::sleep(std::time::Duration::from_millis(150)).await;
        }
    }
}

#[tokio::test]
async fn a_client_of_2025_is_asked_on_its_stream() {
    let (_, tokens) = logged_in(Tools::Fixtures).await;
    for server in ["new", "old"] {
        let caller = Caller::legacy(gateway(), &tokens.access, server, all()).await;
        for (tool, expected) in TOOLS {
            let (result, questions) = answered_on_stream(&caller, tool).await;
            assert_eq!(text(&result), expected, "{server} {tool}");
            assert!(questions >= 1, "{server} {tool} asked nothing");
            tokio::time::sleep(std::time::Duration::from_millis(150)).await;
        }
    }
}

#[tokio::test]
async fn a_prompt_may_ask_too() {
    let (_, tokens) = logged_in(Tools::Fixtures).await;
    for server in ["new", "old"] {
        let caller = Caller::modern(gateway(), &tokens.access, server).that_can(all());
        let mut params = json!({"name": "test_input_required_result_prompt"});
        let result = caller.result("prompts/get", params.clone()).await;
        params["inputResponses"] = responses(&result);
        params["requestState"] = result["requestState"].clone();
        let result = caller.result("prompts/get", params).await;
        assert_eq!(result["messages"][0]["content"]["text"], "Prompt in the context: Ada", "{server}: {result}");
    }
}

#[tokio::test]
async fn a_refusal_of_the_user_is_an_answer() {
    let (_, tokens) = logged_in(Tools::Fixtures).await;
    for server in ["new", "old"] {
        let caller = Caller::modern(gateway(), &tokens.access, server).that_can(all());
        let mut params = json!({"name": "test_elicitation", "arguments": {"message": "Who?"}});
        let asked = caller.result("tools/call", params.clone()).await;
        let (key, question) = asked["inputRequests"].as_object().unwrap().iter().next().unwrap();
        assert_eq!(question["params"]["message"], "Who?", "{asked}");
        params["inputResponses"] = json!({key: {"action": "decline"}});
        params["requestState"] = asked["requestState"].clone();
        let result = caller.result("tools/call", params).await;
        assert!(text(&result).contains("action=decline"), "{server}: {result}");
        let caller = Caller::legacy(gateway(), &tokens.access, server, all()).await;
        let mut stream =
            caller.send("tools/call", json!({"name": "test_elicitation", "arguments": {"message": "Who?"}})).await;
        let question = stream.told("elicitation/create").await;
        caller.answer(&question, json!({"action": "decline"})).await;
        let result = stream.until(|message| message.get("result").is_some()).await;
        assert!(text(&result["result"]).contains("action=decline"), "{server}: {result}");
    }
}

#[tokio::test]
async fn a_client_is_asked_only_what_it_can_answer() {
    let (_, tokens) = logged_in(Tools::Fixtures).await;
    for server in ["new", "old"] {
        let silent = Caller::modern(gateway(), &tokens.access, server);
        let asked = silent.call("test_input_required_result_capabilities", json!({})).await;
        assert_eq!(text(&asked), "This client cannot be asked", "{server}");
        let samples = Caller::modern(gateway(), &tokens.access, server).that_can(json!({"sampling": {}}));
        let asked = samples.call("test_input_required_result_capabilities", json!({})).await;
        let requests = asked["inputRequests"].as_object().unwrap_or_else(|| panic!("{server}: {asked}"));
        assert!(requests.len() == 1 && requests.values().all(|it| it["method"] == "sampling/createMessage"), "{asked}");
        let message = silent.ask("tools/call", json!({"name": "test_input_required_result_elicitation"})).await;
        let failed = message["error"]["code"].is_i64() || message["result"]["isError"] == true;
        assert!(failed && message["result"].get("inputRequests").is_none(), "{server}: {message}");
    }
}

#[tokio::test]
async fn a_state_is_good_for_its_user_its_endpoint_and_its_call_only() {
    let (user, tokens) = logged_in(Tools::Fixtures).await;
    let mate = gateway().login(&colleague(&user)).await;
    for server in ["new", "old"] {
        let caller = Caller::modern(gateway(), &tokens.access, server).that_can(all());
        let arguments = json!({"message": "Who?"});
        let asked = caller.call("test_elicitation", arguments.clone()).await;
        let state = asked["requestState"].as_str().unwrap_or_else(|| panic!("{server}: {asked}")).to_owned();
        let again = |name: &str, arguments: &Value, state: &str| json!({"name": name, "arguments": arguments, "requestState": state, "inputResponses": responses(&asked)});
        let right = again("test_elicitation", &arguments, &state);
        let last = if state.ends_with('A') { "B" } else { "A" };
        let tampered = format!("{}{last}", &state[..state.len() - 1]);
        let wrong = [
            (caller.by(&mate.access), right.clone()),
            (caller.at(if server == "new" { "old" } else { "new" }), right.clone()),
            (caller.at(server), again("test_elicitation", &arguments, &tampered)),
            (caller.at(server), again("test_elicitation", &json!({"message": "Where?"}), &state)),
            (caller.at(server), again("test_streaming_elicitation", &json!({}), &state)),
            (caller.at(server), again("test_elicitation", &arguments, "made-up")),
        ];
        for (other, params) in wrong {
            let message = other.ask("tools/call", params.clone()).await;
            assert_eq!(message["error"]["code"], -32602, "{server} {params}: {message}");
        }
        let result = caller.result("tools/call", right.clone()).await;
        assert!(text(&result).contains("action=accept"), "{server}: {result}");
        if server == "old" {
            // The call has ended, and its state with it.
            assert_eq!(caller.error("tools/call", right).await, -32602);
        }
    }
}

#[tokio::test]
async fn a_client_that_forgets_an_answer_is_asked_again() {
    let (_, tokens) = logged_in(Tools::Fixtures).await;
    for server in ["new", "old"] {
        let caller = Caller::modern(gateway(), &tokens.access, server).that_can(all());
        let mut params = json!({"name": "test_input_required_result_elicitation", "arguments": {}});
        let asked = caller.result("tools/call", params.clone()).await;
        params["requestState"] = asked["requestState"].clone();
        params["inputResponses"] = json!({"something_else": {"action": "accept", "content": {}}});
        let again = caller.result("tools/call", params.clone()).await;
        assert_eq!(again["resultType"], "input_required", "{server}: {again}");
        params["requestState"] = again["requestState"].clone();
        params["inputResponses"] = responses(&again);
        assert_eq!(text(&caller.result("tools/call", params).await), "Hello, Ada!", "{server}");
    }
}
