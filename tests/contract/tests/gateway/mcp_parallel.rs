//! Many clients at once, all with the same id.

use crate::{gateway, logged_in, post_mcp};
use gateway_contract::seed::Tools;
use serde_json::json;

/// Clients in parallel: twenty calls each of ten users, which is what one user may make at once.
const USERS: usize = 10;
const CALLS: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_clients_with_the_same_id_each_get_their_own_answer() {
    let mut users = Vec::new();
    for _ in 0..USERS {
        users.push(logged_in(Tools::Modern).await);
    }
    // One listing each, so that the calls are all there is.
    for (_, tokens) in &users {
        assert!(gateway().tool_names(&tokens.access).await.contains(&"modern__repeat".to_owned()));
    }
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let mut calls = Vec::new();
    for (user, tokens) in users {
        for number in 0..CALLS {
            let (mark, access) = (format!("{}-{number}", user.id), tokens.access.clone());
            calls.push(tokio::spawn(async move {
                let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                    "params": {"name": "modern__repeat", "arguments": {"text": mark}}});
                let answer = post_mcp(&access, &[("mcp-protocol-version", "2025-11-25")], &body).await;
                (mark, answer.message())
            }));
        }
    }
    assert_eq!(calls.len(), 200);
    for call in calls {
        let (mark, message) = call.await.unwrap();
        assert_eq!(message["id"], 1, "{message}");
        assert_eq!(message["result"]["structuredContent"]["text"], mark, "{message}");
    }
}
