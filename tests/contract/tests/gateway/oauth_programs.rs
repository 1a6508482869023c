//! Programs that others wrote, as clients: what they ask for is what the gateway gives.

use crate::gateway;
use gateway_contract::client::note_secret;
use gateway_contract::oauth::Visitor;
use gateway_contract::program::Program;
use gateway_contract::seed::User;
use gateway_contract::team::Team;
use gateway_contract::token::part;
use gateway_contract::{program, workspace};
use serde_json::{Value, json};

const REDIRECTS: [&str; 2] = ["http://127.0.0.1:51999/callback?", "http://127.0.0.1:51998/callback?"];

/// A script of `tests/contract/clients`.
fn script(name: &str, arguments: &[&str]) -> Program {
    let mut command = program("node");
    command.arg(workspace().join("tests/contract/clients").join(name)).args(arguments);
    Program::start(command)
}

/// Somebody whose plan lets a program that signs in, refreshes and steps up within two seconds make all the calls it wants.
fn person() -> User {
    Team::new().member("developer")
}

/// Goes where the program sends a person, and allows what it asks for: the scope it asks for.
async fn go(program: &mut Program, visitor: &Visitor, user: &User) -> Option<String> {
    let told = program.told().await;
    let asked: reqwest::Url = told["visit"].as_str().unwrap_or_else(|| panic!("{told}")).parse().expect("a URL");
    let arrived = visitor.allow(asked.as_str(), user).await;
    assert!(REDIRECTS.iter().any(|redirect| arrived.starts_with(redirect)), "{arrived}");
    program.tell(&json!(arrived));
    asked.query_pairs().find(|(name, _)| name == "scope").map(|(_, scope)| scope.into_owned())
}

#[track_caller]
fn secret<'a>(told: &'a Value, member: &str) -> &'a str {
    let found = told[member].as_str().unwrap_or_else(|| panic!("no {member}: {told}"));
    note_secret(found);
    found
}

/// The tokens of a program that lists its tools and calls one.
#[track_caller]
fn worked(told: &Value) -> [String; 2] {
    assert!(told["tools"].as_array().is_some_and(|tools| tools.contains(&json!("server_time"))), "{told}");
    time(&told["result"]);
    assert_eq!(told["scope"], "tools:call tools:read", "{told}");
    ["access_token", "refresh_token"].map(|member| secret(told, member).to_owned())
}

#[track_caller]
fn time(result: &Value) {
    assert!(result["structuredContent"].is_object() && result["isError"] != true, "{result}");
}

async fn the_sdk_works(generation: &str, era: &str, method: &str) {
    let (user, visitor) = (person(), Visitor::new(gateway()));
    let mut sdk = script("sdk.mjs", &[generation, era, method, &gateway().url("/mcp")]);
    assert_eq!(go(&mut sdk, &visitor, &user).await.as_deref(), Some("tools:call tools:read"));
    let first = worked(&sdk.told().await);
    assert_eq!(part(&first[0], 1)["aud"], gateway().url("/mcp"));
    let second = worked(&sdk.told().await);
    assert!(first[0] != second[0] && first[1] != second[1], "nothing was refreshed");
    assert_eq!(part(&first[0], 1)["sid"], part(&second[0], 1)["sid"]);

    assert_eq!(go(&mut sdk, &visitor, &user).await.as_deref(), Some("tools:read"));
    assert_eq!(sdk.told().await["scope"], "tools:read");
    let stepped = sdk.told().await;
    assert!(stepped["sent"] == true && stepped["tools"].as_u64() > Some(0), "{stepped}");
    let asked = go(&mut sdk, &visitor, &user).await.expect("a scope");
    let mut asked: Vec<&str> = asked.split(' ').collect();
    asked.sort_unstable();
    assert_eq!(asked, ["tools:call", "tools:read"]);
    let called = sdk.told().await;
    assert_eq!(called["scope"], "tools:call tools:read", "{called}");
    time(&called["result"]);
}

#[tokio::test]
async fn the_first_typescript_sdk_signs_in_refreshes_and_steps_up() {
    the_sdk_works("v1", "legacy", "client_secret_post").await;
}

#[tokio::test]
async fn the_second_typescript_sdk_signs_in_refreshes_and_steps_up() {
    the_sdk_works("v2", "legacy", "client_secret_basic").await;
    the_sdk_works("v2", "modern", "none").await;
}

#[tokio::test]
async fn a_library_that_checks_every_answer_finds_nothing_wrong() {
    let (user, visitor) = (person(), Visitor::new(gateway()));
    let id = format!("strict-{}", user.id);
    let output = gateway().add(&["client", "add", &id, "--tenant", &user.tenant, "--account", &user.username], &[]);
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let robot = printed.lines().find_map(|line| line.strip_prefix("Its secret, shown this once: ")).expect("a secret");
    note_secret(robot);
    let plan = json!({"issuer": gateway().url(""), "resource": gateway().url("/mcp"), "robot": [id, robot]});
    let mut strict = script("strict.mjs", &[&plan.to_string()]);
    for method in ["none", "client_secret_basic", "client_secret_post"] {
        go(&mut strict, &visitor, &user).await;
        let told = strict.told().await;
        assert_eq!((&told["method"], &told["claims"]["sub"]), (&json!(method), &json!(user.id)), "{told}");
        for pair in ["first", "second"] {
            assert_eq!(told[pair]["scope"], "tools:call tools:read", "{told}");
            secret(&told[pair], "access_token");
            secret(&told[pair], "refresh_token");
        }
        let seen = &told["seen"];
        assert_eq!((&seen["active"], &seen["aud"]), (&json!(true), &json!(gateway().url("/mcp"))), "{seen}");
        assert_eq!(seen["client_id"], told["claims"]["client_id"], "{seen}");
        assert_eq!(told["over"], "invalid_token", "what was given back is no credential: {told}");
        assert_eq!(strict.told().await, json!({"refused": "invalid_grant", "again": "invalid_grant"}));
    }
    let own = strict.told().await;
    secret(&own["own"], "access_token");
    assert_eq!((&own["claims"]["sub"], &own["claims"]["client_id"]), (&json!(user.id), &json!(id)), "{own}");
    assert_eq!((&own["claims"]["scope"], own["own"].get("refresh_token")), (&json!("tools:read"), None), "{own}");
}
