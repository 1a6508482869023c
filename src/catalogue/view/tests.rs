use super::{Freshness, Lookup, Part, View};
use crate::catalogue::endpoint::{Chosen, Endpoint, PrefixMode};
use crate::catalogue::listing::Listing;
use crate::catalogue::naming::Prefix;
use crate::id::UpstreamId;
use crate::mcp::capability::ServerCapabilities;
use crate::mcp::wire::Tool;
use crate::tool::builtin::BuiltIn;
use crate::upstream::survey::{Introduction, Survey};
use serde_json::{Map, Value, json};
use std::rc::Rc;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[cfg(not(target_arch = "wasm32"))]
mod properties;

/// What an upstream of a test offers: names of tools and prompts, URIs, templates.
#[derive(Clone, Debug, Default)]
struct Offer<'a> {
    names: &'a [&'a str],
    uris: &'a [&'a str],
    templates: &'a [&'a str],
}

fn id(name: &str) -> UpstreamId {
    UpstreamId::parse(&format!("id-{name}")).unwrap()
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn survey(offer: &Offer<'_>) -> Survey {
    let named = |of: &str, texts: &[&str]| -> Vec<Value> {
        texts.iter().map(|text| json!({of: text, "name": text, "inputSchema": {"type": "object"}})).collect()
    };
    let offered = object(&json!({"tools": {}, "prompts": {}, "resources": {"subscribe": true}}));
    Survey {
        introduction: Introduction { offered: ServerCapabilities::read(&offered), ..Introduction::default() },
        tools: serde_json::from_value(named("title", offer.names).into()).unwrap(),
        prompts: serde_json::from_value(named("title", offer.names).into()).unwrap(),
        resources: serde_json::from_value(named("uri", offer.uris).into()).unwrap(),
        templates: serde_json::from_value(named("uriTemplate", offer.templates).into()).unwrap(),
        ..Survey::default()
    }
}

fn part_of(name: &str, survey: Survey) -> Part {
    let prefix = Prefix::parse(name).unwrap();
    let listing = Some(Rc::new(Listing::admit(id(name), prefix.clone(), survey)));
    Part { upstream: id(name), prefix, freshness: Freshness::Fresh, listing }
}

fn part(name: &str, names: &[&str]) -> Part {
    part_of(name, survey(&Offer { names, ..Offer::default() }))
}

fn absent(name: &str) -> Part {
    let freshness = Freshness::Absent("timeout".into());
    Part { upstream: id(name), prefix: Prefix::parse(name).unwrap(), freshness, listing: None }
}

fn endpoint(mode: PrefixMode, own_tools: bool, parts: &[Part]) -> Endpoint {
    Endpoint { mode, own_tools, ..Endpoint::everything(parts.iter().map(|part| part.upstream.clone())) }
}

fn choose(endpoint: &mut Endpoint, member: usize, patterns: &[&str]) {
    endpoint.members[member].chosen = Chosen::only(patterns).unwrap();
}

fn shown(view: &View<'_>) -> Vec<String> {
    let own: Vec<Tool> = BuiltIn::definitions().map(|(_, tool)| tool).collect();
    view.tools(&own).into_iter().map(|tool| tool.name).collect()
}

fn found<T>(lookup: &Lookup<T>) -> Option<usize> {
    match lookup {
        Lookup::Found { part, .. } => Some(*part),
        Lookup::Missing(_) | Lookup::Unknown => None,
    }
}

fn uri(part: usize, own: &str) -> Lookup<String> {
    Lookup::Found { part, own: own.to_owned() }
}

#[test]
fn the_list_is_sorted_and_a_failing_upstream_takes_nothing_else_away() {
    let parts = [part("zoo", &["lion"]), absent("dead"), part("art", &["b", "a", "bad name"])];
    let everything = endpoint(PrefixMode::Always, true, &parts);
    let view = View::new(&everything, &parts);
    assert_eq!(
        shown(&view),
        ["art__a", "art__b", "get_weather", "quantum_random", "read_more", "server_time", "zoo__lion"]
    );
    assert_eq!(view.find_tool("dead__x"), Lookup::Missing(1));
    assert_eq!(found(&view.find_tool("art__b")), Some(2));
}

#[test]
fn a_tool_is_found_by_its_exact_name_only() {
    let parts = [part("zoo", &["lion", "old.lion"])];
    let everything = endpoint(PrefixMode::Always, true, &parts);
    let view = View::new(&everything, &parts);
    let Lookup::Found { part: 0, own } = view.find_tool("zoo__lion") else { panic!("it is there") };
    assert_eq!(own.name, "lion");
    for other in ["lion", "Zoo__lion", "zoo__lion ", "zoo__", "", "server_time", "zoo__old.lion", "old.lion"] {
        assert_eq!(view.find_tool(other), Lookup::Unknown, "{other}");
    }
    assert_eq!(found(&view.find_prompt("zoo__old.lion")), Some(0), "a prompt's name may have a point");
}

#[test]
fn a_single_upstream_without_prefixes_is_shown_as_it_is() {
    let parts = [part_of("zoo", {
        let mut survey = survey(&Offer { names: &["b", "old.a", "a"], uris: &["z:1", "a:1"], templates: &[] });
        survey.introduction.instructions = Some("Feed them.".into());
        survey.introduction.server = Some(object(&json!({"name": "zoo"})));
        survey
    })];
    let bare = endpoint(PrefixMode::Never, false, &parts);
    let view = View::new(&bare, &parts);
    assert_eq!(shown(&view), ["b", "old.a", "a"]);
    assert_eq!(view.resources().iter().map(|resource| resource.uri.as_str()).collect::<Vec<_>>(), ["z:1", "a:1"]);
    assert_eq!((view.instructions(), view.server_info().is_some()), (Some("Feed them."), true));
    for other in [endpoint(PrefixMode::Always, false, &parts), endpoint(PrefixMode::Never, true, &parts)] {
        let view = View::new(&other, &parts);
        assert!(view.instructions().is_none() && view.server_info().is_none());
    }
}

#[test]
fn without_prefixes_the_earlier_member_keeps_a_name() {
    let parts = [part("zoo", &["feed", "lion"]), part("farm", &["feed", "cow", "server_time"])];
    let bare = endpoint(PrefixMode::Never, false, &parts);
    let view = View::new(&bare, &parts);
    assert_eq!(shown(&view), ["cow", "feed", "lion", "server_time"]);
    assert_eq!(found(&view.find_tool("feed")), Some(0));
    let with_own = endpoint(PrefixMode::Never, true, &parts);
    let view = View::new(&with_own, &parts);
    assert_eq!(view.find_tool("server_time"), Lookup::Unknown, "the gateway's own tool goes first");
    assert_eq!(view.own_tool("server_time"), Some(BuiltIn::ServerTime));
    assert_eq!(View::new(&bare, &parts).own_tool("server_time"), None);
    assert_eq!(shown(&view).iter().filter(|name| *name == "server_time").count(), 1);
}

#[test]
fn a_disputed_name_gets_its_prefix_and_no_other_does() {
    let parts =
        [part("zoo", &["feed", "lion", "farm__x", "old.a"]), part("farm", &["feed", "x", "get_weather", "old.a"])];
    let mixed = endpoint(PrefixMode::OnConflict, true, &parts);
    let view = View::new(&mixed, &parts);
    let own = ["get_weather", "quantum_random", "read_more", "server_time"];
    let names: Vec<_> = shown(&view).into_iter().filter(|name| !own.contains(&name.as_str())).collect();
    assert_eq!(names, ["farm__feed", "farm__get_weather", "lion", "x", "zoo__farm__x", "zoo__feed"]);
    for (name, part) in
        [("feed", None), ("farm__feed", Some(1)), ("zoo__lion", None), ("farm__x", None), ("x", Some(1))]
    {
        assert_eq!(found(&view.find_tool(name)), part, "{name}");
    }
}

#[test]
fn a_name_learnt_with_a_prefix_works_while_its_rival_is_absent() {
    let parts = [part("zoo", &["feed"]), absent("farm")];
    let mixed = endpoint(PrefixMode::OnConflict, false, &parts);
    let view = View::new(&mixed, &parts);
    assert_eq!((found(&view.find_tool("feed")), found(&view.find_tool("zoo__feed"))), (Some(0), Some(0)));
    assert_eq!(view.find_tool("farm__feed"), Lookup::Missing(1));
    assert_eq!(view.find_tool("cow"), Lookup::Missing(1));
}

#[test]
fn only_what_is_chosen_is_shown_or_found() {
    let offer = Offer {
        names: &["read", "read_all", "write"],
        uris: &["file:///docs/a", "file:///secret"],
        templates: &["file:///docs/{name}", "db://{table}"],
    };
    let parts = [part_of("files", survey(&offer)), absent("dead")];
    for mode in PrefixMode::ALL {
        let mut some = endpoint(mode, false, &parts);
        choose(&mut some, 0, &["read*", "file:///docs/*"]);
        choose(&mut some, 1, &[]);
        let view = View::new(&some, &parts);
        let prefix = if mode == PrefixMode::Always { "files__" } else { "" };
        assert_eq!(shown(&view), [format!("{prefix}read"), format!("{prefix}read_all")]);
        assert_eq!(view.find_tool(&format!("{prefix}write")), Lookup::Unknown);
        assert_eq!(view.find_tool("dead__read"), Lookup::Unknown, "nothing of it is chosen");
        assert_eq!((view.prompts().len(), view.resources().len(), view.templates().len()), (2, 1, 1));
        let prefix = if mode == PrefixMode::Always { "mcp+files+" } else { "" };
        for (own, part) in [
            ("file:///docs/a", Some(0)),
            ("file:///docs/b", Some(0)),
            ("file:///secret", None),
            ("file:///docs/..", None),
            ("file:///docs/%2E%2e%2fsecret", None),
            ("file:///docs/a/b", None),
            ("db://users", None),
        ] {
            assert_eq!(found(&view.find_resource(&format!("{prefix}{own}"))), part, "{mode:?} {own}");
        }
    }
}

#[test]
fn a_part_that_is_no_members_shows_nothing() {
    let parts = [part("zoo", &["lion"]), part("farm", &["cow"])];
    let mut one = endpoint(PrefixMode::Always, false, &parts);
    one.members.remove(0);
    let view = View::new(&one, &parts);
    assert_eq!(shown(&view), ["farm__cow"]);
    assert_eq!(view.find_tool("zoo__lion"), Lookup::Unknown);
    assert_eq!(view.find_resource("mcp+zoo+a:b"), Lookup::Unknown);
}

#[test]
fn a_uri_that_is_not_listed_goes_to_the_upstream_it_can_only_be_meant_for() {
    let parts = [part_of("files", survey(&Offer::default())), part("other", &[])];
    let everything = endpoint(PrefixMode::Always, true, &parts);
    let view = View::new(&everything, &parts);
    assert_eq!(view.find_resource("mcp+files+file:///x"), uri(0, "file:///x"));
    assert_eq!(view.find_resource("ui://mcp+other+chart"), uri(1, "ui://chart"));
    for nobodys in ["file:///x", "mcp+files+notes", "mcp+nobody+a:b", "mcp+files+a:\u{7}"] {
        assert_eq!(view.find_resource(nobodys), Lookup::Unknown, "{nobodys}");
    }
    let bare = endpoint(PrefixMode::Never, false, &parts[..1]);
    assert_eq!(View::new(&bare, &parts[..1]).find_resource("mcp+files+file:///x"), uri(0, "mcp+files+file:///x"));
    let mut without = survey(&Offer::default());
    without.introduction.offered.resources = None;
    let parts = [part_of("files", without)];
    let bare = endpoint(PrefixMode::Never, false, &parts);
    assert_eq!(View::new(&bare, &parts).find_resource("file:///x"), Lookup::Unknown);
}

#[test]
fn without_prefixes_a_uri_goes_to_who_lists_it_and_then_to_who_has_a_template_for_it() {
    let first = Offer { templates: &["a:{x}"], ..Offer::default() };
    let second = Offer { uris: &["a:1"], templates: &["a:{x}", "b:{x}"], ..Offer::default() };
    let parts = [part_of("one", survey(&first)), part_of("two", survey(&second))];
    let bare = endpoint(PrefixMode::Never, false, &parts);
    let view = View::new(&bare, &parts);
    for (own, part) in [("a:1", Some(1)), ("a:2", Some(0)), ("b:2", Some(1)), ("c:2", None)] {
        assert_eq!(found(&view.find_resource(own)), part, "{own}");
    }
    let mixed = endpoint(PrefixMode::OnConflict, false, &parts);
    let view = View::new(&mixed, &parts);
    for (shown, part) in [("a:1", Some(1)), ("a:2", None), ("mcp+two+a:2", Some(1)), ("b:2", Some(1))] {
        assert_eq!(found(&view.find_resource(shown)), part, "{shown}");
    }
    let templates: Vec<_> = view.templates().into_iter().map(|template| template.uri_template).collect();
    assert_eq!(templates, ["b:{x}", "mcp+one+a:{x}", "mcp+two+a:{x}"]);
    assert_eq!(found(&view.find_template("mcp+two+a:{x}")), Some(1));
}

#[test]
fn an_endpoint_offers_what_its_upstreams_do_together() {
    let parts = [part("zoo", &[]), absent("dead")];
    let everything = endpoint(PrefixMode::Always, true, &parts);
    let offered = View::new(&everything, &parts).offered();
    assert!(offered.tools.is_some() && offered.prompts.is_some() && offered.resources.unwrap().subscribe);
    let bare = endpoint(PrefixMode::Never, false, &parts[1..]);
    assert_eq!(View::new(&bare, &parts[1..]).offered(), ServerCapabilities::own());
    let nothing = endpoint(PrefixMode::Never, false, &[]);
    assert_eq!(View::new(&nothing, &[]).offered(), ServerCapabilities::default());
}

#[test]
fn a_tools_interface_is_named_as_the_client_can_ask_for_it() {
    let mut survey = survey(&Offer::default());
    survey.tools = serde_json::from_value(json!([{
        "name": "chart", "inputSchema": {"type": "object"},
        "_meta": {"ui": {"resourceUri": "ui://chart", "visibility": ["app"]}, "ui/resourceUri": "ui://old", "k": "ui://k"},
    }]))
    .unwrap();
    let parts = [part_of("zoo", survey)];
    let meta = |mode| {
        let endpoint = endpoint(mode, false, &parts);
        Value::Object(View::new(&endpoint, &parts).tools(&[]).remove(0).meta.unwrap())
    };
    assert_eq!(
        meta(PrefixMode::Always),
        json!({"ui": {"resourceUri": "ui://mcp+zoo+chart", "visibility": ["app"]},
            "ui/resourceUri": "ui://mcp+zoo+old", "k": "ui://k"})
    );
    for mode in [PrefixMode::Never, PrefixMode::OnConflict] {
        assert_eq!(meta(mode)["ui"]["resourceUri"], "ui://chart");
    }
}

#[test]
fn the_uris_of_an_answer_are_those_the_client_can_ask_for() {
    let parts = [part("zoo", &[]), part("farm", &[])];
    let always = endpoint(PrefixMode::Always, false, &parts);
    let view = View::new(&always, &parts);
    let reveal = |value: &Value| {
        let mut members = object(value);
        view.reveal(1, &mut members);
        Value::Object(members)
    };
    let block = |uri: &str| {
        json!([{"type": "resource_link", "uri": uri}, {"type": "resource", "resource": {"uri": uri, "text": "a:b"}},
            {"type": "text", "text": "a:b", "uri": "a:b"}])
    };
    let shown = "mcp+farm+a:b";
    let link = |uri: &str| json!({"type": "resource_link", "uri": uri});
    for (own, expected) in [
        (json!({"contents": [{"uri": "a:b", "text": "a:b"}]}), json!({"contents": [{"uri": shown, "text": "a:b"}]})),
        (json!({"content": block("a:b")}), json!({"content": block(shown)})),
        (json!({"messages": [{"content": link("a:b")}]}), json!({"messages": [{"content": link(shown)}]})),
        (json!({"messages": [{"content": block("a:b")}]}), json!({"messages": [{"content": block(shown)}]})),
        (json!({"result": {"content": block("a:b")}}), json!({"result": {"content": block(shown)}})),
        (json!({"contents": [{"uri": "no scheme"}]}), json!({"contents": [{"uri": "no scheme"}]})),
        (json!({"structuredContent": {"uri": "a:b"}}), json!({"structuredContent": {"uri": "a:b"}})),
    ] {
        assert_eq!(reveal(&own), expected);
    }
    let told = |method: &str| {
        let mut params = object(&json!({"uri": "a:b"}));
        View::new(&always, &parts).reveal_told(1, method, &mut params);
        params["uri"].as_str().unwrap().to_owned()
    };
    assert_eq!(told("notifications/resources/updated"), shown);
    assert_eq!(told("notifications/message"), "a:b");
    let never = endpoint(PrefixMode::Never, false, &parts);
    let mut members = object(&json!({"contents": [{"uri": "a:b"}]}));
    View::new(&never, &parts).reveal(1, &mut members);
    assert_eq!(members["contents"][0]["uri"], "a:b");
}
