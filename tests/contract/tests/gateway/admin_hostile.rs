//! Orders that no well-behaved administrator gives: every one is refused for what it is, and changes nothing.

use crate::gateway;
use gateway_contract::client::{Answer, send};
use gateway_contract::team::{self, Team, order, ordered, refused, text};
use gateway_contract::{OPERATOR, raw};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// An order that makes or changes something: its route, a good body, and the members it takes.
struct Form {
    method: Method,
    path: String,
    body: Value,
    takes: &'static [&'static str],
}

/// One of each, about things of a team: a service account, a key of it, a policy and a plan.
async fn forms(team: &Team) -> Vec<Form> {
    let user = team.service("target", &[]).await;
    let key = team.key("owner", &json!({"name": "target", "user": user})).await.id;
    let policy = team.policy(&json!({"name": "target", "effect": "allow"})).await;
    let plan = team.plan("target", &json!({})).await;
    let form = |method: Method, path: String, body: Value, takes| Form { method, path, body, takes };
    let of_key: &[&str] = &["name", "user", "scope", "tools", "upstreams", "networks", "plan", "expires_at"];
    let of_rule: &[&str] = &["name", "effect", "actions", "who", "what", "when"];
    let rule = json!({"name": "hostile", "effect": "allow"});
    let limits = json!({"name": "hostile", "limits": {}});
    vec![
        form(Method::POST, "/admin/tenants".into(), json!({"id": "hostile"}), &["id", "name"]),
        form(
            Method::PATCH,
            format!("/admin/tenants/{}", team.tenant()),
            json!({"name": "hostile"}),
            &["name", "suspended", "default_effect", "plan", "user_plan", "audit_calls", "audit_bodies", "audit_days"],
        ),
        form(
            Method::POST,
            "/admin/users".into(),
            json!({"username": format!("{}-hostile", team.tenant())}),
            &["username", "role", "groups", "plan"],
        ),
        form(
            Method::PATCH,
            format!("/admin/users/{user}"),
            json!({"groups": []}),
            &["role", "groups", "plan", "disabled"],
        ),
        form(Method::POST, "/admin/invitations".into(), json!({"role": "agent"}), &["role"]),
        form(Method::POST, format!("/admin/users/{}/reset", team.id("agent")), json!({}), &[]),
        form(Method::POST, "/admin/keys".into(), json!({"name": "hostile"}), of_key),
        form(Method::PATCH, format!("/admin/keys/{key}"), json!({"name": "hostile"}), &of_key[..1]),
        form(Method::POST, format!("/admin/keys/{key}/rotate"), json!({}), &["overlap"]),
        form(Method::POST, "/admin/policies".into(), rule.clone(), of_rule),
        form(Method::PUT, format!("/admin/policies/{policy}"), rule, of_rule),
        form(
            Method::POST,
            "/admin/policies/explain".into(),
            json!({"tool": "server_time"}),
            &["user", "role", "key", "tool", "upstream", "plan"],
        ),
        form(
            Method::POST,
            "/admin/revocations".into(),
            json!({"kind": "client", "user": team.id("agent"), "id": "nobody's"}),
            &["kind", "id", "user", "moment", "reason"],
        ),
        form(Method::POST, "/admin/approvals/none".into(), json!({"approve": true}), &["approve"]),
        form(Method::POST, "/admin/plans".into(), limits.clone(), &["name", "limits"]),
        form(Method::PUT, format!("/admin/plans/{plan}"), limits, &["name", "limits"]),
    ]
}

/// Who gives an order: the operator, where it is for nobody else.
async fn by(team: &Team, form: &Form) -> String {
    if form.path == "/admin/tenants" { OPERATOR.to_owned() } else { team.token("owner").await }
}

/// What anybody might hope to set.
const HOPED_FOR: [&str; 36] = [
    "id",
    "tenant",
    "tenant_id",
    "user",
    "user_id",
    "owner",
    "username",
    "kind",
    "role",
    "is_admin",
    "demo",
    "password",
    "password_hash",
    "second_factor",
    "secret",
    "secret_hash",
    "hash",
    "key",
    "code",
    "made_by",
    "created_at",
    "updated_at",
    "revoked_at",
    "disabled_at",
    "suspended_at",
    "last_used_at",
    "version",
    "etag",
    "plan_id",
    "used",
    "place",
    "idempotency_key",
    "cursor",
    "__proto__",
    "constructor",
    "",
];

#[tokio::test]
async fn no_member_is_taken_that_an_operation_does_not_name() {
    let team = Team::new();
    let mut wrong = Vec::new();
    for form in forms(&team).await {
        let credential = by(&team, &form).await;
        for member in HOPED_FOR.into_iter().filter(|member| !form.takes.contains(member)) {
            if form.path.starts_with("/admin/keys/") && form.method == Method::PATCH && member == "plan" {
                continue;
            }
            let mut body = form.body.clone();
            body[member] = json!("owner");
            let answer = order(&credential, form.method.clone(), &form.path, Some(&body)).await;
            if answer.status != 400 || answer.problem(400)["type"] != "urn:mcp-secure-gateway:problem:invalid-body" {
                wrong.push(format!("{} {} {member:?}: {}", form.method, form.path, answer.text()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_body_is_one_strict_json_object_of_the_right_types() {
    let team = Team::new();
    let mut wrong = Vec::new();
    for form in forms(&team).await {
        let credential = by(&team, &form).await;
        let ask = |kind: &'static str, body: String| {
            let request = ordered(&credential, form.method.clone(), &form.path, None);
            send(request.header("content-type", kind).body(body))
        };
        let json = "application/json";
        let member = form.body.as_object().and_then(|body| body.keys().next().cloned()).unwrap_or("x".to_owned());
        let mut cases = vec![
            (json, format!("{{\"{member}\":\"a\",\"{member}\":\"b\"}}"), 400, "malformed-json"),
            (
                json,
                format!("{{\"{member}\":\"a\",\"\\u{:04x}{}\":\"b\"}}", member.as_bytes()[0], &member[1..]),
                400,
                "malformed-json",
            ),
            (json, "{".to_owned(), 400, "malformed-json"),
            (json, "{} {}".to_owned(), 400, "malformed-json"),
            (json, "\u{feff}{}".to_owned(), 400, "malformed-json"),
            (json, "[]".to_owned(), 400, "invalid-body"),
            (json, "null".to_owned(), 400, "invalid-body"),
            (json, "\"x\"".to_owned(), 400, "invalid-body"),
            (json, format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)), 400, "malformed-json"),
            (json, format!("{{\"x\":\"{}\"}}", "x".repeat(1_100_000)), 413, "body-too-large"),
            ("text/plain", "{}".to_owned(), 415, "unsupported-media-type"),
            ("application/x-www-form-urlencoded", "name=x".to_owned(), 415, "unsupported-media-type"),
        ];
        for value in [json!(7), json!({"a": 1}), json!([[1]]), json!(true), json!(-1e300)] {
            let mut body = form.body.clone();
            // Groups and limits are no numbers, and no lists of lists; `limits` alone is an object.
            if value.is_object() && member == "limits" {
                continue;
            }
            body[&member] = value;
            cases.push((json, body.to_string(), 400, "invalid-body"));
        }
        for (kind, body, status, problem) in cases {
            let shown: String = body.chars().take(60).collect();
            let answer = ask(kind, body).await;
            let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            if answer.status != status || told["type"] != format!("urn:mcp-secure-gateway:problem:{problem}") {
                wrong.push(format!(
                    "{} {} {kind} {shown}: {status} {problem} and not {}",
                    form.method,
                    form.path,
                    answer.text()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What stands for an id in a path, as it goes over the wire.
fn odd_ids(team: &Team, other: &Team) -> Vec<String> {
    let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let mut odd: Vec<String> = [
        "0",
        "-1",
        "1e9",
        "null",
        "undefined",
        "true",
        "NaN",
        "{id}",
        "%7Bid%7D",
        "*",
        "%",
        "%25",
        "_",
        "%5F",
        "__proto__",
        "constructor",
        "[object%20Object]",
        "'",
        "%27",
        "''",
        "%27%20OR%20%271%27=%271",
        "1;DROP%20TABLE%20users",
        "%27;DROP%20TABLE%20users;--",
        "%22",
        "%60",
        "\\",
        "%5C",
        "..%5c..%5cadmin",
        "..%2f..%2fadmin",
        "a%2Fb",
        "%2F",
        "%00",
        "a%00b",
        "%0a",
        "%0d%0aX-Injected:%201",
        "%C0%AF",
        "%FF%FE",
        "%F0%9F%92%A9",
        "%E2%80%AE",
        "%EF%BC%8E",
        "%20",
        "a%20b",
        "+",
        "a+b",
        "@",
        ":",
        "a:b",
        "$%7Bjndi%7D",
        "%3Cscript%3E",
        "a;b=c",
        "a,b",
        "~",
        "!",
        "(",
        "=",
        "&",
        "a&b=c",
    ]
    .into_iter()
    .map(str::to_owned)
    .collect();
    odd.extend(["x".repeat(65), "x".repeat(8_000), "%41".repeat(64)]);
    // The id of somebody, written in another way, and everybody's of another tenant.
    let (own, theirs) = (team.id("agent"), other.id("agent"));
    odd.extend([encoded(&own), own.to_uppercase(), format!("{own}%20"), format!("%20{own}"), format!("{own}%00")]);
    odd.extend([format!("{own},{theirs}"), theirs, other.tenant().to_owned()]);
    odd
}

#[tokio::test]
async fn an_odd_id_names_nothing_on_every_route() {
    let (team, other) = (Team::new(), Team::new());
    let owner = team.token("owner").await;
    let odd = odd_ids(&team, &other);
    let rule = json!({"name": "odd", "effect": "allow"}).to_string();
    let limits = json!({"name": "odd", "limits": {}}).to_string();
    let named = json!({"name": "odd"}).to_string();
    let mut orders: Vec<(&'static str, String, String)> = Vec::new();
    for (kind, change, body) in [
        ("tenants", "PATCH", &named),
        ("users", "PATCH", &json!({"groups": []}).to_string()),
        ("keys", "PATCH", &named),
        ("policies", "PUT", &rule),
        ("plans", "PUT", &limits),
    ] {
        for id in &odd {
            let path = format!("/admin/{kind}/{id}");
            orders.extend([("GET", path.clone(), String::new()), ("DELETE", path.clone(), String::new())]);
            orders.push((change, path, body.clone()));
        }
    }
    for id in &odd {
        orders.push(("POST", format!("/admin/users/{id}/reset"), "{}".into()));
        orders.push(("POST", format!("/admin/keys/{id}/rotate"), "{}".into()));
        orders.push(("GET", format!("/admin/approvals/{id}"), String::new()));
        orders.push(("POST", format!("/admin/approvals/{id}"), "{\"approve\":true}".into()));
    }
    let bearer = format!("Bearer {owner}").into_bytes();
    let asked = move || {
        let ask = |(method, path, body): &(&'static str, String, String)| {
            let lines: [(&str, &[u8]); 3] =
                [("Authorization", &bearer), ("If-Match", b"*"), ("Content-Type", b"application/json")];
            let lines = if body.is_empty() { &lines[..2] } else { &lines[..] };
            let answer = raw::request(gateway(), method, path, lines, body.as_bytes());
            let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            let is_problem = told["type"].as_str().is_some_and(|kind| kind.starts_with("urn:mcp-secure-gateway:"));
            // A server in front of the gateway refuses what is no HTTP in its own words.
            let fits = matches!((answer.status, is_problem), (404 | 400, true) | (400, false));
            let shown: String = path.chars().take(80).collect();
            (!fits).then(|| format!("{method} {shown}: {} {}", answer.status, answer.text()))
        };
        orders.iter().filter_map(ask).collect::<Vec<_>>()
    };
    let wrong = tokio::task::spawn_blocking(asked).await.expect("a thread");
    assert!(wrong.is_empty(), "{} of them:\n{}", wrong.len(), wrong.join("\n"));
    for team in [&team, &other] {
        let users = team.order("owner", Method::GET, "/admin/users", None).await.json(200);
        assert_eq!(users["items"].as_array().map(Vec::len), Some(9), "{users}");
        let tenant =
            team.order("owner", Method::GET, &format!("/admin/tenants/{}", team.tenant()), None).await.json(200);
        assert_eq!(tenant["version"], 1, "{tenant}");
    }
}

#[tokio::test]
async fn a_list_is_walked_page_by_page_and_no_page_is_larger_than_200() {
    let (team, other) = (Team::new(), Team::new());
    let owner = team.token("owner").await;
    let asking = owner.as_str();
    let get = |path: String| async move { order(asking, Method::GET, &path, None).await };
    for kind in ["tenants", "users", "keys", "policies", "plans", "revocations", "approvals"] {
        for bad in [
            "limit=0",
            "limit=201",
            "limit=-1",
            "limit=1e2",
            "limit=abc",
            "limit=4294967297",
            "limit=5&limit=6",
            "offset=1",
            "tenant=other",
            "tenant_id=other",
            "sort=id",
            "cursor=a&cursor=b",
            "limit=%00",
            "limit[]=1",
        ] {
            let answer = get(format!("/admin/{kind}?{bad}")).await;
            assert_eq!(answer.status, 400, "{kind} {bad}: {}", answer.text());
            refused(&answer, 400, "invalid-body");
        }
        let long = format!("/admin/{kind}?cursor={}", "x".repeat(513));
        refused(&get(long).await, 400, "invalid-body");
        for good in
            ["limit=200", "limit=1", "limit=", "cursor=", "cursor=%27%20OR%201=1", "limit=200&cursor=%F0%9F%92%A9"]
        {
            let body = get(format!("/admin/{kind}?{good}")).await.json(200);
            let shown = body.to_string();
            assert!(!shown.contains(other.tenant()), "{kind} {good}: {shown}");
        }
    }
    for bad in [
        "?limit=0",
        "?limit=201",
        "?cursor=x",
        "?cursor=-1",
        "?order=up",
        "?from=1.5",
        "?user=a%20b",
        "?tenant=x",
        "/export?after=x",
        "/export?tenant=x",
        "/verify?x=1",
        "/head?x=1",
        "?correlation=%27",
        "?limit=1&limit=2",
    ] {
        refused(&get(format!("/admin/audit{bad}")).await, 400, "invalid-body");
    }
    for good in [
        "?kind=%27%20OR%201=1--",
        "?tool=%25",
        "?kind=%25",
        "?target=user/nobody",
        "?cursor=18446744073709551615&tool=x",
    ] {
        let body = get(format!("/admin/audit{good}")).await.json(200);
        assert_eq!(body["items"], json!([]), "{good}");
    }
    for at in 0..3 {
        team.service(&format!("page-{at}"), &[]).await;
    }
    let all = get("/admin/users?limit=200".into()).await.json(200);
    let (mut walked, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = get(format!("/admin/users?limit=2&cursor={cursor}")).await.json(200);
        let items = page["items"].as_array().expect("items").clone();
        assert!((1..=2).contains(&items.len()), "{page}");
        walked.extend(items);
        match page["next"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(Value::Array(walked), all["items"]);
    let ids: BTreeSet<&str> = all["items"].as_array().unwrap().iter().filter_map(|user| user["id"].as_str()).collect();
    assert_eq!(ids.len(), 12, "nine, and three more");
}

/// An order with an idempotency key.
async fn keyed(credential: &str, path: &str, body: &Value, key: &str) -> Answer {
    send(ordered(credential, Method::POST, path, Some(body)).header("idempotency-key", key)).await
}

async fn count(team: &Team, kind: &str) -> usize {
    let page = team.order("owner", Method::GET, &format!("/admin/{kind}?limit=200"), None).await.json(200);
    page["items"].as_array().expect("items").len()
}

#[tokio::test]
async fn an_order_with_an_idempotency_key_is_carried_out_once_however_often_it_comes() {
    let team = Team::new();
    let (owner, admin) = (team.token("owner").await, team.token("admin").await);
    let user = team.service("target", &[]).await;
    let target = team.key("owner", &json!({"name": "target", "user": user})).await.id;
    let tenant = team.tenant();
    for (path, body, other, counted) in [
        (
            "/admin/users".to_owned(),
            json!({"username": format!("{tenant}-once")}),
            json!({"username": format!("{tenant}-twice")}),
            "users",
        ),
        ("/admin/keys".to_owned(), json!({"name": "once"}), json!({"name": "twice"}), "keys"),
        (format!("/admin/keys/{target}/rotate"), json!({}), json!({"overlap": 1}), "keys"),
        (
            "/admin/policies".to_owned(),
            json!({"name": "once", "effect": "allow"}),
            json!({"name": "twice", "effect": "allow"}),
            "policies",
        ),
        (
            "/admin/plans".to_owned(),
            json!({"name": "once", "limits": {}}),
            json!({"name": "twice", "limits": {}}),
            "plans",
        ),
        (
            "/admin/revocations".to_owned(),
            json!({"kind": "client", "user": team.id("agent"), "id": "once"}),
            json!({"kind": "client", "user": team.id("agent"), "id": "twice"}),
            "revocations",
        ),
        ("/admin/invitations".to_owned(), json!({"role": "agent"}), json!({"role": "auditor"}), ""),
        (format!("/admin/users/{}/reset", team.id("agent")), json!({}), json!({"x": 1}), ""),
    ] {
        let before = if counted.is_empty() { 0 } else { count(&team, counted).await };
        let mut orders = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let (owner, path, body) = (owner.clone(), path.clone(), body.clone());
            orders.spawn(async move { keyed(&owner, &path, &body, &format!("once-{path}")).await });
        }
        let answers = orders.join_all().await;
        let first = answers[0].json(201);
        for answer in &answers {
            assert_eq!(answer.json(201), first, "{path}");
        }
        assert_eq!(keyed(&owner, &path, &body, &format!("once-{path}")).await.json(201), first);
        if !counted.is_empty() {
            assert_eq!(count(&team, counted).await, before + 1, "{path}");
        }
        // Another order with the key is none; for somebody else it is another key.
        let answer = keyed(&owner, &path, &other, &format!("once-{path}")).await;
        if other["x"].is_null() {
            refused(&answer, 422, "idempotency-key-reused");
        } else {
            refused(&answer, 400, "invalid-body");
        }
        let answer = keyed(&owner, "/admin/keys", &json!({"name": "another operation"}), &format!("once-{path}")).await;
        refused(&answer, 422, "idempotency-key-reused");
        if path == "/admin/keys" || path == "/admin/invitations" {
            assert_ne!(keyed(&admin, &path, &body, &format!("once-{path}")).await.json(201), first, "{path}");
        }
    }
    for bad in ["", " ", "a b", &"x".repeat(129), "\u{e9}"] {
        let request = ordered(&owner, Method::POST, "/admin/keys", Some(&json!({"name": "wrong key"})));
        let answer = send(request.header("idempotency-key", bad.as_bytes())).await;
        assert_eq!(answer.status, 400, "{bad:?}: {}", answer.text());
    }
    // The operator's orders too.
    let body = json!({"id": format!("once-{tenant}")});
    let first = keyed(OPERATOR, "/admin/tenants", &body, &format!("k-{tenant}")).await.json(201);
    assert_eq!(keyed(OPERATOR, "/admin/tenants", &body, &format!("k-{tenant}")).await.json(201), first);
}

#[tokio::test]
async fn a_name_that_does_not_show_what_it_is_is_refused() {
    let team = Team::new();
    let long = "x".repeat(65);
    for bad in [
        "",
        " ",
        " a",
        "a ",
        "a\u{202e}b",
        "a\u{2066}b",
        "a\u{200b}",
        "a\u{feff}b",
        "\u{e0041}",
        "a\nb",
        "a\u{0}",
        &long,
    ] {
        for (path, body) in [
            ("/admin/keys", json!({"name": bad})),
            ("/admin/plans", json!({"name": bad, "limits": {}})),
            ("/admin/policies", json!({"name": bad, "effect": "allow"})),
            ("/admin/users", json!({"username": format!("{}-named", team.tenant()), "groups": [bad]})),
            ("/admin/users", json!({"username": bad})),
        ] {
            let answer = team.order("owner", Method::POST, path, Some(&body)).await;
            assert_eq!(answer.status, 400, "{path} {bad:?}: {}", answer.text());
            refused(&answer, 400, "invalid-body");
        }
        let path = format!("/admin/tenants/{}", team.tenant());
        let answer = team.order("owner", Method::PATCH, &path, Some(&json!({"name": bad}))).await;
        refused(&answer, 400, "invalid-body");
        let body = json!({"id": format!("{}-named", team.tenant()), "name": bad});
        refused(&team::operate(Method::POST, "/admin/tenants", Some(&body)).await, 400, "invalid-body");
    }
    for bad in ["", "a b", "a/b", "..", "a'b", "\u{e9}", &long, "a\u{202e}"] {
        let answer = team::operate(Method::POST, "/admin/tenants", Some(&json!({"id": bad}))).await;
        refused(&answer, 400, "invalid-body");
    }
}

#[tokio::test]
async fn an_administrator_does_not_reach_an_owner() {
    let team = Team::new();
    let (owner, agent) = (team.id("owner"), team.id("agent"));
    let key = team.key("owner", &json!({"name": "the owner's"})).await;
    let mut wrong = Vec::new();
    for (method, path, body, status, kind) in [
        (Method::PATCH, format!("/admin/users/{owner}"), Some(json!({"disabled": true})), 403, "forbidden"),
        (Method::PATCH, format!("/admin/users/{owner}"), Some(json!({"role": "agent"})), 403, "forbidden"),
        (Method::PATCH, format!("/admin/users/{owner}"), Some(json!({"groups": ["x"]})), 403, "forbidden"),
        (Method::DELETE, format!("/admin/users/{owner}"), None, 403, "forbidden"),
        (Method::POST, format!("/admin/users/{owner}/reset"), None, 403, "forbidden"),
        (Method::PATCH, format!("/admin/users/{agent}"), Some(json!({"role": "owner"})), 403, "forbidden"),
        (Method::POST, "/admin/invitations".into(), Some(json!({"role": "owner"})), 403, "forbidden"),
        (
            Method::POST,
            "/admin/users".into(),
            Some(json!({"username": format!("{agent}-x"), "role": "owner"})),
            403,
            "forbidden",
        ),
        (Method::POST, "/admin/keys".into(), Some(json!({"name": "x", "user": owner})), 409, "conflict"),
        (Method::POST, format!("/admin/keys/{}/rotate", key.id), None, 403, "forbidden"),
        (Method::PATCH, format!("/admin/keys/{}", key.id), Some(json!({"name": "x"})), 403, "forbidden"),
        (Method::DELETE, format!("/admin/keys/{}", key.id), None, 403, "forbidden"),
        (Method::POST, "/admin/revocations".into(), Some(json!({"kind": "key", "id": key.id})), 403, "forbidden"),
        (Method::POST, "/admin/revocations".into(), Some(json!({"kind": "user", "user": owner})), 403, "forbidden"),
        (Method::POST, "/admin/revocations".into(), Some(json!({"kind": "tenant"})), 403, "forbidden"),
        (Method::DELETE, format!("/admin/tenants/{}", team.tenant()), None, 403, "forbidden"),
    ] {
        let answer = team.order("admin", method.clone(), &path, body.as_ref()).await;
        let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.status != status || told["type"] != format!("urn:mcp-secure-gateway:problem:{kind}") {
            wrong.push(format!("{method} {path} {body:?}: {status} {kind} and not {}", answer.text()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(gateway().is_let_in(&key.secret).await && gateway().is_let_in(&team.token("owner").await).await);
    let known = team.order("owner", Method::GET, &format!("/admin/users/{owner}"), None).await.json(200);
    assert_eq!((&known["role"], &known["version"]), (&json!("owner"), &json!(1)), "{known}");
}

#[tokio::test]
async fn nobody_disables_demotes_or_deletes_itself() {
    let team = Team::new();
    for role in ["owner", "admin"] {
        let path = format!("/admin/users/{}", team.id(role));
        for change in [
            json!({"disabled": true}),
            json!({"role": "agent"}),
            json!({"role": "owner"}),
            json!({"groups": ["x"]}),
            json!({}),
        ] {
            refused(&team.order(role, Method::PATCH, &path, Some(&change)).await, 409, "conflict");
        }
        refused(&team.order(role, Method::DELETE, &path, None).await, 409, "conflict");
        refused(&team.order(role, Method::POST, &format!("{path}/reset"), None).await, 409, "conflict");
        // Nor does it by a key.
        let key = team.key(role, &json!({"name": "own", "scope": team::ALL})).await.secret;
        refused(&order(&key, Method::DELETE, &path, None).await, 409, "conflict");
    }
    // A demoted administrator is none any more, within the bound of its role.
    let admin = format!("/admin/users/{}", team.id("admin"));
    let token = team.token("admin").await;
    team.order("owner", Method::PATCH, &admin, Some(&json!({"role": "developer"}))).await.json(200);
    let is_out = || async { order(&token, Method::GET, "/admin/policies", None).await.status == 403 };
    team::within(team::SEEN, "out of its office", is_out).await;
    let answer = order(&token, Method::PATCH, &admin, Some(&json!({"role": "admin"}))).await;
    refused(&answer, 403, "forbidden");
}

#[tokio::test]
async fn a_key_is_never_wider_than_the_credential_that_makes_it() {
    let team = Team::new();
    let create = |credential: String, body: Value| async move {
        order(&credential, Method::POST, "/admin/keys", Some(&body)).await
    };
    // A developer makes keys for itself alone.
    let developer = team.token("developer").await;
    for user in [team.id("other"), team.id("owner"), team.id("agent"), "no-such-user".to_owned()] {
        refused(&create(developer.clone(), json!({"name": "x", "user": user})).await, 404, "no-such-thing");
    }
    let theirs = team.key("other", &json!({"name": "theirs"})).await.id;
    for (method, path) in [
        (Method::GET, format!("/admin/keys/{theirs}")),
        (Method::PATCH, format!("/admin/keys/{theirs}")),
        (Method::DELETE, format!("/admin/keys/{theirs}")),
        (Method::POST, format!("/admin/keys/{theirs}/rotate")),
    ] {
        let body = (method == Method::PATCH).then(|| json!({"name": "x"}));
        refused(&order(&developer, method, &path, body.as_ref()).await, 404, "no-such-thing");
    }
    let listed = order(&developer, Method::GET, "/admin/keys", None).await.json(200);
    assert_eq!(listed["items"], json!([]), "{listed}");
    // No scope that the credential does not have, by making, changing or rotating.
    let narrow =
        team::login(&team.member("owner"), gateway_contract::seed::PASSWORD, "admin:read admin:write tools:read").await;
    let wide = team.key("owner", &json!({"name": "wide", "scope": team::ALL})).await.id;
    let small = Key {
        id: text(
            &create(narrow.access.clone(), json!({"name": "small", "scope": "tools:read"})).await.json(201)["key"],
            "id",
        ),
    };
    for body in
        [json!({"name": "x"}), json!({"name": "x", "scope": "tools:call"}), json!({"name": "x", "scope": team::ALL})]
    {
        refused(&create(narrow.access.clone(), body).await, 403, "forbidden");
    }
    for (method, path, body) in [
        (Method::PATCH, format!("/admin/keys/{}", small.id), Some(json!({"scope": "tools:call tools:read"}))),
        (Method::PATCH, format!("/admin/keys/{wide}"), Some(json!({"name": "x"}))),
        (Method::POST, format!("/admin/keys/{wide}/rotate"), None),
    ] {
        refused(&order(&narrow.access, method, &path, body.as_ref()).await, 403, "forbidden");
    }
    // A key that is narrowed makes, changes and rotates none, not even as narrow a one.
    for narrowed in [json!({"tools": ["*"]}), json!({"upstreams": ["old"]}), json!({"networks": ["0.0.0.0/0", "::/0"]})]
    {
        let mut body = json!({"name": "narrowed", "scope": team::ALL});
        narrowed.as_object().into_iter().flatten().for_each(|(name, value)| body[name] = value.clone());
        let key = team.key("owner", &body).await.secret;
        order(&key, Method::GET, "/admin/keys", None).await.json(200);
        refused(&create(key.clone(), json!({"name": "x", "scope": "tools:read"})).await, 403, "forbidden");
        refused(&create(key.clone(), body.clone()).await, 403, "forbidden");
        let change = json!({"tools": null});
        refused(&order(&key, Method::PATCH, &format!("/admin/keys/{wide}"), Some(&change)).await, 403, "forbidden");
        refused(&order(&key, Method::POST, &format!("/admin/keys/{wide}/rotate"), None).await, 403, "forbidden");
    }
}

/// A key of which only the id is of interest.
struct Key {
    id: String,
}
