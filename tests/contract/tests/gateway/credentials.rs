//! What tool servers are shown: given once, never shown again, and only to the server it is for.

use crate::gateway;
use gateway_contract::caller::Caller;
use gateway_contract::client::{Answer, note_secret};
use gateway_contract::fake::mcp::Upstream;
use gateway_contract::fake::oauth::{Authority, CLIENT, SECRET};
use gateway_contract::oauth::{Landing, Visitor, hidden};
use gateway_contract::team::{SEEN, Team, refused, text, within};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// A team with one more upstream, at a recording server: its name and its id.
async fn with_upstream(team: &Team, name: &str, upstream: &Upstream) -> String {
    let url = upstream.server.url("/mcp");
    text(&team.make("owner", "/admin/upstreams", &json!({"name": name, "url": url})).await, "id")
}

async fn credential(team: &Team, by: &str, upstream: &str, secret: &Value) -> Value {
    team.make(by, "/admin/credentials", &json!({"upstream": upstream, "secret": secret})).await
}

async fn repeat(access: &str, upstream: &str) -> Answer {
    gateway().execute(access, &format!("{upstream}__repeat"), &json!({"text": "hello"})).await
}

/// Calls until the server answers, for as long as a new row may go unseen.
async fn served(access: &str, upstream: &str) {
    within(SEEN, "served", || async { repeat(access, upstream).await.status == 200 }).await;
}

/// The values of a header field in every request of a server.
fn sent(upstream: &Upstream, name: &str) -> Vec<String> {
    let asked = upstream.server.asked();
    asked.iter().filter_map(|request| request.header(name).map(str::to_owned)).collect()
}

fn is_stored(folder: &Path, text: &str) -> bool {
    std::fs::read_dir(folder).into_iter().flatten().flatten().any(|entry| {
        let path = entry.path();
        let has = |bytes: Vec<u8>| bytes.windows(text.len()).any(|part| part == text.as_bytes());
        if path.is_dir() { is_stored(&path, text) } else { std::fs::read(&path).is_ok_and(has) }
    })
}

#[tokio::test]
async fn a_credential_is_never_shown_again() {
    let (team, upstream, secret) = (Team::new(), Upstream::modern(), "canary-credential-5b1e");
    note_secret(secret);
    let id = with_upstream(&team, "quiet", &upstream).await;
    let made = credential(&team, "owner", "quiet", &json!({"header": {"name": "X-Api-Key", "value": secret}})).await;
    assert_eq!((&made["shown"], &made["upstream"]), (&json!({"name": "X-Api-Key"}), &json!(id)), "{made}");
    let path = format!("/admin/credentials/{}", text(&made, "id"));
    for role in ["owner", "admin", "auditor"] {
        for path in ["/admin/credentials", &path] {
            let answer = team.order(role, Method::GET, path, None).await;
            answer.json(200);
            assert!(!answer.text().contains(secret), "{path}");
        }
    }
    // What was ordered wrongly is not repeated either.
    let wrong = json!({"upstream": "quiet", "secret": {"header": {"name": "Host", "value": secret}}});
    let answer = team.order("owner", Method::POST, "/admin/credentials", Some(&wrong)).await;
    assert!(refused(&answer, 400, "invalid-body").to_string().contains("header") && !answer.text().contains(secret));
    let replaced = json!({"secret": {"bearer": {"token": secret}}});
    let answer = team.order("owner", Method::PUT, &path, Some(&replaced)).await;
    assert_eq!((&answer.json(200)["kind"], answer.text().contains(secret)), (&json!("bearer"), false));
    let access = team.token("agent").await;
    served(&access, "quiet").await;
    assert!(sent(&upstream, "authorization").contains(&format!("Bearer {secret}")));
    assert!(!gateway().lines().iter().any(|line| line.contains(secret)), "it is in the log");
    assert!(!is_stored(gateway().state(), secret), "it is on disk");
}

#[tokio::test]
async fn each_kind_is_shown_as_its_specification_says() {
    let team = Team::new();
    let access = team.token("agent").await;
    let kinds = [
        (json!({"header": {"name": "X-Api-Key", "value": "k-canary-1"}}), "x-api-key", "k-canary-1"),
        (
            json!({"basic": {"user": "Aladdin", "password": "open sesame"}}),
            "authorization",
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        ),
        (json!({"bearer": {"token": "b-canary-2"}}), "authorization", "Bearer b-canary-2"),
    ];
    for (at, (secret, field, value)) in kinds.iter().enumerate() {
        let (upstream, name) = (Upstream::modern(), format!("kind{at}"));
        with_upstream(&team, &name, &upstream).await;
        credential(&team, "owner", &name, secret).await;
        served(&access, &name).await;
        let sent = sent(&upstream, field);
        assert!(!sent.is_empty() && sent.iter().all(|sent| sent == value), "{name}: {sent:?}");
    }
    let upstream = Upstream::modern();
    with_upstream(&team, "kindq", &upstream).await;
    credential(&team, "owner", "kindq", &json!({"query": {"name": "key", "value": "q&canary=3"}})).await;
    served(&access, "kindq").await;
    let calls = upstream.calls("tools/call");
    assert!(!calls.is_empty() && calls.iter().all(|call| call.query("key") == Some("q&canary=3")));
}

#[tokio::test]
async fn a_credential_goes_to_its_origin_alone() {
    let (team, first, second) = (Team::new(), Upstream::modern(), Upstream::modern());
    let secret = "canary-of-one-origin-77";
    note_secret(secret);
    let id = with_upstream(&team, "moved", &first).await;
    let made = credential(&team, "owner", "moved", &json!({"bearer": {"token": secret}})).await;
    let access = team.token("agent").await;
    served(&access, "moved").await;
    let path = format!("/admin/upstreams/{id}");
    let change = json!({"url": second.server.url("/mcp")});
    team.order("owner", Method::PATCH, &path, Some(&change)).await.json(200);
    let told = || async {
        let answer = repeat(&access, "moved").await;
        answer.status == 502 && answer.text().contains("no credential for this origin")
    };
    within(SEEN, "refused", told).await;
    let trial = team.order("owner", Method::POST, &format!("{path}/test"), None).await.json(200);
    assert_eq!(trial["works"], false, "{trial}");
    assert_eq!(second.server.asked().len(), 0, "it was asked without what it wants");
    // Given anew, it is bound to the new origin.
    let secret = json!({"secret": {"bearer": {"token": "canary-of-the-other-78"}}});
    let path = format!("/admin/credentials/{}", text(&made, "id"));
    let replaced = team.order("owner", Method::PUT, &path, Some(&secret)).await.json(200);
    assert_eq!(replaced["origin"], second.server.url(""), "{replaced}");
    served(&access, "moved").await;
    assert!(sent(&second, "authorization").iter().all(|value| value == "Bearer canary-of-the-other-78"));
}

#[tokio::test]
async fn an_upstream_is_tried_before_anybody_calls_it() {
    let (team, upstream) = (Team::new(), Upstream::legacy());
    let id = with_upstream(&team, "tried", &upstream).await;
    let trial = team.order("admin", Method::POST, &format!("/admin/upstreams/{id}/test"), None).await.json(200);
    assert_eq!((&trial["works"], &trial["legacy"]), (&json!(true), &json!(true)), "{trial}");
    assert!(trial["tools"].as_array().expect("tools").contains(&json!("repeat")), "{trial}");
    for (url, why) in
        [("https://10.0.0.1/mcp", "special-use"), ("https://user@a.example.com/", "user name"), ("x", "absolute")]
    {
        let body = json!({"name": "refused", "url": url});
        let answer = team.order("owner", Method::POST, "/admin/upstreams", Some(&body)).await;
        assert!(refused(&answer, 400, "invalid-body").to_string().contains(why), "{url}");
    }
    let access = team.token("agent").await;
    served(&access, "tried").await;
    let (path, change) = (format!("/admin/upstreams/{id}"), json!({"disabled": true}));
    let disabled = team.order("owner", Method::PATCH, &path, Some(&change)).await;
    assert!(disabled.json(200)["disabled_at"].is_u64());
    within(SEEN, "gone", || async { repeat(&access, "tried").await.status == 404 }).await;
}

fn client(authority: &Authority) -> Value {
    json!({"token_endpoint": format!("{}/token", authority.issuer()), "client_id": CLIENT, "client_secret": SECRET})
}

#[tokio::test]
async fn a_token_is_fetched_with_client_credentials_and_renewed_before_it_ends() {
    let (team, upstream, authority) = (Team::new(), Upstream::modern(), Authority::start(20));
    with_upstream(&team, "machine", &upstream).await;
    let mut client = client(&authority);
    client["scope"] = "read".into();
    let made = credential(&team, "owner", "machine", &json!({"client_credentials": client})).await;
    assert_eq!(made["shown"]["client_id"], CLIENT, "{made}");
    let access = team.token("agent").await;
    served(&access, "machine").await;
    let first = authority.grants("client_credentials");
    for _ in 0..5 {
        repeat(&access, "machine").await.json(200);
    }
    assert_eq!(authority.grants("client_credentials"), first, "a token that is good is used");
    tokio::time::sleep(Duration::from_secs(11)).await;
    repeat(&access, "machine").await.json(200);
    assert!(authority.grants("client_credentials") > first, "it is renewed before it ends");
    assert_eq!(authority.complaints(), [""; 0]);
    let shown = sent(&upstream, "authorization");
    assert!(shown.iter().all(|value| value.starts_with("Bearer access-canary-")), "{shown:?}");
    assert!(!upstream.server.asked().iter().any(|request| format!("{request:?}").contains(SECRET)));
    // A client that is refused is said so; what is still good goes on being used meanwhile.
    authority.refuse();
    within(Duration::from_secs(30), "refused", || async {
        let answer = repeat(&access, "machine").await;
        answer.status == 502 && answer.text().contains("refuses the gateway's client")
    })
    .await;
}

#[tokio::test]
async fn two_users_own_credentials_are_never_mixed() {
    let (team, upstream) = (Team::new(), Upstream::modern());
    with_upstream(&team, "own", &upstream).await;
    credential(&team, "owner", "own", &json!({"bearer": {"token": "canary-everybody"}})).await;
    for member in ["developer", "other"] {
        let secret = json!({"bearer": {"token": format!("canary-{member}")}});
        let made = credential(&team, member, "own", &secret).await;
        assert_eq!(made["user"], team.id(member), "{made}");
    }
    let tokens = [team.token("developer").await, team.token("other").await, team.token("agent").await];
    served(&tokens[2], "own").await;
    tokio::time::sleep(SEEN).await;
    let before = upstream.calls("tools/call").len();
    let mut calls = tokio::task::JoinSet::new();
    for at in 0..30 {
        let access = tokens[at % 3].clone();
        let text = ["canary-developer", "canary-other", "canary-everybody"][at % 3];
        calls.spawn(async move { gateway().execute(&access, "own__repeat", &json!({"text": text})).await.json(200) });
    }
    calls.join_all().await;
    let calls = upstream.calls("tools/call").split_off(before);
    assert_eq!(calls.len(), 30);
    for call in calls {
        let whose = call.json()["params"]["arguments"]["text"].as_str().unwrap_or_default().to_owned();
        assert_eq!(call.header("authorization"), Some(&*format!("Bearer {whose}")));
    }
    // Nobody sees or ends another's.
    let listed = team.order("developer", Method::GET, "/admin/credentials", None).await.json(200);
    let listed = listed["items"].as_array().expect("items").clone();
    assert!(listed.len() == 1 && listed[0]["user"] == team.id("developer"), "{listed:?}");
    let theirs = team.order("owner", Method::GET, &format!("/admin/credentials?user={}", team.id("other")), None).await;
    let id = text(&theirs.json(200)["items"][0], "id");
    let answer = team.order("developer", Method::DELETE, &format!("/admin/credentials/{id}"), None).await;
    refused(&answer, 404, "no-such-thing");
    let everybodys = json!({"upstream": "own", "user": team.id("other"), "secret": {"bearer": {"token": "x"}}});
    let answer = team.order("developer", Method::POST, "/admin/credentials", Some(&everybodys)).await;
    refused(&answer, 404, "no-such-thing");
}

/// Goes the whole way of a person who connects an account; where it ends.
async fn connect(visitor: &Visitor) -> String {
    let page = visitor.get("/account/connections").await;
    let (csrf, credential) = (hidden(&page, "csrf"), hidden(&page, "credential"));
    let fields = [("csrf", csrf.as_str()), ("credential", &credential), ("do", "connect")];
    let sent = visitor.post("/account/connections", &fields).await;
    let provider = sent.must("location").to_owned();
    let back = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let back = back.get(&provider).send().await.expect("the provider").headers()["location"]
        .to_str()
        .expect("a place")
        .to_owned();
    let done = visitor.get(&back).await;
    // The same way back a second time leads nowhere.
    assert_eq!(visitor.get(&back).await.status, 400);
    assert_eq!(done.status, 303, "{}", done.text());
    done.must("location").to_owned()
}

#[tokio::test]
async fn a_user_connects_an_account_and_is_asked_again_when_it_is_worth_nothing_any_more() {
    let (team, upstream, authority) = (Team::new(), Upstream::modern(), Authority::start(4));
    with_upstream(&team, "cloud", &upstream).await;
    let client = json!({"client_id": CLIENT, "client_secret": SECRET});
    let secret = json!({"connection": {"issuer": authority.issuer(), "client": client}});
    let made = credential(&team, "owner", "cloud", &secret).await;
    assert_eq!(made["shown"]["token_endpoint"], format!("{}/token", authority.issuer()), "{made}");
    let access = team.token("developer").await;
    let page = format!("{}/account/connections", gateway().url(""));
    let told = || async {
        let answer = repeat(&access, "cloud").await;
        answer.status == 502 && answer.text().contains(&page)
    };
    within(SEEN, "told where to connect", told).await;
    // A client of 2026 that shows pages is asked to show it.
    let caller = Caller::modern(gateway(), &access, "").that_can(json!({"elicitation": {"url": {}}}));
    let asked = caller.result("tools/call", json!({"name": "cloud__repeat", "arguments": {"text": "hello"}})).await;
    assert_eq!(asked["resultType"], "input_required", "{asked}");
    assert!(asked["inputRequests"].to_string().contains(&page), "{asked}");
    let visitor = Visitor::at_home(gateway(), &team.member("developer")).await;
    assert_eq!(connect(&visitor).await, "/account/connections?connected");
    served(&access, "cloud").await;
    assert!(visitor.get("/account/connections").await.text().contains("value=\"disconnect\""));
    // Somebody else's calls do not use it.
    let other = team.token("other").await;
    assert!(repeat(&other, "cloud").await.text().contains(&page));
    // It is renewed, and the refresh token is replaced each time.
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_secs(5)).await;
        repeat(&access, "cloud").await.json(200);
    }
    assert!(authority.grants("refresh_token") >= 2);
    authority.forget_everybody();
    within(Duration::from_secs(15), "asked to connect again", told).await;
    assert_eq!(connect(&visitor).await, "/account/connections?connected");
    served(&access, "cloud").await;
    assert_eq!(authority.complaints(), [""; 0]);
    assert!(!upstream.server.asked().iter().any(|request| format!("{request:?}").contains(SECRET)));
    let page = visitor.get("/account/connections").await;
    let (csrf, credential) = (hidden(&page, "csrf"), hidden(&page, "credential"));
    let fields = [("csrf", csrf.as_str()), ("credential", &credential), ("do", "disconnect")];
    assert_eq!(
        visitor.post("/account/connections", &fields).await.must("location"),
        "/account/connections?disconnected"
    );
    within(SEEN, "disconnected", told).await;
}

#[tokio::test]
async fn a_way_back_that_somebody_else_began_connects_nobody() {
    let (team, upstream, authority) = (Team::new(), Upstream::modern(), Authority::start(60));
    with_upstream(&team, "cloud", &upstream).await;
    let client = json!({"client_id": CLIENT, "client_secret": SECRET});
    credential(&team, "owner", "cloud", &json!({"connection": {"issuer": authority.issuer(), "client": client}})).await;
    let [mine, theirs] = ["developer", "other"].map(|name| team.member(name));
    let (mine, theirs) = (Visitor::at_home(gateway(), &mine).await, Visitor::at_home(gateway(), &theirs).await);
    let page = mine.get("/account/connections").await;
    let (csrf, credential) = (hidden(&page, "csrf"), hidden(&page, "credential"));
    let fields = [("csrf", csrf.as_str()), ("credential", &credential), ("do", "connect")];
    let sent = mine.post("/account/connections", &fields).await;
    let state = Landing::of(&sent).find("state").expect("a state").to_owned();
    let back = format!("/connect/callback?code=code-1&state={state}&iss={}", authority.issuer());
    assert_eq!(theirs.get(&back).await.status, 400);
    assert_eq!(Visitor::new(gateway()).get(&back).await.status, 400);
    let forged = back.replace(&authority.issuer(), "https://evil.example.com");
    assert_eq!(mine.get(&forged).await.must("location"), "/account/connections?refused");
    assert_eq!(authority.grants("authorization_code"), 0);
    // Another's form is not this browser's.
    assert_eq!(theirs.post("/account/connections", &fields).await.status, 400);
}

#[tokio::test]
async fn nothing_is_left_to_seal_anew_where_the_key_was_not_replaced() {
    let (team, upstream) = (Team::new(), Upstream::modern());
    with_upstream(&team, "sealed", &upstream).await;
    credential(&team, "owner", "sealed", &json!({"bearer": {"token": "canary-sealed"}})).await;
    let path = format!("/admin/tenants/{}/reseal", team.tenant());
    let done = team.order("admin", Method::POST, &path, None).await.json(200);
    assert_eq!(done, json!({"resealed": 0, "unreadable": 0, "more": false}));
    refused(&team.order("developer", Method::POST, &path, None).await, 403, "forbidden");
    let sql = format!("UPDATE credentials SET sealed = 'v1.AAAA' WHERE tenant_id = '{}';", team.tenant());
    gateway().sql(&sql);
    let done = team.order("owner", Method::POST, &path, None).await.json(200);
    assert_eq!(done, json!({"resealed": 0, "unreadable": 1, "more": false}));
}
