//! The plain face: list and call without the protocol.

use crate::{gateway, logged_in, modern};
use gateway_contract::seed::Tools;
use serde_json::{Value, json};

#[tokio::test]
async fn the_list_has_a_name_a_description_and_parameters_for_each_tool() {
    let (_, tokens) = logged_in(Tools::Modern).await;
    let body = gateway().get_as(&tokens.access, "/mcp/tools").await.json(200);
    let tools = body["tools"].as_array().unwrap();
    for tool in tools {
        let mut members: Vec<&String> = tool.as_object().unwrap().keys().collect();
        members.sort();
        assert_eq!(members, ["description", "name", "parameters"], "{tool}");
        assert!(tool["description"].as_str().is_some_and(|text| !text.is_empty()), "{tool}");
        assert_eq!(tool["parameters"]["type"], "object", "{tool}");
    }
    let protocol = modern(&tokens.access, "tools/list", json!({})).await.json(200);
    let names = |list: &Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&body["tools"]), names(&protocol["result"]["tools"]), "both faces list the same");
}

#[tokio::test]
async fn a_call_says_whether_it_succeeded() {
    let (_, tokens) = logged_in(Tools::Modern).await;
    let arguments = json!({"text": "ab", "times": 3});
    let body = gateway().execute(&tokens.access, "modern__repeat", &arguments).await.json(200);
    assert_eq!(body, json!({"success": true, "result": {"text": "ababab"}}));
    let failed = gateway().execute(&tokens.access, "modern__fail", &json!({})).await.json(200);
    assert_eq!(failed["success"], false);
    assert!(failed["result"].to_string().contains(gateway_contract::fake::mcp::DISK_FULL), "{failed}");
}

#[tokio::test]
async fn a_tool_that_is_not_there_is_not_found() {
    let (_, tokens) = logged_in(Tools::Own).await;
    for name in ["no_such_tool", "", "SERVER_TIME", "server_time ", "modern__repeat", "../server_time", "__proto__"] {
        let problem = gateway().execute(&tokens.access, name, &json!({})).await.problem(404);
        assert!(problem["type"].as_str().unwrap().ends_with("unknown-tool"), "{problem}");
    }
}

#[tokio::test]
async fn bad_arguments_are_told_place_by_place() {
    let (_, tokens) = logged_in(Tools::Modern).await;
    for (arguments, places) in [
        (json!({}), 1),
        (json!({"text": 7}), 1),
        (json!({"text": ""}), 1),
        (json!({"text": "a", "times": 1.5}), 1),
        (json!({"text": "a", "times": 6}), 1),
        (json!({"text": "a", "other": 1}), 1),
        (json!({"text": 7, "times": "x"}), 2),
    ] {
        let problem = gateway().execute(&tokens.access, "modern__repeat", &arguments).await.problem(422);
        let errors = problem["errors"].as_array().unwrap_or_else(|| panic!("{problem}"));
        assert!(errors.len() >= places, "{arguments}: {problem}");
        assert!(errors.iter().all(|error| error["pointer"].is_string() && error["problem"].is_string()), "{problem}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_call_is_refused() {
    let (_, tokens) = logged_in(Tools::Own).await;
    for body in [
        json!({}),
        json!([]),
        json!({"arguments": {}}),
        json!({"tool": 7}),
        json!({"tool": "server_time", "arguments": []}),
        json!({"tool": "server_time", "arguments": null}),
        json!({"tool": "server_time", "arguments": {}, "as": "admin"}),
        json!({"name": "server_time", "arguments": {}}),
    ] {
        gateway().post_as(&tokens.access, "/mcp/execute", &body).await.problem(400);
    }
    let absent = gateway().post_as(&tokens.access, "/mcp/execute", &json!({"tool": "server_time"})).await;
    assert_eq!(absent.json(200)["success"], true);
}

#[tokio::test]
async fn nobody_lists_or_calls_without_a_token() {
    for answer in [
        gateway().get("/mcp/tools").await,
        gateway().get("/auth/me").await,
        gateway().post("/mcp/execute", &json!({"tool": "server_time", "arguments": {}})).await,
    ] {
        answer.problem(401);
        let challenge = answer.must("www-authenticate");
        assert!(challenge.starts_with("Bearer") && !challenge.contains("error="), "{challenge}");
    }
}
