//! Files of a tenant as an upstream: through the same door as every tool, and nobody else's.

use crate::gateway;
use gateway_contract::caller::Caller;
use gateway_contract::client::Answer;
use gateway_contract::team::{SEEN, Team, refused, text, within};
use reqwest::Method;
use serde_json::{Value, json};

/// Puts files behind the gateway, and waits until an agent sees them. Its token.
async fn files(team: &Team, name: &str, options: Value) -> (String, Value) {
    team.served(&json!({"name": name, "kind": "files", "files": options}), "list_files", &json!({})).await
}

async fn write(access: &str, arguments: Value) -> Answer {
    gateway().execute(access, "docs__write_file", &arguments).await
}

fn paths(list: &Value) -> Vec<&str> {
    list["files"].as_array().expect("files").iter().map(|file| file["path"].as_str().expect("a path")).collect()
}

#[tokio::test]
async fn a_file_is_written_read_listed_found_and_deleted() {
    let team = Team::new();
    let (access, made) = files(&team, "docs", json!({})).await;
    assert_eq!((&made["kind"], &made["url"]), (&json!("files"), &json!("r2://FILES")), "{made}");
    let text = "# Größe\nthe needle stands here\n";
    let wrote = gateway().done(&access, "docs__write_file", &json!({"path": "notes/ü b.md", "content": text})).await;
    let read = gateway().done(&access, "docs__read_file", &json!({"path": "notes/ü b.md"})).await;
    assert_eq!(
        (&read["content"], &read["etag"], &read["media_type"]),
        (&json!(text), &wrote["etag"], &json!("text/markdown"))
    );
    // A part ends before a character that it would cut, and says where the next one begins.
    let part =
        gateway().done(&access, "docs__read_file", &json!({"path": "notes/ü b.md", "offset": 2, "length": 3})).await;
    assert_eq!((&part["content"], &part["next_offset"]), (&json!("Gr"), &json!(4)), "{part}");
    let binary = json!({"path": "b.bin", "content": "/wABAg==", "encoding": "base64"});
    assert_eq!(gateway().done(&access, "docs__write_file", &binary).await["size"], 4);
    let read = gateway().done(&access, "docs__read_file", &json!({"path": "b.bin"})).await;
    assert_eq!((&read["content"], &read["encoding"]), (&json!("/wABAg=="), &json!("base64")));
    gateway().done(&access, "docs__write_file", &json!({"path": "empty.txt", "content": ""})).await;
    assert_eq!(gateway().done(&access, "docs__read_file", &json!({"path": "empty.txt"})).await["content"], "");
    let first = gateway().done(&access, "docs__list_files", &json!({"limit": 2})).await;
    let rest = gateway().done(&access, "docs__list_files", &json!({"cursor": first["next_cursor"]})).await;
    assert_eq!((paths(&first), paths(&rest)), (vec!["b.bin", "empty.txt"], vec!["notes/ü b.md"]));
    assert_eq!(rest["next_cursor"], Value::Null);
    assert_eq!(
        paths(&gateway().done(&access, "docs__list_files", &json!({"folder": "notes"})).await),
        ["notes/ü b.md"]
    );
    let found = gateway().done(&access, "docs__search_files", &json!({"glob": "**/*.md", "text": "needle"})).await;
    assert_eq!(found["files"][0]["matches"], json!([{"line": 2, "text": "the needle stands here"}]), "{found}");
    let few = gateway().done(&access, "docs__search_files", &json!({"glob": "**", "limit": 1})).await;
    assert_eq!((paths(&few), &few["stopped_early"]), (vec!["b.bin"], &json!(true)));
    let more =
        gateway().done(&access, "docs__search_files", &json!({"glob": "**", "cursor": few["next_cursor"]})).await;
    assert_eq!((paths(&more).len(), &more["stopped_early"]), (2, &json!(false)), "{more}");
    gateway().done(&access, "docs__delete_file", &json!({"path": "b.bin"})).await;
    gateway().done(&access, "docs__delete_file", &json!({"path": "b.bin"})).await;
    assert!(gateway().failed(&access, "docs__read_file", &json!({"path": "b.bin"})).await.contains("no file"));
    let records = team.order("auditor", Method::GET, "/admin/audit?tool=docs__delete_file&kind=tool.call", None).await;
    assert_eq!(records.json(200)["items"].as_array().map(Vec::len), Some(2), "{}", records.text());
}

#[tokio::test]
async fn nobody_overwrites_what_it_has_not_seen_and_of_ten_writers_at_once_one_writes() {
    let team = Team::new();
    let (access, _) = files(&team, "docs", json!({})).await;
    let first =
        gateway().done(&access, "docs__write_file", &json!({"path": "a.txt", "content": "1", "if_absent": true})).await;
    for blind in [json!({}), json!({"if_absent": true}), json!({"if_etag": "0123abcd"})] {
        let mut order = json!({"path": "a.txt", "content": "lost"});
        order.as_object_mut().expect("members").extend(blind.as_object().expect("members").clone());
        assert!(gateway().failed(&access, "docs__write_file", &order).await.contains("nothing was written"), "{blind}");
    }
    let absent = json!({"path": "b.txt", "content": "x", "if_etag": first["etag"]});
    assert!(gateway().failed(&access, "docs__write_file", &absent).await.contains("nothing was written"));
    let order = |content: String| json!({"path": "a.txt", "content": content, "if_etag": first["etag"]});
    let writers = (0..10).map(|at| write(&access, order(format!("writer {at}"))));
    let written = futures_of(writers).await.into_iter().filter(|answer| answer.json(200)["success"] == true);
    assert_eq!(written.count(), 1);
    let makers = (0..10).map(|at| write(&access, json!({"path": "new.txt", "content": format!("{at}")})));
    let made = futures_of(makers).await.into_iter().filter(|answer| answer.json(200)["success"] == true);
    assert_eq!(made.count(), 1);
}

/// Several calls at the same time.
async fn futures_of(calls: impl Iterator<Item = impl Future<Output = Answer>>) -> Vec<Answer> {
    let mut pending: Vec<_> = calls.map(Box::pin).collect();
    let mut answers = Vec::new();
    std::future::poll_fn(move |context| {
        pending.retain_mut(|call| match call.as_mut().poll(context) {
            std::task::Poll::Ready(answer) => {
                answers.push(answer);
                false
            }
            std::task::Poll::Pending => true,
        });
        if pending.is_empty() { std::task::Poll::Ready(std::mem::take(&mut answers)) } else { std::task::Poll::Pending }
    })
    .await
}

#[tokio::test]
async fn nothing_that_is_called_a_path_leads_to_another_tenants_files_or_another_upstreams() {
    let (ours, theirs) = (Team::new(), Team::new());
    let (their_access, their_made) = files(&theirs, "docs", json!({})).await;
    gateway()
        .done(&their_access, "docs__write_file", &json!({"path": "secret.txt", "content": "canary of theirs"}))
        .await;
    let (access, _) = files(&ours, "docs", json!({})).await;
    let (_, other) = files(&ours, "other", json!({})).await;
    gateway()
        .done(&access, "other__write_file", &json!({"path": "secret.txt", "content": "canary of the other"}))
        .await;
    assert_eq!(paths(&gateway().done(&access, "docs__list_files", &json!({})).await), [""; 0]);
    assert!(gateway().failed(&access, "docs__read_file", &json!({"path": "secret.txt"})).await.contains("no file"));
    let their_key = format!("t/{}/{}/secret.txt", theirs.tenant(), text(&their_made, "id"));
    let other_key = format!("{}/secret.txt", text(&other, "id"));
    for target in [their_key.as_str(), other_key.as_str()] {
        for path in [
            target.to_owned(),
            format!("../{target}"),
            format!("../../{target}"),
            format!("../../../{target}"),
            format!("a/../../{target}"),
            format!("./{target}"),
            format!("/{target}"),
            format!("a/../../../{target}"),
            format!("..\\..\\{target}"),
            format!("%2e%2e/%2e%2e/{target}"),
            format!("..%2f..%2f{target}"),
            format!("//{target}"),
            format!("a/\u{202e}/{target}"),
            format!("{target}/.."),
        ] {
            for tool in ["docs__read_file", "docs__delete_file"] {
                let told = gateway().execute(&access, tool, &json!({"path": path})).await.text();
                assert!(!told.contains("canary"), "{path}: {told}");
            }
            let told = gateway().execute(&access, "docs__list_files", &json!({"folder": path})).await.text();
            assert!(!told.contains("secret"), "{path}: {told}");
        }
    }
    // A cursor of another place goes on in this one, where there is nothing.
    let cursor = "Li4vLi4v";
    assert_eq!(paths(&gateway().done(&access, "docs__list_files", &json!({"cursor": cursor})).await), [""; 0]);
    assert!(gateway().failed(&access, "docs__list_files", &json!({"cursor": "??"})).await.contains("cursor"));
    let kept = gateway().done(&their_access, "docs__read_file", &json!({"path": "secret.txt"})).await;
    assert_eq!(kept["content"], "canary of theirs");
    let kept = gateway().done(&access, "other__read_file", &json!({"path": "secret.txt"})).await;
    assert_eq!(kept["content"], "canary of the other");
}

#[tokio::test]
async fn sizes_extensions_and_reading_only_are_as_the_upstream_says() {
    let team = Team::new();
    let options = json!({"max_bytes": 8, "extensions": ["txt"]});
    let (access, made) = files(&team, "docs", options.clone()).await;
    assert_eq!(made["files"]["max_bytes"], 8, "{made}");
    gateway().done(&access, "docs__write_file", &json!({"path": "a.txt", "content": "12345678"})).await;
    for (order, words) in [
        (json!({"path": "b.txt", "content": "123456789"}), "9 bytes"),
        (json!({"path": "b.txt", "content": "üüüüü"}), "10 bytes"),
        (json!({"path": "b.exe", "content": ""}), "extension"),
        (json!({"path": "txt", "content": ""}), "extension"),
        (json!({"path": "b.txt", "content": "!", "encoding": "base64"}), "base64"),
    ] {
        assert!(gateway().failed(&access, "docs__write_file", &order.clone()).await.contains(words), "{order}");
    }
    refused(&gateway().execute(&access, "docs__write_file", &json!({"path": "b.txt"})).await, 422, "invalid-arguments");
    refused(
        &gateway().execute(&access, "docs__write_file", &json!({"path": "b.txt", "content": "", "tenant": "x"})).await,
        422,
        "invalid-arguments",
    );
    let path = format!("/admin/upstreams/{}", text(&made, "id"));
    let change = json!({"files": {"read_only": true}});
    team.order("owner", Method::PATCH, &path, Some(&change)).await.json(200);
    let gone = || async {
        gateway().execute(&access, "docs__write_file", &json!({"path": "c.txt", "content": ""})).await.status == 404
    };
    within(SEEN, "only read", gone).await;
    assert_eq!(gateway().done(&access, "docs__read_file", &json!({"path": "a.txt"})).await["content"], "12345678");
    for (wrong, words) in [
        (json!({"name": "f", "kind": "files", "files": {"max_bytes": 5_242_881}}), "max_bytes"),
        (json!({"name": "f", "kind": "files", "files": {"extensions": ["../x"]}}), "extensions"),
        (json!({"name": "f", "kind": "files", "files": {"prefix": "t/"}}), "prefix"),
        (json!({"name": "f", "kind": "files", "url": "https://a.example/"}), "url"),
        (json!({"name": "f", "kind": "files", "url": "r2://FILES"}), "url"),
        (json!({"name": "f", "kind": "files", "api": {}}), "api"),
        (json!({"name": "f", "kind": "mcp", "url": "r2://FILES"}), "url"),
        (json!({"name": "f", "kind": "mcp"}), "url"),
        (json!({"name": "f", "kind": "http", "files": {}}), "files"),
    ] {
        let told =
            refused(&team.order("owner", Method::POST, "/admin/upstreams", Some(&wrong)).await, 400, "invalid-body");
        assert!(told.to_string().contains(words), "{wrong}: {told}");
    }
    let secret = json!({"upstream": "docs", "secret": {"bearer": {"token": "canary-bearer-of-files"}}});
    refused(&team.order("owner", Method::POST, "/admin/credentials", Some(&secret)).await, 409, "conflict");
    let tried = team.order("owner", Method::POST, &format!("{path}/test"), None).await.json(200);
    assert_eq!(tried["tools"], json!(["read_file", "list_files", "search_files"]), "{tried}");
}

#[tokio::test]
async fn a_policy_on_what_changes_something_leaves_files_to_be_read_in_every_era() {
    let team = Team::new();
    let (access, _) = files(&team, "docs", json!({})).await;
    gateway().done(&access, "docs__write_file", &json!({"path": "a b.md", "content": "hello"})).await;
    team.policy(&json!({"name": "look only", "effect": "deny", "what": {"upstreams": ["docs"], "read_only": false}}))
        .await;
    let denied =
        || async { gateway().execute(&access, "docs__delete_file", &json!({"path": "a b.md"})).await.status == 404 };
    within(SEEN, "denied", denied).await;
    for revision in ["modern", "legacy"] {
        let caller = match revision {
            "modern" => Caller::modern(gateway(), &access, ""),
            _ => Caller::legacy(gateway(), &access, "", json!({})).await,
        };
        let listed = caller.result("tools/list", json!({})).await.to_string();
        assert!(listed.contains("docs__read_file") && !listed.contains("docs__write_file"), "{revision}: {listed}");
        let read =
            caller.result("tools/call", json!({"name": "docs__read_file", "arguments": {"path": "a b.md"}})).await;
        assert_eq!(read["structuredContent"]["content"], "hello", "{revision}: {read}");
        let templates = caller.result("resources/templates/list", json!({})).await;
        assert_eq!(
            templates["resourceTemplates"][0]["uriTemplate"], "mcp+docs+file:///{+path}",
            "{revision}: {templates}"
        );
        let uri = "mcp+docs+file:///a%20b.md";
        let resource = caller.result("resources/read", json!({"uri": uri})).await;
        let expected = json!([{"uri": uri, "mimeType": "text/markdown", "text": "hello"}]);
        assert_eq!(resource["contents"], expected, "{revision}: {resource}");
        for missing in ["mcp+docs+file:///none", "mcp+docs+file:///..%2F..%2Fx", "mcp+docs+https://a.example/"] {
            let answer = caller.send("resources/read", json!({"uri": missing})).await.rest().await;
            assert!(answer.last().expect("an answer").to_string().contains("not found"), "{missing}: {answer:?}");
        }
    }
}

/// Whether a text stands in an object that the local platform keeps.
fn is_on_disk(text: &str) -> bool {
    fn holds(folder: &std::path::Path, text: &str) -> bool {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let paths: Vec<_> = entries.map(|entry| entry.path()).collect();
        let has = |path: &std::path::PathBuf| std::fs::read(path).is_ok_and(|bytes| bytes == text.as_bytes());
        paths.iter().any(|path| if path.is_dir() { holds(path, text) } else { has(path) })
    }
    holds(&gateway().state().join("v3/r2"), text)
}

#[tokio::test]
async fn files_go_with_their_upstream_and_a_new_one_of_its_name_has_none() {
    let team = Team::new();
    let (access, made) = files(&team, "docs", json!({})).await;
    let canary = format!("what stood in a file of {}", team.tenant());
    for path in ["a.txt", "b/c.txt"] {
        gateway().done(&access, "docs__write_file", &json!({"path": path, "content": canary})).await;
    }
    assert!(is_on_disk(&canary), "the test looks where the objects are");
    let path = format!("/admin/upstreams/{}", text(&made, "id"));
    assert_eq!(team.order("owner", Method::DELETE, &path, None).await.status, 204);
    let gone = || async { gateway().execute(&access, "docs__list_files", &json!({})).await.status == 404 };
    within(SEEN, "gone", gone).await;
    within(SEEN, "deleted", || async { !is_on_disk(&canary) }).await;
    let (access, _) = files(&team, "docs", json!({})).await;
    assert_eq!(paths(&gateway().done(&access, "docs__list_files", &json!({})).await), [""; 0]);
}
