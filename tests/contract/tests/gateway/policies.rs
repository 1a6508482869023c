//! Policies: what is listed and what may be called agree, over REST, over the protocol of either era, and at virtual servers.

use crate::gateway;
use gateway_contract::caller::Caller;
use gateway_contract::client::Answer;
use gateway_contract::oauth::App;
use gateway_contract::team::{self, Team, refused, within};
use reqwest::Method;
use serde_json::{Value, json};

const TEXT: &str = "old__test_simple_text";
const OTHER: &str = "new__test_simple_text";
const GREET: &str = "old__greet";
const FORBIDDEN: &str = "a policy of your team does not allow this call";

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// As if it were not there: not listed, and an unknown tool.
    Absent,
    /// Listed, and refused.
    Refused,
    Done,
}
use Verdict::{Absent, Done, Refused};

/// An answer without what names the request, and with another name for the tool.
fn without(answer: &Answer, name: &str) -> (u16, String) {
    (answer.status, answer.text().replace(answer.must("x-correlation-id"), "…").replace(name, "TOOL"))
}

async fn over_rest(access: &str, tool: &str, arguments: &Value) -> Verdict {
    let answer = gateway().execute(access, tool, arguments).await;
    match answer.status {
        200 => Done,
        403 => {
            assert_eq!(refused(&answer, 403, "call-forbidden")["detail"], FORBIDDEN);
            Refused
        }
        404 => {
            refused(&answer, 404, "unknown-tool");
            let nothing = gateway().execute(access, "made_up", arguments).await;
            assert_eq!(without(&answer, tool), without(&nothing, "made_up"));
            Absent
        }
        _ => panic!("{tool}: {}", answer.text()),
    }
}

async fn over_protocol(caller: &Caller, tool: &str, arguments: &Value) -> Verdict {
    let ask = |name: &str| {
        let params = json!({"name": name, "arguments": arguments});
        async move { caller.ask("tools/call", params).await }
    };
    let mut message = ask(tool).await;
    if message["error"].is_object() {
        let mut nothing = ask("made_up").await;
        for (message, name) in [(&mut message, tool), (&mut nothing, "made_up")] {
            assert_eq!(message["error"]["code"], -32602, "{message}");
            message["id"] = Value::Null;
            *message = serde_json::from_str(&message.to_string().replace(name, "TOOL")).expect("JSON");
        }
        assert_eq!(message, nothing, "{tool} is told from a tool that nobody has");
        return Absent;
    }
    let result = &message["result"];
    if result["isError"] == true {
        assert_eq!(result["content"][0]["text"], format!("The call failed: {FORBIDDEN}."), "{message}");
        return Refused;
    }
    Done
}

async fn has(caller: &Caller, tool: &str) -> bool {
    caller.names("tools/list", "name").await.iter().any(|name| name == tool)
}

/// What becomes of a call on every way in, which must agree.
async fn verdict(access: &str, tool: &str, arguments: Value) -> Verdict {
    let listed = gateway().tool_names(access).await.iter().any(|name| name == tool);
    let rest = over_rest(access, tool, &arguments).await;
    assert_eq!(listed, rest != Absent, "{tool}: listed {listed}, called: {rest:?}");
    let modern = Caller::modern(gateway(), access, "");
    let legacy = Caller::legacy(gateway(), access, "", json!({})).await;
    let mut ways = vec![(modern.at(""), tool.to_owned()), (legacy, tool.to_owned())];
    if let Some((upstream @ ("old" | "new"), own)) = tool.split_once("__") {
        ways.push((modern.at("always"), tool.to_owned()));
        ways.push((modern.at(upstream), own.to_owned()));
        ways.push((Caller::legacy(gateway(), access, upstream, json!({})).await, own.to_owned()));
    }
    for (caller, name) in ways {
        assert_eq!(has(&caller, &name).await, listed, "{caller:?} lists {name}");
        assert_eq!(over_protocol(&caller, &name, &arguments).await, rest, "{caller:?} calls {name}");
    }
    rest
}

/// Waits until a call comes to that, and then asks on every way in.
#[track_caller]
fn becomes(access: &str, tool: &str, arguments: Value, wanted: Verdict) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        let what = format!("{caller}: {tool} {wanted:?}");
        let rest = || async { over_rest(access, tool, &arguments).await == wanted };
        within(team::SEEN, &what, rest).await;
        assert_eq!(verdict(access, tool, arguments.clone()).await, wanted, "{what}");
    }
}

async fn remove(team: &Team, policy: &str) {
    let answer = team.order("owner", Method::DELETE, &format!("/admin/policies/{policy}"), None).await;
    assert_eq!(answer.status, 204);
}

/// A rule about some is about them, and about nobody else.
async fn is_about(team: &Team, who: Value, them: &str, others: &[&str]) {
    let rule = json!({"name": "about some", "effect": "deny", "who": who, "what": {"tools": [TEXT]}});
    let policy = team.policy(&rule).await;
    becomes(them, TEXT, json!({}), Absent).await;
    assert_eq!(verdict(them, OTHER, json!({})).await, Done, "{who}");
    for other in others {
        assert_eq!(verdict(other, TEXT, json!({})).await, Done, "{who}");
    }
    remove(team, &policy).await;
    becomes(them, TEXT, json!({}), Done).await;
}

#[tokio::test]
async fn a_rule_is_about_a_role_a_user_a_key_a_client_or_a_group() {
    let team = Team::new();
    let (developer, other) = (team.token("developer").await, team.token("other").await);
    let agent = team.token("agent").await;
    is_about(&team, json!({"roles": ["agent", "auditor"]}), &agent, &[&developer]).await;
    is_about(&team, json!({"users": [team.id("developer")]}), &developer, &[&other]).await;
    let mine = team.key("developer", &json!({"name": "one"})).await;
    let second = team.key("developer", &json!({"name": "two"})).await;
    is_about(&team, json!({"users": [team.id("developer")]}), &mine.secret, &[&other]).await;
    is_about(&team, json!({"keys": [mine.id]}), &mine.secret, &[&second.secret, &developer]).await;
    let app = App::register(gateway(), json!({})).await;
    let through = app.tokens(&team.member("developer"), &[]).await.access;
    is_about(&team, json!({"clients": [app.id]}), &through, &[&developer, &mine.secret]).await;
    let user = team.service("grouped", &["billing", "night"]).await;
    let grouped = team.key("owner", &json!({"name": "grouped", "user": user})).await.secret;
    let user = team.service("loner", &["nights"]).await;
    let loner = team.key("owner", &json!({"name": "loner", "user": user})).await.secret;
    is_about(&team, json!({"groups": ["night"]}), &grouped, &[&loner, &developer]).await;
    // All lists of a rule have to hold.
    let both = json!({"users": [team.id("developer")], "keys": [mine.id]});
    is_about(&team, both, &mine.secret, &[&developer, &second.secret]).await;
}

/// A rule about some things is about them, and about no other.
async fn is_about_things(team: &Team, access: &str, what: Value, them: &[&str], others: &[&str]) {
    let rule = json!({"name": "about some", "effect": "deny", "what": what});
    let policy = team.policy(&rule).await;
    for tool in them {
        becomes(access, tool, json!({}), Absent).await;
    }
    for tool in others {
        assert_eq!(verdict(access, tool, json!({})).await, Done, "{what}");
    }
    remove(team, &policy).await;
}

#[tokio::test]
async fn a_rule_is_about_names_upstreams_or_what_a_tool_says_of_itself() {
    let team = Team::new();
    let access = team.token("developer").await;
    let things = |what: Value, them: &'static [&'static str], others: &'static [&'static str]| {
        is_about_things(&team, &access, what, them, others)
    };
    things(json!({"tools": ["old__*"]}), &[TEXT], &[OTHER, "server_time"]).await;
    things(json!({"tools": ["server_time", "*__test_simple_text"]}), &["server_time", TEXT, OTHER], &[]).await;
    things(json!({"upstreams": ["new"]}), &[OTHER], &[TEXT, "server_time"]).await;
    things(json!({"read_only": true}), &["server_time"], &[TEXT]).await;
    things(json!({"read_only": false}), &[TEXT, OTHER], &["server_time"]).await;
    things(json!({"open_world": false}), &["server_time"], &[TEXT]).await;
    things(json!({"destructive": true, "upstreams": ["old"]}), &[TEXT], &[OTHER, "server_time"]).await;
}

#[tokio::test]
async fn a_condition_on_arguments_is_judged_at_the_call_and_the_tool_stays_listed() {
    let team = Team::new();
    let access = team.token("developer").await;
    let named = |name: &str| json!({"name": name});
    let rule = json!({"name": "Not Eve", "effect": "deny", "actions": ["call"], "what": {"tools": [GREET]},
                      "when": "arguments.name == 'Eve'"});
    let policy = team.policy(&rule).await;
    becomes(&access, GREET, named("Eve"), Refused).await;
    assert_eq!(verdict(&access, GREET, named("Adam")).await, Done);
    remove(&team, &policy).await;
    becomes(&access, GREET, named("Eve"), Done).await;
    // What the arguments do not have is taken for the safe side.
    let rule =
        json!({"name": "By place", "effect": "deny", "what": {"tools": [GREET]}, "when": "arguments.place == 'x'"});
    let policy = team.policy(&rule).await;
    becomes(&access, GREET, named("Adam"), Refused).await;
    remove(&team, &policy).await;
    // Where nothing is admitted by itself, an allow with a condition lists the tool and opens what fits.
    team.set(&json!({"default_effect": "deny"})).await;
    let rule =
        json!({"name": "Adam only", "effect": "allow", "what": {"tools": [GREET]}, "when": "arguments.name == 'Adam'"});
    team.policy(&rule).await;
    becomes(&access, GREET, named("Adam"), Done).await;
    assert_eq!(verdict(&access, GREET, named("Eve")).await, Refused);
    assert_eq!(verdict(&access, TEXT, json!({})).await, Absent);
    let legacy = Caller::legacy(gateway(), &access, "", json!({})).await;
    for caller in [Caller::modern(gateway(), &access, ""), legacy] {
        assert_eq!(caller.names("tools/list", "name").await, [GREET]);
    }
}

#[tokio::test]
async fn where_nothing_is_said_and_the_default_is_to_deny_nothing_is_there() {
    let team = Team::new();
    let access = team.token("developer").await;
    assert_eq!(verdict(&access, TEXT, json!({})).await, Done);
    team.set(&json!({"default_effect": "deny"})).await;
    becomes(&access, TEXT, json!({}), Absent).await;
    assert_eq!(gateway().tool_names(&access).await, [""; 0]);
    let caller = Caller::modern(gateway(), &access, "");
    for (method, member) in [
        ("tools/list", "name"),
        ("prompts/list", "name"),
        ("resources/list", "uri"),
        ("resources/templates/list", "uriTemplate"),
    ] {
        assert_eq!(caller.names(method, member).await, [""; 0], "{method}");
    }
    for tool in ["server_time", OTHER, "modern__repeat"] {
        assert_eq!(over_rest(&access, tool, &json!({})).await, Absent, "{tool}");
    }
    let allow = team.policy(&json!({"name": "This one", "effect": "allow", "what": {"tools": [TEXT]}})).await;
    becomes(&access, TEXT, json!({}), Done).await;
    assert_eq!(gateway().tool_names(&access).await, [TEXT]);
    // A deny beats an allow, whatever their order.
    let deny = team.policy(&json!({"name": "A last word", "effect": "deny", "what": {"upstreams": ["old"]}})).await;
    becomes(&access, TEXT, json!({}), Absent).await;
    remove(&team, &deny).await;
    becomes(&access, TEXT, json!({}), Done).await;
    // An auditor sees everything all the same, and calls nothing.
    let auditor = team.token("auditor").await;
    assert_eq!(verdict(&auditor, OTHER, json!({})).await, Refused);
    remove(&team, &allow).await;
    becomes(&access, TEXT, json!({}), Absent).await;
}

#[tokio::test]
async fn a_changed_policy_is_held_to_within_five_seconds() {
    let team = Team::new();
    let access = team.token("developer").await;
    let rule = |tool: &str| json!({"name": "One of them", "effect": "deny", "what": {"tools": [tool]}});
    let policy = team.policy(&rule(TEXT)).await;
    let path = format!("/admin/policies/{policy}");
    becomes(&access, TEXT, json!({}), Absent).await;
    for (tool, other) in [(OTHER, TEXT), (TEXT, OTHER)] {
        team.order("admin", Method::PUT, &path, Some(&rule(tool))).await.json(200);
        becomes(&access, tool, json!({}), Absent).await;
        becomes(&access, other, json!({}), Done).await;
    }
    // So is one that changed behind the gateway's back.
    let changed = rule(OTHER).to_string();
    gateway().sql(&format!("UPDATE policies SET rule = '{changed}', version = version + 1 WHERE id = '{policy}';"));
    becomes(&access, OTHER, json!({}), Absent).await;
    becomes(&access, TEXT, json!({}), Done).await;
    // And a changed role: whoever becomes an agent is under the rules of agents.
    team.policy(&json!({"name": "No agents", "effect": "deny", "who": {"roles": ["agent"]}})).await;
    assert_eq!(over_rest(&access, TEXT, &json!({})).await, Done);
    let path = format!("/admin/users/{}", team.id("developer"));
    team.order("owner", Method::PATCH, &path, Some(&json!({"role": "agent"}))).await.json(200);
    becomes(&access, TEXT, json!({}), Absent).await;
}

#[tokio::test]
async fn a_rule_that_only_hides_hides_from_calls_too_and_one_that_only_refuses_lists() {
    let team = Team::new();
    let access = team.token("developer").await;
    team.policy(&json!({"name": "Unseen", "effect": "deny", "actions": ["see"], "what": {"tools": [TEXT]}})).await;
    team.policy(&json!({"name": "Uncalled", "effect": "deny", "actions": ["call"], "what": {"tools": [OTHER]}})).await;
    becomes(&access, TEXT, json!({}), Absent).await;
    becomes(&access, OTHER, json!({}), Refused).await;
    // A refused call does not reach its tool's schema or its limits, and wrong arguments tell nothing of a hidden one.
    assert_eq!(over_rest(&access, TEXT, &json!({"wrong": 1})).await, Absent);
}

#[tokio::test]
async fn an_explanation_says_what_happens() {
    let team = Team::new();
    let (developer, agent) = (team.token("developer").await, team.token("agent").await);
    let mine = team.key("developer", &json!({"name": "mine"})).await;
    for rule in [
        json!({"name": "a", "effect": "deny", "who": {"roles": ["agent"]}, "what": {"upstreams": ["new"]}}),
        json!({"name": "b", "effect": "deny", "actions": ["call"], "what": {"tools": [GREET]}, "when": "arguments.name == 'Eve'"}),
        json!({"name": "c", "effect": "deny", "who": {"keys": [mine.id]}, "what": {"tools": [TEXT]}}),
        json!({"name": "d", "effect": "deny", "who": {"roles": ["agent"]}, "what": {"read_only": true}}),
    ] {
        team.policy(&rule).await;
    }
    becomes(&agent, OTHER, json!({}), Absent).await;
    let (who, other) = (team.id("developer"), team.id("agent"));
    let (eve, adam) = (json!({"name": "Eve"}), json!({"name": "Adam"}));
    let mut seen = Vec::new();
    for (access, user, key) in [(&developer, &who, None), (&agent, &other, None), (&mine.secret, &who, Some(&mine.id))]
    {
        for (tool, upstream, read_only, arguments) in [
            (TEXT, Some("old"), None, json!({})),
            (OTHER, Some("new"), None, json!({})),
            (GREET, Some("old"), None, eve.clone()),
            (GREET, Some("old"), None, adam.clone()),
            ("server_time", None, Some(true), json!({})),
        ] {
            let mut trial = json!({"user": user, "tool": tool, "arguments": arguments});
            upstream.inspect(|name| trial["upstream"] = json!(name));
            key.inspect(|key| trial["key"] = json!(key));
            read_only.inspect(|hint| trial["annotations"] = json!({"readOnlyHint": hint}));
            let told = team.order("auditor", Method::POST, "/admin/policies/explain", Some(&trial)).await.json(200);
            let happens = verdict(access, tool, arguments).await;
            let said = match told["decision"].as_str() {
                Some("allowed") => Done,
                Some("refused") => Refused,
                Some("hidden") => Absent,
                _ => panic!("{told}"),
            };
            assert_eq!(said, happens, "{trial}: {told}");
            assert_eq!(told["rules"].as_array().map(Vec::len), Some(4), "{told}");
            seen.push(happens);
        }
    }
    assert!([Absent, Refused, Done].iter().all(|verdict| seen.contains(verdict)), "{seen:?}");
    let wrong = json!({"tool": TEXT, "prompt": "x"});
    for bad in [json!({}), wrong, json!({"tool": TEXT, "upstream": "a b"}), json!({"tool": TEXT, "role": "king"})] {
        let answer = team.order("owner", Method::POST, "/admin/policies/explain", Some(&bad)).await;
        refused(&answer, 400, "invalid-body");
    }
}

/// What the protocol answers to a request, without the name it is about.
async fn told(caller: &Caller, method: &str, params: Value, name: &str) -> String {
    let mut message = caller.ask(method, params).await;
    message["id"] = Value::Null;
    message.to_string().replace(name, "THING")
}

#[tokio::test]
async fn prompts_and_resources_are_held_to_the_policies_too() {
    let team = Team::new();
    let access = team.token("developer").await;
    let (prompt, static_text) = ("old__test_simple_prompt", "mcp+old+test://static-text");
    let what = json!({"prompts": ["old__test_simple_prompt"], "resources": [static_text, "mcp+old+test://template/*"]});
    team.policy(&json!({"name": "Hidden", "effect": "deny", "what": what})).await;
    let hidden = |caller: Caller| async move {
        let prompts = caller.names("prompts/list", "name").await;
        !prompts.iter().any(|name| name == prompt) && prompts.iter().any(|name| name == "new__test_simple_prompt")
    };
    within(team::SEEN, "hidden", || hidden(Caller::modern(gateway(), &access, ""))).await;
    let legacy = Caller::legacy(gateway(), &access, "", json!({})).await;
    for caller in [Caller::modern(gateway(), &access, ""), legacy] {
        assert!(hidden(caller.by(&access)).await);
        let uris = caller.names("resources/list", "uri").await;
        assert!(!uris.iter().any(|uri| uri == static_text), "{uris:?}");
        assert!(uris.iter().any(|uri| uri == "mcp+new+test://static-text"), "{uris:?}");
        let templates = caller.names("resources/templates/list", "uriTemplate").await;
        assert_eq!(templates.len(), 1, "{templates:?}");
        for (method, member, denied, nothing) in [
            ("prompts/get", "name", prompt, "old__made_up"),
            ("resources/read", "uri", static_text, "mcp+old+test://made-up"),
            ("resources/read", "uri", "mcp+old+test://template/7/data", "mcp+old+nowhere://7/data"),
        ] {
            let denied = told(&caller, method, json!({member: denied}), denied).await;
            assert!(denied.contains("-32602") || denied.contains("-32002"), "{method}: {denied}");
            assert_eq!(denied, told(&caller, method, json!({member: nothing}), nothing).await, "{method}");
        }
        let reference =
            |name: &str| json!({"ref": {"type": "ref/prompt", "name": name}, "argument": {"name": "a", "value": ""}});
        let denied = told(&caller, "completion/complete", reference(prompt), prompt).await;
        let nothing = told(&caller, "completion/complete", reference("old__made_up"), "old__made_up").await;
        assert_eq!(denied, nothing);
        caller.result("prompts/get", json!({"name": "new__test_simple_prompt"})).await;
        caller.result("resources/read", json!({"uri": "mcp+new+test://static-text"})).await;
    }
    // A virtual server's own names are judged by what everything is called.
    let caller = Caller::modern(gateway(), &access, "some");
    assert_eq!(caller.names("prompts/list", "name").await, [""; 0]);
    assert_eq!(caller.names("resources/list", "uri").await, [""; 0]);
    assert_eq!(caller.names("tools/list", "name").await, ["test_simple_text", "test_image_content"]);
    assert_eq!(caller.error("prompts/get", json!({"name": "test_simple_prompt"})).await, -32602);
    assert_eq!(caller.error("resources/read", json!({"uri": "test://static-text"})).await, -32602);
    let caller = caller.at("new");
    caller.result("prompts/get", json!({"name": "test_simple_prompt"})).await;
    caller.result("resources/read", json!({"uri": "test://static-text"})).await;
}

#[tokio::test]
async fn a_rule_that_cannot_be_read_as_one_is_refused_when_it_is_written() {
    let team = Team::new();
    let good = json!({"name": "good", "effect": "deny"});
    let with = |member: &str, value: Value| {
        let mut rule = good.clone();
        rule[member] = value;
        rule
    };
    for bad in [
        json!({}),
        json!({"name": "x"}),
        json!({"effect": "allow"}),
        with("name", json!("")),
        with("name", json!("x".repeat(65))),
        with("name", json!("a\u{202e}b")),
        with("effect", json!("Deny")),
        with("effect", json!(null)),
        with("actions", json!(["call", "admin"])),
        with("who", json!({"role": ["agent"]})),
        with("who", json!({"roles": ["king"]})),
        with("who", json!({"roles": "agent"})),
        with("who", json!([])),
        with("what", json!({"tools": [""]})),
        with("what", json!({"upstreams": ["a b"]})),
        with("what", json!({"read_only": "yes"})),
        with("when", json!("arguments.")),
        with("when", json!("nobody == 1")),
        with("when", json!("subject.password == ''")),
        with("when", json!("arguments.x.matches('a+')")),
        with("when", json!("x".repeat(1025))),
        with("when", json!(1)),
        with("priority", json!(1)),
        with("tenant", json!("other")),
        json!({"name": "x", "effect": "approve", "actions": ["see"]}),
        json!({"name": "x", "effect": "deny", "actions": ["see"], "when": "arguments.a == 1"}),
    ] {
        let answer = team.order("owner", Method::POST, "/admin/policies", Some(&bad)).await;
        let problem = refused(&answer, 400, "invalid-body");
        assert!(problem["detail"].as_str().is_some_and(|told| told.len() > 5), "{bad}: {problem}");
    }
    let made = team.policy(&good).await;
    refused(&team.order("owner", Method::POST, "/admin/policies", Some(&good)).await, 409, "conflict");
    let path = format!("/admin/policies/{made}");
    let bad = with("when", json!("nobody"));
    refused(&team.order("owner", Method::PUT, &path, Some(&bad)).await, 400, "invalid-body");
    assert_eq!(team.order("owner", Method::GET, &path, None).await.json(200)["rule"], good);
}
