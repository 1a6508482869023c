//! API keys: shown once, good on every way in, good for nothing else, and gone when they are revoked.

use crate::gateway;
use gateway_contract::caller::Caller;
use gateway_contract::client::{Answer, send};
use gateway_contract::team::{self, Key, Team, order, refused, text, within};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

/// Whether any file below a folder has the text in it.
fn is_stored(folder: &Path, text: &str) -> bool {
    std::fs::read_dir(folder).into_iter().flatten().flatten().any(|entry| {
        let path = entry.path();
        let has = |bytes: Vec<u8>| bytes.windows(text.len()).any(|part| part == text.as_bytes());
        if path.is_dir() { is_stored(&path, text) } else { std::fs::read(&path).is_ok_and(has) }
    })
}

async fn call(key: &str) -> Answer {
    gateway().execute(key, "server_time", &json!({})).await
}

async fn call_from(key: &str, source: &str) -> Answer {
    let request = gateway().request(Method::POST, "/mcp/execute").bearer_auth(key).header("cf-connecting-ip", source);
    send(request.json(&json!({"tool": "server_time", "arguments": {}}))).await
}

#[tokio::test]
async fn a_key_is_shown_once_and_never_again() {
    let team = Team::new();
    let owner = team.token("owner").await;
    let body = json!({"name": "shown once"});
    let request = || {
        let request = team::ordered(&owner, Method::POST, "/admin/keys", Some(&body));
        send(request.header("idempotency-key", "shown-once"))
    };
    let made = request().await.json(201);
    let key = Key::read(&made);
    // The same order is answered the same; it is kept sealed for that.
    assert_eq!(request().await.json(201), made);
    call(&key.secret).await.json(200);
    let random = key.secret.split('.').nth(3).expect("the random part").to_owned();
    for role in ["owner", "admin", "auditor"] {
        for path in ["/admin/keys".to_owned(), format!("/admin/keys/{}", key.id)] {
            let answer = team.order(role, Method::GET, &path, None).await;
            answer.json(200);
            assert!(answer.text().contains(&key.id) && !answer.text().contains(&random), "{path}");
            assert!(!answer.text().contains("hash"), "{path}");
        }
    }
    let caller = Caller::modern(gateway(), &owner, "");
    let listed = caller.call("gateway_list_keys", json!({})).await.to_string();
    assert!(listed.contains(&key.id) && !listed.contains(&random));
    let path = format!("/admin/keys/{}", key.id);
    let changed = team.order("owner", Method::PATCH, &path, Some(&json!({"name": "b"}))).await;
    assert!(changed.status == 200 && !changed.text().contains(&random));
    assert!(!gateway().lines().iter().any(|line| line.contains(&random)), "the key is in the log");
    assert!(is_stored(gateway().state(), &key.id), "the row is not where this test looks");
    assert!(!is_stored(gateway().state(), &random), "the key is on disk");
}

#[tokio::test]
async fn a_key_works_on_every_way_in() {
    let team = Team::new();
    let key = team.key("developer", &json!({"name": "everywhere"})).await.secret;
    let me = gateway().get_as(&key, "/auth/me").await.json(200);
    assert_eq!((&me["sub"], &me["role"]), (&json!(team.id("developer")), &json!("developer")), "{me}");
    assert!(me["key"].is_string() && me["session"].is_null(), "{me}");
    call(&key).await.json(200);
    assert!(gateway().tool_names(&key).await.iter().any(|name| name == "modern__repeat"));
    let arguments = json!({"text": "by key"});
    assert_eq!(gateway().execute(&key, "modern__repeat", &arguments).await.json(200)["result"], arguments);
    let legacy = Caller::legacy(gateway(), &key, "", json!({})).await;
    for caller in [Caller::modern(gateway(), &key, ""), legacy] {
        assert_eq!(caller.call("modern__repeat", arguments.clone()).await["structuredContent"], arguments);
        assert!(caller.names("prompts/list", "name").await.iter().any(|name| name == "old__test_simple_prompt"));
        caller.result("resources/read", json!({"uri": "mcp+old+test://static-text"})).await;
    }
    let legacy = Caller::legacy(gateway(), &key, "some", json!({})).await;
    for caller in [Caller::modern(gateway(), &key, "some"), legacy] {
        assert_eq!(caller.names("tools/list", "name").await, ["test_simple_text", "test_image_content"]);
        let result = caller.call("test_simple_text", json!({})).await;
        assert_eq!(result["content"][0]["text"], "This is a simple text response for testing.");
    }
}

#[tokio::test]
async fn a_key_with_any_character_changed_is_refused() {
    let team = Team::new();
    let key = team.key("developer", &json!({"name": "whole"})).await.secret;
    let mut wrong: Vec<String> = Vec::new();
    for (at, had) in key.char_indices() {
        for other in ['A', 'b', '_'].into_iter().filter(|other| *other != had) {
            wrong.push(format!("{}{other}{}", &key[..at], &key[at + 1..]));
        }
        wrong.push(key[..at].to_owned());
    }
    wrong.extend([format!("{key}A"), format!("{key}="), format!("{key}.A"), format!("{key}.{key}")]);
    wrong.extend([key.to_uppercase(), key.to_lowercase(), key.replacen("mgk_", "mgr_", 1), key[4..].to_owned()]);
    wrong.retain(|text| !text.is_empty());
    for batch in wrong.chunks(24) {
        let mut asked = tokio::task::JoinSet::new();
        for text in batch.iter().cloned() {
            asked.spawn(async move { (gateway().get_as(&text, "/mcp/tools").await, text) });
        }
        for (answer, text) in asked.join_all().await {
            assert_eq!(answer.status, 401, "{text} for {key}");
            refused(&answer, 401, "invalid-token");
        }
    }
    // Nor is it taken anywhere but in its header.
    for path in [format!("/mcp/tools?access_token={key}"), format!("/mcp/tools?key={key}")] {
        refused(&gateway().get(&path).await, 401, "missing-credentials");
    }
    let cookie = gateway().request(Method::GET, "/mcp/tools").header("cookie", format!("key={key}"));
    refused(&send(cookie).await, 401, "missing-credentials");
    refused(&gateway().post_as(&key, "/auth/logout", &json!({})).await, 401, "invalid-token");
    call(&key).await.json(200);
}

#[tokio::test]
async fn a_key_is_used_from_its_networks_only() {
    let team = Team::new();
    let networks = json!(["192.0.2.0/24", "2001:db8::/32"]);
    let key = team.key("developer", &json!({"name": "at home", "networks": networks})).await.secret;
    for inside in ["192.0.2.1", "192.0.2.255", "::ffff:192.0.2.9", "2001:db8::1", "2001:0DB8:ffff::"] {
        assert_eq!(call_from(&key, inside).await.status, 200, "{inside}");
    }
    for outside in
        ["192.0.3.1", "191.255.255.255", "2001:db9::1", "::192.0.2.9", "::1", "127.0.0.1", "192.0.2.1, 192.0.3.1"]
    {
        refused(&call_from(&key, outside).await, 401, "invalid-token");
    }
    refused(&call(&key).await, 401, "invalid-token");
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}});
    for (source, status) in [("192.0.2.1", 200), ("192.0.3.1", 401)] {
        let request = gateway().request(Method::POST, "/mcp").bearer_auth(&key).json(&body);
        let request = request.header("accept", "application/json, text/event-stream");
        let request = request.header("mcp-protocol-version", "2025-11-25").header("cf-connecting-ip", source);
        assert_eq!(send(request).await.status, status, "{source}");
    }
    for bad in
        [json!([]), json!(["192.0.2.0/33"]), json!(["example.com"]), json!([""]), json!("192.0.2.0/24"), json!([1])]
    {
        let body = json!({"name": "nowhere", "networks": bad});
        refused(&team.order("developer", Method::POST, "/admin/keys", Some(&body)).await, 400, "invalid-body");
    }
}

#[tokio::test]
async fn a_key_ends_when_it_says() {
    let team = Team::new();
    let end = now() + 3;
    let key = team.key("developer", &json!({"name": "short", "expires_at": end})).await.secret;
    call(&key).await.json(200);
    assert_eq!(gateway().get_as(&key, "/auth/me").await.json(200)["expires_at"], end);
    while now() < end {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // The gateway's clock and this one are the same; half a second is for reading them.
    tokio::time::sleep(Duration::from_millis(500)).await;
    refused(&call(&key).await, 401, "invalid-token");
    for bad in [json!(now()), json!(0), json!(1), json!(-1), json!(253_402_300_800_u64), json!("soon"), json!(1e300)] {
        let body = json!({"name": "never", "expires_at": bad});
        refused(&team.order("developer", Method::POST, "/admin/keys", Some(&body)).await, 400, "invalid-body");
    }
}

#[tokio::test]
async fn a_rotated_key_goes_on_until_its_end_and_not_longer() {
    let team = Team::new();
    let body = json!({"name": "rotated", "tools": ["server_time"]});
    let old = team.key("developer", &body).await;
    call(&old.secret).await.json(200);
    let path = format!("/admin/keys/{}/rotate", old.id);
    let made = team.make("developer", &path, &json!({"overlap": 8})).await;
    let start = Instant::now();
    let new = Key::read(&made);
    assert_ne!((&new.id, &new.secret), (&old.id, &old.secret));
    for member in ["user", "name", "scope", "tools", "upstreams", "networks", "plan", "expires_at"] {
        let was = team.order("developer", Method::GET, &format!("/admin/keys/{}", old.id), None).await.json(200);
        if member == "expires_at" {
            assert!(made["key"][member].is_null() && was[member].as_u64().is_some_and(|end| end <= now() + 8), "{was}");
        } else {
            assert_eq!(made["key"][member], was[member], "{member}");
        }
    }
    while start.elapsed() < Duration::from_secs(7) {
        for key in [&old, &new] {
            assert_eq!(call(&key.secret).await.status, 200, "{key:?} after {:?}", start.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    // Its row was read again meanwhile, so it ends on time.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    refused(&call(&old.secret).await, 401, "invalid-token");
    call(&new.secret).await.json(200);
    // No overlap at all: as soon as the row is read again.
    let made = team.make("developer", &format!("/admin/keys/{}/rotate", new.id), &json!({"overlap": 0})).await;
    let newest = Key::read(&made);
    within(team::SEEN, "refused", || async { call(&new.secret).await.status == 401 }).await;
    call(&newest.secret).await.json(200);
    for bad in [json!({"overlap": 2_592_001}), json!({"overlap": -1}), json!({"overlap": "1"}), json!({"over": 1})] {
        let path = format!("/admin/keys/{}/rotate", newest.id);
        refused(&team.order("developer", Method::POST, &path, Some(&bad)).await, 400, "invalid-body");
    }
    let path = format!("/admin/keys/{}", newest.id);
    assert_eq!(team.order("developer", Method::DELETE, &path, None).await.status, 204);
    let again = team.order("developer", Method::POST, &format!("{path}/rotate"), None).await;
    refused(&again, 409, "conflict");
}

#[tokio::test]
async fn of_fifty_calls_at_a_time_none_is_admitted_a_second_after_the_key_was_revoked() {
    let team = Team::new();
    let key = team.key("developer", &json!({"name": "busy"})).await;
    let owner = team.token("owner").await;
    let (secret, stop) = (Arc::new(key.secret.clone()), Instant::now() + Duration::from_secs(6));
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let secret = secret.clone();
        workers.spawn(async move {
            let (mut last, mut calls) = (None, 0_u32);
            while Instant::now() < stop {
                let asked = Instant::now();
                match call(&secret).await.status {
                    200 => (last, calls) = (Some(asked), calls + 1),
                    401 => tokio::time::sleep(Duration::from_millis(100)).await,
                    status => panic!("{status}"),
                }
            }
            (last, calls)
        });
    }
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let answer = order(&owner, Method::DELETE, &format!("/admin/keys/{}", key.id), None).await;
    let revoked = Instant::now();
    assert_eq!(answer.status, 204, "{}", answer.text());
    let done = workers.join_all().await;
    assert!(done.iter().all(|(_, calls)| *calls > 0), "not every worker was at work: {done:?}");
    let late = done.iter().filter_map(|(last, _)| *last).filter_map(|last| last.checked_duration_since(revoked)).max();
    assert!(late.is_none_or(|late| late < Duration::from_secs(1)), "admitted {late:?} after the revocation");
    refused(&call(&key.secret).await, 401, "invalid-token");
    // Once more does no harm, and it stays on the list as what it is.
    let path = format!("/admin/keys/{}", key.id);
    assert_eq!(order(&owner, Method::DELETE, &path, None).await.status, 204);
    let known = order(&owner, Method::GET, &path, None).await.json(200);
    assert!(known["revoked_at"].is_u64(), "{known}");
    let change = json!({"name": "alive again"});
    refused(&order(&owner, Method::PATCH, &path, Some(&change)).await, 409, "conflict");
}

#[tokio::test]
async fn a_key_is_worth_nothing_while_its_owner_is_disabled_and_goes_with_it() {
    let team = Team::new();
    let user = team.service("robot", &[]).await;
    let key = team.key("owner", &json!({"name": "robot", "user": user})).await;
    let path = format!("/admin/users/{user}");
    let is_in = || gateway().is_let_in(&key.secret);
    assert!(is_in().await);
    for (disabled, what) in [(true, "refused"), (false, "let in"), (true, "refused")] {
        team.order("owner", Method::PATCH, &path, Some(&json!({"disabled": disabled}))).await.json(200);
        within(team::SEEN, what, || async { is_in().await != disabled }).await;
    }
    let body = json!({"name": "for nobody", "user": user});
    refused(&team.order("owner", Method::POST, "/admin/keys", Some(&body)).await, 409, "conflict");
    team.order("owner", Method::PATCH, &path, Some(&json!({"disabled": false}))).await.json(200);
    within(team::SEEN, "let in", is_in).await;
    assert_eq!(team.order("owner", Method::DELETE, &path, None).await.status, 204);
    within(team::SEEN, "refused", || async { !is_in().await }).await;
    let gone = team.order("owner", Method::GET, &format!("/admin/keys/{}", key.id), None).await;
    refused(&gone, 404, "no-such-thing");
}

#[tokio::test]
async fn a_key_may_do_what_its_scope_says_and_is_seen_to_be_used() {
    let team = Team::new();
    let key = team.key("developer", &json!({"name": "reads", "scope": "tools:read"})).await;
    let path = format!("/admin/keys/{}", key.id);
    let known = || async { team.order("developer", Method::GET, &path, None).await.json(200) };
    assert!(known().await["last_used_at"].is_null());
    let before = now();
    assert!(gateway().tool_names(&key.secret).await.contains(&"server_time".to_owned()));
    refused(&call(&key.secret).await, 403, "insufficient-scope");
    within(team::SEEN, "noted", || async { known().await["last_used_at"].as_u64() >= Some(before) }).await;
    assert!(known().await["last_used_at"].as_u64().is_some_and(|at| at <= now()));
    assert_eq!(known().await["version"], 1, "being used is no change");
    for bad in ["", "tools:write", "tools:read tools:delete", " ", "openid", "*"] {
        let body = json!({"name": "wrong", "scope": bad});
        refused(&team.order("developer", Method::POST, "/admin/keys", Some(&body)).await, 400, "invalid-body");
    }
    let wider: Value = json!({"scope": "tools:read tools:call"});
    assert_eq!(
        text(&team.order("developer", Method::PATCH, &path, Some(&wider)).await.json(200), "scope"),
        "tools:call tools:read"
    );
    within(team::SEEN, "let call", || async { call(&key.secret).await.status == 200 }).await;
}

#[tokio::test]
async fn a_revocation_of_a_key_of_a_user_or_of_everything_before_a_moment_bites_within_a_second() {
    let team = Team::new();
    let developer = team.id("developer");
    let (other, token) = (team.key("other", &json!({"name": "stays"})).await, team.token("developer").await);
    for (at, body) in [
        |key: &Key, _: &str| json!({"kind": "key", "id": key.id, "reason": "it was seen in a chat"}),
        |_: &Key, user: &str| json!({"kind": "user", "user": user}),
        |_: &Key, user: &str| json!({"kind": "before", "user": user, "moment": now()}),
    ]
    .into_iter()
    .enumerate()
    {
        let key = team.key("owner", &json!({"name": format!("revoked {at}"), "user": developer})).await;
        call(&key.secret).await.json(200);
        // What is made in the same second as the moment is not before it.
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        let made = team.make("admin", "/admin/revocations", &body(&key, &developer)).await;
        assert_eq!(made["made_by"], team.id("admin"), "{made}");
        within(Duration::from_secs(1), "refused", || async { call(&key.secret).await.status == 401 }).await;
        let listed = team.order("auditor", Method::GET, "/admin/revocations", None).await.json(200);
        assert!(listed["items"].as_array().is_some_and(|items| items.contains(&made)), "{listed}");
        let known = team.order("owner", Method::GET, &format!("/admin/keys/{}", key.id), None).await.json(200);
        assert!(known["revoked_at"].is_u64(), "{known}");
        call(&other.secret).await.json(200);
        if at > 0 {
            assert!(!gateway().is_let_in(&token).await, "a session of the user goes on");
        }
    }
    team::login(&team.member("developer"), gateway_contract::seed::PASSWORD, team::ALL).await;
    for body in [json!({"kind": "key", "id": "no-such-key"}), json!({"kind": "user", "user": "nobody"})] {
        refused(&team.order("owner", Method::POST, "/admin/revocations", Some(&body)).await, 404, "no-such-thing");
    }
    for body in [
        json!({"kind": "user"}),
        json!({"kind": "all"}),
        json!({"kind": "before"}),
        json!({"kind": "before", "moment": now() + 60}),
    ] {
        refused(&team.order("owner", Method::POST, "/admin/revocations", Some(&body)).await, 400, "invalid-body");
    }
    assert!(gateway().is_let_in(&other.secret).await);
}
