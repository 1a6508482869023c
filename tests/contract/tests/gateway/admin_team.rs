//! A team of ten with three agents, set up through the API by one administrator: who may do what is told once, and holds on
//! every way in.

use crate::gateway;
use gateway_contract::World;
use gateway_contract::caller::Caller;
use gateway_contract::client::note_secret;
use gateway_contract::oauth::{Visitor, hidden};
use gateway_contract::seed::{Tools, User};
use gateway_contract::team::{self, Key, order, refused, text};
use reqwest::Method;
use serde_json::{Value, json};

const PHRASE: &str = "tin kettle on a bicycle";

/// The tenant, and the owner's token.
struct House {
    tenant: String,
    owner: String,
}

/// Somebody who joined.
struct Person {
    user: User,
    role: &'static str,
    token: String,
}

/// A program of the team.
struct Agent {
    user: String,
    key: Key,
}

/// Uses a one-time code on its page, as a person does.
async fn join(code: &str, username: &str) {
    note_secret(code);
    let visitor = Visitor::new(gateway());
    let ticket = hidden(&visitor.get("/join").await, "ticket");
    let fields =
        [("ticket", ticket.as_str()), ("code", code), ("username", username), ("password", PHRASE), ("again", PHRASE)];
    let joined = visitor.post("/join", &fields).await;
    assert_eq!((joined.status, joined.header("location")), (303, Some("/account")), "{}", joined.text());
}

async fn person(tenant: &str, username: &str, role: &'static str, code: &str) -> Person {
    join(code, username).await;
    let mut user = User { username: username.to_owned(), id: String::new(), tenant: tenant.to_owned() };
    let tokens = team::login(&user, PHRASE, team::ALL).await;
    let claims = tokens.claims();
    assert_eq!(claims["tenant"], tenant, "{claims}");
    user.id = text(&claims, "sub");
    Person { user, role, token: tokens.access }
}

impl House {
    /// The operator makes it, and its first owner joins with the code.
    async fn new() -> (Self, Person) {
        let tenant = format!("team-{}", gateway().user(Tools::Own).tenant);
        let body = json!({"id": tenant, "name": "A team of ten"});
        let made = team::operate(Method::POST, "/admin/tenants", Some(&body)).await.json(201);
        let first = person(&tenant, &format!("{tenant}-owner"), "owner", &text(&made["owner"], "code")).await;
        let me = gateway().get_as(&first.token, "/auth/me").await.json(200);
        assert_eq!((&me["role"], &me["tenant"]), (&json!("owner"), &json!(tenant)), "{me}");
        let addresses = World::shared().addresses();
        for (name, url) in [("modern", &addresses.modern), ("old", &addresses.old)] {
            gateway().upstream(&first.user, name, url);
        }
        let house = Self { tenant, owner: first.token.clone() };
        let body = json!({"name": "Everybody", "limits": {"rate": {"burst": 1_000, "per_minute": 60_000}}});
        let plan = text(&house.make("/admin/plans", &body).await, "id");
        house.change(&format!("/admin/tenants/{}", house.tenant), &json!({"user_plan": plan})).await;
        (house, first)
    }

    async fn make(&self, path: &str, body: &Value) -> Value {
        order(&self.owner, Method::POST, path, Some(body)).await.json(201)
    }

    async fn change(&self, path: &str, body: &Value) -> Value {
        order(&self.owner, Method::PATCH, path, Some(body)).await.json(200)
    }

    /// Nine people of different roles.
    async fn people(&self) -> Vec<Person> {
        let roles = ["owner", "admin", "auditor"].into_iter().chain(["developer"; 6]);
        let mut people = Vec::new();
        for (at, role) in roles.enumerate() {
            let code = text(&self.make("/admin/invitations", &json!({"role": role})).await, "code");
            people.push(person(&self.tenant, &format!("{}-{role}-{at}", self.tenant), role, &code).await);
        }
        people
    }

    async fn agent(&self, name: &str, narrowed: &[(&str, Value)]) -> Agent {
        let body = json!({"username": format!("{}-{name}", self.tenant), "groups": ["agents"]});
        let made = self.make("/admin/users", &body).await;
        assert_eq!((&made["role"], &made["kind"]), (&json!("agent"), &json!("service")), "{made}");
        let user = text(&made, "id");
        let mut body = json!({"name": name, "user": user});
        for (member, value) in narrowed {
            body[*member] = value.clone();
        }
        let key = Key::read(&self.make("/admin/keys", &body).await);
        Agent { user, key }
    }
}

/// What a credential is shown, over REST and over the protocol of either era.
async fn shown(credential: &str) -> Vec<String> {
    let mut listed = gateway().tool_names(credential).await;
    listed.sort();
    let legacy = Caller::legacy(gateway(), credential, "", json!({})).await;
    for caller in [Caller::modern(gateway(), credential, ""), legacy] {
        let mut names = caller.names("tools/list", "name").await;
        names.sort();
        assert_eq!(names, listed);
    }
    listed
}

/// A call over REST and over the protocol, which is refused alike.
async fn forbidden(credential: &str, tool: &str, arguments: &Value) {
    let problem = refused(&gateway().execute(credential, tool, arguments).await, 403, "call-forbidden");
    let words = "a policy of your team does not allow this call";
    assert_eq!(problem["detail"], words);
    let called = Caller::modern(gateway(), credential, "").call(tool, arguments.clone()).await;
    let told = format!("The call failed: {words}.");
    assert_eq!((&called["isError"], &called["content"][0]["text"]), (&json!(true), &json!(told)), "{called}");
}

/// A tool that is not there for a credential, over REST and over the protocol.
async fn unknown(credential: &str, tool: &str) {
    refused(&gateway().execute(credential, tool, &json!({})).await, 404, "unknown-tool");
    let error =
        Caller::modern(gateway(), credential, "").error("tools/call", json!({"name": tool, "arguments": {}})).await;
    assert_eq!(error, -32602);
}

/// The three agents see and call what they should.
async fn agents_do_what_they_should([any, clock, remote]: [&Agent; 3]) {
    let repeat = json!({"text": "x"});
    let names = shown(&any.key.secret).await;
    for name in ["server_time", "modern__repeat", "old__test_simple_text"] {
        assert!(names.iter().any(|shown| shown == name), "{name} in {names:?}");
    }
    assert!(!names.iter().any(|name| name.starts_with("gateway_")), "{names:?}");
    gateway().execute(&any.key.secret, "server_time", &json!({})).await.json(200);
    forbidden(&any.key.secret, "modern__repeat", &repeat).await;
    assert_eq!(shown(&clock.key.secret).await, ["server_time"]);
    gateway().execute(&clock.key.secret, "server_time", &json!({})).await.json(200);
    unknown(&clock.key.secret, "modern__repeat").await;
    let names = shown(&remote.key.secret).await;
    assert!(!names.is_empty() && names.iter().all(|name| name.starts_with("modern__")), "{names:?}");
    forbidden(&remote.key.secret, "modern__repeat", &repeat).await;
    unknown(&remote.key.secret, "server_time").await;
    unknown(&remote.key.secret, "old__test_simple_text").await;
}

/// A quota of five calls a day: five are made, and the sixth is told which limit it is and when to come back.
async fn five_calls_a_day(house: &House, agent: &Agent) {
    let body = json!({"name": "A little", "limits": {"daily": 5, "rate": {"burst": 1_000, "per_minute": 60_000}}});
    let plan = text(&house.make("/admin/plans", &body).await, "id");
    house.change(&format!("/admin/users/{}", agent.user), &json!({"plan": plan})).await;
    let key = &agent.key.secret;
    // The plan is seen when the row is read again; what was called before is not counted.
    tokio::time::sleep(team::SEEN).await;
    for _ in 0..5 {
        gateway().execute(key, "server_time", &json!({})).await.json(200);
    }
    let answer = gateway().execute(key, "server_time", &json!({})).await;
    let problem = refused(&answer, 429, "rate-limited");
    let words = "your limit of 5 calls a day (UTC) is reached";
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.starts_with(words)), "{problem}");
    let wait: u64 = answer.must("retry-after").parse().expect("seconds");
    assert!((1..=86_400).contains(&wait), "{wait}");
    let called = Caller::modern(gateway(), key, "").call("server_time", json!({})).await;
    let told = called["content"][0]["text"].as_str().unwrap_or_default();
    assert!(called["isError"] == true && told.contains(words), "{called}");
}

/// The auditor reads everything, and changes and calls nothing.
async fn the_auditor_only_looks(auditor: &Person, about: &Person) {
    let token = &auditor.token;
    for kind in ["tenants", "users", "keys", "policies", "plans"] {
        let page = order(token, Method::GET, &format!("/admin/{kind}?limit=200"), None).await.json(200);
        let items = page["items"].as_array().expect("items");
        assert!(!items.is_empty(), "{kind}");
        for item in items {
            let path = format!("/admin/{kind}/{}", text(item, "id"));
            assert_eq!(&order(token, Method::GET, &path, None).await.json(200), item, "{path}");
        }
    }
    let about = &about.user.id;
    for (method, path, body) in [
        (Method::POST, "/admin/invitations".to_owned(), json!({"role": "owner"})),
        (Method::POST, "/admin/users".to_owned(), json!({"username": "never-made"})),
        (Method::PATCH, format!("/admin/users/{about}"), json!({"disabled": true})),
        (Method::POST, "/admin/keys".to_owned(), json!({"name": "never made"})),
        (Method::POST, "/admin/policies".to_owned(), json!({"name": "never made", "effect": "allow"})),
    ] {
        refused(&order(token, method, &path, Some(&body)).await, 403, "forbidden");
    }
    refused(&order(token, Method::DELETE, &format!("/admin/users/{about}"), None).await, 403, "forbidden");
    assert!(shown(token).await.iter().any(|name| name == "modern__repeat"));
    forbidden(token, "server_time", &json!({})).await;
}

/// How many records of the trail there are to which all of that applies.
async fn records(token: &str, query: &str) -> usize {
    let page = order(token, Method::GET, &format!("/admin/audit?limit=200&{query}"), None).await.json(200);
    page["items"].as_array().expect("records").len()
}

/// The auditor proves from the trail alone who did what, and that nothing of it was changed.
async fn the_trail_says_who_did_what(auditor: &Person, house: &House, first: &Person, agents: [&Agent; 3]) {
    let (token, owner) = (&auditor.token, &first.user.id);
    for (operation, times) in [
        ("invite_user", 9),
        ("create_user", 3),
        ("create_key", 3),
        ("create_policy", 1),
        ("create_plan", 2),
        ("update_tenant", 1),
        ("update_user", 1),
        ("delete_user", 0),
    ] {
        let all = records(token, &format!("kind=admin.&target=operation/{operation}")).await;
        let hers = records(token, &format!("kind=admin.&target=operation/{operation}&user={owner}")).await;
        assert_eq!((all, hers), (times, times), "{operation}");
    }
    let [any, clock, remote] = agents.map(|agent| agent.user.clone());
    for (user, tool, kind, outcome, times) in [
        (&any, "server_time", "tool.call", "", 6),
        (&any, "modern__repeat", "tool.call", "", 0),
        (&any, "modern__repeat", "tool.refused", "forbidden", 2),
        (&clock, "server_time", "tool.call", "", 1),
        (&remote, "modern__repeat", "tool.refused", "forbidden", 2),
        (&auditor.user.id, "server_time", "tool.refused", "forbidden", 2),
    ] {
        let outcome = if outcome.is_empty() { String::new() } else { format!("&outcome={outcome}") };
        let query = format!("user={user}&tool={tool}&kind={kind}{outcome}");
        assert_eq!(records(token, &query).await, times, "{query}");
    }
    // Wherever in a record it stands, in large letters or small.
    let of_clock = records(token, &format!("user={clock}")).await;
    assert_eq!(records(token, &format!("contains={}&user={clock}", clock.to_uppercase())).await, of_clock);
    assert_eq!(records(token, "kind=admin.&contains=PERATION/CREATE_PLAN").await, 2);
    assert_eq!(records(token, "contains=no%25such%22words").await, 0);
    let long = format!("/admin/audit?contains={}", "x".repeat(201));
    order(token, Method::GET, &long, None).await.problem(400);
    // Refusals that are alike and come close together are one record, which counts the others.
    let limited = records(token, &format!("user={any}&tool=server_time&kind=tool.refused&outcome=limited")).await;
    assert!((1..=2).contains(&limited), "{limited}");
    let verdict = order(token, Method::GET, "/admin/audit/verify", None).await.json(200);
    assert_eq!((&verdict["intact"], &verdict["complete"]), (&json!(true), &json!(true)), "{verdict}");
    let export = order(token, Method::GET, "/admin/audit/export", None).await;
    assert_eq!((export.status, export.media_type()), (200, "application/x-ndjson"));
    let lines = export.text();
    assert!(lines.lines().count() > 30 && lines.contains(&house.tenant) && lines.contains(owner), "{lines}");
    for secret in gateway_contract::client::secrets() {
        assert!(!lines.contains(&secret), "the trail has a secret in it");
    }
    let keys = gateway().get("/.well-known/jwks.json").await.text();
    assert!(is_faultless(&lines, &keys));
    assert!(!is_faultless(&lines.replacen(&any, &clock, 1), &keys), "a changed record goes unnoticed");
    let mut less: Vec<&str> = lines.lines().collect();
    less.remove(7);
    assert!(!is_faultless(&(less.join("\n") + "\n"), &keys), "a record that was left out goes unnoticed");
}

/// What the project's own verifier says of an exported trail, without the gateway.
fn is_faultless(lines: &str, keys: &str) -> bool {
    let folder = gateway_contract::fresh_state();
    let (export, key_set) = (folder.join("trail.ndjson"), folder.join("keys.json"));
    std::fs::write(&export, lines).expect("a file");
    std::fs::write(&key_set, keys).expect("a file");
    let mut command = gateway_contract::xtask();
    command.args(["audit", "verify"]).arg(&export).arg("--keys").arg(&key_set);
    command.output().expect("cargo xtask").status.success()
}

#[tokio::test]
async fn a_team_of_ten_with_three_agents_is_set_up_by_one_administrator_through_the_api() {
    let (house, first) = House::new().await;
    let people = house.people().await;
    for person in people.iter().chain([&first]) {
        let me = gateway().get_as(&person.token, "/auth/me").await.json(200);
        assert_eq!((&me["role"], &me["tenant"]), (&json!(person.role), &json!(house.tenant)), "{me}");
    }
    let users = order(&house.owner, Method::GET, "/admin/users?kind=person", None).await.json(200);
    assert_eq!(users["items"].as_array().map(Vec::len), Some(10), "{users}");
    let any = house.agent("any", &[]).await;
    let clock = house.agent("clock", &[("tools", json!(["server_*"]))]).await;
    let remote = house.agent("remote", &[("upstreams", json!(["modern"]))]).await;
    let rule = json!({"name": "Agents only read", "effect": "deny", "actions": ["call"],
                      "who": {"groups": ["agents"]}, "what": {"read_only": false}});
    let policy = text(&house.make("/admin/policies", &rule).await, "id");
    tokio::time::sleep(team::SEEN).await;
    agents_do_what_they_should([&any, &clock, &remote]).await;
    let developer = people.iter().find(|person| person.role == "developer").expect("a developer");
    gateway().execute(&developer.token, "modern__repeat", &json!({"text": "x"})).await.json(200);
    let trial = json!({"user": any.user, "tool": "modern__repeat", "upstream": "modern", "arguments": {"text": "x"}});
    let told = order(&house.owner, Method::POST, "/admin/policies/explain", Some(&trial)).await.json(200);
    assert_eq!((&told["decision"], &told["by"]["rule"]), (&json!("refused"), &json!(policy)), "{told}");
    five_calls_a_day(&house, &any).await;
    let auditor = people.iter().find(|person| person.role == "auditor").expect("an auditor");
    the_auditor_only_looks(auditor, developer).await;
    the_trail_says_who_did_what(auditor, &house, &first, [&any, &clock, &remote]).await;
}
