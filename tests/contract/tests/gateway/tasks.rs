//! Calls that go on as tasks (`io.modelcontextprotocol/tasks`, 2026-07-28): created, followed, answered, cancelled, and
//! nobody else's.

use crate::{gateway, logged_in};
use gateway_contract::caller::Caller;
use gateway_contract::seed::{Tools, colleague};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How long a task may take to come to where the test waits for it.
const PATIENCE: Duration = Duration::from_secs(15);

/// What a client says that can follow tasks, and be asked.
fn follows() -> Value {
    json!({"elicitation": {}, "extensions": {"io.modelcontextprotocol/tasks": {}}})
}

/// Calls a tool that goes on as a task: the id of the task.
async fn created(caller: &Caller, tool: &str, arguments: Value) -> String {
    let result = caller.call(tool, arguments).await;
    assert_eq!((&result["resultType"], &result["status"]), (&json!("task"), &json!("working")), "{result}");
    assert!(result["createdAt"].is_string() && result["lastUpdatedAt"].is_string(), "{result}");
    assert!(result["pollIntervalMs"].is_u64() && result.get("content").is_none(), "{result}");
    result["taskId"].as_str().unwrap_or_else(|| panic!("no id: {result}")).to_owned()
}

fn named(id: &str) -> Value {
    json!({"taskId": id})
}

/// Follows a task until it has this status.
async fn followed(caller: &Caller, id: &str, status: &str) -> Value {
    let start = Instant::now();
    loop {
        let task = caller.result("tasks/get", named(id)).await;
        assert_eq!((&task["resultType"], &task["taskId"]), (&json!("complete"), &json!(id)), "{task}");
        if task["status"] == status {
            return task;
        }
        assert!(start.elapsed() < PATIENCE, "not {status}: {task}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn a_call_goes_on_as_a_task_and_its_result_is_fetched() {
    let (_, tokens) = logged_in(Tools::Fixtures).await;
    let caller = Caller::modern(gateway(), &tokens.access, "new").that_can(follows());
    let id = created(&caller, "slow_compute", json!({"seconds": 0.5, "label": "this"})).await;
    let task = followed(&caller, &id, "completed").await;
    assert_eq!(task["result"]["content"][0]["text"], "this took 0.5 seconds", "{task}");
    // A task that has ended is still the same when somebody tries to end it.
    caller.result("tasks/cancel", named(&id)).await;
    assert_eq!(followed(&caller, &id, "completed").await["result"], task["result"]);
    // Where names have prefixes the task is followed as it is.
    let caller = Caller::modern(gateway(), &tokens.access, "always").that_can(follows());
    let id = created(&caller, "new__slow_compute", json!({"seconds": 0, "label": "that"})).await;
    followed(&caller, &id, "completed").await;
}

#[tokio::test]
async fn a_task_that_fails_says_how() {
    let (_, tokens) = logged_in(Tools::Fixtures).await;
    let caller = Caller::modern(gateway(), &tokens.access, "new").that_can(follows());
    let id = created(&caller, "failing_job", json!({})).await;
    let task = followed(&caller, &id, "completed").await;
    assert_eq!(
        (&task["result"]["isError"], &task["result"]["content"][0]["text"]),
        (&json!(true), &json!("The job failed"))
    );
    let id = created(&caller, "protocol_error_job", json!({})).await;
    let task = followed(&caller, &id, "failed").await;
    assert_eq!(task["error"]["code"], -32603, "{task}");
}

#[tokio::test]
async fn a_task_asks_and_goes_on_with_the_answers() {
    let (_, tokens) = logged_in(Tools::Fixtures).await;
    let caller = Caller::modern(gateway(), &tokens.access, "new").that_can(follows());
    for (yes, said) in [(true, "notes.txt was deleted"), (false, "notes.txt was kept")] {
        let id = created(&caller, "confirm_delete", json!({"filename": "notes.txt"})).await;
        let task = followed(&caller, &id, "input_required").await;
        let requests = task["inputRequests"].as_object().unwrap_or_else(|| panic!("{task}"));
        assert_eq!(requests["confirm"]["params"]["message"], "Delete notes.txt?", "{task}");
        let answer = json!({"action": "accept", "content": {"confirm": yes}});
        let updated = caller.result("tasks/update", json!({"taskId": id, "inputResponses": {"confirm": answer}})).await;
        assert_eq!(updated["resultType"], "complete", "{updated}");
        let task = followed(&caller, &id, "completed").await;
        assert_eq!(task["result"]["content"][0]["text"], said, "{task}");
    }
}

#[tokio::test]
async fn a_task_is_cancelled_once_and_for_all() {
    let (_, tokens) = logged_in(Tools::Fixtures).await;
    let caller = Caller::modern(gateway(), &tokens.access, "new").that_can(follows());
    let id = created(&caller, "slow_compute", json!({"seconds": 600, "label": "this"})).await;
    let acknowledged = caller.result("tasks/cancel", named(&id)).await;
    assert_eq!(acknowledged["resultType"], "complete", "{acknowledged}");
    let task = followed(&caller, &id, "cancelled").await;
    assert!(task.get("result").is_none(), "{task}");
    caller.result("tasks/cancel", named(&id)).await;
    followed(&caller, &id, "cancelled").await;
}

#[tokio::test]
async fn a_task_is_known_to_its_principal_at_its_endpoint_only() {
    let (user, tokens) = logged_in(Tools::Fixtures).await;
    let mate = gateway().login(&colleague(&user)).await;
    let (_, stranger) = logged_in(Tools::Fixtures).await;
    let caller = Caller::modern(gateway(), &tokens.access, "new").that_can(follows());
    let id = created(&caller, "confirm_delete", json!({"filename": "mine"})).await;
    followed(&caller, &id, "input_required").await;
    let made_up = format!("{}{}", &id[1..], &id[..1]);
    let yes = json!({"confirm": {"action": "accept", "content": {"confirm": true}}});
    let others = [
        (caller.by(&mate.access), &id),
        (caller.by(&stranger.access), &id),
        (caller.at("always"), &id),
        (caller.at("old"), &id),
        (caller.at("new"), &made_up),
    ];
    for (other, id) in others {
        for (method, params) in [
            ("tasks/get", named(id)),
            ("tasks/update", json!({"taskId": id, "inputResponses": yes})),
            ("tasks/cancel", named(id)),
        ] {
            let refused = other.ask(method, params).await;
            let code = &refused["error"]["code"];
            // An endpoint without tasks does not even have the method.
            assert!(*code == -32602 || *code == -32601, "{other:?} {method}: {refused}");
            assert!(!refused.to_string().contains("mine"), "{refused}");
        }
    }
    let task = followed(&caller, &id, "input_required").await;
    assert_eq!(task["status"], "input_required", "nobody has changed it: {task}");
}

#[tokio::test]
async fn tasks_are_for_clients_that_say_they_follow_them() {
    let (_, tokens) = logged_in(Tools::Fixtures).await;
    let follower = Caller::modern(gateway(), &tokens.access, "new").that_can(follows());
    let id = created(&follower, "slow_compute", json!({"seconds": 600, "label": "this"})).await;
    let plain = Caller::modern(gateway(), &tokens.access, "new");
    let at_once = plain.call("slow_compute", json!({"seconds": 0, "label": "that"})).await;
    assert_eq!(
        (&at_once["resultType"], &at_once["content"][0]["text"]),
        (&json!("complete"), &json!("that took 0 seconds"))
    );
    for method in ["tasks/get", "tasks/cancel"] {
        let refused = plain.ask(method, named(&id)).await;
        assert_eq!(refused["error"]["code"], -32021, "{refused}");
        let needed = &refused["error"]["data"]["requiredCapabilities"]["extensions"];
        assert!(needed.get("io.modelcontextprotocol/tasks").is_some(), "{refused}");
    }
    // What the extension has dropped, and what a client of 2025 never had.
    for method in ["tasks/list", "tasks/result"] {
        assert_eq!(follower.error(method, named(&id)).await, -32601, "{method}");
    }
    let legacy = Caller::legacy(gateway(), &tokens.access, "new", json!({"elicitation": {}})).await;
    assert_eq!(legacy.error("tasks/get", named(&id)).await, -32601);
    follower.result("tasks/cancel", named(&id)).await;
}
