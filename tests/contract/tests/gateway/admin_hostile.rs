//! Orders that no well-behaved administrator gives: every one is refused for what it is, and changes nothing.

use crate::gateway;
use gateway_contract::client::send;
use gateway_contract::team::{Team, order, ordered, refused};
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
            if (value.is_object() && member == "limits") || (value == true && member == "approve") {
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

/// What no id looks like, as it goes over the wire.
const ODD: &str = r"
0 -1 1e9 null undefined true NaN {id} %7Bid%7D * % %25 _ %5F
__proto__ constructor [object%20Object] ' %27 '' %27%20OR%20%271%27=%271 1;DROP%20TABLE%20users %27;DROP%20TABLE%20users;-- %22 %60 \ %5C ..%5c..%5cadmin
..%2f..%2fadmin a%2Fb %2F %00 a%00b %0a %0d%0aX-Injected:%201 %C0%AF %FF%FE %F0%9F%92%A9 %E2%80%AE %EF%BC%8E %20 a%20b
+ a+b @ : a:b $%7Bjndi%7D %3Cscript%3E a;b=c a,b ~ ! ( = &
a&b=c
";

/// What stands for an id in a path, as it goes over the wire.
fn odd_ids(team: &Team, other: &Team) -> Vec<String> {
    let mut odd: Vec<String> = ODD.split_whitespace().map(str::to_owned).collect();
    odd.extend(["x".repeat(65), "x".repeat(8_000), "%41".repeat(64)]);
    // The id of somebody, written in another way, and everybody's of another tenant.
    let (own, theirs) = (team.id("agent"), other.id("agent"));
    let encoded = own.bytes().fold(String::new(), |text, byte| text + &format!("%{byte:02X}"));
    odd.extend([encoded, own.to_uppercase(), format!("{own}%20"), format!("%20{own}"), format!("{own}%00")]);
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

#[tokio::test]
async fn a_question_to_the_audit_trail_is_well_formed_or_refused() {
    let team = Team::new();
    let owner = team.token("owner").await;
    let asking = owner.as_str();
    let get = |path: String| async move { order(asking, Method::GET, &path, None).await };
    for bad in [
        "?limit=0",
        "?limit=201",
        "?cursor=x",
        "?cursor=-1",
        "?order=up",
        "?from=1.5",
        "?from=18446744073709551615",
        "/export?after=9223372036854775808",
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
    for good in
        ["?kind=%27%20OR%201=1--", "?tool=%25", "?kind=%25", "?target=user/nobody", "?cursor=9007199254740&tool=x"]
    {
        let answer = get(format!("/admin/audit{good}")).await;
        assert_eq!(answer.status, 200, "{good}: {}", answer.text());
        assert_eq!(answer.json(200)["items"], json!([]), "{good}");
    }
}
