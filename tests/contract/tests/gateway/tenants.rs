//! One tenant never sees, and never reaches, what is another's.

use crate::{gateway, legacy, logged_in, modern};
use gateway_contract::seed::Tools;
use serde_json::{Value, json};

#[tokio::test]
async fn a_tenant_neither_sees_nor_reaches_anothers_servers() {
    let (_, owner) = logged_in(Tools::Modern).await;
    let (_, stranger) = logged_in(Tools::Own).await;
    for _ in 0..2 {
        // The second round finds whatever the gateway keeps in memory.
        let seen = gateway().tool_names(&owner.access).await;
        assert!(seen.iter().any(|name| name == "modern__repeat"), "{seen:?}");
        let seen = gateway().tool_names(&stranger.access).await;
        assert!(!seen.iter().any(|name| name.contains("__")), "{seen:?}");
        let arguments = json!({"text": "mine"});
        gateway().execute(&owner.access, "modern__repeat", &arguments).await.json(200);
        let mut theirs = gateway().execute(&stranger.access, "modern__repeat", &arguments).await.problem(404);
        let mut nobodys = gateway().execute(&stranger.access, "no_such_tool", &arguments).await.problem(404);
        for problem in [&mut theirs, &mut nobodys] {
            problem.as_object_mut().unwrap().remove("correlation_id");
        }
        assert_eq!(theirs, nobodys, "a tool of another tenant looks like no tool at all");
        let call = json!({"name": "modern__repeat", "arguments": arguments});
        for message in [
            modern(&stranger.access, "tools/call", call.clone()).await.json(200),
            legacy(&stranger.access, "tools/call", call.clone()).await.message(),
        ] {
            assert_eq!(message["error"]["code"], -32602, "{message}");
        }
    }
}

#[tokio::test]
async fn answers_of_parallel_callers_are_never_mixed_up() {
    let mut callers = tokio::task::JoinSet::new();
    for tools in [Tools::Modern, Tools::Modern, Tools::Legacy, Tools::Legacy] {
        let prefix = if tools == Tools::Modern { "modern" } else { "legacy" };
        callers.spawn(async move {
            let (user, tokens) = logged_in(tools).await;
            for round in 0..8 {
                let text = format!("{} {round}", user.id);
                let body =
                    gateway().execute(&tokens.access, &format!("{prefix}__repeat"), &json!({"text": text})).await;
                assert_eq!(body.json(200)["result"], json!({"text": text}));
                let me: Value = gateway().get_as(&tokens.access, "/auth/me").await.json(200);
                assert_eq!((&me["sub"], &me["tenant"]), (&json!(user.id), &json!(user.tenant)));
            }
        });
    }
    callers.join_all().await;
}
