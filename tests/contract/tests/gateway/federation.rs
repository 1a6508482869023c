//! Prompts, resources, templates and completion of tool servers, beside their tools.

use crate::{gateway, logged_in};
use gateway_contract::caller::Caller;
use gateway_contract::seed::Tools;
use serde_json::{Value, json};

/// A client of either era at an endpoint.
async fn of_either_era(access: &str, server: &str) -> [Caller; 2] {
    [Caller::modern(gateway(), access, server), Caller::legacy(gateway(), access, server, json!({})).await]
}

#[track_caller]
fn has(names: &[String], wanted: &[&str]) {
    for name in wanted {
        assert!(names.iter().any(|listed| listed == name), "no {name} in {names:?}");
    }
}

#[tokio::test]
async fn what_a_server_offers_is_listed_with_its_name_before_it() {
    let (_, tokens) = logged_in(Tools::Everything).await;
    for caller in of_either_era(&tokens.access, "").await {
        has(&caller.names("tools/list", "name").await, &["everything__echo", "server_time"]);
        let prompts = caller.names("prompts/list", "name").await;
        has(&prompts, &["everything__simple-prompt", "everything__args-prompt", "everything__completable-prompt"]);
        assert!(prompts.iter().all(|name| name.starts_with("everything__")), "{prompts:?}");
        let resources = caller.names("resources/list", "uri").await;
        assert!(
            !resources.is_empty() && resources.iter().all(|uri| uri.starts_with("mcp+everything+")),
            "{resources:?}"
        );
        let templates = caller.names("resources/templates/list", "uriTemplate").await;
        has(&templates, &["mcp+everything+demo://resource/dynamic/text/{resourceId}"]);
    }
}

#[tokio::test]
async fn every_kind_of_capability_is_declared_and_lists_are_private() {
    let (_, tokens) = logged_in(Tools::Everything).await;
    let caller = Caller::modern(gateway(), &tokens.access, "");
    let discovered = caller.result("server/discover", json!({})).await;
    for kind in ["tools", "prompts", "resources", "completions", "logging"] {
        assert!(discovered["capabilities"][kind].is_object(), "no {kind}: {discovered}");
    }
    for method in ["tools/list", "prompts/list", "resources/list", "resources/templates/list"] {
        let list = caller.result(method, json!({})).await;
        assert_eq!((&list["cacheScope"], &list["resultType"]), (&json!("private"), &json!("complete")), "{method}");
        assert!(list["ttlMs"].is_u64(), "{method}: {list}");
    }
    let old = Caller::legacy(gateway(), &tokens.access, "", json!({})).await;
    let list = old.result("prompts/list", json!({})).await;
    assert!(list.get("cacheScope").is_none() && list.get("resultType").is_none(), "{list}");
}

#[tokio::test]
async fn prompts_are_rendered_and_resources_read_by_their_shown_names() {
    let (_, tokens) = logged_in(Tools::Everything).await;
    for caller in of_either_era(&tokens.access, "").await {
        let asked = json!({"name": "everything__args-prompt", "arguments": {"city": "Bern"}});
        let prompt = caller.result("prompts/get", asked).await;
        assert_eq!(prompt["messages"][0]["content"]["text"], "What's weather in Bern?", "{prompt}");
        let listed = caller.names("resources/list", "uri").await;
        for uri in [&listed[0], "mcp+everything+demo://resource/dynamic/text/7"] {
            let read = caller.result("resources/read", json!({"uri": uri})).await;
            assert_eq!(read["contents"][0]["uri"], *uri, "{read}");
            assert!(read["contents"][0]["text"].as_str().is_some_and(|text| !text.is_empty()), "{read}");
        }
    }
}

#[tokio::test]
async fn what_is_not_there_is_an_error_of_its_own() {
    let (_, tokens) = logged_in(Tools::Everything).await;
    let [modern, legacy] = of_either_era(&tokens.access, "").await;
    for name in ["args-prompt", "everything__nothing", "other__args-prompt", ""] {
        for caller in [&modern, &legacy] {
            assert_eq!(caller.error("prompts/get", json!({"name": name})).await, -32602, "{name}");
        }
    }
    for uri in ["demo://resource/dynamic/text/1", "mcp+other+demo://resource/dynamic/text/1"] {
        let message = modern.ask("resources/read", json!({"uri": uri})).await;
        assert_eq!(
            (&message["error"]["code"], &message["error"]["data"]["uri"]),
            (&json!(-32602), &json!(uri)),
            "{message}"
        );
        assert_eq!(legacy.error("resources/read", json!({"uri": uri})).await, -32002, "{uri}");
    }
    // What an upstream may have without listing it is asked of it.
    for caller in [&modern, &legacy] {
        assert_eq!(caller.error("resources/read", json!({"uri": "mcp+everything+demo://x"})).await, -32602);
    }
}

#[tokio::test]
async fn arguments_are_completed() {
    let (_, tokens) = logged_in(Tools::Everything).await;
    for caller in of_either_era(&tokens.access, "").await {
        let complete = async |reference: Value, name: &str, value: &str, context: Value| {
            let argument = json!({"name": name, "value": value});
            let asked = json!({"ref": reference, "argument": argument, "context": {"arguments": context}});
            caller.result("completion/complete", asked).await["completion"]["values"].clone()
        };
        let prompt = json!({"type": "ref/prompt", "name": "everything__completable-prompt"});
        assert_eq!(complete(prompt.clone(), "department", "S", json!({})).await, json!(["Sales", "Support"]));
        assert_eq!(complete(prompt, "name", "E", json!({"department": "Sales"})).await, json!(["Eve"]));
        let template = "mcp+everything+demo://resource/dynamic/text/{resourceId}";
        let template = json!({"type": "ref/resource", "uri": template});
        assert_eq!(complete(template, "resourceId", "12", json!({})).await, json!(["12"]));
        let unknown = json!({"ref": {"type": "ref/prompt", "name": "completable-prompt"}, "argument": {"name": "a", "value": ""}});
        assert_eq!(caller.error("completion/complete", unknown).await, -32602);
    }
}

#[tokio::test]
async fn an_address_in_an_answer_can_be_read() {
    let (_, tokens) = logged_in(Tools::Everything).await;
    for caller in of_either_era(&tokens.access, "").await {
        let links = caller.call("everything__get-resource-links", json!({"count": 2})).await;
        let referred = json!({"resourceType": "Text", "resourceId": 3});
        let reference = caller.call("everything__get-resource-reference", referred).await;
        let asked =
            json!({"name": "everything__resource-prompt", "arguments": {"resourceType": "Text", "resourceId": "4"}});
        let prompt = caller.result("prompts/get", asked).await;
        let embedded =
            reference["content"].as_array().unwrap().iter().find_map(|block| block["resource"]["uri"].as_str());
        for uri in [
            links["content"][1]["uri"].as_str().unwrap(),
            links["content"][2]["uri"].as_str().unwrap(),
            embedded.unwrap_or_else(|| panic!("{reference}")),
            prompt["messages"][1]["content"]["resource"]["uri"].as_str().unwrap(),
        ] {
            assert!(uri.starts_with("mcp+everything+"), "{uri}");
            let read = caller.result("resources/read", json!({"uri": uri})).await;
            assert_eq!(read["contents"][0]["uri"], uri, "{read}");
        }
    }
}

#[tokio::test]
async fn every_kind_of_content_comes_through() {
    let (_, tokens) = logged_in(Tools::Fixtures).await;
    for server in ["old", "new"] {
        for caller in of_either_era(&tokens.access, server).await {
            let blocks = caller.call("test_multiple_content_types", json!({})).await["content"].clone();
            let kinds: Vec<&str> =
                blocks.as_array().unwrap().iter().map(|block| block["type"].as_str().unwrap()).collect();
            assert_eq!(kinds, ["text", "image", "resource"], "{blocks}");
            assert_eq!(blocks[2]["resource"]["uri"], "test://mixed-content-resource");
            let sound = caller.call("test_audio_content", json!({})).await;
            assert_eq!(
                (&sound["content"][0]["type"], &sound["content"][0]["mimeType"]),
                (&json!("audio"), &json!("audio/wav"))
            );
            let read = caller.result("resources/read", json!({"uri": "test://static-binary"})).await;
            assert!(read["contents"][0]["blob"].as_str().is_some_and(|blob| blob.starts_with("iVBOR")), "{read}");
            let failed = caller.call("test_error_handling", json!({})).await;
            assert_eq!(failed["isError"], true, "{failed}");
        }
    }
}

#[tokio::test]
async fn a_server_that_is_gone_takes_only_its_own_prompts_and_resources_along() {
    let (_, tokens) = logged_in(Tools::Broken).await;
    for caller in of_either_era(&tokens.access, "").await {
        has(&caller.names("prompts/list", "name").await, &["old__test_simple_prompt"]);
        has(&caller.names("resources/list", "uri").await, &["mcp+old+test://static-text"]);
        has(&caller.names("resources/templates/list", "uriTemplate").await, &["mcp+old+test://template/{id}/data"]);
        caller.result("prompts/get", json!({"name": "old__test_simple_prompt"})).await;
        caller.result("resources/read", json!({"uri": "mcp+old+test://static-text"})).await;
        for (method, params) in [
            ("prompts/get", json!({"name": "gone__anything"})),
            ("resources/read", json!({"uri": "mcp+gone+test://static-text"})),
        ] {
            let message = caller.ask(method, params).await;
            let error = &message["error"];
            assert!(error["code"].is_i64() && !error.to_string().contains("127.0.0.1"), "{message}");
        }
    }
}
