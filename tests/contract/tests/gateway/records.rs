//! Rows an operator makes while the gateway runs, fresh keys, and the published list of revocations.

use crate::{gateway, logged_in};
use gateway_contract::client::{Tokens, note_secret};
use gateway_contract::fake::mcp::Upstream;
use gateway_contract::oauth::{Visitor, hidden};
use gateway_contract::seed::Tools;
use gateway_contract::token::decode;
use gateway_contract::{program, xtask};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant, SystemTime};

/// What the demanded five seconds may take on a busy machine.
const SEEN: Duration = Duration::from_millis(6_500);

#[track_caller]
fn succeeded(output: &Output) -> String {
    let (printed, complaint) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{printed}{complaint}");
    printed.into_owned()
}

/// What a command said that had to fail.
#[track_caller]
fn refused(output: &Output) -> String {
    let (printed, complaint) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(!output.status.success(), "{printed}");
    assert!(!printed.contains("password"), "{printed}");
    assert!(!complaint.contains("argon2"), "a hash is shown: {complaint}");
    complaint.into_owned()
}

fn add_user(name: &str, more: &[&str], variables: &[(&str, &str)]) -> Output {
    gateway().add(&[&["user", "add", name, "--tenant", "records-team"], more].concat(), variables)
}

#[tokio::test]
async fn an_added_user_logs_in_with_the_password_that_was_shown_and_the_name_is_taken() {
    let printed = succeeded(&add_user("Records.Ada", &[], &[]));
    let shown: Vec<&str> = printed.lines().filter_map(|line| line.strip_prefix("Its password")).collect();
    let password = shown[0].rsplit(' ').next().unwrap();
    assert_eq!((shown.len(), decode(password).len()), (1, 32));
    let tokens = Tokens::read(&gateway().try_login("records.ada", password).await);
    let me = gateway().get_as(&tokens.access, "/auth/me").await.json(200);
    assert_eq!((&me["username"], &me["tenant"]), (&json!("records.ada"), &json!("records-team")), "{me}");
    let told = refused(&gateway().add(&["user", "add", "records.ada", "--tenant", "another-team"], &[]));
    assert!(told.contains("already"), "{told}");
    Tokens::read(&gateway().try_login("records.ada", password).await);
}

#[tokio::test]
async fn an_added_administrator_looks_after_the_tenants_people_and_others_do_not() {
    let password = "a password of the operator's own";
    for (name, more, status) in [("records.ann", &["--admin"][..], 200), ("records.abe", &[], 404)] {
        let more = [more, &["--password-from", "CHOSEN"]].concat();
        succeeded(&add_user(name, &more, &[("CHOSEN", password)]));
        let visitor = Visitor::new(gateway());
        let ticket = hidden(&visitor.get("/account").await, "ticket");
        let fields = [("ticket", ticket.as_str()), ("username", name), ("password", password)];
        assert_eq!(visitor.post("/oauth/login", &fields).await.status, 303);
        assert_eq!(visitor.get("/account/people").await.status, status, "{name}");
    }
}

#[tokio::test]
async fn an_operator_helps_an_administrator_whom_nobody_else_can_help() {
    succeeded(&add_user("records.amy", &["--admin"], &[]));
    let reset = |name: &str| gateway().add(&["user", "reset", name, "--tenant", "records-team"], &[]);
    assert!(refused(&reset("records.nobody")).contains("does not have all that was named"));
    let printed = succeeded(&reset("records.amy"));
    let code = printed.lines().last().expect("a code").to_owned();
    note_secret(&code);
    let visitor = Visitor::new(gateway());
    let password = "a password that was chosen anew";
    let join = || async {
        let ticket = hidden(&visitor.get("/join").await, "ticket");
        let fields = [("ticket", ticket.as_str()), ("code", &code), ("username", "records.amy")];
        visitor.post("/join", &[&fields[..], &[("password", password), ("again", password)]].concat()).await
    };
    assert_eq!(join().await.status, 303);
    assert_eq!(join().await.status, 403, "used once");
    Tokens::read(&gateway().try_login("records.amy", password).await);
}

#[tokio::test]
async fn a_chosen_password_works_and_is_not_printed() {
    let password = "a password of the operator's own";
    let more = ["--password-from", "CHOSEN"];
    let printed = succeeded(&add_user("records.bob", &more, &[("CHOSEN", password)]));
    assert!(!printed.contains(password) && !printed.contains("password"), "{printed}");
    Tokens::read(&gateway().try_login("records.bob", password).await);
}

#[tokio::test]
async fn a_short_password_the_demo_name_and_half_a_target_are_refused() {
    let more = ["--password-from", "CHOSEN"];
    let told = refused(&add_user("records.eve", &more, &[("CHOSEN", "fourteen chars")]));
    assert!(told.contains("at least 15"), "{told}");
    for name in ["demo", "Demo"] {
        let told = refused(&add_user(name, &[], &[]));
        assert!(told.contains("demo account"), "{told}");
    }
    for half in [&["--env", "production"][..], &["--remote"], &["--remote", "--env", "production"]] {
        // The harness adds `--state`, which is a third of a target too many.
        let told = refused(&add_user("records.eve", half, &[]));
        assert!(told.contains("--state"), "{told}");
    }
    gateway().try_login("records.eve", "fourteen chars").await.problem(401);
}

/// Every file below a folder that has the text in it.
fn files_with(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_with(&path, text));
        } else if std::fs::read(&path).is_ok_and(|bytes| bytes.windows(text.len()).any(|part| part == text.as_bytes()))
        {
            found.push(path.display().to_string());
        }
    }
    found
}

#[tokio::test]
async fn an_added_server_is_seen_in_five_seconds_and_gets_its_token_which_is_kept_sealed() {
    let token = "canary-upstream-token-8f1c2a";
    note_secret(token);
    let upstream = Upstream::modern();
    let url = upstream.server.url("/mcp");
    let (user, tokens) = logged_in(Tools::Own).await;
    assert!(!gateway().tool_names(&tokens.access).await.iter().any(|name| name.contains("__")));
    let words = ["upstream", "add", "added", &url, "--tenant", &user.tenant, "--token-from", "ADDED_TOKEN"];
    let printed = succeeded(&gateway().add(&words, &[("ADDED_TOKEN", token)]));
    assert!(!printed.contains(token), "{printed}");
    let added = Instant::now();
    while !gateway().tool_names(&tokens.access).await.iter().any(|name| name == "added__repeat") {
        assert!(added.elapsed() < SEEN, "not seen after {:?}", added.elapsed());
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    let body = gateway().execute(&tokens.access, "added__repeat", &json!({"text": "sealed"})).await.json(200);
    assert_eq!(body["result"], json!({"text": "sealed"}));
    let asked = upstream.server.asked();
    assert!(upstream.methods().iter().any(|method| method == "tools/call"));
    for request in &asked {
        let sent: Vec<&(String, String)> = request.headers.iter().filter(|(name, _)| name == "authorization").collect();
        assert_eq!(sent, [&("authorization".to_owned(), format!("Bearer {token}"))]);
        let elsewhere = format!("{:?} {:?} {}", request.path, request.query, String::from_utf8_lossy(&request.body));
        assert!(!elsewhere.contains(token), "{elsewhere}");
    }
    assert_eq!(upstream.complaints(), [""; 0]);
    assert!(!files_with(gateway().state(), &url).is_empty(), "the row is not where this test looks");
    assert_eq!(files_with(gateway().state(), token), [""; 0]);
    assert!(!gateway().lines().iter().any(|line| line.contains(token)), "the token is in the log");
    // The same name again, and a token that no header carries.
    let told = refused(&gateway().add(&words, &[("ADDED_TOKEN", token)]));
    assert!(told.contains("already") && !told.contains(token), "{told}");
    for unusable in ["", "two\nlines"] {
        let told = refused(&gateway().add(&words, &[("ADDED_TOKEN", unusable)]));
        assert!(told.contains("no bearer token"), "{told}");
    }
}

#[test]
fn a_fresh_key_is_32_bytes_and_never_the_same() {
    let [one, other] = [0; 2].map(|_| succeeded(&xtask().arg("secret").output().expect("cargo xtask")));
    for printed in [&one, &other] {
        assert_eq!(decode(printed.strip_suffix('\n').unwrap()).len(), 32, "{printed:?}");
    }
    assert_ne!(one, other);
}

/// The keys of the published list, as an operator reads them.
fn published(prefix: &str) -> Vec<Value> {
    let mut command = program("wrangler");
    command.args(["kv", "key", "list", "--binding", "REVOCATIONS", "--prefix", prefix, "--local", "--persist-to"]);
    let printed = succeeded(&command.arg(gateway().state()).output().expect("wrangler"));
    serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}: {printed}"))
}

fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

#[tokio::test]
async fn a_logout_is_published_until_its_newest_token_would_have_expired() {
    let (user, tokens) = logged_in(Tools::Own).await;
    let claims = tokens.claims();
    let (session, expires) = (claims["sid"].as_str().unwrap(), claims["exp"].as_u64().unwrap());
    let life = expires - claims["iat"].as_u64().unwrap();
    let before = now();
    assert_eq!(gateway().post_as(&tokens.access, "/auth/logout", &json!({})).await.status, 204);
    let after = now();
    let key = format!("revoked:session:{}:{session}", user.tenant);
    let list = published(&format!("revoked:session:{}:", user.tenant));
    assert_eq!(list.len(), 1, "{list:?}");
    assert_eq!(list[0]["name"], key.as_str());
    let until = list[0]["expiration"].as_u64().unwrap_or_else(|| panic!("{list:?}"));
    assert!((before + 60..=after + life + 5).contains(&until), "{until}, logged out at {before}, a life of {life} s");
    assert!(until >= expires, "{until} is before the token's end at {expires}");
}
