//! Every operation of administrators, by everybody, on what is their own, their team's, another team's, and not there.
//!
//! What must come of each order is worked out here from a table of this file, which the API description is held to.

use crate::gateway;
use gateway_contract::OPERATOR;
use gateway_contract::client::{Answer, note_secret};
use gateway_contract::team::{self, Team, order, refused};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// An address that nobody calls.
const UNUSED: &str = "http://127.0.0.1:9/mcp";
/// Where two versions are compared, which the query names.
const COMPARED: &str = "/admin/pins/{id}/compare";
/// The fingerprint of the tool `t` of which nothing is pinned.
const FINGERPRINT: &str = "8588f07ba81bec5f27d03baf389e8ec762c6dafb4f2c058deadcbe1c4aa807e7";
/// Where credentials are made, each for an upstream that is there before.
const CREDENTIALS: &str = "/admin/credentials";

/// Whom an operation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whom {
    Operator,
    Owners,
    Managers,
    Readers,
    ManagersOrOwn,
    ReadersOrOwn,
}

/// How much of an operation somebody reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    All,
    Own,
}

impl Whom {
    fn extent(self, role: &str) -> Option<Extent> {
        let all: &[&str] = match self {
            Self::Operator => &[],
            Self::Owners => &["owner"],
            Self::Managers | Self::ManagersOrOwn => &["owner", "admin"],
            Self::Readers | Self::ReadersOrOwn => &["owner", "admin", "auditor"],
        };
        let own = matches!(self, Self::ManagersOrOwn | Self::ReadersOrOwn) && role == "developer";
        if all.contains(&role) { Some(Extent::All) } else { own.then_some(Extent::Own) }
    }
}

/// An operation, with what a good order of it carries and is answered.
struct Line {
    method: Method,
    path: &'static str,
    whom: Whom,
    /// Whether the scope to read is enough.
    reads: bool,
    done: u16,
    /// A good body, for something of this name that nobody else makes; null for none.
    body: fn(&str) -> Value,
}

const fn line(method: Method, path: &'static str, whom: Whom, reads: bool, done: u16, body: fn(&str) -> Value) -> Line {
    Line { method, path, whom, reads, done, body }
}

const fn nothing(_: &str) -> Value {
    Value::Null
}

fn rule(name: &str) -> Value {
    json!({"name": name, "effect": "allow"})
}

fn limits(name: &str) -> Value {
    json!({"name": name, "limits": {"daily": 1_000_000}})
}

/// An upstream with a short name of its own.
fn upstream(name: &str) -> Value {
    json!({"name": prefix("up", name), "url": UNUSED})
}

fn import(name: &str) -> Value {
    json!({"name": prefix("im", name), "document": {"openapi": "3.1.0", "paths": {}}, "base": UNUSED})
}

/// What can stand before the names of tools, of any name.
fn prefix(begin: &str, name: &str) -> String {
    let digest = name.bytes().fold(7_u64, |sum, byte| sum.wrapping_mul(1_000_003).wrapping_add(byte.into()));
    format!("{begin}{digest}")
}

fn named(name: &str) -> Value {
    json!({"name": name})
}

/// What a client has of the agent of the tenant that the name begins with: nothing.
fn of_a_client(name: &str) -> Value {
    let numbers = name.splitn(4, '-').skip(1).take(2).collect::<Vec<_>>().join("-");
    json!({"kind": "client", "user": format!("usr-{numbers}-agent"), "id": name})
}

fn table() -> Vec<Line> {
    let mut all = of_teams();
    all.extend(of_upstreams());
    all
}

#[rustfmt::skip]
fn of_upstreams() -> Vec<Line> {
    use Whom::{Managers, ManagersOrOwn, Readers, ReadersOrOwn};
    vec![
        line(Method::GET, "/admin/upstreams", Readers, true, 200, nothing),
        line(Method::POST, "/admin/upstreams", Managers, false, 201, upstream),
        line(Method::POST, "/admin/upstreams/import", Managers, false, 201, import),
        line(Method::GET, "/admin/upstreams/{id}", Readers, true, 200, nothing),
        line(Method::PATCH, "/admin/upstreams/{id}", Managers, false, 200, |_| json!({"url": UNUSED})),
        line(Method::DELETE, "/admin/upstreams/{id}", Managers, false, 204, nothing),
        line(Method::POST, "/admin/upstreams/{id}/test", Managers, false, 200, nothing),
        line(Method::POST, "/admin/upstreams/{id}/scan", Managers, false, 200, nothing),
        line(Method::GET, "/admin/upstreams/{id}/reaction", Readers, true, 200, nothing),
        line(Method::PUT, "/admin/upstreams/{id}/reaction", Managers, false, 200, |_| {
            json!({"first_sight": "review", "cosmetic": "ask", "additive": "ask", "quarantined": "pinned"})
        }),
        line(Method::GET, "/admin/pins", Readers, true, 200, nothing),
        line(Method::GET, "/admin/pins/{id}", Readers, true, 200, nothing),
        line(Method::GET, COMPARED, Readers, true, 200, nothing),
        line(Method::POST, "/admin/pins/{id}", Managers, false, 200, |_| {
            json!({"fingerprint": FINGERPRINT, "approve": true})
        }),
        line(Method::POST, "/admin/pins/approve", Managers, false, 200, |_| json!({"pins": []})),
        line(Method::GET, "/admin/webhooks", Readers, true, 200, nothing),
        line(Method::POST, "/admin/webhooks", Managers, false, 201, |_| json!({"url": UNUSED})),
        line(Method::GET, "/admin/webhooks/{id}", Readers, true, 200, nothing),
        line(Method::DELETE, "/admin/webhooks/{id}", Managers, false, 204, nothing),
        line(Method::POST, "/admin/webhooks/{id}/test", Managers, false, 200, nothing),
        line(Method::GET, "/admin/credentials", ReadersOrOwn, true, 200, nothing),
        line(Method::POST, CREDENTIALS, ManagersOrOwn, false, 201, |name| {
            json!({"upstream": name, "secret": {"bearer": {"token": "abc"}}})
        }),
        line(Method::GET, "/admin/credentials/{id}", ReadersOrOwn, true, 200, nothing),
        line(Method::PUT, "/admin/credentials/{id}", ManagersOrOwn, false, 200, |_| {
            json!({"secret": {"header": {"name": "x-key", "value": "abc"}}})
        }),
        line(Method::DELETE, "/admin/credentials/{id}", ManagersOrOwn, false, 204, nothing),
    ]
}

#[rustfmt::skip]
fn of_teams() -> Vec<Line> {
    use Whom::{Managers, ManagersOrOwn, Operator, Owners, Readers, ReadersOrOwn};
    vec![
        line(Method::GET, "/admin/tenants", Readers, true, 200, nothing),
        line(Method::POST, "/admin/tenants", Operator, false, 201, |name| json!({"id": name})),
        line(Method::GET, "/admin/tenants/{id}", Readers, true, 200, nothing),
        line(Method::PATCH, "/admin/tenants/{id}", Managers, false, 200, named),
        line(Method::DELETE, "/admin/tenants/{id}", Owners, false, 204, nothing),
        line(Method::GET, "/admin/users", ReadersOrOwn, true, 200, nothing),
        line(Method::POST, "/admin/users", Managers, false, 201, |name| json!({"username": name})),
        line(Method::GET, "/admin/users/{id}", ReadersOrOwn, true, 200, nothing),
        line(Method::PATCH, "/admin/users/{id}", Managers, false, 200, |name| json!({"groups": [name]})),
        line(Method::DELETE, "/admin/users/{id}", Managers, false, 204, nothing),
        line(Method::POST, "/admin/invitations", Managers, false, 201, |_| json!({"role": "developer"})),
        line(Method::POST, "/admin/users/{id}/reset", Managers, false, 201, nothing),
        line(Method::GET, "/admin/keys", ReadersOrOwn, true, 200, nothing),
        line(Method::POST, "/admin/keys", ManagersOrOwn, false, 201, named),
        line(Method::GET, "/admin/keys/{id}", ReadersOrOwn, true, 200, nothing),
        line(Method::PATCH, "/admin/keys/{id}", ManagersOrOwn, false, 200, named),
        line(Method::POST, "/admin/keys/{id}/rotate", ManagersOrOwn, false, 201, nothing),
        line(Method::DELETE, "/admin/keys/{id}", ManagersOrOwn, false, 204, nothing),
        line(Method::GET, "/admin/policies", Readers, true, 200, nothing),
        line(Method::POST, "/admin/policies", Managers, false, 201, rule),
        line(Method::GET, "/admin/policies/{id}", Readers, true, 200, nothing),
        line(Method::PUT, "/admin/policies/{id}", Managers, false, 200, rule),
        line(Method::DELETE, "/admin/policies/{id}", Managers, false, 204, nothing),
        line(Method::POST, "/admin/policies/explain", Readers, true, 200, |_| json!({"tool": "server_time"})),
        line(Method::GET, "/admin/plans", Readers, true, 200, nothing),
        line(Method::POST, "/admin/plans", Managers, false, 201, limits),
        line(Method::GET, "/admin/plans/{id}", Readers, true, 200, nothing),
        line(Method::PUT, "/admin/plans/{id}", Managers, false, 200, limits),
        line(Method::DELETE, "/admin/plans/{id}", Managers, false, 204, nothing),
        line(Method::POST, "/admin/tenants/{id}/reseal", Managers, false, 200, nothing),
        line(Method::GET, "/admin/revocations", Readers, true, 200, nothing),
        line(Method::POST, "/admin/revocations", Managers, false, 201, of_a_client),
        line(Method::GET, "/admin/approvals", ReadersOrOwn, true, 200, nothing),
        line(Method::GET, "/admin/approvals/{id}", ReadersOrOwn, true, 200, nothing),
        line(Method::POST, "/admin/approvals/{id}", Managers, false, 200, |_| json!({"approve": false})),
        line(Method::GET, "/admin/activity", Readers, true, 200, nothing),
        line(Method::GET, "/admin/entropy", Readers, true, 200, nothing),
        line(Method::GET, "/admin/audit", Readers, true, 200, nothing),
        line(Method::GET, "/admin/audit/export", Readers, true, 200, nothing),
        line(Method::GET, "/admin/audit/verify", Readers, true, 200, nothing),
        line(Method::GET, "/admin/audit/head", Readers, true, 200, nothing),
    ]
}

/// What an order is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Object {
    /// The collection, or whatever comes to be.
    None,
    /// Something of whoever orders.
    Own,
    /// Something of somebody else in the same tenant.
    Ours,
    /// Something of another tenant.
    Theirs,
    /// Nothing.
    Missing,
}

/// What a credential may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scopes {
    Tools,
    Read,
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    /// Nobody the gateway knows, and the problem that tells it.
    Nobody(&'static str),
    Operator,
    /// A user of that role, whose credential may be used for so much, and is perhaps narrowed.
    User(&'static str, Scopes, bool),
}

struct Actor {
    name: &'static str,
    who: Who,
    credential: String,
    /// The user it is.
    user: String,
}

/// What kind of thing an operation is about, as its path says.
fn kind(line: &Line) -> &'static str {
    line.path.split('/').nth(2).unwrap_or_default()
}

/// What must come of an order: a status, and the kind of problem.
fn expected(line: &Line, who: Who, object: Object) -> (u16, &'static str) {
    let found = (line.done, "");
    let gone = matches!(object, Object::Theirs | Object::Missing);
    let (role, scopes, narrowed) = match who {
        Who::Nobody(kind) => return (401, kind),
        Who::Operator if !["tenants", "activity", "entropy", "audit"].contains(&kind(line)) => {
            return (403, "forbidden");
        }
        Who::Operator if object == Object::Missing => return (404, "no-such-thing"),
        Who::Operator => return found,
        Who::User(role, scopes, narrowed) => (role, scopes, narrowed),
    };
    let enough = match scopes {
        Scopes::Tools => false,
        Scopes::Read => line.reads,
        Scopes::All => true,
    };
    if !enough {
        return (403, "insufficient-scope");
    }
    let Some(extent) = line.whom.extent(role) else { return (403, "forbidden") };
    if narrowed && !line.reads {
        return (403, "forbidden");
    }
    if gone || (object == Object::Ours && extent == Extent::Own) {
        return (404, "no-such-thing");
    }
    match kind(line) {
        "users" if object == Object::Own && !line.reads => (409, "conflict"),
        // Nobody approves its own.
        "approvals" if object == Object::Own && !line.reads => (403, "forbidden"),
        _ => found,
    }
}

/// The objects an operation can be about.
fn objects(line: &Line) -> &'static [Object] {
    match kind(line) {
        _ if !line.path.contains("{id}") => &[Object::None],
        "tenants" => &[Object::Own, Object::Theirs, Object::Missing],
        "policies" | "plans" | "upstreams" | "pins" | "webhooks" => &[Object::Ours, Object::Theirs, Object::Missing],
        _ => &[Object::Own, Object::Ours, Object::Theirs, Object::Missing],
    }
}

/// The id of an object for one order of one actor.
fn id(at: usize, line: &Line, actor: &Actor, object: Object, teams: (&Team, &Team)) -> String {
    let (ours, theirs) = teams;
    let kind = kind(line);
    match (object, kind) {
        (Object::None, _) => String::new(),
        (Object::Missing, _) => "no-such-thing".to_owned(),
        // The operator reaches every tenant; this one is for nothing else.
        (_, "tenants") if actor.who == Who::Operator => spare(at, kind, actor, object, ours),
        (Object::Theirs, "tenants") => theirs.tenant().to_owned(),
        (Object::Theirs, "users") => theirs.id("agent"),
        (Object::Theirs, kind) => format!("{kind}-{}", theirs.tenant()),
        (Object::Own, "tenants") => ours.tenant().to_owned(),
        (Object::Own, "users") => actor.user.clone(),
        (object, kind) => spare(at, kind, actor, object, ours),
    }
}

/// The id of what one order of one actor is about, and no other.
fn spare(at: usize, kind: &str, actor: &Actor, object: Object, team: &Team) -> String {
    format!("{}-{kind}-{}-{at}-{object:?}", team.tenant(), actor.name)
}

/// A thing of a tenant, as a row.
fn row(sql: &mut String, kind: &str, id: &str, tenant: &str, user: &str) {
    let _ = match kind {
        "tenants" => writeln!(sql, "INSERT INTO tenants (id, name, created_at) VALUES ('{id}', '{id}', 1);"),
        "users" => writeln!(
            sql,
            "INSERT INTO users (id, tenant_id, username, password_hash, created_at, role) VALUES \
             ('{id}', '{tenant}', '{}', 'x', 1, 'agent');",
            id.to_lowercase()
        ),
        "keys" => writeln!(
            sql,
            "INSERT INTO api_keys (id, tenant_id, user_id, name, secret_hash, scope, made_by, created_at) VALUES \
             ('{id}', '{tenant}', '{user}', 'a key', 'x', 'tools:call tools:read', '{user}', 1);"
        ),
        "policies" => writeln!(
            sql,
            "INSERT INTO policies (id, tenant_id, name, rule, made_by, created_at, updated_at) VALUES \
             ('{id}', '{tenant}', '{id}', '{{\"name\":\"{id}\",\"effect\":\"allow\"}}', 'x', 1, 1);"
        ),
        "plans" => writeln!(
            sql,
            "INSERT INTO plans (id, tenant_id, name, plan, created_at, updated_at) VALUES \
             ('{id}', '{tenant}', '{id}', '{{}}', 1, 1);"
        ),
        "approvals" => writeln!(
            sql,
            "INSERT INTO approvals (id, tenant_id, user_id, credential, tool, arguments, digest, policy_id, policy_version, \
             state, created_at, expires_at) VALUES \
             ('{id}', '{tenant}', '{user}', 'c', 'server_time', '{{}}', 'd', 'p', 1, 'asked', 1, 4000000000000);"
        ),
        "upstreams" => writeln!(
            sql,
            "INSERT INTO upstreams (id, tenant_id, name, url, created_at, disabled_at) VALUES \
             ('{id}', '{tenant}', 'u{id}', '{UNUSED}', 1, 1); \
             UPDATE upstreams SET name = 'u' || rowid WHERE id = '{id}';"
        ),
        "pins" => writeln!(
            sql,
            "INSERT INTO upstreams (id, tenant_id, name, url, created_at, disabled_at) VALUES \
             ('{id}', '{tenant}', 'p{id}', '{UNUSED}', 1, 1); \
             INSERT INTO pins (id, tenant_id, upstream_id, kind, name, standing, proposed, verdict, changed_at, version) VALUES \
             ('{id}', '{tenant}', '{id}', 'tool', 't', 'held', '{FINGERPRINT}', 'additive', 1, 1); \
             INSERT INTO pin_versions (pin_id, fingerprint, definition, seen_at) VALUES \
             ('{id}', '{FINGERPRINT}', '{{\"kind\":\"tool\",\"members\":{{}},\"name\":\"t\"}}', 1);"
        ),
        "webhooks" => writeln!(
            sql,
            "INSERT INTO webhooks (id, tenant_id, url, sealed, made_by, created_at) VALUES \
             ('{id}', '{tenant}', '{UNUSED}', 'v1.x', '{user}', 1);"
        ),
        "credentials" => writeln!(
            sql,
            "INSERT INTO upstreams (id, tenant_id, name, url, created_at, disabled_at) VALUES \
             ('{id}', '{tenant}', 'c{id}', '{UNUSED}', 1, 1); \
             INSERT INTO credentials (id, tenant_id, upstream_id, user_id, kind, origin, sealed, shown, made_by, created_at, \
             updated_at) VALUES ('{id}', '{tenant}', '{id}', '{user}', 'bearer', 'http://127.0.0.1:9', 'v1.x', '{{}}', '{user}', 1, 1);"
        ),
        other => panic!("no row of {other}"),
    };
}

async fn actors(team: &Team) -> Vec<Actor> {
    let member =
        |name: &'static str, who, credential: String, user: &str| Actor { name, who, credential, user: team.id(user) };
    let mut all = Vec::new();
    for role in ["owner", "admin", "developer", "auditor", "agent"] {
        all.push(member(role, Who::User(role, Scopes::All, false), team.token(role).await, role));
    }
    let plain = gateway().login(&team.member("owner")).await.access;
    all.push(member("tools", Who::User("owner", Scopes::Tools, false), plain, "owner"));
    for (name, scopes, body) in [
        ("key", Scopes::Tools, json!({"name": "key"})),
        ("reader", Scopes::Read, json!({"name": "reader", "scope": "admin:read"})),
        ("root", Scopes::All, json!({"name": "root", "scope": team::ALL})),
        ("narrow", Scopes::All, json!({"name": "narrow", "scope": team::ALL, "tools": ["server_time"]})),
    ] {
        let key = team.key("owner", &body).await;
        all.push(member(name, Who::User("owner", scopes, name == "narrow"), key.secret, "owner"));
    }
    all.push(member("nobody", Who::Nobody("missing-credentials"), String::new(), "owner"));
    all.push(member("stranger", Who::Nobody("invalid-token"), format!("{OPERATOR}r"), "owner"));
    all.push(member("operator", Who::Operator, OPERATOR.to_owned(), "owner"));
    all
}

/// Everything of an answer but what differs from one answer to the next.
fn comparable(answer: &Answer) -> (u16, Vec<(String, String)>, String) {
    let differs = ["x-correlation-id", "date"];
    let headers = answer.headers.iter().filter(|(name, _)| !differs.contains(&name.as_str())).cloned().collect();
    let correlation = answer.must("x-correlation-id");
    (answer.status, headers, answer.text().replace(correlation, "…"))
}

fn told(answer: &Answer) -> (u16, String) {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let kind = body["type"].as_str().unwrap_or_default();
    (answer.status, kind.trim_start_matches("urn:mcp-secure-gateway:problem:").to_owned())
}

#[tokio::test]
async fn the_table_of_these_tests_has_every_operation_of_the_api_description_and_no_other() {
    let document = gateway().get("/openapi.json").await.json(200);
    let paths = document["paths"].as_object().expect("paths").iter().filter(|(path, _)| path.starts_with("/admin"));
    let documented: BTreeSet<(String, String)> = paths
        .flat_map(|(path, item)| {
            let methods = item.as_object().expect("a path item").keys();
            let methods = methods.filter(|name| ["get", "post", "put", "delete", "patch"].contains(&name.as_str()));
            methods.map(|method| (method.to_uppercase(), path.clone())).collect::<Vec<_>>()
        })
        .collect();
    let known = table().into_iter().map(|line| (line.method.to_string(), line.path.to_owned())).collect();
    assert_eq!(documented, known);
}

/// The orders of one actor: every operation on every object. How many there were, and what was wrong.
async fn orders(actor: &Actor, teams: (&Team, &Team)) -> (usize, Vec<String>) {
    let (mut asked, mut wrong) = (0, Vec::new());
    for (at, line) in table().iter().enumerate() {
        let mut gone = Vec::new();
        for &object in objects(line) {
            let what = format!("{} {} {} on {object:?}", actor.name, line.method, line.path);
            let must = expected(line, actor.who, object);
            // The whole tenant ends in a test of its own.
            let ends_all = object == Object::Own && line.method == Method::DELETE && line.path == "/admin/tenants/{id}";
            if ends_all && must.0 == 204 && actor.who != Who::Operator {
                continue;
            }
            let mut path = line.path.replace("{id}", &id(at, line, actor, object, teams));
            if line.path == COMPARED {
                let _ = write!(path, "?old={FINGERPRINT}&new={FINGERPRINT}");
            }
            let name = format!("{}-{}-{at}", teams.0.tenant(), actor.name);
            let answer = {
                let body = (line.body)(&name);
                order(&actor.credential, line.method.clone(), &path, Some(&body).filter(|body| !body.is_null())).await
            };
            for secret in ["code", "secret"] {
                let made: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
                made[secret].as_str().inspect(|secret| note_secret(secret));
                made["owner"][secret].as_str().inspect(|secret| note_secret(secret));
            }
            asked += 1;
            let (status, kind) = told(&answer);
            if (status, kind.as_str()) != must {
                wrong.push(format!("{what}: {must:?} and not {}", answer.text()));
            }
            if matches!(object, Object::Theirs | Object::Missing) && actor.who != Who::Operator {
                gone.push(comparable(&answer));
            }
        }
        if gone.first() != gone.last() {
            wrong.push(format!("{} {} {}: {gone:#?}", actor.name, line.method, line.path));
        }
    }
    (asked, wrong)
}

#[tokio::test]
async fn every_operation_answers_everybody_as_its_table_says_and_tells_nothing_of_another_tenant() {
    let (ours, theirs) = (Team::new(), Team::new());
    let actors = actors(&ours).await;
    let mut sql = String::new();
    for (at, line) in table().iter().enumerate().filter(|(_, line)| line.path.contains("{id}")) {
        let kind = kind(line);
        for actor in &actors {
            for &object in objects(line) {
                let user = if object == Object::Own { actor.user.clone() } else { ours.id("other") };
                let wanted = match (kind, object) {
                    (_, Object::None | Object::Missing) => false,
                    ("tenants", _) => actor.who == Who::Operator,
                    (_, Object::Theirs) | ("users", Object::Own) => false,
                    _ => true,
                };
                if wanted {
                    row(&mut sql, kind, &spare(at, kind, actor, object, &ours), ours.tenant(), &user);
                }
            }
        }
    }
    for (at, line) in table().iter().enumerate() {
        if line.method == Method::POST && line.path == CREDENTIALS {
            for actor in &actors {
                let name = format!("{}-{}-{at}", ours.tenant(), actor.name);
                row(&mut sql, "upstreams", &name, ours.tenant(), "");
            }
        }
    }
    for kind in ["keys", "policies", "plans", "approvals", "upstreams", "credentials"] {
        let id = format!("{kind}-{}", theirs.tenant());
        row(&mut sql, kind, &id, theirs.tenant(), &theirs.id("agent"));
    }
    gateway().sql(&sql);
    let (mut asked, mut wrong) = (0, Vec::new());
    for actor in &actors {
        let (some, told) = orders(actor, (&ours, &theirs)).await;
        asked += some;
        wrong.extend(told);
    }
    assert!(asked > 1_000, "only {asked} orders");
    assert!(wrong.is_empty(), "{} of them:\n{}", wrong.len(), wrong.join("\n"));
    untouched(&theirs).await;
}

/// Nothing of a tenant was changed.
async fn untouched(team: &Team) {
    let tenant = team.tenant();
    for path in [
        format!("/admin/tenants/{tenant}"),
        format!("/admin/users/{}", team.id("agent")),
        format!("/admin/keys/keys-{tenant}"),
        format!("/admin/policies/policies-{tenant}"),
        format!("/admin/plans/plans-{tenant}"),
        format!("/admin/upstreams/upstreams-{tenant}"),
        format!("/admin/credentials/credentials-{tenant}"),
    ] {
        let found = team.order("owner", Method::GET, &path, None).await;
        assert_eq!((&found.json(200)["version"], found.must("etag")), (&json!(1), "\"v1\""), "{path}");
    }
}

#[tokio::test]
async fn a_change_names_the_version_that_was_read_and_is_refused_when_there_is_another() {
    let team = Team::new();
    let tenant = team.tenant().to_owned();
    let mut sql = String::new();
    for kind in ["users", "keys", "policies", "plans", "upstreams", "credentials"] {
        row(&mut sql, kind, &format!("{kind}-{tenant}"), &tenant, &team.id("agent"));
    }
    let again = format!("again-{tenant}");
    row(&mut sql, "upstreams", &again, &tenant, &team.id("agent"));
    gateway().sql(&sql);
    let owner = team.token("owner").await;
    for line in table().iter().filter(|line| line.method == Method::PATCH || line.method == Method::PUT) {
        let kind = kind(line);
        let id = match line.path {
            "/admin/tenants/{id}" => tenant.clone(),
            "/admin/upstreams/{id}/reaction" => again.clone(),
            _ => format!("{kind}-{tenant}"),
        };
        let path = line.path.replace("{id}", &id);
        let body = (line.body)("changed");
        let read = order(&owner, Method::GET, &path, None).await;
        assert_eq!((read.must("etag"), &read.json(200)["version"]), ("\"v1\"", &json!(1)), "{path}");
        let with = |tag: Option<&str>| {
            let request = gateway().request(line.method.clone(), &path).bearer_auth(&owner).json(&body);
            let request = tag.into_iter().fold(request, |request, tag| request.header("if-match", tag));
            gateway_contract::client::send(request)
        };
        refused(&with(None).await, 428, "version-needed");
        for other in
            ["\"v2\"", "\"v0\"", "W/\"v1\"", "v1", "\"v1\", \"v2\"", "\"\"", "1", "\"v01x\"", "\"v99999999999999\""]
        {
            refused(&with(Some(other)).await, 412, "version-passed");
        }
        let changed = with(Some("\"v1\"")).await;
        assert_eq!((changed.must("etag"), &changed.json(200)["version"]), ("\"v2\"", &json!(2)), "{path}");
        refused(&with(Some("\"v1\"")).await, 412, "version-passed");
        assert_eq!(order(&owner, Method::GET, &path, None).await.must("etag"), "\"v2\"");
    }
    // Of twenty who read the same version, one changes it.
    let path = format!("/admin/tenants/{tenant}");
    let mut changes = tokio::task::JoinSet::new();
    for at in 0..20 {
        let request = gateway().request(Method::PATCH, &path).bearer_auth(&owner).header("if-match", "\"v2\"");
        changes.spawn(gateway_contract::client::send(request.json(&json!({"name": format!("name {at}")}))));
    }
    let statuses: Vec<u16> = changes.join_all().await.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 200 | 409 | 412)), "{statuses:?}");
    assert_eq!(order(&owner, Method::GET, &path, None).await.must("etag"), "\"v3\"");
}
