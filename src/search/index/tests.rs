use super::{Index, MAX_TOOL_WORDS};
use crate::mcp::wire::Tool;
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[cfg(not(target_arch = "wasm32"))]
mod properties;

fn tool(name: &str, description: &str, properties: &Value) -> Tool {
    let schema = json!({"type": "object", "properties": properties});
    serde_json::from_value(json!({"name": name, "description": description, "inputSchema": schema})).unwrap()
}

fn index(tools: &[Tool]) -> Index {
    Index::build(tools.iter().map(|tool| (tool.name.as_str(), tool)))
}

/// The names of what is found, by somebody who sees everything.
fn found<'a>(tools: &'a [Tool], query: &str) -> Vec<&'a str> {
    index(tools).find(query, &|_| true).into_iter().map(|place| tools[place].name.as_str()).collect()
}

fn some() -> Vec<Tool> {
    vec![
        tool(
            "send_mail",
            "Sends a message to one or more people.",
            &json!({"recipient": {"description": "An address."}}),
        ),
        tool("list_mailboxes", "Lists the folders of the mail account.", &json!({})),
        tool("create_event", "Puts an appointment into the calendar.", &json!({"attendees": {}, "starts": {}})),
        tool("delete_event", "Removes an appointment.", &json!({"notify": {"enum": ["nobody", "attendees"]}})),
        tool("getWeather", "Weather at a place, now and tomorrow.", &json!({"place": {}})),
    ]
}

#[test]
fn a_tool_is_found_by_its_name_its_description_and_its_arguments() {
    let tools = some();
    assert_eq!(found(&tools, "send mail")[0], "send_mail");
    assert_eq!(found(&tools, "appointments in a calendar")[0], "create_event");
    assert_eq!(found(&tools, "recipients")[..], ["send_mail"]);
    assert_eq!(found(&tools, "nobody")[..], ["delete_event"]);
    assert_eq!(found(&tools, "deleting the events")[0], "delete_event");
    assert_eq!(found(&tools, "what is the weather")[..], ["getWeather"]);
    assert_eq!(found(&tools, "get weather")[0], "getWeather");
    assert_eq!(found(&tools, "blockchain"), [""; 0]);
}

#[test]
fn a_name_wins_over_words_and_a_whole_one_over_its_beginning() {
    let tools = [
        tool("mail", "x", &json!({})),
        tool("mail_send", "mail mail mail mail", &json!({})),
        tool("other", "mail send, mail send, mail send", &json!({})),
        tool("a__mail_send_later", "x", &json!({})),
    ];
    assert_eq!(found(&tools, "mail_send")[0], "mail_send");
    assert_eq!(found(&tools, "mail")[..2], ["mail", "mail_send"]);
    assert_eq!(found(&tools, "Mail Send")[0], "mail_send");
    assert_eq!(found(&tools, "MAIL_S")[0], "mail_send");
    assert_eq!(found(&tools, "a__mail")[0], "a__mail_send_later");
}

#[test]
fn an_upstreams_own_name_counts_as_a_name() {
    let own = tool("mail_send", "x", &json!({}));
    let other = tool("other", "mail send", &json!({}));
    let index = Index::build([("b__other", &other), ("a__mail_send", &own)]);
    assert_eq!(index.find("mail_send", &|_| true), [1, 0]);
    assert_eq!(index.find("a__mail_send", &|_| true)[0], 1);
}

#[test]
fn a_word_that_nobody_uses_stands_for_those_that_begin_with_it() {
    let tools = some();
    assert_eq!(found(&tools, "appoint").len(), 2);
    assert_eq!(found(&tools, "ca"), [""; 0], "two letters are no beginning");
    assert_eq!(found(&tools, "people calen"), ["send_mail", "create_event"]);
}

#[test]
fn hostile_queries_are_bounded_and_find_what_their_words_say() {
    let tools = some();
    for nothing in ["", " ", "\u{0}\u{1b}[2J", "🦀", "_ - / .", &"\u{202e}".repeat(1_000_000)] {
        assert_eq!(found(&tools, nothing), [""; 0]);
    }
    assert_eq!(found(&tools, &format!("mail {}", "zzz ".repeat(1_000_000))), found(&tools, "mail zzz"));
    assert_eq!(found(&tools, "the of in a")[..], found(&tools, "the of in a")[..]);
    assert!(found(&tools, "the").contains(&"list_mailboxes"), "a query of nothing else is taken as it is");
    assert_eq!(found(&tools, &"mail".repeat(1_000_000)), [""; 0]);
}

#[test]
fn of_equals_the_first_name_comes_first_in_whatever_order_they_were_indexed() {
    let names = ["d", "a", "c", "b"].map(|name| tool(&format!("{name}_x"), "same", &json!({})));
    assert_eq!(found(&names, "same"), ["a_x", "b_x", "c_x", "d_x"]);
}

#[test]
fn a_huge_definition_takes_no_more_than_its_share() {
    let words: Vec<String> = (0..100_000).map(|at| format!("w{}", "x".repeat(at % 30))).collect();
    let mut deep = json!({"type": "object"});
    for at in 0..100 {
        deep = json!({"type": "object", "properties": {format!("level{at}"): deep}});
    }
    let mut huge = tool("huge", &words.join(" "), &json!({"secret": {}}));
    assert_eq!(
        index(&[huge.clone()]).lengths[0].iter().map(|length| usize::from(*length)).sum::<usize>(),
        MAX_TOOL_WORDS
    );
    huge.description = None;
    huge.input_schema = deep.as_object().unwrap().clone();
    assert!(index(&[huge]).words.len() < 50);
}
